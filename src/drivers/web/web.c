/* The web driver's half in C: it turns each function of the driver table into one crossing to web.js, which owns all
 * objects and all state. Used by src/python/web_module.c.
 *
 *   weft_driver.x(device, …) ─▶ words[] ─▶ weft_web_call(entry, device, words, message) ─▶ entries.x of web.js
 *
 * - A crossing passes four 32-bit numbers: which entry, which device, where the arguments lie, where a message may go.
 *   Arguments are words, 64-bit ones low word first; a result comes back in the first word. So there is one JavaScript
 *   function, one signature, and no doubt about how types cross.
 * - JavaScript lets no exception through: it answers with a status and, where the caller has a weft_error, a text.
 * - A device is a handle, so C has nothing to free and JavaScript nothing of C's to keep. */
#include "drivers/web/web.h"

#include "base/error.h"

/* In web.js every entry has the same name. */
#define ENTRY_LIST(X)                                                                          \
  X(start) X(open) X(close) X(lose) X(query) X(text) X(buffer_create) X(buffer_write)          \
  X(module_create) X(layout_create) X(pipeline_create) X(release) X(submit) X(map_start)       \
  X(map_read) X(map_finish) X(poll) X(completion_text) X(defer) X(present) X(object_count)

enum {
#define X(name) ENTRY_##name,
  ENTRY_LIST(X)
#undef X
};

/* ---- the crossing --------------------------------------------------------------------------------
 * Emscripten's loader makes, by eval, the import NAME out of the object __em_js__NAME: "(parameters)<::>body". The body
 * here makes Module.weftWeb from web.js on the first call. Its tables are this side's lists. */

__attribute__((import_module("env"), import_name("weft_web_call"))) int32_t
weft_web_call(int32_t entry, int32_t device, uint32_t words, uint32_t message);

#define NAME(name) #name " "
#define NAME_OF_ENTRY(name) NAME(name)
#define NAME_OF_STATUS(name, text) NAME(name)
#define NAME_OF_WEBGPU(name, webgpu) webgpu " "
#define NAME_OF_LIMIT(name, webgpu) NAME(webgpu)

#define SCRIPT_HEAD                                                           \
  "(int entry, int device, int words, int message)<::>{ try { return (Module.weftWeb ||= ((tables) => {\n"
#define SCRIPT_TAIL                                                           \
  "\n})({ entries: '" ENTRY_LIST(NAME_OF_ENTRY) "',\n"                 \
  "statuses: '" WEFT_STATUS_LIST(NAME_OF_STATUS) "',\n"                \
  "limits: '" WEFT_LIMIT_LIST(NAME_OF_LIMIT) "',\n"                    \
  "features: '" WEFT_FEATURE_LIST(NAME_OF_WEBGPU) "',\n"               \
  "languages: '" WEFT_LANGUAGE_LIST(NAME_OF_WEBGPU) "' }))"            \
  ".call(entry, device, words, message); } catch (error) { return -1; } }"

__attribute__((unused)) static const unsigned char script[] = {
#embed "web.js"
};

__attribute__((used, visibility("default"), section("em_js"), aligned(1))) const struct {
  char head[sizeof SCRIPT_HEAD - 1] __attribute__((nonstring));
  unsigned char body[sizeof script];
  char tail[sizeof SCRIPT_TAIL];
} __em_js__weft_web_call = {SCRIPT_HEAD,
                            {
#embed "web.js"
                            },
                            SCRIPT_TAIL};

#define LOW(value) (uint32_t)(uint64_t)(value)
#define HIGH(value) (uint32_t)((uint64_t)(value) >> 32)
#define BOTH(value) LOW(value), HIGH(value)
#define ADDRESS(pointer) (uint32_t)(uintptr_t)(pointer)
#define WORDS(...) ((uint32_t[]){__VA_ARGS__})

/* For functions that can fail. */
static weft_status call(int32_t entry, void *device, uint32_t *words, weft_error *err) {
  weft_error nowhere;
  if (!err) err = &nowhere;
  int32_t status = weft_web_call(entry, (int32_t)ADDRESS(device), ADDRESS(words), ADDRESS(err->message));
  if (status == WEFT_OK) return WEFT_OK;
  if (status < 0) return weft__fail(err, WEFT_DEVICE, "the JavaScript part of weft does not answer");
  err->code = (weft_status)status;
  err->line = err->column = 0;
  return err->code;
}

/* For functions that cannot: an exception shows up as WEFT_FUTURE_UNCAPTURED. Returns the first word, 0 on failure. */
static uint32_t ask(int32_t entry, void *device, uint32_t *words) {
  return weft_web_call(entry, (int32_t)ADDRESS(device), ADDRESS(words), 0) == WEFT_OK ? words[0] : 0;
}

/* ---- the table -------------------------------------------------------------------------------- */

static weft_status web_open(void *context, const char *selector, weft_power power, const uint64_t *required_limits,
                            uint64_t required_features, uint32_t ready, void **device, weft_error *err) {
  (void)context;
  uint32_t *words = WORDS(ADDRESS(selector), power, ADDRESS(required_limits), LOW(required_features), ready);
  weft_status status = call(ENTRY_open, NULL, words, err);
  if (status == WEFT_OK) *device = (void *)(uintptr_t)words[0];
  return status;
}

static void web_close(void *device) { ask(ENTRY_close, device, WORDS(0)); }

static void web_lose(void *device) { ask(ENTRY_lose, device, WORDS(0)); }

static void web_query(void *device, uint64_t *limits, uint64_t *features, uint64_t *languages, weft_adapter *adapter,
                      double *tick) {
  for (int i = 0; i < WEFT_LIMIT_COUNT; i++) limits[i] = 0;
  *features = *languages = 0;
  *adapter = WEFT_ADAPTER_UNKNOWN;
  *tick = ask(ENTRY_query, device, WORDS(ADDRESS(limits), ADDRESS(features), ADDRESS(languages), ADDRESS(adapter))) != 0;
}

static size_t web_text(void *device, weft_info what, char *out, size_t capacity) {
  if (capacity) *out = 0;
  return ask(ENTRY_text, device, WORDS(what, ADDRESS(out), capacity));
}

static weft_status web_buffer_create(void *device, weft_id id, uint64_t n_bytes, uint32_t usage, uint32_t future,
                                     weft_error *err) {
  return call(ENTRY_buffer_create, device, WORDS(id, BOTH(n_bytes), usage, future), err);
}

static weft_status web_buffer_write(void *device, weft_id id, uint64_t offset, const void *bytes, uint64_t n_bytes,
                                    uint32_t future, weft_error *err) {
  return call(ENTRY_buffer_write, device, WORDS(id, BOTH(offset), ADDRESS(bytes), BOTH(n_bytes), future), err);
}

static weft_status web_module_create(void *device, weft_id id, const char *wgsl, size_t n_bytes, uint32_t future,
                                     weft_error *err) {
  return call(ENTRY_module_create, device, WORDS(id, ADDRESS(wgsl), n_bytes, future), err);
}

static weft_status web_layout_create(void *device, weft_id id, const uint32_t *entries, uint32_t n, weft_error *err) {
  return call(ENTRY_layout_create, device, WORDS(id, ADDRESS(entries), n), err);
}

static weft_status web_pipeline_create(void *device, weft_id id, weft_id module, const char *entry,
                                       const weft_id *layouts, uint32_t n_layouts, uint32_t immediate_bytes,
                                       const char *constants, const double *values, uint32_t n_constants,
                                       bool background, uint32_t future, weft_error *err) {
  return call(ENTRY_pipeline_create, device,
              WORDS(id, module, ADDRESS(entry), ADDRESS(layouts), n_layouts, immediate_bytes, ADDRESS(constants),
                    ADDRESS(values), n_constants, background, future),
              err);
}

static void web_release(void *device, const weft_id *ids, uint32_t n) {
  ask(ENTRY_release, device, WORDS(ADDRESS(ids), n));
}

static weft_status web_submit(void *device, const uint32_t *words, size_t n_words, weft_error *err) {
  return call(ENTRY_submit, device, WORDS(ADDRESS(words), n_words), err);
}

static weft_status web_map_start(void *device, weft_id id, uint64_t offset, uint64_t n_bytes, uint32_t future,
                                 weft_error *err) {
  return call(ENTRY_map_start, device, WORDS(id, BOTH(offset), BOTH(n_bytes), future), err);
}

static weft_status web_map_read(void *device, weft_id id, uint64_t offset, void *destination, uint64_t n_bytes,
                                weft_error *err) {
  return call(ENTRY_map_read, device, WORDS(id, BOTH(offset), ADDRESS(destination), BOTH(n_bytes)), err);
}

static void web_map_finish(void *device, weft_id id) { ask(ENTRY_map_finish, device, WORDS(id)); }

static uint32_t web_poll(void *device, weft_completion *out, uint32_t capacity) {
  return ask(ENTRY_poll, device, WORDS(ADDRESS(out), capacity));
}

static size_t web_completion_text(void *device, uint32_t future, char *out, size_t capacity) {
  if (capacity) *out = 0;
  return ask(ENTRY_completion_text, device, WORDS(future, ADDRESS(out), capacity));
}

static void web_defer(void *device, void (*callback)(void *argument), void *argument) {
  ask(ENTRY_defer, device, WORDS(ADDRESS(callback), ADDRESS(argument)));
}

static weft_status web_present(void *device, uint32_t canvas, weft_id buffer, uint64_t offset, uint32_t width,
                               uint32_t height, weft_error *err) {
  return call(ENTRY_present, device, WORDS(canvas, buffer, BOTH(offset), width, height), err);
}

static uint32_t web_object_count(void *device) { return ask(ENTRY_object_count, device, WORDS(0)); }

const weft_driver weft__web_driver = {
    .abi = WEFT_DRIVER_ABI,
    .name = "web",
    WEFT_DRIVER_FUNCTIONS(web),
    .defer = web_defer,
    .present = web_present,
};

/* ---- waiting ------------------------------------------------------------------------------------
 * Pyodide's run_sync wraps what it waits for in an asyncio future, whose answer takes turns of the event loop: as long as
 * the GPU's whole round trip. The function of Pyodide below it suspends on the promise itself. It is not public, hence
 * weak: where it is missing its address is 0. */

__attribute__((weak)) __externref_t JsvPromise_Syncify(__externref_t promise);

__attribute__((import_module("env"), import_name("weft_web_promise"))) __externref_t weft_web_promise(void);

__attribute__((used, visibility("default"), section("em_js"), aligned(1))) const char __em_js__weft_web_promise[] =
    "(void)<::>{ try { return Module.weftWeb.promise(); } catch (error) { return null; } }";

bool weft__web_suspend(void) {
  if (!JsvPromise_Syncify) return false;
  JsvPromise_Syncify(weft_web_promise());
  return true;
}

weft_status weft__web_start(weft_error *err) { return call(ENTRY_start, NULL, WORDS(0), err); }
