// check: --pipeline lanes=32
enable subgroup_size_control;
override lanes: u32;
@compute @workgroup_size(48) @subgroup_size(lanes) fn uneven() {}
@compute @workgroup_size(64) @subgroup_size(lanes) fn even() {}
