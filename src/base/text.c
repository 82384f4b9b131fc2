/* Growing text and name distance (see text.h). */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

static bool reserve(weft__text *t, size_t more) {
  if (t->failed || more >= UINT32_MAX - t->n - 1 || !weft__grow(&t->bytes, &t->capacity, t->n + (uint32_t)more + 1, 1))
    t->failed = true;
  return !t->failed;
}

void weft__text_add(weft__text *t, const char *bytes, size_t n) {
  if (!reserve(t, n)) return;
  if (n) memcpy(t->bytes + t->n, bytes, n);
  t->n += (uint32_t)n;
  t->bytes[t->n] = 0;
}

void weft__text_format(weft__text *t, const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, args);
  va_end(args);
  if (n >= 0 && reserve(t, (size_t)n)) {
    vsnprintf(t->bytes + t->n, (size_t)n + 1, format, again);
    t->n += (uint32_t)n;
  }
  va_end(again);
}

void weft__text_free(weft__text *t) {
  weft__free(t->bytes);
  *t = (weft__text){0};
}

uint32_t weft__text_distance(const char *a, size_t n_a, const char *b, size_t n_b, uint32_t limit) {
  enum { LONGEST = 63 };
  if (n_a > LONGEST || n_b > LONGEST) return limit + 1;
  uint32_t rows[3][LONGEST + 1];
  uint32_t *before = rows[0], *last = rows[1], *now = rows[2];
  for (size_t j = 0; j <= n_b; j++) last[j] = (uint32_t)j;
  for (size_t i = 1; i <= n_a; i++) {
    now[0] = (uint32_t)i;
    for (size_t j = 1; j <= n_b; j++) {
      uint32_t best = last[j - 1] + (a[i - 1] != b[j - 1]);
      if (last[j] + 1 < best) best = last[j] + 1;
      if (now[j - 1] + 1 < best) best = now[j - 1] + 1;
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best) best = before[j - 2] + 1;
      now[j] = best;
    }
    uint32_t *spare = before;
    before = last;
    last = now;
    now = spare;
  }
  return last[n_b] > limit ? limit + 1 : last[n_b];
}

bool weft__text_similar(const char *name, size_t n_name, const char *candidate, size_t n_candidate) {
  uint32_t limit = (uint32_t)(n_name / 3 ? n_name / 3 : 1);
  return weft__text_distance(name, n_name, candidate, n_candidate, limit) <= limit && n_candidate > limit;
}
