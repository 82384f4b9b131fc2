/* The interface of wgsl.h as its callers meet it, the end of memory at every allocation, and hostile sources. */
#include <stdlib.h>
#include <string.h>

#include "test.h"
#include "wgsl/module.h"
#include "wgsl/wgsl.h"

static const char good_source[] =
    "enable f16;\n"
    "requires uniform_buffer_standard_layout;\n"
    "const TILE = 4u * 4;\n"
    "const SIZE = vec2(TILE, 2);\n"
    "@id(7) override block = 64u;\n"
    "override scale: f32;\n"
    "struct Inner { a: vec3f, @align(32) b: f16, c: mat3x3f }\n"
    "struct Params { n: u32, inner: array<Inner, 3>, tail: array<vec4<u32>> }\n"
    "@group(1) @binding(2) var<storage, read_write> data: Params;\n"
    "@group(0) @binding(1) var<storage> x: array<f32>;\n"
    "@group(0) @binding(0) var<uniform> u: vec4f;\n"
    "var<workgroup> cache: array<f32, block>;\n"
    "var<workgroup> fixed: array<vec3f, TILE>;\n"
    "alias Row = array<f32, TILE>;\n"
    "fn helper(i: u32) -> f32 { var row: Row; for (var k = 0u; k < TILE; k++) { row[k] = x[i] * scale; } return "
    "row[0]; }\n"
    "@compute @workgroup_size(block, SIZE.x / 4)\n"
    "fn main(@builtin(global_invocation_id) id: vec3<u32>) {\n"
    "  if (id.x < arrayLength(&data.tail)) { data.tail[id.x].x = u32(helper(id.x)); } else { cache[0] = 1; }\n"
    "  switch id.y { case 0, 1: { } default: { fixed[0] = vec3f(); } }\n"
    "  loop { continuing { break if id.x > 3; } }\n"
    "}\n"
    "@compute @workgroup_size(1) fn other() { _ = u; }\n";

static const char bad_source[] =
    "struct S { a: f32, a: i32 }\n"
    "fn f() { let y = unknwon + 1; g(); var a: array<f32, 0>; }\n"
    "fn g() { f(); }\n"
    "@group(0) var<uniform> u: S;\n"
    "const c = 1 / 0;\n"
    "const_assert 1 > 2;\n"
    "const v = vec3(1, 2u, 3i); const w: vec2u = vec2(1, -1); const_assert w.y == 1u;\n";

static wgsl_module *create(const char *source) { return wgsl_module_create(source, strlen(source)); }

static const wgsl_entry *entry_named(const wgsl_module *m, const char *name) {
  const wgsl_reflection *r = wgsl_module_reflect(m);
  for (uint32_t i = 0; r && i < r->n_entries; i++)
    if (strcmp(r->entries[i].name, name) == 0) return &r->entries[i];
  return NULL;
}

/* Renders every diagnostic into a buffer that is too small and one that fits. */
static void render_all(const wgsl_module *m) {
  for (uint32_t i = 0; i < wgsl_diagnostic_count(m); i++) {
    char small[16];
    const wgsl_diagnostic *d = wgsl_diagnostic_get(m, i);
    size_t n = wgsl_diagnostic_render(m, d, small, sizeof small);
    char *text = malloc(n + 1);
    CHECK(strlen(small) < sizeof small);
    if (!text) return;
    CHECK_EQ(wgsl_diagnostic_render(m, d, text, n + 1), n);
    CHECK_EQ(strlen(text), n);
    free(text);
  }
}

TEST(reflection_of_a_module) {
  wgsl_module *m = create(good_source);
  render_all(m);
  CHECK(wgsl_module_valid(m));
  const wgsl_reflection *r = wgsl_module_reflect(m);
  CHECK_EQ(r->n_entries, 2);
  CHECK_EQ(r->n_bindings, 3);
  CHECK_EQ(r->n_overrides, 2);
  CHECK_EQ(r->overrides[0].id, 7);
  CHECK(r->overrides[0].has_default && !r->overrides[1].has_default);
  CHECK_STR(r->enables[0], "f16");
  const wgsl_entry *main_entry = entry_named(m, "main");
  CHECK_EQ(main_entry->n_bindings, 2); /* u is used by `other` alone */
  CHECK_STR(main_entry->bindings[0]->name, "x");
  CHECK_STR(main_entry->bindings[1]->name, "data");
  CHECK_EQ(main_entry->bindings[1]->space, WGSL_SPACE_STORAGE_READ_WRITE);
  CHECK_EQ(main_entry->n_overrides, 2);
  CHECK_EQ(entry_named(m, "other")->n_overrides, 0);
  const wgsl_type *params = main_entry->bindings[1]->type;
  CHECK_EQ(params->members[1].offset, 32);
  CHECK_EQ(params->members[1].type->stride, 96);
  CHECK_EQ(params->members[2].offset, 32 + 3 * 96);
  CHECK_EQ(main_entry->bindings[1]->min_bytes, 32 + 3 * 96 + 32); /* one element of tail, rounded up to 32 */
  wgsl_module_destroy(m);
}

TEST(a_pipeline_takes_values_of_overrides) {
  wgsl_module *m = create(good_source);
  const wgsl_entry *e = entry_named(m, "main");
  wgsl_pipeline p = {{0}, 0};
  char message[128];
  CHECK(!wgsl_entry_evaluate(m, e, NULL, 0, &p, message, sizeof message));
  CHECK_STR(message, "the override 'scale' has no default and no value was given");
  wgsl_constant constants[2] = {{e->overrides[1], 2.5}, {e->overrides[0], 32}};
  CHECK(wgsl_entry_evaluate(m, e, constants, 1, &p, message, sizeof message));
  CHECK_EQ(p.workgroup_size[0], 64);
  CHECK_EQ(p.workgroup_size[1], 4);
  CHECK_EQ(p.workgroup_bytes, 64 * 4 + 16 * 16);
  CHECK(wgsl_entry_evaluate(m, e, constants, 2, &p, NULL, 0));
  CHECK_EQ(p.workgroup_size[0], 32);
  constants[1].value = -1;
  CHECK(!wgsl_entry_evaluate(m, e, constants, 2, &p, message, sizeof message));
  CHECK_STR(message, "the value -1 of the override 'block' does not fit u32");
  constants[1].value = 0;
  CHECK(!wgsl_entry_evaluate(m, e, constants, 2, &p, message, sizeof message));
  CHECK_EQ(p.workgroup_size[0], 32); /* untouched by failures */
  wgsl_module_destroy(m);
}

TEST(a_rejected_module_has_diagnostics_and_no_reflection) {
  wgsl_module *m = create(bad_source);
  CHECK(!wgsl_module_valid(m));
  CHECK(!wgsl_module_reflect(m));
  CHECK(wgsl_diagnostic_count(m) >= 3);
  for (uint32_t i = 1; i < wgsl_diagnostic_count(m); i++)
    CHECK(wgsl_diagnostic_get(m, i - 1)->span.offset <= wgsl_diagnostic_get(m, i)->span.offset);
  CHECK(!wgsl_diagnostic_get(m, wgsl_diagnostic_count(m)));
  render_all(m);
  wgsl_module_destroy(m);
  wgsl_module_destroy(NULL);
}

static const char *code_of_first(const wgsl_module *m) {
  return wgsl_diagnostic_count(m) ? wgsl_diagnostic_get(m, 0)->code : "";
}

static wgsl_module *check(const char *source, const wgsl_check_options *options) {
  return wgsl_module_check(source, strlen(source), options);
}

TEST(a_module_is_checked_as_pipelines) {
  static const char *const features[] = {"shader-f16"};
  wgsl_named_constant values[] = {{"scale", 2}, {"7", 64}};
  wgsl_check_options options = {.constants = values, .n_constants = 2, .pipeline = true, .entry = "main"};
  wgsl_module *m = check(good_source, &options);
  CHECK_EQ(wgsl_diagnostic_count(m), 0);
  wgsl_module_destroy(m);
  options.features = features;
  m = check(good_source, &options);
  CHECK_STR(code_of_first(m), "missing-feature");
  CHECK_EQ(wgsl_diagnostic_get(m, 0)->span.line, 1);
  wgsl_module_destroy(m);
  options.n_features = 1;
  options.entry = "mian";
  m = check(good_source, &options);
  CHECK_STR(code_of_first(m), "unknown-entry-point");
  CHECK_EQ(wgsl_diagnostic_get(m, 0)->span.line, 0);
  CHECK(!wgsl_module_valid(m) && !wgsl_module_reflect(m));
  render_all(m);
  wgsl_module_destroy(m);
  options.entry = NULL;
  values[1].value = 1024;
  m = check(good_source, &options);
  CHECK_STR(code_of_first(m), "workgroup-size-limit");
  wgsl_span end = wgsl_span_end(m, wgsl_diagnostic_get(m, 0)->span);
  CHECK_EQ(end.line, wgsl_diagnostic_get(m, 0)->span.line);
  CHECK_EQ(end.column - wgsl_diagnostic_get(m, 0)->span.column, strlen("@workgroup_size(block, SIZE.x / 4)"));
  wgsl_module_destroy(m);
}

TEST(every_allocation_of_a_check_may_fail) {
  static const char source[] =
      "enable f16; override n: u32; override m = n * 2; var<workgroup> room: array<f32, m>;\n"
      "@group(0) @binding(0) var t: texture_2d<f32>; @group(0) @binding(1) var<storage> raw: buffer;\n"
      "@compute @workgroup_size(n) fn a() { room[n] = textureLoad(t, vec2i(), 0).x + *bufferView<f32>(&raw, 4); }\n"
      "@compute @workgroup_size(m) fn b() { room[0] = 1; }\n"
      "struct S { @location(0) a: f32, @builtin(position) b: vec4f } @vertex fn v() -> S { return S(); }";
  const wgsl_named_constant values[] = {{"n", 512}, {"k", 1}};
  wgsl_check_options options = {.constants = values, .pipeline = true};
  for (uint32_t n = 1; n <= 2; n++) {
    options.n_constants = n;
    FAULTS {
      wgsl_module *m = check(source, &options);
      if (m) CHECK(!wgsl_module_valid(m));
      wgsl_module_destroy(m);
    }
  }
}

/* Its bytes are not even looked at. */
TEST(a_source_beyond_a_gigabyte_is_refused) {
  wgsl_module *m = wgsl_module_create("", ((size_t)1 << 30) + 1);
  CHECK(m && !wgsl_module_valid(m));
  CHECK_EQ(wgsl_diagnostic_count(m), 1);
  const wgsl_diagnostic *d = wgsl_diagnostic_get(m, 0);
  CHECK(d && strcmp(d->message, "the source is longer than 1073741824 bytes") == 0);
  wgsl_module_destroy(m);
}

TEST(an_empty_module_is_valid) {
  wgsl_module *m = wgsl_module_create(NULL, 0);
  CHECK(wgsl_module_valid(m));
  CHECK_EQ(wgsl_module_reflect(m)->n_entries, 0);
  wgsl_module_destroy(m);
}

static void fail_each_allocation(const char *source) {
  FAULTS {
    wgsl_module *m = create(source);
    if (m) CHECK_EQ(wgsl_module_valid(m), source == good_source);
    wgsl_module_destroy(m);
  }
}

/* What is kept; while it is made there are 10 to 20 % more. bench/README.md has files. */
TEST(a_module_is_at_most_sixty_times_its_source) {
  static const char small[] =
      "@group(0) @binding(0) var<storage, read> x: array<f32>;\n"
      "@group(0) @binding(1) var<storage, read_write> y: array<f32>;\n"
      "@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) { y[id.x] += x[id.x]; }\n";
  const char *const sources[] = {small, good_source};
  for (size_t i = 0; i < 2; i++) {
    wgsl_module *m = create(sources[i]);
    if (!m) continue;
    size_t names = m->names.capacity * sizeof *m->names.items + m->names.n_slots * sizeof *m->names.slots;
    CHECK(wgsl_module_valid(m));
    CHECK(sizeof *m + m->arena.total + names <= 60 * strlen(sources[i]));
    wgsl_module_destroy(m);
  }
}

TEST(every_allocation_may_fail) {
  fail_each_allocation(good_source);
  fail_each_allocation(bad_source);
  fail_each_allocation("fn f( { let 1; } }} struct S { a: ");
}

TEST(every_allocation_of_a_pipeline_may_fail) {
  wgsl_module *m = create(good_source);
  const wgsl_entry *e = entry_named(m, "main");
  wgsl_constant constant = {e->overrides[1], 1};
  FAULTS {
    wgsl_pipeline p = {{9, 9, 9}, 9};
    char message[64];
    bool ok = wgsl_entry_evaluate(m, e, &constant, 1, &p, message, sizeof message);
    CHECK_EQ(p.workgroup_size[0], ok ? 64 : 9);
    CHECK_STR(message, ok ? "" : "out of memory on the host");
  }
  wgsl_module_destroy(m);
}

/* ---- clearing workgroup memory ------------------------------------------------------------------------------------ */

/* The source of a module as one that clears its workgroup memory; "" when there is none. Owned. */
static wgsl_cleared cleared_of(const char *source) {
  wgsl_cleared cleared = {0};
  wgsl_module *m = create(source);
  render_all(m);
  if (CHECK(wgsl_module_valid(m))) CHECK(wgsl_module_cleared(m, &cleared));
  wgsl_module_destroy(m);
  return cleared;
}

static void check_cleared(const char *source, const char *wanted) {
  wgsl_cleared c = cleared_of(source);
  CHECK_STR(c.source ? c.source : "", wanted);
  CHECK(!c.obstacle);
  if (c.source) CHECK_EQ(c.n_bytes, strlen(c.source));
  if (c.source) {
    wgsl_module *again = create(c.source);
    render_all(again);
    CHECK(wgsl_module_valid(again));
    wgsl_module_destroy(again);
  }
  wgsl_cleared_free(&c);
}

TEST(shaders_clear_their_workgroup_memory) {
  check_cleared("var<workgroup> w: array<f32, 8>; @compute @workgroup_size(4) fn main() {}", "");
  check_cleared("@compute @workgroup_size(4) fn main() {}", "");
  check_cleared("var<workgroup> w: array<vec4f, 8>;\n"
                "@compute @workgroup_size(4, 2) fn main() { w[0] = vec4f(1); }",
                "var<workgroup> w: array<vec4f, 8>;\n"
                "@compute @workgroup_size(4, 2) fn main(@builtin(local_invocation_index) weft0: u32) "
                "{ weft0_main(weft0); w[0] = vec4f(1); }\n"
                "fn weft0_main(weft0: u32) { "
                "for (var weft0_1 = weft0; weft0_1 < 8u; weft0_1 += u32(4) * u32(2)) { w[weft0_1] = vec4f(); } "
                "workgroupBarrier(); }");
  /* What a function calls counts; an index that is there is used; names that are taken are not. */
  check_cleared("alias Flag = vec2<bool>;\n"
                "var<workgroup> weft0: Flag; var<workgroup> weft1: atomic<i32>;\n"
                "fn touch() { weft0.x = atomicLoad(&weft1) == 0; }\n"
                "struct In { @builtin(local_invocation_index) lane: u32 }\n"
                "@compute @workgroup_size(1) fn a(in: In, ) { touch(); }\n"
                "@compute @workgroup_size(1) fn b(@builtin(local_invocation_index) i: u32) { touch(); }\n"
                "@compute @workgroup_size(1) fn c(@builtin(workgroup_id) g: vec3u, ) { touch(); }\n"
                "@compute @workgroup_size(1) fn d() { }",
                "alias Flag = vec2<bool>;\n"
                "var<workgroup> weft0: Flag; var<workgroup> weft1: atomic<i32>;\n"
                "fn touch() { weft0.x = atomicLoad(&weft1) == 0; }\n"
                "struct In { @builtin(local_invocation_index) lane: u32 }\n"
                "@compute @workgroup_size(1) fn a(in: In, ) { weft2_a(in.lane); touch(); }\n"
                "@compute @workgroup_size(1) fn b(@builtin(local_invocation_index) i: u32) "
                "{ weft2_b(i); touch(); }\n"
                "@compute @workgroup_size(1) fn c(@builtin(workgroup_id) g: vec3u, "
                "@builtin(local_invocation_index) weft2: u32, ) { weft2_c(weft2); touch(); }\n"
                "@compute @workgroup_size(1) fn d() { }\n"
                "fn weft2_a(weft2: u32) { if (weft2 == 0u) { weft0 = vec2<bool>(); atomicStore(&weft1, 0i); } workgroupBarrier(); }\n"
                "fn weft2_b(weft2: u32) { if (weft2 == 0u) { weft0 = vec2<bool>(); atomicStore(&weft1, 0i); } workgroupBarrier(); }\n"
                "fn weft2_c(weft2: u32) { if (weft2 == 0u) { weft0 = vec2<bool>(); atomicStore(&weft1, 0i); } workgroupBarrier(); }");
  /* Atomics inside, counts that are overrides, elements that are arrays. */
  check_cleared("override n = 4u; const k = 3;\n"
                "struct S { a: array<array<atomic<u32>, k>, 2>, b: mat2x2f }\n"
                "var<workgroup> s: array<S, n + 1>; var<workgroup> t: array<array<f32, 2>, 5>;\n"
                "@compute @workgroup_size(n)\nfn main() {\n_ = &s; _ = &t;\n}\n",
                "override n = 4u; const k = 3;\n"
                "struct S { a: array<array<atomic<u32>, k>, 2>, b: mat2x2f }\n"
                "var<workgroup> s: array<S, n + 1>; var<workgroup> t: array<array<f32, 2>, 5>;\n"
                "@compute @workgroup_size(n)\nfn main(@builtin(local_invocation_index) weft0: u32) "
                "{ weft0_main(weft0);\n_ = &s; _ = &t;\n}\n\n"
                "fn weft0_main(weft0: u32) { "
                "for (var weft0_1 = weft0; weft0_1 < u32(n + 1); weft0_1 += u32(n)) { "
                "for (var weft0_2 = 0u; weft0_2 < 2u; weft0_2 += 1u) { "
                "for (var weft0_3 = 0u; weft0_3 < 3u; weft0_3 += 1u) { "
                "atomicStore(&s[weft0_1].a[weft0_2][weft0_3], 0u); } } "
                "s[weft0_1].b = mat2x2f(); } "
                "for (var weft0_1 = weft0; weft0_1 < 5u; weft0_1 += u32(n)) { t[weft0_1] = array<f32, 2>(); } "
                "workgroupBarrier(); }");
  /* Attributes and comments before the body; names of its own in the function; parentheses; members that are arrays. */
  check_cleared("struct T { a: array<(u32), 9>, b: i32 } var<workgroup> t: T;\n"
                "@compute @workgroup_size(2) fn m(@builtin(local_invocation_index) workgroupBarrier: u32)\n"
                "@diagnostic(off, derivative_uniformity) /* { /* { */ */ // {\xE2\x80\xA8 // {\r"
                "{ t.b = i32(workgroupBarrier); }",
                "struct T { a: array<(u32), 9>, b: i32 } var<workgroup> t: T;\n"
                "@compute @workgroup_size(2) fn m(@builtin(local_invocation_index) workgroupBarrier: u32)\n"
                "@diagnostic(off, derivative_uniformity) /* { /* { */ */ // {\xE2\x80\xA8 // {\r"
                "{ weft0_m(workgroupBarrier); t.b = i32(workgroupBarrier); }\n"
                "fn weft0_m(weft0: u32) { "
                "for (var weft0_1 = weft0; weft0_1 < 9u; weft0_1 += u32(2)) { t.a[weft0_1] = u32(); } "
                "if (weft0 == 0u) { t.b = i32(); } workgroupBarrier(); }");
}

TEST(what_was_written_in_is_told) {
  wgsl_cleared c = cleared_of("var<workgroup> w: u32; /* \xc3\xa9 */\n"
                              "/* \xc3\xa9 */ @compute @workgroup_size(1) fn \xc3\xa9() { w = 1; }");
  CHECK_EQ(c.n_insertions, 2u);
  CHECK_EQ(c.insertions[0].line, 2u);
  CHECK_EQ(c.insertions[0].column, 42u);
  CHECK_EQ(c.insertions[0].n, strlen("@builtin(local_invocation_index) weft0: u32"));
  CHECK_EQ(c.insertions[1].column, 45u);
  CHECK_EQ(c.insertions[1].n, strlen(" weft0_e(weft0);"));
  wgsl_cleared_free(&c);
}

TEST(a_redeclared_name_stands_in_the_way) {
  wgsl_cleared c = cleared_of("fn workgroupBarrier() {} var<workgroup> w: i32; @compute @workgroup_size(1) fn main() { w = 1; }");
  CHECK_STR(c.obstacle, "workgroupBarrier");
  wgsl_cleared_free(&c);
  c = cleared_of("fn atomicStore() {} var<workgroup> w: i32; @compute @workgroup_size(1) fn main() { w = 1; }");
  CHECK(!c.obstacle); /* it is not needed */
  wgsl_cleared_free(&c);
}

TEST(every_allocation_of_clearing_may_fail) {
  wgsl_module *m = create("var<workgroup> w: array<atomic<u32>, 4>; @compute @workgroup_size(4) fn main() { _ = &w; }");
  FAULTS {
    wgsl_cleared c;
    if (wgsl_module_cleared(m, &c)) CHECK_HAS(c.source, "atomicStore(&w[weft0_1], 0u)");
    else CHECK(!c.source && !c.insertions);
    wgsl_cleared_free(&c);
  }
  wgsl_module_destroy(m);
}

/* The tables of names are searched by bisection: a row out of order would not be found. */
TEST(every_name_in_the_tables_is_found) {
#define WGSL__TOKEN(name, text)
#define WGSL__KEYWORD(name, word) CHECK_EQ(wgsl__keyword_find(#word, strlen(#word)), WGSL__TOKEN_##name);
#include "wgsl/token.def"
#define WGSL__RESERVED(word) CHECK_EQ(wgsl__keyword_find(#word, strlen(#word)), WGSL__TOKEN_RESERVED);
#include "wgsl/reserved.def"
#define WGSL__PREDECLARED(name, what, n, scalar, gate) CHECK(wgsl__predeclared_find(#name, strlen(#name)) != NULL);
#include "wgsl/predeclared.def"
#define WGSL__BUILTIN(name, signature, scalars, flags, evaluator, check) \
  CHECK(wgsl__predeclared_find(#name, strlen(#name)) != NULL);
#include "wgsl/builtins.def"
#undef WGSL__BUILTIN
  CHECK(!wgsl__predeclared_find("vec", 3));
  CHECK_EQ(wgsl__keyword_find("els", 3), WGSL__TOKEN_IDENT);
}

/* ---- hostile sources --------------------------------------------------------------------------------------------- */

enum { MEGABYTE = 1 << 20 };

/* `piece` again and again to n_bytes: it must come back soon, with an error and within the stack. */
static void check_repeated(const char *prefix, const char *piece, size_t n_bytes, bool valid) {
  size_t n_prefix = strlen(prefix), n_piece = strlen(piece), n = n_prefix;
  char *source = malloc(n_bytes + n_prefix + n_piece);
  if (!source) return;
  memcpy(source, prefix, n_prefix);
  while (n < n_bytes) {
    memcpy(source + n, piece, n_piece);
    n += n_piece;
  }
  wgsl_module *m = wgsl_module_create(source, n);
  CHECK(m && wgsl_module_valid(m) == valid);
  if (m) render_all(m);
  wgsl_module_destroy(m);
  free(source);
}

TEST(a_megabyte_of_anything_ends) {
  static const char *const pieces[] = {
      "(",           "{",    "[",     "<",        "/*",    ")",           "}",           "a<",
      "@",           "-",    "--",    "!",        "a.",    "a[",          "a(",          "1+",
      ";x",          "if ",  "else ", "fn a() {", "a&&(",  "\xff",        "\xe2\x80",    "0x",
      "1e",          "\"",   "a,",    "a:",       "loop{", "struct S{a:", "enable f16,", "@diagnostic(off,a)",
      "continuing{", "case "};
  for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
    check_repeated("", pieces[i], i < 9 ? MEGABYTE : MEGABYTE / 8, false);
    check_repeated("fn f() { ", pieces[i], MEGABYTE / 8, false);
    check_repeated("const a = ", pieces[i], i < 9 ? MEGABYTE : MEGABYTE / 8, false);
    check_repeated("var<private> a: ", pieces[i], MEGABYTE / 8, false);
  }
  check_repeated("", ";", MEGABYTE, true);
  check_repeated("", "\xe2\x80\xa8", MEGABYTE, true);
  check_repeated("", "const_assert true;", MEGABYTE, true);
  check_repeated("//", "x", MEGABYTE, true);
  check_repeated("fn f(", "a:i32,", MEGABYTE, false);
  check_repeated("alias a = b; alias b = a;", "const c = d;", MEGABYTE, false);
}

/* A valid megabyte, of one shape each: no phase may take the square of its length. `#` in a piece counts. */
TEST(a_megabyte_that_is_valid_ends) {
  static const char *const pieces[][2] = {
      {"", "struct S# { a: f32, b: vec3f } @group(0) @binding(#) var<storage> s#: S#;\n"},
      {"", "override o# = 1; @compute @workgroup_size(o#) fn f#() { _ = o#; }\n"},
      {"", "@group(0) @binding(0) var<uniform> u_#: f32; @compute @workgroup_size(1) fn f_#() { _ = u_#; }\n"},
      {"", "struct S# { @location(#) a: f32 } @fragment fn f_#(s: S#) {}\n"},
      {"", "const c# = vec4(#, 1, 2, 3).xyz * 2; const_assert c#.y == 2;\n"},
      {"", "fn f#(p: ptr<function, i32>) { *p += 1; } fn g#() { var v = 1; f#(&v); }\n"},
      {"fn f() { var a0 = 1;", "let a# = a0 + #; if a# > 1 { a0 = a#; }\n"},
      {"fn f() { var a0 = 1;", "loop { if a0 > # { break; } a0++; workgroupBarrier(); }\n"},
      {"fn f(i: i32) { switch i {", "case #: { return; }\n"},
      {"@group(0) @binding(0) var t: texture_2d<f32>; fn f() { var a = vec4f();", "a += textureLoad(t, vec2i(#), 0);\n"},
      {"const a = array(", "#,\n"},
  };
  static const char *const ends[] = {"", "", "", "", "", "", "}", "}", "default: {} } }", "}", ");"};
  char *source = malloc(MEGABYTE + 512);
  if (!source) return;
  for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
    size_t n = strlen(strcpy(source, pieces[i][0]));
    for (int count = 1; n < MEGABYTE / 2; count++)
      for (const char *p = pieces[i][1]; *p; p++) {
        if (*p == '#')
          n += (size_t)sprintf(source + n, "%d", count);
        else
          source[n++] = *p;
      }
    strcpy(source + n, ends[i]);
    wgsl_module *m = create(source);
    CHECK(m && wgsl_module_valid(m));
    wgsl_module_destroy(m);
  }
  free(source);
}

/* Declarations that each mention the one before: no recursion from declaration to declaration. */
TEST(long_chains_of_declarations_end) {
  enum { COUNT = 20000 };
  char *source = malloc(COUNT * 64), *at = source;
  if (!source) return;
  for (int i = COUNT; i > 0; i--) at += sprintf(at, "fn f%d() { f%d(); }\n", i, i - 1);
  at += sprintf(at, "fn f0() {}\n@compute @workgroup_size(1) fn main() { f%d(); }\n", COUNT);
  wgsl_module *m = create(source);
  CHECK(wgsl_module_valid(m));
  wgsl_module_destroy(m);
  at += sprintf(at, "fn g() { f%d(); g(); }\n", COUNT);
  m = create(source);
  CHECK_EQ(wgsl_diagnostic_count(m), 1);
  wgsl_module_destroy(m);
  free(source);
}

/* Structures of structures: work and sizes grow with the text, not with what it unfolds to. */
TEST(doubling_structures_end) {
  char source[8192], *at = source;
  at += sprintf(at, "struct S0 { a: u32 }\n");
  for (int i = 1; i <= 40; i++) at += sprintf(at, "struct S%d { a: S%d, b: S%d }\n", i, i - 1, i - 1);
  sprintf(at, "@group(0) @binding(0) var<uniform> u: S20; @compute @workgroup_size(1) fn main() { _ = u; }\n");
  wgsl_module *m = create(source);
  CHECK(!wgsl_module_valid(m)); /* S30 takes 2^32 bytes */
  wgsl_module_destroy(m);
}

static uint32_t next_random(uint32_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 17;
  return *state ^= *state << 5;
}

TEST(mutated_sources_do_no_harm) {
  enum { ROUNDS = 4000 };
  static const char *const pieces[] = {
      "(",    ")",       "{",   "}",  "<",  ">",  ">>=",     "--",     "&&",         ";",        ",",
      "@",    "fn ",     "var", "1e", "0x", "/*", "*/",      "array<", "override ",  "\xc3\xa9", "\xf0\x9f\x98\x80",
      "case", "default", "=",   ".",  "[",  "]",  "struct ", "_",      "4294967296", "-"};
  uint32_t state = 12345;
  size_t n_good = sizeof good_source - 1;
  char *source = malloc(n_good + 256);
  if (!source) return;
  for (int round = 0; round < ROUNDS; round++) {
    size_t n = n_good;
    memcpy(source, good_source, n);
    for (uint32_t edits = 1 + next_random(&state) % 4; edits; edits--) {
      size_t at = next_random(&state) % n, length = next_random(&state) % 12;
      const char *piece = pieces[next_random(&state) % (sizeof pieces / sizeof *pieces)];
      if (at + length > n) length = n - at;
      switch (next_random(&state) % 3) {
        case 0: /* cut out */
          memmove(source + at, source + at + length, n - at - length);
          n -= length;
          break;
        case 1: /* put in */
          memmove(source + at + strlen(piece), source + at, n - at);
          memcpy(source + at, piece, strlen(piece));
          n += strlen(piece);
          break;
        default:
          source[at] = (char)next_random(&state);
          break;
      }
    }
    wgsl_module *m = wgsl_module_create(source, n);
    CHECK(m != NULL);
    CHECK(wgsl_module_valid(m) == (wgsl_module_reflect(m) != NULL));
    render_all(m);
    wgsl_module_destroy(m);
  }
  free(source);
}
