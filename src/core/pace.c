/* Pace: how much the GPU is given ahead, and how long one submit may keep it (see core.h, weft_device_pace in weft.h).
 *
 *   calls ─▶ open span ──flush──▶ [mark] ─▶ in flight … ─▶ ended ──poll──▶ learn: what a workgroup of each program takes
 *            its time as predicted          a read of nothing, mapped when all before it has run
 *
 * A mark is put at the end of a list now and then, so that a program that only enqueues can be held back: with too
 * many marks in flight the device is crowded, and with far too many the calls that add to it wait by themselves: so
 * what a driver has waiting is bounded, also when a program in C never asks. In a batch with a limit each list is a
 * span with a mark, and is handed over when its predicted time reaches the limit. A program whose time is not known
 * yet ends its span at once, so it is measured alone. Later spans correct by what they took: all costs of a span by
 * the same factor, which is bounded, so one stall of the machine is forgotten after a few submits. A recording that is
 * replayed is one unit: it is never cut. */
#include "core/core.h"

#include <math.h>
#include <string.h>

enum {
  MARKS = 4,         /* in flight, from which on the device is crowded */
  MARKS_LIMITED = 2, /* the same in a batch with a limit: one runs, one waits, and the screen gets in between */
  MARKS_MOST = 16,   /* from which on whoever did not ask waits all the same */
  MOST_FACTOR = 4    /* by which one measurement corrects */
};
#define SHORTEST 1e-3 /* ms: what a browser's coarse clock takes for nothing */

/* ---- costs ----------------------------------------------------------------------------------------------------------------- */

void weft__cost_release(weft__cost *cost) {
  if (cost && --cost->refs == 0) weft__free(cost);
}

/* The cost kept at *place, made at the first use. NULL when memory ends. */
static weft__cost *cost_of(weft__cost **place) {
  if (!*place && (*place = weft__alloc_zero(1, sizeof **place))) (*place)->refs = 1;
  return *place;
}

/* False when the span is full. */
static bool span_add(weft__span *s, weft__cost *cost) {
  for (uint32_t i = 0; i < s->n_costs; i++)
    if (s->costs[i] == cost) return true;
  if (s->n_costs == WEFT__SPAN_COSTS) return false;
  s->costs[s->n_costs++] = cost;
  cost->refs++;
  return true;
}

static void span_clear(weft__span *s) {
  for (uint32_t i = 0; i < s->n_costs; i++) weft__cost_release(s->costs[i]);
  *s = (weft__span){0};
}

void weft__pace_note(weft_device *d, weft__cost **place, uint64_t units) {
  if (!d->pace.max_ms) return;
  weft__span *s = &d->pace.open;
  weft__cost *cost = cost_of(place);
  if (!cost || !span_add(s, cost)) return;
  if (cost->ms > 0) s->ms += cost->ms * (double)units;
  else s->unknown = cost, s->unknown_units += units;
}

bool weft__pace_due(const weft_device *d) {
  const weft__span *s = &d->pace.open;
  return s->unknown || s->n_costs == WEFT__SPAN_COSTS || (d->pace.max_ms && s->ms >= d->pace.max_ms);
}

/* ---- marks ----------------------------------------------------------------------------------------------------------------- */

static void count_marks(weft_device *d, int change) {
  weft__pace *p = &d->pace;
  p->marks += (uint32_t)change;
  atomic_store_explicit(&p->crowded, p->marks >= (p->max_ms ? MARKS_LIMITED : MARKS), memory_order_relaxed);
  atomic_store_explicit(&p->full, p->marks >= MARKS_MOST, memory_order_relaxed);
}

static uint64_t commands_of(const weft_device *d) { return d->pace.commands + d->list.n_commands; }

bool weft__pace_much(const weft_device *d) {
  return d->stats.upload_bytes - d->pace.marked_bytes >= WEFT__MARK_BYTES ||
         commands_of(d) - d->pace.marked_commands >= WEFT__MARK_COMMANDS;
}

void weft__pace_mark(weft_device *d) {
  weft__pace *p = &d->pace;
  if (d->recording || !(p->open.n_costs || weft__pace_much(d))) return;
  weft__span *span = weft__alloc(sizeof *span);
  p->marked_bytes = d->stats.upload_bytes;
  p->marked_commands = commands_of(d);
  if (!span) return span_clear(&p->open);
  *span = p->open;
  span->began = weft__clock();
  p->open = (weft__span){0};
  weft_error ignored; /* without a mark there is less to hold a program back by, and nothing else is missing */
  if (weft__read_mark(d, span, &ignored) == WEFT_OK) {
    count_marks(d, 1);
    return;
  }
  span_clear(span);
  weft__free(span);
}

void weft__pace_ended(weft_device *d, weft__span *span, bool ran) {
  weft__span *all = &d->pace.ended;
  count_marks(d, -1);
  if (ran && (!all->began || span->began < all->began)) all->began = span->began;
  for (uint32_t i = 0; ran && i < span->n_costs; i++) span_add(all, span->costs[i]);
  if (ran) all->ms += span->ms;
  if (ran && span->unknown && span_add(all, span->unknown) && (!all->unknown || all->unknown == span->unknown)) {
    all->unknown = span->unknown;
    all->unknown_units += span->unknown_units;
  }
  span_clear(span);
  weft__free(span);
}

/* Spans whose ends were seen together are one measurement. */
void weft__pace_learn(weft_device *d) {
  weft__span *s = &d->pace.ended;
  if (!s->began) return;
  double now = weft__clock(), began = s->began > d->pace.last_end ? s->began : d->pace.last_end;
  double ms = fmax((now - began) * 1e3, SHORTEST);
  d->pace.last_end = now;
  if (s->unknown && s->unknown->ms <= 0) {
    s->unknown->ms = fmax(ms - s->ms, ms / 2) / (double)s->unknown_units;
  } else if (s->ms > 0) {
    double factor = fmin(fmax(ms / s->ms, 1.0 / MOST_FACTOR), MOST_FACTOR);
    for (uint32_t i = 0; i < s->n_costs; i++) s->costs[i]->ms *= factor;
  }
  span_clear(s);
}

void weft__pace_hold(weft_device *d) {
  weft_error ignored; /* the call itself was done */
  while (atomic_load_explicit(&d->pace.full, memory_order_relaxed)) {
    if (weft__wait(d, &ignored) != WEFT_OK || weft__interrupted(d, &ignored) != WEFT_OK) return;
    weft__lock_enter(&d->lock);
    weft__poll(d);
    weft__lock_leave(&d->lock);
  }
}

void weft__pace_free(weft_device *d) {
  span_clear(&d->pace.open);
  span_clear(&d->pace.ended);
}

/* ---- the public face --------------------------------------------------------------------------------------------------------- */

void weft_device_batch_limit(weft_device *d, double max_ms_per_submit) {
  weft__lock_enter(&d->lock);
  weft_error err;
  if (weft__device_ready(d, &err) == WEFT_OK && weft__flush(d, &err) != WEFT_OK) weft__note_set(&d->late, err.code, err.message);
  if (!d->pace.max_ms || max_ms_per_submit < d->pace.max_ms) d->pace.max_ms = max_ms_per_submit;
  count_marks(d, 0);
  weft__lock_leave(&d->lock);
}

void weft__pace_unlimit(weft_device *d) {
  d->pace.max_ms = 0;
  span_clear(&d->pace.open);
  count_marks(d, 0);
}

bool weft_device_crowded(weft_device *d) { return atomic_load_explicit(&d->pace.crowded, memory_order_relaxed); }

weft_status weft_device_pace(weft_device *d, bool idle, uint32_t *in_flight, weft_error *err) {
  for (bool waited = false;; waited = true) {
    weft__lock_enter(&d->lock);
    weft__poll(d);
    *in_flight = d->pace.marks;
    bool enough = idle ? waited || !d->pace.marks : !weft_device_crowded(d);
    weft__lock_leave(&d->lock);
    if (enough) return WEFT_OK;
    weft_status status = waited ? weft__interrupted(d, err) : WEFT_OK;
    if (status == WEFT_OK) status = weft__wait(d, err);
    if (status != WEFT_OK) return status;
  }
}
