/* The fault driver itself: that it fails what it is told to, in the way it is told, and that each violation of the
 * core's side of core/driver.h is seen. Runs over any driver that can block; what it wraps does not matter. */
#include "driver_session.h"
#include "drivers/fault/fault.h"
#include "tested.h"

static weft_fault *fault;
static const weft_driver *tested;

static void wait_in_driver(void *context, void *device) {
  (void)context;
  S.driver->wait(device, 0.2);
}

/* A device behind the fault driver; false: the test is skipped or has failed. */
static bool set_up(void) {
  static char reason[600];
  const char *library = test_option("library"), *selector = test_option("device");
  weft_status status = tested_create(&tested, &S.err);
  if (!status) {
    fault = weft_fault_create(tested, &S.driver);
    S.wait = wait_in_driver;
    S.n_words = 0;
    status = open_device(selector ? selector : "");
    if (!status) return true;
    weft_fault_destroy(fault);
    tested_destroy(tested);
  }
  if (library || selector) return CHECK_OK(status, &S.err);
  snprintf(reason, sizeof reason, "no device: %.500s", S.err.message);
  test_skip(reason);
  return false;
}

static void tear_down(void) {
  close_device();
  weft_fault_destroy(fault);
  tested_destroy(tested);
}

static void plan(weft_fault_plan p) { weft_fault_set(fault, &p); }

static void check_clean(void) {
  CHECK_STR(weft_fault_violations(fault), "");
  weft_fault_forgive(fault);
}

/* Exactly one line, and it has this part. */
static void check_violation(const char *part) {
  const char *text = weft_fault_violations(fault);
  CHECK_HAS(text, part);
  const char *end = strchr(text, '\n');
  test_check(end && !end[1], __FILE__, __LINE__, "violations other than \"%s\":\n%s", part, text);
  weft_fault_forgive(fault);
}

static void release_one(weft_id id) { S.driver->release(S.device, &id, 1); }

enum { X = 1, Y = 2, MODULE = 3, LAYOUT = 4, PIPELINE = 5, THE_GROUP = 6, READ_LAYOUT = 7, OTHER_GROUP = 8 };

static const char wgsl[] =
    "@group(0) @binding(0) var<storage, read_write> x: array<u32>;\n"
    "@compute @workgroup_size(1) fn main() { x[0] += 1u; }\n";
static const uint32_t storage_entry[] = {0, WEFT_BINDING_STORAGE, 4};
static const uint32_t read_entry[] = {0, WEFT_BINDING_STORAGE_READ, 4};

static void set_up_kernel(void) {
  make_buffer(X, 256, STORAGE);
  make_buffer(Y, 256, READBACK);
  make_module(MODULE, wgsl);
  make_layout(LAYOUT, storage_entry, 1);
  make_layout(READ_LAYOUT, read_entry, 1);
  make_pipeline(PIPELINE, MODULE, "main", LAYOUT);
  put_group(THE_GROUP, LAYOUT, (const weft_id[]){X}, 1, 256);
  CHECK_OK(submit(), &S.err);
}

static void release_kernel(void) {
  const weft_id ids[] = {X, Y, MODULE, LAYOUT, READ_LAYOUT, PIPELINE, THE_GROUP};
  S.driver->release(S.device, ids, sizeof ids / sizeof *ids);
}

/* ---- failing ----------------------------------------------------------------------------------------------------- */

TEST(fault_counts_calls_submits_and_futures) {
  if (!set_up()) return;
  uint64_t calls = weft_fault_calls(fault), submits = weft_fault_submits(fault), futures = weft_fault_futures(fault);
  CHECK_EQ(calls, 1u);
  CHECK_EQ(futures, 1u); /* open's */
  make_buffer(X, 16, STORAGE);
  uint32_t future = new_future();
  put_begin(future);
  put_clear(X, 0, 16);
  put_begin(0);
  CHECK_OK(submit(), &S.err);
  CHECK_SETTLES(future);
  CHECK_EQ(weft_fault_calls(fault), calls + 2);
  CHECK_EQ(weft_fault_submits(fault), submits + 1);
  CHECK_EQ(weft_fault_futures(fault), futures + 1);
  release_one(X);
  check_clean();
  tear_down();
}

TEST(fault_fails_the_chosen_call_once) {
  if (!set_up()) return;
  plan((weft_fault_plan){.fail_call = weft_fault_calls(fault) + 2, .call_status = WEFT_MEMORY, .call_message = "no"});
  make_buffer(X, 16, STORAGE);
  weft_status status = S.driver->buffer_create(S.device, Y, 16, STORAGE, new_future(), &S.err);
  CHECK_FAILS(status, WEFT_MEMORY, &S.err, "no");
  CHECK_EQ(S.driver->object_count(S.device), 1u); /* the inner driver has not seen it */
  make_buffer(Y, 16, STORAGE);                    /* once */
  release_one(X);
  release_one(Y);
  plan((weft_fault_plan){.fail_call = weft_fault_calls(fault) + 1});
  put_begin(0);
  CHECK_FAILS(submit(), WEFT_DEVICE, &S.err, "submit");
  check_clean();
  tear_down();
}

TEST(fault_fails_the_chosen_future) {
  if (!set_up()) return;
  uint32_t first = new_future(), second = new_future(), third = new_future();
  plan((weft_fault_plan){
      .fail_future = weft_fault_futures(fault) + 2, .future_status = WEFT_SHADER, .future_message = "1:1: x"});
  CHECK_OK(S.driver->module_create(S.device, X, wgsl, strlen(wgsl), first, &S.err), &S.err);
  CHECK_OK(S.driver->module_create(S.device, Y, wgsl, strlen(wgsl), second, &S.err), &S.err);
  put_begin(third);
  CHECK_OK(submit(), &S.err);
  CHECK_SETTLES(first);
  CHECK_EQ(settle(second), (uint32_t)WEFT_SHADER);
  CHECK_STR(text_of(second), "1:1: x");
  CHECK_SETTLES(third);
  release_one(X);
  release_one(Y);
  check_clean();
  tear_down();
}

TEST(fault_loses_the_device_before_a_submit) {
  if (!set_up()) return;
  plan((weft_fault_plan){.lose_submit = weft_fault_submits(fault) + 2});
  put_begin(0);
  CHECK_OK(submit(), &S.err);
  put_begin(new_future());
  CHECK_EQ(submit(), (uint32_t)WEFT_LOST);
  CHECK(settle(WEFT_FUTURE_LOST) == WEFT_LOST);
  check_clean();
  tear_down();
}

TEST(fault_loses_the_device_after_a_submit) {
  if (!set_up()) return;
  uint32_t future = new_future();
  plan((weft_fault_plan){.lose_submit = weft_fault_submits(fault) + 1, .lose_after = true});
  put_begin(future);
  CHECK_OK(submit(), &S.err);
  CHECK(settle(future) != NEVER);
  CHECK(settle(WEFT_FUTURE_LOST) == WEFT_LOST);
  check_clean();
  tear_down();
}

TEST(fault_holds_completions_back) {
  if (!set_up()) return;
  plan((weft_fault_plan){.hold_polls = 6});
  uint32_t future = new_future();
  CHECK_OK(S.driver->buffer_create(S.device, X, 16, STORAGE, future, &S.err), &S.err);
  for (int i = 0; i < 6; i++) CHECK_EQ(poll_once(), 0u);
  CHECK_SETTLES(future);
  plan((weft_fault_plan){.hold_polls = 4});
  uint32_t late = new_future();
  CHECK_OK(S.driver->buffer_write(S.device, X, 0, &late, 4, late, &S.err), &S.err);
  poll_once();
  S.driver->lose(S.device);
  CHECK(settle(WEFT_FUTURE_LOST) == WEFT_LOST);
  CHECK(settle(late) != NEVER);
  release_one(X);
  check_clean();
  tear_down();
}

/* The order in which twelve futures show up under a seed; true when all have. */
static bool order_under(uint32_t seed, uint32_t first_slot, uint32_t *order) {
  plan((weft_fault_plan){.hold_polls = 2, .seed = seed});
  uint32_t base = S.last_future + 1, at = S.n_seen;
  for (uint32_t i = 0; i < 12; i++)
    CHECK_OK(S.driver->buffer_create(S.device, first_slot + i, 16, STORAGE, new_future(), &S.err), &S.err);
  for (uint32_t i = 0; i < 12; i++)
    if (!CHECK_SETTLES(base + i)) return false;
  for (uint32_t i = 0; i < 12; i++) order[i] = S.seen[at + i].future - base;
  for (uint32_t i = 0; i < 12; i++) release_one(first_slot + i);
  return true;
}

TEST(fault_permutes_by_seed) {
  if (!set_up()) return;
  uint32_t plain[12], mixed[12], sum = 0;
  if (order_under(0, 10, plain) && order_under(77, 30, mixed)) {
    for (uint32_t i = 0; i < 12; i++) {
      CHECK_EQ(plain[i], i);
      sum += 1u << mixed[i];
    }
    CHECK_EQ(sum, 0xFFFu); /* each once */
    CHECK(memcmp(plain, mixed, sizeof plain) != 0);
  }
  check_clean();
  tear_down();
}

/* ---- violations -------------------------------------------------------------------------------------------------- */

TEST(fault_sees_wrong_ids) {
  if (!set_up()) return;
  uint32_t value = 0;
  make_buffer(X, 16, STORAGE);
  CHECK(S.driver->buffer_write(S.device, Y, 0, &value, 4, 0, NULL) != WEFT_OK);
  check_violation("buffer 2 was never created");
  CHECK(S.driver->buffer_create(S.device, ID(X, 1), 16, STORAGE, 0, NULL) != WEFT_OK);
  check_violation("slot 1 holds a buffer that is alive");
  release_one(X);
  CHECK(S.driver->buffer_write(S.device, X, 0, &value, 4, 0, NULL) != WEFT_OK);
  check_violation("buffer 1 of generation 0 is stale");
  make_buffer(X, 16, STORAGE);
  check_violation("same generation");
  uint32_t future = new_future();
  CHECK_OK(S.driver->buffer_write(S.device, X, 0, &value, 4, future, NULL), NULL);
  CHECK_OK(S.driver->buffer_write(S.device, X, 4, &value, 4, future, NULL), NULL);
  check_violation("is under way already");
  close_device();
  check_violation("1 of kind buffer are left");
  tear_down();
}

TEST(fault_sees_wrong_ranges) {
  if (!set_up()) return;
  static const struct {
    uint64_t offset, n;
    const char *part;
  } writes[] = {{252, 8, "of buffer 1, which has 256"}, {2, 4, "no multiple of 4"}, {0, 6, "no multiple of 4"}};
  uint32_t values[4] = {0};
  set_up_kernel();
  check_clean();
  for (uint32_t i = 0; i < 3; i++) {
    CHECK_OK(S.driver->buffer_write(S.device, X, writes[i].offset, values, writes[i].n, new_future(), NULL), NULL);
    check_violation(writes[i].part);
  }
  put_write(X, 252, values, 8);
  submit();
  check_violation("WRITE: bytes 252 to 260");
  put_begin(new_future());
  put_copy(X, 0, Y, 252, 8);
  CHECK_OK(submit(), &S.err);
  check_violation("COPY: bytes 252 to 260");
  put_begin(new_future());
  put_clear(X, 256, 4);
  CHECK_OK(submit(), &S.err);
  check_violation("CLEAR: bytes 256 to 260");
  put_begin(new_future());
  put_copy(X, 0, X, 128, 4);
  CHECK_OK(submit(), &S.err);
  check_violation("the same buffer");
  put_begin(new_future());
  put_copy(Y, 0, X, 0, 4);
  CHECK_OK(submit(), &S.err);
  check_violation("usage");
  release_kernel();
  check_clean();
  tear_down();
}

TEST(fault_sees_a_wrong_stream) {
  if (!set_up()) return;
  uint32_t value = 0;
  set_up_kernel();
  put_begin(0);
  put_write(X, 0, &value, 4);
  submit();
  check_violation("WRITE comes after a BEGIN");
  put_clear(X, 0, 4);
  submit();
  check_violation("before the first BEGIN");
  put_begin(new_future());
  put_set_group(0, THE_GROUP);
  put_dispatch(1);
  CHECK_OK(submit(), &S.err);
  check_violation("no pipeline is set");
  put_begin(new_future());
  put_pipeline(PIPELINE);
  put_dispatch(1);
  CHECK_OK(submit(), &S.err);
  check_violation("group 0 is not set");
  put_begin(new_future());
  put_pipeline(PIPELINE);
  put_set_group(0, THE_GROUP);
  put_clear(X, 0, 4);
  put_pipeline(PIPELINE); /* the group was not set anew */
  put_dispatch(1);
  CHECK_OK(submit(), &S.err);
  check_violation("group 0 is not set");
  put_begin(new_future());
  put_group(OTHER_GROUP, READ_LAYOUT, (const weft_id[]){X}, 1, 256);
  put_pipeline(PIPELINE);
  put_set_group(0, OTHER_GROUP);
  put_dispatch(1);
  CHECK_OK(submit(), &S.err);
  check_violation("another layout than the pipeline");
  release_one(OTHER_GROUP);
  put_begin(new_future());
  put_pipeline(PIPELINE);
  put_set_group(0, THE_GROUP);
  put_dispatch(65536);
  CHECK_OK(submit(), &S.err);
  check_violation("65536 workgroups");
  release_kernel();
  check_clean();
  tear_down();
}

TEST(fault_sees_a_buffer_that_a_group_outlives) {
  if (!set_up()) return;
  set_up_kernel();
  release_one(X);
  put_begin(new_future());
  put_pipeline(PIPELINE);
  put_set_group(0, THE_GROUP);
  put_dispatch(1);
  CHECK_OK(submit(), &S.err);
  check_violation("buffer 1 of generation 0 is stale");
  release_kernel();
  check_clean();
  tear_down();
}

TEST(fault_sees_read_only_beside_writable) {
  if (!set_up()) return;
  static const char two[] =
      "@group(0) @binding(0) var<storage, read> a: array<u32>;\n"
      "@group(1) @binding(0) var<storage, read_write> b: array<u32>;\n"
      "@compute @workgroup_size(1) fn two() { b[0] = a[0]; }\n";
  uint32_t pipeline = new_future(), block = new_future();
  const weft_id layouts[] = {READ_LAYOUT, LAYOUT};
  set_up_kernel();
  make_module(20, two);
  CHECK_OK(S.driver->pipeline_create(S.device, 21, 20, "two", layouts, 2, 0, "", NULL, 0, false, pipeline, &S.err),
           &S.err);
  CHECK_SETTLES(pipeline);
  check_clean();
  put_group(OTHER_GROUP, READ_LAYOUT, (const weft_id[]){X}, 1, 128);
  put_begin(block);
  put_pipeline(21);
  put_set_group(0, OTHER_GROUP);
  put_set_group(1, THE_GROUP);
  put_dispatch(1);
  CHECK_OK(submit(), &S.err);
  check_violation("bound read-only and writable");
  CHECK_REFUSED(block);
  release_one(20);
  release_one(21);
  release_one(OTHER_GROUP);
  release_kernel();
  check_clean();
  tear_down();
}

TEST(fault_sees_wrong_mapping) {
  if (!set_up()) return;
  uint32_t value, future = new_future();
  make_buffer(Y, 64, READBACK);
  CHECK(S.driver->map_read(S.device, Y, 0, &value, 4, NULL) != WEFT_OK);
  check_violation("is not mapped");
  CHECK_OK(S.driver->map_start(S.device, Y, 8, 16, future, NULL), NULL);
  CHECK_SETTLES(future);
  check_clean();
  CHECK(S.driver->map_read(S.device, Y, 4, &value, 4, NULL) != WEFT_OK);
  check_violation("outside the mapped range");
  CHECK(S.driver->map_start(S.device, Y, 8, 16, new_future(), NULL) != WEFT_OK);
  check_violation("mapped already");
  S.driver->map_finish(S.device, Y);
  release_one(Y);
  check_clean();
  tear_down();
}

TEST(fault_sees_use_before_opening) {
  if (!set_up()) return;
  close_device();
  if (CHECK(start_open("", NULL, 0))) {
    CHECK(S.driver->buffer_create(S.device, X, 16, STORAGE, 0, &S.err) != WEFT_OK);
    check_violation("not open yet");
  }
  tear_down();
}
