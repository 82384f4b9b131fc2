/* The fault driver, of test builds: wraps any driver, fails on order, holds completions back, and checks that the core
 * keeps its side of core/driver.h. With an empty plan it changes nothing.
 *
 *   core ──▶ fault ──▶ inner driver            counts calls, submits, futures from 1, over all its devices
 *             └── text of violations            what the core did that WebGPU or the table forbids
 *
 * Its own memory comes from malloc, not from base/alloc.h: a test that makes the k-th allocation fail means the core's
 * and the driver's. */
#ifndef WEFT_DRIVERS_FAULT_H
#define WEFT_DRIVERS_FAULT_H

#include "core/driver.h"

typedef struct weft_fault weft_fault;

/* All zero: no faults. Numbers count from the creation of the weft_fault; 0 is never. Texts are borrowed while the plan
 * is set; NULL: a text of the fault driver's own. */
typedef struct weft_fault_plan {
  uint64_t
      fail_call; /* this call, of those that can fail, fails with `call_status`; the inner driver does not see it */
  weft_status call_status; /* WEFT_OK: WEFT_DEVICE */
  const char *call_message;

  uint64_t fail_future;      /* this future, if it settles well, is told as `future_status` */
  weft_status future_status; /* WEFT_OK: WEFT_DEVICE */
  const char *future_message;

  uint64_t lose_submit; /* at this submit the device is lost */
  bool lose_after;      /* after the inner driver has had it; else before, and the inner driver refuses it */

  uint32_t hold_polls; /* completions show up this many polls later */
  uint32_t seed;       /* not 0: completions that show up in one poll, or are held, come in an order that it chooses */
} weft_fault_plan;

/* Owned; NULL when memory ends. *out is borrowed from it. `inner` outlives it. */
weft_fault *weft_fault_create(const weft_driver *inner, const weft_driver **out);
/* For an inner driver that cannot block: `wait` returns when the inner driver may have something to poll. */
void weft_fault_wait_by(weft_fault *fault, void (*wait)(void *context, void *device), void *context);
/* All devices are closed. NULL is fine. */
void weft_fault_destroy(weft_fault *fault);

/* Sets the plan (copied); NULL: the empty one. At any time. */
void weft_fault_set(weft_fault *fault, const weft_fault_plan *plan);

uint64_t weft_fault_calls(const weft_fault *fault);   /* calls that can fail, so far */
uint64_t weft_fault_submits(const weft_fault *fault); /* submits, so far */
uint64_t weft_fault_futures(const weft_fault *fault); /* futures given to calls that succeeded, so far */

/* A line for each violation since the creation or the last forgiving, "" when there is none. Borrowed until the next
 * call on the driver. */
const char *weft_fault_violations(const weft_fault *fault);
void weft_fault_forgive(weft_fault *fault);

#endif
