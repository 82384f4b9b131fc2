/* GPU buffers and their pool (see core.h).
 *
 * Sizes go up in classes of an eighth of a power of two, so at most 12.5 % is wasted:
 *   16 32 48 … 128 | 144 160 … 256 | 288 320 … 512 | 576 …
 *
 *   buckets[kind][class] ─▶ newest ─▶ … oldest        what an allocation of that class takes
 *   pool.oldest ─▶ … ─▶ pool.newest                    what leaves first when the pool is over its budget
 *
 * A store that goes into the pool is free at once for later commands of the same list: the queue keeps the order. Host
 * writes do not go through the list, so they look for a store that it does not name first. */
#include "core/core.h"

static const uint32_t usages[WEFT__STORE_KINDS] = {
    [WEFT__STORE_ARRAY] = WEFT_USAGE_STORAGE | WEFT_USAGE_UNIFORM | WEFT_USAGE_COPY_SRC | WEFT_USAGE_COPY_DST,
    [WEFT__STORE_STAGING] = WEFT_USAGE_MAP_READ | WEFT_USAGE_COPY_DST,
    [WEFT__STORE_RING] = WEFT_USAGE_UNIFORM | WEFT_USAGE_COPY_SRC | WEFT_USAGE_COPY_DST,
    [WEFT__STORE_TICKS] = WEFT_USAGE_QUERY_RESOLVE | WEFT_USAGE_COPY_SRC,
};

/* The class of a size, and the size of the class in *n_bytes. */
static uint32_t size_class(uint64_t *n_bytes) {
  uint64_t step = 16;
  uint32_t octave = 0;
  while (*n_bytes > step * 8) step *= 2, octave++;
  uint64_t eighths = (*n_bytes + step - 1) / step;
  *n_bytes = eighths * step;
  return octave * 8 + (uint32_t)eighths - 1;
}

static uint32_t bucket_of(const weft__store *s) {
  uint64_t n_bytes = s->n_bytes;
  return size_class(&n_bytes);
}

static void pool_add(weft_device *d, weft__store *s) {
  weft__store **bucket = &d->pool.buckets[s->kind][bucket_of(s)];
  s->bucket_previous = NULL;
  s->bucket_next = *bucket;
  if (*bucket) (*bucket)->bucket_previous = s;
  *bucket = s;
  s->newer = NULL;
  s->older = d->pool.newest;
  if (s->older) s->older->newer = s;
  d->pool.newest = s;
  if (!d->pool.oldest) d->pool.oldest = s;
  d->pool.bytes += s->n_bytes;
}

static void pool_remove(weft_device *d, weft__store *s) {
  if (s->bucket_previous) s->bucket_previous->bucket_next = s->bucket_next;
  else d->pool.buckets[s->kind][bucket_of(s)] = s->bucket_next;
  if (s->bucket_next) s->bucket_next->bucket_previous = s->bucket_previous;
  if (s->older) s->older->newer = s->newer;
  else d->pool.oldest = s->newer;
  if (s->newer) s->newer->older = s->older;
  else d->pool.newest = s->older;
  d->pool.bytes -= s->n_bytes;
}

static void account(weft_device *d, weft__store *s, bool in_use) {
  uint64_t *figure = s->kind == WEFT__STORE_ARRAY ? &d->stats.used_bytes : &d->stats.staging_bytes;
  *figure += in_use ? s->n_bytes : -s->n_bytes;
}

static void destroy(weft_device *d, weft__store *s) {
  weft__groups_forget(d, s->uid);
  if (s->confirm.state == WEFT__CONFIRM_PENDING) weft__pending_drop(d, s->confirm.future);
  weft__note_clear(&s->confirm.note);
  weft__condemn(d, s->id);
  weft__free(s);
}

static weft_status create(weft_device *d, weft__store_kind kind, uint64_t n_bytes, weft__store **out, weft_error *err) {
  weft__store *s = weft__alloc_zero(1, sizeof *s);
  if (!s) return weft__fail_memory(err);
  s->kind = kind;
  s->n_bytes = n_bytes;
  s->uid = s->confirm.uid = weft__uid(d);
  s->fresh = true;
  weft_status status = weft__object_take(d, s, &s->id, err);
  if (status == WEFT_OK && n_bytes >= WEFT__CONFIRM_BYTES) {
    s->confirm.state = WEFT__CONFIRM_PENDING;
    status = weft__pending_take(d, WEFT__PENDING_STORE, s, &s->confirm.future, err);
  }
  if (status == WEFT_OK) {
    status = d->driver->buffer_create(d->handle, s->id, n_bytes, usages[kind], s->confirm.future, err);
    if (status != WEFT_OK) {
      weft__slots_give(&d->pending, s->confirm.future);
      weft__driver_failed(d, status, err);
    }
  }
  if (status != WEFT_OK) {
    weft__slots_give(&d->objects, s->id);
    weft__free(s);
    return status;
  }
  d->stats.allocations++;
  *out = s;
  return WEFT_OK;
}

weft_status weft__store_acquire(weft_device *d, weft__store_kind kind, uint64_t n_bytes, bool host_write, weft__store **out,
                                weft_error *err) {
  uint32_t class = size_class(&n_bytes);
  /* The last class below the limit reaches beyond it. */
  uint64_t limit = d->info.limits[WEFT_LIMIT_MAX_BUFFER_SIZE];
  weft__store *s = NULL;
  for (weft__store *each = d->pool.buckets[kind][class]; each; each = each->bucket_next) {
    if (!s) s = each;
    if (host_write && weft__list_names(d, each)) continue;
    s = each;
    break;
  }
  if (s) {
    pool_remove(d, s);
    s->fresh = false;
    d->stats.pool_hits++;
  } else {
    uint64_t wanted = n_bytes > limit ? limit & ~(uint64_t)15 : n_bytes;
    weft_status status = create(d, kind, wanted, &s, err);
    if (status == WEFT_MEMORY && d->pool.bytes) {
      /* The pool may hold what is missing. */
      status = weft__flush(d, err);
      weft__pool_trim(d, 0);
      if (status == WEFT_OK) status = create(d, kind, wanted, &s, err);
    }
    if (status != WEFT_OK) return status;
  }
  s->tenant = weft__uid(d);
  s->last_written = 0;
  account(d, s, true);
  *out = s;
  return WEFT_OK;
}

void weft__store_discard(weft_device *d, weft__store *s) {
  account(d, s, false);
  destroy(d, s);
}

void weft__store_release(weft_device *d, weft__store *s) {
  if (!s) return;
  if (s->confirm.state == WEFT__CONFIRM_FAILED || d->lost.status != WEFT_OK || s->n_bytes > d->pool.budget) {
    weft__store_discard(d, s);
    return;
  }
  account(d, s, false);
  pool_add(d, s);
  if (d->pool.bytes > d->pool.budget) weft__pool_trim(d, d->pool.budget);
}

uint64_t weft__pool_trim(weft_device *d, uint64_t keep_bytes) {
  uint64_t before = d->pool.bytes;
  while (d->pool.bytes > keep_bytes) {
    weft__store *s = d->pool.oldest;
    pool_remove(d, s);
    destroy(d, s);
  }
  return before - d->pool.bytes;
}
