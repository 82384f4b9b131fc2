// 13.3.1.4: where @blend_src means something.
enable dual_source_blending;
struct Two { @location(0) @blend_src(0) a: vec4f, @location(0) @blend_src(1) b: vec4f }
struct Out { two: f32, @builtin(position) at: vec4f }
@fragment fn right() -> Two { return Two(); }
@fragment fn wrong(two: Two) {}
