/* Collecting diagnostics and printing them as people read them.
 *
 *   error: unknown identifier 'vce3' [unknown-identifier]
 *     --> 3:11
 *     |
 *   3 |   let a = vce3(1);
 *     |           ^^^^
 *     = did you mean 'vec3'?
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "wgsl/module.h"

/* ---- places ---------------------------------------------------------------------------------------------------- */

/* Bytes of the line break at p, 0: none (WGSL 3.2). The text is NUL-terminated. */
static uint32_t line_break(const char *text, uint32_t n, uint32_t at) {
  const unsigned char *p = (const unsigned char *)text + at;
  if (p[0] >= '\n' && p[0] <= '\f') return 1;
  if (p[0] == '\r') return at + 1 < n && p[1] == '\n' ? 2 : 1;
  if (p[0] == 0xC2 && p[1] == 0x85) return 2;
  if (p[0] == 0xE2 && p[1] == 0x80 && (p[2] == 0xA8 || p[2] == 0xA9)) return 3;
  return 0;
}

void wgsl__lines_find(wgsl_module *m) {
  uint32_t count = 1;
  for (int pass = 0; pass < 2; pass++) {
    uint32_t line = 1;
    for (uint32_t at = 0; at < m->n_source;) {
      unsigned char c = (unsigned char)m->source[at];
      uint32_t n = (c >= '\n' && c <= '\r') || c == 0xC2 || c == 0xE2 ? line_break(m->source, m->n_source, at) : 0;
      if (n == 0) {
        at++;
        continue;
      }
      at += n;
      if (pass) m->lines[line] = at;
      line++;
    }
    count = line;
    if (pass == 0) {
      m->lines = wgsl__array(m, count, sizeof *m->lines);
      if (!m->lines) return;
    }
  }
  m->n_lines = count;
}

static uint32_t line_of(const wgsl_module *m, uint32_t offset) {
  uint32_t low = 0, high = m->n_lines;
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    if (m->lines[middle] <= offset)
      low = middle;
    else
      high = middle;
  }
  return low;
}

static bool is_continuation(char c) { return ((unsigned char)c & 0xC0) == 0x80; }

wgsl_span wgsl__span(wgsl_module *m, wgsl__range range) {
  wgsl_span span = {range.offset, range.n_bytes, 1, 1};
  if (range.offset > m->n_source) span.line = span.column = 0;
  if (!m->n_lines || !span.line) return span;
  uint32_t line = line_of(m, range.offset), from = m->lines[line], column = 1;
  /* One long line with many declarations must not be counted from its start for each of them. */
  if (m->cursor_column && m->cursor_line == line && m->cursor_offset <= range.offset) {
    from = m->cursor_offset;
    column = m->cursor_column;
  }
  for (uint32_t at = from; at < range.offset; at++) column += !is_continuation(m->source[at]);
  m->cursor_line = line;
  m->cursor_offset = range.offset;
  m->cursor_column = column;
  span.line = line + 1;
  span.column = column;
  return span;
}

wgsl_span wgsl_span_end(const wgsl_module *m, wgsl_span span) {
  if (!span.line || !m->n_lines) return span;
  uint32_t offset = span.offset + span.n_bytes, line = line_of(m, offset), column = 1;
  for (uint32_t at = m->lines[line]; at < offset; at++) column += !is_continuation(m->source[at]);
  return (wgsl_span){offset, 0, line + 1, column};
}

/* ---- collecting -------------------------------------------------------------------------------------------------- */

static wgsl_diagnostic *report(wgsl_module *m, wgsl_severity severity, wgsl__range range, const char *code,
                               const char *format, va_list args) {
  uint32_t *count = severity == WGSL_SEVERITY_ERROR ? &m->n_errors : &m->n_warnings;
  if ((*count)++ >= WGSL__MAX_REPORTS || m->out_of_memory) return NULL;
  va_list again;
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, args);
  char *message = n < 0 ? NULL : wgsl__array(m, (size_t)n + 1, 1);
  if (message) vsnprintf(message, (size_t)n + 1, format, again);
  va_end(again);
  if (!message ||
      !weft__grow(&m->diagnostics, &m->diagnostics_capacity, m->n_diagnostics + 1, sizeof *m->diagnostics)) {
    m->out_of_memory = true;
    return NULL;
  }
  wgsl_diagnostic *d = &m->diagnostics[m->n_diagnostics++];
  *d = (wgsl_diagnostic){.severity = severity, .code = code, .message = message, .span = wgsl__span(m, range)};
  return d;
}

wgsl_diagnostic *wgsl__error(wgsl_module *m, wgsl__range range, const char *code, const char *format, ...) {
  va_list args;
  va_start(args, format);
  wgsl_diagnostic *d = report(m, WGSL_SEVERITY_ERROR, range, code, format, args);
  va_end(args);
  return d;
}

wgsl_diagnostic *wgsl__warning(wgsl_module *m, wgsl__range range, const char *code, const char *format, ...) {
  va_list args;
  va_start(args, format);
  wgsl_diagnostic *d = report(m, WGSL_SEVERITY_WARNING, range, code, format, args);
  va_end(args);
  return d;
}

void wgsl__note(wgsl_module *m, wgsl_diagnostic *d, wgsl__range range, const char *format, ...) {
  if (!d) return;
  wgsl_note *notes = wgsl__array(m, d->n_notes + 1, sizeof *notes);
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, args);
  va_end(args);
  char *message = n < 0 ? NULL : wgsl__array(m, (size_t)n + 1, 1);
  if (message) vsnprintf(message, (size_t)n + 1, format, again);
  va_end(again);
  if (!notes || !message) return;
  if (d->n_notes) memcpy(notes, d->notes, d->n_notes * sizeof *notes);
  notes[d->n_notes].span = wgsl__span(m, range);
  notes[d->n_notes].message = message;
  d->notes = notes;
  d->n_notes++;
}

void wgsl__hint(wgsl_module *m, wgsl_diagnostic *d, const char *format, ...) {
  if (!d) return;
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, format, args);
  va_end(args);
  char *hint = n < 0 ? NULL : wgsl__array(m, (size_t)n + 1, 1);
  if (hint) vsnprintf(hint, (size_t)n + 1, format, again);
  va_end(again);
  d->hint = hint;
}

/* At most 2 * WGSL__MAX_REPORTS of them, nearly sorted: insertion, which keeps equal places in order. */
void wgsl__diagnostics_sort(wgsl_module *m) {
  for (uint32_t i = 1; i < m->n_diagnostics; i++) {
    wgsl_diagnostic d = m->diagnostics[i];
    uint32_t at = i;
    for (; at > 0 && m->diagnostics[at - 1].span.offset > d.span.offset; at--)
      m->diagnostics[at] = m->diagnostics[at - 1];
    m->diagnostics[at] = d;
  }
}

uint32_t wgsl_diagnostic_count(const wgsl_module *m) { return m->n_diagnostics; }

const wgsl_diagnostic *wgsl_diagnostic_get(const wgsl_module *m, uint32_t index) {
  return index < m->n_diagnostics ? &m->diagnostics[index] : NULL;
}

/* ---- rendering --------------------------------------------------------------------------------------------------- */

/* Writes as snprintf does: counts everything, keeps what fits. */
typedef struct writer {
  char *out;
  size_t capacity, length;
} writer;

static void put(writer *w, const char *text, size_t n) {
  if (w->length < w->capacity) {
    size_t room = w->capacity - w->length;
    memcpy(w->out + w->length, text, n < room ? n : room);
  }
  w->length += n;
}

static void put_text(writer *w, const char *text) { put(w, text, strlen(text)); }

static void put_repeat(writer *w, char c, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) put(w, &c, 1);
}

static void put_number(writer *w, uint32_t value, uint32_t width) {
  char text[24];
  snprintf(text, sizeof text, "%*u", (int)width, (unsigned)value);
  put_text(w, text);
}

/* Columns that a terminal gives a code point: 2 for East Asian wide forms and emoji, 0 for combining marks. */
static uint32_t columns_of(uint32_t c) {
  if ((c >= 0x300 && c <= 0x36F) || c == 0x200D || (c >= 0xFE00 && c <= 0xFE0F)) return 0;
  bool wide = (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) || (c >= 0xAC00 && c <= 0xD7A3) ||
              (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
              (c >= 0xFFE0 && c <= 0xFFE6) || (c >= 0x1F300 && c <= 0x1FAFF) || (c >= 0x20000 && c <= 0x3FFFD);
  return wide ? 2 : 1;
}

static uint32_t decode(const char *text, uint32_t n) {
  uint32_t c = (unsigned char)text[0];
  if (c < 0x80) return c;
  c &= c >= 0xF0 ? 0x07 : c >= 0xE0 ? 0x0F : 0x1F;
  for (uint32_t i = 1; i < n; i++) c = c << 6 | ((unsigned char)text[i] & 0x3F);
  return c;
}

enum { MAX_SHOWN_COLUMNS = 160, TAB_COLUMNS = 4 };

/* The part of the line around the span, with tabs as spaces; `marks` gets the columns before and under the span. */
static void put_line(writer *w, const char *source, uint32_t from, uint32_t to, wgsl_span span, uint32_t *before,
                     uint32_t *under) {
  uint32_t column = 0, end = span.offset + (span.n_bytes ? span.n_bytes : 1);
  *before = *under = 0;
  for (uint32_t at = from; at < to && column < MAX_SHOWN_COLUMNS;) {
    uint32_t n = 1;
    while (at + n < to && is_continuation(source[at + n])) n++;
    unsigned char c = (unsigned char)source[at];
    uint32_t columns = c == '\t' ? TAB_COLUMNS - column % TAB_COLUMNS : columns_of(decode(source + at, n));
    if (at < span.offset) *before += columns;
    if (at >= span.offset && at < end) *under += columns;
    bool broken = c >= 0x80 && (c < 0xC2 || c > 0xF4 || n != (c >= 0xF0 ? 4u : c >= 0xE0 ? 3u : 2u));
    if (c == '\t')
      put_repeat(w, ' ', columns);
    else if (c < ' ' || c == 0x7F || broken)
      put_text(w, "?");
    else
      put(w, source + at, n);
    column += columns;
    at += n;
  }
  if (*under == 0) *under = 1;
}

static uint32_t digits_of(uint32_t value) {
  uint32_t n = 1;
  for (; value >= 10; value /= 10) n++;
  return n;
}

static void put_place(writer *w, const wgsl_module *m, wgsl_span span, uint32_t gutter, char mark) {
  if (!span.line) return;
  put_repeat(w, ' ', gutter);
  put_text(w, "--> ");
  put_number(w, span.line, 0);
  put_text(w, ":");
  put_number(w, span.column, 0);
  put_text(w, "\n");
  uint32_t from = m->lines[span.line - 1], to = span.line < m->n_lines ? m->lines[span.line] : m->n_source;
  while (to > from && line_break(m->source, m->n_source, to - 1) == 1) to--;
  /* The two- and three-byte line ends leave their bytes; a long line is shown from near the span. */
  if (to - from >= 2 && line_break(m->source, m->n_source, to - 2) == 2) to -= 2;
  if (to - from >= 3 && line_break(m->source, m->n_source, to - 3) == 3) to -= 3;
  bool cut = span.offset - from > MAX_SHOWN_COLUMNS - 40;
  if (cut) {
    from = span.offset - 40;
    while (from < span.offset && is_continuation(m->source[from])) from++;
  }
  put_repeat(w, ' ', gutter + 1);
  put_text(w, "|\n");
  put_number(w, span.line, gutter);
  put_text(w, cut ? " | ..." : " | ");
  uint32_t before, under;
  put_line(w, m->source, from, to, span, &before, &under);
  put_text(w, "\n");
  put_repeat(w, ' ', gutter + 1);
  put_text(w, cut ? "|    " : "| ");
  put_repeat(w, ' ', before);
  put_repeat(w, mark, under);
  put_text(w, "\n");
}

wgsl_span wgsl_module_place(const wgsl_module *m, uint32_t line, uint32_t column) {
  if (!line || line > m->n_lines || !column) return (wgsl_span){0};
  uint32_t at = m->lines[line - 1], end = line < m->n_lines ? m->lines[line] : m->n_source;
  for (uint32_t i = 1; i < column && at < end; i++)
    do at++;
    while (at < end && is_continuation(m->source[at]));
  return (wgsl_span){at, 1, line, column};
}

size_t wgsl_diagnostic_render(const wgsl_module *m, const wgsl_diagnostic *d, char *out, size_t capacity) {
  static const char *const severities[] = {"error", "warning", "info"};
  writer w = {out, capacity, 0};
  uint32_t gutter = digits_of(d->span.line);
  for (uint32_t i = 0; i < d->n_notes; i++)
    if (digits_of(d->notes[i].span.line) > gutter) gutter = digits_of(d->notes[i].span.line);
  put_text(&w, severities[d->severity]);
  put_text(&w, ": ");
  put_text(&w, d->message);
  put_text(&w, " [");
  put_text(&w, d->code);
  put_text(&w, "]\n");
  put_place(&w, m, d->span, gutter, '^');
  if (d->hint) {
    put_repeat(&w, ' ', gutter + 1);
    put_text(&w, "= ");
    put_text(&w, d->hint);
    put_text(&w, "\n");
  }
  for (uint32_t i = 0; i < d->n_notes; i++) {
    put_text(&w, "note: ");
    put_text(&w, d->notes[i].message);
    put_text(&w, "\n");
    put_place(&w, m, d->notes[i].span, gutter, '-');
  }
  if (capacity) {
    size_t end = w.length < capacity ? w.length : capacity - 1;
    while (w.length >= capacity && end > 0 && is_continuation(out[end])) end--;
    out[end] = 0;
  }
  return w.length;
}
