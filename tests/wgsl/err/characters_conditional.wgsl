fn f(a: bool) -> i32 { return a ? 1 : 2; }
