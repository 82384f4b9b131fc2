/* Walking a command stream (core/driver.h), twice: first to check it whole and to set aside all memory, then to carry
 * it out. So a stream fails before it has had any effect, and the second walk cannot fail.
 *
 *   words ──check──▶ groups reserved in the table, a record for each BEGIN with a future, room for the widest GROUP
 *         ──run────▶ WRITE … | BEGIN: push scope, encoder ─ pass ─ pass ─ finish, submit, pop scope | BEGIN … */
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "drivers/common.h"
#include "drivers/native/internal.h"

/* ---- the first walk ---------------------------------------------------------------------------------------------- */

typedef struct check {
  weft__device *device;
  weft__record *records; /* of the BEGINs with a scope, in order, through `next` */
  weft__record **records_end;
  bool begun, guarded;
} check;

static weft_status check_group(check *c, const uint32_t *w, weft_error *err) {
  weft__device *d = c->device;
  weft__object *object;
  weft_status status = weft__object_find(d, w[2], WEFT__KIND_LAYOUT, &object, err);
  for (uint32_t i = 0; i < w[3] && !status; i++)
    status = weft__object_find(d, w[4 + 6 * i + 1], WEFT__KIND_BUFFER, &object, err);
  if (!status && !weft__grow(&d->entries, &d->n_entries_capacity, w[3], sizeof *d->entries))
    status = weft__fail_memory(err);
  return status ? status : weft__object_reserve(d, w[1], WEFT__KIND_GROUP, &object, err);
}

/* wgpu-native aborts the process when a submit names a mapped buffer; elsewhere that is an error like any other. */
static weft_status check_buffer(check *c, weft_id id, weft_error *err) {
  weft__object *object;
  weft_status status = weft__object_find(c->device, id, WEFT__KIND_BUFFER, &object, err);
  if (!status && c->guarded && object->mapping)
    status = weft__fail(err, WEFT_STATE, "buffer %u is mapped", WEFT_ID_SLOT(id));
  return status;
}

static weft_status check_queries(const weft__device *d, weft_error *err) {
  if (d->features >> WEFT_FEATURE_TIMESTAMP_QUERY & 1) return WEFT_OK;
  return weft__fail(err, WEFT_UNSUPPORTED, "this device has no timestamps (the feature timestamp-query)");
}

static weft_status check_command(check *c, const uint32_t *w, weft_error *err) {
  weft__device *d = c->device;
  weft__object *object;
  uint32_t op = WEFT_OP_CODE(*w);
  weft_status status;
  switch (op) {
    case WEFT_OP_WRITE:
      return check_buffer(c, w[1], err);
    case WEFT_OP_BEGIN:
      c->begun = true;
      if (!w[1] && !c->guarded) return WEFT_OK;
      if (!(*c->records_end = weft__record_create(d, w[1] ? w[1] : WEFT_FUTURE_UNCAPTURED)))
        return weft__fail_memory(err);
      c->records_end = &(*c->records_end)->next;
      return WEFT_OK;
    case WEFT_OP_GROUP:
      return check_group(c, w, err);
    case WEFT_OP_PIPELINE:
      status = weft__object_find(d, w[1], WEFT__KIND_PIPELINE, &object, err);
      if (!status && !object->handle)
        status = weft__fail(err, WEFT_STATE, "pipeline %u is still being compiled", WEFT_ID_SLOT(w[1]));
      return status;
    case WEFT_OP_SET_GROUP:
      return weft__object_find(d, w[2], WEFT__KIND_GROUP, &object, err);
    case WEFT_OP_IMMEDIATES:
      return d->native->procs.ComputePassEncoderSetImmediates
                 ? WEFT_OK
                 : weft__fail(err, WEFT_UNSUPPORTED, "this library has no immediates");
    case WEFT_OP_COPY:
      status = check_buffer(c, w[1], err);
      return status ? status : check_buffer(c, w[4], err);
    case WEFT_OP_CLEAR:
      return check_buffer(c, w[1], err);
    case WEFT_OP_TIMESTAMP:
      return check_queries(d, err);
    case WEFT_OP_RESOLVE:
      status = check_queries(d, err);
      return status ? status : check_buffer(c, w[3], err);
    default:
      return WEFT_OK;
  }
}

/* Takes back what the first walk set aside in the words before `end`. */
static void check_undo(check *c, const uint32_t *words, const uint32_t *end) {
  for (const uint32_t *w = words; w < end; w += WEFT_OP_LENGTH(*w))
    if (WEFT_OP_CODE(*w) == WEFT_OP_GROUP) weft__object_free(c->device, &c->device->objects[WEFT_ID_SLOT(w[1])]);
  while (c->records) {
    weft__record *r = c->records;
    c->records = r->next;
    weft__record_free(r);
  }
}

/* ---- the second walk --------------------------------------------------------------------------------------------- */

typedef struct run {
  weft__device *device;
  const weft__procs *procs;
  weft__record *records;
  weft__record *scope; /* of the block under way; NULL: none */
  WGPUCommandEncoder encoder;
  WGPUComputePassEncoder pass;
  bool guarded;
  bool new_queries; /* made in this block */
} run;

static void *handle_of(const run *r, weft_id id) { return r->device->objects[WEFT_ID_SLOT(id)].handle; }

static void end_pass(run *r) {
  if (!r->pass) return;
  r->procs->ComputePassEncoderEnd(r->pass);
  r->procs->ComputePassEncoderRelease(r->pass);
  r->pass = NULL;
}

static void need_pass(run *r) {
  if (!r->pass) r->pass = r->procs->CommandEncoderBeginComputePass(r->encoder, NULL);
}

/* wgpu-native aborts the process when it is given an invalid command buffer. So there every block has a scope, which is
 * popped before the submit (its callbacks come inside the pop), and an invalid block is not submitted. */
static void end_block(run *r) {
  if (!r->encoder) return;
  end_pass(r);
  WGPUCommandBuffer commands = r->procs->CommandEncoderFinish(r->encoder, NULL);
  if (r->guarded) weft__scope_pop(r->device, r->scope);
  if (!r->guarded || !r->scope->status) {
    r->procs->QueueSubmit(r->device->queue, 1, &commands);
    r->device->writes_wait = false;
  } else if (r->new_queries) { /* they have not been written, and may be what is wrong */
    r->procs->QuerySetRelease(r->device->queries);
    r->device->queries = NULL;
  }
  r->new_queries = false;
  if (r->guarded)
    weft__record_fired(r->scope, WEFT_OK, (WGPUStringView){0});
  else if (r->scope)
    weft__scope_pop(r->device, r->scope);
  r->procs->CommandBufferRelease(commands);
  r->procs->CommandEncoderRelease(r->encoder);
  r->encoder = NULL;
  r->scope = NULL;
}

static void run_begin(run *r, const uint32_t *w) {
  end_block(r);
  if (w[1] || r->guarded) {
    r->scope = r->records;
    r->records = r->records->next;
    r->scope->next = NULL;
    weft__record_start(r->scope, weft__scope_callbacks(r->device->native) + r->guarded);
    weft__scope_push(r->device);
  }
  r->encoder = r->procs->DeviceCreateCommandEncoder(r->device->device, NULL);
}

static void run_group(run *r, const uint32_t *w) {
  weft__device *d = r->device;
  for (uint32_t i = 0; i < w[3]; i++) {
    const uint32_t *e = w + 4 + 6 * i;
    d->entries[i] = (WGPUBindGroupEntry){
        .binding = e[0], .buffer = handle_of(r, e[1]), .offset = weft__word64(e + 2), .size = weft__word64(e + 4)};
  }
  WGPUBindGroupDescriptor descriptor = {.layout = handle_of(r, w[2]), .entryCount = w[3], .entries = d->entries};
  d->objects[WEFT_ID_SLOT(w[1])].handle = r->procs->DeviceCreateBindGroup(d->device, &descriptor);
}

/* A pass that only tells the time: its end waits for all before it, its beginning may not. */
static void write_timestamp(run *r, uint32_t query) {
  const WGPUPassTimestampWrites writes = {.querySet = r->device->queries,
                                          .beginningOfPassWriteIndex = WGPU_QUERY_SET_INDEX_UNDEFINED,
                                          .endOfPassWriteIndex = query};
  r->pass = r->procs->CommandEncoderBeginComputePass(r->encoder, &(WGPUComputePassDescriptor){.timestampWrites = &writes});
  end_pass(r);
}

/* The set of queries, made when the first is used. wgpu-native waits for ever for a query that was never written, as is one
 * whose block fails; so all are written first. */
static void need_queries(run *r) {
  weft__device *d = r->device;
  const WGPUQuerySetDescriptor descriptor = {.type = WGPUQueryType_Timestamp, .count = WEFT_QUERIES};
  if (d->queries) return;
  d->queries = r->procs->DeviceCreateQuerySet(d->device, &descriptor);
  r->new_queries = true;
  for (uint32_t i = 0; r->guarded && i < WEFT_QUERIES; i++) write_timestamp(r, i);
}

static void run_command(run *r, const uint32_t *w) {
  const weft__procs *procs = r->procs;
  uint32_t op = WEFT_OP_CODE(*w), length = WEFT_OP_LENGTH(*w);
  if (op > WEFT_OP_DISPATCH) end_pass(r);
  else if (op >= WEFT_OP_PIPELINE) need_pass(r);
  switch (op) {
    case WEFT_OP_WRITE:
      procs->QueueWriteBuffer(r->device->queue, handle_of(r, w[1]), weft__word64(w + 2), weft__word_pointer(w + 4),
                              (size_t)weft__word64(w + 6));
      r->device->writes_wait = true;
      break;
    case WEFT_OP_BEGIN:
      run_begin(r, w);
      break;
    case WEFT_OP_GROUP:
      run_group(r, w);
      break;
    case WEFT_OP_PIPELINE:
      procs->ComputePassEncoderSetPipeline(r->pass, handle_of(r, w[1]));
      break;
    case WEFT_OP_SET_GROUP:
      procs->ComputePassEncoderSetBindGroup(r->pass, w[1], handle_of(r, w[2]), w[3], w[3] ? w + 4 : NULL);
      break;
    case WEFT_OP_IMMEDIATES:
      procs->ComputePassEncoderSetImmediates(r->pass, w[1], w + 2, (length - 2) * 4u);
      break;
    case WEFT_OP_DISPATCH:
      procs->ComputePassEncoderDispatchWorkgroups(r->pass, w[1], w[2], w[3]);
      break;
    case WEFT_OP_COPY:
      procs->CommandEncoderCopyBufferToBuffer(r->encoder, handle_of(r, w[1]), weft__word64(w + 2), handle_of(r, w[4]),
                                              weft__word64(w + 5), weft__word64(w + 7));
      break;
    case WEFT_OP_CLEAR:
      procs->CommandEncoderClearBuffer(r->encoder, handle_of(r, w[1]), weft__word64(w + 2), weft__word64(w + 4));
      break;
    case WEFT_OP_TIMESTAMP:
      need_queries(r);
      write_timestamp(r, w[1]);
      break;
    case WEFT_OP_RESOLVE:
      need_queries(r);
      procs->CommandEncoderResolveQuerySet(r->encoder, r->device->queries, w[1], w[2], handle_of(r, w[3]), weft__word64(w + 4));
      break;
  }
}

weft_status weft__native_submit(void *device, const uint32_t *words, size_t n_words, weft_error *err) {
  weft__device *d = device;
  const uint32_t *end = words + n_words, *w = words;
  weft__lock_enter(&d->native->lock);
  bool guarded = d->native->library == WEFT__LIBRARY_WGPU_NATIVE;
  check c = {.device = d, .records_end = &c.records, .guarded = guarded};
  weft_status status = weft__device_usable(d, err);
  while (!status && w < end) {
    status = weft__command_check(w, (size_t)(end - w), c.begun, err);
    if (!status) status = check_command(&c, w, err);
    if (!status) w += WEFT_OP_LENGTH(*w);
  }
  if (status) {
    check_undo(&c, words, w);
  } else {
    run r = {.device = d, .procs = &d->native->procs, .records = c.records, .guarded = guarded};
    for (w = words; w < end; w += WEFT_OP_LENGTH(*w)) run_command(&r, w);
    end_block(&r);
  }
  weft__lock_leave(&d->native->lock);
  return status;
}
