// 14.3: workgroup variables are for compute shaders.
var<workgroup> w: f32;
@group(0) @binding(0) var<storage, read_write> s: f32;
fn f() -> f32 { return w; }
@fragment fn fs() -> @location(0) f32 { return f(); }
@vertex fn vs() -> @builtin(position) vec4f { s = 1; return vec4f(); }
