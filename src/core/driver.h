/* The driver table: all that a device must be able to do. Implemented by src/drivers/{web,native,cpu,fault}, called by
 * src/core alone. tests/c/test_driver.c and test_timestamps.c hold every driver to this text.
 *
 *   core ──ids, flat words──▶ driver            submit: one stream of 32-bit words for a whole command list
 *   core ◀──completions────── driver            poll: what has settled since the last poll
 *
 * - Ids are chosen by the core: slot in the low 20 bits, generation above, 0 is none. The driver owns one table
 *   slot → object and refuses an id whose generation is not the one it holds. All kinds of objects share it.
 * - Futures are numbers chosen by the core, 0 is "do not tell". Each future given to a call that returned WEFT_OK settles
 *   exactly once, and shows up in exactly one `poll`. When a call fails, its future never settles. Late errors
 *   (validation, out of memory, internal) arrive as the status of the future, never as an exception or an abort.
 * - Calls validate only what would harm the driver itself (unknown id, out of range of the host memory): WebGPU's rules
 *   are the core's to keep, and what slips through must come back as a completion.
 * - The core calls with the device's lock held, from any thread but one at a time; `wait` alone is called without it.
 * - Pointers are call only. After `close` returns no memory of the device is held and nothing is called back. */
#ifndef WEFT_CORE_DRIVER_H
#define WEFT_CORE_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define WEFT_DRIVER_ABI 1

typedef uint32_t weft_id;

#define WEFT_ID_SLOT(id) ((id)&0xFFFFFu)
#define WEFT_ID_GENERATION(id) ((id) >> 20)

/* ---- names shared with WebGPU: enum, WebGPU's name (also webgpu.h's field) ---------------------------------------- */

#define WEFT_LIMIT_LIST(X)                                                                         \
  X(MAX_BUFFER_SIZE, maxBufferSize)                                                                \
  X(MAX_STORAGE_BINDING_SIZE, maxStorageBufferBindingSize)                                         \
  X(MAX_UNIFORM_BINDING_SIZE, maxUniformBufferBindingSize)                                         \
  X(MIN_STORAGE_OFFSET_ALIGNMENT, minStorageBufferOffsetAlignment)                                 \
  X(MIN_UNIFORM_OFFSET_ALIGNMENT, minUniformBufferOffsetAlignment)                                 \
  X(MAX_BIND_GROUPS, maxBindGroups)                                                                \
  X(MAX_BINDINGS_PER_GROUP, maxBindingsPerBindGroup)                                               \
  X(MAX_STORAGE_BUFFERS, maxStorageBuffersPerShaderStage)                                          \
  X(MAX_UNIFORM_BUFFERS, maxUniformBuffersPerShaderStage)                                          \
  X(MAX_DYNAMIC_UNIFORM_BUFFERS, maxDynamicUniformBuffersPerPipelineLayout)                        \
  X(MAX_WORKGROUP_STORAGE_SIZE, maxComputeWorkgroupStorageSize)                                    \
  X(MAX_INVOCATIONS_PER_WORKGROUP, maxComputeInvocationsPerWorkgroup)                              \
  X(MAX_WORKGROUP_SIZE_X, maxComputeWorkgroupSizeX)                                                \
  X(MAX_WORKGROUP_SIZE_Y, maxComputeWorkgroupSizeY)                                                \
  X(MAX_WORKGROUP_SIZE_Z, maxComputeWorkgroupSizeZ)                                                \
  X(MAX_WORKGROUPS_PER_DIMENSION, maxComputeWorkgroupsPerDimension)                                \
  X(MAX_IMMEDIATE_SIZE, maxImmediateSize)

typedef enum weft_limit {
#define X(name, webgpu) WEFT_LIMIT_##name,
  WEFT_LIMIT_LIST(X)
#undef X
      WEFT_LIMIT_COUNT
} weft_limit;

/* Features the core knows; bit = order in this list. A driver requests every non-experimental feature the adapter has. */
#define WEFT_FEATURE_LIST(X)                                                                       \
  X(SHADER_F16, "shader-f16")                                                                      \
  X(SUBGROUPS, "subgroups")                                                                        \
  X(TIMESTAMP_QUERY, "timestamp-query")

typedef enum weft_feature {
#define X(name, webgpu) WEFT_FEATURE_##name,
  WEFT_FEATURE_LIST(X)
#undef X
      WEFT_FEATURE_COUNT
} weft_feature;

/* WGSL language features the core knows (navigator.gpu.wgslLanguageFeatures). */
#define WEFT_LANGUAGE_LIST(X) X(IMMEDIATE_ADDRESS_SPACE, "immediate_address_space")

typedef enum weft_language {
#define X(name, webgpu) WEFT_LANGUAGE_##name,
  WEFT_LANGUAGE_LIST(X)
#undef X
      WEFT_LANGUAGE_COUNT
} weft_language;

typedef enum weft_power { WEFT_POWER_ANY, WEFT_POWER_LOW, WEFT_POWER_HIGH } weft_power;

/* What kind of adapter a device is. */
typedef enum weft_adapter { WEFT_ADAPTER_UNKNOWN, WEFT_ADAPTER_DISCRETE, WEFT_ADAPTER_INTEGRATED, WEFT_ADAPTER_CPU } weft_adapter;

/* Buffer usages, the same bits as WebGPU's. */
enum {
  WEFT_USAGE_MAP_READ = 0x1,
  WEFT_USAGE_COPY_SRC = 0x4,
  WEFT_USAGE_COPY_DST = 0x8,
  WEFT_USAGE_UNIFORM = 0x40,
  WEFT_USAGE_STORAGE = 0x80,
  WEFT_USAGE_QUERY_RESOLVE = 0x200
};

/* Binding types of layout_create. */
typedef enum weft_binding_type { WEFT_BINDING_UNIFORM, WEFT_BINDING_UNIFORM_DYNAMIC, WEFT_BINDING_STORAGE, WEFT_BINDING_STORAGE_READ } weft_binding_type;

#define WEFT_ROW_BYTES 256 /* WebGPU's alignment of rows in copies to a texture */

/* Texts that `text` gives. */
typedef enum weft_info {
  WEFT_INFO_NAME,         /* the adapter as people know it: "NVIDIA H200" */
  WEFT_INFO_VENDOR,       /* as the API says */
  WEFT_INFO_ARCHITECTURE, /* as the API says */
  WEFT_INFO_BACKEND,      /* "WebGPU", "Vulkan", "Metal", "D3D12" … */
  WEFT_INFO_LIBRARY,      /* one sentence: which library at which path, or the browser */
  WEFT_INFO_FEATURES      /* every enabled feature, WebGPU's names separated by spaces */
} weft_info;

/* ---- the command stream ---------------------------------------------------------------------------------------------
 * First word of a command: code | n_words << 8, n_words counting this word. 64-bit values: low word first.
 *
 *   WRITE      buffer, offset(2), pointer(2), n_bytes(2)     queue write; only before the first BEGIN
 *   BEGIN      future                                         a command buffer and submit of its own from here to the next
 *                                                             BEGIN or the end; future ≠ 0: in its own error scope
 *   GROUP      id, layout, n, n × {binding, buffer, offset(2), size(2)}    creates a bind group
 *   PIPELINE   id
 *   SET_GROUP  index, group, n_dynamic, dynamic offsets …
 *   IMMEDIATES offset_bytes, words …
 *   DISPATCH   x, y, z
 *   COPY       source, offset(2), destination, offset(2), n_bytes(2)
 *   CLEAR      buffer, offset(2), n_bytes(2)
 *   TIMESTAMP  query                                          keeps the time at which all commands before it have run
 *   RESOLVE    first, n, buffer, offset(2)                    n queries as 64-bit ticks (see `query`) into a buffer with
 *                                                             QUERY_RESOLVE, offset a multiple of WEFT_RESOLVE_BYTES
 *
 * The driver keeps one compute pass open over dispatches and ends it at COPY, CLEAR, TIMESTAMP, RESOLVE and the end of a
 * submit; the core sets pipeline, groups and immediates anew after each of those. A device has WEFT_QUERIES queries; what is
 * resolved of one that was not written is any number. TIMESTAMP and RESOLVE need the device's feature TIMESTAMP_QUERY, else the
 * submit fails with WEFT_UNSUPPORTED. */
typedef enum weft_op {
  WEFT_OP_WRITE = 1,
  WEFT_OP_BEGIN,
  WEFT_OP_GROUP,
  WEFT_OP_PIPELINE,
  WEFT_OP_SET_GROUP,
  WEFT_OP_IMMEDIATES,
  WEFT_OP_DISPATCH,
  WEFT_OP_COPY,
  WEFT_OP_CLEAR,
  WEFT_OP_TIMESTAMP,
  WEFT_OP_RESOLVE
} weft_op;

#define WEFT_QUERIES 128
#define WEFT_RESOLVE_BYTES 256 /* WebGPU's alignment of resolved queries */

#define WEFT_OP_WORD(op, n_words) ((uint32_t)(op) | (uint32_t)(n_words) << 8)
#define WEFT_OP_CODE(word) ((word)&0xFFu)
#define WEFT_OP_LENGTH(word) ((word) >> 8)

/* ---- completions ------------------------------------------------------------------------------------------------------ */

/* Two words, so that a driver in another language can write an array of them. */
typedef struct weft_completion {
  uint32_t future;
  uint32_t status; /* weft_status */
} weft_completion;

/* Texts are asked for by future, so a poll gives at most one completion of each number. */

enum {
  WEFT_FUTURE_LOST = 0xFFFFFFFF,      /* the device is lost; shows up once, first; the text is the reason, for the futures it ends too */
  WEFT_FUTURE_UNCAPTURED = 0xFFFFFFFE /* an error that no scope caught; may show up often */
};

/* ---- the table ---------------------------------------------------------------------------------------------------------- */

typedef struct weft_driver {
  uint32_t abi;     /* WEFT_DRIVER_ABI */
  const char *name; /* "web", "native", … : what a selector can ask for */
  void *context;    /* given to `open` */

  /* Starts to open a device. `selector`: "" = best, "gpu" = the best that is no processor, "software" = an adapter that is
   * one, else a part of the adapter's name, case-insensitive, or the driver's own words. `required_limits`: WEFT_LIMIT_COUNT numbers, 0 = no wish (all larger limits are requested anyhow);
   * `required_features`: bits. `ready` settles with WEFT_OK, or with the reason why there is no device. From WEFT_OK on,
   * *device is valid for poll, text, close; for the rest once ready has settled with WEFT_OK. */
  weft_status (*open)(void *context, const char *selector, weft_power power, const uint64_t *required_limits,
                      uint64_t required_features, uint32_t ready, void **device, weft_error *err);
  /* Destroys all objects and the device, and frees it. Futures that are pending never settle. */
  void (*close)(void *device);
  /* Makes the device lost on request. WEFT_FUTURE_LOST and all pending futures settle as after a real loss. */
  void (*lose)(void *device);
  /* Ends at once, in the middle if need be, the blocks that were submitted and have not run; writes of the host are kept.
   * The futures of the blocks, and of mappings behind them, settle with WEFT_DEVICE; of the others nothing is told. What the
   * blocks write is undefined. NULL: work cannot be ended (a GPU's). */
  void (*interrupt)(void *device);

  /* Fills WEFT_LIMIT_COUNT limits, the feature and language bits, the kind of adapter, and how many nanoseconds a tick of
   * timestamps lasts; zeros when it fails. */
  void (*query)(void *device, uint64_t *limits, uint64_t *features, uint64_t *languages, weft_adapter *adapter, double *tick);
  /* As snprintf: writes at most `capacity` bytes with the NUL, returns the whole length. */
  size_t (*text)(void *device, weft_info what, char *out, size_t capacity);

  /* `n_bytes` is a multiple of 4. The contents are zero. future ≠ 0: settles when the device has confirmed the creation. */
  weft_status (*buffer_create)(void *device, weft_id id, uint64_t n_bytes, uint32_t usage, uint32_t future, weft_error *err);
  /* Takes effect after all earlier submits and before all later ones. `bytes` are read before it returns. offset and
   * n_bytes are multiples of 4. future ≠ 0: errors go to it, and only to it. */
  weft_status (*buffer_write)(void *device, weft_id id, uint64_t offset, const void *bytes, uint64_t n_bytes, uint32_t future,
                              weft_error *err);

  /* `wgsl` is UTF-8. future settles with WEFT_OK, or with WEFT_SHADER and the device's own messages, one a line in the form
   * "line:column: message", both from 1, columns in characters. */
  weft_status (*module_create)(void *device, weft_id id, const char *wgsl, size_t n_bytes, uint32_t future, weft_error *err);
  /* A bind-group layout for compute: n × {binding, weft_binding_type, minimum size in bytes}. */
  weft_status (*layout_create)(void *device, weft_id id, const uint32_t *entries, uint32_t n, weft_error *err);
  /* A compute pipeline with an explicit layout. `constants`: n_constants names, each with its NUL, one after the other;
   * `values` beside them. background: the pipeline may be used only after future has settled, and nothing blocks on the
   * compiler; else it may be used at once. future ≠ 0 always: settles when the device has confirmed the creation. */
  weft_status (*pipeline_create)(void *device, weft_id id, weft_id module, const char *entry, const weft_id *layouts,
                                 uint32_t n_layouts, uint32_t immediate_bytes, const char *constants, const double *values,
                                 uint32_t n_constants, bool background, uint32_t future, weft_error *err);
  /* Lets go of objects of any kind; a buffer's memory goes back once no bind group names it, also when it is mapped.
   * Unknown ids are ignored. */
  void (*release)(void *device, const weft_id *ids, uint32_t n);

  /* Runs a command stream, sooner or later: how much waits is the core's to bound (pace.c), the driver's queue need not be.
   * When it fails, blocks before the failing one may have been submitted, none of the futures of
   * its blocks settles, and groups it has created stay until released. */
  weft_status (*submit)(void *device, const uint32_t *words, size_t n_words, weft_error *err);

  /* Starts to map a MAP_READ buffer; future settles when map_read may be called. */
  weft_status (*map_start)(void *device, weft_id id, uint64_t offset, uint64_t n_bytes, uint32_t future, weft_error *err);
  /* Copies mapped bytes out; any offset and size inside the mapped range. */
  weft_status (*map_read)(void *device, weft_id id, uint64_t offset, void *destination, uint64_t n_bytes, weft_error *err);
  void (*map_finish)(void *device, weft_id id);

  /* Lets the backend make progress without blocking and moves up to `capacity` completions to `out`. Returns how many. */
  uint32_t (*poll)(void *device, weft_completion *out, uint32_t capacity);
  /* The message of a completion from the latest poll ("" when it had none), as snprintf. */
  size_t (*completion_text)(void *device, uint32_t future, char *out, size_t capacity);
  /* Blocks until poll may have something new, at most `seconds`. Called without the device's lock, from any thread,
   * several at once. NULL: the driver cannot block (the browser), the host waits for it. */
  void (*wait)(void *device, double seconds);

  /* Calls callback(argument) soon, once, with nothing else of this thread on the C stack (a microtask), unless the device
   * is closed before. NULL: there is no such moment, commands wait for the next flush. */
  void (*defer)(void *device, void (*callback)(void *argument), void *argument);

  /* Copies RGBA pixels of 8 bits, `height` rows at a pitch of width * 4 rounded up to WEFT_ROW_BYTES, from a buffer to a
   * canvas of the page, which takes their size; alpha is premultiplied. The copy is the end of the next submit, which the
   * core makes at once. They are on the screen when the page draws its next frame. `canvas` is a number that the host has
   * from the driver's own registry of canvases (on the web weft._web.canvas(object)). WEFT_VALUE: no such canvas, one with
   * another kind of context, too large a picture. Errors that come late are the submit's. NULL: the driver has no canvases. */
  weft_status (*present)(void *device, uint32_t canvas, weft_id buffer, uint64_t offset, uint32_t width, uint32_t height,
                         weft_error *err);

  /* Objects alive in the driver's table: what the core's live counts are held against. */
  uint32_t (*object_count)(void *device);
} weft_driver;

/* What every driver has, by functions prefix_open, prefix_close …: a part of a table's initialiser. */
#define WEFT_DRIVER_FUNCTIONS(prefix)                                                                                      \
  .open = prefix##_open, .close = prefix##_close, .lose = prefix##_lose,                                                   \
  .query = prefix##_query, .text = prefix##_text, .buffer_create = prefix##_buffer_create,                                 \
  .buffer_write = prefix##_buffer_write, .module_create = prefix##_module_create, .layout_create = prefix##_layout_create, \
  .pipeline_create = prefix##_pipeline_create, .release = prefix##_release, .submit = prefix##_submit,                     \
  .map_start = prefix##_map_start, .map_read = prefix##_map_read, .map_finish = prefix##_map_finish,                       \
  .poll = prefix##_poll, .completion_text = prefix##_completion_text, .object_count = prefix##_object_count

#endif
