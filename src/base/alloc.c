/* Host allocation: malloc with a hostile twin for tests (see alloc.h). */
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#ifdef WEFT_HOSTILE
long weft__alloc_live;
long weft__alloc_count;
long weft__alloc_fail_at;

static int refused(void) {
  long number = __atomic_add_fetch(&weft__alloc_count, 1, __ATOMIC_RELAXED);
  return weft__alloc_fail_at && number == weft__alloc_fail_at;
}
static void *counted(void *p) {
  if (p) __atomic_add_fetch(&weft__alloc_live, 1, __ATOMIC_RELAXED);
  return p;
}
#else
#define refused() 0
#define counted(p) (p)
#endif

void *weft__alloc(size_t n_bytes) {
  return refused() ? NULL : counted(malloc(n_bytes ? n_bytes : 1));
}

void *weft__alloc_zero(size_t count, size_t n_bytes) {
  return refused() ? NULL : counted(calloc(count ? count : 1, n_bytes ? n_bytes : 1));
}

void *weft__realloc(void *p, size_t n_bytes) {
  if (!p) return weft__alloc(n_bytes);
  return refused() ? NULL : realloc(p, n_bytes ? n_bytes : 1);
}

void weft__free(void *p) {
#ifdef WEFT_HOSTILE
  if (p) __atomic_sub_fetch(&weft__alloc_live, 1, __ATOMIC_RELAXED);
#endif
  free(p);
}

int weft__grow(void *array_pointer, uint32_t *capacity, uint32_t need, size_t element_bytes) {
  if (need <= *capacity) return 1;
  uint64_t wanted = *capacity ? *capacity : 8;
  while (wanted < need) wanted *= 2;
  if (wanted > UINT32_MAX || wanted * element_bytes > SIZE_MAX / 2) return 0;
  void *old;
  memcpy(&old, array_pointer, sizeof old);
  void *grown = weft__realloc(old, (size_t)wanted * element_bytes);
  if (!grown) return 0;
  memcpy(array_pointer, &grown, sizeof grown);
  *capacity = (uint32_t)wanted;
  return 1;
}
