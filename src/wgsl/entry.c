/* Entry points (WGSL 13): what goes in and out of a stage, and what @builtin, @location … ask of a declaration. */
#include <string.h>

#include "wgsl/module.h"

typedef struct built_in {
  const char *name;
  const char *type;   /* as wgsl__type_name says it; NULL: clip distances */
  const char *stages; /* "c" compute, "v" vertex, "f" fragment; upper case: as a result */
  wgsl__gate gate;
} built_in;

static const built_in table[] = {
#define WGSL__BUILTIN_VALUE(name, type, stages, gate) {#name, type, stages, WGSL__GATE_##gate},
#include "wgsl/builtin_value.def"
#undef WGSL__BUILTIN_VALUE
};

static const char *argument_name(const wgsl__expr *e) { return e && e->kind == WGSL__EXPR_IDENT ? e->name->text : ""; }

static const built_in *built_in_find(const wgsl__attribute *a) {
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (strcmp(table[i].name, argument_name(a->arguments)) == 0) return &table[i];
  return NULL; /* reported by the parser */
}

/* ---- what each attribute asks of a parameter, result or member --------------------------------------------------- */

static void check_built_in(wgsl_module *m, const wgsl__attribute *a, const wgsl__type *t) {
  const built_in *row = built_in_find(a);
  if (!row || !wgsl__gate_open(m, row->gate, a->range, wgsl__format(m, "'%s'", row->name))) return;
  const wgsl__expr *mode = a->arguments->next; /* the language feature fragment_depth */
  if (mode && strcmp(row->name, "frag_depth") != 0)
    wgsl__error(m, mode->range, "attribute-arguments", "@builtin(%s) takes no second argument", row->name);
  else if (mode && strcmp(argument_name(mode), "less") != 0 && strcmp(argument_name(mode), "greater") != 0)
    wgsl__error(m, mode->range, "unknown-name", "'%s' is not a depth mode: less or greater", argument_name(mode));
  bool clip = !row->type && t->base == WGSL__BASE_ARRAY && t->inner->base == WGSL__BASE_F32 && t->host.count &&
              t->host.count <= 8;
  if (row->type ? strcmp(row->type, wgsl__type_name(t)) != 0 : !clip)
    wgsl__error(m, a->range, "builtin-type", "the built-in value '%s' has the type '%s', not '%s'", row->name,
                row->type ? row->type : "array<f32, N> with N up to 8", wgsl__type_name(t));
}

static bool is_one_of(const char *name, const char *a, const char *b, const char *c) {
  return !*name || strcmp(name, a) == 0 || strcmp(name, b) == 0 || strcmp(name, c) == 0;
}

static void check_interpolation(wgsl_module *m, const wgsl__attribute *a, const wgsl__attribute *location) {
  const char *type = argument_name(a->arguments);
  const char *sampling = argument_name(a->arguments ? a->arguments->next : NULL);
  bool flat = strcmp(type, "flat") == 0;
  if (!location)
    wgsl__error(m, a->range, "misplaced-attribute", "@interpolate can only be beside @location");
  else if (flat ? !is_one_of(sampling, "first", "either", "either")
                : !is_one_of(sampling, "center", "centroid", "sample"))
    wgsl__error(m, a->range, "interpolation", "the interpolation '%s' has no sampling '%s'", type, sampling);
}

/* The locations of one structure or entry point; the first ones are compared, which bounds the work. */
typedef struct locations {
  uint32_t values[64], n;
} locations;

static void add_location(wgsl_module *m, const wgsl__attribute *a, locations *seen) {
  uint32_t value;
  if (!wgsl__const_argument(m, a, "location", 0, INT32_MAX, &value) || !seen) return;
  for (uint32_t i = 0; i < seen->n; i++)
    if (seen->values[i] == value) {
      wgsl__error(m, a->range, "duplicate-location", "@location(%u) is here twice", (unsigned)value);
      return;
    }
  if (seen->n < sizeof seen->values / sizeof *seen->values) seen->values[seen->n++] = value;
}

static void check_location(wgsl_module *m, const wgsl__attribute *a, const wgsl__type *t, locations *seen) {
  const wgsl__type *element = t->base == WGSL__BASE_MATRIX ? NULL : wgsl__type_element(t);
  if (!element || element->base == WGSL__BASE_BOOL)
    wgsl__error(m, a->range, "location-type", "only numbers and vectors of numbers have a @location, not '%s'",
                wgsl__type_name(t));
  add_location(m, a, seen);
}

/* `seen`: NULL where locations may be the same. */
static void check_io(wgsl_module *m, const wgsl__attribute *attributes, const wgsl__type *t, locations *seen) {
  const wgsl__attribute *location = wgsl__attribute_find(attributes, WGSL__ATTRIBUTE_location);
  for (const wgsl__attribute *a = attributes; a; a = a->next) {
    if (a->kind == WGSL__ATTRIBUTE_builtin) check_built_in(m, a, t);
    if (a->kind == WGSL__ATTRIBUTE_interpolate) check_interpolation(m, a, location);
    if (a->kind == WGSL__ATTRIBUTE_location) check_location(m, a, t, seen);
    if (a->kind == WGSL__ATTRIBUTE_blend_src)
      wgsl__gate_open(m, WGSL__GATE_DUAL_SOURCE_BLENDING, a->range, "@blend_src");
  }
}

/* Dual source blending (WGSL 13.3.1.4): two members at location 0, with @blend_src 0 and 1, of one type. */
static void check_blending(wgsl_module *m, const wgsl__decl *structure) {
  uint32_t n_located = 0, n_blended = 0, sources = 0, value;
  const wgsl__attribute *last = NULL;
  const wgsl__type *type = NULL;
  bool right = true;
  for (const wgsl__decl *d = structure->children; d; d = d->next) {
    const wgsl__attribute *location = wgsl__attribute_find(d->attributes, WGSL__ATTRIBUTE_location);
    const wgsl__attribute *blend = wgsl__attribute_find(d->attributes, WGSL__ATTRIBUTE_blend_src);
    n_located += location != NULL;
    if (!blend) continue;
    last = blend;
    n_blended++;
    right = right && location && (!type || type == d->type);
    type = d->type;
    if (wgsl__const_argument(m, blend, "blend_src", 0, 1, &value)) sources |= 1u << value;
    if (location && wgsl__const_argument(m, location, "location", 0, INT32_MAX, &value)) right = right && value == 0;
  }
  if (!last || (right && n_located == 2 && n_blended == 2 && sources == 3)) return;
  wgsl__hint(m,
             wgsl__error(m, last->range, "blend-source",
                         "'%s' must have two members with a location and they must be of one type",
                         structure->name->text),
             "write '@location(0) @blend_src(0)' and '@location(0) @blend_src(1)'");
}

void wgsl__check_io_members(wgsl_module *m, const wgsl__decl *structure) {
  locations seen = {.n = 0};
  bool blended = false;
  for (const wgsl__decl *d = structure->children; d; d = d->next)
    blended = blended || wgsl__attribute_find(d->attributes, WGSL__ATTRIBUTE_blend_src);
  for (const wgsl__decl *d = structure->children; d; d = d->next)
    if (d->attributes) check_io(m, d->attributes, d->type, blended ? NULL : &seen);
  if (blended) check_blending(m, structure);
}

/* ---- entry points ------------------------------------------------------------------------------------------------ */

typedef struct interface {
  wgsl_module *m;
  char stage; /* as in the table */
  uint64_t seen; /* built-in values, by row */
  locations locations;
} interface;

static const char *stage_name(char stage) {
  return stage == 'c' || stage == 'C' ? "compute" : stage == 'v' || stage == 'V' ? "vertex" : "fragment";
}

static void built_in_value(interface *x, const wgsl__attribute *a) {
  const built_in *row = built_in_find(a);
  if (!row) return;
  uint64_t bit = 1ull << (row - table);
  if (!strchr(row->stages, x->stage))
    wgsl__error(x->m, a->range, "builtin-stage", "the built-in value '%s' is no %s of the %s stage", row->name,
                x->stage < 'a' ? "result" : "input", stage_name(x->stage));
  else if (x->seen & bit)
    wgsl__error(x->m, a->range, "duplicate-builtin", "the built-in value '%s' is here twice", row->name);
  x->seen |= bit;
}

static void located_value(interface *x, const wgsl__attribute *attributes, const wgsl__attribute *location,
                          const wgsl__type *t) {
  const wgsl__attribute *interpolate = wgsl__attribute_find(attributes, WGSL__ATTRIBUTE_interpolate);
  const wgsl__type *element = wgsl__type_element(t);
  bool integer = element && (element->base == WGSL__BASE_I32 || element->base == WGSL__BASE_U32);
  const wgsl__attribute *blend = wgsl__attribute_find(attributes, WGSL__ATTRIBUTE_blend_src);
  if (blend && x->stage != 'F')
    wgsl__error(x->m, blend->range, "misplaced-attribute",
                "@blend_src has a meaning in results of the fragment stage alone");
  if (x->stage == 'c') {
    wgsl__error(x->m, location->range, "misplaced-attribute", "@location has no meaning in the compute stage");
  } else if (integer && (x->stage == 'V' || x->stage == 'f') &&
             !(interpolate && strcmp(argument_name(interpolate->arguments), "flat") == 0)) {
    wgsl__hint(x->m,
               wgsl__error(x->m, location->range, "interpolation",
                           "integers between the vertex and the fragment stage are not interpolated"),
               "write '@interpolate(flat)' beside @location");
  }
}

/* One input or output: a parameter, the result, or a member. */
static void value(interface *x, const wgsl__attribute *attributes, const wgsl__type *t, wgsl__range range,
                  const char *what, bool nested) {
  const wgsl__attribute *builtin = wgsl__attribute_find(attributes, WGSL__ATTRIBUTE_builtin);
  const wgsl__attribute *location = wgsl__attribute_find(attributes, WGSL__ATTRIBUTE_location);
  bool structure = t->base == WGSL__BASE_STRUCT && t->decl && !nested && !builtin && !location;
  if (builtin && location)
    wgsl__error(x->m, location->range, "misplaced-attribute", "%s is @builtin and cannot have a @location", what);
  if (!nested) check_io(x->m, attributes, t, &x->locations);
  if (builtin) built_in_value(x, builtin);
  if (location) located_value(x, attributes, location, t);
  if (location && nested && x->stage >= 'a' && !x->m->n_errors) add_location(x->m, location, &x->locations);
  for (const wgsl__decl *d = structure ? t->decl->children : NULL; d; d = d->next)
    if (d->type)
      value(x, d->attributes, d->type, d->name_range, wgsl__format(x->m, "the member '%s'", d->name->text), true);
  if (builtin || location || structure) return;
  wgsl_diagnostic *d = wgsl__error(x->m, range, "missing-io-attribute", "%s of an entry point must be %s", what,
                                   x->stage == 'c' ? "a @builtin" : "a @builtin or have a @location");
  if (x->stage == 'c')
    wgsl__hint(x->m, d, "write '@builtin(global_invocation_id) id: vec3u', or bind a variable for data");
}

void wgsl__check_entry(wgsl_module *m, wgsl__decl *f) {
  static const char inputs[] = "cvf", outputs[] = "CVF";
  interface x = {.m = m, .stage = inputs[f->stage]};
  for (const wgsl__decl *p = f->children; p; p = p->next)
    if (p->type && p->type->base != WGSL__BASE_POINTER)
      value(&x, p->attributes, p->type, p->name_range, wgsl__format(m, "the parameter '%s'", p->name->text), false);
  x = (interface){.m = m, .stage = outputs[f->stage]};
  if (f->type && f->stage != WGSL_STAGE_COMPUTE)
    value(&x, f->return_attributes, f->type, f->return_expr->range, "the result", false);
  uint64_t positions = 0;
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    positions |= (uint64_t)(strcmp(table[i].name, "position") == 0) << i;
  if (f->stage == WGSL_STAGE_VERTEX && !(x.seen & positions) && (f->type || !f->return_expr))
    wgsl__hint(m,
               wgsl__error(m, f->name_range, "missing-position", "the vertex entry point '%s' returns no position",
                           f->name->text),
               "write '-> @builtin(position) vec4f'");
  const char *why = NULL;
  if (f->stage != WGSL_STAGE_COMPUTE && f->builtin_flags & WGSL__BUILTIN_COMPUTE)
    why = "a barrier or workgroupUniformLoad, which only compute shaders can";
  else if (f->stage != WGSL_STAGE_FRAGMENT && f->builtin_flags & (WGSL__BUILTIN_DERIVATIVE | WGSL__BUILTIN_DISCARD))
    why = f->builtin_flags & WGSL__BUILTIN_DISCARD ? "'discard', which only fragment shaders can"
                                                   : "derivatives, which only fragment shaders can";
  else if (f->stage == WGSL_STAGE_VERTEX && f->builtin_flags & WGSL__BUILTIN_SUBGROUP)
    why = "subgroup functions, which compute and fragment shaders can";
  else if (f->stage == WGSL_STAGE_VERTEX && f->builtin_flags & WGSL__BUILTIN_NOT_VERTEX)
    why = "atomics, which compute and fragment shaders can";
  if (why)
    wgsl__error(m, f->name_range, "stage-use", "the %s entry point '%s' uses %s", stage_name(inputs[f->stage]),
                f->name->text, why);
}
