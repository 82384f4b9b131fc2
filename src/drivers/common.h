/* What drivers in C share: texts, what a device is required to have, ids in a table of objects, the command stream. */
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

/* ---- ids of the table slot -> object ------------------------------------------------------------------------------- */

typedef enum weft__kind {
  WEFT__KIND_NONE, /* the slot is free */
  WEFT__KIND_BUFFER,
  WEFT__KIND_MODULE,
  WEFT__KIND_LAYOUT,
  WEFT__KIND_PIPELINE,
  WEFT__KIND_GROUP
} weft__kind;

/* WEFT_OK when the slot of `id`, which holds `held` of a kind, holds that id, of the kind that is wanted. */
WEFT_MUST_CHECK weft_status weft__id_check(weft_id id, weft_id held, weft__kind kind, weft__kind wanted, weft_error *err);
/* WEFT_OK when the slot of `id` is free for it. */
WEFT_MUST_CHECK weft_status weft__id_free(weft_id id, weft_id held, weft__kind kind, weft_error *err);

/* ---- the command stream (core/driver.h) ---------------------------------------------------------------------------- */

static inline uint64_t weft__word64(const uint32_t *w) { return w[0] | (uint64_t)w[1] << 32; }
static inline const void *weft__word_pointer(const uint32_t *w) { return (const void *)(uintptr_t)weft__word64(w); }

/* WEFT_OK when the words at w, of which there are n_left, begin with a command of the right length that may come here;
 * begun: behind the first BEGIN. */
WEFT_MUST_CHECK weft_status weft__command_check(const uint32_t *w, size_t n_left, bool begun, weft_error *err);

#endif
