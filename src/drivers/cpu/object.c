/* The table of objects; buffers and their mapping (see internal.h). */
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "drivers/cpu/internal.h"

/* ---- counting ---------------------------------------------------------------------------------------------------- */

void *cpu_object_create(weft__kind kind, size_t n_bytes) {
  cpu_object *object = weft__alloc_zero(1, n_bytes);
  if (!object) return NULL;
  atomic_init(&object->refs, 1);
  object->kind = kind;
  return object;
}

void cpu_object_fail(cpu_object *object, const char *text) {
  if (object->failed) return;
  size_t n = strlen(text) + 1;
  if ((object->failed = weft__alloc(n))) memcpy(object->failed, text, n);
}

void cpu_object_retain(cpu_object *object) { atomic_fetch_add_explicit(&object->refs, 1, memory_order_relaxed); }

static void free_pipeline(cpu_pipeline *p) {
  cpu_program_destroy(p->program);
  for (uint32_t i = 0; i < p->n_layouts; i++) cpu_object_release(&p->layouts[i]->head);
  weft__free(p->places);
}

static void free_group(cpu_group *g) {
  for (uint32_t i = 0; i < g->layout->n; i++)
    if (g->bound[i].buffer) cpu_object_release(&g->bound[i].buffer->head);
  cpu_object_release(&g->layout->head);
}

void cpu_object_release(cpu_object *object) {
  if (!object || atomic_fetch_sub_explicit(&object->refs, 1, memory_order_acq_rel) != 1) return;
  switch (object->kind) {
    case WEFT__KIND_BUFFER: weft__free(((cpu_buffer *)object)->memory); break;
    case WEFT__KIND_MODULE: wgsl_module_destroy(((cpu_module *)object)->wgsl); break;
    case WEFT__KIND_PIPELINE: free_pipeline((cpu_pipeline *)object); break;
    case WEFT__KIND_GROUP: free_group((cpu_group *)object); break;
    case WEFT__KIND_LAYOUT:
    case WEFT__KIND_NONE: break;
  }
  weft__free(object->failed);
  weft__free(object);
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

weft_status cpu_device_usable(const cpu_device *d, weft_error *err) {
  if (d->lost) return weft__fail(err, WEFT_LOST, "%s", CPU_LOST_TEXT);
  if (!d->open) return weft__fail(err, WEFT_STATE, "the device is not open yet");
  return WEFT_OK;
}

static weft__kind kind_of(const cpu_slot_entry *e) { return e->object ? e->object->kind : WEFT__KIND_NONE; }

weft_status cpu_object_find(cpu_device *d, weft_id id, weft__kind kind, void *out, weft_error *err) {
  static const cpu_slot_entry none;
  uint32_t slot = WEFT_ID_SLOT(id);
  const cpu_slot_entry *e = slot < d->n_objects_capacity ? &d->objects[slot] : &none;
  weft_status status = weft__id_check(id, e->id, kind_of(e), kind, err);
  if (!status) memcpy(out, &e->object, sizeof e->object);
  return status;
}

weft_status cpu_object_put(cpu_device *d, weft_id id, cpu_object *object, weft_error *err) {
  uint32_t slot = WEFT_ID_SLOT(id), before = d->n_objects_capacity;
  if (!weft__grow(&d->objects, &d->n_objects_capacity, slot + 1, sizeof *d->objects)) return weft__fail_memory(err);
  for (uint32_t i = before; i < d->n_objects_capacity; i++) d->objects[i] = (cpu_slot_entry){0};
  cpu_slot_entry *e = &d->objects[slot];
  weft_status status = weft__id_free(id, e->id, kind_of(e), err);
  if (status) return status;
  *e = (cpu_slot_entry){id, object};
  d->n_objects++;
  return WEFT_OK;
}

void cpu_release(void *device, const weft_id *ids, uint32_t n) {
  cpu_device *d = device;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t slot = WEFT_ID_SLOT(ids[i]);
    if (slot >= d->n_objects_capacity || !d->objects[slot].object || d->objects[slot].id != ids[i]) continue;
    cpu_object_release(d->objects[slot].object);
    d->objects[slot] = (cpu_slot_entry){0};
    d->n_objects--;
  }
}

uint32_t cpu_object_count(void *device) { return ((cpu_device *)device)->n_objects; }

/* ---- buffers ----------------------------------------------------------------------------------------------------- */

/* Memory that is zero, aligned, and costs nothing until it is touched. */
static bool allocate(cpu_buffer *b) {
  if (b->n_bytes > SIZE_MAX - CPU_ALIGNMENT) return false;
  if (!(b->memory = weft__alloc_zero(1, (size_t)b->n_bytes + CPU_ALIGNMENT))) return false;
  b->bytes = (uint8_t *)(((uintptr_t)b->memory + CPU_ALIGNMENT - 1) & ~(uintptr_t)(CPU_ALIGNMENT - 1));
  return true;
}

weft_status cpu_buffer_create(void *device, weft_id id, uint64_t n_bytes, uint32_t usage, uint32_t future,
                              weft_error *err) {
  cpu_device *d = device;
  weft_status status = cpu_device_usable(d, err);
  if (status) return status;
  weft_error problem = {0};
  cpu_record *r = cpu_record_create(future ? future : WEFT_FUTURE_UNCAPTURED);
  cpu_buffer *b = cpu_object_create(WEFT__KIND_BUFFER, sizeof *b);
  status = r && b ? cpu_object_put(d, id, &b->head, err) : weft__fail_memory(err);
  if (status) {
    cpu_record_free(r);
    if (b) cpu_object_release(&b->head);
    return status;
  }
  atomic_init(&b->pending, 0);
  b->usage = usage;
  b->n_bytes = n_bytes;
  if (n_bytes > d->limits[WEFT_LIMIT_MAX_BUFFER_SIZE])
    weft__fail(&problem, WEFT_DEVICE, "a buffer of %llu bytes; maxBufferSize is %llu", (unsigned long long)n_bytes,
               (unsigned long long)d->limits[WEFT_LIMIT_MAX_BUFFER_SIZE]);
  else if (!allocate(b))
    weft__fail(&problem, WEFT_MEMORY, "this machine has no memory for a buffer of %llu bytes",
               (unsigned long long)n_bytes);
  if (problem.code) {
    cpu_object_fail(&b->head, problem.message);
    cpu_record_fail(r, problem.code, problem.message);
  }
  cpu_record_settle(d, r);
  return WEFT_OK;
}

/* Why `n_bytes` at `offset` of a buffer cannot be written; false: they can. */
static bool write_problem(const cpu_buffer *b, uint64_t offset, uint64_t n_bytes, weft_error *problem) {
  if (!b->bytes)
    weft__fail(problem, WEFT_DEVICE, "the buffer could not be created: %s",
               b->head.failed ? b->head.failed : "no memory");
  else if (b->mapping) weft__fail(problem, WEFT_DEVICE, "the buffer is mapped");
  else if (!(b->usage & WEFT_USAGE_COPY_DST))
    weft__fail(problem, WEFT_DEVICE, "the buffer was not created with COPY_DST");
  else if (offset % 4 || n_bytes % 4)
    weft__fail(problem, WEFT_DEVICE, "%llu bytes at offset %llu: both are to be multiples of 4",
               (unsigned long long)n_bytes, (unsigned long long)offset);
  else if (offset > b->n_bytes || n_bytes > b->n_bytes - offset)
    weft__fail(problem, WEFT_DEVICE, "%llu bytes at offset %llu are beyond the buffer's %llu",
               (unsigned long long)n_bytes, (unsigned long long)offset, (unsigned long long)b->n_bytes);
  return problem->code != WEFT_OK;
}

static weft_status write_later(cpu_buffer *b, uint64_t offset, const void *bytes, uint64_t n_bytes, cpu_job **out,
                               weft_error *err) {
  cpu_job *job = cpu_job_create(CPU_JOB_WRITE);
  weft_status status = job ? cpu_job_hold(job, &b->head, err) : weft__fail_memory(err);
  if (!status) {
    job->words = weft__alloc((size_t)n_bytes);
    job->commands = weft__alloc_zero(1, sizeof *job->commands);
    if (!job->words || !job->commands) status = weft__fail_memory(err);
  }
  if (status) {
    cpu_job_free(job);
    return status;
  }
  memcpy(job->words, bytes, (size_t)n_bytes);
  job->commands[0] =
      (cpu_command){.kind = CPU_COMMAND_COPY, .destination = b->bytes + offset, .source = job->words, .n_bytes = n_bytes};
  job->n_commands = 1;
  *out = job;
  return WEFT_OK;
}

weft_status cpu_write(cpu_buffer *b, uint64_t offset, const void *bytes, uint64_t n_bytes, cpu_job **out,
                      weft_error *problem, weft_error *err) {
  *out = NULL;
  if (write_problem(b, offset, n_bytes, problem) || !n_bytes) return WEFT_OK;
  if (atomic_load_explicit(&b->pending, memory_order_acquire)) return write_later(b, offset, bytes, n_bytes, out, err);
  memcpy(b->bytes + offset, bytes,
         (size_t)n_bytes); /* nothing that waits names it, so it is as if the write were the first to run */
  return WEFT_OK;
}

weft_status cpu_buffer_write(void *device, weft_id id, uint64_t offset, const void *bytes, uint64_t n_bytes,
                             uint32_t future, weft_error *err) {
  cpu_device *d = device;
  cpu_buffer *b;
  cpu_job *job = NULL;
  weft_error problem = {0};
  weft_status status = cpu_device_usable(d, err);
  if (!status) status = cpu_object_find(d, id, WEFT__KIND_BUFFER, &b, err);
  if (status) return status;
  cpu_record *r = cpu_record_create(future ? future : WEFT_FUTURE_UNCAPTURED);
  status = r ? cpu_write(b, offset, bytes, n_bytes, &job, &problem, err) : weft__fail_memory(err);
  if (status) {
    cpu_record_free(r);
    return status;
  }
  if (problem.code) cpu_record_fail(r, problem.code, problem.message);
  cpu_record_settle(d, r);
  if (job) cpu_job_start(d, job);
  return WEFT_OK;
}

/* ---- mapping ----------------------------------------------------------------------------------------------------- */

weft_status cpu_map_start(void *device, weft_id id, uint64_t offset, uint64_t n_bytes, uint32_t future,
                          weft_error *err) {
  cpu_device *d = device;
  cpu_buffer *b;
  weft_status status = cpu_device_usable(d, err);
  if (!status) status = cpu_object_find(d, id, WEFT__KIND_BUFFER, &b, err);
  if (!status && b->mapping) status = weft__fail(err, WEFT_STATE, "the buffer is mapped already");
  if (status) return status;
  cpu_record *r = cpu_record_create(future);
  cpu_job *job = r ? cpu_job_create(CPU_JOB_MAP) : NULL;
  status = job ? cpu_job_hold(job, &b->head, err) : weft__fail_memory(err);
  if (status) {
    cpu_record_free(r);
    cpu_job_free(job);
    return status;
  }
  job->record = r;
  if (!b->bytes) cpu_record_fail(r, WEFT_DEVICE, "a buffer whose creation failed cannot be mapped");
  else if (!(b->usage & WEFT_USAGE_MAP_READ))
    cpu_record_fail(r, WEFT_DEVICE, "the buffer was not created with MAP_READ");
  else if (offset % 8 || n_bytes % 4 || offset > b->n_bytes || n_bytes > b->n_bytes - offset)
    cpu_record_fail(r, WEFT_DEVICE, "the range to map is not aligned, or beyond the end of the buffer");
  else {
    if (!++d->last_mapping) ++d->last_mapping;
    r->id = id;
    r->mapping = b->mapping = d->last_mapping;
    b->mapped = false;
    b->map_offset = offset;
    b->n_mapped_bytes = n_bytes;
  }
  cpu_job_start(d, job);
  return WEFT_OK;
}

weft_status cpu_map_read(void *device, weft_id id, uint64_t offset, void *destination, uint64_t n_bytes,
                         weft_error *err) {
  cpu_device *d = device;
  cpu_buffer *b;
  weft_status status = cpu_device_usable(d, err);
  if (!status) status = cpu_object_find(d, id, WEFT__KIND_BUFFER, &b, err);
  if (status) return status;
  if (!b->mapped) return weft__fail(err, WEFT_STATE, "the buffer is not mapped");
  if (offset < b->map_offset || n_bytes > b->n_mapped_bytes || offset - b->map_offset > b->n_mapped_bytes - n_bytes)
    return weft__fail(err, WEFT_VALUE, "%llu bytes from %llu on are asked for, and %llu to %llu are mapped",
                      (unsigned long long)n_bytes, (unsigned long long)offset, (unsigned long long)b->map_offset,
                      (unsigned long long)(b->map_offset + b->n_mapped_bytes));
  memcpy(destination, b->bytes + offset, (size_t)n_bytes);
  return WEFT_OK;
}

void cpu_map_finish(void *device, weft_id id) {
  cpu_buffer *b;
  if (cpu_object_find(device, id, WEFT__KIND_BUFFER, &b, NULL)) return;
  b->mapping = 0;
  b->mapped = false;
}

void cpu_object_finish(cpu_device *d, cpu_record *r) {
  cpu_buffer *b;
  cpu_pipeline *p;
  if (r->future == d->ready && !r->status) d->open = true;
  if (!r->id) return;
  if (!r->mapping) {
    if (!cpu_object_find(d, r->id, WEFT__KIND_PIPELINE, &p, NULL)) p->compiling = false;
  } else if (!cpu_object_find(d, r->id, WEFT__KIND_BUFFER, &b, NULL) && b->mapping == r->mapping) {
    b->mapped = !r->status;
    if (r->status) b->mapping = 0;
  }
}
