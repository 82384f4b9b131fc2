/* What drivers in C share: looking at texts, and at what a device is required to have. */
#ifndef WEFT_DRIVERS_COMMON_H
#define WEFT_DRIVERS_COMMON_H

#include "core/driver.h"

/* As snprintf(out, capacity, "%s", text). */
size_t weft__copy_text(const char *text, char *out, size_t capacity);
/* Whether `part` is in `text`, in any case. */
bool weft__text_has(const char *text, size_t n, const char *part, size_t n_part);

/* WEFT_UNSUPPORTED, naming the first, when the device `name` lacks a required limit or feature (as in `open`). */
WEFT_MUST_CHECK weft_status weft__wishes_check(const char *name, const uint64_t *limits, uint64_t features,
                                               const uint64_t *required_limits, uint64_t required_features,
                                               weft_error *err);

#endif
