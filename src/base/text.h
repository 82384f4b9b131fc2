/* Text that grows, and the nearest name for "did you mean". */
#ifndef WEFT_BASE_TEXT_H
#define WEFT_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* A NUL-terminated string that grows. After `failed` (memory ended) appends do nothing. Zeroed: empty. */
typedef struct weft__text {
  char *bytes; /* owned; NULL while empty */
  uint32_t n, capacity;
  bool failed;
} weft__text;

void weft__text_add(weft__text *t, const char *bytes, size_t n);
void weft__text_format(weft__text *t, const char *format, ...) WEFT_PRINTF(2, 3);
void weft__text_free(weft__text *t);

/* Edits (insert, delete, replace, swap of neighbours) that turn a into b, or `limit` + 1 when it takes more.
 * Optimal string alignment distance; names longer than 63 bytes count as far. */
uint32_t weft__text_distance(const char *a, size_t n_a, const char *b, size_t n_b, uint32_t limit);

/* Whether `candidate` is near enough to `name` to be worth a "did you mean": at most a third of the length, at least 1. */
bool weft__text_similar(const char *name, size_t n_name, const char *candidate, size_t n_candidate);

#endif
