// 7.3.2, 12.8: overrides.
override a;
@id(1) override b = 1;
@id(1) override c: f32;
@id(-1) override d = 1;
@id(65536) override e = 1;
override g: vec2f;
var<private> v = 1;
override h = v;
override i: u32 = 1.5;
@group(0) override j = 1;
