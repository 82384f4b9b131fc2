// 12: attributes of members.
struct A { @binding(0) a: f32, @align(16) @align(16) b: f32, @size() c: f32, @size(4, 4) d: f32 }
struct B { @size d: f32 }
