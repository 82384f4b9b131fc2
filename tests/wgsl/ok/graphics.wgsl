// Shader files that graphics shares with compute load too.
enable dual_source_blending, clip_distances;
diagnostic(off, derivative_uniformity);
@group(0) @binding(0) var t: texture_2d<f32>;
@group(0) @binding(1) var s: sampler;
@group(0) @binding(2) var shadow: sampler_comparison;
@group(0) @binding(3) var out: texture_storage_2d<rgba8unorm, write>;
@group(0) @binding(4) var d: texture_depth_2d;
struct V { @builtin(position) @invariant position: vec4f, @location(0) @interpolate(flat, either) id: u32 }
@vertex fn vs(@builtin(vertex_index) i: u32) -> V { return V(vec4f(f32(i)), i); }
@fragment fn fs(v: V) -> @location(0) vec4f {
  if v.id == 7 { discard; }
  return textureSample(t, s, v.position.xy) * textureSampleCompare(d, shadow, v.position.xy, 0.5);
}
@compute @workgroup_size(8, 8) fn cs(@builtin(global_invocation_id) id: vec3u) { textureStore(out, id.xy, vec4f(1)); }
