/* Where the libraries' shader compilers differ from each other: what wgpu-native's (naga) does not take, and how each
 * tells a position. naga counts characters, Dawn's counts bytes. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "drivers/native/internal.h"

typedef struct scanner {
  char *at, *end;
} scanner;

static void skip_comment(scanner *s) {
  if (s->at[1] == '/') {
    while (s->at < s->end && *s->at != '\n') s->at++;
    return;
  }
  uint32_t depth = 0;
  do {
    bool pair = s->end - s->at >= 2;
    if (pair && s->at[0] == '/' && s->at[1] == '*')
      depth++, s->at += 2;
    else if (pair && s->at[0] == '*' && s->at[1] == '/')
      depth--, s->at += 2;
    else
      s->at++;
  } while (depth && s->at < s->end);
}

static void skip_blank(scanner *s) {
  while (s->at < s->end) {
    if (isspace((unsigned char)*s->at))
      s->at++;
    else if (s->end - s->at >= 2 && s->at[0] == '/' && (s->at[1] == '/' || s->at[1] == '*'))
      skip_comment(s);
    else
      return;
  }
}

static size_t word_length(const scanner *s) {
  size_t n = 0;
  while (s->at + n < s->end && (isalnum((unsigned char)s->at[n]) || s->at[n] == '_')) n++;
  return n;
}

static bool word_is(const char *word, size_t n, const char *name) {
  return n == strlen(name) && !memcmp(word, name, n);
}

/* Lines have to stay where they are. */
static void blank_out(char *from, const char *to) {
  for (; from < to; from++)
    if (*from != '\n' && *from != '\r') *from = ' ';
}

/* The names of one `enable`: subgroups go, with the comma beside them; the directive too when nothing stays. */
static void strip_enable(char *directive, char *names, char *semicolon) {
  scanner s = {names, semicolon};
  bool kept = false;
  char *comma = NULL; /* behind the last name that is kept */
  for (;;) {
    skip_blank(&s);
    size_t n = word_length(&s);
    if (!n) break;
    char *word = s.at;
    s.at += n;
    char *word_end = s.at;
    skip_blank(&s);
    char *next_comma = s.at < s.end && *s.at == ',' ? s.at++ : NULL;
    if (word_is(word, n, "subgroups")) {
      blank_out(word, word_end);
      if (next_comma)
        blank_out(next_comma, next_comma + 1);
      else if (comma)
        blank_out(comma, comma + 1);
    } else {
      kept = true;
      comma = next_comma;
    }
    if (!next_comma) break;
  }
  if (!kept) blank_out(directive, semicolon + 1);
}

static void strip(char *wgsl, size_t n_bytes) {
  scanner s = {wgsl, wgsl + n_bytes};
  for (;;) {
    skip_blank(&s);
    size_t n = word_length(&s);
    char *directive = s.at;
    bool enable = word_is(directive, n, "enable"), requires = word_is(directive, n, "requires");
    if (!enable && !requires && !word_is(directive, n, "diagnostic")) return;
    char *semicolon = memchr(s.at, ';', (size_t)(s.end - s.at));
    if (!semicolon) return;
    if (requires) blank_out(directive, semicolon + 1);
    if (enable) strip_enable(directive, directive + n, semicolon);
    s.at = semicolon + 1;
  }
}

static const char *find(const char *at, const char *end, const char *part) {
  for (size_t n = strlen(part); (size_t)(end - at) >= n; at++)
    if (!memcmp(at, part, n)) return at;
  return NULL;
}

/* Whether the address space is named anywhere: what has no workgroup memory need not be looked at closely. */
static bool names_workgroup(const char *wgsl, size_t n_bytes) {
  static const char word[] = "workgroup";
  const char *end = wgsl + n_bytes;
  for (const char *at = wgsl; (at = find(at, end, word));) {
    at += sizeof word - 1;
    if (at < end && *at != '_' && !isalnum((unsigned char)*at)) return true;
  }
  return false;
}

weft_status weft__dialect_translate(const char *wgsl, size_t n_bytes, wgsl_cleared *out, weft_error *err) {
  *out = (wgsl_cleared){0};
  if (names_workgroup(wgsl, n_bytes)) {
    wgsl_module *module = wgsl_module_create(wgsl, n_bytes);
    bool enough = module && (!wgsl_module_valid(module) || wgsl_module_cleared(module, out));
    wgsl_module_destroy(module);
    if (!enough) return weft__fail_memory(err);
    if (out->obstacle) {
      weft_status status = weft__fail(err, WEFT_UNSUPPORTED,
                                      "wgpu-native does not clear workgroup memory, and weft cannot do it where `%s` is declared "
                                      "anew; give that another name", out->obstacle);
      wgsl_cleared_free(out);
      return status;
    }
  }
  if (!out->source) {
    if (!(out->source = weft__alloc(n_bytes + 1))) return weft__fail_memory(err);
    memcpy(out->source, wgsl, n_bytes);
    out->source[n_bytes] = 0;
    out->n_bytes = n_bytes;
  }
  strip(out->source, out->n_bytes);
  return WEFT_OK;
}

/* "line:column" at `place`, n characters, less what was written in before it. */
static void add_place(weft__text *lines, const char *place, size_t n, const wgsl_cleared *cleared) {
  unsigned long line = strtoul(place, NULL, 10), before = 0; /* characters written in, in this line */
  const char *colon = memchr(place, ':', n);
  unsigned long column = colon ? strtoul(colon + 1, NULL, 10) : 1, told = column;
  for (uint32_t i = 0; i < cleared->n_insertions; i++) {
    const wgsl_insertion *each = &cleared->insertions[i];
    if (each->line != line) continue;
    unsigned long start = each->column + before; /* in the text that the device saw */
    if (column > start) told -= column - start < each->n ? column - start : each->n;
    before += each->n;
  }
  weft__text_format(lines, "%lu:%lu", line, told);
}

static const char *find_place(const char *at, const char *end) {
  static const char corner[] = "\xe2\x94\x8c\xe2\x94\x80 ";
  at = find(at, end, corner);
  at = at ? memchr(at, ':', (size_t)(end - at)) : NULL;
  return at && at + 1 < end && isdigit((unsigned char)at[1]) ? at + 1 : NULL;
}

static void trim(const char **at, const char **end) {
  static const char *const leads[] = {"parsing error: ", "error: "};
  while (*at < *end && isspace((unsigned char)**at)) ++*at;
  while (*at < *end && isspace((unsigned char)(*end)[-1])) --*end;
  for (size_t i = 0; i < sizeof leads / sizeof *leads; i++) {
    const char *lead = find(*at, *end, leads[i]);
    if (lead) *at = lead + strlen(leads[i]);
  }
}

/* naga's report has its message in the line before the one with the position; a reason may follow:
 *
 *   Shader '' parsing error: expected …, found "x"        Shader validation error: Function [0] 'f' is invalid
 *     ┌─ wgsl:3:5                                            ┌─ :3:5
 *                                                            = Argument 'p' at index 0 is …
 */
char *weft__dialect_messages(const char *report, size_t n_bytes, const wgsl_cleared *cleared) {
  weft__text lines = {0};
  const char *end = report + n_bytes, *message = NULL, *message_end = NULL;
  for (const char *at = report; at < end;) {
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    const char *line = at, *line_end = newline ? newline : end;
    const char *place = find_place(line, line_end);
    at = line_end + 1;
    if (place && message) {
      size_t n_place = 0;
      while (place + n_place < line_end && (isdigit((unsigned char)place[n_place]) || place[n_place] == ':')) n_place++;
      if (lines.n) weft__text_add(&lines, "\n", 1);
      add_place(&lines, place, n_place, cleared);
      weft__text_format(&lines, ": %.*s", (int)(message_end - message), message);
    } else if (!place) {
      while (line < line_end && isspace((unsigned char)*line)) line++;
      bool reason = lines.n && line_end - line > 2 && line[0] == '=' && line[1] == ' ';
      message = line + 2 * reason;
      message_end = line_end;
      trim(&message, &message_end);
      if (reason) weft__text_format(&lines, "; %.*s", (int)(message_end - message), message);
    }
  }
  if (lines.n && !lines.failed) return lines.bytes;
  weft__text_free(&lines);
  return NULL;
}

uint64_t weft__dialect_column(const char *source, uint64_t line, uint64_t byte_column) {
  for (; line > 1 && *source; source++) line -= *source == '\n';
  uint64_t column = 1;
  for (uint64_t i = 1; i < byte_column && *source && *source != '\n'; i++, source++)
    column += ((unsigned char)source[1] & 0xC0) != 0x80;
  return column;
}

bool weft__dialect_memory(const char *message, size_t n_bytes) {
  return find(message, message + n_bytes, "Not enough memory left");
}
