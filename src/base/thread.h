/* Threads, conditions to wait for, and a clock: beside base/lock.h, what a driver with threads of its own needs.
 * WebAssembly has one thread: there none can be started, and a wait returns at once. */
#ifndef WEFT_BASE_THREAD_H
#define WEFT_BASE_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/lock.h"

#if defined(__wasm__)
typedef char weft__thread;
typedef char weft__condition;
#elif defined(_WIN32)
typedef HANDLE weft__thread;
typedef CONDITION_VARIABLE weft__condition;
#else
typedef pthread_t weft__thread;
typedef pthread_cond_t weft__condition;
#endif

/* Runs `main` with `argument` in a thread of its own. False: there is none to be had. */
bool weft__thread_start(weft__thread *t, void (*main)(void *argument), void *argument);
void weft__thread_join(weft__thread *t);
/* The cores that this process may use, at least 1: a container often has fewer than the machine. */
uint32_t weft__thread_cores(void);

void weft__condition_init(weft__condition *c);
void weft__condition_free(weft__condition *c);
/* Leaves the lock while it waits. May return without cause. */
void weft__condition_wait(weft__condition *c, weft__lock *l);
void weft__condition_wait_for(weft__condition *c, weft__lock *l, double seconds);
void weft__condition_wake_all(weft__condition *c);

/* Seconds since some moment; never goes back. */
double weft__now(void);

#endif
