/* Ids with generations (see core.h) and notes.
 *
 *   id = slot | generation << 20        generation 1 … 0x7FE, so that an id is never 0 nor one of the reserved futures
 *
 * Free slots form a stack through next_free; a stale id is caught by its generation. */
#include "core/core.h"

#include <stdio.h>
#include <string.h>

enum { SLOT_BITS = 20, LAST_GENERATION = 0x7FE };

weft_status weft__slots_take(weft__slots *s, uint8_t kind, void *object, uint32_t *id, weft_error *err) {
  uint32_t index;
  if (s->first_free) {
    index = s->first_free - 1;
    s->first_free = s->entries[index].next_free;
  } else {
    if (s->n >> SLOT_BITS) return weft__fail(err, WEFT_MEMORY, "the device holds %u objects, which is the most it can", s->n);
    if (!weft__grow(&s->entries, &s->capacity, s->n + 1, sizeof *s->entries)) return weft__fail_memory(err);
    index = s->n++;
    s->entries[index] = (weft__slot_entry){.generation = 0};
  }
  weft__slot_entry *e = &s->entries[index];
  e->generation = e->generation >= LAST_GENERATION ? 1 : e->generation + 1;
  e->object = object;
  e->kind = kind;
  e->used = true;
  s->used++;
  *id = index | e->generation << SLOT_BITS;
  return WEFT_OK;
}

weft__slot_entry *weft__slots_find(weft__slots *s, uint32_t id) {
  uint32_t index = WEFT_ID_SLOT(id);
  if (index >= s->n) return NULL;
  weft__slot_entry *e = &s->entries[index];
  return e->used && e->generation == WEFT_ID_GENERATION(id) ? e : NULL;
}

void weft__slots_give(weft__slots *s, uint32_t id) {
  weft__slot_entry *e = weft__slots_find(s, id);
  if (!e) return;
  e->used = false;
  e->object = NULL;
  e->next_free = s->first_free;
  s->first_free = WEFT_ID_SLOT(id) + 1;
  s->used--;
}

void weft__slots_free(weft__slots *s) {
  weft__free(s->entries);
  *s = (weft__slots){0};
}

/* ---- notes ---------------------------------------------------------------------------------------------------------- */

void weft__note_set(weft__note *note, weft_status status, const char *text) {
  if (note->status != WEFT_OK || status == WEFT_OK) return;
  note->status = status;
  size_t n = strlen(text);
  note->text = weft__alloc(n + 1);
  if (note->text) memcpy(note->text, text, n + 1);
}

void weft__note_clear(weft__note *note) {
  weft__free(note->text);
  *note = (weft__note){WEFT_OK, NULL};
}

weft_status weft__note_raise(const weft__note *note, weft_error *err, const char *prefix) {
  if (note->status == WEFT_OK) return WEFT_OK;
  const char *text = note->text ? note->text : "(the host had no memory for the reason)";
  const char *place = note->status == WEFT_SHADER ? strstr(text, "\n") : NULL; /* the second line of a diagnostic says where */
  unsigned line, column;
  if (!place || sscanf(place, " --> %u:%u", &line, &column) != 2) line = column = 0;
  return weft__fail_at(err, note->status, line, column, "%s%s", prefix, text);
}
