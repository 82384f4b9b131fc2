/* libFuzzer: any bytes give a module or diagnostics that can be printed; what is valid can be reflected and evaluated, and
 * stays valid when it is made to clear its workgroup memory.
 * Sources of odd length are checked as pipelines without features. The words of the tables are the dictionary. */
#include <stdlib.h>

#include "wgsl/wgsl.h"

static void clear(const wgsl_module *m) {
  wgsl_cleared c;
  if (!wgsl_module_cleared(m, &c)) return;
  wgsl_module *again = c.source && !c.obstacle ? wgsl_module_create(c.source, c.n_bytes) : NULL;
  if (again && !wgsl_module_valid(again)) abort();
  wgsl_module_destroy(again);
  wgsl_cleared_free(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
  static const char *const features[] = {"subgroups"};
  const wgsl_named_constant values[] = {{"n", 3}, {"1", -1}};
  bool pipeline = n_bytes & 1;
  wgsl_check_options options = {.features = features, .n_features = 1, .constants = values, .n_constants = 2, .pipeline = true};
  wgsl_module *m = wgsl_module_check((const char *)data, n_bytes, pipeline ? &options : NULL);
  if (!m) return 0;
  for (uint32_t i = 0; i < wgsl_diagnostic_count(m); i++) {
    char text[512];
    const wgsl_diagnostic *d = wgsl_diagnostic_get(m, i);
    size_t length = wgsl_diagnostic_render(m, d, text, sizeof text);
    if (length == 0 || (d->span.line == 0 && !pipeline)) abort();
  }
  const wgsl_reflection *r = wgsl_module_reflect(m);
  if (wgsl_module_valid(m) != (r != NULL)) abort();
  for (uint32_t i = 0; r && i < r->n_entries; i++) {
    wgsl_constant constants[4];
    uint32_t n = 0;
    for (; n < r->entries[i].n_overrides && n < 4; n++)
      constants[n] = (wgsl_constant){r->entries[i].overrides[n], (double)(data[n % n_bytes] + 1)};
    wgsl_pipeline p;
    char message[128];
    if (wgsl_entry_evaluate(m, &r->entries[i], constants, n, &p, message, sizeof message) && p.workgroup_size[0] == 0)
      abort();
  }
  if (r && !pipeline) clear(m);
  wgsl_module_destroy(m);
  return 0;
}
