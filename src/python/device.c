/* Device: one open GPU device, and the functions of the module that act on a whole device.
 *
 *   state->devices:  what was asked for (wish) -> Device    one that is opening is here too, so that all wait for the same
 *   state->default_device                                   the one for "" (that is, WEFT_DEVICE or the best)
 *
 * The best device is a GPU, else the CPU. But once a GPU was it and is lost, only a GPU takes its place.
 *
 * An adapter that is open already is not kept open twice: once the second Device has settled, the first stands for it
 * (py_device_same), unless it was asked for with new=True. A Device that failed to open leaves the table; one that was
 * lost is replaced when it is asked for again. Waiting for the loss of one is written in Python (weft/_devices.py). */
#include <string.h>

#include "python/docs.h"
#include "python/extension.h"

/* ---- opening ----------------------------------------------------------------------------------------------------- */

/* What is asked for: the arguments of weft.device. */
typedef struct wish {
  PyObject *key; /* owned: (selector, power, limits, features), the key in state->devices */
  const char *selector;
  weft_power power;
  uint64_t limits[WEFT_LIMIT_COUNT], features;
  bool alone;
} wish;

/* Puts `by` (NULL: nothing) in the place of `device`, wherever it is found under what was asked for. */
static void replace_device(py_state *state, py_device *device, py_device *by) {
  PyObject *type, *value, *traceback, *key, *each;
  Py_ssize_t at = 0;
  PyErr_Fetch(&type, &value, &traceback);
  if (state->default_device == (PyObject *)device) {
    state->default_device = (PyObject *)by;
    Py_XINCREF((PyObject *)by);
    Py_DECREF((PyObject *)device);
  }
  PyObject *items = PyDict_Items(state->devices);
  Py_ssize_t n = items ? PyList_Size(items) : 0;
  for (; at < n; at++) {
    key = PyTuple_GetItem(PyList_GetItem(items, at), 0);
    each = PyTuple_GetItem(PyList_GetItem(items, at), 1);
    if (each != (PyObject *)device) continue;
    if ((by ? PyDict_SetItem(state->devices, key, (PyObject *)by) : PyDict_DelItem(state->devices, key)) < 0) PyErr_Clear();
  }
  Py_XDECREF(items);
  PyErr_Restore(type, value, traceback);
}

static void forget_device(py_state *state, py_device *device) { replace_device(state, device, NULL); }

static bool is_lost(const py_device *device) {
  return !device->ready && weft_device_failed(device->device, NULL) == WEFT_LOST;
}

static bool same_adapter(weft_device *a, weft_device *b) {
  const weft_device_info *i = weft_device_query(a), *k = weft_device_query(b);
  return !strcmp(i->driver, k->driver) && !strcmp(i->name, k->name) && !strcmp(i->vendor, k->vendor) &&
         !strcmp(i->architecture, k->architecture) && !strcmp(i->backend, k->backend);
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

py_device *py_device_same(py_state *state, py_device *device) {
  PyObject *key, *each;
  Py_ssize_t at = 0;
  py_device *same = device;
  if (py_device_settled(state, device) < 0) return NULL;
  while (!device->alone && same == device && PyDict_Next(state->devices, &at, &key, &each)) {
    py_device *other = (py_device *)each;
    if (other != device && !other->ready && same_adapter(other->device, device->device) && !is_lost(other)) same = other;
  }
  Py_INCREF((PyObject *)same);
  if (same != device) replace_device(state, device, same);
  return same;
}

/* Waits for `device` (consumed; NULL passes through) and returns the one to use. */
static py_device *wait_device(py_state *state, py_device *device) {
  if (!device || !device->ready) return device;
  weft_future *ready = weft_future_retain(device->ready); /* another task may settle the device meanwhile */
  int failed = py_host_wait(state, ready, "await weft.device_async()");
  weft_status status = failed ? weft_future_status(ready, NULL) : WEFT_OK;
  if (status != WEFT_OK && status != WEFT_STATE) forget_device(state, device);
  weft_future_release(ready);
  py_device *same = failed ? NULL : py_device_same(state, device);
  Py_DECREF((PyObject *)device);
  return same;
}

static py_device *start_device(py_state *state, const wish *w) {
  weft_instance *instance = py_host_instance(state);
  py_device *device = instance ? (py_device *)py_object_create(state->device_type) : NULL;
  if (!device) return NULL;
  weft_device_options options = {
      .selector = *w->selector || !state->had_gpu ? w->selector : "gpu", .power = w->power, .required_limits = w->limits, .required_features = w->features};
  weft_error err;
  device->alone = w->alone;
  if (weft_device_open(instance, &options, &device->device, &device->ready, &err) != WEFT_OK) {
    Py_DECREF((PyObject *)device);
    py_error_raise(state, &err);
    return NULL;
  }
  if (!w->alone && PyDict_SetItem(state->devices, w->key, (PyObject *)device) < 0) Py_CLEAR(device);
  return device;
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

/* Whether the device (NULL: none) is lost; that a GPU which weft had chosen by itself is, is kept in mind. */
static bool note_loss(py_state *state, const wish *w, const py_device *device) {
  if (!device || !is_lost(device)) return false;
  if (!*w->selector && strcmp(weft_device_query(device->device)->driver, "cpu")) state->had_gpu = true;
  return true;
}

/* The Device for a wish, maybe still opening. */
static py_device *open_device(py_state *state, const wish *w) {
  py_device *device = w->alone ? NULL : (py_device *)PyDict_GetItemWithError(state->devices, w->key);
  if (py_host_check(state) < 0) return NULL;
  Py_XINCREF((PyObject *)device);
  note_loss(state, w, (const py_device *)state->default_device); /* also for a wish that is another one's */
  if (note_loss(state, w, device)) {
    forget_device(state, device);
    Py_CLEAR(device);
  }
  return device || PyErr_Occurred() ? device : start_device(state, w);
}

/* The default device, maybe still opening. */
static py_device *open_default(py_state *state) {
  wish w = {.key = NULL};
  PyObject *selector = default_selector();
  w.selector = selector ? PyUnicode_AsUTF8AndSize(selector, NULL) : NULL;
  w.key = w.selector ? Py_BuildValue("(Oi()K)", selector, 0, 0ull) : NULL;
  py_device *device = w.key ? open_device(state, &w) : NULL;
  Py_XDECREF(w.key);
  Py_XDECREF(selector);
  if (device) {
    PyObject *old = state->default_device;
    Py_INCREF((PyObject *)device);
    state->default_device = (PyObject *)device;
    Py_XDECREF(old);
  }
  return device;
}

py_device *py_device_get(py_state *state, PyObject *argument) {
  py_device *device;
  if (py_host_check(state) < 0) return NULL;
  if (argument && argument != Py_None) {
    if (Py_TYPE(argument) != (PyTypeObject *)state->device_type) {
      if (PyUnicode_Check(argument))
        PyErr_Format(PyExc_TypeError, "`device` wants a weft.Device, got %R: weft.device(%R) gives one", argument, argument);
      else
        py_error_type(argument, "`device` wants a weft.Device (weft.device() gives one)");
      return NULL;
    }
    device = (py_device *)argument;
    Py_INCREF(argument);
  } else if (state->default_device) {
    device = (py_device *)state->default_device;
    Py_INCREF((PyObject *)device);
  } else {
    device = open_default(state);
  }
  return wait_device(state, device);
}

/* ---- the type ---------------------------------------------------------------------------------------------------- */

static void device_dealloc(PyObject *o) {
  py_device *self = (py_device *)o;
  if (!py_state_of(o)->forked) {
    weft_future_release(self->ready);
    weft_device_release(self->device);
  }
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

static const char *const limit_names[] = {
#define X(name, webgpu) #webgpu,
    WEFT_LIMIT_LIST(X)
#undef X
};

static PyObject *device_limits(PyObject *self, void *closure) {
  (void)closure;
  const weft_device_info *info = info_of(self);
  PyObject *limits = info ? PyDict_New() : NULL;
  for (int i = 0; limits && i < WEFT_LIMIT_COUNT; i++) {
    PyObject *number = PyLong_FromUnsignedLongLong(info->limits[i]);
    if (!number || PyDict_SetItemString(limits, limit_names[i], number) < 0) Py_CLEAR(limits);
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
  const char *lost = info && !py_state_of(o)->forked && is_lost((py_device *)o) ? ", lost" : "";
  return info ? PyUnicode_FromFormat("<weft.Device %s: %s, %s%s>", info->driver, info->name, info->backend, lost) : NULL;
}

/* Calls a function of weft._devices with (self[, argument]). */
static PyObject *call_devices(const char *function, PyObject *self, PyObject *argument) {
  PyObject *module = PyImport_ImportModule("weft._devices");
  PyObject *callable = module ? PyObject_GetAttrString(module, function) : NULL;
  PyObject *result = callable ? PyObject_CallFunctionObjArgs(callable, self, argument, NULL) : NULL;
  Py_XDECREF(callable);
  Py_XDECREF(module);
  return result;
}

static PyObject *device_lost(PyObject *self, void *closure) {
  (void)closure;
  return call_devices("Lost", self, NULL);
}

static PyObject *device_on_lost(PyObject *self, PyObject *callback) { return call_devices("on_lost", self, callback); }

static PyObject *device_destroy(PyObject *self, PyObject *nothing) {
  (void)nothing;
  if (py_host_check(py_state_of(self)) < 0 || !info_of(self)) return NULL;
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
    {"lost", device_lost, NULL, PY_DOC_DEVICE_LOST, NULL},
    {"kind", device_kind, NULL, "``\"discrete\"``, ``\"integrated\"``, ``\"cpu\"`` or ``\"unknown\"``.", NULL},
    {0},
};

static PyMethodDef device_methods[] = {
    {"destroy", device_destroy, METH_NOARGS, PY_DOC_DEVICE_DESTROY},
    {"on_lost", device_on_lost, METH_O, PY_DOC_DEVICE_ON_LOST},
    {0},
};

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

/* ---- functions of the module ------------------------------------------------------------------------------------- */

static const char *const feature_names[] = {
#define X(name, webgpu) webgpu,
    WEFT_FEATURE_LIST(X)
#undef X
};

static const char *limit_name(const void *data, uint32_t i) {
  (void)data;
  return i < WEFT_LIMIT_COUNT ? limit_names[i] : NULL;
}

static const char *feature_name(const void *data, uint32_t i) {
  (void)data;
  return i < WEFT_FEATURE_COUNT ? feature_names[i] : NULL;
}

/* The index of `name` among the candidates, or -1 with an exception that names the nearest. */
static int find_wished(const char *argument, const char *what, PyObject *name, py_candidate candidate) {
  const char *each;
  char hint[PY_HINT_CAPACITY];
  if (!PyUnicode_Check(name)) return py_error_type(name, "`%s` wants names of %ss", argument, what);
  for (int i = 0; (each = candidate(NULL, (uint32_t)i)); i++)
    if (PyUnicode_CompareWithASCIIString(name, each) == 0) return i;
  PyErr_Format(PyExc_ValueError, "`%s`: no %s is called `%U`%s", argument, what, name,
               py_error_hint(name, candidate, NULL, hint));
  return -1;
}

static int read_limits(PyObject *argument, wish *w) {
  PyObject *given = py_dict_read(argument, "required_limits"), *name, *number;
  Py_ssize_t at = 0;
  int failed = given ? 0 : -1;
  while (!failed && PyDict_Next(given, &at, &name, &number)) {
    int i = find_wished("required_limits", "limit", name, limit_name);
    if (i < 0 || !PyIndex_Check(number)) {
      failed = i < 0 ? -1 : py_error_type(number, "`required_limits`: %s wants an int", limit_names[i]);
      continue;
    }
    PyObject *index = PyNumber_Index(number);
    w->limits[i] = index ? PyLong_AsUnsignedLongLong(index) : 0;
    Py_XDECREF(index);
    if (PyErr_Occurred()) failed = -1;
  }
  Py_XDECREF(given);
  return failed;
}

static int read_features(PyObject *argument, wish *w) {
  if (PyUnicode_Check(argument)) return py_error_type(argument, "`required_features` wants a sequence of names");
  PyObject *iterator = PyObject_GetIter(argument), *name;
  int failed = iterator ? 0 : -1;
  while (!failed && (name = PyIter_Next(iterator))) {
    int i = find_wished("required_features", "feature that weft uses", name, feature_name);
    if (i < 0) failed = -1;
    else w->features |= 1ull << i;
    Py_DECREF(name);
  }
  Py_XDECREF(iterator);
  return failed || PyErr_Occurred() ? -1 : 0;
}

static int read_power(const char *text, weft_power *out) {
  static const char *const words[] = {[WEFT_POWER_ANY] = "", [WEFT_POWER_LOW] = "low", [WEFT_POWER_HIGH] = "high"};
  for (int i = WEFT_POWER_LOW; text && i <= WEFT_POWER_HIGH; i++)
    if (strcmp(words[i], text) == 0) *out = (weft_power)i;
  if (!text || *out != WEFT_POWER_ANY) return 0;
  PyErr_Format(PyExc_ValueError, "`power` is \"low\" or \"high\", not \"%s\"", text);
  return -1;
}

static PyObject *limits_key(const wish *w) {
  PyObject *tuple = PyTuple_New(WEFT_LIMIT_COUNT);
  for (int i = 0; tuple && i < WEFT_LIMIT_COUNT; i++) {
    PyObject *number = PyLong_FromUnsignedLongLong(w->limits[i]);
    if (!number || PyTuple_SetItem(tuple, i, number) < 0) Py_CLEAR(tuple);
  }
  return tuple;
}

/* The Device that the arguments of weft.device ask for, maybe still opening. */
static py_device *wished_device(py_state *state, PyObject *args, PyObject *keywords) {
  static char *names[] = {"selector", "power", "required_limits", "required_features", "new", NULL};
  PyObject *selector = NULL, *limits = Py_None, *features = Py_None;
  const char *power = NULL;
  int alone = 0;
  wish w = {.selector = ""};
  if (!PyArg_ParseTupleAndKeywords(args, keywords, "|U$zOOp:device", names, &selector, &power, &limits, &features, &alone))
    return NULL;
  w.alone = alone;
  if (read_power(power, &w.power) < 0 || (limits != Py_None && read_limits(limits, &w) < 0) ||
      (features != Py_None && read_features(features, &w) < 0))
    return NULL;
  bool plain = !alone && limits == Py_None && features == Py_None && w.power == WEFT_POWER_ANY;
  if (plain && (!selector || PyObject_Size(selector) == 0)) return open_default(state);
  PyObject *which = selector && PyObject_Size(selector) ? selector : default_selector();
  if (which == selector) Py_INCREF(which);
  w.selector = which ? PyUnicode_AsUTF8AndSize(which, NULL) : NULL;
  PyObject *numbers = w.selector && limits != Py_None ? limits_key(&w) : PyTuple_New(0);
  w.key = w.selector && numbers ? Py_BuildValue("(OiOK)", which, (int)w.power, numbers, (unsigned long long)w.features) : NULL;
  py_device *device = w.key ? open_device(state, &w) : NULL;
  Py_XDECREF(numbers);
  Py_XDECREF(w.key);
  Py_XDECREF(which);
  return device;
}

static PyObject *module_device(PyObject *module, PyObject *args, PyObject *keywords) {
  py_state *state = PyModule_GetState(module);
  return (PyObject *)wait_device(state, wished_device(state, args, keywords));
}

static PyObject *module_device_start(PyObject *module, PyObject *args, PyObject *keywords) {
  py_state *state = PyModule_GetState(module);
  py_device *device = wished_device(state, args, keywords);
  if (!device || !device->ready) return (PyObject *)device;
  PyObject *future = py_future_create(state, weft_future_retain(device->ready), PY_RESULT_SUBJECT, (PyObject *)device);
  Py_DECREF((PyObject *)device);
  return future;
}

/* Why a device is lost; None while it is not. For weft._devices. */
static PyObject *module_lost_reason(PyObject *module, PyObject *o) {
  py_state *state = PyModule_GetState(module);
  weft_error err;
  if (Py_TYPE(o) != (PyTypeObject *)state->device_type) return py_error_type(o, "wants a weft.Device"), NULL;
  if (py_host_check(state) < 0) return NULL;
  if (((py_device *)o)->ready || weft_device_failed(((py_device *)o)->device, &err) != WEFT_LOST) Py_RETURN_NONE;
  return PyUnicode_FromString(err.message);
}

static PyObject *module_forked(PyObject *module, PyObject *nothing) {
  (void)nothing;
  py_state *state = PyModule_GetState(module);
  if (state->instance) state->forked = true;
  Py_RETURN_NONE;
}

/* The device of a function whose only argument is an optional device. */
static py_device *only_device(PyObject *module, PyObject *args, PyObject *keywords) {
  static char *names[] = {"device", NULL};
  PyObject *device = NULL;
  if (!PyArg_ParseTupleAndKeywords(args, keywords, "|O", names, &device)) return NULL;
  return py_device_get(PyModule_GetState(module), device);
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
    {"lost_reason", module_lost_reason, METH_O, PY_DOC_INTERNAL},
    {"forked", module_forked, METH_NOARGS, PY_DOC_INTERNAL},
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
  return PyModule_AddFunctions(module, functions);
}
