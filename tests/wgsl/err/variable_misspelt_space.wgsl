// 5: enumerants are names like any other.
@group(0) @binding(0) var<stoarge, read_wrte> j: f32;
