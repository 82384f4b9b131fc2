// 4.1.1: names that an extension brings.
var<private> h: f16;
var<private> v: vec4h;
fn f() -> u32 { return subgroupAdd(1u); }
