/* The fault driver (see fault.h): failing, losing, holding back. What the core must keep is checked in check.c.
 *
 *   inner poll ──▶ held: {future, status, text, polls to wait} ──order by seed──▶ out, texts kept as `told`
 *
 * Every call that can fail goes through `due_to_fail` first; every future of a call that succeeded is noted, so that a
 * later completion can be failed, a repeated one be seen, and pipelines become usable. */
#include "drivers/fault/fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/lock.h"
#include "drivers/fault/check.h"

struct weft_fault {
  weft_driver table;
  const weft_driver *inner;
  weft_fault_plan plan;
  _Atomic uint64_t n_calls, n_submits, n_futures; /* its devices have a lock each */
  weft__violations violations;
  void (*wait)(void *context, void *device); /* the host's, where the inner driver has none */
  void *wait_context;
};

/* A future under way, or a completion that is held back. */
typedef struct note {
  uint32_t future, status;
  uint32_t polls;   /* held: how many polls it still waits */
  bool doomed;      /* under way: is to be failed */
  weft_id pipeline; /* under way: the pipeline that may be used afterwards */
  weft_id mapping;  /* under way: the buffer that is free again when it fails */
  bool ready;       /* under way: the device's own */
  char *text;       /* held: owned, may be NULL */
} note;

typedef struct notes {
  note *items;
  uint32_t n, capacity;
} notes;

typedef struct fault_device {
  weft_fault *fault;
  const weft_driver *inner;
  void *device;
  weft__shadow *shadow;
  weft__lock lock; /* around `held`, which `wait` reads without the device's lock */
  notes underway, held, told;
  uint32_t random;
  bool lost;
} fault_device;

/* ---- notes ------------------------------------------------------------------------------------------------------- */

static note *notes_add(notes *list, note n) {
  if (list->n == list->capacity) {
    uint32_t capacity = list->capacity ? 2 * list->capacity : 16;
    note *grown = realloc(list->items, capacity * sizeof *grown);
    if (!grown) return NULL;
    list->items = grown;
    list->capacity = capacity;
  }
  list->items[list->n] = n;
  return &list->items[list->n++];
}

static note notes_take(notes *list, uint32_t i) {
  note taken = list->items[i];
  memmove(&list->items[i], &list->items[i + 1], (list->n - i - 1) * sizeof taken);
  list->n--;
  return taken;
}

static void notes_free(notes *list) {
  for (uint32_t i = 0; i < list->n; i++) free(list->items[i].text);
  list->n = 0;
}

static char *copy_text(const char *text) {
  char *copy = malloc(strlen(text) + 1);
  if (copy) strcpy(copy, text);
  return copy;
}

/* ---- the frame of every call ------------------------------------------------------------------------------------- */

static weft_status due_to_fail(weft_fault *f, const char *what, weft_error *err) {
  if (++f->n_calls != f->plan.fail_call) return WEFT_OK;
  weft_status status = f->plan.call_status ? f->plan.call_status : WEFT_DEVICE;
  if (f->plan.call_message) return weft__fail(err, status, "%s", f->plan.call_message);
  return weft__fail(err, status, "call %llu (%s) fails on order", (unsigned long long)f->n_calls, what);
}

/* Checks a future that a call is about to be given. */
static void check_future(fault_device *d, uint32_t future, const char *what) {
  if (future >= WEFT_FUTURE_UNCAPTURED)
    weft__violate(&d->fault->violations, "%s: 0x%x is reserved and cannot be a future", what, future);
  for (uint32_t i = 0; future && i < d->underway.n; i++)
    if (d->underway.items[i].future == future)
      weft__violate(&d->fault->violations, "%s: future %u is under way already", what, future);
}

/* Notes a future that a call has been given with success. */
static void note_future(fault_device *d, note n) {
  if (!n.future) return;
  n.doomed = ++d->fault->n_futures == d->fault->plan.fail_future;
  notes_add(&d->underway, n);
}

/* ---- opening and closing ----------------------------------------------------------------------------------------- */

static weft_status fault_open(void *context, const char *selector, weft_power power, const uint64_t *required_limits,
                              uint64_t required_features, uint32_t ready, void **device, weft_error *err) {
  weft_fault *f = context;
  weft_status status = due_to_fail(f, "open", err);
  if (status) return status;
  fault_device *d = calloc(1, sizeof *d);
  if (d) d->shadow = weft__shadow_create(&f->violations);
  if (!d || !d->shadow) {
    free(d);
    return weft__fail_memory(err);
  }
  d->fault = f;
  d->inner = f->inner;
  status =
      f->inner->open(f->inner->context, selector, power, required_limits, required_features, ready, &d->device, err);
  if (status) {
    notes_free(&d->underway);
    free(d->shadow);
    free(d);
    return status;
  }
  weft__lock_init(&d->lock);
  check_future(d, ready, "open");
  note_future(d, (note){.future = ready, .ready = true});
  *device = d;
  return WEFT_OK;
}

static void fault_close(void *device) {
  fault_device *d = device;
  d->inner->close(d->device);
  weft__shadow_close(d->shadow);
  notes *const lists[] = {&d->underway, &d->held, &d->told};
  for (int i = 0; i < 3; i++) {
    notes_free(lists[i]);
    free(lists[i]->items);
  }
  weft__lock_free(&d->lock);
  free(d);
}

static void fault_lose(void *device) {
  fault_device *d = device;
  d->inner->lose(d->device);
}

static void fault_interrupt(void *device) {
  fault_device *d = device;
  d->inner->interrupt(d->device);
}

static void fault_query(void *device, uint64_t *limits, uint64_t *features, uint64_t *languages,
                        weft_adapter *adapter, double *tick) {
  fault_device *d = device;
  d->inner->query(d->device, limits, features, languages, adapter, tick);
}

static size_t fault_text(void *device, weft_info what, char *out, size_t capacity) {
  fault_device *d = device;
  return d->inner->text(d->device, what, out, capacity);
}

static void fault_defer(void *device, void (*callback)(void *argument), void *argument) {
  fault_device *d = device;
  d->inner->defer(d->device, callback, argument);
}

static weft_status fault_present(void *device, uint32_t canvas, weft_id buffer, uint64_t offset, uint32_t width,
                                 uint32_t height, weft_error *err) {
  fault_device *d = device;
  weft__shadow_usable(d->shadow, "present");
  return d->inner->present(d->device, canvas, buffer, offset, width, height, err);
}

static uint32_t fault_object_count(void *device) {
  fault_device *d = device;
  return d->inner->object_count(d->device);
}

/* ---- objects ----------------------------------------------------------------------------------------------------- */

/* Opens a call: WEFT_OK when the inner driver is to see it. */
static weft_status call_begin(fault_device *d, const char *what, uint32_t future, weft_error *err) {
  weft__shadow_usable(d->shadow, what);
  check_future(d, future, what);
  return due_to_fail(d->fault, what, err);
}

static weft_status fault_buffer_create(void *device, weft_id id, uint64_t n_bytes, uint32_t usage, uint32_t future,
                                       weft_error *err) {
  fault_device *d = device;
  weft_status status = call_begin(d, "buffer_create", future, err);
  weft__shadow_new_id(d->shadow, id, "buffer_create");
  if (!status) status = d->inner->buffer_create(d->device, id, n_bytes, usage, future, err);
  if (status) return status;
  weft__shadow_buffer(d->shadow, id, n_bytes, usage);
  note_future(d, (note){.future = future});
  return WEFT_OK;
}

static weft_status fault_buffer_write(void *device, weft_id id, uint64_t offset, const void *bytes, uint64_t n_bytes,
                                      uint32_t future, weft_error *err) {
  fault_device *d = device;
  weft_status status = call_begin(d, "buffer_write", future, err);
  weft__shadow_buffer_write(d->shadow, id, offset, n_bytes);
  if (!status) status = d->inner->buffer_write(d->device, id, offset, bytes, n_bytes, future, err);
  if (!status) note_future(d, (note){.future = future});
  return status;
}

static weft_status fault_module_create(void *device, weft_id id, const char *wgsl, size_t n_bytes, uint32_t future,
                                       weft_error *err) {
  fault_device *d = device;
  weft_status status = call_begin(d, "module_create", future, err);
  weft__shadow_new_id(d->shadow, id, "module_create");
  if (!status) status = d->inner->module_create(d->device, id, wgsl, n_bytes, future, err);
  if (status) return status;
  weft__shadow_module(d->shadow, id);
  note_future(d, (note){.future = future});
  return WEFT_OK;
}

static weft_status fault_layout_create(void *device, weft_id id, const uint32_t *entries, uint32_t n, weft_error *err) {
  fault_device *d = device;
  weft_status status = call_begin(d, "layout_create", 0, err);
  weft__shadow_new_id(d->shadow, id, "layout_create");
  if (!status) status = d->inner->layout_create(d->device, id, entries, n, err);
  if (!status) weft__shadow_layout(d->shadow, id, entries, n);
  return status;
}

static weft_status fault_pipeline_create(void *device, weft_id id, weft_id module, const char *entry,
                                         const weft_id *layouts, uint32_t n_layouts, uint32_t immediate_bytes,
                                         const char *constants, const double *values, uint32_t n_constants,
                                         bool background, uint32_t future, weft_error *err) {
  fault_device *d = device;
  weft_status status = call_begin(d, "pipeline_create", future, err);
  weft__shadow_new_id(d->shadow, id, "pipeline_create");
  weft__shadow_pipeline_check(d->shadow, module, layouts, n_layouts, immediate_bytes);
  if (!future) weft__violate(&d->fault->violations, "pipeline_create: a pipeline needs a future");
  if (!status)
    status = d->inner->pipeline_create(d->device, id, module, entry, layouts, n_layouts, immediate_bytes, constants,
                                       values, n_constants, background, future, err);
  if (status) return status;
  weft__shadow_pipeline(d->shadow, id, layouts, n_layouts, immediate_bytes, !background);
  note_future(d, (note){.future = future, .pipeline = id});
  return WEFT_OK;
}

static void fault_release(void *device, const weft_id *ids, uint32_t n) {
  fault_device *d = device;
  weft__shadow_release(d->shadow, ids, n);
  d->inner->release(d->device, ids, n);
}

/* ---- submits ----------------------------------------------------------------------------------------------------- */

static void each_begin(fault_device *d, const uint32_t *words, size_t n_words,
                       void (*visit)(fault_device *d, uint32_t future)) {
  for (size_t at = 0; at < n_words && WEFT_OP_LENGTH(words[at]); at += WEFT_OP_LENGTH(words[at]))
    if (WEFT_OP_CODE(words[at]) == WEFT_OP_BEGIN && at + 1 < n_words) visit(d, words[at + 1]);
}

static void check_begin(fault_device *d, uint32_t future) { check_future(d, future, "BEGIN"); }
static void note_begin(fault_device *d, uint32_t future) { note_future(d, (note){.future = future}); }

static weft_status fault_submit(void *device, const uint32_t *words, size_t n_words, weft_error *err) {
  fault_device *d = device;
  weft_fault *f = d->fault;
  weft_status status = call_begin(d, "submit", 0, err);
  weft__shadow_submit(d->shadow, words, n_words);
  each_begin(d, words, n_words, check_begin);
  bool lose = ++f->n_submits == f->plan.lose_submit;
  if (status) return status;
  if (lose && !f->plan.lose_after) d->inner->lose(d->device);
  status = d->inner->submit(d->device, words, n_words, err);
  if (!status) {
    weft__shadow_groups(d->shadow, words, n_words);
    each_begin(d, words, n_words, note_begin);
  }
  if (lose && f->plan.lose_after) d->inner->lose(d->device);
  return status;
}

/* ---- mapping ----------------------------------------------------------------------------------------------------- */

static weft_status fault_map_start(void *device, weft_id id, uint64_t offset, uint64_t n_bytes, uint32_t future,
                                   weft_error *err) {
  fault_device *d = device;
  weft_status status = call_begin(d, "map_start", future, err);
  weft__shadow_map_start(d->shadow, id, offset, n_bytes, future);
  if (!future) weft__violate(&d->fault->violations, "map_start: a mapping needs a future");
  if (!status) status = d->inner->map_start(d->device, id, offset, n_bytes, future, err);
  if (status)
    weft__shadow_map_ended(d->shadow, id, future);
  else
    note_future(d, (note){.future = future, .mapping = id});
  return status;
}

static weft_status fault_map_read(void *device, weft_id id, uint64_t offset, void *destination, uint64_t n_bytes,
                                  weft_error *err) {
  fault_device *d = device;
  weft_status status = call_begin(d, "map_read", 0, err);
  weft__shadow_map_read(d->shadow, id, offset, n_bytes);
  return status ? status : d->inner->map_read(d->device, id, offset, destination, n_bytes, err);
}

static void fault_map_finish(void *device, weft_id id) {
  fault_device *d = device;
  weft__shadow_map_ended(d->shadow, id, 0);
  d->inner->map_finish(d->device, id);
}

/* ---- completions ------------------------------------------------------------------------------------------------- */

/* Takes what the inner driver has, with its texts, which are gone at its next poll. */
static void collect(fault_device *d) {
  weft_completion got[16];
  uint32_t n;
  do {
    n = d->inner->poll(d->device, got, 16);
    for (uint32_t i = 0; i < n; i++) {
      char text[4096];
      d->inner->completion_text(d->device, got[i].future, text, sizeof text);
      note held = {.future = got[i].future, .status = got[i].status, .polls = d->fault->plan.hold_polls};
      held.text = *text ? copy_text(text) : NULL;
      weft__lock_enter(&d->lock);
      if (!notes_add(&d->held, held)) free(held.text);
      weft__lock_leave(&d->lock);
    }
  } while (n == 16);
}

/* xorshift: the same seed gives the same order everywhere. */
static uint32_t pick(fault_device *d, uint32_t n) {
  if (!d->fault->plan.seed || n < 2) return 0;
  if (!d->random) d->random = d->fault->plan.seed;
  d->random ^= d->random << 13;
  d->random ^= d->random >> 17;
  d->random ^= d->random << 5;
  return d->random % n;
}

/* Which of the held ones is told next; held.n: none is due. */
static uint32_t next_due(fault_device *d) {
  uint32_t due[64], n = 0;
  for (uint32_t i = 0; i < d->held.n && n < 64; i++)
    if (!d->held.items[i].polls) due[n++] = i;
  return n ? due[pick(d, n)] : d->held.n;
}

static void fail_note(note *told, weft_status status, const char *text) {
  told->status = status;
  free(told->text);
  told->text = copy_text(text);
}

/* What is known of the future goes into the completion, and what follows from it into the shadow. */
static void tell(fault_device *d, note *told) {
  const weft_fault_plan *plan = &d->fault->plan;
  if (told->future == WEFT_FUTURE_LOST) d->lost = true;
  if (told->future >= WEFT_FUTURE_UNCAPTURED) return;
  uint32_t i = 0;
  while (i < d->underway.n && d->underway.items[i].future != told->future) i++;
  if (i == d->underway.n) {
    weft__violate(&d->fault->violations, "the inner driver settled future %u, which is not under way", told->future);
    return;
  }
  note known = notes_take(&d->underway, i);
  if (d->lost && !told->status) fail_note(told, WEFT_LOST, "the device is lost");
  if (known.doomed && !told->status)
    fail_note(told, plan->future_status ? plan->future_status : WEFT_DEVICE,
              plan->future_message ? plan->future_message : "this future fails on order");
  if (known.pipeline && !told->status) weft__shadow_pipeline_settled(d->shadow, known.pipeline);
  if (known.mapping && told->status) weft__shadow_map_ended(d->shadow, known.mapping, told->future);
  if (known.ready && !told->status) {
    uint64_t limits[WEFT_LIMIT_COUNT], features, languages;
    weft_adapter adapter;
    double tick;
    d->inner->query(d->device, limits, &features, &languages, &adapter, &tick);
    weft__shadow_open(d->shadow, limits, features, languages);
  }
}

static uint32_t fault_poll(void *device, weft_completion *out, uint32_t capacity) {
  fault_device *d = device;
  uint32_t count = 0;
  bool uncaptured = false;
  notes_free(&d->told);
  for (uint32_t i = 0; i < d->held.n; i++)
    if (d->held.items[i].polls) d->held.items[i].polls--;
  collect(d);
  weft__lock_enter(&d->lock);
  while (count < capacity) {
    uint32_t at = next_due(d);
    if (at == d->held.n) break;
    if (d->held.items[at].future == WEFT_FUTURE_UNCAPTURED) {
      if (uncaptured) break; /* one in a poll: texts are asked for by future */
      uncaptured = true;
    }
    note told = notes_take(&d->held, at);
    tell(d, &told);
    out[count++] = (weft_completion){told.future, told.status};
    if (!notes_add(&d->told, told)) free(told.text);
  }
  weft__lock_leave(&d->lock);
  return count;
}

static size_t fault_completion_text(void *device, uint32_t future, char *out, size_t capacity) {
  fault_device *d = device;
  const char *text = "";
  for (uint32_t i = 0; i < d->told.n; i++)
    if (d->told.items[i].future == future && d->told.items[i].text) text = d->told.items[i].text;
  size_t n = strlen(text);
  if (capacity) snprintf(out, capacity, "%s", text);
  return n;
}

static void fault_wait(void *device, double seconds) {
  fault_device *d = device;
  weft__lock_enter(&d->lock);
  bool held = d->held.n != 0;
  weft__lock_leave(&d->lock);
  if (held) return; /* they get due by polling, not by time */
  if (d->fault->wait) d->fault->wait(d->fault->wait_context, d->device);
  else d->inner->wait(d->device, seconds);
}

/* ---- the fault driver -------------------------------------------------------------------------------------------- */

weft_fault *weft_fault_create(const weft_driver *inner, const weft_driver **out) {
  weft_fault *f = calloc(1, sizeof *f);
  if (!f) return NULL;
  f->inner = inner;
  f->table = (weft_driver){
      .abi = WEFT_DRIVER_ABI,
      .name = inner->name,
      .context = f,
      WEFT_DRIVER_FUNCTIONS(fault),
      .interrupt = inner->interrupt ? fault_interrupt : NULL,
      .wait = inner->wait ? fault_wait : NULL,
      .defer = inner->defer ? fault_defer : NULL,
      .present = inner->present ? fault_present : NULL,
  };
  *out = &f->table;
  return f;
}

void weft_fault_wait_by(weft_fault *fault, void (*wait)(void *context, void *device), void *context) {
  fault->wait = wait;
  fault->wait_context = context;
  fault->table.wait = fault_wait;
}

void weft_fault_destroy(weft_fault *fault) { free(fault); }

void weft_fault_set(weft_fault *fault, const weft_fault_plan *plan) {
  fault->plan = plan ? *plan : (weft_fault_plan){0};
}

uint64_t weft_fault_calls(const weft_fault *fault) { return fault->n_calls; }
uint64_t weft_fault_submits(const weft_fault *fault) { return fault->n_submits; }
uint64_t weft_fault_futures(const weft_fault *fault) { return fault->n_futures; }

const char *weft_fault_violations(const weft_fault *fault) { return fault->violations.text; }

void weft_fault_forgive(weft_fault *fault) { memset(&fault->violations, 0, sizeof fault->violations); }
