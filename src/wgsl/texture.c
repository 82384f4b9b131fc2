/* Calls of texture functions (WGSL 17.7): the form in texture.def that the texture and the other arguments match. */
#include <string.h>

#include "wgsl/module.h"

typedef struct form {
  const char *name, *textures, *shapes, *parameters;
  char result;
} form;

static const form forms[] = {
#define WGSL__TEXTURE(name, textures, shapes, parameters, result) {#name, textures, shapes, parameters, result},
#include "wgsl/texture.def"
#undef WGSL__TEXTURE
};

enum { N_FORMS = sizeof forms / sizeof *forms, MAX_ARGUMENTS = 8, LEAST_OFFSET = -8, MOST_OFFSET = 7 };

/* ---- textures ---------------------------------------------------------------------------------------------------- */

/* Its letters among `textures`. The type's name begins with the predeclared one. */
static const char *letters_of(const wgsl__type *texture) {
  const char *name = wgsl__type_name(texture);
  bool multisampled = strstr(name, "multisampled") != NULL;
  if (strncmp(name, "texture_storage", 15) == 0)
    return texture->access == WGSL__ACCESS_READ ? "r" : texture->access == WGSL__ACCESS_WRITE ? "w" : "rw";
  if (strncmp(name, "texture_depth", 13) == 0) return multisampled ? "n" : "d";
  if (!texture->inner) return "e";
  return multisampled ? "m" : texture->inner->base == WGSL__BASE_F32 ? "sf" : "s";
}

static char shape_of(const wgsl__type *texture) {
  const char *name = wgsl__type_name(texture);
  bool array = strstr(name, "_array") != NULL;
  if (strstr(name, "cube")) return array ? 'C' : 'c';
  return strstr(name, "_1d") ? '1' : strstr(name, "_3d") ? '3' : array ? 'a' : '2';
}

static bool fits(const form *f, const wgsl__type *texture) {
  return strpbrk(letters_of(texture), f->textures) && strchr(f->shapes, shape_of(texture));
}

static const wgsl__type *coordinates(wgsl_module *m, char shape, const wgsl__type *scalar) {
  return shape == '1' ? scalar : wgsl__type_vector(m, shape == '2' || shape == 'a' ? 2 : 3, scalar);
}

/* ---- parameters -------------------------------------------------------------------------------------------------- */

static bool has_layers(char shape) { return shape == 'a' || shape == 'C'; }
static bool has_offset(char shape) { return shape == '2' || shape == 'a' || shape == '3'; }

/* The next parameter that this shape has; 0 at the end. */
static char next_parameter(const char **p, char shape) {
  for (; **p; ++*p)
    if ((**p != 'l' || has_layers(shape)) && (**p != 'o' || has_offset(shape))) return *(*p)++;
  return 0;
}

/* What an argument of this type has to become; a type that it does not convert to, or NULL, when it cannot. */
static const wgsl__type *wanted(wgsl_module *m, char parameter, const wgsl__type *texture, const wgsl__type *given) {
  char shape = shape_of(texture);
  const wgsl__type *element = given ? wgsl__type_element(given) : NULL;
  const wgsl__type *integer = m->basic[element && element->base == WGSL__BASE_U32 ? WGSL__BASE_U32 : WGSL__BASE_I32];
  bool sampler = given && given->base == WGSL__BASE_SAMPLER;
  switch (parameter) {
    case 't':
      return texture;
    case 's':
      return sampler && !strchr(given->host.name, '_') ? given : NULL;
    case 'p':
      return sampler && strchr(given->host.name, '_') ? given : NULL;
    case 'c':
    case 'g':
      return coordinates(m, shape, m->basic[WGSL__BASE_F32]);
    case 'i':
      return coordinates(m, shape, integer);
    case 'o':
      return coordinates(m, shape, m->basic[WGSL__BASE_I32]);
    case 'v':
      return wgsl__type_vector(m, 4, texture->inner ? texture->inner : m->basic[WGSL__BASE_F32]);
    case 'f':
      return m->basic[WGSL__BASE_F32];
    default:
      return integer;
  }
}

static const wgsl__type *result_of(wgsl_module *m, const form *f, const wgsl__type *texture) {
  const wgsl__type *u32 = m->basic[WGSL__BASE_U32];
  char shape = shape_of(texture);
  switch (f->result) {
    case '-':
      return NULL;
    case 'd': /* a cube has the size of a face */
      return coordinates(m, shape == 'c' || shape == 'C' ? '2' : shape, u32);
    case 'u':
      return u32;
    case 'f':
      return m->basic[WGSL__BASE_F32];
    default:
      return wanted(m, 'v', texture, NULL);
  }
}

/* ---- calls ------------------------------------------------------------------------------------------------------- */

static bool matches(wgsl_module *m, const form *f, const wgsl__type *texture, const wgsl__expr *a) {
  const char *p = f->parameters;
  char parameter;
  while ((parameter = next_parameter(&p, shape_of(texture)))) {
    if (!a) return parameter == 'o';
    const wgsl__type *t = wanted(m, parameter, texture, a->type);
    if (!t || !wgsl__converts(a->type, t)) return false;
    a = a->next;
  }
  return !a;
}

/* Components and offsets are const-expressions in a range. */
static bool check_constant(wgsl_module *m, const wgsl__expr *a, char parameter) {
  int64_t least = parameter == 'o' ? LEAST_OFFSET : 0, most = parameter == 'o' ? MOST_OFFSET : 3;
  const char *what = parameter == 'o' ? "the offset" : "the component";
  if (a->phase != WGSL__PHASE_CONST) {
    wgsl__error(m, a->range, "not-const", "%s must be a const-expression", what);
    return false;
  }
  uint32_t n = a->known && a->value.type ? wgsl__type_parts(a->value.type) : 0;
  for (uint32_t i = 0; a->known && a->value.type && i < (n ? n : 1); i++) {
    int64_t value = n ? wgsl__value_part(&a->value, i).i : a->value.i;
    if (value >= least && value <= most) continue;
    wgsl__error(m, a->range, "value-range", "%s must be from %lld to %lld, here it is %lld", what, (long long)least,
                (long long)most, (long long)value);
    return false;
  }
  return true;
}

static void apply(wgsl_module *m, wgsl__expr *x, const form *f, const wgsl__type *texture) {
  const char *p = f->parameters;
  x->type = result_of(m, f, texture);
  x->operands = wgsl__array(m, MAX_ARGUMENTS, sizeof *x->operands);
  uint32_t i = 0;
  for (wgsl__expr *a = x->list; a && x->operands; a = a->next, i++) {
    char parameter = next_parameter(&p, shape_of(texture));
    x->operands[i] = wanted(m, parameter, texture, a->type);
    if (!wgsl__check_converts(m, a, x->operands[i], "the argument")) x->bad = true;
    if ((parameter == 'o' || parameter == 'K') && !check_constant(m, a, parameter)) x->bad = true;
  }
}

/* "textureLoad(texture_2d<f32>, vec2<i32>, i32)" */
static const char *usage(wgsl_module *m, const form *f, const wgsl__type *texture) {
  const char *text = f->name, *p = f->parameters, *before = "(";
  char parameter;
  for (; (parameter = next_parameter(&p, shape_of(texture))) && parameter != 'o'; before = ", ") {
    const wgsl__type *t = wanted(m, parameter, texture, NULL);
    text = wgsl__format(m, "%s%s%s", text, before,
                        parameter == 's'   ? "sampler"
                        : parameter == 'p' ? "sampler_comparison"
                                           : wgsl__type_name(t));
  }
  return wgsl__format(m, "%s)", text);
}

static void no_form(wgsl_module *m, wgsl__expr *x, const char *name, const wgsl__type *texture) {
  const char *list = "";
  const form *near = NULL;
  for (const wgsl__expr *a = x->list; a; a = a->next)
    list = wgsl__format(m, "%s%s%s", list, *list ? ", " : "", wgsl__type_name(a->type));
  for (int i = 0; texture && i < N_FORMS && !near; i++)
    if (strcmp(forms[i].name, name) == 0 && fits(&forms[i], texture)) near = &forms[i];
  x->bad = true;
  if (texture && !near) {
    wgsl__error(m, x->range, "no-overload", "'%s' cannot be used with a '%s'", name, wgsl__type_name(texture));
    return;
  }
  wgsl_diagnostic *d = wgsl__error(m, x->range, "no-overload", "no overload of '%s' takes (%s)", name, list);
  if (near)
    wgsl__hint(m, d, "write '%s'", usage(m, near, texture));
  else
    wgsl__hint(m, d, "one of the arguments must be a texture");
}

void wgsl__check_texture(wgsl_module *m, wgsl__expr *x, const char *name) {
  const wgsl__type *texture = NULL;
  uint32_t n = 0;
  for (const wgsl__expr *a = x->list; a; a = a->next, n++)
    if (!texture && a->type && a->type->base == WGSL__BASE_TEXTURE) texture = a->type;
  if (x->bad) return;
  for (int i = 0; texture && n <= MAX_ARGUMENTS && i < N_FORMS; i++) {
    const form *f = &forms[i];
    if (strcmp(f->name, name) != 0 || !fits(f, texture) || !matches(m, f, texture, x->list)) continue;
    apply(m, x, f, texture);
    return;
  }
  no_form(m, x, name, texture);
}
