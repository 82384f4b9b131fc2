/* The only way to host memory. In builds with WEFT_HOSTILE the allocator counts, and fails on order: the fault loops of
 * the tests make the k-th allocation fail for every k (the way of Lua's ltests.h). */
#ifndef WEFT_BASE_ALLOC_H
#define WEFT_BASE_ALLOC_H

#include <stddef.h>
#include <stdint.h>

void *weft__alloc(size_t n_bytes);                   /* uninitialised, owned; NULL when memory ends; n_bytes may be 0 */
void *weft__alloc_zero(size_t count, size_t n_bytes); /* zeroed, overflow-checked */
void *weft__realloc(void *p, size_t n_bytes);        /* p stays valid when NULL comes back */
void weft__free(void *p);                            /* NULL is fine */

/* Grows *array (elements of `element_bytes`) so that it holds at least `need`; doubles. Returns 0 when memory ends,
 * with the array as it was. */
int weft__grow(void *array_pointer, uint32_t *capacity, uint32_t need, size_t element_bytes);

#ifdef WEFT_HOSTILE
extern long weft__alloc_live;     /* allocations that are not freed */
extern long weft__alloc_count;    /* allocations asked for since the start */
extern long weft__alloc_fail_at;  /* the allocation with this number (1-based, of alloc_count) fails once; 0: none */
#endif

#endif
