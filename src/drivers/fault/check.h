/* The side of core/driver.h that the core has to keep, and WebGPU's rules behind it, as a shadow of one device:
 * which ids are alive, how big buffers are, what groups and layouts hold. Used by fault.c. */
#ifndef WEFT_DRIVERS_FAULT_CHECK_H
#define WEFT_DRIVERS_FAULT_CHECK_H

#include "core/driver.h"

/* What went wrong, a line each. When it is full the rest is counted. */
typedef struct weft__violations {
  char text[8192];
  size_t n;
  uint64_t dropped;
} weft__violations;

typedef struct weft__shadow weft__shadow;

/* NULL when memory ends. */
weft__shadow *weft__shadow_create(weft__violations *violations);
/* Says what is left alive. */
void weft__shadow_close(weft__shadow *s);
/* The device has opened: limits are known, and calls are allowed. */
void weft__shadow_open(weft__shadow *s, const uint64_t *limits, uint64_t features, uint64_t languages);

/* Before the inner driver's call: what the arguments violate. */
void weft__shadow_buffer_write(weft__shadow *s, weft_id id, uint64_t offset, uint64_t n_bytes);
void weft__shadow_pipeline_check(weft__shadow *s, weft_id module, const weft_id *layouts, uint32_t n_layouts,
                                 uint32_t immediate_bytes);
void weft__shadow_submit(weft__shadow *s, const uint32_t *words, size_t n_words);
void weft__shadow_map_start(weft__shadow *s, weft_id id, uint64_t offset, uint64_t n_bytes, uint32_t future);
void weft__shadow_map_read(weft__shadow *s, weft_id id, uint64_t offset, uint64_t n_bytes);
void weft__shadow_new_id(weft__shadow *s, weft_id id, const char *what);
void weft__shadow_usable(weft__shadow *s, const char *what);

/* After it has succeeded: what is alive from here on. */
void weft__shadow_buffer(weft__shadow *s, weft_id id, uint64_t n_bytes, uint32_t usage);
void weft__shadow_module(weft__shadow *s, weft_id id);
void weft__shadow_layout(weft__shadow *s, weft_id id, const uint32_t *entries, uint32_t n);
void weft__shadow_pipeline(weft__shadow *s, weft_id id, const weft_id *layouts, uint32_t n_layouts,
                           uint32_t immediate_bytes, bool settled);
void weft__shadow_groups(weft__shadow *s, const uint32_t *words, size_t n_words);
void weft__shadow_pipeline_settled(weft__shadow *s, weft_id id);
/* The mapping that this future is of; 0: whichever there is. */
void weft__shadow_map_ended(weft__shadow *s, weft_id id, uint32_t future);
void weft__shadow_release(weft__shadow *s, const weft_id *ids, uint32_t n);

void weft__violate(weft__violations *v, const char *format, ...) WEFT_PRINTF(2, 3);

#endif
