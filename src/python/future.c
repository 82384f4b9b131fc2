/* Futures: what a started read, kernel, device or synchronisation looks like to Python.
 *
 *   x.to_numpy()        start -> wait (host.c) -> take
 *   x.to_numpy_async()  start -> Future -> weft._async.settle(future): a coroutine that asks done(), then result()
 *
 * The bytes of a read go straight into the memory of the object that is returned. That object is made after the wait,
 * or is the caller's and asked for its memory then, so no pointer into it lives across one. */
#include <string.h>

#include "python/docs.h"
#include "python/extension.h"

typedef struct py_future {
  PyObject_HEAD weft_future *future; /* owned */
  PyObject *subject;                 /* owned; NULL for NONE */
  py_result result;
} py_future;

/* ---- results ----------------------------------------------------------------------------------------------------- */

/* Moves the bytes of a finished read into a new writable object (consumed, also on failure; NULL passes through). */
static PyObject *take_into(py_state *state, weft_future *future, PyObject *target) {
  Py_buffer view;
  if (!target) return NULL;
  if (PyObject_GetBuffer(target, &view, PyBUF_WRITABLE) < 0) {
    Py_DECREF(target);
    return NULL;
  }
  weft_error err;
  weft_status status = weft_future_take(future, view.buf, (uint64_t)view.len, &err);
  PyBuffer_Release(&view);
  if (status == WEFT_OK) return target;
  Py_DECREF(target);
  return py_error_raise(state, &err);
}

static PyObject *new_bytearray(py_storage *self) {
  return PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)self->n_bytes);
}

static PyObject *take_bytes(py_storage *self, weft_future *future) {
  PyObject *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)self->n_bytes);
  weft_error err;
  if (!bytes || weft_future_take(future, PyBytes_AsString(bytes), self->n_bytes, &err) == WEFT_OK) return bytes;
  Py_DECREF(bytes);
  return py_error_raise(py_state_of((PyObject *)self), &err);
}

static PyObject *take_numpy(py_storage *self, weft_future *future) {
  PyObject *numpy = PyImport_ImportModule("numpy");
  if (!numpy) {
    if (PyErr_ExceptionMatches(PyExc_ImportError))
      PyErr_SetString(PyExc_ImportError,
                      "to_numpy() needs NumPy, which is not installed; without it: x.to_memoryview()");
    return NULL;
  }
  PyObject *shape = ((py_array *)self)->shape;
  PyObject *target = PyObject_CallMethod(numpy, "empty", "Os", shape, weft_dtype_name(self->dtype));
  Py_DECREF(numpy);
  return take_into(py_state_of((PyObject *)self), future, target);
}

/* memoryview has no complex numbers and cannot cast to 'e' before 3.12: pairs of floats, and the bits. */
static PyObject *take_memoryview(py_storage *self, weft_future *future) {
  PyObject *bytes = take_into(py_state_of((PyObject *)self), future, new_bytearray(self));
  PyObject *flat = bytes ? PyMemoryView_FromObject(bytes) : NULL;
  Py_XDECREF(bytes);
  if (!flat) return NULL;
  PyObject *shape = ((py_array *)self)->shape, *pairs = NULL;
  const char *format = self->dtype == WEFT_DTYPE_FLOAT16 ? "H" : py_dtype_format(self->dtype);
  if (self->dtype == WEFT_DTYPE_COMPLEX64) {
    PyObject *two = Py_BuildValue("(i)", 2);
    pairs = two ? PySequence_Concat(shape, two) : NULL;
    Py_XDECREF(two);
    shape = pairs;
    format = "f";
  }
  /* A cast to a shape wants bytes first, and no zero in the shape. */
  PyObject *view = NULL;
  if (shape && self->n_bytes && PyTuple_Size(shape))
    view = PyObject_CallMethod(flat, "cast", "sO", format, shape);
  else if (shape)
    view = PyObject_CallMethod(flat, "cast", self->n_bytes ? "s()" : "s", format);
  Py_XDECREF(pairs);
  Py_DECREF(flat);
  return view;
}

static PyObject *subject_ready(py_state *state, PyObject *subject) {
  if (Py_TYPE(subject) == (PyTypeObject *)state->device_type) return (PyObject *)py_device_same(state, (py_device *)subject);
  Py_INCREF(subject);
  return subject;
}

/* The result of a future that has settled with OK. */
static PyObject *take(py_state *state, weft_future *future, py_result result, PyObject *subject) {
  switch (result) {
    case PY_RESULT_SUBJECT:
      return subject_ready(state, subject);
    case PY_RESULT_INTO:
      Py_INCREF(subject);
      return take_into(state, future, subject);
    case PY_RESULT_NUMPY:
      return take_numpy((py_storage *)subject, future);
    case PY_RESULT_MEMORYVIEW:
      return take_memoryview((py_storage *)subject, future);
    case PY_RESULT_BYTES:
      return take_bytes((py_storage *)subject, future);
    case PY_RESULT_SECONDS:
      return py_timer_take((py_timer *)subject, future);
    default:
      Py_RETURN_NONE;
  }
}

/* ---- the type ---------------------------------------------------------------------------------------------------- */

PyObject *py_future_create(py_state *state, weft_future *future, py_result result, PyObject *subject) {
  py_future *self = (py_future *)py_object_create(state->future_type);
  if (!self) {
    weft_future_release(future);
    return NULL;
  }
  self->future = future;
  self->result = result;
  self->subject = subject;
  Py_XINCREF(subject);
  return (PyObject *)self;
}

static void future_dealloc(PyObject *self) {
  if (!py_state_of(self)->forked) weft_future_release(((py_future *)self)->future);
  Py_XDECREF(((py_future *)self)->subject);
  py_object_free(self);
}

static PyObject *future_done(PyObject *self, PyObject *nothing) {
  (void)nothing;
  weft_future *future = ((py_future *)self)->future;
  py_state *state = py_state_of(self);
  if (py_host_check(state) < 0) return NULL;
  bool done = weft_future_done(future);
  if (!done && py_host_interruption(state, weft_future_device(future)) < 0) return NULL;
  return PyBool_FromLong(done);
}

static PyObject *future_result(PyObject *o, PyObject *nothing) {
  (void)nothing;
  py_future *self = (py_future *)o;
  py_state *state = py_state_of(o);
  weft_error err;
  if (py_host_check(state) < 0) return NULL;
  if (weft_future_status(self->future, &err) != WEFT_OK) {
    if (err.code != WEFT_STATE && self->result == PY_RESULT_SUBJECT &&
        Py_TYPE(self->subject) == (PyTypeObject *)state->device_type &&
        py_device_settled(state, (py_device *)self->subject) < 0)
      return NULL;
    return py_error_raise(state, &err);
  }
  return take(state, self->future, self->result, self->subject);
}

PyObject *py_future_settle(py_state *state, PyObject *future) {
  if (!future) return NULL;
  if (!state->settle) {
    PyObject *module = PyImport_ImportModule("weft._async");
    state->settle = module ? PyObject_GetAttrString(module, "settle") : NULL;
    Py_XDECREF(module);
  }
  PyObject *coroutine = state->settle ? PyObject_CallFunctionObjArgs(state->settle, future, NULL) : NULL;
  Py_DECREF(future);
  return coroutine;
}

PyObject *py_future_read(py_storage *self, py_result result, PyObject *into, const char *instead) {
  weft_future *future;
  if (py_storage_read(self, &future) < 0) return NULL;
  py_state *state = py_state_of((PyObject *)self);
  PyObject *subject = into ? into : (PyObject *)self, *value = NULL;
  if (py_host_wait(state, future, instead) == 0)
    value = take(state, future, into ? PY_RESULT_INTO : result, subject);
  weft_future_release(future);
  return value;
}

PyObject *py_future_read_async(py_storage *self, py_result result, PyObject *into) {
  weft_future *future;
  if (py_storage_read(self, &future) < 0) return NULL;
  py_state *state = py_state_of((PyObject *)self);
  return py_future_settle(
      state, py_future_create(state, future, into ? PY_RESULT_INTO : result, into ? into : (PyObject *)self));
}

static PyObject *future_driver(PyObject *self, void *closure) {
  (void)closure;
  const char *driver = weft_device_query(weft_future_device(((py_future *)self)->future))->driver;
  return PyUnicode_FromString(driver ? driver : "");
}

static PyGetSetDef future_getset[] = {
    {"driver", future_driver, NULL, "The driver of its device, \"\" while that is opened.", NULL},
    {0},
};

static PyMethodDef future_methods[] = {
    {"done", future_done, METH_NOARGS, PY_DOC_FUTURE_DONE},
    {"result", future_result, METH_NOARGS, PY_DOC_FUTURE_RESULT},
    {0},
};

static PyType_Slot future_slots[] = {
    {Py_tp_doc, PY_DOC_FUTURE},
    {Py_tp_dealloc, (void *)future_dealloc},
    {Py_tp_methods, future_methods},
    {Py_tp_getset, future_getset},
    {0},
};

static PyType_Spec future_spec = {
    .name = "weft._core.Future",
    .basicsize = sizeof(py_future),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = future_slots,
};

int py_future_init(PyObject *module) {
  py_state *state = PyModule_GetState(module);
  return py_type_add(module, &future_spec, &state->future_type);
}
