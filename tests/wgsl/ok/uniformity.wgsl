// 15.2: control flow that is uniform, or where it need not be.
enable subgroups;
diagnostic(off, derivative_uniformity);
@group(0) @binding(0) var<storage> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;
@group(0) @binding(2) var<uniform> n: u32;
@group(1) @binding(0) var t: texture_2d<f32>;
@group(1) @binding(1) var s: sampler;
var<workgroup> room: array<u32, 64>;
fn sum(lane: u32, value: u32) -> u32 {
  room[lane] = value;
  workgroupBarrier();
  return workgroupUniformLoad(&room[0]);
}
@compute @workgroup_size(64) fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u) {
  for (var i = 0u; i < n; i++) { output[lane] = sum(lane, i); }
  if (input[group.x] > 0) { workgroupBarrier(); }
  if (sum(lane, 1) > 3) { storageBarrier(); }
  if (lane == 0) { output[0] = 1; }
  workgroupBarrier();
  @diagnostic(off, subgroup_uniformity) if (lane < 3) { _ = subgroupAdd(lane); }
}
@fragment fn paint(@location(0) uv: vec2f) -> @location(0) vec4f {
  if (uv.x > 0.5) { return textureSample(t, s, uv); }
  return vec4f();
}
