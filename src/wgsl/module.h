/* The module while it is made, and what the phases offer each other: a section per file. Private to src/wgsl.
 *
 * Where the chapters of the WGSL specification are:
 *
 *    2 diagnostics, limits   diagnostic.c, module.h        12 attributes         attribute.def, declare.c, layout.c
 *    3 text, tokens          lex.c, number.c, xid.inc      13 entry points       entry.c, reflect.c, builtin_value.def
 *    4 directives            parse_decl.c, extension.def   14 memory layout      layout.c
 *    5 scope                 resolve.c                     15.2 uniformity       uniformity.c
 *    6 types                 type.c; 6.1.2 constant.c      15.7 floats           constant.c, number.c
 *    7 variables, values     declare.c                     17 builtin functions  builtins.def, builtin.c, texture.c,
 *    8 expressions           expr.c, call.c; values:                             view.c; values: builtin_value.c
 *                            evaluate.c, constant.c        18 grammar            parse_*.c, guess.c
 *    9 statements            stmt.c; 9.7 behaviour.c       WebGPU's pipelines    pipeline.c, check.c
 *   11 functions             declare.c; 11.4 alias.c       names that are there  predeclared.def */
#ifndef WGSL_MODULE_H
#define WGSL_MODULE_H

#include "base/arena.h"
#include "base/map.h"
#include "base/status.h"
#include "base/text.h"
#include "wgsl/ast.h"
#include "wgsl/lex.h"
#include "wgsl/typed.h"

enum {
  WGSL__MAX_NESTING = 255,     /* parentheses, braces, template lists: WGSL asks for 127 braces; bounds the C stack */
  WGSL__MAX_EXPR_DEPTH = 1024, /* of an expression's tree: `a + a + …` grows one level a term */
  WGSL__MAX_TYPE_DEPTH = 255,  /* arrays in structs in arrays: WGSL asks for 15 */
  WGSL__MAX_VALUES = 1 << 18,  /* components that const-expressions make in one module: 4 MB */
  WGSL__MAX_REPORTS = 20       /* errors, and warnings, that are told; after as many errors parsing ends */
};

struct wgsl_module {
  weft__arena arena;
  bool out_of_memory; /* sticky; the module is then dropped */
  wgsl__decl spare; /* the largest of all nodes: what wgsl__new hands out when memory ends, so that nobody need look */

  const wgsl_check_options *options; /* borrowed while the module is made, NULL: none */
  const char *source;                /* NUL-terminated copy */
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
  weft__map members;           /* types of members that were looked up in large structures, by (type, name) */
  const wgsl__type *basic[WGSL__N_SCALARS]; /* by wgsl__base, scalars and abstract ones */
  const wgsl__type *vectors[WGSL__N_SCALARS][3];     /* by scalar base and rows - 2 */
  const wgsl__type *matrices[WGSL__N_SCALARS][3][3]; /* by scalar base, columns - 2, rows - 2 */

  wgsl__decl *function;  /* whose body is checked, NULL at module scope */
  uint32_t dead;         /* > 0: what short-circuiting skips; typed, not evaluated */
  uint32_t skipped_from, skipped_to; /* declarations there may not have been made where a continuing block runs */
  uint32_t *continuing_loop;         /* the loop whose continuing block is checked */
  uint32_t value_budget; /* components that const-expressions may still make; after that values are not known */

  wgsl_reflection reflection;
  wgsl__decl **entry_decls; /* parallel to reflection.entries */
};

/* ---- module.c: memory ------------------------------------------------------------------------------------------- */

/* Zeroed, in the module's arena. Never NULL: when memory ends, out_of_memory is set and the answer is scratch that no
 * one may read back; n_bytes is at most that of a wgsl__decl. */
void *wgsl__new(wgsl_module *m, size_t n_bytes);
void *wgsl__array(wgsl_module *m, size_t count, size_t n_bytes); /* NULL when memory ends (sets out_of_memory) */
const char *wgsl__format(wgsl_module *m, const char *format, ...) WEFT_PRINTF(2, 3); /* never NULL */

/* ---- check.c ----------------------------------------------------------------------------------------------------- */

/* Whether the options let a source `enable` this extension; *feature is what WebGPU calls it. */
bool wgsl__extension_allowed(wgsl_module *m, const char *extension, const char **feature);
void wgsl__check_options(wgsl_module *m); /* entry point, constants, pipelines */

/* ---- diagnostic.c ------------------------------------------------------------------------------------------------ */

static const wgsl__range wgsl__nowhere = {UINT32_MAX, 0}; /* no place in the source: line 0, after all others */

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
/* The same for conversions, where a value outside the finite range does not round into it (WGSL 15.7.6). */
bool wgsl__float_converts(double value, int base, double *rounded);

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
  WGSL__WHAT_FUNCTION
} wgsl__what;

/* What `enable` opens, by extension. */
typedef enum wgsl__gate {
  WGSL__GATE_NONE,
#define WGSL__EXTENSION(name, gate, feature) WGSL__GATE_##gate,
#include "wgsl/extension.def"
#undef WGSL__EXTENSION
} wgsl__gate;

struct wgsl__predeclared {
  const char *name;
  wgsl__what what;
  uint32_t n;
  wgsl_scalar scalar;
  wgsl__gate gate;
};

const wgsl__predeclared *wgsl__predeclared_find(const char *text, size_t n); /* NULL: none */
const char *wgsl__predeclared_similar(const char *text, size_t n);           /* "did you mean", or NULL */
const char *wgsl__foreign_hint(const char *text, size_t n); /* of a word of another language, or NULL */
/* True, or a missing `enable` was reported for the use of `name` there. */
bool wgsl__gate_open(wgsl_module *m, wgsl__gate gate, wgsl__range range, const char *name);

/* ---- type.c ------------------------------------------------------------------------------------------------------ */

void wgsl__types_init(wgsl_module *m);
/* The type that `expr` denotes; NULL: reported, or not known yet (then nothing was reported). */
const wgsl__type *wgsl__type_of_expr(wgsl_module *m, wgsl__expr *expr);
bool wgsl__is_unresolved(const wgsl__expr *e); /* an identifier that was reported as unknown */
const wgsl__type *wgsl__type_vector(wgsl_module *m, uint32_t rows, const wgsl__type *scalar);
const wgsl__type *wgsl__type_matrix(wgsl_module *m, uint32_t columns, uint32_t rows, const wgsl__type *scalar);
const wgsl__type *wgsl__type_array(wgsl_module *m, const wgsl__type *element, uint32_t count); /* count > 0 */
const wgsl__type *wgsl__type_pointer(wgsl_module *m, wgsl__space space, const wgsl__type *store, unsigned access);
/* A structure that builtins return, such as __frexp_result_f32; its members have the given names and types. */
const wgsl__type *wgsl__type_result(wgsl_module *m, const char *name, const char *const names[2],
                                    const wgsl__type *const types[2]);
const wgsl__type *wgsl__type_concrete(wgsl_module *m, const wgsl__type *t); /* abstract ones to i32, f32 */

/* ---- constant.c -------------------------------------------------------------------------------------------------- */

/* What an expression comes to. value.type NULL: not known, then nothing may be said about it. */
typedef struct wgsl__result {
  wgsl__phase phase;
  bool known; /* value holds */
  bool bad;   /* an error was reported (or written into the evaluation's message), or the type is not known */
  wgsl__value value;
} wgsl__result;

/* One evaluation. At pipeline creation `overrides` holds the values (index: decl->reflected), errors go to `message`,
 * and memory comes from `scratch`; at module creation all are NULL and errors are diagnostics. */
typedef struct wgsl__evaluation {
  wgsl_module *m;
  wgsl__value *overrides;
  weft__arena *scratch;
  char *message;
  size_t capacity;
  bool silent;
  bool report;  /* at pipeline creation: the first error is a diagnostic, not a message */
  bool failed;  /* told */
  bool unknown; /* too large to follow, or memory ended: not known, nothing to tell */
  bool out_of_memory; /* pipelines: why nothing was evaluated */
} wgsl__evaluation;

void wgsl__evaluation_fail(wgsl__evaluation *e, wgsl__range range, const char *code, const char *format, ...)
    WEFT_PRINTF(4, 5);
const char *wgsl__value_text(wgsl__value value, char out[48]);
wgsl__value *wgsl__value_parts(wgsl__evaluation *e, uint32_t n); /* NULL: e->unknown */
/* Whether a value of `from` becomes one of `to` by itself (WGSL 6.1.2). */
bool wgsl__converts(const wgsl__type *from, const wgsl__type *to);
const wgsl__type *wgsl__type_common(const wgsl__type *a, const wgsl__type *b); /* what both become; NULL: none */
/* The same on values: abstract ones must fit. False: failed or unknown. */
bool wgsl__convert(wgsl__evaluation *e, wgsl__range range, wgsl__value *v, const wgsl__type *to);
bool wgsl__construct_scalar(wgsl__evaluation *e, wgsl__range range, wgsl__value *v, const wgsl__type *to);
bool wgsl__float_finish(wgsl__evaluation *e, wgsl__range range, wgsl__value *v, double f); /* rounds to v->type */
bool wgsl__unary_value(wgsl__evaluation *e, const wgsl__expr *x, wgsl__value a, wgsl__value *out);
bool wgsl__binary_value(wgsl__evaluation *e, const wgsl__expr *x, wgsl__value a, wgsl__value b, wgsl__value *out);
bool wgsl__arithmetic(wgsl__evaluation *e, wgsl__range range, wgsl__token_kind op, wgsl__value a, wgsl__value b,
                      wgsl__value *out); /* of scalars of one type */
/* What is wrong whatever the left operand is: zero divisors, long shifts. */
bool wgsl__binary_check(wgsl__evaluation *e, const wgsl__expr *x, const wgsl__value *a, const wgsl__value *b);

/* ---- evaluate.c -------------------------------------------------------------------------------------------------- */

/* Types the expression when that was not done, and gives what it comes to as a value (loads references). */
wgsl__result wgsl__evaluate(wgsl__evaluation *e, wgsl__expr *x);
/* The value of a typed const- or override-expression. False: failed or unknown. */
bool wgsl__value_of(wgsl__evaluation *e, wgsl__expr *x, wgsl__value *out);
void wgsl__node_finish(wgsl_module *m, wgsl__expr *x); /* after x has type and phase: its value, or what is wrong */
bool wgsl__pipeline_checks(wgsl__evaluation *e, const wgsl__decl *function); /* override-expressions in the body */

/* ---- expr.c, call.c ---------------------------------------------------------------------------------------------- */

void wgsl__check_expr(wgsl_module *m, wgsl__expr *x);                     /* fills type, phase, space, value */
const wgsl__type *wgsl__check_value(wgsl_module *m, wgsl__expr *x);       /* and loads; NULL: bad */
/* The value must convert to `to` (concrete): false and told when not. `what`: "the value of 'x'". */
bool wgsl__check_converts(wgsl_module *m, wgsl__expr *x, const wgsl__type *to, const char *what);
void wgsl__check_call(wgsl_module *m, wgsl__expr *x);
void wgsl__operator_types(wgsl_module *m, wgsl__expr *x, wgsl__token_kind op, const wgsl__type *a,
                          const wgsl__type *b); /* of a binary operation: x->type, x->operands, or an error */
void wgsl__check_keep(wgsl_module *m, wgsl__decl *owner, wgsl__expr *x); /* for pipelines that use `owner` */
void wgsl__check_list(wgsl_module *m, wgsl__expr *x, wgsl__expr *child); /* an override part of a runtime whole */
wgsl__expr *wgsl__unparen(wgsl__expr *x);

/* ---- builtin.c, builtin_value.c ---------------------------------------------------------------------------------- */

enum {
  WGSL__BUILTIN_CONST = 1,
  WGSL__BUILTIN_MUST_USE = 2,
  WGSL__BUILTIN_BARRIER = 4,     /* control flow must be uniform */
  WGSL__BUILTIN_SUBGROUP = 8,    /* the same, rule subgroup_uniformity; needs the extension */
  WGSL__BUILTIN_DERIVATIVE = 16, /* the same, rule derivative_uniformity; fragment stage alone */
  WGSL__BUILTIN_COMPUTE = 32,    /* compute stage alone */
  WGSL__BUILTIN_VARYING = 64,    /* the result is not uniform */
  WGSL__BUILTIN_UNIFORM = 128,   /* the result is uniform */
  WGSL__BUILTIN_TEXTURE = 256,   /* texture.c types it */
  WGSL__BUILTIN_TEMPLATE = 512,  /* takes template arguments */
  WGSL__BUILTIN_WRITES = 1024,   /* through its first argument */
  WGSL__BUILTIN_DISCARD = 2048,  /* fragment stage alone */
  WGSL__BUILTIN_NOT_VERTEX = 4096,
  WGSL__BUILTIN_VIEW = 8192,       /* view.c types it */
  WGSL__BUILTIN_SIZED_VIEW = 16384 /* with a size */
};

struct wgsl__builtin {
  wgsl__predeclared head;
  const char *signature; /* "result(parameters)", see builtins.def */
  unsigned scalars;      /* which scalars the element E may be, bits by wgsl__base */
  unsigned flags;
  bool (*evaluate)(wgsl__evaluation *e, const wgsl__expr *x, const wgsl__value *args, uint32_t n, wgsl__value *out);
  bool (*check)(wgsl__evaluation *e, const wgsl__expr *x, const wgsl__value *args, const bool *known);
};

void wgsl__check_builtin(wgsl_module *m, wgsl__expr *x, const wgsl__builtin *first);
const wgsl__builtin *wgsl__builtin_next(const wgsl__builtin *b); /* the next overload, or NULL */
const wgsl__builtin *wgsl__builtin_find(const char *text, size_t n);
const char *wgsl__builtin_similar(const char *text, size_t n, uint32_t *nearest);

/* ---- texture.c, view.c ------------------------------------------------------------------------------------------- */

/* The arguments are typed. */
void wgsl__check_texture(wgsl_module *m, wgsl__expr *x, const char *name);
void wgsl__check_view(wgsl_module *m, wgsl__expr *x, const wgsl__builtin *b);
/* Views of what the pointer comes from need so many bytes. Called functions come before those that call them. */
void wgsl__note_view(const wgsl__expr *pointer, uint32_t n_bytes);

/* ---- stmt.c, behaviour.c, alias.c, uniformity.c, entry.c --------------------------------------------------------- */

void wgsl__check_body(wgsl_module *m, wgsl__decl *function);
void wgsl__declare_local(wgsl_module *m, wgsl__decl *d); /* the value of a let or var */
void wgsl__declare_value(wgsl_module *m, wgsl__decl *d); /* declare.c: const, let, var in a function */
void wgsl__const_assertion(wgsl_module *m, wgsl__expr *e);
void wgsl__check_entry(wgsl_module *m, wgsl__decl *function);
void wgsl__check_io_members(wgsl_module *m, const wgsl__decl *structure); /* whether or not it is used as input */
void wgsl__behaviour_check(wgsl_module *m, wgsl__decl *function);
void wgsl__alias_check(wgsl_module *m); /* functions in m->order */
const wgsl__expr *wgsl__viewed(const wgsl__expr *x); /* the pointer to a buffer that a call looks at; NULL: it does not */
wgsl__decl *wgsl__root_of(const wgsl__expr *x); /* of a memory view or pointer: the variable or pointer parameter that it
                                                   comes from; NULL: not known */
void wgsl__uniformity_check(wgsl_module *m);

/* ---- layout.c ---------------------------------------------------------------------------------------------------- */

void wgsl__layout_struct(wgsl_module *m, wgsl__decl *decl); /* makes decl->type from its members' types */
/* Of a uniform variable, and of what a view of it looks like; NULL is fine. */
void wgsl__layout_uniform_check(wgsl_module *m, const wgsl__decl *var, const wgsl__type *t, wgsl__range range);

/* ---- declare.c --------------------------------------------------------------------------------------------------- */

/* The value of an attribute that takes a const-expression from 0 to `most`. False: reported, or not known. */
bool wgsl__const_argument(wgsl_module *m, const wgsl__attribute *a, const char *name, uint32_t least, uint32_t most,
                          uint32_t *out);
void wgsl__declare_all(wgsl_module *m); /* types, values, attributes of every declaration, in m->order */

/* ---- reflect.c --------------------------------------------------------------------------------------------------- */

void wgsl__reflect(wgsl_module *m);

typedef struct wgsl__keyed {
  uint64_t key;
  uint32_t index;
} wgsl__keyed;

/* The declarations that one entry point reaches; reused from entry to entry. All arrays are owned and as long as there
 * are declarations: the whole set items[0..count), those of it that a host or a pipeline asks for, the mark of the
 * entry that reached a declaration last (by decl->index), and room to sort in; and what the entry before asked for. */
typedef struct wgsl__reach {
  wgsl__decl **items, **uses, **before;
  uint32_t count, n_uses, n_before;
  uint32_t *marks;
  wgsl__keyed *keys;
} wgsl__reach;

bool wgsl__reach_init(wgsl__reach *x, uint32_t n_decls);
void wgsl__reach_free(wgsl__reach *x);
/* `mark`: another number for each root. */
void wgsl__reach_from(wgsl__reach *x, wgsl__decl *root, uint32_t mark);

/* ---- pipeline.c -------------------------------------------------------------------------------------------------- */

/* WebGPU's conversion of a pipeline constant to the override's type. False: it does not fit. */
bool wgsl__constant_value(wgsl__evaluation *e, const wgsl_override *o, double number, wgsl__value *out);
/* wgsl_entry_evaluate for n entry points that lie one after another; `e` says where errors go, where the values of
 * overrides are kept (zeroed, n_overrides + 1; NULL: memory ended) and from where memory for their parts comes. What
 * two of them share is evaluated, and told, once. out: n pipelines; valid: which of them hold. False: an override has
 * no value, or memory ended; then none does. */
bool wgsl__pipelines_evaluate(wgsl__evaluation *e, const wgsl_entry *entries, uint32_t n,
                              const wgsl_constant *constants, uint32_t n_constants, wgsl_pipeline *out, bool *valid);

#endif
