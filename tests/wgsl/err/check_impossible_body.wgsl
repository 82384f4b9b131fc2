// check: --pipeline n=0 shift=40
override n: u32;
override shift: u32;
@compute @workgroup_size(1) fn divides() { _ = 8u / n; }
@compute @workgroup_size(1) fn shifts() { _ = 8u << shift; }
var<workgroup> room: array<f32, n>;
@compute @workgroup_size(1) fn sized() { room[0] = 1; }
