// 7.2: what the values of overrides and constants may mention.
var<private> global = 1;
fn made() -> u32 { return 1; }
override n: u32;
override size = n + global;
override called = made();
const whole = array<array<f32, n>, 2>();
const texture = n;
var<private> start = n + global;
@compute @workgroup_size(global) fn main() {}
alias Sized = array<f32, global>;
fn f(i: u32) { switch i { case n: {} case i: {} default: {} } }
