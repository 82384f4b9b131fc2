// 6.2.10: sizes that a member may not have.
struct A { a: array<f32> }
struct B { a: A }
override n = 4;
struct C { a: array<f32, n> }
