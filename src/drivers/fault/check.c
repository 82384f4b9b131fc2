/* The shadow of a device (see check.h). Checks are made against the state before the call, so a call that the inner
 * driver then refuses leaves no trace. */
#include "drivers/fault/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/common.h"

typedef enum kind { NOTHING, BUFFER, MODULE, LAYOUT, PIPELINE, GROUP } kind;
static const char *const kind_names[] = {"nothing", "buffer", "module", "layout", "pipeline", "group"};

typedef struct thing {
  weft_id id;
  kind kind;
  uint64_t n_bytes; /* buffer */
  uint32_t usage;   /* buffer */
  bool mapped;      /* buffer: from map_start to map_finish */
  uint32_t map_future;
  uint64_t map_offset, n_mapped_bytes;
  bool settled;             /* pipeline */
  uint32_t immediate_bytes; /* pipeline */
  weft_id layout;           /* group */
  uint32_t *words, n; /* layout: n x {binding, type, least}; pipeline: n layouts; group: n x 6, as in the stream */
} thing;

struct weft__shadow {
  weft__violations *violations;
  thing *things;
  uint32_t capacity;
  bool open;
  uint64_t limits[WEFT_LIMIT_COUNT], features, languages;
};

void weft__violate(weft__violations *v, const char *format, ...) {
  char line[512];
  va_list args;
  va_start(args, format);
  vsnprintf(line, sizeof line, format, args);
  va_end(args);
  size_t n = strlen(line);
  if (v->n + n + 2 > sizeof v->text) {
    v->dropped++;
    return;
  }
  memcpy(v->text + v->n, line, n);
  memcpy(v->text + v->n + n, "\n", 2);
  v->n += n + 1;
}

#define VIOLATE(s, ...) weft__violate((s)->violations, __VA_ARGS__)

typedef unsigned long long ull;

static bool inside(uint64_t offset, uint64_t n, uint64_t whole) { return n <= whole && offset <= whole - n; }

/* ---- the table --------------------------------------------------------------------------------------------------- */

weft__shadow *weft__shadow_create(weft__violations *violations) {
  weft__shadow *s = calloc(1, sizeof *s);
  if (s) s->violations = violations;
  return s;
}

static thing *look_up(weft__shadow *s, weft_id id) {
  uint32_t slot = WEFT_ID_SLOT(id);
  if (slot >= s->capacity || s->things[slot].kind == NOTHING || s->things[slot].id != id) return NULL;
  return &s->things[slot];
}

/* The live thing that `what` names; NULL, and a violation, when there is none. */
static thing *use(weft__shadow *s, weft_id id, kind wanted, const char *what) {
  thing *t = look_up(s, id);
  if (t && t->kind == wanted) return t;
  uint32_t slot = WEFT_ID_SLOT(id);
  if (t)
    VIOLATE(s, "%s: %u is a %s, not a %s", what, slot, kind_names[t->kind], kind_names[wanted]);
  else if (slot < s->capacity && s->things[slot].id)
    VIOLATE(s, "%s: %s %u of generation %u is stale", what, kind_names[wanted], slot, WEFT_ID_GENERATION(id));
  else
    VIOLATE(s, "%s: %s %u was never created", what, kind_names[wanted], slot);
  return NULL;
}

static thing *add(weft__shadow *s, weft_id id, kind made, const uint32_t *words, uint32_t n, uint32_t words_each) {
  uint32_t slot = WEFT_ID_SLOT(id);
  if (slot >= s->capacity) {
    uint32_t capacity = s->capacity ? s->capacity : 64;
    while (capacity <= slot) capacity *= 2;
    thing *grown = realloc(s->things, capacity * sizeof *grown);
    if (!grown) return NULL;
    memset(grown + s->capacity, 0, (capacity - s->capacity) * sizeof *grown);
    s->things = grown;
    s->capacity = capacity;
  }
  thing *t = &s->things[slot];
  free(t->words);
  *t = (thing){.id = id, .kind = made, .n = n};
  if (n && (t->words = malloc((size_t)n * words_each * 4))) memcpy(t->words, words, (size_t)n * words_each * 4);
  if (!t->words) t->n = 0;
  return t;
}

void weft__shadow_close(weft__shadow *s) {
  uint32_t left[GROUP + 1] = {0};
  for (uint32_t i = 0; i < s->capacity; i++) {
    left[s->things[i].kind]++;
    free(s->things[i].words);
  }
  for (int k = BUFFER; k <= GROUP; k++)
    if (left[k]) VIOLATE(s, "close: %u of kind %s are left", left[k], kind_names[k]);
  free(s->things);
  free(s);
}

void weft__shadow_open(weft__shadow *s, const uint64_t *limits, uint64_t features, uint64_t languages) {
  s->open = true;
  s->features = features;
  s->languages = languages;
  memcpy(s->limits, limits, sizeof s->limits);
}

void weft__shadow_usable(weft__shadow *s, const char *what) {
  if (!s->open) VIOLATE(s, "%s: the device is not open yet", what);
}

void weft__shadow_new_id(weft__shadow *s, weft_id id, const char *what) {
  uint32_t slot = WEFT_ID_SLOT(id);
  if (!id)
    VIOLATE(s, "%s: 0 is no id", what);
  else if (slot < s->capacity && s->things[slot].kind != NOTHING)
    VIOLATE(s, "%s: slot %u holds a %s that is alive", what, slot, kind_names[s->things[slot].kind]);
  else if (slot < s->capacity && s->things[slot].id == id)
    VIOLATE(s, "%s: slot %u comes back with the same generation %u", what, slot, WEFT_ID_GENERATION(id));
}

/* ---- what is alive ----------------------------------------------------------------------------------------------- */

void weft__shadow_buffer(weft__shadow *s, weft_id id, uint64_t n_bytes, uint32_t usage) {
  if (n_bytes % 4) VIOLATE(s, "buffer_create: %llu bytes are no multiple of 4", (ull)n_bytes);
  if (n_bytes > s->limits[WEFT_LIMIT_MAX_BUFFER_SIZE])
    VIOLATE(s, "buffer_create: %llu bytes are above the limit", (ull)n_bytes);
  thing *t = add(s, id, BUFFER, NULL, 0, 0);
  if (!t) return;
  t->n_bytes = n_bytes;
  t->usage = usage;
}

void weft__shadow_module(weft__shadow *s, weft_id id) { add(s, id, MODULE, NULL, 0, 0); }

void weft__shadow_layout(weft__shadow *s, weft_id id, const uint32_t *entries, uint32_t n) {
  add(s, id, LAYOUT, entries, n, 3);
}

void weft__shadow_pipeline(weft__shadow *s, weft_id id, const weft_id *layouts, uint32_t n_layouts,
                           uint32_t immediate_bytes, bool settled) {
  thing *t = add(s, id, PIPELINE, layouts, n_layouts, 1);
  if (!t) return;
  t->immediate_bytes = immediate_bytes;
  t->settled = settled;
}

void weft__shadow_pipeline_settled(weft__shadow *s, weft_id id) {
  thing *t = look_up(s, id);
  if (t && t->kind == PIPELINE) t->settled = true;
}

void weft__shadow_map_ended(weft__shadow *s, weft_id id, uint32_t future) {
  thing *t = look_up(s, id);
  if (t && (!future || t->map_future == future)) t->mapped = false;
}

void weft__shadow_release(weft__shadow *s, const weft_id *ids, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    thing *t = look_up(s, ids[i]);
    if (!t) continue;
    free(t->words);
    *t = (thing){.id = ids[i]}; /* the id stays, so that its later use is told as stale */
  }
}

/* ---- calls ------------------------------------------------------------------------------------------------------- */

static thing *use_range(weft__shadow *s, weft_id id, uint64_t offset, uint64_t n_bytes, uint32_t usage,
                        const char *what) {
  thing *t = use(s, id, BUFFER, what);
  if (!t) return NULL;
  if (!inside(offset, n_bytes, t->n_bytes))
    VIOLATE(s, "%s: bytes %llu to %llu of buffer %u, which has %llu", what, (ull)offset, (ull)(offset + n_bytes),
            WEFT_ID_SLOT(id), (ull)t->n_bytes);
  if (offset % 4 || n_bytes % 4)
    VIOLATE(s, "%s: offset %llu or size %llu is no multiple of 4", what, (ull)offset, (ull)n_bytes);
  if ((t->usage & usage) != usage)
    VIOLATE(s, "%s: buffer %u has usage 0x%x, and 0x%x is needed", what, WEFT_ID_SLOT(id), t->usage, usage);
  if (t->mapped && usage != WEFT_USAGE_MAP_READ) VIOLATE(s, "%s: buffer %u is mapped", what, WEFT_ID_SLOT(id));
  return t;
}

void weft__shadow_buffer_write(weft__shadow *s, weft_id id, uint64_t offset, uint64_t n_bytes) {
  use_range(s, id, offset, n_bytes, WEFT_USAGE_COPY_DST, "buffer_write");
}

void weft__shadow_pipeline_check(weft__shadow *s, weft_id module, const weft_id *layouts, uint32_t n_layouts,
                                 uint32_t immediate_bytes) {
  use(s, module, MODULE, "pipeline_create");
  for (uint32_t i = 0; i < n_layouts; i++) use(s, layouts[i], LAYOUT, "pipeline_create");
  if (n_layouts > s->limits[WEFT_LIMIT_MAX_BIND_GROUPS]) VIOLATE(s, "pipeline_create: %u groups", n_layouts);
  if (immediate_bytes > s->limits[WEFT_LIMIT_MAX_IMMEDIATE_SIZE])
    VIOLATE(s, "pipeline_create: %u bytes of immediates are above the limit", immediate_bytes);
}

void weft__shadow_map_start(weft__shadow *s, weft_id id, uint64_t offset, uint64_t n_bytes, uint32_t future) {
  thing *t = use_range(s, id, offset, n_bytes, WEFT_USAGE_MAP_READ, "map_start");
  if (offset % 8) VIOLATE(s, "map_start: offset %llu is no multiple of 8", (ull)offset);
  if (!t) return;
  if (t->mapped) {
    VIOLATE(s, "map_start: buffer %u is mapped already", WEFT_ID_SLOT(id));
    return;
  }
  t->mapped = true;
  t->map_future = future;
  t->map_offset = offset;
  t->n_mapped_bytes = n_bytes;
}

void weft__shadow_map_read(weft__shadow *s, weft_id id, uint64_t offset, uint64_t n_bytes) {
  thing *t = use(s, id, BUFFER, "map_read");
  if (!t) return;
  if (!t->mapped)
    VIOLATE(s, "map_read: buffer %u is not mapped", WEFT_ID_SLOT(id));
  else if (offset < t->map_offset || !inside(offset - t->map_offset, n_bytes, t->n_mapped_bytes))
    VIOLATE(s, "map_read: bytes %llu to %llu are outside the mapped range", (ull)offset, (ull)(offset + n_bytes));
}

/* ---- the command stream ------------------------------------------------------------------------------------------ */

enum { GROUPS_MAX = 8, USES_MAX = 256 };

/* A group that this stream creates is alive only for the words behind it; it joins the table once the inner driver has
 * taken the stream. */
typedef struct walk {
  weft__shadow *s;
  const uint32_t *words, *at;
  bool begun;
  weft_id pipeline;
  const uint32_t *groups[GROUPS_MAX]; /* the SET_GROUP commands in force */
} walk;

static const thing *group_of(walk *k, weft_id id, thing *scratch) {
  thing *t = look_up(k->s, id);
  if (t && t->kind == GROUP) return t;
  for (const uint32_t *w = k->words; w < k->at; w += WEFT_OP_LENGTH(*w)) {
    if (WEFT_OP_CODE(*w) != WEFT_OP_GROUP || w[1] != id) continue;
    *scratch = (thing){.id = id, .kind = GROUP, .layout = w[2], .n = w[3]};
    memcpy(&scratch->words, &(const uint32_t *){w + 4}, sizeof scratch->words);
    return scratch;
  }
  use(k->s, id, GROUP, "SET_GROUP");
  return NULL;
}

static const uint32_t *layout_entry(const thing *layout, uint32_t binding) {
  for (uint32_t i = 0; layout && i < layout->n; i++)
    if (layout->words[3 * i] == binding) return layout->words + 3 * i;
  return NULL;
}

static bool is_uniform(uint32_t type) { return type == WEFT_BINDING_UNIFORM || type == WEFT_BINDING_UNIFORM_DYNAMIC; }

static void check_group(walk *k, const uint32_t *w) {
  weft__shadow *s = k->s;
  weft__shadow_new_id(s, w[1], "GROUP");
  const thing *layout = use(s, w[2], LAYOUT, "GROUP");
  if (layout && layout->n != w[3]) VIOLATE(s, "GROUP: %u bindings, and the layout has %u", w[3], layout->n);
  for (uint32_t i = 0; i < w[3]; i++) {
    const uint32_t *e = w + 4 + 6 * i;
    uint64_t offset = weft__word64(e + 2), size = weft__word64(e + 4);
    const uint32_t *entry = layout_entry(layout, e[0]);
    if (layout && !entry) VIOLATE(s, "GROUP: the layout has no binding %u", e[0]);
    bool uniform = entry && is_uniform(entry[1]);
    thing *buffer = use(s, e[1], BUFFER, "GROUP");
    if (!entry || !buffer) continue;
    uint32_t usage = uniform ? WEFT_USAGE_UNIFORM : WEFT_USAGE_STORAGE;
    uint64_t alignment =
        s->limits[uniform ? WEFT_LIMIT_MIN_UNIFORM_OFFSET_ALIGNMENT : WEFT_LIMIT_MIN_STORAGE_OFFSET_ALIGNMENT];
    uint64_t most = s->limits[uniform ? WEFT_LIMIT_MAX_UNIFORM_BINDING_SIZE : WEFT_LIMIT_MAX_STORAGE_BINDING_SIZE];
    if (!(buffer->usage & usage)) VIOLATE(s, "GROUP: binding %u needs usage 0x%x", e[0], usage);
    if (!inside(offset, size, buffer->n_bytes) || !size)
      VIOLATE(s, "GROUP: binding %u is bytes %llu to %llu of a buffer with %llu", e[0], (ull)offset,
              (ull)(offset + size), (ull)buffer->n_bytes);
    if (alignment && offset % alignment)
      VIOLATE(s, "GROUP: binding %u has offset %llu, no multiple of %llu", e[0], (ull)offset, (ull)alignment);
    if (size < entry[2] || size > most || (!uniform && size % 4))
      VIOLATE(s, "GROUP: binding %u has %llu bytes", e[0], (ull)size);
  }
}

static void check_set_group(walk *k, const uint32_t *w) {
  weft__shadow *s = k->s;
  thing scratch;
  if (w[1] >= GROUPS_MAX || w[1] >= s->limits[WEFT_LIMIT_MAX_BIND_GROUPS]) {
    VIOLATE(s, "SET_GROUP: index %u", w[1]);
    return;
  }
  const thing *group = group_of(k, w[2], &scratch);
  if (!group) return;
  k->groups[w[1]] = w;
  const thing *layout = use(s, group->layout, LAYOUT, "SET_GROUP");
  uint32_t n_dynamic = 0;
  for (uint32_t i = 0; layout && i < layout->n; i++) {
    const uint32_t *entry = layout->words + 3 * i;
    if (entry[1] != WEFT_BINDING_UNIFORM_DYNAMIC) continue;
    uint32_t nth = n_dynamic++;
    if (nth >= w[3]) continue;
    uint32_t dynamic = w[4 + nth];
    if (dynamic % s->limits[WEFT_LIMIT_MIN_UNIFORM_OFFSET_ALIGNMENT])
      VIOLATE(s, "SET_GROUP: dynamic offset %u is not aligned", dynamic);
    for (uint32_t b = 0; b < group->n; b++) {
      const uint32_t *e = group->words + 6 * b;
      thing *buffer = e[0] == entry[0] ? look_up(s, e[1]) : NULL;
      if (buffer && !inside(weft__word64(e + 2) + dynamic, weft__word64(e + 4), buffer->n_bytes))
        VIOLATE(s, "SET_GROUP: dynamic offset %u puts binding %u beyond its buffer", dynamic, e[0]);
    }
  }
  if (layout && n_dynamic != w[3]) VIOLATE(s, "SET_GROUP: %u dynamic offsets, and the layout has %u", w[3], n_dynamic);
}

/* Everything a dispatch binds: alive, not mapped, and no buffer both read-only and writable. */
static void check_uses(walk *k, uint32_t n_groups) {
  weft__shadow *s = k->s;
  struct {
    weft_id buffer;
    bool writable;
  } uses[USES_MAX];
  uint32_t n = 0;
  for (uint32_t g = 0; g < n_groups; g++) {
    thing scratch;
    const thing *group = k->groups[g] ? group_of(k, k->groups[g][2], &scratch) : NULL;
    const thing *layout = group ? look_up(s, group->layout) : NULL;
    for (uint32_t b = 0; layout && b < group->n; b++) {
      const uint32_t *e = group->words + 6 * b, *entry = layout_entry(layout, e[0]);
      thing *buffer = use(s, e[1], BUFFER, "DISPATCH");
      if (buffer && buffer->mapped) VIOLATE(s, "DISPATCH: buffer %u is mapped", WEFT_ID_SLOT(e[1]));
      bool writable = entry && entry[1] == WEFT_BINDING_STORAGE;
      for (uint32_t i = 0; i < n; i++)
        if (uses[i].buffer == e[1] && uses[i].writable != writable) {
          VIOLATE(s, "DISPATCH: buffer %u is bound read-only and writable", WEFT_ID_SLOT(e[1]));
          break;
        }
      if (n < USES_MAX) uses[n].buffer = e[1], uses[n++].writable = writable;
    }
  }
}

static void check_dispatch(walk *k, const uint32_t *w) {
  weft__shadow *s = k->s;
  for (int i = 1; i <= 3; i++)
    if (w[i] > s->limits[WEFT_LIMIT_MAX_WORKGROUPS_PER_DIMENSION]) VIOLATE(s, "DISPATCH: %u workgroups", w[i]);
  thing *pipeline = k->pipeline ? look_up(s, k->pipeline) : NULL;
  if (!pipeline) {
    if (!k->pipeline) VIOLATE(s, "DISPATCH: no pipeline is set");
    return;
  }
  for (uint32_t g = 0; g < pipeline->n; g++) {
    thing scratch;
    const thing *group = g < GROUPS_MAX && k->groups[g] ? group_of(k, k->groups[g][2], &scratch) : NULL;
    if (!group)
      VIOLATE(s, "DISPATCH: group %u is not set", g);
    else if (group->layout != pipeline->words[g])
      VIOLATE(s, "DISPATCH: group %u has another layout than the pipeline", g);
  }
  check_uses(k, pipeline->n < GROUPS_MAX ? pipeline->n : GROUPS_MAX);
}

static void end_pass(walk *k) {
  k->pipeline = 0;
  memset(k->groups, 0, sizeof k->groups);
}

static void check_pass_command(walk *k, const uint32_t *w) {
  weft__shadow *s = k->s;
  uint32_t n = WEFT_OP_LENGTH(*w);
  thing *t;
  switch (WEFT_OP_CODE(*w)) {
    case WEFT_OP_PIPELINE:
      k->pipeline = w[1];
      t = use(s, w[1], PIPELINE, "PIPELINE");
      if (t && !t->settled) VIOLATE(s, "PIPELINE: %u is still being compiled", WEFT_ID_SLOT(w[1]));
      break;
    case WEFT_OP_SET_GROUP:
      check_set_group(k, w);
      break;
    case WEFT_OP_IMMEDIATES:
      t = k->pipeline ? look_up(s, k->pipeline) : NULL;
      if (w[1] % 4) VIOLATE(s, "IMMEDIATES: offset %u", w[1]);
      if (!t || !inside(w[1], (n - 2) * 4u, t->immediate_bytes))
        VIOLATE(s, "IMMEDIATES: %u bytes at %u, and the pipeline takes %u", (n - 2) * 4u, w[1],
                t ? t->immediate_bytes : 0);
      break;
    default:
      check_dispatch(k, w);
      break;
  }
}

static void check_queries(weft__shadow *s, uint32_t first, uint32_t n, const char *what) {
  if (!(s->features >> WEFT_FEATURE_TIMESTAMP_QUERY & 1)) VIOLATE(s, "%s: the device has no timestamps", what);
  if (!inside(first, n, WEFT_QUERIES)) VIOLATE(s, "%s: %u queries from the %uth", what, n, first);
}

static void check_command(walk *k, const uint32_t *w) {
  weft__shadow *s = k->s;
  uint32_t op = WEFT_OP_CODE(*w);
  if (op > WEFT_OP_GROUP && !k->begun) VIOLATE(s, "command %u comes before the first BEGIN", op);
  switch (op) {
    case WEFT_OP_WRITE:
      if (k->begun) VIOLATE(s, "WRITE comes after a BEGIN");
      use_range(s, w[1], weft__word64(w + 2), weft__word64(w + 6), WEFT_USAGE_COPY_DST, "WRITE");
      break;
    case WEFT_OP_BEGIN:
      k->begun = true;
      end_pass(k);
      break;
    case WEFT_OP_GROUP:
      check_group(k, w);
      break;
    case WEFT_OP_COPY:
      end_pass(k);
      use_range(s, w[1], weft__word64(w + 2), weft__word64(w + 7), WEFT_USAGE_COPY_SRC, "COPY");
      use_range(s, w[4], weft__word64(w + 5), weft__word64(w + 7), WEFT_USAGE_COPY_DST, "COPY");
      if (w[1] == w[4]) VIOLATE(s, "COPY: source and destination are the same buffer %u", WEFT_ID_SLOT(w[1]));
      break;
    case WEFT_OP_CLEAR:
      end_pass(k);
      use_range(s, w[1], weft__word64(w + 2), weft__word64(w + 4), WEFT_USAGE_COPY_DST, "CLEAR");
      break;
    case WEFT_OP_TIMESTAMP:
      end_pass(k);
      check_queries(s, w[1], 1, "TIMESTAMP");
      break;
    case WEFT_OP_RESOLVE:
      end_pass(k);
      check_queries(s, w[1], w[2], "RESOLVE");
      use_range(s, w[3], weft__word64(w + 4), w[2] * (uint64_t)8, WEFT_USAGE_QUERY_RESOLVE, "RESOLVE");
      if (weft__word64(w + 4) % WEFT_RESOLVE_BYTES) VIOLATE(s, "RESOLVE: offset %llu", (ull)weft__word64(w + 4));
      break;
    default:
      check_pass_command(k, w);
      break;
  }
}

/* Whether every command has the words it needs; else the stream cannot be walked. */
static bool well_formed(weft__shadow *s, const uint32_t *words, size_t n_words) {
  static const uint32_t least[] = {1, 8, 2, 4, 2, 4, 2, 4, 9, 6, 2, 6};
  for (size_t at = 0; at < n_words; at += WEFT_OP_LENGTH(words[at])) {
    const uint32_t *w = words + at;
    uint32_t op = WEFT_OP_CODE(*w), n = WEFT_OP_LENGTH(*w);
    bool known = op >= WEFT_OP_WRITE && op <= WEFT_OP_RESOLVE && n >= least[op] && n <= n_words - at;
    if (known && op == WEFT_OP_GROUP) known = n - 4 == (uint64_t)w[3] * 6;
    if (known && op == WEFT_OP_SET_GROUP) known = n - 4 == w[3];
    if (!known) {
      VIOLATE(s, "submit: command %u with %u words at word %zu of %zu", op, n, at, n_words);
      return false;
    }
  }
  return true;
}

void weft__shadow_submit(weft__shadow *s, const uint32_t *words, size_t n_words) {
  walk k = {.s = s, .words = words};
  if (!well_formed(s, words, n_words)) return;
  for (k.at = words; k.at < words + n_words; k.at += WEFT_OP_LENGTH(*k.at)) check_command(&k, k.at);
}

void weft__shadow_groups(weft__shadow *s, const uint32_t *words, size_t n_words) {
  for (const uint32_t *w = words; w < words + n_words; w += WEFT_OP_LENGTH(*w)) {
    if (WEFT_OP_CODE(*w) != WEFT_OP_GROUP) continue;
    thing *t = add(s, w[1], GROUP, w + 4, w[3], 6);
    if (t) t->layout = w[2];
  }
}
