// 14.3: immediate variables hold no arrays, and an entry point uses one.
struct P { a: array<f32, 2> }
var<immediate> p: P;
