/* What test_driver.c and test_timestamps.c share: cases that hold every function of core/driver.h to its contract, on any
 * driver.
 *
 *   CASE(name) { … }       a case; it finds an open device in S and leaves none of its objects alive
 *
 * Every case runs three times: on the driver itself, through the fault driver with an empty plan (which must change
 * nothing), and through it with completions that come late and in another order.
 *
 * Options: tested.h's; device=NAME is the selector. */
#ifndef WEFT_TESTS_DRIVER_CASE_H
#define WEFT_TESTS_DRIVER_CASE_H

#include "driver_session.h"
#include "drivers/fault/fault.h"
#include "tested.h"

TEST_UNUSED static bool violates; /* the case does on purpose what the core must not do */

/* ---- running a case ---------------------------------------------------------------------------------------------- */

typedef enum variant { PLAIN, WRAPPED, LATE } variant;

static void run_on(const weft_driver *driver, void (*body)(void)) {
  static char reason[600];
  S.driver = driver;
  S.n_words = S.n_seen = 0;
  const char *selector = test_option("device");
  violates = false;
  weft_status status = open_device(selector ? selector : "");
  if (status && !selector && !test_option("library")) {
    snprintf(reason, sizeof reason, "no device: %.500s", S.err.message);
    test_skip(reason);
    return;
  }
  if (!CHECK_OK(status, &S.err)) return;
  body();
  if (S.device) CHECK_EQ(S.driver->object_count(S.device), 0u);
  close_device();
}

static void wait_in_driver(void *context, void *device) {
  (void)context;
  S.driver->wait(device, 0.2);
}

static void run_variant(const weft_driver *tested, variant v, void (*body)(void)) {
  const weft_driver *driver = tested;
  weft_fault *fault = v == PLAIN ? NULL : weft_fault_create(tested, &driver);
  if (fault && !tested->wait) weft_fault_wait_by(fault, test_given->wait, test_given->context);
  if (v == LATE) weft_fault_set(fault, &(weft_fault_plan){.hold_polls = 3, .seed = 20240229});
  S.wait = driver->wait ? wait_in_driver : test_given->wait;
  S.wait_context = driver->wait ? NULL : test_given->context;
  run_on(driver, body);
  if (fault && !violates) CHECK_STR(weft_fault_violations(fault), "");
  if (fault && violates) CHECK(*weft_fault_violations(fault));
  weft_fault_destroy(fault);
}

static void run(variant v, void (*body)(void)) {
  static char reason[600];
  const weft_driver *tested;
  weft_status status = tested_create(&tested, &S.err);
  if (status == WEFT_UNSUPPORTED && !test_option("library")) {
    snprintf(reason, sizeof reason, "%.500s", S.err.message);
    test_skip(reason);
    return;
  }
  if (!CHECK_OK(status, &S.err)) return;
  run_variant(tested, v, body);
  tested_destroy(tested);
}

#define CASE(name)                                          \
  static void case_##name(void);                            \
  TEST(name##_plain) { run(PLAIN, case_##name); }           \
  TEST(name##_through_fault) { run(WRAPPED, case_##name); } \
  TEST(name##_late) { run(LATE, case_##name); }             \
  static void case_##name(void)

/* ---- what the cases share ---------------------------------------------------------------------------------------- */

TEST_UNUSED static const char add_index_wgsl[] =
    "@group(0) @binding(0) var<storage, read_write> x: array<u32>;\n"
    "@compute @workgroup_size(64) fn add_index(@builtin(global_invocation_id) id: vec3u) {\n"
    "  x[id.x] = x[id.x] * 3u + id.x;\n"
    "}\n";
TEST_UNUSED static const uint32_t one_storage[] = {0, WEFT_BINDING_STORAGE, 4};

enum { X = 1, Y = 2, MODULE = 3, LAYOUT = 4, PIPELINE = 5, THE_GROUP = 6 };

/* A buffer X of 64 words, the pipeline of add_index_wgsl, and its group. */
TEST_UNUSED static bool set_up_add_index(void) {
  bool good = make_buffer(X, 256, STORAGE) && make_module(MODULE, add_index_wgsl) &&
              make_layout(LAYOUT, one_storage, 1) && make_pipeline(PIPELINE, MODULE, "add_index", LAYOUT);
  if (!good) return false;
  put_group(THE_GROUP, LAYOUT, (const weft_id[]){X}, 1, 256);
  return CHECK_OK(submit(), &S.err);
}

TEST_UNUSED static void release_all(const weft_id *ids, uint32_t n) { S.driver->release(S.device, ids, n); }
#define RELEASE(...) \
  release_all((const weft_id[]){__VA_ARGS__}, sizeof((const weft_id[]){__VA_ARGS__}) / sizeof(weft_id))

TEST_UNUSED static void put_add_index(void) {
  put_pipeline(PIPELINE);
  put_set_group(0, THE_GROUP);
  put_dispatch(1);
}

#endif
