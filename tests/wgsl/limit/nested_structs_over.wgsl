struct S0 { a: f32 }
struct S#+1 { a: S# } // repeat: 300
