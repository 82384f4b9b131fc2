/* Values of typed expressions: const-expressions while they are checked, override-expressions once more for every
 * pipeline, on the same tree (WGSL 8.1). What only a part of the operands decides (a zero divisor, an index out of
 * range) is told for runtime expressions too. Used by the checker and by pipeline.c. */
#include <string.h>

#include "wgsl/module.h"

enum { MAX_ARGUMENTS = 16 };

/* One expression of a function's body that a pipeline must look at; linked from the function's decl. */
struct wgsl__check_node {
  wgsl__expr *expr;
  struct wgsl__check_node *next;
};

void wgsl__check_keep(wgsl_module *m, wgsl__decl *owner, wgsl__expr *x) {
  if (owner->checks && owner->checks->expr == x) return;
  struct wgsl__check_node *node = wgsl__new(m, sizeof *node);
  node->expr = x;
  node->next = owner->checks;
  owner->checks = node;
}

void wgsl__check_list(wgsl_module *m, wgsl__expr *x, wgsl__expr *child) {
  if (m->function && !m->dead && child && child->phase == WGSL__PHASE_OVERRIDE) wgsl__check_keep(m, m->function, x);
}

/* The operand's value as the operation takes it. */
static bool operand(wgsl__evaluation *e, const wgsl__expr *x, wgsl__expr *child, uint32_t i, wgsl__value *out) {
  if (!wgsl__value_of(e, child, out)) return false;
  return !x->operands || !x->operands[i] || wgsl__convert(e, child->range, out, x->operands[i]);
}

static bool index_check(wgsl__evaluation *e, const wgsl__expr *x, const wgsl__value *index) {
  const wgsl__type *t = x->left->type;
  if (!t || !index) return true;
  if (t->base == WGSL__BASE_POINTER) t = t->inner;
  uint32_t n = t->base == WGSL__BASE_ARRAY || t->base == WGSL__BASE_VECTOR || t->base == WGSL__BASE_MATRIX
                   ? wgsl__type_parts(t)
                   : 0;
  if (index->i >= 0 && (n == 0 || index->i < n)) return true;
  if (n)
    wgsl__evaluation_fail(e, x->right->range, "index-range", "the index %lld is outside '%s', whose last one is %u",
                          (long long)index->i, wgsl__type_name(t), n - 1);
  else
    wgsl__evaluation_fail(e, x->right->range, "index-range", "the index %lld is negative", (long long)index->i);
  return false;
}

static bool index_value(wgsl__evaluation *e, const wgsl__expr *x, wgsl__value *out) {
  wgsl__value base, index;
  if (!wgsl__value_of(e, x->left, &base) || !wgsl__value_of(e, x->right, &index)) return false;
  if (!index_check(e, x, &index)) return false;
  *out = wgsl__value_part(&base, (uint32_t)index.i);
  return x->type == out->type || wgsl__convert(e, x->range, out, x->type);
}

static bool member_value(wgsl__evaluation *e, const wgsl__expr *x, wgsl__value *out) {
  wgsl__value base;
  if (!wgsl__value_of(e, x->left, &base)) return false;
  if (base.type->base == WGSL__BASE_STRUCT) {
    for (uint32_t i = 0; i < base.type->host.n_members; i++)
      if (strcmp(base.type->host.members[i].name, x->name->text) == 0) return *out = wgsl__value_part(&base, i), true;
    return e->unknown = true, false;
  }
  uint32_t n = x->name->n_bytes;
  if (n == 1) return *out = wgsl__value_part(&base, wgsl__swizzle_index(x->name->text[0])), true;
  wgsl__value *parts = wgsl__value_parts(e, n);
  if (!parts) return false;
  for (uint32_t i = 0; i < n; i++)
    parts[i] = wgsl__value_part(&base, wgsl__swizzle_index(x->name->text[i]));
  *out = (wgsl__value){.type = x->type, .parts = parts};
  return true;
}

/* Adds the scalars of a vector or matrix, converted to `to`. */
static bool flatten(wgsl__evaluation *e, wgsl__range range, const wgsl__value *v, const wgsl__type *to,
                    wgsl__value scalars[16], uint32_t *n) {
  if (v->type->base <= WGSL__BASE_LAST_SCALAR) {
    if (*n >= 16) return e->unknown = true, false;
    scalars[*n] = *v;
    return wgsl__construct_scalar(e, range, &scalars[(*n)++], to);
  }
  for (uint32_t i = 0; i < wgsl__type_parts(v->type); i++) {
    wgsl__value part = wgsl__value_part(v, i);
    if (!flatten(e, range, &part, to, scalars, n)) return false;
  }
  return true;
}

/* A vector or matrix of the scalars. */
static bool assemble(wgsl__evaluation *e, const wgsl__type *t, const wgsl__value *scalars, wgsl__value *out) {
  uint32_t n = wgsl__type_parts(t);
  wgsl__value *parts = wgsl__value_parts(e, n);
  if (!parts) return false;
  *out = (wgsl__value){.type = t, .parts = parts};
  for (uint32_t i = 0; i < n; i++) {
    if (t->base == WGSL__BASE_VECTOR)
      parts[i] = scalars[i];
    else if (!assemble(e, t->inner, scalars + i * t->host.rows, &parts[i]))
      return false;
  }
  return true;
}

static bool construct_value(wgsl__evaluation *e, const wgsl__expr *x, wgsl__value *out) {
  const wgsl__type *t = x->type, *scalar = wgsl__type_element(t);
  *out = (wgsl__value){.type = t};
  if (!x->list) return true;
  if (t->base <= WGSL__BASE_LAST_SCALAR)
    return wgsl__value_of(e, x->list, out) && wgsl__construct_scalar(e, x->range, out, t);
  if (scalar) {
    wgsl__value scalars[16], one;
    uint32_t n = 0;
    for (wgsl__expr *a = x->list; a; a = a->next)
      if (!wgsl__value_of(e, a, &one) || !flatten(e, a->range, &one, scalar, scalars, &n)) return false;
    while (n == 1 || (n < t->host.rows && t->base == WGSL__BASE_VECTOR && !x->list->next)) {
      scalars[n] = scalars[0];
      if (++n >= 4) break;
    }
    return assemble(e, t, scalars, out);
  }
  uint32_t n = wgsl__type_parts(t), i = 0;
  wgsl__value *parts = wgsl__value_parts(e, n);
  if (!parts) return false;
  for (wgsl__expr *a = x->list; a && i < n; a = a->next, i++)
    if (!wgsl__value_of(e, a, &parts[i]) || !wgsl__convert(e, a->range, &parts[i], wgsl__type_part(t, i))) return false;
  out->parts = parts;
  return true;
}

static bool call_value(wgsl__evaluation *e, const wgsl__expr *x, wgsl__value *out) {
  wgsl__value args[MAX_ARGUMENTS];
  bool known[MAX_ARGUMENTS];
  uint32_t n = 0;
  if (!x->builtin) return construct_value(e, x, out);
  for (wgsl__expr *a = x->list; a && n < MAX_ARGUMENTS; a = a->next, n++) {
    if (!operand(e, x, a, n, &args[n])) return false;
    known[n] = true;
  }
  return x->builtin->check(e, x, args, known) && x->builtin->evaluate(e, x, args, n, out);
}

static bool binary_value(wgsl__evaluation *e, const wgsl__expr *x, wgsl__value *out) {
  wgsl__value a, b;
  bool logical = x->op == WGSL__TOKEN_AND_AND || x->op == WGSL__TOKEN_OR_OR;
  if (!operand(e, x, x->left, 0, &a)) return false;
  if (logical && (a.i != 0) == (x->op == WGSL__TOKEN_OR_OR)) return *out = a, true; /* the right one is not evaluated */
  return operand(e, x, x->right, 1, &b) && wgsl__binary_value(e, x, a, b, out);
}

static bool identifier_value(wgsl__evaluation *e, const wgsl__expr *x, wgsl__value *out) {
  const wgsl__decl *d = x->decl;
  *out = (wgsl__value){0};
  if (d && d->kind == WGSL__DECL_CONST) *out = d->value;
  if (d && d->kind == WGSL__DECL_OVERRIDE && e->overrides) *out = e->overrides[d->reflected];
  if (!out->type) e->unknown = true;
  return out->type != NULL;
}

static bool node_value(wgsl__evaluation *e, const wgsl__expr *x, wgsl__value *out) {
  wgsl__value a;
  switch (x->kind) {
    case WGSL__EXPR_LITERAL:
      return *out = x->value, true;
    case WGSL__EXPR_PAREN:
      return wgsl__value_of(e, x->left, out);
    case WGSL__EXPR_IDENT:
      return identifier_value(e, x, out);
    case WGSL__EXPR_UNARY:
      return operand(e, x, x->left, 0, &a) && wgsl__unary_value(e, x, a, out);
    case WGSL__EXPR_BINARY:
      return binary_value(e, x, out);
    case WGSL__EXPR_INDEX:
      return index_value(e, x, out);
    case WGSL__EXPR_MEMBER:
      return member_value(e, x, out);
    case WGSL__EXPR_CALL:
      return call_value(e, x, out);
    default:
      return e->unknown = true, false;
  }
}

bool wgsl__value_of(wgsl__evaluation *e, wgsl__expr *x, wgsl__value *out) {
  if (x->known) return *out = x->value, true;
  if (!e->overrides || x->bad || x->phase > WGSL__PHASE_OVERRIDE) return e->unknown = true, false;
  return node_value(e, x, out);
}

/* Tells what is wrong by the operands that are known. */
static bool node_check(wgsl__evaluation *e, const wgsl__expr *x) {
  wgsl__value a, b, args[MAX_ARGUMENTS];
  bool known[MAX_ARGUMENTS] = {0};
  uint32_t n = 0;
  switch (x->kind) {
    case WGSL__EXPR_BINARY:
      if (!wgsl__value_of(e, x->right, &b)) return !e->failed;
      return wgsl__binary_check(e, x, wgsl__value_of(e, x->left, &a) ? &a : NULL, &b);
    case WGSL__EXPR_INDEX:
      if (!wgsl__value_of(e, x->right, &b)) return !e->failed;
      return index_check(e, x, &b);
    case WGSL__EXPR_CALL:
      for (wgsl__expr *k = x->list; k && n < MAX_ARGUMENTS; k = k->next, n++) known[n] = operand(e, x, k, n, &args[n]);
      return !e->failed && (!x->builtin || x->builtin->check(e, x, args, known));
    case WGSL__EXPR_UNARY:
    case WGSL__EXPR_PAREN:
    case WGSL__EXPR_MEMBER:
      return wgsl__value_of(e, x->left, &a) || !e->failed;
    default:
      return true;
  }
}

void wgsl__node_finish(wgsl_module *m, wgsl__expr *x) {
  if (x->bad || m->dead) return;
  wgsl__evaluation e = {.m = m};
  if (x->phase == WGSL__PHASE_CONST && !x->space) {
    x->known = node_value(&e, x, &x->value);
  } else {
    node_check(&e, x);
  }
  x->bad = e.failed;
  if (x->phase != WGSL__PHASE_RUNTIME) return;
  wgsl__check_list(m, x, x->left);
  wgsl__check_list(m, x, x->right);
  for (wgsl__expr *a = x->kind == WGSL__EXPR_CALL ? x->list : NULL; a; a = a->next) wgsl__check_list(m, x, a);
}

bool wgsl__pipeline_checks(wgsl__evaluation *e, const wgsl__decl *function) {
  for (const struct wgsl__check_node *node = function->checks; node; node = node->next) {
    wgsl__value v;
    e->unknown = false;
    if (node->expr->phase == WGSL__PHASE_OVERRIDE)
      wgsl__value_of(e, node->expr, &v);
    else
      node_check(e, node->expr);
    if (e->failed) return false;
  }
  return true;
}

wgsl__result wgsl__evaluate(wgsl__evaluation *e, wgsl__expr *x) {
  wgsl__result r = {.phase = WGSL__PHASE_UNKNOWN};
  if (e->overrides) {
    r.phase = WGSL__PHASE_OVERRIDE;
    r.known = wgsl__value_of(e, x, &r.value);
    r.bad = e->failed;
    return r;
  }
  const wgsl__type *t = wgsl__check_value(e->m, x);
  r.bad = x->bad || !t;
  if (r.bad) return r;
  r.phase = (wgsl__phase)x->phase;
  r.known = x->known;
  if (r.known) r.value = x->value;
  r.value.type = t;
  return r;
}
