/* Bind-group layouts and bind groups, kept by content (see core.h).
 *
 *   layouts: entries as words ─▶ weft__layout          kept as long as the device: there are few
 *   groups:  [layout uid][binding, store uid, offset, n_bytes] … ─▶ group       at most GROUPS_CACHED
 *
 * Keys hold uids, which a store keeps through the pool: a released array's group is found again when the next array of
 * that size is bound. Groups are created in the command stream, so a miss costs no crossing. */
#include "core/core.h"

#include <string.h>

typedef struct group_key {
  uint64_t layout;
  struct {
    uint64_t binding, store, offset, n_bytes;
  } entries[WEFT__MAX_SLOTS];
} group_key;

static uint32_t key_bytes(uint32_t n) { return (uint32_t)(offsetof(group_key, entries) + n * sizeof(((group_key *)0)->entries[0])); }

weft_status weft__layout_get(weft_device *d, const uint32_t *entries, uint32_t n, weft__layout **out, weft_error *err) {
  static const uint32_t nothing; /* an empty layout has a key too */
  const void *key = n ? entries : &nothing;
  uint32_t n_key = n ? n * 3 * (uint32_t)sizeof *entries : sizeof nothing;
  weft__layout *layout = weft__map_get(&d->layouts, key, n_key);
  if (layout) {
    *out = layout;
    return WEFT_OK;
  }
  layout = weft__alloc_zero(1, sizeof *layout);
  if (!layout) return weft__fail_memory(err);
  weft_status status = weft__object_take(d, layout, &layout->id, err);
  if (status == WEFT_OK) {
    status = d->driver->layout_create(d->handle, layout->id, entries, n, err);
    if (status != WEFT_OK) weft__driver_failed(d, status, err);
    else if (!weft__map_put(&d->layouts, key, n_key, layout)) {
      weft__condemn(d, layout->id);
      weft__free(layout);
      return weft__fail_memory(err);
    }
  }
  if (status != WEFT_OK) {
    weft__slots_give(&d->objects, layout->id);
    weft__free(layout);
    return status;
  }
  layout->uid = weft__uid(d);
  *out = layout;
  return WEFT_OK;
}

static void retire(weft__group *g) {
  g->dead = true;
  if (!g->pins) weft__free(g);
}

void weft__group_unpin(weft__group *g) {
  g->pins--;
  if (g->dead && !g->pins) weft__free(g);
}

typedef bool chosen(const weft__group *g, const group_key *key, uint32_t n, uint64_t what);

static bool names_store(const weft__group *g, const group_key *key, uint32_t n, uint64_t store) {
  (void)g;
  for (uint32_t i = 0; i < n; i++)
    if (key->entries[i].store == store) return true;
  return false;
}
static bool made_by_list(const weft__group *g, const group_key *key, uint32_t n, uint64_t list) {
  (void)key, (void)n;
  return g->created == list;
}
static bool unused_since(const weft__group *g, const group_key *key, uint32_t n, uint64_t list) {
  (void)key, (void)n;
  return !g->pins && g->last_list < list;
}

static void drop(weft_device *d, chosen *choose, uint64_t what) {
  weft__map_slot slot;
  for (uint32_t cursor = 0; weft__map_next(&d->groups, &cursor, &slot);) {
    weft__group *g = slot.value;
    const group_key *key = slot.key;
    uint32_t n = (slot.n_key_bytes - (uint32_t)offsetof(group_key, entries)) / (uint32_t)sizeof key->entries[0];
    if (!choose(g, key, n, what)) continue;
    weft__condemn(d, g->id);
    weft__map_remove(&d->groups, slot.key, slot.n_key_bytes);
    retire(g);
    cursor--; /* removing shifts the next entry into this place */
  }
}

static weft_status create_group(weft_device *d, const weft__layout *layout, const group_key *key, const weft__group_entry *entries,
                                uint32_t n, weft__group **out, weft_error *err) {
  const uint32_t n_words = 4 + n * 6;
  weft_status status = weft__list_reserve(d, n_words, err);
  if (status != WEFT_OK) return status;
  weft__group *g;
  g = weft__alloc_zero(1, sizeof *g);
  if (!g) return weft__fail_memory(err);
  status = weft__object_take(d, g, &g->id, err);
  if (status == WEFT_OK && !weft__map_put(&d->groups, key, key_bytes(n), g)) status = weft__fail_memory(err);
  if (status != WEFT_OK) {
    weft__slots_give(&d->objects, g->id);
    weft__free(g);
    return status;
  }
  weft__list_word(d, WEFT_OP_WORD(WEFT_OP_GROUP, n_words));
  weft__list_word(d, g->id);
  weft__list_word(d, layout->id);
  weft__list_word(d, n);
  for (uint32_t i = 0; i < n; i++) {
    weft__list_word(d, entries[i].binding);
    weft__list_word(d, entries[i].store->id);
    weft__list_word64(d, entries[i].offset);
    weft__list_word64(d, entries[i].n_bytes);
    weft__list_name(d, entries[i].store, false);
  }
  g->last_list = g->created = d->list.serial;
  d->stats.group_misses++;
  *out = g;
  return WEFT_OK;
}

weft_status weft__group_get(weft_device *d, const weft__layout *layout, const weft__group_entry *entries, uint32_t n,
                            weft__group **out, weft_error *err) {
  group_key key;
  key.layout = layout->uid;
  for (uint32_t i = 0; i < n; i++) {
    key.entries[i].binding = entries[i].binding;
    key.entries[i].store = entries[i].store->uid;
    key.entries[i].offset = entries[i].offset;
    key.entries[i].n_bytes = entries[i].n_bytes;
  }
  weft__group *g = weft__map_get(&d->groups, &key, key_bytes(n));
  if (g) {
    d->stats.group_hits++;
    g->last_list = d->list.serial;
    *out = g;
    return WEFT_OK;
  }
  if (d->groups.count >= WEFT__GROUPS_CACHED) drop(d, unused_since, d->list.serial);
  if (d->groups.count >= WEFT__GROUPS_CACHED) drop(d, unused_since, UINT64_MAX); /* released only after the list that names them */
  /* Creating is done once and at once, also for a recording. */
  weft__list *target = d->target;
  d->target = &d->list;
  weft_status status = create_group(d, layout, &key, entries, n, &g, err);
  d->target = target;
  if (status == WEFT_OK) *out = g;
  return status;
}
void weft__groups_forget(weft_device *d, uint64_t store_uid) { drop(d, names_store, store_uid); }
void weft__groups_forget_list(weft_device *d, uint64_t list) { drop(d, made_by_list, list); }

void weft__groups_free(weft_device *d) {
  weft__map_slot slot;
  for (uint32_t cursor = 0; weft__map_next(&d->groups, &cursor, &slot);) weft__free(slot.value);
  for (uint32_t cursor = 0; weft__map_next(&d->layouts, &cursor, &slot);) weft__free(slot.value);
  weft__map_free(&d->groups);
  weft__map_free(&d->layouts);
}
