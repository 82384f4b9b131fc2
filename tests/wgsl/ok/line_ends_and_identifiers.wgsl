// 3.2: every line end counts.const a = 1;
const Δέλτα = a; /* nested /* comment */ */ const b = Δέλτα;@group(0) @binding(0) var<storage> 値: f32;@compute @workgroup_size(b) fn main() { _ = 値; }
