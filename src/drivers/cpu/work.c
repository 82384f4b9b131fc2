/* Jobs and who runs them (picture in internal.h).
 *
 *   worker    one thread: takes jobs in order
 *   compiler  another, started with the first COMPILE; without it they are jobs like any
 *   helpers   threads that take shares of a dispatch large enough; started with the first such
 *   nobody    where there are no threads: the calls that poll or wait run jobs in slices of time
 *
 * A job is taken off the queue while it runs; one whose slice of time is over goes back to its head. */
#include <string.h>

#include "base/alloc.h"
#include "base/checked.h"
#include "base/clock.h"
#include "base/error.h"
#include "drivers/cpu/internal.h"

/* ---- jobs -------------------------------------------------------------------------------------------------------- */

cpu_job *cpu_job_create(cpu_job_kind kind) {
  cpu_job *job = weft__alloc_zero(1, sizeof *job);
  if (job) job->kind = kind;
  return job;
}

static void let_go(cpu_object *object) {
  if (object->kind == WEFT__KIND_BUFFER)
    atomic_fetch_sub_explicit(&((cpu_buffer *)object)->pending, 1, memory_order_release);
  cpu_object_release(object);
}

void cpu_job_free(cpu_job *job) {
  if (!job) return;
  for (uint32_t i = 0; i < job->n_held; i++) let_go(job->held[i]);
  cpu_record_free(job->record);
  cpu_compile_free(&job->compile);
  weft__free(job->held);
  weft__free(job->commands);
  weft__free(job->spans);
  weft__free(job->words);
  weft__free(job);
}

void cpu_jobs_free(cpu_job *first) {
  while (first) {
    cpu_job *job = first;
    first = job->next;
    cpu_job_free(job);
  }
}

weft_status cpu_job_hold(cpu_job *job, cpu_object *object, weft_error *err) {
  enum { LOOK_BACK = 6 }; /* a list of calls names the same few objects again and again */
  for (uint32_t i = job->n_held; i-- > 0 && i + LOOK_BACK >= job->n_held;)
    if (job->held[i] == object) return WEFT_OK;
  if (!weft__grow(&job->held, &job->held_capacity, job->n_held + 1, sizeof *job->held)) return weft__fail_memory(err);
  job->held[job->n_held++] = object;
  cpu_object_retain(object);
  if (object->kind == WEFT__KIND_BUFFER)
    atomic_fetch_add_explicit(&((cpu_buffer *)object)->pending, 1, memory_order_relaxed);
  return WEFT_OK;
}

/* ---- asking the host, where nobody else can stop the work ----------------------------------------------------------- */

static void ask_host(void *device) {
  cpu_device *d = device;
  const weft_cpu_options *options = &d->driver->options;
  if (d->halted || !options->interrupted(options->data)) return;
  d->halted = true;
  atomic_store_explicit(&d->stop, true, memory_order_relaxed);
}

/* ---- one dispatch ------------------------------------------------------------------------------------------------ */

/* Runs one share of at most `share` workgroups. False: there is none left, or the rest is not to be run. */
static bool take_share(cpu_device *d, cpu_dispatch *s, cpu_scratch *scratch, uint64_t share) {
  cpu_run run = s->run;
  weft_error problem;
  run.first = atomic_fetch_add_explicit(&s->next, share, memory_order_relaxed);
  if (run.first >= s->n_groups) return false;
  run.count = weft__min_u64(share, s->n_groups - run.first);
  if (scratch ? !cpu_program_run(s->program, &run, scratch, &problem) : !weft__fail_memory(&problem))
    return !atomic_load_explicit(&d->stop, memory_order_relaxed);
  weft__lock_enter(&d->lock);
  if (!s->problem.code) s->problem = problem;
  weft__lock_leave(&d->lock);
  atomic_store_explicit(&s->next, s->n_groups, memory_order_relaxed);
  return false;
}

/* Where there are no threads: until it is later than `deadline`. */
static void take_shares_until(cpu_device *d, cpu_dispatch *s, double deadline) {
  double began = weft__clock();
  for (uint64_t share = 1; take_share(d, s, d->scratch, share);) {
    double now = weft__clock();
    if (now >= deadline) return;
    if (now - began < 1e-3) share *= 2; /* so the clock is not looked at more often than needed */
    began = now;
  }
}

static void helper_main(void *argument) {
  cpu_device *d = argument;
  cpu_scratch *scratch = cpu_scratch_create();
  uint64_t seen = 0;
  weft__lock_enter(&d->lock);
  for (;;) {
    while (!d->closing && (!d->dispatch || d->n_dispatches == seen)) weft__condition_wait(&d->call_helpers, &d->lock);
    if (d->closing) break;
    seen = d->n_dispatches;
    cpu_dispatch *s = d->dispatch;
    d->n_busy++;
    weft__lock_leave(&d->lock);
    while (scratch && take_share(d, s, scratch, s->share)) continue;
    weft__lock_enter(&d->lock);
    if (--d->n_busy == 0) weft__condition_wake_all(&d->changed);
  }
  weft__lock_leave(&d->lock);
  cpu_scratch_destroy(scratch);
}

/* Has all threads take shares of the dispatch, none of less than `least`; this one too. */
static void share_out(cpu_device *d, cpu_dispatch *s, uint64_t least) {
  enum { SHARES_EACH = 8 };
  uint32_t wanted = d->n_threads - 1;
  if (!d->helpers && (d->helpers = weft__alloc_zero(wanted, sizeof *d->helpers)))
    while (d->n_helpers < wanted && weft__thread_start(&d->helpers[d->n_helpers], helper_main, d)) d->n_helpers++;
  s->share = weft__max_u64(s->n_groups / (SHARES_EACH * d->n_threads), least);
  weft__lock_enter(&d->lock);
  d->dispatch = s;
  d->n_dispatches++;
  weft__condition_wake_all(&d->call_helpers);
  weft__lock_leave(&d->lock);
  while (take_share(d, s, d->scratch, s->share)) continue;
  weft__lock_enter(&d->lock);
  d->dispatch = NULL; /* who has not come yet comes too late */
  while (d->n_busy) weft__condition_wait(&d->changed, &d->lock);
  weft__lock_leave(&d->lock);
}

/* Runs a first share alone: what it takes tells whether the rest is worth waking a thread for. */
static void run_threaded(cpu_device *d, cpu_dispatch *s) {
  enum { LANES = 1024 }; /* what a program runs in one step costs little more than a part of that */
  const double worth = 40e-6;
  const uint32_t *size = cpu_program_workgroup_size(s->program);
  uint64_t first = weft__max_u64(LANES / (size[0] * size[1] * size[2]), 1);
  if (d->n_threads > 1 && s->n_groups > first) {
    double began = weft__clock();
    if (!take_share(d, s, d->scratch, first)) return;
    if ((weft__clock() - began) * (double)(s->n_groups - first) > worth * (double)first) {
      share_out(d, s, first);
      return;
    }
  }
  while (take_share(d, s, d->scratch, s->n_groups)) continue;
}

/* Runs what is left of the dispatch `c` of a job. False: the slice of time is over. */
static bool run_dispatch(cpu_device *d, cpu_job *job, const cpu_command *c, double deadline, weft_error *problem) {
  cpu_dispatch s = {
      .program = c->pipeline->program,
      .run = {.spans = job->spans + c->first_span,
              .immediates = (const uint8_t *)(job->words + c->first_word),
              .stop = &d->stop},
      .n_groups = (uint64_t)c->groups[0] * c->groups[1] * c->groups[2],
      .run.ask = deadline > 0 && d->driver->options.interrupted ? ask_host : NULL,
      .run.data = d,
  };
  memcpy(s.run.groups, c->groups, sizeof c->groups);
  atomic_init(&s.next, job->at_group);
  if (!d->scratch) d->scratch = cpu_scratch_create();
  if (deadline > 0) take_shares_until(d, &s, deadline);
  else run_threaded(d, &s);
  *problem = s.problem;
  job->at_group = atomic_load_explicit(&s.next, memory_order_relaxed);
  return job->at_group >= s.n_groups || atomic_load_explicit(&d->stop, memory_order_relaxed);
}

/* ---- one job ----------------------------------------------------------------------------------------------------- */

static bool run_commands(cpu_device *d, cpu_job *job, double deadline) {
  for (; job->at < job->n_commands; job->at++) {
    const cpu_command *c = &job->commands[job->at];
    weft_error problem = {0};
    if (atomic_load_explicit(&d->stop, memory_order_relaxed)) return true;
    switch (c->kind) {
      case CPU_COMMAND_DISPATCH:
        if (!run_dispatch(d, job, c, deadline, &problem)) return false;
        job->at_group = 0;
        if (!problem.code) break;
        cpu_record_fail(job->record, problem.code, problem.message);
        return true;
      case CPU_COMMAND_COPY: memcpy(c->destination, c->source, (size_t)c->n_bytes); break;
      case CPU_COMMAND_CLEAR: memset(c->destination, 0, (size_t)c->n_bytes); break;
      case CPU_COMMAND_TIMESTAMP: *(uint64_t *)c->destination = (uint64_t)(weft__clock() * 1e9); break;
    }
  }
  return true;
}

/* False: the slice of time is over, and the job is not. */
static bool run_job(cpu_device *d, cpu_job *job, double deadline) {
  switch (job->kind) {
    case CPU_JOB_WRITE:
    case CPU_JOB_BLOCK: return run_commands(d, job, deadline);
    case CPU_JOB_COMPILE: cpu_compile_run(d, &job->compile, job->record); return true;
    case CPU_JOB_MAP: return true;
  }
  return true;
}

/* Says of a job that it was stopped; uncaptured errors are those of mistakes. */
static void tell_stopped(const cpu_device *d, cpu_record *r) {
  if (r && r->future != WEFT_FUTURE_UNCAPTURED) cpu_record_fail(r, d->stop_status, d->stop_text);
}

/* Whether a job goes on after an interruption: writes of the host are kept, and so is what is being compiled. */
static bool survives(const cpu_device *d, cpu_job_kind kind) {
  return d->stop_status != WEFT_LOST && (kind == CPU_JOB_WRITE || kind == CPU_JOB_COMPILE);
}

static void put(cpu_queue *q, cpu_job *job) {
  job->next = NULL;
  *q->end = job;
  q->end = &job->next;
}

static void put_back(cpu_queue *q, cpu_job *job) {
  job->next = q->first;
  q->first = job;
  if (!job->next) q->end = &job->next;
}

static cpu_job *take(cpu_queue *q) {
  cpu_job *job = q->first;
  if (!job) return NULL;
  q->first = job->next;
  if (!q->first) q->end = &q->first;
  return job;
}

/* Takes the first job and runs it; under the lock, which is left meanwhile. What the job held is let go of before anybody
 * is told that it is done. */
static void run_next(cpu_device *d, double deadline) {
  cpu_job *job = d->has_compiler ? NULL : take(&d->compiles);
  if (!job) job = take(&d->jobs);
  d->working = true;
  weft__lock_leave(&d->lock);
  bool done = (run_job(d, job, deadline) || atomic_load_explicit(&d->stop, memory_order_relaxed)) && !d->halted;
  cpu_record *record = job->record;
  cpu_job_kind kind = job->kind;
  if (done) {
    job->record = NULL;
    cpu_job_free(job);
  }
  weft__lock_enter(&d->lock);
  d->working = false;
  if (!done) {
    put_back(kind == CPU_JOB_COMPILE ? &d->compiles : &d->jobs, job);
    if (d->halted) atomic_store_explicit(&d->stop, false, memory_order_relaxed);
    return;
  }
  if (atomic_load_explicit(&d->stop, memory_order_relaxed) && !survives(d, kind)) tell_stopped(d, record);
  if (!d->closing) atomic_store_explicit(&d->stop, false, memory_order_relaxed);
  cpu_record_settle_locked(d, record);
  weft__condition_wake_all(&d->changed);
}

/* Whether there is a job that run_next would take. */
static bool has_next(const cpu_device *d) { return d->jobs.first || (d->compiles.first && !d->has_compiler); }

static void worker_main(void *argument) {
  cpu_device *d = argument;
  weft__lock_enter(&d->lock);
  for (;;) {
    while (!d->closing && !has_next(d)) weft__condition_wait(&d->changed, &d->lock);
    if (d->closing) break;
    run_next(d, 0);
  }
  weft__lock_leave(&d->lock);
}

static void compiler_main(void *argument) {
  cpu_device *d = argument;
  weft__lock_enter(&d->lock);
  for (;;) {
    while (!d->closing && !d->compiles.first) weft__condition_wait(&d->changed, &d->lock);
    if (d->closing) break;
    cpu_job *job = take(&d->compiles);
    d->compiling = true;
    weft__lock_leave(&d->lock);
    cpu_compile_run(d, &job->compile, job->record);
    cpu_record *record = job->record;
    job->record = NULL;
    cpu_job_free(job);
    weft__lock_enter(&d->lock);
    d->compiling = false;
    if (d->ended) tell_stopped(d, record);
    cpu_record_settle_locked(d, record);
    weft__condition_wake_all(&d->changed);
  }
  weft__lock_leave(&d->lock);
}

void cpu_job_start(cpu_device *d, cpu_job *job) {
  bool compile = job->kind == CPU_JOB_COMPILE;
  weft__lock_enter(&d->lock);
  if (compile && d->has_worker && !d->has_compiler)
    d->has_compiler = weft__thread_start(&d->compiler, compiler_main, d); /* it waits for the lock first */
  put(compile ? &d->compiles : &d->jobs, job);
  weft__condition_wake_all(&d->changed);
  weft__lock_leave(&d->lock);
}

void cpu_crew_start(cpu_device *d) {
  weft__lock_init(&d->lock);
  weft__condition_init(&d->changed);
  weft__condition_init(&d->call_helpers);
  atomic_init(&d->stop, false);
  atomic_init(&d->halted, false);
  d->jobs.end = &d->jobs.first;
  d->compiles.end = &d->compiles.first;
  if (d->n_threads) d->has_worker = weft__thread_start(&d->worker, worker_main, d);
}

/* ---- stopping and waiting ---------------------------------------------------------------------------------------- */

/* Moves what does not survive to the end of another queue. */
static void drop(const cpu_device *d, cpu_queue *q, cpu_queue *dropped) {
  cpu_queue all = *q;
  q->first = NULL;
  q->end = &q->first;
  if (!all.first) all.end = &all.first;
  for (cpu_job *job; (job = take(&all));) put(survives(d, job->kind) ? q : dropped, job);
}

void cpu_work_stop(cpu_device *d, weft_status status, const char *text) {
  cpu_queue dropped = {.end = &dropped.first};
  weft__lock_enter(&d->lock);
  d->stop_status = status;
  d->stop_text = text;
  d->halted = false;
  d->ended = status == WEFT_LOST;
  drop(d, &d->compiles, &dropped);
  drop(d, &d->jobs, &dropped);
  if (d->working) atomic_store_explicit(&d->stop, true, memory_order_relaxed);
#if !defined(__wasm__) /* there the work under way is below this call on the stack, and ends after it */
  while (d->working || (d->compiling && d->ended)) weft__condition_wait(&d->changed, &d->lock);
#endif
  for (cpu_job *job = dropped.first; job; job = job->next) {
    tell_stopped(d, job->record);
    cpu_record_settle_locked(d, job->record);
    job->record = NULL;
  }
  if (status == WEFT_LOST) /* what has been mapped and is not told of cannot be read any more */
    for (cpu_record *r = d->settled.first; r; r = r->next)
      if (r->mapping) cpu_record_fail(r, status, text);
  weft__lock_leave(&d->lock);
  cpu_jobs_free(dropped.first);
}

void cpu_work_here(cpu_device *d, double seconds) {
  double deadline = weft__clock() + seconds;
  weft__lock_enter(&d->lock);
  if (d->working) /* another thread is at it */
    weft__condition_wait_for(&d->changed, &d->lock, seconds);
  else
    while (has_next(d) && !d->halted && !d->settled.first && weft__clock() < deadline) run_next(d, deadline);
  weft__lock_leave(&d->lock);
}

void cpu_wait(void *device, double seconds) {
  cpu_device *d = device;
  if (!d->has_worker) {
    cpu_work_here(d, seconds);
    return;
  }
  double deadline = weft__clock() + seconds, left = seconds;
  weft__lock_enter(&d->lock);
  while (!d->settled.first && left > 0) {
    weft__condition_wait_for(&d->changed, &d->lock, left);
    left = deadline - weft__clock();
  }
  weft__lock_leave(&d->lock);
}

void cpu_crew_free(cpu_device *d) {
  weft__lock_enter(&d->lock);
  d->closing = true;
  d->stop_status = WEFT_LOST;
  d->stop_text = "";
  atomic_store_explicit(&d->stop, true, memory_order_relaxed);
  weft__condition_wake_all(&d->changed);
  weft__condition_wake_all(&d->call_helpers);
  weft__lock_leave(&d->lock);
  if (d->has_worker) weft__thread_join(&d->worker);
  if (d->has_compiler) weft__thread_join(&d->compiler);
  for (uint32_t i = 0; i < d->n_helpers; i++) weft__thread_join(&d->helpers[i]);
  weft__free(d->helpers);
  cpu_scratch_destroy(d->scratch);
  cpu_jobs_free(d->compiles.first);
  cpu_jobs_free(d->jobs.first);
  weft__condition_free(&d->changed);
  weft__condition_free(&d->call_helpers);
  weft__lock_free(&d->lock);
}
