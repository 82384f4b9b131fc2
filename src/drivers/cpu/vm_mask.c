/* Control flow: jumps for what all lanes do, masks for what some do. Compiled once for each instruction set.
 *
 *   if (c) {A} else {B}       MASK_IF c -> E · A · E: MASK_ELSE c -> P · B · P: MASK_POP
 *   loop {… if (c) {break;}}  MASK_PUSH · L: … MASK_IF c · MASK_DROP · MASK_POP -> X · JUMP_BACK L · X: MASK_POP
 *
 * `level` says which mask an instruction makes current. MASK_DROP takes the active lanes out of the levels from `count`
 * to the current one; whoever pops back to one of those looks anew who is left, and when nobody is, jumps to the end of
 * that level's region (`target`), so that no code runs for nobody. */
#include <string.h>

#include "drivers/cpu/vm.h"

/* Makes `level` current: its row is as it should be, whose lanes lie in [begin, end). */
static bool enter(cpu_vm *vm, uint32_t level, uint32_t begin, uint32_t end) {
  uint32_t *row = vm->masks + (size_t)level * vm->stride;
  cpu_level *l = &vm->levels[level];
  uint32_t first = end, last = begin;
  for (uint32_t c = begin; c < end; c += CPU_CHUNK) {
    uint32_t any = 0;
    CPU_LANES for (uint32_t k = 0; k < CPU_CHUNK; k++) any |= row[c + k];
    if (!any) continue;
    if (first == end) first = c;
    last = c + CPU_CHUNK;
  }
  l->begin = vm->begin = first < last ? first : begin;
  l->end = vm->end = first < last ? last : begin;
  l->state = vm->state = first < last ? CPU_SOME : CPU_NONE;
  l->stale = false;
  vm->level = level;
  return first < last;
}

static const cpu_insn *next(const cpu_vm *vm, const cpu_insn *i, bool any) {
  return any ? i + 1 : vm->code + i->target;
}

/* Makes `level` current, whose lanes are those of the level above. */
static bool enter_whole(cpu_vm *vm, uint32_t level) {
  const cpu_level *l = &vm->levels[level - 1];
  vm->levels[level] = *l;
  vm->level = level;
  vm->begin = l->begin;
  vm->end = l->end;
  vm->state = l->state;
  return l->state != CPU_NONE;
}

/* The row of a level, to be read. */
static const uint32_t *row_of(const cpu_vm *vm, uint32_t level) {
  return vm->masks + (vm->levels[level].state == CPU_ALL ? 0 : (size_t)level * vm->stride);
}

/* level = (level - 1) & (condition ^ flip); the condition is of the whole file's lanes */
static const cpu_insn *narrow(cpu_vm *vm, const cpu_insn *i, const uint32_t *condition, uint32_t flip) {
  const cpu_level *outer = &vm->levels[i->level - 1];
  uint32_t begin = outer->begin, n = (outer->end - begin) & ~(uint32_t)(CPU_CHUNK - 1), lost = 0;
  uint32_t *row = vm->masks + (size_t)i->level * vm->stride + begin;
  const uint32_t *above = row_of(vm, i->level - 1u) + begin;
  condition += begin;
  CPU_LANES for (uint32_t k = 0; k < n; k++) {
    row[k] = above[k] & (condition[k] ^ flip);
    lost |= row[k] ^ above[k];
  }
  if (lost || outer->stale) return next(vm, i, enter(vm, i->level, begin, begin + n));
  return next(vm, i, enter_whole(vm, i->level));
}

const cpu_insn *CPU_RUN(MASK_IF)(cpu_vm *vm, const cpu_insn *i) { return narrow(vm, i, vm->file + i->r[0], 0); }
const cpu_insn *CPU_RUN(MASK_ELSE)(cpu_vm *vm, const cpu_insn *i) { return narrow(vm, i, vm->file + i->r[0], ~0u); }

/* Most steps of `if (id.x < n)` are inside as a whole, which the first and the last lane tell. */
const cpu_insn *CPU_RUN(MASK_IF_BELOW)(cpu_vm *vm, const cpu_insn *i) {
  uint32_t start = vm->file[i->r[0]], bound = vm->file[i->r[1]], flip = i->bits & CPU_BIT_VALUE ? ~0u : 0;
  uint32_t first = start + vm->begin, n = cpu_end(vm) - vm->begin;
  if (vm->state == CPU_ALL && first < bound && n - 1 < bound - first) {
    if (!flip) return next(vm, i, enter_whole(vm, i->level));
    vm->levels[i->level] = (cpu_level){.begin = vm->begin, .end = vm->begin, .state = CPU_NONE};
    vm->level = i->level;
    vm->end = vm->begin;
    vm->state = CPU_NONE;
    return vm->code + i->target;
  }
  CPU_LANES for (uint32_t k = vm->begin; k < vm->end; k++) vm->spare[k] = start + k < bound ? ~0u : 0;
  return narrow(vm, i, vm->spare, flip);
}

/* level = level - 1, whoever is active there now */
const cpu_insn *CPU_RUN(MASK_PUSH)(cpu_vm *vm, const cpu_insn *i) {
  const cpu_level *outer = &vm->levels[i->level - 1];
  uint32_t begin = outer->begin, n = (outer->end - begin) & ~(uint32_t)(CPU_CHUNK - 1);
  uint32_t *row = vm->masks + (size_t)i->level * vm->stride + begin;
  const uint32_t *above = row_of(vm, i->level - 1u) + begin;
  if (outer->state == CPU_ALL) return next(vm, i, enter_whole(vm, i->level));
  CPU_LANES for (uint32_t k = 0; k < n; k++) row[k] = above[k];
  if (outer->stale) return next(vm, i, enter(vm, i->level, begin, begin + n));
  return next(vm, i, enter_whole(vm, i->level));
}

const cpu_insn *CPU_RUN(MASK_JOIN)(cpu_vm *vm, const cpu_insn *i) { return CPU_RUN(MASK_PUSH)(vm, i); }

const cpu_insn *CPU_RUN(MASK_POP)(cpu_vm *vm, const cpu_insn *i) {
  cpu_level *l = &vm->levels[i->level];
  if (l->stale) return next(vm, i, enter(vm, i->level, l->begin, l->end));
  vm->level = i->level;
  vm->begin = l->begin;
  vm->end = l->end;
  vm->state = l->state;
  return next(vm, i, l->state != CPU_NONE);
}

/* Takes lanes out of the levels from i->count to the current one: those active (keep NULL), or those not in `keep`. */
static void drop(cpu_vm *vm, const cpu_insn *i, const uint32_t *keep) {
  const uint32_t *active = cpu_mask(vm) + vm->begin;
  uint32_t n = cpu_range(vm);
  for (uint32_t level = i->count; level <= vm->level; level++) {
    uint32_t *row = vm->masks + (size_t)level * vm->stride + vm->begin;
    cpu_level *l = &vm->levels[level];
    if (l->state == CPU_ALL) memcpy(row - vm->begin + l->begin, vm->masks + l->begin, (l->end - l->begin) * sizeof *row);
    if (l->state == CPU_ALL) l->state = CPU_SOME;
    l->stale = true;
    if (keep) {
      CPU_LANES for (uint32_t k = 0; k < n; k++) row[k] &= ~active[k] | keep[k];
    } else {
      CPU_LANES for (uint32_t k = 0; k < n; k++) row[k] &= ~active[k];
    }
  }
}

const cpu_insn *CPU_RUN(MASK_DROP)(cpu_vm *vm, const cpu_insn *i) {
  drop(vm, i, NULL);
  vm->levels[vm->level].state = vm->state = CPU_NONE;
  vm->levels[vm->level].end = vm->end = vm->begin;
  return vm->code + i->target;
}

/* Drops the lanes whose condition does not hold, from the levels i->count to the current one. */
static const cpu_insn *test(cpu_vm *vm, const cpu_insn *i, const uint32_t *keep) {
  const uint32_t *active = cpu_mask(vm) + vm->begin;
  uint32_t n = cpu_range(vm), lost = 0;
  keep += vm->begin;
  CPU_LANES for (uint32_t k = 0; k < n; k++) lost |= active[k] & ~keep[k];
  if (!lost) return i + 1;
  drop(vm, i, keep);
  return next(vm, i, enter(vm, vm->level, vm->begin, vm->end));
}

const cpu_insn *CPU_RUN(MASK_TEST)(cpu_vm *vm, const cpu_insn *i) { return test(vm, i, vm->file + i->r[0]); }

const cpu_insn *CPU_RUN(MASK_TEST_BELOW)(cpu_vm *vm, const cpu_insn *i) {
  uint32_t start = vm->file[i->r[0]], bound = vm->file[i->r[1]], first = start + vm->begin;
  if (first < bound && cpu_end(vm) - vm->begin - 1 < bound - first) return i + 1;
  CPU_LANES for (uint32_t k = vm->begin; k < vm->end; k++) vm->spare[k] = start + k < bound ? ~0u : 0;
  return test(vm, i, vm->spare);
}

const cpu_insn *CPU_RUN(FIRST_ACTIVE)(cpu_vm *vm, const cpu_insn *i) {
  const uint32_t *m = cpu_mask(vm);
  uint32_t k = vm->begin;
  while (k < vm->end && !m[k]) k++;
  vm->file[i->r[0]] = k < vm->end ? vm->file[i->r[1] + k] : 0;
  return i + 1;
}

/* ---- jumps ------------------------------------------------------------------------------------------------------- */

const cpu_insn *CPU_RUN(JUMP)(cpu_vm *vm, const cpu_insn *i) { return vm->code + i->target; }

const cpu_insn *CPU_RUN(JUMP_BACK)(cpu_vm *vm, const cpu_insn *i) { return vm->code + i->target; }

const cpu_insn *CPU_RUN(JUMP_BACK_IF)(cpu_vm *vm, const cpu_insn *i) {
  return vm->file[i->r[0]] ? vm->code + i->target : i + 1;
}

const cpu_insn *CPU_RUN(JUMP_IF)(cpu_vm *vm, const cpu_insn *i) {
  return vm->file[i->r[0]] ? vm->code + i->target : i + 1;
}

const cpu_insn *CPU_RUN(JUMP_UNLESS)(cpu_vm *vm, const cpu_insn *i) {
  return vm->file[i->r[0]] ? i + 1 : vm->code + i->target;
}

const cpu_insn *CPU_RUN(LABEL)(cpu_vm *vm, const cpu_insn *i) {
  (void)vm;
  return i + 1; /* none is left in a program */
}

const cpu_insn *CPU_RUN(EXIT)(cpu_vm *vm, const cpu_insn *i) {
  (void)vm, (void)i;
  return NULL;
}
