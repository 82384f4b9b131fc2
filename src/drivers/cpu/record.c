/* Records behind futures and the completion queue (see internal.h). */
#include <string.h>

#include "base/alloc.h"
#include "drivers/common.h"
#include "drivers/cpu/internal.h"

cpu_record *cpu_record_create(uint32_t future) {
  cpu_record *r = weft__alloc_zero(1, sizeof *r);
  if (r) r->future = future;
  return r;
}

void cpu_record_free(cpu_record *r) {
  if (!r) return;
  weft__free(r->text);
  weft__free(r);
}

void cpu_record_fail(cpu_record *r, weft_status status, const char *text) {
  if (!r || r->status) return;
  r->status = status;
  size_t n = strlen(text);
  if (n && (r->text = weft__alloc(n + 1))) memcpy(r->text, text, n + 1);
}

void cpu_records_init(cpu_records *list) {
  list->first = NULL;
  list->end = &list->first;
}

void cpu_records_free(cpu_records *list) {
  while (list->first) {
    cpu_record *r = list->first;
    list->first = r->next;
    cpu_record_free(r);
  }
  cpu_records_init(list);
}

static void append(cpu_records *list, cpu_record *r) {
  r->next = NULL;
  *list->end = r;
  list->end = &r->next;
}

void cpu_record_settle_locked(cpu_device *d, cpu_record *r) {
  if (!r) return;
  if (r->future == WEFT_FUTURE_UNCAPTURED && !r->status) { /* nobody waits to hear that nothing is wrong */
    cpu_record_free(r);
    return;
  }
  append(&d->settled, r);
  weft__condition_wake_all(&d->changed);
}

void cpu_record_settle(cpu_device *d, cpu_record *r) {
  weft__lock_enter(&d->lock);
  cpu_record_settle_locked(d, r);
  weft__lock_leave(&d->lock);
}

uint32_t cpu_poll(void *device, weft_completion *out, uint32_t capacity) {
  enum { SLICE_MILLISECONDS = 10 }; /* an event loop that polls between its own tasks stays responsive */
  cpu_device *d = device;
  if (!d->has_worker) cpu_work_here(d, SLICE_MILLISECONDS * 1e-3);
  uint32_t n = 0;
  bool uncaptured = false; /* one in a poll: texts are asked for by future */
  cpu_records_free(&d->reported);
  weft__lock_enter(&d->lock);
  while (n < capacity && d->settled.first) {
    cpu_record *r = d->settled.first;
    if (r->future == WEFT_FUTURE_UNCAPTURED) {
      if (uncaptured) break;
      uncaptured = true;
    }
    d->settled.first = r->next;
    if (!r->next) d->settled.end = &d->settled.first;
    append(&d->reported, r);
    n++;
  }
  weft__lock_leave(&d->lock);
  for (cpu_record *r = d->reported.first; r; r = r->next, out++) {
    cpu_object_finish(d, r);
    *out = (weft_completion){r->future, (uint32_t)r->status};
  }
  return n;
}

size_t cpu_completion_text(void *device, uint32_t future, char *out, size_t capacity) {
  cpu_device *d = device;
  const cpu_record *r = d->reported.first;
  while (r && r->future != future) r = r->next;
  return weft__copy_text(r && r->text ? r->text : "", out, capacity);
}
