/* See common.h. */
#include "drivers/common.h"

#include <ctype.h>
#include <string.h>

#include "base/error.h"

size_t weft__copy_text(const char *text, char *out, size_t capacity) {
  size_t n = strlen(text);
  if (capacity) {
    size_t fits = n < capacity ? n : capacity - 1;
    memcpy(out, text, fits);
    out[fits] = 0;
  }
  return n;
}

bool weft__text_has(const char *text, size_t n, const char *part, size_t n_part) {
  for (size_t i = 0; i + n_part <= n; i++) {
    size_t k = 0;
    while (k < n_part && tolower((unsigned char)text[i + k]) == tolower((unsigned char)part[k])) k++;
    if (k == n_part) return true;
  }
  return false;
}

weft_status weft__wishes_check(const char *name, const uint64_t *limits, uint64_t features,
                               const uint64_t *required_limits, uint64_t required_features, weft_error *err) {
  static const char *const limit_names[] = {
#define X(name, webgpu) #webgpu,
      WEFT_LIMIT_LIST(X)
#undef X
  };
  static const char *const feature_names[] = {
#define X(name, webgpu) webgpu,
      WEFT_FEATURE_LIST(X)
#undef X
  };
  for (int i = 0; i < WEFT_LIMIT_COUNT; i++) {
    uint64_t want = required_limits[i], has = limits[i];
    bool least = i == WEFT_LIMIT_MIN_STORAGE_OFFSET_ALIGNMENT || i == WEFT_LIMIT_MIN_UNIFORM_OFFSET_ALIGNMENT;
    if (want && (least ? has > want : has < want))
      return weft__fail(err, WEFT_UNSUPPORTED, "%s is required to be %llu, and \"%s\" has %llu", limit_names[i],
                        (unsigned long long)want, name, (unsigned long long)has);
  }
  for (int i = 0; i < WEFT_FEATURE_COUNT; i++)
    if ((required_features & ~features) >> i & 1)
      return weft__fail(err, WEFT_UNSUPPORTED, "the feature %s is required, and \"%s\" does not have it",
                        feature_names[i], name);
  return WEFT_OK;
}

/* ---- ids ----------------------------------------------------------------------------------------------------------- */

static const char *const kind_names[] = {"nothing",  "a buffer",   "a shader module",
                                         "a layout", "a pipeline", "a bind group"};

weft_status weft__id_check(weft_id id, weft_id held, weft__kind kind, weft__kind wanted, weft_error *err) {
  uint32_t slot = WEFT_ID_SLOT(id);
  if (kind == WEFT__KIND_NONE || held != id)
    return weft__fail(err, WEFT_STATE, "there is no object %u with generation %u", slot, WEFT_ID_GENERATION(id));
  if (kind == wanted) return WEFT_OK;
  return weft__fail(err, WEFT_VALUE, "object %u is %s, not %s", slot, kind_names[kind], kind_names[wanted]);
}

weft_status weft__id_free(weft_id id, weft_id held, weft__kind kind, weft_error *err) {
  if (id == 0) return weft__fail(err, WEFT_VALUE, "0 is no id for an object");
  if (kind == WEFT__KIND_NONE) return WEFT_OK;
  return weft__fail(err, WEFT_STATE, "slot %u holds %s of generation %u already", WEFT_ID_SLOT(id), kind_names[kind],
                    WEFT_ID_GENERATION(held));
}

/* ---- the command stream -------------------------------------------------------------------------------------------- */

/* Words before the repeated part, the command's own word counted, and words of one repetition. */
static const struct {
  const char *name;
  uint32_t fixed, repeated;
} shapes[] = {
    [WEFT_OP_WRITE] = {"WRITE", 8, 0},         [WEFT_OP_BEGIN] = {"BEGIN", 2, 0},
    [WEFT_OP_GROUP] = {"GROUP", 4, 6},         [WEFT_OP_PIPELINE] = {"PIPELINE", 2, 0},
    [WEFT_OP_SET_GROUP] = {"SET_GROUP", 4, 1}, [WEFT_OP_IMMEDIATES] = {"IMMEDIATES", 2, 1},
    [WEFT_OP_DISPATCH] = {"DISPATCH", 4, 0},   [WEFT_OP_COPY] = {"COPY", 9, 0},
    [WEFT_OP_CLEAR] = {"CLEAR", 6, 0},         [WEFT_OP_TIMESTAMP] = {"TIMESTAMP", 2, 0},
    [WEFT_OP_RESOLVE] = {"RESOLVE", 6, 0},
};

weft_status weft__command_check(const uint32_t *w, size_t n_left, bool begun, weft_error *err) {
  uint32_t op = WEFT_OP_CODE(*w), length = WEFT_OP_LENGTH(*w);
  if (op < WEFT_OP_WRITE || op > WEFT_OP_RESOLVE) return weft__fail(err, WEFT_VALUE, "%u is no command", op);
  if (length > n_left)
    return weft__fail(err, WEFT_VALUE, "%s has %u words, and the stream ends after %zu", shapes[op].name, length,
                      n_left);
  uint32_t more = length - shapes[op].fixed;
  bool fits = length >= shapes[op].fixed && (shapes[op].repeated ? more % shapes[op].repeated == 0 : more == 0);
  if (fits && (op == WEFT_OP_GROUP || op == WEFT_OP_SET_GROUP)) fits = w[3] == more / shapes[op].repeated;
  if (!fits) return weft__fail(err, WEFT_VALUE, "%s cannot have %u words", shapes[op].name, length);
  if (op == WEFT_OP_WRITE ? begun : op > WEFT_OP_GROUP && !begun)
    return weft__fail(err, WEFT_VALUE, "%s comes %s BEGIN", shapes[op].name, begun ? "after a" : "before the first");
  if (op == WEFT_OP_WRITE && !weft__word_pointer(w + 4) && weft__word64(w + 6))
    return weft__fail(err, WEFT_VALUE, "WRITE has no bytes to write");
  uint32_t n_queries = op == WEFT_OP_RESOLVE ? w[2] : 1;
  if (op >= WEFT_OP_TIMESTAMP && (n_queries > WEFT_QUERIES || w[1] > WEFT_QUERIES - n_queries))
    return weft__fail(err, WEFT_VALUE, "%s of %u queries from the %uth; there are %d", shapes[op].name, n_queries, w[1],
                      WEFT_QUERIES);
  return WEFT_OK;
}
