/* Compiled code: modules by source, programs by (source, entry, constants) (see core.h).
 *
 *   source ─wgsl─▶ weft__module ─▶ weft__program: slots, layouts, pipeline        kept when no kernel uses it any more,
 *                                                                                  oldest use leaves first
 *
 * A program is usable before the device has confirmed it (unless it is compiled in the background): its first calls go
 * into a submit of their own. What only the device objects to comes with the first thing that waits. */
#include "core/core.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- modules ----------------------------------------------------------------------------------------------------------------- */

/* All diagnostics that fit, the position of the first error. */
static weft_status raise_diagnostics(const wgsl_module *wgsl, weft_error *err) {
  if (!err) return WEFT_SHADER;
  uint32_t line = 0, column = 0;
  size_t n = 0;
  weft__fail(err, WEFT_SHADER, "%s", "");
  for (uint32_t i = 0; i < wgsl_diagnostic_count(wgsl); i++) {
    const wgsl_diagnostic *each = wgsl_diagnostic_get(wgsl, i);
    if (each->severity != WGSL_SEVERITY_ERROR) continue;
    if (!line) line = each->span.line, column = each->span.column;
    if (n && n + 1 < sizeof err->message) err->message[n++] = '\n';
    n += wgsl_diagnostic_render(wgsl, each, err->message + n, sizeof err->message - n);
    if (n >= sizeof err->message - 1) break;
  }
  for (n = strlen(err->message); n && err->message[n - 1] == '\n'; n--) err->message[n - 1] = 0; /* as other messages end */
  err->line = line;
  err->column = column;
  return WEFT_SHADER;
}

static void module_free(weft_device *d, weft__module *m) {
  if (m->future) weft__pending_drop(d, m->future);
  if (m->id) weft__condemn(d, m->id);
  wgsl_module_destroy(m->wgsl);
  weft__note_clear(&m->note);
  weft__free(m);
}

/* Parsed, not yet given to the device: a wrong entry or constant should not cost a compilation. */
static weft_status module_get(weft_device *d, const char *source, size_t n_bytes, weft__module **out, weft_error *err) {
  if (n_bytes > UINT32_MAX / 2) return weft__fail(err, WEFT_VALUE, "the WGSL source has %zu bytes, which is too long", n_bytes);
  weft__module *m = weft__map_get(&d->modules, source, (uint32_t)n_bytes);
  if (!m) {
    m = weft__alloc_zero(1, sizeof *m);
    if (!m) return weft__fail_memory(err);
    m->n_bytes = (uint32_t)n_bytes;
    m->wgsl = wgsl_module_create(source, n_bytes);
    weft_status status = m->wgsl ? WEFT_OK : weft__fail_memory(err);
    if (status == WEFT_OK && !wgsl_module_valid(m->wgsl)) status = raise_diagnostics(m->wgsl, err);
    if (status == WEFT_OK && !weft__map_put(&d->modules, source, (uint32_t)n_bytes, m)) status = weft__fail_memory(err);
    if (status != WEFT_OK) {
      module_free(d, m);
      return status;
    }
  }
  m->refs++;
  *out = m;
  return WEFT_OK;
}

static weft_status module_compile(weft_device *d, weft__module *m, const char *source, weft_error *err) {
  if (m->id) return WEFT_OK;
  weft_id id = 0;
  weft_status status = weft__object_take(d, m, &id, err);
  if (status == WEFT_OK) status = weft__pending_take(d, WEFT__PENDING_MODULE, m, &m->future, err);
  if (status == WEFT_OK) {
    status = d->driver->module_create(d->handle, id, source, m->n_bytes, m->future, err);
    if (status == WEFT_OK) {
      m->id = id;
      d->stats.compiles++;
      return WEFT_OK;
    }
    weft__driver_failed(d, status, err);
    weft__slots_give(&d->pending, m->future);
    m->future = 0;
  }
  weft__slots_give(&d->objects, id);
  return status;
}

static void module_release(weft_device *d, weft__module *m, const char *source) {
  if (--m->refs) return;
  weft__map_remove(&d->modules, source, m->n_bytes);
  module_free(d, m);
}

/* ---- choosing entry point and constants -------------------------------------------------------------------------------------- */

static weft_status choose_entry(const wgsl_reflection *r, const char *name, const wgsl_entry **out, weft_error *err) {
  const wgsl_entry *found = NULL, *near = NULL;
  weft__text names = {0};
  uint32_t n = 0;
  for (uint32_t i = 0; i < r->n_entries; i++) {
    const wgsl_entry *e = &r->entries[i];
    if (e->stage != WGSL_STAGE_COMPUTE) continue;
    weft__text_format(&names, "%s\"%s\"", n++ ? ", " : "", e->name);
    if (!name || !strcmp(e->name, name)) found = e;
    else if (weft__text_similar(name, strlen(name), e->name, strlen(e->name))) near = e;
  }
  weft_status status = WEFT_OK;
  if (!n) status = weft__fail(err, WEFT_VALUE, "the source has no compute entry point: a function with @compute and @workgroup_size(…)");
  else if (!name && n > 1) status = weft__fail(err, WEFT_VALUE, "the source has %u compute entry points (%s): name one with entry=", n, names.bytes ? names.bytes : "");
  else if (!found && near) status = weft__fail(err, WEFT_VALUE, "the source has no compute entry point \"%s\"; did you mean \"%s\"?", name, near->name);
  else if (!found) status = weft__fail(err, WEFT_VALUE, "the source has no compute entry point \"%s\"; it has %s", name, names.bytes ? names.bytes : "others");
  weft__text_free(&names);
  if (status == WEFT_OK) *out = found;
  return status;
}

static const wgsl_override *find_override(const wgsl_reflection *r, const char *name) {
  for (uint32_t i = 0; i < r->n_overrides; i++) {
    const wgsl_override *o = &r->overrides[i];
    char id[16];
    snprintf(id, sizeof id, "%d", (int)o->id);
    /* WebGPU knows an override with an @id by that alone. */
    if (!strcmp(o->id >= 0 ? id : o->name, name) || !strcmp(o->name, name)) return o;
  }
  return NULL;
}

static weft_status unknown_override(const wgsl_reflection *r, const char *name, weft_error *err) {
  for (uint32_t i = 0; i < r->n_overrides; i++)
    if (weft__text_similar(name, strlen(name), r->overrides[i].name, strlen(r->overrides[i].name)))
      return weft__fail(err, WEFT_VALUE, "the source has no override \"%s\"; did you mean \"%s\"?", name, r->overrides[i].name);
  return weft__fail(err, WEFT_VALUE, "the source has no override \"%s\"%s", name, r->n_overrides ? "" : "; it declares none");
}

/* Overrides by value for the checker, and as names one after the other for the driver. */
static weft_status take_constants(const wgsl_reflection *r, const weft_kernel_options *options, wgsl_constant *constants, double *values,
                                  weft__text *names, weft_error *err) {
  for (uint32_t i = 0; i < options->n_constants; i++) {
    const wgsl_override *o = find_override(r, options->constants[i].name);
    if (!o) return unknown_override(r, options->constants[i].name, err);
    values[i] = options->constants[i].value;
    constants[i] = (wgsl_constant){o, values[i]};
    if (o->id >= 0) weft__text_format(names, "%d", (int)o->id);
    else weft__text_format(names, "%s", o->name);
    weft__text_add(names, "", 1);
  }
  return names->failed ? weft__fail_memory(err) : WEFT_OK;
}

/* ---- slots and layouts --------------------------------------------------------------------------------------------------------- */

static weft_status check_features(const weft_device *d, const wgsl_reflection *r, const wgsl_entry *entry, weft_error *err) {
  static const struct {
    const char *enable;
    weft_feature feature;
    const char *name;
  } needs[] = {{"f16", WEFT_FEATURE_SHADER_F16, "shader-f16"}, {"subgroups", WEFT_FEATURE_SUBGROUPS, "subgroups"}};
  for (uint32_t i = 0; i < r->n_enables; i++)
    for (size_t k = 0; k < sizeof needs / sizeof *needs; k++)
      if (!strcmp(r->enables[i], needs[k].enable) && !(d->info.feature_bits >> needs[k].feature & 1))
        return weft__fail(err, WEFT_UNSUPPORTED, "the source says `enable %s;` and this device (%s) does not have the feature %s",
                          needs[k].enable, d->info.name, needs[k].name);
  if (entry->immediate && !(d->info.language_bits >> WEFT_LANGUAGE_IMMEDIATE_ADDRESS_SPACE & 1))
    return weft__fail(err, WEFT_UNSUPPORTED, "`%s` is a var<immediate>, which this device (%s) does not have; use a var<uniform>",
                      entry->immediate_name, d->info.name);
  return WEFT_OK;
}

static weft_status check_workgroup(const weft_device *d, const wgsl_entry *e, const wgsl_pipeline *p, weft_error *err) {
  static const weft_limit sizes[3] = {WEFT_LIMIT_MAX_WORKGROUP_SIZE_X, WEFT_LIMIT_MAX_WORKGROUP_SIZE_Y, WEFT_LIMIT_MAX_WORKGROUP_SIZE_Z};
  uint64_t all = 1;
  for (int i = 0; i < 3; i++) {
    all *= p->workgroup_size[i];
    if (p->workgroup_size[i] > d->info.limits[sizes[i]])
      return weft__fail(err, WEFT_VALUE, "`%s` has a workgroup size of %u in %c; this device takes at most %llu", e->name,
                        p->workgroup_size[i], "xyz"[i], (unsigned long long)d->info.limits[sizes[i]]);
  }
  if (all > d->info.limits[WEFT_LIMIT_MAX_INVOCATIONS_PER_WORKGROUP])
    return weft__fail(err, WEFT_VALUE, "`%s` has workgroups of %llu threads (%u × %u × %u); this device takes at most %llu", e->name,
                      (unsigned long long)all, p->workgroup_size[0], p->workgroup_size[1], p->workgroup_size[2],
                      (unsigned long long)d->info.limits[WEFT_LIMIT_MAX_INVOCATIONS_PER_WORKGROUP]);
  if (p->workgroup_bytes > d->info.limits[WEFT_LIMIT_MAX_WORKGROUP_STORAGE_SIZE])
    return weft__fail(err, WEFT_VALUE, "`%s` uses %llu bytes of workgroup memory; this device has %llu", e->name,
                      (unsigned long long)p->workgroup_bytes,
                      (unsigned long long)d->info.limits[WEFT_LIMIT_MAX_WORKGROUP_STORAGE_SIZE]);
  return WEFT_OK;
}

static weft_status make_slots(weft_device *d, weft__program *p, weft_error *err) {
  const wgsl_entry *e = p->entry;
  uint32_t n = e->n_bindings + (e->immediate != NULL), n_storage = 0, n_uniform = 0;
  if (n > WEFT__MAX_SLOTS)
    return weft__fail(err, WEFT_UNSUPPORTED, "`%s` uses %u bindings; at most %d can be passed", e->name, n, WEFT__MAX_SLOTS);
  p->slots = weft__alloc_zero(n, sizeof *p->slots);
  p->faces = weft__alloc_zero(n, sizeof *p->faces);
  if (!p->slots || !p->faces) return weft__fail_memory(err);
  static const weft_slot_kind kinds[] = {[WGSL_SPACE_UNIFORM] = WEFT_SLOT_UNIFORM,
                                         [WGSL_SPACE_STORAGE_READ] = WEFT_SLOT_READ,
                                         [WGSL_SPACE_STORAGE_READ_WRITE] = WEFT_SLOT_READ_WRITE};
  for (uint32_t i = 0; i < e->n_bindings; i++) {
    const wgsl_binding *b = e->bindings[i];
    if (b->space == WGSL_SPACE_HANDLE)
      return weft__fail_at(err, WEFT_UNSUPPORTED, b->span.line, b->span.column,
                           "`%s` is a texture or sampler (%s); kernels take storage buffers and uniforms", b->name, b->type->name);
    if (b->group >= WEFT__MAX_GROUPS || b->group >= d->info.limits[WEFT_LIMIT_MAX_BIND_GROUPS])
      return weft__fail_at(err, WEFT_VALUE, b->span.line, b->span.column, "`%s` is in @group(%u); groups go from 0 to %d", b->name,
                           b->group, WEFT__MAX_GROUPS - 1);
    if (b->binding >= d->info.limits[WEFT_LIMIT_MAX_BINDINGS_PER_GROUP])
      return weft__fail_at(err, WEFT_VALUE, b->span.line, b->span.column, "`%s` has @binding(%u); this device takes bindings below %llu",
                           b->name, b->binding, (unsigned long long)d->info.limits[WEFT_LIMIT_MAX_BINDINGS_PER_GROUP]);
    bool uniform = b->space == WGSL_SPACE_UNIFORM;
    uint64_t limit = d->info.limits[uniform ? WEFT_LIMIT_MAX_UNIFORM_BINDING_SIZE : WEFT_LIMIT_MAX_STORAGE_BINDING_SIZE];
    if (b->min_bytes > limit)
      return weft__fail_at(err, WEFT_VALUE, b->span.line, b->span.column, "`%s` needs %u bytes; this device binds at most %llu", b->name,
                           b->min_bytes, (unsigned long long)limit);
    if (uniform) n_uniform++;
    else n_storage++;
    p->slots[i].face = (weft_slot){b->name, kinds[b->space], b->group, b->binding, b->type, b->min_bytes};
    p->slots[i].dynamic = uniform && n_uniform <= d->info.limits[WEFT_LIMIT_MAX_DYNAMIC_UNIFORM_BUFFERS];
    if (b->group >= p->n_groups) p->n_groups = b->group + 1;
  }
  if (n_storage > d->info.limits[WEFT_LIMIT_MAX_STORAGE_BUFFERS])
    return weft__fail(err, WEFT_VALUE, "`%s` uses %u storage buffers; this device (%s) binds at most %llu in one kernel", e->name, n_storage,
                      d->info.name, (unsigned long long)d->info.limits[WEFT_LIMIT_MAX_STORAGE_BUFFERS]);
  if (n_uniform > d->info.limits[WEFT_LIMIT_MAX_UNIFORM_BUFFERS])
    return weft__fail(err, WEFT_VALUE, "`%s` uses %u uniforms; this device (%s) binds at most %llu in one kernel", e->name, n_uniform,
                      d->info.name, (unsigned long long)d->info.limits[WEFT_LIMIT_MAX_UNIFORM_BUFFERS]);
  if (e->immediate)
    p->slots[n - 1].face = (weft_slot){e->immediate_name, WEFT_SLOT_IMMEDIATE, 0, 0, e->immediate, e->immediate->size};
  p->n_slots = n;
  for (uint32_t i = 0; i < n; i++) p->faces[i] = p->slots[i].face;
  return WEFT_OK;
}

static weft_status make_layouts(weft_device *d, weft__program *p, weft_error *err) {
  for (uint32_t g = 0; g < p->n_groups; g++) {
    uint32_t entries[WEFT__MAX_SLOTS * 3], n = 0;
    for (uint32_t i = 0; i < p->n_slots; i++) {
      const weft__slot *s = &p->slots[i];
      if (s->face.kind == WEFT_SLOT_IMMEDIATE || s->face.group != g) continue;
      weft_binding_type type = s->face.kind == WEFT_SLOT_READ         ? WEFT_BINDING_STORAGE_READ
                               : s->face.kind == WEFT_SLOT_READ_WRITE ? WEFT_BINDING_STORAGE
                               : s->dynamic                           ? WEFT_BINDING_UNIFORM_DYNAMIC
                                                                      : WEFT_BINDING_UNIFORM;
      entries[n * 3] = s->face.binding;
      entries[n * 3 + 1] = (uint32_t)type;
      entries[n * 3 + 2] = s->face.min_bytes;
      n++;
    }
    weft_status status = weft__layout_get(d, entries, n, &p->layouts[g], err);
    if (status != WEFT_OK) return status;
  }
  return WEFT_OK;
}

static const char *source_of(const weft__program *p) { return p->key + p->n_key - p->module->n_bytes; }

/* ---- programs --------------------------------------------------------------------------------------------------------------------- */

static void program_free(weft_device *d, weft__program *p) {
  if (p->confirm.future) weft__pending_drop(d, p->confirm.future);
  if (p->id) weft__condemn(d, p->id);
  weft__note_clear(&p->confirm.note);
  if (p->module) module_release(d, p->module, source_of(p));
  weft__free(p->slots);
  weft__free(p->faces);
  weft__free(p->key);
  weft__cost_release(p->cost);
  weft__free(p);
}

static void evict(weft_device *d) {
  while (d->programs.count >= WEFT__PROGRAMS_CACHED) {
    weft__program *oldest = NULL;
    weft__map_slot slot;
    for (uint32_t cursor = 0; weft__map_next(&d->programs, &cursor, &slot);) {
      weft__program *p = slot.value;
      if (!p->refs && (!oldest || p->last_used < oldest->last_used)) oldest = p;
    }
    if (!oldest) return;
    weft__map_remove(&d->programs, oldest->key, oldest->n_key);
    program_free(d, oldest);
  }
}

static weft_status create_pipeline(weft_device *d, weft__program *p, const weft__text *names, const double *values, uint32_t n_constants,
                                   bool background, weft_error *err) {
  weft_id id = 0, layouts[WEFT__MAX_GROUPS];
  weft_status status = make_slots(d, p, err);
  if (status == WEFT_OK) status = make_layouts(d, p, err);
  if (status == WEFT_OK) status = module_compile(d, p->module, source_of(p), err);
  if (status == WEFT_OK) status = weft__object_take(d, p, &id, err);
  if (status != WEFT_OK) return status;
  for (uint32_t g = 0; g < p->n_groups; g++) layouts[g] = p->layouts[g]->id;
  p->confirm.uid = weft__uid(d);
  p->confirm.state = WEFT__CONFIRM_PENDING;
  p->first_block = d->log.next_serial + 1;
  status = weft__pending_take(d, WEFT__PENDING_PROGRAM, p, &p->confirm.future, err);
  if (status == WEFT_OK) {
    uint32_t immediate_bytes = p->entry->immediate ? (uint32_t)weft__round_up(p->entry->immediate->size, 4) : 0;
    status = d->driver->pipeline_create(d->handle, id, p->module->id, p->entry->name, layouts, p->n_groups, immediate_bytes,
                                        names->bytes ? names->bytes : "", values, n_constants, background, p->confirm.future, err);
    if (status == WEFT_OK) {
      p->id = id;
      p->background = background;
      return WEFT_OK;
    }
    weft__driver_failed(d, status, err);
    weft__slots_give(&d->pending, p->confirm.future);
    p->confirm.future = 0;
  }
  weft__slots_give(&d->objects, id);
  return status;
}

static weft_status program_build(weft_device *d, weft__program *p, const char *source, size_t n_bytes, const weft_kernel_options *options,
                                 bool background, weft_error *err) {
  weft_status status = module_get(d, source, n_bytes, &p->module, err);
  if (status != WEFT_OK) return status;
  const wgsl_reflection *r = wgsl_module_reflect(p->module->wgsl);
  status = choose_entry(r, options->entry, &p->entry, err);
  if (status == WEFT_OK) status = check_features(d, r, p->entry, err);
  if (status != WEFT_OK) return status;
  weft__text names = {0};
  wgsl_constant *constants = weft__alloc_zero(options->n_constants, sizeof *constants);
  double *values = weft__alloc_zero(options->n_constants, sizeof *values);
  status = constants && values ? take_constants(r, options, constants, values, &names, err) : weft__fail_memory(err);
  wgsl_pipeline pipeline;
  char message[512];
  if (status == WEFT_OK && !wgsl_entry_evaluate(p->module->wgsl, p->entry, constants, options->n_constants, &pipeline, message, sizeof message))
    status = weft__fail(err, WEFT_VALUE, "%s", message);
  if (status == WEFT_OK) {
    memcpy(p->workgroup_size, pipeline.workgroup_size, sizeof p->workgroup_size);
    status = check_workgroup(d, p->entry, &pipeline, err);
  }
  if (status == WEFT_OK) status = create_pipeline(d, p, &names, values, options->n_constants, background, err);
  weft__text_free(&names);
  weft__free(constants);
  weft__free(values);
  return status;
}

/* entry NUL, each constant as name NUL value, NUL, then the source: what makes two programs the same. */
static bool make_key(const char *source, size_t n_bytes, const weft_kernel_options *options, weft__text *key) {
  const char *entry = options->entry ? options->entry : "";
  weft__text_add(key, entry, strlen(entry) + 1);
  for (uint32_t i = 0; i < options->n_constants; i++) {
    weft__text_add(key, options->constants[i].name, strlen(options->constants[i].name) + 1);
    weft__text_add(key, (const char *)&options->constants[i].value, sizeof options->constants[i].value);
  }
  weft__text_add(key, "", 1);
  weft__text_add(key, source, n_bytes);
  return !key->failed;
}

weft_status weft__program_get(weft_device *d, const char *source, size_t n_bytes, const weft_kernel_options *options, bool background,
                              weft__program **out, weft_error *err) {
  weft__text key = {0};
  if (!make_key(source, n_bytes, options, &key)) {
    weft__text_free(&key);
    return weft__fail_memory(err);
  }
  weft__program *p = weft__map_get(&d->programs, key.bytes, key.n);
  /* One that is compiled in the background cannot be called yet; who asks for the other kind gets it at once. */
  if (p && p->confirm.state != WEFT__CONFIRM_FAILED) {
    weft__text_free(&key);
    d->stats.compile_hits++;
  } else {
    if (p) { /* a failed one is compiled again: its reason may have gone */
      weft__map_remove(&d->programs, key.bytes, key.n);
      if (!p->refs) program_free(d, p);
      else p->forgotten = true;
    }
    evict(d);
    p = weft__alloc_zero(1, sizeof *p);
    weft_status status = p ? WEFT_OK : weft__fail_memory(err);
    if (p) {
      p->key = key.bytes;
      p->n_key = key.n;
      status = program_build(d, p, source, n_bytes, options, background, err);
    } else {
      weft__text_free(&key);
    }
    if (status == WEFT_OK && !weft__map_put(&d->programs, p->key, p->n_key, p)) status = weft__fail_memory(err);
    if (status != WEFT_OK) {
      if (p) program_free(d, p);
      return status;
    }
  }
  p->refs++;
  p->last_used = weft__uid(d);
  *out = p;
  return WEFT_OK;
}

void weft__program_release(weft_device *d, weft__program *p) {
  if (!p || --p->refs) return;
  if (p->forgotten) program_free(d, p);
}

weft__program *weft__program_blame(weft_device *d, uint64_t block) {
  weft__map_slot slot;
  for (uint32_t cursor = 0; weft__map_next(&d->programs, &cursor, &slot);) {
    weft__program *p = slot.value;
    if (p->confirm.state == WEFT__CONFIRM_FAILED && p->first_block <= block && block <= p->last_block) return p;
  }
  return NULL;
}

/* The device's "line:column: message" with the place shown as in our own diagnostics; what else it says comes after. */
static weft_status raise_at(const weft__program *p, weft_status status, unsigned line, unsigned column, const char *text, weft_error *err) {
  char message[WEFT_ERROR_CAPACITY];
  size_t n = strcspn(text, "\n");
  snprintf(message, sizeof message, "the device rejects `%s`: %.*s", p->entry->name, (int)(n < sizeof message ? n : sizeof message), text);
  const wgsl_diagnostic d = {.severity = WGSL_SEVERITY_ERROR,
                             .code = "device",
                             .message = message,
                             .span = wgsl_module_place(p->module->wgsl, line, column)};
  char shown[WEFT_ERROR_CAPACITY];
  wgsl_diagnostic_render(p->module->wgsl, &d, shown, sizeof shown);
  size_t end = strlen(shown);
  if (!text[n] && end) shown[end - 1] = 0;
  return weft__fail_at(err, status, line, column, "%s%s", shown, text[n] ? text + n + 1 : "");
}

weft_status weft__program_raise(weft__program *p, weft_error *err) {
  /* The module's own messages say more than "the module is invalid". */
  const weft__note *note = p->module->note.status != WEFT_OK ? &p->module->note : &p->confirm.note;
  weft_status status = note->status == WEFT_DEVICE ? WEFT_SHADER : note->status;
  const char *text = note->text ? note->text : "(the host had no memory for the reason)";
  unsigned line = 0, column = 0;
  int at = 0;
  if (status == WEFT_SHADER && sscanf(text, "%u:%u: %n", &line, &column, &at) == 2 && at)
    return raise_at(p, status, line, column, text + at, err);
  return weft__fail(err, status, "the device rejects `%s`: %s", p->entry->name, text);
}

void weft__programs_free(weft_device *d) {
  weft__map_slot slot;
  for (uint32_t i = 0; i < WEFT__INTERNALS; i++) weft__program_release(d, d->internals[i]);
  for (uint32_t cursor = 0; weft__map_next(&d->programs, &cursor, &slot);) program_free(d, slot.value);
  weft__map_free(&d->programs);
  weft__map_free(&d->modules);
}
