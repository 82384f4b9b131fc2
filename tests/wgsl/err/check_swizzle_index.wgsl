// check: --pipeline o=2
override o = 1;
@compute @workgroup_size(1) fn main() {
  var v: vec4u;
  v.xy[o] = 1;
}
