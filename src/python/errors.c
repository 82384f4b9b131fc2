/* The one place where a status of the core becomes a Python exception. The classes of weft's own are written in Python
 * (weft/_errors.py); this table says which is which. */
#include "base/error.h"

#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "python/extension.h"

static const struct {
  weft_status status;
  const char *module, *name;
} exceptions[] = {
    {WEFT_MEMORY, "builtins", "MemoryError"},
    {WEFT_VALUE, "builtins", "ValueError"},
    {WEFT_TYPE, "builtins", "TypeError"},
    {WEFT_STATE, "weft._errors", "StateError"},
    {WEFT_SHADER, "weft._errors", "ShaderError"},
    {WEFT_DEVICE, "weft._errors", "DeviceError"},
    {WEFT_LOST, "weft._errors", "DeviceLostError"},
    {WEFT_UNSUPPORTED, "weft._errors", "UnsupportedError"},
    {WEFT_BLOCKED, "weft._errors", "CannotBlockError"},
    {WEFT_INTERRUPTED, "builtins", "KeyboardInterrupt"},
    {WEFT_HOST, "builtins", "SystemError"},
};

_Static_assert(sizeof exceptions / sizeof *exceptions + 1 == PY_STATUS_COUNT, "every status but OK has its exception");

int py_errors_init(py_state *state) {
  for (size_t i = 0; i < sizeof exceptions / sizeof *exceptions; i++) {
    PyObject *module = PyImport_ImportModule(exceptions[i].module);
    if (!module) return -1;
    state->exceptions[exceptions[i].status] = PyObject_GetAttrString(module, exceptions[i].name);
    Py_DECREF(module);
    if (!state->exceptions[exceptions[i].status]) return -1;
  }
  return 0;
}

PyObject *py_error_raise_shader(py_state *state, const weft_error *err, PyObject *source) {
  PyObject *e = PyObject_CallFunction(state->exceptions[WEFT_SHADER], "sIIO", err->message, (unsigned)err->line,
                                      (unsigned)err->column, source ? source : Py_None);
  if (e) PyErr_SetObject(state->exceptions[WEFT_SHADER], e);
  Py_XDECREF(e);
  return NULL;
}

PyObject *py_error_raise(py_state *state, const weft_error *err) {
  if (err->code == WEFT_SHADER) return py_error_raise_shader(state, err, NULL);
  if ((err->code == WEFT_INTERRUPTED || err->code == WEFT_HOST) && PyErr_Occurred()) return NULL;
  unsigned code = (unsigned)err->code < PY_STATUS_COUNT && err->code != WEFT_OK ? (unsigned)err->code : WEFT_HOST;
  PyErr_SetString(state->exceptions[code], err->message);
  return NULL;
}

/* "; there are x, y" into `out`; "" when they are none or too many for it. */
static void list_names(py_candidate candidate, const void *data, char out[PY_HINT_CAPACITY]) {
  const char *each;
  size_t n = 0;
  for (uint32_t i = 0; (each = candidate(data, i)); i++) {
    const char *before = i ? ", " : candidate(data, 1) ? "; there are " : "; there is ";
    if (n + strlen(before) + strlen(each) >= PY_HINT_CAPACITY) {
      out[0] = 0;
      return;
    }
    n += (size_t)PyOS_snprintf(out + n, PY_HINT_CAPACITY - n, "%s%s", before, each);
  }
}

const char *py_error_hint(PyObject *name, py_candidate candidate, const void *data, char out[PY_HINT_CAPACITY]) {
  out[0] = 0;
  Py_ssize_t n;
  const char *text = PyUnicode_Check(name) ? PyUnicode_AsUTF8AndSize(name, &n) : NULL;
  if (!text) {
    PyErr_Clear();
    return out;
  }
  const char *best = NULL;
  uint32_t best_distance = UINT32_MAX;
  const char *each;
  for (uint32_t i = 0; (each = candidate(data, i)); i++) {
    uint32_t distance = weft__text_distance(text, (size_t)n, each, strlen(each), 63);
    if (distance < best_distance && weft__text_similar(text, (size_t)n, each, strlen(each))) {
      best = each;
      best_distance = distance;
    }
  }
  if (best) PyOS_snprintf(out, PY_HINT_CAPACITY, " (did you mean `%.63s`?)", best);
  else list_names(candidate, data, out);
  return out;
}

PyObject *py_error_name(PyObject *name) {
  return PyUnicode_Check(name) ? PyUnicode_FromFormat("`%U`", name) : PyObject_Repr(name);
}

int py_error_type(PyObject *got, const char *format, ...) {
  va_list args;
  va_start(args, format);
  PyObject *message = PyUnicode_FromFormatV(format, args);
  va_end(args);
  PyObject *name = message ? PyType_GetName(Py_TYPE(got)) : NULL;
  if (name) PyErr_Format(PyExc_TypeError, "%U, got %U", message, name);
  Py_XDECREF(message);
  Py_XDECREF(name);
  return -1;
}

void py_error_prefix(const char *prefix) {
  if (!*prefix || !(PyErr_ExceptionMatches(PyExc_TypeError) || PyErr_ExceptionMatches(PyExc_ValueError) ||
                    PyErr_ExceptionMatches(PyExc_OverflowError)))
    return;
  PyObject *type, *value, *traceback;
  PyErr_Fetch(&type, &value, &traceback);
  PyErr_NormalizeException(&type, &value, &traceback);
  PyObject *text = value ? PyObject_Str(value) : NULL;
  if (text) {
    PyErr_Format(type, "%s%U", prefix, text);
    Py_DECREF(text);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
  } else {
    PyErr_Restore(type, value, traceback);
  }
}
