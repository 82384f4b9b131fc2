var<workgroup> tile: array<f32, 64>;
@group(0) @binding(0) var<storage, read_write> data: array<f32>;
fn wait() { workgroupBarrier(); }
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) li: u32) {
  if (id.x >= arrayLength(&data)) { return; }
  tile[li] = data[id.x];
  wait();
  data[id.x] = tile[63u - li];
}
