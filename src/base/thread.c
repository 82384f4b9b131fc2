/* Threads and conditions of each system (see thread.h). */
#define _GNU_SOURCE /* clocks, CPU_COUNT */
#include "base/thread.h"

#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"

/* What a new thread runs; owned by it. */
typedef struct start {
  void (*main)(void *argument);
  void *argument;
} start;

#if !defined(__wasm__)
static start *make_start(void (*main)(void *), void *argument) {
  start *s = weft__alloc(sizeof *s);
  if (s) *s = (start){main, argument};
  return s;
}

static void run_start(void *given) {
  start s = *(start *)given;
  weft__free(given);
  s.main(s.argument);
}
#endif

#if defined(__wasm__)

bool weft__thread_start(weft__thread *t, void (*main)(void *), void *argument) {
  (void)t, (void)main, (void)argument;
  return false;
}
void weft__thread_join(weft__thread *t) { (void)t; }
uint32_t weft__thread_cores(void) { return 1; }
void weft__condition_init(weft__condition *c) { (void)c; }
void weft__condition_free(weft__condition *c) { (void)c; }
void weft__condition_wait(weft__condition *c, weft__lock *l) { (void)c, (void)l; }
void weft__condition_wait_for(weft__condition *c, weft__lock *l, double seconds) { (void)c, (void)l, (void)seconds; }
void weft__condition_wake_all(weft__condition *c) { (void)c; }

#elif defined(_WIN32)

static DWORD WINAPI thread_main(LPVOID given) {
  run_start(given);
  return 0;
}
bool weft__thread_start(weft__thread *t, void (*main)(void *), void *argument) {
  start *s = make_start(main, argument);
  if (s && (*t = CreateThread(NULL, 0, thread_main, s, 0, NULL))) return true;
  weft__free(s);
  return false;
}
void weft__thread_join(weft__thread *t) {
  WaitForSingleObject(*t, INFINITE);
  CloseHandle(*t);
}
uint32_t weft__thread_cores(void) {
  SYSTEM_INFO info;
  GetSystemInfo(&info);
  return info.dwNumberOfProcessors ? info.dwNumberOfProcessors : 1;
}
void weft__condition_init(weft__condition *c) { InitializeConditionVariable(c); }
void weft__condition_free(weft__condition *c) { (void)c; }
void weft__condition_wait(weft__condition *c, weft__lock *l) { SleepConditionVariableSRW(c, l, INFINITE, 0); }
void weft__condition_wait_for(weft__condition *c, weft__lock *l, double seconds) {
  SleepConditionVariableSRW(c, l, (DWORD)(seconds * 1000), 0);
}
void weft__condition_wake_all(weft__condition *c) { WakeAllConditionVariable(c); }

#else
#if defined(__linux__)
#include <sched.h>
#endif
#include <unistd.h>

static void *thread_main(void *given) {
  run_start(given);
  return NULL;
}
bool weft__thread_start(weft__thread *t, void (*main)(void *), void *argument) {
  start *s = make_start(main, argument);
  if (s && pthread_create(t, NULL, thread_main, s) == 0) return true;
  weft__free(s);
  return false;
}
void weft__thread_join(weft__thread *t) { pthread_join(*t, NULL); }
uint32_t weft__thread_cores(void) {
#if defined(__linux__)
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0 && CPU_COUNT(&allowed) > 0)
    return (uint32_t)CPU_COUNT(&allowed);
#endif
  long n = sysconf(_SC_NPROCESSORS_ONLN);
  return n > 0 ? (uint32_t)n : 1;
}
void weft__condition_free(weft__condition *c) { pthread_cond_destroy(c); }
void weft__condition_wait(weft__condition *c, weft__lock *l) { pthread_cond_wait(c, l); }
void weft__condition_wake_all(weft__condition *c) { pthread_cond_broadcast(c); }
static struct timespec timespec_of(double seconds) {
  struct timespec t = {(time_t)seconds, 0};
  t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
  return t;
}
#if defined(__APPLE__) /* conditions of macOS cannot wait until a time of the monotonic clock, but for a while */
void weft__condition_init(weft__condition *c) { pthread_cond_init(c, NULL); }
void weft__condition_wait_for(weft__condition *c, weft__lock *l, double seconds) {
  struct timespec t = timespec_of(seconds);
  pthread_cond_timedwait_relative_np(c, l, &t);
}
#else
void weft__condition_init(weft__condition *c) {
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(c, &monotonic);
  pthread_condattr_destroy(&monotonic);
}
void weft__condition_wait_for(weft__condition *c, weft__lock *l, double seconds) {
  struct timespec t = timespec_of(weft__clock() + seconds);
  pthread_cond_timedwait(c, l, &t);
}
#endif
#endif
