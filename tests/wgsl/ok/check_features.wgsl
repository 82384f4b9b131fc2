// check: --feature=shader-f16 --feature=subgroups --pipeline n=4
enable f16, subgroups;
override n: u32;
@compute @workgroup_size(n) fn main() { _ = subgroupAdd(1h); }
