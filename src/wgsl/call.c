/* Calls: of functions, of types (WGSL 17.1) and, by builtin.c, of builtins. */
#include "wgsl/module.h"

static uint8_t later(uint8_t a, uint8_t b) { return a > b ? a : b; }

/* Types the arguments; returns how many, sets x->phase and x->bad from them. */
static uint32_t arguments(wgsl_module *m, wgsl__expr *x) {
  uint32_t n = 0;
  x->phase = WGSL__PHASE_CONST;
  for (wgsl__expr *a = x->list; a; a = a->next, n++) {
    if (!wgsl__check_value(m, a)) x->bad = true;
    x->phase = later(x->phase, a->phase);
  }
  return n;
}

static void wrong_count(wgsl_module *m, wgsl__expr *x, const char *name, uint32_t wanted, uint32_t n,
                        const wgsl__decl *d) {
  wgsl_diagnostic *diagnostic = wgsl__error(m, x->range, "argument-count", "'%s' takes %u argument%s, here it has %u",
                                            name, wanted, wanted == 1 ? "" : "s", n);
  if (d) wgsl__note(m, diagnostic, d->name_range, "'%s' is declared here", name);
  x->bad = true;
}

/* ---- functions --------------------------------------------------------------------------------------------------- */

static void call_function(wgsl_module *m, wgsl__expr *x, const wgsl__decl *d) {
  uint32_t n = arguments(m, x);
  x->phase = WGSL__PHASE_RUNTIME;
  if (x->left->has_list) {
    wgsl__error(m, x->left->range, "template-arguments", "'%s' takes no template arguments", d->name->text);
    x->bad = true;
  }
  if (!m->function) {
    wgsl__error(m, x->range, "not-const", "the function '%s' cannot be called at module scope", d->name->text);
    x->bad = true;
  }
  if (d->stage >= 0) {
    wgsl_diagnostic *e =
        wgsl__error(m, x->range, "entry-call", "'%s' is an entry point and cannot be called", d->name->text);
    wgsl__note(m, e, d->name_range, "'%s' is declared here", d->name->text);
    x->bad = true;
  }
  if (n != d->n_children) wrong_count(m, x, d->name->text, d->n_children, n, d);
  const wgsl__decl *p = d->children;
  for (wgsl__expr *a = x->list; a && p; a = a->next, p = p->next) {
    if (p->view_bytes && !a->bad) wgsl__note_view(a, p->view_bytes);
    if (p->type && !a->bad &&
        !wgsl__check_converts(m, a, p->type,
                              wgsl__format(m, "the argument '%s' of '%s'", p->name->text, d->name->text)))
      x->bad = true;
  }
  if (d->return_expr && !d->type) x->bad = true;
  x->type = d->type;
  if (m->function) m->function->builtin_flags |= d->builtin_flags;
}

/* ---- types ------------------------------------------------------------------------------------------------------- */

/* wanted: how many components there are, 0: that is not what is wrong. */
static void no_constructor(wgsl_module *m, wgsl__expr *x, const char *name, uint32_t wanted) {
  if (x->bad) return;
  x->bad = true;
  const char *list = "";
  for (const wgsl__expr *a = x->list; a; a = a->next)
    list = wgsl__format(m, "%s%s%s", list, *list ? ", " : "", wgsl__type_name(a->type));
  wgsl_diagnostic *d = wgsl__error(m, x->range, "no-constructor", "'%s' cannot be made of (%s)", name, list);
  uint32_t count = 0;
  for (const wgsl__expr *a = x->list; a; a = a->next)
    count += a->type->base == WGSL__BASE_VECTOR ? a->type->host.rows : 1;
  if (wanted && count != wanted && x->list->next) wgsl__hint(m, d, "it has %u components, here are %u", wanted, count);
}

/* Whether the arguments are scalars and vectors whose elements convert to `scalar` and that count to `rows`; with
 * scalar NULL what the elements agree on is put into it. */
static bool components_fit(const wgsl__expr *x, const wgsl__type **scalar, uint32_t rows) {
  uint32_t count = 0;
  const wgsl__type *t = *scalar;
  for (const wgsl__expr *a = x->list; a; a = a->next) {
    const wgsl__type *element = wgsl__type_element(a->type);
    if (!element || a->type->base == WGSL__BASE_MATRIX) return false;
    if (*scalar ? !wgsl__converts(element, *scalar) : t && !wgsl__type_common(t, element)) return false;
    if (!*scalar) t = t ? wgsl__type_common(t, element) : element;
    count += a->type->base == WGSL__BASE_VECTOR ? a->type->host.rows : 1;
  }
  *scalar = t;
  return count == rows;
}

/* Abstract arguments beside runtime ones are converted, so they must fit. */
static void arguments_fit(wgsl_module *m, wgsl__expr *x, const wgsl__type *scalar) {
  for (wgsl__expr *a = x->phase == WGSL__PHASE_CONST ? NULL : x->list; a; a = a->next) {
    const wgsl__type *element = wgsl__type_element(a->type);
    if (!a->known || !element || element->base > WGSL__BASE_ABSTRACT_FLOAT) continue;
    bool vector = a->type->base == WGSL__BASE_VECTOR;
    if (a->type->base == WGSL__BASE_MATRIX) continue;
    if (!wgsl__check_converts(m, a, vector ? wgsl__type_vector(m, a->type->host.rows, scalar) : scalar, "the argument"))
      x->bad = true;
  }
}

static void construct_vector(wgsl_module *m, wgsl__expr *x, uint32_t rows, const wgsl__type *scalar, const char *name) {
  const wgsl__type *one = x->list && !x->list->next ? x->list->type : NULL;
  bool fits = true;
  if (!x->list) {
    if (!scalar) scalar = m->basic[WGSL__BASE_ABSTRACT_INT];
  } else if (one && one->base == WGSL__BASE_VECTOR) {
    fits = one->host.rows == rows;
    if (!scalar) scalar = one->inner;
  } else if (one && one->base <= WGSL__BASE_LAST_SCALAR) {
    fits = !scalar || wgsl__converts(one, scalar);
    if (!scalar) scalar = one;
  } else {
    fits = components_fit(x, &scalar, rows);
  }
  if (!fits || !scalar) {
    no_constructor(m, x, name, rows);
    return;
  }
  if (x->phase != WGSL__PHASE_CONST) scalar = wgsl__type_concrete(m, scalar);
  x->type = wgsl__type_vector(m, rows, scalar);
  if (x->list && (x->list->next || x->list->type->base != WGSL__BASE_VECTOR)) arguments_fit(m, x, scalar);
}

static void construct_matrix(wgsl_module *m, wgsl__expr *x, uint32_t columns, uint32_t rows, const wgsl__type *scalar,
                             const char *name) {
  const wgsl__type *one = x->list && !x->list->next ? x->list->type : NULL;
  bool fits = scalar != NULL || x->list;
  if (one) {
    fits = one->base == WGSL__BASE_MATRIX && one->host.columns == columns && one->host.rows == rows;
    if (fits && !scalar) scalar = one->inner->inner;
  } else if (x->list) {
    bool vectors = x->list->type->base == WGSL__BASE_VECTOR;
    for (const wgsl__expr *a = x->list; a && fits; a = a->next)
      fits = vectors ? a->type->base == WGSL__BASE_VECTOR && a->type->host.rows == rows
                     : a->type->base <= WGSL__BASE_LAST_SCALAR;
    fits = fits && components_fit(x, &scalar, columns * rows);
    if (fits && scalar->base == WGSL__BASE_ABSTRACT_INT) scalar = m->basic[WGSL__BASE_ABSTRACT_FLOAT];
  }
  fits =
      fits && scalar &&
      (scalar->base == WGSL__BASE_ABSTRACT_FLOAT || scalar->base == WGSL__BASE_F32 || scalar->base == WGSL__BASE_F16);
  if (!fits) {
    no_constructor(m, x, name, x->list && x->list->type->base != WGSL__BASE_MATRIX ? columns * rows : 0);
    return;
  }
  if (x->phase != WGSL__PHASE_CONST) scalar = wgsl__type_concrete(m, scalar);
  x->type = wgsl__type_matrix(m, columns, rows, scalar);
  arguments_fit(m, x, scalar);
}

static void construct_array(wgsl_module *m, wgsl__expr *x, uint32_t n) {
  const wgsl__type *t = NULL;
  if (n == 0) {
    wgsl__hint(m, wgsl__error(m, x->range, "no-constructor", "'array()' does not say what it holds"),
               "write 'array<f32, 4>()' or list the elements");
    x->bad = true;
    return;
  }
  for (const wgsl__expr *a = x->list; a; a = a->next) {
    const wgsl__type *next = t ? wgsl__type_common(t, a->type) : a->type;
    if (!next) {
      wgsl__error(m, a->range, "type-mismatch", "the elements of an array have one type, here '%s' and '%s'",
                  wgsl__type_name(t), wgsl__type_name(a->type));
      x->bad = true;
      return;
    }
    t = next;
  }
  if (x->phase != WGSL__PHASE_CONST) t = wgsl__type_concrete(m, t);
  if (!(t->flags & WGSL__TYPE_CONSTRUCTIBLE) || t->depth >= WGSL__MAX_TYPE_DEPTH) {
    no_constructor(m, x, "array", 0);
    return;
  }
  x->type = wgsl__type_array(m, t, n);
  for (wgsl__expr *a = x->phase == WGSL__PHASE_CONST ? NULL : x->list; a; a = a->next)
    if (!wgsl__check_converts(m, a, t, "the element")) x->bad = true;
}

/* Arrays and structures: an argument for each part, or none. */
static void construct_parts(wgsl_module *m, wgsl__expr *x, const wgsl__type *t, uint32_t n) {
  uint32_t wanted = wgsl__type_parts(t), i = 0;
  x->type = t;
  if (n == 0) return;
  if (n != wanted) {
    wrong_count(m, x, wgsl__type_name(t), wanted, n, t->decl);
    return;
  }
  for (wgsl__expr *a = x->list; a; a = a->next, i++) {
    const char *what = t->base == WGSL__BASE_STRUCT
                           ? wgsl__format(m, "the member '%s' of '%s'", t->host.members[i].name, wgsl__type_name(t))
                           : wgsl__format(m, "element %u of '%s'", i, wgsl__type_name(t));
    if (!wgsl__check_converts(m, a, wgsl__type_part(t, i), what)) x->bad = true;
    if (x->bad) return; /* one is enough */
  }
}

static void construct_type(wgsl_module *m, wgsl__expr *x, const wgsl__type *t, uint32_t n) {
  const char *name = wgsl__type_name(t);
  if (!(t->flags & WGSL__TYPE_CONSTRUCTIBLE)) {
    wgsl__error(m, x->range, "no-constructor", "a value of type '%s' cannot be made", name);
    x->bad = true;
    return;
  }
  if (t->base == WGSL__BASE_VECTOR) {
    construct_vector(m, x, t->host.rows, t->inner, name);
  } else if (t->base == WGSL__BASE_MATRIX) {
    construct_matrix(m, x, t->host.columns, t->host.rows, t->inner->inner, name);
  } else if (t->base <= WGSL__BASE_LAST_SCALAR) {
    if (n > 1 || (n == 1 && x->list->type->base > WGSL__BASE_LAST_SCALAR)) no_constructor(m, x, name, 0);
    x->type = t;
  } else {
    construct_parts(m, x, t, n);
  }
}

void wgsl__check_call(wgsl_module *m, wgsl__expr *x) {
  wgsl__expr *callee = x->left;
  x->phase = WGSL__PHASE_RUNTIME;
  if (callee->kind != WGSL__EXPR_IDENT || wgsl__is_unresolved(callee)) {
    arguments(m, x);
    x->bad = true;
    return;
  }
  const wgsl__decl *d = callee->decl;
  const wgsl__predeclared *row = d ? NULL : callee->name->predeclared;
  if (d && d->kind == WGSL__DECL_FUNCTION) {
    call_function(m, x, d);
    return;
  }
  if (row && row->what == WGSL__WHAT_FUNCTION) {
    wgsl__check_builtin(m, x, (const wgsl__builtin *)row);
    return;
  }
  bool type = d ? d->kind == WGSL__DECL_STRUCT || d->kind == WGSL__DECL_ALIAS : row->what <= WGSL__WHAT_LAST_TYPE;
  uint32_t n = arguments(m, x);
  if (!type) {
    wgsl_diagnostic *e =
        wgsl__error(m, callee->range, "not-callable", "'%s' is neither a function nor a type", callee->name->text);
    if (d) wgsl__note(m, e, d->name_range, "'%s' is declared here", d->name->text);
    x->bad = true;
    return;
  }
  bool infers = row && !callee->has_list && row->scalar == WGSL_SCALAR_NONE &&
                (row->what == WGSL__WHAT_VECTOR || row->what == WGSL__WHAT_MATRIX || row->what == WGSL__WHAT_ARRAY);
  const wgsl__type *t = infers ? NULL : wgsl__type_of_expr(m, callee);
  if (!infers && !t) x->bad = true;
  if (x->bad) return;
  if (!infers)
    construct_type(m, x, t, n);
  else if (row->what == WGSL__WHAT_VECTOR)
    construct_vector(m, x, row->n, NULL, row->name);
  else if (row->what == WGSL__WHAT_MATRIX)
    construct_matrix(m, x, row->n >> 4, row->n & 15, NULL, row->name);
  else
    construct_array(m, x, n);
}
