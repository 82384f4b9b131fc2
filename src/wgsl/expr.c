/* Types of expressions (WGSL 6.1, 8): each expression is typed once, its phase found, and its value when it is a
 * const-expression. A reference is an expression with an address space; `type` is then its store type.
 *
 * An expression that is `bad` was reported, or has a type that is not followed: nothing more is said about it. */
#include <string.h>

#include "wgsl/module.h"

wgsl__expr *wgsl__unparen(wgsl__expr *x) {
  while (x->kind == WGSL__EXPR_PAREN) x = x->left;
  return x;
}

static uint8_t later(uint8_t a, uint8_t b) { return a > b ? a : b; }
static bool is_integer(const wgsl__type *t) { return t && wgsl__is_integer(t->base); }
static bool is_bool(const wgsl__type *t) { return t && t->base == WGSL__BASE_BOOL; }

static void not_a_value(wgsl_module *m, const wgsl__expr *x) {
  const wgsl__predeclared *row = x->decl ? NULL : x->name->predeclared;
  bool function = x->decl ? x->decl->kind == WGSL__DECL_FUNCTION : row && row->what == WGSL__WHAT_FUNCTION;
  bool type = x->decl ? x->decl->kind == WGSL__DECL_STRUCT || x->decl->kind == WGSL__DECL_ALIAS
                      : row && row->what <= WGSL__WHAT_LAST_TYPE;
  wgsl_diagnostic *d = wgsl__error(m, x->range, "not-a-value", "'%s' is %s, not a value", x->name->text,
                                   function ? "a function"
                                   : type   ? "a type"
                                            : "a predeclared name");
  if (function) wgsl__hint(m, d, "write '%s(…)' to call it", x->name->text);
}

/* ---- names ------------------------------------------------------------------------------------------------------- */

static void identifier(wgsl_module *m, wgsl__expr *x) {
  wgsl__decl *d = x->decl;
  x->phase = WGSL__PHASE_RUNTIME;
  x->bad = true;
  if (!d) {
    if (x->name->predeclared) not_a_value(m, x);
    return;
  }
  if (d->kind == WGSL__DECL_FUNCTION || d->kind == WGSL__DECL_STRUCT || d->kind == WGSL__DECL_ALIAS) {
    not_a_value(m, x);
    return;
  }
  if (x->has_list) {
    wgsl__error(m, x->range, "template-arguments", "'%s' takes no template arguments", x->name->text);
    return;
  }
  if (d->kind == WGSL__DECL_CONST) x->phase = WGSL__PHASE_CONST;
  if (d->kind == WGSL__DECL_OVERRIDE) x->phase = WGSL__PHASE_OVERRIDE;
  if (!d->type) return;
  x->bad = false;
  x->type = d->type;
  if (d->kind == WGSL__DECL_CONST) {
    x->value = d->value;
    x->known = d->value.type != NULL;
  } else if (d->kind == WGSL__DECL_VAR && d->space != WGSL__SPACE_HANDLE) {
    x->space = (uint8_t)d->space;
    x->access = (uint8_t)d->access;
  }
  if (d->local && m->skipped_to && d->range.offset > m->skipped_from && d->range.offset < m->skipped_to) {
    wgsl_diagnostic *e = wgsl__error(m, x->range, "skipped-declaration",
                                     "'%s' may not be declared yet: a 'continue' before it leads here", x->name->text);
    wgsl__note(m, e, d->name_range, "'%s' is declared here", x->name->text);
  }
  if (d->kind == WGSL__DECL_VAR && !d->local && !m->function) {
    wgsl__error(m, x->range, "not-const", "the variable '%s' has no value at module scope", x->name->text);
    x->bad = true;
  }
}

/* ---- member and index -------------------------------------------------------------------------------------------- */

/* What . and [] apply to: a pointer to a composite stands for what it points at. */
static const wgsl__type *composite_base(wgsl_module *m, wgsl__expr *x) {
  wgsl__check_expr(m, x->left);
  x->phase = x->left->phase;
  x->bad = x->left->bad;
  const wgsl__type *t = x->left->type;
  if (x->bad || !t) return x->bad = true, NULL;
  x->space = x->left->space;
  x->access = x->left->access;
  if (t->base == WGSL__BASE_POINTER && !x->space) {
    x->space = (uint8_t)t->space;
    x->access = (uint8_t)t->access;
    t = t->inner;
  }
  return t;
}

/* `v.zyx.xy` in memory is `v.zy`, and `v.zyx[0]` is `v.z`: nothing later need know of chains, but of `v.zyx[i]` alone.
 * `places` are those that x takes of the swizzle on its left. */
static void fold_swizzles(wgsl_module *m, wgsl__expr *x, const uint32_t *places, uint32_t n) {
  const wgsl__expr *inner = wgsl__unparen(x->left);
  wgsl__name *folded = wgsl__new(m, sizeof *folded);
  char *text = wgsl__array(m, n + 1, 1);
  if (!text) return;
  for (uint32_t i = 0; i < n; i++) text[i] = inner->name->text[places[i]];
  text[n] = 0;
  *folded = (wgsl__name){.text = text, .n_bytes = n, .kind = WGSL__TOKEN_IDENT};
  x->kind = WGSL__EXPR_MEMBER;
  x->name = folded;
  x->left = inner->left;
  x->right = NULL;
  x->space = inner->space;
  x->access = inner->access;
  x->component = n == 1;
  x->swizzle = n > 1;
}

static bool is_swizzle(wgsl__expr *x) {
  const wgsl__expr *inner = wgsl__unparen(x);
  return inner->swizzle && inner->kind == WGSL__EXPR_MEMBER;
}

static void swizzle(wgsl_module *m, wgsl__expr *x, const wgsl__type *t) {
  const char *name = x->name->text;
  uint32_t n = x->name->n_bytes, places[4];
  bool colours = strchr("rgba", name[0]) != NULL; /* the letters are of one set */
  for (uint32_t i = 0; i < n; i++) {
    uint32_t at = n > 4 ? 4 : wgsl__swizzle_index(name[i]);
    bool other = at < 4 && (strchr("rgba", name[i]) != NULL) != colours;
    if (i < 4) places[i] = at;
    if (at < t->host.rows && !other) continue;
    x->bad = true;
    wgsl_diagnostic *d =
        wgsl__error(m, x->name_range, "unknown-member", "'%s' has no component '%s'", wgsl__type_name(t), name);
    if (other)
      wgsl__hint(m, d, "take letters of x y z w or of r g b a, not of both");
    else
      wgsl__hint(m, d, "its components are %.*s", (int)t->host.rows, "xyzw");
    return;
  }
  x->type = n == 1 ? t->inner : wgsl__type_vector(m, n, t->inner);
  if (n == 1)
    x->component = x->space != 0;
  else
    x->swizzle = x->space != 0;
  if (is_swizzle(x->left)) fold_swizzles(m, x, places, n);
}

/* The type of the member, NULL: there is none. Large structures are not searched again and again. */
static const wgsl__type *member_type(wgsl_module *m, const wgsl__type *t, const wgsl__name *name) {
  enum { LARGE = 16 };
  const void *key[2] = {t, name};
  bool large = t->host.n_members > LARGE;
  const wgsl__type *found = large ? weft__map_get(&m->members, key, sizeof key) : NULL;
  if (found) return found;
  for (uint32_t i = 0; i < t->host.n_members && !found; i++)
    if (strcmp(t->host.members[i].name, name->text) == 0) found = (const wgsl__type *)t->host.members[i].type;
  if (found && large && !weft__map_put(&m->members, key, sizeof key, (void *)found)) m->out_of_memory = true;
  return found;
}

static void member(wgsl_module *m, wgsl__expr *x) {
  const wgsl__type *t = composite_base(m, x);
  if (!t) return;
  if (t->base == WGSL__BASE_VECTOR) {
    swizzle(m, x, t);
  } else if (t->base == WGSL__BASE_STRUCT) {
    const char *best = NULL;
    x->type = member_type(m, t, x->name);
    if (!x->type) {
      wgsl_diagnostic *d =
          wgsl__error(m, x->name_range, "unknown-member", "'%s' has no member '%s'", wgsl__type_name(t), x->name->text);
      for (uint32_t i = 0; d && i < t->host.n_members && !best; i++)
        if (weft__text_similar(x->name->text, x->name->n_bytes, t->host.members[i].name,
                               strlen(t->host.members[i].name)))
          best = t->host.members[i].name;
      if (best) wgsl__hint(m, d, "did you mean '%s'?", best);
      if (d && t->decl) wgsl__note(m, d, t->decl->name_range, "'%s' is declared here", wgsl__type_name(t));
      x->bad = true;
    }
  } else {
    wgsl__error(m, x->name_range, "unknown-member", "'%s' has no members", wgsl__type_name(t));
    x->bad = true;
  }
}

/* A known abstract operand must fit what it becomes, also where the whole is not evaluated. */
static bool operand_fits(wgsl_module *m, wgsl__expr *operand, const wgsl__type *to) {
  return !operand->known || operand->type == to || wgsl__check_converts(m, operand, to, "the operand");
}

static void index_expression(wgsl_module *m, wgsl__expr *x) {
  const wgsl__type *t = composite_base(m, x), *index = wgsl__check_value(m, x->right);
  if (x->right->bad || !index) x->bad = true;
  if (!t || x->bad) return;
  if (t->base != WGSL__BASE_VECTOR && t->base != WGSL__BASE_MATRIX && t->base != WGSL__BASE_ARRAY) {
    wgsl__error(m, x->range, "not-indexable", "'%s' cannot be indexed", wgsl__type_name(t));
    x->bad = true;
    return;
  }
  if (!is_integer(index)) {
    wgsl_diagnostic *d = wgsl__error(m, x->right->range, "index-type", "an index must be an i32 or u32, this is '%s'",
                                     wgsl__type_name(index));
    if (index->base == WGSL__BASE_VECTOR) wgsl__hint(m, d, "take one component, as in 'id.x'");
    if (index->base == WGSL__BASE_F32) wgsl__hint(m, d, "write 'u32(…)' around it");
    x->bad = true;
    return;
  }
  if (index->base == WGSL__BASE_ABSTRACT_INT && !operand_fits(m, x->right, m->basic[WGSL__BASE_I32])) x->bad = true;
  x->phase = later(x->phase, x->right->phase);
  x->type = t->inner;
  if (x->phase != WGSL__PHASE_CONST) x->type = wgsl__type_concrete(m, x->type);
  x->component = t->base == WGSL__BASE_VECTOR && x->space;
  uint32_t place = (uint32_t)x->right->value.i;
  if (x->right->known && t->base == WGSL__BASE_VECTOR && place < t->host.rows && is_swizzle(x->left))
    fold_swizzles(m, x, &place, 1);
}

/* ---- operators --------------------------------------------------------------------------------------------------- */

static void set_operands(wgsl_module *m, wgsl__expr *x, const wgsl__type *a, const wgsl__type *b) {
  if (x->phase != WGSL__PHASE_CONST && (!operand_fits(m, x->left, a) || !operand_fits(m, x->right, b))) x->bad = true;
  if (x->phase > WGSL__PHASE_OVERRIDE) return; /* never evaluated */
  x->operands = wgsl__array(m, 2, sizeof *x->operands);
  if (!x->operands) return;
  x->operands[0] = a;
  x->operands[1] = b;
}

static void no_operator(wgsl_module *m, wgsl__expr *x, wgsl__token_kind op, const wgsl__type *a, const wgsl__type *b) {
  x->bad = true;
  wgsl_diagnostic *d = wgsl__error(m, x->range, "no-operator", "no operator %s takes '%s' and '%s'",
                                   wgsl__token_text(op), wgsl__type_name(a), wgsl__type_name(b));
  const wgsl__type *ea = wgsl__type_element(a), *eb = wgsl__type_element(b);
  bool numbers = ea && eb && !is_bool(ea) && !is_bool(eb);
  bool logical = op == WGSL__TOKEN_AND_AND || op == WGSL__TOKEN_OR_OR;
  if (a->base == WGSL__BASE_POINTER || b->base == WGSL__BASE_POINTER)
    wgsl__hint(m, d, "write '*p' for what a pointer points at");
  else if (logical && (ea == a || eb == b))
    wgsl__hint(m, d, "both sides must be bool: compare numbers, as in 'a != 0'");
  else if (numbers && ea != eb && a == ea && b == eb) {
    bool to_left = !is_integer(ea) && is_integer(eb); /* rather to the float */
    const wgsl__type *to = to_left ? ea : eb, *from = to_left ? eb : ea;
    wgsl__hint(m, d, "WGSL converts no numbers by itself: write '%s(…)' around the '%s'",
               wgsl__type_name(wgsl__type_concrete(m, to)), wgsl__type_name(from));
  } else if (numbers && ea != eb)
    wgsl__hint(m, d, "both sides must have elements of one type: convert one, as in 'vec3f(v)' or 'f32(i)'");
}

static const wgsl__type *with_element(wgsl_module *m, const wgsl__type *t, const wgsl__type *element) {
  if (t->base == WGSL__BASE_VECTOR) return wgsl__type_vector(m, t->host.rows, element);
  if (t->base == WGSL__BASE_MATRIX) return wgsl__type_matrix(m, t->host.columns, t->host.rows, element);
  return element;
}

/* The type of a matrix product, NULL: there is none. */
static const wgsl__type *product_type(wgsl_module *m, const wgsl__type *a, const wgsl__type *b, const wgsl__type *c) {
  bool ma = a->base == WGSL__BASE_MATRIX, mb = b->base == WGSL__BASE_MATRIX;
  bool va = a->base == WGSL__BASE_VECTOR, vb = b->base == WGSL__BASE_VECTOR;
  if (ma && mb) return a->host.columns == b->host.rows ? wgsl__type_matrix(m, b->host.columns, a->host.rows, c) : NULL;
  if (ma && vb) return a->host.columns == b->host.rows ? wgsl__type_vector(m, a->host.rows, c) : NULL;
  if (va && mb) return a->host.rows == b->host.rows ? wgsl__type_vector(m, b->host.columns, c) : NULL;
  return with_element(m, ma ? a : b, c);
}

static bool is_shift(wgsl__token_kind op) { return op == WGSL__TOKEN_SHIFT_LEFT || op == WGSL__TOKEN_SHIFT_RIGHT; }

static void shift_types(wgsl_module *m, wgsl__expr *x, wgsl__token_kind op, const wgsl__type *a, const wgsl__type *b) {
  const wgsl__type *ea = wgsl__type_element(a), *u32 = m->basic[WGSL__BASE_U32];
  bool shape = a->base == b->base || (a->base <= WGSL__BASE_LAST_SCALAR && b->base <= WGSL__BASE_LAST_SCALAR);
  if (!is_integer(ea) || a->base == WGSL__BASE_MATRIX || !shape || !wgsl__converts(b, with_element(m, a, u32))) {
    no_operator(m, x, op, a, b);
    return;
  }
  if (x->phase != WGSL__PHASE_CONST) a = wgsl__type_concrete(m, a);
  x->type = a;
  set_operands(m, x, a, with_element(m, a, u32));
}

/* What an operator takes (WGSL 8.6–8.9). */
enum { ARITHMETIC, COMPARISON, EQUALITY, BITWISE, BITWISE_XOR, LOGICAL };

static int operator_class(wgsl__token_kind op) {
  switch (op) {
    case WGSL__TOKEN_PLUS:
    case WGSL__TOKEN_MINUS:
    case WGSL__TOKEN_STAR:
    case WGSL__TOKEN_SLASH:
    case WGSL__TOKEN_MODULO:
      return ARITHMETIC;
    case WGSL__TOKEN_EQUAL_EQUAL:
    case WGSL__TOKEN_NOT_EQUAL:
      return EQUALITY;
    case WGSL__TOKEN_AND:
    case WGSL__TOKEN_OR:
      return BITWISE;
    case WGSL__TOKEN_XOR:
      return BITWISE_XOR;
    case WGSL__TOKEN_AND_AND:
    case WGSL__TOKEN_OR_OR:
      return LOGICAL;
    default:
      return COMPARISON;
  }
}

void wgsl__operator_types(wgsl_module *m, wgsl__expr *x, wgsl__token_kind op, const wgsl__type *a,
                          const wgsl__type *b) {
  if (is_shift(op)) {
    shift_types(m, x, op, a, b);
    return;
  }
  const wgsl__type *c = wgsl__type_common(wgsl__type_element(a), wgsl__type_element(b)), *t = NULL;
  int kind = operator_class(op);
  bool ma = a->base == WGSL__BASE_MATRIX, mb = b->base == WGSL__BASE_MATRIX;
  bool va = a->base == WGSL__BASE_VECTOR, vb = b->base == WGSL__BASE_VECTOR;
  bool same = c && (ma || va || mb || vb
                        ? a->base == b->base && a->host.rows == b->host.rows && a->host.columns == b->host.columns
                        : true);
  if (c && kind == ARITHMETIC && !is_bool(c)) {
    if (ma || mb)
      t = op == WGSL__TOKEN_STAR                                        ? product_type(m, a, b, c)
          : same && (op == WGSL__TOKEN_PLUS || op == WGSL__TOKEN_MINUS) ? with_element(m, a, c)
                                                                        : NULL;
    else if (same || (va != vb))
      t = with_element(m, va ? a : b, c);
  } else if (same && !ma) {
    bool fits = kind == COMPARISON    ? !is_bool(c)
                : kind == EQUALITY    ? true
                : kind == BITWISE     ? is_bool(c) || is_integer(c)
                : kind == BITWISE_XOR ? is_integer(c)
                : kind == LOGICAL     ? is_bool(c) && !va
                                      : false;
    if (fits)
      t = kind == COMPARISON || kind == EQUALITY ? with_element(m, a, m->basic[WGSL__BASE_BOOL])
                                                 : with_element(m, a, c);
  }
  if (!t) {
    no_operator(m, x, op, a, b);
    return;
  }
  x->type = t;
  set_operands(m, x, with_element(m, a, c), with_element(m, b, c));
}

static void binary(wgsl_module *m, wgsl__expr *x) {
  const wgsl__type *a = wgsl__check_value(m, x->left);
  bool decides = (x->op == WGSL__TOKEN_AND_AND || x->op == WGSL__TOKEN_OR_OR) && x->left->known && is_bool(a) &&
                 (x->left->value.i != 0) == (x->op == WGSL__TOKEN_OR_OR);
  m->dead += decides;
  const wgsl__type *b = wgsl__check_value(m, x->right);
  m->dead -= decides;
  x->phase = later(x->left->phase, x->right->phase);
  x->bad = x->left->bad || x->right->bad || !a || !b;
  if (!x->bad) wgsl__operator_types(m, x, x->op, a, b);
}

static void address_of(wgsl_module *m, wgsl__expr *x) {
  wgsl__check_expr(m, x->left);
  x->phase = WGSL__PHASE_RUNTIME;
  x->bad = x->left->bad || !x->left->type;
  if (x->bad) return;
  const char *why = !x->left->space                          ? "this is a value, not a variable"
                    : x->left->component || x->left->swizzle ? "this is a component of a vector"
                    : x->left->space == WGSL__SPACE_HANDLE   ? "textures and samplers have no address"
                                                             : NULL;
  if (why) {
    wgsl__error(m, x->range, "address-of", "no address can be taken: %s", why);
    x->bad = true;
    return;
  }
  x->type = wgsl__type_pointer(m, (wgsl__space)x->left->space, x->left->type, x->left->access);
}

static void indirection(wgsl_module *m, wgsl__expr *x) {
  const wgsl__type *t = wgsl__check_value(m, x->left);
  x->phase = x->left->phase;
  x->bad = x->left->bad || !t;
  if (x->bad) return;
  if (t->base != WGSL__BASE_POINTER) {
    wgsl__error(m, x->range, "not-a-pointer", "'*' needs a pointer, this is '%s'", wgsl__type_name(t));
    x->bad = true;
    return;
  }
  x->type = t->inner;
  x->space = (uint8_t)t->space;
  x->access = (uint8_t)t->access;
}

static void unary(wgsl_module *m, wgsl__expr *x) {
  if (x->op == WGSL__TOKEN_AND) {
    address_of(m, x);
    return;
  }
  if (x->op == WGSL__TOKEN_STAR) {
    indirection(m, x);
    return;
  }
  const wgsl__type *t = wgsl__check_value(m, x->left), *c = wgsl__type_element(t);
  x->phase = x->left->phase;
  x->bad = x->left->bad || !t;
  if (x->bad) return;
  bool fits = c && t->base != WGSL__BASE_MATRIX &&
              (x->op == WGSL__TOKEN_BANG    ? is_bool(c)
               : x->op == WGSL__TOKEN_TILDE ? is_integer(c)
                                            : !is_bool(c) && c->base != WGSL__BASE_U32);
  if (!fits) {
    wgsl_diagnostic *d = wgsl__error(m, x->range, "no-operator", "no operator %s takes '%s'", wgsl__token_text(x->op),
                                     wgsl__type_name(t));
    if (x->op == WGSL__TOKEN_BANG && is_integer(c)) wgsl__hint(m, d, "write '== 0' to compare a number with zero");
    x->bad = true;
    return;
  }
  x->type = t;
}

/* ---- all --------------------------------------------------------------------------------------------------------- */

void wgsl__check_expr(wgsl_module *m, wgsl__expr *x) {
  if (x->checked) return;
  x->checked = true;
  switch (x->kind) {
    case WGSL__EXPR_LITERAL:
      x->type = x->value.type;
      x->known = true;
      x->phase = WGSL__PHASE_CONST;
      return;
    case WGSL__EXPR_PAREN:
      wgsl__check_expr(m, x->left);
      x->type = x->left->type;
      x->phase = x->left->phase;
      x->bad = x->left->bad;
      x->space = x->left->space;
      x->access = x->left->access;
      x->component = x->left->component;
      x->swizzle = x->left->swizzle;
      x->known = x->left->known;
      x->value = x->left->value;
      return;
    case WGSL__EXPR_IDENT:
      identifier(m, x);
      return;
    case WGSL__EXPR_UNARY:
      unary(m, x);
      break;
    case WGSL__EXPR_BINARY:
      binary(m, x);
      break;
    case WGSL__EXPR_INDEX:
      index_expression(m, x);
      break;
    case WGSL__EXPR_MEMBER:
      member(m, x);
      break;
    case WGSL__EXPR_CALL:
      wgsl__check_call(m, x);
      break;
    default:
      x->bad = true;
      break;
  }
  if (!x->bad) wgsl__node_finish(m, x);
}

const wgsl__type *wgsl__check_value(wgsl_module *m, wgsl__expr *x) {
  wgsl__check_expr(m, x);
  if (x->bad || !x->type) return NULL;
  if (!x->space) return x->type;
  const char *why = x->access == WGSL__ACCESS_WRITE                ? "it can only be written"
                    : x->type->flags & WGSL__TYPE_HAS_ATOMIC       ? "it holds atomics"
                    : !(x->type->flags & WGSL__TYPE_CONSTRUCTIBLE) ? "its size is not fixed"
                                                                   : NULL;
  if (!why) return x->type;
  wgsl_diagnostic *d =
      wgsl__error(m, x->range, "not-loadable", "'%s' cannot be read as a value: %s", wgsl__type_name(x->type), why);
  const wgsl__expr *named = wgsl__unparen(x);
  if (x->type->base == WGSL__BASE_ATOMIC && named->kind == WGSL__EXPR_IDENT)
    wgsl__hint(m, d, "write 'atomicLoad(&%s)' for its value, '&%s' for its address", named->name->text,
               named->name->text);
  else if (x->type->base == WGSL__BASE_ATOMIC)
    wgsl__hint(m, d, "write 'atomicLoad(&…)' for its value, '&…' for its address");
  if (x->type->flags & WGSL__TYPE_RUNTIME_SIZED)
    wgsl__hint(m, d, "index it, or write '&' before it for its address, as in 'arrayLength(&data)'");
  x->bad = true;
  return NULL;
}

bool wgsl__check_converts(wgsl_module *m, wgsl__expr *x, const wgsl__type *to, const char *what) {
  const wgsl__type *t = wgsl__check_value(m, x);
  if (!t || !to) return false;
  if (!wgsl__converts(t, to)) {
    wgsl_diagnostic *d = wgsl__error(m, x->range, "type-mismatch", "%s must have the type '%s', this is '%s'", what,
                                     wgsl__type_name(to), wgsl__type_name(t));
    const wgsl__type *a = wgsl__type_element(t), *b = wgsl__type_element(to);
    if (a && b && t->base != WGSL__BASE_MATRIX &&
        (t->base == to->base || (t->base <= WGSL__BASE_LAST_SCALAR && to->base <= WGSL__BASE_LAST_SCALAR)) &&
        t->host.rows == to->host.rows)
      wgsl__hint(m, d, "WGSL converts no values by itself: write '%s(…)'", wgsl__type_name(to));
    else if (to->base == WGSL__BASE_POINTER && x->space)
      wgsl__hint(m, d, "write '&' before a variable for its address");
    x->bad = true;
    return false;
  }
  if (x->known && !m->dead) {
    wgsl__value v = x->value;
    wgsl__evaluation e = {.m = m};
    if (v.type != to && !wgsl__convert(&e, x->range, &v, to) && e.failed) return false;
  }
  return true;
}
