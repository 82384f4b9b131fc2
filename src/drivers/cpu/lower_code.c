/* Instructions, registers, constants and labels while a program is lowered (lower.h).
 *
 * Three economies happen as instructions are made. Operations on constants are done at once, by the machine's own
 * functions. A copy of a variable is read through while the variable holds the same (version, epoch). An operation that
 * was done before on the same operands, on every way that leads here, is not done again (`known`, dropped branch by
 * branch). What then nobody reads, optimise.c drops. */
#include <string.h>

#include "base/alloc.h"
#include "drivers/cpu/lower.h"

/* ---- registers --------------------------------------------------------------------------------------------------- */

cpu_reg cpu_regs_new(cpu_lower *L, uint32_t n, cpu_reg_kind kind, bool row, bool group) {
  if (L->n_regs + (uint64_t)n > CPU_MAX_REGISTERS) {
    cpu_fail(L, WEFT_UNSUPPORTED, "the kernel needs more than %d registers", CPU_MAX_REGISTERS);
    return 0;
  }
  if (!weft__grow(&L->regs, &L->regs_capacity, L->n_regs + n, sizeof *L->regs)) {
    cpu_fail(L, WEFT_MEMORY, NULL);
    return 0;
  }
  cpu_reg first = L->n_regs;
  L->n_regs += n;
  for (uint32_t i = 0; i < n; i++)
    L->regs[first + i] = (cpu_vreg){.kind = (uint8_t)kind, .row = row, .group = first, .n_group = group ? n : 0};
  return first;
}

cpu_reg cpu_reg_new(cpu_lower *L, cpu_reg_kind kind, bool row) { return cpu_regs_new(L, 1, kind, row, false); }

bool cpu_is_constant(const cpu_lower *L, cpu_reg r) { return L->regs[r].kind == CPU_REG_CONST; }
bool cpu_is_row(const cpu_lower *L, cpu_reg r) { return L->regs[r].row; }

cpu_reg cpu_constant(cpu_lower *L, uint32_t word) {
  uintptr_t found = (uintptr_t)weft__map_get(&L->constants, &word, sizeof word);
  if (found) return (cpu_reg)(found - 1);
  cpu_reg r = cpu_reg_new(L, CPU_REG_CONST, false);
  if (L->status != WEFT_OK) return 0;
  L->regs[r].value = word;
  if (!weft__map_put(&L->constants, &word, sizeof word, (void *)((uintptr_t)r + 1))) cpu_fail(L, WEFT_MEMORY, NULL);
  return r;
}

cpu_reg cpu_constant_f(cpu_lower *L, float f) {
  uint32_t word;
  memcpy(&word, &f, sizeof word);
  return cpu_constant(L, word);
}

/* The register to read instead of a copy. */
static cpu_reg seen_through(const cpu_lower *L, cpu_reg r) {
  const cpu_vreg *v = &L->regs[r];
  bool holds = v->copy_epoch == L->epoch && v->copy_epoch && L->regs[v->copy_of].version == v->copy_version;
  return holds ? v->copy_of : r;
}

/* ---- instructions ------------------------------------------------------------------------------------------------ */

static void append(cpu_lower *L, const cpu_insn *insn) {
  cpu_insn **code = L->in_prologue ? &L->prologue : &L->code;
  uint32_t *n = L->in_prologue ? &L->n_prologue : &L->n_code;
  uint32_t *capacity = L->in_prologue ? &L->prologue_capacity : &L->code_capacity;
  if (L->status != WEFT_OK) return;
  if (*n >= CPU_MAX_CODE) {
    cpu_fail(L, WEFT_UNSUPPORTED, "the kernel comes to more than %d instructions, functions inlined at each call",
             CPU_MAX_CODE);
    return;
  }
  if (!weft__grow(code, capacity, *n + 1, sizeof **code)) {
    cpu_fail(L, WEFT_MEMORY, NULL);
    return;
  }
  (*code)[(*n)++] = *insn;
}

void cpu_emit(cpu_lower *L, cpu_insn insn) {
  insn.at = L->at;
  for (uint32_t u = 0; u < insn.n_uses; u++) insn.r[insn.n_defs + u] = seen_through(L, insn.r[insn.n_defs + u]);
  append(L, &insn);
  for (uint32_t d = 0; d < insn.n_defs; d++) L->regs[insn.r[d]].version++;
}

/* What makes two instructions give the same. */
typedef struct known_key {
  uint32_t op, target, offset, scale, count, bits, memory_version, epoch;
  uint32_t uses[CPU_MAX_OPERANDS], versions[CPU_MAX_OPERANDS];
} known_key;

static known_key key_of(const cpu_lower *L, const cpu_insn *insn, bool memory) {
  known_key key;
  memset(&key, 0, sizeof key);
  key.op = insn->op;
  key.target = insn->target;
  key.offset = insn->offset;
  key.scale = insn->scale;
  key.count = insn->count;
  key.bits = insn->bits | (uint32_t)insn->has_index << 16 | (uint32_t)insn->n_defs << 20;
  key.memory_version = memory ? L->memory_version : 0;
  key.epoch = memory ? L->epoch : 0;
  for (uint32_t u = 0; u < insn->n_uses; u++) {
    cpu_reg r = insn->r[insn->n_defs + u];
    key.uses[u] = r + 1;
    if (L->regs[r].kind != CPU_REG_VAR) continue;
    key.versions[u] = L->regs[r].version;
    key.epoch = L->epoch;
  }
  return key;
}

void cpu_emit_known(cpu_lower *L, cpu_insn insn, cpu_reg *out) {
  bool load = insn.op >= CPU_LOAD && insn.op <= CPU_LOAD_HALF_ONE;
  for (uint32_t u = 0; u < insn.n_uses; u++) insn.r[insn.n_defs + u] = seen_through(L, insn.r[insn.n_defs + u]);
  known_key key = key_of(L, &insn, load && !cpu_memory_is_constant(L, insn.target));
  const cpu_reg *before = weft__map_get(&L->known, &key, sizeof key);
  if (before) {
    memcpy(out, before, insn.n_defs * sizeof *out);
    return;
  }
  cpu_reg *results = cpu_new(L, insn.n_defs * sizeof *results);
  known_key *logged = cpu_new(L, sizeof *logged);
  for (uint32_t d = 0; d < insn.n_defs; d++) {
    insn.r[d] = cpu_reg_new(L, CPU_REG_TEMP, !(insn.bits & CPU_BIT_SCALAR));
    out[d] = insn.r[d];
    if (results) results[d] = insn.r[d];
  }
  cpu_emit(L, insn);
  if (!results || !logged || L->status != WEFT_OK) return;
  *logged = key;
  if (!weft__grow(&L->known_log, &L->known_capacity, L->n_known + 1, sizeof *L->known_log) ||
      !weft__map_put(&L->known, &key, sizeof key, results)) {
    cpu_fail(L, WEFT_MEMORY, NULL);
    return;
  }
  L->known_log[L->n_known++] = logged;
}

uint32_t cpu_known_mark(const cpu_lower *L) { return L->n_known; }

void cpu_known_forget(cpu_lower *L, uint32_t mark) {
  while (L->n_known > mark) weft__map_remove(&L->known, L->known_log[--L->n_known], sizeof(known_key));
}

/* ---- operations -------------------------------------------------------------------------------------------------- */

/* The mixture of rows and scalars that an operation's number is one of (bytecode.h). */
static uint16_t mixture(const cpu_lower *L, const cpu_reg *uses, uint32_t n) {
  uint16_t m = 0;
  for (uint32_t u = 0; u < n; u++)
    if (!cpu_is_row(L, uses[u])) m |= (uint16_t)(1 << u);
  return m;
}

static bool all_constant(const cpu_lower *L, const cpu_reg *uses, uint32_t n) {
  for (uint32_t u = 0; u < n; u++)
    if (!cpu_is_constant(L, uses[u])) return false;
  return true;
}

/* Does the operation now: its operands are constants. */
static void fold(cpu_lower *L, cpu_insn insn, cpu_reg *out) {
  uint32_t file[2 * CPU_MAX_OPERANDS] = {0};
  for (uint32_t k = 0; k < (uint32_t)insn.n_defs + insn.n_uses; k++) {
    if (k >= insn.n_defs) file[k] = L->regs[insn.r[k]].value;
    insn.r[k] = k;
  }
  cpu_fold(insn, file);
  for (uint32_t d = 0; d < insn.n_defs; d++) out[d] = cpu_constant(L, file[d]);
}

/* A row that rises by one from lane to lane still does when a scalar is added; how it compares with a scalar, two lanes
 * tell. m: the mixture of the uses. */
static void note_rising(cpu_lower *L, cpu_op op, const cpu_reg *uses, uint16_t m, cpu_reg out) {
  if (L->status != WEFT_OK || (m != 1 && m != 2)) return;
  cpu_reg row = uses[m == 1 ? 1 : 0], scalar = uses[m == 1 ? 0 : 1], start = L->regs[row].start;
  if (!L->regs[row].rises || L->regs[out].rises) return;
  if (op == CPU_ADD || (op == CPU_SUB && m == 2)) {
    cpu_reg sum = cpu_op2(L, op, start, scalar);
    if (L->regs[sum].kind == CPU_REG_VAR) return; /* it may hold something else later */
    L->regs[out].rises = true;
    L->regs[out].start = sum;
    return;
  }
  if (L->regs[scalar].kind == CPU_REG_VAR) return;
  L->regs[out].below = op == CPU_LT_U && m == 2;
  L->regs[out].not_below = op == CPU_LE_U && m == 1;
  L->regs[out].start = start;
  L->regs[out].bound = scalar;
}

static cpu_reg operation(cpu_lower *L, cpu_op op, uint32_t n, cpu_reg a, cpu_reg b, cpu_reg c) {
  cpu_reg uses[3] = {seen_through(L, a), seen_through(L, b), seen_through(L, c)}, out = 0;
  uint16_t m = mixture(L, uses, n), all = (uint16_t)((1 << n) - 1);
  cpu_insn insn = {.op = (uint16_t)(op + m),
                   .n_defs = 1,
                   .n_uses = (uint8_t)n,
                   .bits = m == all ? CPU_BIT_SCALAR : 0,
                   .r = {0, uses[0], uses[1], uses[2]}};
  if (L->status != WEFT_OK) return 0;
  if (all_constant(L, uses, n))
    fold(L, insn, &out);
  else
    cpu_emit_known(L, insn, &out);
  note_rising(L, op, uses, m, out);
  return out;
}

cpu_reg cpu_op1(cpu_lower *L, cpu_op op, cpu_reg a) { return operation(L, op, 1, a, 0, 0); }

/* Operations that leave an operand as it is, for integers and bools. */
static bool simplify(const cpu_lower *L, cpu_op op, cpu_reg a, cpu_reg b, cpu_reg *out) {
  bool ca = cpu_is_constant(L, a), cb = cpu_is_constant(L, b);
  uint32_t va = L->regs[a].value, vb = L->regs[b].value;
  switch (op) {
    case CPU_ADD:
    case CPU_OR:
    case CPU_XOR:
      if (ca && va == 0) return *out = b, true;
      return cb && vb == 0 && (*out = a, true);
    case CPU_SUB:
    case CPU_SHL:
    case CPU_SHR_U:
    case CPU_SHR_I:
      return cb && vb == 0 && (*out = a, true);
    case CPU_MUL:
      if (ca && va <= 1) return *out = va ? b : a, true;
      return cb && vb <= 1 && (*out = vb ? a : b, true);
    case CPU_DIV_U:
      return cb && vb == 1 && (*out = a, true);
    case CPU_AND:
      if (ca && va == ~0u) return *out = b, true;
      return cb && vb == ~0u && (*out = a, true);
    default:
      return false;
  }
}

cpu_reg cpu_op2(cpu_lower *L, cpu_op op, cpu_reg a, cpu_reg b) {
  cpu_reg out;
  if (simplify(L, op, a, b, &out)) return out;
  uint32_t vb = cpu_is_constant(L, b) ? L->regs[b].value : 0, va = cpu_is_constant(L, a) ? L->regs[a].value : 0;
  if (op == CPU_MUL && va && !(va & (va - 1))) return cpu_op2(L, CPU_MUL, b, a);
  if (vb && !(vb & (vb - 1)) && (op == CPU_MUL || op == CPU_DIV_U || op == CPU_REM_U)) { /* powers of two */
    if (op == CPU_REM_U) return cpu_op2(L, CPU_AND, a, cpu_constant(L, vb - 1));
    return cpu_op2(L, op == CPU_MUL ? CPU_SHL : CPU_SHR_U, a, cpu_constant(L, (uint32_t)__builtin_ctz(vb)));
  }
  return operation(L, op, 2, a, b, 0);
}

cpu_reg cpu_op3(cpu_lower *L, cpu_op op, cpu_reg a, cpu_reg b, cpu_reg c) {
  if (op == CPU_SELECT && cpu_is_constant(L, a)) return L->regs[a].value ? b : c;
  return operation(L, op, 3, a, b, c);
}

cpu_reg cpu_row(cpu_lower *L, cpu_reg r) {
  if (cpu_is_row(L, r)) return r;
  cpu_reg out = 0;
  cpu_emit_known(L, (cpu_insn){.op = CPU_MOVE, .n_defs = 1, .n_uses = 1, .bits = CPU_BIT_VALUE, .r = {0, r}}, &out);
  return out;
}

void cpu_library(cpu_lower *L, cpu_op op, uint32_t n_defs, cpu_reg *out, uint32_t n_uses, const cpu_reg *uses) {
  cpu_insn insn = {.op = (uint16_t)op, .n_defs = (uint8_t)n_defs, .n_uses = (uint8_t)n_uses, .bits = CPU_BIT_SCALAR};
  for (uint32_t u = 0; u < n_uses; u++)
    if (cpu_is_row(L, uses[u])) insn.bits = 0;
  for (uint32_t u = 0; u < n_uses; u++) insn.r[n_defs + u] = insn.bits ? uses[u] : cpu_row(L, uses[u]);
  if (all_constant(L, uses, n_uses) && L->status == WEFT_OK)
    fold(L, insn, out);
  else
    cpu_emit_known(L, insn, out);
}

/* ---- variables --------------------------------------------------------------------------------------------------- */

/* What a variable that rises from lane to lane holds, from its start. */
static cpu_reg risen(cpu_lower *L, cpu_reg start) {
  cpu_reg row = cpu_op2(L, CPU_ADD, cpu_preset_get(L, CPU_LANE), start);
  if (L->regs[row].rises || L->status != WEFT_OK) return row;
  L->regs[row].rises = true;
  L->regs[row].start = start;
  return row;
}

cpu_reg cpu_read(cpu_lower *L, cpu_reg variable) {
  if (L->status != WEFT_OK) return 0;
  cpu_reg t = cpu_reg_new(L, CPU_REG_TEMP, cpu_is_row(L, variable));
  cpu_insn insn = {.op = CPU_MOVE, .n_defs = 1, .n_uses = 1, .at = L->at, .r = {t, variable}};
  if (!cpu_is_row(L, variable)) insn.bits = CPU_BIT_SCALAR | CPU_BIT_VALUE;
  append(L, &insn);
  if (L->status != WEFT_OK) return 0;
  L->regs[t].copy_of = variable;
  L->regs[t].copy_version = L->regs[variable].version;
  L->regs[t].copy_epoch = L->epoch;
  return L->regs[variable].is_start ? risen(L, t) : t;
}

void cpu_assign(cpu_lower *L, const cpu_variable *v, uint32_t part, cpu_reg value) {
  if (L->status != WEFT_OK) return;
  cpu_reg to = v->r + part;
  bool masked = L->mask != v->mask;
  if (L->regs[to].is_start) {
    if (masked || !L->regs[value].rises) {
      cpu_fact_note(L, v->key, CPU_FACT_LEVEL);
      return; /* this pass is lost */
    }
    value = L->regs[value].start;
  }
  if (!cpu_is_row(L, to) && (masked || cpu_is_row(L, value))) {
    cpu_fact_note(L, v->key, CPU_FACT_VARYING);
    for (uint32_t i = 0; i < v->n; i++) L->regs[v->r + i].row = true; /* for the rest of this pass */
  }
  cpu_insn insn = {.op = CPU_MOVE, .n_defs = 1, .n_uses = 1, .r = {to, value, to}};
  if (masked) insn.op = CPU_MOVE_MASKED, insn.n_uses = 2;
  if (!cpu_is_row(L, value)) insn.bits |= CPU_BIT_VALUE;
  if (!cpu_is_row(L, to)) insn.bits |= CPU_BIT_SCALAR;
  cpu_emit(L, insn);
}

/* ---- labels ------------------------------------------------------------------------------------------------------ */

uint32_t cpu_label(cpu_lower *L) { return L->n_labels++; }

void cpu_label_here(cpu_lower *L, uint32_t label) { cpu_emit(L, (cpu_insn){.op = CPU_LABEL, .target = label}); }

void cpu_jump(cpu_lower *L, cpu_op op, cpu_reg condition, uint32_t label) {
  if (op != CPU_JUMP && op != CPU_JUMP_BACK && cpu_is_constant(L, condition)) {
    if ((L->regs[condition].value != 0) != (op != CPU_JUMP_UNLESS)) return;
    op = op == CPU_JUMP_BACK_IF ? CPU_JUMP_BACK : CPU_JUMP;
  }
  bool has_condition = op == CPU_JUMP_IF || op == CPU_JUMP_UNLESS || op == CPU_JUMP_BACK_IF;
  cpu_emit(L, (cpu_insn){.op = (uint16_t)op, .n_uses = has_condition, .target = label, .r = {condition}});
}
