// 4: directives.
enable f17;
enable subgroup;
requires nothing_of_the_kind;
requires packed_4x8_integer_dot_produc;
diagnostic(of, derivative_uniformity);
diagnostic(off, derivative_uniformityy);
diagnostic(off, derivative_uniformity);
diagnostic(error, derivative_uniformity);
enable f16
const a = 1;
