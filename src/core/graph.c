/* Recordings: commands kept to be replayed (see weft.h, core.h).
 *
 *   record:  d->target is the recording's list; its words are what a flush would hand over, without BEGIN and GROUP
 *   replay:  the words are appended to the device's list, so that order, blocks, log and flushing are those of any command
 *
 *   weft_graph ─▶ buffers, programs, groups (pinned), stores of its own: everything its words name stays alive
 *              ─▶ sites: where a bind group is set, and what it holds: a replay with other arrays writes other groups there
 *
 * Parameters are frozen: the recording's ring is written once, when it is full or the recording ends. */
#include "core/core.h"

#include <string.h>

#define ROOM(g, field, more) weft__grow(&(g)->field, &(g)->field##_capacity, (g)->n_##field + (more), sizeof *(g)->field)

/* ---- while recording ---------------------------------------------------------------------------------------------------------- */

static bool has_pointer(void *items, uint32_t n, const void *item) {
  /* Programs repeat what they named last: look from the end. */
  const void *const *at = items;
  for (uint32_t i = n; i-- > 0;)
    if (at[i] == item) return true;
  return false;
}

static bool has_tenant(const uint64_t *items, uint32_t n, uint64_t tenant) {
  for (uint32_t i = n; i-- > 0;)
    if (items[i] == tenant) return true;
  return false;
}

static weft_buffer *owner_of(weft_device *d, uint64_t tenant) {
  for (weft_buffer *b = d->buffers; b; b = b->next)
    if (b->tenant == tenant) return b;
  return NULL;
}

/* The array that this range belongs to is kept; a store without an owner is a temporary, which the recording has already. */
static weft_status keep_bound(weft_device *d, const weft__bound *b, bool fixed, weft_error *err) {
  weft_graph *g = d->recording;
  weft__store *store = b->store ? b->store : g->list.ring; /* NULL: an immediate, and no uniform before it */
  if (store && !has_pointer(g->uses, g->n_uses, &store->confirm)) {
    weft_buffer *owner = b->store ? owner_of(d, b->tenant) : NULL;
    if (!ROOM(g, uses, 1) || !ROOM(g, buffers, 1)) return weft__fail_memory(err);
    g->uses[g->n_uses++] = &store->confirm;
    if (owner) g->buffers[g->n_buffers++] = weft_buffer_retain(owner);
  }
  if (fixed && !has_tenant(g->fixed, g->n_fixed, b->tenant)) {
    if (!ROOM(g, fixed, 1)) return weft__fail_memory(err);
    g->fixed[g->n_fixed++] = b->tenant;
  }
  return WEFT_OK;
}

static weft_status keep_program(weft_graph *g, weft__program *p, weft_error *err) {
  if (has_pointer(g->programs, g->n_programs, p)) return WEFT_OK;
  if (!ROOM(g, programs, 1) || !ROOM(g, uses, 1)) return weft__fail_memory(err);
  g->programs[g->n_programs++] = p;
  p->refs++;
  g->uses[g->n_uses++] = &p->confirm;
  return WEFT_OK;
}

weft_status weft__graph_note(weft_device *d, const weft__step *steps, uint32_t n, weft_error *err) {
  weft_graph *g = d->recording;
  weft_status status = WEFT_OK;
  uint32_t n_sites = 0, n_bounds = 0, n_tenants = 0;
  for (uint32_t i = 0; i < n && status == WEFT_OK; i++) {
    const weft__step *s = &steps[i];
    if (s->kind != WEFT__STEP_DISPATCH) {
      status = keep_bound(d, &s->destination, true, err);
      if (status == WEFT_OK && s->kind == WEFT__STEP_COPY) status = keep_bound(d, &s->source, true, err);
      n_tenants += 2;
      continue;
    }
    status = keep_program(g, s->program, err);
    /* The arrays of a move are those of a copy. */
    bool fixed = s->bound == s->own;
    for (uint32_t k = 0; k < s->program->n_slots && status == WEFT_OK; k++) status = keep_bound(d, &s->bound[k], fixed, err);
    n_sites += s->program->n_groups;
    n_bounds += s->program->n_slots;
    n_tenants += s->program->n_slots;
  }
  if (status != WEFT_OK) return status;
  return ROOM(g, sites, n_sites) && ROOM(g, groups, n_sites) && ROOM(g, bounds, n_bounds) && ROOM(g, reads, n_tenants) &&
                 ROOM(g, writes, n_tenants)
             ? WEFT_OK
             : weft__fail_memory(err);
}

void weft__graph_group(weft_device *d, weft__group *group) {
  weft_graph *g = d->recording;
  if (has_pointer(g->groups, g->n_groups, group)) return;
  g->groups[g->n_groups++] = group;
  group->pins++;
}

void weft__graph_site(weft_device *d, const weft__step *s, uint32_t group, uint32_t first, uint32_t n) {
  weft_graph *g = d->recording;
  g->sites[g->n_sites++] = (weft__site){g->list.n, s->program, group, first, g->n_bounds, n, s->bound == s->own};
  for (uint32_t i = first; i < first + n; i++) {
    weft__bound *b = &g->bounds[g->n_bounds++];
    *b = s->bound[i];
    if (!b->store) b->store = g->list.ring; /* frozen: offset 0 and the dynamic offset in the words */
    b->bytes = NULL;
  }
}

void weft__graph_access(weft_device *d, const uint64_t *reads, uint32_t n_reads, const uint64_t *writes, uint32_t n_writes) {
  weft_graph *g = d->recording;
  for (uint32_t i = 0; i < n_reads; i++)
    if (!has_tenant(g->reads, g->n_reads, reads[i])) g->reads[g->n_reads++] = reads[i];
  for (uint32_t i = 0; i < n_writes; i++)
    if (!has_tenant(g->writes, g->n_writes, writes[i])) g->writes[g->n_writes++] = writes[i];
}

static weft_status own_store(weft_graph *g, weft__store *s, weft_error *err) {
  if (!ROOM(g, stores, 1)) return weft__fail_memory(err);
  g->stores[g->n_stores++] = s;
  return WEFT_OK;
}

static weft_status write_ring(weft_device *d, weft_graph *g, weft_error *err) {
  if (!g->list.ring_used) return WEFT_OK;
  weft_status status = d->driver->buffer_write(d->handle, g->list.ring->id, 0, g->list.ring_bytes, g->list.ring_used, 0, err);
  if (status != WEFT_OK) return weft__driver_failed(d, status, err);
  g->list.ring_used = g->list.ring_last_bytes = 0;
  return WEFT_OK;
}

weft_status weft__graph_ring(weft_device *d, weft_error *err) {
  weft_graph *g = d->recording;
  weft__store *next;
  weft_status status = write_ring(d, g, err);
  if (status == WEFT_OK) status = weft__store_acquire(d, WEFT__STORE_RING, WEFT__RING_BYTES, false, &next, err);
  if (status != WEFT_OK) return status;
  status = own_store(g, g->list.ring, err);
  if (status != WEFT_OK) weft__store_release(d, next);
  else g->list.ring = next;
  return status;
}

weft_status weft__temporary_acquire(weft_device *d, uint64_t n_bytes, bool host_write, weft__store **out, weft_error *err) {
  if (!d->recording) return weft__store_acquire(d, WEFT__STORE_ARRAY, n_bytes, host_write, out, err);
  if (!ROOM(d->recording, stores, 1)) return weft__fail_memory(err);
  weft_status status = weft__store_acquire(d, WEFT__STORE_ARRAY, n_bytes, true, out, err);
  return status == WEFT_OK ? own_store(d->recording, *out, err) : status;
}

void weft__temporary_release(weft_device *d, weft__store *s) {
  if (!d->recording) weft__store_release(d, s);
}

/* ---- begin, end, release -------------------------------------------------------------------------------------------------------- */

static void graph_free(weft_graph *g) {
  weft_device *d = g->device;
  weft__lock_enter(&d->lock);
  for (uint32_t i = 0; i < g->n_groups; i++) weft__group_unpin(g->groups[i]);
  for (uint32_t i = 0; i < g->n_programs; i++) weft__program_release(d, g->programs[i]);
  for (uint32_t i = 0; i < g->n_stores; i++) weft__store_release(d, g->stores[i]);
  weft__store_release(d, g->list.ring);
  weft__cost_release(g->cost);
  d->stats.graphs--;
  weft__lock_leave(&d->lock);
  for (uint32_t i = 0; i < g->n_buffers; i++) weft_buffer_release(g->buffers[i]);
  void *const arrays[] = {g->buffers, g->programs, g->groups, g->stores,     g->reads,          g->writes, g->fixed,
                          g->uses,    g->sites,    g->bounds, g->list.words, g->list.ring_bytes};
  for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) weft__free(arrays[i]);
  weft__free(g);
  weft_device_release(d);
}

weft_graph *weft_graph_retain(weft_graph *g) {
  atomic_fetch_add_explicit(&g->refs, 1, memory_order_relaxed);
  return g;
}

void weft_graph_release(weft_graph *g) {
  if (g && atomic_fetch_sub_explicit(&g->refs, 1, memory_order_acq_rel) == 1) graph_free(g);
}

uint32_t weft_graph_commands(const weft_graph *g) { return g->list.n_commands; }

weft_status weft_device_record_begin(weft_device *d, weft_error *err) {
  weft__lock_enter(&d->lock);
  weft_status status = weft__device_ready(d, err);
  if (status == WEFT_OK && d->recording) status = weft__fail(err, WEFT_STATE, "the device records already");
  weft_graph *g = status == WEFT_OK ? weft__alloc_zero(1, sizeof *g) : NULL;
  if (status == WEFT_OK && !g) status = weft__fail_memory(err);
  if (g) {
    atomic_init(&g->refs, 1);
    g->device = weft_device_retain(d);
    d->recording = g;
    d->target = &g->list;
    d->stats.graphs++;
  }
  weft__lock_leave(&d->lock);
  return status;
}

weft_status weft_device_record_end(weft_device *d, weft_graph **graph, weft_error *err) {
  weft__lock_enter(&d->lock);
  weft_graph *g = d->recording;
  weft_status status = g ? WEFT_OK : weft__fail(err, WEFT_STATE, "the device records nothing");
  if (g) {
    d->recording = NULL;
    d->target = &d->list;
    status = weft__device_ready(d, err);
    if (status == WEFT_OK && graph) status = write_ring(d, g, err);
    weft__free(g->list.ring_bytes);
    g->list.ring_bytes = NULL;
  }
  weft__lock_leave(&d->lock);
  if (status == WEFT_OK && graph) *graph = g;
  else weft_graph_release(g);
  return status;
}

/* ---- replay ----------------------------------------------------------------------------------------------------------------------- */

/* A rebind, resolved: this tenant's range gives way to that one. */
typedef struct swap {
  const weft_rebind *rebind;
  weft__bound from;
} swap;

static bool same_range(const weft__bound *a, const weft__bound *b) {
  return a->tenant == b->tenant && a->offset == b->offset && a->n_bytes == b->n_bytes;
}

static weft_status unknown_name(const weft_graph *g, const char *name, weft_error *err) {
  const char *near = NULL;
  for (uint32_t i = 0; i < g->n_sites && !near; i++)
    for (uint32_t k = 0; k < g->sites[i].n && !near && !g->sites[i].own; k++) {
      const char *each = g->sites[i].program->slots[g->sites[i].first + k].face.name;
      if (weft__text_similar(name, strlen(name), each, strlen(each))) near = each;
    }
  if (near) return weft__fail(err, WEFT_TYPE, "no call of the recording has an argument `%s`; did you mean `%s`?", name, near);
  return weft__fail(err, WEFT_TYPE, "no call of the recording has an argument `%s`", name);
}

static weft_status resolve(weft_device *d, const weft_graph *g, const weft_rebind *r, swap *out, weft_error *err) {
  const weft__bound *found = NULL;
  const weft_slot *slot = NULL;
  const weft_arg *a = &r->array;
  if (a->kind != WEFT_ARG_BUFFER)
    return weft__fail(err, WEFT_TYPE, "`%s`: a replay gives other arrays, values stay as they were recorded", r->name);
  for (uint32_t i = 0; i < g->n_sites; i++)
    for (uint32_t k = 0; k < g->sites[i].n && !g->sites[i].own; k++) {
      const weft__bound *b = &g->bounds[g->sites[i].bounds + k];
      const weft_slot *face = &g->sites[i].program->slots[g->sites[i].first + k].face;
      if (strcmp(face->name, r->name)) continue;
      if (found && !same_range(found, b))
        return weft__fail(err, WEFT_VALUE, "`%s` is not one array in this recording: its calls were given several", r->name);
      weft_status status = weft__dtype_check(face, a, err);
      if (status != WEFT_OK) return status;
      found = b;
      slot = face;
    }
  if (!found) return unknown_name(g, r->name, err);
  if (!found->tenant || !owner_of(d, found->tenant))
    return weft__fail(err, WEFT_VALUE, "`%s` was frozen when it was recorded: values, host memory and slices that had to be copied stay as they were",
                      r->name);
  if (has_tenant(g->fixed, g->n_fixed, found->tenant))
    return weft__fail(err, WEFT_VALUE, "`%s` is part of a copy, write or fill of the recording, so it cannot be another array", r->name);
  if (a->buffer->device != d)
    return weft__fail(err, WEFT_VALUE, "`%s` is on the device %s, the recording on another one (%s); bring the array there by way of the host",
                      r->name, a->buffer->device->info.name, d->info.name);
  weft_status status = weft__buffer_usable(a->buffer, err);
  if (status != WEFT_OK) return weft__fail_prefix(err, status, "`%s`: ", r->name);
  if (weft__round_up(a->n_bytes, 4) != found->n_bytes)
    return weft__fail(err, WEFT_VALUE, "`%s` had %llu bytes when it was recorded, not %llu", r->name, (unsigned long long)found->n_bytes,
                      (unsigned long long)a->n_bytes);
  uint64_t alignment = d->info.limits[slot->kind == WEFT_SLOT_UNIFORM ? WEFT_LIMIT_MIN_UNIFORM_OFFSET_ALIGNMENT : WEFT_LIMIT_MIN_STORAGE_OFFSET_ALIGNMENT];
  bool whole = a->offset == 0 && a->n_bytes == a->buffer->n_bytes;
  if (a->offset > a->buffer->n_bytes || a->n_bytes > a->buffer->n_bytes - a->offset || a->offset % alignment || (a->n_bytes % 4 && !whole))
    return weft__fail(err, WEFT_VALUE, "`%s`: a slice at offset %llu cannot be bound in place (multiples of %llu can); pass a copy", r->name,
                      (unsigned long long)a->offset, (unsigned long long)alignment);
  *out = (swap){r, *found};
  return WEFT_OK;
}

/* The bounds of a site with the swaps applied. */
static bool swapped(const weft_graph *g, const weft__site *site, const swap *swaps, uint32_t n_swaps, weft__bound *out) {
  bool any = false;
  for (uint32_t k = 0; k < site->n; k++) {
    out[k] = g->bounds[site->bounds + k];
    for (uint32_t i = 0; i < n_swaps; i++) {
      const weft_arg *a = &swaps[i].rebind->array;
      if (!same_range(&g->bounds[site->bounds + k], &swaps[i].from)) continue;
      out[k] = (weft__bound){.store = a->buffer->store, .tenant = a->buffer->tenant, .offset = a->offset, .n_bytes = swaps[i].from.n_bytes};
      any = true;
    }
  }
  return any;
}

/* One buffer may not be read-only and written in one dispatch, nor two written ranges overlap. Groups of one dispatch are
 * consecutive sites of one program; checking each site alone and pairs of swaps covers what a swap can break. */
static weft_status check_site(const weft__site *site, const weft__bound *bounds, weft_error *err) {
  for (uint32_t i = 0; i < site->n; i++) {
    const weft_slot *w = &site->program->slots[site->first + i].face;
    if (w->kind != WEFT_SLOT_READ_WRITE) continue;
    for (uint32_t k = 0; k < site->n; k++) {
      const weft_slot *o = &site->program->slots[site->first + k].face;
      if (k == i || bounds[k].store != bounds[i].store) continue;
      bool overlap = bounds[i].offset < bounds[k].offset + bounds[k].n_bytes && bounds[k].offset < bounds[i].offset + bounds[i].n_bytes;
      if (o->kind != WEFT_SLOT_READ_WRITE || overlap)
        return weft__fail(err, WEFT_VALUE, "`%s` is written and would share an array with `%s` in this replay; pass a copy", w->name, o->name);
    }
  }
  return WEFT_OK;
}

static weft_status patch(weft_device *d, const weft_graph *g, const swap *swaps, uint32_t n_swaps, weft_id *ids, weft_error *err) {
  for (uint32_t i = 0; i < g->n_sites; i++) {
    const weft__site *site = &g->sites[i];
    weft__bound bounds[WEFT__MAX_SLOTS];
    weft__group_entry entries[WEFT__MAX_SLOTS];
    ids[i] = 0;
    if (!swapped(g, site, swaps, n_swaps, bounds)) continue;
    weft_status status = check_site(site, bounds, err);
    if (status != WEFT_OK) return status;
    for (uint32_t k = 0; k < site->n; k++)
      entries[k] = (weft__group_entry){site->program->slots[site->first + k].face.binding, bounds[k].store, bounds[k].offset, bounds[k].n_bytes};
    weft__group *group;
    status = weft__group_get(d, site->program->layouts[site->group], entries, site->n, &group, err);
    if (status != WEFT_OK) return status;
    ids[i] = group->id;
  }
  return WEFT_OK;
}

static weft_status check_sound(const weft_graph *g, weft_error *err) {
  for (uint32_t i = 0; i < g->n_programs; i++)
    if (g->programs[i]->confirm.state == WEFT__CONFIRM_FAILED) return weft__program_raise(g->programs[i], err);
  for (uint32_t i = 0; i < g->n_buffers; i++) {
    weft_status status = weft__buffer_usable(g->buffers[i], err);
    if (status != WEFT_OK) return status;
  }
  for (uint32_t i = 0; i < g->n_groups; i++)
    if (g->groups[i]->dead) return weft__fail(err, WEFT_DEVICE, "a submit that the recording depends on failed; record it again");
  return WEFT_OK;
}

/* Appends; everything has been reserved. */
static void append(weft_device *d, weft_graph *g, const swap *swaps, uint32_t n_swaps, const weft_id *ids) {
  weft__list *l = &d->list;
  uint32_t start = l->n;
  memcpy(l->words + start, g->list.words, g->list.n * sizeof *l->words);
  l->n += g->list.n;
  for (uint32_t i = 0; i < g->n_sites && n_swaps; i++)
    if (ids[i]) l->words[start + g->sites[i].at] = ids[i];
  l->n_commands += g->list.n_commands;
  l->n_dispatches += g->list.n_dispatches;
  l->pipeline = 0;
  memset(l->groups, 0, sizeof l->groups);
  d->stats.dispatches += g->list.n_dispatches;
  weft__pace_note(d, &g->cost, 1);
  for (uint32_t i = 0; i < g->n_buffers; i++)
    if (g->buffers[i]->store) weft__list_name(d, g->buffers[i]->store, true);
  for (uint32_t i = 0; i < g->n_stores; i++) weft__list_name(d, g->stores[i], true);
  weft__log_add(d, g->reads, g->n_reads, g->writes, g->n_writes, false);
  for (uint32_t i = 0; i < n_swaps; i++) {
    const uint64_t tenant = swaps[i].rebind->array.buffer->tenant;
    weft__list_name(d, swaps[i].rebind->array.buffer->store, true);
    /* It stands for what it replaces: read and written as that was, to be safe. */
    weft__log_add(d, g->writes, g->n_writes, &tenant, 1, false);
    weft__log_add(d, &tenant, 1, g->writes, g->n_writes, false);
  }
}

static weft_status replay(weft_device *d, weft_graph *g, const weft_rebind *rebinds, uint32_t n_rebinds, swap *swaps, weft_id *ids,
                          weft_error *err) {
  weft_status status = weft__device_ready(d, err);
  if (status == WEFT_OK && d->recording) status = weft__fail(err, WEFT_STATE, "a replay while the device records");
  if (status == WEFT_OK) status = check_sound(g, err);
  for (uint32_t i = 0; i < n_rebinds && status == WEFT_OK; i++) status = resolve(d, g, &rebinds[i], &swaps[i], err);
  if (status != WEFT_OK || !g->list.n_commands) return status;
  /* A block first: groups that are made anew belong into it. */
  status = weft__list_enter(d, g->uses, g->n_uses, err);
  for (uint32_t i = 0; i < n_rebinds && status == WEFT_OK; i++) {
    weft__confirm *confirm = &rebinds[i].array.buffer->store->confirm;
    status = weft__list_enter(d, &confirm, 1, err);
  }
  if (status == WEFT_OK && n_rebinds) status = patch(d, g, swaps, n_rebinds, ids, err);
  if (status == WEFT_OK) status = weft__list_reserve(d, g->list.n, err);
  if (status == WEFT_OK) status = weft__log_reserve(d, (1 + 2 * n_rebinds) * (g->n_reads + g->n_writes + 4), err);
  if (status != WEFT_OK) return status;
  append(d, g, swaps, n_rebinds, ids);
  weft__flush_when_due(d);
  return WEFT_OK;
}

weft_status weft_graph_replay(weft_graph *g, const weft_rebind *rebinds, uint32_t n_rebinds, weft_error *err) {
  weft_device *d = g->device;
  weft__lock_enter(&d->lock);
  swap *swaps = n_rebinds ? weft__alloc_zero(n_rebinds, sizeof *swaps) : NULL;
  weft_id *ids = n_rebinds ? weft__alloc_zero(g->n_sites, sizeof *ids) : NULL;
  weft_status status = n_rebinds && (!swaps || !ids) ? weft__fail_memory(err) : replay(d, g, rebinds, n_rebinds, swaps, ids, err);
  weft__free(swaps);
  weft__free(ids);
  weft__lock_leave(&d->lock);
  weft__pace_hold(d);
  return status;
}
