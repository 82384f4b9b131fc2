/* What the files of the native driver share.
 *
 *   weft__native (the driver)           weft__device (one open device)
 *     procs: the library's functions      objects: slot -> {id, kind, handle}
 *     instance                            pending ──callback──▶ settled ──poll──▶ reported ──next poll──▶ freed
 *     orphans: records whose device       ghosts: freed by the last of their callbacks
 *     is closed and whose callback        (all of them lists of weft__record)
 *     is still to come
 *
 * A record is the one allocation behind a future: it is the userdata of the library's callbacks, then the entry of the
 * completion queue, so a callback never needs memory to deliver a status. `due` counts callbacks that are still to
 * come; a record with due > 0 is never freed. A record is in one list at most (`list`), or held by a field.
 *
 * Locks: `lock` is held over every call into the library, because Dawn's process-wide event loop touches devices that
 * other threads use. `record_lock` is inside it and guards the lists and records, since callbacks may come from threads
 * of the library. No call into the library is made under record_lock. */
#ifndef WEFT_DRIVERS_NATIVE_INTERNAL_H
#define WEFT_DRIVERS_NATIVE_INTERNAL_H

#include <webgpu.h>

#include "base/lock.h"
#include "base/text.h"
#include "core/driver.h"
#include "drivers/common.h"
#include "wgsl/wgsl.h"

typedef struct weft__device weft__device;
typedef struct weft__record weft__record;

/* wgpu-native's own, not in the standard header. */
typedef float (*WGPUProcQueueGetTimestampPeriod)(WGPUQueue queue);

typedef struct weft__procs {
#define PROC(name, rank) WGPUProc##name name;
#include "procs.def"
#undef PROC
} weft__procs;

typedef enum weft__library { WEFT__LIBRARY_OTHER, WEFT__LIBRARY_DAWN, WEFT__LIBRARY_WGPU_NATIVE } weft__library;

typedef struct weft__record_list {
  weft__record *first, *last;
} weft__record_list;

struct weft__record {
  weft__record *previous, *next;
  weft__record_list *list; /* NULL: held by a field */
  weft__device *device;    /* NULL: closed */
  struct weft__native *native;
  uint32_t future;
  uint32_t due;
  weft_status status;
  weft_status rejected; /* what a validation error of this call is told as */
  char *text;           /* owned, NULL: none */
  weft_id id;           /* the object to finish when the future is reported; 0: none */
  char *source;         /* modules with other than ASCII: their text, owned; NULL: columns are bytes */
  wgsl_cleared cleared; /* modules: what was written into their source; the source itself is not kept */
  void *handle;         /* what the callback brought: pipeline, adapter, device; owned */
};

typedef struct weft__native {
  weft_driver table; /* first, so that the table's address is the driver's */
  weft__procs procs;
  WGPUInstance instance;
  weft__library library;
  char about[768]; /* WEFT_INFO_LIBRARY */
  weft__lock lock, record_lock;
  weft__record_list orphans;
} weft__native;

typedef struct weft__object {
  weft_id id;
  weft__kind kind;
  void *handle; /* owned; NULL: a pipeline that is being compiled, a group that submit is about to create */
  const weft__record *mapping; /* buffers: the map_start that is under way or done; NULL: none */
  const unsigned char *mapped; /* NULL: not mapped */
  uint64_t map_offset, n_mapped_bytes;
} weft__object;

enum { WEFT__REQUESTS_MAX = 6 };

typedef enum weft__phase { WEFT__PHASE_ADAPTERS, WEFT__PHASE_DEVICE, WEFT__PHASE_OPEN, WEFT__PHASE_FAILED } weft__phase;

struct weft__device {
  weft__native *native;
  weft__phase phase;
  bool lost, closing;
  bool writes_wait; /* queue writes since the last submit; wgpu-native does not start them by itself before a mapping */
  WGPUDevice device;
  WGPUQueue queue;
  WGPUQuerySet queries; /* of timestamps; NULL until they are used */

  weft__object *objects; /* by slot */
  uint32_t n_objects_capacity, n_objects;

  weft__record_list pending, ghosts, settled, reported;
  weft__record *lost_record; /* userdata of the device's own callbacks; held here until close */

  /* opening */
  weft__record *ready;
  weft__record *requests[WEFT__REQUESTS_MAX];
  uint32_t n_requests;
  char *selector;
  weft_power power;
  uint64_t required_limits[WEFT_LIMIT_COUNT], required_features;

  /* what was opened */
  uint64_t limits[WEFT_LIMIT_COUNT], features, languages;
  weft_adapter adapter;
  weft__text name, vendor, architecture, feature_names;
  const char *backend;

  /* scratch of submit and of the creations, grown and kept */
  WGPUBindGroupEntry *entries;
  uint32_t n_entries_capacity;
};

/* ---- record.c: records, their lists, error scopes, the completion queue ------------------------------------------ */

WGPUStringView weft__view(const char *text);
size_t weft__view_bytes(WGPUStringView view);

/* A record in no list; NULL when memory ends. */
weft__record *weft__record_create(weft__device *d, uint32_t future);
/* Puts it among the pending ones: `due` callbacks will come. */
void weft__record_start(weft__record *r, uint32_t due);
/* For a record that was not started, or one of a closed device: frees it and what it holds. */
void weft__record_free(weft__record *r);
/* One of the callbacks has come. A status other than WEFT_OK counts when it is the first. */
void weft__record_fired(weft__record *r, weft_status status, WGPUStringView text);
/* As weft__record_fired with WEFT_SHADER, but `text` (consumed, may be NULL) goes before what is there. */
void weft__record_rejected(weft__record *r, char *text);
/* Settles a pending record that no callback will settle. */
void weft__record_settle(weft__record *r, weft_status status, const char *text);

/* From here on everything of the device is settled with WEFT_LOST. Idempotent. */
void weft__device_lost(weft__device *d, WGPUStringView reason);
/* Closing: gives away or frees every record. The device is destroyed already. */
void weft__records_close(weft__device *d);

/* Error scopes around one call or one submit. pop: settles `r` by weft__scope_callbacks callbacks. */
uint32_t weft__scope_callbacks(const weft__native *n);
void weft__scope_push(weft__device *d);
void weft__scope_pop(weft__device *d, weft__record *r);
/* Pops one scope whose error is told in another way. */
void weft__scope_discard(weft__device *d);

uint32_t weft__native_poll(void *device, weft_completion *out, uint32_t capacity);
size_t weft__native_completion_text(void *device, uint32_t future, char *out, size_t capacity);
void weft__native_wait(void *device, double seconds);
void weft__sleep(double seconds);

/* ---- adapter.c: from a selector to an open device ---------------------------------------------------------------- */

weft_status weft__native_open(void *context, const char *selector, weft_power power, const uint64_t *required_limits,
                              uint64_t required_features, uint32_t ready, void **device, weft_error *err);
void weft__native_close(void *device);
void weft__native_lose(void *device);
void weft__native_query(void *device, uint64_t *limits, uint64_t *features, uint64_t *languages, weft_adapter *adapter,
                        double *tick);
size_t weft__native_text(void *device, weft_info what, char *out, size_t capacity);
/* The next step of opening, when its callbacks have come. Called by poll, under `lock`. */
void weft__native_step(weft__device *d);

/* ---- object.c: the table of objects and everything that creates one ---------------------------------------------- */

/* The object with this id and kind, borrowed until the table changes. */
WEFT_MUST_CHECK weft_status weft__object_find(weft__device *d, weft_id id, weft__kind kind, weft__object **out,
                                              weft_error *err);
/* A free slot for a new object. */
WEFT_MUST_CHECK weft_status weft__object_reserve(weft__device *d, weft_id id, weft__kind kind, weft__object **out,
                                                 weft_error *err);
/* Lets go of one object; its slot is free again. */
void weft__object_free(weft__device *d, weft__object *object);
/* WEFT_OK while the device can be used. */
weft_status weft__device_usable(weft__device *d, weft_error *err);
/* What is to be done with the object of a future that poll is about to report. */
void weft__object_finish(weft__device *d, weft__record *r);

weft_status weft__native_buffer_create(void *device, weft_id id, uint64_t n_bytes, uint32_t usage, uint32_t future,
                                       weft_error *err);
weft_status weft__native_buffer_write(void *device, weft_id id, uint64_t offset, const void *bytes, uint64_t n_bytes,
                                      uint32_t future, weft_error *err);
weft_status weft__native_module_create(void *device, weft_id id, const char *wgsl, size_t n_bytes, uint32_t future,
                                       weft_error *err);
weft_status weft__native_layout_create(void *device, weft_id id, const uint32_t *entries, uint32_t n, weft_error *err);
weft_status weft__native_pipeline_create(void *device, weft_id id, weft_id module, const char *entry,
                                         const weft_id *layouts, uint32_t n_layouts, uint32_t immediate_bytes,
                                         const char *constants, const double *values, uint32_t n_constants,
                                         bool background, uint32_t future, weft_error *err);
void weft__native_release(void *device, const weft_id *ids, uint32_t n);
weft_status weft__native_map_start(void *device, weft_id id, uint64_t offset, uint64_t n_bytes, uint32_t future,
                                   weft_error *err);
weft_status weft__native_map_read(void *device, weft_id id, uint64_t offset, void *destination, uint64_t n_bytes,
                                  weft_error *err);
void weft__native_map_finish(void *device, weft_id id);
uint32_t weft__native_object_count(void *device);

/* ---- stream.c ---------------------------------------------------------------------------------------------------- */

weft_status weft__native_submit(void *device, const uint32_t *words, size_t n_words, weft_error *err);

/* ---- dialect.c: where libraries say things differently
 * ----------------------------------------------------------------- */

/* The source as wgpu-native wants it: without the directives that naga rejects, and clearing its workgroup memory itself, which
 * wgpu-native does not. out->source is set always; positions stay but for the insertions. */
weft_status weft__dialect_translate(const char *wgsl, size_t n_bytes, wgsl_cleared *out, weft_error *err);
/* The column in characters of a column in bytes (both from 1) of a line (from 1) of UTF-8 text. */
uint64_t weft__dialect_column(const char *source, uint64_t line, uint64_t byte_column);
/* naga's report as lines of "line:column: message", owned; NULL: no position in it, or memory ended. Places are those of the
 * source before the insertions. */
char *weft__dialect_messages(const char *report, size_t n_bytes, const wgsl_cleared *cleared);
/* Whether wgpu-native's message is about memory: it has no error type of its own for that. */
bool weft__dialect_memory(const char *message, size_t n_bytes);

#endif
