// check: --pipeline
override count: u32;
override third: u32;
override twice = 2 * count;
@compute @workgroup_size(twice) fn main() {}
@compute @workgroup_size(1) fn other() { _ = twice + third; }
