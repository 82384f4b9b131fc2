/* Source text to tokens, with template lists found on the way (WGSL 3.1–3.9).
 *
 * One loop over bytes. A table gives each byte a class; identifiers are interned as they are read, so keywords,
 * reserved and predeclared names cost one search per spelling and not per use.
 *
 * Template lists: `pending` is the specification's stack of `<` that may open one; a `>` at the same nesting depth
 * closes it and turns both tokens into TEMPLATE_START and TEMPLATE_END. A `>` that closes is one token of one byte,
 * whatever follows; any other takes its longest form (`>>=`). */
#include "wgsl/lex.h"

#include <string.h>

#include "base/alloc.h"
#include "wgsl/module.h"

struct xid_range {
  uint32_t first, last;
};
#include "wgsl/xid.inc"

/* ---- words ----------------------------------------------------------------------------------------------------- */

typedef struct word {
  const char *text;
  wgsl__token_kind kind;
} word;

static const word keywords[] = {
#define WGSL__TOKEN(name, text)
#define WGSL__KEYWORD(name, word) {#word, WGSL__TOKEN_##name},
#include "wgsl/token.def"
#undef WGSL__TOKEN
#undef WGSL__KEYWORD
};

static const word reserved[] = {
#define WGSL__RESERVED(word) {#word, WGSL__TOKEN_RESERVED},
#include "wgsl/reserved.def"
#undef WGSL__RESERVED
};

static const char *const token_texts[] = {
#define WGSL__TOKEN(name, text) text,
#define WGSL__KEYWORD(name, word) "'" #word "'",
#include "wgsl/token.def"
#undef WGSL__TOKEN
#undef WGSL__KEYWORD
};

const char *wgsl__token_text(wgsl__token_kind kind) { return token_texts[kind]; }

static const word *word_find(const word *words, size_t count, const char *text, size_t n) {
  size_t low = 0, high = count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    int order = strncmp(words[middle].text, text, n);
    if (order == 0) order = words[middle].text[n] != 0;
    if (order == 0) return &words[middle];
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return NULL;
}

wgsl__token_kind wgsl__keyword_find(const char *text, size_t n) {
  const word *w = word_find(keywords, sizeof keywords / sizeof *keywords, text, n);
  if (!w) w = word_find(reserved, sizeof reserved / sizeof *reserved, text, n);
  return w ? w->kind : WGSL__TOKEN_IDENT;
}

/* ---- names ----------------------------------------------------------------------------------------------------- */

static bool names_rehash(wgsl_module *m, uint32_t n_slots) {
  wgsl__names *names = &m->names;
  uint32_t *slots = weft__alloc_zero(n_slots, sizeof *slots);
  if (!slots) {
    m->out_of_memory = true;
    return false;
  }
  for (uint32_t i = 0; i < names->count; i++) {
    uint32_t at = names->items[i]->hash & (n_slots - 1);
    while (slots[at]) at = (at + 1) & (n_slots - 1);
    slots[at] = i + 1;
  }
  weft__free(names->slots);
  names->slots = slots;
  names->n_slots = n_slots;
  return true;
}

static uint32_t name_intern(wgsl_module *m, const char *text, uint32_t n) {
  wgsl__names *names = &m->names;
  if (names->count * 2 >= names->n_slots && !names_rehash(m, names->n_slots ? names->n_slots * 2 : 64)) return 0;
  uint32_t hash = (uint32_t)weft__hash(text, n), mask = names->n_slots - 1, at = hash & mask;
  for (; names->slots[at]; at = (at + 1) & mask) {
    const wgsl__name *name = names->items[names->slots[at] - 1];
    if (name->hash == hash && name->n_bytes == n && memcmp(name->text, text, n) == 0) return names->slots[at] - 1;
  }
  wgsl__name *name = weft__arena_alloc(&m->arena, sizeof *name);
  char *copy = weft__arena_text(&m->arena, text, n);
  if (!name || !copy || !weft__grow(&names->items, &names->capacity, names->count + 1, sizeof *names->items)) {
    m->out_of_memory = true;
    return 0;
  }
  name->text = copy;
  name->n_bytes = n;
  name->hash = hash;
  name->kind = wgsl__keyword_find(text, n);
  if (name->kind == WGSL__TOKEN_IDENT) name->predeclared = wgsl__predeclared_find(text, n);
  names->slots[at] = names->count + 1;
  names->items[names->count] = name;
  return names->count++;
}

void wgsl__names_free(wgsl__names *names) {
  weft__free(names->items);
  weft__free(names->slots);
  *names = (wgsl__names){0};
}

/* ---- characters ------------------------------------------------------------------------------------------------ */

enum { OTHER, BLANK, LETTER, DIGIT, PUNCTUATION, WIDE };

#define B BLANK
#define L LETTER
#define D DIGIT
#define P PUNCTUATION
#define W WIDE
static const uint8_t classes[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, B, B, B, B, B, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    B, P, 0, 0, 0, P, P, 0, P, P, P, P, P, P, P, P, D, D, D, D, D, D, D, D, D, D, P, P, P, P, P, 0,
    P, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, P, 0, P, P, L,
    0, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, P, P, P, P, 0,
    W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W,
    W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W,
    W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W,
    W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W,
};
#undef B
#undef L
#undef D
#undef P
#undef W

/* The source is valid UTF-8 here (module.c looked). */
static uint32_t code_point(const char *text, uint32_t *n_bytes) {
  const unsigned char *p = (const unsigned char *)text;
  if (p[0] < 0x80) return *n_bytes = 1, p[0];
  if (p[0] < 0xE0) return *n_bytes = 2, (p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu);
  if (p[0] < 0xF0) return *n_bytes = 3, (p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
  *n_bytes = 4;
  return (p[0] & 0x07u) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu);
}

static bool in_ranges(const struct xid_range *ranges, size_t count, uint32_t c) {
  size_t low = 0, high = count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (c > ranges[middle].last)
      low = middle + 1;
    else if (c < ranges[middle].first)
      high = middle;
    else
      return true;
  }
  return false;
}

static bool is_xid_start(uint32_t c) { return in_ranges(xid_start, sizeof xid_start / sizeof *xid_start, c); }
static bool is_xid_continue(uint32_t c) {
  return in_ranges(xid_continue, sizeof xid_continue / sizeof *xid_continue, c);
}

/* Pattern_White_Space beyond ASCII (WGSL 3.2). */
static bool is_wide_blank(uint32_t c) { return c == 0x85 || c == 0x200E || c == 0x200F || c == 0x2028 || c == 0x2029; }

/* ---- the lexer --------------------------------------------------------------------------------------------------- */

typedef struct candidate {
  uint32_t token, depth;
} candidate;

typedef struct lexer {
  wgsl_module *m;
  const char *text; /* NUL-terminated */
  uint32_t n, at;
  candidate *pending; /* owned */
  uint32_t n_pending, pending_capacity;
  uint32_t depth; /* of ( and [ */
} lexer;

static void push(lexer *x, wgsl__token_kind kind, uint32_t offset, uint32_t n, uint32_t name) {
  wgsl__tokens *t = &x->m->tokens;
  if (t->count == t->capacity && !weft__grow(&t->items, &t->capacity, t->count + 1, sizeof *t->items)) {
    x->m->out_of_memory = true;
    return;
  }
  t->items[t->count++] = (wgsl__token){offset, n, kind, name};
}

/* False: the comment does not end (reported). */
static bool skip_block_comment(lexer *x) {
  uint32_t start = x->at, depth = 0;
  while (x->at < x->n) {
    const char *p = x->text + x->at;
    if (p[0] == '/' && p[1] == '*') {
      depth++;
      x->at += 2;
    } else if (p[0] == '*' && p[1] == '/') {
      x->at += 2;
      if (--depth == 0) return true;
    } else {
      x->at++;
    }
  }
  wgsl__error(x->m, (wgsl__range){start, 2}, "open-comment", "this block comment is never closed");
  return false;
}

static void skip_line_comment(lexer *x) {
  for (; x->at < x->n; x->at++) {
    unsigned char c = (unsigned char)x->text[x->at];
    if (c >= '\n' && c <= '\r') return;
    if (c >= 0x80) {
      uint32_t n, point = code_point(x->text + x->at, &n);
      if (point == 0x85 || point == 0x2028 || point == 0x2029) return;
      x->at += n - 1;
    }
  }
}

/* Skips blankspace and comments. False: an open comment. */
static bool skip_blank(lexer *x) {
  for (;;) {
    unsigned char c = (unsigned char)x->text[x->at];
    if (classes[c] == BLANK) {
      x->at++;
    } else if (c == '/' && x->text[x->at + 1] == '/') {
      skip_line_comment(x);
    } else if (c == '/' && x->text[x->at + 1] == '*') {
      if (!skip_block_comment(x)) return false;
    } else if (c >= 0x80) {
      uint32_t n;
      if (!is_wide_blank(code_point(x->text + x->at, &n))) return true;
      x->at += n;
    } else {
      return true;
    }
  }
}

static uint32_t identifier_end(const lexer *x, uint32_t at) {
  for (;;) {
    unsigned char c = (unsigned char)x->text[at];
    if (classes[c] == LETTER || classes[c] == DIGIT) {
      at++;
    } else if (c >= 0x80) {
      uint32_t n;
      if (!is_xid_continue(code_point(x->text + at, &n))) return at;
      at += n;
    } else {
      return at;
    }
  }
}

static void lex_identifier(lexer *x) {
  uint32_t start = x->at;
  x->at = identifier_end(x, start);
  uint32_t n = x->at - start;
  if (n == 1 && x->text[start] == '_') {
    push(x, WGSL__TOKEN_UNDERSCORE, start, 1, 0);
    return;
  }
  uint32_t index = name_intern(x->m, x->text + start, n);
  if (x->m->out_of_memory) return;
  wgsl__token_kind kind = x->m->names.items[index]->kind;
  push(x, kind, start, n, index);
  if (kind == WGSL__TOKEN_TRUE || kind == WGSL__TOKEN_FALSE || !skip_blank(x)) return;
  const char *p = x->text + x->at;
  if (p[0] != '<' || p[1] == '<' || p[1] == '=') return;
  if (!weft__grow(&x->pending, &x->pending_capacity, x->n_pending + 1, sizeof *x->pending)) {
    x->m->out_of_memory = true;
    return;
  }
  x->pending[x->n_pending++] = (candidate){x->m->tokens.count, x->depth};
  push(x, WGSL__TOKEN_LESS, x->at++, 1, 0);
}

static uint32_t digits_end(const char *p, uint32_t at, bool hex) {
  for (;; at++) {
    char c = p[at];
    if (c >= '0' && c <= '9') continue;
    if (hex && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))) continue;
    return at;
  }
}

/* The end of an exponent at `at` ('e' or 'p' with sign and digits), or `at` when there is none. */
static uint32_t exponent_end(const char *p, uint32_t at, char lower) {
  if ((p[at] | 32) != lower) return at;
  uint32_t digits = at + 1 + (p[at + 1] == '+' || p[at + 1] == '-');
  uint32_t end = digits_end(p, digits, false);
  return end > digits ? end : at;
}

/* Numeric literals (WGSL 3.5.2): the longest text that one of the literal rules matches. */
static void lex_number(lexer *x) {
  const char *p = x->text;
  uint32_t start = x->at, at = start, end;
  bool hex = p[at] == '0' && (p[at + 1] | 32) == 'x';
  if (hex) at += 2;
  uint32_t whole = digits_end(p, at, hex), n_whole = whole - at, n_fraction = 0;
  end = whole;
  bool point = p[whole] == '.';
  if (point) {
    end = digits_end(p, whole + 1, hex);
    n_fraction = end - whole - 1;
  }
  if (n_whole + n_fraction == 0) { /* "0x" or "0x." */
    x->at = start + 2;
    push(x, WGSL__TOKEN_BAD, start, 2, 0);
    return;
  }
  uint32_t after = exponent_end(p, end, hex ? 'p' : 'e');
  bool exponent = after > end, is_float = point || exponent;
  end = after;
  bool leading_zero = !hex && n_whole > 1 && p[start] == '0';
  if (!is_float && leading_zero) { /* "01": the literal is "0" alone */
    end = start + 1;
  } else if (is_float) {
    if ((p[end] == 'f' || p[end] == 'h') && (!hex || exponent)) end++;
  } else if (p[end] == 'i' || p[end] == 'u' || (!hex && (p[end] == 'f' || p[end] == 'h'))) {
    end++;
  }
  x->at = end;
  push(x, WGSL__TOKEN_NUMBER, start, end - start, 0);
}

static void drop_candidates(lexer *x) {
  while (x->n_pending && x->pending[x->n_pending - 1].depth >= x->depth) x->n_pending--;
}

static void lex_greater(lexer *x) {
  wgsl__token *items = x->m->tokens.items;
  if (x->n_pending && x->pending[x->n_pending - 1].depth == x->depth) {
    items[x->pending[--x->n_pending].token].kind = WGSL__TOKEN_TEMPLATE_START;
    push(x, WGSL__TOKEN_TEMPLATE_END, x->at++, 1, 0);
    return;
  }
  const char *p = x->text + x->at;
  wgsl__token_kind kind = p[1] == '=' ? WGSL__TOKEN_GREATER_EQUAL : WGSL__TOKEN_GREATER;
  uint32_t n = p[1] == '=' ? 2 : 1;
  if (p[1] == '>') {
    kind = p[2] == '=' ? WGSL__TOKEN_SHIFT_RIGHT_EQUAL : WGSL__TOKEN_SHIFT_RIGHT;
    n = p[2] == '=' ? 3 : 2;
  }
  push(x, kind, x->at, n, 0);
  x->at += n;
}

/* A token of one character, or of two when the second is `twin` or '='. Kinds that do not exist are END. */
typedef struct punctuation {
  wgsl__token_kind alone, with_equal;
  char twin;
  wgsl__token_kind with_twin;
} punctuation;

#define T(name) WGSL__TOKEN_##name
static const punctuation table[128] = {
    ['&'] = {T(AND), T(AND_EQUAL), '&', T(AND_AND)},
    ['|'] = {T(OR), T(OR_EQUAL), '|', T(OR_OR)},
    ['-'] = {T(MINUS), T(MINUS_EQUAL), '-', T(MINUS_MINUS)},
    ['+'] = {T(PLUS), T(PLUS_EQUAL), '+', T(PLUS_PLUS)},
    ['<'] = {T(LESS), T(LESS_EQUAL), '<', T(SHIFT_LEFT)},
    ['*'] = {T(STAR), T(TIMES_EQUAL), 0, T(END)},
    ['/'] = {T(SLASH), T(DIVISION_EQUAL), 0, T(END)},
    ['%'] = {T(MODULO), T(MODULO_EQUAL), 0, T(END)},
    ['^'] = {T(XOR), T(XOR_EQUAL), 0, T(END)},
    ['!'] = {T(BANG), T(NOT_EQUAL), 0, T(END)},
    ['='] = {T(EQUAL), T(EQUAL_EQUAL), 0, T(END)},
    ['@'] = {T(ATTR), T(END), 0, T(END)},
    ['['] = {T(BRACKET_LEFT), T(END), 0, T(END)},
    [']'] = {T(BRACKET_RIGHT), T(END), 0, T(END)},
    ['{'] = {T(BRACE_LEFT), T(END), 0, T(END)},
    ['}'] = {T(BRACE_RIGHT), T(END), 0, T(END)},
    ['('] = {T(PAREN_LEFT), T(END), 0, T(END)},
    [')'] = {T(PAREN_RIGHT), T(END), 0, T(END)},
    [':'] = {T(COLON), T(END), 0, T(END)},
    [';'] = {T(SEMICOLON), T(END), 0, T(END)},
    [','] = {T(COMMA), T(END), 0, T(END)},
    ['.'] = {T(PERIOD), T(END), 0, T(END)},
    ['~'] = {T(TILDE), T(END), 0, T(END)},
};
#undef T

static void lex_punctuation(lexer *x) {
  const char *p = x->text + x->at;
  const punctuation *row = &table[(unsigned char)p[0]];
  wgsl__token_kind kind = row->alone;
  uint32_t n = 1;
  if (p[0] == '-' && p[1] == '>') {
    kind = WGSL__TOKEN_ARROW;
    n = 2;
  } else if (row->twin && p[1] == row->twin) {
    kind = row->with_twin;
    n = 2;
    if (p[0] == '<' && p[2] == '=') {
      kind = WGSL__TOKEN_SHIFT_LEFT_EQUAL;
      n = 3;
    }
  } else if (row->with_equal != WGSL__TOKEN_END && p[1] == '=') {
    kind = row->with_equal;
    n = 2;
  }
  push(x, kind, x->at, n, 0);
  x->at += n;
  switch (kind) {
    case WGSL__TOKEN_PAREN_LEFT:
    case WGSL__TOKEN_BRACKET_LEFT:
      x->depth++;
      break;
    case WGSL__TOKEN_PAREN_RIGHT:
    case WGSL__TOKEN_BRACKET_RIGHT:
      drop_candidates(x);
      if (x->depth) x->depth--;
      break;
    case WGSL__TOKEN_AND_AND:
    case WGSL__TOKEN_OR_OR:
      drop_candidates(x);
      break;
    case WGSL__TOKEN_NOT_EQUAL:
    case WGSL__TOKEN_EQUAL_EQUAL:
    case WGSL__TOKEN_LESS_EQUAL:
      break;
    default: /* an assignment, or what no expression holds */
      if (p[n - 1] == '=' || p[0] == ';' || p[0] == '{' || p[0] == ':') x->depth = x->n_pending = 0;
      break;
  }
}

static bool lex_wide(lexer *x) {
  uint32_t n, c = code_point(x->text + x->at, &n);
  if (is_xid_start(c)) {
    lex_identifier(x);
    return true;
  }
  if (c == 0xFEFF && x->at == 0)
    wgsl__hint(x->m,
               wgsl__error(x->m, (wgsl__range){0, n}, "byte-order-mark", "the source starts with a byte order mark"),
               "remove the first character, U+FEFF");
  else
    wgsl__error(x->m, (wgsl__range){x->at, n}, "invalid-character", "U+%04X cannot stand in WGSL outside a comment",
                (unsigned)c);
  return false;
}

/* What to say of the function that is called here, as in `printf("`; NULL: nothing. */
static const char *called_hint(const lexer *x) {
  const wgsl__tokens *t = &x->m->tokens;
  if (t->count < 2 || t->items[t->count - 1].kind != WGSL__TOKEN_PAREN_LEFT) return NULL;
  const wgsl__token *name = &t->items[t->count - 2];
  return name->kind == WGSL__TOKEN_IDENT ? wgsl__foreign_hint(x->text + name->offset, name->n_bytes) : NULL;
}

static void foreign_character(lexer *x, wgsl__range here, char c) {
  wgsl_diagnostic *d =
      wgsl__error(x->m, here, "invalid-character", "'%c' cannot stand in WGSL outside a comment", c);
  if (c == '?') wgsl__hint(x->m, d, "write 'select(b, a, condition)' for 'condition ? a : b'");
  if (c == '#') wgsl__hint(x->m, d, "WGSL has no preprocessor: take 'const' and 'override' for values");
  if (c == '"' || c == '\'') {
    const char *called = called_hint(x);
    wgsl__hint(x->m, d, "%s", called ? called : "WGSL has no strings and characters");
  }
}

static void lex_all(lexer *x) {
  while (!x->m->out_of_memory && skip_blank(x) && x->at < x->n) {
    unsigned char c = (unsigned char)x->text[x->at];
    char next = x->text[x->at + 1];
    if (classes[c] == LETTER) {
      lex_identifier(x);
    } else if (classes[c] == DIGIT || (c == '.' && next >= '0' && next <= '9')) {
      lex_number(x);
    } else if (c == '>') {
      lex_greater(x);
    } else if (classes[c] == PUNCTUATION) {
      lex_punctuation(x);
    } else if (c >= 0x80) {
      if (!lex_wide(x)) return;
    } else {
      wgsl__range here = {x->at, 1};
      if (c < ' ' || c == 0x7F)
        wgsl__error(x->m, here, "invalid-character", "U+%04X cannot stand in WGSL outside a comment", c);
      else
        foreign_character(x, here, (char)c);
      return;
    }
  }
}

void wgsl__lex(wgsl_module *m) {
  lexer x = {.m = m, .text = m->source, .n = m->n_source};
  uint32_t expected = m->n_source / 3 + 16;
  if (!weft__grow(&m->tokens.items, &m->tokens.capacity, expected, sizeof *m->tokens.items)) m->out_of_memory = true;
  lex_all(&x);
  push(&x, WGSL__TOKEN_END, m->n_source, 0, 0);
  weft__free(x.pending);
  wgsl__token *fitting = weft__realloc(m->tokens.items, m->tokens.count * sizeof *fitting);
  if (!fitting) return; /* then it stays as it is */
  m->tokens.items = fitting;
  m->tokens.capacity = m->tokens.count;
}

void wgsl__tokens_free(wgsl__tokens *tokens) {
  weft__free(tokens->items);
  *tokens = (wgsl__tokens){0};
}
