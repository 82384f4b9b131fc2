/* Status codes and the error record: the part of base that is public (include/weft.h includes it).
 *
 * A function that can fail returns weft_status and takes a weft_error as its last parameter, which may be NULL.
 * The message is written once, where the failure was found; callers may put context in front of it.
 * On failure every output is untouched and nothing is left half made. */
#ifndef WEFT_BASE_STATUS_H
#define WEFT_BASE_STATUS_H

#include <stdint.h>

/* name, what it means. src/python maps each to one Python exception (src/python/errors.c). */
#define WEFT_STATUS_LIST(X)                                                                        \
  X(OK, "ok")                                                                                      \
  X(MEMORY, "the host or the device is out of memory")                                             \
  X(VALUE, "an argument has the right type and a wrong value")                                     \
  X(TYPE, "an argument has the wrong type, is missing or is not known")                            \
  X(STATE, "the object cannot do this now: released, recording, after fork")                       \
  X(SHADER, "the WGSL source is rejected")                                                         \
  X(DEVICE, "the device rejected work, or no device can be had")                                   \
  X(LOST, "the device is lost")                                                                    \
  X(UNSUPPORTED, "the device or the library lacks what was asked for")                             \
  X(BLOCKED, "the call would have to wait and the host cannot wait here")                          \
  X(INTERRUPTED, "the host interrupted a wait")                                                    \
  X(HOST, "the host's own error is pending (a Python exception)")

typedef enum weft_status {
#define X(name, text) WEFT_##name,
  WEFT_STATUS_LIST(X)
#undef X
} weft_status;

#define WEFT_ERROR_CAPACITY 2048

/* One failure. `line` and `column` are 1-based and belong to WEFT_SHADER; 0 where there is none. */
typedef struct weft_error {
  weft_status code;
  uint32_t line, column;
  char message[WEFT_ERROR_CAPACITY]; /* UTF-8, NUL-terminated, cut at a character when too long */
} weft_error;

#if defined(__GNUC__) || defined(__clang__)
#define WEFT_MUST_CHECK __attribute__((warn_unused_result))
#define WEFT_PRINTF(at, first) __attribute__((__format__(__printf__, at, first)))
#else
#define WEFT_MUST_CHECK
#define WEFT_PRINTF(at, first)
#endif

#endif
