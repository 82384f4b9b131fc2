/* Buffer: raw bytes on a device; and what Array has in common with it.
 *
 *   py_storage ── buffer (C, retained) ── device        a view is another py_storage on the same buffer
 *
 * A whole buffer may be of any size; writes to parts of it move multiples of 4 bytes, as WebGPU's do. */
#include <string.h>

#include "python/docs_array.h"
#include "python/extension.h"

/* ---- shared with Array ------------------------------------------------------------------------------------------- */

void py_storage_free(PyObject *o) {
  py_storage *self = (py_storage *)o;
  if (!py_state_of(o)->forked) weft_buffer_release(self->buffer);
  Py_XDECREF((PyObject *)self->device);
  py_object_free(o);
}

PyObject *py_storage_device(PyObject *o, void *closure) {
  (void)closure;
  PyObject *device = (PyObject *)((py_storage *)o)->device;
  Py_INCREF((PyObject *)device);
  return device;
}

PyObject *py_storage_nbytes(PyObject *o, void *closure) {
  (void)closure;
  return PyLong_FromUnsignedLongLong(((py_storage *)o)->n_bytes);
}

int py_storage_read(py_storage *self, weft_future **future) {
  weft_error err;
  if (py_host_check(py_state_of((PyObject *)self)) < 0) return -1;
  if (weft_buffer_read(self->buffer, self->offset, self->n_bytes, future, &err) == WEFT_OK) return 0;
  py_error_raise(py_state_of((PyObject *)self), &err);
  return -1;
}

int py_storage_slice(PyObject *key, Py_ssize_t length, Py_ssize_t *start, Py_ssize_t *count) {
  Py_ssize_t stop, step;
  if (PySlice_Unpack(key, start, &stop, &step) < 0) return -1;
  *count = PySlice_AdjustIndices(length, start, &stop, step);
  if (step == 1) return 0;
  PyErr_Format(
      PyExc_IndexError,
      "views have step 1, got step %zd; take the elements on the host: weft.asarray(x.to_numpy()[::%zd].copy())", step,
      step);
  return -1;
}

/* ---- making ------------------------------------------------------------------------------------------------------ */

static PyObject *create_view(py_state *state, py_device *device, weft_buffer *buffer, uint64_t offset,
                             uint64_t n_bytes) {
  py_storage *self = (py_storage *)py_object_create(state->buffer_type);
  if (!self) return NULL;
  self->buffer = weft_buffer_retain(buffer);
  self->offset = offset;
  self->n_bytes = n_bytes;
  self->device = device;
  Py_INCREF((PyObject *)device);
  return (PyObject *)self;
}

/* `bytes` NULL: zeros. */
static PyObject *create_buffer(py_state *state, py_device *device, const void *bytes, uint64_t n_bytes) {
  weft_error err;
  weft_buffer *buffer;
  if (weft_buffer_create(device->device, n_bytes, &buffer, &err) != WEFT_OK) return py_error_raise(state, &err);
  weft_status status =
      bytes ? py_host_write(buffer, 0, bytes, n_bytes, &err) : weft_buffer_fill(buffer, 0, n_bytes, "", 1, &err);
  PyObject *self = status == WEFT_OK ? create_view(state, device, buffer, 0, n_bytes) : py_error_raise(state, &err);
  weft_buffer_release(buffer);
  return self;
}

/* The bytes of any C-contiguous buffer-protocol object, whatever its elements; others are packed. */
static int raw_bytes(PyObject *value, Py_buffer *view, void **packed) {
  *packed = NULL;
  if (!PyObject_CheckBuffer(value))
    return py_error_type(value, "wants bytes or another object with the buffer protocol");
  if (PyObject_GetBuffer(value, view, PyBUF_FULL_RO) < 0) return -1;
  if (PyBuffer_IsContiguous(view, 'C')) return 0;
  *packed = PyMem_Malloc((size_t)view->len);
  if (*packed && PyBuffer_ToContiguous(*packed, view, view->len, 'C') == 0) return 0;
  if (!*packed) PyErr_NoMemory();
  PyMem_Free(*packed);
  PyBuffer_Release(view);
  return -1;
}

static PyObject *buffer_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
  static char *names[] = {"nbytes_or_bytes", "device", NULL};
  PyObject *content, *device_argument = NULL, *self = NULL;
  if (!PyArg_ParseTupleAndKeywords(args, keywords, "O|$O:Buffer", names, &content, &device_argument)) return NULL;
  py_state *state = PyType_GetModuleState(type);
  if (py_convert_is_index(content)) {
    Py_ssize_t n = PyNumber_AsSsize_t(content, NULL);
    if ((size_t)n == SIZE_MAX / 2) /* clipped */
      PyErr_Format(PyExc_ValueError, "a Buffer of %R bytes is more than can be addressed", content);
    if (n < 0 && !PyErr_Occurred()) PyErr_Format(PyExc_ValueError, "a Buffer has at least 0 bytes, got %zd", n);
    py_device *device = PyErr_Occurred() ? NULL : py_device_get(state, device_argument);
    if (device) self = create_buffer(state, device, NULL, (uint64_t)n);
    Py_XDECREF((PyObject *)device);
    return self;
  }
  if (!PyObject_CheckBuffer(content)) {
    py_error_type(content, "Buffer wants a number of bytes or an object with the buffer protocol");
    return NULL;
  }
  py_device *device = py_device_get(state, device_argument);
  if (!device) return NULL;
  Py_buffer view;
  void *packed;
  if (raw_bytes(content, &view, &packed) == 0) {
    self = create_buffer(state, device, packed ? packed : view.buf, (uint64_t)view.len);
    PyMem_Free(packed);
    PyBuffer_Release(&view);
  }
  Py_DECREF((PyObject *)device);
  return self;
}

/* ---- methods ----------------------------------------------------------------------------------------------------- */

static int check_write(const py_storage *self, uint64_t offset, uint64_t n_bytes) {
  if (offset > self->n_bytes || n_bytes > self->n_bytes - offset) {
    PyErr_Format(PyExc_ValueError, "write: bytes %llu to %llu are outside the buffer, which has %llu bytes",
                 (unsigned long long)offset, (unsigned long long)(offset + n_bytes), (unsigned long long)self->n_bytes);
    return -1;
  }
  uint64_t start = self->offset + offset;
  bool whole = start == 0 && n_bytes == weft_buffer_bytes(self->buffer);
  if (whole || (start % 4 == 0 && n_bytes % 4 == 0)) return 0;
  PyErr_Format(PyExc_ValueError, "write: offset and size must be multiples of 4 bytes, got offset %llu and %llu bytes",
               (unsigned long long)start, (unsigned long long)n_bytes);
  return -1;
}

static PyObject *buffer_write(PyObject *o, PyObject *args, PyObject *keywords) {
  static char *names[] = {"data", "offset", NULL};
  py_storage *self = (py_storage *)o;
  PyObject *data;
  Py_ssize_t offset = 0;
  if (!PyArg_ParseTupleAndKeywords(args, keywords, "O|n:write", names, &data, &offset)) return NULL;
  if (offset < 0) return PyErr_Format(PyExc_ValueError, "write: the offset is negative: %zd", offset);
  Py_buffer view;
  void *packed;
  if (raw_bytes(data, &view, &packed) < 0) return NULL;
  weft_error err;
  bool failed = py_host_check(py_state_of(o)) < 0 || check_write(self, (uint64_t)offset, (uint64_t)view.len) < 0;
  if (!failed && py_host_write(self->buffer, self->offset + (uint64_t)offset, packed ? packed : view.buf,
                               (uint64_t)view.len, &err) != WEFT_OK) {
    py_error_raise(py_state_of(o), &err);
    failed = true;
  }
  PyMem_Free(packed);
  PyBuffer_Release(&view);
  if (failed) return NULL;
  Py_RETURN_NONE;
}

static PyObject *buffer_to_bytes(PyObject *o, PyObject *nothing) {
  (void)nothing;
  return py_future_read((py_storage *)o, PY_RESULT_BYTES, NULL, "await b.to_bytes_async()");
}

static PyObject *buffer_to_bytes_async(PyObject *o, PyObject *nothing) {
  (void)nothing;
  return py_future_read_async((py_storage *)o, PY_RESULT_BYTES, NULL);
}

static PyObject *buffer_view(PyObject *o, PyObject *args, PyObject *keywords) {
  static char *names[] = {"dtype", "shape", NULL};
  py_storage *self = (py_storage *)o;
  PyObject *dtype_argument, *shape_argument = NULL, *shape = NULL, *array = NULL;
  weft_dtype dtype;
  uint64_t size;
  py_state *state = py_state_of(o);
  if (!PyArg_ParseTupleAndKeywords(args, keywords, "O|O:view", names, &dtype_argument, &shape_argument)) return NULL;
  if (py_dtype_read(state, dtype_argument, &dtype) < 0) return NULL;
  uint64_t each = weft_dtype_bytes(dtype);
  if (self->offset % each)
    return PyErr_Format(PyExc_ValueError, "view: byte %llu of the buffer is not a multiple of the %llu bytes of %s",
                        (unsigned long long)self->offset, (unsigned long long)each, weft_dtype_name(dtype));
  bool whole = !shape_argument || shape_argument == Py_None;
  if (!whole) {
    if (py_convert_shape(shape_argument, &shape, &size) < 0) return NULL;
  } else {
    size = self->n_bytes / each;
    if (!(shape = Py_BuildValue("(K)", (unsigned long long)size))) return NULL;
  }
  if (size * each > self->n_bytes || (whole && self->n_bytes % each))
    PyErr_Format(PyExc_ValueError, "view: shape %R of %s takes %llu bytes, the buffer has %llu", shape,
                 weft_dtype_name(dtype), (unsigned long long)(size * each), (unsigned long long)self->n_bytes);
  else
    array = py_array_view(state, self->device, self->buffer, self->offset, dtype, shape, size);
  Py_DECREF(shape);
  return array;
}

static Py_ssize_t buffer_length(PyObject *o) { return (Py_ssize_t)((py_storage *)o)->n_bytes; }

static PyObject *buffer_subscript(PyObject *o, PyObject *key) {
  py_storage *self = (py_storage *)o;
  Py_ssize_t start, count;
  if (!PySlice_Check(key)) {
    py_error_type(key, "a Buffer is indexed by slices of bytes");
    return NULL;
  }
  if (py_storage_slice(key, (Py_ssize_t)self->n_bytes, &start, &count) < 0) return NULL;
  return create_view(py_state_of(o), self->device, self->buffer, self->offset + (uint64_t)start, (uint64_t)count);
}

static PyObject *buffer_iter(PyObject *o) {
  (void)o;
  PyErr_SetString(PyExc_TypeError, "a Buffer is not iterated over: read it first with b.to_bytes()");
  return NULL;
}

static PyObject *buffer_repr(PyObject *o) {
  return PyUnicode_FromFormat("<weft.Buffer of %llu bytes>", (unsigned long long)((py_storage *)o)->n_bytes);
}

static PyGetSetDef buffer_getset[] = {
    {"nbytes", py_storage_nbytes, NULL, "Size in bytes.", NULL},
    {"device", py_storage_device, NULL, "The Device it lives on.", NULL},
    {0},
};

static PyMethodDef buffer_methods[] = {
    PY_KEYWORDS("write", buffer_write, PY_DOC_BUFFER_WRITE),
    PY_KEYWORDS("view", buffer_view, PY_DOC_BUFFER_VIEW),
    {"to_bytes", buffer_to_bytes, METH_NOARGS, PY_DOC_BUFFER_TO_BYTES},
    {"to_bytes_async", buffer_to_bytes_async, METH_NOARGS, PY_DOC_BUFFER_TO_BYTES_ASYNC},
    {0},
};

static PyType_Slot buffer_slots[] = {
    {Py_tp_doc, PY_DOC_BUFFER},
    {Py_tp_new, (void *)buffer_new},
    {Py_tp_dealloc, (void *)py_storage_free},
    {Py_tp_repr, (void *)buffer_repr},
    {Py_tp_iter, (void *)buffer_iter},
    {Py_tp_getset, buffer_getset},
    {Py_tp_methods, buffer_methods},
    {Py_mp_length, (void *)buffer_length},
    {Py_mp_subscript, (void *)buffer_subscript},
    {0},
};

static PyType_Spec buffer_spec = {
    .name = "weft.Buffer",
    .basicsize = sizeof(py_storage),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = buffer_slots,
};

int py_buffer_init(PyObject *module) {
  py_state *state = PyModule_GetState(module);
  return py_type_add(module, &buffer_spec, &state->buffer_type);
}
