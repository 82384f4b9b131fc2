/* Writing a weft_error (base/status.h). Used by every file that can fail. */
#ifndef WEFT_BASE_ERROR_H
#define WEFT_BASE_ERROR_H

#include "base/status.h"

/* Writes `code` and the formatted message into `err` (NULL: nowhere) and returns `code`, so that a failure is one line:
 * `return weft__fail(err, WEFT_VALUE, "...", ...);`. Sets line and column to 0. */
weft_status weft__fail(weft_error *err, weft_status code, const char *format, ...) WEFT_PRINTF(3, 4);

/* The same with the position in a shader. */
weft_status weft__fail_at(weft_error *err, weft_status code, uint32_t line, uint32_t column, const char *format, ...)
    WEFT_PRINTF(5, 6);

/* WEFT_MEMORY with the one text that every failed host allocation has. */
weft_status weft__fail_memory(weft_error *err);

/* Puts context in front of the message that `err` holds (NULL: nothing) and returns its code. */
weft_status weft__fail_prefix(weft_error *err, weft_status code, const char *format, ...) WEFT_PRINTF(3, 4);

/* The enum's name for a status: "VALUE". Static storage. */
const char *weft__status_name(weft_status code);

#endif
