/* Devices: opening, completions, loss, counters (see core.h, weft.h).
 *
 *   OPENING ──ready──▶ READY ──▶ lost (note)
 *      └─ every driver said no ──▶ FAILED */
#include "core/core.h"

#include <string.h>

/* ---- pending futures and objects to release ----------------------------------------------------------------------------- */

weft_status weft__pending_take(weft_device *d, weft__pending kind, void *object, uint32_t *future, weft_error *err) {
  return weft__slots_take(&d->pending, kind, object, future, err);
}

void weft__pending_drop(weft_device *d, uint32_t future) {
  weft__slot_entry *e = weft__slots_find(&d->pending, future);
  if (!e) return;
  e->kind = WEFT__PENDING_NOTHING;
  e->object = NULL;
}

weft_status weft__object_take(weft_device *d, void *object, weft_id *id, weft_error *err) {
  /* Room to condemn every object there is, so that condemning cannot fail. */
  if (!weft__grow(&d->condemned, &d->condemned_capacity, d->n_condemned + d->objects.used + 1, sizeof *d->condemned))
    return weft__fail_memory(err);
  return weft__slots_take(&d->objects, 0, object, id, err);
}

void weft__condemn(weft_device *d, weft_id id) {
  d->condemned[d->n_condemned++] = id;
  if (weft__list_empty(d)) weft__release_condemned(d);
}

void weft__release_condemned(weft_device *d) {
  if (!d->n_condemned) return;
  d->driver->release(d->handle, d->condemned, d->n_condemned);
  for (uint32_t i = 0; i < d->n_condemned; i++) weft__slots_give(&d->objects, d->condemned[i]);
  d->n_condemned = 0;
}

weft_status weft__driver_failed(weft_device *d, weft_status status, weft_error *err) {
  if (status != WEFT_LOST) return status;
  weft__note_set(&d->lost, WEFT_LOST, err ? err->message : "a call to it failed");
  return weft__note_raise(&d->lost, err, "the device is lost: ");
}

weft_status weft__device_ready(weft_device *d, weft_error *err) {
  if (d->state == WEFT__DEVICE_OPENING) return weft__fail(err, WEFT_STATE, "the device is not open yet");
  if (d->state == WEFT__DEVICE_FAILED) return weft__note_raise(&d->opened, err, "");
  return d->lost.status == WEFT_OK ? WEFT_OK : weft__note_raise(&d->lost, err, "the device is lost: ");
}

/* ---- opening ---------------------------------------------------------------------------------------------------------------- */

static char *driver_text(weft_device *d, weft_info what) {
  size_t n = d->driver->text(d->handle, what, NULL, 0);
  char *text = weft__arena_alloc(&d->texts, n + 1);
  if (text) d->driver->text(d->handle, what, text, n + 1);
  return text;
}

/* False when memory ends. */
static bool describe(weft_device *d) {
  weft_device_info *i = &d->info;
  i->driver = d->driver->name;
  d->driver->query(d->handle, i->limits, &i->feature_bits, &i->language_bits, &i->adapter, &i->tick);
  const char **const texts[] = {&i->name, &i->vendor, &i->architecture, &i->backend, &i->library, &i->features};
  static const weft_info infos[] = {WEFT_INFO_NAME,    WEFT_INFO_VENDOR,  WEFT_INFO_ARCHITECTURE,
                                    WEFT_INFO_BACKEND, WEFT_INFO_LIBRARY, WEFT_INFO_FEATURES};
  for (size_t t = 0; t < sizeof infos / sizeof *infos; t++)
    if (!(*texts[t] = driver_text(d, infos[t]))) return false;
  return true;
}

/* A reason why there is no device; several drivers' reasons are joined. */
static void refused(weft_device *d, weft_status status, const char *text) {
  weft_error joined;
  const char *before = d->opened.text ? d->opened.text : "";
  weft__fail(&joined, status, "%s%s%s: %s", before, *before ? "; " : "", d->driver->name, text);
  weft__note_clear(&d->opened);
  weft__note_set(&d->opened, status, joined.message);
}

static void close_handle(weft_device *d) {
  if (d->handle) d->driver->close(d->handle);
  d->handle = NULL;
  weft__slots_free(&d->pending);
}

static bool names_a_driver(const weft_device *d) {
  for (uint32_t i = 0; i < d->instance->n_drivers; i++)
    if (!strcmp(d->selector, d->instance->drivers[i]->name)) return true;
  return false;
}

/* What the driver under way is asked for. The best device is a GPU; the last driver's is taken where there is none. */
static const char *selector_for(const weft_device *d) {
  if (!strcmp(d->selector, d->driver->name)) return "";
  return *d->selector || d->next_driver == d->instance->n_drivers ? d->selector : "gpu";
}

static void open_next(weft_device *d) {
  weft_instance *instance = d->instance;
  bool named = names_a_driver(d);
  while (d->next_driver < instance->n_drivers) {
    d->driver = instance->drivers[d->next_driver++];
    if (named && strcmp(d->selector, d->driver->name)) continue;
    weft_error err;
    uint32_t ready;
    weft_status status = weft__pending_take(d, WEFT__PENDING_OPEN, d, &ready, &err);
    if (status == WEFT_OK)
      status = d->driver->open(d->driver->context, selector_for(d), d->options.power, d->options.required_limits,
                               d->options.required_features, ready, &d->handle, &err);
    if (status == WEFT_OK) return;
    refused(d, status, err.message);
    close_handle(d);
  }
  d->state = WEFT__DEVICE_FAILED;
  if (d->opened.status == WEFT_OK) weft__note_set(&d->opened, WEFT_DEVICE, "this build of weft has no driver for any device");
}

static void opened(weft_device *d, weft_status status, const char *text) {
  weft_error err;
  if (status == WEFT_OK && !describe(d)) status = weft__fail_memory(&err), text = err.message;
  if (status == WEFT_OK && (status = weft__list_init(d, &err)) != WEFT_OK) text = err.message;
  if (status == WEFT_OK) {
    d->state = WEFT__DEVICE_READY;
    return;
  }
  refused(d, status, text);
  close_handle(d);
  open_next(d);
}

weft_status weft_device_open(weft_instance *instance, const weft_device_options *options, weft_device **device, weft_future **ready,
                             weft_error *err) {
  static const weft_device_options defaults;
  static const uint64_t no_limits[WEFT_LIMIT_COUNT];
  if (!options) options = &defaults;
  weft_device *d = weft__alloc_zero(1, sizeof *d);
  if (!d) return weft__fail_memory(err);
  atomic_init(&d->refs, 1);
  weft__lock_init(&d->lock);
  d->instance = weft_instance_retain(instance);
  d->options = *options;
  d->pool.budget = options->pool_bytes ? options->pool_bytes : (uint64_t)256 << 20;
  const uint64_t *limits = options->required_limits ? options->required_limits : no_limits;
  uint64_t *kept = weft__arena_alloc(&d->texts, sizeof no_limits);
  const char *selector = options->selector ? options->selector : "";
  d->selector = weft__arena_text(&d->texts, selector, strlen(selector));
  weft_status status = kept && d->selector ? WEFT_OK : weft__fail_memory(err);
  if (status == WEFT_OK) {
    memcpy(kept, limits, sizeof no_limits);
    d->options.required_limits = kept;
    status = weft__future_create(d, WEFT__FUTURE_OPEN, ready, err);
  }
  if (status != WEFT_OK) {
    weft_device_release(d);
    return status;
  }
  open_next(d);
  weft__futures_settle(d);
  *device = d;
  return WEFT_OK;
}

weft_device *weft_device_retain(weft_device *d) {
  atomic_fetch_add_explicit(&d->refs, 1, memory_order_relaxed);
  return d;
}

/* Children retain the device, so what is left here are its own caches and what is in flight. */
void weft_device_release(weft_device *d) {
  if (!d || atomic_fetch_sub_explicit(&d->refs, 1, memory_order_acq_rel) != 1) return;
  weft__reads_free(d);
  weft__pace_free(d);
  weft__store_release(d, d->list.ring);
  weft__pool_trim(d, 0);
  weft__programs_free(d);
  weft__groups_free(d);
  if (d->handle) d->driver->close(d->handle);
  weft__list_free(d);
  weft__log_free(d);
  weft__slots_free(&d->objects);
  weft__slots_free(&d->pending);
  weft__free(d->condemned);
  weft__note_clear(&d->opened);
  weft__note_clear(&d->lost);
  weft__note_clear(&d->late);
  weft__note_clear(&d->stray);
  weft__arena_free(&d->texts);
  weft__lock_free(&d->lock);
  weft_instance_release(d->instance);
  weft__free(d);
}

/* ---- completions -------------------------------------------------------------------------------------------------------------- */

/* What comes late is told once, the first first; but memory that ran out is the cause of what was objected to before. */
static void tell_late(weft_device *d, weft_status status, const char *text) {
  if (status == WEFT_MEMORY && d->late.status == WEFT_DEVICE) weft__note_clear(&d->late);
  weft__note_set(&d->late, status, text);
}

static void confirmed(weft__confirm *c, weft_status status, const char *text) {
  c->state = status == WEFT_OK ? WEFT__CONFIRM_SURE : WEFT__CONFIRM_FAILED;
  c->future = 0;
  weft__note_set(&c->note, status, text);
}

static void program_confirmed(weft_device *d, weft__program *p, weft_status status, const char *text) {
  weft_error own;
  confirmed(&p->confirm, status, text);
  p->last_block = d->log.next_serial;
  if (status != WEFT_OK) tell_late(d, weft__program_raise(p, &own), own.message);
}

static void settle(weft_device *d, uint32_t future, weft_status status, const char *text) {
  if (future == WEFT_FUTURE_LOST) {
    weft__note_set(&d->lost, WEFT_LOST, text);
    return;
  }
  if (future == WEFT_FUTURE_UNCAPTURED) {
    weft__note_set(&d->stray, status == WEFT_OK ? WEFT_DEVICE : status, text);
    return;
  }
  weft__slot_entry *entry = weft__slots_find(&d->pending, future);
  if (!entry) return;
  weft__slot_entry e = *entry;
  weft_error own;
  if (status == WEFT_LOST && !*text && d->lost.status != WEFT_OK) {
    weft__note_raise(&d->lost, &own, "the device is lost: ");
    text = own.message;
  }
  if (e.kind == WEFT__PENDING_BLOCK) {
    /* "the pipeline is invalid" is no reason: the reason is what the device had against the program */
    weft__program *p = status == WEFT_DEVICE ? weft__program_blame(d, weft__log_block(d, future)) : NULL;
    if (p) {
      status = weft__program_raise(p, &own);
      text = own.message;
    }
    tell_late(d, status, text);
    weft__log_settle(d, future, status, text);
    return;
  }
  weft__slots_give(&d->pending, future);
  switch ((weft__pending)e.kind) {
    case WEFT__PENDING_OPEN: opened(d, status, text); return;
    case WEFT__PENDING_PROGRAM: program_confirmed(d, e.object, status, text); return;
    case WEFT__PENDING_STORE: {
      weft__store *s = e.object;
      confirmed(&s->confirm, status, text);
      tell_late(d, status, text);
      if (status != WEFT_OK) weft__log_fail(d, 1, 0, s->tenant, status, text);
      return;
    }
    case WEFT__PENDING_MODULE:
      ((weft__module *)e.object)->future = 0;
      weft__note_set(&((weft__module *)e.object)->note, status, text);
      return;
    case WEFT__PENDING_MAP: weft__read_settle(d, e.object, status, text); return;
    case WEFT__PENDING_BLOCK:
    case WEFT__PENDING_NOTHING: return;
  }
}

void weft__poll(weft_device *d) {
  enum { BATCH = 16 };
  weft_completion done[BATCH];
  char text[WEFT_ERROR_CAPACITY];
  const weft_driver *asked = NULL; /* one that says no is followed by the next, which may have its answer at once */
  for (uint32_t n = BATCH; d->handle && (n == BATCH || d->driver != asked);) {
    asked = d->driver;
    n = d->driver->poll(d->handle, done, BATCH);
    for (uint32_t i = 0; i < n && d->handle; i++) {
      d->driver->completion_text(d->handle, done[i].future, text, sizeof text);
      settle(d, done[i].future, (weft_status)done[i].status, text);
    }
  }
  weft__pace_learn(d);
  weft__futures_settle(d);
  weft__log_forget(d);
}

/* ---- the rest of the public face --------------------------------------------------------------------------------------------- */

const weft_device_info *weft_device_query(weft_device *d) { return &d->info; }

weft_status weft_device_failed(weft_device *d, weft_error *err) {
  weft__lock_enter(&d->lock);
  weft__poll(d);
  weft_status status = d->state == WEFT__DEVICE_OPENING ? WEFT_OK : weft__device_ready(d, err);
  weft__lock_leave(&d->lock);
  return status;
}

void weft_device_lose(weft_device *d) {
  weft__lock_enter(&d->lock);
  if (d->state == WEFT__DEVICE_READY && d->lost.status == WEFT_OK) {
    d->driver->lose(d->handle);
    weft__poll(d);
  }
  weft__lock_leave(&d->lock);
}

weft_status weft_device_wait(weft_device *d, double seconds, weft_error *err) {
  if (!d->driver || !d->driver->wait)
    return weft__fail(err, WEFT_BLOCKED, "the %s driver cannot wait and the host did not say how", d->driver ? d->driver->name : "missing");
  d->driver->wait(d->handle, seconds);
  return WEFT_OK;
}

/* Ends what has not run, where the driver can. What was computed before the last read that settled stays; what lists since
 * then write is failed, since it is not known how far they came. */
static void interrupt(weft_device *d) {
  if (d->state != WEFT__DEVICE_READY || d->lost.status != WEFT_OK || !d->driver->interrupt) return;
  d->driver->interrupt(d->handle);
  for (weft_buffer *b = d->buffers; b; b = b->next)
    if (b->store && b->store->last_written > d->done_list) weft__buffer_fail(b, WEFT_DEVICE, "what computes it was interrupted");
  d->done_list = d->list.serial - 1;
  bool told = d->late.status == WEFT_OK; /* by the interruption itself */
  weft__poll(d);
  if (told) weft__note_clear(&d->late);
}

void weft_device_interrupt(weft_device *d) {
  weft__lock_enter(&d->lock);
  interrupt(d);
  weft__lock_leave(&d->lock);
}

weft_status weft_device_flush(weft_device *d, weft_error *err) {
  weft__lock_enter(&d->lock);
  weft_status status = weft__device_ready(d, err);
  if (status == WEFT_OK) status = weft__flush(d, err);
  weft__lock_leave(&d->lock);
  return status;
}

void weft_device_batch_begin(weft_device *d) {
  weft__lock_enter(&d->lock);
  d->batch++;
  weft__lock_leave(&d->lock);
}

weft_status weft_device_batch_end(weft_device *d, weft_error *err) {
  weft__lock_enter(&d->lock);
  weft_status status = d->batch ? WEFT_OK : weft__fail(err, WEFT_STATE, "the device is in no batch");
  if (status == WEFT_OK && --d->batch == 0) {
    status = weft__device_ready(d, err);
    if (status == WEFT_OK) status = weft__flush(d, err);
    weft__pace_unlimit(d);
  }
  weft__lock_leave(&d->lock);
  return status;
}

uint64_t weft_device_trim(weft_device *d) {
  weft__lock_enter(&d->lock);
  uint64_t n_bytes = 0;
  weft_error err;
  if (weft__device_ready(d, &err) == WEFT_OK) {
    if (weft__flush(d, &err) != WEFT_OK) weft__note_set(&d->late, err.code, err.message);
    n_bytes = weft__pool_trim(d, 0);
  }
  weft__lock_leave(&d->lock);
  return n_bytes;
}

void weft_device_stats(weft_device *d, weft_stats *out) {
  weft__lock_enter(&d->lock);
  *out = d->stats;
  out->objects = d->objects.used;
  out->driver_objects = d->handle ? d->driver->object_count(d->handle) : 0;
  out->pooled_bytes = d->pool.bytes;
  out->pending_commands = d->list.n_commands;
  out->groups_cached = d->groups.count;
  out->pipelines_cached = d->programs.count;
  weft__lock_leave(&d->lock);
}
