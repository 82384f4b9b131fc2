// 12: attributes that do not exist, or not here.
@computee @workgroup_size(1) fn a() {}
@group(0) fn b() {}
@align(4) const c = 1;
fn d(@builtin(global_invocationid) i: vec3u) {}
@interpolate(flatt) struct S { a: f32 }
@const fn e() {}
@stage(compute) fn f() {}
