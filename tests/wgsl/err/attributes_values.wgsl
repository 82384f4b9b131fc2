// 12: arguments of attributes.
override late = 1;
struct S { @align(3) a: f32, @align(late) b: f32, @size(2.5) c: f32, @size(2) d: f32, @align(2) e: f32 }
struct T { a: f32, @size(64) tail: array<f32> }
@group(late) @binding(1.5) var<uniform> u: f32;
@group(-1) @binding(0) var<uniform> v: f32;
@id(70000) override far = 1;
@id(3) override one = 1;
@id(3) override two = 1;
@compute @workgroup_size(0) fn zero() {}
@compute @workgroup_size(1.5) fn half() {}
@compute @workgroup_size(1i, 2u) fn unlike() {}
var<private> global = 1;
@compute @workgroup_size(global) fn variable() {}
