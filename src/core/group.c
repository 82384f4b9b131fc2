/* Bind-group layouts and bind groups, kept by content (see core.h).
 *
 *   layouts: entries as words ─▶ weft__layout          kept as long as the device: there are few
 *   groups:  [layout uid][binding, store uid, offset, n_bytes] … ─▶ group       at most GROUPS_CACHED
 *
 * Keys hold uids, which a store keeps through the pool: a released array's group is found again when the next array of
 * that size is bound. Groups are created in the command stream, so a miss costs no crossing. */
#include "core/core.h"

#include <string.h>

typedef struct group {
  weft_id id;
  uint64_t last_list;
} group;

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

/* Drops the groups for which `named` (0: any) is bound and that the list `keep` (0: none) does not name. */
static void drop(weft_device *d, uint64_t named, uint64_t keep) {
  weft__map_slot slot;
  for (uint32_t cursor = 0; weft__map_next(&d->groups, &cursor, &slot);) {
    group *g = slot.value;
    const group_key *key = slot.key;
    uint32_t n = (slot.n_key_bytes - (uint32_t)offsetof(group_key, entries)) / (uint32_t)sizeof key->entries[0];
    bool match = !named;
    for (uint32_t i = 0; i < n && !match; i++) match = key->entries[i].store == named;
    if (!match || (keep && g->last_list == keep)) continue;
    weft__condemn(d, g->id);
    weft__map_remove(&d->groups, slot.key, slot.n_key_bytes);
    weft__free(g);
    cursor--; /* removing shifts the next entry into this place */
  }
}

weft_status weft__group_get(weft_device *d, const weft__layout *layout, const weft__group_entry *entries, uint32_t n,
                            weft_id *out, weft_error *err) {
  group_key key;
  key.layout = layout->uid;
  for (uint32_t i = 0; i < n; i++) {
    key.entries[i].binding = entries[i].binding;
    key.entries[i].store = entries[i].store->uid;
    key.entries[i].offset = entries[i].offset;
    key.entries[i].n_bytes = entries[i].n_bytes;
  }
  group *g = weft__map_get(&d->groups, &key, key_bytes(n));
  if (g) {
    d->stats.group_hits++;
    g->last_list = d->list.serial;
    *out = g->id;
    return WEFT_OK;
  }
  if (d->groups.count >= WEFT__GROUPS_CACHED) drop(d, 0, d->list.serial);
  if (d->groups.count >= WEFT__GROUPS_CACHED) drop(d, 0, 0); /* released only after the list that names them */
  const uint32_t n_words = 4 + n * 6;
  weft_status status = weft__list_reserve(d, n_words, err);
  if (status != WEFT_OK) return status;
  g = weft__alloc_zero(1, sizeof *g);
  if (!g) return weft__fail_memory(err);
  status = weft__object_take(d, g, &g->id, err);
  if (status == WEFT_OK && !weft__map_put(&d->groups, &key, key_bytes(n), g)) status = weft__fail_memory(err);
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
    weft__list_name(d, entries[i].store);
  }
  g->last_list = d->list.serial;
  d->stats.group_misses++;
  *out = g->id;
  return WEFT_OK;
}

void weft__groups_forget(weft_device *d, uint64_t store_uid) { drop(d, store_uid, 0); }

void weft__groups_free(weft_device *d) {
  weft__map_slot slot;
  for (uint32_t cursor = 0; weft__map_next(&d->groups, &cursor, &slot);) weft__free(slot.value);
  for (uint32_t cursor = 0; weft__map_next(&d->layouts, &cursor, &slot);) weft__free(slot.value);
  weft__map_free(&d->groups);
  weft__map_free(&d->layouts);
}
