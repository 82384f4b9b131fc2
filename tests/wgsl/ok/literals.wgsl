// 3.5: literals of all forms, with their values.
enable f16;
const_assert 0x1F == 31 && 0XaB == 171 && 0u == 0 && 12i == 12;
const_assert 1.5e3 == 1500 && .5 == 0.5 && 1. == 1.0 && 1e-2 == 0.01 && 08.5 == 8.5 && 2f == 2.0f && 0h == 0.0h;
const_assert 0x1p4 == 16 && 0x.8 == 0.5 && 0xa.fp+2 == 43.75 && 0x1P+4f == 16f && 0x3p+2h == 12h;
const_assert 9223372036854775807 == 0x7fffffffffffffff;
const_assert 0xffffffffffffffffp0 > 0x1p63;
const_assert -2147483648 == i32(-2147483647 - 1);
const_assert 1e308 > 1e307;
const_assert u32(4294967295) == 4294967295u && f32(16777217) == 16777216f;
