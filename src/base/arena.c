/* Bump allocation (see arena.h). */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

enum {
  ALIGNMENT = 16,
#ifdef WEFT_HOSTILE
  LEAST_BYTES = 64,
#else
  LEAST_BYTES = 1024,
#endif
  MOST_BYTES = 1 << 20
};

struct weft__arena_block {
  struct weft__arena_block *next;
  size_t n_bytes;
};

void *weft__arena_alloc(weft__arena *a, size_t n_bytes) {
  if (n_bytes > SIZE_MAX / 4) return NULL;
  n_bytes = (n_bytes + (ALIGNMENT - 1)) & ~(size_t)(ALIGNMENT - 1);
  if (a->capacity - a->used < n_bytes) {
    /* Each block is an eighth of what there is: few of them in a large arena, and little of the last one is unused. */
    size_t block_bytes = a->total / 8;
    if (block_bytes < LEAST_BYTES) block_bytes = LEAST_BYTES;
    if (block_bytes > MOST_BYTES) block_bytes = MOST_BYTES;
    if (block_bytes < n_bytes) block_bytes = n_bytes;
    /* malloc aligns to 8 in WebAssembly: the room before the first allocation makes up for it. */
    struct weft__arena_block *block = weft__alloc(sizeof *block + (ALIGNMENT - 1) + block_bytes);
    if (!block) return NULL;
    size_t header = (((uintptr_t)(block + 1) + (ALIGNMENT - 1)) & ~(uintptr_t)(ALIGNMENT - 1)) - (uintptr_t)block;
    block->next = a->head;
    block->n_bytes = header + block_bytes;
    a->head = block;
    a->used = header;
    a->capacity = header + block_bytes;
    a->total += block_bytes;
  }
  void *p = (char *)a->head + a->used;
  a->used += n_bytes;
  return memset(p, 0, n_bytes);
}

char *weft__arena_text(weft__arena *a, const char *text, size_t n) {
  char *copy = weft__arena_alloc(a, n + 1);
  if (copy && n) memcpy(copy, text, n);
  return copy;
}

char *weft__arena_format(weft__arena *a, const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, args);
  va_end(args);
  char *text = n < 0 ? NULL : weft__arena_alloc(a, (size_t)n + 1);
  if (text) vsnprintf(text, (size_t)n + 1, format, again);
  va_end(again);
  return text;
}

void weft__arena_free(weft__arena *a) {
  for (struct weft__arena_block *block = a->head; block;) {
    struct weft__arena_block *next = block->next;
    weft__free(block);
    block = next;
  }
  *a = (weft__arena){0};
}
