/* WGSL: source text in, a checked module and its reflection out. The only header of src/wgsl that others include.
 *
 *   source --lex--> tokens --parse--> tree --resolve--> ordered declarations --const eval, layout--> reflection
 *
 * Everything reachable from a wgsl_module is borrowed from it and lives in its arena; nothing here keeps global state,
 * recurses without a depth limit, or exits. A module is immutable once made, so any thread may read it. */
#ifndef WGSL_H
#define WGSL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct wgsl_module wgsl_module;

/* ---- diagnostics ---------------------------------------------------------------------------------------------- */

typedef enum wgsl_severity { WGSL_SEVERITY_ERROR, WGSL_SEVERITY_WARNING, WGSL_SEVERITY_INFO } wgsl_severity;

/* A piece of the source. Lines and columns count from 1, columns in characters (Unicode code points). */
typedef struct wgsl_span {
  uint32_t offset, n_bytes; /* bytes of the source */
  uint32_t line, column;
} wgsl_span;

typedef struct wgsl_note {
  wgsl_span span; /* n_bytes 0 and line 0: no place */
  const char *message;
} wgsl_note;

typedef struct wgsl_diagnostic {
  wgsl_severity severity;
  const char *code;    /* a stable short name, such as "unknown-identifier" */
  const char *message; /* one sentence with the values, no trailing full stop */
  const char *hint;    /* what to write instead, or NULL */
  wgsl_span span;
  const wgsl_note *notes;
  uint32_t n_notes;
} wgsl_diagnostic;

/* ---- types, as the host sees them ------------------------------------------------------------------------------- */

typedef enum wgsl_scalar { WGSL_SCALAR_NONE, WGSL_SCALAR_BOOL, WGSL_SCALAR_I32, WGSL_SCALAR_U32, WGSL_SCALAR_F32, WGSL_SCALAR_F16 } wgsl_scalar;

typedef enum wgsl_kind {
  WGSL_KIND_SCALAR,
  WGSL_KIND_ATOMIC, /* of I32 or U32, in `scalar` */
  WGSL_KIND_VECTOR, /* rows of `scalar` */
  WGSL_KIND_MATRIX, /* columns x rows of `scalar` */
  WGSL_KIND_ARRAY,  /* count of `element`; count 0: runtime-sized */
  WGSL_KIND_STRUCT,
  WGSL_KIND_BUFFER, /* bytes that the shader looks at by bufferView; size 0: as many as are bound */
  WGSL_KIND_TEXTURE,
  WGSL_KIND_SAMPLER,
  WGSL_KIND_OTHER /* everything a binding cannot have */
} wgsl_kind;

typedef struct wgsl_type wgsl_type;

typedef struct wgsl_member {
  const char *name;
  const wgsl_type *type;
  uint32_t offset, size; /* bytes; size as by @size */
} wgsl_member;

struct wgsl_type {
  wgsl_kind kind;
  wgsl_scalar scalar;
  uint32_t columns, rows;
  const wgsl_type *element; /* arrays; matrices: the column vector */
  uint32_t count;           /* arrays; 0: runtime-sized */
  uint32_t stride;          /* bytes from one element (or matrix column) to the next */
  uint32_t size, align;     /* bytes; a runtime-sized array counts one element, as in the minimum binding size */
  const wgsl_member *members;
  uint32_t n_members;
  const char *name; /* as written in WGSL: "array<vec4<f32>>", "Params" */
};

/* ---- reflection -------------------------------------------------------------------------------------------------- */

typedef enum wgsl_space {
  WGSL_SPACE_UNIFORM,
  WGSL_SPACE_STORAGE_READ,
  WGSL_SPACE_STORAGE_READ_WRITE,
  WGSL_SPACE_HANDLE /* textures and samplers */
} wgsl_space;

typedef struct wgsl_binding {
  const char *name;
  uint32_t group, binding;
  wgsl_space space;
  const wgsl_type *type;
  uint32_t min_bytes; /* the smallest binding WebGPU accepts: size of the type, one element for a runtime-sized
                         array, room for each bufferView of a buffer */
  wgsl_span span;     /* of the declaration's name */
} wgsl_binding;

typedef struct wgsl_override {
  const char *name;
  int32_t id; /* -1: none */
  wgsl_scalar scalar;
  bool has_default;
  wgsl_span span;
} wgsl_override;

typedef enum wgsl_stage { WGSL_STAGE_COMPUTE, WGSL_STAGE_VERTEX, WGSL_STAGE_FRAGMENT } wgsl_stage;

/* One entry point and what it statically uses, through called functions. Lists are sorted: bindings by
 * (group, binding), overrides by declaration. */
typedef struct wgsl_entry {
  const char *name;
  wgsl_stage stage;
  const wgsl_binding *const *bindings;
  uint32_t n_bindings;
  const wgsl_override *const *overrides; /* those its pipeline needs a value for, or may set */
  uint32_t n_overrides;
  const wgsl_type *immediate; /* var<immediate> it uses, or NULL */
  const char *immediate_name;
  wgsl_span span; /* of its name */
} wgsl_entry;

typedef struct wgsl_reflection {
  const wgsl_entry *entries;
  uint32_t n_entries;
  const wgsl_binding *bindings; /* every declared binding, in source order */
  uint32_t n_bindings;
  const wgsl_override *overrides;
  uint32_t n_overrides;
  const char *const *enables; /* names after `enable` */
  uint32_t n_enables;
  const char *const *requires; /* names after `requires` */
  uint32_t n_requires;
} wgsl_reflection;

/* ---- calls --------------------------------------------------------------------------------------------------------- */

/* Checks `source` (UTF-8, call only: the module keeps a copy). Returns an owned module, also when the source is
 * rejected: then the diagnostics say why. NULL only when the host is out of memory. */
wgsl_module *wgsl_module_create(const char *source, size_t n_bytes);
void wgsl_module_destroy(wgsl_module *module); /* NULL is fine */

bool wgsl_module_valid(const wgsl_module *module); /* no diagnostic is an error */

/* What else is to be checked, as strings: for a source that no device has seen. Zeroed: the module by itself. */
typedef struct wgsl_named_constant {
  const char *name; /* of an override; its @id in decimal where it has one, as in WebGPU */
  double value;
} wgsl_named_constant;

typedef struct wgsl_check_options {
  const char *const *features; /* WebGPU's names, such as "shader-f16"; they allow `enable`. NULL: all there are */
  uint32_t n_features;         /* 0 with features not NULL: none */
  const char *entry;           /* must exist; NULL: all of them */
  const wgsl_named_constant *constants; /* must exist and fit */
  uint32_t n_constants;
  bool pipeline; /* the entry points can become pipelines: every override has a value, WebGPU's default limits hold */
} wgsl_check_options;

/* As wgsl_module_create; what is wrong with the options (call only, may be NULL) are diagnostics too, with line 0 where
 * no place in the source is to blame. */
wgsl_module *wgsl_module_check(const char *source, size_t n_bytes, const wgsl_check_options *options);

/* The place just behind a span, for `line` and `column`. */
wgsl_span wgsl_span_end(const wgsl_module *module, wgsl_span span);
uint32_t wgsl_diagnostic_count(const wgsl_module *module);
const wgsl_diagnostic *wgsl_diagnostic_get(const wgsl_module *module, uint32_t index); /* in source order */

/* The diagnostic as people read it: severity, message, position, source line, caret, notes, hint. Writes at most
 * `capacity` bytes with the NUL and returns the length the whole text has (as snprintf). */
size_t wgsl_diagnostic_render(const wgsl_module *module, const wgsl_diagnostic *d, char *out, size_t capacity);

/* The character at a line and column, for diagnostics of others about the same source; line 0 when there is none. */
wgsl_span wgsl_module_place(const wgsl_module *module, uint32_t line, uint32_t column);

/* NULL when the module is not valid. */
const wgsl_reflection *wgsl_module_reflect(const wgsl_module *module);

/* n characters that were written in, in front of what was at this place; lines end at newlines alone. */
typedef struct wgsl_insertion {
  uint32_t line, column, n;
} wgsl_insertion;

typedef struct wgsl_cleared {
  char *source; /* owned, NUL-terminated; NULL: no compute shader uses workgroup memory */
  size_t n_bytes;
  wgsl_insertion *insertions; /* owned; in rising order. Behind the end of the source there is more, on lines of its own */
  uint32_t n_insertions;
  const char *obstacle; /* a predeclared name that the source gives a meaning of its own, so that the text does not hold */
} wgsl_cleared;

/* The source of a valid module, made to clear its workgroup memory itself: for devices that leave in it what was there.
 * False: out of memory. */
bool wgsl_module_cleared(const wgsl_module *module, wgsl_cleared *out);
void wgsl_cleared_free(wgsl_cleared *cleared);

/* A value for an override: the number that WebGPU would be given. */
typedef struct wgsl_constant {
  const wgsl_override *override; /* borrowed from the module */
  double value;
} wgsl_constant;

/* What a pipeline fixes: the overrides' values applied to what depends on them. */
typedef struct wgsl_pipeline {
  uint32_t workgroup_size[3];
  uint64_t workgroup_bytes; /* of var<workgroup> that the entry point uses, each rounded up to 16 */
} wgsl_pipeline;

/* Evaluates workgroup size and workgroup memory of `entry` with `constants`. False: a value is missing or impossible;
 * then `message` (capacity bytes, may be NULL) says which. */
bool wgsl_entry_evaluate(const wgsl_module *module, const wgsl_entry *entry, const wgsl_constant *constants, uint32_t n_constants,
                         wgsl_pipeline *out, char *message, size_t capacity);

#endif
