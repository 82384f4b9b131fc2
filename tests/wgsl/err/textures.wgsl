// 17.7: calls of texture functions.
@group(0) @binding(0) var t: texture_2d<f32>;
@group(0) @binding(1) var u: texture_2d<u32>;
@group(0) @binding(2) var s: sampler;
@group(0) @binding(3) var c: sampler_comparison;
@group(0) @binding(4) var d: texture_depth_2d;
@group(0) @binding(5) var w: texture_storage_2d<rgba8unorm, write>;
@fragment fn f(@builtin(position) at: vec4f) {
  let uv = at.xy;
  let k = 1;
  _ = textureSample(u, s, uv);
  _ = textureSample(t, c, uv);
  _ = textureSample(t, s, at);
  _ = textureSample(t, s, uv, vec2i(k));
  _ = textureSample(t, s, uv, vec2i(8));
  _ = textureGather(4, t, s, uv);
  _ = textureGather(k, t, s, uv);
  _ = textureGather(t, s, uv);
  _ = textureSampleCompare(d, s, uv, 1);
  _ = textureLoad(t, vec2i());
  _ = textureLoad(w, vec2i());
  _ = textureNumLayers(t);
  textureStore(t, vec2i(), vec4f());
  textureStore(w, vec2i(), vec4u());
  textureDimensions(t);
  _ = textureDimensions(k);
}
