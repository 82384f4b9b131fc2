/* Passes over the finished code, on virtual registers (lower.h):
 *
 *   1. what does not change in a loop moves before it, as far out as its operands allow
 *   2. a temporary that is only copied into a variable becomes the variable; a product that is only added is fused
 *   3. what nobody reads is dropped, also jumps to the next instruction and code that no jump reaches
 *
 *   loops:   0 (no loop)  <-parent-  1 [head, back]  <-parent-  2 [head, back]      of_insn: the innermost of each
 * instruction
 *
 * Loops are nested, as WGSL's statements are. Only instructions without effects move, and they cannot fail, so that a
 * loop of no iteration loses time alone. */
#include "drivers/cpu/optimise.h"

#include <string.h>

#include "base/alloc.h"

/* ---- what instructions do ---------------------------------------------------------------------------------------- */

enum { PURE = 1, READS = 2, LOADS = 4, WRITES = 8, CONTROL = 16, NONE = 0 };

static unsigned flags_of(uint32_t op) {
  static const uint8_t others[CPU_OP_COUNT] = {
#define CPU_UNARY(name, out, in, expr) [CPU_##name] = PURE, [CPU_##name##_S] = PURE,
#define CPU_BINARY(name, out, in, expr) \
  [CPU_##name] = PURE, [CPU_##name##_SV] = PURE, [CPU_##name##_VS] = PURE, [CPU_##name##_SS] = PURE,
#define CPU_TERNARY(name, out, in, expr)                                                                          \
  [CPU_##name] = PURE, [CPU_##name##_SVV] = PURE, [CPU_##name##_VSV] = PURE, [CPU_##name##_SSV] = PURE,           \
  [CPU_##name##_VVS] = PURE, [CPU_##name##_SVS] = PURE, [CPU_##name##_VSS] = PURE, [CPU_##name##_SSS] = PURE,
#define CPU_OTHER(name, flags) [CPU_##name] = (flags),
#include "drivers/cpu/bytecode.def"
#define X(name, n_defs, n_uses) [CPU_##name] = PURE,
      CPU_LIBRARY(X)
#undef X
  };
  return others[op];
}

bool cpu_has_effect(const cpu_insn *insn) { return !(flags_of(insn->op) & (PURE | READS | LOADS)); }

static bool ends_block(const cpu_insn *insn) { return flags_of(insn->op) & CONTROL; }

/* Registers that lie side by side are one when it comes to who writes them. */
static cpu_reg leader(const cpu_lower *L, cpu_reg r) { return L->regs[r].n_group ? L->regs[r].group : r; }

/* ---- loops ------------------------------------------------------------------------------------------------------- */

bool cpu_loops_find(cpu_lower *L, cpu_loops *out) {
  uint32_t *labels = weft__alloc_zero(L->n_labels + 1, sizeof *labels);
  uint32_t capacity = 0;
  *out = (cpu_loops){.of_insn = weft__alloc_zero(L->n_code + 1, sizeof *out->of_insn)};
  bool ok = labels && out->of_insn && weft__grow(&out->items, &capacity, 1, sizeof *out->items);
  if (ok) out->items[out->n++] = (cpu_loop){.head = 0, .back = L->n_code};
  for (uint32_t i = 0; ok && i < L->n_code; i++) {
    const cpu_insn *insn = &L->code[i];
    if (insn->op == CPU_LABEL) labels[insn->target] = i;
    if (insn->op != CPU_JUMP_BACK && insn->op != CPU_JUMP_BACK_IF) continue;
    ok = weft__grow(&out->items, &capacity, out->n + 1, sizeof *out->items);
    if (ok) out->items[out->n++] = (cpu_loop){.head = labels[insn->target], .back = i};
  }
  /* Inner loops end first, so they come first: outer ones are told to what has none yet. */
  for (uint32_t l = 1; ok && l < out->n; l++) {
    for (uint32_t i = out->items[l].head; i <= out->items[l].back;) {
      uint32_t inner = out->of_insn[i];
      if (!inner) {
        out->of_insn[i++] = l;
        continue;
      }
      while (out->items[inner].parent) inner = out->items[inner].parent;
      out->items[inner].parent = l;
      i = out->items[inner].back + 1;
    }
  }
  weft__free(labels);
  return ok;
}

void cpu_loops_free(cpu_loops *loops) {
  weft__free(loops->items);
  weft__free(loops->of_insn);
}

bool cpu_loop_holds(const cpu_loops *loops, uint32_t outer, uint32_t inner) {
  const cpu_loop *o = &loops->items[outer], *i = &loops->items[inner];
  return o->head <= i->head && i->back <= o->back;
}

/* ---- 1. out of loops --------------------------------------------------------------------------------------------- */

typedef struct hoister {
  cpu_lower *L;
  cpu_loops loops;
  uint32_t *home;   /* temporaries: the loop their instruction is in, once it has moved */
  uint32_t *before; /* instructions: the loop they move before; 0: none */
  weft__map written; /* (register, loop) */
  bool *stores;      /* by loop: memory is written in it */
} hoister;

typedef struct written_key {
  uint32_t r, loop;
} written_key;

static bool note_writes(hoister *h) {
  for (uint32_t i = 0; i < h->L->n_code; i++) {
    const cpu_insn *insn = &h->L->code[i];
    uint32_t n = insn->op == CPU_INDEX_STORE ? 1 : insn->n_defs;
    for (uint32_t l = h->loops.of_insn[i]; l; l = h->loops.items[l].parent) {
      if (flags_of(insn->op) & WRITES && insn->op != CPU_INDEX_STORE) h->stores[l] = true;
      for (uint32_t d = 0; d < n; d++) {
        written_key key = {leader(h->L, insn->r[d]), l};
        if (h->L->regs[key.r].kind == CPU_REG_VAR && !weft__map_put(&h->written, &key, sizeof key, h)) return false;
      }
    }
  }
  return true;
}

/* The innermost of loop `l` and those around it that writes what the instruction needs. */
static uint32_t bound_by(const hoister *h, const cpu_insn *insn, uint32_t l) {
  for (; l; l = h->loops.items[l].parent) {
    if (flags_of(insn->op) & LOADS && h->stores[l] && !cpu_memory_is_constant(h->L, insn->target)) return l;
    for (uint32_t u = 0; u < insn->n_uses; u++) {
      cpu_reg r = insn->r[insn->n_defs + u];
      const cpu_vreg *v = &h->L->regs[r];
      written_key key = {leader(h->L, r), l};
      if (v->kind == CPU_REG_VAR && weft__map_get(&h->written, &key, sizeof key)) return l;
      if (v->kind == CPU_REG_TEMP && (v->n_group || cpu_loop_holds(&h->loops, l, h->home[r]))) return l;
    }
  }
  return 0;
}

static bool may_move(const hoister *h, const cpu_insn *insn) {
  if (cpu_has_effect(insn) || !insn->n_defs) return false;
  for (uint32_t d = 0; d < insn->n_defs; d++)
    if (h->L->regs[insn->r[d]].kind != CPU_REG_TEMP || h->L->regs[insn->r[d]].n_group) return false;
  return true;
}

/* The loop around `l` whose parent is `outer`. */
static uint32_t child_of(const cpu_loops *loops, uint32_t l, uint32_t outer) {
  while (loops->items[l].parent != outer) l = loops->items[l].parent;
  return l;
}

static void choose_homes(hoister *h) {
  for (uint32_t i = 0; i < h->L->n_code; i++) {
    const cpu_insn *insn = &h->L->code[i];
    uint32_t l = h->loops.of_insn[i], to = l;
    if (l && may_move(h, insn)) to = bound_by(h, insn, l);
    for (uint32_t d = 0; d < insn->n_defs; d++) h->home[insn->r[d]] = to;
    if (to != l) h->before[i] = child_of(&h->loops, l, to);
  }
}

/* The code in its new order. */
static void reorder(const hoister *h, cpu_insn *out, uint32_t *heads) {
  cpu_lower *L = h->L;
  uint32_t n = 0;
  for (uint32_t l = 1; l < h->loops.n; l++) heads[h->loops.items[l].head] = l;
  for (uint32_t i = 0; i < L->n_code; i++) {
    for (uint32_t l = heads[i], k = i; l && k <= h->loops.items[l].back; k++)
      if (h->before[k] == l) out[n++] = L->code[k];
    if (!h->before[i]) out[n++] = L->code[i];
  }
  memcpy(L->code, out, n * sizeof *out);
}

static bool hoist(cpu_lower *L) {
  hoister h = {.L = L};
  bool ok = cpu_loops_find(L, &h.loops);
  if (ok && h.loops.n > 1) {
    cpu_insn *out = weft__alloc(L->n_code * sizeof *out);
    uint32_t *heads = weft__alloc_zero(L->n_code + 1, sizeof *heads);
    h.home = weft__alloc_zero(L->n_regs, sizeof *h.home);
    h.before = weft__alloc_zero(L->n_code, sizeof *h.before);
    h.stores = weft__alloc_zero(h.loops.n, sizeof *h.stores);
    ok = out && heads && h.home && h.before && h.stores && note_writes(&h);
    if (ok) {
      choose_homes(&h);
      reorder(&h, out, heads);
    }
    weft__free(out);
    weft__free(heads);
  }
  weft__free(h.home);
  weft__free(h.before);
  weft__free(h.stores);
  weft__map_free(&h.written);
  cpu_loops_free(&h.loops);
  return ok;
}

/* ---- 2. copies and products -------------------------------------------------------------------------------------- */

enum { LOOK_BACK = 64 }; /* instructions: bounds the time */

static bool reads(const cpu_lower *L, const cpu_insn *insn, cpu_reg r) {
  for (uint32_t u = 0; u < insn->n_uses; u++)
    if (leader(L, insn->r[insn->n_defs + u]) == leader(L, r)) return true;
  return false;
}

static bool writes(const cpu_lower *L, const cpu_insn *insn, cpu_reg r) {
  uint32_t n = insn->op == CPU_INDEX_STORE ? 1 : insn->n_defs;
  for (uint32_t d = 0; d < n; d++)
    if (leader(L, insn->r[d]) == leader(L, r)) return true;
  return false;
}

/* The instruction before `at`, in its block, that makes the temporary r; L->n_code: none near. */
static uint32_t maker(const cpu_lower *L, uint32_t at, cpu_reg r) {
  if (L->regs[r].kind != CPU_REG_TEMP || L->regs[r].n_group) return L->n_code;
  for (uint32_t i = at; i-- > 0 && at - i < LOOK_BACK && !ends_block(&L->code[i]);)
    if (writes(L, &L->code[i], r)) return i;
  return L->n_code;
}

static bool is_move(const cpu_insn *insn) { return insn->op == CPU_MOVE; }

static void nothing(cpu_insn *insn) { *insn = (cpu_insn){.op = CPU_LABEL, .target = UINT32_MAX}; }

/* v = t, where t is only for that: whoever makes t makes v. */
static void coalesce(cpu_lower *L, uint32_t at, const uint32_t *n_uses) {
  cpu_insn *move = &L->code[at];
  cpu_reg v = move->r[0], t = move->r[1];
  uint32_t from = n_uses[t] == 1 && cpu_is_row(L, v) == cpu_is_row(L, t) ? maker(L, at, t) : L->n_code;
  if (L->regs[v].kind != CPU_REG_VAR || from == L->n_code) return;
  for (uint32_t i = from + 1; i < at; i++)
    if (reads(L, &L->code[i], v) || writes(L, &L->code[i], v)) return;
  if (writes(L, &L->code[from], v)) return;
  for (uint32_t d = 0; d < L->code[from].n_defs; d++)
    if (L->code[from].r[d] == t) L->code[from].r[d] = v;
  nothing(move);
}

/* One of the fused operations: sum says which operand of the sum the product is. */
static const struct {
  uint16_t sum, place, fused;
} fusions[] = {{CPU_ADD_F, 0, CPU_MUL_ADD_F}, {CPU_ADD_F, 1, CPU_MUL_ADD_F},
               {CPU_SUB_F, 0, CPU_MUL_SUB_F}, {CPU_SUB_F, 1, CPU_SUB_MUL_F}};

static void fuse(cpu_lower *L, uint32_t at, const uint32_t *n_uses) {
  cpu_insn *sum = &L->code[at];
  for (size_t f = 0; f < sizeof fusions / sizeof *fusions; f++) {
    if (sum->op < fusions[f].sum || sum->op > fusions[f].sum + 3) continue;
    cpu_reg product = sum->r[1 + fusions[f].place], other = sum->r[2 - fusions[f].place];
    uint32_t from = n_uses[product] == 1 ? maker(L, at, product) : L->n_code;
    if (from == L->n_code || L->code[from].op < CPU_MUL_F || L->code[from].op > CPU_MUL_F + 3) continue;
    cpu_reg a = L->code[from].r[1], b = L->code[from].r[2];
    bool same = true;
    for (uint32_t i = from + 1; i < at; i++) same = same && !writes(L, &L->code[i], a) && !writes(L, &L->code[i], b);
    if (!same) continue;
    unsigned mixture = (cpu_is_row(L, a) ? 0 : 1) + (cpu_is_row(L, b) ? 0 : 2) + (cpu_is_row(L, other) ? 0 : 4);
    sum->op = (uint16_t)(fusions[f].fused + mixture);
    sum->n_uses = 3;
    sum->r[1] = a;
    sum->r[2] = b;
    sum->r[3] = other;
    nothing(&L->code[from]);
    return;
  }
}

/* ---- 3. what nobody needs ---------------------------------------------------------------------------------------- */

static void count_uses(const cpu_lower *L, uint32_t *n_uses) {
  memset(n_uses, 0, L->n_regs * sizeof *n_uses);
  for (uint32_t i = 0; i < L->n_code; i++) {
    const cpu_insn *insn = &L->code[i];
    uint32_t n = insn->op == CPU_MOVE_MASKED ? 1 : insn->n_uses;
    for (uint32_t u = 0; u < n; u++) n_uses[leader(L, insn->r[insn->n_defs + u])]++;
  }
}

static bool is_needed(const cpu_lower *L, const cpu_insn *insn, const uint32_t *n_uses) {
  if (insn->op == CPU_INDEX_STORE) return n_uses[leader(L, insn->r[0])] > 1; /* itself names the group */
  if (cpu_has_effect(insn) && insn->op != CPU_MOVE_MASKED) return true;
  for (uint32_t d = 0; d < insn->n_defs; d++)
    if (n_uses[leader(L, insn->r[d])]) return true;
  return false;
}

/* From the end, so that what made an unused value for another is seen after it. */
static bool drop_unused(cpu_lower *L, uint32_t *n_uses) {
  bool any = false;
  count_uses(L, n_uses);
  for (uint32_t i = L->n_code; i-- > 0;) {
    cpu_insn *insn = &L->code[i];
    if (insn->op == CPU_LABEL || is_needed(L, insn, n_uses)) continue;
    uint32_t n = insn->op == CPU_MOVE_MASKED ? 1 : insn->n_uses;
    for (uint32_t u = 0; u < n; u++) n_uses[leader(L, insn->r[insn->n_defs + u])]--;
    nothing(insn);
    any = true;
  }
  return any;
}

/* Jumps to what follows, and what follows a jump up to the next label. */
static void tidy(cpu_lower *L) {
  uint32_t n = 0;
  bool reached = true;
  for (uint32_t i = 0; i < L->n_code; i++) {
    const cpu_insn *insn = &L->code[i];
    if (insn->op == CPU_LABEL && insn->target == UINT32_MAX) continue;
    if (insn->op == CPU_LABEL) reached = true;
    if (!reached) continue;
    if (insn->op == CPU_JUMP) {
      uint32_t k = i + 1;
      while (k < L->n_code && L->code[k].op == CPU_LABEL && L->code[k].target != insn->target) k++;
      if (k < L->n_code && L->code[k].op == CPU_LABEL) continue;
    }
    reached = insn->op != CPU_JUMP && insn->op != CPU_JUMP_BACK && insn->op != CPU_MASK_DROP;
    L->code[n++] = *insn;
  }
  L->n_code = n;
}

void cpu_optimise(cpu_lower *L) {
  uint32_t *n_uses = weft__alloc((L->n_regs + 1) * sizeof *n_uses);
  if (!n_uses) {
    cpu_fail(L, WEFT_MEMORY, NULL);
    return;
  }
  tidy(L);
  drop_unused(L, n_uses);
  tidy(L);
  if (!hoist(L)) cpu_fail(L, WEFT_MEMORY, NULL);
  count_uses(L, n_uses);
  for (uint32_t i = 0; i < L->n_code && L->status == WEFT_OK; i++) {
    fuse(L, i, n_uses);
    if (is_move(&L->code[i])) coalesce(L, i, n_uses);
  }
  for (int again = 0; again < 8 && drop_unused(L, n_uses); again++) tidy(L);
  tidy(L);
  weft__free(n_uses);
}
