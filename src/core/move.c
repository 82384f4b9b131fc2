/* Bytes at any alignment (see core.h): copies, fills and uploads that WebGPU's multiples of 4 do not allow directly.
 *
 *   aligned:    COPY
 *   unaligned:  the kernels of move_wgsl.h, whose edge words keep the neighbours' bytes
 *
 * Bindings begin at the device's storage alignment, so a window starts below the range and the kernel gets the rest as a
 * byte offset. Ranges larger than one binding are done window by window. */
#include "core/core.h"

#include <string.h>

#include "core/move_wgsl.h"

enum { WORKGROUP = 256 };

static weft_status internal_program(weft_device *d, weft__internal which, weft__program **out, weft_error *err) {
  static const char *const entries[WEFT__INTERNALS] = {[WEFT__INTERNAL_MOVE] = "move_bytes", [WEFT__INTERNAL_FILL] = "fill_bytes"};
  if (!d->internals[which]) {
    const weft_kernel_options options = {.entry = entries[which]};
    weft_status status =
        weft__program_get(d, weft__move_wgsl, sizeof weft__move_wgsl - 1, &options, false, &d->internals[which], err);
    if (status != WEFT_OK) return status;
  }
  *out = d->internals[which];
  return (*out)->confirm.state == WEFT__CONFIRM_FAILED ? weft__program_raise(*out, err) : WEFT_OK;
}

/* The bytes one window can cover, leaving room for its two unaligned ends. */
static uint64_t window_bytes(const weft_device *d) {
  uint64_t limit = weft__min_u64(d->info.limits[WEFT_LIMIT_MAX_STORAGE_BINDING_SIZE], 1u << 30);
  return limit - 2 * d->info.limits[WEFT_LIMIT_MIN_STORAGE_OFFSET_ALIGNMENT];
}

/* The binding that holds n_bytes at `b`; *skip is where they begin in it. */
static weft__bound window(const weft_device *d, const weft__bound *b, uint64_t n_bytes, uint32_t *skip) {
  uint64_t alignment = d->info.limits[WEFT_LIMIT_MIN_STORAGE_OFFSET_ALIGNMENT];
  weft__bound w = *b;
  w.offset = b->offset & ~(alignment - 1);
  *skip = (uint32_t)(b->offset - w.offset);
  w.n_bytes = weft__round_up(*skip + n_bytes, 4);
  return w;
}

static void set_grid(const weft_device *d, weft__step *s, uint64_t n_bytes) {
  uint64_t groups = (n_bytes / 4 + 2 + WORKGROUP - 1) / WORKGROUP;
  s->grid[0] = (uint32_t)weft__min_u64(groups, d->info.limits[WEFT_LIMIT_MAX_WORKGROUPS_PER_DIMENSION]);
  s->grid[1] = s->grid[2] = 1;
}

/* The parameters travel by copy: `keep` must live until the steps have run. */
static void dispatch_step(const weft_device *d, weft__program *program, const weft__bound *source, const weft__bound *destination,
                          uint64_t n_bytes, const uint32_t *pattern, bool whole, weft__move_params *keep, weft__step *s) {
  *keep = (weft__move_params){.n_bytes = (uint32_t)n_bytes};
  if (pattern) memcpy(keep->pattern, pattern, sizeof keep->pattern);
  s->kind = WEFT__STEP_DISPATCH;
  s->whole = whole;
  s->program = program;
  s->bound = s->own;
  uint32_t i = 0;
  if (source) s->own[i++] = window(d, source, n_bytes, &keep->source);
  s->own[i++] = window(d, destination, n_bytes, &keep->destination);
  s->own[i] = (weft__bound){.bytes = keep, .n_bytes = sizeof *keep};
  set_grid(d, s, n_bytes);
}

weft_status weft__move_step(weft_device *d, const weft__bound *source, const weft__bound *destination, uint64_t n_bytes, bool whole,
                            weft__move_params *keep, weft__step *step, weft_error *err) {
  if ((source->offset | destination->offset | n_bytes) % 4 == 0) {
    *step = (weft__step){.kind = WEFT__STEP_COPY, .source = *source, .destination = *destination, .whole = whole};
    step->destination.n_bytes = n_bytes;
    return WEFT_OK;
  }
  if (n_bytes > window_bytes(d))
    return weft__fail(err, WEFT_UNSUPPORTED, "%llu bytes at an unaligned offset are more than the %llu this device moves at once",
                      (unsigned long long)n_bytes, (unsigned long long)window_bytes(d));
  weft__program *program;
  weft_status status = internal_program(d, WEFT__INTERNAL_MOVE, &program, err);
  if (status == WEFT_OK) dispatch_step(d, program, source, destination, n_bytes, NULL, whole, keep, step);
  return status;
}

static weft_status move_window(weft_device *d, const weft__bound *source, const weft__bound *destination, uint64_t n_bytes, bool whole,
                               weft_error *err) {
  weft__step step;
  weft__move_params keep;
  weft_status status = weft__move_step(d, source, destination, n_bytes, whole, &keep, &step, err);
  return status == WEFT_OK ? weft__steps_run(d, &step, 1, err) : status;
}

weft_status weft__move(weft_device *d, const weft__bound *source, const weft__bound *destination, uint64_t n_bytes, bool whole,
                       weft_error *err) {
  weft__bound from = *source, to = *destination;
  weft__store *between = NULL;
  weft_status status = WEFT_OK;
  if (from.store == to.store) {
    /* One buffer is neither copied onto itself nor bound twice with a write: the source goes through a store in between. */
    uint64_t start = from.offset & ~(uint64_t)3;
    uint64_t n = weft__round_up(from.offset + n_bytes, 4) - start;
    status = weft__temporary_acquire(d, n, false, &between, err);
    if (status != WEFT_OK) return status;
    const weft__bound aligned = {.store = from.store, .tenant = from.tenant, .offset = start};
    const weft__bound copy = {.store = between, .tenant = between->tenant};
    status = move_window(d, &aligned, &copy, n, true, err);
    from = (weft__bound){.store = between, .tenant = between->tenant, .offset = from.offset - start};
  }
  /* Only the first window may count as writing the whole: the rest would wash a failure of the first away. */
  for (uint64_t done = 0; done < n_bytes && status == WEFT_OK;) {
    uint64_t n = (from.offset | to.offset | n_bytes) % 4 ? weft__min_u64(n_bytes - done, window_bytes(d)) : n_bytes;
    status = move_window(d, &from, &to, n, whole && done == 0, err);
    done += n;
    from.offset += n;
    to.offset += n;
  }
  weft__temporary_release(d, between);
  return status;
}

weft_status weft__fill(weft_device *d, const weft__bound *destination, uint64_t n_bytes, const uint32_t pattern[2], bool whole,
                       weft_error *err) {
  weft__step step;
  weft__move_params keep;
  weft__bound to = *destination;
  if (!pattern[0] && !pattern[1] && (to.offset | n_bytes) % 4 == 0) {
    step = (weft__step){.kind = WEFT__STEP_CLEAR, .destination = to, .whole = whole};
    step.destination.n_bytes = n_bytes;
    return weft__steps_run(d, &step, 1, err);
  }
  weft__program *program;
  weft_status status = internal_program(d, WEFT__INTERNAL_FILL, &program, err);
  for (uint64_t done = 0; done < n_bytes && status == WEFT_OK;) {
    uint64_t n = weft__min_u64(n_bytes - done, window_bytes(d));
    dispatch_step(d, program, NULL, &to, n, pattern, whole && done == 0, &keep, &step);
    status = weft__steps_run(d, &step, 1, err);
    done += n;
    to.offset += n;
  }
  return status;
}

static weft_status write_now(weft_device *d, weft__store *s, uint64_t offset, const void *bytes, uint64_t n_bytes, weft_error *err) {
  uint64_t body = n_bytes & ~(uint64_t)3;
  unsigned char tail[4] = {0};
  memcpy(tail, (const unsigned char *)bytes + body, n_bytes - body);
  const struct {
    const void *bytes;
    uint64_t offset, n_bytes;
  } parts[2] = {{bytes, offset, body}, {tail, offset + body, n_bytes > body ? 4 : 0}};
  for (int i = 0; i < 2; i++) {
    if (!parts[i].n_bytes) continue;
    /* Writing to a buffer that turns out not to exist is an error too; its creation tells of it. */
    uint32_t future = 0;
    weft_status status = WEFT_OK;
    if (s->confirm.state == WEFT__CONFIRM_PENDING) status = weft__pending_take(d, WEFT__PENDING_NOTHING, NULL, &future, err);
    if (status != WEFT_OK) return status;
    status = d->driver->buffer_write(d->handle, s->id, parts[i].offset, parts[i].bytes, parts[i].n_bytes, future, err);
    if (status != WEFT_OK) {
      weft__slots_give(&d->pending, future);
      return weft__driver_failed(d, status, err);
    }
  }
  s->fresh = false;
  d->stats.upload_bytes += n_bytes;
  return WEFT_OK;
}

/* Now in the program's order, whether the device records or not. */
static weft_status write_live(weft_device *d, const weft__bound *destination, const void *bytes, uint64_t n_bytes, bool whole,
                              weft_error *err) {
  if (weft__list_names(d, destination->store)) {
    /* A queue write would overtake the commands of the list that name the buffer. */
    if (n_bytes <= WEFT__STAGED_WRITE_BYTES && !d->recording) {
      weft__step step = {.kind = WEFT__STEP_STAGE,
                         .source = {.bytes = bytes, .n_bytes = n_bytes},
                         .destination = *destination,
                         .whole = whole};
      d->stats.upload_bytes += n_bytes;
      return weft__steps_run(d, &step, 1, err);
    }
    weft_status status = weft__flush(d, err);
    if (status != WEFT_OK) return status;
  }
  weft_status status = weft__log_reserve(d, 1, err);
  if (status == WEFT_OK) status = write_now(d, destination->store, destination->offset, bytes, n_bytes, err);
  if (status == WEFT_OK) weft__log_add_write(d, destination->tenant, whole);
  return status;
}

weft_status weft__write(weft_device *d, const weft__bound *destination, const void *bytes, uint64_t n_bytes, bool whole, weft_error *err) {
  if (!d->recording) return write_live(d, destination, bytes, n_bytes, whole, err);
  /* The bytes are frozen in a store of the recording; each replay copies them. */
  weft__store *frozen;
  weft_status status = weft__upload(d, bytes, n_bytes, &frozen, err);
  if (status != WEFT_OK) return status;
  const weft__bound from = {.store = frozen, .tenant = frozen->tenant};
  status = weft__move(d, &from, destination, weft__round_up(n_bytes, 4), whole, err);
  weft__temporary_release(d, frozen);
  return status;
}

weft_status weft__upload(weft_device *d, const void *bytes, uint64_t n_bytes, weft__store **out, weft_error *err) {
  weft__store *s;
  weft_status status = weft__temporary_acquire(d, weft__round_up(n_bytes, 4), n_bytes > WEFT__STAGED_WRITE_BYTES, &s, err);
  if (status != WEFT_OK) return status;
  const weft__bound all = {.store = s, .tenant = s->tenant};
  status = write_live(d, &all, bytes, n_bytes, true, err);
  if (status != WEFT_OK) {
    weft__temporary_release(d, s);
    return status;
  }
  *out = s;
  return WEFT_OK;
}
