/* A module's life: memory, the phases in order, what callers of wgsl.h ask for. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "wgsl/module.h"

void *wgsl__new(wgsl_module *m, size_t n_bytes) {
  void *p = m->out_of_memory ? NULL : weft__arena_alloc(&m->arena, n_bytes);
  if (p) return p;
  m->out_of_memory = true;
  return memset(&m->spare, 0, sizeof m->spare);
}

void *wgsl__array(wgsl_module *m, size_t count, size_t n_bytes) {
  void *p = m->out_of_memory || count > SIZE_MAX / 4 / n_bytes ? NULL : weft__arena_alloc(&m->arena, count * n_bytes);
  if (!p) m->out_of_memory = true;
  return p;
}

const char *wgsl__format(wgsl_module *m, const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, args);
  va_end(args);
  char *text = n < 0 ? NULL : wgsl__array(m, (size_t)n + 1, 1);
  if (text) vsnprintf(text, (size_t)n + 1, format, again);
  va_end(again);
  return text ? text : "";
}

/* The offset of the first byte that is not UTF-8, or n. */
static uint32_t utf8_end(const char *text, uint32_t n) {
  const unsigned char *p = (const unsigned char *)text;
  uint32_t at = 0;
  while (at < n) {
    uint64_t eight;
    if (n - at >= 8 && (memcpy(&eight, p + at, 8), (eight & 0x8080808080808080u) == 0)) {
      at += 8;
      continue;
    }
    unsigned char c = p[at];
    if (c < 0x80) {
      at++;
      continue;
    }
    uint32_t length = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
    if (c < 0xC2 || c > 0xF4 || n - at < length) return at;
    for (uint32_t i = 1; i < length; i++)
      if ((p[at + i] & 0xC0) != 0x80) return at;
    bool overlong = (c == 0xE0 && p[at + 1] < 0xA0) || (c == 0xF0 && p[at + 1] < 0x90);
    bool beyond = (c == 0xED && p[at + 1] >= 0xA0) || (c == 0xF4 && p[at + 1] >= 0x90);
    if (overlong || beyond) return at;
    at += length;
  }
  return n;
}

static void run_phases(wgsl_module *m) {
  wgsl__lines_find(m);
  uint32_t end = utf8_end(m->source, m->n_source);
  if (end < m->n_source) {
    wgsl__error(m, (wgsl__range){end, 1}, "invalid-utf8", "byte 0x%02X at offset %u is not UTF-8",
                (unsigned char)m->source[end], (unsigned)end);
    return;
  }
  const char *nul = memchr(m->source, 0, m->n_source);
  if (nul) { /* not even in a comment (WGSL 3) */
    wgsl__error(m, (wgsl__range){(uint32_t)(nul - m->source), 1}, "invalid-character",
                "the source holds a null character");
    return;
  }
  wgsl__lex(m);
  if (m->n_errors || m->out_of_memory) return;
  wgsl__types_init(m); /* literals have types */
  wgsl__parse(m);
  wgsl__tokens_free(&m->tokens); /* before the types come */
  if (m->tree_broken || m->out_of_memory) return;
  wgsl__resolve(m);
  if (m->tree_broken || m->out_of_memory) return;
  wgsl__declare_all(m);
  if (m->n_errors || m->out_of_memory) return;
  wgsl__alias_check(m);
  if (!m->out_of_memory) wgsl__uniformity_check(m);
  if (m->n_errors || m->out_of_memory) return;
  wgsl__reflect(m);
  if (!m->n_errors && !m->out_of_memory && m->options) wgsl__check_options(m);
}

/* The largest source that 32-bit offsets leave room for. */
#define MAX_SOURCE_BYTES (1u << 30)

wgsl_module *wgsl_module_create(const char *source, size_t n_bytes) { return wgsl_module_check(source, n_bytes, NULL); }

wgsl_module *wgsl_module_check(const char *source, size_t n_bytes, const wgsl_check_options *options) {
  wgsl_module *m = weft__alloc_zero(1, sizeof *m);
  if (!m) return NULL;
  m->options = options;
  bool too_long = n_bytes > MAX_SOURCE_BYTES;
  if (too_long) n_bytes = 0;
  m->decls_tail = &m->decls;
  m->value_budget = WGSL__MAX_VALUES;
  m->n_source = (uint32_t)n_bytes;
  /* Two NULs: the lexer looks at most two bytes ahead. */
  char *copy = wgsl__array(m, n_bytes + 2, 1);
  if (copy) {
    if (n_bytes) memcpy(copy, source, n_bytes);
    m->source = copy;
    run_phases(m);
    if (too_long)
      wgsl__error(m, (wgsl__range){0, 0}, "source-length", "the source is longer than %u bytes", MAX_SOURCE_BYTES);
    wgsl__diagnostics_sort(m);
  }
  m->options = NULL;
  wgsl__tokens_free(&m->tokens);
  weft__map_free(&m->types);
  weft__map_free(&m->members);
  if (m->out_of_memory) {
    wgsl_module_destroy(m);
    return NULL;
  }
  return m;
}

void wgsl_module_destroy(wgsl_module *m) {
  if (!m) return;
  wgsl__names_free(&m->names);
  weft__free(m->diagnostics);
  weft__map_free(&m->types);
  weft__map_free(&m->members);
  weft__arena_free(&m->arena);
  weft__free(m);
}

bool wgsl_module_valid(const wgsl_module *m) { return m->n_errors == 0; }

const wgsl_reflection *wgsl_module_reflect(const wgsl_module *m) { return m->n_errors ? NULL : &m->reflection; }
