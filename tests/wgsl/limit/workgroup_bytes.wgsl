// check: --pipeline
var<workgroup> room: array<u32, 4096>;
@compute @workgroup_size(1) fn main() { room[0] = 1; }
