/* What weft.check and weft.reflect (python/weft/_check.py) are made of: diagnostics and reflection as plain tuples. No
 * device is needed; the GIL is free while a source is checked. */
#include <string.h>

#include "python/docs.h"
#include "python/extension.h"

/* ---- diagnostics ------------------------------------------------------------------------------------------------- */

/* (line, column, line of the end, column of the end) */
static PyObject *make_place(const wgsl_module *m, wgsl_span span) {
  wgsl_span end = wgsl_span_end(m, span);
  return Py_BuildValue("(IIII)", (unsigned)span.line, (unsigned)span.column, (unsigned)end.line, (unsigned)end.column);
}

/* Text of the checker: UTF-8 that may have been cut to fit. NULL is None. */
static PyObject *make_text(const char *text) {
  return text ? PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace") : Py_BuildValue("");
}

static PyObject *make_notes(const wgsl_module *m, const wgsl_diagnostic *d) {
  PyObject *notes = PyTuple_New((Py_ssize_t)d->n_notes);
  for (uint32_t i = 0; notes && i < d->n_notes; i++) {
    PyObject *note = Py_BuildValue("(NN)", make_text(d->notes[i].message), make_place(m, d->notes[i].span));
    if (!note || PyTuple_SetItem(notes, (Py_ssize_t)i, note) < 0) Py_CLEAR(notes);
  }
  return notes;
}

static PyObject *render(const wgsl_module *m, const wgsl_diagnostic *d) {
  size_t n = wgsl_diagnostic_render(m, d, NULL, 0);
  char *text = PyMem_Malloc(n + 1);
  if (!text) return PyErr_NoMemory();
  wgsl_diagnostic_render(m, d, text, n + 1);
  PyObject *string = PyUnicode_DecodeUTF8(text, (Py_ssize_t)n, "replace");
  PyMem_Free(text);
  return string;
}

/* (severity, code, message, hint or None, place, ((message, place), …), rendered) */
static PyObject *make_diagnostic(const wgsl_module *m, const wgsl_diagnostic *d) {
  static const char *const severities[] = {
      [WGSL_SEVERITY_ERROR] = "error", [WGSL_SEVERITY_WARNING] = "warning", [WGSL_SEVERITY_INFO] = "info"};
  return Py_BuildValue("(ssNNNNN)", severities[d->severity], d->code, make_text(d->message), make_text(d->hint),
                       make_place(m, d->span), make_notes(m, d), render(m, d));
}

static PyObject *make_diagnostics(const wgsl_module *m) {
  PyObject *list = PyList_New(0);
  for (uint32_t i = 0; list && i < wgsl_diagnostic_count(m); i++) {
    PyObject *each = make_diagnostic(m, wgsl_diagnostic_get(m, i));
    if (!each || PyList_Append(list, each) < 0) Py_CLEAR(list);
    Py_XDECREF(each);
  }
  return list;
}

/* The module of `source`, or NULL with MemoryError. */
static wgsl_module *check_source(const char *source, Py_ssize_t n_bytes, const wgsl_check_options *options) {
  wgsl_module *m;
  Py_BEGIN_ALLOW_THREADS
  m = wgsl_module_check(source, (size_t)n_bytes, options);
  Py_END_ALLOW_THREADS
  if (!m) PyErr_NoMemory();
  return m;
}

/* check(source, features, entry, constants, pipeline): names are bytes without NUL, `constants` pairs. */
static PyObject *module_check(PyObject *module, PyObject *args) {
  (void)module;
  const char *source;
  Py_ssize_t n_bytes;
  PyObject *names, *entry, *pairs, *result = NULL;
  int pipeline;
  wgsl_check_options options = {0};
  if (!PyArg_ParseTuple(args, "y#OOO!p", &source, &n_bytes, &names, &entry, &PyTuple_Type, &pairs, &pipeline))
    return NULL;
  Py_ssize_t n_features = names == Py_None ? 0 : PyTuple_Size(names), n_constants = PyTuple_Size(pairs);
  if (n_features < 0) return NULL;
  const char **features = PyMem_Calloc((size_t)n_features + 1, sizeof *features);
  wgsl_named_constant *constants = PyMem_Calloc((size_t)n_constants + 1, sizeof *constants);
  bool failed = !features || !constants;
  if (failed) PyErr_NoMemory();
  if (!failed && entry != Py_None) failed = !(options.entry = PyBytes_AsString(entry));
  for (Py_ssize_t i = 0; i < n_features && !failed; i++)
    failed = !(features[i] = PyBytes_AsString(PyTuple_GetItem(names, i)));
  for (Py_ssize_t i = 0; i < n_constants && !failed; i++)
    failed = !PyArg_ParseTuple(PyTuple_GetItem(pairs, i), "yd", &constants[i].name, &constants[i].value);
  options.features = names == Py_None ? NULL : features;
  options.n_features = (uint32_t)n_features;
  options.constants = constants;
  options.n_constants = (uint32_t)n_constants;
  options.pipeline = pipeline != 0;
  wgsl_module *m = failed ? NULL : check_source(source, n_bytes, &options);
  if (m) result = make_diagnostics(m);
  wgsl_module_destroy(m);
  PyMem_Free((void *)features);
  PyMem_Free(constants);
  return result;
}

/* ---- reflection -------------------------------------------------------------------------------------------------- */

static PyObject *make_names(const char *const *names, uint32_t n) {
  PyObject *tuple = PyTuple_New((Py_ssize_t)n);
  for (uint32_t i = 0; tuple && i < n; i++) {
    PyObject *name = PyUnicode_FromString(names[i]);
    if (!name || PyTuple_SetItem(tuple, (Py_ssize_t)i, name) < 0) Py_CLEAR(tuple);
  }
  return tuple;
}

/* types[name] = (bytes, align, stride, count, element or None, ((name, type, offset, bytes), …)), and so on inside. */
static int add_type(PyObject *types, const wgsl_type *t) {
  PyObject *name = PyUnicode_FromString(t->name), *members = PyTuple_New((Py_ssize_t)t->n_members);
  int known = name && members ? PyDict_Contains(types, name) : -1;
  for (uint32_t i = 0; known == 0 && i < t->n_members; i++) {
    const wgsl_member *m = &t->members[i];
    PyObject *member = Py_BuildValue("(ssII)", m->name, m->type->name, (unsigned)m->offset, (unsigned)m->size);
    if (!member || PyTuple_SetItem(members, (Py_ssize_t)i, member) < 0) known = -1;
  }
  if (known == 0) {
    const char *element = t->kind == WGSL_KIND_ARRAY ? t->element->name : NULL;
    PyObject *layout = Py_BuildValue("(IIIIzO)", (unsigned)t->size, (unsigned)t->align, (unsigned)t->stride,
                                     (unsigned)t->count, element, members);
    if (!layout || PyDict_SetItem(types, name, layout) < 0) known = -1;
    Py_XDECREF(layout);
    if (known == 0 && element && add_type(types, t->element) < 0) known = -1;
    for (uint32_t i = 0; known == 0 && i < t->n_members; i++)
      if (add_type(types, t->members[i].type) < 0) known = -1;
  }
  Py_XDECREF(name);
  Py_XDECREF(members);
  return known < 0 ? -1 : 0;
}

/* (name, group, binding, access, type, bytes): what Binding is made of */
static PyObject *make_binding(const wgsl_binding *b, PyObject *types) {
  static const char *const access[] = {[WGSL_SPACE_UNIFORM] = "uniform",
                                       [WGSL_SPACE_STORAGE_READ] = "read",
                                       [WGSL_SPACE_STORAGE_READ_WRITE] = "read_write",
                                       [WGSL_SPACE_HANDLE] = "handle"};
  if (add_type(types, b->type) < 0) return NULL;
  return Py_BuildValue("(sIIssI)", b->name, (unsigned)b->group, (unsigned)b->binding, access[b->space], b->type->name,
                       (unsigned)b->min_bytes);
}

/* (name, id or -1, type, has a default) */
static PyObject *make_override(const wgsl_override *o) {
  static const char *const scalars[] = {[WGSL_SCALAR_NONE] = "",     [WGSL_SCALAR_BOOL] = "bool",
                                        [WGSL_SCALAR_I32] = "i32", [WGSL_SCALAR_U32] = "u32",
                                        [WGSL_SCALAR_F32] = "f32", [WGSL_SCALAR_F16] = "f16"};
  return Py_BuildValue("(sisi)", o->name, (int)o->id, scalars[o->scalar], (int)o->has_default);
}

/* Which of the module's bindings the entry point uses. */
static PyObject *make_uses(const wgsl_reflection *r, const wgsl_entry *e) {
  PyObject *tuple = PyTuple_New((Py_ssize_t)e->n_bindings);
  for (uint32_t i = 0; tuple && i < e->n_bindings; i++) {
    PyObject *index = PyLong_FromSsize_t(e->bindings[i] - r->bindings);
    if (!index || PyTuple_SetItem(tuple, (Py_ssize_t)i, index) < 0) Py_CLEAR(tuple);
  }
  return tuple;
}

static PyObject *make_override_uses(const wgsl_reflection *r, const wgsl_entry *e) {
  PyObject *tuple = PyTuple_New((Py_ssize_t)e->n_overrides);
  for (uint32_t i = 0; tuple && i < e->n_overrides; i++) {
    PyObject *index = PyLong_FromSsize_t(e->overrides[i] - r->overrides);
    if (!index || PyTuple_SetItem(tuple, (Py_ssize_t)i, index) < 0) Py_CLEAR(tuple);
  }
  return tuple;
}

/* (name, type, bytes) of the var<immediate>, or None */
static PyObject *make_immediate(const wgsl_entry *e, PyObject *types) {
  if (!e->immediate) return Py_BuildValue("");
  if (add_type(types, e->immediate) < 0) return NULL;
  return Py_BuildValue("(ssI)", e->immediate_name, e->immediate->name, (unsigned)e->immediate->size);
}

/* ((x, y, z), bytes of workgroup memory) with the defaults of the overrides; None without them, or in other stages */
static PyObject *make_workgroup(const wgsl_module *m, const wgsl_entry *e) {
  wgsl_pipeline p;
  if (e->stage != WGSL_STAGE_COMPUTE || !wgsl_entry_evaluate(m, e, NULL, 0, &p, NULL, 0)) return Py_BuildValue("");
  const uint32_t *n = p.workgroup_size;
  return Py_BuildValue("((III)K)", (unsigned)n[0], (unsigned)n[1], (unsigned)n[2],
                       (unsigned long long)p.workgroup_bytes);
}

static PyObject *make_entry(const wgsl_module *m, const wgsl_entry *e, PyObject *types) {
  static const char *const stages[] = {
      [WGSL_STAGE_COMPUTE] = "compute", [WGSL_STAGE_VERTEX] = "vertex", [WGSL_STAGE_FRAGMENT] = "fragment"};
  const wgsl_reflection *r = wgsl_module_reflect(m);
  return Py_BuildValue("(ssNNNN)", e->name, stages[e->stage], make_uses(r, e), make_override_uses(r, e),
                       make_immediate(e, types), make_workgroup(m, e));
}

/* list += [item], which is consumed; NULL: an exception is pending */
static bool append(PyObject *list, PyObject *item) {
  bool ok = item && PyList_Append(list, item) == 0;
  Py_XDECREF(item);
  return ok;
}

static PyObject *make_reflection(const wgsl_module *m) {
  const wgsl_reflection *r = wgsl_module_reflect(m);
  PyObject *entries = PyList_New(0), *bindings = PyList_New(0), *overrides = PyList_New(0), *types = PyDict_New();
  bool ok = entries && bindings && overrides && types;
  for (uint32_t i = 0; ok && i < r->n_bindings; i++) ok = append(bindings, make_binding(&r->bindings[i], types));
  for (uint32_t i = 0; ok && i < r->n_overrides; i++) ok = append(overrides, make_override(&r->overrides[i]));
  for (uint32_t i = 0; ok && i < r->n_entries; i++) ok = append(entries, make_entry(m, &r->entries[i], types));
  PyObject *result = !ok ? NULL
                         : Py_BuildValue("(OOOONN)", entries, bindings, overrides, types,
                                         make_names(r->enables, r->n_enables), make_names(r->requires, r->n_requires));
  Py_XDECREF(entries);
  Py_XDECREF(bindings);
  Py_XDECREF(overrides);
  Py_XDECREF(types);
  return result;
}

/* (diagnostics, reflection or None) */
static PyObject *module_reflect(PyObject *module, PyObject *args) {
  (void)module;
  const char *source;
  Py_ssize_t n_bytes;
  if (!PyArg_ParseTuple(args, "y#", &source, &n_bytes)) return NULL;
  wgsl_module *m = check_source(source, n_bytes, NULL);
  if (!m) return NULL;
  PyObject *result = Py_BuildValue("(NN)", make_diagnostics(m), wgsl_module_valid(m) ? make_reflection(m) : Py_BuildValue(""));
  wgsl_module_destroy(m);
  return result;
}

static PyMethodDef functions[] = {
    {"check", module_check, METH_VARARGS, PY_DOC_INTERNAL},
    {"reflect", module_reflect, METH_VARARGS, PY_DOC_INTERNAL},
    {0},
};

int py_check_init(PyObject *module) { return PyModule_AddFunctions(module, functions); }
