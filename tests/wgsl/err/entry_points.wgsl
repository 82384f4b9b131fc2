// 13.2, 12.17: entry points and their attributes.
@compute fn a() {}
@workgroup_size(1) fn b() {}
@compute @workgroup_size(0) fn c() {}
@compute @workgroup_size(1, -2) fn d() {}
@compute @workgroup_size(1.5) fn e() {}
@compute @workgroup_size(1u, 1i) fn f() {}
@compute @workgroup_size() fn g() {}
@compute @workgroup_size(1, 1, 1, 1) fn h() {}
@compute @vertex @workgroup_size(1) fn i() {}
@compute @workgroup_size(1) fn j() -> f32 { return 1; }
@must_use fn k() {}
fn l(@builtin(position) p: vec4f) -> @location(0) f32 { return 1; }
@compute @compute @workgroup_size(1) fn m() {}
