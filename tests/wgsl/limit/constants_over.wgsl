// Constants beyond those that are evaluated: what they decide is told. WGSL names no limit.
const m0 = mat4x4f(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1);
const m#+1 = m# * m0 * m0 * m0 * m0 * m0 * m0 * m0 * m0 * m0 * m0 * m0 * m0; // repeat: 1200
const n = u32(m1200[0][0]);
@group(0) @binding(0) var<storage> x: array<array<f32, n>>;
var<workgroup> y: array<f32, n>;
var<private> z = m1200;
