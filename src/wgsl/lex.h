/* Tokens and interned names. The lexer turns the whole source into one array, so that the parser can look anywhere.
 *
 *   source: "array<f32, N>"      tokens: IDENT TEMPLATE_START IDENT COMMA IDENT TEMPLATE_END END
 *                                          |                    |           |
 *   names:                               "array"              "f32"        "N"      one wgsl__name per spelling
 *
 * Invariant: the last token is END; every other one lies inside the source. Used by the parser alone, names by all. */
#ifndef WGSL_LEX_H
#define WGSL_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wgsl_module;
struct wgsl__decl;

typedef enum wgsl__token_kind {
#define WGSL__TOKEN(name, text) WGSL__TOKEN_##name,
#define WGSL__KEYWORD(name, word) WGSL__TOKEN_##name,
#include "wgsl/token.def"
#undef WGSL__TOKEN
#undef WGSL__KEYWORD
  WGSL__TOKEN_COUNT
} wgsl__token_kind;

typedef struct wgsl__predeclared wgsl__predeclared;

/* One spelling. Scopes hang on it: `local` is the innermost declaration in scope while a function is resolved. */
typedef struct wgsl__name {
  const char *text; /* NUL-terminated */
  uint32_t n_bytes;
  uint32_t hash;
  wgsl__token_kind kind; /* IDENT, a keyword, RESERVED */
  const wgsl__predeclared *predeclared;
  struct wgsl__decl *global, *local;
} wgsl__name;

typedef struct wgsl__token {
  uint32_t offset, n_bytes;
  wgsl__token_kind kind;
  uint32_t name; /* index into names; IDENT, keywords and RESERVED */
} wgsl__token;

typedef struct wgsl__names {
  wgsl__name **items; /* by index, arena */
  uint32_t count, capacity;
  uint32_t *slots; /* index + 1 by hash, 0: empty */
  uint32_t n_slots;
} wgsl__names;

typedef struct wgsl__tokens {
  wgsl__token *items; /* owned */
  uint32_t count, capacity;
} wgsl__tokens;

/* Fills m->tokens and m->names. Text that is no token is reported once and ends the array. */
void wgsl__lex(struct wgsl_module *m);
void wgsl__tokens_free(wgsl__tokens *tokens);
void wgsl__names_free(wgsl__names *names);

const char *wgsl__token_text(wgsl__token_kind kind); /* as a message says it: "';'", "'fn'" */

/* Whether the keywords, reserved words or predeclared names hold `text`; they are searched by bisection. */
wgsl__token_kind wgsl__keyword_find(const char *text, size_t n); /* IDENT: neither keyword nor reserved */

#endif
