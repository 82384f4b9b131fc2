// 8.1.1, 8.7, 8.8: values of const-expressions, in any order of declaration.
const_assert min(A, B) == 6 && max(A, B) == 7 && clamp(9, 1, 4) == 4 && abs(-3) == 3 && select(1, 2, true) == 2;
const A = B - 1;
const B = C + 4u;
const C = 3;
const_assert 7 / 2 == 3 && -7 / 2 == -3 && -7 % 3 == -1 && 7.5 % 2.0 == 1.5;
const_assert (5 & 3) == 1 && (5 | 3) == 7 && (5 ^ 3) == 6 && ~0u == 4294967295u && !false;
const_assert 4294967295u + 1u == 0u && i32(2147483647) + 1i == -2147483648;
const_assert i32(3.9f) == 3 && u32(-1.5f) == 0 && u32(true) == 1 && bool(2u) && f32(1) / 3 < 0.34;
const_assert true || 1 / 0 == 1;
const_assert false == (false && 1 / 0 == 1);
const_assert 1--1 == 2;
alias T = array<f32, A * 2>;
@group(0) @binding(0) var<storage> t: T;
@compute @workgroup_size(A, (B - C) / 2) fn main() { const k = A + 1; const_assert k == 7; _ = t[0]; }
