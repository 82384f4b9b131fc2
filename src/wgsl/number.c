/* Values of numeric literals (WGSL 3.5.2), exact: no locale, no rounding of its own.
 *
 * Decimal floats go the short way when both the digits and the power of ten are exact doubles. Otherwise the digits are
 * kept as a decimal number and multiplied or divided by powers of two until the wanted 53 bits stand before the point:
 *
 *   decimal: digits[0..n) with the point after `point` of them; `more`: digits that did not fit were not all zero */
#include <math.h>
#include <string.h>

#include "wgsl/module.h"

enum { MAX_DIGITS = 800, MAX_SHIFT = 56 };

typedef struct decimal {
  uint8_t digits[MAX_DIGITS];
  int n, point;
  bool more;
} decimal;

static void trim(decimal *d) {
  while (d->n && d->digits[d->n - 1] == 0) d->n--;
  if (d->n == 0) d->point = 0;
}

/* d /= 2^shift, exactly while it fits MAX_DIGITS */
static void shift_right(decimal *d, int shift) {
  int read = 0, write = 0;
  uint64_t rest = 0;
  for (; rest >> shift == 0; read++) {
    if (read >= d->n) {
      if (rest == 0) {
        d->n = 0;
        return;
      }
      for (; rest >> shift == 0; read++) rest *= 10;
      break;
    }
    rest = rest * 10 + d->digits[read];
  }
  d->point -= read - 1;
  uint64_t mask = ((uint64_t)1 << shift) - 1;
  for (; read < d->n; read++) {
    uint8_t digit = (uint8_t)(rest >> shift);
    rest = (rest & mask) * 10 + d->digits[read];
    d->digits[write++] = digit;
  }
  while (rest) {
    uint8_t digit = (uint8_t)(rest >> shift);
    rest = (rest & mask) * 10;
    if (write < MAX_DIGITS)
      d->digits[write++] = digit;
    else if (digit)
      d->more = true;
  }
  d->n = write;
  trim(d);
}

/* d *= 2^shift */
static void shift_left(decimal *d, int shift) {
  uint8_t out[MAX_DIGITS + 20];
  int write = (int)sizeof out;
  uint64_t carry = 0;
  for (int read = d->n - 1; read >= 0; read--) {
    carry += (uint64_t)d->digits[read] << shift;
    out[--write] = (uint8_t)(carry % 10);
    carry /= 10;
  }
  int before = d->n;
  while (carry) {
    out[--write] = (uint8_t)(carry % 10);
    carry /= 10;
  }
  int count = (int)sizeof out - write;
  d->point += count - before;
  d->n = count < MAX_DIGITS ? count : MAX_DIGITS;
  memcpy(d->digits, out + write, (size_t)d->n);
  for (int i = d->n; i < count; i++)
    if (out[write + i]) d->more = true;
  trim(d);
}

/* The integer before the point, rounded half to even. d < 2^60. */
static uint64_t rounded_integer(const decimal *d) {
  if (d->point > 19) return 0;
  uint64_t value = 0;
  for (int i = 0; i < d->point; i++) value = value * 10 + (i < d->n ? d->digits[i] : 0);
  if (d->point < 0 || d->point >= d->n) return value;
  bool half = d->digits[d->point] == 5 && d->point + 1 == d->n && !d->more;
  bool up = half ? (value & 1) : d->digits[d->point] >= 5;
  return value + up;
}

static double decimal_to_double(decimal *d) {
  trim(d);
  if (d->n == 0 || d->point < -330) return 0;
  if (d->point > 310) return HUGE_VAL;
  int exponent = 0;
  while (d->point > 0) { /* below 1 */
    int shift = d->point > 16 ? MAX_SHIFT : d->point * 3 + 1;
    if (shift > MAX_SHIFT) shift = MAX_SHIFT;
    shift_right(d, shift);
    exponent += shift;
  }
  while (d->point < 0 || (d->n && d->digits[0] < 5 && d->point == 0)) { /* at least 1/2 */
    int shift = d->point < -16 ? MAX_SHIFT : d->point < 0 ? -d->point * 3 : 1;
    if (shift > MAX_SHIFT) shift = MAX_SHIFT;
    shift_left(d, shift);
    exponent -= shift;
  }
  /* value = d * 2^exponent with 1/2 <= d < 1; subnormals keep fewer bits. */
  int bits = 53;
  if (exponent < -1021) bits = 53 - (-1021 - exponent);
  if (bits < 0) return 0;
  if (bits > 0) shift_left(d, bits > 28 ? 28 : bits);
  if (bits > 28) shift_left(d, bits - 28);
  return ldexp((double)rounded_integer(d), exponent - bits);
}

static double parse_decimal(const char *p, uint32_t n) {
  decimal d;
  d.n = d.point = 0;
  d.more = false;
  uint64_t whole = 0;
  int n_whole = 0;
  bool seen_point = false;
  uint32_t at = 0;
  for (; at < n && (p[at] | 32) != 'e'; at++) {
    if (p[at] == '.') {
      seen_point = true;
      continue;
    }
    if (p[at] < '0' || p[at] > '9') break;
    uint8_t digit = (uint8_t)(p[at] - '0');
    if (d.n == 0 && digit == 0) { /* leading zeros */
      if (seen_point) d.point--;
      continue;
    }
    if (n_whole < 18) {
      whole = whole * 10 + digit;
      n_whole++;
    }
    if (d.n < MAX_DIGITS)
      d.digits[d.n++] = digit;
    else if (digit)
      d.more = true;
    if (!seen_point) d.point++;
  }
  long exponent = 0;
  if (at < n && (p[at] | 32) == 'e') {
    bool negative = p[++at] == '-';
    if (p[at] == '-' || p[at] == '+') at++;
    for (; at < n && p[at] >= '0' && p[at] <= '9'; at++)
      if (exponent < 1000000) exponent = exponent * 10 + (p[at] - '0');
    if (negative) exponent = -exponent;
  }
  long scale = (long)d.point + exponent - d.n; /* value = digits * 10^scale */
  if (n_whole == d.n && d.n <= 15 && scale >= -22 && scale <= 22) {
    double power = 1;
    for (long i = scale < 0 ? -scale : scale; i; i--) power *= 10;
    return scale < 0 ? (double)whole / power : (double)whole * power;
  }
  long point = (long)d.point + exponent;
  d.point = point < -100000 ? -100000 : point > 100000 ? 100000 : (int)point;
  return decimal_to_double(&d);
}

static int hex_digit(char c) { return c <= '9' ? c - '0' : (c | 32) - 'a' + 10; }

/* 16 significant digits count (WGSL 3.5.2); rounding to double happens once, in the conversion of `bits`. */
static double parse_hex(const char *p, uint32_t n, bool *exact) {
  uint64_t bits = 0;
  long exponent = 0;
  int significant = 0;
  bool point = false;
  uint32_t at = 2;
  *exact = true;
  for (; at < n && (p[at] | 32) != 'p'; at++) {
    if (p[at] == '.') {
      point = true;
      continue;
    }
    int digit = hex_digit(p[at]);
    if (significant < 16) {
      bits = bits << 4 | (uint64_t)digit;
      if (bits) significant++;
      if (point) exponent -= 4;
    } else {
      if (digit) *exact = false;
      if (!point) exponent += 4;
    }
  }
  if (at < n) {
    long written = 0;
    bool negative = p[++at] == '-';
    if (p[at] == '-' || p[at] == '+') at++;
    for (; at < n && p[at] >= '0' && p[at] <= '9'; at++)
      if (written < 100000000) written = written * 10 + (p[at] - '0');
    exponent += negative ? -written : written;
  }
  if (exponent > 100000) exponent = 100000;
  if (exponent < -100000) exponent = -100000;
  double value = ldexp((double)bits, (int)exponent);
  double whole = (double)bits; /* 2^64 where rounding goes up to it, which is no uint64_t */
  if (whole >= 18446744073709551616.0 || (uint64_t)whole != bits || ldexp(value, (int)-exponent) != whole) *exact = false;
  return value;
}

#define MOST_F16 65504.0
#define MOST_F32 3.4028234663852885981e38

/* Rounds to the format's significand, to nearest, ties to even, subnormals included. */
bool wgsl__float_fits(double value, int base, double *rounded) {
  int bits = base == WGSL__BASE_F16 ? 11 : 24, least = base == WGSL__BASE_F16 ? -14 : -126;
  double most = base == WGSL__BASE_F16 ? MOST_F16 : MOST_F32;
  if (value == 0 || value != value) return *rounded = value, value == 0;
  if (value > HUGE_VAL / 2 || value < -HUGE_VAL / 2) return false;
  int exponent;
  frexp(value, &exponent);
  if (exponent - 1 < least) exponent = least + 1;
  int shift = bits - exponent;
  double scaled = ldexp(value, shift), down = floor(scaled), rest = scaled - down;
  if (rest > 0.5 || (rest == 0.5 && fmod(down, 2) != 0)) down += 1;
  double result = ldexp(down, -shift);
  if (result > most || result < -most) return false;
  *rounded = result;
  return true;
}

bool wgsl__float_converts(double value, int base, double *rounded) {
  double most = base == WGSL__BASE_F16 ? MOST_F16 : MOST_F32;
  return value <= most && value >= -most && wgsl__float_fits(value, base, rounded);
}

static bool parse_integer(const char *p, uint32_t n, bool hex, uint64_t *out) {
  uint64_t value = 0;
  for (uint32_t at = hex ? 2 : 0; at < n; at++) {
    uint64_t digit = (uint64_t)hex_digit(p[at]), base = hex ? 16 : 10;
    if (value > (UINT64_MAX - digit) / base) return false;
    value = value * base + digit;
  }
  *out = value;
  return true;
}

bool wgsl__number_parse(wgsl_module *m, wgsl__range range, wgsl__value *out) {
  const char *p = m->source + range.offset;
  uint32_t n = range.n_bytes;
  bool hex = n > 1 && p[0] == '0' && (p[1] | 32) == 'x', is_float = false, exponent = false;
  for (uint32_t i = 0; i < n; i++) {
    if ((p[i] | 32) == (hex ? 'p' : 'e')) exponent = true;
    if (p[i] == '.') is_float = true;
  }
  is_float = is_float || exponent;
  char suffix = p[n - 1];
  bool letter = suffix == 'i' || suffix == 'u' || ((!hex || exponent) && (suffix == 'f' || suffix == 'h'));
  if (letter) n--;
  int shown = range.n_bytes > 40 ? 40 : (int)range.n_bytes;
  if (!is_float && (!letter || suffix == 'i' || suffix == 'u')) {
    wgsl__base base = !letter ? WGSL__BASE_ABSTRACT_INT : suffix == 'i' ? WGSL__BASE_I32 : WGSL__BASE_U32;
    uint64_t most = !letter ? (uint64_t)INT64_MAX : suffix == 'i' ? (uint64_t)INT32_MAX : (uint64_t)UINT32_MAX, value;
    out->type = m->basic[base];
    if (parse_integer(p, n, hex, &value) && value <= most) return out->i = (int64_t)value, true;
    wgsl__error(m, range, "literal-range", "%.*s does not fit %s, whose largest value is %llu", shown, p,
                !letter         ? "a 64-bit integer"
                : suffix == 'i' ? "i32"
                                : "u32",
                (unsigned long long)most);
    return false;
  }
  bool exact = true, fits = true;
  double value = hex ? parse_hex(p, n, &exact) : parse_decimal(p, n), rounded = value;
  wgsl__base base = !letter ? WGSL__BASE_ABSTRACT_FLOAT : suffix == 'f' ? WGSL__BASE_F32 : WGSL__BASE_F16;
  out->type = m->basic[base];
  if (base != WGSL__BASE_ABSTRACT_FLOAT)
    fits = wgsl__float_converts(value, base, &rounded);
  else
    fits = value < HUGE_VAL;
  const char *type = !letter ? "a 64-bit float" : suffix == 'f' ? "f32" : "f16";
  if (!fits) {
    wgsl__error(m, range, "literal-range", "%.*s is too large for %s", shown, p, type);
    return false;
  }
  if (hex && letter && (!exact || rounded != value)) {
    wgsl__error(m, range, "literal-range", "%.*s cannot be represented exactly as %s", shown, p, type);
    return false;
  }
  if (base == WGSL__BASE_F16 && !wgsl__gate_open(m, WGSL__GATE_F16, range, "the suffix 'h'")) return false;
  out->f = rounded;
  return true;
}
