/* The module while it is made, and what the phases offer each other: a section per file. Private to src/wgsl. */
#ifndef WGSL_MODULE_H
#define WGSL_MODULE_H

#include "base/arena.h"
#include "base/map.h"
#include "base/status.h"
#include "base/text.h"
#include "wgsl/ast.h"
#include "wgsl/lex.h"

enum {
  WGSL__MAX_NESTING = 255,     /* parentheses, braces, template lists: WGSL asks for 127 braces; bounds the C stack */
  WGSL__MAX_EXPR_DEPTH = 1024, /* of an expression's tree: `a + a + …` grows one level a term */
  WGSL__MAX_TYPE_DEPTH = 255,  /* arrays in structs in arrays: WGSL asks for 15 */
  WGSL__MAX_REPORTS = 20,      /* errors, and warnings, that are told; after as many errors parsing ends */
  WGSL__SPARE_BYTES = 512
};

struct wgsl_module {
  weft__arena arena;
  bool out_of_memory; /* sticky; the module is then dropped */
  union {
    max_align_t alignment;
    char bytes[WGSL__SPARE_BYTES];
  } spare; /* what wgsl__new hands out when memory ends, so that parse code need not look */

  const char *source; /* NUL-terminated copy */
  uint32_t n_source;
  uint32_t *lines; /* offset of each line's first byte */
  uint32_t n_lines;
  uint32_t cursor_line, cursor_offset, cursor_column; /* where the last column was counted from */

  wgsl_diagnostic *diagnostics; /* owned */
  uint32_t n_diagnostics, diagnostics_capacity;
  uint32_t n_errors, n_warnings; /* found; of each, WGSL__MAX_REPORTS at most are told */

  wgsl__tokens tokens;
  wgsl__names names;

  bool tree_broken;                /* a syntax error or a cycle: the later phases would blame what is not there */
  wgsl__decl *decls, **decls_tail; /* source order */
  uint32_t n_decls;
  wgsl__decl **order;                  /* every declaration after those it mentions */
  wgsl__attribute *global_diagnostics; /* directives, the last one first */
  uint32_t n_global_diagnostics;
  uint32_t gates;               /* bits of wgsl__gate that `enable` opened */
  bool standard_uniform_layout; /* requires uniform_buffer_standard_layout */

  weft__map types;             /* canonical types by name */
  const wgsl__type *basic[16]; /* by wgsl__base, scalars and abstract ones */

  wgsl_reflection reflection;
  wgsl__decl **entry_decls; /* parallel to reflection.entries */
};

/* ---- module.c: memory ------------------------------------------------------------------------------------------- */

/* Zeroed, in the module's arena. Never NULL: when memory ends, out_of_memory is set and the answer is scratch that no
 * one may read back; n_bytes is then at most WGSL__SPARE_BYTES. */
void *wgsl__new(wgsl_module *m, size_t n_bytes);
void *wgsl__array(wgsl_module *m, size_t count, size_t n_bytes); /* NULL when memory ends (sets out_of_memory) */
const char *wgsl__format(wgsl_module *m, const char *format, ...) WEFT_PRINTF(2, 3); /* never NULL */

/* ---- diagnostic.c ------------------------------------------------------------------------------------------------ */

void wgsl__lines_find(wgsl_module *m);
wgsl_span wgsl__span(wgsl_module *m, wgsl__range range); /* cheapest when called with rising offsets */

/* Reports an error and returns it, for notes and a hint; NULL when enough were told. `code` is static. */
wgsl_diagnostic *wgsl__error(wgsl_module *m, wgsl__range range, const char *code, const char *format, ...)
    WEFT_PRINTF(4, 5);
wgsl_diagnostic *wgsl__warning(wgsl_module *m, wgsl__range range, const char *code, const char *format, ...)
    WEFT_PRINTF(4, 5);
void wgsl__note(wgsl_module *m, wgsl_diagnostic *d, wgsl__range range, const char *format, ...) WEFT_PRINTF(4, 5);
void wgsl__hint(wgsl_module *m, wgsl_diagnostic *d, const char *format, ...) WEFT_PRINTF(3, 4);
void wgsl__diagnostics_sort(wgsl_module *m);

/* ---- number.c ---------------------------------------------------------------------------------------------------- */

/* The value of a numeric literal token; false: it was reported. */
bool wgsl__number_parse(wgsl_module *m, wgsl__range range, wgsl__value *out);
bool wgsl__float_fits(double value, int base, double *rounded); /* base F32 or F16: rounds, false: out of range */

/* ---- parse_*.c --------------------------------------------------------------------------------------------------- */

void wgsl__parse(wgsl_module *m);

/* ---- resolve.c --------------------------------------------------------------------------------------------------- */

void wgsl__resolve(wgsl_module *m); /* binds names, fills mentions and m->order */

/* ---- predeclared.c ----------------------------------------------------------------------------------------------- */

typedef enum wgsl__what {
  WGSL__WHAT_SCALAR,
  WGSL__WHAT_VECTOR,
  WGSL__WHAT_MATRIX,
  WGSL__WHAT_ARRAY,
  WGSL__WHAT_ATOMIC,
  WGSL__WHAT_POINTER,
  WGSL__WHAT_BUFFER,
  WGSL__WHAT_SAMPLER,
  WGSL__WHAT_TEXTURE,
  WGSL__WHAT_LAST_TYPE = WGSL__WHAT_TEXTURE,
  WGSL__WHAT_ACCESS,
  WGSL__WHAT_SPACE,
  WGSL__WHAT_FORMAT,
  WGSL__WHAT_CONST_FUNCTION,
  WGSL__WHAT_FUNCTION
} wgsl__what;

typedef enum wgsl__gate { WGSL__GATE_NONE, WGSL__GATE_F16, WGSL__GATE_SUBGROUPS, WGSL__GATE_OTHER } wgsl__gate;

struct wgsl__predeclared {
  const char *name;
  wgsl__what what;
  uint32_t n;
  wgsl_scalar scalar;
  wgsl__gate gate;
};

const wgsl__predeclared *wgsl__predeclared_find(const char *text, size_t n); /* NULL: none */
const char *wgsl__predeclared_similar(const char *text, size_t n);           /* "did you mean", or NULL */
const char *wgsl__gate_name(wgsl__gate gate);

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
  wgsl__space space;       /* pointers */
  unsigned access;         /* pointers, storage textures */
};

void wgsl__types_init(wgsl_module *m);
/* The type that `expr` denotes; NULL: reported, or not known yet (then nothing was reported). */
const wgsl__type *wgsl__type_of_expr(wgsl_module *m, wgsl__expr *expr);
bool wgsl__is_unresolved(const wgsl__expr *e); /* an identifier that was reported as unknown */
const wgsl__type *wgsl__type_vector(wgsl_module *m, uint32_t rows, const wgsl__type *scalar);
const wgsl__type *wgsl__type_scalar(const wgsl_module *m, wgsl_scalar scalar);
const wgsl__type *wgsl__type_concrete(const wgsl_module *m, const wgsl__type *t); /* abstract scalars to i32, f32 */
const char *wgsl__type_name(const wgsl__type *t);                                 /* as messages say it */

/* ---- constant.c -------------------------------------------------------------------------------------------------- */

typedef enum wgsl__phase {
  WGSL__PHASE_CONST,
  WGSL__PHASE_OVERRIDE,
  WGSL__PHASE_RUNTIME,
  WGSL__PHASE_UNKNOWN
} wgsl__phase;

/* What an expression comes to. value.type may be known without a value (overrides); NULL: type not known. */
typedef struct wgsl__result {
  wgsl__phase phase;
  bool known; /* value holds */
  bool bad;   /* an error was reported (or written into the evaluation's message) */
  wgsl__value value;
} wgsl__result;

/* One evaluation. At pipeline creation `overrides` gives the values (index: decl->reflected) and errors go to
 * `message`; at module creation both are NULL and errors are diagnostics. */
typedef struct wgsl__evaluation {
  wgsl_module *m;
  const wgsl__value *overrides;
  char *message;
  size_t capacity;
  bool silent; /* what fails was reported before */
  bool failed;
} wgsl__evaluation;

wgsl__result wgsl__evaluate(wgsl__evaluation *e, wgsl__expr *expr);
/* The values of a const vector or array of scalars, for declarations: fills decl->components. */
void wgsl__components_find(wgsl_module *m, wgsl__decl *decl);
/* Converts to the concrete scalar `to` as initialisers do. False: reported. */
bool wgsl__convert(wgsl__evaluation *e, wgsl__range where, wgsl__value *value, const wgsl__type *to);
void wgsl__evaluation_fail(wgsl__evaluation *e, wgsl__range range, const char *code, const char *format, ...)
    WEFT_PRINTF(4, 5);
const char *wgsl__value_text(wgsl__value value, char out[48]);

/* ---- layout.c ---------------------------------------------------------------------------------------------------- */

void wgsl__layout_struct(wgsl_module *m, wgsl__decl *decl); /* makes decl->type from its members' types */
void wgsl__layout_uniform_check(wgsl_module *m, const wgsl__decl *var);

/* ---- declare.c --------------------------------------------------------------------------------------------------- */

void wgsl__declare_all(wgsl_module *m); /* types, values, attributes of every declaration, in m->order */

/* ---- reflect.c --------------------------------------------------------------------------------------------------- */

void wgsl__reflect(wgsl_module *m);

#endif
