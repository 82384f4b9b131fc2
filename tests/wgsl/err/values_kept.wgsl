// 7: what declarations can hold.
@group(0) @binding(0) var<storage, read_write> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> counter: atomic<u32>;
@group(0) @binding(2) var image: texture_2d<f32>;
override n: u32;
override size = n + x[0];
const whole = x;
const kept = n;
var<private, read_write, 1> many: u32;
var<storage, f32> access: u32;
var<private> later: u32 = x[0];
var<workgroup> sized: array<f32, x[0]>;
alias Odd = buffer<7>;
alias Deep = ptr<private, array<u32>>;
alias Read = ptr<storage, atomic<u32>>;
alias Third = ptr<storage, u32, n>;
alias Fourth = ptr<private, u32, read>;
alias Name = u32;
alias Wrong = Name<f32>;
alias Texture = texture_storage_2d<rgba8unorm, n>;
fn f() { let a = counter; }
