// 8.7, 8.8: const-expressions that have no value.
const a = 1 / 0;
const b = 9223372036854775807 + 1;
const c = i32(-2147483648) / -1;
const d = 1.0 / 0.0;
const e = 1u + 1i;
const f = 1u << 32u;
const g = 1 - 2u;
const h: u32 = -1;
const i: i32 = 1.5;
const j = !1;
const k = -1u;
const l = 1 % 0;
const m = 0x1ffffffff / 8u;
const n = clamp(1, 3, 2);
const o = true + false;
const p: atomic<u32> = 1u;
const q: array<i32> = array(1);
