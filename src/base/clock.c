/* The system's clock. In WebAssembly it is a function of Emscripten's JavaScript that gives milliseconds: the struct that
 * C's own functions fill has another layout in the libc of each Emscripten. */
#define _GNU_SOURCE /* clock_gettime */
#include "base/clock.h"

#if defined(__EMSCRIPTEN__)
double emscripten_get_now(void);
double weft__clock(void) { return emscripten_get_now() * 1e-3; }
#elif defined(_WIN32)
#include <windows.h>
double weft__clock(void) {
  LARGE_INTEGER count, frequency;
  QueryPerformanceCounter(&count);
  QueryPerformanceFrequency(&frequency);
  return (double)count.QuadPart / (double)frequency.QuadPart;
}
#else
#include <time.h>
double weft__clock(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}
#endif
