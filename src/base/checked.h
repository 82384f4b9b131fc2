/* Arithmetic that tells of overflow instead of wrapping, and rounding to powers of two. */
#ifndef WEFT_BASE_CHECKED_H
#define WEFT_BASE_CHECKED_H

#include <stdbool.h>
#include <stdint.h>

static inline bool weft__add_u64(uint64_t a, uint64_t b, uint64_t *out) {
  *out = a + b;
  return *out >= a;
}

static inline bool weft__mul_u64(uint64_t a, uint64_t b, uint64_t *out) {
  *out = a * b;
  return a == 0 || *out / a == b;
}

/* `alignment` is a power of two; the caller knows that value + alignment does not overflow. */
static inline uint64_t weft__round_up(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) & ~(alignment - 1);
}

static inline uint64_t weft__min_u64(uint64_t a, uint64_t b) { return a < b ? a : b; }
static inline uint64_t weft__max_u64(uint64_t a, uint64_t b) { return a > b ? a : b; }

#endif
