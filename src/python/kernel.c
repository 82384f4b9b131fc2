/* Kernel: one entry point of one WGSL module. Making it, and what it says of itself; call.c calls it. */
#include "python/kernel.h"

#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "python/docs.h"

/* ---- constants --------------------------------------------------------------------------------------------------- */

/* {name: number} -> array of weft_constant (PyMem, owned); names are borrowed from `dict`. */
static int read_constants(PyObject *dict, weft_constant **out) {
  Py_ssize_t n = PyDict_Size(dict), at = 0;
  PyObject *key, *value;
  weft_constant *constants = PyMem_Calloc((size_t)n + 1, sizeof *constants), *next = constants;
  if (!constants) {
    PyErr_NoMemory();
    return -1;
  }
  while (PyDict_Next(dict, &at, &key, &value) && next < constants + n) {
    next->name = PyUnicode_Check(key) ? PyUnicode_AsUTF8AndSize(key, NULL) : NULL;
    bool number = PyFloat_Check(value) || PyIndex_Check(value) || py_convert_is_scalar(value);
    next->value = number && next->name ? PyFloat_AsDouble(value) : 0;
    if (!next->name)
      py_error_type(key, "`constants` wants the name of an override, or its id as a string");
    else if (!number)
      py_error_type(value, "`constants`: `%s` wants a number or bool", next->name);
    if (PyErr_Occurred()) {
      PyMem_Free(constants);
      return -1;
    }
    next++;
  }
  *out = constants;
  return 0;
}

/* ---- names and slots --------------------------------------------------------------------------------------------- */

static int add_name(py_kernel *self, const char *text, int slot, uint32_t group, uint32_t binding) {
  PyObject *interned = PyUnicode_InternFromString(text);
  if (interned) self->names[self->n_names++] = (py_name){interned, slot, group, binding};
  return interned ? 0 : -1;
}

static int slot_called(const py_kernel *self, const char *text) {
  for (uint32_t i = 0; i < self->n_slots; i++)
    if (strcmp(self->slots[i].name, text) == 0) return (int)i;
  return PY_SLOT_UNUSED;
}

static int collect_names(py_kernel *self) {
  const wgsl_reflection *r = weft_kernel_reflect(self->kernel);
  self->names = PyMem_Calloc(PY_GRID_NAMES + r->n_bindings + self->n_slots, sizeof *self->names);
  if (!self->names) {
    PyErr_NoMemory();
    return -1;
  }
  if (add_name(self, "threads", PY_SLOT_THREADS, 0, 0) < 0 || add_name(self, "groups", PY_SLOT_GROUPS, 0, 0) < 0)
    return -1;
  for (uint32_t i = 0; i < r->n_bindings; i++) {
    const wgsl_binding *b = &r->bindings[i];
    if (add_name(self, b->name, slot_called(self, b->name), b->group, b->binding) < 0) return -1;
  }
  for (uint32_t i = 0; i < self->n_slots; i++)
    if (self->slots[i].kind == WEFT_SLOT_IMMEDIATE &&
        add_name(self, self->slots[i].name, (int)i, UINT32_MAX, UINT32_MAX) < 0)
      return -1;
  return 0;
}

static int collect_slots(py_kernel *self) {
  self->slot_facts = PyMem_Calloc(self->n_slots + 1, sizeof *self->slot_facts);
  if (!self->slot_facts) {
    PyErr_NoMemory();
    return -1;
  }
  for (uint32_t i = 0; i < self->n_slots; i++) {
    const weft_slot *s = &self->slots[i];
    if (s->kind != WEFT_SLOT_UNIFORM && s->kind != WEFT_SLOT_IMMEDIATE) continue;
    self->slot_facts[i].scratch_at = self->scratch_bytes;
    self->scratch_bytes += (s->type->size + 15) & ~15u;
    if (s->type->kind != WGSL_KIND_STRUCT) continue;
    PyObject **members = self->slot_facts[i].members = PyMem_Calloc(s->type->n_members + 1, sizeof *members);
    if (!members) {
      PyErr_NoMemory();
      return -1;
    }
    for (uint32_t m = 0; m < s->type->n_members; m++)
      if (!(members[m] = PyUnicode_InternFromString(s->type->members[m].name))) return -1;
  }
  return 0;
}

static void kernel_dealloc(PyObject *o) {
  py_kernel *self = (py_kernel *)o;
  for (uint32_t i = 0; self->slot_facts && i < self->n_slots; i++) {
    PyObject **members = self->slot_facts[i].members;
    for (uint32_t m = 0; members && m < self->slots[i].type->n_members; m++) Py_XDECREF(members[m]);
    PyMem_Free(members);
  }
  for (uint32_t i = 0; i < self->n_names; i++) Py_DECREF(self->names[i].text);
  for (int i = 0; i < PY_PLANS; i++) Py_XDECREF(self->plans[i].kwnames);
  PyMem_Free(self->slot_facts);
  PyMem_Free(self->names);
  if (!py_state_of(o)->forked) weft_kernel_release(self->kernel);
  Py_XDECREF(self->constants);
  Py_XDECREF(self->source);
  Py_XDECREF((PyObject *)self->device);
  py_object_free(o);
}

/* ---- making ------------------------------------------------------------------------------------------------------ */

/* Compiles into `self`. `ready`: NULL, or where the future of a background compilation goes. */
static int compile_kernel(py_state *state, py_kernel *self, const char *entry, weft_future **ready) {
  Py_ssize_t n_bytes;
  const char *source = PyUnicode_AsUTF8AndSize(self->source, &n_bytes);
  weft_constant *constants;
  if (!source || read_constants(self->constants, &constants) < 0) return -1;
  weft_kernel_options options = {
      .entry = entry, .constants = constants, .n_constants = (uint32_t)PyDict_Size(self->constants)};
  weft_error err;
  weft_status status = weft_kernel_create(self->device->device, source, (size_t)n_bytes, &options, ready != NULL,
                                          &self->kernel, ready, &err);
  PyMem_Free(constants);
  if (status == WEFT_OK) return 0;
  if (err.code == WEFT_SHADER)
    py_error_raise_shader(state, &err, self->source);
  else
    py_error_raise(state, &err);
  return -1;
}

/* The Kernel, and for a background compilation its future in *ready (owned). */
static py_kernel *make_kernel(PyObject *module, PyObject *args, PyObject *keywords, weft_future **ready) {
  static char *names[] = {"source", "entry", "constants", "device", NULL};
  py_state *state = PyModule_GetState(module);
  PyObject *source, *constants = NULL, *device = NULL;
  const char *entry = NULL;
  if (!PyArg_ParseTupleAndKeywords(args, keywords, "U|$zOO:kernel", names, &source, &entry, &constants, &device)) return NULL;
  py_kernel *self = (py_kernel *)py_object_create(state->kernel_type);
  if (!self) return NULL;
  self->vectorcall = py_kernel_vectorcall;
  self->source = source;
  Py_INCREF(source);
  self->constants = constants && constants != Py_None ? py_dict_read(constants, "constants") : PyDict_New();
  bool failed = !self->constants || !(self->device = py_device_get(state, device)) || compile_kernel(state, self, entry, ready) < 0;
  if (!failed) {
    self->slots = weft_kernel_slots(self->kernel, &self->n_slots);
    failed = collect_names(self) < 0 || collect_slots(self) < 0;
    if (failed && ready) weft_future_release(*ready);
  }
  if (failed) Py_CLEAR(self);
  return self;
}

static PyObject *module_kernel(PyObject *module, PyObject *args, PyObject *keywords) {
  return (PyObject *)make_kernel(module, args, keywords, NULL);
}

static PyObject *module_kernel_start(PyObject *module, PyObject *args, PyObject *keywords) {
  weft_future *ready = NULL;
  py_kernel *self = make_kernel(module, args, keywords, &ready);
  if (!self) return NULL;
  PyObject *future = py_future_create(PyModule_GetState(module), ready, PY_RESULT_SUBJECT, (PyObject *)self);
  Py_DECREF(self);
  return future;
}

/* ---- attributes -------------------------------------------------------------------------------------------------- */

static const char *access_of(const weft_slot *slot) {
  static const char *const words[] = {[WEFT_SLOT_UNIFORM] = "uniform",
                                      [WEFT_SLOT_READ] = "read",
                                      [WEFT_SLOT_READ_WRITE] = "read_write",
                                      [WEFT_SLOT_IMMEDIATE] = "immediate"};
  return words[slot->kind];
}

static PyStructSequence_Field binding_fields[] = {
    {"name", "name of the variable"},
    {"group", "number after @group; None for var<immediate>"},
    {"binding", "number after @binding; None for var<immediate>"},
    {"access", "'read', 'read_write', 'uniform' or 'immediate'"},
    {"type", "the WGSL type as written"},
    {"nbytes", "the smallest size in bytes that may be bound"},
    {NULL, NULL},
};

static PyStructSequence_Desc binding_description = {"weft.Binding", PY_DOC_BINDING, binding_fields, 6};

static PyObject *make_binding(py_state *state, const weft_slot *s) {
  PyObject *binding = PyStructSequence_New((PyTypeObject *)state->binding_type);
  if (!binding) return NULL;
  bool immediate = s->kind == WEFT_SLOT_IMMEDIATE;
  PyObject *values[] = {PyUnicode_FromString(s->name),
                        immediate ? Py_BuildValue("") : PyLong_FromUnsignedLong(s->group),
                        immediate ? Py_BuildValue("") : PyLong_FromUnsignedLong(s->binding),
                        PyUnicode_FromString(access_of(s)),
                        PyUnicode_FromString(s->type->name),
                        PyLong_FromUnsignedLong(s->min_bytes)};
  bool failed = false;
  for (Py_ssize_t i = 0; i < 6; i++) {
    failed |= !values[i];
    PyStructSequence_SetItem(binding, i, values[i]);
  }
  if (failed) Py_CLEAR(binding);
  return binding;
}

static PyObject *kernel_bindings(PyObject *o, void *closure) {
  (void)closure;
  py_kernel *self = (py_kernel *)o;
  PyObject *tuple = PyTuple_New((Py_ssize_t)self->n_slots);
  for (uint32_t i = 0; tuple && i < self->n_slots; i++) {
    PyObject *binding = make_binding(py_state_of(o), &self->slots[i]);
    if (!binding || PyTuple_SetItem(tuple, (Py_ssize_t)i, binding) < 0) Py_CLEAR(tuple);
  }
  return tuple;
}

static PyObject *kernel_workgroup_size(PyObject *o, void *closure) {
  (void)closure;
  const uint32_t *n = weft_kernel_workgroup_size(((py_kernel *)o)->kernel);
  return Py_BuildValue("(III)", (unsigned)n[0], (unsigned)n[1], (unsigned)n[2]);
}

static PyObject *kernel_entry(PyObject *o, void *closure) {
  (void)closure;
  return PyUnicode_FromString(weft_kernel_entry(((py_kernel *)o)->kernel));
}

static PyObject *kernel_constants(PyObject *o, void *closure) {
  (void)closure;
  return PyDict_Copy(((py_kernel *)o)->constants);
}

static PyObject *kernel_source(PyObject *o, void *closure) {
  (void)closure;
  PyObject *source = ((py_kernel *)o)->source;
  Py_INCREF(source);
  return source;
}

static PyObject *kernel_device(PyObject *o, void *closure) {
  (void)closure;
  PyObject *device = (PyObject *)((py_kernel *)o)->device;
  Py_INCREF((PyObject *)device);
  return device;
}

static PyObject *kernel_repr(PyObject *o) {
  py_kernel *self = (py_kernel *)o;
  const uint32_t *n = weft_kernel_workgroup_size(self->kernel);
  weft__text text = {0};
  weft__text_format(&text, "<weft.Kernel %s(", weft_kernel_entry(self->kernel));
  for (uint32_t i = 0; i < self->n_slots; i++)
    weft__text_format(&text, "%s%s: %s %s", i ? ", " : "", self->slots[i].name, access_of(&self->slots[i]),
                      self->slots[i].type->name);
  weft__text_format(&text, ") with workgroups of (%u, %u, %u)>", (unsigned)n[0], (unsigned)n[1], (unsigned)n[2]);
  PyObject *repr = text.failed ? PyErr_NoMemory() : PyUnicode_FromString(text.bytes);
  weft__text_free(&text);
  return repr;
}

static PyGetSetDef kernel_getset[] = {
    {"entry", kernel_entry, NULL, "Name of the entry point.", NULL},
    {"bindings", kernel_bindings, NULL, "What the entry point uses, in the order of arguments (tuple of Binding).",
     NULL},
    {"workgroup_size", kernel_workgroup_size, NULL, "Threads per workgroup (tuple of three ints).", NULL},
    {"constants", kernel_constants, NULL, "The override values it was made with (dict).", NULL},
    {"source", kernel_source, NULL, "The WGSL source.", NULL},
    {"device", kernel_device, NULL, "The Device it runs on.", NULL},
    {0},
};

static PyMemberDef kernel_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(py_kernel, vectorcall), READONLY, NULL},
    {0},
};

static PyType_Slot kernel_slots[] = {
    {Py_tp_doc, PY_DOC_KERNEL},
    {Py_tp_dealloc, (void *)kernel_dealloc},
    {Py_tp_call, (void *)py_kernel_call},
    {Py_tp_repr, (void *)kernel_repr},
    {Py_tp_getset, kernel_getset},
    {Py_tp_members, kernel_members},
    {0},
};

static PyType_Spec kernel_spec = {
    .name = "weft.Kernel",
    .basicsize = sizeof(py_kernel),
    .flags =
        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION | PY_TPFLAGS_HAVE_VECTORCALL,
    .slots = kernel_slots,
};

static PyMethodDef functions[] = {
    PY_KEYWORDS("kernel", module_kernel, PY_DOC_KERNEL_FUNCTION),
    PY_KEYWORDS("kernel_start", module_kernel_start, PY_DOC_START),
    {0},
};

int py_kernel_init(PyObject *module) {
  py_state *state = PyModule_GetState(module);
  if (py_type_add(module, &kernel_spec, &state->kernel_type) < 0) return -1;
  state->binding_type = (PyObject *)PyStructSequence_NewType(&binding_description);
  if (!state->binding_type || PyModule_AddObjectRef(module, "Binding", state->binding_type) < 0) return -1;
  return PyModule_AddFunctions(module, functions);
}
