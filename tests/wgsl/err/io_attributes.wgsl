// 13.3: user-defined inputs and outputs.
enable dual_source_blending, clip_distances;
struct Same { @location(0) a: f32, @location(0) b: f32 }
struct Kinds { @location(0) a: bool, @location(1) b: mat2x2f, @location(2) @interpolate(flat, center) c: f32 }
struct Blend { @location(0) @blend_src(0) a: f32, @location(0) @blend_src(1) b: u32 }
struct Clip { @builtin(clip_distances) a: array<f32, 9> }
struct Nested { @location(0) a: f32 }
@fragment fn flat(@location(0) a: u32) {}
@fragment fn twice(@builtin(position) a: vec4f, @builtin(position) b: vec4f) {}
@fragment fn both(@builtin(position) @location(0) a: vec4f) {}
@fragment fn again(@location(0) a: f32, @location(0) b: f32) {}
@vertex fn unplaced() -> @location(0) vec4f { return vec4f(); }
@vertex fn wrong() -> @builtin(frag_depth) f32 { return 0; }
@fragment fn bare(a: f32) {}
@compute @workgroup_size(1) fn located(@location(0) a: f32) {}
@fragment fn typed(@builtin(position) a: vec3f) {}
