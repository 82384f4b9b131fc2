// What newcomers to WGSL write most often, part 1: types.
@group(0) @binding(0) var<storage, read_write> data: array<f32>;
@group(0) @binding(1) var<storage> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> counter: atomic<u32>;
fn scale(x: f32, by: f32) -> f32 { return x * by; }
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  let a = i * 2.5;
  let b = f32(i) + i;
  let c: f32 = i;
  let d = scale(i, 2.0);
  let e = data[id];
  let n: i32 = arrayLength(&data);
  if (i) { }
  let v = vec3f(1.0, 2.0);
  let m = max(1.0f, 2u);
  counter += 1;
  data[1.0] = 0.0;
  let p = arrayLength(data);
}
