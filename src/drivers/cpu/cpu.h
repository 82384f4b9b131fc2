/* The CPU driver: a device that runs WGSL itself, in C. Used by src/python (the host) and the tests.
 *
 * Work runs in order in a thread of the device, and the workgroups of one dispatch are shared out among as many threads
 * as there are; where no thread can be had (WebAssembly), work runs in slices inside `poll` and `wait`. Work that is
 * under way can be stopped: by `interrupt`, `lose` and `close` of the table, and by `interrupted` below. */
#ifndef WEFT_DRIVERS_CPU_H
#define WEFT_DRIVERS_CPU_H

#include "core/driver.h"

typedef struct weft_cpu_options {
  /* Threads that run kernels; 0: the environment variable WEFT_THREADS, else one for each core. With 1 results are
   * bit-identical from run to run, also those of atomics on floats' bits and of races. */
  uint32_t n_threads;
  bool single; /* start no threads: work runs inside the calls, as in WebAssembly */
  /* Where there are no threads: asked every few milliseconds of work. After true no work is done until `interrupt` or `lose`
   * of the table, so the host has to ask for that. NULL: never. */
  bool (*interrupted)(void *data);
  void *data;
} weft_cpu_options;

/* Owned by the caller: give it back with weft_cpu_driver_destroy. options NULL: all default. WEFT_MEMORY. */
WEFT_MUST_CHECK weft_status weft_cpu_driver_create(const weft_cpu_options *options, const weft_driver **out,
                                                   weft_error *err);

/* All devices of the driver must be closed. NULL is fine. */
void weft_cpu_driver_destroy(const weft_driver *driver);

#endif
