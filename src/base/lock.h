/* One mutex, so that a device can be used from any thread natively. WebAssembly has one thread: there it is nothing.
 * A lock is never held while the host waits or takes its own lock (Python's GIL). */
#ifndef WEFT_BASE_LOCK_H
#define WEFT_BASE_LOCK_H

#if defined(__wasm__)
typedef struct weft__lock {
  char nothing;
} weft__lock;
static inline void weft__lock_init(weft__lock *l) { (void)l; }
static inline void weft__lock_free(weft__lock *l) { (void)l; }
static inline void weft__lock_enter(weft__lock *l) { (void)l; }
static inline void weft__lock_leave(weft__lock *l) { (void)l; }
#elif defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#undef near /* words that windows.h makes empty */
#undef far
typedef SRWLOCK weft__lock;
static inline void weft__lock_init(weft__lock *l) { InitializeSRWLock(l); }
static inline void weft__lock_free(weft__lock *l) { (void)l; }
static inline void weft__lock_enter(weft__lock *l) { AcquireSRWLockExclusive(l); }
static inline void weft__lock_leave(weft__lock *l) { ReleaseSRWLockExclusive(l); }
#else
#include <pthread.h>
typedef pthread_mutex_t weft__lock;
static inline void weft__lock_init(weft__lock *l) { pthread_mutex_init(l, 0); }
static inline void weft__lock_free(weft__lock *l) { pthread_mutex_destroy(l); }
static inline void weft__lock_enter(weft__lock *l) { pthread_mutex_lock(l); }
static inline void weft__lock_leave(weft__lock *l) { pthread_mutex_unlock(l); }
#endif

#endif
