/* The numeric builtins of WGSL over arrays of lanes, in plain C that compilers vectorise. Used by vm.c.
 *
 * out[i] = f(a[i], …) for i < n; out may be one of the inputs. No global state, no libm call whose result differs from one
 * C library to another, no dependence on the rounding mode (to nearest) or on errno. Accuracy: within WGSL 15.7.4, and
 * where it costs little far better (users compare with NumPy). Special values: as C99 Annex F where WGSL leaves them open.
 * Built once for each instruction set with another CPU_SUFFIX (math.c is included by the file that sets it). */
#ifndef WEFT_DRIVERS_CPU_MATH_H
#define WEFT_DRIVERS_CPU_MATH_H

#include <stdint.h>

/* X(name): float name(float) */
#define CPU_MATH_UNARY(X)                                                                          \
  X(sin) X(cos) X(tan) X(asin) X(acos) X(atan) X(sinh) X(cosh) X(tanh) X(asinh) X(acosh) X(atanh)  \
  X(exp) X(exp2) X(log) X(log2) X(sqrt) X(inverseSqrt) X(floor) X(ceil) X(trunc) X(round) X(fract) X(quantizeToF16)

/* X(name): float name(float, float) */
#define CPU_MATH_BINARY(X) X(atan2) X(pow) X(fmod)

#endif
