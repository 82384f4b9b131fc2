/* The builtins on floats (math.h has the contract).
 *
 * Nearly everything is computed in double and rounded once to float at the end: with 29 bits to spare there is no need
 * for tricks against cancellation, nor for a fused multiply-add, and one polynomial serves several functions:
 *
 *   e^r - 1, |r| <= ln2/2          exp exp2 sinh cosh tanh pow
 *   ln m, sqrt(1/2) <= m < sqrt(2) log log2 asinh acosh atanh pow
 *   sin r, cos r, |r| <= pi/4      sin cos tan
 *   atan q, 0 <= q <= 1            atan atan2
 *   asin s, 0 <= s <= 1/2          asin acos
 *
 * Polynomials are minimax fits; the comment of each gives the error that it leaves. There is no branch: what is special
 * is selected at the end. Two functions have arguments that need long arithmetic, sin-cos-tan beyond 2^26 and fmod with
 * a quotient beyond 2^29: those lanes are computed again, one by one, after their block.
 *
 * Largest error in units of the last place, over a quarter of a million floats of both signs and all exponents, and
 * pairs of them, against libm in double (tests/c/test_math.c measures and holds it; correct rounding is 0.5):
 *
 *   sin cos tan  0.5001    exp       0.5001    asin        0.504    pow                0.501    inverseSqrt  1.47
 *   sinh tanh    0.502     exp2      0.5006    acos        0.501    asinh acosh atanh  0.5      sqrt         0.5
 *   cosh         0.5001    log log2  0.5       atan atan2  0.501                                the others   exact
 */
#include "drivers/cpu/math.h"

#include <math.h>

#include "drivers/cpu/lanes.h"

#define LN2 0x1.62e42fefa39efp-1
#define LOG2E 0x1.71547652b82fep+0
#define PI_2 0x1.921fb54442d18p+0
#define PI 0x1.921fb54442d18p+1
#define TWO_OVER_PI 0x1.45f306dc9c883p-1

/* Added to |x| < 2^51, this leaves the nearest integer in the low bits of the sum; subtracted again, that integer. */
#define ROUNDER 0x1.8p52

INLINE double with_sign(double magnitude, double sign) {
  const uint64_t top = UINT64_C(1) << 63;
  return double_of((bits_of_double(magnitude) & ~top) | (bits_of_double(sign) & top));
}

INLINE double nearest(double x) { return (x + ROUNDER) - ROUNDER; }
INLINE double magnitude(double x) { return double_of(bits_of_double(x) & (UINT64_MAX >> 1)); }
INLINE double at_most(double x, double limit) { return x > limit ? limit : x; }   /* NaN stays */
INLINE double at_least(double x, double limit) { return x < limit ? limit : x; } /* NaN stays */

/* ---- exponentials ------------------------------------------------------------------------------------------------ */

/* x = (k + ROUNDER), k integer with |k| < 1000 -> 2^k. */
INLINE double power_of_two(double rounded) { return double_of((bits_of_double(rounded) + 1023) << 52); }

/* e^r - 1 for |r| <= ln2/2, error 2^-32 r. */
INLINE double expm1_core(double r) {
  double q = 0x1.a1a200bb27d8dp-13;
  q = q * r + 0x1.6d74e5b7273a1p-10;
  q = q * r + 0x1.11108f3cae75cp-7;
  q = q * r + 0x1.5554ad9016fb0p-5;
  q = q * r + 0x1.55555589319b3p-3;
  q = q * r + 0x1.00000027e366cp-1;
  return r + r * r * q;
}

/* 2^x, for any x: beyond what a float holds, far beyond. */
INLINE double exp2_wide(double x) {
  x = at_most(at_least(x, -300), 300);
  double rounded = x + ROUNDER, scale = power_of_two(rounded);
  return scale + scale * expm1_core((x - (rounded - ROUNDER)) * LN2);
}

INLINE double exp_wide(double x) {
  x = at_most(at_least(x, -200), 200);
  double rounded = x * LOG2E + ROUNDER, scale = power_of_two(rounded);
  return scale + scale * expm1_core(x - (rounded - ROUNDER) * LN2);
}

/* e^x - 1 for 0 <= x; without cancellation: the scale is 1 while x is small. */
INLINE double expm1_wide(double x) {
  x = at_most(x, 200);
  double rounded = x * LOG2E + ROUNDER, scale = power_of_two(rounded);
  return scale * expm1_core(x - (rounded - ROUNDER) * LN2) + (scale - 1);
}

INLINE float exp_lane(float a) { return (float)exp_wide(a); }
INLINE float exp2_lane(float a) { return (float)exp2_wide(a); }

INLINE float sinh_lane(float a) {
  double e = expm1_wide(magnitude(a));
  return (float)with_sign((e + e / (e + 1)) * 0.5, a);
}

INLINE float cosh_lane(float a) {
  double e = exp_wide(magnitude(a));
  return (float)((e + 1 / e) * 0.5);
}

INLINE float tanh_lane(float a) {
  double e = expm1_wide(2 * magnitude(a));
  return (float)with_sign(e / (e + 2), a);
}

/* ---- logarithms -------------------------------------------------------------------------------------------------- */

/* x = m 2^*exponent with sqrt(1/2) <= m < sqrt(2); returns ln m, error 2^-52 of it. x is positive and finite. */
INLINE double log_core(double x, double *exponent) {
  const uint64_t one = UINT64_C(1023) << 52, sqrt_half = 0x3fe6a09e667f3bcd;
  uint64_t bits = bits_of_double(x), biased = (bits + (one - sqrt_half)) >> 52;
  *exponent = double_of(bits_of_double(0x1p52) | biased) - (0x1p52 + 1023);
  double f = double_of(bits - (biased << 52) + one) - 1;
  double s = f / (2 + f), z = s * s;
  double p = 0x1.58791fdf14503p-3;
  p = p * z + 0x1.732c04a24f2b3p-3;
  p = p * z + 0x1.c722790c30006p-3;
  p = p * z + 0x1.24924176162dbp-2;
  p = p * z + 0x1.999999a295d1cp-2;
  p = p * z + 0x1.555555555395cp-1;
  return s * (2 + z * p);
}

/* `finite` is a logarithm of x computed as if x were positive and finite; this puts right what it is not. */
INLINE double log_special(double finite, double x) {
  double r = x == 0 ? -(double)INFINITY : finite;
  r = x == (double)INFINITY ? x : r;
  return x >= 0 ? r : (double)NAN;
}

INLINE double log2_wide(double x) {
  double exponent, ln = log_core(x, &exponent);
  return log_special(exponent + ln * LOG2E, x);
}

/* ln(1 + u), u >= 0 or NaN: what rounding 1 + u loses comes back as the last term. */
INLINE double log1p_wide(double u) {
  double x = 1 + u, lost = u - (x - 1);
  double exponent, ln = log_core(x, &exponent);
  double r = exponent * LN2 + ln + lost / x;
  return u < (double)INFINITY ? r : u;
}

INLINE float log_lane(float a) {
  double exponent, ln = log_core(a, &exponent);
  return (float)log_special(exponent * LN2 + ln, a);
}

INLINE float log2_lane(float a) { return (float)log2_wide(a); }

INLINE float asinh_lane(float a) {
  double x = magnitude(a), square = x * x;
  double r = log1p_wide(x + square / (1 + sqrt(square + 1)));
  return (float)with_sign(x < (double)INFINITY ? r : x, a);
}

INLINE float acosh_lane(float a) {
  double t = (double)a - 1;
  return (float)(t >= 0 ? log1p_wide(t + sqrt(t * (t + 2))) : (double)NAN);
}

INLINE float atanh_lane(float a) {
  double x = magnitude(a);
  double r = x <= 1 ? 0.5 * log1p_wide(2 * x / (1 - x)) : (double)NAN;
  return (float)with_sign(r, a);
}

/* C99 F.9.4.4, with |a| to the power of b at its heart. */
INLINE float pow_lane(float a, float b) {
  double base = a, x = magnitude(a), y = b, size = magnitude(b);
  double power = exp2_wide(y * log2_wide(x));
  /* 0: b is even, 1: odd, else it has a fraction; floats from 2^24 on are even */
  double parity = size < 0x1p24 ? magnitude(y - 2 * nearest(0.5 * y)) : 0;
  double r = x == 1 ? 1 : power; /* also to an infinite power */
  r = parity == 1 ? with_sign(r, a) : r;
  double undefined = x < (double)INFINITY ? (double)NAN : r;
  double negative = parity == 1 ? r : undefined;
  negative = parity == 0 ? r : negative;
  r = base < 0 ? negative : r;
  r = base != base ? base : r;
  r = y != y ? y : r;
  r = base == 1 ? 1 : r;
  return (float)(y == 0 ? 1 : r);
}

/* ---- circular functions ------------------------------------------------------------------------------------------ */

/* An angle less the nearest multiple of pi/2: what is left, and the multiple modulo 4 in the low bits of `turns`. */
typedef struct angle {
  double rest;
  uint64_t turns;
} angle;

#define ANGLE_LIMIT 0x1p26f

/* |x| <= ANGLE_LIMIT: pi/2 has parts of 27 bits, so that their products with the multiple (26 bits) are exact. */
INLINE angle angle_reduce(double x) {
  double rounded = x * TWO_OVER_PI + ROUNDER, turns = rounded - ROUNDER;
  double rest = x - turns * 0x1.921fb54p+0;
  rest = rest - turns * 0x1.10b46p-30;
  rest = rest - turns * 0x1.1a62633145c07p-54;
  return (angle){rest, bits_of_double(rounded)};
}

/* |r| <= pi/4: errors 2^-37 r and 2^-41. */
INLINE double sin_core(double r) {
  double z = r * r;
  double p = 0x1.6cb74a4371796p-19;
  p = p * z - 0x1.a00f38ed353a4p-13;
  p = p * z + 0x1.111108771644ap-7;
  p = p * z - 0x1.5555554d9e2b0p-3;
  return r * (1 + z * p); /* -0 stays */
}

INLINE double cos_core(double r) {
  double z = r * r;
  double p = -0x1.2474de133bddbp-22;
  p = p * z + 0x1.a012cee07b258p-16;
  p = p * z - 0x1.6c16bbae137a7p-10;
  p = p * z + 0x1.55555552c1fe1p-5;
  return 1 - 0.5 * z + z * z * p;
}

/* By bits, since SSE2 compares no integers of 64 bits. */
INLINE double either(uint64_t turns, double if_odd, double if_even) {
  uint64_t odd = 0 - (turns & 1);
  return double_of((bits_of_double(if_odd) & odd) | (bits_of_double(if_even) & ~odd));
}

/* cos is sin a quarter turn ahead: `ahead` is 1. */
INLINE float sin_of(angle x, uint64_t ahead) {
  uint64_t turns = x.turns + ahead;
  double s = sin_core(x.rest), c = cos_core(x.rest);
  return (float)double_of(bits_of_double(either(turns, c, s)) ^ (turns & 2) << 62);
}

INLINE float tan_of(angle x) {
  double s = sin_core(x.rest), c = cos_core(x.rest);
  double r = either(x.turns, c, s) / either(x.turns, s, c);
  return (float)double_of(bits_of_double(r) ^ (x.turns & 1) << 63);
}

/* Beyond ANGLE_LIMIT, infinity and NaN too. x = m 2^e with a whole m of 24 bits: of the product with 2/pi only the 96
 * bits below the value 4 matter, and only those bits of 2/pi that reach there. */
static angle angle_reduce_huge(float x) {
  static const uint32_t two_over_pi[] = {0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0,
                                         0xdb629599, 0x3c439041, 0xfe5163ab};
  uint32_t bits = bits_of(x), biased = bits >> 23 & 255;
  if (biased == 255) return (angle){NAN, 0};
  uint32_t skip = biased - 150 - 2, word = skip / 32, shift = skip % 32; /* bits of 2/pi that only count whole turns */
  uint64_t m = (bits & 0x7fffff) | 0x800000, product = 0;
  uint32_t sum[3];
  for (int i = 2; i >= 0; i--) {
    uint64_t pair = (uint64_t)two_over_pi[word + i] << 32 | two_over_pi[word + i + 1];
    product = m * (uint32_t)(pair << shift >> 32) + (product >> 32);
    sum[i] = (uint32_t)product;
  }
  uint64_t high = (uint64_t)sum[0] << 32 | sum[1];
  uint64_t turns = (high + (UINT64_C(1) << 61)) >> 62;
  /* the signed rest below a quarter turn, in units of 2^-62 */
  double rest = (double)(int64_t)(high - (turns << 62)) + (double)sum[2] * 0x1p-32;
  angle r = {rest * 0x1p-62 * PI_2, turns};
  return bits >> 31 ? (angle){-r.rest, 0 - r.turns} : r;
}

INLINE angle angle_of(float x) { return fabsf(x) <= ANGLE_LIMIT ? angle_reduce(x) : angle_reduce_huge(x); }

static uint32_t any_far(const float *a, uint32_t n) {
  uint32_t far = 0;
  EACH_LANE(n) far |= fabsf(a[i]) <= ANGLE_LIMIT ? 0 : 1;
  return far;
}

/* In blocks: all lanes as if they were near, then those that are not, from their inputs as they were. */
#define BLOCK 64
#define CIRCULAR(name, OF)                                                        \
  static void name##_near(float *out, const float *a, uint32_t n) {               \
    EACH_LANE(n) out[i] = OF(angle_reduce(a[i]));                                 \
  }                                                                               \
  void CPU_MATH(name)(float *out, const float *a, uint32_t n) {                   \
    float kept[BLOCK];                                                            \
    for (uint32_t count; n; n -= count, out += count, a += count) {               \
      count = n < BLOCK ? n : BLOCK;                                              \
      uint32_t far = any_far(a, count);                                           \
      if (far) memcpy(kept, a, count * sizeof *a);                                \
      name##_near(out, a, count);                                                 \
      for (uint32_t i = 0; far && i < count; i++) out[i] = OF(angle_of(kept[i])); \
    }                                                                             \
  }
#define SIN_OF(x) sin_of(x, 0)
#define COS_OF(x) sin_of(x, 1)
CIRCULAR(sin, SIN_OF)
CIRCULAR(cos, COS_OF)
CIRCULAR(tan, tan_of)

/* ---- inverse circular functions ---------------------------------------------------------------------------------- */

/* 0 <= q <= 1, error 2^-33 q. */
INLINE double atan_core(double q) {
  double z = q * q;
  double p = -0x1.64c81d30130b6p-11;
  p = p * z + 0x1.3e1f648803f0bp-8;
  p = p * z - 0x1.09450cf4753b8p-6;
  p = p * z + 0x1.1a008e832449bp-5;
  p = p * z - 0x1.bef6130b68499p-5;
  p = p * z + 0x1.29a94fc86c757p-4;
  p = p * z - 0x1.703c51e3ffa6bp-4;
  p = p * z + 0x1.c67dfac0a2a0bp-4;
  p = p * z - 0x1.248b8124cba23p-3;
  p = p * z + 0x1.9999536c327a6p-3;
  p = p * z - 0x1.555554e7a9de5p-2;
  return q + q * z * p;
}

INLINE float atan_lane(float a) {
  double x = magnitude(a), t = atan_core(x > 1 ? 1 / x : x);
  return (float)with_sign(x > 1 ? PI_2 - t : t, a);
}

INLINE float atan2_lane(float a, float b) {
  double y = magnitude(a), x = magnitude(b);
  double low = y < x ? y : x, high = y < x ? x : y, q = low / high;
  q = low == high ? 1 : q; /* also two infinities */
  q = high == 0 ? 0 : q;
  double t = atan_core(q);
  t = y > x ? PI_2 - t : t;
  t = with_sign(1, b) < 0 ? PI - t : t;
  t = a != a || b != b ? (double)a + (double)b : t;
  return (float)with_sign(t, a);
}

/* asin s, 0 <= s <= 1/2, error 2^-31 s. z = s^2. */
INLINE double asin_core(double s, double z) {
  double p = 0x1.35d0a24bc280ep-5;
  p = p * z + 0x1.d572788b1edf5p-7;
  p = p * z + 0x1.0484d84cd877dp-5;
  p = p * z + 0x1.6cbc50e9776c6p-5;
  p = p * z + 0x1.3337b5a56d607p-4;
  p = p * z + 0x1.55554f595c89bp-3;
  return s + s * z * p;
}

/* Beyond 1/2 by asin x = pi/2 - 2 asin sqrt((1 - x) / 2). */
INLINE float asin_lane(float a) {
  double x = magnitude(a), z = x > 0.5 ? (1 - x) * 0.5 : x * x;
  double t = asin_core(x > 0.5 ? sqrt(z) : x, z);
  return (float)with_sign(x > 0.5 ? PI_2 - 2 * t : t, a);
}

INLINE float acos_lane(float a) {
  double x = magnitude(a), z = x > 0.5 ? (1 - x) * 0.5 : x * x;
  double t = asin_core(x > 0.5 ? sqrt(z) : x, z);
  double positive = x > 0.5 ? 2 * t : PI_2 - t;
  return (float)(a < 0 ? PI - positive : positive);
}

/* ---- roots and rounding ------------------------------------------------------------------------------------------ */

INLINE float sqrt_lane(float a) { return sqrtf(a); }
INLINE float inverseSqrt_lane(float a) { return 1 / sqrtf(a); }

/* An instruction where there is one; else a number of 23 bits or fewer meets its integer when 2^23 is added. */
#if defined(__SSE4_1__) || defined(__wasm_simd128__) || defined(__aarch64__)
INLINE float round_lane(float a) { return __builtin_rintf(a); }
INLINE float floor_lane(float a) { return __builtin_floorf(a); }
INLINE float ceil_lane(float a) { return __builtin_ceilf(a); }
INLINE float trunc_lane(float a) { return __builtin_truncf(a); }
#else
INLINE float float_sign(float magnitude, float sign) {
  return float_of((bits_of(magnitude) & 0x7fffffff) | (bits_of(sign) & 0x80000000));
}
INLINE float round_lane(float a) {
  float x = float_of(bits_of(a) & 0x7fffffff), whole = (x + 0x1p23f) - 0x1p23f;
  return x < 0x1p23f ? float_sign(whole, a) : a;
}
INLINE float trunc_lane(float a) {
  float x = float_of(bits_of(a) & 0x7fffffff), whole = (x + 0x1p23f) - 0x1p23f;
  return x < 0x1p23f ? float_sign(whole > x ? whole - 1 : whole, a) : a;
}
INLINE float floor_lane(float a) {
  float whole = round_lane(a);
  return whole > a ? whole - 1 : whole;
}
INLINE float ceil_lane(float a) {
  float whole = round_lane(a);
  return float_sign(whole < a ? whole + 1 : whole, a);
}
#endif

INLINE float fract_lane(float a) { return a - floor_lane(a); }

INLINE float modfFract_lane(float a) {
  float rest = fabsf(a) < INFINITY ? a - trunc_lane(a) : a != a ? a : 0;
  return float_of((bits_of(rest) & 0x7fffffff) | (bits_of(a) & 0x80000000));
}

/* ---- parts of a float -------------------------------------------------------------------------------------------- */

/* Through double, where every float is normal. */
INLINE float frexpFract_lane(float a) {
  uint64_t bits = bits_of_double(a), kept = UINT64_C(0x800fffffffffffff);
  double r = double_of((bits & kept) | UINT64_C(1022) << 52);
  return (float)(a == 0 || !(fabsf(a) < INFINITY) ? (double)a : r);
}

INLINE int32_t frexpExp_lane(float a) {
  int32_t exponent = (int32_t)(bits_of_double(a) >> 52 & 0x7ff) - 1022;
  return a == 0 || !(fabsf(a) < INFINITY) ? 0 : exponent;
}

INLINE float ldexp_lane(float a, int32_t exponent) {
  exponent = exponent < -400 ? -400 : exponent > 400 ? 400 : exponent;
  return (float)(a * double_of((uint64_t)(uint32_t)(exponent + 1023) << 52));
}

/* A quotient of less than 2^29 is so short that its product with b is exact, and so is what is left. */
INLINE float fmod_lane(float a, float b) {
  double x = magnitude(a), y = magnitude(b);
  double rest = x - nearest(x / y) * y;
  rest = rest < 0 ? rest + y : rest;
  rest = y == (double)INFINITY && x < y ? x : rest;
  return (float)with_sign(rest, a);
}

INLINE uint32_t is_long(float a, float b) {
  double x = magnitude(a), y = magnitude(b);
  double limit = y > 0 ? y * 0x1p29 : (double)INFINITY;
  return x < limit ? 0 : 1;
}

static uint32_t any_long(const float *a, const float *b, uint32_t n) {
  uint32_t found = 0;
  EACH_LANE(n) found |= is_long(a[i], b[i]);
  return found;
}

static void fmod_short(float *out, const float *a, const float *b, uint32_t n) {
  EACH_LANE(n) out[i] = fmod_lane(a[i], b[i]);
}

void CPU_MATH(fmod)(float *out, const float *a, const float *b, uint32_t n) {
  float dividends[BLOCK], divisors[BLOCK];
  for (uint32_t count; n; n -= count, out += count, a += count, b += count) {
    count = n < BLOCK ? n : BLOCK;
    uint32_t found = any_long(a, b, count);
    if (found) {
      memcpy(dividends, a, count * sizeof *a);
      memcpy(divisors, b, count * sizeof *b);
    }
    fmod_short(out, a, b, count);
    for (uint32_t i = 0; found && i < count; i++)
      if (is_long(dividends[i], divisors[i])) out[i] = (float)fmod(dividends[i], divisors[i]);
  }
}

/* ---- the loops --------------------------------------------------------------------------------------------------- */

#define LANES1(name) \
  void CPU_MATH(name)(float *out, const float *a, uint32_t n) { EACH_LANE(n) out[i] = name##_lane(a[i]); }
#define LANES2(name)                                                             \
  void CPU_MATH(name)(float *out, const float *a, const float *b, uint32_t n) {  \
    EACH_LANE(n) out[i] = name##_lane(a[i], b[i]);                               \
  }

LANES1(exp)
LANES1(exp2)
LANES1(sinh)
LANES1(cosh)
LANES1(tanh)
LANES1(log)
LANES1(log2)
LANES1(asinh)
LANES1(acosh)
LANES1(atanh)
LANES1(atan)
LANES1(asin)
LANES1(acos)
LANES1(sqrt)
LANES1(inverseSqrt)
LANES1(round)
LANES1(floor)
LANES1(ceil)
LANES1(trunc)
LANES1(fract)
LANES1(modfFract)
LANES1(frexpFract)
LANES2(pow)
LANES2(atan2)

void CPU_MATH(frexpExp)(int32_t *out, const float *a, uint32_t n) { EACH_LANE(n) out[i] = frexpExp_lane(a[i]); }

void CPU_MATH(ldexp)(float *out, const float *a, const int32_t *exponent, uint32_t n) {
  EACH_LANE(n) out[i] = ldexp_lane(a[i], exponent[i]);
}

void CPU_MATH(fma)(float *out, const float *a, const float *b, const float *c, uint32_t n) {
#if defined(__FMA__) || defined(__aarch64__)
  EACH_LANE(n) out[i] = __builtin_fmaf(a[i], b[i], c[i]);
#else
  EACH_LANE(n) out[i] = a[i] * b[i] + c[i];
#endif
}
