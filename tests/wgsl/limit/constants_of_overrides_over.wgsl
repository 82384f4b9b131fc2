// check: --pipeline
const m0 = mat4x4f(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1);
const m#+1 = m# * m0 * m0 * m0 * m0 * m0 * m0 * m0 * m0 * m0 * m0 * m0 * m0; // repeat: 1200
override n = m1200[0][0];
@compute @workgroup_size(1) fn defaults() { _ = n; }
