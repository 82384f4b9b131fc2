// 3.7: names that may not be.
const __a = 1;
const class = 2;
fn f(_: i32) {}
