/* The typed tree as later phases read it: the CPU driver lowers it. Beside the tree (ast.h): types, values, and what one
 * pipeline makes of the overrides. Everything is borrowed from the module, which none of this changes. */
#ifndef WGSL_TYPED_H
#define WGSL_TYPED_H

#include "base/arena.h"
#include "wgsl/ast.h"

/* ---- type.c ------------------------------------------------------------------------------------------------------ */

typedef enum wgsl__base {
  WGSL__BASE_ABSTRACT_INT,
  WGSL__BASE_ABSTRACT_FLOAT,
  WGSL__BASE_BOOL,
  WGSL__BASE_I32,
  WGSL__BASE_U32,
  WGSL__BASE_F32,
  WGSL__BASE_F16,
  WGSL__BASE_LAST_SCALAR = WGSL__BASE_F16,
  WGSL__BASE_VECTOR,
  WGSL__BASE_MATRIX,
  WGSL__BASE_ARRAY,
  WGSL__BASE_STRUCT,
  WGSL__BASE_ATOMIC,
  WGSL__BASE_POINTER,
  WGSL__BASE_BUFFER,
  WGSL__BASE_TEXTURE,
  WGSL__BASE_SAMPLER
} wgsl__base;

enum { WGSL__N_SCALARS = WGSL__BASE_LAST_SCALAR + 1 };

static inline bool wgsl__is_abstract(wgsl__base b) {
  return b == WGSL__BASE_ABSTRACT_INT || b == WGSL__BASE_ABSTRACT_FLOAT;
}
static inline bool wgsl__is_integer(wgsl__base b) {
  return b == WGSL__BASE_ABSTRACT_INT || b == WGSL__BASE_I32 || b == WGSL__BASE_U32;
}
static inline bool wgsl__is_float(wgsl__base b) {
  return b == WGSL__BASE_ABSTRACT_FLOAT || b == WGSL__BASE_F32 || b == WGSL__BASE_F16;
}

enum {
  WGSL__TYPE_HOST_SHAREABLE = 1,
  WGSL__TYPE_CONSTRUCTIBLE = 2,
  WGSL__TYPE_PLAIN = 4,
  WGSL__TYPE_FIXED = 8, /* fixed footprint; creation-fixed when not OVERRIDE_SIZED as well */
  WGSL__TYPE_RUNTIME_SIZED = 16,
  WGSL__TYPE_OVERRIDE_SIZED = 32,
  WGSL__TYPE_HAS_ATOMIC = 64,
  WGSL__TYPE_HAS_ARRAY = 128
};

struct wgsl__type {
  wgsl_type host; /* first: a wgsl_type is the head of a wgsl__type */
  wgsl__base base;
  unsigned flags;
  uint32_t depth;          /* of nested composites */
  bool uniform_ok;         /* layout.c found nothing wrong for the uniform address space */
  wgsl__expr *count;       /* OVERRIDE_SIZED: the element count (arrays) or byte count (buffers) */
  const wgsl__decl *decl;  /* structs */
  const wgsl__type *inner; /* element, column, atomic's scalar, pointer's store type */
  const wgsl__type *concrete; /* structures of builtins with abstract members */
  wgsl__space space;       /* pointers */
  unsigned access;         /* pointers, storage textures */
};

const wgsl__type *wgsl__type_part(const wgsl__type *t, uint32_t i); /* component, column, element, member */
uint32_t wgsl__type_parts(const wgsl__type *t);                     /* how many; 0 for scalars and unsized arrays */
const wgsl__type *wgsl__type_element(const wgsl__type *t); /* the scalar of a scalar, vector or matrix, or NULL */
/* Which component a letter of a swizzle names, 4: none. */
static inline uint32_t wgsl__swizzle_index(char letter) {
  static const char letters[] = "xyzwrgba";
  for (uint32_t i = 0; i < 8; i++)
    if (letters[i] == letter) return i % 4;
  return 4;
}
const wgsl__type *wgsl__type_scalar(const wgsl_module *m, wgsl_scalar scalar);
const char *wgsl__type_name(const wgsl__type *t);                                 /* as messages say it */

/* ---- constant.c, builtin.c --------------------------------------------------------------------------------------- */

typedef enum wgsl__phase {
  WGSL__PHASE_CONST,
  WGSL__PHASE_OVERRIDE,
  WGSL__PHASE_RUNTIME,
  WGSL__PHASE_UNKNOWN
} wgsl__phase;

wgsl__value wgsl__value_part(const wgsl__value *v, uint32_t i);
const char *wgsl__builtin_name(const wgsl__builtin *b);

/* ---- pipeline.c --------------------------------------------------------------------------------------------------- */

/* An entry point with the overrides' values of one pipeline. */
typedef struct wgsl__special {
  const wgsl__decl *function;
  wgsl_pipeline pipeline;
  wgsl__value *overrides; /* owned; by decl->reflected */
  weft__arena arena;      /* parts of values */
  bool out_of_memory;     /* why it failed */
} wgsl__special;

/* As wgsl_entry_evaluate, and keeps the values. `out` is released by wgsl__special_free, also after a failure. */
bool wgsl__specialise(const wgsl_module *module, const wgsl_entry *entry, const wgsl_constant *constants,
                      uint32_t n_constants, wgsl__special *out, char *message, size_t capacity);
void wgsl__special_free(wgsl__special *special);

/* The value of a const- or override-expression. False: it has none before the shader runs. */
bool wgsl__special_value(const wgsl_module *module, wgsl__special *special, const wgsl__expr *x, wgsl__value *out);

#endif
