/* From declarations to what the host needs: bindings, overrides, entry points and what each of them statically uses;
 * and, for a pipeline, the values that depend on overrides (WGSL 13, 14.1). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/checked.h"
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

/* Sizes that constant.c cannot work out yet cannot be reflected. */
static bool check_type(wgsl_module *m, const wgsl__decl *d) {
  if (d->type) return true;
  wgsl__error(m, d->type_expr ? d->type_expr->range : d->name_range, "not-evaluated",
              "the type of '%s' depends on an expression that is not evaluated yet", d->name->text);
  return false;
}

static void collect(wgsl_module *m, wgsl_binding *bindings, wgsl_override *overrides) {
  wgsl_reflection *r = &m->reflection;
  uint32_t n_bindings = 0, n_overrides = 0;
  for (wgsl__decl *d = m->decls; d; d = d->next) {
    if (is_resource(d) && check_type(m, d)) {
      d->reflected = n_bindings;
      bindings[n_bindings++] = (wgsl_binding){.name = d->name->text,
                                              .group = d->group,
                                              .binding = d->binding,
                                              .space = space_of(d),
                                              .type = &d->type->host,
                                              .min_bytes = d->type->host.size,
                                              .span = wgsl__span(m, d->name_range)};
    }
    if (d->kind == WGSL__DECL_OVERRIDE && check_type(m, d)) {
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

typedef struct keyed {
  uint64_t key;
  uint32_t index;
} keyed;

/* The declarations that one entry point reaches; reused from entry to entry. All arrays are owned and as long as there
 * are declarations: the whole set items[0..count), those of it that a host or a pipeline asks for, the mark of the
 * entry that reached a declaration last (by decl->index), and room to sort in; and what the entry before asked for. */
typedef struct reach {
  wgsl__decl **items, **uses, **before;
  uint32_t count, n_uses, n_before;
  uint32_t *marks;
  keyed *keys;
} reach;

static bool reach_init(reach *x, uint32_t n_decls) {
  *x = (reach){.items = weft__alloc((n_decls + 1) * sizeof *x->items),
               .uses = weft__alloc((n_decls + 1) * sizeof *x->uses),
               .before = weft__alloc((n_decls + 1) * sizeof *x->before),
               .marks = weft__alloc_zero(n_decls + 1, sizeof *x->marks),
               .keys = weft__alloc((n_decls + 1) * sizeof *x->keys)};
  return x->items && x->uses && x->before && x->marks && x->keys;
}

static void reach_free(reach *x) {
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

static void reach_from(reach *x, wgsl__decl *root, uint32_t mark) {
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

static bool is_after(keyed a, keyed b) { return a.key != b.key ? a.key > b.key : a.index > b.index; }

/* Heap sort: no recursion, n log n whatever the source. */
static void sort_keys(keyed *items, uint32_t n) {
  for (uint32_t start = n / 2, end = n; end > 1;) {
    if (start) {
      start--;
    } else {
      keyed swap = items[--end];
      items[end] = items[0];
      items[0] = swap;
    }
    keyed moving = items[start];
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
static uint32_t sorted_uses(const reach *x, bool overrides) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < x->n_uses; i++) {
    const wgsl__decl *d = x->uses[i];
    if (overrides ? d->kind != WGSL__DECL_OVERRIDE : !is_resource(d)) continue;
    uint64_t key = overrides ? d->reflected : (uint64_t)d->group << 32 | d->binding;
    x->keys[n++] = (keyed){key, d->reflected};
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
  if (d->space != WGSL__SPACE_WORKGROUP &&
      !(root->stage == WGSL_STAGE_VERTEX && d->space == WGSL__SPACE_STORAGE && d->access & WGSL__ACCESS_WRITE))
    return;
  wgsl_diagnostic *diagnostic =
      wgsl__error(m, root->name_range, "stage-use", "the %s entry point '%s' uses '%s', which only %s can",
                  root->stage == WGSL_STAGE_VERTEX ? "vertex" : "fragment", root->name->text, d->name->text,
                  d->space == WGSL__SPACE_WORKGROUP ? "compute shaders" : "compute and fragment shaders");
  wgsl__note(m, diagnostic, d->name_range, "'%s' is declared here", d->name->text);
}

/* What the entry point may use, and its one immediate variable. */
static const wgsl__decl *check_uses(wgsl_module *m, const wgsl__decl *root, const reach *x) {
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

static void fill_entry(wgsl_module *m, wgsl_entry *entry, const wgsl__decl *root, const reach *x) {
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
static bool same_uses(const reach *x) {
  return x->n_uses == x->n_before && memcmp(x->uses, x->before, x->n_uses * sizeof *x->uses) == 0;
}

static void remember_uses(reach *x) {
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
  reach x;
  if (!reach_init(&x, m->n_decls)) m->out_of_memory = true;
  n_entries = 0;
  find_active(m);
  for (wgsl__decl *d = m->decls; d && !m->out_of_memory; d = d->next) {
    if (d->kind != WGSL__DECL_FUNCTION || d->stage < 0) continue;
    reach_from(&x, d, n_entries + 1);
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
  reach_free(&x);
}

/* ---- pipelines --------------------------------------------------------------------------------------------------- */

/* WebGPU's conversion of a pipeline constant to the override's type. */
static bool constant_value(wgsl__evaluation *e, const wgsl_override *o, double number, wgsl__value *out) {
  const wgsl__type *t = wgsl__type_scalar(e->m, o->scalar);
  bool finite = number - number == 0, fits = finite;
  double f = number;
  *out = (wgsl__value){.type = t};
  switch (o->scalar) {
    case WGSL_SCALAR_BOOL:
      out->i = number == number && number != 0;
      return true;
    case WGSL_SCALAR_I32:
      fits = finite && trunc(number) >= INT32_MIN && trunc(number) <= INT32_MAX;
      break;
    case WGSL_SCALAR_U32:
      fits = finite && trunc(number) >= 0 && trunc(number) <= UINT32_MAX;
      break;
    default:
      fits = finite && wgsl__float_fits(number, t->base, &f);
      break;
  }
  if (!fits) {
    wgsl__evaluation_fail(e, span_range(o->span), "value-range", "the value %g of the override '%s' does not fit %s",
                          number, o->name, t->host.name);
    return false;
  }
  if (o->scalar == WGSL_SCALAR_I32 || o->scalar == WGSL_SCALAR_U32)
    out->i = (int64_t)trunc(number);
  else
    out->f = f;
  return true;
}

/* Values of the overrides that the entry point uses, in an order in which defaults find what they need. */
static bool override_values(wgsl__evaluation *e, const wgsl_entry *entry, const wgsl_constant *constants,
                            uint32_t n_constants, wgsl__value *values, bool *used) {
  const wgsl_reflection *r = &e->m->reflection;
  for (uint32_t i = 0; i < n_constants; i++)
    if (!constant_value(e, constants[i].override, constants[i].value, &values[constants[i].override - r->overrides]))
      return false;
  for (uint32_t i = 0; i < entry->n_overrides; i++) used[entry->overrides[i] - r->overrides] = true;
  for (uint32_t i = 0; i < e->m->n_decls; i++) {
    const wgsl__decl *d = e->m->order[i];
    if (d->kind != WGSL__DECL_OVERRIDE || !used[d->reflected] || values[d->reflected].type) continue;
    if (!d->init) {
      wgsl__evaluation_fail(e, d->name_range, "missing-value",
                            "the override '%s' has no default and no value was given", d->name->text);
      return false;
    }
    wgsl__result result = wgsl__evaluate(e, d->init);
    if (result.bad) return false;
    if (!result.known) {
      wgsl__evaluation_fail(e, d->name_range, "not-evaluated", "the default of the override '%s' is not evaluated yet",
                            d->name->text);
      return false;
    }
    if (!wgsl__convert(e, d->init->range, &result.value, d->type)) return false;
    values[d->reflected] = result.value;
  }
  return true;
}

/* The override-expressions in the bodies that the entry point reaches. */
static bool body_values(wgsl__evaluation *e, const reach *x) {
  for (uint32_t i = 0; i < x->count; i++)
    if (x->items[i]->checks && !wgsl__pipeline_checks(e, x->items[i])) return false;
  return true;
}

/* A positive count of at most 2^32 - 1. */
static bool positive(wgsl__evaluation *e, wgsl__expr *x, const char *what, uint32_t *out) {
  wgsl__result r = wgsl__evaluate(e, x);
  if (r.bad) return false;
  if (!r.known || !r.value.type) {
    wgsl__evaluation_fail(e, x->range, "not-evaluated", "%s depends on an expression that is not evaluated yet", what);
    return false;
  }
  if (r.value.i < 1 || r.value.i > UINT32_MAX) {
    wgsl__evaluation_fail(e, x->range, "value-range", "%s must be positive, here it is %lld", what,
                          (long long)r.value.i);
    return false;
  }
  *out = (uint32_t)r.value.i;
  return true;
}

static bool workgroup_size(wgsl__evaluation *e, const wgsl__decl *root, uint32_t size[3]) {
  const wgsl__attribute *a = root->attributes;
  size[0] = size[1] = size[2] = 1;
  while (a && a->kind != WGSL__ATTRIBUTE_workgroup_size) a = a->next;
  uint32_t i = 0;
  for (wgsl__expr *x = a ? a->arguments : NULL; x && i < 3; x = x->next)
    if (!positive(e, x, "the workgroup size", &size[i++])) return false;
  return true;
}

static bool workgroup_bytes(wgsl__evaluation *e, const reach *x, uint64_t *total) {
  *total = 0;
  for (uint32_t i = 0; i < x->n_uses; i++) {
    const wgsl__decl *d = x->uses[i];
    if (d->kind != WGSL__DECL_VAR || d->space != WGSL__SPACE_WORKGROUP) continue;
    if (!d->type) {
      wgsl__evaluation_fail(e, d->name_range, "not-evaluated", "the size of '%s' is not evaluated yet", d->name->text);
      return false;
    }
    uint64_t bytes = d->type->host.size;
    if (d->type->flags & WGSL__TYPE_OVERRIDE_SIZED) {
      uint32_t count;
      if (!positive(e, d->type->count, d->name->text, &count)) return false;
      bytes = d->type->base == WGSL__BASE_ARRAY ? (uint64_t)count * d->type->host.stride : count;
    }
    *total += weft__round_up(bytes, 16);
  }
  return true;
}

bool wgsl__specialise(const wgsl_module *module, const wgsl_entry *entry, const wgsl_constant *constants,
                      uint32_t n_constants, wgsl__special *out, char *message, size_t capacity) {
  wgsl_module *m = (wgsl_module *)module; /* an evaluation with `overrides` writes nothing into it */
  if (message && capacity) message[0] = 0;
  uint32_t n = m->reflection.n_overrides;
  wgsl__decl *root = m->entry_decls[entry - m->reflection.entries];
  *out = (wgsl__special){.function = root, .overrides = weft__alloc_zero(n + 1, sizeof *out->overrides)};
  bool *used = weft__alloc_zero(n + 1, sizeof *used);
  reach x;
  bool ok = reach_init(&x, m->n_decls) && out->overrides && used;
  wgsl__evaluation e = {
      .m = m, .overrides = out->overrides, .scratch = &out->arena, .message = message, .capacity = capacity};
  out->out_of_memory = !ok;
  if (!ok && message) snprintf(message, capacity, "out of memory on the host");
  if (ok) reach_from(&x, root, 1);
  ok = ok && override_values(&e, entry, constants, n_constants, out->overrides, used) &&
       workgroup_size(&e, root, out->pipeline.workgroup_size) &&
       workgroup_bytes(&e, &x, &out->pipeline.workgroup_bytes) && body_values(&e, &x);
  weft__free(used);
  reach_free(&x);
  return ok;
}

void wgsl__special_free(wgsl__special *special) {
  weft__arena_free(&special->arena);
  weft__free(special->overrides);
  special->overrides = NULL;
}

bool wgsl__special_value(const wgsl_module *module, wgsl__special *special, const wgsl__expr *x, wgsl__value *out) {
  wgsl__evaluation e = {.m = (wgsl_module *)module, .overrides = special->overrides, .scratch = &special->arena};
  return wgsl__value_of(&e, (wgsl__expr *)x, out);
}

bool wgsl_entry_evaluate(const wgsl_module *module, const wgsl_entry *entry, const wgsl_constant *constants,
                         uint32_t n_constants, wgsl_pipeline *out, char *message, size_t capacity) {
  wgsl__special special;
  bool ok = wgsl__specialise(module, entry, constants, n_constants, &special, message, capacity);
  if (ok) *out = special.pipeline;
  wgsl__special_free(&special);
  return ok;
}
