/* The command list and its ring (see core.h; the words are described in driver.h).
 *
 *   words: [WRITE ring … 8 words][BEGIN 0][… commands …][BEGIN future][… commands with unconfirmed objects …]
 *   ring:  [parameter block | pad to 256][staged host write | pad to 4] …      one queue write per flush
 *
 * The ring is written from its start at every flush: queue writes and submits keep their order, so an earlier submit has
 * already read what it needs. A BEGIN with nothing after it is harmless; that is why opening a block and putting bytes
 * into the ring need no undo when the rest of a call fails. */
#include "core/core.h"

#include <string.h>

weft_status weft__list_init(weft_device *d, weft_error *err) {
  weft__list *l = &d->list;
  d->target = l;
  l->serial = 1;
  l->flush_at = WEFT__FLUSH_COMMANDS;
  if (!weft__grow(&l->words, &l->capacity, WEFT__RING_WRITE_WORDS + 64, sizeof *l->words)) return weft__fail_memory(err);
  l->n = WEFT__RING_WRITE_WORDS;
  return WEFT_OK;
}

void weft__list_free(weft_device *d) {
  weft__free(d->list.words);
  weft__free(d->list.unconfirmed);
  weft__free(d->list.ring_bytes);
  d->list = (weft__list){0};
}

bool weft__list_empty(const weft_device *d) { return d->list.n == WEFT__RING_WRITE_WORDS; }

bool weft__list_names(const weft_device *d, const weft__store *s) { return s->last_list == d->list.serial; }

/* ---- blocks ------------------------------------------------------------------------------------------------------------ */

static bool known_unconfirmed(const weft__list *l, uint64_t uid) {
  for (uint32_t i = 0; i < l->n_unconfirmed; i++)
    if (l->unconfirmed[i] == uid) return true;
  return false;
}

static void forget_state(weft__list *l) {
  l->pipeline = 0;
  memset(l->groups, 0, sizeof l->groups);
}

static weft_status begin(weft_device *d, bool scoped, weft_error *err) {
  weft__list *l = &d->list;
  weft__log *log = &d->log;
  if (!weft__grow(&l->words, &l->capacity, l->n + 2, sizeof *l->words)) return weft__fail_memory(err);
  weft_status status;
  uint32_t future = 0;
  if (scoped) {
    if (!weft__grow(&log->blocks, &log->blocks_capacity, log->n_blocks + 1, sizeof *log->blocks)) return weft__fail_memory(err);
    status = weft__pending_take(d, WEFT__PENDING_BLOCK, NULL, &future, err);
    if (status != WEFT_OK) return status;
    log->blocks[log->n_blocks++] = (weft__block){log->next_serial + 1, future};
  }
  l->block = ++log->next_serial;
  l->words[l->n++] = WEFT_OP_WORD(WEFT_OP_BEGIN, 2);
  l->words[l->n++] = future;
  forget_state(l);
  return WEFT_OK;
}

weft_status weft__list_enter(weft_device *d, weft__confirm *const *uses, uint32_t n_uses, weft_error *err) {
  weft__list *l = &d->list;
  uint32_t n_new = 0;
  for (uint32_t i = 0; i < n_uses; i++)
    if (uses[i]->state == WEFT__CONFIRM_PENDING && !known_unconfirmed(l, uses[i]->uid)) n_new++;
  if (l->block && !n_new) return WEFT_OK;
  if (!weft__grow(&l->unconfirmed, &l->unconfirmed_capacity, l->n_unconfirmed + n_new, sizeof *l->unconfirmed))
    return weft__fail_memory(err);
  weft_status status = begin(d, n_new > 0, err);
  if (status != WEFT_OK) return status;
  for (uint32_t i = 0; i < n_uses; i++)
    if (uses[i]->state == WEFT__CONFIRM_PENDING && !known_unconfirmed(l, uses[i]->uid))
      l->unconfirmed[l->n_unconfirmed++] = uses[i]->uid;
  return WEFT_OK;
}

/* ---- words --------------------------------------------------------------------------------------------------------------- */

weft_status weft__list_reserve(weft_device *d, uint32_t n_words, weft_error *err) {
  weft__list *l = d->target;
  return weft__grow(&l->words, &l->capacity, l->n + n_words, sizeof *l->words) ? WEFT_OK : weft__fail_memory(err);
}

void weft__list_word(weft_device *d, uint32_t word) { d->target->words[d->target->n++] = word; }

void weft__list_word64(weft_device *d, uint64_t value) {
  weft__list_word(d, (uint32_t)value);
  weft__list_word(d, (uint32_t)(value >> 32));
}

void weft__list_name(weft_device *d, weft__store *s, bool written) {
  if (d->target == &d->list) {
    s->last_list = d->list.serial;
    if (written) s->last_written = d->list.serial;
  }
  s->fresh = false;
}

void weft__list_copy(weft_device *d, weft__store *source, uint64_t source_offset, weft__store *destination, uint64_t offset,
                     uint64_t n_bytes) {
  weft__list_word(d, WEFT_OP_WORD(WEFT_OP_COPY, WEFT__COPY_WORDS));
  weft__list_word(d, source->id);
  weft__list_word64(d, source_offset);
  weft__list_word(d, destination->id);
  weft__list_word64(d, offset);
  weft__list_word64(d, n_bytes);
  weft__list_name(d, source, false);
  weft__list_name(d, destination, true);
  forget_state(d->target);
  d->target->n_commands++;
  d->stats.copies++;
}

void weft__list_clear(weft_device *d, weft__store *s, uint64_t offset, uint64_t n_bytes) {
  weft__list_word(d, WEFT_OP_WORD(WEFT_OP_CLEAR, WEFT__CLEAR_WORDS));
  weft__list_word(d, s->id);
  weft__list_word64(d, offset);
  weft__list_word64(d, n_bytes);
  weft__list_name(d, s, true);
  forget_state(d->target);
  d->target->n_commands++;
}

void weft__list_timestamp(weft_device *d, uint32_t query) {
  weft__list_word(d, WEFT_OP_WORD(WEFT_OP_TIMESTAMP, WEFT__TIMESTAMP_WORDS));
  weft__list_word(d, query);
  forget_state(d->target);
  d->target->n_commands++;
}

void weft__list_resolve(weft_device *d, uint32_t first, uint32_t n, weft__store *s) {
  weft__list_word(d, WEFT_OP_WORD(WEFT_OP_RESOLVE, WEFT__RESOLVE_WORDS));
  weft__list_word(d, first);
  weft__list_word(d, n);
  weft__list_word(d, s->id);
  weft__list_word64(d, 0);
  weft__list_name(d, s, true);
  forget_state(d->target);
  d->target->n_commands++;
}

/* ---- ring ---------------------------------------------------------------------------------------------------------------- */

weft_status weft__ring_reserve(weft_device *d, uint64_t n_bytes, weft_error *err) {
  weft__list *l = d->target;
  if (n_bytes > WEFT__RING_BYTES)
    return weft__fail(err, WEFT_VALUE, "the parameters of one call take %llu bytes; at most %d fit", (unsigned long long)n_bytes,
                      WEFT__RING_BYTES);
  if (!l->ring_bytes) {
    unsigned char *bytes = weft__alloc(WEFT__RING_BYTES);
    if (!bytes) return weft__fail_memory(err);
    l->ring_bytes = bytes;
  }
  if (!l->ring) {
    weft_status status = weft__store_acquire(d, WEFT__STORE_RING, WEFT__RING_BYTES, false, &l->ring, err);
    if (status != WEFT_OK) return status;
  }
  if (l->ring_used + n_bytes <= WEFT__RING_BYTES) return WEFT_OK;
  return d->recording ? weft__graph_ring(d, err) : weft__flush(d, err);
}

uint32_t weft__ring_put(weft_device *d, const void *bytes, uint32_t n_bytes, uint32_t alignment) {
  weft__list *l = d->target;
  /* Programs repeat their parameters; the same bytes again need no room, and no other dynamic offset. */
  if (l->ring_last_bytes == n_bytes && !memcmp(l->ring_bytes + l->ring_last, bytes, n_bytes) && l->ring_last % alignment == 0)
    return l->ring_last;
  uint32_t at = (uint32_t)weft__round_up(l->ring_used, alignment);
  uint32_t end = (uint32_t)weft__round_up(at + n_bytes, 4);
  memset(l->ring_bytes + l->ring_used, 0, end - l->ring_used);
  memcpy(l->ring_bytes + at, bytes, n_bytes);
  l->ring_used = end;
  l->ring_last = at;
  l->ring_last_bytes = n_bytes;
  return at;
}

/* ---- flush --------------------------------------------------------------------------------------------------------------- */

static void reset(weft_device *d) {
  weft__list *l = &d->list;
  d->pace.commands += l->n_commands;
  l->n = WEFT__RING_WRITE_WORDS;
  l->serial++;
  l->n_commands = l->n_dispatches = 0;
  l->flush_at = WEFT__FLUSH_COMMANDS;
  l->ring_used = l->ring_last_bytes = 0;
  l->block = 0;
  l->n_unconfirmed = 0;
  forget_state(l);
}

/* Writes the ring's WRITE before the first BEGIN and returns where the stream starts. */
static const uint32_t *with_ring_write(weft_device *d, size_t *n_words) {
  weft__list *l = &d->list;
  if (!l->ring_used) {
    *n_words = l->n - WEFT__RING_WRITE_WORDS;
    return l->words + WEFT__RING_WRITE_WORDS;
  }
  uint64_t pointer = (uint64_t)(uintptr_t)l->ring_bytes;
  const uint32_t write[WEFT__RING_WRITE_WORDS] = {
      WEFT_OP_WORD(WEFT_OP_WRITE, WEFT__RING_WRITE_WORDS), l->ring->id, 0, 0, (uint32_t)pointer, (uint32_t)(pointer >> 32),
      l->ring_used, 0};
  memcpy(l->words, write, sizeof write);
  *n_words = l->n;
  return l->words;
}

weft_status weft__flush(weft_device *d, weft_error *err) {
  if (weft__list_empty(d)) return WEFT_OK;
  weft__pace_mark(d);
  weft_error own;
  size_t n_words;
  const uint32_t *words = with_ring_write(d, &n_words);
  weft_status status = d->driver->submit(d->handle, words, n_words, &own);
  if (status == WEFT_OK) {
    d->stats.flushes++;
    for (size_t i = 0; i < n_words; i += WEFT_OP_LENGTH(words[i])) d->stats.submits += WEFT_OP_CODE(words[i]) == WEFT_OP_BEGIN;
    reset(d);
    weft__reads_submitted(d, WEFT_OK, NULL);
  } else {
    weft__driver_failed(d, status, &own);
    /* Blocks that were handed over before the failure may have run; without knowing, all count as not run. */
    uint64_t last = d->log.next_serial;
    uint64_t first = last + 1;
    for (size_t i = 0; i < n_words; i += WEFT_OP_LENGTH(words[i])) {
      if (WEFT_OP_CODE(words[i]) != WEFT_OP_BEGIN) continue;
      first--;
      if (words[i + 1]) weft__log_settle(d, words[i + 1], WEFT_OK, ""); /* told as part of the whole, below */
    }
    weft__log_fail(d, first, last, 0, status, own.message);
    weft__groups_forget_list(d, d->list.serial); /* the driver may not have made them */
    reset(d);
    weft__reads_submitted(d, status, own.message);
    weft__fail(err, status, "%s", own.message);
  }
  weft__release_condemned(d);
  weft__poll(d);
  return status;
}

static void deferred_flush(void *argument) {
  weft_device *d = argument;
  weft__lock_enter(&d->lock);
  d->list.deferred = false;
  weft_error err;
  if (!d->batch && weft__flush(d, &err) != WEFT_OK) weft__note_set(&d->late, err.code, err.message);
  weft__lock_leave(&d->lock);
}

void weft__flush_when_due(weft_device *d) {
  weft__list *l = &d->list;
  bool due = d->batch ? l->n >= WEFT__FLUSH_WORDS || weft__pace_due(d) : l->n_commands >= l->flush_at;
  if (!d->batch && weft__pace_much(d)) {
    weft__pace_mark(d); /* also when nothing was written into the list: bytes from the host may wait in the driver */
    due = !weft__list_empty(d);
  }
  if (due) {
    /* The first list is short, so that the GPU starts soon; a dispatch takes it longer than a call takes here, so there is
     * time to collect longer ones. */
    uint32_t next = l->flush_at < WEFT__FLUSH_COMMANDS_MOST ? l->flush_at * 4 : l->flush_at;
    weft_error err;
    if (weft__flush(d, &err) != WEFT_OK) weft__note_set(&d->late, err.code, err.message);
    l->flush_at = next;
  } else if (!d->batch && d->driver->defer && !l->deferred && !weft__list_empty(d)) {
    l->deferred = true;
    d->driver->defer(d->handle, deferred_flush, d);
  }
}
