/* Shader modules, layouts and pipelines: what becomes of WGSL (see internal.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"
#include "drivers/cpu/internal.h"

/* ---- modules ----------------------------------------------------------------------------------------------------- */

/* The errors as lines of "line:column: message". */
static void tell_errors(const wgsl_module *m, weft__text *lines) {
  for (uint32_t i = 0; i < wgsl_diagnostic_count(m); i++) {
    const wgsl_diagnostic *e = wgsl_diagnostic_get(m, i);
    if (e->severity == WGSL_SEVERITY_ERROR)
      weft__text_format(lines, "%s%u:%u: %s", lines->n ? "\n" : "", e->span.line, e->span.column, e->message);
  }
}

weft_status cpu_module_create(void *device, weft_id id, const char *wgsl, size_t n_bytes, uint32_t future,
                              weft_error *err) {
  cpu_device *d = device;
  weft_status status = cpu_device_usable(d, err);
  if (status) return status;
  cpu_record *r = cpu_record_create(future ? future : WEFT_FUTURE_UNCAPTURED);
  cpu_module *m = cpu_object_create(WEFT__KIND_MODULE, sizeof *m);
  if (m) m->wgsl = wgsl_module_create(wgsl, n_bytes);
  status = r && m && m->wgsl ? cpu_object_put(d, id, &m->head, err) : weft__fail_memory(err);
  if (status) {
    cpu_record_free(r);
    if (m) cpu_object_release(&m->head);
    return status;
  }
  if (!wgsl_module_valid(m->wgsl)) {
    weft__text lines = {0};
    tell_errors(m->wgsl, &lines);
    cpu_record_fail(r, WEFT_SHADER, lines.bytes && !lines.failed ? lines.bytes : "");
    weft__text_free(&lines);
  }
  cpu_record_settle(d, r);
  return WEFT_OK;
}

/* ---- layouts ----------------------------------------------------------------------------------------------------- */

static int compare_entries(const void *a, const void *b) {
  uint32_t x = ((const cpu_entry *)a)->binding, y = ((const cpu_entry *)b)->binding;
  return (x > y) - (x < y);
}

weft_status cpu_layout_create(void *device, weft_id id, const uint32_t *entries, uint32_t n, weft_error *err) {
  cpu_device *d = device;
  weft_status status = cpu_device_usable(d, err);
  for (uint32_t i = 0; i < n && !status; i++)
    if (entries[3 * i + 1] > WEFT_BINDING_STORAGE_READ)
      status = weft__fail(err, WEFT_VALUE, "binding %u has type %u, and there are types 0 to 3", entries[3 * i],
                          entries[3 * i + 1]);
  if (status) return status;
  if (n > d->limits[WEFT_LIMIT_MAX_BINDINGS_PER_GROUP])
    return weft__fail(err, WEFT_VALUE, "a layout of %u bindings; maxBindingsPerBindGroup is %llu", n,
                      (unsigned long long)d->limits[WEFT_LIMIT_MAX_BINDINGS_PER_GROUP]);
  cpu_layout *l = cpu_object_create(WEFT__KIND_LAYOUT, sizeof *l + n * sizeof *l->entries);
  if (!l) return weft__fail_memory(err);
  l->n = n;
  for (uint32_t i = 0; i < n; i++) {
    const uint32_t *e = entries + 3 * i;
    l->entries[i] = (cpu_entry){e[0], (weft_binding_type)e[1], e[2]};
    l->n_dynamic += e[1] == WEFT_BINDING_UNIFORM_DYNAMIC;
  }
  if (n) qsort(l->entries, n, sizeof *l->entries, compare_entries);
  for (uint32_t i = 1; i < n && !status; i++)
    if (l->entries[i].binding == l->entries[i - 1].binding)
      status = weft__fail(err, WEFT_VALUE, "a layout has binding %u twice", l->entries[i].binding);
  if (!status) status = cpu_object_put(d, id, &l->head, err);
  if (status) cpu_object_release(&l->head);
  return status;
}

/* ---- compiling --------------------------------------------------------------------------------------------------- */

static const wgsl_entry *find_entry(const wgsl_module *m, const char *name) {
  const wgsl_reflection *r = wgsl_module_reflect(m);
  for (uint32_t i = 0; r && i < r->n_entries; i++)
    if (r->entries[i].stage == WGSL_STAGE_COMPUTE && !strcmp(r->entries[i].name, name)) return &r->entries[i];
  return NULL;
}

/* By its id where it has one, else by its name: WebGPU's rule. */
static const wgsl_override *find_override(const wgsl_module *m, const char *key) {
  const wgsl_reflection *r = wgsl_module_reflect(m);
  for (uint32_t i = 0; i < r->n_overrides; i++) {
    const wgsl_override *o = &r->overrides[i];
    char id[16];
    snprintf(id, sizeof id, "%d", (int)o->id);
    if (!strcmp(o->id >= 0 ? id : o->name, key)) return o;
  }
  return NULL;
}

static weft_status read_constants(const cpu_compile *c, wgsl_constant *out, weft_error *err) {
  const char *key = c->constants;
  for (uint32_t i = 0; i < c->n_constants; i++, key += strlen(key) + 1) {
    const wgsl_override *o = find_override(c->module->wgsl, key);
    if (!o) return weft__fail(err, WEFT_DEVICE, "the module has no override \"%s\"", key);
    out[i] = (wgsl_constant){o, c->values[i]};
  }
  return WEFT_OK;
}

static weft_status check_limits(const cpu_device *d, const cpu_compile *c, const wgsl_entry *entry,
                                const wgsl_constant *constants, weft_error *err) {
  static const weft_limit limits[] = {WEFT_LIMIT_MAX_WORKGROUP_SIZE_X, WEFT_LIMIT_MAX_WORKGROUP_SIZE_Y,
                                      WEFT_LIMIT_MAX_WORKGROUP_SIZE_Z};
  wgsl_pipeline p;
  char message[512];
  uint64_t all = 1;
  if (!wgsl_entry_evaluate(c->module->wgsl, entry, constants, c->n_constants, &p, message, sizeof message))
    return weft__fail(err, WEFT_DEVICE, "%s", message);
  for (int i = 0; i < 3; i++) {
    all *= p.workgroup_size[i];
    if (p.workgroup_size[i] > d->limits[limits[i]])
      return weft__fail(err, WEFT_DEVICE, "a workgroup of %u in %c; the device takes %llu", p.workgroup_size[i],
                        "xyz"[i], (unsigned long long)d->limits[limits[i]]);
  }
  if (all > d->limits[WEFT_LIMIT_MAX_INVOCATIONS_PER_WORKGROUP])
    return weft__fail(err, WEFT_DEVICE, "a workgroup of %llu invocations; the device takes %llu",
                      (unsigned long long)all, (unsigned long long)d->limits[WEFT_LIMIT_MAX_INVOCATIONS_PER_WORKGROUP]);
  if (p.workgroup_bytes > d->limits[WEFT_LIMIT_MAX_WORKGROUP_STORAGE_SIZE])
    return weft__fail(err, WEFT_DEVICE, "%llu bytes of workgroup memory; the device has %llu",
                      (unsigned long long)p.workgroup_bytes,
                      (unsigned long long)d->limits[WEFT_LIMIT_MAX_WORKGROUP_STORAGE_SIZE]);
  return WEFT_OK;
}

static bool type_fits(wgsl_space space, weft_binding_type type) {
  switch (space) {
    case WGSL_SPACE_UNIFORM: return type == WEFT_BINDING_UNIFORM || type == WEFT_BINDING_UNIFORM_DYNAMIC;
    case WGSL_SPACE_STORAGE_READ: return type == WEFT_BINDING_STORAGE_READ;
    case WGSL_SPACE_STORAGE_READ_WRITE: return type == WEFT_BINDING_STORAGE;
    case WGSL_SPACE_HANDLE: return false;
  }
  return false;
}

static weft_status place_slot(const cpu_pipeline *p, const cpu_slot *s, cpu_place *out, weft_error *err) {
  const cpu_layout *l = s->group < p->n_layouts ? p->layouts[s->group] : NULL;
  for (uint32_t i = 0; l && i < l->n; i++) {
    const cpu_entry *e = &l->entries[i];
    if (e->binding != s->binding) continue;
    if (!type_fits(s->space, e->type) || (e->min_bytes && e->min_bytes < s->min_bytes))
      return weft__fail(err, WEFT_DEVICE, "@group(%u) @binding(%u) of the layout does not fit the shader's", s->group,
                        s->binding);
    *out = (cpu_place){s->group, i};
    return WEFT_OK;
  }
  return weft__fail(err, WEFT_DEVICE, "the layout has no @group(%u) @binding(%u), which the shader uses", s->group,
                    s->binding);
}

static weft_status place_slots(cpu_pipeline *p, weft_error *err) {
  const cpu_slot *slots;
  uint32_t n = cpu_program_slots(p->program, &slots);
  weft_status status = (p->places = weft__alloc_zero(n, sizeof *p->places)) ? WEFT_OK : weft__fail_memory(err);
  for (uint32_t i = 0; i < n && !status; i++) status = place_slot(p, &slots[i], &p->places[i], err);
  return status;
}

static weft_status compile(const cpu_device *d, const cpu_compile *c, weft_error *err) {
  cpu_pipeline *p = c->pipeline;
  if (!wgsl_module_valid(c->module->wgsl)) return weft__fail(err, WEFT_DEVICE, "the shader module was rejected");
  const wgsl_entry *entry = find_entry(c->module->wgsl, c->entry);
  if (!entry) return weft__fail(err, WEFT_DEVICE, "the module has no compute entry point \"%s\"", c->entry);
  if (entry->immediate && entry->immediate->size > p->immediate_bytes)
    return weft__fail(err, WEFT_DEVICE, "\"%s\" uses %u bytes of immediates, and the layout has %u", c->entry,
                      entry->immediate->size, p->immediate_bytes);
  wgsl_constant *constants = weft__alloc_zero(c->n_constants, sizeof *constants);
  cpu_program_options options = {.constants = constants, .n_constants = c->n_constants};
  weft_status status = constants ? read_constants(c, constants, err) : weft__fail_memory(err);
  if (!status) status = check_limits(d, c, entry, constants, err);
  if (!status) status = cpu_program_create(c->module->wgsl, entry, &options, &p->program, err);
  weft__free(constants);
  return status ? status : place_slots(p, err);
}

void cpu_compile_run(const cpu_device *d, const cpu_compile *c, cpu_record *record) {
  weft_error problem;
  weft_status status = compile(d, c, &problem);
  if (status) {
    cpu_object_fail(&c->pipeline->head, problem.message);
    cpu_record_fail(record, status, problem.message);
    cpu_program_destroy(c->pipeline->program);
    c->pipeline->program = NULL;
  }
}

void cpu_compile_free(cpu_compile *c) {
  weft__free(c->entry);
  weft__free(c->constants);
  weft__free(c->values);
}

/* ---- pipelines --------------------------------------------------------------------------------------------------- */

static void *copy_of(const void *bytes, size_t n) {
  void *copy = weft__alloc(n);
  if (copy && n) memcpy(copy, bytes, n);
  return copy;
}

/* Copies what the call has lent into a job, which is started. */
static weft_status compile_later(cpu_device *d, const cpu_compile *lent, cpu_record *record, weft_error *err) {
  cpu_job *job = cpu_job_create(CPU_JOB_COMPILE);
  if (!job) return weft__fail_memory(err);
  size_t n_names = 0;
  for (uint32_t i = 0; i < lent->n_constants; i++) n_names += strlen(lent->constants + n_names) + 1;
  job->compile = *lent;
  job->compile.entry = copy_of(lent->entry, strlen(lent->entry) + 1);
  job->compile.constants = copy_of(lent->constants, n_names);
  job->compile.values = copy_of(lent->values, lent->n_constants * sizeof *lent->values);
  bool enough = job->compile.entry && job->compile.constants && job->compile.values;
  weft_status status = enough ? cpu_job_hold(job, &lent->pipeline->head, err) : weft__fail_memory(err);
  if (!status) status = cpu_job_hold(job, &lent->module->head, err);
  if (status) {
    cpu_job_free(job);
    return status;
  }
  job->record = record;
  cpu_job_start(d, job);
  return WEFT_OK;
}

static weft_status pipeline_make(cpu_device *d, const weft_id *layouts, uint32_t n_layouts, uint32_t immediate_bytes,
                                 cpu_pipeline **out, weft_error *err) {
  if (n_layouts > CPU_GROUPS_MAX)
    return weft__fail(err, WEFT_VALUE, "a pipeline with %u groups; maxBindGroups is %d", n_layouts, CPU_GROUPS_MAX);
  if (immediate_bytes > CPU_IMMEDIATE_BYTES_MAX)
    return weft__fail(err, WEFT_VALUE, "a pipeline with %u bytes of immediates; maxImmediateSize is %d",
                      immediate_bytes, CPU_IMMEDIATE_BYTES_MAX);
  cpu_pipeline *p = cpu_object_create(WEFT__KIND_PIPELINE, sizeof *p);
  if (!p) return weft__fail_memory(err);
  p->immediate_bytes = immediate_bytes;
  for (uint32_t i = 0; i < n_layouts; i++) {
    weft_status status = cpu_object_find(d, layouts[i], WEFT__KIND_LAYOUT, &p->layouts[i], err);
    if (status) {
      cpu_object_release(&p->head);
      return weft__fail_prefix(err, status, "layout of group %u: ", i);
    }
    cpu_object_retain(&p->layouts[i]->head);
    p->n_layouts++;
  }
  *out = p;
  return WEFT_OK;
}

weft_status cpu_pipeline_create(void *device, weft_id id, weft_id module, const char *entry, const weft_id *layouts,
                                uint32_t n_layouts, uint32_t immediate_bytes, const char *constants,
                                const double *values, uint32_t n_constants, bool background, uint32_t future,
                                weft_error *err) {
  cpu_device *d = device;
  cpu_pipeline *p = NULL;
  cpu_module *m;
  weft_status status = cpu_device_usable(d, err);
  if (!status) status = cpu_object_find(d, module, WEFT__KIND_MODULE, &m, err);
  if (!status) status = pipeline_make(d, layouts, n_layouts, immediate_bytes, &p, err);
  if (status) return status;
  cpu_compile c = {.pipeline = p,
                   .module = m,
                   .entry = (char *)entry,
                   .constants = (char *)constants,
                   .values = (double *)values,
                   .n_constants = n_constants};
  cpu_record *r = cpu_record_create(future ? future : WEFT_FUTURE_UNCAPTURED);
  status = r ? cpu_object_put(d, id, &p->head, err) : weft__fail_memory(err);
  if (status) {
    cpu_object_release(&p->head);
    cpu_record_free(r);
    return status;
  }
  if (background) {
    r->id = id;
    p->compiling = true;
    status = compile_later(d, &c, r, err);
    if (!status) return WEFT_OK;
    cpu_release(d, &id, 1);
    cpu_record_free(r);
    return status;
  }
  cpu_compile_run(d, &c, r);
  cpu_record_settle(d, r);
  return WEFT_OK;
}
