// 12.14: the size of subgroups that a shader wants.
enable subgroup_size_control;
override size = 32u;
@compute @workgroup_size(64) @subgroup_size(32) fn fixed() { _ = subgroupAdd(1u); }
@compute @workgroup_size(size) @subgroup_size(size) fn chosen(@builtin(subgroup_size) n: u32) {}
