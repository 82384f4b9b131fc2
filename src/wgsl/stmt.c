/* Statements (WGSL 9): types of what they take, where they may stand, what may be assigned to. */
#include "wgsl/module.h"

/* Where a statement stands. */
typedef struct place {
  bool in_loop, in_switch, in_continuing; /* in_continuing: no loop or switch between */
  bool no_return;
  uint32_t *first_continue; /* of the innermost loop: where its first `continue` is, UINT32_MAX: none yet */
} place;

static void check_statements(wgsl_module *m, wgsl__stmt *s, place p);

/* A value that a statement takes; NULL: reported. */
static const wgsl__type *value(wgsl_module *m, wgsl__expr *x) {
  const wgsl__type *t = wgsl__check_value(m, x);
  if (t) wgsl__check_list(m, x, x);
  if (!t && !x->bad && x->kind == WGSL__EXPR_CALL) {
    wgsl__error(m, x->range, "no-value", "'%s' returns nothing", x->left->name->text);
    x->bad = true;
  }
  return t;
}

static void condition(wgsl_module *m, wgsl__expr *x, const char *what) {
  const wgsl__type *t = x ? value(m, x) : NULL;
  if (!t || t->base == WGSL__BASE_BOOL) return;
  wgsl_diagnostic *d = wgsl__error(m, x->range, "type-mismatch", "the condition of %s must be a bool, this is '%s'",
                                   what, wgsl__type_name(t));
  if (t->base <= WGSL__BASE_LAST_SCALAR) wgsl__hint(m, d, "compare it, as in '!= 0'");
}

/* ---- declarations ------------------------------------------------------------------------------------------------ */

void wgsl__declare_local(wgsl_module *m, wgsl__decl *d) {
  if (!d->name || !d->init) return;
  const wgsl__type *t = value(m, d->init);
  if (!t) {
    if (!d->type_expr) d->type = NULL;
    return;
  }
  if (t->base == WGSL__BASE_POINTER) d->root = wgsl__root_of(d->init);
  if (d->type_expr) {
    if (d->type) wgsl__check_converts(m, d->init, d->type, wgsl__format(m, "the value of '%s'", d->name->text));
    return;
  }
  t = wgsl__type_concrete(m, t);
  bool handle = t->base == WGSL__BASE_POINTER || t->base == WGSL__BASE_TEXTURE || t->base == WGSL__BASE_SAMPLER;
  if (t->flags & WGSL__TYPE_CONSTRUCTIBLE || (handle && d->kind == WGSL__DECL_LET)) {
    d->type = t;
    wgsl__check_converts(m, d->init, t, "the value");
    return;
  }
  wgsl__error(m, d->init->range, "store-type", "'%s' cannot hold a value of type '%s'", d->name->text,
              wgsl__type_name(t));
}

/* ---- assignment -------------------------------------------------------------------------------------------------- */

static const wgsl__decl *root_of(const wgsl__expr *e) {
  while (e->kind != WGSL__EXPR_IDENT && e->left && e->kind != WGSL__EXPR_CALL) {
    if (e->kind == WGSL__EXPR_UNARY && e->op == WGSL__TOKEN_AND) return NULL; /* an address is a value */
    e = e->left;
  }
  return e->kind == WGSL__EXPR_IDENT ? e->decl : NULL;
}

static void read_only(wgsl_module *m, const wgsl__expr *target) {
  const wgsl__decl *d = root_of(target);
  bool storage = target->space == WGSL__SPACE_STORAGE;
  bool variable = d && d->kind == WGSL__DECL_VAR && (wgsl__space)target->space == d->space;
  const char *what = storage                                ? "a storage variable with the access mode read"
                     : target->space == WGSL__SPACE_UNIFORM ? "a uniform variable"
                                                            : "an immediate variable";
  wgsl_diagnostic *diagnostic;
  if (variable)
    diagnostic = wgsl__error(m, target->range, "read-only", "'%s' is %s and cannot be written", d->name->text, what);
  else
    diagnostic = wgsl__error(m, target->range, "read-only", "this points at %s, which cannot be written", what);
  if (storage) wgsl__hint(m, diagnostic, "declare it as 'var<storage, read_write>'");
  if (d) wgsl__note(m, diagnostic, d->name_range, "'%s' is declared here", d->name->text);
}

/* The store type of what is assigned to; NULL: reported. */
static const wgsl__type *target(wgsl_module *m, wgsl__expr *x) {
  wgsl__check_expr(m, x);
  if (x->bad) return NULL;
  if (!x->type) {
    value(m, x);
    return NULL;
  }
  if (!x->space) {
    const wgsl__decl *d = root_of(x);
    wgsl_diagnostic *e;
    if (d)
      e = wgsl__error(m, x->range, "not-assignable", "'%s' is no variable and cannot be assigned to", d->name->text);
    else
      e = wgsl__error(m, x->range, "not-assignable", "a value cannot be assigned to");
    if (!d) return NULL;
    if (d->kind == WGSL__DECL_LET) wgsl__hint(m, e, "declare '%s' with 'var' instead of 'let'", d->name->text);
    if (d->kind == WGSL__DECL_PARAM)
      wgsl__hint(m, e, "parameters cannot be changed: copy it, as in 'var %s_ = %s;'", d->name->text, d->name->text);
    wgsl__note(m, e, d->name_range, "'%s' is declared here", d->name->text);
    return NULL;
  }
  if (!(x->access & WGSL__ACCESS_WRITE)) {
    read_only(m, x);
    return NULL;
  }
  if (!(x->type->flags & WGSL__TYPE_CONSTRUCTIBLE)) {
    wgsl_diagnostic *d =
        wgsl__error(m, x->range, "not-assignable", "'%s' cannot be assigned to", wgsl__type_name(x->type));
    const wgsl__expr *named = wgsl__unparen(x);
    const char *name = named->kind == WGSL__EXPR_IDENT ? named->name->text : "…";
    if (x->type->base == WGSL__BASE_ATOMIC)
      wgsl__hint(m, d, "write 'atomicStore(&%s, …)', 'atomicAdd(&%s, …)' and so on", name, name);
    return NULL;
  }
  if (x->swizzle) { /* each component once */
    const wgsl__expr *u = wgsl__unparen(x);
    for (uint32_t i = 0; u->name && i < u->name->n_bytes; i++)
      for (uint32_t k = 0; k < i; k++)
        if (u->name->text[i] == u->name->text[k]) {
          wgsl__error(m, x->range, "not-assignable", "the component '%c' is assigned to twice", u->name->text[i]);
          return NULL;
        }
  }
  return x->type;
}

static wgsl__token_kind binary_of(wgsl__token_kind op) {
  static const wgsl__token_kind pairs[][2] = {{WGSL__TOKEN_PLUS_EQUAL, WGSL__TOKEN_PLUS},
                                              {WGSL__TOKEN_MINUS_EQUAL, WGSL__TOKEN_MINUS},
                                              {WGSL__TOKEN_TIMES_EQUAL, WGSL__TOKEN_STAR},
                                              {WGSL__TOKEN_DIVISION_EQUAL, WGSL__TOKEN_SLASH},
                                              {WGSL__TOKEN_MODULO_EQUAL, WGSL__TOKEN_MODULO},
                                              {WGSL__TOKEN_AND_EQUAL, WGSL__TOKEN_AND},
                                              {WGSL__TOKEN_OR_EQUAL, WGSL__TOKEN_OR},
                                              {WGSL__TOKEN_XOR_EQUAL, WGSL__TOKEN_XOR},
                                              {WGSL__TOKEN_SHIFT_RIGHT_EQUAL, WGSL__TOKEN_SHIFT_RIGHT},
                                              {WGSL__TOKEN_SHIFT_LEFT_EQUAL, WGSL__TOKEN_SHIFT_LEFT}};
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
    if (pairs[i][0] == op) return pairs[i][1];
  return op;
}

static void assign(wgsl_module *m, wgsl__stmt *s) {
  const wgsl__type *to = target(m, s->left), *from = value(m, s->right);
  if (!to || !from) return;
  if (s->op == WGSL__TOKEN_EQUAL) {
    wgsl__check_converts(m, s->right, to, "the value");
    return;
  }
  if (!wgsl__check_value(m, s->left)) return;
  wgsl__expr *x = wgsl__new(m, sizeof *x); /* a op b, as the same operation would be typed */
  if (m->out_of_memory) return;
  x->kind = WGSL__EXPR_BINARY;
  x->op = binary_of(s->op);
  x->left = s->left;
  x->right = s->right;
  x->range = s->range;
  x->phase = WGSL__PHASE_RUNTIME;
  x->checked = true;
  wgsl__operator_types(m, x, x->op, to, from);
  if (x->bad) return;
  if (x->type != to) {
    wgsl__error(m, s->range, "type-mismatch", "the result has the type '%s', '%s' is needed", wgsl__type_name(x->type),
                wgsl__type_name(to));
    return;
  }
  const wgsl__type *a = wgsl__type_element(to), *b = wgsl__type_element(from);
  if (a && b && b->base <= WGSL__BASE_ABSTRACT_FLOAT && x->op != WGSL__TOKEN_SHIFT_LEFT &&
      x->op != WGSL__TOKEN_SHIFT_RIGHT) {
    const wgsl__type *as = from->base == WGSL__BASE_VECTOR ? wgsl__type_vector(m, from->host.rows, a)
                           : from->base == WGSL__BASE_MATRIX
                               ? wgsl__type_matrix(m, from->host.columns, from->host.rows, a)
                               : a;
    if (!wgsl__check_converts(m, s->right, as, "the value")) return;
  }
  wgsl__node_finish(m, x);
}

static void increment(wgsl_module *m, wgsl__stmt *s) {
  const wgsl__type *t = target(m, s->left);
  if (!t || !wgsl__check_value(m, s->left)) return;
  if (t->base == WGSL__BASE_I32 || t->base == WGSL__BASE_U32) return;
  wgsl_diagnostic *d = wgsl__error(m, s->range, "no-operator", "%s needs an i32 or u32, this is '%s'",
                                   wgsl__token_text(s->op), wgsl__type_name(t));
  if (t->base == WGSL__BASE_F32) wgsl__hint(m, d, "write '+= 1' or '-= 1'");
}

static void call_statement(wgsl_module *m, wgsl__stmt *s) {
  wgsl__expr *x = s->left;
  wgsl__check_expr(m, x);
  wgsl__check_list(m, x, x);
  const wgsl__expr *callee = x->left;
  const wgsl__decl *d = callee->kind == WGSL__EXPR_IDENT ? callee->decl : NULL;
  if (wgsl__is_unresolved(callee)) return;
  bool function = d && d->kind == WGSL__DECL_FUNCTION;
  bool must_use = x->builtin ? x->builtin->flags & WGSL__BUILTIN_MUST_USE
                             : function && wgsl__attribute_find(d->attributes, WGSL__ATTRIBUTE_must_use);
  if (!x->builtin && !function) {
    if (!x->bad) wgsl__error(m, x->range, "unused-value", "a value of '%s' is made and not used", callee->name->text);
  } else if (must_use && !x->bad) {
    wgsl_diagnostic *e =
        wgsl__error(m, x->range, "unused-value", "the result of '%s' must be used", callee->name->text);
    wgsl__hint(m, e, "write '_ = %s(…);' to drop it", callee->name->text);
  }
}

/* ---- control flow ------------------------------------------------------------------------------------------------ */

static void case_value(wgsl_module *m, wgsl__expr *x, const wgsl__type *t, weft__map *seen) {
  if (!wgsl__check_converts(m, x, t, "the case")) return;
  if (x->phase != WGSL__PHASE_CONST) {
    wgsl__error(m, x->range, "not-const", "a case must be a const-expression");
    return;
  }
  if (!x->known) return;
  int64_t key = x->value.i;
  const wgsl__expr *before = weft__map_get(seen, &key, sizeof key);
  if (before) {
    wgsl_diagnostic *d = wgsl__error(m, x->range, "duplicate-case", "two cases have the value %lld", (long long)key);
    wgsl__note(m, d, before->range, "the first one");
  } else if (!weft__map_put(seen, &key, sizeof key, x)) {
    m->out_of_memory = true;
  }
}

static void switch_statement(wgsl_module *m, wgsl__stmt *s, place p) {
  const wgsl__type *t = value(m, s->left);
  bool abstract = t && t->base == WGSL__BASE_ABSTRACT_INT;
  if (t && !abstract && t->base != WGSL__BASE_I32 && t->base != WGSL__BASE_U32) {
    wgsl__error(m, s->left->range, "type-mismatch", "a switch needs an i32 or u32, this is '%s'", wgsl__type_name(t));
    t = NULL;
  }
  /* Selector and cases agree on one type. */
  for (const wgsl__stmt *c = s->body; c && abstract; c = c->next)
    for (wgsl__expr *x = c->list; x; x = x->next) {
      const wgsl__type *one = wgsl__check_value(m, x);
      if (one && (one->base == WGSL__BASE_I32 || one->base == WGSL__BASE_U32)) t = one;
    }
  if (t) t = wgsl__type_concrete(m, t);
  if (t && abstract) wgsl__check_converts(m, s->left, t, "the selector");
  weft__map seen = {0};
  for (wgsl__stmt *c = s->body; c; c = c->next)
    for (wgsl__expr *x = c->list; x; x = x->next)
      if (t) case_value(m, x, t, &seen);
  weft__map_free(&seen);
  p.in_switch = true;
  p.in_continuing = false;
  for (wgsl__stmt *c = s->body; c; c = c->next) check_statements(m, c->body, p);
}

static void loop_statement(wgsl_module *m, wgsl__stmt *s, place p) {
  uint32_t first = UINT32_MAX;
  p.in_loop = true;
  p.in_switch = p.in_continuing = false;
  p.first_continue = &first;
  if (s->init) check_statements(m, s->init, p);
  if (s->left) condition(m, s->left, s->kind == WGSL__STMT_FOR ? "a for loop" : "a while loop");
  if (s->update) check_statements(m, s->update, p);
  check_statements(m, s->body, p);
}

/* Declarations after the loop's first `continue` may not have been made when its continuing block runs. */
static void continuing(wgsl_module *m, wgsl__stmt *s, place p) {
  uint32_t from = m->skipped_from, to = m->skipped_to;
  m->skipped_from = *p.first_continue;
  m->skipped_to = s->range.offset;
  p.in_continuing = p.no_return = true;
  p.in_switch = false;
  check_statements(m, s->body, p);
  m->skipped_from = from;
  m->skipped_to = to;
}

static void return_statement(wgsl_module *m, wgsl__stmt *s, place p) {
  const wgsl__decl *f = m->function;
  if (p.no_return) wgsl__error(m, s->range, "misplaced-return", "a continuing block cannot return");
  const wgsl__type *t = s->left ? value(m, s->left) : NULL;
  wgsl_diagnostic *d = NULL;
  if (s->left && !f->return_expr) {
    if (t || s->left->bad) d = wgsl__error(m, s->range, "return-type", "'%s' returns nothing", f->name->text);
    if (t && f->stage < 0)
      wgsl__hint(m, d, "write 'fn %s(…) -> %s'", f->name->text, wgsl__type_name(wgsl__type_concrete(m, t)));
  } else if (!s->left && f->return_expr) {
    d = wgsl__error(m, s->range, "return-type", "'%s' must return a value of type '%s'", f->name->text,
                    wgsl__type_name(f->type));
  } else if (t && f->type) {
    wgsl__check_converts(m, s->left, f->type, wgsl__format(m, "the result of '%s'", f->name->text));
  }
}

static void jump(wgsl_module *m, wgsl__stmt *s, place p) {
  bool is_break = s->kind == WGSL__STMT_BREAK;
  if (is_break ? !p.in_loop && !p.in_switch : !p.in_loop)
    wgsl__error(m, s->range, "misplaced-jump",
                is_break ? "'break' can only be in a loop or switch" : "'continue' can only be in a loop");
  else if (is_break ? p.in_continuing : p.no_return && p.first_continue == m->continuing_loop)
    wgsl__hint(m,
               wgsl__error(m, s->range, "misplaced-jump", "'%s' cannot be in a continuing block",
                           is_break ? "break" : "continue"),
               "the last statement of a continuing block may be 'break if'");
  else if (!is_break && *p.first_continue == UINT32_MAX)
    *p.first_continue = s->range.offset;
}

static void check_statement(wgsl_module *m, wgsl__stmt *s, place p) {
  switch (s->kind) {
    case WGSL__STMT_RETURN:
      return_statement(m, s, p);
      return;
    case WGSL__STMT_CLAUSE:
      if (s->left) condition(m, s->left, "an if");
      check_statements(m, s->body, p);
      return;
    case WGSL__STMT_SWITCH:
      switch_statement(m, s, p);
      return;
    case WGSL__STMT_LOOP:
    case WGSL__STMT_FOR:
    case WGSL__STMT_WHILE:
      loop_statement(m, s, p);
      return;
    case WGSL__STMT_CONTINUING: {
      uint32_t *outer = m->continuing_loop;
      m->continuing_loop = p.first_continue;
      continuing(m, s, p);
      m->continuing_loop = outer;
      return;
    }
    case WGSL__STMT_BREAK_IF:
      condition(m, s->left, "'break if'");
      return;
    case WGSL__STMT_CALL:
      call_statement(m, s);
      return;
    case WGSL__STMT_DECL:
      if (s->decl->name) wgsl__declare_value(m, s->decl);
      return;
    case WGSL__STMT_ASSIGN:
      assign(m, s);
      return;
    case WGSL__STMT_PHONY:
      value(m, s->right);
      return;
    case WGSL__STMT_INCREMENT:
      increment(m, s);
      return;
    case WGSL__STMT_CONST_ASSERT:
      wgsl__const_assertion(m, s->left);
      return;
    case WGSL__STMT_BREAK:
    case WGSL__STMT_CONTINUE:
      jump(m, s, p);
      return;
    case WGSL__STMT_DISCARD:
      m->function->builtin_flags |= WGSL__BUILTIN_DISCARD;
      return;
    default:
      check_statements(m, s->body, p);
      return;
  }
}

static void check_statements(wgsl_module *m, wgsl__stmt *s, place p) {
  for (; s && !m->out_of_memory; s = s->next) check_statement(m, s, p);
}

void wgsl__check_body(wgsl_module *m, wgsl__decl *function) {
  uint32_t none = UINT32_MAX;
  place p = {.first_continue = &none};
  m->function = function;
  if (function->body) check_statements(m, function->body->body, p);
  m->function = NULL;
}
