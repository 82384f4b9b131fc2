/* What the files of the CPU driver share.
 *
 *   calls, under the device's lock               the worker: a thread, or `poll` and `wait` where there are no threads
 *     objects: slot -> {id, object}
 *     submit ──check──▶ job ─────▶ queue ───────▶ WRITE · BLOCK · MAP, one after the other
 *     poll ◀─ reported ◀─ settled ◀──────────────── its record
 *                           ▲                       BLOCK: CLEAR · COPY · DISPATCH ──shares──▶ the helpers of the crew
 *     pipeline ─▶ job ─▶ queue ─▶ COMPILE: a thread of its own, so that none waits for a kernel; without threads, before them
 *
 * Invariants
 * - Objects are counted. The table holds one reference; a group holds its buffers, a job all that it names. The table
 *   itself and what is marked "calls" is touched by calls alone, so it needs no lock.
 * - `lock` guards the queue, the lists of records and the state of the worker; nothing else is locked inside it.
 * - A record is the one allocation behind a future, made before the call can succeed, so telling never needs memory.
 * - A block that a rule of WebGPU forbids never becomes work: its record, or an uncaptured error, says why. */
#ifndef WEFT_DRIVERS_CPU_INTERNAL_H
#define WEFT_DRIVERS_CPU_INTERNAL_H

#include <stdatomic.h>

#include "base/thread.h"
#include "core/driver.h"
#include "drivers/common.h"
#include "drivers/cpu/cpu.h"
#include "drivers/cpu/program.h"

typedef struct cpu_driver {
  weft_driver table; /* first, so that the table's address is the driver's */
  weft_cpu_options options;
} cpu_driver;

/* ---- objects ----------------------------------------------------------------------------------------------------- */

/* The head of every object. */
typedef struct cpu_object {
  atomic_uint refs;
  weft__kind kind;
  char *failed; /* owned: why it cannot be used; NULL: it can */
} cpu_object;

typedef struct cpu_buffer {
  cpu_object head;
  uint8_t *bytes; /* aligned to CPU_ALIGNMENT, inside `memory` */
  void *memory;
  uint64_t n_bytes;
  uint32_t usage;
  atomic_uint pending; /* jobs that are not done and name it */
  /* calls: */
  uint32_t mapping; /* the number of the mapping that is under way or done; 0: none */
  bool mapped;
  uint64_t map_offset, n_mapped_bytes;
} cpu_buffer;

typedef struct cpu_module {
  cpu_object head;
  wgsl_module *wgsl;
} cpu_module;

typedef struct cpu_entry {
  uint32_t binding;
  weft_binding_type type;
  uint32_t min_bytes;
} cpu_entry;

typedef struct cpu_layout {
  cpu_object head;
  uint32_t n, n_dynamic;
  cpu_entry entries[]; /* by ascending binding */
} cpu_layout;

#define CPU_LOST_TEXT "the device was given up on request"

enum { CPU_GROUPS_MAX = 4, CPU_IMMEDIATE_BYTES_MAX = 256, CPU_ALIGNMENT = 64 };

/* Where the program finds what a slot is bound to: the entry `index` of the group. */
typedef struct cpu_place {
  uint32_t group, index;
} cpu_place;

typedef struct cpu_pipeline {
  cpu_object head;
  cpu_program *program;
  bool compiling; /* calls: in the background, and poll has not told yet */
  uint32_t immediate_bytes, n_layouts;
  cpu_layout *layouts[CPU_GROUPS_MAX];
  cpu_place *places; /* one for each slot of the program */
} cpu_pipeline;

typedef struct cpu_bound {
  cpu_buffer *buffer;
  uint64_t offset, n_bytes;
} cpu_bound;

typedef struct cpu_group {
  cpu_object head;
  cpu_layout *layout;
  bool invalid;      /* what is bound breaks a rule; `failed` says which, if there was memory for that */
  cpu_bound bound[]; /* one for each entry of the layout */
} cpu_group;

/* ---- records and jobs -------------------------------------------------------------------------------------------- */

typedef struct cpu_record {
  struct cpu_record *next;
  uint32_t future;
  weft_status status;
  char *text;       /* owned; NULL: none */
  weft_id id;       /* the object whose state changes when this is reported; 0: none */
  uint32_t mapping; /* of that buffer; 0: it is a pipeline */
} cpu_record;

typedef struct cpu_records {
  cpu_record *first, **end;
} cpu_records;

typedef enum cpu_job_kind { CPU_JOB_WRITE, CPU_JOB_BLOCK, CPU_JOB_COMPILE, CPU_JOB_MAP } cpu_job_kind;

typedef struct cpu_command {
  enum { CPU_COMMAND_DISPATCH, CPU_COMMAND_COPY, CPU_COMMAND_CLEAR, CPU_COMMAND_TIMESTAMP } kind; /* COPY: also of a WRITE */
  const cpu_pipeline *pipeline;    /* DISPATCH, as the next two lines */
  uint32_t first_span, first_word; /* of the job's */
  uint32_t groups[3];
  void *destination;
  const void *source; /* COPY */
  uint64_t n_bytes;   /* COPY, CLEAR */
} cpu_command;

typedef struct cpu_compile {
  cpu_pipeline *pipeline;
  cpu_module *module;
  char *entry; /* owned, as the next two */
  char *constants;
  double *values;
  uint32_t n_constants;
} cpu_compile;

typedef struct cpu_job {
  struct cpu_job *next;
  cpu_job_kind kind;
  cpu_record *record; /* owned; NULL: nobody waits to hear of it */
  cpu_object **held;  /* each with a reference; buffers also count it as pending */
  uint32_t n_held, held_capacity;
  cpu_command *commands;
  uint32_t n_commands, commands_capacity;
  cpu_span *spans;
  uint32_t n_spans, spans_capacity;
  uint32_t *words; /* of immediates; of a WRITE its bytes */
  uint32_t n_words, words_capacity;
  cpu_compile compile;
  uint32_t at;       /* the command under way */
  uint64_t at_group; /* and its first workgroup that has not run */
} cpu_job;

typedef struct cpu_queue {
  cpu_job *first, **end;
} cpu_queue;

/* ---- the device -------------------------------------------------------------------------------------------------- */

/* The dispatch that the threads share; workgroups are taken in shares, in order. */
typedef struct cpu_dispatch {
  const cpu_program *program;
  cpu_run run; /* first, count: of no share yet */
  uint64_t n_groups, share;
  atomic_ullong next;
  weft_error problem; /* the first one; under the device's lock */
} cpu_dispatch;

typedef struct cpu_slot_entry {
  weft_id id;
  cpu_object *object; /* NULL: free */
} cpu_slot_entry;

typedef struct cpu_device {
  const cpu_driver *driver;
  uint32_t n_threads; /* 0: no threads at all */
  uint64_t limits[WEFT_LIMIT_COUNT];
  char name[96], library[160];

  /* calls: */
  cpu_slot_entry *objects; /* by slot */
  uint32_t n_objects_capacity, n_objects, last_mapping;
  cpu_records reported;
  cpu_record *lost_record; /* owned until the device is lost, so that saying so needs no memory */
  uint32_t ready;          /* the future of opening, */
  bool open;               /* which poll has told of */
  bool lost;

  weft__lock lock;
  weft__condition changed; /* something settled, the worker stopped, a job came */
  cpu_queue jobs, compiles;
  cpu_records settled;
  bool working, compiling; /* a job of either queue is under way */
  atomic_bool halted; /* without threads: the host was interrupted, and nothing runs until it says what to do */
  bool closing, ended;     /* ended: lost, nothing will run any more */
  atomic_bool stop;        /* the job under way is to end early */
  weft_status stop_status; /* what is said of it then */
  const char *stop_text;

  /* the crew */
  weft__thread worker, compiler;
  bool has_worker, has_compiler; /* the compiler comes with the first COMPILE */
  weft__thread *helpers;
  uint32_t n_helpers;
  weft__condition call_helpers;
  cpu_dispatch *dispatch; /* NULL: none under way */
  uint64_t n_dispatches;  /* so that a helper takes part in each once */
  uint32_t n_busy;        /* helpers at work */
  cpu_scratch *scratch;   /* of the worker */
  uint64_t queries[WEFT_QUERIES]; /* nanoseconds of the host's clock; the worker's */
} cpu_device;

/* ---- object.c ---------------------------------------------------------------------------------------------------- */

void cpu_object_retain(cpu_object *object);
void cpu_object_release(cpu_object *object); /* NULL is fine */
/* The object of an id and kind, borrowed from the table. */
WEFT_MUST_CHECK weft_status cpu_object_find(cpu_device *d, weft_id id, weft__kind kind, void *out, weft_error *err);
/* Puts an object (consumed on success) into the table. */
WEFT_MUST_CHECK weft_status cpu_object_put(cpu_device *d, weft_id id, cpu_object *object, weft_error *err);
/* WEFT_OK while the device can be used. */
WEFT_MUST_CHECK weft_status cpu_device_usable(const cpu_device *d, weft_error *err);
/* An object of `n_bytes` with one reference; NULL: out of memory. */
void *cpu_object_create(weft__kind kind, size_t n_bytes);
/* Marks an object as one that cannot be used. */
void cpu_object_fail(cpu_object *object, const char *text);

weft_status cpu_buffer_create(void *device, weft_id id, uint64_t n_bytes, uint32_t usage, uint32_t future,
                              weft_error *err);
weft_status cpu_buffer_write(void *device, weft_id id, uint64_t offset, const void *bytes, uint64_t n_bytes,
                             uint32_t future, weft_error *err);
/* Writes to a buffer now, or by a job (*out, else NULL) when work that waits names the buffer. What WebGPU forbids is told
 * by `problem`, and nothing is written. */
WEFT_MUST_CHECK weft_status cpu_write(cpu_buffer *b, uint64_t offset, const void *bytes, uint64_t n_bytes,
                                      cpu_job **out, weft_error *problem, weft_error *err);
weft_status cpu_map_start(void *device, weft_id id, uint64_t offset, uint64_t n_bytes, uint32_t future,
                          weft_error *err);
weft_status cpu_map_read(void *device, weft_id id, uint64_t offset, void *destination, uint64_t n_bytes,
                         weft_error *err);
void cpu_map_finish(void *device, weft_id id);
void cpu_release(void *device, const weft_id *ids, uint32_t n);
uint32_t cpu_object_count(void *device);
/* What only calls may do to the object of a record that is about to be reported. */
void cpu_object_finish(cpu_device *d, cpu_record *r);

/* ---- pipeline.c -------------------------------------------------------------------------------------------------- */

weft_status cpu_module_create(void *device, weft_id id, const char *wgsl, size_t n_bytes, uint32_t future,
                              weft_error *err);
weft_status cpu_layout_create(void *device, weft_id id, const uint32_t *entries, uint32_t n, weft_error *err);
weft_status cpu_pipeline_create(void *device, weft_id id, weft_id module, const char *entry, const weft_id *layouts,
                                uint32_t n_layouts, uint32_t immediate_bytes, const char *constants,
                                const double *values, uint32_t n_constants, bool background, uint32_t future,
                                weft_error *err);
/* Makes the program of a pipeline and its places; on failure the pipeline has failed and `record` says why. */
void cpu_compile_run(const cpu_device *d, const cpu_compile *c, cpu_record *record);
void cpu_compile_free(cpu_compile *c);

/* ---- stream.c ---------------------------------------------------------------------------------------------------- */

weft_status cpu_submit(void *device, const uint32_t *words, size_t n_words, weft_error *err);

/* ---- record.c: records, completions ------------------------------------------------------------------------------ */

cpu_record *cpu_record_create(uint32_t future); /* NULL: out of memory */
void cpu_record_free(cpu_record *r);
/* The first failure counts. */
void cpu_record_fail(cpu_record *r, weft_status status, const char *text);
/* Consumes the record (NULL is fine): poll reports it. Without success nobody hears of an uncaptured one. */
void cpu_record_settle(cpu_device *d, cpu_record *r);
void cpu_record_settle_locked(cpu_device *d, cpu_record *r);
void cpu_records_init(cpu_records *list);
void cpu_records_free(cpu_records *list);
uint32_t cpu_poll(void *device, weft_completion *out, uint32_t capacity);
size_t cpu_completion_text(void *device, uint32_t future, char *out, size_t capacity);

/* ---- work.c: jobs, the worker, the crew -------------------------------------------------------------------------- */

cpu_job *cpu_job_create(cpu_job_kind kind); /* NULL: out of memory */
void cpu_job_free(cpu_job *job);            /* with its record; NULL is fine */
void cpu_jobs_free(cpu_job *first);         /* it and those behind it */
/* Retains `object` until the job is done. */
WEFT_MUST_CHECK weft_status cpu_job_hold(cpu_job *job, cpu_object *object, weft_error *err);
/* Gives a job (consumed) to the worker. */
void cpu_job_start(cpu_device *d, cpu_job *job);
/* Stops the work under way and drops what waits; its records fail with `status` and `text` (static). WEFT_LOST ends everything,
 * else writes of the host and compilations go on. */
void cpu_work_stop(cpu_device *d, weft_status status, const char *text);
/* Work where there is no worker, for about `seconds`. */
void cpu_work_here(cpu_device *d, double seconds);
void cpu_wait(void *device, double seconds);
/* The lock, the conditions and the worker; helpers come with the first dispatch that is worth it. */
void cpu_crew_start(cpu_device *d);
/* Stops and ends all threads, drops all jobs; nobody is told. */
void cpu_crew_free(cpu_device *d);

#endif
