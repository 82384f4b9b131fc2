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
