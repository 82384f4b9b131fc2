/* Behaviour analysis (WGSL 9.7): which ways a statement may end. Every function that returns a value must return on
 * every path; a loop must have a way out. */
#include "wgsl/module.h"

static unsigned sequence(wgsl_module *m, wgsl__stmt *s);

static unsigned loop(wgsl_module *m, wgsl__stmt *s) {
  unsigned b = sequence(m, s->body);
  if (s->left) b |= WGSL__BREAK; /* the condition of for and while */
  bool leaves = b & WGSL__BREAK;
  s->inside = (uint8_t)b;
  b &= ~(unsigned)(WGSL__CONTINUE | WGSL__NEXT | WGSL__BREAK);
  if (leaves) b |= WGSL__NEXT;
  if (b == 0) {
    wgsl_diagnostic *d = wgsl__error(m, (wgsl__range){s->range.offset, s->kind == WGSL__STMT_FOR ? 3 : 4},
                                     "endless-loop", "this loop has no way out");
    wgsl__hint(m, d, "leave it with 'break', 'return' or 'break if'");
    b = WGSL__NEXT;
  }
  return b;
}

static unsigned behaviour(wgsl_module *m, wgsl__stmt *s) {
  unsigned b = 0;
  switch (s->kind) {
    case WGSL__STMT_RETURN:
      return WGSL__RETURN;
    case WGSL__STMT_BREAK:
      return WGSL__BREAK;
    case WGSL__STMT_CONTINUE:
      return WGSL__CONTINUE;
    case WGSL__STMT_BREAK_IF:
      return WGSL__BREAK | WGSL__NEXT;
    case WGSL__STMT_IF: {
      bool complete = false;
      for (wgsl__stmt *c = s->body; c; c = c->next) {
        c->behaviour = (uint8_t)sequence(m, c->body);
        b |= c->behaviour;
        complete = !c->left;
      }
      return complete ? b : b | WGSL__NEXT;
    }
    case WGSL__STMT_SWITCH:
      for (wgsl__stmt *c = s->body; c; c = c->next) {
        c->behaviour = (uint8_t)sequence(m, c->body);
        b |= c->behaviour;
      }
      return b & WGSL__BREAK ? (b & ~(unsigned)WGSL__BREAK) | WGSL__NEXT : b;
    case WGSL__STMT_LOOP:
    case WGSL__STMT_FOR:
    case WGSL__STMT_WHILE:
      return loop(m, s);
    case WGSL__STMT_BLOCK:
    case WGSL__STMT_CONTINUING:
      return sequence(m, s->body);
    default:
      return WGSL__NEXT;
  }
}

/* s1 s2 …: what follows a statement that never goes on counts for nothing, except that a `continue` leads into the
 * continuing block. */
static unsigned sequence(wgsl_module *m, wgsl__stmt *s) {
  unsigned b = WGSL__NEXT;
  for (; s; s = s->next) {
    s->behaviour = (uint8_t)behaviour(m, s);
    bool reached = b & WGSL__NEXT || (s->kind == WGSL__STMT_CONTINUING && b & WGSL__CONTINUE);
    if (reached) b = (b & ~(unsigned)WGSL__NEXT) | s->behaviour;
  }
  return b;
}

void wgsl__behaviour_check(wgsl_module *m, wgsl__decl *f) {
  if (!f->body) return;
  f->body->behaviour = (uint8_t)sequence(m, f->body->body);
  if (!f->return_expr || !(f->body->behaviour & WGSL__NEXT)) return;
  wgsl_diagnostic *d =
      wgsl__error(m, f->name_range, "missing-return", "'%s' does not return a value on every path", f->name->text);
  wgsl__hint(m, d, "end it with 'return …;'");
}
