// 13.3: inputs and outputs of every stage.
enable dual_source_blending, clip_distances, subgroups, primitive_index;
struct Vertex { @location(0) at: vec3f, @location(1) colour: vec4<u32>, @builtin(vertex_index) index: u32 }
struct Corner {
  @builtin(position) @invariant at: vec4f,
  @builtin(clip_distances) clip: array<f32, 2>,
  @location(0) @interpolate(linear, centroid) uv: vec2f,
  @location(1) @interpolate(flat, either) which: u32,
}
struct Blend { @location(0) @blend_src(0) a: vec4f, @location(0) @blend_src(1) b: vec4f }
struct Deep { @builtin(frag_depth, less) depth: f32, @builtin(sample_mask) mask: u32, @location(2) colour: vec4f }
@vertex fn corner(v: Vertex, @builtin(instance_index) i: u32) -> Corner { return Corner(); }
@vertex fn plain() -> @builtin(position) vec4f { return vec4f(); }
@fragment fn blend(@location(0) uv: vec2f, @builtin(front_facing) front: bool) -> Blend { return Blend(); }
@fragment fn deep(@builtin(position) at: vec4f, @builtin(sample_index) s: u32, @builtin(primitive_index) p: u32,
                  @builtin(subgroup_size) n: u32) -> Deep { return Deep(); }
@compute @workgroup_size(8, 4, 2) fn every(
  @builtin(local_invocation_id) local: vec3u, @builtin(local_invocation_index) index: u32,
  @builtin(global_invocation_id) id: vec3u, @builtin(global_invocation_index) all: u32,
  @builtin(workgroup_id) group: vec3u, @builtin(workgroup_index) which: u32, @builtin(num_workgroups) groups: vec3u,
  @builtin(subgroup_invocation_id) lane: u32, @builtin(subgroup_id) subgroup: u32, @builtin(num_subgroups) n: u32) {}
