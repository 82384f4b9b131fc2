/* base/text.c, base/arena.c, base/error.c, base/checked.h */
#include "base/text.h"

#include "base/arena.h"
#include "base/checked.h"
#include "test.h"

TEST(text_grows) {
  weft__text t = {0};
  for (int i = 0; i < 100; i++) weft__text_format(&t, "%d,", i);
  CHECK_EQ(t.n, 290u);
  CHECK_EQ(strlen(t.bytes), (size_t)t.n);
  CHECK(!t.failed);
  weft__text_free(&t);
}

TEST(text_that_failed_stays_readable) {
  FAULTS {
    weft__text t = {0};
    for (int i = 0; i < 30; i++) weft__text_add(&t, "0123456789", 10);
    if (t.bytes) CHECK_EQ(strlen(t.bytes), (size_t)t.n);
    CHECK(t.failed || t.n == 300);
    weft__text_free(&t);
  }
}

static unsigned distance(const char *a, const char *b) { return weft__text_distance(a, strlen(a), b, strlen(b), 9); }

TEST(distance_counts_edits) {
  CHECK_EQ(distance("saxpy", "saxpy"), 0u);
  CHECK_EQ(distance("saxpy", "sxapy"), 1u); /* a swap */
  CHECK_EQ(distance("kitten", "sitting"), 3u);
  CHECK_EQ(distance("", "abc"), 3u);
  CHECK_EQ(distance("abcdefghijkl", "mnopqrstuvwx"), 10u); /* more than the limit */
}

TEST(similar_names_are_near) {
  CHECK(weft__text_similar("treads", 6, "threads", 7));
  CHECK(!weft__text_similar("x", 1, "y", 1)); /* one letter says nothing */
  CHECK(!weft__text_similar("alpha", 5, "omega", 5));
}

TEST(arena_keeps_and_aligns) {
  weft__arena a = {0};
  char *first = weft__arena_text(&a, "first", 5);
  for (int i = 1; i < 500; i++) {
    unsigned char *p = weft__arena_alloc(&a, (size_t)i);
    CHECK_EQ((unsigned long)((size_t)p & 15), 0ul);
    for (int k = 0; k < i; k++) CHECK_EQ(p[k], 0);
    memset(p, 0xAA, (size_t)i);
  }
  CHECK_STR(first, "first");
  CHECK_STR(weft__arena_format(&a, "%s-%d", first, 7), "first-7");
  weft__arena_free(&a);
  CHECK_EQ(weft__arena_alloc(&a, (size_t)-1), NULL);
  weft__arena_free(&a);
}

TEST(a_message_that_is_too_long_is_cut_at_a_character) {
  static char text[WEFT_ERROR_CAPACITY * 2];
  for (size_t i = 0; i + 2 < sizeof text; i += 2) memcpy(text + i, "é", 2);
  weft_error err;
  weft__fail(&err, WEFT_VALUE, "x%s", text);
  size_t n = strlen(err.message);
  CHECK(n < sizeof err.message && n > sizeof err.message - 4);
  CHECK_EQ((n - 1) % 2, (size_t)0);
  weft__fail_prefix(&err, WEFT_VALUE, "%s: ", "where");
  CHECK_HAS(err.message, "where: xé");
}

TEST(checked_arithmetic_tells_of_overflow) {
  uint64_t r;
  CHECK(weft__add_u64(1, 2, &r) && r == 3);
  CHECK(!weft__add_u64(UINT64_MAX, 1, &r));
  CHECK(weft__mul_u64(1u << 31, 4, &r) && r == (uint64_t)1 << 33);
  CHECK(!weft__mul_u64((uint64_t)1 << 40, 1 << 30, &r));
  CHECK_EQ(weft__round_up(5, 4), (uint64_t)8);
  CHECK_EQ(weft__round_up(8, 4), (uint64_t)8);
}
