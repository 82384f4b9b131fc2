/* Values of builtin calls whose arguments are known (WGSL 17.3–17.5, 17.9, 17.10), and what single arguments make
 * impossible. Arguments have the types of the parameters. The names are those of builtins.def. */
#include <math.h>
#include <string.h>

#include "wgsl/module.h"

#define EVALUATOR(name)                                                                                  \
  bool wgsl__value_##name(wgsl__evaluation *e, const wgsl__expr *x, const wgsl__value *args, uint32_t n, \
                          wgsl__value *out);                                                             \
  bool wgsl__value_##name(wgsl__evaluation *e, const wgsl__expr *x, const wgsl__value *args, uint32_t n, \
                          wgsl__value *out)
#define TEST(name)                                                                                              \
  bool wgsl__test_##name(wgsl__evaluation *e, const wgsl__expr *x, const wgsl__value *args, const bool *known); \
  bool wgsl__test_##name(wgsl__evaluation *e, const wgsl__expr *x, const wgsl__value *args, const bool *known)

EVALUATOR(none) {
  (void)x, (void)args, (void)n, (void)out;
  e->unknown = true;
  return false;
}

static bool is_float(const wgsl__type *t) { return wgsl__is_float(t->base); }

static bool is_composite(const wgsl__value *v) { return v->type->base > WGSL__BASE_LAST_SCALAR; }

static bool outside(wgsl__evaluation *e, const wgsl__expr *x, const char *why) {
  wgsl__evaluation_fail(e, x->range, "value-range", "%s", why);
  return false;
}

/* ---- component-wise ---------------------------------------------------------------------------------------------- */

enum { MAX_ARGUMENTS = 8 };

typedef bool scalar_function(wgsl__evaluation *e, const wgsl__expr *x, const wgsl__value *v, wgsl__value *out);

/* Applies f to each component; scalars among the arguments go with every component. */
static bool each(wgsl__evaluation *e, const wgsl__expr *x, const wgsl__value *args, uint32_t n, wgsl__value *out,
                 scalar_function *f) {
  const wgsl__type *t = x->type;
  if (t->base != WGSL__BASE_VECTOR) {
    *out = (wgsl__value){.type = t};
    return f(e, x, args, out);
  }
  uint32_t rows = t->host.rows;
  wgsl__value *parts = wgsl__value_parts(e, rows), v[MAX_ARGUMENTS];
  if (!parts) return false;
  for (uint32_t i = 0; i < rows; i++) {
    for (uint32_t k = 0; k < n && k < MAX_ARGUMENTS; k++)
      v[k] = is_composite(&args[k]) ? wgsl__value_part(&args[k], i) : args[k];
    parts[i] = (wgsl__value){.type = t->inner};
    if (!f(e, x, v, &parts[i])) return false;
  }
  *out = (wgsl__value){.type = t, .parts = parts};
  return true;
}

#define EACH(name, ...)                                                                                       \
  static bool each_##name(wgsl__evaluation *e, const wgsl__expr *x, const wgsl__value *v, wgsl__value *out) { \
    (void)e, (void)x;                                                                                         \
    __VA_ARGS__                                                                                               \
  }                                                                                                           \
  EVALUATOR(name) { return each(e, x, args, n, out, each_##name); }

#define FLOAT1(name, expression) EACH(name, double a = v[0].f; return wgsl__float_finish(e, x->range, out, expression);)

static const double PI = 3.14159265358979323846;

FLOAT1(acos, acos(a))
FLOAT1(acosh, acosh(a))
FLOAT1(asin, asin(a))
FLOAT1(asinh, asinh(a))
FLOAT1(atan, atan(a))
FLOAT1(atanh, atanh(a))
FLOAT1(ceil, ceil(a))
FLOAT1(cos, cos(a))
FLOAT1(cosh, cosh(a))
FLOAT1(degrees, a * (180 / PI))
FLOAT1(exp, exp(a))
FLOAT1(exp2, exp2(a))
FLOAT1(floor, floor(a))
FLOAT1(fract, a - floor(a))
FLOAT1(inverseSqrt, 1 / sqrt(a))
FLOAT1(log, log(a))
FLOAT1(log2, log2(a))
FLOAT1(radians, a *(PI / 180))
FLOAT1(round, rint(a))
FLOAT1(saturate, a < 0 ? 0 : a > 1 ? 1 : a)
FLOAT1(sin, sin(a))
FLOAT1(sinh, sinh(a))
FLOAT1(sqrt, sqrt(a))
FLOAT1(tan, tan(a))
FLOAT1(tanh, tanh(a))
FLOAT1(trunc, trunc(a))
EACH(atan2, return wgsl__float_finish(e, x->range, out, atan2(v[0].f, v[1].f));)
EACH(step, return out->f = v[0].f <= v[1].f ? 1 : 0, true;)

EACH(pow, if (v[0].f == 0 && v[1].f <= 0) return outside(e, x, "pow is not defined for 0 to a power of 0 or less");
     if (v[0].f < 0) return outside(e, x, "pow is not defined for a negative base");
     return wgsl__float_finish(e, x->range, out, pow(v[0].f, v[1].f));)

EACH(quantizeToF16,
     if (!wgsl__float_converts(v[0].f, WGSL__BASE_F16, &out->f)) return outside(e, x, "the value does not fit f16");
     return true;)

EACH(abs, if (is_float(out->type)) return out->f = fabs(v[0].f), true;
     out->i = v[0].i < 0 ? (int64_t)(0 - (uint64_t)v[0].i) : v[0].i;
     if (out->type->base == WGSL__BASE_I32) out->i = (int64_t)(int32_t)(uint32_t)(uint64_t)out->i; return true;)

EACH(sign, if (is_float(out->type)) return out->f = (v[0].f > 0) - (v[0].f < 0), true;
     out->i = (v[0].i > 0) - (v[0].i < 0); return true;)

static bool less(const wgsl__value *a, const wgsl__value *b) { return is_float(a->type) ? a->f < b->f : a->i < b->i; }

EACH(max, *out = less(&v[0], &v[1]) ? v[1] : v[0]; return true;)
EACH(min, *out = less(&v[1], &v[0]) ? v[1] : v[0]; return true;)
EACH(clamp, *out = less(&v[0], &v[1]) ? v[1] : v[0]; if (less(&v[2], out)) *out = v[2]; return true;)

/* a op b, rounded to their type */
static bool step_of(wgsl__evaluation *e, const wgsl__expr *x, wgsl__token_kind op, wgsl__value a, wgsl__value b,
                    wgsl__value *out) {
  return wgsl__arithmetic(e, x->range, op, a, b, out);
}

EACH(fma, return wgsl__float_finish(e, x->range, out, v[0].f *v[1].f + v[2].f);)

EACH(mix, wgsl__value rest; wgsl__value one = {.type = v[2].type, .f = 1}; wgsl__value left; wgsl__value right;
     return step_of(e, x, WGSL__TOKEN_MINUS, one, v[2], &rest) && step_of(e, x, WGSL__TOKEN_STAR, v[0], rest, &left) &&
            step_of(e, x, WGSL__TOKEN_STAR, v[1], v[2], &right) && step_of(e, x, WGSL__TOKEN_PLUS, left, right, out);)

EACH(smoothstep, wgsl__value above; wgsl__value width; wgsl__value t;
     if (!step_of(e, x, WGSL__TOKEN_MINUS, v[2], v[0], &above) ||
         !step_of(e, x, WGSL__TOKEN_MINUS, v[1], v[0], &width) ||
         !step_of(e, x, WGSL__TOKEN_SLASH, above, width, &t)) return false;
     t.f = t.f < 0   ? 0
           : t.f > 1 ? 1
                     : t.f;
     return wgsl__float_finish(e, x->range, out, t.f *t.f * (3 - 2 * t.f));)

EACH(select, const wgsl__type *type = out->type; *out = v[2].i ? v[1] : v[0]; out->type = type; return true;)

EACH(ldexp, double scaled = ldexp(v[0].f, v[1].i > 4096    ? 4096
                                          : v[1].i < -4096 ? -4096
                                                           : (int)v[1].i);
     return wgsl__float_finish(e, x->range, out, scaled);)

/* ---- bits -------------------------------------------------------------------------------------------------------- */

static int64_t integer(const wgsl__type *t, uint32_t bits) {
  return t->base == WGSL__BASE_I32 ? (int64_t)(int32_t)bits : (int64_t)bits;
}

static uint32_t leading_zeros(uint32_t a) {
  uint32_t n = 0;
  while (n < 32 && !(a >> (31 - n) & 1)) n++;
  return n;
}

static uint32_t trailing_zeros(uint32_t a) {
  uint32_t n = 0;
  while (n < 32 && !(a >> n & 1)) n++;
  return n;
}

#define BITS1(name, expression) \
  EACH(name, uint32_t a = (uint32_t)v[0].i; out->i = integer(out->type, (uint32_t)(expression)); return true;)

static uint32_t count_ones(uint32_t a) {
  uint32_t n = 0;
  for (; a; a &= a - 1) n++;
  return n;
}

static uint32_t reverse(uint32_t a) {
  uint32_t r = 0;
  for (int i = 0; i < 32; i++) r |= (a >> i & 1) << (31 - i);
  return r;
}

BITS1(countLeadingZeros, leading_zeros(a))
BITS1(countOneBits, count_ones(a))
BITS1(countTrailingZeros, trailing_zeros(a))
BITS1(reverseBits, reverse(a))
BITS1(firstTrailingBit, a ? trailing_zeros(a) : UINT32_MAX)
BITS1(firstLeadingBit, 31 - (int)leading_zeros(v[0].i < 0 ? ~a : a))

EACH(extractBits, uint32_t offset = v[1].i > 32 ? 32 : (uint32_t)v[1].i;
     uint32_t count = v[2].i > 32 - offset ? 32 - offset : (uint32_t)v[2].i; if (count == 0) return out->i = 0, true;
     uint32_t bits = (uint32_t)v[0].i << (32 - offset - count);
     out->i = out->type->base == WGSL__BASE_I32 ? (int32_t)bits >> (32 - count) : (int64_t)(bits >> (32 - count));
     return true;)

EACH(insertBits, uint32_t offset = v[2].i > 32 ? 32 : (uint32_t)v[2].i;
     uint32_t count = v[3].i > 32 - offset ? 32 - offset : (uint32_t)v[3].i; if (count == 0) return *out = v[0], true;
     uint32_t mask = (count == 32 ? UINT32_MAX : (1u << count) - 1) << offset;
     out->i = integer(out->type, ((uint32_t)v[0].i & ~mask) | ((uint32_t)v[1].i << offset & mask)); return true;)

/* ---- vectors and matrices ---------------------------------------------------------------------------------------- */

/* The value with each component of the vectors a and b combined; scalars go with every component. */
static bool combine(wgsl__evaluation *e, const wgsl__expr *x, wgsl__token_kind op, const wgsl__value *a,
                    const wgsl__value *b, wgsl__value *out) {
  const wgsl__type *t = is_composite(a) ? a->type : b->type;
  if (!is_composite(a) && !is_composite(b)) return wgsl__arithmetic(e, x->range, op, *a, *b, out);
  wgsl__value *parts = wgsl__value_parts(e, t->host.rows);
  if (!parts) return false;
  for (uint32_t i = 0; i < t->host.rows; i++)
    if (!wgsl__arithmetic(e, x->range, op, is_composite(a) ? wgsl__value_part(a, i) : *a,
                          is_composite(b) ? wgsl__value_part(b, i) : *b, &parts[i]))
      return false;
  *out = (wgsl__value){.type = t, .parts = parts};
  return true;
}

static bool dot(wgsl__evaluation *e, const wgsl__expr *x, const wgsl__value *a, const wgsl__value *b,
                wgsl__value *out) {
  for (uint32_t i = 0; i < a->type->host.rows; i++) {
    wgsl__value product;
    if (!wgsl__arithmetic(e, x->range, WGSL__TOKEN_STAR, wgsl__value_part(a, i), wgsl__value_part(b, i), &product))
      return false;
    if (i == 0)
      *out = product;
    else if (!wgsl__arithmetic(e, x->range, WGSL__TOKEN_PLUS, *out, product, out))
      return false;
  }
  return true;
}

static bool length(wgsl__evaluation *e, const wgsl__expr *x, const wgsl__value *a, wgsl__value *out) {
  if (!is_composite(a)) return *out = *a, out->f = fabs(a->f), true;
  return dot(e, x, a, a, out) && wgsl__float_finish(e, x->range, out, sqrt(out->f));
}

EVALUATOR(dot) { return (void)n, dot(e, x, &args[0], &args[1], out); }
EVALUATOR(length) { return (void)n, length(e, x, &args[0], out); }

EVALUATOR(distance) {
  wgsl__value difference;
  (void)n;
  return combine(e, x, WGSL__TOKEN_MINUS, &args[0], &args[1], &difference) && length(e, x, &difference, out);
}

EVALUATOR(normalize) {
  wgsl__value size;
  (void)n;
  if (!length(e, x, &args[0], &size)) return false;
  if (size.f == 0) return outside(e, x, "a vector of length zero cannot be normalized");
  return combine(e, x, WGSL__TOKEN_SLASH, &args[0], &size, out);
}

EVALUATOR(cross) {
  (void)n;
  wgsl__value *parts = wgsl__value_parts(e, 3);
  if (!parts) return false;
  for (uint32_t i = 0; i < 3; i++) {
    uint32_t j = (i + 1) % 3, k = (i + 2) % 3;
    wgsl__value left, right;
    if (!step_of(e, x, WGSL__TOKEN_STAR, wgsl__value_part(&args[0], j), wgsl__value_part(&args[1], k), &left) ||
        !step_of(e, x, WGSL__TOKEN_STAR, wgsl__value_part(&args[0], k), wgsl__value_part(&args[1], j), &right) ||
        !step_of(e, x, WGSL__TOKEN_MINUS, left, right, &parts[i]))
      return false;
  }
  *out = (wgsl__value){.type = x->type, .parts = parts};
  return true;
}

EVALUATOR(faceForward) {
  wgsl__value d, minus = {.type = x->type->inner, .f = -1};
  (void)n;
  if (!dot(e, x, &args[1], &args[2], &d)) return false;
  if (d.f < 0) return *out = args[0], true;
  return combine(e, x, WGSL__TOKEN_STAR, &args[0], &minus, out);
}

EVALUATOR(reflect) { /* e1 - 2 * dot(e2, e1) * e2 */
  wgsl__value d, two = {.type = x->type->inner, .f = 2}, scaled;
  (void)n;
  return dot(e, x, &args[1], &args[0], &d) && step_of(e, x, WGSL__TOKEN_STAR, two, d, &d) &&
         combine(e, x, WGSL__TOKEN_STAR, &args[1], &d, &scaled) &&
         combine(e, x, WGSL__TOKEN_MINUS, &args[0], &scaled, out);
}

EVALUATOR(refract) { /* k = 1 - e3 * e3 * (1 - dot(e2, e1)^2) */
  wgsl__value d, one = {.type = x->type->inner, .f = 1}, t, k, left, right;
  (void)n;
  if (!dot(e, x, &args[1], &args[0], &d) || !step_of(e, x, WGSL__TOKEN_STAR, d, d, &t) ||
      !step_of(e, x, WGSL__TOKEN_MINUS, one, t, &t) || !step_of(e, x, WGSL__TOKEN_STAR, args[2], args[2], &k) ||
      !step_of(e, x, WGSL__TOKEN_STAR, k, t, &k) || !step_of(e, x, WGSL__TOKEN_MINUS, one, k, &k))
    return false;
  if (k.f < 0) return *out = (wgsl__value){.type = x->type}, true;
  if (!step_of(e, x, WGSL__TOKEN_STAR, args[2], d, &t)) return false;
  if (!wgsl__float_finish(e, x->range, &t, t.f + sqrt(k.f))) return false;
  return combine(e, x, WGSL__TOKEN_STAR, &args[0], &args[2], &left) &&
         combine(e, x, WGSL__TOKEN_STAR, &args[1], &t, &right) && combine(e, x, WGSL__TOKEN_MINUS, &left, &right, out);
}

static double cell(const wgsl__value *matrix, uint32_t column, uint32_t row) {
  wgsl__value v = wgsl__value_part(matrix, column);
  return wgsl__value_part(&v, row).f;
}

/* Of the square matrix without the columns in `used`, from row `row` on. */
static double minor(const wgsl__value *matrix, uint32_t n, uint32_t row, unsigned used) {
  double sum = 0, factor = 1;
  if (row == n) return 1;
  for (uint32_t column = 0; column < n; column++) {
    if (used & 1u << column) continue;
    sum += factor * cell(matrix, column, row) * minor(matrix, n, row + 1, used | 1u << column);
    factor = -factor;
  }
  return sum;
}

EVALUATOR(determinant) {
  (void)n;
  *out = (wgsl__value){.type = x->type};
  return wgsl__float_finish(e, x->range, out, minor(&args[0], args[0].type->host.columns, 0, 0));
}

EVALUATOR(transpose) {
  (void)n;
  const wgsl__type *t = x->type;
  wgsl__value *columns = wgsl__value_parts(e, t->host.columns);
  for (uint32_t i = 0; columns && i < t->host.columns; i++) {
    wgsl__value *cells = wgsl__value_parts(e, t->host.rows);
    if (!cells) return false;
    for (uint32_t k = 0; k < t->host.rows; k++) {
      wgsl__value column = wgsl__value_part(&args[0], k);
      cells[k] = wgsl__value_part(&column, i);
    }
    columns[i] = (wgsl__value){.type = t->inner, .parts = cells};
  }
  *out = (wgsl__value){.type = t, .parts = columns};
  return columns != NULL;
}

static bool any_or_all(const wgsl__value *v, bool all) {
  if (!is_composite(v)) return v->i != 0;
  for (uint32_t i = 0; i < v->type->host.rows; i++)
    if ((wgsl__value_part(v, i).i != 0) != all) return !all;
  return all;
}

EVALUATOR(all) { return (void)e, (void)n, *out = (wgsl__value){.type = x->type, .i = any_or_all(args, true)}, true; }
EVALUATOR(any) { return (void)e, (void)n, *out = (wgsl__value){.type = x->type, .i = any_or_all(args, false)}, true; }

/* ---- frexp, modf ------------------------------------------------------------------------------------------------- */

static bool split(wgsl__evaluation *e, const wgsl__expr *x, const wgsl__value *a, wgsl__value *out, bool is_frexp) {
  wgsl__value *members = wgsl__value_parts(e, 2);
  if (!members) return false;
  const wgsl__type *second = wgsl__type_part(x->type, 1);
  uint32_t rows = is_composite(a) ? a->type->host.rows : 1;
  wgsl__value *parts = rows > 1 ? wgsl__value_parts(e, 2 * rows) : members;
  if (!parts) return false;
  for (uint32_t i = 0; i < rows; i++) {
    wgsl__value v = is_composite(a) ? wgsl__value_part(a, i) : *a;
    int exponent = 0;
    double whole = trunc(v.f), fract = is_frexp ? frexp(v.f, &exponent) : v.f - whole;
    parts[i] = (wgsl__value){.type = v.type, .f = fract};
    parts[rows + i].type = wgsl__type_element(second);
    if (is_frexp)
      parts[rows + i].i = exponent;
    else
      parts[rows + i].f = whole;
  }
  if (rows > 1) {
    members[0] = (wgsl__value){.type = a->type, .parts = parts};
    members[1] = (wgsl__value){.type = second, .parts = parts + rows};
  }
  *out = (wgsl__value){.type = x->type, .parts = members};
  return true;
}

EVALUATOR(frexp) { return (void)n, split(e, x, args, out, true); }
EVALUATOR(modf) { return (void)n, split(e, x, args, out, false); }

/* ---- representations --------------------------------------------------------------------------------------------- */

static uint32_t f32_bits(double f) {
  float narrow = (float)f;
  uint32_t bits;
  memcpy(&bits, &narrow, 4);
  return bits;
}

static double f32_value(uint32_t bits) {
  float f;
  memcpy(&f, &bits, 4);
  return f;
}

static double f16_value(uint32_t bits) {
  int exponent = (int)(bits >> 10 & 31);
  double fraction = bits & 1023, f;
  f = exponent == 0    ? ldexp(fraction, -24)
      : exponent == 31 ? (fraction ? NAN : INFINITY)
                       : ldexp(fraction + 1024, exponent - 25);
  return bits & 0x8000 ? -f : f;
}

/* f is an f16 value. */
static uint32_t f16_bits(double f) {
  uint32_t sign = signbit(f) ? 0x8000 : 0;
  int exponent;
  f = fabs(f);
  if (f == 0) return sign;
  frexp(f, &exponent);
  if (exponent < -13) return sign | (uint32_t)ldexp(f, 24);
  return sign | (uint32_t)(exponent + 14) << 10 | ((uint32_t)ldexp(f, 11 - exponent) & 1023);
}

static uint64_t scalar_bits(const wgsl__value *v) {
  return v->type->base == WGSL__BASE_F16   ? f16_bits(v->f)
         : v->type->base == WGSL__BASE_F32 ? f32_bits(v->f)
                                           : (uint32_t)v->i;
}

static bool scalar_from_bits(wgsl__evaluation *e, const wgsl__expr *x, const wgsl__type *t, uint32_t bits,
                             wgsl__value *out) {
  *out = (wgsl__value){.type = t};
  if (!is_float(t)) return out->i = integer(t, bits), true;
  double f = t->base == WGSL__BASE_F16 ? f16_value(bits & 0xFFFF) : f32_value(bits);
  if (f - f != 0) return outside(e, x, "the bits are a NaN or an infinity");
  return out->f = f, true;
}

EVALUATOR(bitcast) {
  uint32_t rows = is_composite(args) ? args->type->host.rows : 1, at = 0;
  (void)n;
  uint32_t all[4] = {0};
  for (uint32_t i = 0; i < rows; i++) {
    wgsl__value v = is_composite(args) ? wgsl__value_part(args, i) : *args;
    uint32_t bits = (uint32_t)scalar_bits(&v);
    if (v.type->host.size == 2)
      all[at / 32] |= bits << at % 32, at += 16;
    else
      all[at / 32] = bits, at += 32;
  }
  const wgsl__type *t = x->type;
  if (t->base != WGSL__BASE_VECTOR) return scalar_from_bits(e, x, t, all[0], out);
  wgsl__value *parts = wgsl__value_parts(e, t->host.rows);
  if (!parts) return false;
  for (uint32_t i = 0; i < t->host.rows; i++) {
    uint32_t bits = t->inner->host.size == 2 ? all[i / 2] >> 16 * (i % 2) : all[i];
    if (!scalar_from_bits(e, x, t->inner, bits, &parts[i])) return false;
  }
  *out = (wgsl__value){.type = t, .parts = parts};
  return true;
}

/* Packs each component in `width` bits: scaled floats, or integers cut or clamped to [least, most]. */
static bool pack(const wgsl__expr *x, const wgsl__value *v, uint32_t width, double scale, double least, bool clamped,
                 wgsl__value *out) {
  uint32_t bits = 0, rows = v->type->host.rows;
  double most = scale ? 1 : least < 0 ? 127 : 255;
  for (uint32_t i = 0; i < rows; i++) {
    wgsl__value part = wgsl__value_part(v, i);
    double f = scale ? part.f : (double)part.i;
    if (clamped) f = f < least ? least : f > most ? most : f;
    int64_t integer_value = scale ? (int64_t)floor(0.5 + f * scale) : (int64_t)f;
    uint32_t mask = width == 8 ? 255 : 65535;
    bits |= ((uint32_t)(uint64_t)integer_value & mask) << (i * width);
  }
  *out = (wgsl__value){.type = x->type, .i = bits};
  return true;
}

EVALUATOR(pack4x8snorm) { return (void)e, (void)n, pack(x, args, 8, 127, -1, true, out); }
EVALUATOR(pack4x8unorm) { return (void)e, (void)n, pack(x, args, 8, 255, 0, true, out); }
EVALUATOR(pack2x16snorm) { return (void)e, (void)n, pack(x, args, 16, 32767, -1, true, out); }
EVALUATOR(pack2x16unorm) { return (void)e, (void)n, pack(x, args, 16, 65535, 0, true, out); }
EVALUATOR(pack4xI8) { return (void)e, (void)n, pack(x, args, 8, 0, 0, false, out); }
EVALUATOR(pack4xU8) { return (void)e, (void)n, pack(x, args, 8, 0, 0, false, out); }
EVALUATOR(pack4xI8Clamp) { return (void)e, (void)n, pack(x, args, 8, 0, -128, true, out); }
EVALUATOR(pack4xU8Clamp) { return (void)e, (void)n, pack(x, args, 8, 0, 0, true, out); }

EVALUATOR(pack2x16float) {
  uint32_t bits = 0;
  (void)n;
  for (uint32_t i = 0; i < 2; i++) {
    double f = wgsl__value_part(args, i).f;
    if (!wgsl__float_converts(f, WGSL__BASE_F16, &f)) return outside(e, x, "the value does not fit f16");
    bits |= f16_bits(f) << 16 * i;
  }
  *out = (wgsl__value){.type = x->type, .i = bits};
  return true;
}

/* Unpacks `width` bits a component; scale 0: integers. */
static bool unpack(wgsl__evaluation *e, const wgsl__expr *x, const wgsl__value *v, uint32_t width, bool is_signed,
                   double scale, wgsl__value *out) {
  uint32_t rows = x->type->host.rows;
  wgsl__value *parts = wgsl__value_parts(e, rows);
  if (!parts) return false;
  for (uint32_t i = 0; i < rows; i++) {
    int64_t bits = v->i >> i * width & (width == 8 ? 255 : 65535);
    if (is_signed && bits >> (width - 1)) bits -= (int64_t)1 << width;
    parts[i].type = x->type->inner;
    if (scale)
      wgsl__float_fits((double)bits / scale < -1 ? -1 : (double)bits / scale, WGSL__BASE_F32, &parts[i].f);
    else
      parts[i].i = bits;
  }
  *out = (wgsl__value){.type = x->type, .parts = parts};
  return true;
}

EVALUATOR(unpack4x8snorm) { return (void)n, unpack(e, x, args, 8, true, 127, out); }
EVALUATOR(unpack4x8unorm) { return (void)n, unpack(e, x, args, 8, false, 255, out); }
EVALUATOR(unpack2x16snorm) { return (void)n, unpack(e, x, args, 16, true, 32767, out); }
EVALUATOR(unpack2x16unorm) { return (void)n, unpack(e, x, args, 16, false, 65535, out); }
EVALUATOR(unpack4xI8) { return (void)n, unpack(e, x, args, 8, true, 0, out); }
EVALUATOR(unpack4xU8) { return (void)n, unpack(e, x, args, 8, false, 0, out); }

EVALUATOR(unpack2x16float) {
  wgsl__value *parts = wgsl__value_parts(e, 2);
  (void)n;
  if (!parts) return false;
  for (uint32_t i = 0; i < 2; i++) {
    double f = f16_value((uint32_t)(args->i >> 16 * i) & 0xFFFF);
    if (f - f != 0) return outside(e, x, "the bits are a NaN or an infinity");
    parts[i] = (wgsl__value){.type = x->type->inner, .f = f};
  }
  *out = (wgsl__value){.type = x->type, .parts = parts};
  return true;
}

static int64_t dot4(const wgsl__value *args, bool is_signed) {
  int64_t sum = 0;
  for (int i = 0; i < 32; i += 8) {
    int64_t a = args[0].i >> i & 255, b = args[1].i >> i & 255;
    sum += is_signed ? (a > 127 ? a - 256 : a) * (b > 127 ? b - 256 : b) : a * b;
  }
  return sum;
}

EVALUATOR(dot4I8Packed) { return (void)e, (void)n, *out = (wgsl__value){.type = x->type, .i = dot4(args, true)}, true; }
EVALUATOR(dot4U8Packed) {
  return (void)e, (void)n, *out = (wgsl__value){.type = x->type, .i = dot4(args, false)}, true;
}

/* ---- checks ------------------------------------------------------------------------------------------------------ */

TEST(none) { return (void)e, (void)x, (void)args, (void)known, true; }

/* Whether a <= b, or a < b, holds nowhere it must: true when some component of b is less than, or equal to, a's. */
static bool some_pair(const wgsl__value *a, const wgsl__value *b, bool equal) {
  if (!is_composite(a)) return equal ? !less(a, b) && !less(b, a) : less(b, a);
  for (uint32_t i = 0; i < a->type->host.rows; i++) {
    wgsl__value p = wgsl__value_part(a, i), q = wgsl__value_part(b, i);
    if (some_pair(&p, &q, equal)) return true;
  }
  return false;
}

TEST(clamp) {
  if (!known[1] || !known[2] || !some_pair(&args[1], &args[2], false)) return true;
  return outside(e, x, "the low bound of clamp is above its high bound");
}

TEST(smoothstep) {
  if (!known[0] || !known[1] || !some_pair(&args[0], &args[1], true)) return true;
  return outside(e, x, "the two edges of smoothstep are equal");
}

static bool check_bits(wgsl__evaluation *e, const wgsl__expr *x, const wgsl__value *args, const bool *known,
                       uint32_t offset) {
  int64_t sum = (known[offset] ? args[offset].i : 0) + (known[offset + 1] ? args[offset + 1].i : 0);
  return sum <= 32 || outside(e, x, "offset and count together exceed 32 bits");
}

TEST(extractBits) { return check_bits(e, x, args, known, 1); }
TEST(insertBits) { return check_bits(e, x, args, known, 2); }

TEST(ldexp) {
  if (!known[1]) return true;
  const wgsl__type *t = wgsl__type_element(x->type);
  int64_t most = t->base == WGSL__BASE_F16 ? 16 : t->base == WGSL__BASE_F32 ? 128 : 1024;
  uint32_t rows = is_composite(&args[1]) ? args[1].type->host.rows : 1;
  for (uint32_t i = 0; i < rows; i++)
    if ((is_composite(&args[1]) ? wgsl__value_part(&args[1], i).i : args[1].i) > most)
      return outside(e, x, "the exponent is larger than the type allows");
  return true;
}

static bool check_lane(wgsl__evaluation *e, const wgsl__expr *x, const wgsl__value *args, const bool *known,
                       int64_t count) {
  if (!known[1] || (args[1].i >= 0 && args[1].i < count)) return true;
  wgsl__evaluation_fail(e, x->range, "value-range", "the second argument must be from 0 to %d, here it is %lld",
                        (int)count - 1, (long long)args[1].i);
  return false;
}

TEST(lane) { return check_lane(e, x, args, known, 128); }
TEST(quadLane) { return check_lane(e, x, args, known, 4); }
