/* A compute entry point made ready to run on the CPU: lower.c makes it, vm.c runs it, cpu.c (the driver) calls it.
 *
 *   wgsl_module --cpu_program_create--> cpu_program --cpu_program_run--> the bytes of the bound buffers
 *
 * A program is immutable once made: several threads may run it at once. */
#ifndef WEFT_DRIVERS_CPU_PROGRAM_H
#define WEFT_DRIVERS_CPU_PROGRAM_H

#include <stdatomic.h>

#include "base/status.h"
#include "wgsl/wgsl.h"

typedef struct cpu_program cpu_program;

typedef struct cpu_program_options {
  const wgsl_constant *constants; /* call only: values of overrides */
  uint32_t n_constants;
  uint32_t subgroup_size; /* a power of two from 4 to 128; 0: the default, 32 */
} cpu_program_options;

/* Makes `entry` of a valid module ready. The program retains nothing of the module: it may be destroyed.
 * WEFT_SHADER: a constant is missing or impossible (the message says which); WEFT_UNSUPPORTED: it uses what this device
 * lacks, such as textures, or is too large once its functions are inlined; WEFT_MEMORY. On failure *out is untouched. */
weft_status cpu_program_create(const wgsl_module *module, const wgsl_entry *entry, const cpu_program_options *options,
                               cpu_program **out, weft_error *err);
void cpu_program_destroy(cpu_program *program); /* NULL is fine */

/* The binding slots in the order that cpu_run.spans has: those of the entry's reflection. Borrowed from the program. */
typedef struct cpu_slot {
  uint32_t group, binding;
  uint32_t min_bytes;
  wgsl_space space;
} cpu_slot;

uint32_t cpu_program_slots(const cpu_program *program, const cpu_slot **out);
const uint32_t *cpu_program_workgroup_size(const cpu_program *program); /* three numbers */

/* The bytes bound to a slot; aligned to 16; nothing outside is read or written, whatever the program does. */
typedef struct cpu_span {
  uint8_t *bytes;
  uint64_t n_bytes; /* a multiple of 4, at least min_bytes */
} cpu_span;

typedef struct cpu_run {
  const cpu_span *spans;    /* one a slot */
  const uint8_t *immediates; /* the immediate block, as long as its type */
  uint32_t groups[3];       /* of the whole dispatch */
  uint64_t first, count;    /* the workgroups to run now, x fastest: threads take shares of one dispatch */
  const atomic_bool *stop;  /* polled at least every few ms: true ends the run early */
  void (*ask)(void *data);  /* NULL, or called before stop is polled: where no other thread can set it, this does */
  void *data;
} cpu_run;

/* What programs run on here: "AVX-512", "AVX2", "" for what the build takes for granted. */
const char *cpu_program_instructions(void);

/* Memory that a running thread needs (registers, workgroup memory); made once a thread, grows as programs need. */
typedef struct cpu_scratch cpu_scratch;
cpu_scratch *cpu_scratch_create(void); /* NULL: out of memory */
void cpu_scratch_destroy(cpu_scratch *scratch);

/* Runs the workgroups [first, first + count) on the calling thread. WEFT_OK also when `stop` ended it. */
weft_status cpu_program_run(const cpu_program *program, const cpu_run *run, cpu_scratch *scratch, weft_error *err);

#endif
