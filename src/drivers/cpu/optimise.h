/* The loops of code that is lowered: optimise.c moves code out of them, allocate.c keeps registers through them. */
#ifndef WEFT_DRIVERS_CPU_OPTIMISE_H
#define WEFT_DRIVERS_CPU_OPTIMISE_H

#include "drivers/cpu/lower.h"

typedef struct cpu_loop {
  uint32_t head, back, parent; /* instructions: the label, the jump back to it; the loop around it, 0: none */
} cpu_loop;

typedef struct cpu_loops {
  cpu_loop *items; /* owned; the first one is the whole code */
  uint32_t n;
  uint32_t *of_insn; /* owned; the innermost loop of each instruction */
} cpu_loops;

bool cpu_loops_find(cpu_lower *L, cpu_loops *out); /* false: memory ended; cpu_loops_free all the same */
void cpu_loops_free(cpu_loops *loops);
bool cpu_loop_holds(const cpu_loops *loops, uint32_t outer, uint32_t inner);
bool cpu_has_effect(const cpu_insn *insn); /* more than its results */

#endif
