/* What is compiled once for each instruction set shares: loops over lanes, and values seen as their bits. */
#ifndef WEFT_DRIVERS_CPU_LANES_H
#define WEFT_DRIVERS_CPU_LANES_H

#include <stdint.h>
#include <string.h>

/* Loops over lanes: no two lanes depend on each other (math.h says how arrays may overlap), whatever the compiler thinks of
 * the pointers. */
#if defined(__clang__)
#define CPU_LANES _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define CPU_LANES _Pragma("GCC ivdep")
#else
#define CPU_LANES
#endif
#define EACH_LANE(n) CPU_LANES for (uint32_t i = 0; i < (n); i++)

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
