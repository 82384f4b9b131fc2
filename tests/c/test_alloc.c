/* base/alloc.c: the allocator that counts and fails on order. */
#include "base/alloc.h"

#include "test.h"

TEST(live_counts_what_is_not_freed) {
  long live = weft__alloc_live;
  void *a = weft__alloc(10), *b = weft__alloc_zero(3, 4);
  CHECK_EQ(weft__alloc_live - live, 2);
  a = weft__realloc(a, 100);
  CHECK_EQ(weft__alloc_live - live, 2);
  weft__free(a);
  weft__free(b);
  weft__free(NULL);
  CHECK_EQ(weft__alloc_live, live);
}

TEST(nothing_is_an_allocation_too) {
  void *p = weft__alloc(0), *q = weft__alloc_zero(0, 8);
  CHECK(p && q);
  weft__free(p);
  weft__free(q);
}

TEST(zeroed_memory_is_zero) {
  unsigned char *p = weft__alloc_zero(7, 9);
  if (!CHECK(p != NULL)) return;
  unsigned sum = 0;
  for (int i = 0; i < 63; i++) sum |= p[i];
  CHECK_EQ(sum, 0);
  weft__free(p);
}

TEST(the_ordered_allocation_fails_once) {
  weft__alloc_fail_at = weft__alloc_count + 2;
  void *a = weft__alloc(1), *b = weft__alloc(1), *c = weft__alloc(1);
  weft__alloc_fail_at = 0;
  CHECK(a != NULL);
  CHECK(b == NULL);
  CHECK(c != NULL);
  weft__free(a);
  weft__free(c);
}

TEST(grow_keeps_the_array_when_memory_ends) {
  int *numbers = NULL;
  uint32_t capacity = 0;
  if (!CHECK(weft__grow(&numbers, &capacity, 3, sizeof *numbers))) return;
  CHECK_EQ(capacity, 8);
  numbers[2] = 42;
  weft__alloc_fail_at = weft__alloc_count + 1;
  CHECK(!weft__grow(&numbers, &capacity, 9, sizeof *numbers));
  weft__alloc_fail_at = 0;
  CHECK_EQ(capacity, 8);
  CHECK_EQ(numbers[2], 42);
  CHECK(weft__grow(&numbers, &capacity, 17, sizeof *numbers));
  CHECK_EQ(capacity, 32);
  CHECK_EQ(numbers[2], 42);
  weft__free(numbers);
}

TEST(grow_refuses_what_has_no_size) {
  char *bytes = NULL;
  uint32_t capacity = 0;
  CHECK(!weft__grow(&bytes, &capacity, UINT32_MAX, SIZE_MAX / 4));
  CHECK(bytes == NULL);
  CHECK_EQ(capacity, 0);
}

TEST(faults_reach_every_allocation) {
  int complete = 0, cut = 0;
  FAULTS {
    void *a = weft__alloc(8), *b = a ? weft__alloc(8) : NULL;
    *(a && b ? &complete : &cut) += 1;
    weft__free(a);
    weft__free(b);
  }
  CHECK_EQ(cut, 2);
  CHECK_EQ(complete, 1);
}
