/* Buffers: what an array or a raw buffer of the host owns on the device (see weft.h).
 *
 *   weft_buffer ─▶ weft__store     one owner, one GPU buffer; the rest of the store beyond n_bytes, up to a multiple of 4,
 *                                   is zero, because a kernel's binding reaches that far */
#include "core/core.h"

#include <string.h>

static void link_in(weft_buffer *b) {
  weft_device *d = b->device;
  b->next = d->buffers;
  if (b->next) b->next->previous = b;
  d->buffers = b;
  d->stats.buffers++;
}

static void link_out(weft_buffer *b) {
  weft_device *d = b->device;
  if (b->previous) b->previous->next = b->next;
  else d->buffers = b->next;
  if (b->next) b->next->previous = b->previous;
  d->stats.buffers--;
}

static weft__bound bound_of(const weft_buffer *b, uint64_t offset) {
  return (weft__bound){.store = b->store, .tenant = b->tenant, .offset = offset};
}

static bool is_whole(const weft_buffer *b, uint64_t offset, uint64_t n_bytes) { return offset == 0 && n_bytes == b->n_bytes; }

static weft_status check_range(const weft_buffer *b, const char *what, uint64_t offset, uint64_t n_bytes, weft_error *err) {
  if (offset <= b->n_bytes && n_bytes <= b->n_bytes - offset) return WEFT_OK;
  return weft__fail(err, WEFT_VALUE, "%s of %llu bytes at offset %llu reaches beyond the buffer's %llu bytes", what,
                    (unsigned long long)n_bytes, (unsigned long long)offset, (unsigned long long)b->n_bytes);
}

weft_status weft__buffer_usable(const weft_buffer *b, weft_error *err) {
  if (b->failed.status != WEFT_OK) return weft__note_raise(&b->failed, err, "the array holds no valid data: ");
  if (b->store && b->store->confirm.state == WEFT__CONFIRM_FAILED)
    return weft__note_raise(&b->store->confirm.note, err, "");
  return WEFT_OK;
}

void weft__buffer_fail(weft_buffer *b, weft_status status, const char *text) { weft__note_set(&b->failed, status, text); }

/* A whole write from sound data makes a failed buffer good again. */
static void written_whole(weft_buffer *b) { weft__note_clear(&b->failed); }

static weft_status check_size(const weft_device *d, uint64_t n_bytes, weft_error *err) {
  uint64_t limit = d->info.limits[WEFT_LIMIT_MAX_BUFFER_SIZE];
  if (n_bytes <= (limit & ~(uint64_t)15)) return WEFT_OK;
  return weft__fail(err, WEFT_VALUE, "a buffer of %llu bytes is larger than the %llu bytes this device (%s) allows in one",
                    (unsigned long long)n_bytes, (unsigned long long)limit, d->info.name);
}

weft_status weft__buffer_create(weft_device *d, weft__store_kind kind, uint64_t n_bytes, weft_buffer **out, weft_error *err) {
  weft_status status = weft__device_ready(d, err);
  if (status == WEFT_OK) status = check_size(d, n_bytes, err);
  if (status != WEFT_OK) return status;
  weft_buffer *b = weft__alloc_zero(1, sizeof *b);
  if (!b) return weft__fail_memory(err);
  if (n_bytes) status = weft__store_acquire(d, kind, n_bytes, true, &b->store, err);
  if (status == WEFT_OK && n_bytes % 4 && !b->store->fresh) {
    weft__step pad = {.kind = WEFT__STEP_CLEAR,
                      .destination = {.store = b->store, .tenant = b->store->tenant, .offset = n_bytes & ~(uint64_t)3, .n_bytes = 4}};
    /* Not a command of the program: it happens now, also while the device records. */
    weft_graph *recording = d->recording;
    weft__list *target = d->target;
    d->recording = NULL;
    d->target = &d->list;
    status = weft__steps_run(d, &pad, 1, err);
    d->recording = recording;
    d->target = target;
    if (status == WEFT_OK) weft__flush_when_due(d);
  }
  if (status != WEFT_OK) {
    weft__store_release(d, b->store);
    weft__free(b);
    return status;
  }
  atomic_init(&b->refs, 1);
  b->device = weft_device_retain(d);
  b->n_bytes = n_bytes;
  b->tenant = b->store ? b->store->tenant : 0;
  link_in(b);
  *out = b;
  return WEFT_OK;
}

weft_status weft_buffer_create(weft_device *d, uint64_t n_bytes, weft_buffer **out, weft_error *err) {
  weft__lock_enter(&d->lock);
  weft_status status = weft__buffer_create(d, WEFT__STORE_ARRAY, n_bytes, out, err);
  weft__lock_leave(&d->lock);
  return status;
}

weft_buffer *weft_buffer_retain(weft_buffer *b) {
  atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
  return b;
}

void weft_buffer_release(weft_buffer *b) {
  if (!b || atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) != 1) return;
  weft_device *d = b->device;
  weft__lock_enter(&d->lock);
  link_out(b);
  weft__store_release(d, b->store);
  weft__lock_leave(&d->lock);
  weft__note_clear(&b->failed);
  weft__free(b);
  weft_device_release(d);
}

uint64_t weft_buffer_bytes(const weft_buffer *b) { return b->n_bytes; }
weft_device *weft_buffer_device(const weft_buffer *b) { return b->device; }

/* ---- data --------------------------------------------------------------------------------------------------------------- */

static weft_status buffer_write(weft_buffer *b, uint64_t offset, const void *bytes, uint64_t n_bytes, weft_error *err) {
  weft_device *d = b->device;
  weft_status status = weft__device_ready(d, err);
  if (status == WEFT_OK) status = check_range(b, "a write", offset, n_bytes, err);
  bool whole = is_whole(b, offset, n_bytes);
  if (status == WEFT_OK && b->store && !whole) status = weft__buffer_usable(b, err);
  if (status != WEFT_OK || !n_bytes) return status;
  const weft__bound to = bound_of(b, offset);
  /* The tail of the buffer may be padded: what lies behind it is zero already. */
  if (offset % 4 == 0 && (n_bytes % 4 == 0 || offset + n_bytes == b->n_bytes)) {
    status = weft__write(d, &to, bytes, n_bytes, whole, err);
  } else {
    weft__store *source;
    status = weft__upload(d, bytes, n_bytes, &source, err);
    if (status != WEFT_OK) return status;
    const weft__bound from = {.store = source, .tenant = source->tenant};
    status = weft__move(d, &from, &to, n_bytes, whole, err);
    weft__temporary_release(d, source);
  }
  if (status == WEFT_OK && whole) written_whole(b);
  if (status == WEFT_OK) weft__flush_when_due(d);
  return status;
}

weft_status weft_buffer_write(weft_buffer *b, uint64_t offset, const void *bytes, uint64_t n_bytes, weft_error *err) {
  weft__lock_enter(&b->device->lock);
  weft_status status = buffer_write(b, offset, bytes, n_bytes, err);
  weft__lock_leave(&b->device->lock);
  weft__pace_hold(b->device);
  return status;
}

static weft_status buffer_copy(weft_buffer *source, uint64_t source_offset, weft_buffer *b, uint64_t offset, uint64_t n_bytes,
                               weft_error *err) {
  weft_device *d = b->device;
  if (source->device != d)
    return weft__fail(err, WEFT_VALUE, "a copy from %s to another device (%s): arrays get from one to the other by way of the host",
                      source->device->info.name, d->info.name);
  weft_status status = weft__device_ready(d, err);
  if (status == WEFT_OK) status = check_range(source, "a copy", source_offset, n_bytes, err);
  if (status == WEFT_OK) status = check_range(b, "a copy", offset, n_bytes, err);
  if (status == WEFT_OK) status = weft__buffer_usable(source, err);
  bool whole = is_whole(b, offset, n_bytes);
  if (status == WEFT_OK && !whole) status = weft__buffer_usable(b, err);
  if (status != WEFT_OK || !n_bytes) return status;
  if (source == b && source_offset < offset + n_bytes && offset < source_offset + n_bytes)
    return weft__fail(err, WEFT_VALUE, "a copy of %llu bytes from offset %llu to offset %llu of the same buffer overlaps itself",
                      (unsigned long long)n_bytes, (unsigned long long)source_offset, (unsigned long long)offset);
  /* Both tails are followed by the same zeros. */
  uint64_t n = n_bytes;
  if (source_offset + n == source->n_bytes && offset + n == b->n_bytes) n = weft__round_up(n, 4);
  const weft__bound from = bound_of(source, source_offset), to = bound_of(b, offset);
  status = weft__move(d, &from, &to, (source_offset | offset | n) % 4 ? n_bytes : n, whole, err);
  if (status == WEFT_OK && whole) written_whole(b);
  if (status == WEFT_OK) weft__flush_when_due(d);
  return status;
}

weft_status weft_buffer_copy(weft_buffer *source, uint64_t source_offset, weft_buffer *b, uint64_t offset, uint64_t n_bytes,
                             weft_error *err) {
  weft__lock_enter(&b->device->lock);
  weft_status status = buffer_copy(source, source_offset, b, offset, n_bytes, err);
  weft__lock_leave(&b->device->lock);
  weft__pace_hold(b->device);
  return status;
}

static weft_status buffer_fill(weft_buffer *b, uint64_t offset, uint64_t n_bytes, const void *pattern, uint32_t pattern_bytes,
                               weft_error *err) {
  weft_device *d = b->device;
  if (!pattern_bytes || pattern_bytes > 8 || pattern_bytes & (pattern_bytes - 1))
    return weft__fail(err, WEFT_VALUE, "a fill pattern of %u bytes; it can have 1, 2, 4 or 8", pattern_bytes);
  if ((offset | n_bytes) % pattern_bytes)
    return weft__fail(err, WEFT_VALUE, "a fill of %llu bytes at offset %llu is not made of whole patterns of %u bytes",
                      (unsigned long long)n_bytes, (unsigned long long)offset, pattern_bytes);
  weft_status status = weft__device_ready(d, err);
  if (status == WEFT_OK) status = check_range(b, "a fill", offset, n_bytes, err);
  bool whole = is_whole(b, offset, n_bytes);
  if (status == WEFT_OK && !whole) status = weft__buffer_usable(b, err);
  if (status != WEFT_OK || !n_bytes) return status;
  uint32_t words[2];
  for (uint32_t i = 0; i < sizeof words; i += pattern_bytes) memcpy((char *)words + i, pattern, pattern_bytes);
  uint64_t n = n_bytes;
  if (!words[0] && !words[1] && offset + n == b->n_bytes) n = weft__round_up(n, 4); /* zeros over the zero padding */
  const weft__bound to = bound_of(b, offset);
  status = weft__fill(d, &to, (offset | n) % 4 ? n_bytes : n, words, whole, err);
  if (status == WEFT_OK && whole) written_whole(b);
  if (status == WEFT_OK) weft__flush_when_due(d);
  return status;
}

weft_status weft_buffer_fill(weft_buffer *b, uint64_t offset, uint64_t n_bytes, const void *pattern, uint32_t pattern_bytes,
                             weft_error *err) {
  weft__lock_enter(&b->device->lock);
  weft_status status = buffer_fill(b, offset, n_bytes, pattern, pattern_bytes, err);
  weft__lock_leave(&b->device->lock);
  weft__pace_hold(b->device);
  return status;
}
