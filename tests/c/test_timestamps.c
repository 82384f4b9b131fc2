/* The conformance test of drivers: TIMESTAMP and RESOLVE (driver_case.h says how cases run). */
#include "driver_case.h"

#define TICKS (WEFT_USAGE_QUERY_RESOLVE | WEFT_USAGE_COPY_SRC)
#define NEED_TIMESTAMPS() \
  if (!has_feature(WEFT_FEATURE_TIMESTAMP_QUERY)) SKIP("the device has no timestamps")

CASE(timestamps_follow_the_work) {
  enum { T = 8, FIRST = WEFT_QUERIES - 3, MORE = 1000 };
  uint32_t out[64] = {0};
  uint64_t ticks[3] = {0};
  NEED_TIMESTAMPS();
  CHECK(S.tick > 0);
  if (!set_up_add_index()) return;
  make_buffer(T, WEFT_RESOLVE_BYTES + 24, TICKS);
  make_buffer(Y, 24, STORAGE);
  put_begin(0);
  put_timestamp(FIRST);
  put_add_index(); /* a pass before and after each */
  put_timestamp(FIRST + 1);
  CHECK_OK(submit(), &S.err);
  put_begin(0);
  put_add_index();
  for (int i = 0; i < MORE; i++) put_dispatch(1); /* longer than a step of any clock */
  put_timestamp(FIRST + 2);
  put_resolve(FIRST, 3, T, WEFT_RESOLVE_BYTES);
  put_timestamp(FIRST); /* comes too late for it */
  put_copy(T, WEFT_RESOLVE_BYTES, Y, 0, 24);
  put_add_index();
  CHECK_OK(submit(), &S.err);
  CHECK(read_words(Y, (uint32_t *)ticks, 6));
  CHECK(ticks[0] <= ticks[1]);
  CHECK(ticks[1] < ticks[2]);
  CHECK(read_words(X, out, 64));
  uint32_t want = 0;
  for (int i = 0; i < MORE + 3; i++) want = want * 3 + 63;
  CHECK_EQ(out[63], want);
  RELEASE(X, Y, T, MODULE, LAYOUT, PIPELINE, THE_GROUP);
}

CASE(a_query_that_was_not_written_holds_nothing_up) {
  enum { T = 8 };
  uint32_t future = new_future();
  NEED_TIMESTAMPS();
  make_buffer(T, 24, TICKS);
  put_begin(future);
  put_timestamp(1);
  put_resolve(0, 3, T, 0);
  CHECK_OK(submit(), &S.err);
  CHECK_SETTLES(future);
  RELEASE(T);
}

CASE(timestamps_go_on_after_a_block_that_failed_with_the_first) {
  enum { T = 8 };
  uint32_t bad = new_future(), good = new_future();
  uint64_t ticks[2] = {0};
  NEED_TIMESTAMPS();
  violates = true;
  make_buffer(T, 16, TICKS);
  make_buffer(Y, 16, STORAGE);
  put_begin(bad);
  put_timestamp(0);
  put_copy(T, 8, Y, 0, 16); /* beyond the end */
  put_begin(good);
  put_timestamp(1);
  put_resolve(0, 2, T, 0);
  CHECK_OK(submit(), &S.err);
  CHECK_REFUSED(bad);
  CHECK_SETTLES(good);
  put_begin(0);
  put_timestamp(0);
  put_timestamp(1);
  put_resolve(0, 2, T, 0);
  put_copy(T, 0, Y, 0, 16);
  CHECK_OK(submit(), &S.err);
  CHECK(read_words(Y, (uint32_t *)ticks, 4));
  CHECK(ticks[0] > 0 && ticks[0] <= ticks[1]);
  CHECK(!seen(WEFT_FUTURE_UNCAPTURED));
  RELEASE(T, Y);
}

CASE(timestamps_without_the_feature_are_refused) {
  if (has_feature(WEFT_FEATURE_TIMESTAMP_QUERY)) SKIP("the device has timestamps");
  violates = true;
  put_begin(0);
  put_timestamp(0);
  CHECK_FAILS(submit(), WEFT_UNSUPPORTED, &S.err, "timestamp-query");
}

CASE(queries_out_of_range_are_refused) {
  enum { T = 8 };
  NEED_TIMESTAMPS();
  violates = true;
  make_buffer(T, 16, TICKS);
  put_begin(0);
  put_timestamp(WEFT_QUERIES);
  CHECK_FAILS(submit(), WEFT_VALUE, &S.err, "there are");
  put_begin(0);
  put_resolve(WEFT_QUERIES - 1, 2, T, 0);
  CHECK_FAILS(submit(), WEFT_VALUE, &S.err, "there are");
  put_begin(0);
  put_resolve(0, UINT32_MAX, T, 0);
  CHECK_FAILS(submit(), WEFT_VALUE, &S.err, "there are");
  RELEASE(T);
}

CASE(queries_are_resolved_only_where_they_may_be) {
  enum { T = 8 };
  const struct {
    weft_id buffer;
    uint64_t offset;
  } wrong[] = {{X, 0} /* another usage */, {T, 8} /* not aligned */, {T, WEFT_RESOLVE_BYTES} /* beyond the end */};
  NEED_TIMESTAMPS();
  violates = true;
  make_buffer(X, 256, STORAGE);
  make_buffer(T, 256, TICKS);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    uint32_t future = new_future();
    put_begin(future);
    put_timestamp(0);
    put_resolve(0, 1, wrong[i].buffer, wrong[i].offset);
    CHECK_OK(submit(), &S.err);
    CHECK_REFUSED(future);
  }
  CHECK(!seen(WEFT_FUTURE_UNCAPTURED));
  RELEASE(X, T);
}
