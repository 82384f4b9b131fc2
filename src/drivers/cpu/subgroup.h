/* Which operation a SUBGROUP_* instruction does, in its `count`. Shared by lower_builtin.c and vm_subgroup.c. */
#ifndef WEFT_DRIVERS_CPU_SUBGROUP_H
#define WEFT_DRIVERS_CPU_SUBGROUP_H

typedef enum cpu_subgroup_operation { /* REDUCE and SCAN; F: f32, H: f16 */
  CPU_SUBGROUP_ADD,
  CPU_SUBGROUP_ADD_F,
  CPU_SUBGROUP_ADD_H,
  CPU_SUBGROUP_MUL,
  CPU_SUBGROUP_MUL_F,
  CPU_SUBGROUP_MUL_H,
  CPU_SUBGROUP_MIN_F,
  CPU_SUBGROUP_MAX_F,
  CPU_SUBGROUP_MIN_I,
  CPU_SUBGROUP_MAX_I,
  CPU_SUBGROUP_MIN_U,
  CPU_SUBGROUP_MAX_U,
  CPU_SUBGROUP_AND,
  CPU_SUBGROUP_OR,
  CPU_SUBGROUP_XOR
} cpu_subgroup_operation;

typedef enum cpu_shuffle { /* SHUFFLE: by lane number, or relative to one's own */
  CPU_SHUFFLE_LANE,
  CPU_SHUFFLE_FIRST,
  CPU_SHUFFLE_XOR,
  CPU_SHUFFLE_UP,
  CPU_SHUFFLE_DOWN,
  CPU_QUAD_BROADCAST,
  CPU_QUAD_SWAP
} cpu_shuffle;

#endif
