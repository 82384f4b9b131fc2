const a = 2147483647i + 1.5;
const b: f32 = 1e39;
const c = sqrt(-1.0);
const d = 1u << 32;
const e: u32 = -1;
const f = clamp(1, 3, 2);
const g = array(1, 2, 3)[3];
const h = vec2(1.0, 2.0).z;
const i = bitcast<f32>(0x7f800000u);
const j = 5 / (3 - 3);
const k = ldexp(1.0f, 200);
const l = extractBits(1u, 20, 20);
fn f1(x: i32, y: f32) { let z = x / 0; let s = x << 33u; switch x { case 1, 1: {} default: {} } }
