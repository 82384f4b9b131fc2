// 12: what attributes ask of what they are on.
@must_use fn nothing() {}
struct L { @interpolate(flat) a: f32 }
@workgroup_size(1) fn plain() {}
@group(0) var<private> p: f32;
@group(0) @binding(0) fn f() {}
