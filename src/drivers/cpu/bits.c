/* The builtins on bits, packed words and f16 (math.h has the contract).
 *
 * Everything is shifts, masks and arithmetic that vectorise on every instruction set. A count of bits is a sum over
 * halves; the place of the leading bit is a count of bits after smearing it downwards. Converting to f16 has an
 * instruction in F16C; without it a float is rounded in place by integer arithmetic, and below 2^-14 by adding 1/2,
 * whose last place is that of the subnormals of f16. */
#include <math.h>
#if defined(__F16C__) && defined(__AVX__)
#include <immintrin.h>
#define TO_NEAREST (_MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)
#endif

#include "drivers/cpu/lanes.h"
#include "drivers/cpu/math.h"

/* ---- bits -------------------------------------------------------------------------------------------------------- */

INLINE uint32_t countOneBits_lane(uint32_t x) {
  x = x - (x >> 1 & 0x55555555);
  x = (x & 0x33333333) + (x >> 2 & 0x33333333);
  x = (x + (x >> 4)) & 0x0f0f0f0f;
  x = x + (x >> 8);
  return (x + (x >> 16)) & 63;
}

/* Every bit from the highest one down. */
INLINE uint32_t smear(uint32_t x) {
  x |= x >> 1;
  x |= x >> 2;
  x |= x >> 4;
  x |= x >> 8;
  return x | x >> 16;
}

INLINE uint32_t countLeadingZeros_lane(uint32_t x) { return 32 - countOneBits_lane(smear(x)); }
INLINE uint32_t countTrailingZeros_lane(uint32_t x) { return countOneBits_lane(~x & (x - 1)); }
INLINE uint32_t firstLeadingBitU_lane(uint32_t x) { return countOneBits_lane(smear(x)) - 1; }
INLINE uint32_t firstLeadingBitI_lane(uint32_t x) { return firstLeadingBitU_lane(x ^ (0 - (x >> 31))); }
INLINE uint32_t firstTrailingBit_lane(uint32_t x) { return x == 0 ? UINT32_MAX : countTrailingZeros_lane(x); }

INLINE uint32_t reverseBits_lane(uint32_t x) {
  x = (x >> 1 & 0x55555555) | (x & 0x55555555) << 1;
  x = (x >> 2 & 0x33333333) | (x & 0x33333333) << 2;
  x = (x >> 4 & 0x0f0f0f0f) | (x & 0x0f0f0f0f) << 4;
  x = (x >> 8 & 0x00ff00ff) | (x & 0x00ff00ff) << 8;
  return x >> 16 | x << 16;
}

INLINE uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }
INLINE uint32_t low_ones(uint32_t count) { return count >= 32 ? UINT32_MAX : (UINT32_C(1) << (count & 31)) - 1; }

INLINE uint32_t extractBitsU_lane(uint32_t x, uint32_t offset, uint32_t count) {
  uint32_t from = least(offset, 32), size = least(count, 32 - from);
  return (x >> (from & 31)) & low_ones(size);
}

INLINE uint32_t extractBitsI_lane(uint32_t x, uint32_t offset, uint32_t count) {
  uint32_t from = least(offset, 32), size = least(count, 32 - from);
  uint32_t sign = size == 0 ? 0 : UINT32_C(1) << ((size - 1) & 31);
  return (((x >> (from & 31)) & low_ones(size)) ^ sign) - sign;
}

INLINE uint32_t insertBits_lane(uint32_t x, uint32_t bits, uint32_t offset, uint32_t count) {
  uint32_t from = least(offset, 32), size = least(count, 32 - from);
  uint32_t place = low_ones(size) << (from & 31);
  return (x & ~place) | (bits << (from & 31) & place);
}

/* ---- bytes and halves of words ----------------------------------------------------------------------------------- */

INLINE uint32_t byte(uint32_t x, int k) { return x >> 8 * k & 255; }
INLINE int32_t signed_byte(uint32_t x, int k) { return (int32_t)(x << (24 - 8 * k)) >> 24; }
INLINE int32_t signed_half(uint32_t x, int k) { return (int32_t)(x << (16 - 16 * k)) >> 16; }

INLINE uint32_t dot4U8Packed_lane(uint32_t a, uint32_t b) {
  return byte(a, 0) * byte(b, 0) + byte(a, 1) * byte(b, 1) + byte(a, 2) * byte(b, 2) + byte(a, 3) * byte(b, 3);
}

INLINE uint32_t dot4I8Packed_lane(uint32_t a, uint32_t b) {
  return (uint32_t)(signed_byte(a, 0) * signed_byte(b, 0) + signed_byte(a, 1) * signed_byte(b, 1) +
                    signed_byte(a, 2) * signed_byte(b, 2) + signed_byte(a, 3) * signed_byte(b, 3));
}

/* A component of a packed word. Floats: floor(0.5 + scale * x), x cut to the range; NaN becomes its lower end. */
INLINE uint32_t norm(float x, float low, float scale) {
  float cut = x > low ? x < 1 ? x : 1 : low, rounded = cut * scale + 0.5f;
  int32_t whole = (int32_t)rounded;
  return (uint32_t)(whole - ((float)whole > rounded ? 1 : 0));
}
#define PART_pack4x8snorm(x) (norm(x, -1, 127) & 255)
#define PART_pack4x8unorm(x) norm(x, 0, 255)
#define PART_pack2x16snorm(x) (norm(x, -1, 32767) & 65535)
#define PART_pack2x16unorm(x) norm(x, 0, 65535)
#define PART_pack4xI8(x) ((uint32_t)(x) & 255)
#define PART_pack4xU8(x) ((x) & 255)
#define PART_pack4xI8Clamp(x) ((uint32_t)((x) < -128 ? -128 : (x) > 127 ? 127 : (x)) & 255)
#define PART_pack4xU8Clamp(x) least(x, 255)
#define PART_pack2x16float(x) f16_bits(x)

INLINE float snorm(int32_t x, float scale) {
  float r = (float)x / scale;
  return r < -1 ? -1 : r;
}
#define PART_unpack4x8snorm(x, k) snorm(signed_byte(x, k), 127)
#define PART_unpack4x8unorm(x, k) ((float)(int32_t)byte(x, k) / 255)
#define PART_unpack2x16snorm(x, k) snorm(signed_half(x, k), 32767)
#define PART_unpack2x16unorm(x, k) ((float)(int32_t)((x) >> 16 * (k)&65535) / 65535)
#define PART_unpack4xI8(x, k) signed_byte(x, k)
#define PART_unpack4xU8(x, k) byte(x, k)
#define PART_unpack2x16float(x, k) f16_value((x) >> 16 * (k)&65535)

/* ---- f16 --------------------------------------------------------------------------------------------------------- */

INLINE uint32_t f16_bits(float a) {
  uint32_t sign = bits_of(a) >> 16 & 0x8000, x = bits_of(a) & 0x7fffffff;
  uint32_t normal = (x + 0xfff + (x >> 13 & 1) - (112u << 23)) >> 13;
  uint32_t small = bits_of(float_of(x) + 0.5f) - bits_of(0.5f);
  uint32_t r = x < 113u << 23 ? small : normal;
  r = x >= 0x477ff000 ? 0x7c00 : r; /* from halfway between 65504 and 65536 */
  r = x > 0x7f800000 ? 0x7e00 : r;
  return sign | r;
}

INLINE float f16_value(uint32_t h) {
  uint32_t x = h & 0x7fff;
  uint32_t normal = (x << 13) + (112u << 23);
  float small = (float)(int32_t)x * 0x1p-24f;
  uint32_t r = x < 0x400 ? bits_of(small) : normal;
  r = x >= 0x7c00 ? normal + (112u << 23) : r;
  return float_of(r | (h & 0x8000) << 16);
}

INLINE float quantizeToF16_lane(float a) { return f16_value(f16_bits(a)); }

/* ---- the loops --------------------------------------------------------------------------------------------------- */

void CPU_MATH(quantizeToF16)(float *out, const float *a, uint32_t n) {
  uint32_t done = 0;
#if defined(__F16C__) && defined(__AVX__)
  for (; done + 8 <= n; done += 8)
    _mm256_storeu_ps(out + done, _mm256_cvtph_ps(_mm256_cvtps_ph(_mm256_loadu_ps(a + done), TO_NEAREST)));
#endif
  out += done, a += done;
  EACH_LANE(n - done) out[i] = quantizeToF16_lane(a[i]);
}

void CPU_MATH(f32FromF16)(float *out, const uint16_t *a, uint32_t n) {
  uint32_t done = 0;
#if defined(__F16C__) && defined(__AVX__)
  for (; done + 8 <= n; done += 8)
    _mm256_storeu_ps(out + done, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)(a + done))));
#endif
  out += done, a += done;
  EACH_LANE(n - done) out[i] = f16_value(a[i]);
}

void CPU_MATH(f16FromF32)(uint16_t *out, const float *a, uint32_t n) {
  uint32_t done = 0;
#if defined(__F16C__) && defined(__AVX__)
  for (; done + 8 <= n; done += 8)
    _mm_storeu_si128((__m128i *)(void *)(out + done), _mm256_cvtps_ph(_mm256_loadu_ps(a + done), TO_NEAREST));
#endif
  out += done, a += done;
  EACH_LANE(n - done) out[i] = (uint16_t)f16_bits(a[i]);
}

#define BITS_LOOP(name) \
  void CPU_MATH(name)(uint32_t *out, const uint32_t *a, uint32_t n) { EACH_LANE(n) out[i] = name##_lane(a[i]); }
CPU_BITS_UNARY(BITS_LOOP)
#undef BITS_LOOP

#define BITS_LOOP(name)                                                                     \
  void CPU_MATH(name)(uint32_t *out, const uint32_t *a, const uint32_t *b, uint32_t n) {    \
    EACH_LANE(n) out[i] = name##_lane(a[i], b[i]);                                          \
  }
CPU_BITS_BINARY(BITS_LOOP)
#undef BITS_LOOP

#define PACK_LOOP(name, type)                                                           \
  void CPU_MATH(name)(uint32_t *out, const type *x, const type *y, uint32_t n) {        \
    EACH_LANE(n) out[i] = PART_##name(x[i]) | PART_##name(y[i]) << 16;                  \
  }
CPU_PACK2(PACK_LOOP)
#undef PACK_LOOP

#define PACK_LOOP(name, type)                                                                                      \
  void CPU_MATH(name)(uint32_t *out, const type *x, const type *y, const type *z, const type *w, uint32_t n) {     \
    EACH_LANE(n)                                                                                                   \
    out[i] = PART_##name(x[i]) | PART_##name(y[i]) << 8 | PART_##name(z[i]) << 16 | PART_##name(w[i]) << 24;       \
  }
CPU_PACK4(PACK_LOOP)
#undef PACK_LOOP

#define UNPACK_LOOP(name, type)                                                     \
  void CPU_MATH(name)(type *x, type *y, const uint32_t *a, uint32_t n) {            \
    EACH_LANE(n) {                                                                  \
      uint32_t word = a[i];                                                         \
      x[i] = PART_##name(word, 0), y[i] = PART_##name(word, 1);                     \
    }                                                                               \
  }
CPU_UNPACK2(UNPACK_LOOP)
#undef UNPACK_LOOP

#define UNPACK_LOOP(name, type)                                                     \
  void CPU_MATH(name)(type *x, type *y, type *z, type *w, const uint32_t *a, uint32_t n) { \
    EACH_LANE(n) {                                                                  \
      uint32_t word = a[i];                                                         \
      x[i] = PART_##name(word, 0), y[i] = PART_##name(word, 1);                     \
      z[i] = PART_##name(word, 2), w[i] = PART_##name(word, 3);                     \
    }                                                                               \
  }
CPU_UNPACK4(UNPACK_LOOP)
#undef UNPACK_LOOP

void CPU_MATH(extractBitsU)(uint32_t *out, const uint32_t *a, const uint32_t *offset, const uint32_t *count,
                            uint32_t n) {
  EACH_LANE(n) out[i] = extractBitsU_lane(a[i], offset[i], count[i]);
}

void CPU_MATH(extractBitsI)(uint32_t *out, const uint32_t *a, const uint32_t *offset, const uint32_t *count,
                            uint32_t n) {
  EACH_LANE(n) out[i] = extractBitsI_lane(a[i], offset[i], count[i]);
}

void CPU_MATH(insertBits)(uint32_t *out, const uint32_t *a, const uint32_t *bits, const uint32_t *offset,
                          const uint32_t *count, uint32_t n) {
  EACH_LANE(n) out[i] = insertBits_lane(a[i], bits[i], offset[i], count[i]);
}
