// 3.5.2: numbers that do not fit, or are none.
const a = 9223372036854775808;
const b = 2147483648i;
const c = 4294967296u;
const d = 1e39f;
const e = 1e309;
const f = 0x1.00000001p0f;
const g = 1h;
const h = 0x;
const i = 0xffffffffffffffffp0f;
