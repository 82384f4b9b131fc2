/* From declarations to what the host needs: bindings, overrides, entry points and what each of them statically uses
 * (WGSL 13, 14.1). pipeline.c has what depends on the values of overrides. */
#include <string.h>

#include "base/alloc.h"
#include "wgsl/module.h"

static bool is_resource(const wgsl__decl *d) {
  return d->kind == WGSL__DECL_VAR &&
         (d->space == WGSL__SPACE_UNIFORM || d->space == WGSL__SPACE_STORAGE || d->space == WGSL__SPACE_HANDLE);
}

static wgsl_space space_of(const wgsl__decl *d) {
  if (d->space == WGSL__SPACE_UNIFORM) return WGSL_SPACE_UNIFORM;
  if (d->space == WGSL__SPACE_HANDLE) return WGSL_SPACE_HANDLE;
  return d->access & WGSL__ACCESS_WRITE ? WGSL_SPACE_STORAGE_READ_WRITE : WGSL_SPACE_STORAGE_READ;
}

/* Sizes that come from constants beyond the budget cannot be reflected. */
static bool check_type(wgsl_module *m, const wgsl__decl *d) {
  if (d->type) return true;
  wgsl__error(m, d->type_expr ? d->type_expr->range : d->name_range, "not-evaluated",
              "the type of '%s' depends on constants that are not evaluated: a module's come to %d components at most",
              d->name->text, WGSL__MAX_VALUES);
  return false;
}

/* A buffer without a size has room for each of its views. */
static uint32_t least_bytes(const wgsl__decl *d) {
  return d->type->base == WGSL__BASE_BUFFER && !d->type->host.size ? d->view_bytes : d->type->host.size;
}

static void collect(wgsl_module *m, wgsl_binding *bindings, wgsl_override *overrides) {
  wgsl_reflection *r = &m->reflection;
  uint32_t n_bindings = 0, n_overrides = 0;
  for (wgsl__decl *d = m->decls; d; d = d->next) {
    if ((d->kind == WGSL__DECL_VAR || d->kind == WGSL__DECL_OVERRIDE) && !check_type(m, d)) continue;
    if (is_resource(d)) {
      d->reflected = n_bindings;
      bindings[n_bindings++] = (wgsl_binding){.name = d->name->text,
                                              .group = d->group,
                                              .binding = d->binding,
                                              .space = space_of(d),
                                              .type = &d->type->host,
                                              .min_bytes = least_bytes(d),
                                              .span = wgsl__span(m, d->name_range)};
    }
    if (d->kind == WGSL__DECL_OVERRIDE) {
      d->reflected = n_overrides;
      overrides[n_overrides++] = (wgsl_override){.name = d->name->text,
                                                 .id = d->id,
                                                 .scalar = d->type->host.scalar,
                                                 .has_default = d->init != NULL,
                                                 .span = wgsl__span(m, d->name_range)};
    }
  }
  r->bindings = bindings;
  r->n_bindings = n_bindings;
  r->overrides = overrides;
  r->n_overrides = n_overrides;
}

/* ---- static use -------------------------------------------------------------------------------------------------- */

bool wgsl__reach_init(wgsl__reach *x, uint32_t n_decls) {
  *x = (wgsl__reach){.items = weft__alloc((n_decls + 1) * sizeof *x->items),
               .uses = weft__alloc((n_decls + 1) * sizeof *x->uses),
               .before = weft__alloc((n_decls + 1) * sizeof *x->before),
               .marks = weft__alloc_zero(n_decls + 1, sizeof *x->marks),
               .keys = weft__alloc((n_decls + 1) * sizeof *x->keys)};
  return x->items && x->uses && x->before && x->marks && x->keys;
}

void wgsl__reach_free(wgsl__reach *x) {
  weft__free(x->items);
  weft__free(x->uses);
  weft__free(x->before);
  weft__free(x->marks);
  weft__free(x->keys);
}

static bool is_use(const wgsl__decl *d) {
  return d->kind == WGSL__DECL_OVERRIDE || (d->kind == WGSL__DECL_VAR && d->space != WGSL__SPACE_PRIVATE);
}

/* Most declarations lead to nothing that is asked for: walks from entry points leave them out. */
static void find_active(wgsl_module *m) {
  for (uint32_t i = 0; i < m->n_decls; i++) {
    wgsl__decl *d = m->order[i];
    for (uint32_t k = 0; k < d->n_mentions; k++) {
      wgsl__decl *mentioned = d->mentions[k];
      if (!mentioned->active) continue;
      d->mentions[k] = d->mentions[d->n_active];
      d->mentions[d->n_active++] = mentioned;
    }
    d->active = d->n_active > 0 || is_use(d);
  }
}

void wgsl__reach_from(wgsl__reach *x, wgsl__decl *root, uint32_t mark) {
  x->count = x->n_uses = 0;
  x->items[x->count++] = root;
  x->marks[root->index] = mark;
  for (uint32_t i = 0; i < x->count; i++) {
    const wgsl__decl *d = x->items[i];
    for (uint32_t k = 0; k < d->n_active; k++) {
      wgsl__decl *next = d->mentions[k];
      if (x->marks[next->index] == mark) continue;
      x->marks[next->index] = mark;
      x->items[x->count++] = next;
      if (is_use(next)) x->uses[x->n_uses++] = next;
    }
  }
}

static bool is_after(wgsl__keyed a, wgsl__keyed b) { return a.key != b.key ? a.key > b.key : a.index > b.index; }

/* Heap sort: no recursion, n log n whatever the source. */
static void sort_keys(wgsl__keyed *items, uint32_t n) {
  for (uint32_t start = n / 2, end = n; end > 1;) {
    if (start) {
      start--;
    } else {
      wgsl__keyed swap = items[--end];
      items[end] = items[0];
      items[0] = swap;
    }
    wgsl__keyed moving = items[start];
    uint32_t at = start, child;
    while ((child = 2 * at + 1) < end) {
      if (child + 1 < end && is_after(items[child + 1], items[child])) child++;
      if (!is_after(items[child], moving)) break;
      items[at] = items[child];
      at = child;
    }
    items[at] = moving;
  }
}

/* The reached bindings by (group, binding), or overrides by declaration, sorted in x->keys; returns how many. */
static uint32_t sorted_uses(const wgsl__reach *x, bool overrides) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < x->n_uses; i++) {
    const wgsl__decl *d = x->uses[i];
    if (overrides ? d->kind != WGSL__DECL_OVERRIDE : !is_resource(d)) continue;
    uint64_t key = overrides ? d->reflected : (uint64_t)d->group << 32 | d->binding;
    x->keys[n++] = (wgsl__keyed){key, d->reflected};
  }
  sort_keys(x->keys, n);
  return n;
}

static wgsl__range span_range(wgsl_span span) { return (wgsl__range){span.offset, span.n_bytes}; }

static void check_bindings(wgsl_module *m, const wgsl_entry *entry) {
  for (uint32_t i = 1; i < entry->n_bindings; i++) {
    const wgsl_binding *a = entry->bindings[i - 1], *b = entry->bindings[i];
    if (a->group != b->group || a->binding != b->binding) continue;
    if (a->span.offset > b->span.offset) {
      const wgsl_binding *swap = a;
      a = b;
      b = swap;
    }
    wgsl_diagnostic *d =
        wgsl__error(m, span_range(b->span), "duplicate-binding",
                    "'%s' and '%s' are both @group(%u) @binding(%u) and the entry point '%s' uses both", a->name,
                    b->name, a->group, a->binding, entry->name);
    wgsl__note(m, d, span_range(a->span), "'%s' is declared here", a->name);
  }
}

static void check_stage(wgsl_module *m, const wgsl__decl *root, const wgsl__decl *d) {
  if (root->stage == WGSL_STAGE_COMPUTE || d->kind != WGSL__DECL_VAR) return;
  bool written = d->space == WGSL__SPACE_STORAGE ? d->access & WGSL__ACCESS_WRITE
                 : d->space == WGSL__SPACE_HANDLE && d->type ? d->type->access & WGSL__ACCESS_WRITE
                                                             : false;
  if (d->space != WGSL__SPACE_WORKGROUP && !(root->stage == WGSL_STAGE_VERTEX && written)) return;
  wgsl_diagnostic *diagnostic =
      wgsl__error(m, root->name_range, "stage-use", "the %s entry point '%s' uses '%s', which only %s can",
                  root->stage == WGSL_STAGE_VERTEX ? "vertex" : "fragment", root->name->text, d->name->text,
                  d->space == WGSL__SPACE_WORKGROUP ? "compute shaders" : "compute and fragment shaders");
  wgsl__note(m, diagnostic, d->name_range, "'%s' is declared here", d->name->text);
}

/* What the entry point may use, and its one immediate variable. */
static const wgsl__decl *check_uses(wgsl_module *m, const wgsl__decl *root, const wgsl__reach *x) {
  const wgsl__decl *immediate = NULL;
  for (uint32_t i = 0; i < x->n_uses; i++) {
    const wgsl__decl *d = x->uses[i];
    check_stage(m, root, d);
    if (d->kind != WGSL__DECL_VAR || d->space != WGSL__SPACE_IMMEDIATE) continue;
    if (immediate) {
      wgsl_diagnostic *diagnostic = wgsl__error(m, root->name_range, "immediate-count",
                                                "the entry point '%s' uses two immediate variables, '%s' and '%s'",
                                                root->name->text, immediate->name->text, d->name->text);
      wgsl__note(m, diagnostic, d->name_range, "'%s' is declared here", d->name->text);
    }
    immediate = d;
  }
  return immediate && check_type(m, immediate) ? immediate : NULL;
}

static void fill_entry(wgsl_module *m, wgsl_entry *entry, const wgsl__decl *root, const wgsl__reach *x) {
  const wgsl__decl *immediate = check_uses(m, root, x);
  uint32_t n_bindings = sorted_uses(x, false);
  const wgsl_binding **bindings = wgsl__array(m, n_bindings + 1, sizeof *bindings);
  for (uint32_t i = 0; bindings && i < n_bindings; i++) bindings[i] = &m->reflection.bindings[x->keys[i].index];
  uint32_t n_overrides = sorted_uses(x, true);
  const wgsl_override **overrides = wgsl__array(m, n_overrides + 1, sizeof *overrides);
  for (uint32_t i = 0; overrides && i < n_overrides; i++) overrides[i] = &m->reflection.overrides[x->keys[i].index];
  if (m->out_of_memory) return;
  *entry = (wgsl_entry){.name = root->name->text,
                        .stage = (wgsl_stage)root->stage,
                        .bindings = bindings,
                        .n_bindings = n_bindings,
                        .overrides = overrides,
                        .n_overrides = n_overrides,
                        .immediate = immediate ? &immediate->type->host : NULL,
                        .immediate_name = immediate ? immediate->name->text : NULL,
                        .span = wgsl__span(m, root->name_range)};
  check_bindings(m, entry);
}

/* Many entry points with the same many uses must not multiply: the second one takes the lists of the first. */
static bool same_uses(const wgsl__reach *x) {
  return x->n_uses == x->n_before && memcmp(x->uses, x->before, x->n_uses * sizeof *x->uses) == 0;
}

static void remember_uses(wgsl__reach *x) {
  wgsl__decl **swap = x->before;
  x->before = x->uses;
  x->n_before = x->n_uses;
  x->uses = swap;
}

void wgsl__reflect(wgsl_module *m) {
  uint32_t n_bindings = 0, n_overrides = 0, n_entries = 0;
  for (const wgsl__decl *d = m->decls; d; d = d->next) {
    n_bindings += is_resource(d);
    n_overrides += d->kind == WGSL__DECL_OVERRIDE;
    n_entries += d->kind == WGSL__DECL_FUNCTION && d->stage >= 0;
  }
  wgsl_binding *bindings = wgsl__array(m, n_bindings + 1, sizeof *bindings);
  wgsl_override *overrides = wgsl__array(m, n_overrides + 1, sizeof *overrides);
  wgsl_entry *entries = wgsl__array(m, n_entries + 1, sizeof *entries);
  m->entry_decls = wgsl__array(m, n_entries + 1, sizeof *m->entry_decls);
  if (m->out_of_memory) return;
  collect(m, bindings, overrides);
  if (m->n_errors) return;
  wgsl__reach x;
  if (!wgsl__reach_init(&x, m->n_decls)) m->out_of_memory = true;
  n_entries = 0;
  find_active(m);
  for (wgsl__decl *d = m->decls; d && !m->out_of_memory; d = d->next) {
    if (d->kind != WGSL__DECL_FUNCTION || d->stage < 0) continue;
    wgsl__reach_from(&x, d, n_entries + 1);
    m->entry_decls[n_entries] = d;
    const wgsl_entry *before = n_entries ? &entries[n_entries - 1] : NULL;
    if (before && (int)before->stage == d->stage && same_uses(&x)) {
      entries[n_entries] = *before;
      entries[n_entries].name = d->name->text;
      entries[n_entries].span = wgsl__span(m, d->name_range);
    } else {
      fill_entry(m, &entries[n_entries], d, &x);
    }
    remember_uses(&x);
    n_entries++;
  }
  m->reflection.entries = entries;
  m->reflection.n_entries = n_entries;
  wgsl__reach_free(&x);
}
