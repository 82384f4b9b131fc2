/* Builtin functions (lower.h; WGSL 17): a table for those that work component by component, a function for each other.
 * */
#include <string.h>

#include "drivers/cpu/lower.h"
#include "drivers/cpu/subgroup.h"

enum { MAX_ARGUMENTS = 4, NO_OP = CPU_OP_COUNT };

typedef struct builtin_call {
  cpu_lower *L;
  const wgsl__expr *x;
  const char *name;
  cpu_value args[MAX_ARGUMENTS]; /* but of pointers */
  cpu_place place;               /* of the pointer, which is the first argument */
  wgsl__base base;               /* of the first argument's scalars */
  uint32_t op;                   /* of the row */
} builtin_call;

typedef cpu_value handler(builtin_call *c);

static bool is_float(wgsl__base b) { return b == WGSL__BASE_F32 || b == WGSL__BASE_F16; }
static bool is_library(uint32_t op) { return op >= CPU_sin; }

static cpu_reg arg(const builtin_call *c, uint32_t a, uint32_t i) {
  return cpu_part(c->args[a], c->args[a].n == 1 ? 0 : i);
}

static cpu_value result(builtin_call *c) { return cpu_value_new(c->L, c->x->type); }

static cpu_value one(builtin_call *c, cpu_reg r) {
  cpu_value out = result(c);
  if (out.n) out.r[0] = r;
  return out;
}

/* An operation of up to four operands, whichever kind. */
static cpu_reg apply(cpu_lower *L, uint32_t op, uint32_t n, const cpu_reg *uses) {
  cpu_reg out = 0;
  if (is_library(op))
    cpu_library(L, (cpu_op)op, 1, &out, n, uses);
  else if (n == 1)
    out = cpu_op1(L, (cpu_op)op, uses[0]);
  else
    out = cpu_op2(L, (cpu_op)op, uses[0], uses[1]);
  return out;
}

static cpu_reg lib1(cpu_lower *L, cpu_op op, cpu_reg a) { return apply(L, op, 1, &a); }
static cpu_reg add(cpu_lower *L, cpu_reg a, cpu_reg b) { return cpu_op2(L, CPU_ADD_F, a, b); }
static cpu_reg sub(cpu_lower *L, cpu_reg a, cpu_reg b) { return cpu_op2(L, CPU_SUB_F, a, b); }
static cpu_reg mul(cpu_lower *L, cpu_reg a, cpu_reg b) { return cpu_op2(L, CPU_MUL_F, a, b); }
static cpu_reg divide(cpu_lower *L, cpu_reg a, cpu_reg b) { return cpu_op2(L, CPU_DIV_F, a, b); }
static cpu_reg number(cpu_lower *L, float f) { return cpu_constant_f(L, f); }

/* ---- component by component -------------------------------------------------------------------------------------- */

static cpu_value componentwise(builtin_call *c) {
  cpu_value out = result(c);
  uint32_t n_args = 0;
  for (const wgsl__expr *a = c->x->list; a; a = a->next) n_args++;
  for (uint32_t i = 0; i < out.n; i++) {
    cpu_reg uses[MAX_ARGUMENTS];
    for (uint32_t a = 0; a < n_args && a < MAX_ARGUMENTS; a++) uses[a] = arg(c, a, i);
    out.r[i] = c->op == NO_OP ? uses[0] : apply(c->L, c->op, n_args, uses);
    if (is_float(c->base)) out.r[i] = cpu_rounded(c->L, c->base, out.r[i]);
  }
  return out;
}

static cpu_reg bounded(cpu_lower *L, wgsl__base b, cpu_reg x, cpu_reg low, cpu_reg high) {
  bool f = is_float(b), i = b == WGSL__BASE_I32;
  cpu_reg least = cpu_op2(L, f ? CPU_MAX_F : i ? CPU_MAX_I : CPU_MAX_U, x, low);
  return cpu_op2(L, f ? CPU_MIN_F : i ? CPU_MIN_I : CPU_MIN_U, least, high);
}

/* f(a, b, c) of each component, rounded */
typedef cpu_reg formula(builtin_call *c, cpu_reg a, cpu_reg b, cpu_reg d);

static cpu_value each(builtin_call *c, formula *f) {
  cpu_value out = result(c);
  for (uint32_t i = 0; i < out.n; i++)
    out.r[i] = cpu_rounded(c->L, c->base, f(c, arg(c, 0, i), arg(c, 1, i), arg(c, 2, i)));
  return out;
}

#define FORMULA(name, ...)                                                        \
  static cpu_reg name##_of(builtin_call *c, cpu_reg a, cpu_reg b, cpu_reg d) {    \
    cpu_lower *L = c->L;                                                          \
    (void)L, (void)a, (void)b, (void)d;                                           \
    return __VA_ARGS__;                                                           \
  }                                                                               \
  static cpu_value do_##name(builtin_call *c) { return each(c, name##_of); }

FORMULA(clamp, bounded(L, c->base, a, b, d))
FORMULA(saturate, bounded(L, c->base, a, number(L, 0), number(L, 1)))
FORMULA(degrees, mul(L, a, number(L, 57.29577951308232f)))
FORMULA(radians, mul(L, a, number(L, 0.017453292519943295f)))
FORMULA(mix, add(L, mul(L, a, sub(L, number(L, 1), d)), mul(L, b, d)))
FORMULA(step, cpu_op1(L, CPU_F_FROM_B, cpu_op2(L, CPU_LE_F, a, b)))
FORMULA(select, cpu_op3(L, CPU_SELECT, d, b, a))

static cpu_reg smooth(cpu_lower *L, cpu_reg t) {
  t = bounded(L, WGSL__BASE_F32, t, number(L, 0), number(L, 1));
  return mul(L, mul(L, t, t), sub(L, number(L, 3), mul(L, number(L, 2), t)));
}
FORMULA(smoothstep, smooth(L, divide(L, sub(L, d, a), sub(L, b, a))))

/* ---- vectors and matrices ---------------------------------------------------------------------------------------- */

static cpu_reg dot(builtin_call *c, cpu_value a, cpu_value b) {
  cpu_reg sum = 0;
  bool f = is_float(c->base);
  for (uint32_t i = 0; i < a.n; i++) {
    cpu_reg term = cpu_op2(c->L, f ? CPU_MUL_F : CPU_MUL, cpu_part(a, i), cpu_part(b, i));
    sum = i ? cpu_op2(c->L, f ? CPU_ADD_F : CPU_ADD, sum, term) : term;
  }
  return sum;
}

static cpu_value do_dot(builtin_call *c) {
  return one(c, cpu_rounded(c->L, c->base, dot(c, c->args[0], c->args[1])));
}

static cpu_reg length(builtin_call *c, cpu_value v) {
  if (v.n == 1) return cpu_op1(c->L, CPU_ABS_F, v.r[0]);
  return lib1(c->L, CPU_sqrt, dot(c, v, v));
}

static cpu_value do_length(builtin_call *c) { return one(c, cpu_rounded(c->L, c->base, length(c, c->args[0]))); }

static cpu_value difference(builtin_call *c) {
  cpu_value d = cpu_value_new(c->L, c->args[0].type);
  for (uint32_t i = 0; i < d.n; i++)
    d.r[i] = cpu_rounded(c->L, c->base, sub(c->L, arg(c, 0, i), arg(c, 1, i)));
  return d;
}

static cpu_value do_distance(builtin_call *c) { return one(c, cpu_rounded(c->L, c->base, length(c, difference(c)))); }

static cpu_value do_normalize(builtin_call *c) {
  cpu_value out = result(c);
  cpu_reg n = length(c, c->args[0]);
  for (uint32_t i = 0; i < out.n; i++) out.r[i] = cpu_rounded(c->L, c->base, divide(c->L, arg(c, 0, i), n));
  return out;
}

static cpu_value do_cross(builtin_call *c) {
  cpu_value out = result(c);
  for (uint32_t i = 0; i < out.n; i++) {
    uint32_t j = (i + 1) % 3, k = (i + 2) % 3;
    cpu_reg left = mul(c->L, arg(c, 0, j), arg(c, 1, k)), right = mul(c->L, arg(c, 0, k), arg(c, 1, j));
    out.r[i] = cpu_rounded(c->L, c->base, sub(c->L, left, right));
  }
  return out;
}

/* e1 - 2 * dot(e2, e1) * e2 */
static cpu_value do_reflect(builtin_call *c) {
  cpu_value out = result(c);
  cpu_reg twice = mul(c->L, number(c->L, 2), dot(c, c->args[1], c->args[0]));
  for (uint32_t i = 0; i < out.n; i++)
    out.r[i] = cpu_rounded(c->L, c->base, sub(c->L, arg(c, 0, i), mul(c->L, twice, arg(c, 1, i))));
  return out;
}

/* k = 1 - e3² (1 - dot(e2, e1)²); 0 where k < 0, else e3 e1 - (e3 dot(e2, e1) + sqrt(k)) e2 */
static cpu_value do_refract(builtin_call *c) {
  cpu_lower *L = c->L;
  cpu_value out = result(c);
  cpu_reg eta = arg(c, 2, 0), d = dot(c, c->args[1], c->args[0]), one_ = number(L, 1);
  cpu_reg k = sub(L, one_, mul(L, mul(L, eta, eta), sub(L, one_, mul(L, d, d))));
  cpu_reg none = cpu_op2(L, CPU_LT_F, k, number(L, 0)), f = add(L, mul(L, eta, d), lib1(L, CPU_sqrt, k));
  for (uint32_t i = 0; i < out.n; i++) {
    cpu_reg r = sub(L, mul(L, eta, arg(c, 0, i)), mul(L, f, arg(c, 1, i)));
    out.r[i] = cpu_rounded(L, c->base, cpu_op3(L, CPU_SELECT, none, number(L, 0), r));
  }
  return out;
}

static cpu_value do_faceForward(builtin_call *c) {
  cpu_value out = result(c);
  cpu_reg front = cpu_op2(c->L, CPU_LT_F, dot(c, c->args[1], c->args[2]), number(c->L, 0));
  for (uint32_t i = 0; i < out.n; i++)
    out.r[i] = cpu_op3(c->L, CPU_SELECT, front, arg(c, 0, i), cpu_op1(c->L, CPU_NEG_F, arg(c, 0, i)));
  return out;
}

/* The determinant of the rows and columns that `mask` leaves (bit: column), from row `row` on. */
static cpu_reg minor_of(builtin_call *c, uint32_t n, uint32_t row, uint32_t mask) {
  cpu_reg sum = 0;
  bool any = false, negative = false;
  for (uint32_t column = 0; column < n; column++) {
    if (!(mask & 1u << column)) continue;
    cpu_reg term = arg(c, 0, column * n + row);
    if (row + 1 < n) term = mul(c->L, term, minor_of(c, n, row + 1, mask & ~(1u << column)));
    sum = !any ? term : negative ? sub(c->L, sum, term) : add(c->L, sum, term);
    any = true;
    negative = !negative;
  }
  return sum;
}

static cpu_value do_determinant(builtin_call *c) {
  uint32_t n = c->args[0].n == 4 ? 2 : c->args[0].n == 9 ? 3 : 4;
  return one(c, cpu_rounded(c->L, c->base, minor_of(c, n, 0, (1u << n) - 1)));
}

static cpu_value do_transpose(builtin_call *c) {
  cpu_value out = result(c);
  uint32_t rows = c->x->type->host.rows, columns = c->x->type->host.columns;
  for (uint32_t i = 0; i < out.n; i++) out.r[i] = arg(c, 0, i % rows * columns + i / rows);
  return out;
}

static cpu_value do_all(builtin_call *c) {
  cpu_reg r = arg(c, 0, 0);
  cpu_op op = strcmp(c->name, "all") == 0 ? CPU_AND : CPU_OR;
  for (uint32_t i = 1; i < c->args[0].n; i++) r = cpu_op2(c->L, op, r, arg(c, 0, i));
  return one(c, r);
}

/* ---- two results ------------------------------------------------------------------------------------------------- */

/* A structure of two members, each as long as the argument. */
static cpu_value two(builtin_call *c, cpu_op first, cpu_op second) {
  cpu_value out = result(c);
  uint32_t n = c->args[0].n;
  for (uint32_t i = 0; i < n && n + i < out.n; i++) {
    out.r[i] = lib1(c->L, first, arg(c, 0, i));
    out.r[n + i] = lib1(c->L, second, arg(c, 0, i));
  }
  return out;
}

static cpu_value do_frexp(builtin_call *c) { return two(c, CPU_frexpFract, CPU_frexpExp); }
static cpu_value do_modf(builtin_call *c) { return two(c, CPU_modfFract, CPU_trunc); }

/* ---- bits -------------------------------------------------------------------------------------------------------- */

/* One word of the components of the argument. */
static cpu_value do_pack(builtin_call *c) {
  cpu_reg out = 0;
  if (c->args[0].n) cpu_library(c->L, (cpu_op)c->op, 1, &out, c->args[0].n, c->args[0].r);
  return one(c, out);
}

static cpu_value do_unpack(builtin_call *c) {
  cpu_value out = result(c);
  if (out.n && c->args[0].n) cpu_library(c->L, (cpu_op)c->op, out.n, out.r, 1, c->args[0].r);
  return out;
}

static cpu_value do_bitcast(builtin_call *c) {
  cpu_value out = result(c), in = c->args[0];
  bool from_half = c->base == WGSL__BASE_F16, to_half = cpu_base(c->x->type) == WGSL__BASE_F16;
  if (!in.n || !out.n) return out;
  if (from_half == to_half) {
    memcpy(out.r, in.r, out.n * sizeof *out.r);
  } else if (from_half) {
    for (uint32_t i = 0; i < out.n; i++) cpu_library(c->L, CPU_pack2x16float, 1, &out.r[i], 2, in.r + 2 * i);
  } else {
    for (uint32_t i = 0; i < in.n; i++) cpu_library(c->L, CPU_unpack2x16float, 2, &out.r[2 * i], 1, &in.r[i]);
  }
  return out;
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

static cpu_value do_arrayLength(builtin_call *c) {
  cpu_place p = c->place;
  if (!p.type) return result(c);
  if (p.is_view) return one(c, p.length);
  cpu_reg bytes = cpu_op2(c->L, CPU_SUB, cpu_memory_bytes(c->L, p.memory), cpu_constant(c->L, p.offset));
  return one(c, cpu_op2(c->L, CPU_DIV_U, bytes, cpu_constant(c->L, p.type->host.stride)));
}

static cpu_value do_bufferLength(builtin_call *c) {
  return c->place.type ? one(c, cpu_buffer_length(c->L, &c->place)) : result(c);
}

static cpu_value do_atomic(builtin_call *c) {
  cpu_lower *L = c->L;
  const wgsl__expr *x = c->x;
  cpu_place p = c->place;
  uint32_t n_values = 0;
  if (!p.type) return result(c);
  bool is_signed = cpu_base(p.type) == WGSL__BASE_I32, compare = c->op == CPU_ATOMIC_COMPARE;
  uint32_t op = c->op == CPU_ATOMIC_MAX_U && is_signed   ? CPU_ATOMIC_MAX_I
                : c->op == CPU_ATOMIC_MIN_U && is_signed ? CPU_ATOMIC_MIN_I
                                                         : c->op;
  cpu_insn insn = {.op = (uint16_t)op, .n_defs = c->op == CPU_ATOMIC_STORE ? 0 : compare ? 2 : 1};
  if (cpu_memory_is_shared(L, p.memory)) insn.bits = CPU_BIT_SHARED;
  for (const wgsl__expr *a = x->list->next; a; a = a->next, n_values++) {
    cpu_reg v = arg(c, n_values + 1, 0);
    insn.r[insn.n_defs + insn.n_uses++] = v;
    if (!cpu_is_row(L, v)) insn.bits |= (uint16_t)(CPU_BIT_VALUE << n_values);
  }
  for (uint32_t d = 0; d < insn.n_defs; d++) insn.r[d] = cpu_reg_new(L, CPU_REG_TEMP, true);
  cpu_memory_operand(L, &insn, &p);
  cpu_emit(L, insn);
  L->memory_version++;
  cpu_value out = result(c);
  for (uint32_t d = 0; d < insn.n_defs && d < out.n; d++) out.r[d] = insn.r[d];
  return out;
}

/* Workgroups run in lockstep: all lanes are here before any goes on. */
static cpu_value do_barrier(builtin_call *c) {
  c->L->memory_version++;
  return (cpu_value){0};
}

static cpu_value do_workgroupUniformLoad(builtin_call *c) {
  cpu_place p = c->place;
  c->L->memory_version++;
  cpu_value v = cpu_load(c->L, &p);
  if (c->L->n_together > 1) return v;
  for (uint32_t i = 0; i < v.n; i++) {
    if (!cpu_is_row(c->L, v.r[i])) continue;
    cpu_insn insn = {.op = CPU_FIRST_ACTIVE, .n_defs = 1, .n_uses = 1, .bits = CPU_BIT_SCALAR};
    insn.r[0] = cpu_reg_new(c->L, CPU_REG_TEMP, false);
    insn.r[1] = v.r[i];
    cpu_emit(c->L, insn);
    v.r[i] = insn.r[0];
  }
  return v;
}

/* ---- subgroups --------------------------------------------------------------------------------------------------- */

/* An instruction whose operands are rows; a new row comes back. */
static cpu_reg subgroup(builtin_call *c, cpu_op op, uint32_t count, uint32_t scale, cpu_reg a, cpu_reg lane,
                        bool has_lane) {
  cpu_lower *L = c->L;
  cpu_insn insn = {.op = (uint16_t)op, .n_defs = 1, .n_uses = has_lane ? 2 : 1, .count = count, .scale = scale};
  insn.r[1] = cpu_row(L, a);
  insn.r[2] = lane;
  if (has_lane && !cpu_is_row(L, lane)) insn.bits |= CPU_BIT_LAST;
  insn.r[0] = cpu_reg_new(L, CPU_REG_TEMP, true);
  cpu_emit(L, insn);
  return insn.r[0];
}

static uint32_t by_base(wgsl__base b, uint32_t f, uint32_t h, uint32_t i, uint32_t u) {
  return b == WGSL__BASE_F32 ? f : b == WGSL__BASE_F16 ? h : b == WGSL__BASE_I32 ? i : u;
}

static uint32_t reduction(const builtin_call *c) {
  const char *name = c->name;
  wgsl__base b = c->base;
  if (strstr(name, "Add"))
    return by_base(b, CPU_SUBGROUP_ADD_F, CPU_SUBGROUP_ADD_H, CPU_SUBGROUP_ADD, CPU_SUBGROUP_ADD);
  if (strstr(name, "Mul"))
    return by_base(b, CPU_SUBGROUP_MUL_F, CPU_SUBGROUP_MUL_H, CPU_SUBGROUP_MUL, CPU_SUBGROUP_MUL);
  if (strstr(name, "Min"))
    return by_base(b, CPU_SUBGROUP_MIN_F, CPU_SUBGROUP_MIN_F, CPU_SUBGROUP_MIN_I, CPU_SUBGROUP_MIN_U);
  if (strstr(name, "Max"))
    return by_base(b, CPU_SUBGROUP_MAX_F, CPU_SUBGROUP_MAX_F, CPU_SUBGROUP_MAX_I, CPU_SUBGROUP_MAX_U);
  if (strstr(name, "And") || strstr(name, "All")) return CPU_SUBGROUP_AND;
  return strstr(name, "Xor") ? CPU_SUBGROUP_XOR : CPU_SUBGROUP_OR;
}

static cpu_value do_reduce(builtin_call *c) {
  cpu_value out = result(c);
  bool scan = strstr(c->name, "clusive") != NULL, inclusive = strstr(c->name, "Inclusive") != NULL;
  cpu_op op = scan ? CPU_SUBGROUP_SCAN : CPU_SUBGROUP_REDUCE;
  for (uint32_t i = 0; i < out.n; i++) out.r[i] = subgroup(c, op, reduction(c), inclusive, arg(c, 0, i), 0, false);
  return out;
}

static cpu_value do_shuffle(builtin_call *c) {
  static const struct {
    const char *name;
    cpu_shuffle how;
    uint32_t swap; /* of quads: what is exclusive-ored */
  } rows[] = {{"subgroupBroadcastFirst", CPU_SHUFFLE_FIRST, 0}, {"subgroupShuffleXor", CPU_SHUFFLE_XOR, 0},
              {"subgroupShuffleUp", CPU_SHUFFLE_UP, 0},         {"subgroupShuffleDown", CPU_SHUFFLE_DOWN, 0},
              {"quadBroadcast", CPU_QUAD_BROADCAST, 0},         {"quadSwapX", CPU_QUAD_SWAP, 1},
              {"quadSwapY", CPU_QUAD_SWAP, 2},                  {"quadSwapDiagonal", CPU_QUAD_SWAP, 3}};
  cpu_shuffle how = CPU_SHUFFLE_LANE;
  cpu_reg lane = arg(c, 1, 0);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (strcmp(rows[i].name, c->name) != 0) continue;
    how = rows[i].how;
    if (rows[i].swap) lane = cpu_constant(c->L, rows[i].swap);
  }
  cpu_value out = result(c);
  for (uint32_t i = 0; i < out.n; i++) out.r[i] = subgroup(c, CPU_SUBGROUP_SHUFFLE, how, 0, arg(c, 0, i), lane, true);
  return out;
}

static cpu_value do_ballot(builtin_call *c) {
  cpu_value out = result(c);
  cpu_insn insn = {.op = CPU_SUBGROUP_BALLOT, .n_defs = 4, .n_uses = 1};
  if (out.n != 4) return out;
  insn.r[4] = cpu_row(c->L, arg(c, 0, 0));
  for (uint32_t i = 0; i < 4; i++) insn.r[i] = out.r[i] = cpu_reg_new(c->L, CPU_REG_TEMP, true);
  cpu_emit(c->L, insn);
  return out;
}

static cpu_value do_elect(builtin_call *c) {
  cpu_insn insn = {.op = CPU_SUBGROUP_ELECT, .n_defs = 1};
  insn.r[0] = cpu_reg_new(c->L, CPU_REG_TEMP, true);
  cpu_emit(c->L, insn);
  return one(c, insn.r[0]);
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

typedef struct builtin_row {
  const char *name;
  handler *handle;
  uint32_t f, i, u; /* the operation, by the first argument's scalars; NO_OP: the value itself */
} builtin_row;

#define EACH(name, f, i, u) {#name, componentwise, f, i, u}
#define FLOAT(name) {#name, componentwise, CPU_##name, NO_OP, NO_OP}
#define INTEGER(name) {#name, componentwise, NO_OP, CPU_##name, CPU_##name}
#define DO(name, handle) {#name, handle, NO_OP, NO_OP, NO_OP}
#define WITH(name, handle, op) {#name, handle, op, op, op}

static const builtin_row table[] = { /* sorted by name, as strcmp sorts */
    EACH(abs, CPU_ABS_F, CPU_ABS_I, NO_OP),
    FLOAT(acos), FLOAT(acosh),
    DO(all, do_all), DO(any, do_all), DO(arrayLength, do_arrayLength),
    FLOAT(asin), FLOAT(asinh), FLOAT(atan), FLOAT(atan2), FLOAT(atanh),
    WITH(atomicAdd, do_atomic, CPU_ATOMIC_ADD),
    WITH(atomicAnd, do_atomic, CPU_ATOMIC_AND),
    WITH(atomicCompareExchangeWeak, do_atomic, CPU_ATOMIC_COMPARE),
    WITH(atomicExchange, do_atomic, CPU_ATOMIC_EXCHANGE),
    WITH(atomicLoad, do_atomic, CPU_ATOMIC_LOAD),
    WITH(atomicMax, do_atomic, CPU_ATOMIC_MAX_U),
    WITH(atomicMin, do_atomic, CPU_ATOMIC_MIN_U),
    WITH(atomicOr, do_atomic, CPU_ATOMIC_OR),
    WITH(atomicStore, do_atomic, CPU_ATOMIC_STORE),
    WITH(atomicSub, do_atomic, CPU_ATOMIC_SUB),
    WITH(atomicXor, do_atomic, CPU_ATOMIC_XOR),
    DO(bitcast, do_bitcast), DO(bufferLength, do_bufferLength),
    FLOAT(ceil),
    DO(clamp, do_clamp),
    FLOAT(cos), FLOAT(cosh),
    INTEGER(countLeadingZeros), INTEGER(countOneBits), INTEGER(countTrailingZeros),
    DO(cross, do_cross), DO(degrees, do_degrees), DO(determinant, do_determinant), DO(distance, do_distance),
    DO(dot, do_dot),
    INTEGER(dot4I8Packed), INTEGER(dot4U8Packed),
    FLOAT(exp), FLOAT(exp2),
    EACH(extractBits, NO_OP, CPU_extractBitsI, CPU_extractBitsU),
    DO(faceForward, do_faceForward),
    EACH(firstLeadingBit, NO_OP, CPU_firstLeadingBitI, CPU_firstLeadingBitU),
    INTEGER(firstTrailingBit),
    FLOAT(floor), FLOAT(fma), FLOAT(fract),
    DO(frexp, do_frexp),
    INTEGER(insertBits),
    FLOAT(inverseSqrt), FLOAT(ldexp),
    DO(length, do_length),
    FLOAT(log), FLOAT(log2),
    EACH(max, CPU_MAX_F, CPU_MAX_I, CPU_MAX_U), EACH(min, CPU_MIN_F, CPU_MIN_I, CPU_MIN_U),
    DO(mix, do_mix), DO(modf, do_modf), DO(normalize, do_normalize),
    WITH(pack2x16float, do_pack, CPU_pack2x16float),
    WITH(pack2x16snorm, do_pack, CPU_pack2x16snorm),
    WITH(pack2x16unorm, do_pack, CPU_pack2x16unorm),
    WITH(pack4x8snorm, do_pack, CPU_pack4x8snorm),
    WITH(pack4x8unorm, do_pack, CPU_pack4x8unorm),
    WITH(pack4xI8, do_pack, CPU_pack4xI8),
    WITH(pack4xI8Clamp, do_pack, CPU_pack4xI8Clamp),
    WITH(pack4xU8, do_pack, CPU_pack4xU8),
    WITH(pack4xU8Clamp, do_pack, CPU_pack4xU8Clamp),
    FLOAT(pow),
    DO(quadBroadcast, do_shuffle), DO(quadSwapDiagonal, do_shuffle), DO(quadSwapX, do_shuffle),
    DO(quadSwapY, do_shuffle),
    FLOAT(quantizeToF16),
    DO(radians, do_radians), DO(reflect, do_reflect), DO(refract, do_refract),
    INTEGER(reverseBits),
    FLOAT(round),
    DO(saturate, do_saturate), DO(select, do_select),
    EACH(sign, CPU_SIGN_F, CPU_SIGN_I, CPU_SIGN_I),
    FLOAT(sin), FLOAT(sinh),
    DO(smoothstep, do_smoothstep),
    FLOAT(sqrt),
    DO(step, do_step), DO(storageBarrier, do_barrier),
    DO(subgroupAdd, do_reduce), DO(subgroupAll, do_reduce), DO(subgroupAnd, do_reduce), DO(subgroupAny, do_reduce),
    DO(subgroupBallot, do_ballot),
    DO(subgroupBroadcast, do_shuffle), DO(subgroupBroadcastFirst, do_shuffle),
    DO(subgroupElect, do_elect),
    DO(subgroupExclusiveAdd, do_reduce), DO(subgroupExclusiveMul, do_reduce), DO(subgroupInclusiveAdd, do_reduce),
    DO(subgroupInclusiveMul, do_reduce), DO(subgroupMax, do_reduce), DO(subgroupMin, do_reduce),
    DO(subgroupMul, do_reduce), DO(subgroupOr, do_reduce),
    DO(subgroupShuffle, do_shuffle), DO(subgroupShuffleDown, do_shuffle), DO(subgroupShuffleUp, do_shuffle),
    DO(subgroupShuffleXor, do_shuffle),
    DO(subgroupXor, do_reduce),
    FLOAT(tan), FLOAT(tanh),
    DO(textureBarrier, do_barrier), DO(transpose, do_transpose),
    FLOAT(trunc),
    WITH(unpack2x16float, do_unpack, CPU_unpack2x16float),
    WITH(unpack2x16snorm, do_unpack, CPU_unpack2x16snorm),
    WITH(unpack2x16unorm, do_unpack, CPU_unpack2x16unorm),
    WITH(unpack4x8snorm, do_unpack, CPU_unpack4x8snorm),
    WITH(unpack4x8unorm, do_unpack, CPU_unpack4x8unorm),
    WITH(unpack4xI8, do_unpack, CPU_unpack4xI8),
    WITH(unpack4xU8, do_unpack, CPU_unpack4xU8),
    DO(workgroupBarrier, do_barrier),
    DO(workgroupUniformLoad, do_workgroupUniformLoad),
};

static const builtin_row *find(const char *name) {
  size_t low = 0, high = sizeof table / sizeof *table;
  while (low < high) {
    size_t middle = (low + high) / 2;
    int order = strcmp(table[middle].name, name);
    if (order == 0) return &table[middle];
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return NULL;
}

cpu_value cpu_builtin(cpu_lower *L, const wgsl__expr *x) {
  builtin_call c = {.L = L, .x = x, .name = wgsl__builtin_name(x->builtin)};
  const builtin_row *row = find(c.name);
  if (!row) {
    cpu_fail(L, WEFT_UNSUPPORTED, "the CPU device does not have the builtin function '%s'", c.name);
    return (cpu_value){0};
  }
  uint32_t n = 0;
  for (const wgsl__expr *a = x->list; a && n < MAX_ARGUMENTS; a = a->next, n++) {
    if (a->type && a->type->base == WGSL__BASE_POINTER) c.place = cpu_place_of(L, a); /* its index comes before values */
    if (!a->type || a->type->base == WGSL__BASE_POINTER) continue;
    const wgsl__type *to = x->operands ? x->operands[n] : NULL;
    c.args[n] = cpu_expr(L, a, to ? to : x->type);
    if (n == 0) c.base = cpu_base(to ? to : a->type);
  }
  if (L->status != WEFT_OK) return (cpu_value){0};
  L->subgroups = L->subgroups || strncmp(c.name, "subgroup", 8) == 0 || strncmp(c.name, "quad", 4) == 0;
  c.op = is_float(c.base) ? row->f : c.base == WGSL__BASE_I32 ? row->i : row->u;
  return row->handle(&c);
}
