/* Lowering: a typed entry point becomes bytecode over virtual registers. Private to lower_*.c, optimise.c, allocate.c.
 *
 *   lower.c          passes, functions (inlined), variables      lower_code.c   instructions, constants, labels
 *   lower_value.c    values and places: loads, stores            lower_expr.c   operators, constructors
 *   lower_builtin.c  builtin functions                           lower_stmt.c   control flow, masks
 *   lower_view.c     places in a `buffer`
 *
 * Values are flat: a vec3f is three registers, a struct those of its members. A register is a scalar as long as nothing
 * makes it differ between lanes. That is assumed of every variable and loop at first; where the assumption fails, a
 * fact is noted and the whole program is lowered once more, until no new fact comes up. So no second analysis has to
 * agree with what lowering does.
 *
 * Failures are sticky in `status`: functions then give values of register 0, and the caller of all looks at the end. */
#ifndef WEFT_DRIVERS_CPU_LOWER_H
#define WEFT_DRIVERS_CPU_LOWER_H

#include "base/map.h"
#include "drivers/cpu/bytecode.h"
#include "wgsl/typed.h"

typedef uint32_t cpu_reg; /* a virtual register; 0 is the constant 0 */

enum {
  CPU_MAX_CODE = 1 << 18,   /* instructions, before any are dropped */
  CPU_MAX_PARTS = 1 << 16,  /* registers of one value */
  CPU_MAX_REGISTERS = 1 << 20,
  CPU_MAX_DEPTH = 2500,     /* of expressions, statements and calls together: bounds the C stack */
  CPU_MAX_BYTES = 1 << 28,  /* of memory while lowering */
  CPU_MAX_PASSES = 40       /* then everything varies */
};

typedef enum cpu_reg_kind {
  CPU_REG_TEMP, /* written at one place */
  CPU_REG_VAR,
  CPU_REG_CONST,
  CPU_REG_PRESET
} cpu_reg_kind;

typedef struct cpu_vreg {
  uint8_t kind;
  bool row;                          /* a value for each lane */
  bool rises, below;                 /* the row is `start` + the lane; is whether start + the lane < bound (scalars) */
  bool not_below;                    /* the contrary */
  cpu_reg start, bound;
  bool is_start;                     /* VAR: the variable is a row that rises; this scalar is where from */
  uint32_t value;                    /* CONST; PRESET: which */
  uint32_t group, n_group;           /* registers that must lie side by side: the first one, how many; 0: alone */
  uint32_t version;                  /* times written so far, in the order of the code */
  cpu_reg copy_of;                   /* TEMP made by MOVE: of this register, */
  uint32_t copy_version, copy_epoch; /* as it was then; copy_epoch 0: no copy */
} cpu_vreg;

typedef struct cpu_value {
  const wgsl__type *type;
  uint32_t n;
  cpu_reg *r;
} cpu_value;

/* A variable in registers: r, r + 1, … */
typedef struct cpu_variable {
  const void *key; /* facts are about it */
  cpu_reg r;
  uint32_t n, mask; /* mask: id of the mask it was declared under */
} cpu_variable;

/* What a reference refers to. Registers: variable->r + first + index * scale. Memory: byte offset + index * scale. */
typedef struct cpu_place {
  const wgsl__type *type; /* what is stored there */
  const cpu_variable *variable; /* NULL: memory */
  uint32_t memory;
  uint32_t offset, scale;
  uint32_t limit; /* the index is less, else the access is none (memory) or clamped (registers); 0: unlimited.
                     Of a `buffer`: its bytes; 0: all that are bound */
  cpu_reg index;
  bool has_index;
  bool guarded, is_view;  /* the access is none where `inside` does not hold; it comes from a bufferView, */
  cpu_reg inside, length; /* whose runtime-sized array has so many elements */
  uint8_t n_picked, picked[4]; /* components of a vector; 0: all of it */
} cpu_place;

/* What a name stands for now. */
typedef struct cpu_binding {
  enum { CPU_BOUND_VALUE, CPU_BOUND_PLACE } kind;
  cpu_value value;
  cpu_place place;
} cpu_binding;

typedef enum cpu_fact {
  CPU_FACT_VARYING, /* a variable, a function's result */
  CPU_FACT_LEVEL,   /* a variable: it does not always rise by one from lane to lane */
  CPU_FACT_INDEXED, /* a variable: by an index that is not constant */
  CPU_FACT_BREAK,   /* a loop, a switch: some lanes leave earlier than others; a function: return */
  CPU_FACT_CONTINUE
} cpu_fact;

/* A function that is being inlined. */
typedef struct cpu_frame {
  struct cpu_frame *outer;
  const wgsl__decl *function;
  const wgsl__stmt *last;    /* of its body */
  uint32_t depth, mask, end; /* of masks at the call; label */
  bool direct;               /* the result is `value`, else it is in `result` */
  bool jumped;               /* an early return was met */
  cpu_value value;
  cpu_variable *result;
} cpu_frame;

/* A loop or switch that break and continue lead out of. */
typedef struct cpu_target {
  struct cpu_target *outer;
  const wgsl__stmt *stmt;
  uint32_t depth;     /* of masks where its body begins, when lanes leave one by one; else at its start */
  uint32_t leave;     /* the lowest level that break drops */
  uint32_t end, next; /* labels; next: of the continuing block */
  uint32_t body_mask; /* id of the mask under which the continuing block's names are declared, 0: no matter */
  bool masked, steps; /* break, continue drop lanes */
} cpu_target;

typedef struct cpu_lower {
  const wgsl_module *module;
  const wgsl_entry *entry;
  wgsl__special special;
  uint32_t subgroup_size;
  uint32_t n_lanes, n_together;
  weft_status status;
  weft_error *err;

  weft__map facts; /* (pointer, cpu_fact); kept from pass to pass */
  bool again, all_vary;
  bool parting_loops; /* of some loop lanes leave one by one */
  bool subgroups;     /* a subgroup operation was met */

  /* one pass */
  weft__arena arena;
  weft__map names;     /* decl -> cpu_binding */
  cpu_binding nothing; /* what a name is bound to once memory has ended */
  weft__map constants; /* word -> register + 1; also groups of constants by their words */
  weft__map known;     /* operation and operands -> the result's registers */
  const void **known_log; /* keys in the order they came, dropped at the end of the branch */
  uint32_t n_known, known_capacity;
  cpu_vreg *regs;
  uint32_t n_regs, regs_capacity;
  cpu_insn *code;
  uint32_t n_code, code_capacity;
  uint32_t n_prologue; /* values of private variables: instructions at the end of `code` that belong before it */
  cpu_insn *prologue;
  uint32_t prologue_capacity;
  bool in_prologue;
  uint32_t n_labels, n_masks, n_epochs;
  uint32_t epoch;          /* changes where code may be entered from below: copies of variables end there */
  uint32_t memory_version; /* changes with each write to memory */
  uint32_t depth, mask;    /* level of the current mask; its id */
  uint32_t deepest;
  uint32_t exits[CPU_MAX_LEVELS]; /* a level's label to go to when nobody is left in it */
  uint32_t at;             /* byte of the source */
  uint32_t nesting;
  cpu_frame *frame;
  cpu_target *target;
  cpu_reg presets[CPU_PRESET_COUNT]; /* 0: not used yet */
  uint64_t workgroup_bytes;
} cpu_lower;

/* ---- lower.c ----------------------------------------------------------------------------------------------------- */

void cpu_fail(cpu_lower *L, weft_status status, const char *format, ...) WEFT_PRINTF(3, 4);
void *cpu_new(cpu_lower *L, size_t n_bytes); /* zeroed, of the pass; NULL when memory ends */
bool cpu_fact_holds(const cpu_lower *L, const void *key, cpu_fact fact);
void cpu_fact_note(cpu_lower *L, const void *key, cpu_fact fact); /* and asks for another pass when it is new */
cpu_variable *cpu_variable_new(cpu_lower *L, const void *key, uint32_t n); /* declared here; NULL when memory ends */
cpu_binding *cpu_bind(cpu_lower *L, const wgsl__decl *d); /* a new binding; never NULL */
const cpu_binding *cpu_bound(cpu_lower *L, const wgsl__decl *d); /* NULL: none; makes those of module-scope variables */
uint32_t cpu_array_count(cpu_lower *L, const wgsl__type *t); /* of an array, by overrides too; 0: runtime-sized */
cpu_value cpu_call(cpu_lower *L, const wgsl__expr *x);
cpu_reg cpu_preset_get(cpu_lower *L, cpu_preset which);
bool cpu_enter(cpu_lower *L); /* deeper in the C stack; false: too deep, reported */
void cpu_leave(cpu_lower *L);

/* ---- lower_code.c ------------------------------------------------------------------------------------------------ */

cpu_reg cpu_reg_new(cpu_lower *L, cpu_reg_kind kind, bool row);
cpu_reg cpu_regs_new(cpu_lower *L, uint32_t n, cpu_reg_kind kind, bool row, bool group); /* side by side in number */
cpu_reg cpu_constant(cpu_lower *L, uint32_t word);
cpu_reg cpu_constant_f(cpu_lower *L, float f);
bool cpu_is_constant(const cpu_lower *L, cpu_reg r);
bool cpu_is_row(const cpu_lower *L, cpu_reg r);
cpu_reg cpu_row(cpu_lower *L, cpu_reg r); /* the same value as a row */

/* Operations: the result's register, perhaps one that holds it already. */
cpu_reg cpu_op1(cpu_lower *L, cpu_op op, cpu_reg a);
cpu_reg cpu_op2(cpu_lower *L, cpu_op op, cpu_reg a, cpu_reg b);
cpu_reg cpu_op3(cpu_lower *L, cpu_op op, cpu_reg a, cpu_reg b, cpu_reg c);
void cpu_library(cpu_lower *L, cpu_op op, uint32_t n_defs, cpu_reg *out, uint32_t n_uses, const cpu_reg *uses);

void cpu_emit(cpu_lower *L, cpu_insn insn);           /* as it is, with copies seen through */
void cpu_emit_known(cpu_lower *L, cpu_insn insn, cpu_reg *out); /* its results (temporaries) may be had already */
void cpu_assign(cpu_lower *L, const cpu_variable *v, uint32_t part, cpu_reg value);
cpu_reg cpu_read(cpu_lower *L, cpu_reg variable); /* a copy of what it holds now */

uint32_t cpu_label(cpu_lower *L);
void cpu_label_here(cpu_lower *L, uint32_t label);
void cpu_jump(cpu_lower *L, cpu_op op, cpu_reg condition, uint32_t label);
uint32_t cpu_known_mark(const cpu_lower *L);
void cpu_known_forget(cpu_lower *L, uint32_t mark);

/* ---- lower_value.c ----------------------------------------------------------------------------------------------- */

uint32_t cpu_count(const wgsl__type *t); /* registers of a value; more than CPU_MAX_PARTS: too many */
uint32_t cpu_first(const wgsl__type *t, uint32_t part); /* the first register of component, column, element, member */
cpu_value cpu_value_new(cpu_lower *L, const wgsl__type *t);
static inline cpu_reg cpu_part(cpu_value v, uint32_t i) { return i < v.n ? v.r[i] : 0; }
cpu_value cpu_value_of_constant(cpu_lower *L, const wgsl__value *v, const wgsl__type *to);
cpu_value cpu_value_slice(cpu_value v, uint32_t part, const wgsl__type *t);
cpu_value cpu_value_index(cpu_lower *L, cpu_value v, cpu_reg index, const wgsl__type *t);
cpu_place cpu_place_of(cpu_lower *L, const wgsl__expr *x); /* a reference, or what a pointer points at */
cpu_value cpu_load(cpu_lower *L, const cpu_place *p);
void cpu_store(cpu_lower *L, const cpu_place *p, cpu_value v);
bool cpu_memory_is_shared(const cpu_lower *L, uint32_t memory); /* other threads write it too */
bool cpu_memory_is_constant(const cpu_lower *L, uint32_t memory);
bool cpu_memory_is_apart(const cpu_lower *L, uint32_t memory); /* each workgroup of a step has its own */
void cpu_memory_operand(cpu_lower *L, cpu_insn *insn, const cpu_place *p); /* memory, offset and index: the last use */

/* ---- lower_view.c ------------------------------------------------------------------------------------------------ */

cpu_reg cpu_buffer_length(cpu_lower *L, const cpu_place *buffer); /* bytes */
void cpu_buffer_narrow(cpu_lower *L, cpu_place *buffer, const wgsl__type *t); /* as it is seen by a pointer to t */
cpu_place cpu_view(cpu_lower *L, const wgsl__expr *call); /* bufferView, bufferArrayView */
void cpu_view_index(cpu_lower *L, cpu_place *p, cpu_reg index); /* p, indexed already, is to be inside its view */
cpu_reg cpu_memory_bytes(cpu_lower *L, uint32_t memory); /* bytes that are bound */

/* ---- lower_expr.c ------------------------------------------------------------------------------------------------ */

/* The value of an expression; an abstract one becomes `to` (a scalar: its elements do; NULL: i32 and f32). */
cpu_value cpu_expr(cpu_lower *L, const wgsl__expr *x, const wgsl__type *to);
cpu_reg cpu_expr_scalar(cpu_lower *L, const wgsl__expr *x, const wgsl__type *to);
cpu_value cpu_binary(cpu_lower *L, wgsl__token_kind op, wgsl__base base, const wgsl__type *t, cpu_value a, cpu_value b);
cpu_reg cpu_convert(cpu_lower *L, cpu_reg r, wgsl__base from, wgsl__base to);
wgsl__base cpu_base(const wgsl__type *t); /* of the scalars; abstract ones as i32 and f32 */
cpu_reg cpu_rounded(cpu_lower *L, wgsl__base base, cpu_reg r); /* f16: to the nearest that it has */
bool cpu_is_simple(const wgsl__expr *x); /* has no effects and always ends */
const wgsl__expr *cpu_unparen(const wgsl__expr *x);

/* ---- lower_builtin.c, lower_stmt.c ------------------------------------------------------------------------------- */

cpu_value cpu_builtin(cpu_lower *L, const wgsl__expr *x);
void cpu_body(cpu_lower *L, const wgsl__stmt *list);
void cpu_mask_push(cpu_lower *L, uint32_t exit);
void cpu_mask_pop(cpu_lower *L, uint32_t depth, uint32_t mask);

/* ---- optimise.c, allocate.c -------------------------------------------------------------------------------------- */

void cpu_optimise(cpu_lower *L);
weft_status cpu_allocate(cpu_lower *L, cpu_program *program, weft_error *err);

#endif
