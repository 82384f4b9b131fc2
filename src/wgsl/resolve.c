/* Names to declarations, and the declarations in an order in which each comes after those it mentions (WGSL 5).
 *
 * Scopes hang on the names: name->local is the innermost declaration that is open, its `shadowed` the one below, and
 * `open` links all open ones, so that leaving a scope restores what it hid.
 *
 *   open -> x (level 2) -> i (level 1) -> x (level 0)          name "x"->local = x (level 2) -> shadowed x (level 0)
 */
#include <string.h>

#include "base/alloc.h"
#include "wgsl/module.h"

typedef struct resolver {
  wgsl_module *m;
  wgsl__decl *current; /* the module-scope declaration that is walked */
  wgsl__decl *open;
  uint32_t level;
  wgsl__decl **mentions; /* owned; of current */
  uint32_t n_mentions, mentions_capacity;
} resolver;

static void walk_expr(resolver *r, wgsl__expr *e);
static void walk_statements(resolver *r, wgsl__stmt *s);

/* ---- names ------------------------------------------------------------------------------------------------------- */

typedef struct guess {
  const char *text;
  uint32_t distance;
} guess;

static void consider(guess *best, const wgsl__name *wanted, const wgsl__name *candidate) {
  if (!candidate || !weft__text_similar(wanted->text, wanted->n_bytes, candidate->text, candidate->n_bytes)) return;
  uint32_t d = weft__text_distance(wanted->text, wanted->n_bytes, candidate->text, candidate->n_bytes, 8);
  if (!best->text || d < best->distance) *best = (guess){candidate->text, d};
}

static void unknown_identifier(resolver *r, const wgsl__expr *e) {
  wgsl_diagnostic *d = wgsl__error(r->m, e->name_range, "unknown-identifier", "unknown identifier '%s'", e->name->text);
  if (!d) return;
  const char *foreign = wgsl__foreign_hint(e->name->text, e->name->n_bytes);
  if (foreign) {
    wgsl__hint(r->m, d, "%s", foreign);
    return;
  }
  guess best = {0};
  for (const wgsl__decl *l = r->open; l; l = l->scope_next) consider(&best, e->name, l->name);
  for (const wgsl__decl *g = r->m->decls; g; g = g->next) consider(&best, e->name, g->name);
  const char *predeclared = wgsl__predeclared_similar(e->name->text, e->name->n_bytes);
  if (predeclared) {
    uint32_t distance = weft__text_distance(e->name->text, e->name->n_bytes, predeclared, strlen(predeclared), 8);
    if (!best.text || distance < best.distance) best.text = predeclared;
  }
  if (best.text) wgsl__hint(r->m, d, "did you mean '%s'?", best.text);
}

static void mention(resolver *r, wgsl__decl *d) {
  if (d->mark == r->current->index + 1) return;
  d->mark = r->current->index + 1;
  if (!weft__grow(&r->mentions, &r->mentions_capacity, r->n_mentions + 1, sizeof *r->mentions)) {
    r->m->out_of_memory = true;
    return;
  }
  r->mentions[r->n_mentions++] = d;
}

static void resolve_name(resolver *r, wgsl__expr *e) {
  wgsl__name *name = e->name;
  if (name->local) {
    e->decl = name->local;
  } else if (name->global) {
    e->decl = name->global;
    mention(r, name->global);
  } else if (!name->predeclared) {
    unknown_identifier(r, e);
  } else if (name->predeclared->gate && !(r->m->gates & 1u << name->predeclared->gate)) {
    wgsl__gate_open(r->m, name->predeclared->gate, e->name_range, wgsl__format(r->m, "'%s'", name->text));
  }
}

static void redeclared(resolver *r, const wgsl__decl *d, const wgsl__decl *before) {
  wgsl_diagnostic *diagnostic =
      wgsl__error(r->m, d->name_range, "redeclaration", "'%s' is declared twice in the same scope", d->name->text);
  wgsl__note(r->m, diagnostic, before->name_range, "first declared here");
}

static void declare_local(resolver *r, wgsl__decl *d) {
  if (!d->name) return;
  wgsl__decl *before = d->name->local;
  if (before && before->scope == r->level) redeclared(r, d, before);
  d->scope = r->level;
  d->shadowed = before;
  d->name->local = d;
  d->scope_next = r->open;
  r->open = d;
}

static wgsl__decl *scope_enter(resolver *r) {
  r->level++;
  return r->open;
}

static void scope_leave(resolver *r, wgsl__decl *outer) {
  for (; r->open != outer; r->open = r->open->scope_next) r->open->name->local = r->open->shadowed;
  r->level--;
}

/* ---- walks ------------------------------------------------------------------------------------------------------- */

static void walk_list(resolver *r, wgsl__expr *list) {
  for (; list; list = list->next) walk_expr(r, list);
}

static void walk_expr(resolver *r, wgsl__expr *e) {
  if (!e) return;
  if (e->kind == WGSL__EXPR_IDENT) resolve_name(r, e);
  walk_expr(r, e->left);
  walk_expr(r, e->right);
  walk_list(r, e->list);
}

static void walk_attributes(resolver *r, wgsl__attribute *a) {
  for (; a; a = a->next)
    if (a->kind != WGSL__ATTRIBUTE_builtin && a->kind != WGSL__ATTRIBUTE_interpolate &&
        a->kind != WGSL__ATTRIBUTE_diagnostic)
      walk_list(r, a->arguments);
}

static void walk_value(resolver *r, wgsl__decl *d) {
  walk_list(r, d->templates);
  walk_expr(r, d->type_expr);
  walk_expr(r, d->init);
}

/* The statements of a block in a scope of their own. */
static void walk_block(resolver *r, wgsl__stmt *first) {
  wgsl__decl *outer = scope_enter(r);
  walk_statements(r, first);
  scope_leave(r, outer);
}

static void walk_statement(resolver *r, wgsl__stmt *s) {
  switch (s->kind) {
    case WGSL__STMT_DECL: /* the name is in scope after its own declaration */
      walk_value(r, s->decl);
      declare_local(r, s->decl);
      return;
    case WGSL__STMT_BLOCK:
    case WGSL__STMT_LOOP:
    case WGSL__STMT_CONTINUING:
      walk_block(r, s->body);
      return;
    case WGSL__STMT_FOR: { /* the body's declarations end where the header's do */
      wgsl__decl *outer = scope_enter(r);
      if (s->init) walk_statement(r, s->init);
      walk_expr(r, s->left);
      if (s->update) walk_statement(r, s->update);
      if (s->body) walk_statements(r, s->body->body);
      scope_leave(r, outer);
      return;
    }
    default:
      walk_expr(r, s->left);
      walk_expr(r, s->right);
      walk_list(r, s->list);
      walk_statements(r, s->body);
      return;
  }
}

static void walk_statements(resolver *r, wgsl__stmt *s) {
  for (; s; s = s->next) walk_statement(r, s);
}

static void walk_function(resolver *r, wgsl__decl *d) {
  for (wgsl__decl *p = d->children; p; p = p->next) {
    walk_attributes(r, p->attributes);
    walk_expr(r, p->type_expr);
  }
  walk_attributes(r, d->return_attributes);
  walk_expr(r, d->return_expr);
  wgsl__decl *outer = scope_enter(r); /* parameters share the scope of the body */
  for (wgsl__decl *p = d->children; p; p = p->next) declare_local(r, p);
  if (d->body) walk_statements(r, d->body->body);
  scope_leave(r, outer);
}

/* Members are no names in scope; the same machinery finds two of one name, after the types are walked. */
static void walk_struct(resolver *r, wgsl__decl *d) {
  for (wgsl__decl *member = d->children; member; member = member->next) {
    walk_attributes(r, member->attributes);
    walk_expr(r, member->type_expr);
  }
  wgsl__decl *outer = scope_enter(r);
  for (wgsl__decl *member = d->children; member; member = member->next) declare_local(r, member);
  scope_leave(r, outer);
}

static void walk_global(resolver *r, wgsl__decl *d) {
  r->current = d;
  r->n_mentions = 0;
  walk_attributes(r, d->attributes);
  if (d->kind == WGSL__DECL_FUNCTION)
    walk_function(r, d);
  else if (d->kind == WGSL__DECL_STRUCT)
    walk_struct(r, d);
  else
    walk_value(r, d);
  if (!r->n_mentions) return;
  d->mentions = wgsl__array(r->m, r->n_mentions, sizeof *d->mentions);
  if (!d->mentions) return;
  memcpy(d->mentions, r->mentions, r->n_mentions * sizeof *d->mentions);
  d->n_mentions = r->n_mentions;
}

/* ---- order ------------------------------------------------------------------------------------------------------- */

typedef struct step {
  wgsl__decl *decl;
  uint32_t next;
} step;

enum { MAX_SHOWN = 8 };

/* steps[first..n) lead from a declaration back to itself. */
static void report_cycle(wgsl_module *m, const step *steps, uint32_t first, uint32_t n) {
  const wgsl__decl *start = steps[first].decl;
  const char *path = start->name->text;
  bool all_functions = true;
  m->tree_broken = true;
  for (uint32_t i = first; i < n; i++) {
    if (steps[i].decl->kind != WGSL__DECL_FUNCTION) all_functions = false;
    bool shown = i > first && (i - first < MAX_SHOWN || i + 1 == n);
    if (shown) path = wgsl__format(m, "%s -> %s", path, steps[i].decl->name->text);
    if (i - first == MAX_SHOWN && i + 1 < n) path = wgsl__format(m, "%s -> ...", path);
  }
  if (all_functions)
    wgsl__error(m, start->name_range, "recursion", "'%s' calls itself: %s -> %s", start->name->text, path,
                start->name->text);
  else
    wgsl__error(m, start->name_range, "cycle", "the declaration of '%s' depends on itself: %s -> %s", start->name->text,
                path, start->name->text);
}

static void order_from(wgsl_module *m, step *steps, wgsl__decl *root, uint32_t *n_ordered) {
  uint32_t n = 0;
  steps[n++] = (step){root, 0};
  root->state = 1;
  while (n) {
    step *top = &steps[n - 1];
    if (top->next == top->decl->n_mentions) {
      top->decl->state = 2;
      m->order[(*n_ordered)++] = top->decl;
      n--;
      continue;
    }
    wgsl__decl *d = top->decl->mentions[top->next++];
    if (d->state == 0) {
      d->state = 1;
      steps[n++] = (step){d, 0};
    } else if (d->state == 1) {
      uint32_t first = n;
      while (steps[--first].decl != d) continue;
      report_cycle(m, steps, first, n);
    }
  }
}

void wgsl__resolve(wgsl_module *m) {
  resolver r = {.m = m};
  for (wgsl__decl *d = m->decls; d; d = d->next) {
    if (!d->name) continue;
    if (d->name->global)
      redeclared(&r, d, d->name->global);
    else
      d->name->global = d;
  }
  for (wgsl__decl *d = m->decls; d && !m->out_of_memory; d = d->next) walk_global(&r, d);
  weft__free(r.mentions);
  if (m->out_of_memory || !m->n_decls) return;
  step *steps = weft__alloc(m->n_decls * sizeof *steps);
  m->order = wgsl__array(m, m->n_decls, sizeof *m->order);
  if (!steps || !m->order) {
    m->out_of_memory = true;
  } else {
    uint32_t n_ordered = 0;
    for (wgsl__decl *d = m->decls; d; d = d->next)
      if (d->state == 0) order_from(m, steps, d, &n_ordered);
  }
  weft__free(steps);
}
