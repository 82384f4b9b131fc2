/* Device: one open GPU device, and the functions of the module that act on a whole device.
 *
 *   state->devices:  selector -> Device        one that is opening is here too, so that all wait for the same
 *   state->default_device                      the one for "" (that is, WEFT_DEVICE or the best)
 *
 * A Device that failed to open leaves the table; one that was lost is replaced when it is asked for again. */
#include <string.h>

#include "python/docs.h"
#include "python/extension.h"

/* ---- opening ----------------------------------------------------------------------------------------------------- */

static void forget_device(py_state *state, py_device *device) {
  PyObject *type, *value, *traceback;
  PyErr_Fetch(&type, &value, &traceback);
  if (state->default_device == (PyObject *)device) Py_CLEAR(state->default_device);
  PyObject *key, *each;
  Py_ssize_t at = 0;
  while (PyDict_Next(state->devices, &at, &key, &each)) {
    if (each != (PyObject *)device) continue;
    Py_INCREF(key);
    if (PyDict_DelItem(state->devices, key) < 0) PyErr_Clear();
    Py_DECREF(key);
    break;
  }
  PyErr_Restore(type, value, traceback);
}

int py_device_settled(py_state *state, py_device *device) {
  weft_error err;
  if (!device->ready) return 0;
  weft_status status = weft_future_status(device->ready, &err);
  if (status == WEFT_OK) {
    weft_future_release(device->ready);
    device->ready = NULL;
    return 0;
  }
  if (status != WEFT_STATE) forget_device(state, device);
  py_error_raise(state, &err);
  return -1;
}

static int wait_device(py_state *state, py_device *device) {
  if (!device->ready) return 0;
  weft_future *ready = weft_future_retain(device->ready); /* another task may settle the device meanwhile */
  int failed = py_host_wait(state, ready, "await weft.device_async()");
  weft_status status = failed ? weft_future_status(ready, NULL) : WEFT_OK;
  if (status != WEFT_OK && status != WEFT_STATE) forget_device(state, device);
  weft_future_release(ready);
  return failed ? -1 : py_device_settled(state, device);
}

static PyObject *start_device(py_state *state, PyObject *selector) {
  weft_instance *instance = py_host_instance(state);
  const char *text = instance ? PyUnicode_AsUTF8AndSize(selector, NULL) : NULL;
  py_device *device = text ? (py_device *)py_object_create(state->device_type) : NULL;
  if (!device) return NULL;
  weft_device_options options = {.selector = text};
  weft_error err;
  if (weft_device_open(instance, &options, &device->device, &device->ready, &err) != WEFT_OK) {
    Py_DECREF((PyObject *)device);
    return py_error_raise(state, &err);
  }
  if (PyDict_SetItem(state->devices, selector, (PyObject *)device) < 0) Py_CLEAR(device);
  return (PyObject *)device;
}

/* What "" means: the environment's WEFT_DEVICE, or "". */
static PyObject *default_selector(void) {
  PyObject *os = PyImport_ImportModule("os");
  PyObject *environment = os ? PyObject_GetAttrString(os, "environ") : NULL;
  PyObject *selector = environment ? PyObject_CallMethod(environment, "get", "ss", "WEFT_DEVICE", "") : NULL;
  Py_XDECREF(os);
  Py_XDECREF(environment);
  return selector;
}

py_device *py_device_open(py_state *state, PyObject *selector) {
  bool is_default = PyObject_Size(selector) == 0;
  PyObject *key = is_default ? default_selector() : selector;
  if (!key) return NULL;
  if (!is_default) Py_INCREF(key);
  PyObject *device = PyDict_GetItemWithError(state->devices, key);
  Py_XINCREF(device);
  weft_error err;
  if (device && !((py_device *)device)->ready && weft_device_failed(((py_device *)device)->device, &err) == WEFT_LOST) {
    forget_device(state, (py_device *)device);
    Py_CLEAR(device);
  }
  if (!device && !PyErr_Occurred()) device = start_device(state, key);
  Py_DECREF(key);
  if (device && is_default) {
    PyObject *old = state->default_device;
    Py_INCREF((PyObject *)device);
    state->default_device = device;
    Py_XDECREF(old);
  }
  return (py_device *)device;
}

py_device *py_device_get(py_state *state, PyObject *argument) {
  py_device *device;
  if (argument && argument != Py_None) {
    if (Py_TYPE(argument) != (PyTypeObject *)state->device_type) {
      py_error_type(argument, "device wants a weft.Device");
      return NULL;
    }
    Py_INCREF(argument);
    device = (py_device *)argument;
  } else if (state->default_device) {
    Py_INCREF(state->default_device);
    device = (py_device *)state->default_device;
  } else {
    PyObject *empty = PyUnicode_FromString("");
    device = empty ? py_device_open(state, empty) : NULL;
    Py_XDECREF(empty);
  }
  if (device && wait_device(state, device) < 0) Py_CLEAR(device);
  return device;
}

/* ---- the type ---------------------------------------------------------------------------------------------------- */

static void device_dealloc(PyObject *o) {
  py_device *self = (py_device *)o;
  weft_future_release(self->ready);
  weft_device_release(self->device);
  py_object_free(o);
}

/* Facts about an open device; NULL with an exception while it is opening. */
static const weft_device_info *info_of(PyObject *o) {
  py_device *self = (py_device *)o;
  if (self->ready && py_device_settled(py_state_of(o), self) < 0) return NULL;
  return weft_device_query(self->device);
}

/* The texts of weft_device_info; `closure` is the offset of the field. */
static PyObject *device_text(PyObject *self, void *closure) {
  const weft_device_info *info = info_of(self);
  if (!info) return NULL;
  const char *text;
  memcpy(&text, (const char *)info + (size_t)(uintptr_t)closure, sizeof text);
  return PyUnicode_FromString(text ? text : "");
}

static PyObject *device_features(PyObject *self, void *closure) {
  (void)closure;
  const weft_device_info *info = info_of(self);
  PyObject *text = info ? PyUnicode_FromString(info->features ? info->features : "") : NULL;
  PyObject *names = text ? PyUnicode_Split(text, NULL, -1) : NULL;
  PyObject *set = names ? PyFrozenSet_New(names) : NULL;
  Py_XDECREF(text);
  Py_XDECREF(names);
  return set;
}

static PyObject *device_limits(PyObject *self, void *closure) {
  (void)closure;
  static const char *const names[] = {
#define X(name, webgpu) #webgpu,
      WEFT_LIMIT_LIST(X)
#undef X
  };
  const weft_device_info *info = info_of(self);
  PyObject *limits = info ? PyDict_New() : NULL;
  for (int i = 0; limits && i < WEFT_LIMIT_COUNT; i++) {
    PyObject *number = PyLong_FromUnsignedLongLong(info->limits[i]);
    if (!number || PyDict_SetItemString(limits, names[i], number) < 0) Py_CLEAR(limits);
    Py_XDECREF(number);
  }
  return limits;
}

static PyObject *device_kind(PyObject *self, void *closure) {
  (void)closure;
  static const char *const kinds[] = {"unknown", "discrete", "integrated", "cpu"};
  const weft_device_info *info = info_of(self);
  return info ? PyUnicode_FromString(kinds[info->adapter]) : NULL;
}

static PyObject *device_repr(PyObject *o) {
  if (((py_device *)o)->ready) return PyUnicode_FromString("<weft.Device, opening>");
  const weft_device_info *info = info_of(o);
  return info ? PyUnicode_FromFormat("<weft.Device %s: %s, %s>", info->driver, info->name, info->backend) : NULL;
}

static PyObject *device_destroy(PyObject *self, PyObject *nothing) {
  (void)nothing;
  if (!info_of(self)) return NULL;
  weft_device_lose(((py_device *)self)->device);
  Py_RETURN_NONE;
}

#define TEXT(name, doc) {#name, device_text, NULL, doc, (void *)offsetof(weft_device_info, name)}

static PyGetSetDef device_getset[] = {
    TEXT(name, "The adapter as people know it."),
    TEXT(driver, "The driver of weft: ``\"native\"``, ``\"web\"`` …"),
    TEXT(vendor, "The vendor as the API says."),
    TEXT(architecture, "The architecture as the API says."),
    TEXT(backend, "What runs below: ``\"Vulkan\"``, ``\"WebGPU\"`` …"),
    TEXT(library, "One sentence: which library, or the browser."),
    {"features", device_features, NULL, "WebGPU's names of the enabled features (frozenset of str).", NULL},
    {"limits", device_limits, NULL, "WebGPU's limits by name (dict of str to int).", NULL},
    {"kind", device_kind, NULL, "``\"discrete\"``, ``\"integrated\"``, ``\"cpu\"`` or ``\"unknown\"``.", NULL},
    {0},
};

static PyMethodDef device_methods[] = {{"destroy", device_destroy, METH_NOARGS, PY_DOC_DEVICE_DESTROY}, {0}};

static PyType_Slot device_slots[] = {
    {Py_tp_doc, PY_DOC_DEVICE},    {Py_tp_dealloc, (void *)device_dealloc}, {Py_tp_repr, (void *)device_repr},
    {Py_tp_getset, device_getset}, {Py_tp_methods, device_methods},         {0},
};

static PyType_Spec device_spec = {
    .name = "weft.Device",
    .basicsize = sizeof(py_device),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = device_slots,
};

/* ---- batch ------------------------------------------------------------------------------------------------------- */

typedef struct py_batch {
  PyObject_HEAD py_device *device; /* owned */
  uint32_t depth;                  /* entered and not left */
} py_batch;

static PyObject *batch_enter(PyObject *o, PyObject *nothing) {
  (void)nothing;
  py_batch *self = (py_batch *)o;
  weft_device_batch_begin(self->device->device);
  self->depth++;
  Py_INCREF(o);
  return o;
}

static PyObject *batch_exit(PyObject *o, PyObject *args) {
  py_batch *self = (py_batch *)o;
  weft_error err;
  if (!self->depth) {
    PyErr_SetString(py_state_of(o)->exceptions[WEFT_STATE], "this batch was not entered");
    return NULL;
  }
  self->depth--;
  /* An exception of the body goes before what the device has to say. */
  bool failing = PyTuple_Size(args) > 0 && PyTuple_GetItem(args, 0) != Py_None;
  if (weft_device_batch_end(self->device->device, &err) != WEFT_OK && !failing)
    return py_error_raise(py_state_of(o), &err);
  Py_RETURN_FALSE;
}

static void batch_dealloc(PyObject *o) {
  py_batch *self = (py_batch *)o;
  for (; self->depth; self->depth--)
    if (weft_device_batch_end(self->device->device, NULL) != WEFT_OK) continue; /* nobody is left to hear of it */
  Py_XDECREF((PyObject *)self->device);
  py_object_free(o);
}

static PyMethodDef batch_methods[] = {
    {"__enter__", batch_enter, METH_NOARGS, NULL},
    {"__exit__", batch_exit, METH_VARARGS, NULL},
    {0},
};

static PyType_Slot batch_slots[] = {
    {Py_tp_doc, PY_DOC_BATCH_TYPE}, {Py_tp_dealloc, (void *)batch_dealloc}, {Py_tp_methods, batch_methods}, {0}};

static PyType_Spec batch_spec = {
    .name = "weft._core.Batch",
    .basicsize = sizeof(py_batch),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = batch_slots,
};

/* ---- functions of the module ------------------------------------------------------------------------------------- */

static PyObject *read_selector(PyObject *args, PyObject *keywords) {
  static char *names[] = {"selector", NULL};
  PyObject *selector = NULL;
  if (!PyArg_ParseTupleAndKeywords(args, keywords, "|U", names, &selector)) return NULL;
  if (!selector) return PyUnicode_FromString("");
  Py_INCREF(selector);
  return selector;
}

static PyObject *module_device(PyObject *module, PyObject *args, PyObject *keywords) {
  py_state *state = PyModule_GetState(module);
  PyObject *selector = read_selector(args, keywords);
  py_device *device = selector ? py_device_open(state, selector) : NULL;
  Py_XDECREF(selector);
  if (device && wait_device(state, device) < 0) Py_CLEAR(device);
  return (PyObject *)device;
}

static PyObject *module_device_start(PyObject *module, PyObject *args, PyObject *keywords) {
  py_state *state = PyModule_GetState(module);
  PyObject *selector = read_selector(args, keywords);
  py_device *device = selector ? py_device_open(state, selector) : NULL;
  Py_XDECREF(selector);
  if (!device || !device->ready) return (PyObject *)device;
  PyObject *future = py_future_create(state, weft_future_retain(device->ready), PY_RESULT_SUBJECT, (PyObject *)device);
  Py_DECREF((PyObject *)device);
  return future;
}

/* The device of a function whose only argument is an optional device. */
static py_device *only_device(PyObject *module, PyObject *args, PyObject *keywords) {
  static char *names[] = {"device", NULL};
  PyObject *device = NULL;
  if (!PyArg_ParseTupleAndKeywords(args, keywords, "|O", names, &device)) return NULL;
  return py_device_get(PyModule_GetState(module), device);
}

static PyObject *module_batch(PyObject *module, PyObject *args, PyObject *keywords) {
  py_device *device = only_device(module, args, keywords);
  py_batch *batch = device ? (py_batch *)py_object_create(((py_state *)PyModule_GetState(module))->batch_type) : NULL;
  if (batch)
    batch->device = device;
  else
    Py_XDECREF((PyObject *)device);
  return (PyObject *)batch;
}

/* Starts a synchronisation. NULL with an exception. */
static weft_future *start_synchronize(py_state *state, py_device *device) {
  weft_error err;
  weft_future *future;
  if (weft_device_synchronize(device->device, &future, &err) == WEFT_OK) return future;
  py_error_raise(state, &err);
  return NULL;
}

static PyObject *module_synchronize(PyObject *module, PyObject *args, PyObject *keywords) {
  py_state *state = PyModule_GetState(module);
  py_device *device = only_device(module, args, keywords);
  weft_future *future = device ? start_synchronize(state, device) : NULL;
  int failed = future ? py_host_wait(state, future, "await weft.synchronize_async()") : -1;
  weft_future_release(future);
  Py_XDECREF((PyObject *)device);
  if (failed) return NULL;
  Py_RETURN_NONE;
}

static PyObject *module_synchronize_start(PyObject *module, PyObject *args, PyObject *keywords) {
  py_state *state = PyModule_GetState(module);
  py_device *device = only_device(module, args, keywords);
  weft_future *future = device ? start_synchronize(state, device) : NULL;
  PyObject *result = future ? py_future_create(state, future, PY_RESULT_NONE, NULL) : NULL;
  Py_XDECREF((PyObject *)device);
  return result;
}

static PyObject *module_flush(PyObject *module, PyObject *args, PyObject *keywords) {
  py_device *device = only_device(module, args, keywords);
  if (!device) return NULL;
  weft_error err;
  weft_status status = weft_device_flush(device->device, &err);
  Py_DECREF((PyObject *)device);
  if (status != WEFT_OK) return py_error_raise(PyModule_GetState(module), &err);
  Py_RETURN_NONE;
}

static PyObject *module_trim(PyObject *module, PyObject *args, PyObject *keywords) {
  py_device *device = only_device(module, args, keywords);
  if (!device) return NULL;
  uint64_t bytes = weft_device_trim(device->device);
  Py_DECREF((PyObject *)device);
  return PyLong_FromUnsignedLongLong(bytes);
}

static PyObject *module_stats(PyObject *module, PyObject *args, PyObject *keywords) {
  static const char *const names[] = {
#define X(name, text) #name,
      WEFT_STATS_LIST(X)
#undef X
  };
  py_device *device = only_device(module, args, keywords);
  if (!device) return NULL;
  weft_stats stats;
  weft_device_stats(device->device, &stats);
  Py_DECREF((PyObject *)device);
  const uint64_t numbers[] = {
#define X(name, text) stats.name,
      WEFT_STATS_LIST(X)
#undef X
  };
  PyObject *dict = PyDict_New();
  for (size_t i = 0; dict && i < sizeof numbers / sizeof *numbers; i++) {
    PyObject *number = PyLong_FromUnsignedLongLong(numbers[i]);
    if (!number || PyDict_SetItemString(dict, names[i], number) < 0) Py_CLEAR(dict);
    Py_XDECREF(number);
  }
  return dict;
}

static PyMethodDef functions[] = {
    PY_KEYWORDS("device", module_device, PY_DOC_DEVICE_FUNCTION),
    PY_KEYWORDS("device_start", module_device_start, PY_DOC_START),
    PY_KEYWORDS("batch", module_batch, PY_DOC_BATCH),
    PY_KEYWORDS("synchronize", module_synchronize, PY_DOC_SYNCHRONIZE),
    PY_KEYWORDS("synchronize_start", module_synchronize_start, PY_DOC_START),
    PY_KEYWORDS("flush", module_flush, PY_DOC_FLUSH),
    PY_KEYWORDS("trim", module_trim, PY_DOC_TRIM),
    PY_KEYWORDS("stats", module_stats, PY_DOC_STATS),
    {0},
};

int py_device_init(PyObject *module) {
  py_state *state = PyModule_GetState(module);
  if (!(state->devices = PyDict_New())) return -1;
  if (py_type_add(module, &device_spec, &state->device_type) < 0) return -1;
  if (py_type_add(module, &batch_spec, &state->batch_type) < 0) return -1;
  return PyModule_AddFunctions(module, functions);
}
