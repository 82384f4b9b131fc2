// 3.1: what stands at module scope.
let a = 1;
foo();
const b = 2;
enable f16;
}
int x;
struct S { a: f32; b: f32 }
struct Empty {}
fn for() {}
