/* What each declaration means: its type, value, attributes and the rules on them, in m->order, so that whatever a
 * declaration mentions is known before (WGSL 7, 11–13). Bodies of functions are stmt.c's. */
#include <string.h>

#include "wgsl/module.h"

typedef struct declarer {
  wgsl_module *m;
  weft__map ids; /* overrides by @id */
} declarer;

bool wgsl__const_argument(wgsl_module *m, const wgsl__attribute *a, const char *name, uint32_t least, uint32_t most,
                          uint32_t *out) {
  if (!a->arguments) return false;
  wgsl__range range = a->arguments->range;
  wgsl__evaluation evaluation = {.m = m};
  wgsl__result r = wgsl__evaluate(&evaluation, a->arguments);
  if (r.bad) return false;
  if (r.phase != WGSL__PHASE_CONST) {
    wgsl__error(m, range, "attribute-value", "the argument of @%s must be a const-expression", name);
    return false;
  }
  if (r.value.type && !wgsl__is_integer(r.value.type->base)) {
    wgsl__error(m, range, "attribute-value", "the argument of @%s must be an i32 or u32, not '%s'", name,
                wgsl__type_name(r.value.type));
    return false;
  }
  if (!r.known) return false;
  if (r.value.i >= least && r.value.i <= most) return *out = (uint32_t)r.value.i, true;
  wgsl__error(m, range, "attribute-value", "the argument of @%s must be from %u to %u, here it is %lld", name, least,
              most, (long long)r.value.i);
  return false;
}

/* ---- values ------------------------------------------------------------------------------------------------------ */

static void declare_const(wgsl_module *m, wgsl__decl *d) {
  const wgsl__type *t = d->type_expr ? wgsl__type_of_expr(m, d->type_expr) : NULL;
  if (!d->init || (d->type_expr && !t)) return;
  const wgsl__type *from = wgsl__check_value(m, d->init);
  if (!from || d->init->bad) return;
  if (d->init->phase != WGSL__PHASE_CONST) {
    wgsl_diagnostic *diagnostic = wgsl__error(
        m, d->init->range, "not-const", "the value of the constant '%s' is not a const-expression", d->name->text);
    if (d->local || d->init->phase == WGSL__PHASE_OVERRIDE)
      wgsl__hint(m, diagnostic, "write '%s' instead of 'const'", d->local ? "let" : "override");
    return;
  }
  if (t && !(t->flags & WGSL__TYPE_CONSTRUCTIBLE)) {
    wgsl__error(m, d->type_expr->range, "store-type", "a constant cannot have the type '%s'", wgsl__type_name(t));
    return;
  }
  d->type = t ? t : from;
  if (t && !wgsl__check_converts(m, d->init, t, wgsl__format(m, "the value of '%s'", d->name->text))) return;
  if (!d->init->known) return;
  wgsl__evaluation e = {.m = m, .silent = true};
  d->value = d->init->value;
  if (!wgsl__convert(&e, d->init->range, &d->value, d->type)) d->value = (wgsl__value){0};
}

static void declare_override(declarer *x, wgsl__decl *d) {
  wgsl_module *m = x->m;
  const wgsl__type *t = d->type_expr ? wgsl__type_of_expr(m, d->type_expr) : NULL;
  const wgsl__attribute *id = wgsl__attribute_find(d->attributes, WGSL__ATTRIBUTE_id);
  wgsl__evaluation evaluation = {.m = m};
  if (d->init) {
    wgsl__result r = wgsl__evaluate(&evaluation, d->init);
    if (!r.bad) { /* then no runtime expression: at module scope each was told */
      if (!d->type_expr) t = wgsl__type_concrete(m, r.value.type);
      if (t) wgsl__check_converts(m, d->init, t, wgsl__format(m, "the default of '%s'", d->name->text));
    }
  } else if (!d->type_expr) {
    wgsl__error(m, d->name_range, "missing-type", "the override '%s' needs a type or a default", d->name->text);
  }
  if (t && t->base > WGSL__BASE_LAST_SCALAR)
    wgsl__error(m, d->type_expr ? d->type_expr->range : d->init->range, "override-type",
                "an override must be a scalar, '%s' is not", wgsl__type_name(t));
  d->type = t;
  uint32_t value;
  if (!id || !wgsl__const_argument(m, id, "id", 0, 65535, &value)) return;
  d->id = (int32_t)value;
  const wgsl__decl *before = weft__map_get(&x->ids, &value, sizeof value);
  if (before) {
    wgsl_diagnostic *diagnostic =
        wgsl__error(m, id->range, "duplicate-id", "two overrides have the id %u", (unsigned)value);
    wgsl__note(m, diagnostic, before->name_range, "'%s' has it", before->name->text);
  } else if (!weft__map_put(&x->ids, &value, sizeof value, d)) {
    m->out_of_memory = true;
  }
}

void wgsl__const_assertion(wgsl_module *m, wgsl__expr *e) {
  wgsl__evaluation evaluation = {.m = m};
  wgsl__result r = wgsl__evaluate(&evaluation, e);
  if (r.bad) return;
  if (r.phase == WGSL__PHASE_OVERRIDE || r.phase == WGSL__PHASE_RUNTIME)
    wgsl__error(m, e->range, "not-const", "const_assert needs a const-expression");
  else if (r.value.type && r.value.type->base != WGSL__BASE_BOOL)
    wgsl__error(m, e->range, "type-mismatch", "const_assert needs a bool, this is '%s'", wgsl__type_name(r.value.type));
  else if (r.known && !r.value.i)
    wgsl__error(m, e->range, "const-assert", "this assertion does not hold");
}

/* ---- variables --------------------------------------------------------------------------------------------------- */

static const wgsl__predeclared *enumerant(const wgsl__expr *e, wgsl__what what) {
  const wgsl__predeclared *row = e->kind == WGSL__EXPR_IDENT && !e->decl ? e->name->predeclared : NULL;
  return row && row->what == what ? row : NULL;
}

/* var<space, access>; sets d->space and d->access. False: reported. */
static bool variable_templates(wgsl_module *m, wgsl__decl *d) {
  const wgsl__expr *space = d->templates, *access = space ? space->next : NULL;
  const wgsl__predeclared *row = space ? enumerant(space, WGSL__WHAT_SPACE) : NULL;
  d->access = WGSL__ACCESS_READ;
  if (!space) return true;
  if (wgsl__is_unresolved(space) || (access && wgsl__is_unresolved(access))) return false;
  if (!row) {
    wgsl_diagnostic *diagnostic = wgsl__error(m, space->range, "address-space", "this is not an address space");
    wgsl__hint(m, diagnostic, "the address spaces are private, workgroup, uniform, storage, immediate and function");
    return false;
  }
  d->space = (wgsl__space)row->n;
  if (access && access->next) {
    wgsl__error(m, access->next->range, "template-arguments",
                "'var' takes an address space and an access mode, no more");
    return false;
  }
  if (!access) return true;
  const wgsl__predeclared *mode = enumerant(access, WGSL__WHAT_ACCESS);
  if (!mode) {
    wgsl__hint(m, wgsl__error(m, access->range, "access-mode", "this is not an access mode"),
               "the access modes are read and read_write");
    return false;
  }
  if (d->space != WGSL__SPACE_STORAGE) {
    wgsl__error(m, access->range, "access-mode", "only storage variables take an access mode, '%s' is in %s",
                d->name->text, row->name);
    return false;
  }
  if (mode->n == WGSL__ACCESS_WRITE) {
    wgsl__hint(m, wgsl__error(m, access->range, "access-mode", "a storage variable cannot be write-only"),
               "write 'read_write'");
    return false;
  }
  d->access = mode->n;
  return true;
}

/* What the store type must be in each address space (WGSL 7, table of variables). */
static bool check_store_type(wgsl_module *m, const wgsl__decl *d) {
  static const struct {
    unsigned needed, forbidden;
    const char *what;
  } rules[] = {
      [WGSL__SPACE_PRIVATE] = {WGSL__TYPE_CONSTRUCTIBLE, 0, "a constructible type"},
      [WGSL__SPACE_WORKGROUP] = {WGSL__TYPE_FIXED, 0, "a type of fixed size"},
      [WGSL__SPACE_UNIFORM] = {WGSL__TYPE_HOST_SHAREABLE | WGSL__TYPE_FIXED,
                               WGSL__TYPE_HAS_ATOMIC | WGSL__TYPE_OVERRIDE_SIZED,
                               "a host-shareable type of fixed size without atomics"},
      [WGSL__SPACE_STORAGE] = {WGSL__TYPE_HOST_SHAREABLE, WGSL__TYPE_OVERRIDE_SIZED, "a host-shareable type"},
      [WGSL__SPACE_IMMEDIATE] = {WGSL__TYPE_HOST_SHAREABLE | WGSL__TYPE_CONSTRUCTIBLE, WGSL__TYPE_HAS_ARRAY,
                                 "a host-shareable, constructible type without arrays"},
      [WGSL__SPACE_HANDLE] = {0, 0, ""},
  };
  const wgsl__type *t = d->type;
  wgsl__range range = d->type_expr ? d->type_expr->range : d->name_range;
  bool handle = t->base == WGSL__BASE_TEXTURE || t->base == WGSL__BASE_SAMPLER;
  if (d->space == WGSL__SPACE_HANDLE) {
    if (handle) return true;
    wgsl_diagnostic *diagnostic =
        wgsl__error(m, d->name_range, "address-space", "the variable '%s' of type '%s' needs an address space",
                    d->name->text, wgsl__type_name(t));
    wgsl__hint(m, diagnostic,
               "write 'var<storage, read_write>', 'var<storage>', 'var<uniform>', 'var<workgroup>' or "
               "'var<private>'");
    return false;
  }
  if ((t->flags & rules[d->space].needed) == rules[d->space].needed && !(t->flags & rules[d->space].forbidden)) {
    if (d->space != WGSL__SPACE_STORAGE || !(t->flags & WGSL__TYPE_HAS_ATOMIC) || d->access & WGSL__ACCESS_WRITE)
      return true;
    wgsl__hint(m, wgsl__error(m, range, "store-type", "atomics need a storage variable that can be written"),
               "write 'var<storage, read_write>'");
    return false;
  }
  wgsl_diagnostic *diagnostic = wgsl__error(m, range, "store-type", "this variable must have %s, '%s' is not",
                                            rules[d->space].what, wgsl__type_name(t));
  if (strstr(wgsl__type_name(t), "bool")) wgsl__hint(m, diagnostic, "a bool has no layout in memory: take 'u32'");
  return false;
}

static void resource_attributes(wgsl_module *m, wgsl__decl *d) {
  const wgsl__attribute *group = wgsl__attribute_find(d->attributes, WGSL__ATTRIBUTE_group);
  const wgsl__attribute *binding = wgsl__attribute_find(d->attributes, WGSL__ATTRIBUTE_binding);
  bool resource = d->space == WGSL__SPACE_UNIFORM || d->space == WGSL__SPACE_STORAGE || d->space == WGSL__SPACE_HANDLE;
  if (resource && (!group || !binding)) {
    wgsl_diagnostic *diagnostic =
        wgsl__error(m, d->name_range, "missing-binding", "the resource '%s' has no %s", d->name->text,
                    group     ? "@binding"
                    : binding ? "@group"
                              : "@group and @binding");
    wgsl__hint(m, diagnostic, "write '@group(0) @binding(0)' before 'var'");
  } else if (!resource && (group || binding)) {
    wgsl__error(m, (group ? group : binding)->range, "misplaced-attribute",
                "@%s can only be on uniform and storage variables, textures and samplers", group ? "group" : "binding");
  }
  if (group) wgsl__const_argument(m, group, "group", 0, INT32_MAX, &d->group);
  if (binding) wgsl__const_argument(m, binding, "binding", 0, INT32_MAX, &d->binding);
}

static void declare_var(wgsl_module *m, wgsl__decl *d) {
  d->space = d->local ? WGSL__SPACE_FUNCTION : WGSL__SPACE_HANDLE;
  bool fine = variable_templates(m, d);
  if (d->type_expr) d->type = wgsl__type_of_expr(m, d->type_expr);
  if (d->space == WGSL__SPACE_PRIVATE || d->space == WGSL__SPACE_WORKGROUP || d->space == WGSL__SPACE_FUNCTION)
    d->access = WGSL__ACCESS_READ | WGSL__ACCESS_WRITE;
  if (!fine) return;
  if (d->local) {
    if (d->space != WGSL__SPACE_FUNCTION)
      wgsl__hint(m,
                 wgsl__error(m, d->templates->range, "address-space",
                             "a variable in a function cannot be in another address space"),
                 "declare it outside of functions");
    if (!d->type_expr && !d->init)
      wgsl__error(m, d->name_range, "missing-type", "the variable '%s' needs a type or a value", d->name->text);
    d->access = WGSL__ACCESS_READ | WGSL__ACCESS_WRITE;
    if (d->type && d->type_expr && !(d->type->flags & WGSL__TYPE_CONSTRUCTIBLE))
      wgsl__error(m, d->type_expr->range, "store-type", "this variable must have a constructible type, '%s' is not",
                  wgsl__type_name(d->type));
    return;
  }
  if (d->space == WGSL__SPACE_FUNCTION) {
    wgsl__error(m, d->templates->range, "address-space", "a variable in 'function' must be declared in a function");
    return;
  }
  wgsl__evaluation evaluation = {.m = m};
  if (d->init && d->space != WGSL__SPACE_PRIVATE) {
    wgsl_diagnostic *diagnostic =
        wgsl__error(m, d->init->range, "initializer", "only private variables can have a value at module scope");
    if (d->space == WGSL__SPACE_WORKGROUP) wgsl__hint(m, diagnostic, "workgroup variables are zero at the start");
  } else if (d->init) {
    wgsl__result r = wgsl__evaluate(&evaluation, d->init);
    if (!r.bad) {
      if (!d->type_expr) d->type = wgsl__type_concrete(m, r.value.type);
      if (r.phase == WGSL__PHASE_OVERRIDE) wgsl__check_keep(m, d, d->init);
      if (d->type) wgsl__check_converts(m, d->init, d->type, wgsl__format(m, "the value of '%s'", d->name->text));
    }
  } else if (!d->type_expr) {
    wgsl__error(m, d->name_range, "missing-type", "the variable '%s' needs a type", d->name->text);
  }
  if (d->type && !check_store_type(m, d)) return;
  resource_attributes(m, d);
  if (d->space == WGSL__SPACE_UNIFORM)
    wgsl__layout_uniform_check(m, d, d->type, d->type_expr ? d->type_expr->range : d->name_range);
}

/* ---- functions --------------------------------------------------------------------------------------------------- */

static void workgroup_size(wgsl_module *m, const wgsl__attribute *a) {
  const wgsl__type *first = NULL;
  for (wgsl__expr *e = a->arguments; e; e = e->next) {
    wgsl__evaluation evaluation = {.m = m};
    wgsl__result r = wgsl__evaluate(&evaluation, e);
    const wgsl__type *t = r.value.type;
    if (r.bad) continue;
    if (t && !wgsl__is_integer(t->base)) {
      wgsl__error(m, e->range, "attribute-value", "the workgroup size must be an i32 or u32, not '%s'",
                  wgsl__type_name(t));
    } else if (r.known && (r.value.i < 1 || r.value.i > UINT32_MAX)) {
      wgsl__error(m, e->range, "attribute-value", "the workgroup size must be positive, here it is %lld",
                  (long long)r.value.i);
    } else if (t && t->base != WGSL__BASE_ABSTRACT_INT) {
      if (first && first != t)
        wgsl__error(m, e->range, "attribute-value", "the arguments of @workgroup_size are of two types, '%s' and '%s'",
                    wgsl__type_name(first), wgsl__type_name(t));
      first = t;
    }
  }
}

/* @subgroup_size (WGSL 12.14) */
static void subgroup_size(wgsl_module *m, const wgsl__decl *d, const wgsl__attribute *a) {
  if (!wgsl__gate_open(m, WGSL__GATE_SUBGROUP_SIZE_CONTROL, a->range, "@subgroup_size")) return;
  if (d->stage != WGSL_STAGE_COMPUTE)
    wgsl__error(m, a->range, "misplaced-attribute", "@subgroup_size can only be on a compute entry point");
  if (!a->arguments) return;
  wgsl__evaluation evaluation = {.m = m};
  wgsl__result r = wgsl__evaluate(&evaluation, a->arguments);
  wgsl__range range = a->arguments->range;
  if (r.bad) return;
  if (r.value.type && !wgsl__is_integer(r.value.type->base))
    wgsl__error(m, range, "attribute-value", "the subgroup size must be an i32 or u32, not '%s'",
                wgsl__type_name(r.value.type));
  else if (r.known && (r.value.i < 1 || (r.value.i & (r.value.i - 1))))
    wgsl__error(m, range, "attribute-value", "the subgroup size must be a power of two, here it is %lld",
                (long long)r.value.i);
}

static void stage_attributes(wgsl_module *m, wgsl__decl *d) {
  static const struct {
    wgsl__attribute_kind kind;
    wgsl_stage stage;
    const char *name;
  } stages[] = {{WGSL__ATTRIBUTE_compute, WGSL_STAGE_COMPUTE, "compute"},
                {WGSL__ATTRIBUTE_vertex, WGSL_STAGE_VERTEX, "vertex"},
                {WGSL__ATTRIBUTE_fragment, WGSL_STAGE_FRAGMENT, "fragment"}};
  const wgsl__attribute *size = wgsl__attribute_find(d->attributes, WGSL__ATTRIBUTE_workgroup_size);
  for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
    const wgsl__attribute *a = wgsl__attribute_find(d->attributes, stages[i].kind);
    if (!a) continue;
    if (d->stage >= 0)
      wgsl__error(m, a->range, "duplicate-attribute", "a function cannot be an entry point of two stages");
    d->stage = (int)stages[i].stage;
  }
  if (d->stage == WGSL_STAGE_COMPUTE && !size)
    wgsl__hint(m,
               wgsl__error(m, d->name_range, "missing-workgroup-size",
                           "the compute entry point '%s' has no @workgroup_size", d->name->text),
               "write '@compute @workgroup_size(64)'");
  if (d->stage != WGSL_STAGE_COMPUTE && size)
    wgsl__error(m, size->range, "misplaced-attribute", "@workgroup_size can only be on a compute entry point");
  if (d->stage == WGSL_STAGE_COMPUTE && d->return_expr)
    wgsl__error(m, d->return_expr->range, "entry-result", "a compute entry point returns nothing");
  const wgsl__attribute *must_use = wgsl__attribute_find(d->attributes, WGSL__ATTRIBUTE_must_use);
  if (must_use && !d->return_expr)
    wgsl__error(m, must_use->range, "misplaced-attribute", "@must_use can only be on a function that returns a value");
  if (size) workgroup_size(m, size);
  const wgsl__attribute *subgroup = wgsl__attribute_find(d->attributes, WGSL__ATTRIBUTE_subgroup_size);
  if (subgroup) subgroup_size(m, d, subgroup);
}

void wgsl__declare_value(wgsl_module *m, wgsl__decl *d) {
  if (d->kind == WGSL__DECL_CONST) {
    declare_const(m, d);
    return;
  }
  if (d->kind == WGSL__DECL_VAR) {
    declare_var(m, d);
  } else if (d->type_expr) {
    d->type = wgsl__type_of_expr(m, d->type_expr);
    if (d->type && !(d->type->flags & WGSL__TYPE_CONSTRUCTIBLE) && d->type->base < WGSL__BASE_POINTER)
      wgsl__error(m, d->type_expr->range, "store-type", "'let' cannot hold a value of type '%s'",
                  wgsl__type_name(d->type));
  }
  wgsl__declare_local(m, d);
}

static void parameter_type(wgsl_module *m, const wgsl__decl *p) {
  const wgsl__type *t = p->type;
  if (!t || t->flags & WGSL__TYPE_CONSTRUCTIBLE || t->base == WGSL__BASE_POINTER || t->base == WGSL__BASE_TEXTURE ||
      t->base == WGSL__BASE_SAMPLER)
    return;
  wgsl_diagnostic *d = wgsl__error(m, p->type_expr->range, "parameter-type", "a parameter cannot have the type '%s'",
                                   wgsl__type_name(t));
  if (t->flags & WGSL__TYPE_PLAIN) wgsl__hint(m, d, "take a pointer, as in 'ptr<storage, %s>'", wgsl__type_name(t));
}

enum { MAX_PARAMETERS = 255 };

static void declare_function(wgsl_module *m, wgsl__decl *d) {
  stage_attributes(m, d);
  for (wgsl__decl *p = d->children; p; p = p->next) {
    p->type = wgsl__type_of_expr(m, p->type_expr);
    if (d->stage < 0 && p->attributes)
      wgsl__error(m, p->attributes->range, "misplaced-attribute",
                  "only parameters of entry points have attributes, '%s' is not one", d->name->text);
    if (d->stage >= 0 && p->type && p->type->base == WGSL__BASE_POINTER)
      wgsl__error(m, p->type_expr->range, "parameter-type", "a parameter of an entry point cannot be a pointer");
  }
  if (d->stage < 0 && d->return_attributes)
    wgsl__error(m, d->return_attributes->range, "misplaced-attribute",
                "only results of entry points have attributes, '%s' is not one", d->name->text);
  if (d->return_expr) {
    d->type = wgsl__type_of_expr(m, d->return_expr);
    if (d->type && !(d->type->flags & WGSL__TYPE_CONSTRUCTIBLE))
      wgsl__error(m, d->return_expr->range, "result-type", "a function cannot return '%s'", wgsl__type_name(d->type));
  }
  for (wgsl__decl *p = d->children; p; p = p->next) parameter_type(m, p);
  if (d->n_children > MAX_PARAMETERS)
    wgsl__error(m, d->name_range, "parameter-count", "'%s' has %u parameters, more than %d", d->name->text,
                d->n_children, MAX_PARAMETERS);
  wgsl__check_body(m, d);
  wgsl__behaviour_check(m, d);
  if (d->stage >= 0) wgsl__check_entry(m, d);
}

void wgsl__declare_all(wgsl_module *m) {
  declarer x = {.m = m};
  for (uint32_t i = 0; i < m->n_decls && !m->out_of_memory; i++) {
    wgsl__decl *d = m->order[i];
    switch (d->kind) {
      case WGSL__DECL_CONST:
        declare_const(m, d);
        break;
      case WGSL__DECL_OVERRIDE:
        declare_override(&x, d);
        break;
      case WGSL__DECL_VAR:
        declare_var(m, d);
        break;
      case WGSL__DECL_ALIAS:
        d->type = wgsl__type_of_expr(m, d->type_expr);
        break;
      case WGSL__DECL_STRUCT:
        wgsl__layout_struct(m, d);
        break;
      case WGSL__DECL_FUNCTION:
        declare_function(m, d);
        break;
      default:
        wgsl__const_assertion(m, d->init);
        break;
    }
  }
  weft__map_free(&x.ids);
}
