// check: --entry=mian lenght=1 id=2 size=-1 7=1e40
override length: u32;
override size: u32 = 1;
@id(7) override id = 1.0;
@compute @workgroup_size(1) fn main() { _ = length + size + u32(id); }
