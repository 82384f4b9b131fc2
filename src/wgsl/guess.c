/* Hints for syntax errors: what a habit from another language looks like where WGSL wanted something else. A guess is
 * made only of the tokens around the error, and only where the shape leaves no doubt. Words are in foreign.def. */
#include "wgsl/parse.h"

typedef struct place {
  const parser *p;
  const wgsl__token *before, *at, *next; /* around the error; END where there is none */
  wgsl__token_kind wanted;               /* COUNT: no single token */
} place;

static bool is_word(const wgsl__token *t) { return t->kind == WGSL__TOKEN_IDENT || t->kind == WGSL__TOKEN_RESERVED; }

static bool touches(const wgsl__token *a, const wgsl__token *b) { return a->offset + a->n_bytes == b->offset; }

/* The text of a token, short enough to be quoted. */
static const char *text_of(const place *x, const wgsl__token *t) {
  return wgsl__format(x->p->m, "%.*s", t->n_bytes > 40 ? 40 : (int)t->n_bytes, x->p->m->source + t->offset);
}

static const char *foreign(const place *x, const wgsl__token *t) {
  return is_word(t) ? wgsl__foreign_hint(x->p->m->source + t->offset, t->n_bytes) : NULL;
}

/* `float x`, `int main(`, `vec3<f32> v`: the type first. */
static const char *two_names(const place *x) {
  const char *name = text_of(x, x->at), *word = foreign(x, x->before);
  const char *hint;
  if (x->wanted != WGSL__TOKEN_COLON && x->wanted != WGSL__TOKEN_COUNT) return word;
  if (x->wanted == WGSL__TOKEN_COLON)
    hint = wgsl__format(x->p->m, "the name comes before its type: '%s: T'", name);
  else if (x->next->kind == WGSL__TOKEN_PAREN_LEFT)
    hint = wgsl__format(x->p->m, "functions are declared as 'fn %s() -> T { … }'", name);
  else
    hint = wgsl__format(x->p->m, "variables are declared as 'var %s: T;' or 'let %s = …;'", name, name);
  return word ? wgsl__format(x->p->m, "%s; for '%s', %s", hint, text_of(x, x->before), word) : hint;
}

static const char *after_number(const place *x) {
  if (x->at->kind == WGSL__TOKEN_NUMBER) return "a number does not begin with 0, unless it is 0";
  return is_word(x->at) ? "'i' and 'u' end integers, 'f' and 'h' floats; nothing else may touch a number" : NULL;
}

static const char *bracket(const place *x) {
  if (x->next->kind == WGSL__TOKEN_BRACKET_LEFT) return "attributes are written '@group(0) @binding(0)'";
  if (x->wanted == WGSL__TOKEN_SEMICOLON) return "the type of an array is written 'array<T, N>'";
  return x->before->kind == WGSL__TOKEN_EQUAL ? "the value of an array is written 'array(1, 2)'" : NULL;
}

static const char *guess(const place *x) {
  const char *word = foreign(x, x->at);
  bool method = x->p->at >= 2 && x->p->tokens[x->p->at - 2].kind == WGSL__TOKEN_PERIOD;
  if (x->before->kind == WGSL__TOKEN_NUMBER && touches(x->before, x->at)) return after_number(x);
  if (is_word(x->at) && (is_word(x->before) || x->before->kind == WGSL__TOKEN_TEMPLATE_END)) return two_names(x);
  switch (x->at->kind) {
    case WGSL__TOKEN_BRACKET_LEFT:
      return bracket(x);
    case WGSL__TOKEN_PLUS_PLUS:
    case WGSL__TOKEN_MINUS_MINUS:
      return "'++' and '--' are statements of their own, as in 'i++;'";
    case WGSL__TOKEN_EQUAL:
      return x->wanted == WGSL__TOKEN_PAREN_RIGHT || x->wanted == WGSL__TOKEN_BRACE_LEFT ? "'==' compares" : NULL;
    case WGSL__TOKEN_PAREN_LEFT:
      if (!method || !is_word(x->before)) return NULL;
      return wgsl__format(x->p->m, "there are no methods: write '%s(…)'", text_of(x, x->before));
    default:
      return word;
  }
}

void wgsl__syntax_hint(parser *p, wgsl_diagnostic *d, wgsl__token_kind wanted) {
  static const wgsl__token none = {.kind = WGSL__TOKEN_END};
  if (!d) return;
  const wgsl__token *at = peek(p);
  place x = {p, p->at ? at - 1 : &none, at, at->kind == WGSL__TOKEN_END ? &none : at + 1, wanted};
  const char *hint = guess(&x);
  if (hint) wgsl__hint(p->m, d, "%s", hint);
}
