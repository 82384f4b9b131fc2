/* Runs a program: for each step prepares the registers that builtin values live in and lets the instructions run.
 * Chooses the instruction set once. A step is one workgroup, or several small ones side by side:
 *
 *   lanes:   [workgroup 7: 0 1 … 63][workgroup 8: 0 1 … 63] …        n_together at most, neighbours along x
 *
 * Scratch is one block: file, masks, levels, a lane's offset of workgroup memory, a spare row, that memory. */
#include "drivers/cpu/vm.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/checked.h"
#include "base/error.h"

/* ---- instruction sets -------------------------------------------------------------------------------------------- */

extern cpu_operation *const cpu_table[CPU_OP_COUNT];
#ifdef __x86_64__
extern cpu_operation *const cpu_table_avx2[CPU_OP_COUNT], *const cpu_table_avx512[CPU_OP_COUNT];
#endif

/* The best of what the machine has; WEFT_CPU_ISA=avx2 or =none holds it to less, for comparisons. */
static cpu_operation *const *best_table(void) {
#ifdef __x86_64__
  const char *most = getenv("WEFT_CPU_ISA");
  bool any = !most || !*most, avx2 = any || !strcmp(most, "avx2");
  __builtin_cpu_init();
  avx2 = avx2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  if (any && avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    return cpu_table_avx512;
  if (avx2) return cpu_table_avx2;
#endif
  return cpu_table;
}

const char *cpu_program_instructions(void) {
#ifdef __x86_64__
  cpu_operation *const *table = best_table();
  if (table == cpu_table_avx512) return "AVX-512";
  if (table == cpu_table_avx2) return "AVX2";
#endif
  return "";
}

void cpu_fold(cpu_insn insn, uint32_t *file) {
  cpu_vm vm = {.file = file};
  cpu_table[insn.op](&vm, &insn);
}

/* ---- scratch ----------------------------------------------------------------------------------------------------- */

struct cpu_scratch {
  uint8_t *block; /* owned */
  size_t n_bytes;
};

cpu_scratch *cpu_scratch_create(void) { return weft__alloc_zero(1, sizeof(cpu_scratch)); }

void cpu_scratch_destroy(cpu_scratch *scratch) {
  if (!scratch) return;
  weft__free(scratch->block);
  weft__free(scratch);
}

/* Takes n bytes off the block; while there is none yet, only counts. */
static void *take(uint8_t *block, size_t *used, uint64_t n_bytes) {
  void *p = block ? block + *used : NULL;
  *used += (size_t)weft__round_up(n_bytes, 64);
  return p;
}

typedef struct runner {
  cpu_vm vm;
  const cpu_program *program;
  cpu_memory *memories;
  uint32_t *group_bytes;
  uint8_t *workgroup_memory;
  uint32_t lanes_ready; /* that level 0 was filled for */
} runner;

static size_t lay_out(runner *r, uint8_t *block) {
  const cpu_program *p = r->program;
  size_t used = 0;
  uint64_t row = (uint64_t)p->stride * sizeof(uint32_t);
  r->vm.file = take(block, &used, p->n_scalars * sizeof(uint32_t) + p->n_rows * row);
  r->vm.masks = take(block, &used, (p->n_levels + 1) * row);
  r->vm.levels = take(block, &used, (p->n_levels + 1) * sizeof(cpu_level));
  r->group_bytes = take(block, &used, row);
  r->vm.spare = take(block, &used, row);
  r->memories = take(block, &used, (p->n_slots + 2) * sizeof(cpu_memory));
  r->workgroup_memory = take(block, &used, (uint64_t)p->workgroup_bytes * p->n_together);
  return used;
}

static bool scratch_hold(cpu_scratch *scratch, size_t n_bytes) {
  if (scratch->n_bytes >= n_bytes) return true;
  uint8_t *block = weft__alloc(n_bytes + 64);
  if (!block) return false;
  weft__free(scratch->block);
  scratch->block = block;
  scratch->n_bytes = n_bytes;
  return true;
}

/* ---- registers before a step ------------------------------------------------------------------------------------- */

static uint32_t *preset(const runner *r, cpu_preset which) {
  uint32_t at = r->program->presets[which];
  return at == CPU_NO_REGISTER ? NULL : r->vm.file + at;
}

/* What is the same in every step. */
static void fill_rows(runner *r, const uint32_t groups[3]) {
  const uint32_t *size = r->program->workgroup_size;
  uint32_t *x = preset(r, CPU_LOCAL_X), *y = preset(r, CPU_LOCAL_Y), *z = preset(r, CPU_LOCAL_Z);
  uint32_t *index = preset(r, CPU_LOCAL_INDEX), *lane = preset(r, CPU_LANE), *group = preset(r, CPU_GROUP_LANE);
  uint32_t n = r->program->n_lanes;
  for (uint32_t k = 0; k < r->program->stride; k++) {
    uint32_t i = k % n, g = k / n;
    if (x) x[k] = i % size[0];
    if (y) y[k] = i / size[0] % size[1];
    if (z) z[k] = i / size[0] / size[1];
    if (index) index[k] = i;
    if (lane) lane[k] = k;
    if (group) group[k] = g;
    r->group_bytes[k] = g < r->program->n_together ? g * r->program->workgroup_bytes : 0;
  }
  for (int axis = 0; axis < 3; axis++) {
    uint32_t *to = preset(r, (cpu_preset)(CPU_GROUPS_X + axis));
    if (to) *to = groups[axis];
  }
}

/* The id of workgroup `at`. */
static void fill_group(runner *r, const uint32_t groups[3], uint64_t at) {
  uint64_t id[3] = {at % groups[0], at / groups[0] % groups[1], at / groups[0] / groups[1]};
  for (int axis = 0; axis < 3; axis++) {
    uint32_t *to = preset(r, (cpu_preset)(CPU_GROUP_X + axis));
    if (to) *to = (uint32_t)id[axis];
  }
}

/* Level 0: the first n lanes. */
static void fill_lanes(runner *r, uint32_t n) {
  cpu_vm *vm = &r->vm;
  if (r->lanes_ready != n)
    for (uint32_t k = 0; k < vm->stride; k++) vm->masks[k] = k < n ? ~0u : 0;
  r->lanes_ready = n;
  vm->n_lanes = n;
}

static void start_level(cpu_vm *vm) {
  vm->level = vm->begin = 0;
  vm->end = (uint32_t)weft__round_up(vm->n_lanes, CPU_CHUNK);
  vm->state = CPU_ALL;
  vm->levels[0] = (cpu_level){.end = vm->end, .state = CPU_ALL};
}

static void bind(runner *r, const cpu_run *run) {
  const cpu_program *p = r->program;
  for (uint32_t s = 0; s < p->n_slots; s++) {
    uint64_t n = weft__min_u64(run->spans[s].n_bytes, UINT32_MAX & ~3u);
    r->memories[s] = (cpu_memory){.bytes = run->spans[s].bytes, .n_bytes = (uint32_t)n};
  }
  r->memories[p->n_slots] = (cpu_memory){.bytes = (uint8_t *)run->immediates, .n_bytes = p->immediate_bytes};
  r->memories[p->n_slots + 1] =
      (cpu_memory){.bytes = r->workgroup_memory, .n_bytes = p->workgroup_bytes, .apart = p->n_together > 1};
}

/* Runs the code once. False: `stop` ended it; one instruction takes microseconds, so a few are let through. */
static bool step(runner *r, cpu_operation *const *table, const cpu_run *run) {
  enum { PATIENCE = 256 };
  for (const cpu_insn *i = r->program->code;;) {
    for (uint32_t n = 0; i && n < PATIENCE; n++) i = table[i->op](&r->vm, i);
    if (run->ask) run->ask(run->data);
    if (run->stop && atomic_load_explicit(run->stop, memory_order_relaxed)) return false;
    if (!i) return true;
  }
}

weft_status cpu_program_run(const cpu_program *program, const cpu_run *run, cpu_scratch *scratch, weft_error *err) {
  runner r = {.program = program};
  size_t n_bytes = lay_out(&r, NULL);
  if (!scratch_hold(scratch, n_bytes)) return weft__fail_memory(err);
  lay_out(&r, scratch->block + (64 - (uintptr_t)scratch->block % 64) % 64);
  r.vm.code = program->code;
  r.vm.memories = r.memories;
  r.vm.stride = program->stride;
  r.vm.group_bytes = r.group_bytes;
  r.vm.subgroup_size = program->subgroup_size;
  memcpy(r.vm.file, program->constants, program->n_constants * sizeof(uint32_t));
  fill_rows(&r, run->groups);
  bind(&r, run);
  cpu_operation *const *table = best_table();
  for (uint64_t done = 0; done < run->count;) {
    uint64_t first = run->first + done, n = weft__min_u64(run->count - done, program->n_together);
    n = weft__min_u64(n, run->groups[0] - first % run->groups[0]);
    fill_group(&r, run->groups, first);
    fill_lanes(&r, (uint32_t)n * program->n_lanes);
    start_level(&r.vm);
    if (program->workgroup_bytes) memset(r.workgroup_memory, 0, (size_t)program->workgroup_bytes * n);
    if (!step(&r, table, run)) break;
    done += n;
  }
  return WEFT_OK;
}

/* ---- programs ---------------------------------------------------------------------------------------------------- */

uint32_t cpu_program_slots(const cpu_program *program, const cpu_slot **out) {
  *out = program->slots;
  return program->n_slots;
}

const uint32_t *cpu_program_workgroup_size(const cpu_program *program) { return program->workgroup_size; }

void cpu_program_destroy(cpu_program *program) {
  if (!program) return;
  weft__free(program->code);
  weft__free(program->constants);
  weft__free(program->slots);
  weft__free(program);
}
