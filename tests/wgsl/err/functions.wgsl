// 11: parameters and results.
@group(0) @binding(0) var<storage, read_write> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> counter: atomic<u32>;
fn atomics(a: atomic<u32>) {}
fn runtime(a: array<u32>) {}
fn made() -> array<u32> { }
fn returned() -> atomic<u32> { }
@compute @workgroup_size(1) fn pointed(p: ptr<function, u32>) {}
fn wrong() -> u32 { return 1.5; }
fn empty() -> u32 { return; }
fn full() { return 1; }
fn ends(a: bool) -> u32 { if a { return 1; } }
fn user(p: ptr<function, u32>) {}
fn calls() {
  let l = &x;
  let whole = x;
  var v = counter;
  user(&x[0]);
  user(v);
  _ = user(&v);
  full(1);
}
