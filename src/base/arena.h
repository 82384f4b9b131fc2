/* Bump allocation that is freed whole: one arena per WGSL module, per pass over it.
 *
 *   arena -> [block | used .... free] -> [block | used] -> ...
 *
 * Pointers stay where they are until the arena is freed. Alignment is 16. In WEFT_HOSTILE builds blocks begin at 64 bytes. */
#ifndef WEFT_BASE_ARENA_H
#define WEFT_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

typedef struct weft__arena {
  struct weft__arena_block *head;
  size_t used, capacity; /* bytes of the head block */
  size_t total;          /* bytes held in all blocks */
} weft__arena;

/* A zeroed arena is an empty one. */
void *weft__arena_alloc(weft__arena *a, size_t n_bytes);              /* zeroed; NULL when memory ends */
char *weft__arena_text(weft__arena *a, const char *text, size_t n);   /* a NUL-terminated copy */
char *weft__arena_format(weft__arena *a, const char *format, ...);    /* printf into the arena */
void weft__arena_free(weft__arena *a);                                /* leaves an empty arena */

#endif
