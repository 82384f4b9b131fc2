/* Subgroup operations (WGSL 17.12, 17.13): each subgroup is `subgroup_size` neighbouring lanes of a workgroup; only the
 * active ones take part. Compiled once for each instruction set. `count` of the instruction is a cpu_subgroup_*. */
#include <string.h>

#include "drivers/cpu/subgroup.h"
#include "drivers/cpu/vm.h"

static uint32_t half(float f) { /* f16 arithmetic rounds after each step */
  CPU_MATH(quantizeToF16)(&f, &f, 1);
  return bits_of(f);
}

static uint32_t combine(uint32_t how, uint32_t a, uint32_t b) {
  switch (how) {
    case CPU_SUBGROUP_ADD:
      return a + b;
    case CPU_SUBGROUP_ADD_F:
      return bits_of(float_of(a) + float_of(b));
    case CPU_SUBGROUP_ADD_H:
      return half(float_of(a) + float_of(b));
    case CPU_SUBGROUP_MUL:
      return a * b;
    case CPU_SUBGROUP_MUL_F:
      return bits_of(float_of(a) * float_of(b));
    case CPU_SUBGROUP_MUL_H:
      return half(float_of(a) * float_of(b));
    case CPU_SUBGROUP_MIN_F:
      return float_of(b) < float_of(a) ? b : a;
    case CPU_SUBGROUP_MAX_F:
      return float_of(a) < float_of(b) ? b : a;
    case CPU_SUBGROUP_MIN_I:
      return (int32_t)b < (int32_t)a ? b : a;
    case CPU_SUBGROUP_MAX_I:
      return (int32_t)a < (int32_t)b ? b : a;
    case CPU_SUBGROUP_MIN_U:
      return b < a ? b : a;
    case CPU_SUBGROUP_MAX_U:
      return a < b ? b : a;
    case CPU_SUBGROUP_AND:
      return a & b;
    case CPU_SUBGROUP_OR:
      return a | b;
    default:
      return a ^ b;
  }
}

/* What a scan begins with, for sums and products. */
static uint32_t neutral(uint32_t how) {
  if (how == CPU_SUBGROUP_MUL) return 1;
  return how == CPU_SUBGROUP_MUL_F || how == CPU_SUBGROUP_MUL_H ? bits_of(1.0f) : 0;
}

/* Outside the range the row of the mask holds anything. */
#define ACTIVE(k) ((k) >= vm->begin && m[k])

/* Calls for each subgroup that the range touches: its lanes are [s, e). */
#define EACH_SUBGROUP(...)                                                                      \
  const uint32_t *m = cpu_mask(vm);                                                             \
  uint32_t size = vm->subgroup_size, stop = cpu_end(vm);                                        \
  for (uint32_t s = vm->begin / size * size, e; s < stop; s = e) {                              \
    e = s + size < stop ? s + size : stop;                                                      \
    __VA_ARGS__                                                                                 \
  }                                                                                             \
  return i + 1;

const cpu_insn *CPU_RUN(SUBGROUP_REDUCE)(cpu_vm *vm, const cpu_insn *i) {
  uint32_t *d = vm->file + i->r[0];
  const uint32_t *a = vm->file + i->r[1];
  EACH_SUBGROUP(bool any = false; uint32_t sum = 0;
                for (uint32_t k = s; k < e; k++) {
                  if (!ACTIVE(k)) continue;
                  sum = any ? combine(i->count, sum, a[k]) : a[k];
                  any = true;
                }
                for (uint32_t k = s; k < e; k++) d[k] = sum;)
}

/* scale 1: the lane itself counts */
const cpu_insn *CPU_RUN(SUBGROUP_SCAN)(cpu_vm *vm, const cpu_insn *i) {
  uint32_t *d = vm->file + i->r[0];
  const uint32_t *a = vm->file + i->r[1];
  EACH_SUBGROUP(uint32_t sum = neutral(i->count);
                for (uint32_t k = s; k < e; k++) {
                  if (!ACTIVE(k)) continue;
                  uint32_t with = combine(i->count, sum, a[k]);
                  d[k] = i->scale ? with : sum;
                  sum = with;
                })
}

/* The lane that lane k (of its subgroup) reads. */
static uint32_t source(uint32_t how, uint32_t k, uint32_t x) {
  switch (how) {
    case CPU_SHUFFLE_XOR:
      return k ^ x;
    case CPU_SHUFFLE_UP:
      return k - x;
    case CPU_SHUFFLE_DOWN:
      return k + x;
    case CPU_QUAD_BROADCAST:
      return (k & ~3u) | (x & 3);
    case CPU_QUAD_SWAP:
      return k ^ x;
    default:
      return x;
  }
}

/* A lane that is not there or not active: any value is allowed, one's own is taken. */
const cpu_insn *CPU_RUN(SUBGROUP_SHUFFLE)(cpu_vm *vm, const cpu_insn *i) {
  uint32_t *d = vm->file + i->r[0], taken[128];
  const uint32_t *a = vm->file + i->r[1], *x = vm->file + i->r[2];
  uint32_t step = i->bits & CPU_BIT_LAST ? 0 : 1;
  EACH_SUBGROUP(uint32_t first = s; while (first < e && !ACTIVE(first)) first++;
                for (uint32_t k = s; k < e; k++) {
                  uint32_t from = i->count == CPU_SHUFFLE_FIRST ? first - s : source(i->count, k - s, x[step * k]);
                  bool there = from < e - s && ACTIVE(s + from);
                  taken[k - s] = a[there ? s + from : k];
                }
                memcpy(d + s, taken, (e - s) * sizeof *d);)
}

/* r0 … r3: a bit for each active lane whose r4 holds */
const cpu_insn *CPU_RUN(SUBGROUP_BALLOT)(cpu_vm *vm, const cpu_insn *i) {
  const uint32_t *a = vm->file + i->r[4];
  EACH_SUBGROUP(uint32_t bits[4] = {0};
                for (uint32_t k = s; k < e; k++)
                  if (ACTIVE(k) && a[k]) bits[(k - s) / 32] |= 1u << (k - s) % 32;
                for (uint32_t w = 0; w < 4; w++)
                  for (uint32_t k = s; k < e; k++) vm->file[i->r[w] + k] = bits[w];)
}

const cpu_insn *CPU_RUN(SUBGROUP_ELECT)(cpu_vm *vm, const cpu_insn *i) {
  uint32_t *d = vm->file + i->r[0];
  EACH_SUBGROUP(bool found = false;
                for (uint32_t k = s; k < e; k++) {
                  d[k] = ACTIVE(k) && !found ? ~0u : 0;
                  found = found || ACTIVE(k);
                })
}
