/* What math.c and bits.c share: the loop over lanes, and values seen as their bits. */
#ifndef WEFT_DRIVERS_CPU_LANES_H
#define WEFT_DRIVERS_CPU_LANES_H

#include <stdint.h>
#include <string.h>

/* The lanes of one call do not depend on each other (math.h says how arrays may overlap): no check at run time. */
#if defined(__clang__)
#define EACH_LANE(n) _Pragma("clang loop vectorize(assume_safety)") for (uint32_t i = 0; i < (n); i++)
#else
#define EACH_LANE(n) _Pragma("GCC ivdep") for (uint32_t i = 0; i < (n); i++)
#endif

#define INLINE static inline __attribute__((always_inline))

INLINE uint32_t bits_of(float x) {
  uint32_t u;
  memcpy(&u, &x, 4);
  return u;
}

INLINE float float_of(uint32_t u) {
  float x;
  memcpy(&x, &u, 4);
  return x;
}

INLINE uint64_t bits_of_double(double x) {
  uint64_t u;
  memcpy(&u, &x, 8);
  return u;
}

INLINE double double_of(uint64_t u) {
  double x;
  memcpy(&x, &u, 8);
  return x;
}

#endif
