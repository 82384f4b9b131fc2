// 12: where attributes may stand.
@compute @workgroup_size(1, 2, 3, 4) fn four() {}
@invariant @compute @workgroup_size(1) fn misplaced() {}
@align(4) struct A { a: f32 }
struct I { @invariant a: f32 }
@id(1) const c = 1;
@compute fn unsized_group() {}
