/* Commands, all or none (see core.h).
 *
 * A call can be several commands: arguments that must be copied, the dispatch, results that must be copied back. Phases:
 *   1 room in the ring (may flush)   2 a block for all unconfirmed objects   3 bind groups   4 room for words and log
 *   5 emit: cannot fail
 * What phases 1 to 3 leave behind when a later one fails is harmless: an empty block, a bind group in the cache.
 *
 * While the device records, 1, 4 and 5 go to the recording; 2 and 3 stay with the device's own list, where bind groups are
 * created once. */
#include "core/core.h"

#include <string.h>

static bool through_ring(const weft__step *s, uint32_t i) {
  return s->program->slots[i].face.kind == WEFT_SLOT_UNIFORM && !s->bound[i].store;
}

static uint64_t ring_cost(weft_device *d, const weft__step *s) {
  if (s->kind == WEFT__STEP_STAGE) return weft__ring_cost(s->source.n_bytes, 4);
  uint64_t cost = 0;
  if (s->kind == WEFT__STEP_DISPATCH)
    for (uint32_t i = 0; i < s->program->n_slots; i++)
      if (through_ring(s, i)) cost += weft__ring_cost(s->bound[i].n_bytes, d->info.limits[WEFT_LIMIT_MIN_UNIFORM_OFFSET_ALIGNMENT]);
  return cost;
}

/* The objects of a step that the device may still reject. */
static uint32_t uses_of(weft_device *d, const weft__step *s, weft__confirm **uses) {
  uint32_t n = 0;
  if (s->kind == WEFT__STEP_DISPATCH) {
    uses[n++] = &s->program->confirm;
    for (uint32_t i = 0; i < s->program->n_slots; i++) {
      if (s->bound[i].store) uses[n++] = &s->bound[i].store->confirm;
      else if (through_ring(s, i)) uses[n++] = &d->target->ring->confirm;
    }
    return n;
  }
  uses[n++] = &s->destination.store->confirm;
  if (s->kind == WEFT__STEP_COPY) uses[n++] = &s->source.store->confirm;
  if (s->kind == WEFT__STEP_STAGE) uses[n++] = &d->target->ring->confirm;
  return n;
}

static weft_status enter(weft_device *d, const weft__step *steps, uint32_t n, weft_error *err) {
  weft__confirm *uses[WEFT__MAX_SLOTS * 2 + 2];
  for (uint32_t i = 0; i < n; i++) {
    uint32_t n_uses = uses_of(d, &steps[i], uses);
    weft_status status = weft__list_enter(d, uses, n_uses, err);
    if (status != WEFT_OK) return status;
  }
  return WEFT_OK;
}

/* Bind groups of a dispatch. Slots are sorted by group, so each group is one run of them. */
static weft_status find_groups(weft_device *d, weft__step *s, weft_error *err) {
  const weft__program *p = s->program;
  uint32_t slot = 0;
  for (uint32_t g = 0; g < p->n_groups; g++) {
    weft__group_entry entries[WEFT__MAX_SLOTS];
    uint32_t n = 0;
    for (; slot < p->n_slots && p->slots[slot].face.kind != WEFT_SLOT_IMMEDIATE && p->slots[slot].face.group == g; slot++) {
      const weft__bound *b = &s->bound[slot];
      entries[n].binding = p->slots[slot].face.binding;
      entries[n].store = b->store ? b->store : d->target->ring;
      entries[n].offset = b->store ? b->offset : 0;
      entries[n].n_bytes = b->n_bytes;
      n++;
    }
    weft__group *group;
    weft_status status = weft__group_get(d, p->layouts[g], entries, n, &group, err);
    if (status != WEFT_OK) return status;
    s->groups[g] = group->id; /* the group itself may leave the cache before the step is emitted */
    if (d->recording) weft__graph_group(d, group);
  }
  return WEFT_OK;
}

static uint32_t words_of(const weft__step *s) {
  if (s->kind != WEFT__STEP_DISPATCH) return WEFT__COPY_WORDS;
  uint32_t n = 2 + 4 + 3 * s->program->n_groups + s->program->n_slots;
  for (uint32_t i = 0; i < s->program->n_slots; i++)
    if (s->program->slots[i].face.kind == WEFT_SLOT_IMMEDIATE) n += 2 + (uint32_t)s->bound[i].n_bytes / 4;
  return n;
}

/* ---- emitting: nothing here can fail ------------------------------------------------------------------------------------- */

static void note_access(weft_device *d, const uint64_t *reads, uint32_t n_reads, const uint64_t *writes, uint32_t n_writes, bool whole) {
  if (d->recording) weft__graph_access(d, reads, n_reads, writes, n_writes);
  else weft__log_add(d, reads, n_reads, writes, n_writes, whole);
}

static void emit_groups(weft_device *d, const weft__step *s) {
  weft__list *l = d->target;
  const weft__program *p = s->program;
  uint32_t slot = 0;
  for (uint32_t g = 0; g < p->n_groups; g++) {
    const uint32_t first = slot;
    const weft_id group = s->groups[g];
    uint32_t n_offsets = 0, offsets[WEFT__MAX_SLOTS];
    for (; slot < p->n_slots && p->slots[slot].face.kind != WEFT_SLOT_IMMEDIATE && p->slots[slot].face.group == g; slot++) {
      const weft__bound *b = &s->bound[slot];
      if (b->store) weft__list_name(d, b->store, p->slots[slot].face.kind == WEFT_SLOT_READ_WRITE);
      if (!p->slots[slot].dynamic) continue;
      offsets[n_offsets++] = b->store ? 0
                                      : weft__ring_put(d, b->bytes, (uint32_t)b->n_bytes,
                                                       (uint32_t)d->info.limits[WEFT_LIMIT_MIN_UNIFORM_OFFSET_ALIGNMENT]);
    }
    if (l->groups[g] == group && l->n_offsets[g] == n_offsets && !memcmp(l->offsets[g], offsets, n_offsets * sizeof *offsets))
      continue;
    l->groups[g] = group;
    l->n_offsets[g] = n_offsets;
    memcpy(l->offsets[g], offsets, n_offsets * sizeof *offsets);
    weft__list_word(d, WEFT_OP_WORD(WEFT_OP_SET_GROUP, 4 + n_offsets));
    weft__list_word(d, g);
    if (d->recording) weft__graph_site(d, s, g, first, slot - first);
    weft__list_word(d, group);
    weft__list_word(d, n_offsets);
    for (uint32_t i = 0; i < n_offsets; i++) weft__list_word(d, offsets[i]);
  }
}

static void emit_dispatch(weft_device *d, const weft__step *s) {
  const weft__program *p = s->program;
  if (d->target->pipeline != p->id) {
    d->target->pipeline = p->id;
    if (d->recording) memset(d->target->groups, 0, sizeof d->target->groups); /* so that each program's groups can be bound anew */
    weft__list_word(d, WEFT_OP_WORD(WEFT_OP_PIPELINE, 2));
    weft__list_word(d, p->id);
  }
  emit_groups(d, s);
  uint64_t reads[WEFT__MAX_SLOTS], writes[WEFT__MAX_SLOTS];
  uint32_t n_reads = 0, n_writes = 0;
  for (uint32_t i = 0; i < p->n_slots; i++) {
    const weft__bound *b = &s->bound[i];
    if (p->slots[i].face.kind == WEFT_SLOT_IMMEDIATE) {
      uint32_t n_words = (uint32_t)b->n_bytes / 4;
      weft__list_word(d, WEFT_OP_WORD(WEFT_OP_IMMEDIATES, 2 + n_words));
      weft__list_word(d, 0);
      memcpy(d->target->words + d->target->n, b->bytes, n_words * 4);
      d->target->n += n_words;
    } else if (b->store) {
      reads[n_reads++] = b->tenant; /* what is written may be read too */
      if (p->slots[i].face.kind == WEFT_SLOT_READ_WRITE) writes[n_writes++] = b->tenant;
    }
  }
  weft__list_word(d, WEFT_OP_WORD(WEFT_OP_DISPATCH, 4));
  for (int i = 0; i < 3; i++) weft__list_word(d, s->grid[i]);
  d->target->n_commands++;
  d->target->n_dispatches++;
  if (!d->recording) {
    d->stats.dispatches++;
    weft__pace_note(d, &s->program->cost, (uint64_t)s->grid[0] * s->grid[1] * s->grid[2]);
  }
  note_access(d, reads, n_reads, writes, n_writes, s->whole);
}

static void emit(weft_device *d, const weft__step *s) {
  const weft__bound *from = &s->source, *to = &s->destination;
  switch (s->kind) {
    case WEFT__STEP_DISPATCH: emit_dispatch(d, s); return;
    case WEFT__STEP_CLEAR: weft__list_clear(d, to->store, to->offset, to->n_bytes); break;
    case WEFT__STEP_TIMESTAMP: weft__list_timestamp(d, s->query); break;
    case WEFT__STEP_RESOLVE: weft__list_resolve(d, s->query, s->n_queries, to->store); break;
    case WEFT__STEP_STAGE:
      weft__list_copy(d, d->target->ring, weft__ring_put(d, from->bytes, (uint32_t)from->n_bytes, 4), to->store, to->offset,
                      weft__round_up(from->n_bytes, 4));
      break;
    case WEFT__STEP_COPY: weft__list_copy(d, from->store, from->offset, to->store, to->offset, to->n_bytes); break;
  }
  note_access(d, &from->tenant, s->kind == WEFT__STEP_COPY, &to->tenant, 1, s->whole);
}

weft_status weft__steps_run(weft_device *d, weft__step *steps, uint32_t n, weft_error *err) {
  uint64_t ring_bytes = 0;
  for (uint32_t i = 0; i < n; i++) ring_bytes += ring_cost(d, &steps[i]);
  weft_status status = ring_bytes ? weft__ring_reserve(d, ring_bytes, err) : WEFT_OK;
  if (status == WEFT_OK && d->recording) status = weft__graph_note(d, steps, n, err);
  if (status == WEFT_OK) status = enter(d, steps, n, err);
  for (uint32_t i = 0; i < n && status == WEFT_OK; i++)
    if (steps[i].kind == WEFT__STEP_DISPATCH) status = find_groups(d, &steps[i], err);
  uint32_t n_words = 0, n_tenants = 0;
  for (uint32_t i = 0; i < n && status == WEFT_OK; i++) {
    n_words += words_of(&steps[i]);
    n_tenants += 2 + (steps[i].kind == WEFT__STEP_DISPATCH ? 2 * steps[i].program->n_slots : 2);
  }
  if (status == WEFT_OK) status = weft__list_reserve(d, n_words, err);
  if (status == WEFT_OK) status = weft__log_reserve(d, n_tenants, err);
  if (status != WEFT_OK) return status;
  for (uint32_t i = 0; i < n; i++) emit(d, &steps[i]);
  return WEFT_OK;
}
