// 17.7: every texture function, and the shapes that it takes.
@group(0) @binding(0) var t1: texture_1d<f32>;
@group(0) @binding(1) var t2: texture_2d<f32>;
@group(0) @binding(2) var t2a: texture_2d_array<f32>;
@group(0) @binding(3) var t3: texture_3d<f32>;
@group(0) @binding(4) var tc: texture_cube<f32>;
@group(0) @binding(5) var tca: texture_cube_array<f32>;
@group(0) @binding(6) var ti: texture_2d<i32>;
@group(0) @binding(7) var tm: texture_multisampled_2d<u32>;
@group(0) @binding(8) var te: texture_external;
@group(1) @binding(0) var d2: texture_depth_2d;
@group(1) @binding(1) var d2a: texture_depth_2d_array;
@group(1) @binding(2) var dc: texture_depth_cube;
@group(1) @binding(3) var dca: texture_depth_cube_array;
@group(1) @binding(4) var dm: texture_depth_multisampled_2d;
@group(1) @binding(5) var sr: texture_storage_2d<r32uint, read>;
@group(1) @binding(6) var sw: texture_storage_3d<rgba16float, write>;
@group(1) @binding(7) var sb: texture_storage_2d_array<r32sint, read_write>;
@group(2) @binding(0) var s: sampler;
@group(2) @binding(1) var c: sampler_comparison;
const offset = vec2i(-8, 7);
@fragment fn sample(@builtin(position) at: vec4f, @location(0) uv: vec2f) -> @location(0) vec4f {
  var sum = textureSample(t1, s, uv.x) + textureSample(t2, s, uv) + textureSample(t2, s, uv, offset);
  sum += textureSample(t2a, s, uv, 1u, offset) + textureSample(t3, s, at.xyz, vec3i(1)) + textureSample(tc, s, at.xyz);
  sum += textureSample(tca, s, at.xyz, 2) + textureSampleBias(t2, s, uv, 1) + textureSampleBias(tca, s, at.xyz, 1, 0.5);
  sum.x += textureSample(d2, s, uv) + textureSample(d2a, s, uv, 0) + textureSample(dc, s, at.xyz);
  sum.x += textureSampleCompare(d2, c, uv, 0.5) + textureSampleCompare(dca, c, at.xyz, 1, 0.5);
  return sum;
}
@compute @workgroup_size(8, 8) fn load(@builtin(global_invocation_id) id: vec3u) {
  let uv = vec2f(id.xy);
  let level: vec4f = textureSampleLevel(t2, s, uv, 1) + textureSampleLevel(t1, s, uv.x, 0.5);
  let gradient = textureSampleGrad(t2a, s, uv, 1, uv, uv, offset) + textureSampleGrad(tc, s, vec3f(id), vec3f(), vec3f());
  let depth: f32 = textureSampleLevel(d2, s, uv, 1u) + textureSampleCompareLevel(d2a, c, uv, id.z, 0.5, offset);
  let gathered: vec4<i32> = textureGather(2, ti, s, uv, offset) + textureGather(0u, ti, s, uv);
  let compared: vec4f = textureGatherCompare(dca, c, vec3f(id), 1, 0.5) + textureGather(d2, s, uv) + textureGather(dc, s, vec3f());
  let edge = textureSampleBaseClampToEdge(te, s, uv) + textureSampleBaseClampToEdge(t2, s, uv);
  let texel: vec4<u32> = textureLoad(tm, id.xy, 3) + textureLoad(sr, vec2i(id.xy));
  let others = textureLoad(t1, id.x, 0) + textureLoad(t2a, id.xy, 1, 0u) + textureLoad(te, id.xy);
  let both: vec4<i32> = textureLoad(sb, id.xy, 2) + textureLoad(ti, vec2i(id.xy), 0);
  let plain: f32 = textureLoad(d2, id.xy, 0) + textureLoad(dm, id.xy, 1) + textureLoad(d2a, id.xy, 1, 0);
  let size: vec3u = textureDimensions(t3) + textureDimensions(sw) + textureDimensions(t3, 1);
  let face: vec2u = textureDimensions(tca) + textureDimensions(te) + textureDimensions(dm) + textureDimensions(sb);
  let counts: u32 = textureNumLevels(t2) + textureNumLayers(sb) + textureNumSamples(tm) + textureDimensions(t1, 0);
  textureStore(sw, id, level + gradient + compared + edge + others);
  textureStore(sb, vec2i(id.xy), 0, gathered + both + vec4i(texel));
  textureStore(sw, size, vec4f(vec2f(face), depth + plain, f32(counts)));
}
