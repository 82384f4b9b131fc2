/* Walking a command stream (core/driver.h): every command is checked and becomes part of a job; the jobs start once the
 * whole stream is known to be sound.
 *
 *   WRITE ──▶ at once, or a job        GROUP ──▶ the table
 *   BEGIN ──▶ a job: PIPELINE, SET_GROUP, IMMEDIATES are its state; all others its commands
 *
 * What would harm the driver (an unknown id, a broken stream) fails the submit. What WebGPU forbids fails the block. */
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "drivers/common.h"
#include "drivers/cpu/internal.h"

typedef unsigned long long ull;

typedef struct walk {
  cpu_device *device;
  cpu_job *first, **end; /* jobs to start */
  cpu_job *block;        /* the last of them, when it is a block; NULL before the first BEGIN */
  cpu_record *stray;     /* errors before the first BEGIN */
  /* the pass */
  cpu_pipeline *pipeline;
  struct {
    cpu_group *group;
    const uint32_t *dynamic;
    uint32_t n_dynamic;
  } groups[CPU_GROUPS_MAX];
  uint32_t immediates[CPU_IMMEDIATE_BYTES_MAX / 4];
} walk;

static void end_pass(walk *k) {
  k->pipeline = NULL;
  memset(k->groups, 0, sizeof k->groups);
  memset(k->immediates, 0, sizeof k->immediates);
}

static void add_job(walk *k, cpu_job *job) {
  *k->end = job;
  k->end = &job->next;
}

/* WebGPU forbids what the block does: told by its record, and nothing of it will run. */
#define FORBID(k, ...)                                                                            \
  do {                                                                                            \
    weft_error problem_;                                                                          \
    weft__fail(&problem_, WEFT_DEVICE, __VA_ARGS__);                                              \
    cpu_record_fail((k)->block ? (k)->block->record : (k)->stray, WEFT_DEVICE, problem_.message); \
  } while (0)

/* ---- outside a pass ---------------------------------------------------------------------------------------------- */

static weft_status take_write(walk *k, const uint32_t *w, weft_error *err) {
  cpu_buffer *b;
  cpu_job *job = NULL;
  weft_error problem = {0};
  weft_status status = cpu_object_find(k->device, w[1], WEFT__KIND_BUFFER, &b, err);
  if (!status) status = cpu_write(b, weft__word64(w + 2), weft__word_pointer(w + 4), weft__word64(w + 6), &job, &problem, err);
  if (job) add_job(k, job);
  if (problem.code) FORBID(k, "%s", problem.message);
  return status;
}

static weft_status take_begin(walk *k, const uint32_t *w, weft_error *err) {
  cpu_job *job = cpu_job_create(CPU_JOB_BLOCK);
  if (!job || !(job->record = cpu_record_create(w[1] ? w[1] : WEFT_FUTURE_UNCAPTURED))) {
    cpu_job_free(job);
    return weft__fail_memory(err);
  }
  add_job(k, job);
  k->block = job;
  end_pass(k);
  return WEFT_OK;
}

/* Why `n` bytes at `offset` of a buffer cannot be copied from or to; false: they can. */
static bool range_forbidden(walk *k, const char *op, const cpu_buffer *b, uint64_t offset, uint64_t n, uint32_t usage) {
  if (!b->bytes) FORBID(k, "%s: a buffer whose creation failed", op);
  else if (b->mapping) FORBID(k, "%s: the buffer is mapped", op);
  else if (!(b->usage & usage))
    FORBID(k, "%s: the buffer was created with usage 0x%x, and 0x%x is needed", op, b->usage, usage);
  else if (offset % 4 || n % 4) FORBID(k, "%s: %llu bytes at offset %llu, not multiples of 4", op, (ull)n, (ull)offset);
  else if (offset > b->n_bytes || n > b->n_bytes - offset)
    FORBID(k, "%s: %llu bytes at offset %llu are beyond the buffer's %llu", op, (ull)n, (ull)offset, (ull)b->n_bytes);
  else return false;
  return true;
}

static weft_status add_command(walk *k, const cpu_command *c, weft_error *err) {
  cpu_job *job = k->block;
  if (!weft__grow(&job->commands, &job->commands_capacity, job->n_commands + 1, sizeof *job->commands))
    return weft__fail_memory(err);
  job->commands[job->n_commands++] = *c;
  return WEFT_OK;
}

static weft_status take_copy(walk *k, const uint32_t *w, weft_error *err) {
  cpu_buffer *from, *to;
  uint64_t n = weft__word64(w + 7);
  weft_status status = cpu_object_find(k->device, w[1], WEFT__KIND_BUFFER, &from, err);
  if (!status) status = cpu_object_find(k->device, w[4], WEFT__KIND_BUFFER, &to, err);
  if (status) return status;
  end_pass(k);
  if (from == to) FORBID(k, "COPY: source and destination are one buffer");
  if (from == to || range_forbidden(k, "COPY", from, weft__word64(w + 2), n, WEFT_USAGE_COPY_SRC) ||
      range_forbidden(k, "COPY", to, weft__word64(w + 5), n, WEFT_USAGE_COPY_DST))
    return WEFT_OK;
  status = cpu_job_hold(k->block, &from->head, err);
  if (!status) status = cpu_job_hold(k->block, &to->head, err);
  const cpu_command c = {.kind = CPU_COMMAND_COPY,
                         .destination = to->bytes + weft__word64(w + 5),
                         .source = from->bytes + weft__word64(w + 2),
                         .n_bytes = n};
  return status ? status : add_command(k, &c, err);
}

static weft_status take_clear(walk *k, const uint32_t *w, weft_error *err) {
  cpu_buffer *b;
  weft_status status = cpu_object_find(k->device, w[1], WEFT__KIND_BUFFER, &b, err);
  if (status) return status;
  end_pass(k);
  if (range_forbidden(k, "CLEAR", b, weft__word64(w + 2), weft__word64(w + 4), WEFT_USAGE_COPY_DST)) return WEFT_OK;
  status = cpu_job_hold(k->block, &b->head, err);
  const cpu_command c = {.kind = CPU_COMMAND_CLEAR, .destination = b->bytes + weft__word64(w + 2), .n_bytes = weft__word64(w + 4)};
  return status ? status : add_command(k, &c, err);
}

static weft_status take_timestamp(walk *k, const uint32_t *w, weft_error *err) {
  const cpu_command c = {.kind = CPU_COMMAND_TIMESTAMP, .destination = &k->device->queries[w[1]]};
  end_pass(k);
  return add_command(k, &c, err);
}

static weft_status take_resolve(walk *k, const uint32_t *w, weft_error *err) {
  cpu_buffer *b;
  uint64_t offset = weft__word64(w + 4), n = w[2] * (uint64_t)sizeof *k->device->queries;
  weft_status status = cpu_object_find(k->device, w[3], WEFT__KIND_BUFFER, &b, err);
  if (status) return status;
  end_pass(k);
  if (range_forbidden(k, "RESOLVE", b, offset, n, WEFT_USAGE_QUERY_RESOLVE)) return WEFT_OK;
  if (offset % WEFT_RESOLVE_BYTES) {
    FORBID(k, "RESOLVE: offset %llu is no multiple of %d", (ull)offset, WEFT_RESOLVE_BYTES);
    return WEFT_OK;
  }
  status = cpu_job_hold(k->block, &b->head, err);
  const cpu_command c = {
      .kind = CPU_COMMAND_COPY, .destination = b->bytes + offset, .source = &k->device->queries[w[1]], .n_bytes = n};
  return status ? status : add_command(k, &c, err);
}

/* ---- bind groups ------------------------------------------------------------------------------------------------- */

static bool is_uniform(weft_binding_type type) {
  return type == WEFT_BINDING_UNIFORM || type == WEFT_BINDING_UNIFORM_DYNAMIC;
}

/* Why a range cannot be bound to an entry; false: it can. */
static bool bound_problem(const cpu_device *d, const cpu_entry *e, const cpu_bound *b, weft_error *problem) {
  bool uniform = is_uniform(e->type);
  uint64_t alignment =
      d->limits[uniform ? WEFT_LIMIT_MIN_UNIFORM_OFFSET_ALIGNMENT : WEFT_LIMIT_MIN_STORAGE_OFFSET_ALIGNMENT];
  uint64_t most = d->limits[uniform ? WEFT_LIMIT_MAX_UNIFORM_BINDING_SIZE : WEFT_LIMIT_MAX_STORAGE_BINDING_SIZE];
  uint32_t usage = uniform ? WEFT_USAGE_UNIFORM : WEFT_USAGE_STORAGE, at = e->binding;
  if (!b->buffer->bytes) weft__fail(problem, WEFT_DEVICE, "binding %u: a buffer whose creation failed", at);
  else if (!(b->buffer->usage & usage))
    weft__fail(problem, WEFT_DEVICE, "binding %u: the buffer was created with usage 0x%x, and 0x%x is needed", at,
               b->buffer->usage, usage);
  else if (b->offset % alignment)
    weft__fail(problem, WEFT_DEVICE, "binding %u: offset %llu is no multiple of %llu", at, (ull)b->offset,
               (ull)alignment);
  else if (!b->n_bytes || b->offset > b->buffer->n_bytes || b->n_bytes > b->buffer->n_bytes - b->offset)
    weft__fail(problem, WEFT_DEVICE, "binding %u: %llu bytes at offset %llu of a buffer of %llu", at, (ull)b->n_bytes,
               (ull)b->offset, (ull)b->buffer->n_bytes);
  else if (b->n_bytes < e->min_bytes || b->n_bytes > most || (!uniform && b->n_bytes % 4))
    weft__fail(problem, WEFT_DEVICE,
               "binding %u: %llu bytes; between %u and %llu can be bound, of storage multiples of 4", at,
               (ull)b->n_bytes, e->min_bytes, (ull)most);
  return problem->code != WEFT_OK;
}

/* Binds what a GROUP names; what is wrong with it is left in `problem`. */
static weft_status fill_group(cpu_device *d, cpu_group *g, const uint32_t *w, weft_error *problem, weft_error *err) {
  const cpu_layout *l = g->layout;
  if (w[3] != l->n) weft__fail(problem, WEFT_DEVICE, "a group of %u bindings, and its layout has %u", w[3], l->n);
  for (uint32_t i = 0; i < w[3]; i++) {
    const uint32_t *e = w + 4 + 6 * i;
    cpu_buffer *buffer;
    uint32_t at = 0;
    weft_status status = cpu_object_find(d, e[1], WEFT__KIND_BUFFER, &buffer, err);
    if (status) return status;
    while (at < l->n && l->entries[at].binding != e[0]) at++;
    if (problem->code) continue;
    if (at == l->n || g->bound[at].buffer) {
      weft__fail(problem, WEFT_DEVICE, "binding %u is not in the layout, or comes twice", e[0]);
      continue;
    }
    g->bound[at] = (cpu_bound){buffer, weft__word64(e + 2), weft__word64(e + 4)};
    cpu_object_retain(&buffer->head);
    bound_problem(d, &l->entries[at], &g->bound[at], problem);
  }
  return WEFT_OK;
}

static weft_status take_group(walk *k, const uint32_t *w, weft_error *err) {
  cpu_layout *layout;
  weft_error problem = {0};
  weft_status status = cpu_object_find(k->device, w[2], WEFT__KIND_LAYOUT, &layout, err);
  if (status) return status;
  cpu_group *g = cpu_object_create(WEFT__KIND_GROUP, sizeof *g + layout->n * sizeof *g->bound);
  if (!g) return weft__fail_memory(err);
  g->layout = layout;
  cpu_object_retain(&layout->head);
  status = fill_group(k->device, g, w, &problem, err);
  if (!status) status = cpu_object_put(k->device, w[1], &g->head, err);
  if (status) {
    cpu_object_release(&g->head);
  } else if (problem.code) {
    g->invalid = true;
    cpu_object_fail(&g->head, problem.message);
    FORBID(k, "%s", problem.message);
  }
  return status;
}

/* ---- dispatches -------------------------------------------------------------------------------------------------- */

static bool same_layout(const cpu_layout *a, const cpu_layout *b) {
  return a == b || (a->n == b->n && !memcmp(a->entries, b->entries, a->n * sizeof *a->entries));
}

/* Whether a buffer is bound both read-only and writable by the groups of the pass. */
static bool aliases(const walk *k, const cpu_buffer *buffer) {
  bool writable = false, read_only = false;
  for (uint32_t g = 0; g < k->pipeline->n_layouts; g++) {
    const cpu_group *group = k->groups[g].group;
    for (uint32_t i = 0; i < group->layout->n; i++) {
      if (group->bound[i].buffer != buffer) continue;
      if (group->layout->entries[i].type == WEFT_BINDING_STORAGE) writable = true;
      else read_only = true;
    }
  }
  return writable && read_only;
}

static bool group_forbidden(walk *k, uint32_t index) {
  const cpu_group *g = k->groups[index].group;
  if (!g) FORBID(k, "DISPATCH: group %u is not set", index);
  else if (g->invalid) FORBID(k, "DISPATCH: group %u is invalid: %s", index, g->head.failed ? g->head.failed : "");
  else if (!same_layout(g->layout, k->pipeline->layouts[index]))
    FORBID(k, "DISPATCH: group %u has another layout than the pipeline", index);
  else if (k->groups[index].n_dynamic != g->layout->n_dynamic)
    FORBID(k, "DISPATCH: group %u has %u dynamic offsets, and its layout %u", index, k->groups[index].n_dynamic,
           g->layout->n_dynamic);
  else return false;
  return true;
}

/* The bytes of every entry of a group, dynamic offsets counted, as spans of the job; holds the buffers. */
static weft_status add_spans(walk *k, uint32_t index, cpu_span *out, bool *forbidden, weft_error *err) {
  const cpu_group *g = k->groups[index].group;
  const uint32_t *dynamic = k->groups[index].dynamic;
  uint64_t alignment = k->device->limits[WEFT_LIMIT_MIN_UNIFORM_OFFSET_ALIGNMENT];
  for (uint32_t i = 0; i < g->layout->n; i++) {
    const cpu_bound *b = &g->bound[i];
    uint32_t moved = g->layout->entries[i].type == WEFT_BINDING_UNIFORM_DYNAMIC ? *dynamic++ : 0;
    if (moved % alignment || moved > b->buffer->n_bytes - b->offset - b->n_bytes)
      FORBID(k, "DISPATCH: the dynamic offset %u of binding %u is not aligned or beyond the buffer", moved,
             g->layout->entries[i].binding);
    else if (b->buffer->mapping)
      FORBID(k, "DISPATCH: the buffer of binding %u is mapped", g->layout->entries[i].binding);
    else if (aliases(k, b->buffer))
      FORBID(k, "DISPATCH: the buffer of binding %u is bound read-only and writable", g->layout->entries[i].binding);
    else {
      weft_status status = cpu_job_hold(k->block, &b->buffer->head, err);
      if (status) return status;
      out[i] = (cpu_span){b->buffer->bytes + b->offset + moved, b->n_bytes & ~(uint64_t)3};
      continue;
    }
    *forbidden = true;
    return WEFT_OK;
  }
  return WEFT_OK;
}

/* What the slots of the program are bound to, in the job's spans. */
static weft_status bind_slots(walk *k, cpu_command *c, bool *forbidden, weft_error *err) {
  const cpu_pipeline *p = k->pipeline;
  const cpu_slot *slots;
  cpu_job *job = k->block;
  uint32_t n_slots = cpu_program_slots(p->program, &slots), n_entries = 0, first[CPU_GROUPS_MAX] = {0};
  for (uint32_t g = 0; g < p->n_layouts; g++) {
    first[g] = n_entries;
    n_entries += p->layouts[g]->n;
  }
  /* The slots' own come first; those of all entries lie behind them only until the slots have been filled. */
  if (!weft__grow(&job->spans, &job->spans_capacity, job->n_spans + n_slots + n_entries, sizeof *job->spans))
    return weft__fail_memory(err);
  cpu_span *own = job->spans + job->n_spans, *all = own + n_slots;
  for (uint32_t g = 0; g < p->n_layouts; g++) {
    weft_status status = add_spans(k, g, all + first[g], forbidden, err);
    if (status || *forbidden) return status;
  }
  for (uint32_t i = 0; i < n_slots; i++) {
    own[i] = all[first[p->places[i].group] + p->places[i].index];
    if (own[i].n_bytes >= slots[i].min_bytes) continue;
    FORBID(k, "DISPATCH: @group(%u) @binding(%u) has %llu bytes, and the shader needs %u", slots[i].group,
           slots[i].binding, (ull)own[i].n_bytes, slots[i].min_bytes);
    *forbidden = true;
    return WEFT_OK;
  }
  c->first_span = job->n_spans;
  job->n_spans += n_slots;
  return WEFT_OK;
}

static weft_status take_dispatch(walk *k, const uint32_t *w, weft_error *err) {
  cpu_job *job = k->block;
  const cpu_pipeline *p = k->pipeline;
  uint64_t most = k->device->limits[WEFT_LIMIT_MAX_WORKGROUPS_PER_DIMENSION];
  cpu_command c = {.pipeline = p, .groups = {w[1], w[2], w[3]}, .first_word = job->n_words};
  bool forbidden = true;
  if (!p) FORBID(k, "DISPATCH: no pipeline is set");
  else if (!p->program) FORBID(k, "DISPATCH: the pipeline is invalid: %s", p->head.failed ? p->head.failed : "");
  else if (w[1] > most || w[2] > most || w[3] > most)
    FORBID(k, "DISPATCH: %u x %u x %u workgroups; at most %llu in each dimension", w[1], w[2], w[3], (ull)most);
  else forbidden = false;
  for (uint32_t g = 0; !forbidden && g < p->n_layouts; g++) forbidden = group_forbidden(k, g);
  if (forbidden) return WEFT_OK;
  weft_status status = bind_slots(k, &c, &forbidden, err);
  if (status || forbidden || !w[1] || !w[2] || !w[3]) return status;
  uint32_t n_words = (p->immediate_bytes + 3) / 4;
  if (!weft__grow(&job->words, &job->words_capacity, job->n_words + n_words, sizeof *job->words))
    return weft__fail_memory(err);
  if (n_words) memcpy(job->words + job->n_words, k->immediates, n_words * 4u);
  job->n_words += n_words;
  status = cpu_job_hold(job, &k->pipeline->head, err);
  return status ? status : add_command(k, &c, err);
}

/* ---- the walk ---------------------------------------------------------------------------------------------------- */

static weft_status take_command(walk *k, const uint32_t *w, weft_error *err) {
  uint32_t op = WEFT_OP_CODE(*w), n = WEFT_OP_LENGTH(*w);
  weft_status status;
  switch (op) {
    case WEFT_OP_WRITE: return take_write(k, w, err);
    case WEFT_OP_BEGIN: return take_begin(k, w, err);
    case WEFT_OP_GROUP: return take_group(k, w, err);
    case WEFT_OP_PIPELINE:
      status = cpu_object_find(k->device, w[1], WEFT__KIND_PIPELINE, &k->pipeline, err);
      if (!status && k->pipeline->compiling)
        status = weft__fail(err, WEFT_STATE, "pipeline %u is still being compiled", WEFT_ID_SLOT(w[1]));
      return status;
    case WEFT_OP_SET_GROUP:
      if (w[1] >= CPU_GROUPS_MAX) {
        FORBID(k, "SET_GROUP: index %u; maxBindGroups is %d", w[1], CPU_GROUPS_MAX);
        return WEFT_OK;
      }
      k->groups[w[1]].dynamic = w + 4;
      k->groups[w[1]].n_dynamic = w[3];
      return cpu_object_find(k->device, w[2], WEFT__KIND_GROUP, &k->groups[w[1]].group, err);
    case WEFT_OP_IMMEDIATES:
      if (w[1] % 4 || w[1] > sizeof k->immediates || (n - 2) * 4u > sizeof k->immediates - w[1])
        FORBID(k, "IMMEDIATES: %u bytes at offset %u", (n - 2) * 4u, w[1]);
      else if (n > 2) memcpy(k->immediates + w[1] / 4, w + 2, (n - 2) * 4u);
      return WEFT_OK;
    case WEFT_OP_DISPATCH: return take_dispatch(k, w, err);
    case WEFT_OP_COPY: return take_copy(k, w, err);
    case WEFT_OP_TIMESTAMP: return take_timestamp(k, w, err);
    case WEFT_OP_RESOLVE: return take_resolve(k, w, err);
    default: return take_clear(k, w, err);
  }
}

/* Blocks that are forbidden are told; the rest begins. */
static void start_jobs(walk *k) {
  while (k->first) {
    cpu_job *job = k->first;
    k->first = job->next;
    if (!job->record || !job->record->status) {
      cpu_job_start(k->device, job);
      continue;
    }
    cpu_record_settle(k->device, job->record);
    job->record = NULL;
    cpu_job_free(job);
  }
}

weft_status cpu_submit(void *device, const uint32_t *words, size_t n_words, weft_error *err) {
  walk k = {.device = device, .end = &k.first};
  const uint32_t *end = words + n_words;
  weft_status status = cpu_device_usable(k.device, err);
  if (!status && !(k.stray = cpu_record_create(WEFT_FUTURE_UNCAPTURED))) status = weft__fail_memory(err);
  for (const uint32_t *w = words; !status && w < end; w += WEFT_OP_LENGTH(*w)) {
    status = weft__command_check(w, (size_t)(end - w), k.block != NULL, err);
    if (!status) status = take_command(&k, w, err);
  }
  if (!status) {
    cpu_record_settle(k.device, k.stray);
    start_jobs(&k);
    return WEFT_OK;
  }
  cpu_record_free(k.stray);
  cpu_jobs_free(k.first);
  return status;
}
