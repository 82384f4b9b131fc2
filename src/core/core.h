/* The inside of src/core: what its files share. Nothing else includes it.
 *
 *   weft_device
 *     ├─ slots        ids of GPU objects and of driver futures            slots.c
 *     ├─ stores       GPU buffers: size classes, pool, staging             store.c
 *     ├─ list         commands not yet handed over, parameter ring         list.c
 *     ├─ blocks, log  what each submit wrote; what a late error spoils      log.c
 *     ├─ groups       layouts and bind groups by content                   group.c
 *     ├─ programs     compiled modules and pipelines by source             program.c
 *     ├─ futures      what hosts wait for                                  future.c
 *     └─ pace         how much is in flight, how long it takes             pace.c
 *   on top: buffer.c, move.c (unaligned bytes, fills), call.c (arguments → dispatch), kernel.c, timer.c, device.c, instance.c
 *
 * Locking: public functions take the device's lock and call `weft__` functions, which expect it to be held and never call
 * public ones. Nothing waits while holding it.
 * Failing: `weft__` functions follow base/status.h; what must not stop half-way reserves first and then cannot fail. */
#ifndef WEFT_CORE_CORE_H
#define WEFT_CORE_CORE_H

#include <stdatomic.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/checked.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/lock.h"
#include "base/map.h"
#include "base/text.h"
#include "weft.h"

/* The hostile build makes every limit small, so that tests meet them. */
#ifdef WEFT_HOSTILE
enum {
  WEFT__RING_BYTES = 4096,      /* parameters and small writes of one list */
  WEFT__STAGED_WRITE_BYTES = 64, /* host writes up to this go through the ring when the buffer is in the list */
  WEFT__CONFIRM_BYTES = 64,     /* buffers from this size on are unconfirmed until the device says so */
  WEFT__FLUSH_COMMANDS = 7,   /* a list of this many commands is handed over, the next one of four times as many … */
  WEFT__FLUSH_COMMANDS_MOST = 28, /* … up to this */
  WEFT__FLUSH_WORDS = 4096,     /* the same inside a batch, in words */
  WEFT__GROUPS_CACHED = 2,
  WEFT__PROGRAMS_CACHED = 2,
  WEFT__MARK_COMMANDS = 16, /* after so many a mark says when they have run … */
  WEFT__MARK_BYTES = 4096     /* … or after so many bytes from the host */
};
#else
enum {
  WEFT__RING_BYTES = 1 << 20, /* 4096 calls with values of their own at 256 bytes; 256 KiB made a flush in the middle of a batch */
  WEFT__STAGED_WRITE_BYTES = 16 * 1024,
  WEFT__CONFIRM_BYTES = 1 << 20,
  WEFT__FLUSH_COMMANDS = 64,
  WEFT__FLUSH_COMMANDS_MOST = 1024,
  WEFT__FLUSH_WORDS = 4 << 20,
  WEFT__GROUPS_CACHED = 1024,
  WEFT__PROGRAMS_CACHED = 256,
  WEFT__MARK_COMMANDS = 4096,
  WEFT__MARK_BYTES = 128 << 20
};
#endif
enum { WEFT__MAX_GROUPS = 4, WEFT__MAX_SLOTS = 64 };

/* ---- notes: a status with its text, kept -------------------------------------------------------------------------- */

typedef struct weft__note {
  weft_status status; /* WEFT_OK: nothing happened */
  char *text;         /* owned; NULL when memory ended or there is none */
} weft__note;

void weft__note_set(weft__note *note, weft_status status, const char *text); /* keeps the first failure */
void weft__note_clear(weft__note *note);
weft_status weft__note_raise(const weft__note *note, weft_error *err, const char *prefix); /* prefix may be "" */

/* Something the device may still reject. */
typedef struct weft__confirm {
  uint64_t uid;
  enum { WEFT__CONFIRM_SURE, WEFT__CONFIRM_PENDING, WEFT__CONFIRM_FAILED } state;
  uint32_t future; /* while pending */
  weft__note note; /* when failed */
} weft__confirm;

/* ---- slots.c ------------------------------------------------------------------------------------------------------ */

/* Ids with generations, and what each stands for. A free slot keeps the next free one in `generation`'s neighbour. */
typedef struct weft__slot_entry {
  void *object;
  uint32_t generation;
  uint32_t next_free; /* index + 1 while free */
  uint8_t kind;
  bool used;
} weft__slot_entry;

typedef struct weft__slots {
  weft__slot_entry *entries;
  uint32_t n, capacity, first_free, used;
} weft__slots;

weft_status weft__slots_take(weft__slots *s, uint8_t kind, void *object, uint32_t *id, weft_error *err);
weft__slot_entry *weft__slots_find(weft__slots *s, uint32_t id); /* NULL: stale */
void weft__slots_give(weft__slots *s, uint32_t id);
void weft__slots_free(weft__slots *s);

/* What a driver future belongs to. The object is NULL when nobody is interested any more; the slot stays taken until
 * the driver has settled it. */
typedef enum weft__pending {
  WEFT__PENDING_OPEN,    /* the device */
  WEFT__PENDING_STORE,   /* weft__store: its creation */
  WEFT__PENDING_PROGRAM, /* weft__program: its creation */
  WEFT__PENDING_MODULE,  /* weft__module */
  WEFT__PENDING_BLOCK,   /* a submit with its own error scope; object is unused, log.c finds it by future */
  WEFT__PENDING_MAP,     /* weft__read */
  WEFT__PENDING_NOTHING  /* an error scope whose outcome another one tells */
} weft__pending;

/* ---- store.c: GPU buffers ------------------------------------------------------------------------------------------ */

typedef enum weft__store_kind { WEFT__STORE_ARRAY, WEFT__STORE_STAGING, WEFT__STORE_RING, WEFT__STORE_TICKS, WEFT__STORE_KINDS } weft__store_kind;

/* One GPU buffer. Its uid stays when it goes through the pool; its tenant is new with each owner. */
typedef struct weft__store {
  weft_id id;
  weft__store_kind kind;
  uint64_t uid, tenant;
  uint64_t n_bytes;   /* of the size class */
  uint64_t last_list; /* serial of the last list that names it */
  uint64_t last_written; /* and of the last that writes it for this tenant; 0: none */
  bool fresh;         /* never used: its contents are zero */
  weft__confirm confirm;
  struct weft__store *bucket_next, *bucket_previous; /* pool: same size class, newest first */
  struct weft__store *older, *newer;                 /* pool: order of release */
} weft__store;

enum { WEFT__BUCKETS = 62 * 8 };

typedef struct weft__pool {
  weft__store *buckets[WEFT__STORE_KINDS][WEFT__BUCKETS];
  weft__store *oldest, *newest;
  uint64_t bytes, budget;
} weft__pool;

/* Gets a store of at least n_bytes (> 0). host_write: prefers one that the current list does not name. */
weft_status weft__store_acquire(weft_device *d, weft__store_kind kind, uint64_t n_bytes, bool host_write, weft__store **out,
                                weft_error *err);
void weft__store_release(weft_device *d, weft__store *s); /* into the pool; NULL is fine */
void weft__store_discard(weft_device *d, weft__store *s); /* not into the pool */
uint64_t weft__pool_trim(weft_device *d, uint64_t keep_bytes);

/* ---- list.c: commands ------------------------------------------------------------------------------------------------ */

typedef struct weft__list {
  uint32_t *words; /* the first RING_WRITE_WORDS are kept for the ring's WRITE */
  uint32_t n, capacity;
  uint64_t serial;
  uint32_t n_commands, n_dispatches;
  uint32_t flush_at; /* commands at which it is handed over */
  /* state that the driver has inside the open pass */
  weft_id pipeline;
  weft_id groups[WEFT__MAX_GROUPS];
  uint32_t offsets[WEFT__MAX_GROUPS][WEFT__MAX_SLOTS];
  uint32_t n_offsets[WEFT__MAX_GROUPS];
  /* the open block */
  uint64_t block; /* serial, 0: none yet */
  uint64_t *unconfirmed; /* uids of its unconfirmed objects */
  uint32_t n_unconfirmed, unconfirmed_capacity;
  /* the ring */
  weft__store *ring; /* NULL until needed */
  unsigned char *ring_bytes;
  uint32_t ring_used;
  uint32_t ring_last, ring_last_bytes; /* the latest bytes in it; 0 bytes: none */
  bool deferred; /* the host will flush from a microtask */
} weft__list; /* the device's own, or a recording's: then without blocks, and never flushed */

enum { WEFT__RING_WRITE_WORDS = 8 };

weft_status weft__list_init(weft_device *d, weft_error *err);
void weft__list_free(weft_device *d);
bool weft__list_empty(const weft_device *d);
bool weft__list_names(const weft_device *d, const weft__store *s);

/* Opens a block for a command that uses these objects; starts a new one only when the set of unconfirmed ones grows. */
weft_status weft__list_enter(weft_device *d, weft__confirm *const *uses, uint32_t n_uses, weft_error *err);
weft_status weft__list_reserve(weft_device *d, uint32_t n_words, weft_error *err);
/* Reserving and appending go to the device's target: its list, or the recording. After reserve these cannot fail. */
void weft__list_word(weft_device *d, uint32_t word);
void weft__list_word64(weft_device *d, uint64_t value);
void weft__list_name(weft_device *d, weft__store *s, bool written);
void weft__list_copy(weft_device *d, weft__store *source, uint64_t source_offset, weft__store *destination, uint64_t offset,
                     uint64_t n_bytes);
void weft__list_clear(weft_device *d, weft__store *s, uint64_t offset, uint64_t n_bytes);
void weft__list_timestamp(weft_device *d, uint32_t query);
void weft__list_resolve(weft_device *d, uint32_t first, uint32_t n, weft__store *s);
enum { WEFT__COPY_WORDS = 9, WEFT__CLEAR_WORDS = 6, WEFT__TIMESTAMP_WORDS = 2, WEFT__RESOLVE_WORDS = 6 };

/* Makes room for n_bytes (with alignment waste) in the ring, flushing if needed. Fails above its size. */
weft_status weft__ring_reserve(weft_device *d, uint64_t n_bytes, weft_error *err);
uint32_t weft__ring_put(weft_device *d, const void *bytes, uint32_t n_bytes, uint32_t alignment); /* zero-pads to 4 */
/* What room `n_bytes` take at most. */
static inline uint64_t weft__ring_cost(uint64_t n_bytes, uint64_t alignment) { return weft__round_up(n_bytes, 4) + alignment; }

weft_status weft__flush(weft_device *d, weft_error *err);
/* After a command: hands the list over when it is long enough, or makes the host do so soon. Errors stick to the device. */
void weft__flush_when_due(weft_device *d);

/* ---- log.c: what late errors spoil ------------------------------------------------------------------------------------ */

typedef struct weft__block {
  uint64_t serial;
  uint32_t future;
} weft__block;

typedef struct weft__log {
  uint64_t *words; /* entries: header, block serial, read tenants …, written tenants … */
  uint32_t n, capacity;
  uint32_t last; /* start of the last entry + 1 */
  weft__block *blocks; /* scoped and not settled, in order */
  uint32_t n_blocks, blocks_capacity;
  uint64_t next_serial;
} weft__log;

weft_status weft__log_reserve(weft_device *d, uint32_t n_tenants, weft_error *err);
/* One command: what it reads and writes, as tenants. whole: everything written is written whole. Cannot fail after reserve. */
void weft__log_add(weft_device *d, const uint64_t *reads, uint32_t n_reads, const uint64_t *writes, uint32_t n_writes, bool whole);
/* A host write outside the list, which always takes effect. Needs room for one tenant. */
void weft__log_add_write(weft_device *d, uint64_t tenant, bool whole);
/* Blocks from `first` to `last` did not run: what they wrote, and what was made from it since, is failed. `tenant` (0: none)
 * never held anything. */
void weft__log_fail(weft_device *d, uint64_t first, uint64_t last, uint64_t tenant, weft_status status, const char *text);
void weft__log_settle(weft_device *d, uint32_t future, weft_status status, const char *text);
uint64_t weft__log_block(const weft_device *d, uint32_t future); /* the serial of the block that settles this future; 0: none */
void weft__log_forget(weft_device *d); /* drops what nothing can spoil any more */
void weft__log_free(weft_device *d);

/* ---- group.c ------------------------------------------------------------------------------------------------------------ */

typedef struct weft__layout {
  weft_id id;
  uint64_t uid;
} weft__layout;

typedef struct weft__group_entry {
  uint32_t binding;
  weft__store *store;
  uint64_t offset, n_bytes;
} weft__group_entry;

/* A cached bind group. Recordings pin theirs. */
typedef struct weft__group {
  weft_id id;
  uint64_t last_list, created; /* serials of lists */
  uint32_t pins;
  bool dead; /* no longer in the cache: the driver may not have it */
} weft__group;

weft_status weft__layout_get(weft_device *d, const uint32_t *entries, uint32_t n, weft__layout **out, weft_error *err);
/* The bind group for these entries, from the cache or appended to the list. */
weft_status weft__group_get(weft_device *d, const weft__layout *layout, const weft__group_entry *entries, uint32_t n,
                            weft__group **out, weft_error *err);
void weft__groups_forget(weft_device *d, uint64_t store_uid);
void weft__groups_forget_list(weft_device *d, uint64_t list); /* those that this list creates */
void weft__group_unpin(weft__group *g);
void weft__groups_free(weft_device *d);

/* ---- pace.c: how much is in flight, how long it takes --------------------------------------------------------------- */

/* What was measured of a program or a recording. Shared by it and by the spans that it is part of. */
typedef struct weft__cost {
  uint32_t refs;
  double ms; /* per workgroup; per replay; 0: not known yet */
} weft__cost;

enum { WEFT__SPAN_COSTS = 8 };

/* Work in a row that is measured as one. */
typedef struct weft__span {
  double began; /* when it was handed over; 0: not yet */
  double ms;    /* predicted, of what is known */
  weft__cost *costs[WEFT__SPAN_COSTS]; /* one ref each */
  uint32_t n_costs;
  weft__cost *unknown; /* among costs; NULL: all are known */
  uint64_t unknown_units;
} weft__span;

typedef struct weft__pace {
  double max_ms;   /* per submit; 0: no limit */
  double last_end; /* seconds: when the latest span was seen to have ended */
  weft__span open, ended;
  uint32_t marks; /* in flight */
  atomic_bool crowded, full;
  uint64_t commands; /* handed over in all lists before this one */
  uint64_t marked_commands, marked_bytes; /* given to the device until the latest mark */
} weft__pace;

/* After a command, without the lock: waits while far too much is in flight. Where that cannot be, it is not held back. */
void weft__pace_hold(weft_device *d);
/* A command takes `units` of what is kept at *cost. Costs nothing without a limit. */
void weft__pace_note(weft_device *d, weft__cost **cost, uint64_t units);
/* Whether the list is as long as the limit allows. */
bool weft__pace_due(const weft_device *d);
/* Whether so much was given to the device since the last mark that another should follow. */
bool weft__pace_much(const weft_device *d);
/* Before a flush: puts a mark at the end of the list when it wants one. Cannot fail. */
void weft__pace_mark(weft_device *d);
void weft__pace_ended(weft_device *d, weft__span *span, bool ran); /* span is consumed */
void weft__pace_learn(weft_device *d);                             /* after a poll */
void weft__pace_unlimit(weft_device *d);
void weft__pace_free(weft_device *d);
void weft__cost_release(weft__cost *cost); /* NULL is fine */

/* ---- program.c: compiled code ------------------------------------------------------------------------------------------- */

typedef struct weft__module {
  weft_id id;
  wgsl_module *wgsl;
  uint32_t n_bytes; /* of the source: its key, which is also the end of its programs' keys */
  uint32_t refs; /* programs */
  uint32_t future;
  weft__note note; /* the device's own messages */
} weft__module;

/* How a slot is bound. */
typedef struct weft__slot {
  weft_slot face;
  bool dynamic; /* a uniform with a dynamic offset */
} weft__slot;

typedef struct weft__program {
  weft_id id;
  weft__confirm confirm;
  weft__module *module;
  char *key; /* owned */
  uint32_t n_key;
  uint32_t refs;       /* kernels */
  uint64_t last_used;  /* order of use, for eviction */
  const wgsl_entry *entry;
  uint32_t workgroup_size[3];
  weft__slot *slots;
  weft_slot *faces; /* the same for the public */
  uint32_t n_slots;
  weft__layout *layouts[WEFT__MAX_GROUPS];
  uint32_t n_groups;
  weft__cost *cost; /* one ref; NULL until it is measured */
  uint64_t first_block, last_block; /* blocks of commands (weft__log) begun while it was unconfirmed: it may be why they failed */
  bool background; /* not usable before it is confirmed */
  bool forgotten;  /* no longer in the cache: freed with its last kernel */
} weft__program;

weft_status weft__program_get(weft_device *d, const char *source, size_t n_bytes, const weft_kernel_options *options, bool background,
                              weft__program **out, weft_error *err); /* *out gets one ref */
void weft__program_release(weft_device *d, weft__program *p);
weft_status weft__program_raise(weft__program *p, weft_error *err); /* the failure in our own form */
/* The rejected program that may be why a block failed, or NULL. */
weft__program *weft__program_blame(weft_device *d, uint64_t block);
void weft__programs_free(weft_device *d);

struct weft_kernel {
  atomic_uint refs;
  weft_device *device;
  weft__program *program;
};

/* ---- step.c: commands, all or none --------------------------------------------------------------------------------- */

/* What is bound for a slot: a range of a store, or (store NULL) bytes that go through the ring or into the stream. */
typedef struct weft__bound {
  weft__store *store;
  uint64_t tenant;
  uint64_t offset, n_bytes;
  const void *bytes;
} weft__bound;

/* One command. Ranges are aligned as WebGPU wants them. */
typedef struct weft__step {
  enum { WEFT__STEP_COPY, WEFT__STEP_STAGE, WEFT__STEP_CLEAR, WEFT__STEP_TIMESTAMP, WEFT__STEP_RESOLVE, WEFT__STEP_DISPATCH } kind;
  weft__bound source, destination; /* COPY; STAGE: source.bytes → destination; the next three: destination */
  uint32_t query, n_queries;       /* TIMESTAMP: the query, whose time will get to destination; RESOLVE: the first, and how many */
  bool whole;                      /* everything it writes is written whole */
  weft__program *program;          /* DISPATCH */
  const weft__bound *bound;        /* one per slot of the program; call only */
  uint32_t grid[3];
  weft__bound own[3];              /* room for `bound` of small programs */
  weft_id groups[WEFT__MAX_GROUPS];
} weft__step;

/* Appends all steps, or none and the reason. */
weft_status weft__steps_run(weft_device *d, weft__step *steps, uint32_t n, weft_error *err);

/* ---- move.c: bytes at any alignment --------------------------------------------------------------------------------- */

/* The parameters of a move's kernel (move_wgsl.h). */
typedef struct weft__move_params {
  uint32_t source, destination, n_bytes, pad;
  uint32_t pattern[2];
} weft__move_params;

/* One step that copies between two stores, for use beside others. `keep` must live until the steps have run. */
weft_status weft__move_step(weft_device *d, const weft__bound *source, const weft__bound *destination, uint64_t n_bytes, bool whole,
                            weft__move_params *keep, weft__step *step, weft_error *err);
/* Device to device; source and destination (n_bytes of them ignored) may be one store. whole: the destination's owner is
 * written whole. */
weft_status weft__move(weft_device *d, const weft__bound *source, const weft__bound *destination, uint64_t n_bytes, bool whole,
                       weft_error *err);
weft_status weft__fill(weft_device *d, const weft__bound *destination, uint64_t n_bytes, const uint32_t pattern[2], bool whole,
                       weft_error *err);
/* Host bytes in program order; offset is a multiple of 4, and the last word is padded with zeros. */
weft_status weft__write(weft_device *d, const weft__bound *destination, const void *bytes, uint64_t n_bytes, bool whole, weft_error *err);
/* Host bytes into a store nobody else knows yet (an argument of one call, the source of a move). */
weft_status weft__upload(weft_device *d, const void *bytes, uint64_t n_bytes, weft__store **out, weft_error *err);

/* ---- call.c: calls ------------------------------------------------------------------------------------------------------- */

/* Whether the elements of an argument are what the slot's WGSL type has. */
weft_status weft__dtype_check(const weft_slot *slot, const weft_arg *argument, weft_error *err);

/* ---- graph.c: recordings ------------------------------------------------------------------------------------------ */

/* A SET_GROUP of a recording: what it binds, so that a replay can bind something else. */
typedef struct weft__site {
  uint32_t at; /* index of the group's word */
  weft__program *program;
  uint32_t group, first; /* first of its slots, in program->slots and, from `bounds` on, in graph->bounds */
  uint32_t bounds, n;
  bool own; /* of a copy or fill: its names are ours, nobody can give them */
} weft__site;

struct weft_graph {
  atomic_uint refs;
  weft_device *device;
  weft__list list;
  weft__cost *cost; /* one ref; NULL until it is measured */
  weft_buffer **buffers; /* what the commands name, retained */
  weft__program **programs;
  weft__group **groups;
  weft__store **stores; /* its own: rings, frozen host arguments, copies of one call */
  uint64_t *reads, *writes, *fixed; /* tenants; fixed: in copies and fills, which a replay cannot bind anew */
  weft__confirm **uses;
  weft__site *sites;
  weft__bound *bounds;
  uint32_t n_buffers, n_programs, n_groups, n_stores, n_reads, n_writes, n_fixed, n_uses, n_sites, n_bounds;
  uint32_t buffers_capacity, programs_capacity, groups_capacity, stores_capacity, reads_capacity, writes_capacity, fixed_capacity,
      uses_capacity, sites_capacity, bounds_capacity;
};

/* Makes room in the recording for these steps and keeps what they name. */
weft_status weft__graph_note(weft_device *d, const weft__step *steps, uint32_t n, weft_error *err);
/* These cannot fail after weft__graph_note. */
void weft__graph_group(weft_device *d, weft__group *g);
void weft__graph_site(weft_device *d, const weft__step *s, uint32_t group, uint32_t first, uint32_t n);
void weft__graph_access(weft_device *d, const uint64_t *reads, uint32_t n_reads, const uint64_t *writes, uint32_t n_writes);
/* The recording's ring is full: writes it and takes another. */
weft_status weft__graph_ring(weft_device *d, weft_error *err);

/* A store for one call only. A recording keeps it, because its replays need it again. */
weft_status weft__temporary_acquire(weft_device *d, uint64_t n_bytes, bool host_write, weft__store **out, weft_error *err);
void weft__temporary_release(weft_device *d, weft__store *s); /* NULL is fine */

/* ---- buffer.c --------------------------------------------------------------------------------------------------------- */

struct weft_buffer {
  atomic_uint refs;
  weft_device *device;
  weft__store *store; /* NULL when n_bytes is 0 */
  uint64_t n_bytes;
  uint64_t tenant;
  weft__note failed; /* the submit that wrote it failed */
  weft_buffer *next, *previous;
};

weft_status weft__buffer_create(weft_device *d, weft__store_kind kind, uint64_t n_bytes, weft_buffer **out, weft_error *err);
weft_status weft__buffer_usable(const weft_buffer *b, weft_error *err); /* else the reason */
void weft__buffer_fail(weft_buffer *b, weft_status status, const char *text);

/* ---- future.c ------------------------------------------------------------------------------------------------------------ */

typedef enum weft__future_kind { WEFT__FUTURE_OPEN, WEFT__FUTURE_KERNEL, WEFT__FUTURE_READ } weft__future_kind;

/* A staging buffer on its way: recorded → submitted → mapped → taken. Lives on when its future is dropped. */
typedef struct weft__read {
  weft__store *staging;
  uint64_t tenant; /* in the log, as if it were written by the copy */
  uint64_t n_bytes, skip; /* wanted bytes, and where they begin in the staging buffer */
  uint32_t future;
  enum { WEFT__READ_RECORDED, WEFT__READ_MAPPING, WEFT__READ_MAPPED, WEFT__READ_DONE } state;
  uint64_t block;     /* the last block that its data can depend on */
  uint64_t dispatches; /* handed over before it */
  weft__span *mark;   /* owned; NULL: a future's */
  uint64_t list;      /* the list that its copy is in */
  weft__note note;
  bool dropped;
  struct weft__read *next;
} weft__read;

struct weft_future {
  atomic_uint refs;
  weft_device *device;
  weft__future_kind kind;
  bool done;
  weft__note note;
  weft__program *program; /* KERNEL */
  weft__read *read;       /* READ */
  weft_future *next, *previous; /* not settled */
};

weft_status weft__future_create(weft_device *d, weft__future_kind kind, weft_future **out, weft_error *err);
/* A failure that someone has been told of need not come up again at the next synchronisation. */
void weft__told(weft_device *d, const weft__note *note);
void weft__futures_settle(weft_device *d); /* settles what has become known; after each poll */
/* After a submit: maps what it copied; or, when it failed, fails those reads. */
void weft__reads_submitted(weft_device *d, weft_status status, const char *text);
void weft__read_settle(weft_device *d, weft__read *r, weft_status status, const char *text);
void weft__reads_free(weft_device *d);
/* Appends a read of nothing that no future waits for: its end is the span's. The span is consumed on success. */
weft_status weft__read_mark(weft_device *d, weft__span *span, weft_error *err);
/* Waits through the host until the device may have something new; WEFT_BLOCKED when nothing can wait. Without the lock. */
weft_status weft__wait(weft_device *d, weft_error *err);
weft_status weft__interrupted(weft_device *d, weft_error *err); /* WEFT_INTERRUPTED when the host says so */

/* ---- device.c ------------------------------------------------------------------------------------------------------------- */

typedef enum weft__internal { WEFT__INTERNAL_MOVE, WEFT__INTERNAL_FILL, WEFT__INTERNALS } weft__internal;

struct weft_device {
  atomic_uint refs;
  weft_instance *instance;
  const weft_driver *driver;
  void *handle; /* the driver's device */
  weft__lock lock;
  weft_device_info info;
  weft__arena texts;
  enum { WEFT__DEVICE_OPENING, WEFT__DEVICE_READY, WEFT__DEVICE_FAILED } state;
  weft__note opened; /* why not */
  weft__note lost;
  weft__note late;  /* a failed submit or kernel that nobody was told of: told at the next synchronisation */
  weft__note stray; /* an error that belongs to nothing we know: told at the next synchronisation or read */
  weft_device_options options;
  char *selector;
  uint32_t next_driver; /* to try when this one has no device */

  weft__slots objects, pending;
  weft_id *condemned; /* objects to release after the next submit */
  uint32_t n_condemned, condemned_capacity;
  uint64_t next_uid;
  weft__pool pool;
  weft__list list;
  weft_graph *recording; /* NULL: none */
  weft__list *target;    /* where commands go: &list, or the recording's */
  weft__log log;
  weft__map layouts, groups, modules, programs;
  weft__program *internals[WEFT__INTERNALS];
  weft_buffer *buffers;
  weft_future *futures;
  weft__read *reads;
  uint64_t done_list; /* this list and all before it have run */
  uint32_t batch;
  uint64_t timers; /* pairs of queries that running timers have, as bits */
  weft__pace pace;
  weft_stats stats;
};

weft_status weft__device_ready(weft_device *d, weft_error *err); /* ready and not lost */
void weft__poll(weft_device *d);
/* A driver future for `object`; give it back with weft__slots_give(&d->pending, …) when the call it was for failed. */
weft_status weft__pending_take(weft_device *d, weft__pending kind, void *object, uint32_t *future, weft_error *err);
void weft__pending_drop(weft_device *d, uint32_t future); /* nobody is interested any more */
weft_status weft__object_take(weft_device *d, void *object, weft_id *id, weft_error *err);
/* Releases the object after the next submit (at once when nothing is collected). */
void weft__condemn(weft_device *d, weft_id id);
void weft__release_condemned(weft_device *d);
/* Turns a failed driver call into a sticky loss when it says so; returns `status`. */
weft_status weft__driver_failed(weft_device *d, weft_status status, weft_error *err);
static inline uint64_t weft__uid(weft_device *d) { return ++d->next_uid; }

/* ---- instance.c ------------------------------------------------------------------------------------------------------------ */

struct weft_instance {
  atomic_uint refs;
  weft_host host;
  const weft_driver **drivers;
  uint32_t n_drivers, drivers_capacity;
};

#endif
