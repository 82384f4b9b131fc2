@group(0) @binding(0) var<uniform> fixed: vec4u;
override o = 2;
fn swizzles(value: vec4u) {
  var v: vec4u;
  var i = 1;
  v.xx = vec2u();
  v.xyz.xyx += vec3u();
  v.xy.z = 1;
  v.xy[2] = 1;
  v.xy[-1] = 1;
  v.xy++;
  v.xy = vec3u();
  v.xy[i] = 1.5;
  fixed.xy[i] = 1;
  value.xy[i] = 1;
  _ = &v.xy[i];
  _ = &v.xy;
}
