// 13.3: two inputs at one location.
struct A { @location(0) a: f32 }
@fragment fn f(a: A, @location(0) b: f32) {}
