/* Timers (see weft.h).
 *
 *   start: TIMESTAMP 2i        stop: TIMESTAMP 2i + 1, RESOLVE both ─▶ the timer's buffer of two ticks ─read─▶ seconds
 *
 * A timer has a pair of queries while it runs. They are free for the next one as soon as their RESOLVE is in the list, since
 * one queue keeps the order. To the log a timestamp is a write of the buffer: when the submit of one fails, so does the time. */
#include "core/core.h"

#include <math.h>

_Static_assert(WEFT_QUERIES == 2 * 64, "one bit for each pair");

enum { NO_PAIR = 64 };

struct weft_timer {
  atomic_uint refs;
  weft_device *device;
  weft_buffer *ticks; /* owned */
  uint32_t pair;      /* NO_PAIR: not running */
};

static void give_pair(weft_timer *t) {
  if (t->pair != NO_PAIR) t->device->timers &= ~((uint64_t)1 << t->pair);
  t->pair = NO_PAIR;
}

static weft_status take_pair(weft_timer *t, weft_error *err) {
  uint64_t *timers = &t->device->timers;
  uint32_t pair = 0;
  while (pair < NO_PAIR && *timers >> pair & 1) pair++;
  if (pair == NO_PAIR) return weft__fail(err, WEFT_STATE, "%d timers are running on this device; no more can", NO_PAIR);
  *timers |= (uint64_t)1 << pair;
  t->pair = pair;
  return WEFT_OK;
}

static weft_status check_live(const weft_device *d, weft_error *err) {
  if (!d->recording) return WEFT_OK;
  return weft__fail(err, WEFT_STATE, "a timer while the device records: nothing runs yet; time the replay");
}

static weft__step timestamp(const weft_timer *t, uint32_t which) {
  return (weft__step){.kind = WEFT__STEP_TIMESTAMP,
                      .query = 2 * t->pair + which,
                      .destination = {.store = t->ticks->store, .tenant = t->ticks->tenant}};
}

static weft_status start(weft_timer *t, weft_error *err) {
  weft_device *d = t->device;
  weft_status status = weft__device_ready(d, err);
  if (status == WEFT_OK && !(d->info.feature_bits >> WEFT_FEATURE_TIMESTAMP_QUERY & 1))
    status = weft__fail(err, WEFT_UNSUPPORTED, "\"%s\" has no clock to time with (the feature timestamp-query)", d->info.name);
  if (status == WEFT_OK) status = check_live(d, err);
  if (status == WEFT_OK) status = weft__buffer_create(d, WEFT__STORE_TICKS, 2 * sizeof(uint64_t), &t->ticks, err);
  if (status == WEFT_OK) status = take_pair(t, err);
  if (status != WEFT_OK) return status;
  weft__step step = timestamp(t, 0);
  status = weft__steps_run(d, &step, 1, err);
  if (status == WEFT_OK) weft__flush_when_due(d);
  return status;
}

static weft_status stop(weft_timer *t, weft_error *err) {
  weft_device *d = t->device;
  if (t->pair == NO_PAIR) return weft__fail(err, WEFT_STATE, "the timer has been stopped");
  weft_status status = weft__device_ready(d, err);
  if (status == WEFT_OK) status = check_live(d, err);
  if (status != WEFT_OK) return status;
  weft__step steps[2] = {timestamp(t, 1), timestamp(t, 0)};
  steps[1].kind = WEFT__STEP_RESOLVE;
  steps[1].n_queries = 2;
  status = weft__steps_run(d, steps, 2, err);
  if (status != WEFT_OK) return status;
  give_pair(t);
  weft__flush_when_due(d);
  return WEFT_OK;
}

weft_status weft_timer_start(weft_device *d, weft_timer **out, weft_error *err) {
  weft_timer *t = weft__alloc_zero(1, sizeof *t);
  if (!t) return weft__fail_memory(err);
  atomic_init(&t->refs, 1);
  t->device = weft_device_retain(d);
  t->pair = NO_PAIR;
  weft__lock_enter(&d->lock);
  weft_status status = start(t, err);
  weft__lock_leave(&d->lock);
  if (status == WEFT_OK) *out = t;
  else weft_timer_release(t);
  weft__pace_hold(d);
  return status;
}

weft_timer *weft_timer_retain(weft_timer *t) {
  atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
  return t;
}

void weft_timer_release(weft_timer *t) {
  if (!t || atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) != 1) return;
  weft_device *d = t->device;
  weft__lock_enter(&d->lock);
  give_pair(t);
  weft__lock_leave(&d->lock);
  weft_buffer_release(t->ticks);
  weft__free(t);
  weft_device_release(d);
}

weft_status weft_timer_stop(weft_timer *t, weft_error *err) {
  weft__lock_enter(&t->device->lock);
  weft_status status = stop(t, err);
  weft__lock_leave(&t->device->lock);
  weft__pace_hold(t->device);
  return status;
}

weft_status weft_timer_read(weft_timer *t, weft_future **future, weft_error *err) {
  weft_device *d = t->device;
  weft__lock_enter(&d->lock);
  weft_status status = weft__device_ready(d, err);
  if (status == WEFT_OK && t->pair != NO_PAIR) status = weft__fail(err, WEFT_STATE, "the timer has not been stopped");
  if (status == WEFT_OK) status = weft__note_raise(&t->ticks->failed, err, "no time was taken: ");
  if (t->ticks->failed.status != WEFT_OK) weft__told(d, &t->ticks->failed);
  weft__lock_leave(&d->lock);
  return status == WEFT_OK ? weft_buffer_read(t->ticks, 0, 2 * sizeof(uint64_t), future, err) : status;
}

double weft_timer_seconds(const weft_timer *t, const uint64_t ticks[2]) {
  return ticks[1] < ticks[0] ? NAN : (double)(ticks[1] - ticks[0]) * t->device->info.tick * 1e-9;
}
