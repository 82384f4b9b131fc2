fn swap(a: ptr<function, f32>, b: ptr<function, f32>) { let t = *a; *a = *b; *b = t; }
var<private> total: f32;
fn add(x: ptr<private, f32>) { *x += total; }
@compute @workgroup_size(1)
fn main() { var v = 1.0; swap(&v, &v); add(&total); }
