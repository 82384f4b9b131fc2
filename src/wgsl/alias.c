/* Alias analysis (WGSL 11.4): memory that a function reaches by two names may not be written by one of them. From the
 * called functions upwards each function gets a summary of what it reads and writes:
 *
 *   summary -> params [read | write] by position,  vars -> [module variable, read | write] ...
 *
 * Nothing is done in modules whose functions take no pointers. The work is bounded: beyond the budget nothing is told.
 */
#include <string.h>

#include "base/alloc.h"
#include "wgsl/module.h"

enum { READ = 1, WRITE = 2, MAX_WORK = 1 << 22 };

typedef struct access {
  wgsl__decl *var;
  unsigned flags;
} access;

typedef struct wgsl__summary {
  uint8_t *params;
  access *vars;
  uint32_t n_vars;
} summary;

typedef struct analysis {
  wgsl_module *m;
  wgsl__decl *function;
  access *vars; /* owned; of `function` */
  uint32_t n_vars, capacity;
  uint32_t work;
} analysis;

static void walk_statements(analysis *a, const wgsl__stmt *s);

const wgsl__expr *wgsl__viewed(const wgsl__expr *x) {
  return x->kind == WGSL__EXPR_CALL && x->builtin && x->builtin->flags & WGSL__BUILTIN_VIEW ? x->list : NULL;
}

wgsl__decl *wgsl__root_of(const wgsl__expr *x) {
  for (;;) {
    if (x->kind != WGSL__EXPR_IDENT) {
      const wgsl__expr *pointer = wgsl__viewed(x);
      if (!pointer && (x->kind == WGSL__EXPR_CALL || x->kind == WGSL__EXPR_BINARY)) return NULL;
      x = pointer ? pointer : x->left;
      if (!x) return NULL;
      continue;
    }
    wgsl__decl *d = x->decl;
    if (!d) return NULL;
    if (d->kind == WGSL__DECL_LET) return d->root;
    return d->kind == WGSL__DECL_VAR || d->kind == WGSL__DECL_PARAM ? d : NULL;
  }
}

static void touch(analysis *a, wgsl__decl *root, unsigned flags) {
  if (!root || !flags) return;
  if (root->kind == WGSL__DECL_PARAM) {
    a->function->summary->params[root->number] |= (uint8_t)flags;
    return;
  }
  if (root->local) return;
  if (root->alias_mark != a->function->index + 1) {
    if (!weft__grow(&a->vars, &a->capacity, a->n_vars + 1, sizeof *a->vars)) {
      a->m->out_of_memory = true;
      return;
    }
    root->alias_mark = a->function->index + 1;
    root->number = a->n_vars;
    a->vars[a->n_vars++] = (access){root, 0};
  }
  a->vars[root->number].flags |= flags;
}

/* ---- calls ------------------------------------------------------------------------------------------------------- */

static unsigned flags_in(analysis *a, const summary *s, const wgsl__decl *var) {
  for (uint32_t i = 0; i < s->n_vars && a->work; i++, a->work--)
    if (s->vars[i].var == var) return s->vars[i].flags;
  return 0;
}

static void report(analysis *a, const wgsl__expr *argument, const wgsl__decl *root, const wgsl__decl *callee,
                   wgsl__range other, const char *what) {
  wgsl_diagnostic *d =
      wgsl__error(a->m, argument->range, "aliased-pointer",
                  "'%s' reaches '%s' by two names, and writes it by one of them", callee->name->text, root->name->text);
  wgsl__note(a->m, d, other, "%s", what);
}

static void check_arguments(analysis *a, const wgsl__expr *call, const wgsl__decl *callee) {
  const summary *s = callee->summary;
  uint32_t i = 0;
  for (const wgsl__expr *x = call->list; x && i < callee->n_children; x = x->next, i++) {
    if (!x->type || x->type->base != WGSL__BASE_POINTER) continue;
    wgsl__decl *root = wgsl__root_of(x);
    if (!root) continue;
    touch(a, root, s->params[i]);
    uint32_t k = 0;
    for (const wgsl__expr *y = call->list; y != x && a->work; y = y->next, k++, a->work--)
      if (y->type && y->type->base == WGSL__BASE_POINTER && wgsl__root_of(y) == root && s->params[i] && s->params[k] &&
          (s->params[i] | s->params[k]) & WRITE) {
        report(a, x, root, callee, y->range, "the other argument");
        break;
      }
    if (root->kind != WGSL__DECL_VAR || root->local) continue;
    unsigned flags = flags_in(a, s, root);
    if ((s->params[i] & WRITE && flags) || (s->params[i] & READ && flags & WRITE))
      report(a, x, root, callee, root->name_range,
             flags & WRITE ? "it writes this variable by its name" : "it reads this variable by its name");
  }
}

static void walk_value(analysis *a, const wgsl__expr *x);

/* The expressions inside a memory view: indices, and calls that give pointers. */
static void walk_view(analysis *a, const wgsl__expr *x) {
  for (; x; x = x->left) {
    if (x->kind == WGSL__EXPR_INDEX) walk_value(a, x->right);
    if (x->kind == WGSL__EXPR_CALL || x->kind == WGSL__EXPR_BINARY) {
      walk_value(a, x);
      return;
    }
  }
}

static void walk_call(analysis *a, const wgsl__expr *x) {
  const wgsl__decl *callee = x->left->kind == WGSL__EXPR_IDENT ? x->left->decl : NULL;
  for (const wgsl__expr *y = x->list; y; y = y->next) walk_value(a, y);
  if (x->builtin) {
    const wgsl__expr *first = x->list;
    if (!first || !first->type || first->type->base != WGSL__BASE_POINTER || wgsl__viewed(x) ||
        first->type->inner->flags & WGSL__TYPE_RUNTIME_SIZED)
      return;
    touch(a, wgsl__root_of(first), READ | (x->builtin->flags & WGSL__BUILTIN_WRITES ? WRITE : 0));
    return;
  }
  if (!callee || callee->kind != WGSL__DECL_FUNCTION || !callee->summary) return;
  const summary *s = callee->summary;
  check_arguments(a, x, callee);
  for (uint32_t i = 0; i < s->n_vars && a->work && !a->m->out_of_memory; i++, a->work--)
    touch(a, s->vars[i].var, s->vars[i].flags);
}

static void walk_value(analysis *a, const wgsl__expr *x) {
  if (!x || x->phase < WGSL__PHASE_RUNTIME) return;
  if (x->space) {
    touch(a, wgsl__root_of(x), READ);
    walk_view(a, x);
    return;
  }
  if (x->kind == WGSL__EXPR_CALL) {
    walk_call(a, x);
  } else if (x->kind == WGSL__EXPR_UNARY && x->op == WGSL__TOKEN_AND) {
    walk_view(a, x->left);
  } else {
    walk_value(a, x->left);
    walk_value(a, x->right);
  }
}

/* ---- statements -------------------------------------------------------------------------------------------------- */

static void walk_statement(analysis *a, const wgsl__stmt *s) {
  bool target = s->kind == WGSL__STMT_ASSIGN || s->kind == WGSL__STMT_INCREMENT;
  if (target && s->left) {
    touch(a, wgsl__root_of(s->left), WRITE | (s->op == WGSL__TOKEN_EQUAL ? 0 : READ));
    walk_view(a, s->left);
  } else {
    walk_value(a, s->left);
  }
  walk_value(a, s->right);
  if (s->kind == WGSL__STMT_DECL && s->decl->init) {
    walk_value(a, s->decl->init);
  }
  if (s->init) walk_statement(a, s->init);
  if (s->update) walk_statement(a, s->update);
  walk_statements(a, s->body);
}

static void walk_statements(analysis *a, const wgsl__stmt *s) {
  for (; s && a->work && !a->m->out_of_memory; s = s->next) walk_statement(a, s);
}

static void summarise(analysis *a, wgsl__decl *f) {
  wgsl_module *m = a->m;
  summary *s = wgsl__new(m, sizeof *s);
  s->params = wgsl__array(m, f->n_children + 1, 1);
  if (!s->params) return;
  uint32_t i = 0;
  for (wgsl__decl *p = f->children; p; p = p->next) p->number = i++;
  f->summary = s;
  a->function = f;
  a->n_vars = 0;
  if (f->body) walk_statements(a, f->body->body);
  if (!a->n_vars || m->out_of_memory) return;
  s->vars = wgsl__array(m, a->n_vars, sizeof *s->vars);
  if (!s->vars) return;
  memcpy(s->vars, a->vars, a->n_vars * sizeof *s->vars);
  s->n_vars = a->n_vars;
}

void wgsl__alias_check(wgsl_module *m) {
  bool pointers = false;
  for (const wgsl__decl *d = m->decls; d && !pointers; d = d->next)
    for (const wgsl__decl *p = d->kind == WGSL__DECL_FUNCTION ? d->children : NULL; p; p = p->next)
      pointers = pointers || (p->type && p->type->base == WGSL__BASE_POINTER);
  if (!pointers) return;
  analysis a = {.m = m, .work = MAX_WORK};
  for (uint32_t i = 0; i < m->n_decls && a.work && !m->out_of_memory; i++)
    if (m->order[i]->kind == WGSL__DECL_FUNCTION) summarise(&a, m->order[i]);
  weft__free(a.vars);
}
