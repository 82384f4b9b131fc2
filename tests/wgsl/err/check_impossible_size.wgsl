// check: --pipeline size=0
override size: u32;
@compute @workgroup_size(size) fn main() {}
