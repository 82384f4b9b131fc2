/* The conformance test of drivers: objects, streams, mapping, completions, loss (driver_case.h says how cases run). */
#include "driver_case.h"

/* ---- opening ----------------------------------------------------------------------------------------------------- */

CASE(device_tells_what_it_is) {
  for (int i = 0; i < WEFT_LIMIT_COUNT; i++)
    if (i != WEFT_LIMIT_MAX_IMMEDIATE_SIZE) CHECK(S.limits[i] > 0);
  CHECK(S.limits[WEFT_LIMIT_MAX_BUFFER_SIZE] >= 268435456u);
  CHECK(S.limits[WEFT_LIMIT_MIN_STORAGE_OFFSET_ALIGNMENT] <= 256);
  char text[2000], cut[5] = "....";
  CHECK(S.driver->text(S.device, WEFT_INFO_NAME, text, sizeof text) > 0);
  size_t n = S.driver->text(S.device, WEFT_INFO_LIBRARY, text, sizeof text);
  CHECK_EQ(strlen(text), n);
  CHECK(n > 0 && !strchr(text, '\n'));
  CHECK_EQ(S.driver->text(S.device, WEFT_INFO_LIBRARY, cut, 4), n);
  CHECK_EQ(cut[3], 0);
  CHECK_EQ(cut[4], 0);
  CHECK(!memcmp(cut, text, 3));
  CHECK_EQ(S.driver->text(S.device, WEFT_INFO_LIBRARY, NULL, 0), n);
  S.driver->text(S.device, WEFT_INFO_FEATURES, text, sizeof text);
  CHECK_EQ(strstr(text, "subgroups") != NULL, has_feature(WEFT_FEATURE_SUBGROUPS));
  CHECK_EQ(strstr(text, "shader-f16") != NULL, has_feature(WEFT_FEATURE_SHADER_F16));
}

CASE(selector_is_a_part_of_the_name_in_any_case) {
  char name[200];
  S.driver->text(S.device, WEFT_INFO_NAME, name, sizeof name);
  for (char *p = name; *p; p++)
    if (*p >= 'a' && *p <= 'z') *p = (char)(*p - 'a' + 'A');
  close_device();
  CHECK_OK(open_device(name), &S.err);
}

CASE(unknown_selector_finds_no_device) {
  close_device();
  if (CHECK(open_device("no such adapter") != WEFT_OK)) CHECK_HAS(S.err.message, "no such adapter");
}

CASE(required_limit_out_of_reach_finds_no_device) {
  close_device();
  uint64_t wishes[WEFT_LIMIT_COUNT] = {0};
  wishes[WEFT_LIMIT_MAX_WORKGROUP_STORAGE_SIZE] = 1u << 30;
  uint32_t ready = start_open("", wishes, 0);
  if (!CHECK(ready)) return;
  if (CHECK(settle(ready) != WEFT_OK)) CHECK_HAS(text_of(ready), "maxComputeWorkgroupStorageSize");
  close_device();
}

CASE(required_feature_out_of_reach_finds_no_device) {
  uint64_t missing = ((1ull << WEFT_FEATURE_COUNT) - 1) & ~S.features;
  close_device();
  if (!missing) SKIP("the device has every feature that the core knows");
  uint32_t ready = start_open("", NULL, missing);
  if (!CHECK(ready)) return;
  CHECK_REFUSED(ready);
  close_device();
}

CASE(device_closes_before_it_has_opened) {
  close_device();
  if (!CHECK(start_open("", NULL, 0))) return;
  close_device();
  if (!CHECK(start_open("", NULL, 0))) return;
  poll_once();
  close_device();
}

CASE(two_devices_are_independent) {
  uint32_t value = 7, out = 0;
  make_buffer(X, 16, STORAGE);
  write_words(X, 0, &value, 1);
  void *first = S.device;
  if (CHECK_OK(open_device(""), &S.err)) {
    CHECK_EQ(S.driver->object_count(S.device), 0u);
    uint32_t other = 8;
    make_buffer(X, 16, STORAGE);
    write_words(X, 0, &other, 1);
    CHECK(read_words(X, &out, 1));
    CHECK_EQ(out, 8u);
    RELEASE(X);
    close_device();
  }
  S.device = first;
  CHECK(read_words(X, &out, 1));
  CHECK_EQ(out, 7u);
  RELEASE(X);
}

/* ---- buffers and order ------------------------------------------------------------------------------------------- */

CASE(new_buffer_is_zero) {
  uint32_t out[64], sum = 0, future = new_future();
  CHECK_OK(S.driver->buffer_create(S.device, X, 256, STORAGE, future, &S.err), &S.err);
  CHECK_SETTLES(future);
  CHECK(read_words(X, out, 64));
  for (int i = 0; i < 64; i++) sum |= out[i];
  CHECK_EQ(sum, 0u);
  RELEASE(X);
}

CASE(writes_take_effect_between_submits) {
  uint32_t value = 1, out[2] = {0};
  make_buffer(X, 4, STORAGE);
  make_buffer(Y, 8, STORAGE);
  write_words(X, 0, &value, 1);
  put_begin(0);
  put_copy(X, 0, Y, 0, 4);
  CHECK_OK(submit(), &S.err);
  value = 2;
  write_words(X, 0, &value, 1);
  value = 3; /* the bytes have been read */
  put_begin(0);
  put_copy(X, 0, Y, 4, 4);
  CHECK_OK(submit(), &S.err);
  CHECK(read_words(Y, out, 2));
  CHECK_EQ(out[0], 1u);
  CHECK_EQ(out[1], 2u);
  RELEASE(X, Y);
}

CASE(stream_writes_come_before_its_commands) {
  uint32_t values[4] = {10, 11, 12, 13}, out[4] = {0};
  make_buffer(X, 16, STORAGE);
  make_buffer(Y, 16, STORAGE);
  put_write(X, 0, values, 16);
  put_write(X, 8, values, 4);
  put_begin(0);
  put_copy(X, 4, Y, 0, 8);
  CHECK_OK(submit(), &S.err);
  values[0] = 99;
  CHECK(read_words(Y, out, 2));
  CHECK_EQ(out[0], 11u);
  CHECK_EQ(out[1], 10u);
  RELEASE(X, Y);
}

CASE(copies_and_clears_hit_their_ranges) {
  uint32_t values[16], out[16] = {0};
  for (uint32_t i = 0; i < 16; i++) values[i] = 100 + i;
  make_buffer(X, 64, STORAGE);
  make_buffer(Y, 64, STORAGE);
  write_words(X, 0, values, 16);
  put_begin(0);
  put_copy(X, 8, Y, 20, 24);
  put_clear(Y, 24, 4);
  put_copy(Y, 20, X, 0, 8);
  CHECK_OK(submit(), &S.err);
  CHECK(read_words(Y, out, 16));
  for (uint32_t i = 0; i < 16; i++) CHECK_EQ(out[i], i < 5 || i > 10 || i == 6 ? 0u : 97 + i);
  CHECK(read_words(X, out, 16));
  CHECK_EQ(out[0], 102u);
  CHECK_EQ(out[1], 0u);
  CHECK_EQ(out[2], 102u);
  RELEASE(X, Y);
}

CASE(write_tells_its_own_errors) {
  uint32_t value = 5, good = new_future(), bad = new_future();
  violates = true;
  make_buffer(X, 16, STORAGE);
  CHECK_OK(S.driver->buffer_write(S.device, X, 12, &value, 4, good, &S.err), &S.err);
  CHECK_OK(S.driver->buffer_write(S.device, X, 16, &value, 4, bad, &S.err), &S.err);
  CHECK_SETTLES(good);
  CHECK_REFUSED(bad);
  CHECK(!seen(WEFT_FUTURE_UNCAPTURED));
  RELEASE(X);
}

CASE(buffer_above_the_limit_is_told) {
  uint32_t bad = new_future(), good = new_future();
  violates = true;
  uint64_t n_bytes = S.limits[WEFT_LIMIT_MAX_BUFFER_SIZE] + 4;
  CHECK_OK(S.driver->buffer_create(S.device, X, n_bytes, STORAGE, bad, &S.err), &S.err);
  CHECK_OK(S.driver->buffer_create(S.device, Y, 16, STORAGE, good, &S.err), &S.err);
  CHECK_REFUSED(bad);
  CHECK_SETTLES(good);
  CHECK_EQ(S.driver->object_count(S.device), 2u);
  RELEASE(X, Y);
}

CASE(release_at_once_keeps_what_was_submitted) {
  uint32_t value = 77, out = 0;
  make_buffer(X, 4, STORAGE);
  make_buffer(Y, 4, STORAGE);
  write_words(X, 0, &value, 1);
  put_begin(0);
  put_copy(X, 0, Y, 0, 4);
  CHECK_OK(submit(), &S.err);
  RELEASE(X);
  CHECK_EQ(S.driver->object_count(S.device), 1u);
  CHECK(read_words(Y, &out, 1));
  CHECK_EQ(out, 77u);
  RELEASE(Y, X, ID(70, 3), 0); /* unknown ones are ignored */
}

/* ---- kernels ----------------------------------------------------------------------------------------------------- */

CASE(dispatches_run_in_order) {
  uint32_t out[64] = {0};
  if (!set_up_add_index()) return;
  put_begin(0);
  put_add_index();
  put_dispatch(1);
  put_dispatch(1);
  CHECK_OK(submit(), &S.err);
  CHECK(read_words(X, out, 64));
  for (uint32_t i = 0; i < 64; i++) CHECK_EQ(out[i], 13 * i);
  RELEASE(X, MODULE, LAYOUT, PIPELINE, THE_GROUP);
}

CASE(pass_is_closed_and_opened_around_copies) {
  uint32_t out[64] = {0};
  if (!set_up_add_index()) return;
  make_buffer(Y, 256, STORAGE);
  put_begin(0);
  put_add_index();
  put_copy(X, 0, Y, 0, 256);
  put_add_index();
  put_clear(X, 0, 128);
  put_add_index();
  CHECK_OK(submit(), &S.err);
  CHECK(read_words(Y, out, 64));
  CHECK_EQ(out[63], 63u);
  CHECK(read_words(X, out, 64));
  CHECK_EQ(out[31], 31u);
  CHECK_EQ(out[32], 13 * 32u);
  RELEASE(X, Y, MODULE, LAYOUT, PIPELINE, THE_GROUP);
}

static const char scale_wgsl[] =
    "struct P { factor: u32, shift: u32 }\n"
    "@group(0) @binding(0) var<storage, read> a: array<u32>;\n"
    "@group(0) @binding(1) var<storage, read_write> b: array<u32>;\n"
    "@group(0) @binding(2) var<uniform> p: P;\n"
    "@compute @workgroup_size(1) fn scale(@builtin(global_invocation_id) id: vec3u) {\n"
    "  b[id.x] = b[id.x] * 100u + a[id.x] * p.factor + p.shift;\n"
    "}\n";

static void scale_case(bool dynamic) {
  const uint32_t type = dynamic ? WEFT_BINDING_UNIFORM_DYNAMIC : WEFT_BINDING_UNIFORM;
  const uint32_t entries[] = {0, WEFT_BINDING_STORAGE_READ, 4, 1, WEFT_BINDING_STORAGE, 4, 2, type, 8};
  uint32_t step = (uint32_t)S.limits[WEFT_LIMIT_MIN_UNIFORM_OFFSET_ALIGNMENT], out[2] = {0};
  if (step < 16) step = 16;
  enum { P = 7 };
  const uint32_t a[2] = {3, 4}, p[2][2] = {{2, 1}, {5, 0}};
  make_buffer(X, 8, STORAGE);
  make_buffer(Y, 8, STORAGE);
  make_buffer(P, 2 * step, WEFT_USAGE_UNIFORM | WEFT_USAGE_COPY_DST);
  write_words(X, 0, a, 2);
  write_words(P, 0, p[0], 2);
  write_words(P, step, p[1], 2);
  if (!make_module(MODULE, scale_wgsl) || !make_layout(LAYOUT, entries, 3) ||
      !make_pipeline(PIPELINE, MODULE, "scale", LAYOUT))
    return;
  put_group(THE_GROUP, LAYOUT, (const weft_id[]){X, Y, P}, 3, 8);
  put_begin(0);
  put_pipeline(PIPELINE);
  for (uint32_t i = 0; i < 2; i++) {
    if (dynamic)
      PUT(WEFT_OP_SET_GROUP, 0, THE_GROUP, 1, i * step);
    else
      put_set_group(0, THE_GROUP);
    put_dispatch(2);
  }
  CHECK_OK(submit(), &S.err);
  CHECK(read_words(Y, out, 2));
  CHECK_EQ(out[0], dynamic ? 715u : 707u);
  CHECK_EQ(out[1], dynamic ? 920u : 909u);
  RELEASE(X, Y, P, MODULE, LAYOUT, PIPELINE, THE_GROUP);
}

CASE(uniform_is_read) { scale_case(false); }
CASE(dynamic_offsets_move_a_uniform) { scale_case(true); }

CASE(group_binds_a_part_of_a_buffer) {
  uint32_t alignment = (uint32_t)S.limits[WEFT_LIMIT_MIN_STORAGE_OFFSET_ALIGNMENT], out[256] = {0};
  if (alignment > 256) SKIP("the storage alignment is above 256");
  if (!make_buffer(X, 1024, STORAGE) || !make_module(MODULE, add_index_wgsl) || !make_layout(LAYOUT, one_storage, 1) ||
      !make_pipeline(PIPELINE, MODULE, "add_index", LAYOUT))
    return;
  PUT(WEFT_OP_GROUP, THE_GROUP, LAYOUT, 1, 0, X, 512, 0, 128, 0); /* 32 words from word 128 on */
  put_begin(0);
  put_add_index();
  CHECK_OK(submit(), &S.err);
  CHECK(read_words(X, out, 256));
  CHECK_EQ(out[127], 0u);
  CHECK_EQ(out[128 + 5], 5u);
  for (int i = 160; i < 256; i++) CHECK_EQ(out[i], 0u);
  RELEASE(X, MODULE, LAYOUT, PIPELINE, THE_GROUP);
}

CASE(immediates_reach_the_kernel) {
  static const char wgsl[] =
      "requires immediate_address_space;\n"
      "struct P { a: u32, b: u32 }\n"
      "@group(0) @binding(0) var<storage, read_write> x: array<u32>;\n"
      "var<immediate> p: P;\n"
      "@compute @workgroup_size(1) fn main() { x[0] = x[0] * 100u + p.a * 10u + p.b; }\n";
  if (!has_language(WEFT_LANGUAGE_IMMEDIATE_ADDRESS_SPACE)) SKIP("the device has no immediates");
  uint32_t out = 0, future = new_future();
  const weft_id layout = LAYOUT;
  if (!make_buffer(X, 4, STORAGE) || !make_module(MODULE, wgsl) || !make_layout(LAYOUT, one_storage, 1)) return;
  CHECK_OK(
      S.driver->pipeline_create(S.device, PIPELINE, MODULE, "main", &layout, 1, 8, "", NULL, 0, false, future, &S.err),
      &S.err);
  CHECK_SETTLES(future);
  put_group(THE_GROUP, LAYOUT, (const weft_id[]){X}, 1, 4);
  put_begin(0);
  put_pipeline(PIPELINE);
  put_set_group(0, THE_GROUP);
  PUT(WEFT_OP_IMMEDIATES, 0, 1, 2);
  put_dispatch(1);
  PUT(WEFT_OP_IMMEDIATES, 4, 5);
  put_dispatch(1);
  CHECK_OK(submit(), &S.err);
  CHECK(read_words(X, &out, 1));
  CHECK_EQ(out, 1215u);
  RELEASE(X, MODULE, LAYOUT, PIPELINE, THE_GROUP);
}

CASE(constants_override) {
  static const char wgsl[] =
      "override first: u32 = 1u;\n"
      "@id(7) override second: u32 = 2u;\n"
      "@group(0) @binding(0) var<storage, read_write> x: array<u32>;\n"
      "@compute @workgroup_size(1) fn main() { x[0] = first * 100u + second; }\n";
  const double values[] = {42, 5};
  uint32_t out = 0, future = new_future();
  const weft_id layout = LAYOUT;
  if (!make_buffer(X, 4, STORAGE) || !make_module(MODULE, wgsl) || !make_layout(LAYOUT, one_storage, 1)) return;
  CHECK_OK(S.driver->pipeline_create(S.device, PIPELINE, MODULE, "main", &layout, 1, 0, "first\0007", values, 2, false,
                                     future, &S.err),
           &S.err);
  CHECK_SETTLES(future);
  put_group(THE_GROUP, LAYOUT, (const weft_id[]){X}, 1, 4);
  put_begin(0);
  put_add_index();
  CHECK_OK(submit(), &S.err);
  CHECK(read_words(X, &out, 1));
  CHECK_EQ(out, 4205u);
  RELEASE(X, MODULE, LAYOUT, PIPELINE, THE_GROUP);
}

CASE(subgroups_can_be_enabled) {
  static const char wgsl[] =
      "/* a comment; with /* another */ inside */ enable subgroups;\n"
      "@group(0) @binding(0) var<storage, read_write> x: array<u32>;\n"
      "@compute @workgroup_size(64) fn main(@builtin(local_invocation_index) i: u32) {\n"
      "  x[i] = subgroupMax(7u);\n"
      "}\n";
  uint32_t out[64] = {0};
  if (!has_feature(WEFT_FEATURE_SUBGROUPS)) SKIP("the device has no subgroups");
  if (!make_buffer(X, 256, STORAGE) || !make_module(MODULE, wgsl) || !make_layout(LAYOUT, one_storage, 1) ||
      !make_pipeline(PIPELINE, MODULE, "main", LAYOUT))
    return;
  put_group(THE_GROUP, LAYOUT, (const weft_id[]){X}, 1, 256);
  put_begin(0);
  put_add_index();
  CHECK_OK(submit(), &S.err);
  CHECK(read_words(X, out, 64));
  CHECK_EQ(out[63], 7u);
  RELEASE(X, MODULE, LAYOUT, PIPELINE, THE_GROUP);
}

/* ---- shader messages and pipelines ------------------------------------------------------------------------------- */

/* Every line of the text is "line:column: message". Returns the first line's number. */
static uint32_t check_message_form(const char *text) {
  uint32_t first = 0;
  for (const char *p = text; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL) {
    uint32_t numbers[2] = {0};
    for (int i = 0; i < 2; i++) {
      while (*p >= '0' && *p <= '9') numbers[i] = numbers[i] * 10 + (uint32_t)(*p++ - '0');
      CHECK_EQ(*p, ':');
      if (*p) p++;
    }
    CHECK(numbers[0] > 0 && numbers[1] > 0);
    CHECK(p[0] == ' ' && p[1] > ' ');
    if (!first) first = numbers[0];
  }
  return first;
}

CASE(shader_messages_have_line_and_column) {
  static const char *const sources[] = {
      "fn f() -> u32 {\n  return 1u;\n}\n\nfn g() -> u32 {\n  return 1.5;\n}\n", /* a type error in line 6 */
      "fn f() -> u32 {\n  return 1u;\n}\n\n\n  retrn x;\n",                      /* a syntax error in line 6 */
      "enable subgroups;\n/* x */\nrequires\npointer_composite_access;\n\nfn f() { let x = nowhere; }\n", /* in line 6
                                                                                                           */
  };
  for (uint32_t i = 0; i < 3; i++) {
    if (i == 2 && !has_feature(WEFT_FEATURE_SUBGROUPS)) continue;
    uint32_t future = new_future();
    weft_id id = ID(MODULE, i + 1);
    CHECK_OK(S.driver->module_create(S.device, id, sources[i], strlen(sources[i]), future, &S.err), &S.err);
    CHECK_EQ(settle(future), (uint32_t)WEFT_SHADER);
    CHECK_EQ(check_message_form(text_of(future)), 6u);
    CHECK(strlen(text_of(future)) > 10);
    RELEASE(id);
  }
  CHECK(!seen(WEFT_FUTURE_UNCAPTURED));
}

CASE(shader_columns_count_characters) {
  static const char *const sources[] = {"/* xx */ fn f() -> u32 { return 1.5; }",
                                        "/* \xC3\xBC\xC3\xBC */ fn f() -> u32 { return 1.5; }"};
  uint32_t futures[2];
  for (uint32_t i = 0; i < 2; i++) {
    futures[i] = new_future();
    CHECK_OK(S.driver->module_create(S.device, 1 + i, sources[i], strlen(sources[i]), futures[i], &S.err), &S.err);
    CHECK_EQ(settle(futures[i]), (uint32_t)WEFT_SHADER);
  }
  CHECK_STR(text_of(futures[1]), text_of(futures[0]));
  RELEASE(1, 2);
}

CASE(pipeline_without_its_entry_point_is_told) {
  const weft_id layout = LAYOUT;
  if (!make_module(MODULE, add_index_wgsl) || !make_layout(LAYOUT, one_storage, 1)) return;
  for (uint32_t background = 0; background < 2; background++) {
    uint32_t future = new_future();
    CHECK_OK(S.driver->pipeline_create(S.device, ID(PIPELINE, background), MODULE, "nowhere", &layout, 1, 0, "", NULL,
                                       0, background, future, &S.err),
             &S.err);
    CHECK_REFUSED(future);
    CHECK_HAS(text_of(future), "nowhere");
    RELEASE(ID(PIPELINE, background));
  }
  CHECK(!seen(WEFT_FUTURE_UNCAPTURED));
  RELEASE(MODULE, LAYOUT);
}

CASE(background_pipeline_works_once_settled) {
  uint32_t out[64] = {0}, futures[8];
  const weft_id layout = LAYOUT;
  if (!make_buffer(X, 256, STORAGE) || !make_module(MODULE, add_index_wgsl) || !make_layout(LAYOUT, one_storage, 1))
    return;
  for (uint32_t i = 0; i < 8; i++) {
    futures[i] = new_future();
    CHECK_OK(S.driver->pipeline_create(S.device, 20 + i, MODULE, "add_index", &layout, 1, 0, "", NULL, 0, true,
                                       futures[i], &S.err),
             &S.err);
  }
  RELEASE(21); /* let go while it is compiled: the future settles all the same */
  for (uint32_t i = 0; i < 8; i++) CHECK(settle(futures[i]) != NEVER);
  CHECK_SETTLES(futures[7]);
  put_group(THE_GROUP, LAYOUT, (const weft_id[]){X}, 1, 256);
  put_begin(0);
  put_pipeline(27);
  put_set_group(0, THE_GROUP);
  put_dispatch(1);
  CHECK_OK(submit(), &S.err);
  CHECK(read_words(X, out, 64));
  CHECK_EQ(out[63], 63u);
  RELEASE(X, MODULE, LAYOUT, THE_GROUP, 20, 22, 23, 24, 25, 26, 27);
}

CASE(pipeline_can_be_used_at_once) {
  uint32_t out[64] = {0}, future = new_future();
  const weft_id layout = LAYOUT;
  if (!make_buffer(X, 256, STORAGE) || !make_module(MODULE, add_index_wgsl) || !make_layout(LAYOUT, one_storage, 1))
    return;
  CHECK_OK(S.driver->pipeline_create(S.device, PIPELINE, MODULE, "add_index", &layout, 1, 0, "", NULL, 0, false, future,
                                     &S.err),
           &S.err);
  put_group(THE_GROUP, LAYOUT, (const weft_id[]){X}, 1, 256);
  put_begin(0);
  put_add_index();
  CHECK_OK(submit(), &S.err);
  RELEASE(MODULE, LAYOUT, PIPELINE, THE_GROUP);
  CHECK(read_words(X, out, 64));
  CHECK_EQ(out[63], 63u);
  CHECK_SETTLES(future);
  RELEASE(X);
}

/* ---- errors of streams ------------------------------------------------------------------------------------------- */

CASE(invalid_block_fails_alone) {
  uint32_t futures[3], out[4] = {0};
  const uint32_t value = 9;
  violates = true;
  make_buffer(X, 4, STORAGE);
  make_buffer(Y, 16, STORAGE);
  write_words(X, 0, &value, 1);
  for (uint32_t i = 0; i < 3; i++) {
    put_begin(futures[i] = new_future());
    put_copy(X, 0, Y, 4 * i, 4);
    if (i == 1) put_copy(X, 0, Y, 16, 4); /* beyond the end */
  }
  CHECK_OK(submit(), &S.err);
  CHECK_SETTLES(futures[0]);
  CHECK_REFUSED(futures[1]);
  CHECK_SETTLES(futures[2]);
  CHECK(!seen(WEFT_FUTURE_UNCAPTURED));
  CHECK(read_words(Y, out, 4));
  CHECK_EQ(out[0], 9u);
  CHECK_EQ(out[1], 0u);
  CHECK_EQ(out[2], 9u);
  RELEASE(X, Y);
}

CASE(block_with_a_failed_object_fails_alone) {
  uint32_t pipeline = new_future(), buffer = new_future(), blocks[3] = {new_future(), new_future(), new_future()};
  uint32_t out[64] = {0};
  const weft_id layout = LAYOUT;
  enum { BAD_PIPELINE = 20, BAD_BUFFER = 21 };
  violates = true;
  if (!set_up_add_index()) return;
  uint64_t too_much = S.limits[WEFT_LIMIT_MAX_BUFFER_SIZE] + 4;
  CHECK_OK(S.driver->pipeline_create(S.device, BAD_PIPELINE, MODULE, "nowhere", &layout, 1, 0, "", NULL, 0, false,
                                     pipeline, &S.err),
           &S.err);
  CHECK_OK(S.driver->buffer_create(S.device, BAD_BUFFER, too_much, STORAGE, buffer, &S.err), &S.err);
  put_begin(blocks[0]);
  put_pipeline(BAD_PIPELINE);
  put_set_group(0, THE_GROUP);
  put_dispatch(1);
  put_begin(blocks[1]);
  put_add_index();
  put_begin(blocks[2]);
  put_copy(BAD_BUFFER, 0, X, 0, 4);
  CHECK_OK(submit(), &S.err);
  CHECK_REFUSED(pipeline);
  CHECK_REFUSED(buffer);
  CHECK_REFUSED(blocks[0]);
  CHECK_SETTLES(blocks[1]);
  CHECK_REFUSED(blocks[2]);
  CHECK(!seen(WEFT_FUTURE_UNCAPTURED));
  CHECK(read_words(X, out, 64));
  CHECK_EQ(out[63], 63u);
  RELEASE(X, MODULE, LAYOUT, PIPELINE, THE_GROUP, BAD_PIPELINE, BAD_BUFFER);
}

CASE(error_without_a_scope_is_uncaptured) {
  violates = true;
  make_buffer(X, 4, STORAGE);
  make_buffer(Y, 4, STORAGE);
  put_begin(0);
  put_copy(X, 0, Y, 4, 4);
  CHECK_OK(submit(), &S.err);
  CHECK_REFUSED(WEFT_FUTURE_UNCAPTURED);
  put_begin(0);
  put_copy(X, 0, Y, 0, 4);
  CHECK_OK(submit(), &S.err); /* and the device lives on */
  RELEASE(X, Y);
}

CASE(read_only_and_writable_in_one_dispatch_is_told) {
  const uint32_t entries[] = {0, WEFT_BINDING_STORAGE_READ, 4, 1, WEFT_BINDING_STORAGE, 4, 2, WEFT_BINDING_UNIFORM, 8};
  uint32_t future = new_future();
  enum { P = 7 };
  violates = true;
  make_buffer(X, 8, STORAGE);
  make_buffer(P, 16, WEFT_USAGE_UNIFORM | WEFT_USAGE_COPY_DST);
  if (!make_module(MODULE, scale_wgsl) || !make_layout(LAYOUT, entries, 3) ||
      !make_pipeline(PIPELINE, MODULE, "scale", LAYOUT))
    return;
  put_begin(future);
  put_group(THE_GROUP, LAYOUT, (const weft_id[]){X, X, P}, 3, 8);
  put_add_index();
  CHECK_OK(submit(), &S.err);
  CHECK_REFUSED(future);
  RELEASE(X, P, MODULE, LAYOUT, PIPELINE, THE_GROUP);
}

CASE(unknown_ids_are_refused) {
  uint32_t value = 1;
  const weft_id missing = 40, layout = LAYOUT;
  violates = true;
  make_buffer(ID(X, 2), 16, STORAGE);
  make_module(MODULE, add_index_wgsl);
  make_layout(LAYOUT, one_storage, 1);
  weft_error *e = &S.err;
  const weft_driver *d = S.driver;
  CHECK(d->buffer_write(S.device, missing, 0, &value, 4, 0, e) != WEFT_OK && *e->message);
  CHECK(d->buffer_write(S.device, ID(X, 1), 0, &value, 4, 0, e) != WEFT_OK && *e->message);
  CHECK(d->buffer_write(S.device, ID(X, 3), 0, &value, 4, 0, NULL) != WEFT_OK);
  CHECK(d->buffer_write(S.device, 0xFFFFF, 0, &value, 4, 0, e) != WEFT_OK);
  CHECK(d->buffer_write(S.device, MODULE, 0, &value, 4, 0, e) != WEFT_OK);
  CHECK(d->buffer_create(S.device, ID(X, 3), 16, STORAGE, 0, e) != WEFT_OK); /* the slot is taken */
  CHECK(d->pipeline_create(S.device, 50, missing, "m", &layout, 1, 0, "", NULL, 0, false, new_future(), e) != WEFT_OK);
  CHECK(d->pipeline_create(S.device, 50, MODULE, "add_index", &missing, 1, 0, "", NULL, 0, false, new_future(), e) !=
        WEFT_OK);
  CHECK(d->map_start(S.device, missing, 0, 4, new_future(), e) != WEFT_OK);
  CHECK(d->map_read(S.device, missing, 0, &value, 4, e) != WEFT_OK);
  d->map_finish(S.device, missing);
  RELEASE(ID(X, 1), missing); /* another generation: not this one */
  CHECK_EQ(d->object_count(S.device), 3u);
  RELEASE(ID(X, 2), MODULE, LAYOUT);
}

CASE(stream_with_an_unknown_id_is_refused) {
  uint32_t value = 6, out[2] = {0}, futures[2] = {new_future(), new_future()};
  violates = true;
  make_buffer(X, 8, STORAGE);
  make_buffer(Y, 8, STORAGE);
  make_layout(LAYOUT, one_storage, 1);
  write_words(X, 0, &value, 1);
  put_group(THE_GROUP, LAYOUT, (const weft_id[]){X}, 1, 8);
  put_begin(futures[0]);
  put_copy(X, 0, Y, 0, 4);
  put_begin(futures[1]);
  put_copy(X, 0, Y, 4, 4);
  put_copy(X, 0, 40, 0, 4);
  CHECK(submit() != WEFT_OK && *S.err.message);
  CHECK(read_words(Y, out, 2));
  CHECK_EQ(out[1], 0u); /* of the block that failed nothing runs */
  CHECK(!seen(futures[1]));
  for (int i = 0; i < 5; i++) poll_once();
  RELEASE(X, Y, LAYOUT, THE_GROUP);
}

CASE(broken_stream_is_refused) {
  violates = true;
  make_buffer(X, 8, STORAGE);
  put_begin(0);
  S.words[S.n_words++] = WEFT_OP_WORD(WEFT_OP_CLEAR, 6); /* five words are missing */
  CHECK(submit() != WEFT_OK && *S.err.message);
  put_begin(0);
  S.words[S.n_words++] = WEFT_OP_WORD(WEFT_OP_DISPATCH, 0);
  CHECK(submit() != WEFT_OK);
  S.words[S.n_words++] = WEFT_OP_WORD(200, 1);
  CHECK(submit() != WEFT_OK);
  PUT(WEFT_OP_GROUP, THE_GROUP, LAYOUT, 1000000, 0, X, 0, 0, 8, 0);
  CHECK(submit() != WEFT_OK);
  PUT(WEFT_OP_SET_GROUP, 0, THE_GROUP, 77);
  CHECK(submit() != WEFT_OK);
  CHECK_OK(submit(), &S.err); /* the empty stream is a stream */
  RELEASE(X);
}

/* ---- mapping ----------------------------------------------------------------------------------------------------- */

static bool map(weft_id id, uint64_t offset, uint64_t n_bytes) {
  uint32_t future = new_future();
  return CHECK_OK(S.driver->map_start(S.device, id, offset, n_bytes, future, &S.err), &S.err) && CHECK_SETTLES(future);
}

CASE(map_reads_any_bytes_of_its_range) {
  uint32_t values[64];
  unsigned char bytes[256], want[256];
  for (uint32_t i = 0; i < 64; i++) values[i] = i * 0x01020305u;
  memcpy(want, values, 256);
  make_buffer(X, 256, READBACK);
  write_words(X, 0, values, 64);
  if (!map(X, 64, 128)) return;
  violates = true;
  CHECK_OK(S.driver->map_read(S.device, X, 64, bytes, 128, &S.err), &S.err);
  CHECK(!memcmp(bytes, want + 64, 128));
  CHECK_OK(S.driver->map_read(S.device, X, 101, bytes, 7, &S.err), &S.err);
  CHECK(!memcmp(bytes, want + 101, 7));
  CHECK_OK(S.driver->map_read(S.device, X, 192, bytes, 0, &S.err), &S.err);
  CHECK(S.driver->map_read(S.device, X, 60, bytes, 8, &S.err) != WEFT_OK);
  CHECK(S.driver->map_read(S.device, X, 188, bytes, 8, &S.err) != WEFT_OK);
  CHECK(S.driver->map_read(S.device, X, 64, bytes, (uint64_t)-8, &S.err) != WEFT_OK);
  CHECK(S.driver->map_start(S.device, X, 0, 8, new_future(), &S.err) != WEFT_OK); /* mapped already */
  S.driver->map_finish(S.device, X);
  S.driver->map_finish(S.device, X);
  CHECK(S.driver->map_read(S.device, X, 64, bytes, 8, &S.err) != WEFT_OK);
  if (!map(X, 0, 256)) return;
  CHECK_OK(S.driver->map_read(S.device, X, 0, bytes, 256, &S.err), &S.err);
  CHECK(!memcmp(bytes, want, 256));
  RELEASE(X); /* while mapped */
}

CASE(map_given_up_settles_once) {
  uint32_t first = new_future(), second = new_future(), third = new_future(), out[4];
  make_buffer(X, 16, READBACK);
  CHECK_OK(S.driver->map_start(S.device, X, 0, 16, first, &S.err), &S.err);
  S.driver->map_finish(S.device, X);
  CHECK_OK(S.driver->map_start(S.device, X, 0, 16, second, &S.err), &S.err);
  CHECK(settle(first) != NEVER);
  CHECK_SETTLES(second);
  CHECK_OK(S.driver->map_read(S.device, X, 0, out, 16, &S.err), &S.err);
  S.driver->map_finish(S.device, X);
  CHECK_OK(S.driver->map_start(S.device, X, 0, 16, third, &S.err), &S.err);
  RELEASE(X); /* on its way */
  CHECK(settle(third) != NEVER);
  for (int i = 0; i < 5; i++) poll_once();
  CHECK(!seen(WEFT_FUTURE_UNCAPTURED));
}

CASE(map_of_a_buffer_that_cannot_be_mapped_is_told) {
  uint32_t future = new_future();
  violates = true;
  make_buffer(X, 16, STORAGE);
  if (S.driver->map_start(S.device, X, 0, 16, future, &S.err) == WEFT_OK) CHECK_REFUSED(future);
  CHECK(S.driver->map_read(S.device, X, 0, &future, 4, &S.err) != WEFT_OK);
  for (int i = 0; i < 5; i++) poll_once();
  CHECK(!seen(WEFT_FUTURE_UNCAPTURED));
  RELEASE(X);
}

/* ---- completions ------------------------------------------------------------------------------------------------- */

CASE(poll_hands_out_what_fits) {
  uint32_t futures[20];
  S.poll_capacity = 1;
  for (uint32_t i = 0; i < 20; i++) {
    futures[i] = new_future();
    CHECK_OK(S.driver->buffer_create(S.device, 1 + i, 16, STORAGE, futures[i], &S.err), &S.err);
  }
  CHECK_EQ(S.driver->poll(S.device, NULL, 0), 0u);
  for (uint32_t i = 0; i < 20; i++) CHECK_SETTLES(futures[i]);
  CHECK_EQ(S.n_seen, 21u); /* and the one of open */
  for (uint32_t i = 0; i < 20; i++) RELEASE(1 + i);
}

CASE(completion_text_is_cut_as_by_snprintf) {
  char text[512], cut[9] = "........";
  weft_completion c;
  violates = true;
  make_buffer(X, 4, STORAGE);
  make_buffer(Y, 4, STORAGE);
  uint32_t future = new_future();
  put_begin(future);
  put_copy(X, 0, Y, 4, 4);
  CHECK_OK(submit(), &S.err);
  uint32_t n = 0;
  for (int rounds = 0; rounds < 2000 && !(n = S.driver->poll(S.device, &c, 1)); rounds++)
    S.wait(S.wait_context, S.device);
  if (!CHECK_EQ(n, 1u) || !CHECK_EQ(c.future, future)) return;
  size_t length = S.driver->completion_text(S.device, future, text, sizeof text);
  CHECK(length > 8);
  CHECK_EQ(S.driver->completion_text(S.device, future, cut, 8), length);
  CHECK(!memcmp(cut, text, 7) && cut[7] == 0 && cut[8] == 0);
  CHECK_EQ(S.driver->completion_text(S.device, future, NULL, 0), length);
  CHECK_EQ(S.driver->completion_text(S.device, future + 1, cut, 8), 0u);
  CHECK_STR(cut, "");
  RELEASE(X, Y);
}

CASE(many_objects_come_and_go) {
  enum { N = 300, ROUNDS = 6 };
  for (uint32_t round = 1; round <= ROUNDS; round++) {
    static weft_id ids[2 * N];
    for (uint32_t i = 0; i < N; i++) {
      ids[2 * i] = ID(1 + 2 * i, round);
      ids[2 * i + 1] = ID(2 + 2 * i, round);
      CHECK_OK(S.driver->buffer_create(S.device, ids[2 * i], 64, STORAGE, 0, &S.err), &S.err);
      CHECK_OK(S.driver->layout_create(S.device, ids[2 * i + 1], one_storage, 1, &S.err), &S.err);
    }
    CHECK_EQ(S.driver->object_count(S.device), 2u * N);
    release_all(ids, 2 * N);
    CHECK_EQ(S.driver->object_count(S.device), 0u);
    poll_once();
  }
}

CASE(far_slots_are_slots) {
  uint32_t value = 4, out = 0;
  weft_id far = ID(200000, 4095);
  make_buffer(far, 16, STORAGE);
  write_words(far, 0, &value, 1);
  CHECK(read_words(far, &out, 1));
  CHECK_EQ(out, 4u);
  RELEASE(far);
}

/* ---- loss and close ---------------------------------------------------------------------------------------------- */

CASE(lost_device_says_so_once_and_settles_all) {
  uint32_t mapping = new_future(), block = new_future(), creation = new_future();
  if (!set_up_add_index()) return;
  make_buffer(Y, 256, READBACK);
  put_begin(block);
  put_add_index();
  put_copy(X, 0, Y, 0, 256);
  CHECK_OK(submit(), &S.err);
  CHECK_OK(S.driver->map_start(S.device, Y, 0, 256, mapping, &S.err), &S.err);
  CHECK_OK(S.driver->buffer_create(S.device, 30, 16, STORAGE, creation, &S.err), &S.err);
  S.driver->lose(S.device);
  CHECK(settle(WEFT_FUTURE_LOST) != NEVER);
  CHECK(*text_of(WEFT_FUTURE_LOST));
  CHECK(settle(mapping) != NEVER);
  CHECK(settle(mapping) != WEFT_OK);
  CHECK(settle(block) != NEVER);
  CHECK(settle(creation) != NEVER);
  put_begin(0);
  put_add_index();
  CHECK_EQ(submit(), (uint32_t)WEFT_LOST);
  CHECK(S.driver->buffer_create(S.device, 31, 16, STORAGE, new_future(), &S.err) != WEFT_OK);
  S.driver->lose(S.device);
  for (int i = 0; i < 10; i++) poll_once(); /* poll_once sees to it that nothing shows up twice */
  RELEASE(X, Y, MODULE, LAYOUT, PIPELINE, THE_GROUP, 30);
}

/* Ends only when x[2] is 7; begun, with the future that tells of its block. */
static uint32_t begin_forever(void) {
  static const char wgsl[] =
      "@group(0) @binding(0) var<storage, read_write> x: array<u32>;\n"
      "@compute @workgroup_size(64) fn forever() { loop { x[0] += x[1]; if (x[2] == 7u) { break; } } }\n";
  uint32_t future = new_future(), one = 1;
  bool good = make_buffer(X, 256, STORAGE) && make_module(MODULE, wgsl) && make_layout(LAYOUT, one_storage, 1) &&
              make_pipeline(PIPELINE, MODULE, "forever", LAYOUT) && write_words(X, 4, &one, 1);
  if (!good) return 0;
  put_group(THE_GROUP, LAYOUT, (const weft_id[]){X}, 1, 256);
  put_begin(future);
  put_add_index();
  return CHECK_OK(submit(), &S.err) ? future : 0;
}

CASE(interrupt_ends_what_has_not_run_and_keeps_writes) {
  uint32_t out[4] = {0}, behind = new_future(), mapping = new_future();
  const uint32_t values[4] = {4, 3, 2, 1};
  if (!S.driver->interrupt) SKIP("what this driver has begun cannot be ended");
  uint32_t future = begin_forever();
  if (!future || !make_buffer(Y, 16, READBACK)) return;
  put_begin(behind);
  put_copy(X, 0, Y, 0, 16);
  CHECK_OK(submit(), &S.err);
  CHECK_OK(S.driver->map_start(S.device, Y, 0, 16, mapping, &S.err), &S.err);
  write_words(X, 0, values, 4);
  for (volatile uint32_t i = 0; i < 3000000; i++) continue; /* with threads it is under way by now */
  S.driver->interrupt(S.device);
  CHECK_REFUSED(future);
  CHECK_HAS(text_of(future), "interrupted");
  CHECK_REFUSED(behind);
  CHECK_REFUSED(mapping);
  CHECK(read_words(X, out, 4));
  for (uint32_t i = 0; i < 4; i++) CHECK_EQ(out[i], values[i]);
  S.driver->interrupt(S.device); /* there is nothing to end */
  CHECK(read_words(X, out, 4));
  CHECK(!seen(WEFT_FUTURE_LOST));
  RELEASE(X, Y, MODULE, LAYOUT, PIPELINE, THE_GROUP);
}

CASE(lost_while_a_kernel_runs) {
  if (!S.driver->interrupt) SKIP("a kernel that never ends is too much for this driver");
  uint32_t future = begin_forever();
  if (!future) return;
  S.driver->lose(S.device);
  CHECK(settle(WEFT_FUTURE_LOST) != NEVER);
  CHECK_EQ(settle(future), (uint32_t)WEFT_LOST);
  RELEASE(X, MODULE, LAYOUT, PIPELINE, THE_GROUP);
}

CASE(close_while_a_kernel_runs) {
  if (!S.driver->interrupt) SKIP("a kernel that never ends is too much for this driver");
  violates = true; /* objects are left */
  if (begin_forever()) close_device();
}

CASE(close_with_everything_under_way) {
  const weft_id layout = LAYOUT;
  violates = true; /* objects are left */
  if (!set_up_add_index()) return;
  make_buffer(Y, 256, READBACK);
  put_begin(new_future());
  for (int i = 0; i < 100; i++) put_add_index();
  put_copy(X, 0, Y, 0, 256);
  CHECK_OK(submit(), &S.err);
  CHECK_OK(S.driver->map_start(S.device, Y, 0, 256, new_future(), &S.err), &S.err);
  CHECK_OK(S.driver->pipeline_create(S.device, 30, MODULE, "add_index", &layout, 1, 0, "", NULL, 0, true, new_future(),
                                     &S.err),
           &S.err);
  CHECK_OK(S.driver->module_create(S.device, 31, "fn", 2, new_future(), &S.err), &S.err);
  close_device();
}
