/* Gives each virtual register its place in the file and each label its instruction.
 *
 * A row is needed from the first to the last instruction that names its register; where a loop holds one of the two but
 * not the other, through the whole loop, because the value must last from one iteration to the next. Rows are handed
 * out in the order of the code, the lowest free one first, so that the few in use at a time stay in the nearest cache.
 * Scalars are not worth sharing. */
#include <string.h>

#include "base/alloc.h"
#include "base/checked.h"
#include "base/error.h"
#include "drivers/cpu/optimise.h"

enum { NEVER = 0xffffffffu };

typedef struct allocator {
  cpu_lower *L;
  cpu_loops loops;
  uint32_t *first, *last;            /* by register; groups: of their first register */
  uint32_t *starts, *ends, *next_start, *next_end; /* lists of registers by instruction */
  uint32_t *place;                   /* rows: number; scalars: word */
  uint64_t *used;                    /* bits of rows */
  uint32_t n_rows, n_words;
} allocator;

static cpu_reg leader(const cpu_lower *L, cpu_reg r) { return L->regs[r].n_group ? L->regs[r].group : r; }

static void touch(allocator *a, cpu_reg r, uint32_t i) {
  r = leader(a->L, r);
  if (a->first[r] == NEVER) a->first[r] = i;
  a->last[r] = i;
}

/* The outermost loop that holds instruction i and not instruction other; 0: none. */
static uint32_t crossed(const cpu_loops *loops, uint32_t i, uint32_t other) {
  uint32_t outermost = 0;
  for (uint32_t l = loops->of_insn[i]; l; l = loops->items[l].parent)
    if (other < loops->items[l].head || other > loops->items[l].back) outermost = l;
  return outermost;
}

static void find_spans(allocator *a) {
  const cpu_lower *L = a->L;
  for (uint32_t r = 0; r < L->n_regs; r++) a->first[r] = NEVER;
  for (uint32_t i = 0; i < L->n_code; i++)
    for (uint32_t k = 0; k < (uint32_t)L->code[i].n_defs + L->code[i].n_uses; k++) touch(a, L->code[i].r[k], i);
  for (uint32_t i = 0; i <= L->n_code; i++) a->starts[i] = a->ends[i] = NEVER;
  for (cpu_reg r = 0; r < L->n_regs; r++) {
    if (a->first[r] == NEVER || !L->regs[r].row || L->regs[r].kind == CPU_REG_PRESET) continue;
    uint32_t in = crossed(&a->loops, a->first[r], a->last[r]), out = crossed(&a->loops, a->last[r], a->first[r]);
    if (in) a->first[r] = a->loops.items[in].head;
    if (out) a->last[r] = a->loops.items[out].back;
    uint32_t end = a->last[r] > a->first[r] ? a->last[r] : a->first[r] + 1;
    a->next_start[r] = a->starts[a->first[r]];
    a->starts[a->first[r]] = r;
    a->next_end[r] = a->ends[end];
    a->ends[end] = r;
  }
}

/* n rows side by side, the lowest that are free. False: memory ended. */
static bool take(allocator *a, uint32_t n, uint32_t *out) {
  uint32_t run = 0, at = 0;
  for (;; at++) {
    if (at / 64 >= a->n_words) {
      uint32_t capacity = a->n_words;
      if (!weft__grow(&a->used, &capacity, a->n_words + 1, sizeof *a->used)) return false;
      memset(a->used + a->n_words, 0, (capacity - a->n_words) * sizeof *a->used);
      a->n_words = capacity;
    }
    if (run == 0 && at % 64 == 0 && a->used[at / 64] == ~(uint64_t)0) {
      at += 63;
      continue;
    }
    run = a->used[at / 64] >> at % 64 & 1 ? 0 : run + 1;
    if (run == n) break;
  }
  *out = at + 1 - n;
  for (uint32_t k = *out; k <= at; k++) a->used[k / 64] |= (uint64_t)1 << k % 64;
  if (at + 1 > a->n_rows) a->n_rows = at + 1;
  return true;
}

static uint32_t size_of(const cpu_lower *L, cpu_reg r) { return L->regs[r].n_group ? L->regs[r].n_group : 1; }

static void give_back(allocator *a, uint32_t i) {
  for (cpu_reg r = a->ends[i]; r != NEVER; r = a->next_end[r])
    for (uint32_t k = 0; k < size_of(a->L, r); k++) {
      uint32_t row = a->place[r] + k;
      a->used[row / 64] &= ~((uint64_t)1 << row % 64);
    }
}

static bool hand_out(allocator *a, cpu_reg r) {
  uint32_t row;
  if (!take(a, size_of(a->L, r), &row)) return false;
  for (uint32_t k = 0; k < size_of(a->L, r); k++) a->place[r + k] = row + k;
  return true;
}

static bool place_rows(allocator *a) {
  const cpu_lower *L = a->L;
  for (cpu_reg r = 0; r < L->n_regs; r++)
    if (L->regs[r].kind == CPU_REG_PRESET && L->regs[r].row && !hand_out(a, r)) return false;
  for (uint32_t i = 0; i < L->n_code; i++) {
    /* Results may take the rows of operands that end here, but a load of several words reads its index to the end. */
    bool keeps = L->code[i].op == CPU_LOAD && L->code[i].n_defs > 1;
    if (!keeps) give_back(a, i);
    for (cpu_reg r = a->starts[i]; r != NEVER; r = a->next_start[r])
      if (!hand_out(a, r)) return false;
    if (keeps) give_back(a, i);
  }
  return true;
}

static void place_scalars(allocator *a, cpu_program *p) {
  const cpu_lower *L = a->L;
  uint32_t n = 0;
  for (cpu_reg r = 0; r < L->n_regs; r++) {
    if (L->regs[r].kind != CPU_REG_CONST || (a->first[leader(L, r)] == NEVER && r)) continue;
    p->constants[n] = L->regs[r].value;
    a->place[r] = n++;
  }
  p->n_constants = n;
  for (cpu_reg r = 0; r < L->n_regs; r++) {
    bool used = a->first[leader(L, r)] != NEVER || L->regs[r].kind == CPU_REG_PRESET;
    if (L->regs[r].kind != CPU_REG_CONST && !L->regs[r].row && used) a->place[r] = n++;
  }
  p->n_scalars = (uint32_t)weft__round_up(n, CPU_CHUNK);
}

/* Copies the code with places for registers and instructions for labels. */
static void encode(allocator *a, cpu_program *p, uint32_t *labels) {
  const cpu_lower *L = a->L;
  for (uint32_t i = 0; i < L->n_code; i++) {
    if (L->code[i].op == CPU_LABEL)
      labels[L->code[i].target] = p->n_code;
    else
      p->code[p->n_code++] = L->code[i];
  }
  for (uint32_t i = 0; i < p->n_code; i++) {
    cpu_insn *insn = &p->code[i];
    for (uint32_t k = 0; k < (uint32_t)insn->n_defs + insn->n_uses; k++) {
      cpu_reg r = insn->r[k];
      insn->r[k] = L->regs[r].row ? p->n_scalars + a->place[r] * p->stride : a->place[r];
    }
    if (insn->op >= CPU_JUMP && insn->op <= CPU_MASK_JOIN) insn->target = labels[insn->target];
  }
  for (int which = 0; which < CPU_PRESET_COUNT; which++) {
    cpu_reg r = L->presets[which];
    p->presets[which] = !r               ? CPU_NO_REGISTER
                        : L->regs[r].row ? p->n_scalars + a->place[r] * p->stride
                                         : a->place[r];
  }
}

/* As many workgroups together as let the rows stay in a second-level cache. */
static void choose_stride(const allocator *a, cpu_program *p) {
  enum { CACHE_BYTES = 192 * 1024 };
  uint64_t row_bytes = (uint64_t)(a->n_rows + 1) * sizeof(uint32_t) * p->n_lanes;
  while (p->n_together > 1 && row_bytes * p->n_together > CACHE_BYTES) p->n_together /= 2;
  p->stride = (uint32_t)weft__round_up((uint64_t)p->n_lanes * p->n_together, CPU_CHUNK);
}

weft_status cpu_allocate(cpu_lower *L, cpu_program *p, weft_error *err) {
  allocator a = {.L = L};
  size_t n = L->n_regs + 1, n_code = L->n_code + 1;
  uint32_t *labels = weft__alloc_zero(L->n_labels + 1, sizeof *labels);
  uint32_t *lists = weft__alloc_zero(5 * n + 2 * n_code, sizeof *lists);
  p->code = weft__alloc(n_code * sizeof *p->code);
  p->constants = weft__alloc(n * sizeof *p->constants);
  bool ok = cpu_loops_find(L, &a.loops) && labels && lists && p->code && p->constants;
  if (ok) {
    a.first = lists;
    a.last = lists + n;
    a.next_start = lists + 2 * n;
    a.next_end = lists + 3 * n;
    a.place = lists + 4 * n;
    a.starts = lists + 5 * n;
    a.ends = a.starts + n_code;
    find_spans(&a);
    place_scalars(&a, p);
    ok = place_rows(&a);
    choose_stride(&a, p);
  }
  uint64_t words = p->n_scalars + (uint64_t)a.n_rows * p->stride;
  if (ok) {
    p->n_rows = a.n_rows;
    if (words <= UINT32_MAX) encode(&a, p, labels);
  }
  weft__free(lists);
  weft__free(labels);
  weft__free(a.used);
  cpu_loops_free(&a.loops);
  if (!ok) return weft__fail_memory(err);
  if (words > UINT32_MAX)
    return weft__fail(err, WEFT_UNSUPPORTED, "the kernel needs %u rows of %u lanes, more than the CPU device has",
                      (unsigned)a.n_rows, (unsigned)p->stride);
  return WEFT_OK;
}
