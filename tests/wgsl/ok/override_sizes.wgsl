// overrides: 1=48 scale=0.5
// 7.3.2: overrides in sizes of workgroups and workgroup arrays, defaults from other overrides.
@id(1) override n: u32 = 64;
override doubled = n * 2;
override scale: f32;
override flag = true;
override unused: i32;
var<workgroup> a: array<vec3f, n>;
var<workgroup> b: array<f32, doubled + 1>;
var<workgroup> c: u32;
var<workgroup> elsewhere: array<f32, 4096>;
@compute @workgroup_size(n, select(1u, 2u, flag))
fn main() { a[0] = vec3f(scale); b[0] = f32(c); }
@compute @workgroup_size(8) fn other() { elsewhere[0] = 1; }
