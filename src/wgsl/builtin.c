/* Calls of builtin functions: the overload whose patterns the arguments match (WGSL 6.1.4, 17). The table is
 * builtins.def; conversions only ever go from abstract to concrete, so the first overload that fits is the best one. */
#include <string.h>

#include "wgsl/module.h"

#define EVALUATOR(name)                                                                                  \
  bool wgsl__value_##name(wgsl__evaluation *e, const wgsl__expr *x, const wgsl__value *args, uint32_t n, \
                          wgsl__value *out)
#define CHECK(name) \
  bool wgsl__test_##name(wgsl__evaluation *e, const wgsl__expr *x, const wgsl__value *args, const bool *known)

#define WGSL__BUILTIN(name, signature, scalars, flags, evaluator, check) \
  EVALUATOR(evaluator);                                                  \
  CHECK(check);
#include "wgsl/builtins.def"
#undef WGSL__BUILTIN

enum {
  NONE = 0,
  BOOL = 1 << WGSL__BASE_BOOL,
  F32 = 1 << WGSL__BASE_F32,
  INTEGER = 1 << WGSL__BASE_I32 | 1 << WGSL__BASE_U32,
  FLOAT = 1 << WGSL__BASE_ABSTRACT_FLOAT | F32 | 1 << WGSL__BASE_F16,
  NUMBER = FLOAT | INTEGER | 1 << WGSL__BASE_ABSTRACT_INT,
  CNUMBER = INTEGER | F32 | 1 << WGSL__BASE_F16,
  SIGNED = NUMBER & ~(1 << WGSL__BASE_U32),
  SCALAR = NUMBER | BOOL,
  CONST = WGSL__BUILTIN_CONST,
  MUST = WGSL__BUILTIN_MUST_USE,
  BARRIER = WGSL__BUILTIN_BARRIER,
  SUBGROUP = WGSL__BUILTIN_SUBGROUP,
  DERIVATIVE = WGSL__BUILTIN_DERIVATIVE,
  COMPUTE = WGSL__BUILTIN_COMPUTE,
  VARYING = WGSL__BUILTIN_VARYING,
  UNIFORM = WGSL__BUILTIN_UNIFORM,
  TEXTURE = WGSL__BUILTIN_TEXTURE,
  VIEW = WGSL__BUILTIN_VIEW,
  SIZED = WGSL__BUILTIN_SIZED_VIEW,
  TEMPLATE = WGSL__BUILTIN_TEMPLATE,
  WRITES = WGSL__BUILTIN_WRITES,
  NOT_VERTEX = WGSL__BUILTIN_NOT_VERTEX
};

static const wgsl__builtin table[] = {
#define WGSL__BUILTIN(name, signature, scalars, flags, evaluator, check)                                           \
  {{#name, WGSL__WHAT_FUNCTION, 0, WGSL_SCALAR_NONE, (flags) & SUBGROUP ? WGSL__GATE_SUBGROUPS : WGSL__GATE_NONE}, \
   signature,                                                                                                      \
   scalars,                                                                                                        \
   flags,                                                                                                          \
   wgsl__value_##evaluator,                                                                                        \
   wgsl__test_##check},
#include "wgsl/builtins.def"
#undef WGSL__BUILTIN
};

enum { N_TABLE = sizeof table / sizeof *table };

const wgsl__builtin *wgsl__builtin_find(const char *text, size_t n) {
  size_t low = 0, high = N_TABLE;
  while (low < high) {
    size_t middle = (low + high) / 2;
    const char *name = table[middle].head.name;
    int order = strncmp(name, text, n);
    if (order == 0) order = name[n] != 0;
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == N_TABLE || strncmp(table[low].head.name, text, n) != 0 || table[low].head.name[n]) return NULL;
  return &table[low];
}

const char *wgsl__builtin_name(const wgsl__builtin *b) { return b->head.name; }

const wgsl__builtin *wgsl__builtin_next(const wgsl__builtin *b) {
  return b + 1 < table + N_TABLE && strcmp(b->head.name, b[1].head.name) == 0 ? b + 1 : NULL;
}

const char *wgsl__builtin_similar(const char *text, size_t n, uint32_t *nearest) {
  const char *best = NULL;
  for (size_t i = 0; i < N_TABLE; i++) {
    const char *name = table[i].head.name;
    size_t n_name = strlen(name);
    if (!weft__text_similar(text, n, name, n_name)) continue;
    uint32_t distance = weft__text_distance(text, n, name, n_name, 3);
    if (distance >= *nearest) continue;
    *nearest = distance;
    best = name;
  }
  return best;
}

/* ---- patterns ---------------------------------------------------------------------------------------------------- */

enum { MAX_PARAMETERS = 8 };

/* What a signature's letters stand for in one call. */
typedef struct binding {
  wgsl_module *m;
  const wgsl__type *element; /* E */
  uint32_t rows;             /* of T and V; 1: a scalar, 0: not known yet */
  uint32_t columns;          /* of M and Q; their rows are in `rows` */
  const wgsl__type *pointee; /* of w */
  bool concrete;             /* E cannot be abstract */
} binding;

static bool bind_element(binding *b, const wgsl__type *element) {
  return element && (b->element = b->element ? wgsl__type_common(b->element, element) : element) != NULL;
}

static bool bind_rows(binding *b, uint32_t rows) {
  if (b->rows == 0) b->rows = rows;
  return b->rows == rows;
}

static bool bind_atomic(binding *b, const wgsl__type *t) {
  return t->base == WGSL__BASE_POINTER && t->inner->base == WGSL__BASE_ATOMIC && (t->access & WGSL__ACCESS_WRITE) &&
         bind_element(b, t->inner->inner);
}

/* Takes one parameter's letter off *pattern; false: the argument cannot match. */
static bool bind(binding *b, const char **pattern, const wgsl__expr *arg) {
  const wgsl__type *t = arg->type;
  char c = *(*pattern)++;
  bool vector = t->base == WGSL__BASE_VECTOR, matrix = t->base == WGSL__BASE_MATRIX;
  bool scalar = t->base <= WGSL__BASE_LAST_SCALAR;
  if (c >= '2' && c <= '4') {
    if (!vector || t->host.rows != (uint32_t)(c - '0')) return false;
    if (**pattern != 'f' && **pattern != 'i' && **pattern != 'u') return bind_element(b, t->inner);
    char s = *(*pattern)++;
    return wgsl__converts(t->inner, b->m->basic[s == 'f'   ? WGSL__BASE_F32
                                                : s == 'i' ? WGSL__BASE_I32
                                                           : WGSL__BASE_U32]);
  }
  switch (c) {
    case 'T':
      return (scalar || vector) && bind_rows(b, vector ? t->host.rows : 1) && bind_element(b, wgsl__type_element(t));
    case 'V':
      return vector && bind_rows(b, t->host.rows) && bind_element(b, t->inner);
    case 'E':
      return scalar && bind_element(b, t);
    case 'B':
      return vector && bind_rows(b, t->host.rows) && t->inner->base == WGSL__BASE_BOOL;
    case 'J':
      if (!(scalar || vector) || !bind_rows(b, vector ? t->host.rows : 1)) return false;
      if (wgsl__type_element(t)->base != WGSL__BASE_ABSTRACT_INT) b->concrete = true;
      return wgsl__converts(wgsl__type_element(t), b->m->basic[WGSL__BASE_I32]);
    case 'M':
    case 'Q':
      b->columns = t->host.columns;
      return matrix && bind_rows(b, t->host.rows) && (c == 'M' || t->host.rows == t->host.columns) &&
             bind_element(b, t->inner->inner);
    case 'a':
      return bind_atomic(b, t);
    case 'r':
      return t->base == WGSL__BASE_POINTER && t->inner->base == WGSL__BASE_ARRAY &&
             t->inner->flags & WGSL__TYPE_RUNTIME_SIZED;
    case 'w':
      if (t->base != WGSL__BASE_POINTER || t->space != WGSL__SPACE_WORKGROUP) return false;
      b->pointee = t->inner->base == WGSL__BASE_ATOMIC ? t->inner->inner : t->inner;
      return b->pointee->flags & WGSL__TYPE_CONSTRUCTIBLE;
    case 'K':
      if (arg->phase != WGSL__PHASE_CONST) return false; /* fall through */
    case 'I':
      return wgsl__is_integer(t->base);
    case 'b':
      return t->base == WGSL__BASE_BOOL;
    default:
      return wgsl__converts(t, b->m->basic[c == 'f' ? WGSL__BASE_F32 : c == 'i' ? WGSL__BASE_I32 : WGSL__BASE_U32]);
  }
}

/* The scalar that E becomes: the nearest among those allowed (WGSL 6.1.2, conversion ranks). */
static bool choose_element(binding *b, unsigned scalars, uint8_t phase) {
  static const wgsl__base order[] = {WGSL__BASE_ABSTRACT_INT,   WGSL__BASE_I32, WGSL__BASE_U32,
                                     WGSL__BASE_ABSTRACT_FLOAT, WGSL__BASE_F32, WGSL__BASE_F16};
  if (!b->element) return true;
  if (b->element->base > WGSL__BASE_ABSTRACT_FLOAT) return scalars & 1u << b->element->base;
  bool concrete = b->concrete || phase != WGSL__PHASE_CONST;
  for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
    if (!(scalars & 1u << order[i]) || !wgsl__converts(b->element, b->m->basic[order[i]])) continue;
    if (concrete && order[i] <= WGSL__BASE_ABSTRACT_FLOAT) continue;
    b->element = b->m->basic[order[i]];
    return true;
  }
  return false;
}

static const wgsl__type *shaped(const binding *b, const wgsl__type *scalar) {
  return b->rows > 1 ? wgsl__type_vector(b->m, b->rows, scalar) : scalar;
}

/* frexp, modf and atomicCompareExchangeWeak return structures (WGSL 17.5, 17.8). */
static const wgsl__type *result_structure(const binding *b, char c) {
  static const char *const names[3][2] = {{"fract", "exp"}, {"fract", "whole"}, {"old_value", "exchanged"}};
  static const char *const prefixes[] = {"__frexp_result", "__modf_result", "__atomic_compare_exchange_result"};
  wgsl_module *m = b->m;
  int kind = c - 'X';
  bool abstract = b->element->base == WGSL__BASE_ABSTRACT_FLOAT;
  const wgsl__type *first = shaped(b, b->element),
                   *integer = m->basic[abstract ? WGSL__BASE_ABSTRACT_INT : WGSL__BASE_I32];
  const wgsl__type *second = kind == 0 ? shaped(b, integer) : kind == 1 ? first : m->basic[WGSL__BASE_BOOL];
  const char *element = abstract ? "abstract" : b->element->host.name;
  const char *name = b->rows > 1 ? wgsl__format(m, "%s_vec%u_%s", prefixes[kind], b->rows, element)
                                 : wgsl__format(m, "%s_%s", prefixes[kind], element);
  const wgsl__type *types[2] = {first, second}, *t = wgsl__type_result(m, name, names[kind], types);
  if (abstract && !t->concrete) {
    binding f32 = *b;
    f32.element = m->basic[WGSL__BASE_F32];
    ((wgsl__type *)t)->concrete = result_structure(&f32, c); /* made by us, const for those who read it */
  }
  return t;
}

/* The type that a letter stands for, once all is bound. NULL: any, or nothing. */
static const wgsl__type *substitute(const binding *b, const char **pattern) {
  wgsl_module *m = b->m;
  char c = *(*pattern)++;
  const wgsl__type *f32 = m->basic[WGSL__BASE_F32], *i32 = m->basic[WGSL__BASE_I32], *u32 = m->basic[WGSL__BASE_U32];
  if (c >= '2' && c <= '4') {
    const wgsl__type *scalar = **pattern == 'f' ? f32 : **pattern == 'i' ? i32 : **pattern == 'u' ? u32 : NULL;
    if (scalar) ++*pattern;
    return wgsl__type_vector(m, (uint32_t)(c - '0'), scalar ? scalar : b->element);
  }
  switch (c) {
    case 'T':
    case 'V':
      return shaped(b, b->element);
    case 'E':
      return b->element;
    case 'J':
      return shaped(b, b->element->base <= WGSL__BASE_ABSTRACT_FLOAT ? m->basic[WGSL__BASE_ABSTRACT_INT] : i32);
    case 'M':
    case 'Q':
      return wgsl__type_matrix(m, b->columns, b->rows, b->element);
    case 'm':
      return wgsl__type_matrix(m, b->rows, b->columns, b->element);
    case 'b':
      return m->basic[WGSL__BASE_BOOL];
    case 'f':
      return f32;
    case 'i':
      return i32;
    case 'u':
      return u32;
    case 'W':
      return b->pointee;
    case 'X':
    case 'Y':
    case 'Z':
      return result_structure(b, c);
    default:
      return NULL;
  }
}

static bool matches(wgsl_module *m, wgsl__expr *x, const wgsl__builtin *row, binding *b) {
  const char *pattern = strchr(row->signature, '(') + 1;
  *b = (binding){.m = m};
  const wgsl__expr *a = x->list;
  for (; a && *pattern != ')'; a = a->next)
    if (!bind(b, &pattern, a)) return false;
  return !a && *pattern == ')' && choose_element(b, row->scalars, x->phase);
}

static bool apply(wgsl_module *m, wgsl__expr *x, const wgsl__builtin *row, const binding *b, uint32_t n) {
  const char *result = row->signature, *pattern = strchr(row->signature, '(') + 1;
  x->builtin = row;
  x->type = substitute(b, &result);
  if (!(row->flags & WGSL__BUILTIN_CONST)) x->phase = WGSL__PHASE_RUNTIME;
  const wgsl__type **operands = n ? wgsl__array(m, n, sizeof *operands) : NULL;
  uint32_t i = 0;
  for (wgsl__expr *a = x->list; a && operands; a = a->next, i++) {
    const wgsl__type *t = substitute(b, &pattern);
    operands[i] = t;
    if (t && !a->bad && !wgsl__check_converts(m, a, t, "the argument")) x->bad = true;
  }
  x->operands = operands;
  return !x->bad;
}

static void no_overload(wgsl_module *m, wgsl__expr *x, const wgsl__builtin *first, uint32_t n) {
  const char *list = "";
  uint32_t least = UINT32_MAX, most = 0;
  for (const wgsl__builtin *row = first; row; row = wgsl__builtin_next(row)) {
    uint32_t count = 0;
    for (const char *p = strchr(row->signature, '(') + 1; *p != ')'; p++)
      count += !(*p >= '2' && *p <= '4' && (p[1] == 'f' || p[1] == 'i' || p[1] == 'u'));
    if (count < least) least = count;
    if (count > most) most = count;
  }
  x->bad = true;
  if (n < least || n > most) {
    wgsl__error(m, x->range, "argument-count", "'%s' takes %u argument%s, here it has %u", first->head.name, least,
                least == 1 ? "" : "s", n);
    return;
  }
  const wgsl__type *mixed = NULL, *one = NULL, *integer = NULL;
  for (const wgsl__expr *a = x->list; a; a = a->next) {
    const wgsl__type *element = wgsl__type_element(a->type);
    list = wgsl__format(m, "%s%s%s", list, *list ? ", " : "", wgsl__type_name(a->type));
    if (one && element && !wgsl__converts(one, element) && !wgsl__converts(element, one)) mixed = one;
    if (!one) one = element;
    if (element && (element->base == WGSL__BASE_I32 || element->base == WGSL__BASE_U32)) integer = element;
  }
  wgsl_diagnostic *d =
      wgsl__error(m, x->range, "no-overload", "no overload of '%s' takes (%s)", first->head.name, list);
  bool pointer = strchr(first->signature, 'a') || strchr(first->signature, 'r') || strchr(first->signature, 'w');
  if (pointer && x->list && x->list->type->base != WGSL__BASE_POINTER)
    wgsl__hint(m, d, "the first argument is a pointer: write '&' before the variable");
  else if (strchr(first->signature, 'K'))
    wgsl__hint(m, d, "the second argument must be a const-expression");
  else if (integer && !(first->scalars & INTEGER) && first->scalars & F32)
    wgsl__hint(m, d, "it takes floats: write 'f32(…)' around the '%s'", wgsl__type_name(integer));
  else if (mixed && mixed->base != WGSL__BASE_BOOL)
    wgsl__hint(m, d, "WGSL converts no values by itself: write '%s(…)' around the others", wgsl__type_name(mixed));
}

/* ---- the exceptions ---------------------------------------------------------------------------------------------- */

static uint32_t bits_of(const wgsl__type *t) {
  const wgsl__type *e = wgsl__type_element(t);
  return e->host.size * 8 * (t->base == WGSL__BASE_VECTOR ? t->host.rows : 1);
}

/* bitcast<T>(e) (WGSL 17.2.1) */
static void bitcast(wgsl_module *m, wgsl__expr *x, const wgsl__builtin *row, uint32_t n) {
  wgsl__expr *callee = x->left, *argument = x->list;
  if (!callee->list || callee->list->next || n != 1) {
    wgsl__hint(m, wgsl__error(m, x->range, "argument-count", "'bitcast' takes one type and one value"),
               "write 'bitcast<u32>(x)'");
    x->bad = true;
    return;
  }
  const wgsl__type *to = wgsl__type_of_expr(m, callee->list), *from = argument->type;
  x->bad = x->bad || !to;
  if (x->bad) return;
  if (wgsl__type_element(from) && from != to) from = wgsl__type_concrete(m, from);
  const wgsl__type *a = wgsl__type_element(from), *b = wgsl__type_element(to);
  bool fits = a && b && a->base != WGSL__BASE_BOOL && b->base != WGSL__BASE_BOOL && from->base != WGSL__BASE_MATRIX &&
              to->base != WGSL__BASE_MATRIX && bits_of(from) == bits_of(to) && (bits_of(from) >= 32 || a == b);
  if (fits && argument->type->base == WGSL__BASE_ABSTRACT_INT && b->base == WGSL__BASE_U32) from = to;
  if (fits && argument->type->base == WGSL__BASE_VECTOR &&
      wgsl__type_element(argument->type)->base == WGSL__BASE_ABSTRACT_INT &&
      to == wgsl__type_vector(m, from->host.rows, m->basic[WGSL__BASE_U32]))
    from = to;
  if (!fits) {
    wgsl__error(m, x->range, "no-overload", "'%s' cannot be cast to '%s' bit by bit", wgsl__type_name(argument->type),
                wgsl__type_name(to));
    x->bad = true;
    return;
  }
  x->builtin = row;
  x->type = to;
  x->operands = wgsl__array(m, 1, sizeof *x->operands);
  if (x->operands) x->operands[0] = from;
  if (!wgsl__check_converts(m, argument, from, "the argument")) x->bad = true;
}

void wgsl__check_builtin(wgsl_module *m, wgsl__expr *x, const wgsl__builtin *first) {
  uint32_t n = 0;
  binding b;
  x->phase = WGSL__PHASE_CONST;
  for (wgsl__expr *a = x->list; a; a = a->next, n++) {
    if (!wgsl__check_value(m, a)) x->bad = true;
    if (a->phase > x->phase) x->phase = a->phase;
  }
  if (m->function) m->function->builtin_flags |= first->flags;
  if (x->left->has_list && !(first->flags & WGSL__BUILTIN_TEMPLATE)) {
    wgsl__error(m, x->left->range, "template-arguments", "'%s' takes no template arguments", first->head.name);
    x->bad = true;
  }
  x->builtin = first;
  if (!(first->flags & WGSL__BUILTIN_CONST) && !m->function) {
    wgsl__error(m, x->range, "not-const", "'%s' can only be called while the shader runs", first->head.name);
    x->bad = true;
  }
  if (first->flags & (WGSL__BUILTIN_TEXTURE | WGSL__BUILTIN_VIEW)) {
    x->phase = WGSL__PHASE_RUNTIME;
    if (first->flags & WGSL__BUILTIN_TEXTURE)
      wgsl__check_texture(m, x, first->head.name);
    else
      wgsl__check_view(m, x, first);
    return;
  }
  if (x->bad || n > MAX_PARAMETERS) {
    if (!x->bad) no_overload(m, x, first, n);
    if (!(first->flags & WGSL__BUILTIN_CONST)) x->phase = WGSL__PHASE_RUNTIME;
    return;
  }
  if (first->signature[0] == '*') {
    bitcast(m, x, first, n);
    return;
  }
  for (const wgsl__builtin *row = first; row; row = wgsl__builtin_next(row))
    if (matches(m, x, row, &b)) {
      apply(m, x, row, &b, n);
      return;
    }
  no_overload(m, x, first, n);
}
