// 12.14, 13.3.1: sizes of subgroups, depth modes.
enable subgroup_size_control;
@compute @workgroup_size(64) @subgroup_size(33) fn odd() {}
@compute @workgroup_size(64) @subgroup_size(0) fn none() {}
@compute @workgroup_size(64) @subgroup_size(1.5) fn part() {}
@subgroup_size(32) fn plain() {}
@fragment fn mode() -> @builtin(frag_depth, more) f32 { return 0; }
@fragment fn other(@builtin(position, less) p: vec4f) {}
