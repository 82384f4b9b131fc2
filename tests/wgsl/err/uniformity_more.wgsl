// 15.2: what needs uniform control flow and does not have it.
enable subgroups;
@group(0) @binding(0) var<storage, read_write> data: array<u32>;
@group(1) @binding(0) var t: texture_2d<f32>;
@group(1) @binding(1) var s: sampler;
var<workgroup> room: array<u32, 64>;
fn barrier() { workgroupBarrier(); }
fn maybe(condition: bool) { if (condition) { barrier(); } }
@compute @workgroup_size(64) fn called(@builtin(local_invocation_index) lane: u32) { maybe(lane == 0); }
@compute @workgroup_size(64) fn looped() {
  for (var i = 0u; i < data[0]; i++) { workgroupBarrier(); }
}
@compute @workgroup_size(64) fn left(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= arrayLength(&data)) { return; }
  workgroupBarrier();
}
@compute @workgroup_size(64) fn loaded(@builtin(local_invocation_index) lane: u32) {
  _ = workgroupUniformLoad(&room[lane]);
}
@compute @workgroup_size(64) fn grouped(@builtin(subgroup_invocation_id) lane: u32) {
  if (lane < 3) { _ = subgroupAdd(1u); }
}
@fragment fn paint(@location(0) uv: vec2f) -> @location(0) vec4f {
  if (uv.x > 0.5) { return textureSample(t, s, uv); }
  return dpdx(vec4f());
}
