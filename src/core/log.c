/* What each command read and wrote, so that a submit that fails late spoils exactly what it should (see core.h).
 *
 *   entry: [n_reads | n_writes << 16 | whole << 32][block][reads …][writes …]        block 0: a host write, always ran
 *
 * An error scope tells of a failed submit after later commands were made. Everything it wrote is failed then, and so is
 * what later commands computed from that, until something writes a buffer whole from sound data. The log is kept only as
 * long as a block may still fail; tenants (see weft__store) name what is read and written, reads in flight among them. */
#include "core/core.h"

#include <string.h>

enum { WHOLE_BIT = 32 };

weft_status weft__log_reserve(weft_device *d, uint32_t n_tenants, weft_error *err) {
  weft__log *log = &d->log;
  return weft__grow(&log->words, &log->capacity, log->n + 2 + n_tenants, sizeof *log->words) ? WEFT_OK : weft__fail_memory(err);
}

static void append(weft__log *log, uint64_t block, const uint64_t *reads, uint32_t n_reads, const uint64_t *writes, uint32_t n_writes,
                   bool whole) {
  uint64_t *e = log->words + log->n;
  e[0] = n_reads | (uint64_t)n_writes << 16 | (uint64_t)whole << WHOLE_BIT;
  e[1] = block;
  if (n_reads) memcpy(e + 2, reads, n_reads * sizeof *e);
  if (n_writes) memcpy(e + 2 + n_reads, writes, n_writes * sizeof *e);
  uint32_t n = 2 + n_reads + n_writes;
  /* A loop that repeats one call must not make the log grow. */
  if (log->last && log->n - (log->last - 1) == n && memcmp(log->words + log->last - 1, e, n * sizeof *e) == 0) return;
  log->last = log->n + 1;
  log->n += n;
}

void weft__log_add(weft_device *d, const uint64_t *reads, uint32_t n_reads, const uint64_t *writes, uint32_t n_writes, bool whole) {
  append(&d->log, d->list.block, reads, n_reads, writes, n_writes, whole);
}

void weft__log_add_write(weft_device *d, uint64_t tenant, bool whole) { append(&d->log, 0, NULL, 0, &tenant, 1, whole); }

/* A set of tenants; the usual size is a handful. */
typedef struct tenants {
  uint64_t *items;
  uint32_t n, capacity;
  bool all; /* memory ended: everything counts as failed, which is safe */
} tenants;

static uint32_t place_of(const tenants *t, uint64_t tenant) {
  uint32_t i = 0;
  while (i < t->n && t->items[i] != tenant) i++;
  return i;
}

static bool has(const tenants *t, uint64_t tenant) { return t->all || place_of(t, tenant) < t->n; }

static void add(tenants *t, uint64_t tenant) {
  if (has(t, tenant)) return;
  if (!weft__grow(&t->items, &t->capacity, t->n + 1, sizeof *t->items)) t->all = true;
  else t->items[t->n++] = tenant;
}

static void drop(tenants *t, uint64_t tenant) {
  uint32_t i = place_of(t, tenant);
  if (i < t->n) t->items[i] = t->items[--t->n];
}

void weft__log_fail(weft_device *d, uint64_t first, uint64_t last, uint64_t tenant, weft_status status, const char *text) {
  weft__log *log = &d->log;
  tenants failed = {0};
  if (tenant) add(&failed, tenant);
  for (uint32_t at = 0; at < log->n;) {
    const uint64_t *e = log->words + at;
    uint32_t n_reads = e[0] & 0xFFFF, n_writes = e[0] >> 16 & 0xFFFF;
    bool whole = e[0] >> WHOLE_BIT & 1;
    const uint64_t *reads = e + 2, *writes = reads + n_reads;
    bool spoilt = e[1] >= first && e[1] <= last;
    for (uint32_t i = 0; i < n_reads && !spoilt; i++) spoilt = has(&failed, reads[i]);
    for (uint32_t i = 0; i < n_writes; i++) {
      if (spoilt) add(&failed, writes[i]);
      else if (whole && writes[i] != tenant) drop(&failed, writes[i]);
    }
    at += 2 + n_reads + n_writes;
  }
  for (weft_buffer *b = d->buffers; b; b = b->next)
    if (has(&failed, b->tenant)) weft__buffer_fail(b, status, text);
  for (weft__read *r = d->reads; r; r = r->next)
    if (has(&failed, r->tenant)) weft__note_set(&r->note, status, text);
  weft__free(failed.items);
}

uint64_t weft__log_block(const weft_device *d, uint32_t future) {
  for (uint32_t i = 0; i < d->log.n_blocks; i++)
    if (d->log.blocks[i].future == future) return d->log.blocks[i].serial;
  return 0;
}

void weft__log_settle(weft_device *d, uint32_t future, weft_status status, const char *text) {
  weft__log *log = &d->log;
  for (uint32_t i = 0; i < log->n_blocks; i++) {
    if (log->blocks[i].future != future) continue;
    uint64_t serial = log->blocks[i].serial;
    memmove(log->blocks + i, log->blocks + i + 1, (log->n_blocks - i - 1) * sizeof *log->blocks);
    log->n_blocks--;
    weft__slots_give(&d->pending, future);
    if (status != WEFT_OK) weft__log_fail(d, serial, serial, 0, status, text);
    break;
  }
}

void weft__log_forget(weft_device *d) {
  if (d->log.n_blocks || !weft__list_empty(d)) return;
  d->log.n = d->log.last = 0;
}

void weft__log_free(weft_device *d) {
  weft__free(d->log.words);
  weft__free(d->log.blocks);
  d->log = (weft__log){0};
}
