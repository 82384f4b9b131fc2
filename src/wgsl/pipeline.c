/* Pipelines: what depends on the values of overrides (WGSL 8.1.2, 13.4). Several entry points may be evaluated with the
 * same constants at once:
 *
 *   constants -> values of all overrides they use -> per entry point: workgroup size, workgroup memory,
 *                                                    override-expressions in the bodies it reaches
 *
 * What a declaration says is the same for all of them, so each is evaluated once. Nothing is written into the module
 * unless errors are reported. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/checked.h"
#include "wgsl/module.h"

enum { NEW, GOOD, BAD }; /* what is known of a declaration */

typedef struct pipelines {
  wgsl__evaluation *e;
  wgsl__value *values; /* borrowed from the caller; by override */
  bool *used;          /* owned, as all below; by override */
  uint8_t *known; /* by declaration: its bodies, or the size of a variable */
  uint32_t *counts; /* by declaration: elements of a variable whose count is an override */
  wgsl__reach reach;
} pipelines;

/* ---- overrides --------------------------------------------------------------------------------------------------- */

bool wgsl__constant_value(wgsl__evaluation *e, const wgsl_override *o, double number, wgsl__value *out) {
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
      fits = finite && (t->base == WGSL__BASE_F16 ? wgsl__float_converts(number, t->base, &f)
                                                  : wgsl__float_fits(number, t->base, &f));
      break;
  }
  if (!fits) {
    wgsl__evaluation_fail(e, (wgsl__range){o->span.offset, o->span.n_bytes}, "value-range",
                          "the value %g of the override '%s' does not fit %s", number, o->name, t->host.name);
    return false;
  }
  if (o->scalar == WGSL_SCALAR_I32 || o->scalar == WGSL_SCALAR_U32)
    out->i = (int64_t)trunc(number);
  else
    out->f = f;
  return true;
}

static bool default_value(wgsl__evaluation *e, const wgsl__decl *d, wgsl__value *out) {
  if (!d->init) {
    wgsl__evaluation_fail(e, d->name_range, "missing-value", "the override '%s' has no default and no value was given",
                          d->name->text);
    return false;
  }
  wgsl__result result = wgsl__evaluate(e, d->init);
  if (result.bad) return false;
  if (!result.known) {
    wgsl__evaluation_fail(e, d->name_range, "not-evaluated",
                          "the default of the override '%s' depends on constants that are not evaluated: a module's "
                          "come to %d components at most",
                          d->name->text, WGSL__MAX_VALUES);
    return false;
  }
  if (!wgsl__convert(e, d->init->range, &result.value, d->type)) return false;
  *out = result.value;
  return true;
}

/* Values of the overrides that the entry points use, in an order in which defaults find what they need. */
static bool override_values(pipelines *x, const wgsl_entry *entries, uint32_t n, const wgsl_constant *constants,
                            uint32_t n_constants) {
  const wgsl_module *m = x->e->m;
  const wgsl_override *first = m->reflection.overrides;
  bool ok = true;
  for (uint32_t i = 0; i < n_constants; i++) {
    const wgsl_override *o = constants[i].override;
    if (!wgsl__constant_value(x->e, o, constants[i].value, &x->values[o - first])) return false;
  }
  for (uint32_t i = 0; i < n; i++) {
    if (i > 0 && entries[i].overrides == entries[i - 1].overrides) continue; /* they share the list */
    for (uint32_t k = 0; k < entries[i].n_overrides; k++) x->used[entries[i].overrides[k] - first] = true;
  }
  for (uint32_t i = 0; i < m->n_decls && (ok || x->e->report); i++) {
    const wgsl__decl *d = m->order[i];
    if (d->kind != WGSL__DECL_OVERRIDE || !x->used[d->reflected] || x->values[d->reflected].type) continue;
    if (!ok && d->init) continue; /* it may need one that failed */
    wgsl__value value;
    if (default_value(x->e, d, &value))
      x->values[d->reflected] = value;
    else
      ok = false;
    if (x->e->report) x->e->failed = false; /* the next one is told too */
  }
  return ok;
}

/* ---- entry points ------------------------------------------------------------------------------------------------ */

/* A positive count of at most 2^32 - 1. */
static bool positive(wgsl__evaluation *e, wgsl__expr *x, const char *what, uint32_t *out) {
  wgsl__result r = wgsl__evaluate(e, x);
  if (r.bad) return false;
  if (!r.known || !r.value.type) {
    wgsl__evaluation_fail(
        e, x->range, "not-evaluated",
        "%s depends on constants that are not evaluated: a module's come to %d components at most", what,
        WGSL__MAX_VALUES);
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
  const wgsl__attribute *a = wgsl__attribute_find(root->attributes, WGSL__ATTRIBUTE_workgroup_size);
  const wgsl__attribute *subgroup = wgsl__attribute_find(root->attributes, WGSL__ATTRIBUTE_subgroup_size);
  uint32_t i = 0, lanes;
  size[0] = size[1] = size[2] = 1;
  for (wgsl__expr *x = a ? a->arguments : NULL; x && i < 3; x = x->next)
    if (!positive(e, x, "the workgroup size", &size[i++])) return false;
  if (!subgroup) return true;
  if (!positive(e, subgroup->arguments, "the subgroup size", &lanes)) return false;
  if ((lanes & (lanes - 1)) == 0 && size[0] % lanes == 0) return true;
  wgsl__evaluation_fail(e, subgroup->range, "subgroup-size",
                        "the subgroup size must be a power of two that divides the workgroup size in x: here it is "
                        "%u, of %u",
                        (unsigned)lanes, (unsigned)size[0]);
  return false;
}

/* The elements of a variable whose count is an override. */
static bool element_count(pipelines *x, const wgsl__decl *d, uint32_t *out) {
  uint8_t *known = &x->known[d->index];
  if (*known == NEW) *known = positive(x->e, d->type->count, d->name->text, &x->counts[d->index]) ? GOOD : BAD;
  *out = x->counts[d->index];
  return *known == GOOD;
}

static bool workgroup_bytes(pipelines *x, uint64_t *total) {
  *total = 0;
  for (uint32_t i = 0; i < x->reach.n_uses; i++) {
    const wgsl__decl *d = x->reach.uses[i];
    if (d->kind != WGSL__DECL_VAR || d->space != WGSL__SPACE_WORKGROUP) continue;
    uint64_t bytes = d->type->host.size;
    if (d->type->flags & WGSL__TYPE_OVERRIDE_SIZED) {
      uint32_t count;
      if (!element_count(x, d, &count)) return false;
      bytes = d->type->base == WGSL__BASE_ARRAY ? (uint64_t)count * d->type->host.stride : count;
      uint32_t unit = x->e->m->gates & 1u << WGSL__GATE_F16 ? 2 : 4;
      if (d->type->base == WGSL__BASE_BUFFER && count % unit) {
        wgsl__evaluation_fail(x->e, d->name_range, "element-count", "'%s', a buffer of %u bytes, is no multiple of %u",
                              d->name->text, count, unit);
        return false;
      }
    }
    *total += weft__round_up(bytes, 16);
  }
  return true;
}

/* The override-expressions in the bodies that the entry point reaches. */
static bool body_values(pipelines *x) {
  for (uint32_t i = 0; i < x->reach.count; i++) {
    const wgsl__decl *d = x->reach.items[i];
    uint8_t *known = &x->known[d->index];
    if (d->kind == WGSL__DECL_VAR && d->space != WGSL__SPACE_PRIVATE) continue; /* element_count's */
    if (*known == NEW) *known = !d->checks || wgsl__pipeline_checks(x->e, d) ? GOOD : BAD;
    if (*known == BAD) return false;
  }
  return true;
}

static bool evaluate(pipelines *x, wgsl_pipeline *out) {
  wgsl_pipeline p;
  bool ok = workgroup_size(x->e, x->reach.items[0], p.workgroup_size) && workgroup_bytes(x, &p.workgroup_bytes) &&
            body_values(x);
  if (ok) *out = p;
  return ok;
}

bool wgsl__pipelines_evaluate(wgsl__evaluation *e, const wgsl_entry *entries, uint32_t n,
                              const wgsl_constant *constants, uint32_t n_constants, wgsl_pipeline *out, bool *valid) {
  wgsl_module *m = e->m;
  uint32_t first = (uint32_t)(entries - m->reflection.entries);
  pipelines x = {.e = e,
                 .values = e->overrides,
                 .used = weft__alloc_zero(m->reflection.n_overrides + 1, sizeof *x.used),
                 .known = weft__alloc_zero(m->n_decls + 1, sizeof *x.known),
                 .counts = weft__alloc_zero(m->n_decls + 1, sizeof *x.counts)};
  bool memory = wgsl__reach_init(&x.reach, m->n_decls) && x.values && x.used && x.known && x.counts;
  e->out_of_memory = !memory;
  if (!memory && e->message) snprintf(e->message, e->capacity, "out of memory on the host");
  bool ok = memory && override_values(&x, entries, n, constants, n_constants);
  for (uint32_t i = 0; i < n; i++) {
    valid[i] = false;
    if (!ok) continue;
    wgsl__reach_from(&x.reach, m->entry_decls[first + i], i + 1);
    valid[i] = evaluate(&x, &out[i]);
    if (e->report) e->failed = false; /* the next one is told too */
  }
  weft__free(x.used);
  weft__free(x.known);
  weft__free(x.counts);
  wgsl__reach_free(&x.reach);
  return ok;
}

/* ---- what drivers/cpu reads (typed.h) ------------------------------------------------------------------------------ */

bool wgsl__specialise(const wgsl_module *module, const wgsl_entry *entry, const wgsl_constant *constants,
                      uint32_t n_constants, wgsl__special *out, char *message, size_t capacity) {
  const wgsl_reflection *r = &module->reflection;
  *out = (wgsl__special){.function = module->entry_decls[entry - r->entries],
                         .overrides = weft__alloc_zero(r->n_overrides + 1, sizeof *out->overrides)};
  if (message && capacity) message[0] = 0;
  /* an evaluation with overrides and without `report` writes nothing into the module */
  wgsl__evaluation e = {.m = (wgsl_module *)module,
                        .overrides = out->overrides,
                        .scratch = &out->arena,
                        .message = message,
                        .capacity = capacity};
  bool valid = false;
  bool ok = wgsl__pipelines_evaluate(&e, entry, 1, constants, n_constants, &out->pipeline, &valid);
  out->out_of_memory = e.out_of_memory;
  return ok && valid;
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
