/* The hash map (see map.h). The hash is FNV-1a over 8-byte steps with a final mix (murmur3's fmix64). */
#include "base/map.h"

#include <string.h>

#include "base/alloc.h"

uint64_t weft__hash(const void *bytes, size_t n) {
  const unsigned char *p = bytes;
  uint64_t h = 0xcbf29ce484222325u ^ n;
  for (; n >= 8; n -= 8, p += 8) {
    uint64_t word;
    memcpy(&word, p, 8);
    h = (h ^ word) * 0x100000001b3u;
    h ^= h >> 29;
  }
  for (; n; n--, p++) h = (h ^ *p) * 0x100000001b3u;
  h ^= h >> 33;
  h *= 0xff51afd7ed558ccdu;
  h ^= h >> 33;
  return h ? h : 1;
}

static weft__map_slot *find(const weft__map *m, const void *key, uint32_t n, uint64_t hash) {
  if (!m->capacity) return NULL;
  uint32_t mask = m->capacity - 1;
  for (uint32_t i = (uint32_t)hash & mask;; i = (i + 1) & mask) {
    weft__map_slot *s = &m->slots[i];
    if (!s->hash || (s->hash == hash && s->n_key_bytes == n && memcmp(s->key, key, n) == 0)) return s;
  }
}

static bool grow(weft__map *m) {
  uint32_t capacity = m->capacity ? m->capacity * 2 : 16;
  weft__map_slot *slots = weft__alloc_zero(capacity, sizeof *slots);
  if (!slots) return false;
  weft__map next = {slots, capacity, m->count};
  for (uint32_t i = 0; i < m->capacity; i++)
    if (m->slots[i].hash) *find(&next, m->slots[i].key, m->slots[i].n_key_bytes, m->slots[i].hash) = m->slots[i];
  weft__free(m->slots);
  *m = next;
  return true;
}

void *weft__map_get(const weft__map *m, const void *key, uint32_t n_key_bytes) {
  weft__map_slot *s = find(m, key, n_key_bytes, weft__hash(key, n_key_bytes));
  return s && s->hash ? s->value : NULL;
}

bool weft__map_put(weft__map *m, const void *key, uint32_t n_key_bytes, void *value) {
  uint64_t hash = weft__hash(key, n_key_bytes);
  weft__map_slot *s = find(m, key, n_key_bytes, hash);
  if (s && s->hash) {
    s->value = value;
    return true;
  }
  if ((m->count + 1) * 4 > m->capacity * 3) {
    if (!grow(m)) return false;
    s = find(m, key, n_key_bytes, hash);
  }
  void *copy = weft__alloc(n_key_bytes);
  if (!copy) return false;
  memcpy(copy, key, n_key_bytes);
  *s = (weft__map_slot){hash, copy, n_key_bytes, value};
  m->count++;
  return true;
}

void *weft__map_remove(weft__map *m, const void *key, uint32_t n_key_bytes) {
  weft__map_slot *s = find(m, key, n_key_bytes, weft__hash(key, n_key_bytes));
  if (!s || !s->hash) return NULL;
  void *value = s->value;
  weft__free(s->key);
  m->count--;
  uint32_t mask = m->capacity - 1, hole = (uint32_t)(s - m->slots);
  for (uint32_t i = (hole + 1) & mask; m->slots[i].hash; i = (i + 1) & mask) {
    uint32_t home = (uint32_t)m->slots[i].hash & mask;
    if (((i - home) & mask) < ((i - hole) & mask)) continue; /* it lives between its home and here, not before the hole */
    m->slots[hole] = m->slots[i];
    hole = i;
  }
  m->slots[hole] = (weft__map_slot){0};
  return value;
}

bool weft__map_next(const weft__map *m, uint32_t *cursor, weft__map_slot *out) {
  while (*cursor < m->capacity) {
    weft__map_slot *s = &m->slots[(*cursor)++];
    if (!s->hash) continue;
    *out = *s;
    return true;
  }
  return false;
}

void weft__map_free(weft__map *m) {
  for (uint32_t i = 0; i < m->capacity; i++) weft__free(m->slots[i].key);
  weft__free(m->slots);
  *m = (weft__map){0};
}
