/* Register bytecode: what lower_*.c makes, optimise.c and allocate.c improve, vm*.c runs.
 *
 *   file:  [scalars: constants, uniform values][row 0: a word a lane][row 1] …        words of 32 bits
 *             ^ r[k] of an S operand             ^ r[k] of a V operand: its first word
 *
 *   code:  [op | n_defs n_uses | target, slot, level … | r: defs, then uses] …   EXIT
 *
 * While a program is lowered, r[] holds numbers of virtual registers and `target` numbers of labels. f16 is held as f32
 * that f16 has. A row is `stride` words; lanes beyond those that run hold anything. */
#ifndef WEFT_DRIVERS_CPU_BYTECODE_H
#define WEFT_DRIVERS_CPU_BYTECODE_H

#include "drivers/cpu/math.h"
#include "drivers/cpu/program.h"

/* Every function of math.h that is an operation: X(name, n_defs, n_uses). */
#define CPU_LIBRARY(X)                                                                                                \
  X(sin, 1, 1) X(cos, 1, 1) X(tan, 1, 1) X(asin, 1, 1) X(acos, 1, 1) X(atan, 1, 1) X(sinh, 1, 1) X(cosh, 1, 1)        \
  X(tanh, 1, 1) X(asinh, 1, 1) X(acosh, 1, 1) X(atanh, 1, 1) X(exp, 1, 1) X(exp2, 1, 1) X(log, 1, 1) X(log2, 1, 1)    \
  X(sqrt, 1, 1) X(inverseSqrt, 1, 1) X(floor, 1, 1) X(ceil, 1, 1) X(trunc, 1, 1) X(round, 1, 1) X(fract, 1, 1)        \
  X(modfFract, 1, 1) X(frexpFract, 1, 1) X(quantizeToF16, 1, 1) X(frexpExp, 1, 1)                                     \
  X(atan2, 1, 2) X(pow, 1, 2) X(fmod, 1, 2) X(fma, 1, 3) X(ldexp, 1, 2)                                               \
  X(countLeadingZeros, 1, 1) X(countTrailingZeros, 1, 1) X(countOneBits, 1, 1) X(reverseBits, 1, 1)                   \
  X(firstLeadingBitU, 1, 1) X(firstLeadingBitI, 1, 1) X(firstTrailingBit, 1, 1)                                       \
  X(dot4U8Packed, 1, 2) X(dot4I8Packed, 1, 2) X(pack2x16float, 1, 2) X(pack2x16snorm, 1, 2) X(pack2x16unorm, 1, 2)    \
  X(pack4x8snorm, 1, 4) X(pack4x8unorm, 1, 4) X(pack4xI8, 1, 4) X(pack4xI8Clamp, 1, 4) X(pack4xU8, 1, 4)              \
  X(pack4xU8Clamp, 1, 4) X(unpack2x16float, 2, 1) X(unpack2x16snorm, 2, 1) X(unpack2x16unorm, 2, 1)                   \
  X(unpack4x8snorm, 4, 1) X(unpack4x8unorm, 4, 1) X(unpack4xI8, 4, 1) X(unpack4xU8, 4, 1)                             \
  X(extractBitsU, 1, 3) X(extractBitsI, 1, 3) X(insertBits, 1, 4)

/* The mixture is added to the operation's number: 1 the first use is a scalar, 2 the second, 4 the third. */
typedef enum cpu_op {
#define CPU_UNARY(name, out, in, expr) CPU_##name, CPU_##name##_S,
#define CPU_BINARY(name, out, in, expr) CPU_##name, CPU_##name##_SV, CPU_##name##_VS, CPU_##name##_SS,
#define CPU_TERNARY(name, out, in, expr)                                                                          \
  CPU_##name, CPU_##name##_SVV, CPU_##name##_VSV, CPU_##name##_SSV, CPU_##name##_VVS, CPU_##name##_SVS,           \
      CPU_##name##_VSS, CPU_##name##_SSS,
#define CPU_OTHER(name, flags) CPU_##name,
#include "drivers/cpu/bytecode.def"
#undef CPU_UNARY
#undef CPU_BINARY
#undef CPU_TERNARY
#undef CPU_OTHER
#define X(name, n_defs, n_uses) CPU_##name,
  CPU_LIBRARY(X)
#undef X
      CPU_OP_COUNT
} cpu_op;

enum {
  CPU_MAX_OPERANDS = 6,
  CPU_CHUNK = 16,       /* rows and ranges of lanes are multiples of it */
  CPU_MAX_LANES = 1024, /* of a step */
  CPU_MAX_LEVELS = 512  /* masks */
};

/* cpu_insn.bits */
enum {
  CPU_BIT_SCALAR = 1,  /* the result is a scalar */
  CPU_BIT_LAST = 2,    /* the last use, an index or a lane, is a scalar */
  CPU_BIT_GROUP = 4,   /* INDEX_*: the group is of scalars */
  CPU_BIT_VALUE = 8,   /* the first value is a scalar, << 1 the second … */
  CPU_BIT_SHARED = 128, /* the memory is one that other threads see */
  CPU_BIT_LANES = 256   /* the index is a scalar plus the lane */
};

typedef struct cpu_insn {
  uint16_t op;
  uint8_t n_defs, n_uses;
  uint32_t at;     /* byte of the source it comes from */
  uint32_t target; /* jumps: an instruction; LOAD, STORE, ATOMIC: the memory */
  uint32_t offset, scale;
  uint16_t level, bits;
  bool has_index; /* memory: the last use is the index */
  uint32_t count;
  uint32_t r[CPU_MAX_OPERANDS];
} cpu_insn;

/* What the machine puts into registers: rows once for each run, scalars before each step. The workgroups of a step are
 * neighbours along x: CPU_GROUP_* are the ids of the first one. */
typedef enum cpu_preset {
  CPU_LOCAL_X,
  CPU_LOCAL_Y,
  CPU_LOCAL_Z,
  CPU_LOCAL_INDEX,
  CPU_LANE,       /* in the step */
  CPU_GROUP_LANE, /* which of the step's workgroups */
  CPU_GROUP_X,
  CPU_GROUP_Y,
  CPU_GROUP_Z,
  CPU_GROUPS_X,
  CPU_GROUPS_Y,
  CPU_GROUPS_Z,
  CPU_PRESET_COUNT
} cpu_preset;

enum { CPU_NO_REGISTER = 0xffffffffu };

/* Memories are numbered: the slots, then these two. */
struct cpu_program {
  cpu_insn *code;
  uint32_t n_code;
  uint32_t *constants; /* the first scalars */
  uint32_t n_constants;
  uint32_t n_scalars; /* a multiple of CPU_CHUNK */
  uint32_t n_rows, n_levels;
  uint32_t presets[CPU_PRESET_COUNT]; /* registers; CPU_NO_REGISTER: not used */
  cpu_slot *slots;
  uint32_t n_slots;
  uint32_t immediate_bytes, workgroup_bytes; /* memories n_slots and n_slots + 1 */
  uint32_t workgroup_size[3];
  uint32_t n_lanes;    /* of a workgroup */
  uint32_t n_together; /* workgroups that one step takes at most */
  uint32_t stride;
  uint32_t subgroup_size;
};

/* Runs one instruction on scalars of `file`: how constants are folded. */
void cpu_fold(cpu_insn insn, uint32_t *file);

#endif
