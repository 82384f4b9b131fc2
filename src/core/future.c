/* Futures and reads (see core.h, weft.h).
 *
 *   weft_future ─▶ weft__read: RECORDED ─flush▶ MAPPING ─driver▶ MAPPED ─take▶ DONE
 *
 * A read is settled when its staging buffer is mapped and every scoped submit its data can depend on has been judged. A
 * read whose future is dropped goes on until the driver lets go of the staging buffer. A synchronisation is a read of
 * nothing: mapping happens after everything submitted before it has run; a mark (pace.c) is one that no future waits for. */
#include "core/core.h"

#include <string.h>

/* ---- reads ---------------------------------------------------------------------------------------------------------------- */

static void unlink_read(weft_device *d, weft__read *r) {
  weft__read **at = &d->reads;
  while (*at != r) at = &(*at)->next;
  *at = r->next;
  weft__note_clear(&r->note);
  if (r->mark) weft__pace_ended(d, r->mark, r->note.status == WEFT_OK);
  weft__free(r);
}

/* The staging buffer goes back; the read stays for its future, if there is one. */
static void finish_read(weft_device *d, weft__read *r) {
  if (r->state == WEFT__READ_MAPPED) d->driver->map_finish(d->handle, r->staging->id);
  if (r->state == WEFT__READ_MAPPING) weft__store_discard(d, r->staging); /* who knows whether it is mapped */
  else weft__store_release(d, r->staging);
  r->staging = NULL;
  r->state = WEFT__READ_DONE;
  if (r->dropped) unlink_read(d, r);
}

static void start_read(weft_device *d, weft__read *r) {
  weft_error err;
  weft_status status = weft__pending_take(d, WEFT__PENDING_MAP, r, &r->future, &err);
  if (status == WEFT_OK) {
    r->state = WEFT__READ_MAPPING;
    uint64_t n_bytes = weft__round_up(r->skip + r->n_bytes + !r->n_bytes, 4);
    status = d->driver->map_start(d->handle, r->staging->id, 0, n_bytes, r->future, &err);
    if (status == WEFT_OK) return;
    weft__driver_failed(d, status, &err);
    weft__slots_give(&d->pending, r->future);
  }
  weft__note_set(&r->note, status, err.message);
  finish_read(d, r);
}

void weft__reads_submitted(weft_device *d, weft_status status, const char *text) {
  for (weft__read *r = d->reads, *next; r; r = next) {
    next = r->next;
    if (r->state != WEFT__READ_RECORDED) continue;
    if (status != WEFT_OK) weft__note_set(&r->note, status, text);
    if (status != WEFT_OK || (r->dropped && !r->mark)) finish_read(d, r);
    else start_read(d, r);
  }
}

void weft__read_settle(weft_device *d, weft__read *r, weft_status status, const char *text) {
  if (status == WEFT_OK) {
    r->state = WEFT__READ_MAPPED;
    d->stats.dispatches_done = weft__max_u64(d->stats.dispatches_done, r->dispatches);
    d->done_list = weft__max_u64(d->done_list, r->list); /* everything up to the copy of this read has run */
  } else {
    weft__note_set(&r->note, status, text);
  }
  if (status != WEFT_OK || r->dropped) finish_read(d, r);
}

static bool read_settled(const weft_device *d, const weft__read *r) {
  if (r->note.status != WEFT_OK) return true;
  if (r->state != WEFT__READ_MAPPED) return false;
  for (uint32_t i = 0; i < d->log.n_blocks; i++)
    if (d->log.blocks[i].serial <= r->block) return false;
  return true;
}

static void drop_read(weft_device *d, weft__read *r) {
  r->dropped = true;
  if (r->state == WEFT__READ_MAPPED) finish_read(d, r);
  else if (r->state == WEFT__READ_DONE) unlink_read(d, r);
}

void weft__reads_free(weft_device *d) {
  for (weft__read *r = d->reads, *next; r; r = next) {
    next = r->next;
    r->dropped = true;
    if (r->state == WEFT__READ_MAPPING) weft__pending_drop(d, r->future);
    finish_read(d, r);
  }
}

/* ---- futures ---------------------------------------------------------------------------------------------------------------- */

weft_status weft__future_create(weft_device *d, weft__future_kind kind, weft_future **out, weft_error *err) {
  weft_future *f = weft__alloc_zero(1, sizeof *f);
  if (!f) return weft__fail_memory(err);
  atomic_init(&f->refs, 1);
  f->device = weft_device_retain(d);
  f->kind = kind;
  f->next = d->futures;
  if (f->next) f->next->previous = f;
  d->futures = f;
  d->stats.futures++;
  *out = f;
  return WEFT_OK;
}

/* Takes the future off the device's list of those to settle. */
static void unlink_future(weft_future *f) {
  weft_device *d = f->device;
  if (f->previous) f->previous->next = f->next;
  else if (d->futures == f) d->futures = f->next;
  if (f->next) f->next->previous = f->previous;
  f->next = f->previous = NULL;
}

static void settle(weft_future *f, const weft__note *note) {
  f->done = true;
  if (note->status != WEFT_OK) weft__note_set(&f->note, note->status, note->text ? note->text : "(the host had no memory for the reason)");
  unlink_future(f);
}

static void settle_kernel(weft_device *d, weft_future *f) {
  weft__program *p = f->program;
  if (p->confirm.state == WEFT__CONFIRM_PENDING || p->module->future) return;
  weft_error err;
  weft__note note = {WEFT_OK, NULL};
  if (p->confirm.state == WEFT__CONFIRM_FAILED) {
    note.status = weft__program_raise(p, &err);
    note.text = err.message;
  }
  settle(f, &note);
  (void)d;
}

void weft__futures_settle(weft_device *d) {
  static const weft__note fine = {WEFT_OK, NULL};
  for (weft_future *f = d->futures, *next; f; f = next) {
    next = f->next;
    if (f->kind == WEFT__FUTURE_OPEN) {
      if (d->state != WEFT__DEVICE_OPENING) settle(f, d->state == WEFT__DEVICE_READY ? &fine : &d->opened);
    } else if (d->lost.status != WEFT_OK) {
      settle(f, &d->lost);
    } else if (f->kind == WEFT__FUTURE_KERNEL) {
      settle_kernel(d, f);
    } else if (read_settled(d, f->read)) {
      settle(f, &f->read->note);
    }
  }
}

weft_future *weft_future_retain(weft_future *f) {
  atomic_fetch_add_explicit(&f->refs, 1, memory_order_relaxed);
  return f;
}

void weft_future_release(weft_future *f) {
  if (!f || atomic_fetch_sub_explicit(&f->refs, 1, memory_order_acq_rel) != 1) return;
  weft_device *d = f->device;
  weft__lock_enter(&d->lock);
  if (!f->done) unlink_future(f);
  if (f->read) drop_read(d, f->read);
  if (f->program) weft__program_release(d, f->program);
  d->stats.futures--;
  weft__lock_leave(&d->lock);
  weft__note_clear(&f->note);
  weft__free(f);
  weft_device_release(d);
}

weft_device *weft_future_device(const weft_future *f) { return f->device; }

static bool future_done(weft_future *f) {
  weft_device *d = f->device;
  if (f->done) return true;
  if (f->read && f->read->state == WEFT__READ_RECORDED) {
    weft_error ignored; /* the flush tells the read */
    if (weft__flush(d, &ignored) != WEFT_OK) weft__futures_settle(d);
  }
  if (!f->done) weft__poll(d);
  return f->done;
}

bool weft_future_done(weft_future *f) {
  weft__lock_enter(&f->device->lock);
  bool done = future_done(f);
  weft__lock_leave(&f->device->lock);
  return done;
}

void weft__told(weft_device *d, const weft__note *note) {
  weft__note *late = &d->late;
  if (late->text && note->text && !strcmp(late->text, note->text)) weft__note_clear(late);
}

static weft_status future_status(weft_future *f, weft_error *err) {
  weft_device *d = f->device;
  if (!f->done) return weft__fail(err, WEFT_STATE, "the result is not there yet");
  /* Memory that ran out is the cause of whatever else was objected to. */
  bool synchronizes = f->kind == WEFT__FUTURE_READ && !f->read->n_bytes, memory = synchronizes && d->late.status == WEFT_MEMORY;
  if (memory) weft__note_clear(&f->note);
  if (f->note.status != WEFT_OK) {
    weft__told(d, &f->note);
    if (f->kind == WEFT__FUTURE_KERNEL && f->program->confirm.state == WEFT__CONFIRM_FAILED) {
      return weft__program_raise(f->program, err);
    }
    return weft__note_raise(&f->note, err, "");
  }
  if (f->kind != WEFT__FUTURE_READ) return WEFT_OK;
  /* A synchronisation tells of all late failures; a read only of those that may concern anything. */
  weft__note *late = d->stray.status != WEFT_OK && !memory ? &d->stray : synchronizes ? &d->late : NULL;
  if (!late || late->status == WEFT_OK) return WEFT_OK;
  weft__note_set(&f->note, late->status, late->text ? late->text : "");
  weft__note_clear(late);
  return weft__note_raise(&f->note, err, "");
}

weft_status weft_future_status(weft_future *f, weft_error *err) {
  weft__lock_enter(&f->device->lock);
  weft_status status = future_status(f, err);
  weft__lock_leave(&f->device->lock);
  return status;
}

weft_status weft__wait(weft_device *d, weft_error *err) {
  enum { STEP_MILLISECONDS = 25 }; /* how long an interruption may go unnoticed; ending the work takes as long again at most */
  const weft_host *host = &d->instance->host;
  const double seconds = STEP_MILLISECONDS * 1e-3;
  return host->wait ? host->wait(host->data, d, seconds, err) : weft_device_wait(d, seconds, err);
}

weft_status weft__interrupted(weft_device *d, weft_error *err) {
  const weft_host *host = &d->instance->host;
  if (!host->interrupted || !host->interrupted(host->data)) return WEFT_OK;
  weft_device_interrupt(d);
  return weft__fail(err, WEFT_INTERRUPTED, "the wait was interrupted");
}

weft_status weft_future_wait(weft_future *f, weft_error *err) {
  while (!weft_future_done(f)) {
    weft_status status = weft__wait(f->device, err);
    /* Asked after a wait: most answers are there by then, and asking costs the host its lock. */
    if (status == WEFT_OK && !weft_future_done(f)) status = weft__interrupted(f->device, err);
    if (status != WEFT_OK) return status;
  }
  return weft_future_status(f, err);
}

static weft_status future_take(weft_future *f, void *destination, uint64_t n_bytes, weft_error *err) {
  weft_device *d = f->device;
  weft_status status = future_status(f, err);
  if (status != WEFT_OK) return status;
  weft__read *r = f->read;
  if (!r) return weft__fail(err, WEFT_STATE, "the future is not of a read");
  if (n_bytes != r->n_bytes)
    return weft__fail(err, WEFT_VALUE, "the read holds %llu bytes, not %llu", (unsigned long long)r->n_bytes, (unsigned long long)n_bytes);
  if (!n_bytes) return WEFT_OK;
  if (r->state != WEFT__READ_MAPPED) return weft__fail(err, WEFT_STATE, "the bytes of this read were taken before");
  status = d->driver->map_read(d->handle, r->staging->id, r->skip, destination, n_bytes, err);
  if (status != WEFT_OK) return weft__driver_failed(d, status, err);
  d->stats.read_bytes += n_bytes;
  finish_read(d, r);
  return WEFT_OK;
}

weft_status weft_future_take(weft_future *f, void *destination, uint64_t n_bytes, weft_error *err) {
  weft__lock_enter(&f->device->lock);
  weft_status status = future_take(f, destination, n_bytes, err);
  weft__lock_leave(&f->device->lock);
  return status;
}

/* ---- starting reads ------------------------------------------------------------------------------------------------------ */

/* Appends the copy of a read. source NULL: a read of nothing. */
static weft_status record_read(weft_device *d, weft_buffer *source, uint64_t offset, uint64_t n_bytes, weft__read **out, weft_error *err) {
  weft__read *r = weft__alloc_zero(1, sizeof *r);
  if (!r) return weft__fail_memory(err);
  uint64_t start = offset & ~(uint64_t)3;
  uint64_t n = n_bytes ? weft__round_up(offset + n_bytes, 4) - start : 4;
  weft_status status = weft__store_acquire(d, WEFT__STORE_STAGING, n, true, &r->staging, err);
  if (status == WEFT_OK) {
    weft__step step = {.kind = source ? WEFT__STEP_COPY : WEFT__STEP_CLEAR,
                       .destination = {.store = r->staging, .tenant = r->staging->tenant, .n_bytes = n},
                       .whole = true};
    if (source) step.source = (weft__bound){.store = source->store, .tenant = source->tenant, .offset = start};
    status = weft__steps_run(d, &step, 1, err);
  }
  if (status != WEFT_OK) {
    weft__store_release(d, r->staging);
    weft__free(r);
    return status;
  }
  r->tenant = r->staging->tenant;
  r->n_bytes = n_bytes;
  r->skip = offset - start;
  r->block = d->list.block;
  r->dispatches = d->stats.dispatches;
  r->list = d->list.serial;
  r->next = d->reads;
  d->reads = r;
  *out = r;
  return WEFT_OK;
}

weft_status weft__read_mark(weft_device *d, weft__span *span, weft_error *err) {
  weft__read *r;
  weft_status status = record_read(d, NULL, 0, 0, &r, err);
  if (status != WEFT_OK) return status;
  r->mark = span;
  r->dropped = true;
  return WEFT_OK;
}

/* source NULL: a synchronisation. */
static weft_status read_start(weft_device *d, weft_buffer *source, uint64_t offset, uint64_t n_bytes, weft_future **out, weft_error *err) {
  if (d->recording)
    return weft__fail(err, WEFT_STATE, "%s while the device records: nothing has run yet; read after the replay",
                      source ? "a read" : "a synchronisation");
  weft_future *f;
  weft_status status = weft__future_create(d, WEFT__FUTURE_READ, &f, err);
  if (status != WEFT_OK) return status;
  status = record_read(d, source, offset, n_bytes, &f->read, err);
  if (status == WEFT_OK) {
    *out = f;
    return WEFT_OK;
  }
  weft__lock_leave(&d->lock); /* the future's release takes it; nothing of it is in flight */
  weft_future_release(f);
  weft__lock_enter(&d->lock);
  return status;
}

weft_status weft_buffer_read(weft_buffer *b, uint64_t offset, uint64_t n_bytes, weft_future **future, weft_error *err) {
  weft_device *d = b->device;
  weft__lock_enter(&d->lock);
  weft_status status = weft__device_ready(d, err);
  if (status == WEFT_OK) status = weft__buffer_usable(b, err);
  if (status != WEFT_OK && b->failed.status != WEFT_OK) weft__told(d, &b->failed);
  if (status == WEFT_OK && (offset > b->n_bytes || n_bytes > b->n_bytes - offset))
    status = weft__fail(err, WEFT_VALUE, "a read of %llu bytes at offset %llu reaches beyond the buffer's %llu bytes",
                        (unsigned long long)n_bytes, (unsigned long long)offset, (unsigned long long)b->n_bytes);
  if (status == WEFT_OK) status = read_start(d, n_bytes ? b : NULL, n_bytes ? offset : 0, n_bytes, future, err);
  if (status == WEFT_OK) weft__flush_when_due(d);
  weft__lock_leave(&d->lock);
  return status;
}

weft_status weft_device_synchronize(weft_device *d, weft_future **future, weft_error *err) {
  weft__lock_enter(&d->lock);
  weft_status status = weft__device_ready(d, err);
  if (status == WEFT_OK) status = read_start(d, NULL, 0, 0, future, err);
  weft__lock_leave(&d->lock);
  return status;
}
