/* wgsl_module_check: what a source is checked for beyond being a module (WebGPU's createComputePipeline, without a
 * device). The features that `enable` wants; the entry point and constants that were asked for; and, for pipelines, the
 * values of overrides and WebGPU's default limits. Everything wrong is a diagnostic of the module. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "wgsl/module.h"

/* WebGPU's default limits (WebGPU 3.6.2). */
enum {
  MAX_INVOCATIONS = 256,
  MAX_WORKGROUP_BYTES = 16384,
  MAX_GROUPS = 4,
  MAX_BINDINGS = 1000,
  MAX_IMMEDIATE_BYTES = 64
};
static const uint32_t max_size[3] = {256, 256, 64};

/* ---- features ---------------------------------------------------------------------------------------------------- */

bool wgsl__extension_allowed(wgsl_module *m, const char *extension, const char **feature) {
  static const struct {
    const char *extension, *feature;
  } needs[] = {
#define WGSL__EXTENSION(name, gate, feature) {#name, feature},
#include "wgsl/extension.def"
#undef WGSL__EXTENSION
  };
  if (!m->options || !m->options->features) return true;
  *feature = extension; /* an experiment of one implementation */
  for (size_t i = 0; i < sizeof needs / sizeof *needs; i++)
    if (strcmp(needs[i].extension, extension) == 0) *feature = needs[i].feature;
  for (uint32_t i = 0; i < m->options->n_features; i++)
    if (strcmp(m->options->features[i], *feature) == 0 ||
        (strcmp(extension, "subgroups") == 0 && strcmp(m->options->features[i], "subgroup-size-control") == 0))
      return true; /* the second brings the first (WebGPU 3.6.1) */
  return false;
}

/* ---- what was asked for ------------------------------------------------------------------------------------------ */

static bool choose_entry(wgsl_module *m, const char *name, const wgsl_entry **out) {
  const wgsl_reflection *r = &m->reflection;
  const char *near = NULL;
  for (uint32_t i = 0; i < r->n_entries; i++) {
    *out = &r->entries[i];
    if (strcmp((*out)->name, name) == 0) return true;
    if (weft__text_similar(name, strlen(name), (*out)->name, strlen((*out)->name))) near = (*out)->name;
  }
  wgsl_diagnostic *d =
      wgsl__error(m, wgsl__nowhere, "unknown-entry-point", "the source has no entry point named '%s'%s", name,
                  r->n_entries ? "" : ": it has none at all");
  if (near) wgsl__hint(m, d, "did you mean '%s'?", near);
  return false;
}

/* WebGPU names an override by its @id alone where it has one. */
static const wgsl_override *choose_override(wgsl_module *m, const char *name) {
  const wgsl_reflection *r = &m->reflection;
  const wgsl_override *near = NULL;
  for (uint32_t i = 0; i < r->n_overrides; i++) {
    const wgsl_override *o = &r->overrides[i];
    char id[16];
    snprintf(id, sizeof id, "%" PRId32, o->id);
    if (strcmp(name, o->id >= 0 ? id : o->name) == 0) return o;
    if (weft__text_similar(name, strlen(name), o->name, strlen(o->name))) near = o;
  }
  wgsl_diagnostic *d =
      wgsl__error(m, wgsl__nowhere, "unknown-constant", "the source has no override named '%s'%s", name,
                  r->n_overrides ? "" : ": it has none at all");
  if (near && strcmp(near->name, name) == 0)
    wgsl__hint(m, d, "'%s' has an @id, which is its name here: '%" PRId32 "'", name, near->id);
  else if (near)
    wgsl__hint(m, d, "did you mean '%s'?", near->name);
  return NULL;
}

/* False: at least one is wrong. */
static bool choose_constants(wgsl_module *m, wgsl_constant *constants) {
  const wgsl_check_options *options = m->options;
  wgsl__evaluation e = {.m = m};
  uint32_t n_errors = m->n_errors;
  for (uint32_t i = 0; i < options->n_constants; i++) {
    constants[i] = (wgsl_constant){choose_override(m, options->constants[i].name), options->constants[i].value};
    wgsl__value value;
    if (constants[i].override) wgsl__constant_value(&e, constants[i].override, constants[i].value, &value);
  }
  return m->n_errors == n_errors;
}

/* ---- pipelines --------------------------------------------------------------------------------------------------- */

static void check_workgroup(wgsl_module *m, const wgsl_entry *entry, const wgsl_pipeline *p) {
  const wgsl__decl *f = m->entry_decls[entry - m->reflection.entries];
  const wgsl__attribute *a = wgsl__attribute_find(f->attributes, WGSL__ATTRIBUTE_workgroup_size);
  wgsl__range range = a ? a->range : f->name_range;
  const uint32_t *size = p->workgroup_size;
  for (int i = 0; i < 3; i++) {
    if (size[i] <= max_size[i]) continue;
    wgsl__error(m, range, "workgroup-size-limit",
                "the workgroup size of '%s' is %" PRIu32 " in %c; WebGPU's default limit is %" PRIu32, entry->name,
                size[i], "xyz"[i], max_size[i]);
    return;
  }
  uint32_t threads = size[0] * size[1] * size[2];
  if (threads > MAX_INVOCATIONS)
    wgsl__error(m, range, "workgroup-size-limit",
                "a workgroup of '%s' has %" PRIu32 " threads (%" PRIu32 " x %" PRIu32 " x %" PRIu32
                "); WebGPU's default limit is %d",
                entry->name, threads, size[0], size[1], size[2], MAX_INVOCATIONS);
  if (p->workgroup_bytes > MAX_WORKGROUP_BYTES)
    wgsl__error(m, f->name_range, "workgroup-memory-limit",
                "'%s' uses %" PRIu64 " bytes of workgroup memory; WebGPU's default limit is %d", entry->name,
                p->workgroup_bytes, MAX_WORKGROUP_BYTES);
}

/* What a stage may use of each kind of resource. */
typedef enum resource { UNIFORM, STORAGE, SAMPLER, STORAGE_TEXTURE, TEXTURE, N_RESOURCES } resource;
static const struct {
  const char *name;
  uint32_t most;
} resources[N_RESOURCES] = {[UNIFORM] = {"uniform buffers", 12},
                            [STORAGE] = {"storage buffers", 8},
                            [SAMPLER] = {"samplers", 16},
                            [STORAGE_TEXTURE] = {"storage textures", 4},
                            [TEXTURE] = {"textures", 16}};

static resource resource_of(const wgsl_binding *b) {
  if (b->space == WGSL_SPACE_UNIFORM) return UNIFORM;
  if (b->space != WGSL_SPACE_HANDLE) return STORAGE;
  if (b->type->kind == WGSL_KIND_SAMPLER) return SAMPLER;
  return strncmp(b->type->name, "texture_storage", 15) == 0 ? STORAGE_TEXTURE : TEXTURE;
}

static void check_bindings(wgsl_module *m, const wgsl_entry *entry) {
  uint32_t counts[N_RESOURCES] = {0};
  for (uint32_t i = 0; i < entry->n_bindings; i++) {
    const wgsl_binding *b = entry->bindings[i];
    wgsl__range range = {b->span.offset, b->span.n_bytes};
    if (b->group >= MAX_GROUPS)
      wgsl__error(m, range, "binding-limit", "'%s' is in @group(%" PRIu32 "); WebGPU's default limit is %d groups",
                  b->name, b->group, MAX_GROUPS);
    if (b->binding >= MAX_BINDINGS)
      wgsl__error(m, range, "binding-limit", "'%s' has @binding(%" PRIu32 "); WebGPU's default limit is %d in a group",
                  b->name, b->binding, MAX_BINDINGS);
    resource kind = resource_of(b);
    if (++counts[kind] == resources[kind].most + 1)
      wgsl__error(m, range, "binding-limit",
                  "'%s' is one too many: '%s' uses more than %" PRIu32 " %s, WebGPU's default limit", b->name,
                  entry->name, resources[kind].most, resources[kind].name);
  }
  const wgsl__decl *f = m->entry_decls[entry - m->reflection.entries];
  if (entry->immediate && entry->immediate->size > MAX_IMMEDIATE_BYTES)
    wgsl__error(m, f->name_range, "immediate-limit", "'%s' has %" PRIu32 " bytes; WebGPU's default limit is %d",
                entry->immediate_name, entry->immediate->size, MAX_IMMEDIATE_BYTES);
}

/* What is wrong with one entry point may be wrong with the next: it is told once. */
static void drop_repeated(wgsl_module *m, uint32_t from) {
  uint32_t kept = from;
  for (uint32_t i = from; i < m->n_diagnostics; i++) {
    const wgsl_diagnostic *d = &m->diagnostics[i];
    bool repeated = false;
    for (uint32_t k = 0; k < from && !repeated; k++)
      repeated = m->diagnostics[k].span.offset == d->span.offset && strcmp(m->diagnostics[k].message, d->message) == 0;
    if (!repeated) m->diagnostics[kept++] = *d;
  }
  m->n_diagnostics = kept;
}

static void check_pipelines(wgsl_module *m, const wgsl_entry *entries, uint32_t n, const wgsl_constant *constants) {
  wgsl_pipeline *pipelines = weft__alloc_zero(n, sizeof *pipelines);
  bool *valid = weft__alloc_zero(n, sizeof *valid);
  wgsl__value *values = weft__alloc_zero(m->reflection.n_overrides + 1, sizeof *values);
  weft__arena scratch = {0};
  wgsl__evaluation e = {.m = m, .overrides = values, .scratch = &scratch, .report = true};
  uint32_t n_errors = m->n_errors;
  if (!pipelines || !valid ||
      (!wgsl__pipelines_evaluate(&e, entries, n, constants, m->options->n_constants, pipelines, valid) &&
       m->n_errors == n_errors))
    m->out_of_memory = true;
  for (uint32_t i = 0; i < n && m->n_errors < WGSL__MAX_REPORTS && !m->out_of_memory; i++) {
    uint32_t before = m->n_diagnostics;
    if (valid[i]) check_workgroup(m, &entries[i], &pipelines[i]);
    check_bindings(m, &entries[i]);
    drop_repeated(m, before);
  }
  weft__arena_free(&scratch);
  weft__free(values);
  weft__free(pipelines);
  weft__free(valid);
}

void wgsl__check_options(wgsl_module *m) {
  const wgsl_check_options *options = m->options;
  const wgsl_reflection *r = &m->reflection;
  const wgsl_entry *entry = NULL;
  wgsl_constant *constants = weft__alloc_zero(options->n_constants + 1, sizeof *constants);
  if (!constants) {
    m->out_of_memory = true;
    return;
  }
  bool known = !options->entry || choose_entry(m, options->entry, &entry);
  known = choose_constants(m, constants) && known;
  if (known && options->pipeline && !r->n_entries)
    wgsl__hint(m,
               wgsl__error(m, wgsl__nowhere, "no-entry-point", "the source has no entry point to make a pipeline of"),
               "write '@compute @workgroup_size(64)' before a function");
  else if (known && options->pipeline)
    check_pipelines(m, entry ? entry : r->entries, entry ? 1 : r->n_entries, constants);
  weft__free(constants);
}
