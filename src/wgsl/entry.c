/* Entry points (WGSL 13): what goes in and out of a stage. */
#include <string.h>

#include "wgsl/module.h"

typedef struct built_in {
  const char *name;
  const char *type;   /* as wgsl__type_name says it; NULL: not judged */
  const char *stages; /* "c" compute, "v" vertex, "f" fragment; upper case: as a result */
} built_in;

static const built_in table[] = {
#define WGSL__BUILTIN_VALUE(name, type, stages) {#name, type, stages},
#include "wgsl/builtin_value.def"
#undef WGSL__BUILTIN_VALUE
};

typedef struct interface {
  wgsl_module *m;
  const wgsl__decl *function;
  char stage; /* as in the table */
  uint64_t seen;
} interface;

static const wgsl__attribute *find(const wgsl__attribute *a, wgsl__attribute_kind kind) {
  while (a && a->kind != kind) a = a->next;
  return a;
}

static const char *stage_name(char stage) {
  return stage == 'c' || stage == 'C' ? "compute" : stage == 'v' || stage == 'V' ? "vertex" : "fragment";
}

static void built_in_value(interface *x, const wgsl__attribute *a, const wgsl__type *t) {
  const char *name = a->arguments && a->arguments->kind == WGSL__EXPR_IDENT ? a->arguments->name->text : "";
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    const built_in *row = &table[i];
    if (strcmp(row->name, name) != 0) continue;
    bool output = x->stage < 'a';
    if (!strchr(row->stages, x->stage)) {
      wgsl__error(x->m, a->range, "builtin-stage", "the built-in value '%s' is no %s of the %s stage", name,
                  output ? "result" : "input", stage_name(x->stage));
      return;
    }
    if (row->type && strcmp(row->type, wgsl__type_name(t)) != 0)
      wgsl__error(x->m, a->range, "builtin-type", "the built-in value '%s' has the type '%s', not '%s'", name,
                  row->type, wgsl__type_name(t));
    if (x->seen & 1ull << i)
      wgsl__error(x->m, a->range, "duplicate-builtin", "the built-in value '%s' is here twice", name);
    x->seen |= 1ull << i;
    if (strstr(name, "subgroup") && !(x->m->gates & 1u << WGSL__GATE_SUBGROUPS))
      wgsl__hint(x->m, wgsl__error(x->m, a->range, "missing-enable", "'%s' needs the extension subgroups", name),
                 "write 'enable subgroups;' at the top");
    return;
  }
}

/* One input or output: a parameter, the result, or a member. */
static void value(interface *x, const wgsl__attribute *attributes, const wgsl__type *t, wgsl__range range,
                  const char *what, bool nested) {
  const wgsl__attribute *builtin = find(attributes, WGSL__ATTRIBUTE_builtin);
  const wgsl__attribute *location = find(attributes, WGSL__ATTRIBUTE_location);
  if (builtin && location)
    wgsl__error(x->m, location->range, "misplaced-attribute", "%s is @builtin and cannot have a @location", what);
  if (builtin) {
    built_in_value(x, builtin, t);
  } else if (location) {
    if (x->stage == 'c')
      wgsl__error(x->m, location->range, "misplaced-attribute", "@location has no meaning in the compute stage");
  } else if (t->base == WGSL__BASE_STRUCT && t->decl && !nested) {
    for (const wgsl__decl *d = t->decl->children; d; d = d->next)
      if (d->type)
        value(x, d->attributes, d->type, d->name_range, wgsl__format(x->m, "the member '%s'", d->name->text), true);
  } else {
    wgsl_diagnostic *d = wgsl__error(x->m, range, "missing-io-attribute", "%s of an entry point must be %s", what,
                                     x->stage == 'c' ? "a @builtin" : "a @builtin or have a @location");
    if (x->stage == 'c')
      wgsl__hint(x->m, d, "write '@builtin(global_invocation_id) id: vec3u', or bind a variable for data");
  }
}

void wgsl__check_entry(wgsl_module *m, wgsl__decl *f) {
  static const char inputs[] = "cvf", outputs[] = "CVF";
  interface x = {.m = m, .function = f, .stage = inputs[f->stage]};
  for (const wgsl__decl *p = f->children; p; p = p->next)
    if (p->type && p->type->base != WGSL__BASE_POINTER)
      value(&x, p->attributes, p->type, p->name_range, wgsl__format(m, "the parameter '%s'", p->name->text), false);
  if (f->type && f->stage != WGSL_STAGE_COMPUTE) {
    x.stage = outputs[f->stage];
    x.seen = 0;
    value(&x, f->return_attributes, f->type, f->return_expr->range, "the result", false);
  }
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
