/* Evaluation of const- and override-expressions over scalars (WGSL 8.1, 8.7, 8.8, 15.7). Integers are exact; abstract
 * ones must stay in 64 bits, i32 and u32 wrap where WGSL lets them; floats are computed in double and rounded once.
 *
 * A result may have a type without a value (overrides before pipeline creation) or neither (what the type checker
 * will know: vectors, structures, most builtins): then nothing is said about it. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "wgsl/module.h"

static const wgsl__result unknown = {.phase = WGSL__PHASE_UNKNOWN};

static wgsl__base base_of(const wgsl__value *v) { return v->type->base; }
static bool is_abstract(wgsl__base b) { return b == WGSL__BASE_ABSTRACT_INT || b == WGSL__BASE_ABSTRACT_FLOAT; }
static bool is_integer(wgsl__base b) {
  return b == WGSL__BASE_ABSTRACT_INT || b == WGSL__BASE_I32 || b == WGSL__BASE_U32;
}
static bool is_float(wgsl__base b) {
  return b == WGSL__BASE_ABSTRACT_FLOAT || b == WGSL__BASE_F32 || b == WGSL__BASE_F16;
}
static bool is_scalar(const wgsl__type *t) { return t && t->base <= WGSL__BASE_LAST_SCALAR; }

void wgsl__evaluation_fail(wgsl__evaluation *e, wgsl__range range, const char *code, const char *format, ...) {
  char text[512];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (!e->overrides && !e->silent) wgsl__error(e->m, range, code, "%s", text);
  if (e->overrides && !e->failed && e->message && e->capacity) snprintf(e->message, e->capacity, "%s", text);
  e->failed = true;
}

const char *wgsl__value_text(wgsl__value v, char out[48]) {
  wgsl__base base = base_of(&v);
  if (base == WGSL__BASE_BOOL)
    snprintf(out, 48, "%s", v.i ? "true" : "false");
  else if (is_integer(base))
    snprintf(out, 48, "%lld%s", (long long)v.i, base == WGSL__BASE_U32 ? "u" : base == WGSL__BASE_I32 ? "i" : "");
  else
    snprintf(out, 48, "%.9g%s", v.f, base == WGSL__BASE_F32 ? "f" : base == WGSL__BASE_F16 ? "h" : "");
  return out;
}

static wgsl__result failed(wgsl__phase phase) { return (wgsl__result){.phase = phase, .bad = true}; }

/* ---- conversions ------------------------------------------------------------------------------------------------- */

/* Whether a value of `from` becomes one of `to` by itself (WGSL 6.1.2). */
static bool converts(wgsl__base from, wgsl__base to) {
  if (from == to) return true;
  if (from == WGSL__BASE_ABSTRACT_INT) return to != WGSL__BASE_BOOL;
  return from == WGSL__BASE_ABSTRACT_FLOAT && (to == WGSL__BASE_F32 || to == WGSL__BASE_F16);
}

static bool out_of_range(wgsl__evaluation *e, wgsl__range range, wgsl__value v, const wgsl__type *to) {
  char text[48];
  wgsl__evaluation_fail(e, range, "value-range", "%s does not fit %s", wgsl__value_text(v, text), wgsl__type_name(to));
  return false;
}

/* From an abstract type, or to the same type: the value must be in range. */
static bool convert_value(wgsl__evaluation *e, wgsl__range range, wgsl__value *v, const wgsl__type *to) {
  wgsl__base from = base_of(v), base = to->base;
  if (from == base) return true;
  if (base == WGSL__BASE_I32 && (v->i < INT32_MIN || v->i > INT32_MAX)) return out_of_range(e, range, *v, to);
  if (base == WGSL__BASE_U32 && (v->i < 0 || v->i > UINT32_MAX)) return out_of_range(e, range, *v, to);
  if (is_float(base)) {
    double f = is_integer(from) ? (double)v->i : v->f;
    if (base != WGSL__BASE_ABSTRACT_FLOAT && !wgsl__float_fits(f, base, &f)) return out_of_range(e, range, *v, to);
    v->f = f;
  }
  v->type = to;
  return true;
}

bool wgsl__convert(wgsl__evaluation *e, wgsl__range where, wgsl__value *v, const wgsl__type *to) {
  if (!is_scalar(v->type) || !is_scalar(to) || !converts(base_of(v), to->base)) {
    wgsl__evaluation_fail(e, where, "type-mismatch", "expected a value of type '%s', this is '%s'", wgsl__type_name(to),
                          wgsl__type_name(v->type));
    return false;
  }
  return convert_value(e, where, v, to);
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
static wgsl__result construct(wgsl__evaluation *e, wgsl__range range, wgsl__result r, const wgsl__type *to) {
  if (r.bad) return r;
  if (r.value.type && !is_scalar(r.value.type)) return unknown;
  wgsl__value v = r.value;
  r.value.type = to;
  if (!r.known) return r;
  wgsl__base from = base_of(&v);
  bool number = is_integer(from) || from == WGSL__BASE_BOOL;
  r.value.i = 0;
  r.value.f = 0;
  if (is_abstract(from) && converts(from, to->base)) {
    if (!convert_value(e, range, &v, to)) return failed(r.phase);
    r.value = v;
  } else if (to->base == WGSL__BASE_BOOL) {
    r.value.i = number ? v.i != 0 : v.f != 0;
  } else if (is_float(to->base)) {
    if (!wgsl__float_fits(number ? (double)v.i : v.f, to->base, &r.value.f)) {
      out_of_range(e, range, v, to);
      return failed(r.phase);
    }
  } else if (number) {
    r.value.i =
        to->base == WGSL__BASE_I32 ? (int64_t)(int32_t)(uint32_t)(uint64_t)v.i : (int64_t)(uint32_t)(uint64_t)v.i;
  } else {
    r.value.i = clamp_to_integer(v.f, from, to->base);
  }
  return r;
}

/* ---- operators --------------------------------------------------------------------------------------------------- */

static wgsl__phase later(wgsl__phase a, wgsl__phase b) { return a > b ? a : b; }

/* The float result of an operation, rounded to its type. */
static wgsl__result finish_float(wgsl__evaluation *e, wgsl__range range, wgsl__result r, double f) {
  wgsl__base base = r.value.type->base;
  bool fits = base == WGSL__BASE_ABSTRACT_FLOAT ? f == f && f <= 1.7976931348623157e308 && f >= -1.7976931348623157e308
                                                : wgsl__float_fits(f, base, &f);
  if (!fits) {
    wgsl__evaluation_fail(e, range, "overflow", "the result does not fit %s", wgsl__type_name(r.value.type));
    return failed(r.phase);
  }
  r.value.f = f;
  return r;
}

/* The integer result of +, -, * or unary -: `overflow` is what the 64-bit operation said. */
static wgsl__result finish_integer(wgsl__evaluation *e, wgsl__range range, wgsl__result r, int64_t i, bool overflow) {
  wgsl__base base = r.value.type->base;
  if (base == WGSL__BASE_ABSTRACT_INT && overflow) {
    wgsl__evaluation_fail(e, range, "overflow", "the result does not fit a 64-bit integer");
    return failed(r.phase);
  }
  if (base == WGSL__BASE_I32) i = (int64_t)(int32_t)(uint32_t)(uint64_t)i;
  if (base == WGSL__BASE_U32) i = (int64_t)(uint32_t)(uint64_t)i;
  r.value.i = i;
  return r;
}

static int64_t wrap_add(int64_t a, int64_t b) { return (int64_t)((uint64_t)a + (uint64_t)b); }
static int64_t wrap_sub(int64_t a, int64_t b) { return (int64_t)((uint64_t)a - (uint64_t)b); }
static int64_t wrap_mul(int64_t a, int64_t b) { return (int64_t)((uint64_t)a * (uint64_t)b); }

static bool mul_overflows(int64_t a, int64_t b) {
  if (a == 0 || b == 0) return false;
  if ((a == -1 && b == INT64_MIN) || (b == -1 && a == INT64_MIN)) return true;
  return wrap_mul(a, b) / b != a;
}

static wgsl__result divide_integers(wgsl__evaluation *e, const wgsl__expr *x, wgsl__result r, int64_t a, int64_t b) {
  int64_t least = r.value.type->base == WGSL__BASE_I32 ? INT32_MIN : INT64_MIN;
  if (a == least && b == -1 && r.value.type->base != WGSL__BASE_U32) {
    wgsl__evaluation_fail(e, x->range, "overflow", "%lld %s -1 does not fit %s", (long long)a,
                          x->op == WGSL__TOKEN_SLASH ? "/" : "%", wgsl__type_name(r.value.type));
    return failed(r.phase);
  }
  r.value.i = x->op == WGSL__TOKEN_SLASH ? a / b : a % b;
  return r;
}

static wgsl__result arithmetic(wgsl__evaluation *e, const wgsl__expr *x, wgsl__result r, wgsl__value a, wgsl__value b) {
  if (is_float(r.value.type->base)) {
    switch (x->op) {
      case WGSL__TOKEN_PLUS:
        return finish_float(e, x->range, r, a.f + b.f);
      case WGSL__TOKEN_MINUS:
        return finish_float(e, x->range, r, a.f - b.f);
      case WGSL__TOKEN_STAR:
        return finish_float(e, x->range, r, a.f * b.f);
      case WGSL__TOKEN_SLASH:
        return finish_float(e, x->range, r, a.f / b.f);
      default:
        return finish_float(e, x->range, r, fmod(a.f, b.f));
    }
  }
  switch (x->op) {
    case WGSL__TOKEN_PLUS: {
      int64_t sum = wrap_add(a.i, b.i);
      return finish_integer(e, x->range, r, sum, ((a.i ^ sum) & (b.i ^ sum)) < 0);
    }
    case WGSL__TOKEN_MINUS: {
      int64_t difference = wrap_sub(a.i, b.i);
      return finish_integer(e, x->range, r, difference, ((a.i ^ b.i) & (a.i ^ difference)) < 0);
    }
    case WGSL__TOKEN_STAR:
      return finish_integer(e, x->range, r, wrap_mul(a.i, b.i), mul_overflows(a.i, b.i));
    default:
      return divide_integers(e, x, r, a.i, b.i);
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

/* The scalar type that both operands convert to; NULL: none. */
static const wgsl__type *common_type(const wgsl__type *a, const wgsl__type *b) {
  if (converts(a->base, b->base)) return b;
  return converts(b->base, a->base) ? a : NULL;
}

static wgsl__result no_operator(wgsl__evaluation *e, const wgsl__expr *x, const wgsl__type *a, const wgsl__type *b) {
  wgsl__evaluation_fail(e, x->range, "no-operator", "no operator %s takes '%s' and '%s'", wgsl__token_text(x->op),
                        wgsl__type_name(a), wgsl__type_name(b));
  return failed(WGSL__PHASE_CONST);
}

/* e1 << e2, e1 >> e2 (WGSL 8.9): e2 is u32, the result has the type of e1. */
static wgsl__result shift(wgsl__evaluation *e, const wgsl__expr *x, wgsl__result a, wgsl__result b) {
  wgsl__result r = {.phase = later(a.phase, b.phase), .value.type = a.value.type};
  wgsl__base base = base_of(&a.value);
  if (!is_integer(base) || !converts(base_of(&b.value), WGSL__BASE_U32))
    return no_operator(e, x, a.value.type, b.value.type);
  if (!b.known) return r;
  if (!convert_value(e, x->right->range, &b.value, e->m->basic[WGSL__BASE_U32])) return failed(r.phase);
  int64_t bits = base == WGSL__BASE_ABSTRACT_INT ? 64 : 32, by = b.value.i;
  if (by >= bits && base != WGSL__BASE_ABSTRACT_INT) {
    wgsl__evaluation_fail(e, x->range, "shift-range", "a value of 32 bits cannot be shifted by %lld", (long long)by);
    return failed(r.phase);
  }
  if (!a.known) return r;
  r.known = true;
  int64_t value = a.value.i;
  if (x->op == WGSL__TOKEN_SHIFT_RIGHT) {
    r.value.i = by >= 64 ? (value < 0 ? -1 : 0) : value >> by;
    return r;
  }
  int64_t shifted = by >= 64 ? 0 : (int64_t)((uint64_t)value << by);
  bool lost = by >= 64 ? value != 0 : (shifted >> by) != value;
  if (base == WGSL__BASE_I32) lost = lost || shifted != (int32_t)(uint32_t)(uint64_t)shifted;
  if (base == WGSL__BASE_U32) lost = lost || shifted > UINT32_MAX;
  if (lost) {
    wgsl__evaluation_fail(e, x->range, "overflow", "%lld << %lld does not fit %s", (long long)value, (long long)by,
                          wgsl__type_name(a.value.type));
    return failed(r.phase);
  }
  r.value.i = shifted;
  return r;
}

/* e1 && e2, e1 || e2: e2 is not evaluated when e1 decides (WGSL 8.6). */
static wgsl__result short_circuit(wgsl__evaluation *e, const wgsl__expr *x) {
  wgsl__result a = wgsl__evaluate(e, x->left);
  bool decides = a.known && is_scalar(a.value.type) && base_of(&a.value) == WGSL__BASE_BOOL &&
                 (a.value.i != 0) == (x->op == WGSL__TOKEN_OR_OR);
  if (a.bad || decides) return a;
  wgsl__result b = wgsl__evaluate(e, x->right);
  if (b.bad) return b;
  wgsl__result r = {.phase = later(a.phase, b.phase), .value.type = e->m->basic[WGSL__BASE_BOOL]};
  bool typed = is_scalar(a.value.type) && is_scalar(b.value.type);
  if (typed && (base_of(&a.value) != WGSL__BASE_BOOL || base_of(&b.value) != WGSL__BASE_BOOL))
    return no_operator(e, x, a.value.type, b.value.type);
  r.known = typed && a.known && b.known;
  r.value.i = b.value.i;
  return r;
}

static wgsl__result binary(wgsl__evaluation *e, const wgsl__expr *x) {
  if (x->op == WGSL__TOKEN_AND_AND || x->op == WGSL__TOKEN_OR_OR) return short_circuit(e, x);
  wgsl__result a = wgsl__evaluate(e, x->left), b = wgsl__evaluate(e, x->right);
  if (a.bad) return a;
  if (b.bad) return b;
  wgsl__result r = {.phase = later(a.phase, b.phase)};
  if (!is_scalar(a.value.type) || !is_scalar(b.value.type)) return r;
  if (x->op == WGSL__TOKEN_SHIFT_LEFT || x->op == WGSL__TOKEN_SHIFT_RIGHT) return shift(e, x, a, b);
  const wgsl__type *t = common_type(a.value.type, b.value.type);
  if (!t) return no_operator(e, x, a.value.type, b.value.type);
  bool comparison = false, bitwise = false, equality = false;
  switch (x->op) {
    case WGSL__TOKEN_EQUAL_EQUAL:
    case WGSL__TOKEN_NOT_EQUAL:
      equality = true; /* fall through */
    case WGSL__TOKEN_LESS:
    case WGSL__TOKEN_GREATER:
    case WGSL__TOKEN_LESS_EQUAL:
    case WGSL__TOKEN_GREATER_EQUAL:
      comparison = true;
      break;
    case WGSL__TOKEN_AND:
    case WGSL__TOKEN_OR:
    case WGSL__TOKEN_XOR:
      bitwise = true;
      break;
    default:
      break;
  }
  bool is_bool = t->base == WGSL__BASE_BOOL;
  bool allowed = bitwise ? is_integer(t->base) || (is_bool && x->op != WGSL__TOKEN_XOR) : !is_bool || equality;
  if (!allowed) return no_operator(e, x, a.value.type, b.value.type);
  r.value.type = comparison ? e->m->basic[WGSL__BASE_BOOL] : t;
  if (a.known && !convert_value(e, x->left->range, &a.value, t)) return failed(r.phase);
  if (b.known && !convert_value(e, x->right->range, &b.value, t)) return failed(r.phase);
  /* A zero that is known is enough for integers; floats that are not known yet may still come to infinity. */
  bool division = x->op == WGSL__TOKEN_SLASH || x->op == WGSL__TOKEN_MODULO;
  if (division && b.known && (is_integer(t->base) ? b.value.i == 0 : a.known && b.value.f == 0)) {
    wgsl__evaluation_fail(e, x->range, "division-by-zero", "this divides by zero");
    return failed(r.phase);
  }
  if (!a.known || !b.known) return r;
  r.known = true;
  if (comparison) {
    int order = is_float(t->base) ? (a.value.f > b.value.f) - (a.value.f < b.value.f)
                                  : (a.value.i > b.value.i) - (a.value.i < b.value.i);
    r.value.i = compare(x->op, order);
    return r;
  }
  if (!bitwise) return arithmetic(e, x, r, a.value, b.value);
  r.value.i = x->op == WGSL__TOKEN_AND  ? a.value.i & b.value.i
              : x->op == WGSL__TOKEN_OR ? a.value.i | b.value.i
                                        : a.value.i ^ b.value.i;
  return r;
}

static wgsl__result unary(wgsl__evaluation *e, const wgsl__expr *x) {
  wgsl__result r = wgsl__evaluate(e, x->left);
  if (x->op == WGSL__TOKEN_STAR || x->op == WGSL__TOKEN_AND)
    return (wgsl__result){.phase = WGSL__PHASE_RUNTIME, .bad = r.bad};
  if (r.bad || !is_scalar(r.value.type)) return r.bad ? r : (wgsl__result){.phase = r.phase};
  wgsl__base base = base_of(&r.value);
  bool fits = x->op == WGSL__TOKEN_BANG    ? base == WGSL__BASE_BOOL
              : x->op == WGSL__TOKEN_TILDE ? is_integer(base)
                                           : base != WGSL__BASE_BOOL && base != WGSL__BASE_U32;
  if (!fits) {
    wgsl__evaluation_fail(e, x->range, "no-operator", "no operator %s takes '%s'", wgsl__token_text(x->op),
                          wgsl__type_name(r.value.type));
    return failed(r.phase);
  }
  if (!r.known) return r;
  if (x->op == WGSL__TOKEN_BANG) {
    r.value.i = !r.value.i;
  } else if (x->op == WGSL__TOKEN_TILDE) {
    r.value.i = base == WGSL__BASE_U32 ? (int64_t)(uint32_t)~(uint64_t)r.value.i : ~r.value.i;
  } else if (is_float(base)) {
    r.value.f = -r.value.f;
  } else {
    return finish_integer(e, x->range, r, wrap_sub(0, r.value.i), r.value.i == INT64_MIN);
  }
  return r;
}

/* ---- calls ------------------------------------------------------------------------------------------------------- */

enum { MAX_ARGUMENTS = 3 };

/* The arguments of a builtin, brought to one type when all are scalars. False: no more can be said. */
static bool same_type(wgsl__evaluation *e, wgsl__expr *const *args, wgsl__result *r, uint32_t n, bool *known) {
  const wgsl__type *t = r[0].value.type;
  *known = true;
  for (uint32_t i = 0; i < n; i++) {
    if (!is_scalar(r[i].value.type)) return false;
    t = t ? common_type(t, r[i].value.type) : NULL;
    *known = *known && r[i].known;
  }
  if (!t) return false;
  for (uint32_t i = 0; i < n; i++) {
    if (r[i].known && !convert_value(e, args[i]->range, &r[i].value, t)) return false;
    r[i].value.type = t;
  }
  return true;
}

static bool less(const wgsl__value *a, const wgsl__value *b) {
  return is_float(base_of(a)) ? a->f < b->f : a->i < b->i;
}

static wgsl__result call_abs(wgsl__evaluation *e, const wgsl__expr *x, wgsl__result r) {
  if (!r.known || base_of(&r.value) == WGSL__BASE_BOOL) return r;
  if (is_float(base_of(&r.value))) return r.value.f = fabs(r.value.f), r;
  if (r.value.i >= 0) return r;
  return finish_integer(e, x->range, r, wrap_sub(0, r.value.i), r.value.i == INT64_MIN);
}

/* Builtins of one and two floats that libm has under the same meaning. */
static const struct {
  const char *name;
  double (*one)(double);
  double (*two)(double, double);
} float_builtins[] = {{"ceil", ceil, 0}, {"exp", exp, 0}, {"exp2", exp2, 0},  {"floor", floor, 0}, {"log", log, 0},
                      {"log2", log2, 0}, {"pow", 0, pow}, {"round", rint, 0}, {"sqrt", sqrt, 0},   {"trunc", trunc, 0}};

static wgsl__result call_float(wgsl__evaluation *e, const wgsl__expr *x, const char *name, wgsl__phase phase,
                               wgsl__expr *const *args, wgsl__result *r, uint32_t n) {
  wgsl__result out = {.phase = phase};
  size_t i = 0, count = sizeof float_builtins / sizeof *float_builtins;
  bool known;
  while (i < count && strcmp(float_builtins[i].name, name) != 0) i++;
  if (i == count || n != (float_builtins[i].two ? 2u : 1u)) return out;
  if (!same_type(e, args, r, n, &known)) return e->failed ? failed(phase) : out;
  const wgsl__type *t = r[0].value.type;
  if (t->base == WGSL__BASE_ABSTRACT_INT) t = e->m->basic[WGSL__BASE_ABSTRACT_FLOAT];
  if (!is_float(t->base)) return out;
  for (uint32_t k = 0; k < n; k++)
    if (r[k].known && !convert_value(e, args[k]->range, &r[k].value, t)) return failed(phase);
  out.value.type = t;
  if (!known) return out;
  out.known = true;
  return finish_float(
      e, x->range, out,
      float_builtins[i].one ? float_builtins[i].one(r[0].value.f) : float_builtins[i].two(r[0].value.f, r[1].value.f));
}

/* The builtins whose value sizes may need; any other is const without a value we know. */
static wgsl__result call_builtin(wgsl__evaluation *e, const wgsl__expr *x, const char *name, wgsl__phase phase,
                                 wgsl__expr *const *args, wgsl__result *r, uint32_t n) {
  wgsl__result nothing = {.phase = phase};
  bool known;
  if (strcmp(name, "select") == 0 && n == 3) {
    if (!same_type(e, args, r, 2, &known)) return e->failed ? failed(phase) : nothing;
    wgsl__result out = r[r[2].known && r[2].value.i != 0 ? 1 : 0];
    out.known = known && r[2].known && is_scalar(r[2].value.type);
    out.phase = phase;
    return out;
  }
  bool is_min = strcmp(name, "min") == 0, is_max = strcmp(name, "max") == 0;
  bool is_clamp = strcmp(name, "clamp") == 0, is_abs = strcmp(name, "abs") == 0;
  if (!(is_min || is_max || is_clamp || is_abs)) return call_float(e, x, name, phase, args, r, n);
  if (n != (is_abs ? 1u : is_clamp ? 3u : 2u)) return nothing;
  if (!same_type(e, args, r, n, &known)) return e->failed ? failed(phase) : nothing;
  if (base_of(&r[0].value) == WGSL__BASE_BOOL) return nothing;
  wgsl__result out = r[0];
  out.phase = phase;
  out.known = known;
  if (!known) return out;
  if (is_abs) return call_abs(e, x, out);
  if (is_clamp) {
    if (less(&r[2].value, &r[1].value)) {
      wgsl__evaluation_fail(e, x->range, "value-range", "the low bound of clamp is above its high bound");
      return failed(phase);
    }
    if (less(&out.value, &r[1].value)) out.value = r[1].value;
    if (less(&r[2].value, &out.value)) out.value = r[2].value;
    return out;
  }
  if (is_min ? less(&r[1].value, &r[0].value) : less(&r[0].value, &r[1].value)) out.value = r[1].value;
  return out;
}

static wgsl__result call(wgsl__evaluation *e, wgsl__expr *x) {
  const wgsl__expr *callee = x->left;
  wgsl__expr *args[MAX_ARGUMENTS] = {0};
  wgsl__result r[MAX_ARGUMENTS] = {{0}};
  wgsl__phase phase = WGSL__PHASE_CONST;
  uint32_t n = 0;
  for (wgsl__expr *a = x->list; a; a = a->next, n++) {
    wgsl__result one = wgsl__evaluate(e, a);
    if (one.bad) return one;
    phase = later(phase, one.phase);
    if (n >= MAX_ARGUMENTS) continue;
    args[n] = a;
    r[n] = one;
  }
  if (callee->kind != WGSL__EXPR_IDENT) return unknown;
  const wgsl__type *type = NULL;
  const wgsl__predeclared *row = callee->decl ? NULL : callee->name->predeclared;
  if (callee->decl && callee->decl->kind == WGSL__DECL_ALIAS) type = callee->decl->type;
  if (callee->decl && callee->decl->kind == WGSL__DECL_FUNCTION) return (wgsl__result){.phase = WGSL__PHASE_RUNTIME};
  if (row && row->what == WGSL__WHAT_SCALAR && !callee->has_list) type = wgsl__type_scalar(e->m, row->scalar);
  if (is_scalar(type)) {
    if (n == 0) return (wgsl__result){.phase = WGSL__PHASE_CONST, .known = true, .value.type = type};
    if (n == 1) return construct(e, x->range, r[0], type);
    return (wgsl__result){.phase = phase};
  }
  if (row && row->what == WGSL__WHAT_FUNCTION) return (wgsl__result){.phase = WGSL__PHASE_RUNTIME};
  if (row && row->what == WGSL__WHAT_CONST_FUNCTION && n && n <= MAX_ARGUMENTS) {
    bool before = e->failed;
    e->failed = false;
    wgsl__result out = call_builtin(e, x, row->name, phase, args, r, n);
    e->failed = e->failed || before;
    return out;
  }
  return (wgsl__result){.phase = phase};
}

static wgsl__result not_a_value(wgsl__evaluation *e, const wgsl__expr *x) {
  wgsl__evaluation_fail(e, x->range, "not-a-value", "'%s' is not a value", x->name->text);
  return failed(WGSL__PHASE_UNKNOWN);
}

static wgsl__result identifier(wgsl__evaluation *e, const wgsl__expr *x) {
  const wgsl__decl *d = x->decl;
  if (!d) return x->name->predeclared ? not_a_value(e, x) : failed(WGSL__PHASE_UNKNOWN);
  switch (d->kind) {
    case WGSL__DECL_CONST:
      return (wgsl__result){.phase = WGSL__PHASE_CONST, .known = d->value.type != NULL, .value = d->value};
    case WGSL__DECL_OVERRIDE: {
      wgsl__result r = {.phase = WGSL__PHASE_OVERRIDE, .value.type = d->type};
      if (!e->overrides) return r;
      r.value = e->overrides[d->reflected];
      r.known = r.value.type != NULL;
      if (!r.known && !e->failed)
        wgsl__evaluation_fail(e, x->range, "missing-value", "the override '%s' has no value", d->name->text);
      r.bad = !r.known;
      return r;
    }
    case WGSL__DECL_VAR:
    case WGSL__DECL_LET:
    case WGSL__DECL_PARAM:
      return (wgsl__result){.phase = WGSL__PHASE_RUNTIME};
    default:
      return not_a_value(e, x);
  }
}

/* ---- components ------------------------------------------------------------------------------------------------ */

/* Vectors and arrays have no value of their own here, but their components are known where a constructor lists them:
 *
 *   const size = vec2u(8, 4);     size -> components [8u, 4u]     size.y, size[1] -> 4u
 *
 * Every expression is evaluated once, so that nesting does not multiply the work. */

enum {
  MAX_COMPONENTS = 4, /* of a constructor inside an expression */
  MAX_LISTED = 4095   /* of a declared constant: WGSL asks for 2047 */
};

typedef struct parts {
  wgsl__value *values;
  uint32_t count, capacity; /* count 0: not known */
} parts;

static wgsl__result find_parts(wgsl__evaluation *e, wgsl__expr *x, parts *out);

/* The vector or array type that a call constructs, or BASE_STRUCT for anything else. *inner: its element, NULL when it
 * follows from the arguments. */
static wgsl__base constructed(const wgsl__evaluation *e, const wgsl__expr *callee, const wgsl__type **inner,
                              uint32_t *width) {
  if (callee->kind != WGSL__EXPR_IDENT) return WGSL__BASE_STRUCT;
  const wgsl__type *t = callee->decl && callee->decl->kind == WGSL__DECL_ALIAS ? callee->decl->type : NULL;
  const wgsl__predeclared *row = callee->decl ? NULL : callee->name->predeclared;
  if (t && (t->base == WGSL__BASE_VECTOR || t->base == WGSL__BASE_ARRAY)) {
    *inner = t->inner;
    *width = t->base == WGSL__BASE_VECTOR ? t->host.rows : t->host.count;
    return t->base;
  }
  if (!row || (row->what != WGSL__WHAT_VECTOR && row->what != WGSL__WHAT_ARRAY)) return WGSL__BASE_STRUCT;
  *width = row->n;
  *inner = callee->list ? callee->list->type : wgsl__type_scalar(e->m, row->scalar);
  if (callee->list && !*inner && !e->overrides) *inner = wgsl__type_of_expr(e->m, callee->list);
  return row->what == WGSL__WHAT_VECTOR ? WGSL__BASE_VECTOR : WGSL__BASE_ARRAY;
}

/* Adds what one argument brings. False: not known. */
static bool add_parts(parts *out, wgsl__result r, const parts *inside) {
  uint32_t n = inside->count ? inside->count : 1;
  if (!inside->count && (!r.known || !is_scalar(r.value.type))) return false;
  if (n > out->capacity - out->count) return false;
  if (inside->count)
    memcpy(out->values + out->count, inside->values, n * sizeof *inside->values);
  else
    out->values[out->count] = r.value;
  out->count += n;
  return true;
}

/* Brings all components to one type: the element type, or what the arguments agree on. */
static bool unify_parts(wgsl__evaluation *e, wgsl__range range, parts *out, const wgsl__type *to) {
  const wgsl__type *t = out->values[0].type;
  for (uint32_t i = 1; !to && t && i < out->count; i++) t = common_type(t, out->values[i].type);
  if (to) t = to;
  if (!is_scalar(t)) return false;
  for (uint32_t i = 0; i < out->count; i++) {
    wgsl__result one = construct(e, range, (wgsl__result){.known = true, .value = out->values[i]}, t);
    if (!one.known) return false;
    out->values[i] = one.value;
  }
  return true;
}

static wgsl__result construct_parts(wgsl__evaluation *e, wgsl__expr *x, parts *out, const wgsl__type *inner,
                                    uint32_t width) {
  wgsl__result all = {.phase = WGSL__PHASE_CONST};
  bool known = true;
  out->count = 0;
  for (wgsl__expr *a = x->list; a; a = a->next) {
    wgsl__value values[MAX_COMPONENTS];
    parts inside = {values, 0, MAX_COMPONENTS};
    wgsl__result r = find_parts(e, a, &inside);
    if (r.bad) return out->count = 0, r;
    all.phase = later(all.phase, r.phase);
    known = known && add_parts(out, r, &inside);
  }
  bool zero = !x->list && inner && is_scalar(inner), splat = out->count == 1 && x->list && !x->list->next;
  if (zero) out->values[out->count++] = (wgsl__value){.type = inner};
  if (zero || splat)
    while (out->count < width && out->count < out->capacity) out->values[out->count] = out->values[0], out->count++;
  if (!known || !out->count || !unify_parts(e, x->range, out, inner)) out->count = 0;
  return all;
}

/* Evaluates x, and finds its components when it is a vector or an array. */
static wgsl__result find_parts(wgsl__evaluation *e, wgsl__expr *x, parts *out) {
  const wgsl__type *inner = NULL;
  uint32_t width = 0;
  out->count = 0;
  while (x->kind == WGSL__EXPR_PAREN) x = x->left;
  if (x->kind == WGSL__EXPR_CALL) {
    wgsl__base base = constructed(e, x->left, &inner, &width);
    if (base == WGSL__BASE_VECTOR || base == WGSL__BASE_ARRAY)
      return construct_parts(e, x, out, inner, base == WGSL__BASE_VECTOR ? width : 0);
  }
  wgsl__result r = wgsl__evaluate(e, x);
  const wgsl__decl *d = x->kind == WGSL__EXPR_IDENT ? x->decl : NULL;
  if (d && d->kind == WGSL__DECL_CONST && d->n_components && d->n_components <= out->capacity) {
    memcpy(out->values, d->components, d->n_components * sizeof *out->values);
    out->count = d->n_components;
  }
  return r;
}

void wgsl__components_find(wgsl_module *m, wgsl__decl *d) {
  wgsl__expr *x = d->init;
  uint32_t n = MAX_COMPONENTS;
  while (x->kind == WGSL__EXPR_PAREN) x = x->left;
  const wgsl__decl *same = x->kind == WGSL__EXPR_IDENT ? x->decl : NULL;
  if (same && same->n_components && (!d->type || d->type->inner == same->components[0].type)) {
    d->components = same->components; /* shared, so that copies of copies cost nothing */
    d->n_components = same->n_components;
    return;
  }
  for (const wgsl__expr *a = x->list; a && n <= MAX_LISTED; a = a->next) n++;
  wgsl__value *values = n && n <= MAX_LISTED ? wgsl__array(m, n, sizeof *values) : NULL;
  if (!values) return;
  wgsl__evaluation e = {.m = m, .silent = true};
  parts found = {values, 0, n};
  wgsl__result r = find_parts(&e, x, &found);
  const wgsl__type *inner = d->type ? d->type->inner : NULL;
  if (r.bad || !found.count || (inner && !unify_parts(&e, x->range, &found, inner))) return;
  d->components = values;
  d->n_components = found.count;
}

/* The index that .x, .g or [n] means, UINT32_MAX: none or not known. */
static uint32_t component_index(const wgsl__expr *x, const wgsl__result *index) {
  static const char letters[] = "xyzwrgba";
  if (x->right) {
    bool fits =
        index->known && is_integer(base_of(&index->value)) && index->value.i >= 0 && index->value.i < UINT32_MAX;
    return fits ? (uint32_t)index->value.i : UINT32_MAX;
  }
  const char *letter = x->name->n_bytes == 1 ? strchr(letters, x->name->text[0]) : NULL;
  return letter ? (uint32_t)(letter - letters) % 4 : UINT32_MAX;
}

/* base.x, base[n] */
static wgsl__result access(wgsl__evaluation *e, wgsl__expr *x) {
  wgsl__value values[MAX_COMPONENTS];
  parts found = {values, 0, MAX_COMPONENTS};
  wgsl__expr *left = x->left;
  while (left->kind == WGSL__EXPR_PAREN) left = left->left;
  wgsl__result base = find_parts(e, left, &found);
  wgsl__result index = x->right ? wgsl__evaluate(e, x->right) : base;
  wgsl__result r = {.phase = later(base.phase, index.phase), .bad = base.bad || index.bad};
  if (r.bad) return r;
  const wgsl__decl *d = left->kind == WGSL__EXPR_IDENT ? left->decl : NULL;
  if (d && d->kind == WGSL__DECL_CONST) found = (parts){d->components, d->n_components, d->n_components};
  uint32_t i = component_index(x, &index);
  if (i >= found.count) return r;
  r.known = true;
  r.value = found.values[i];
  return r;
}

wgsl__result wgsl__evaluate(wgsl__evaluation *e, wgsl__expr *x) {
  switch (x->kind) {
    case WGSL__EXPR_LITERAL:
      return (wgsl__result){.phase = WGSL__PHASE_CONST, .known = true, .value = x->value};
    case WGSL__EXPR_PAREN:
      return wgsl__evaluate(e, x->left);
    case WGSL__EXPR_IDENT:
      return identifier(e, x);
    case WGSL__EXPR_UNARY:
      return unary(e, x);
    case WGSL__EXPR_BINARY:
      return binary(e, x);
    case WGSL__EXPR_CALL:
      return call(e, x);
    case WGSL__EXPR_INDEX:
    case WGSL__EXPR_MEMBER:
      return access(e, x);
    default:
      return failed(WGSL__PHASE_UNKNOWN);
  }
}
