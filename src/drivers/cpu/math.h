/* The numeric builtins of WGSL over arrays of lanes, in plain C that compilers vectorise. Used by vm.c.
 *
 *   CPU_MATH(sin)(out, a, n)                 out[i] = sin(a[i]) for i < n
 *   CPU_MATH(pack2x16float)(out, a, b, n)    vectors come as one array for each component
 *
 * An output may be the very array of an input, but not overlap one otherwise, and two outputs are two arrays. Arrays of
 * float and of integers may share memory: what includes this is compiled with -fno-strict-aliasing. n may be 0.
 *
 * No global state, no allocation, no libm call whose result differs from one C library to another, no dependence on the
 * rounding mode (to nearest) or on errno: the same bits on every machine and for every instruction set, but for fma and
 * for which NaN a NaN is.
 * Accuracy: within WGSL 15.7.4 and far better (a table is in math.c), because users compare with NumPy. Special values,
 * subnormals and signed zeros: as C99 Annex F where WGSL leaves them open. f16 values are held as f32: to compute one,
 * use the function for f32, then quantizeToF16.
 *
 * Built once for each instruction set: a file that defines CPU_SUFFIX includes math.c and bits.c and is compiled for
 * it, with -O3 -fno-math-errno -fno-trapping-math -ffp-contract=off. Those flags let compilers vectorise; without them
 * all is right, but slow. */
#ifndef WEFT_DRIVERS_CPU_MATH_H
#define WEFT_DRIVERS_CPU_MATH_H

#include <stdint.h>

#ifndef CPU_SUFFIX
#define CPU_SUFFIX
#endif
#define CPU_MATH(name) CPU_MATH_JOIN(cpu_math_##name, CPU_SUFFIX)
#define CPU_MATH_JOIN(name, suffix) CPU_MATH_PASTE(name, suffix)
#define CPU_MATH_PASTE(name, suffix) name##suffix

/* ---- math.c ---------------------------------------------------------------------------------------------------------
 * X(name): float name(float). round: halves to even. fract: a - floor(a).
 * modfFract: a - trunc(a) with the sign of a (the whole part is trunc). */
#define CPU_MATH_UNARY(X)                                                                          \
  X(sin) X(cos) X(tan) X(asin) X(acos) X(atan) X(sinh) X(cosh) X(tanh) X(asinh) X(acosh) X(atanh)  \
  X(exp) X(exp2) X(log) X(log2) X(sqrt) X(inverseSqrt) X(floor) X(ceil) X(trunc) X(round) X(fract) \
  X(modfFract) X(frexpFract) X(quantizeToF16)

/* X(name): float name(float, float). fmod: exact, the sign of a; it is WGSL's a % b. */
#define CPU_MATH_BINARY(X) X(atan2) X(pow) X(fmod)

#define CPU_MATH_DECLARE(name) void CPU_MATH(name)(float *out, const float *a, uint32_t n);
CPU_MATH_UNARY(CPU_MATH_DECLARE)
#undef CPU_MATH_DECLARE
#define CPU_MATH_DECLARE(name) void CPU_MATH(name)(float *out, const float *a, const float *b, uint32_t n);
CPU_MATH_BINARY(CPU_MATH_DECLARE)
#undef CPU_MATH_DECLARE

/* a * b + c: one rounding where the instruction set has it, else two. */
void CPU_MATH(fma)(float *out, const float *a, const float *b, const float *c, uint32_t n);
void CPU_MATH(ldexp)(float *out, const float *a, const int32_t *exponent, uint32_t n);
void CPU_MATH(frexpExp)(int32_t *out, const float *a, uint32_t n); /* of 0, infinity, NaN: 0 */

/* ---- bits.c ---------------------------------------------------------------------------------------------------------
 * X(name): uint32_t name(uint32_t). The result where WGSL has -1 is 0xffffffff. */
#define CPU_BITS_UNARY(X)                                                                                    \
  X(countLeadingZeros) X(countTrailingZeros) X(countOneBits) X(reverseBits) X(firstLeadingBitU) X(firstLeadingBitI) \
  X(firstTrailingBit)

/* X(name): uint32_t name(uint32_t, uint32_t) */
#define CPU_BITS_BINARY(X) X(dot4U8Packed) X(dot4I8Packed)

/* Two and four components into a word: X(name, type of a component) */
#define CPU_PACK2(X) X(pack2x16float, float) X(pack2x16snorm, float) X(pack2x16unorm, float)
#define CPU_PACK4(X)                                                                           \
  X(pack4x8snorm, float) X(pack4x8unorm, float) X(pack4xI8, int32_t) X(pack4xI8Clamp, int32_t) \
  X(pack4xU8, uint32_t) X(pack4xU8Clamp, uint32_t)

/* A word into two and four components */
#define CPU_UNPACK2(X) X(unpack2x16float, float) X(unpack2x16snorm, float) X(unpack2x16unorm, float)
#define CPU_UNPACK4(X) \
  X(unpack4x8snorm, float) X(unpack4x8unorm, float) X(unpack4xI8, int32_t) X(unpack4xU8, uint32_t)

#define CPU_MATH_DECLARE(name) void CPU_MATH(name)(uint32_t *out, const uint32_t *a, uint32_t n);
CPU_BITS_UNARY(CPU_MATH_DECLARE)
#undef CPU_MATH_DECLARE
#define CPU_MATH_DECLARE(name) void CPU_MATH(name)(uint32_t *out, const uint32_t *a, const uint32_t *b, uint32_t n);
CPU_BITS_BINARY(CPU_MATH_DECLARE)
#undef CPU_MATH_DECLARE
#define CPU_MATH_DECLARE(name, type) void CPU_MATH(name)(uint32_t *out, const type *x, const type *y, uint32_t n);
CPU_PACK2(CPU_MATH_DECLARE)
#undef CPU_MATH_DECLARE
#define CPU_MATH_DECLARE(name, type) \
  void CPU_MATH(name)(uint32_t *out, const type *x, const type *y, const type *z, const type *w, uint32_t n);
CPU_PACK4(CPU_MATH_DECLARE)
#undef CPU_MATH_DECLARE
#define CPU_MATH_DECLARE(name, type) void CPU_MATH(name)(type *x, type *y, const uint32_t *a, uint32_t n);
CPU_UNPACK2(CPU_MATH_DECLARE)
#undef CPU_MATH_DECLARE
#define CPU_MATH_DECLARE(name, type) \
  void CPU_MATH(name)(type *x, type *y, type *z, type *w, const uint32_t *a, uint32_t n);
CPU_UNPACK4(CPU_MATH_DECLARE)
#undef CPU_MATH_DECLARE

/* extractBits for u32 and i32, insertBits; offset and count are cut to the 32 bits there are. */
void CPU_MATH(extractBitsU)(uint32_t *out, const uint32_t *a, const uint32_t *offset, const uint32_t *count,
                            uint32_t n);
void CPU_MATH(extractBitsI)(uint32_t *out, const uint32_t *a, const uint32_t *offset, const uint32_t *count,
                            uint32_t n);
void CPU_MATH(insertBits)(uint32_t *out, const uint32_t *a, const uint32_t *bits, const uint32_t *offset,
                          const uint32_t *count, uint32_t n);

/* f16 in memory <-> f32, to nearest, halves to even; beyond 65504 infinity, NaN stays NaN. */
void CPU_MATH(f32FromF16)(float *out, const uint16_t *a, uint32_t n);
void CPU_MATH(f16FromF32)(uint16_t *out, const float *a, uint32_t n);

#endif
