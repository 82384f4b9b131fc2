/* Records behind futures, error scopes and the completion queue (picture in internal.h).
 * Callbacks run inside calls that hold `lock`, or on a thread of the library: they take record_lock alone. */
#define _GNU_SOURCE /* nanosleep */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "drivers/common.h"
#include "drivers/native/internal.h"

#if !defined(_WIN32)
#include <sched.h>
#endif

WGPUStringView weft__view(const char *text) { return (WGPUStringView){text, strlen(text)}; }

size_t weft__view_bytes(WGPUStringView view) {
  if (!view.data) return 0;
  return view.length == WGPU_STRLEN ? strlen(view.data) : view.length;
}

/* ---- lists; record_lock is held ---------------------------------------------------------------------------------- */

static void take_out(weft__record *r) {
  if (!r->list) return;
  *(r->previous ? &r->previous->next : &r->list->first) = r->next;
  *(r->next ? &r->next->previous : &r->list->last) = r->previous;
  r->previous = r->next = NULL;
  r->list = NULL;
}

static void move_to(weft__record *r, weft__record_list *list) {
  take_out(r);
  r->previous = list->last;
  *(list->last ? &list->last->next : &list->first) = r;
  list->last = r;
  r->list = list;
}

/* An owned copy without the white space at its ends and without what wgpu-native puts before every message; NULL for an
 * empty text or when memory ends. */
static char *copy_view(WGPUStringView view) {
  static const char lead[] = "Validation Error\n\nCaused by:\n";
  const char *text = view.data;
  size_t n = weft__view_bytes(view), n_lead = sizeof lead - 1;
  if (n > n_lead && !memcmp(text, lead, n_lead)) text += n_lead, n -= n_lead;
  while (n && (unsigned char)text[n - 1] <= ' ') n--;
  for (; n && (unsigned char)*text <= ' '; n--) text++;
  char *copy = n ? weft__alloc(n + 1) : NULL;
  if (!copy) return NULL;
  memcpy(copy, text, n);
  copy[n] = 0;
  return copy;
}

/* ---- records ----------------------------------------------------------------------------------------------------- */

weft__record *weft__record_create(weft__device *d, uint32_t future) {
  weft__record *r = weft__alloc_zero(1, sizeof *r);
  if (!r) return NULL;
  r->device = d;
  r->native = d->native;
  r->future = future;
  r->rejected = WEFT_DEVICE;
  return r;
}

void weft__record_free(weft__record *r) {
  if (!r) return;
  weft__free(r->text);
  weft__free(r->source);
  wgsl_cleared_free(&r->cleared);
  weft__free(r);
}

static void settle_locked(weft__record *r, weft_status status, char *text) {
  if (status && !r->status) {
    r->status = status;
    if (!r->text) {
      r->text = text;
      text = NULL;
    }
  }
  weft__free(text);
  if (r->future == WEFT_FUTURE_UNCAPTURED && !r->status) { /* nobody waits to hear that nothing is wrong */
    take_out(r);
    weft__record_free(r);
    return;
  }
  move_to(r, &r->device->settled);
}

void weft__record_start(weft__record *r, uint32_t due) {
  weft__lock_enter(&r->native->record_lock);
  r->due = due;
  if (r->device->lost)
    settle_locked(r, WEFT_LOST, NULL);
  else
    move_to(r, &r->device->pending);
  weft__lock_leave(&r->native->record_lock);
}

static void arrived_locked(weft__record *r, weft_status status, char *text) {
  weft__device *d = r->device;
  bool pending = d && r->list == &d->pending, held = d && !r->list;
  if (r->due) r->due--;
  if ((pending || held) && status && (!r->status || !r->text)) {
    if (!r->status) r->status = status;
    if (!r->text) {
      r->text = text;
      text = NULL;
    }
  }
  weft__free(text);
  if (r->due) return;
  if (pending) {
    settle_locked(r, WEFT_OK, NULL);
  } else if (!d || r->list == &d->ghosts) {
    take_out(r);
    weft__record_free(r);
  }
}

void weft__record_fired(weft__record *r, weft_status status, WGPUStringView text) {
  weft__native *n = r->native;
  char *copy = status ? copy_view(text) : NULL;
  weft__lock_enter(&n->record_lock);
  arrived_locked(r, status, copy);
  weft__lock_leave(&n->record_lock);
}

void weft__record_rejected(weft__record *r, char *text) {
  weft__native *n = r->native;
  weft__lock_enter(&n->record_lock);
  if (r->device && r->list == &r->device->pending) {
    r->status = WEFT_SHADER;
    if (text) {
      weft__free(r->text);
      r->text = text;
      text = NULL;
    }
  }
  arrived_locked(r, WEFT_OK, text);
  weft__lock_leave(&n->record_lock);
}

void weft__record_settle(weft__record *r, weft_status status, const char *text) {
  weft__native *n = r->native;
  char *copy = text ? copy_view(weft__view(text)) : NULL;
  weft__lock_enter(&n->record_lock);
  settle_locked(r, status, copy);
  weft__lock_leave(&n->record_lock);
}

void weft__device_lost(weft__device *d, WGPUStringView reason) {
  char *text = copy_view(reason);
  weft__lock_enter(&d->native->record_lock);
  if (!d->lost && !d->closing) {
    d->lost = true;
    settle_locked(d->lost_record, WEFT_LOST, text);
    text = NULL;
    while (d->pending.first) {
      weft__record *r = d->pending.first;
      r->status = WEFT_LOST; /* also where a scope has told of an error that the loss brought about */
      if (r->future == WEFT_FUTURE_UNCAPTURED)
        move_to(r, &d->ghosts);
      else
        settle_locked(r, WEFT_LOST, NULL);
    }
  }
  weft__lock_leave(&d->native->record_lock);
  weft__free(text);
}

static void close_list(weft__device *d, weft__record_list *list) {
  while (list->first) {
    weft__record *r = list->first;
    take_out(r);
    r->device = NULL;
    if (r->due)
      move_to(r, &d->native->orphans);
    else
      weft__record_free(r);
  }
}

void weft__records_close(weft__device *d) {
  weft__lock_enter(&d->native->record_lock);
  for (uint32_t i = 0; i < d->n_requests; i++)
    if (d->requests[i]) move_to(d->requests[i], &d->ghosts);
  if (d->lost_record) move_to(d->lost_record, &d->ghosts);
  close_list(d, &d->pending);
  close_list(d, &d->ghosts);
  close_list(d, &d->settled);
  close_list(d, &d->reported);
  weft__lock_leave(&d->native->record_lock);
}

/* ---- error scopes ------------------------------------------------------------------------------------------------ */

static void scope_popped(WGPUPopErrorScopeStatus status, WGPUErrorType type, WGPUStringView message, void *userdata1,
                         void *userdata2) {
  (void)userdata2;
  weft__record *r = userdata1;
  weft_status code = WEFT_OK;
  if (status != WGPUPopErrorScopeStatus_Success)
    code = WEFT_DEVICE; /* cancelled: the device goes away, and its loss says more */
  else if (type == WGPUErrorType_Validation)
    code = r->rejected;
  else if (type == WGPUErrorType_OutOfMemory)
    code = WEFT_MEMORY;
  else if (type != WGPUErrorType_NoError)
    code = WEFT_DEVICE;
  if (code != WEFT_OK && r->native->library == WEFT__LIBRARY_WGPU_NATIVE &&
      weft__dialect_memory(message.data, weft__view_bytes(message)))
    code = WEFT_MEMORY;
  char *lines = code == WEFT_SHADER && r->native->library == WEFT__LIBRARY_WGPU_NATIVE
                    ? weft__dialect_messages(message.data, weft__view_bytes(message), &r->cleared)
                    : NULL;
  if (lines)
    weft__record_rejected(r, lines);
  else
    weft__record_fired(r, code, message);
}

static const WGPUErrorFilter filters[] = {WGPUErrorFilter_Validation, WGPUErrorFilter_OutOfMemory,
                                          WGPUErrorFilter_Internal};

/* wgpu-native panics at the third filter, which its other two cover. */
uint32_t weft__scope_callbacks(const weft__native *n) { return n->library == WEFT__LIBRARY_WGPU_NATIVE ? 2 : 3; }

void weft__scope_push(weft__device *d) {
  for (uint32_t i = 0, n = weft__scope_callbacks(d->native); i < n; i++)
    d->native->procs.DevicePushErrorScope(d->device, filters[i]);
}

void weft__scope_pop(weft__device *d, weft__record *r) {
  for (uint32_t i = 0, n = weft__scope_callbacks(d->native); i < n; i++) {
    WGPUPopErrorScopeCallbackInfo info = {
        .mode = WGPUCallbackMode_AllowProcessEvents, .callback = scope_popped, .userdata1 = r};
    d->native->procs.DevicePopErrorScope(d->device, info);
  }
}

static void scope_discarded(WGPUPopErrorScopeStatus status, WGPUErrorType type, WGPUStringView message, void *userdata1,
                            void *userdata2) {
  (void)status, (void)type, (void)message, (void)userdata1, (void)userdata2;
}

void weft__scope_discard(weft__device *d) {
  WGPUPopErrorScopeCallbackInfo info = {.mode = WGPUCallbackMode_AllowProcessEvents, .callback = scope_discarded};
  d->native->procs.DevicePopErrorScope(d->device, info);
}

/* ---- the completion queue ---------------------------------------------------------------------------------------- */

static void clear_reported(weft__device *d) {
  while (d->reported.first) {
    weft__record *r = d->reported.first;
    take_out(r);
    if (r == d->lost_record)
      continue;
    else if (r->due)
      move_to(r, &d->ghosts);
    else
      weft__record_free(r);
  }
}

uint32_t weft__native_poll(void *device, weft_completion *out, uint32_t capacity) {
  weft__device *d = device;
  weft__native *n = d->native;
  weft__lock_enter(&n->lock);
  n->procs.InstanceProcessEvents(n->instance);
  weft__native_step(d);

  uint32_t count = 0;
  bool uncaptured = false; /* one in a poll: texts are asked for by future */
  weft__lock_enter(&n->record_lock);
  clear_reported(d);
  while (count < capacity && d->settled.first) {
    weft__record *r = d->settled.first;
    if (r->future == WEFT_FUTURE_UNCAPTURED) {
      if (uncaptured) break;
      uncaptured = true;
    }
    move_to(r, &d->reported);
    out[count++].future = r->future;
  }
  weft__lock_leave(&n->record_lock);

  uint32_t i = 0;
  for (weft__record *r = d->reported.first; r; r = r->next) {
    weft__object_finish(d, r);
    out[i++].status = r->status;
  }
  weft__lock_leave(&n->lock);
  return count;
}

size_t weft__native_completion_text(void *device, uint32_t future, char *out, size_t capacity) {
  weft__device *d = device;
  const weft__record *r = d->reported.first;
  while (r && r->future != future) r = r->next;
  return weft__copy_text(r && r->text ? r->text : "", out, capacity);
}

void weft__sleep(double seconds) {
#if defined(_WIN32)
  Sleep(seconds < 0.001 ? 0 : (DWORD)(seconds * 1000));
#else
  struct timespec t = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
  nanosleep(&t, NULL);
#endif
}

static void yield_thread(void) {
#if defined(_WIN32)
  SwitchToThread();
#else
  sched_yield();
#endif
}

static bool anything_settled(weft__device *d) {
  weft__lock_enter(&d->native->record_lock);
  bool any = d->settled.first != NULL;
  weft__lock_leave(&d->native->record_lock);
  return any;
}

/* Short work is over within microseconds, and the shortest sleep of an operating system takes 60 of them: so a few
 * rounds of yielding come first. Then each sleep is an eighth of the time spent so far, so nothing is noticed much
 * later than it happened, and long work costs no more than a look a millisecond. */
void weft__native_wait(void *device, double seconds) {
  const double yielding = 60e-6, shortest = 20e-6, longest = 1e-3;
  weft__device *d = device;
  weft__native *n = d->native;
  double start = weft__clock();
  for (;;) {
    if (anything_settled(d)) return;
    weft__lock_enter(&n->lock);
    n->procs.InstanceProcessEvents(n->instance);
    weft__native_step(d);
    weft__lock_leave(&n->lock);
    if (anything_settled(d)) return;
    double spent = weft__clock() - start;
    if (spent >= seconds) return;
    if (spent < yielding) {
      yield_thread();
      continue;
    }
    double pause = spent / 8;
    pause = pause < shortest ? shortest : pause > longest ? longest : pause;
    weft__sleep(pause < seconds - spent ? pause : seconds - spent);
  }
}
