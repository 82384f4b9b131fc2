/* What the operations of the virtual machine see of a running step. Private to vm*.c, which are compiled once for each
 * instruction set: CPU_SUFFIX tells them apart.
 *
 *   masks:   level 0: the lanes that run    level 1: those in the `if`    level 2: …       `level` is the innermost
 *   range:   [begin, end) of each level, multiples of CPU_CHUNK: no lane outside it is active, operations skip them
 *
 * An operation takes its instruction and gives the next one; NULL ends the step. Rows of a mask hold 0 or ~0. */
#ifndef WEFT_DRIVERS_CPU_VM_H
#define WEFT_DRIVERS_CPU_VM_H

#include "drivers/cpu/bytecode.h"
#include "drivers/cpu/lanes.h"

typedef enum cpu_state { CPU_NONE, CPU_SOME, CPU_ALL } cpu_state;

typedef struct cpu_level {
  uint32_t begin, end;
  uint8_t state; /* cpu_state */
  bool stale;    /* lanes were dropped since state and range were worked out */
} cpu_level;

typedef struct cpu_memory {
  uint8_t *bytes;
  uint32_t n_bytes;
  bool apart; /* each workgroup of the step has its own: bytes + vm->group_bytes[lane] */
} cpu_memory;

typedef struct cpu_vm {
  uint32_t *file;
  const cpu_insn *code;
  const cpu_memory *memories;
  uint32_t *masks; /* level * stride */
  cpu_level *levels;
  const uint32_t *group_bytes; /* a lane's offset into memories that are apart */
  uint32_t *spare;             /* a row for what an operation needs in between */
  uint32_t stride, n_lanes, subgroup_size;
  uint32_t level, begin, end; /* of the innermost mask, as levels[level] has it */
  uint8_t state;
  uintptr_t loaded[8]; /* where the rows of loads began last, by place in the code */
} cpu_vm;

typedef const cpu_insn *cpu_operation(cpu_vm *vm, const cpu_insn *i);

#define CPU_RUN(name) CPU_MATH_JOIN(cpu_run_##name, CPU_SUFFIX)

/* Those that are not made of an expression alone. */
#define CPU_UNARY(name, out, in, expr)
#define CPU_BINARY(name, out, in, expr)
#define CPU_TERNARY(name, out, in, expr)
#define CPU_OTHER(name, flags) cpu_operation CPU_RUN(name);
#include "drivers/cpu/bytecode.def"
#undef CPU_UNARY
#undef CPU_BINARY
#undef CPU_TERNARY
#undef CPU_OTHER

/* The operations by number, one table for each instruction set of this build. */
#define CPU_TABLE CPU_MATH_JOIN(cpu_table, CPU_SUFFIX)
extern cpu_operation *const CPU_TABLE[CPU_OP_COUNT];

/* The lanes of the range from its begin, a multiple of CPU_CHUNK, which spares compilers the rest loop. */
static inline uint32_t cpu_range(const cpu_vm *vm) { return (vm->end - vm->begin) & ~(uint32_t)(CPU_CHUNK - 1); }

/* A level where all are active has no row of its own: that of level 0 is read. */
static inline const uint32_t *cpu_mask(const cpu_vm *vm) {
  return vm->masks + (vm->state == CPU_ALL ? 0 : (size_t)vm->level * vm->stride);
}

/* The end of the lanes that are there, for what must not be done to others. */
static inline uint32_t cpu_end(const cpu_vm *vm) { return vm->end < vm->n_lanes ? vm->end : vm->n_lanes; }

#endif
