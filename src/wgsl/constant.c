/* Values known before the shader runs: conversions and operators on scalars, vectors, matrices (WGSL 6.1.2, 8.7–8.9,
 * 15.7). Integers are exact: abstract ones must stay in 64 bits, i32 and u32 wrap; floats are computed in double and
 * rounded after each operation. Used by evaluate.c and the builtins' evaluators.
 *
 *   vec2(1, 2) -> {type vec2<abstract integer>, parts -> [1, 2]}
 *   array<f32, 1000>() -> {type array<f32, 1000>, parts NULL}: all zero */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "wgsl/module.h"

static wgsl__base base_of(const wgsl__value *v) { return v->type->base; }

void wgsl__evaluation_fail(wgsl__evaluation *e, wgsl__range range, const char *code, const char *format, ...) {
  char text[512];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  bool report = e->overrides ? e->report && !e->failed : !e->silent;
  if (report) wgsl__error(e->m, range, code, "%s", text);
  if (e->overrides && !e->failed && e->message && e->capacity) snprintf(e->message, e->capacity, "%s", text);
  e->failed = true;
}

const char *wgsl__value_text(wgsl__value v, char out[48]) {
  wgsl__base base = base_of(&v);
  if (base > WGSL__BASE_LAST_SCALAR)
    snprintf(out, 48, "a value of type %.28s", wgsl__type_name(v.type));
  else if (base == WGSL__BASE_BOOL)
    snprintf(out, 48, "%s", v.i ? "true" : "false");
  else if (wgsl__is_integer(base))
    snprintf(out, 48, "%lld%s", (long long)v.i, base == WGSL__BASE_U32 ? "u" : base == WGSL__BASE_I32 ? "i" : "");
  else
    snprintf(out, 48, "%.9g%s", v.f, base == WGSL__BASE_F32 ? "f" : base == WGSL__BASE_F16 ? "h" : "");
  return out;
}

/* ---- parts ------------------------------------------------------------------------------------------------------- */

wgsl__value *wgsl__value_parts(wgsl__evaluation *e, uint32_t n) {
  wgsl__value *parts = NULL;
  if (e->scratch) {
    if (n <= 1 << 16) parts = weft__arena_alloc(e->scratch, n * sizeof *parts);
  } else if (n <= e->m->value_budget) {
    e->m->value_budget -= n;
    parts = wgsl__array(e->m, n, sizeof *parts);
  }
  if (!parts) e->unknown = true;
  return parts;
}

wgsl__value wgsl__value_part(const wgsl__value *v, uint32_t i) {
  return v->parts ? v->parts[i] : (wgsl__value){.type = wgsl__type_part(v->type, i)};
}

/* ---- conversions ------------------------------------------------------------------------------------------------- */

/* A pointer to a buffer, as an argument, becomes one to a smaller buffer or to one of unknown size. */
static bool buffer_pointer_converts(const wgsl__type *from, const wgsl__type *to) {
  if (from->space != to->space || from->access != to->access || from->inner->base != WGSL__BASE_BUFFER ||
      to->inner->base != WGSL__BASE_BUFFER)
    return false;
  if (to->inner->flags & WGSL__TYPE_RUNTIME_SIZED) return true;
  bool known = !((from->inner->flags | to->inner->flags) & WGSL__TYPE_OVERRIDE_SIZED);
  return known && from->inner->flags & WGSL__TYPE_FIXED && to->inner->host.size < from->inner->host.size;
}

bool wgsl__converts(const wgsl__type *from, const wgsl__type *to) {
  if (from == to) return true;
  if (from->base <= WGSL__BASE_LAST_SCALAR) {
    if (from->base == WGSL__BASE_ABSTRACT_INT) return to->base <= WGSL__BASE_LAST_SCALAR && to->base != WGSL__BASE_BOOL;
    return from->base == WGSL__BASE_ABSTRACT_FLOAT && (to->base == WGSL__BASE_F32 || to->base == WGSL__BASE_F16);
  }
  if (from->base != to->base) return false;
  switch (from->base) {
    case WGSL__BASE_VECTOR:
    case WGSL__BASE_MATRIX:
      return from->host.rows == to->host.rows && from->host.columns == to->host.columns &&
             wgsl__converts(from->inner, to->inner);
    case WGSL__BASE_ARRAY:
      return from->host.count && from->host.count == to->host.count && wgsl__converts(from->inner, to->inner);
    case WGSL__BASE_POINTER:
      return buffer_pointer_converts(from, to);
    default:
      return from->concrete == to;
  }
}

const wgsl__type *wgsl__type_common(const wgsl__type *a, const wgsl__type *b) {
  if (!a || !b) return NULL;
  return wgsl__converts(a, b) ? b : wgsl__converts(b, a) ? a : NULL;
}

static bool out_of_range(wgsl__evaluation *e, wgsl__range range, wgsl__value v, const wgsl__type *to) {
  char text[48];
  wgsl__evaluation_fail(e, range, "value-range", "%s does not fit %s", wgsl__value_text(v, text), wgsl__type_name(to));
  return false;
}

bool wgsl__convert(wgsl__evaluation *e, wgsl__range range, wgsl__value *v, const wgsl__type *to) {
  wgsl__base from = base_of(v), base = to->base;
  if (v->type == to) return true;
  if (base > WGSL__BASE_LAST_SCALAR) {
    uint32_t n = wgsl__type_parts(to);
    wgsl__value *parts = v->parts ? wgsl__value_parts(e, n) : NULL;
    if (v->parts && !parts) return false;
    for (uint32_t i = 0; parts && i < n; i++) {
      parts[i] = v->parts[i];
      if (!wgsl__convert(e, range, &parts[i], wgsl__type_part(to, i))) return false;
    }
    *v = (wgsl__value){.type = to, .parts = parts};
    return true;
  }
  if (base == WGSL__BASE_I32 && (v->i < INT32_MIN || v->i > INT32_MAX)) return out_of_range(e, range, *v, to);
  if (base == WGSL__BASE_U32 && (v->i < 0 || v->i > UINT32_MAX)) return out_of_range(e, range, *v, to);
  if (wgsl__is_float(base)) {
    double f = wgsl__is_integer(from) ? (double)v->i : v->f;
    if (base != WGSL__BASE_ABSTRACT_FLOAT && !wgsl__float_converts(f, base, &f)) return out_of_range(e, range, *v, to);
    v->f = f;
  }
  v->type = to;
  return true;
}

/* Float to integer (WGSL 15.7.6): the nearest value that both types have. */
static int64_t clamp_to_integer(double f, wgsl__base from, wgsl__base to) {
  bool is_signed = to == WGSL__BASE_I32;
  double least = is_signed ? -2147483648.0 : 0;
  double most =
      from == WGSL__BASE_F32 ? (is_signed ? 2147483520.0 : 4294967040.0) : (is_signed ? 2147483647.0 : 4294967295.0);
  return (int64_t)(f < least ? least : f > most ? most : trunc(f));
}

/* T(e) for scalars (WGSL 17.1.2). */
bool wgsl__construct_scalar(wgsl__evaluation *e, wgsl__range range, wgsl__value *v, const wgsl__type *to) {
  wgsl__base from = base_of(v);
  bool number = wgsl__is_integer(from) || from == WGSL__BASE_BOOL;
  wgsl__value out = {.type = to};
  if (wgsl__is_abstract(from) && wgsl__converts(v->type, to)) return wgsl__convert(e, range, v, to);
  if (to->base == WGSL__BASE_BOOL)
    out.i = number ? v->i != 0 : v->f != 0;
  else if (to->base == WGSL__BASE_ABSTRACT_INT || to->base == WGSL__BASE_ABSTRACT_FLOAT)
    out = *v;
  else if (wgsl__is_float(to->base)) {
    if (!wgsl__float_converts(number ? (double)v->i : v->f, to->base, &out.f)) return out_of_range(e, range, *v, to);
  } else if (number) {
    out.i = to->base == WGSL__BASE_I32 ? (int64_t)(int32_t)(uint32_t)(uint64_t)v->i : (int64_t)(uint32_t)(uint64_t)v->i;
  } else {
    out.i = clamp_to_integer(v->f, from, to->base);
  }
  *v = out;
  return true;
}

/* ---- operators --------------------------------------------------------------------------------------------------- */

bool wgsl__float_finish(wgsl__evaluation *e, wgsl__range range, wgsl__value *v, double f) {
  wgsl__base base = base_of(v);
  /* Just beyond the largest value either rounding is right (WGSL 15.7.3): f32 as computers do, f16 as others check. */
  bool fits = base == WGSL__BASE_ABSTRACT_FLOAT ? f - f == 0
              : base == WGSL__BASE_F16          ? wgsl__float_converts(f, base, &f)
                                                : wgsl__float_fits(f, base, &f);
  if (!fits) {
    if (f != f)
      wgsl__evaluation_fail(e, range, "not-a-number", "the result is not a number: the operation is not defined here");
    else
      wgsl__evaluation_fail(e, range, "overflow", "the result does not fit %s", wgsl__type_name(v->type));
    return false;
  }
  v->f = f;
  return true;
}

/* The integer result of +, -, * or unary -: `overflow` is what the 64-bit operation said. */
static bool finish_integer(wgsl__evaluation *e, wgsl__range range, wgsl__value *v, int64_t i, bool overflow) {
  wgsl__base base = base_of(v);
  if (base == WGSL__BASE_ABSTRACT_INT && overflow) {
    wgsl__evaluation_fail(e, range, "overflow", "the result does not fit a 64-bit integer");
    return false;
  }
  if (base == WGSL__BASE_I32) i = (int64_t)(int32_t)(uint32_t)(uint64_t)i;
  if (base == WGSL__BASE_U32) i = (int64_t)(uint32_t)(uint64_t)i;
  v->i = i;
  return true;
}

static int64_t wrap_add(int64_t a, int64_t b) { return (int64_t)((uint64_t)a + (uint64_t)b); }
static int64_t wrap_sub(int64_t a, int64_t b) { return (int64_t)((uint64_t)a - (uint64_t)b); }
static int64_t wrap_mul(int64_t a, int64_t b) { return (int64_t)((uint64_t)a * (uint64_t)b); }

static bool mul_overflows(int64_t a, int64_t b) {
  if (a == 0 || b == 0) return false;
  if ((a == -1 && b == INT64_MIN) || (b == -1 && a == INT64_MIN)) return true;
  return wrap_mul(a, b) / b != a;
}

static bool divide_by_zero(wgsl__evaluation *e, wgsl__range range) {
  wgsl__evaluation_fail(e, range, "division-by-zero", "this divides by zero");
  return false;
}

static bool divide_integers(wgsl__evaluation *e, wgsl__range range, wgsl__token_kind op, wgsl__value *out, int64_t a,
                            int64_t b) {
  int64_t least = base_of(out) == WGSL__BASE_I32 ? INT32_MIN : INT64_MIN;
  if (b == 0) return divide_by_zero(e, range);
  if (a == least && b == -1 && base_of(out) != WGSL__BASE_U32) {
    wgsl__evaluation_fail(e, range, "overflow", "%lld %s -1 does not fit %s", (long long)a,
                          op == WGSL__TOKEN_SLASH ? "/" : "%", wgsl__type_name(out->type));
    return false;
  }
  out->i = op == WGSL__TOKEN_SLASH ? a / b : a % b;
  return true;
}

bool wgsl__arithmetic(wgsl__evaluation *e, wgsl__range range, wgsl__token_kind op, wgsl__value a, wgsl__value b,
                      wgsl__value *out) {
  *out = (wgsl__value){.type = a.type};
  bool f = wgsl__is_float(base_of(&a));
  switch (op) {
    case WGSL__TOKEN_PLUS: {
      if (f) return wgsl__float_finish(e, range, out, a.f + b.f);
      int64_t sum = wrap_add(a.i, b.i);
      return finish_integer(e, range, out, sum, ((a.i ^ sum) & (b.i ^ sum)) < 0);
    }
    case WGSL__TOKEN_MINUS: {
      if (f) return wgsl__float_finish(e, range, out, a.f - b.f);
      int64_t difference = wrap_sub(a.i, b.i);
      return finish_integer(e, range, out, difference, ((a.i ^ b.i) & (a.i ^ difference)) < 0);
    }
    case WGSL__TOKEN_STAR:
      if (f) return wgsl__float_finish(e, range, out, a.f * b.f);
      return finish_integer(e, range, out, wrap_mul(a.i, b.i), mul_overflows(a.i, b.i));
    default:
      if (!f) return divide_integers(e, range, op, out, a.i, b.i);
      if (b.f == 0) return divide_by_zero(e, range);
      if (!wgsl__float_finish(e, range, out, a.f / b.f)) return false; /* also inside of % (WGSL 8.7) */
      return op == WGSL__TOKEN_SLASH || wgsl__float_finish(e, range, out, fmod(a.f, b.f));
  }
}

static bool compare(wgsl__token_kind op, int order) {
  switch (op) {
    case WGSL__TOKEN_LESS:
      return order < 0;
    case WGSL__TOKEN_GREATER:
      return order > 0;
    case WGSL__TOKEN_LESS_EQUAL:
      return order <= 0;
    case WGSL__TOKEN_GREATER_EQUAL:
      return order >= 0;
    case WGSL__TOKEN_EQUAL_EQUAL:
      return order == 0;
    default:
      return order != 0;
  }
}

/* e1 << e2, e1 >> e2 (WGSL 8.9): the result has the type of e1. */
static bool shift(wgsl__evaluation *e, wgsl__range range, wgsl__token_kind op, wgsl__value a, wgsl__value b,
                  wgsl__value *out) {
  wgsl__base base = base_of(&a);
  int64_t bits = base == WGSL__BASE_ABSTRACT_INT ? 64 : 32, by = b.i, value = a.i;
  *out = (wgsl__value){.type = a.type};
  if (by >= bits && base != WGSL__BASE_ABSTRACT_INT) {
    wgsl__evaluation_fail(e, range, "shift-range", "a value of 32 bits cannot be shifted by %lld", (long long)by);
    return false;
  }
  if (op == WGSL__TOKEN_SHIFT_RIGHT) {
    out->i = by >= 64 ? (value < 0 ? -1 : 0) : value >> by;
    return true;
  }
  int64_t shifted = by >= 64 ? 0 : (int64_t)((uint64_t)value << by);
  bool lost = by >= 64 ? value != 0 : (shifted >> by) != value;
  if (base == WGSL__BASE_I32) lost = lost || shifted != (int32_t)(uint32_t)(uint64_t)shifted;
  if (base == WGSL__BASE_U32) lost = lost || shifted > UINT32_MAX;
  if (lost) {
    wgsl__evaluation_fail(e, range, "overflow", "%lld << %lld does not fit %s", (long long)value, (long long)by,
                          wgsl__type_name(a.type));
    return false;
  }
  out->i = shifted;
  return true;
}

static bool scalar_binary(wgsl__evaluation *e, const wgsl__expr *x, wgsl__value a, wgsl__value b, wgsl__value *out) {
  switch (x->op) {
    case WGSL__TOKEN_PLUS:
    case WGSL__TOKEN_MINUS:
    case WGSL__TOKEN_STAR:
    case WGSL__TOKEN_SLASH:
    case WGSL__TOKEN_MODULO:
      return wgsl__arithmetic(e, x->range, x->op, a, b, out);
    case WGSL__TOKEN_SHIFT_LEFT:
    case WGSL__TOKEN_SHIFT_RIGHT:
      return shift(e, x->range, x->op, a, b, out);
    case WGSL__TOKEN_AND:
    case WGSL__TOKEN_OR:
    case WGSL__TOKEN_XOR:
      *out = (wgsl__value){.type = a.type};
      out->i = x->op == WGSL__TOKEN_AND ? (a.i & b.i) : x->op == WGSL__TOKEN_OR ? (a.i | b.i) : (a.i ^ b.i);
      return true;
    case WGSL__TOKEN_AND_AND:
    case WGSL__TOKEN_OR_OR:
      *out = b; /* the left one did not decide */
      return true;
    default: {
      int order = wgsl__is_float(base_of(&a)) ? (a.f > b.f) - (a.f < b.f) : (a.i > b.i) - (a.i < b.i);
      *out = (wgsl__value){.type = e->m->basic[WGSL__BASE_BOOL], .i = compare(x->op, order)};
      return true;
    }
  }
}

/* The sum of products that row `row` of `a` (a matrix or a row vector) and column `b` come to. */
static bool dot_row(wgsl__evaluation *e, wgsl__range range, const wgsl__value *a, uint32_t row, const wgsl__value *b,
                    wgsl__value *out) {
  uint32_t n = wgsl__type_parts(b->type);
  for (uint32_t k = 0; k < n; k++) {
    wgsl__value left = wgsl__value_part(a, k), right = wgsl__value_part(b, k), product;
    if (left.type->base == WGSL__BASE_VECTOR) left = wgsl__value_part(&left, row);
    if (!wgsl__arithmetic(e, range, WGSL__TOKEN_STAR, left, right, &product)) return false;
    if (k == 0)
      *out = product;
    else if (!wgsl__arithmetic(e, range, WGSL__TOKEN_PLUS, *out, product, out))
      return false;
  }
  return true;
}

/* matrix * matrix, matrix * vector, vector * matrix (WGSL 8.7) */
static bool matrix_product(wgsl__evaluation *e, const wgsl__expr *x, wgsl__value a, wgsl__value b, wgsl__value *out) {
  uint32_t n = wgsl__type_parts(x->type);
  wgsl__value *parts = wgsl__value_parts(e, n);
  if (!parts) return false;
  *out = (wgsl__value){.type = x->type, .parts = parts};
  for (uint32_t i = 0; i < n; i++) {
    if (x->type->base == WGSL__BASE_MATRIX) {
      wgsl__value column = wgsl__value_part(&b, i);
      uint32_t rows = x->type->host.rows;
      wgsl__value *cells = wgsl__value_parts(e, rows);
      if (!cells) return false;
      parts[i] = (wgsl__value){.type = x->type->inner, .parts = cells};
      for (uint32_t k = 0; k < rows; k++)
        if (!dot_row(e, x->range, &a, k, &column, &cells[k])) return false;
    } else if (a.type->base == WGSL__BASE_MATRIX) {
      if (!dot_row(e, x->range, &a, i, &b, &parts[i])) return false;
    } else {
      wgsl__value column = wgsl__value_part(&b, i);
      if (!dot_row(e, x->range, &a, 0, &column, &parts[i])) return false;
    }
  }
  return true;
}

bool wgsl__binary_value(wgsl__evaluation *e, const wgsl__expr *x, wgsl__value a, wgsl__value b, wgsl__value *out) {
  bool composite_a = base_of(&a) > WGSL__BASE_LAST_SCALAR, composite_b = base_of(&b) > WGSL__BASE_LAST_SCALAR;
  if (!composite_a && !composite_b) return scalar_binary(e, x, a, b, out);
  bool matrix_a = base_of(&a) == WGSL__BASE_MATRIX, matrix_b = base_of(&b) == WGSL__BASE_MATRIX;
  if (x->op == WGSL__TOKEN_STAR && composite_a && composite_b && (matrix_a || matrix_b))
    return matrix_product(e, x, a, b, out);
  uint32_t n = wgsl__type_parts(composite_a ? a.type : b.type);
  wgsl__value *parts = wgsl__value_parts(e, n);
  if (!parts) return false;
  for (uint32_t i = 0; i < n; i++)
    if (!wgsl__binary_value(e, x, composite_a ? wgsl__value_part(&a, i) : a, composite_b ? wgsl__value_part(&b, i) : b,
                            &parts[i]))
      return false;
  *out = (wgsl__value){.type = x->type, .parts = parts};
  if (matrix_a || matrix_b) return true;
  /* Columns of a matrix are vectors of their own. */
  if (x->type->base == WGSL__BASE_MATRIX) out->type = x->type->inner;
  return true;
}

bool wgsl__unary_value(wgsl__evaluation *e, const wgsl__expr *x, wgsl__value a, wgsl__value *out) {
  *out = (wgsl__value){.type = a.type};
  if (base_of(&a) > WGSL__BASE_LAST_SCALAR) {
    uint32_t n = wgsl__type_parts(a.type);
    wgsl__value *parts = wgsl__value_parts(e, n);
    if (!parts) return false;
    out->parts = parts;
    for (uint32_t i = 0; i < n; i++)
      if (!wgsl__unary_value(e, x, wgsl__value_part(&a, i), &parts[i])) return false;
    return true;
  }
  if (x->op == WGSL__TOKEN_BANG) return out->i = !a.i, true;
  if (x->op == WGSL__TOKEN_TILDE) return finish_integer(e, x->range, out, ~a.i, false);
  if (wgsl__is_float(base_of(&a))) return out->f = -a.f, true;
  return finish_integer(e, x->range, out, wrap_sub(0, a.i), a.i == INT64_MIN);
}

/* Whether some component of the value is zero, or at least `limit`. */
static bool any_part(const wgsl__value *v, int64_t limit) {
  if (base_of(v) <= WGSL__BASE_LAST_SCALAR) return limit ? v->i >= limit : v->i == 0;
  for (uint32_t i = 0; i < wgsl__type_parts(v->type); i++) {
    wgsl__value part = wgsl__value_part(v, i);
    if (any_part(&part, limit)) return true;
  }
  return false;
}

bool wgsl__binary_check(wgsl__evaluation *e, const wgsl__expr *x, const wgsl__value *a, const wgsl__value *b) {
  (void)a;
  const wgsl__type *element = b ? wgsl__type_element(x->type) : NULL;
  if (!element) return true;
  if ((x->op == WGSL__TOKEN_SLASH || x->op == WGSL__TOKEN_MODULO) && wgsl__is_integer(element->base) && any_part(b, 0))
    return divide_by_zero(e, x->range);
  if ((x->op == WGSL__TOKEN_SHIFT_LEFT || x->op == WGSL__TOKEN_SHIFT_RIGHT) && any_part(b, 32)) {
    wgsl__evaluation_fail(e, x->range, "shift-range", "a value of 32 bits cannot be shifted by 32 or more");
    return false;
  }
  return true;
}
