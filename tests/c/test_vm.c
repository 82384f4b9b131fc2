/* Kernels on the CPU driver's programs alone (drivers/cpu/program.h): what they compute, what stays untouched, what stops. */
#define _POSIX_C_SOURCE 200809L /* nanosleep, clock_gettime */
#include <pthread.h>
#include <time.h>

#include "drivers/cpu/program.h"
#include "test.h"

enum { WORDS = 1024 };

/* A kernel and its buffers: slot s is words[s], of n[s] words. */
typedef struct kernel {
  wgsl_module *module;
  cpu_program *program;
  _Alignas(16) uint32_t words[3][WORDS];
  uint32_t n[3];
  uint8_t immediates[64];
  atomic_bool stop;
} kernel;

static weft_status kernel_make(kernel *k, const char *source, const cpu_program_options *options, weft_error *err) {
  k->program = NULL;
  k->module = wgsl_module_create(source, strlen(source));
  if (!k->module) return weft__fail_memory(err);
  if (!wgsl_module_valid(k->module)) {
    char text[512];
    wgsl_diagnostic_render(k->module, wgsl_diagnostic_get(k->module, 0), text, sizeof text);
    return weft__fail(err, WEFT_SHADER, "%s", text);
  }
  return cpu_program_create(k->module, &wgsl_module_reflect(k->module)->entries[0], options, &k->program, err);
}

static void kernel_free(kernel *k) {
  cpu_program_destroy(k->program);
  wgsl_module_destroy(k->module);
}

static weft_status kernel_run(kernel *k, uint32_t x, uint32_t y, uint32_t z, weft_error *err) {
  const cpu_slot *slots;
  cpu_span spans[3];
  uint32_t n = cpu_program_slots(k->program, &slots);
  for (uint32_t s = 0; s < n && s < 3; s++)
    spans[s] = (cpu_span){.bytes = (uint8_t *)k->words[s], .n_bytes = (k->n[s] ? k->n[s] : WORDS) * 4};
  cpu_run run = {.spans = spans, .immediates = k->immediates, .groups = {x, y, z}, .count = (uint64_t)x * y * z, .stop = &k->stop};
  cpu_scratch *scratch = cpu_scratch_create();
  weft_status status = scratch ? cpu_program_run(k->program, &run, scratch, err) : weft__fail_memory(err);
  cpu_scratch_destroy(scratch);
  return status;
}

/* Makes, runs and frees; the buffers stay to be looked at. */
static bool compute(kernel *k, const char *source, uint32_t x, uint32_t y, uint32_t z) {
  weft_error err = {0};
  bool ok = CHECK_OK(kernel_make(k, source, NULL, &err), &err) && CHECK_OK(kernel_run(k, x, y, z, &err), &err);
  kernel_free(k);
  return ok;
}

static float float_at(const kernel *k, uint32_t slot, uint32_t i) {
  float f;
  memcpy(&f, &k->words[slot][i], sizeof f);
  return f;
}

static void set_float(kernel *k, uint32_t slot, uint32_t i, float f) { memcpy(&k->words[slot][i], &f, sizeof f); }

#define OUT "@group(0) @binding(0) var<storage, read_write> out: array<u32>;\n"

/* ---- values ------------------------------------------------------------------------------------------------------- */

TEST(saxpy_leaves_what_lies_beyond_n) {
  kernel k = {0};
  for (uint32_t i = 0; i < WORDS; i++) {
    set_float(&k, 0, i, (float)i);
    set_float(&k, 1, i, 1.0f);
  }
  set_float(&k, 2, 0, 2.0f);
  k.words[2][1] = 900;
  if (!compute(&k,
               "struct P { a: f32, n: u32 }\n"
               "@group(0) @binding(0) var<storage, read> x: array<f32>;\n"
               "@group(0) @binding(1) var<storage, read_write> y: array<f32>;\n"
               "@group(0) @binding(2) var<uniform> p: P;\n"
               "@compute @workgroup_size(64) fn saxpy(@builtin(global_invocation_id) id: vec3u) {\n"
               "  if (id.x < p.n) { y[id.x] = p.a * x[id.x] + y[id.x]; }\n"
               "}",
               16, 1, 1))
    return;
  CHECK_EQ(float_at(&k, 1, 0), 1.0f);
  CHECK_EQ(float_at(&k, 1, 899), 1799.0f);
  CHECK_EQ(float_at(&k, 1, 900), 1.0f);
  CHECK_EQ(float_at(&k, 1, WORDS - 1), 1.0f);
}

TEST(builtin_values_of_a_grid) {
  kernel k = {0};
  if (!compute(&k,
               OUT
               "@compute @workgroup_size(3, 2) fn main(@builtin(global_invocation_id) g: vec3u,\n"
               "    @builtin(workgroup_id) w: vec3u, @builtin(num_workgroups) n: vec3u,\n"
               "    @builtin(local_invocation_index) l: u32) {\n"
               "  out[(g.z * n.y * 2 + g.y) * n.x * 3 + g.x] = l | (w.x << 8) | (w.y << 12) | (w.z << 16);\n"
               "}",
               4, 3, 2))
    return;
  for (uint32_t z = 0; z < 2; z++)
    for (uint32_t y = 0; y < 6; y++)
      for (uint32_t x = 0; x < 12; x++)
        if (!CHECK_EQ(k.words[0][(z * 6 + y) * 12 + x], (y % 2 * 3 + x % 3) | x / 3 << 8 | y / 2 << 12 | z << 16)) return;
}

TEST(integers_wrap_and_never_trap) {
  kernel k = {0};
  k.words[1][0] = 0x80000000u; /* INT_MIN */
  k.words[1][1] = 0xffffffffu; /* -1 */
  k.words[1][2] = 0;
  k.words[1][3] = 33;
  if (!compute(&k,
               OUT
               "@group(0) @binding(1) var<storage> v: array<i32>;\n"
               "@compute @workgroup_size(1) fn main() {\n"
               "  out[0] = u32(v[0] / v[1]); out[1] = u32(v[0] % v[1]); out[2] = u32(v[3] / v[2]); out[3] = u32(v[3] % v[2]);\n"
               "  out[4] = u32(v[0] - 1); out[5] = 1u << u32(v[3]); out[6] = u32(abs(v[0])); out[7] = u32(v[0] >> 31u);\n"
               "  let f = bitcast<f32>(0x7f800000u | u32(v[2])); out[8] = u32(f); out[9] = u32(i32(-f));\n"
               "}",
               1, 1, 1))
    return;
  static const uint32_t want[] = {0x80000000u, 0, 33, 0, 0x7fffffffu, 2, 0x80000000u, 0xffffffffu, 4294967040u, 0x80000000u};
  for (uint32_t i = 0; i < 10; i++) CHECK_EQ(k.words[0][i], want[i]);
}

/* What follows the lane is not worked out lane by lane; what it was made of may change before it is used. */
TEST(ids_keep_what_they_were_made_of) {
  kernel k = {0};
  for (uint32_t i = 0; i < WORDS; i++) k.words[1][i] = i;
  if (!compute(&k,
               OUT
               "@group(0) @binding(1) var<storage> v: array<u32>;\n"
               "@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) g: vec3u) {\n"
               "  var n = 100u; let early = g.x < n; n = 50; let at = g.x + n; n = 0;\n"
               "  if (early) { out[at] = g.x; }\n"
               "  if (g.x >= 90) { return; }\n"
               "  var sum = 0u; for (var i = g.x; i < arrayLength(&v) - 20; i += 90) { sum += v[i]; }\n"
               "  out[200 + g.x] = sum;\n"
               "  var j = g.x; if (g.x % 3 == 0) { j += 7; } j++; out[300 + g.x] = v[j];\n"
               "}",
               3, 1, 1))
    return;
  for (uint32_t x = 0; x < 90; x++) {
    uint32_t sum = 0;
    for (uint32_t i = x; i < WORDS - 20; i += 90) sum += i;
    CHECK_EQ(k.words[0][50 + x], x);
    CHECK_EQ(k.words[0][200 + x], sum);
    CHECK_EQ(k.words[0][300 + x], x + 1 + (x % 3 ? 0 : 7));
  }
  CHECK_EQ(k.words[0][149], 99);
  CHECK_EQ(k.words[0][150], 0);
  CHECK_EQ(k.words[0][290], 0);
}

/* ---- control flow ------------------------------------------------------------------------------------------------- */

/* Lanes leave a loop by break, continue and return at different iterations; the same in C. */
static uint32_t walk(uint32_t x) {
  uint32_t sum = 0;
  for (uint32_t i = 0; i < 40; i++) {
    if (i % 3 == x % 3) continue;
    if (i > x) break;
    for (uint32_t j = 0; j < i; j++) {
      if (j * j > x) break;
      sum += j;
      if (sum == 60) return 1000 + i;
    }
    switch (x % 4) {
      case 1:
        if (i % 2) break;
        sum += 5;
        break;
      case 2:
        continue;
      default:
        sum += 1;
    }
    sum ^= i;
  }
  return sum;
}

TEST(lanes_go_their_own_ways) {
  kernel k = {0};
  if (!compute(&k,
               OUT
               "fn walk(x: u32) -> u32 {\n"
               "  var sum = 0u;\n"
               "  for (var i = 0u; i < 40; i++) {\n"
               "    if (i % 3 == x % 3) { continue; }\n"
               "    if (i > x) { break; }\n"
               "    for (var j = 0u; j < i; j++) { if (j * j > x) { break; } sum += j; if (sum == 60) { return 1000 + i; } }\n"
               "    switch (x % 4) {\n"
               "      case 1: { if (i % 2 != 0) { break; } sum += 5; }\n"
               "      case 2: { continue; }\n"
               "      default: { sum += 1; }\n"
               "    }\n"
               "    sum ^= i;\n"
               "  }\n"
               "  return sum;\n"
               "}\n"
               "@compute @workgroup_size(50) fn main(@builtin(global_invocation_id) g: vec3u) { out[g.x] = walk(g.x); }",
               4, 1, 1))
    return;
  for (uint32_t x = 0; x < 200; x++)
    if (!CHECK_EQ(k.words[0][x], walk(x))) return;
}

TEST(a_continuing_block_sees_what_lanes_had_when_they_continued) {
  kernel k = {0};
  if (!compute(&k,
               OUT
               "@compute @workgroup_size(16) fn main(@builtin(local_invocation_index) l: u32) {\n"
               "  var i = 0u; var sum = 0u;\n"
               "  loop {\n"
               "    var step = 1u;\n"
               "    if ((l & 1) == 1) { continue; }\n"
               "    step = 10;\n"
               "    continuing { sum += step; i++; break if i > l; }\n"
               "  }\n"
               "  out[l] = sum;\n"
               "}",
               1, 1, 1))
    return;
  for (uint32_t l = 0; l < 16; l++) CHECK_EQ(k.words[0][l], (l + 1) * (l & 1 ? 1 : 10));
}

TEST(what_is_not_reached_has_no_effect) {
  kernel k = {0};
  if (!compute(&k,
               OUT
               "fn count(i: u32) -> bool { out[i] += 1; return true; }\n"
               "@compute @workgroup_size(8) fn main(@builtin(local_invocation_index) l: u32) {\n"
               "  if (l < 4 && count(l)) { out[l + 8] = 1; }\n"
               "  if (l < 6 || count(l)) { out[l + 16] = 1; }\n"
               "}",
               1, 1, 1))
    return;
  for (uint32_t l = 0; l < 8; l++) {
    CHECK_EQ(k.words[0][l], l < 4 || l >= 6);
    CHECK_EQ(k.words[0][l + 8], l < 4);
    CHECK_EQ(k.words[0][l + 16], 1);
  }
}

/* ---- memory ------------------------------------------------------------------------------------------------------- */

TEST(nothing_outside_the_binding_is_touched) {
  kernel k = {0};
  for (uint32_t i = 0; i < WORDS; i++) k.words[0][i] = k.words[1][i] = 7;
  k.n[0] = k.n[1] = 100;
  if (!compute(&k,
               OUT
               "@group(0) @binding(1) var<storage, read_write> v: array<vec4u>;\n"
               "@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) g: vec3u) {\n"
               "  out[g.x] = 1; out[g.x * 0x10000001u] += 0u; out[0xffffffffu - g.x] = 2;\n"
               "  v[g.x] = v[g.x * 3u] + vec4u(1); v[g.x].y = 1;\n"
               "}",
               8, 1, 1))
    return;
  for (uint32_t i = 100; i < WORDS; i++)
    if (!CHECK_EQ(k.words[0][i], 7) || !CHECK_EQ(k.words[1][i], 7)) return;
  CHECK_EQ(k.words[0][99], 1);
}

TEST(workgroups_have_memory_of_their_own) { /* small ones, so that several run side by side */
  kernel k = {0};
  for (uint32_t i = 0; i < WORDS; i++) k.words[1][i] = i;
  if (!compute(&k,
               OUT
               "@group(0) @binding(1) var<storage> v: array<u32>;\n"
               "var<workgroup> t: array<u32, 16>;\n"
               "var<workgroup> n: atomic<u32>;\n"
               "@compute @workgroup_size(16) fn main(@builtin(global_invocation_id) g: vec3u,\n"
               "    @builtin(local_invocation_index) l: u32, @builtin(workgroup_id) w: vec3u) {\n"
               "  t[l] = v[g.x]; atomicAdd(&n, l);\n"
               "  workgroupBarrier();\n"
               "  for (var s = 8u; s > 0; s >>= 1) { if (l < s) { t[l] += t[l + s]; } workgroupBarrier(); }\n"
               "  let first = workgroupUniformLoad(&t[0]);\n"
               "  if (l == 0) { out[w.x] = first; out[w.x + 64] = atomicLoad(&n); }\n"
               "}",
               60, 1, 1))
    return;
  for (uint32_t w = 0; w < 60; w++) {
    CHECK_EQ(k.words[0][w], 16 * (16 * w) + 120);
    CHECK_EQ(k.words[0][w + 64], 120);
  }
}

TEST(atomics_count_every_lane) {
  kernel k = {0};
  if (!compute(&k,
               "@group(0) @binding(0) var<storage, read_write> out: array<atomic<u32>>;\n"
               "@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) g: vec3u) {\n"
               "  atomicAdd(&out[g.x % 7], 1); atomicMax(&out[8], g.x); atomicMin(&out[9], g.x); atomicOr(&out[10], 1u << (g.x % 32));\n"
               "  let r = atomicCompareExchangeWeak(&out[11], g.x, g.x + 1); if (r.exchanged) { atomicAdd(&out[12], 1); }\n"
               "}",
               10, 1, 1))
    return;
  uint32_t sum = 0;
  for (uint32_t i = 0; i < 7; i++) sum += k.words[0][i];
  CHECK_EQ(sum, 640);
  CHECK_EQ(k.words[0][8], 639);
  CHECK_EQ(k.words[0][10], 0xffffffffu);
  CHECK_EQ(k.words[0][11], k.words[0][12]);
  CHECK_EQ(k.words[0][11], 640); /* lanes take effect in order */
}

TEST(pointers_and_indexed_variables) {
  kernel k = {0};
  if (!compute(&k,
               OUT
               "struct S { a: array<vec2u, 4>, n: u32 }\n"
               "var<private> p: array<u32, 5>;\n"
               "fn put(at: ptr<function, vec2u>, v: u32) { (*at).y = v; }\n"
               "fn add(s: ptr<function, S>, i: u32) { s.a[i].x += i; s.n++; put(&s.a[i], s.n); p[i] = s.n; }\n"
               "@compute @workgroup_size(4) fn main(@builtin(local_invocation_index) l: u32) {\n"
               "  var s: S; let table = array(10u, 20u, 30u, 40u);\n"
               "  add(&s, l); add(&s, 3 - l); var m = mat2x2f(1, 2, 3, 4); m[l & 1][l >> 1] = 9;\n"
               "  out[l * 8] = s.a[l].x; out[l * 8 + 1] = s.a[l].y; out[l * 8 + 2] = s.n; out[l * 8 + 3] = table[l];\n"
               "  out[l * 8 + 4] = p[l] * 10 + p[3 - l]; out[l * 8 + 5] = u32(m[0].x * 1000 + m[0].y * 100 + m[1].x * 10 + m[1].y);\n"
               "}",
               1, 1, 1))
    return;
  static const uint32_t matrix[] = {9234, 1294, 1934, 1239};
  for (uint32_t l = 0; l < 4; l++) {
    const uint32_t *out = k.words[0] + l * 8;
    CHECK_EQ(out[0], l);
    CHECK_EQ(out[1], 1);
    CHECK_EQ(out[2], 2);
    CHECK_EQ(out[3], (l + 1) * 10);
    CHECK_EQ(out[4], 12);
    CHECK_EQ(out[5], matrix[l]);
  }
}

TEST(subgroups_take_in_the_active_lanes) {
  static const cpu_program_options options = {.subgroup_size = 8};
  kernel k = {0};
  weft_error err = {0};
  const char *source =
      "enable subgroups; diagnostic(off, subgroup_uniformity);\n" OUT
      "@compute @workgroup_size(20) fn main(@builtin(local_invocation_index) l: u32, @builtin(subgroup_size) n: u32) {\n"
      "  out[l] = subgroupAdd(l);\n"
      "  if ((l & 1) == 1) { out[l + 32] = subgroupInclusiveAdd(1u); out[l + 64] = subgroupBallot(true).x; }\n"
      "  out[l + 96] = subgroupShuffleXor(l, 1) * 100 + subgroupBroadcastFirst(l) + select(0u, 1000000u, subgroupElect());\n"
      "  out[l + 128] = n;\n"
      "}";
  if (CHECK_OK(kernel_make(&k, source, &options, &err), &err)) CHECK_OK(kernel_run(&k, 1, 1, 1, &err), &err);
  kernel_free(&k);
  CHECK_EQ(k.words[0][7], 28);
  CHECK_EQ(k.words[0][19], 16 + 17 + 18 + 19);
  CHECK_EQ(k.words[0][32 + 5], 3);
  CHECK_EQ(k.words[0][32 + 4], 0);
  CHECK_EQ(k.words[0][64 + 3], 0xaa);
  CHECK_EQ(k.words[0][64 + 19], 0xa);
  CHECK_EQ(k.words[0][96], 1000100);
  CHECK_EQ(k.words[0][96 + 9], 808);
  CHECK_EQ(k.words[0][128], 8);
}

/* ---- overrides, immediates, refusals --------------------------------------------------------------------------------- */

TEST(overrides_size_the_workgroup_and_its_memory) {
  kernel k = {0};
  weft_error err = {0};
  const char *source = "override n = 4u; override f: f32;\n" OUT
                       "var<workgroup> t: array<u32, n * 2>;\n"
                       "@compute @workgroup_size(n) fn main(@builtin(local_invocation_index) l: u32) {\n"
                       "  t[l + n] = l; workgroupBarrier(); out[l] = t[2 * n - 1 - l] + u32(f * f32(n));\n"
                       "}";
  k.module = wgsl_module_create(source, strlen(source));
  if (!CHECK(k.module && wgsl_module_valid(k.module))) return;
  const wgsl_reflection *r = wgsl_module_reflect(k.module);
  wgsl_constant constants[] = {{&r->overrides[0], 6}, {&r->overrides[1], 1.5}};
  cpu_program_options options = {.constants = constants, .n_constants = 1};
  CHECK_FAILS(cpu_program_create(k.module, &r->entries[0], &options, &k.program, &err), WEFT_SHADER, &err, "'f'");
  CHECK(k.program == NULL);
  options.n_constants = 2;
  if (CHECK_OK(cpu_program_create(k.module, &r->entries[0], &options, &k.program, &err), &err)) {
    CHECK_EQ(cpu_program_workgroup_size(k.program)[0], 6);
    CHECK_OK(kernel_run(&k, 1, 1, 1, &err), &err);
    for (uint32_t l = 0; l < 6; l++) CHECK_EQ(k.words[0][l], 5 - l + 9);
  }
  kernel_free(&k);
}

TEST(immediates_are_read) {
  kernel k = {0};
  memcpy(k.immediates, (uint32_t[]){3, 0x40000000u}, 8);
  if (compute(&k,
              "requires immediate_address_space;\n" OUT
              "struct I { n: u32, f: f32 } var<immediate> im: I;\n"
              "@compute @workgroup_size(1) fn main() { out[im.n] = u32(im.f * 4); }",
              1, 1, 1))
    CHECK_EQ(k.words[0][3], 8);
}

TEST(what_the_device_cannot_do_is_said) {
  kernel k = {0};
  weft_error err = {0};
  const char *texture = OUT "@group(0) @binding(1) var t: texture_2d<f32>;\n"
                            "@compute @workgroup_size(1) fn main() { out[0] = textureDimensions(t).x; }";
  CHECK_FAILS(kernel_make(&k, texture, NULL, &err), WEFT_UNSUPPORTED, &err, "'textureDimensions'");
  kernel_free(&k);
  const char *large = OUT "fn a(x: u32) -> u32 { return x * x + out[x]; }\n"
                          "fn b(x: u32) -> u32 { return a(a(a(a(a(a(a(a(x)))))))) + 1u; }\n"
                          "fn c(x: u32) -> u32 { return b(b(b(b(b(b(b(b(x)))))))) + 1u; }\n"
                          "fn d(x: u32) -> u32 { return c(c(c(c(c(c(c(c(x)))))))) + 1u; }\n"
                          "fn e(x: u32) -> u32 { return d(d(d(d(d(d(d(d(x)))))))) + 1u; }\n"
                          "fn f(x: u32) -> u32 { return e(e(e(e(e(e(e(e(x)))))))) + 1u; }\n"
                          "fn g(x: u32) -> u32 { return f(f(f(f(f(f(f(f(x)))))))) + 1u; }\n"
                          "@compute @workgroup_size(1) fn main() { out[0] = g(g(g(g(out[1])))); }";
  CHECK_FAILS(kernel_make(&k, large, NULL, &err), WEFT_UNSUPPORTED, &err, "instructions");
  kernel_free(&k);
}

/* ---- stopping, memory ------------------------------------------------------------------------------------------------- */

static void *stop_soon(void *flag) {
  nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
  atomic_store((atomic_bool *)flag, true);
  return NULL;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

TEST(an_endless_loop_stops) {
  static const char *const sources[] = {
      OUT "@compute @workgroup_size(64) fn main() { loop { out[0] += 1; if (out[1] == 1) { break; } } }",
      OUT "@compute @workgroup_size(64) fn main(@builtin(local_invocation_index) l: u32) {\n"
          "  while (out[1] + l < 1000) { for (var i = 0u; i < l; i++) { out[2] = i; } } }",
      OUT "@compute @workgroup_size(1) fn main() { for (;;) { if (out[1] > 0) { return; } } }"};
  for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
    kernel k = {0};
    weft_error err = {0};
    pthread_t thread;
    if (CHECK_OK(kernel_make(&k, sources[i], NULL, &err), &err) && CHECK_EQ(pthread_create(&thread, NULL, stop_soon, &k.stop), 0)) {
      double start = now();
      CHECK_OK(kernel_run(&k, 1, 1, 1, &err), &err);
      CHECK(now() - start < 0.5); /* the sanitizers take their time */
      pthread_join(thread, NULL);
    }
    kernel_free(&k);
  }
}

TEST(memory_may_end_at_any_point) {
  const char *source = OUT
      "struct S { a: array<u32, 3>, m: mat2x2f }\n"
      "var<private> p: S; var<workgroup> t: array<u32, 8>;\n"
      "fn f(s: ptr<private, S>, i: u32) -> u32 { for (var k = i; k < 9; k++) { if (k == 7) { return s.a[k % 3]; } s.a[i] += k; } return 1; }\n"
      "@compute @workgroup_size(8) fn main(@builtin(local_invocation_index) l: u32) {\n"
      "  p.m = p.m * mat2x2f(1, 2, 3, 4); t[l] = f(&p, l % 3); workgroupBarrier();\n"
      "  switch (l) { case 1, 2: { out[l] = t[l]; } default: { out[l] = array(4u, 5u, 6u)[l]; } }\n"
      "}";
  FAULTS {
    static kernel k;
    weft_error err = {0};
    weft_status status = kernel_make(&k, source, NULL, &err);
    if (status == WEFT_OK) status = kernel_run(&k, 1, 1, 1, &err);
    if (status != WEFT_OK) CHECK_FAILS(status, WEFT_MEMORY, &err, NULL);
    kernel_free(&k);
  }
}
