/* The numeric builtins of the CPU driver against the C library in double, and against naive integer code. */
#include <float.h>
#include <math.h>

#include "drivers/cpu/math.h"
#include "test.h"

typedef void unary(float *, const float *, uint32_t);
typedef void binary(float *, const float *, const float *, uint32_t);

enum { LANES = 512 };

static float as_float(uint32_t bits) {
  float x;
  memcpy(&x, &bits, 4);
  return x;
}

static uint32_t as_bits(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  return bits;
}

static uint32_t random_state = 1;
static uint32_t random_bits(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 17;
  return random_state ^= random_state << 5;
}

/* How far `got` is from `want`, in units of the last place of a float of that size. NaN, infinities and signs of zero
 * count as infinitely far when they are not the same; what rounds to infinity may also be the largest float. */
static double ulps(float got, double want) {
  if (isnan(want)) return isnan(got) ? 0 : INFINITY;
  if (isnan(got) || !signbit(got) != !signbit(want)) return INFINITY;
  if (fabs(want) > (double)FLT_MAX + 0x1p103) return isinf(got) ? 0 : INFINITY;
  if (isinf(got)) return fabs(want) > FLT_MAX ? 1 : INFINITY;
  int exponent;
  frexp(want, &exponent);
  return fabs((double)got - want) / ldexp(1, (exponent < -125 ? -125 : exponent) - 24);
}

/* ---- floats ----------------------------------------------------------------------------------------------------- */

static double fract_ref(double x) { return (float)(x - floor(x)); }
static double inverse_sqrt_ref(double x) { return 1 / sqrt(x); }
static double modf_ref(double x) {
  double whole;
  return modf(x, &whole);
}
static double frexp_ref(double x) {
  int exponent;
  return frexp(x, &exponent);
}

/* What is held: bounds in units of the last place; 0 is exact. The measured ones stand in math.c. */
#define ACCURACY(X)                                                                                        \
  X(sin, sin, 0.51) X(cos, cos, 0.51) X(tan, tan, 0.51) X(asin, asin, 0.51) X(acos, acos, 0.51)            \
  X(atan, atan, 0.51) X(sinh, sinh, 0.51) X(cosh, cosh, 0.51) X(tanh, tanh, 0.51) X(asinh, asinh, 0.51)    \
  X(acosh, acosh, 0.51) X(atanh, atanh, 0.51) X(exp, exp, 0.51) X(exp2, exp2, 0.51) X(log, log, 0.51)      \
  X(log2, log2, 0.51) X(sqrt, sqrt, 0.5) X(inverseSqrt, inverse_sqrt_ref, 1.5) X(floor, floor, 0)          \
  X(ceil, ceil, 0) X(trunc, trunc, 0) X(round, nearbyint, 0) X(fract, fract_ref, 0)                        \
  X(modfFract, modf_ref, 0) X(frexpFract, frexp_ref, 0)

typedef struct function {
  const char *name;
  unary *run;
  double (*reference)(double);
  double bound;
} function;

static const function functions[] = {
#define X(name, reference, bound) {#name, CPU_MATH(name), reference, bound},
    ACCURACY(X)
#undef X
};

static void check_unary(const function *f, const float *in, uint32_t n, double *worst) {
  float out[LANES];
  f->run(out, in, n);
  for (uint32_t i = 0; i < n; i++) {
    double want = f->reference(in[i]), error = ulps(out[i], want);
    if (error > *worst) *worst = error;
    if (!(error <= f->bound)) {
      test_check(false, __FILE__, __LINE__, "%s(%a) is %a, %.3f ulp from %a", f->name, in[i], out[i], error, want);
      return;
    }
  }
}

/* Every 16381st float: all exponents, both signs, subnormals, NaN. */
TEST(accuracy_over_all_floats) {
  for (size_t k = 0; k < sizeof functions / sizeof *functions; k++) {
    float in[LANES];
    double worst = 0;
    for (uint64_t bits = 0; bits <= UINT32_MAX;) {
      uint32_t n = 0;
      for (; n < LANES && bits <= UINT32_MAX; n++, bits += 16381) in[n] = as_float((uint32_t)bits);
      check_unary(&functions[k], in, n, &worst);
    }
    if (test_option("measure")) printf("%-12s %.4f ulp\n", functions[k].name, worst);
  }
}

static const float special[] = {
    0.0f, -0.0f, 1, -1, 2, -2, 3, -3, 0.5f, -0.5f, 1.5f, -1.5f, 2.5f, -2.5f, 0.25f, -0.75f, 1e-45f, -1e-45f, 1e-40f,
    FLT_MIN, -FLT_MIN, FLT_MAX, -FLT_MAX, FLT_EPSILON, INFINITY, -INFINITY, NAN, 0x1.fffffep-1f, -0x1.fffffep-1f,
    0x1.000002p0f, -0x1.000002p0f, 8388607.5f, 8388608, -8388609, 16777215, -16777215, 16777216, 33554430, 0x1p26f,
    0x1.000002p26f, -0x1p31f, 1e10f, 1e30f, -1e30f, 0x1.921fb6p1f, 0x1.921fb4p0f, 0x1.921fb6p0f, 0x1.62e42ep6f,
    0x1.62e43p6f, 88.8f, -87.4f, -103.9f, -104.1f, 127.99999f, 128, -149, -149.5f, -150.1f,
    0x1.6ac5b2p+119f /* nearly a multiple of pi/2 */, 0x1.1f0f1cp+67f};
enum { SPECIAL = sizeof special / sizeof *special };

TEST(special_values) {
  for (size_t k = 0; k < sizeof functions / sizeof *functions; k++) {
    double worst = 0;
    check_unary(&functions[k], special, SPECIAL, &worst);
  }
}

static void check_binary(const char *name, binary *run, double (*reference)(double, double), double bound,
                         const float *a, const float *b, uint32_t n, double *worst) {
  float out[LANES];
  run(out, a, b, n);
  for (uint32_t i = 0; i < n; i++) {
    double want = reference(a[i], b[i]), error = ulps(out[i], want);
    if (error > *worst) *worst = error;
    if (!(error <= bound)) {
      test_check(false, __FILE__, __LINE__, "%s(%a, %a) is %a, %.3f ulp from %a", name, a[i], b[i], out[i], error,
                 want);
      return;
    }
  }
}

/* All pairs of special values, pairs of any two floats, pairs of like size, and positive ones whose power is finite. */
static void check_pairs(const char *name, binary *run, double (*reference)(double, double), double bound) {
  float a[LANES], b[LANES];
  double worst = 0;
  for (uint32_t i = 0; i < SPECIAL; i++) {
    for (uint32_t j = 0; j < SPECIAL; j++) a[j] = special[i];
    check_binary(name, run, reference, bound, a, special, SPECIAL, &worst);
  }
  for (int round = 0; round < 1500; round++) {
    for (int i = 0; i < LANES; i++) {
      uint32_t u = random_bits(), v = random_bits();
      a[i] = as_float(u);
      b[i] = as_float(round % 3 ? (u + (v & 0x1ffffff) - 0xffffff) ^ (v & 0x80000000) : v);
      if (round % 3 == 2) a[i] = fabsf(a[i]), b[i] = (float)((int32_t)v * 0x1p-24 / log2(a[i]));
    }
    check_binary(name, run, reference, bound, a, b, LANES, &worst);
  }
  if (test_option("measure")) printf("%-12s %.4f ulp\n", name, worst);
}

TEST(pow) { check_pairs("pow", CPU_MATH(pow), pow, 0.51); }
TEST(atan2) { check_pairs("atan2", CPU_MATH(atan2), atan2, 0.51); }
TEST(fmod) { check_pairs("fmod", CPU_MATH(fmod), fmod, 0); }

TEST(fma_is_within_its_two_roundings) {
  float a[LANES], b[LANES], c[LANES], out[LANES];
  for (int round = 0; round < 200; round++) {
    for (int i = 0; i < LANES; i++) {
      a[i] = (float)(int32_t)random_bits() * 0x1p-20f, b[i] = (float)(int32_t)random_bits() * 0x1p-20f;
      c[i] = (float)(int32_t)random_bits();
    }
    CPU_MATH(fma)(out, a, b, c, LANES);
    for (int i = 0; i < LANES; i++) {
      double product = (double)a[i] * b[i], exact = product + c[i];
      CHECK(fabs(out[i] - exact) <= fabs(product) * 0x1p-24 + fabs(exact) * 0x1p-24);
    }
  }
}

TEST(parts_of_floats_make_the_float) {
  for (uint64_t bits = 0; bits <= UINT32_MAX; bits += 65521) {
    float x = as_float((uint32_t)bits), fract, back;
    int32_t exponent;
    int want;
    CPU_MATH(frexpFract)(&fract, &x, 1);
    CPU_MATH(frexpExp)(&exponent, &x, 1);
    CPU_MATH(ldexp)(&back, &fract, &exponent, 1);
    if (isnan(x)) continue;
    CHECK_EQ(back, x);
    frexpf(x, &want);
    if (!isinf(x)) CHECK_EQ(exponent, want);
  }
}

TEST(ldexp) {
  static const int32_t exponents[] = {0,    1,    -1,  23,   -23, 126,  -126, 127, -127,      128,      -149,
                                      -150, 253, -253, 276, -276, 277, 400,  -400, INT32_MAX, INT32_MIN};
  for (int i = 0; i < SPECIAL; i++)
    for (size_t j = 0; j < sizeof exponents / sizeof *exponents; j++) {
      float got, want = ldexpf(special[i], exponents[j]);
      CPU_MATH(ldexp)(&got, &special[i], &exponents[j], 1);
      if (!isnan(want)) CHECK_EQ(as_bits(got), as_bits(want));
    }
}

/* A lane is the same alone, among others, in place, and beside lanes that take the slow way. */
TEST(lanes_do_not_depend_on_each_other) {
  enum { N = 3 * 64 + 7 };
  float in[N], together[N], alone;
  for (size_t k = 0; k < sizeof functions / sizeof *functions; k++) {
    for (int i = 0; i < N; i++) in[i] = i % 5 ? as_float(random_bits()) : (float)i;
    memcpy(together, in, sizeof in);
    functions[k].run(together, together, N);
    for (int i = 0; i < N; i++) {
      functions[k].run(&alone, &in[i], 1);
      if (!test_check(as_bits(alone) == as_bits(together[i]) || isnan(alone), __FILE__, __LINE__,
                      "%s(%a) is %a alone, %a in place", functions[k].name, in[i], alone, together[i]))
        break;
    }
    functions[k].run(NULL, NULL, 0);
  }
}

/* ---- f16 -------------------------------------------------------------------------------------------------------- */

static double f16_ref(uint32_t h) {
  uint32_t exponent = h >> 10 & 31, mantissa = h & 1023;
  double size = exponent == 31  ? (mantissa ? NAN : INFINITY)
                : exponent != 0 ? ldexp(1024 + mantissa, (int)exponent - 25)
                                : ldexp(mantissa, -24);
  return h & 0x8000 ? -size : size;
}

TEST(every_f16_as_f32_and_back) {
  for (uint32_t first = 0; first < 65536; first += 64) {
    uint16_t in[64], back[64];
    float out[64];
    for (uint32_t i = 0; i < 64; i++) in[i] = (uint16_t)(first + i);
    uint32_t n = 57 + first / 64 % 8; /* also a rest of the vector loops */
    CPU_MATH(f32FromF16)(out, in, n);
    CPU_MATH(f16FromF32)(back, out, n);
    for (uint32_t i = 0; i < n; i++) {
      if (!CHECK(ulps(out[i], f16_ref(in[i])) == 0)) return;
      if (!(isnan(out[i]) ? CHECK((back[i] & 0x7fff) > 0x7c00) : CHECK_EQ(back[i], in[i]))) return;
    }
  }
}

/* Between two neighbours: up to the middle to the lower, beyond to the upper, the middle to the even one. */
TEST(f16_rounds_to_nearest_even) {
  for (uint32_t h = 0; h < 0x7c00; h++) {
    float low = (float)f16_ref(h), high = h == 0x7bff ? 65536 : (float)f16_ref(h + 1), middle = low + (high - low) / 2;
    float in[] = {nextafterf(middle, 0), middle, nextafterf(middle, INFINITY), -nextafterf(middle, 0), -middle};
    uint32_t even = h + (h & 1), want[] = {h, even, h + 1, h | 0x8000, even | 0x8000};
    uint16_t out[5];
    float kept[5 + 8], wide[5 + 8] = {0};
    memcpy(wide, in, sizeof in); /* a vector's worth, and fewer */
    CPU_MATH(f16FromF32)(out, in, 5);
    CPU_MATH(quantizeToF16)(kept, wide, h & 1 ? 13 : 5);
    for (int i = 0; i < 5; i++)
      if (!CHECK_EQ(out[i], want[i]) || !CHECK_EQ(as_bits(kept[i]), as_bits((float)f16_ref(want[i])))) return;
  }
  float far[] = {1e6f, -INFINITY, 65519.996f, 1e-10f, -1e-45f};
  uint16_t out[5];
  CPU_MATH(f16FromF32)(out, far, 5);
  CHECK_EQ(out[0], 0x7c00), CHECK_EQ(out[1], 0xfc00), CHECK_EQ(out[2], 0x7bff);
  CHECK_EQ(out[3], 0), CHECK_EQ(out[4], 0x8000);
}

/* ---- words ------------------------------------------------------------------------------------------------------ */

static uint32_t word(int k) {
  static const uint32_t chosen[] = {0,          1,          2,          3,          0x80,       0xff,
                                    0x7fff,     0x8000,     0xffff,     0x7fffffff, 0x80000000, 0x80000001,
                                    0xfffffffe, 0xffffffff, 0x7f80ff01, 0x80808080};
  return k < 16 ? chosen[k] : k & 1 ? random_bits() : random_bits() >> k % 32;
}

static int highest(uint32_t x) {
  int k = 31;
  while (k >= 0 && !(x >> k & 1)) k--;
  return k;
}

static int lowest(uint32_t x) {
  int k = 0;
  while (k < 32 && !(x >> k & 1)) k++;
  return k;
}

static void check_word(const char *name, uint32_t x, uint32_t got, uint32_t want) {
  test_check(got == want, __FILE__, __LINE__, "%s(0x%x) is 0x%x, not 0x%x", name, x, got, want);
}

TEST(bits_of_words) {
  for (int k = 0; k < 4000; k++) {
    uint32_t x = word(k), ones = 0, reversed = 0, got;
    for (int i = 0; i < 32; i++) ones += x >> i & 1, reversed |= (x >> i & 1) << (31 - i);
#define WANT(name, want) (CPU_MATH(name)(&got, &x, 1), check_word(#name, x, got, want))
    WANT(countOneBits, ones);
    WANT(reverseBits, reversed);
    WANT(countLeadingZeros, (uint32_t)(31 - highest(x)));
    WANT(countTrailingZeros, (uint32_t)lowest(x));
    WANT(firstLeadingBitU, (uint32_t)highest(x));
    WANT(firstLeadingBitI, (uint32_t)highest(x >> 31 ? ~x : x));
    WANT(firstTrailingBit, x ? (uint32_t)lowest(x) : UINT32_MAX);
  }
}

TEST(parts_of_words) {
  for (int k = 0; k < 20000; k++) {
    uint32_t x = word(k % 200), y = random_bits(), offset = random_bits() % 36, count = random_bits() % 36;
    uint32_t u, s, inserted;
    if (k % 100 == 0) offset = random_bits();
    if (k % 100 == 1) count = random_bits();
    uint32_t from = offset < 32 ? offset : 32, size = count < 32 - from ? count : 32 - from;
    uint64_t mask = ((UINT64_C(1) << size) - 1) << from;
    uint32_t want = (uint32_t)((x & mask) >> from), sign = size && want >> (size - 1) & 1;
    CPU_MATH(extractBitsU)(&u, &x, &offset, &count, 1);
    CPU_MATH(extractBitsI)(&s, &x, &offset, &count, 1);
    CPU_MATH(insertBits)(&inserted, &x, &y, &offset, &count, 1);
    CHECK_EQ(u, want);
    CHECK_EQ(s, sign ? want | (uint32_t) ~((UINT64_C(1) << size) - 1) : want);
    CHECK_EQ(inserted, (uint32_t)((x & ~mask) | ((uint64_t)y << from & mask)));
  }
}

TEST(dot_products_of_bytes) {
  for (int k = 0; k < 2000; k++) {
    uint32_t a = word(k), b = word(k < 16 ? k : k + 7), u, s, want_u = 0, want_s = 0;
    for (int i = 0; i < 32; i += 8) {
      want_u += (a >> i & 255) * (b >> i & 255);
      want_s += (uint32_t)((int8_t)(a >> i) * (int8_t)(b >> i));
    }
    CPU_MATH(dot4U8Packed)(&u, &a, &b, 1);
    CPU_MATH(dot4I8Packed)(&s, &a, &b, 1);
    CHECK_EQ(u, want_u);
    CHECK_EQ(s, want_s);
  }
}

/* floor(0.5 + scale x) of the float product; both neighbours are right where the product rounds. */
static bool is_norm(uint32_t part, int width, bool is_signed, float x) {
  double scale = (1 << (width - is_signed)) - 1, low = is_signed ? -1 : 0, cut = x > low ? x < 1 ? x : 1 : low;
  int32_t got = is_signed ? (int32_t)(part << (32 - width)) >> (32 - width) : (int32_t)part;
  double exact = 0.5 + scale * cut, slack = (fabs(exact) + 1) * 0x1p-23;
  return got >= floor(exact - slack) && got <= floor(exact + slack);
}

TEST(packing_floats) {
  for (int k = 0; k < 4000; k++) {
    float in[4];
    uint32_t s8, u8, s16, u16;
    for (int i = 0; i < 4; i++)
      in[i] = k < SPECIAL ? special[(k + 17 * i) % SPECIAL] : (float)(int32_t)random_bits() * 0x1p-30f;
    CPU_MATH(pack4x8snorm)(&s8, &in[0], &in[1], &in[2], &in[3], 1);
    CPU_MATH(pack4x8unorm)(&u8, &in[0], &in[1], &in[2], &in[3], 1);
    CPU_MATH(pack2x16snorm)(&s16, &in[0], &in[1], 1);
    CPU_MATH(pack2x16unorm)(&u16, &in[0], &in[1], 1);
    for (int i = 0; i < 4; i++)
      CHECK(is_norm(s8 >> 8 * i & 255, 8, true, in[i]) && is_norm(u8 >> 8 * i & 255, 8, false, in[i]));
    for (int i = 0; i < 2; i++)
      CHECK(is_norm(s16 >> 16 * i & 65535, 16, true, in[i]) && is_norm(u16 >> 16 * i & 65535, 16, false, in[i]));
  }
}

TEST(packed_floats_come_back) {
  for (uint32_t v = 0; v < 65536; v++) {
    uint32_t both = v | (65535 - v) << 16, back;
    float x, y, z, w;
    CPU_MATH(unpack2x16unorm)(&x, &y, &both, 1);
    CHECK(ulps(x, v / 65535.0) <= 0.5 && ulps(y, (65535 - v) / 65535.0) <= 0.5);
    CPU_MATH(pack2x16unorm)(&back, &x, &y, 1);
    CHECK_EQ(back, both);
    CPU_MATH(unpack2x16snorm)(&x, &y, &both, 1);
    int16_t low = (int16_t)v;
    CHECK(ulps(x, low == -32768 ? -1 : low / 32767.0) <= 0.5);
    CPU_MATH(pack2x16snorm)(&back, &x, &y, 1);
    CHECK_EQ(back & 65535, low == -32768 ? 0x8001 : v);
    CPU_MATH(unpack2x16float)(&x, &y, &both, 1);
    CHECK(ulps(x, f16_ref(v)) == 0 && ulps(y, f16_ref(65535 - v)) == 0);
    CPU_MATH(pack2x16float)(&back, &x, &y, 1);
    if (!isnan(x)) CHECK_EQ(back & 65535, v);
    CPU_MATH(unpack4x8unorm)(&x, &y, &z, &w, &both, 1);
    CHECK(ulps(x, (v & 255) / 255.0) <= 0.5 && ulps(w, (both >> 24) / 255.0) <= 0.5);
    CPU_MATH(pack4x8unorm)(&back, &x, &y, &z, &w, 1);
    CHECK_EQ(back, both);
    CPU_MATH(unpack4x8snorm)(&x, &y, &z, &w, &both, 1);
    int8_t byte = (int8_t)(v >> 8);
    if (!CHECK(ulps(y, byte == -128 ? -1 : byte / 127.0) <= 0.5)) return;
  }
}

TEST(packing_integers) {
  for (int k = 0; k < 2000; k++) {
    int32_t s[4], back[4];
    uint32_t u[4], part[4], plain = 0, clamped = 0, uclamped = 0, got;
    for (int i = 0; i < 4; i++) {
      s[i] = (int32_t)word(k < 16 ? (k + 5 * i) % 16 : k), u[i] = (uint32_t)s[i];
      plain |= (u[i] & 255) << 8 * i;
      clamped |= ((uint32_t)(s[i] < -128 ? -128 : s[i] > 127 ? 127 : s[i]) & 255) << 8 * i;
      uclamped |= (u[i] > 255 ? 255 : u[i]) << 8 * i;
    }
    CPU_MATH(pack4xI8)(&got, &s[0], &s[1], &s[2], &s[3], 1), CHECK_EQ(got, plain);
    CPU_MATH(pack4xI8Clamp)(&got, &s[0], &s[1], &s[2], &s[3], 1), CHECK_EQ(got, clamped);
    CPU_MATH(pack4xU8)(&got, &u[0], &u[1], &u[2], &u[3], 1), CHECK_EQ(got, plain);
    CPU_MATH(pack4xU8Clamp)(&got, &u[0], &u[1], &u[2], &u[3], 1), CHECK_EQ(got, uclamped);
    CPU_MATH(unpack4xI8)(&back[0], &back[1], &back[2], &back[3], &plain, 1);
    CPU_MATH(unpack4xU8)(&part[0], &part[1], &part[2], &part[3], &plain, 1);
    for (int i = 0; i < 4; i++) CHECK_EQ(back[i], (int8_t)u[i]), CHECK_EQ(part[i], u[i] & 255);
  }
}
