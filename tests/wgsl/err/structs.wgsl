// 6.2.10, 12.1, 12.15: structures.
struct A { a: array<f32>, b: f32 }
struct B { @align(3) a: f32, @align(2) b: f32, @align(0) c: f32, @size(2) d: f32, @size(8) e: array<f32> }
struct C { t: texture_2d<f32> }
struct D { p: ptr<private, f32> }
