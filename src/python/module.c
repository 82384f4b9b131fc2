/* The module weft._core: its state, and what all types share. */
#include "python/docs.h"
#include "python/extension.h"

PyObject *py_object_create(PyObject *type) {
  allocfunc create = (allocfunc)PyType_GetSlot((PyTypeObject *)type, Py_tp_alloc);
  return create((PyTypeObject *)type, 0);
}

PyObject *py_dict_read(PyObject *mapping, const char *argument) {
  PyObject *dict = PyDict_New();
  if (!PyMapping_Check(mapping) || !PyObject_HasAttrString(mapping, "keys")) {
    py_error_type(mapping, "`%s` wants a mapping", argument);
    Py_CLEAR(dict);
  } else if (dict && PyDict_Update(dict, mapping) < 0) {
    Py_CLEAR(dict);
  }
  return dict;
}

void py_object_free(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
  release(self);
  Py_DECREF(type);
}

int py_type_add(PyObject *module, PyType_Spec *spec, PyObject **slot) {
  *slot = PyType_FromModuleAndSpec(module, spec, NULL);
  return *slot ? PyModule_AddType(module, (PyTypeObject *)*slot) : -1;
}

static int module_exec(PyObject *module) {
  py_state *state = PyModule_GetState(module);
  if (py_errors_init(state) < 0 || py_dtype_init(module) < 0 || py_device_init(module) < 0 || py_batch_init(module) < 0 ||
      py_buffer_init(module) < 0 || py_array_init(module) < 0 || py_kernel_init(module) < 0 ||
      py_recording_init(module) < 0 || py_timer_init(module) < 0 || py_show_init(module) < 0 || py_future_init(module) < 0 ||
      py_check_init(module) < 0)
    return -1;
  return PyModule_AddStringConstant(module, "__version__", WEFT_VERSION);
}

static int module_traverse(PyObject *module, visitproc visit, void *arg) {
  py_state *state = PyModule_GetState(module);
  if (!state) return 0;
#define X(name) Py_VISIT(state->name);
  PY_STATE_OBJECTS(X)
#undef X
  for (int i = 0; i < PY_STATUS_COUNT; i++) Py_VISIT(state->exceptions[i]);
  for (int i = 0; i < WEFT_DTYPE_COUNT; i++) Py_VISIT(state->dtypes[i]);
  return 0;
}

static int module_clear(PyObject *module) {
  py_state *state = PyModule_GetState(module);
  if (!state) return 0;
  /* The driver's capsule stays until the instance is gone. */
  PyObject *web = state->web, *driver = state->web_driver, *reason = state->absent_reason;
  state->web = state->web_driver = state->absent_reason = NULL;
#define X(name) Py_CLEAR(state->name);
  PY_STATE_OBJECTS(X)
#undef X
  state->web = web;
  state->web_driver = driver;
  state->absent_reason = reason;
  for (int i = 0; i < PY_STATUS_COUNT; i++) Py_CLEAR(state->exceptions[i]);
  for (int i = 0; i < WEFT_DTYPE_COUNT; i++) Py_CLEAR(state->dtypes[i]);
  return 0;
}

static void module_free(void *module) {
  py_state *state = PyModule_GetState(module);
  if (!state) return;
  module_clear(module);
  py_host_free(state);
}

static PyModuleDef_Slot module_slots[] = {{Py_mod_exec, (void *)module_exec}, {0, NULL}};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT,      .m_name = "weft._core",  .m_doc = "The compiled part of weft.",
    .m_size = sizeof(py_state), .m_slots = module_slots, .m_traverse = module_traverse,
    .m_clear = module_clear,    .m_free = module_free,
};

PyMODINIT_FUNC PyInit__core(void) { return PyModuleDef_Init(&module_definition); }
