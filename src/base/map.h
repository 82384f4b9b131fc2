/* A hash map from byte strings to pointers, open addressing, keys copied. Used by the caches of the core.
 *
 *   slots: [hash | key -> bytes | n | value] ...     power-of-two table, linear probing, at most 3/4 full
 *
 * Order of iteration is not defined. Removing keeps probing chains whole by shifting back. */
#ifndef WEFT_BASE_MAP_H
#define WEFT_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct weft__map_slot {
  uint64_t hash; /* 0: empty */
  void *key;     /* owned copy */
  uint32_t n_key_bytes;
  void *value;
} weft__map_slot;

typedef struct weft__map {
  weft__map_slot *slots;
  uint32_t capacity, count;
} weft__map; /* zeroed: empty */

void *weft__map_get(const weft__map *m, const void *key, uint32_t n_key_bytes); /* NULL: not there */
bool weft__map_put(weft__map *m, const void *key, uint32_t n_key_bytes, void *value); /* false: memory ended, as before */
void *weft__map_remove(weft__map *m, const void *key, uint32_t n_key_bytes); /* the value, NULL: not there */
bool weft__map_next(const weft__map *m, uint32_t *cursor, weft__map_slot *out); /* start with *cursor = 0 */
void weft__map_free(weft__map *m); /* values are not touched */

uint64_t weft__hash(const void *bytes, size_t n); /* never 0 */

#endif
