/* The names that every module starts with, from predeclared.def and builtins.def (WGSL 6.9, 17). */
#include <string.h>

#include "wgsl/module.h"

static const wgsl__predeclared table[] = {
#define WGSL__PREDECLARED(name, what, n, scalar, gate) \
  {#name, WGSL__WHAT_##what, n, WGSL_SCALAR_##scalar, WGSL__GATE_##gate},
#include "wgsl/predeclared.def"
#undef WGSL__PREDECLARED
};

const wgsl__predeclared *wgsl__predeclared_find(const char *text, size_t n) {
  size_t low = 0, high = sizeof table / sizeof *table;
  while (low < high) {
    size_t middle = (low + high) / 2;
    int order = strncmp(table[middle].name, text, n);
    if (order == 0) order = table[middle].name[n] != 0;
    if (order == 0) return &table[middle];
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  const wgsl__builtin *b = wgsl__builtin_find(text, n);
  return b ? &b->head : NULL;
}

const char *wgsl__predeclared_similar(const char *text, size_t n) {
  uint32_t nearest = 4;
  const char *best = wgsl__builtin_similar(text, n, &nearest);
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    const char *name = table[i].name;
    size_t n_name = strlen(name);
    if (!weft__text_similar(text, n, name, n_name)) continue;
    uint32_t distance = weft__text_distance(text, n, name, n_name, 3);
    if (distance < nearest) {
      nearest = distance;
      best = name;
    }
  }
  return best;
}

const char *wgsl__foreign_hint(const char *text, size_t n) {
  static const struct {
    const char *word, *hint;
  } words[] = {
#define WGSL__FOREIGN(word, hint) {#word, hint},
#include "wgsl/foreign.def"
#undef WGSL__FOREIGN
  };
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strncmp(words[i].word, text, n) == 0 && words[i].word[n] == 0) return words[i].hint;
  return NULL;
}

bool wgsl__gate_open(wgsl_module *m, wgsl__gate gate, wgsl__range range, const char *name) {
  static const char *const names[] = {
      "",
#define WGSL__EXTENSION(name, gate, feature) #name,
#include "wgsl/extension.def"
#undef WGSL__EXTENSION
  };
  if (!gate || m->gates & 1u << gate) return true;
  wgsl_diagnostic *d = wgsl__error(m, range, "missing-enable", "%s needs the extension %s", name, names[gate]);
  wgsl__hint(m, d, "write 'enable %s;' at the top", names[gate]);
  return false;
}
