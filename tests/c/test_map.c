/* base/map.c */
#include "base/map.h"

#include "test.h"

TEST(finds_what_was_put_and_nothing_else) {
  weft__map m = {0};
  int values[200];
  for (int i = 0; i < 200; i++) CHECK(weft__map_put(&m, &i, sizeof i, &values[i]));
  CHECK_EQ(m.count, 200u);
  for (int i = 0; i < 200; i++) CHECK_EQ(weft__map_get(&m, &i, sizeof i), (void *)&values[i]);
  int absent = 200;
  CHECK_EQ(weft__map_get(&m, &absent, sizeof absent), NULL);
  CHECK_EQ(weft__map_get(&m, &absent, 2), NULL);
  weft__map_free(&m);
}

TEST(putting_twice_replaces) {
  weft__map m = {0};
  int a, b;
  CHECK(weft__map_put(&m, "key", 3, &a));
  CHECK(weft__map_put(&m, "key", 3, &b));
  CHECK_EQ(m.count, 1u);
  CHECK_EQ(weft__map_get(&m, "key", 3), (void *)&b);
  weft__map_free(&m);
}

/* Removal shifts entries back; every order of removal must leave the others reachable. */
TEST(removing_in_any_order_loses_nothing) {
  enum { N = 97 };
  static int values[N];
  for (int stride = 1; stride < N; stride += 7) {
    weft__map m = {0};
    for (int i = 0; i < N; i++) CHECK(weft__map_put(&m, &i, sizeof i, &values[i]));
    bool gone[N] = {0};
    for (int k = 0, i = 0; k < N; k++, i = (i + stride) % N) {
      CHECK_EQ(weft__map_remove(&m, &i, sizeof i), (void *)&values[i]);
      CHECK_EQ(weft__map_remove(&m, &i, sizeof i), NULL);
      gone[i] = true;
      for (int j = 0; j < N; j += 11) CHECK_EQ(weft__map_get(&m, &j, sizeof j), gone[j] ? NULL : (void *)&values[j]);
    }
    CHECK_EQ(m.count, 0u);
    weft__map_free(&m);
  }
}

TEST(iteration_with_removal_visits_everything) {
  enum { N = 300 };
  static int values[N];
  weft__map m = {0};
  for (int i = 0; i < N; i++) CHECK(weft__map_put(&m, &i, sizeof i, &values[i]));
  weft__map_slot slot;
  int removed = 0;
  for (uint32_t cursor = 0; weft__map_next(&m, &cursor, &slot);) {
    if (((int *)slot.value - values) % 3) continue;
    weft__map_remove(&m, slot.key, slot.n_key_bytes);
    removed++;
    cursor--;
  }
  CHECK_EQ(removed, N / 3);
  CHECK_EQ(m.count, (unsigned)(N - N / 3));
  weft__map_free(&m);
}

TEST(a_failed_allocation_leaves_the_map_as_it_was) {
  FAULTS {
    weft__map m = {0};
    int value;
    uint32_t n = 0;
    for (int i = 0; i < 40; i++) n += weft__map_put(&m, &i, sizeof i, &value);
    CHECK_EQ(m.count, n);
    CHECK(n >= 39);
    weft__map_free(&m);
  }
}
