/* Arithmetic over lanes, moves, indexed registers, and the table of all operations. Compiled once for each instruction
 * set (meson.build). A function for each mixture of rows and scalars keeps the loops free of branches: with the step
 * between the lanes of an operand a constant 0 or 1, compilers vectorise them whole. */
#include <string.h>

#include "drivers/cpu/vm.h"

typedef float F;
typedef int32_t I;
typedef uint32_t U;

/* ---- what expressions in bytecode.def call ----------------------------------------------------------------------- */

/* To the nearest value that both types have (WGSL 15.7.6); NaN gives the least. */
static inline int32_t integer_of(float x) {
  x = x >= -2147483648.0f ? x : -2147483648.0f;
  x = x <= 2147483520.0f ? x : 2147483520.0f;
  return (int32_t)x;
}

static inline uint32_t unsigned_of(float x) {
  x = x >= 0.0f ? x : 0.0f;
  x = x <= 4294967040.0f ? x : 4294967040.0f;
  bool large = x >= 2147483648.0f; /* vector units convert signed integers alone */
  return (uint32_t)(int32_t)(large ? x - 2147483648.0f : x) ^ (large ? 0x80000000u : 0u);
}

static inline int32_t quotient_i(int32_t x, int32_t y) {
  return y == 0 || (y == -1 && x == INT32_MIN) ? x : x / y;
}

static inline int32_t remainder_i(int32_t x, int32_t y) {
  return y == 0 || (y == -1 && x == INT32_MIN) ? 0 : x % y;
}

/* ---- expressions ------------------------------------------------------------------------------------------------- */

#define ROWS(...)                                       \
  uint32_t n = cpu_range(vm);                           \
  CPU_LANES for (uint32_t k = 0; k < n; k++) { __VA_ARGS__ } \
  return i + 1;

/* `from` is where a row's lanes begin in the range; a scalar has one. */
#define RESULT(out, from) out *d = (out *)(vm->file + i->r[0]) + (from)
#define USE(in, name, at, from) const in *name = (const in *)(vm->file + i->r[at]) + (from)

#define CPU_UNARY(name, out, in, expr)                                 \
  static const cpu_insn *CPU_RUN(name)(cpu_vm * vm, const cpu_insn *i) {      \
    RESULT(out, vm->begin);                                            \
    USE(in, a, 1, vm->begin);                                          \
    ROWS(in x = a[k]; d[k] = expr;)                                    \
  }                                                                    \
  static const cpu_insn *CPU_RUN(name##_S)(cpu_vm * vm, const cpu_insn *i) {  \
    RESULT(out, 0);                                                    \
    USE(in, a, 1, 0);                                                  \
    in x = *a;                                                         \
    *d = expr;                                                         \
    return i + 1;                                                      \
  }

#define BINARY_ROWS(name, out, in, a_is_row, b_is_row, expr)           \
  static const cpu_insn *CPU_RUN(name)(cpu_vm * vm, const cpu_insn *i) {      \
    RESULT(out, vm->begin);                                            \
    USE(in, a, 1, (a_is_row) ? vm->begin : 0);                         \
    USE(in, b, 2, (b_is_row) ? vm->begin : 0);                         \
    in one_a = *a, one_b = *b;                                         \
    (void)one_a, (void)one_b;                                          \
    ROWS(in x = (a_is_row) ? a[k] : one_a; in y = (b_is_row) ? b[k] : one_b; d[k] = expr;) \
  }

#define CPU_BINARY(name, out, in, expr)                                \
  BINARY_ROWS(name, out, in, 1, 1, expr)                               \
  BINARY_ROWS(name##_SV, out, in, 0, 1, expr)                          \
  BINARY_ROWS(name##_VS, out, in, 1, 0, expr)                          \
  static const cpu_insn *CPU_RUN(name##_SS)(cpu_vm * vm, const cpu_insn *i) { \
    RESULT(out, 0);                                                    \
    USE(in, a, 1, 0);                                                  \
    USE(in, b, 2, 0);                                                  \
    in x = *a, y = *b;                                                 \
    *d = expr;                                                         \
    return i + 1;                                                      \
  }

#define TERNARY_ROWS(name, out, in, a_is_row, b_is_row, c_is_row, expr) \
  static const cpu_insn *CPU_RUN(name)(cpu_vm * vm, const cpu_insn *i) {       \
    RESULT(out, vm->begin);                                             \
    USE(in, a, 1, (a_is_row) ? vm->begin : 0);                          \
    USE(in, b, 2, (b_is_row) ? vm->begin : 0);                          \
    USE(in, c, 3, (c_is_row) ? vm->begin : 0);                          \
    in one_a = *a, one_b = *b, one_c = *c;                              \
    (void)one_a, (void)one_b, (void)one_c;                              \
    ROWS(in x = (a_is_row) ? a[k] : one_a; in y = (b_is_row) ? b[k] : one_b; in z = (c_is_row) ? c[k] : one_c; \
         d[k] = expr;)                                                  \
  }

#define CPU_TERNARY(name, out, in, expr)                                \
  TERNARY_ROWS(name, out, in, 1, 1, 1, expr)                            \
  TERNARY_ROWS(name##_SVV, out, in, 0, 1, 1, expr)                      \
  TERNARY_ROWS(name##_VSV, out, in, 1, 0, 1, expr)                      \
  TERNARY_ROWS(name##_SSV, out, in, 0, 0, 1, expr)                      \
  TERNARY_ROWS(name##_VVS, out, in, 1, 1, 0, expr)                      \
  TERNARY_ROWS(name##_SVS, out, in, 0, 1, 0, expr)                      \
  TERNARY_ROWS(name##_VSS, out, in, 1, 0, 0, expr)                      \
  static const cpu_insn *CPU_RUN(name##_SSS)(cpu_vm * vm, const cpu_insn *i) { \
    RESULT(out, 0);                                                     \
    USE(in, a, 1, 0);                                                   \
    USE(in, b, 2, 0);                                                   \
    USE(in, c, 3, 0);                                                   \
    in x = *a, y = *b, z = *c;                                          \
    *d = expr;                                                          \
    return i + 1;                                                       \
  }

#define CPU_OTHER(name, flags)
#include "drivers/cpu/bytecode.def"
#undef CPU_UNARY
#undef CPU_BINARY
#undef CPU_TERNARY
#undef CPU_OTHER

/* ---- math.h ------------------------------------------------------------------------------------------------------ */

/* Operand `at` as the library takes it: from the begin of the range, or the scalar. */
#define AT(at) ((void *)(vm->file + i->r[at] + from))
#define LIBRARY(name, ...)                                             \
  static const cpu_insn *run_##name(cpu_vm *vm, const cpu_insn *i) {   \
    bool scalar = i->bits & CPU_BIT_SCALAR;                            \
    uint32_t from = scalar ? 0 : vm->begin, n = scalar ? 1 : cpu_range(vm); \
    CPU_MATH(name)(__VA_ARGS__, n);                                    \
    return i + 1;                                                      \
  }
#define LIBRARY_1_1(name) LIBRARY(name, AT(0), AT(1))
#define LIBRARY_1_2(name) LIBRARY(name, AT(0), AT(1), AT(2))
#define LIBRARY_1_3(name) LIBRARY(name, AT(0), AT(1), AT(2), AT(3))
#define LIBRARY_1_4(name) LIBRARY(name, AT(0), AT(1), AT(2), AT(3), AT(4))
#define LIBRARY_2_1(name) LIBRARY(name, AT(0), AT(1), AT(2))
#define LIBRARY_4_1(name) LIBRARY(name, AT(0), AT(1), AT(2), AT(3), AT(4))
#define X(name, n_defs, n_uses) LIBRARY_##n_defs##_##n_uses(name)
CPU_LIBRARY(X)
#undef X

/* ---- moves and indexed registers --------------------------------------------------------------------------------- */

const cpu_insn *CPU_RUN(MOVE)(cpu_vm *vm, const cpu_insn *i) {
  if (i->bits & CPU_BIT_SCALAR) {
    vm->file[i->r[0]] = vm->file[i->r[1]];
    return i + 1;
  }
  RESULT(U, vm->begin);
  if (i->bits & CPU_BIT_VALUE) {
    uint32_t x = vm->file[i->r[1]];
    ROWS(d[k] = x;)
  }
  USE(U, a, 1, vm->begin);
  ROWS(d[k] = a[k];)
}

const cpu_insn *CPU_RUN(MOVE_MASKED)(cpu_vm *vm, const cpu_insn *i) {
  RESULT(U, vm->begin);
  const uint32_t *m = cpu_mask(vm) + vm->begin;
  if (i->bits & CPU_BIT_VALUE) {
    uint32_t x = vm->file[i->r[1]];
    ROWS(d[k] = m[k] ? x : d[k];)
  }
  USE(U, a, 1, vm->begin);
  ROWS(d[k] = m[k] ? a[k] : d[k];)
}

/* The register of a group that an index picks. */
static inline uint32_t pick(const cpu_insn *i, uint32_t index) {
  return (index < i->count ? index : i->count - 1) * i->scale + i->offset;
}

const cpu_insn *CPU_RUN(INDEX_LOAD)(cpu_vm *vm, const cpu_insn *i) {
  const uint32_t *group = vm->file + i->r[1], *index = vm->file + i->r[2];
  bool scalars = i->bits & CPU_BIT_GROUP;
  if (i->bits & CPU_BIT_LAST) {
    if (scalars) {
      vm->file[i->r[0]] = group[pick(i, *index)];
      return i + 1;
    }
    RESULT(U, vm->begin);
    const uint32_t *a = group + (size_t)pick(i, *index) * vm->stride + vm->begin;
    ROWS(d[k] = a[k];)
  }
  RESULT(U, vm->begin);
  index += vm->begin;
  if (scalars) {
    ROWS(d[k] = group[pick(i, index[k])];)
  }
  group += vm->begin;
  ROWS(d[k] = group[(size_t)pick(i, index[k]) * vm->stride + k];)
}

const cpu_insn *CPU_RUN(INDEX_STORE)(cpu_vm *vm, const cpu_insn *i) {
  uint32_t *group = vm->file + i->r[0];
  const uint32_t *value = vm->file + i->r[1], *index = vm->file + i->r[2], *m = cpu_mask(vm);
  if (i->bits & CPU_BIT_GROUP) { /* all of them scalars */
    group[pick(i, *index)] = *value;
    return i + 1;
  }
  bool one_index = i->bits & CPU_BIT_LAST, one_value = i->bits & CPU_BIT_VALUE;
  for (uint32_t k = vm->begin; k < vm->end; k++)
    if (m[k]) group[(size_t)pick(i, index[one_index ? 0 : k]) * vm->stride + k] = value[one_value ? 0 : k];
  return i + 1;
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

cpu_operation *const CPU_TABLE[CPU_OP_COUNT] = {
#define CPU_UNARY(name, out, in, expr) CPU_RUN(name), CPU_RUN(name##_S),
#define CPU_BINARY(name, out, in, expr) CPU_RUN(name), CPU_RUN(name##_SV), CPU_RUN(name##_VS), CPU_RUN(name##_SS),
#define CPU_TERNARY(name, out, in, expr)                                                                             \
  CPU_RUN(name), CPU_RUN(name##_SVV), CPU_RUN(name##_VSV), CPU_RUN(name##_SSV), CPU_RUN(name##_VVS),                 \
      CPU_RUN(name##_SVS), CPU_RUN(name##_VSS), CPU_RUN(name##_SSS),
#define CPU_OTHER(name, flags) CPU_RUN(name),
#include "drivers/cpu/bytecode.def"
#define X(name, n_defs, n_uses) run_##name,
    CPU_LIBRARY(X)};
