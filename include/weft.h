/* weft: WGSL compute kernels on host memory, from C.
 *
 *   weft_instance ── drivers (web, native, cpu …) and the host's hooks
 *     └─ weft_device ── one GPU device: command list, pool, caches
 *          ├─ weft_buffer ── bytes on the device
 *          ├─ weft_kernel ── one entry point of one WGSL module, as a pipeline
 *          ├─ weft_timer ── how long the device takes for some commands
 *          └─ weft_future ── something that settles later: a device, a kernel, a read, a synchronisation
 *
 * Objects are opaque and reference counted: `create`/`open`/`start` give an owned reference, `retain` one more, `release`
 * takes it back (NULL is fine). A child retains its parent. All calls may come from any thread; one device runs one call
 * at a time. Calls that can block say so; all others return at once.
 *
 * Commands (calls, writes, copies, fills) take effect in the order they were made. They are collected in the device's
 * list and handed to the GPU at a read, at weft_device_flush, at a size limit and, in the browser, from a microtask.
 *
 * Words: owned = the caller must release; borrowed from X = lives as long as X; consumed = the callee takes it; call
 * only = need not live longer than the call. Sizes and offsets are in bytes. Errors: see base/status.h. */
#ifndef WEFT_H
#define WEFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "core/driver.h"
#include "wgsl/wgsl.h"

#define WEFT_VERSION "0.1.0"

typedef struct weft_instance weft_instance;
typedef struct weft_device weft_device;
typedef struct weft_buffer weft_buffer;
typedef struct weft_kernel weft_kernel;
typedef struct weft_future weft_future;
typedef struct weft_graph weft_graph;
typedef struct weft_timer weft_timer;

/* ---- instance ------------------------------------------------------------------------------------------------------ */

/* How the host waits. Zeroed: block in the driver, nothing interrupts. */
typedef struct weft_host {
  void *data;
  /* Returns when `device` may have made progress, at the latest after about `seconds`; weft_device_wait does so where it can. Called without any lock; other
   * calls of weft may run meanwhile. An error (WEFT_BLOCKED, WEFT_INTERRUPTED, WEFT_HOST) ends the wait with it; what was
   * waited for stays in flight. NULL: the driver's own wait; WEFT_BLOCKED where a driver has none. */
  weft_status (*wait)(void *data, weft_device *device, double seconds, weft_error *err);
  /* Whether a wait should end with WEFT_INTERRUPTED. Where the driver can end its work (the CPU's), that ends as well: what it
   * would have written is failed then, everything else stays. NULL: never. */
  bool (*interrupted)(void *data);
} weft_host;

weft_status weft_instance_create(const weft_host *host, weft_instance **out, weft_error *err) WEFT_MUST_CHECK;
weft_instance *weft_instance_retain(weft_instance *instance);
void weft_instance_release(weft_instance *instance);

/* Adds a driver (borrowed: it must outlive the instance). Devices are looked for in the order of adding. */
weft_status weft_instance_add_driver(weft_instance *instance, const weft_driver *driver, weft_error *err) WEFT_MUST_CHECK;

/* ---- device ---------------------------------------------------------------------------------------------------------- */

typedef struct weft_device_options {
  const char *selector; /* "" or NULL: the best; a driver's name; a part of the adapter's name */
  weft_power power;
  const uint64_t *required_limits; /* WEFT_LIMIT_COUNT numbers, 0 = no wish; NULL: none */
  uint64_t required_features;      /* 1 << weft_feature */
  uint64_t pool_bytes;             /* released device memory to keep for reuse; 0: 256 MiB */
} weft_device_options;

typedef struct weft_device_info {
  const char *driver;  /* borrowed from the device, as the texts below; UTF-8 */
  const char *name, *vendor, *architecture, *backend, *library, *features;
  weft_adapter adapter;
  uint64_t limits[WEFT_LIMIT_COUNT];
  uint64_t feature_bits, language_bits;
  double tick; /* nanoseconds */
} weft_device_info;

/* Starts to open a device. `ready` (owned) settles when it can be used or with the reason why not. Until then only
 * retain, release and weft_device_failed may be called with *device. */
weft_status weft_device_open(weft_instance *instance, const weft_device_options *options, weft_device **device,
                             weft_future **ready, weft_error *err) WEFT_MUST_CHECK;
weft_device *weft_device_retain(weft_device *device);
void weft_device_release(weft_device *device);

const weft_device_info *weft_device_query(weft_device *device); /* borrowed from the device */

/* WEFT_LOST with the reason once the device is lost, else WEFT_OK. Polls. */
weft_status weft_device_failed(weft_device *device, weft_error *err);
/* Makes the device lost on request: memory goes back, everything in flight settles with WEFT_LOST. */
void weft_device_lose(weft_device *device);

/* Blocks in the driver until the device may have made progress, at most `seconds`. WEFT_BLOCKED where it cannot. */
weft_status weft_device_wait(weft_device *device, double seconds, weft_error *err) WEFT_MUST_CHECK;

/* Ends the work that was handed over, where the driver can, as an interrupted wait does (weft_host). */
void weft_device_interrupt(weft_device *device);

/* Hands collected commands to the GPU now. */
weft_status weft_device_flush(weft_device *device, weft_error *err) WEFT_MUST_CHECK;
/* Flushes; *future (owned) settles when everything submitted so far has run. It tells of errors that came late. */
weft_status weft_device_synchronize(weft_device *device, weft_future **future, weft_error *err) WEFT_MUST_CHECK;

/* Between begin and end (they nest) commands are handed over only by reads, flush and synchronize. `end` flushes. */
void weft_device_batch_begin(weft_device *device);
weft_status weft_device_batch_end(weft_device *device, weft_error *err) WEFT_MUST_CHECK;
/* Inside a batch: from now on until its outermost end commands are handed over in submits that take the GPU about so long
 * (> 0), as was measured of the kernels before; the smallest limit counts. One call is never cut, nor one recording. */
void weft_device_batch_limit(weft_device *device, double max_ms_per_submit);

/* Whether the device has been given so much that whoever gives it more should wait first: a few thousand dispatches, or a
 * few hundred MB from the host, of which it has not run any; in a batch with a limit, two submits. Quick; takes no lock. */
bool weft_device_crowded(weft_device *device);
/* Blocks (through the host) until it is crowded no more; with `idle`, once, until there may be news of what is in flight.
 * *in_flight: how many marks, of which each stands for such a share, have not been reached. The wait's own failures are
 * WEFT_BLOCKED, WEFT_INTERRUPTED and WEFT_HOST. Calls that give the device work do this by themselves only when it has been
 * given four times as much, and as far as the host can wait: so what waits is bounded. */
weft_status weft_device_pace(weft_device *device, bool idle, uint32_t *in_flight, weft_error *err) WEFT_MUST_CHECK;

/* Gives pooled memory back to the GPU, after flushing. Returns the bytes given back. */
uint64_t weft_device_trim(weft_device *device);

/* Counters. "now" figures go up and down, the rest only up. */
#define WEFT_STATS_LIST(X)                                                                                              \
  X(buffers, "arrays and buffers alive now")                                                                            \
  X(kernels, "kernels alive now")                                                                                       \
  X(graphs, "recordings alive now")                                                                                     \
  X(futures, "reads and other futures alive now")                                                                       \
  X(objects, "GPU objects alive now, as the core counts them")                                                          \
  X(driver_objects, "GPU objects alive now, as the driver counts them")                                                 \
  X(used_bytes, "device memory in use now, in bytes")                                                                   \
  X(pooled_bytes, "released device memory kept for reuse now, in bytes")                                                \
  X(staging_bytes, "memory of reads, values of calls and times now, in bytes")                                          \
  X(pending_commands, "commands collected and not yet handed over now")                                                 \
  X(groups_cached, "bind groups cached now")                                                                            \
  X(pipelines_cached, "compiled pipelines kept now")                                                                    \
  X(dispatches, "kernel dispatches given to the device")                                                                \
  X(dispatches_done, "kernel dispatches known to have run")                                                             \
  X(submits, "submits")                                                                                                 \
  X(flushes, "flushes that handed over something")                                                                      \
  X(copies, "device-to-device copies recorded")                                                                         \
  X(call_copies, "arguments that were copied for one call")                                                             \
  X(upload_bytes, "bytes written from the host")                                                                        \
  X(read_bytes, "bytes read to the host")                                                                               \
  X(allocations, "buffers created on the device")                                                                       \
  X(pool_hits, "buffers taken from the pool")                                                                           \
  X(group_hits, "bind groups found in the cache")                                                                       \
  X(group_misses, "bind groups created")                                                                                \
  X(compiles, "shader modules compiled")                                                                                \
  X(compile_hits, "kernels found already compiled")

typedef struct weft_stats {
#define X(name, text) uint64_t name;
  WEFT_STATS_LIST(X)
#undef X
} weft_stats;

void weft_device_stats(weft_device *device, weft_stats *out);

/* ---- future ------------------------------------------------------------------------------------------------------------ */

weft_future *weft_future_retain(weft_future *future);
void weft_future_release(weft_future *future); /* dropping one that has not settled is fine and leaks nothing */
/* Whether it has settled. Flushes what it waits for, polls; never blocks. */
bool weft_future_done(weft_future *future);
/* Blocks (through the host) until it has settled and returns what it settled with. WEFT_BLOCKED, WEFT_INTERRUPTED and
 * WEFT_HOST are the wait's own: then it may still be in flight. */
weft_status weft_future_wait(weft_future *future, weft_error *err) WEFT_MUST_CHECK;
/* What it settled with; WEFT_STATE while it has not. Never blocks. */
weft_status weft_future_status(weft_future *future, weft_error *err) WEFT_MUST_CHECK;
/* Copies the bytes of a read that has settled with WEFT_OK into `destination` (n_bytes: as given at its start). The first
 * such call takes them; a second fails with WEFT_STATE. */
weft_status weft_future_take(weft_future *future, void *destination, uint64_t n_bytes, weft_error *err) WEFT_MUST_CHECK;
weft_device *weft_future_device(const weft_future *future); /* borrowed from the future */

/* ---- buffer ------------------------------------------------------------------------------------------------------------ */

/* n_bytes of device memory; contents undefined up to n_bytes, zero in the padding to a multiple of 4. 0 bytes are fine.
 * WEFT_VALUE above the device's limit. Memory that the device turns out not to have shows up when the buffer is used. */
weft_status weft_buffer_create(weft_device *device, uint64_t n_bytes, weft_buffer **out, weft_error *err) WEFT_MUST_CHECK;
weft_buffer *weft_buffer_retain(weft_buffer *buffer);
void weft_buffer_release(weft_buffer *buffer);
uint64_t weft_buffer_bytes(const weft_buffer *buffer);
weft_device *weft_buffer_device(const weft_buffer *buffer); /* borrowed from the buffer */

/* Any offsets and sizes inside the buffers; unaligned edges are merged on the device. `bytes` are call only. */
weft_status weft_buffer_write(weft_buffer *buffer, uint64_t offset, const void *bytes, uint64_t n_bytes, weft_error *err) WEFT_MUST_CHECK;
/* Source and destination may be one buffer when the ranges do not overlap; overlapping ranges fail with WEFT_VALUE. */
weft_status weft_buffer_copy(weft_buffer *source, uint64_t source_offset, weft_buffer *destination, uint64_t offset,
                             uint64_t n_bytes, weft_error *err) WEFT_MUST_CHECK;
/* Repeats a pattern of 1, 2, 4 or 8 bytes; offset and n_bytes are multiples of its size. */
weft_status weft_buffer_fill(weft_buffer *buffer, uint64_t offset, uint64_t n_bytes, const void *pattern,
                             uint32_t pattern_bytes, weft_error *err) WEFT_MUST_CHECK;
/* Starts a read; *future is owned. Several reads started before the first wait share one round trip. */
weft_status weft_buffer_read(weft_buffer *buffer, uint64_t offset, uint64_t n_bytes, weft_future **future, weft_error *err) WEFT_MUST_CHECK;

/* Shows pixels on a canvas of the page, after all commands so far; see `present` in core/driver.h for their layout and for
 * what a canvas is. Nothing is read back. WEFT_UNSUPPORTED where the driver has no canvases. */
weft_status weft_buffer_present(weft_buffer *buffer, uint64_t offset, uint32_t canvas, uint32_t width, uint32_t height,
                                weft_error *err) WEFT_MUST_CHECK;

/* ---- element types --------------------------------------------------------------------------------------------------- */

/* name, bytes, the WGSL scalar it binds to ("NONE": only as packed u32). RAW is bytes without a type. */
#define WEFT_DTYPE_LIST(X)   \
  X(RAW, "bytes", 1, NONE)   \
  X(BOOL, "bool", 1, NONE)   \
  X(INT8, "int8", 1, NONE)   \
  X(INT16, "int16", 2, NONE) \
  X(INT32, "int32", 4, I32)  \
  X(UINT8, "uint8", 1, NONE) \
  X(UINT16, "uint16", 2, NONE) \
  X(UINT32, "uint32", 4, U32) \
  X(FLOAT16, "float16", 2, F16) \
  X(FLOAT32, "float32", 4, F32) \
  X(COMPLEX64, "complex64", 8, F32)

typedef enum weft_dtype {
#define X(name, text, bytes, scalar) WEFT_DTYPE_##name,
  WEFT_DTYPE_LIST(X)
#undef X
      WEFT_DTYPE_COUNT
} weft_dtype;

const char *weft_dtype_name(weft_dtype dtype);
uint32_t weft_dtype_bytes(weft_dtype dtype);

/* ---- kernel ------------------------------------------------------------------------------------------------------------ */

typedef struct weft_constant {
  const char *name; /* the override's name, or its id in decimal */
  double value;
} weft_constant;

typedef struct weft_kernel_options {
  const char *entry; /* NULL: the only compute entry point */
  const weft_constant *constants;
  uint32_t n_constants;
} weft_kernel_options;

/* Checks `source` (UTF-8, call only), then has the device compile it. The same source, entry and constants twice are
 * compiled once. `ready` (may be NULL; owned) settles when the device has confirmed the pipeline or with WEFT_SHADER. Calls may be
 * made before that, unless it was created in the background (`background` true): then only after it. */
weft_status weft_kernel_create(weft_device *device, const char *source, size_t n_bytes, const weft_kernel_options *options,
                               bool background, weft_kernel **out, weft_future **ready, weft_error *err) WEFT_MUST_CHECK;
weft_kernel *weft_kernel_retain(weft_kernel *kernel);
void weft_kernel_release(weft_kernel *kernel);
weft_device *weft_kernel_device(const weft_kernel *kernel); /* borrowed from the kernel */

typedef enum weft_slot_kind { WEFT_SLOT_UNIFORM, WEFT_SLOT_READ, WEFT_SLOT_READ_WRITE, WEFT_SLOT_IMMEDIATE } weft_slot_kind;

/* One argument that the entry point uses. Slots are in ascending (group, binding); var<immediate> is the last. */
typedef struct weft_slot {
  const char *name;
  weft_slot_kind kind;
  uint32_t group, binding; /* 0, 0 for var<immediate> */
  const wgsl_type *type;
  uint32_t min_bytes;
} weft_slot;

const char *weft_kernel_entry(const weft_kernel *kernel); /* borrowed from the kernel, as all below */
const weft_slot *weft_kernel_slots(const weft_kernel *kernel, uint32_t *count);
/* Every binding the module declares, whether this entry point uses it or not. */
const wgsl_reflection *weft_kernel_reflect(const weft_kernel *kernel);
const uint32_t *weft_kernel_workgroup_size(const weft_kernel *kernel); /* three numbers */

typedef enum weft_arg_kind { WEFT_ARG_NONE, WEFT_ARG_BUFFER, WEFT_ARG_BYTES } weft_arg_kind;

/* An argument for one slot. BUFFER: n_bytes at `offset` of a buffer (call only; the list keeps what it needs). BYTES: host memory
 * (call only), laid out as WGSL wants it; for uniforms, immediates and read-only storage. */
typedef struct weft_arg {
  weft_arg_kind kind;
  weft_dtype dtype; /* RAW: not checked */
  weft_buffer *buffer;
  uint64_t offset;
  const void *bytes;
  uint64_t n_bytes;
  uint32_t inner; /* length of the last axis when there are several, 0 otherwise: a vec3 wants 4, and says so */
} weft_arg;

/* What is launched: workgroups, or threads (rounded up to whole workgroups). Unused dimensions are 1. Any 0 is a checked no-op. */
typedef struct weft_grid {
  bool threads;
  uint64_t n[3];
} weft_grid;

/* Appends one dispatch. `args`: one per slot. Everything WebGPU would object to is checked here; on failure nothing was
 * appended. */
weft_status weft_kernel_call(weft_kernel *kernel, const weft_arg *args, const weft_grid *grid, weft_error *err) WEFT_MUST_CHECK;

/* ---- recordings ------------------------------------------------------------------------------------------------------- */

/* Between begin and end, commands (calls, writes, copies, fills) of any thread are collected and not executed. Values and
 * host memory are frozen as they are; arrays are named, and kept alive. Reads and synchronisations fail with WEFT_STATE.
 * One recording at a time. `end` with graph NULL drops it. */
weft_status weft_device_record_begin(weft_device *device, weft_error *err) WEFT_MUST_CHECK;
weft_status weft_device_record_end(weft_device *device, weft_graph **graph, weft_error *err) WEFT_MUST_CHECK;
weft_graph *weft_graph_retain(weft_graph *graph);
void weft_graph_release(weft_graph *graph);
uint32_t weft_graph_commands(const weft_graph *graph);

/* Another array for the one that was bound to the slot `name` while recording: everywhere, whatever name it had there. Its size
 * must be the same, and the offset one that binds in place. The name must have been given to one array only, and that
 * array not be part of a copy, write or fill of the recording. */
typedef struct weft_rebind {
  const char *name;
  weft_arg array; /* a BUFFER */
} weft_rebind;

/* Appends all commands of the recording to the device's list, with what was bound anew. All or none. */
weft_status weft_graph_replay(weft_graph *graph, const weft_rebind *rebinds, uint32_t n_rebinds, weft_error *err) WEFT_MUST_CHECK;

/* ---- timers ------------------------------------------------------------------------------------------------------------- */

/* Times commands by the device's own clock: from when everything before `start` has run to when everything before `stop`
 * has. Needs the device's feature timestamp-query, else `start` fails with WEFT_UNSUPPORTED. At most 64 timers of a device
 * run at once (WEFT_STATE); those that were stopped do not count. Not while the device records (WEFT_STATE). */
weft_status weft_timer_start(weft_device *device, weft_timer **out, weft_error *err) WEFT_MUST_CHECK;
weft_timer *weft_timer_retain(weft_timer *timer);
void weft_timer_release(weft_timer *timer); /* a running one is fine */
/* Once: WEFT_STATE after that. */
weft_status weft_timer_stop(weft_timer *timer, weft_error *err) WEFT_MUST_CHECK;
/* Starts to read a timer that was stopped: *future (owned) gives two 64-bit numbers, for weft_timer_seconds. It fails when a
 * submit did in which the timer was started or stopped. */
weft_status weft_timer_read(weft_timer *timer, weft_future **future, weft_error *err) WEFT_MUST_CHECK;
/* NaN where the device's clock went backwards in between. */
double weft_timer_seconds(const weft_timer *timer, const uint64_t ticks[2]);

#endif
