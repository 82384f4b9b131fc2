// 17.5: what the arguments that are known make impossible.
enable subgroups;
fn f(x: f32, u: u32) {
  _ = extractBits(u, 20, 20);
  _ = insertBits(u, u, 33, 0);
  _ = clamp(x, 2.0, 1.0);
  _ = smoothstep(1.0, 1.0, x);
  _ = ldexp(x, 129);
  _ = subgroupBroadcast(x, 128);
  _ = subgroupShuffle(x, 128u);
  _ = quadBroadcast(x, 4);
  _ = sqrt(-1.0);
  _ = log(0.0);
  _ = acos(2.0);
  _ = normalize(vec2f(0));
  _ = pack2x16float(vec2f(65520.0));
  _ = quantizeToF16(1e6);
}
