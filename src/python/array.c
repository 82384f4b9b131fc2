/* Array: elements of one dtype and a shape on a device, and the functions that make arrays.
 *
 *   py_array = py_storage (which bytes) + dtype + shape (a tuple)
 *
 * A view is a contiguous range of the first axis. What goes in passes convert.c, what comes out passes future.c.
 * Nothing here reads the device but to_numpy, to_memoryview and their twins. */
#include <string.h>

#include "python/docs_array.h"
#include "python/extension.h"

/* ---- making ------------------------------------------------------------------------------------------------------ */

static Py_ssize_t axis_length(PyObject *shape, Py_ssize_t axis) {
  return PyLong_AsSsize_t(PyTuple_GetItem(shape, axis));
}

PyObject *py_array_view(py_state *state, py_device *device, weft_buffer *buffer, uint64_t offset, weft_dtype dtype,
                        PyObject *shape, uint64_t size) {
  py_array *self = (py_array *)py_object_create(state->array_type);
  if (!self) return NULL;
  Py_ssize_t n_axes = PyTuple_Size(shape);
  uint64_t inner = n_axes > 1 ? (uint64_t)axis_length(shape, n_axes - 1) : 0;
  self->storage.buffer = weft_buffer_retain(buffer);
  self->storage.device = device;
  self->storage.offset = offset;
  self->storage.n_bytes = size * weft_dtype_bytes(dtype);
  self->storage.dtype = dtype;
  self->storage.inner = inner > UINT32_MAX ? UINT32_MAX : (uint32_t)inner;
  self->shape = shape;
  Py_INCREF((PyObject *)device);
  Py_INCREF(shape);
  return (PyObject *)self;
}

PyObject *py_array_create(py_state *state, py_device *device, weft_dtype dtype, PyObject *shape, uint64_t size) {
  weft_error err;
  weft_buffer *buffer;
  if (py_host_check(state) < 0) return NULL;
  if (weft_buffer_create(device->device, size * weft_dtype_bytes(dtype), &buffer, &err) != WEFT_OK)
    return py_error_raise(state, &err);
  PyObject *self = py_array_view(state, device, buffer, 0, dtype, shape, size);
  weft_buffer_release(buffer);
  return self;
}

static void array_dealloc(PyObject *o) {
  Py_XDECREF(((py_array *)o)->shape);
  py_storage_free(o);
}

static uint64_t size_of(const py_array *self) { return self->storage.n_bytes / weft_dtype_bytes(self->storage.dtype); }

static bool is_array(py_state *state, PyObject *o) { return Py_TYPE(o) == (PyTypeObject *)state->array_type; }

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static int fail_status(PyObject *o, const weft_error *err) {
  py_error_raise(py_state_of(o), err);
  return -1;
}

static int fill_scalar(py_array *self, PyObject *value) {
  unsigned char pattern[8];
  const py_storage *s = &self->storage;
  weft_error err;
  if (py_host_check(py_state_of((PyObject *)self)) < 0) return -1;
  if (py_convert_scalar(value, s->dtype, pattern, weft_dtype_name(s->dtype), NULL) < 0) return -1;
  if (weft_buffer_fill(s->buffer, s->offset, s->n_bytes, pattern, weft_dtype_bytes(s->dtype), &err) == WEFT_OK)
    return py_batch_pace(s->device);
  return fail_status((PyObject *)self, &err);
}

/* Raises unless `shape` is the array's own. */
static int check_shape(py_array *self, PyObject *shape) {
  int same = PyObject_RichCompareBool(self->shape, shape, Py_EQ);
  if (same == 0)
    PyErr_Format(PyExc_ValueError, "the array has shape %R, what is written has shape %R", self->shape, shape);
  return same == 1 ? 0 : -1;
}

static int copy_array(py_array *self, py_array *from) {
  const py_storage *s = &self->storage, *f = &from->storage;
  weft_error err;
  if (py_host_check(py_state_of((PyObject *)self)) < 0) return -1;
  if (s->dtype != f->dtype) {
    PyErr_Format(
        PyExc_TypeError,
        "the array is %s, what is written is %s; convert on the host: weft.asarray(y.to_numpy(), dtype=\"%s\")",
        weft_dtype_name(s->dtype), weft_dtype_name(f->dtype), weft_dtype_name(s->dtype));
    return -1;
  }
  if (check_shape(self, from->shape) < 0) return -1;
  if (s->buffer == f->buffer && s->offset == f->offset) return 0;
  if (weft_buffer_copy(f->buffer, f->offset, s->buffer, s->offset, s->n_bytes, &err) == WEFT_OK)
    return py_batch_pace(s->device);
  return fail_status((PyObject *)self, &err);
}

static int write_host(py_array *self, PyObject *value) {
  py_host_data data;
  weft_error err;
  if (py_host_check(py_state_of((PyObject *)self)) < 0) return -1;
  if (py_convert_host(value, self->storage.dtype, PY_CASTING_SAME, &data) < 0) return -1;
  int failed = check_shape(self, data.shape);
  if (!failed && py_host_write(self->storage.buffer, self->storage.offset, data.bytes, data.n_bytes, &err) != WEFT_OK)
    failed = fail_status((PyObject *)self, &err);
  py_host_data_free(&data);
  return failed;
}

/* Anything that may stand on the right of x[...] = . */
static int assign(py_array *self, PyObject *value) {
  if (is_array(py_state_of((PyObject *)self), value)) return copy_array(self, (py_array *)value);
  if (py_convert_is_scalar(value)) return fill_scalar(self, value);
  return write_host(self, value);
}

static PyObject *array_write(PyObject *o, PyObject *data) {
  py_array *self = (py_array *)o;
  int failed = is_array(py_state_of(o), data) ? copy_array(self, (py_array *)data) : write_host(self, data);
  if (failed) return NULL;
  Py_RETURN_NONE;
}

static PyObject *array_copy_from(PyObject *o, PyObject *source) {
  if (!is_array(py_state_of(o), source)) {
    py_error_type(source, "copy_from wants a weft array");
    return NULL;
  }
  if (copy_array((py_array *)o, (py_array *)source) < 0) return NULL;
  Py_RETURN_NONE;
}

static PyObject *array_fill(PyObject *o, PyObject *value) {
  if (fill_scalar((py_array *)o, value) < 0) return NULL;
  Py_RETURN_NONE;
}

static PyObject *array_copy(PyObject *o, PyObject *nothing) {
  (void)nothing;
  py_array *self = (py_array *)o;
  PyObject *copy =
      py_array_create(py_state_of(o), self->storage.device, self->storage.dtype, self->shape, size_of(self));
  if (copy && copy_array((py_array *)copy, self) < 0) Py_CLEAR(copy);
  return copy;
}

/* ---- views ------------------------------------------------------------------------------------------------------- */

static PyObject *fail_index(PyObject *key) {
  PyErr_Format(PyExc_IndexError,
               "%R is not a contiguous part of the first axis, which is all that views can be; take it on the host: "
               "weft.asarray(x.to_numpy()[...].copy())",
               key);
  return NULL;
}

static PyObject *view_rows(py_array *self, Py_ssize_t start, PyObject *shape, uint64_t size) {
  Py_ssize_t length = axis_length(self->shape, 0);
  uint64_t row = length ? self->storage.n_bytes / (uint64_t)length : 0;
  return py_array_view(py_state_of((PyObject *)self), self->storage.device, self->storage.buffer,
                       self->storage.offset + (uint64_t)start * row, self->storage.dtype, shape, size);
}

static PyObject *view_item(py_array *self, PyObject *key) {
  Py_ssize_t i = PyNumber_AsSsize_t(key, PyExc_IndexError), length = axis_length(self->shape, 0);
  if (i == -1 && PyErr_Occurred()) return NULL;
  Py_ssize_t at = i < 0 ? i + length : i;
  if (at < 0 || at >= length)
    return PyErr_Format(PyExc_IndexError, "index %zd is out of bounds for an axis of %zd", i, length);
  PyObject *shape = PyTuple_GetSlice(self->shape, 1, PyTuple_Size(self->shape));
  PyObject *view = shape ? view_rows(self, at, shape, size_of(self) / (uint64_t)length) : NULL;
  Py_XDECREF(shape);
  return view;
}

static PyObject *view_slice(py_array *self, PyObject *key) {
  Py_ssize_t start, count, length = axis_length(self->shape, 0);
  if (py_storage_slice(key, length, &start, &count) < 0) return NULL;
  PyObject *rest = PyTuple_GetSlice(self->shape, 1, PyTuple_Size(self->shape));
  PyObject *first = rest ? Py_BuildValue("(n)", count) : NULL;
  PyObject *shape = first ? PySequence_Concat(first, rest) : NULL;
  Py_XDECREF(first);
  Py_XDECREF(rest);
  uint64_t size = length ? size_of(self) / (uint64_t)length * (uint64_t)count : 0;
  PyObject *view = shape ? view_rows(self, start, shape, size) : NULL;
  Py_XDECREF(shape);
  return view;
}

static PyObject *array_subscript(PyObject *o, PyObject *key) {
  py_array *self = (py_array *)o;
  bool ellipsis = key == Py_Ellipsis || (PyTuple_Check(key) && PyTuple_Size(key) == 0);
  if (ellipsis)
    return py_array_view(py_state_of(o), self->storage.device, self->storage.buffer, self->storage.offset,
                         self->storage.dtype, self->shape, size_of(self));
  if (PyTuple_Check(key) && PyTuple_Size(key) == 1) return array_subscript(o, PyTuple_GetItem(key, 0));
  if (PyTuple_Size(self->shape) == 0) {
    PyErr_SetString(PyExc_IndexError, "a 0-d array has no axis to index; x[...] is the array itself");
    return NULL;
  }
  if (PySlice_Check(key)) return view_slice(self, key);
  if (py_convert_is_index(key) && !PyBool_Check(key)) return view_item(self, key);
  return fail_index(key);
}

static int array_assign(PyObject *o, PyObject *key, PyObject *value) {
  if (!value) {
    PyErr_SetString(PyExc_TypeError, "elements of an array cannot be deleted");
    return -1;
  }
  PyObject *view = array_subscript(o, key);
  int failed = view ? assign((py_array *)view, value) : -1;
  Py_XDECREF(view);
  return failed;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

/* Whether `out` can take the elements of `self`: found out before anything is read. */
static int check_out(py_array *self, PyObject *out) {
  py_host_data host = {0};
  Py_buffer view;
  if (!PyObject_CheckBuffer(out)) return py_error_type(out, "out wants a NumPy array");
  if (py_convert_buffer(out, &host) < 0) {
    py_error_prefix("out: ");
    return -1;
  }
  const char *problem = host.owned ? ", which is not C-contiguous" : "";
  int same = host.dtype == self->storage.dtype ? PyObject_RichCompareBool(host.shape, self->shape, Py_EQ) : 0;
  if (same > 0 && !*problem && PyObject_GetBuffer(out, &view, PyBUF_WRITABLE) == 0) {
    PyBuffer_Release(&view);
    py_host_data_free(&host);
    return 0;
  }
  if (same > 0 && !*problem) problem = ", which is read-only";
  if (same >= 0)
    PyErr_Format(PyExc_ValueError, "out wants a writable %s array of shape %S, got %s of shape %S%s",
                 weft_dtype_name(self->storage.dtype), self->shape, weft_dtype_name(host.dtype), host.shape, problem);
  py_host_data_free(&host);
  return -1;
}

/* out=None: a new array. Borrowed in *out, NULL for None. */
static int read_out(py_array *self, PyObject *args, PyObject *keywords, const char *format, PyObject **out) {
  static char *names[] = {"out", NULL};
  *out = NULL;
  if (!PyArg_ParseTupleAndKeywords(args, keywords, format, names, out)) return -1;
  if (*out == Py_None) *out = NULL;
  return *out ? check_out(self, *out) : 0;
}

static PyObject *array_to_numpy(PyObject *o, PyObject *args, PyObject *keywords) {
  PyObject *out;
  if (read_out((py_array *)o, args, keywords, "|$O:to_numpy", &out) < 0) return NULL;
  return py_future_read((py_storage *)o, PY_RESULT_NUMPY, out, "await x.to_numpy_async()");
}

static PyObject *array_to_numpy_async(PyObject *o, PyObject *args, PyObject *keywords) {
  PyObject *out;
  if (read_out((py_array *)o, args, keywords, "|$O:to_numpy_async", &out) < 0) return NULL;
  return py_future_read_async((py_storage *)o, PY_RESULT_NUMPY, out);
}

static PyObject *array_to_memoryview(PyObject *o, PyObject *nothing) {
  (void)nothing;
  return py_future_read((py_storage *)o, PY_RESULT_MEMORYVIEW, NULL, "await x.to_memoryview_async()");
}

static PyObject *array_to_memoryview_async(PyObject *o, PyObject *nothing) {
  (void)nothing;
  return py_future_read_async((py_storage *)o, PY_RESULT_MEMORYVIEW, NULL);
}

/* ---- what an array refuses --------------------------------------------------------------------------------------- */

static PyObject *array_array(PyObject *o, PyObject *args, PyObject *keywords) {
  (void)o, (void)args, (void)keywords;
  PyErr_SetString(PyExc_TypeError,
                  "a weft array is not downloaded by itself: write x.to_numpy(), or await x.to_numpy_async()");
  return NULL;
}

static PyObject *array_iter(PyObject *o) {
  (void)o;
  PyErr_SetString(PyExc_TypeError, "a weft array is not iterated over on the device: read it first with x.to_numpy()");
  return NULL;
}

static int array_bool(PyObject *o) {
  (void)o;
  PyErr_SetString(PyExc_TypeError,
                  "the truth of a weft array is not known on the host: read it first with x.to_numpy()");
  return -1;
}

/* ---- attributes -------------------------------------------------------------------------------------------------- */

static Py_ssize_t array_length(PyObject *o) {
  PyObject *shape = ((py_array *)o)->shape;
  if (PyTuple_Size(shape)) return axis_length(shape, 0);
  PyErr_SetString(PyExc_TypeError, "a 0-d array has no len()");
  return -1;
}

static PyObject *array_shape(PyObject *o, void *closure) {
  (void)closure;
  PyObject *shape = ((py_array *)o)->shape;
  Py_INCREF(shape);
  return shape;
}

static PyObject *array_ndim(PyObject *o, void *closure) {
  (void)closure;
  return PyLong_FromSsize_t(PyTuple_Size(((py_array *)o)->shape));
}

static PyObject *array_size(PyObject *o, void *closure) {
  (void)closure;
  return PyLong_FromUnsignedLongLong(size_of((py_array *)o));
}

static PyObject *array_itemsize(PyObject *o, void *closure) {
  (void)closure;
  return PyLong_FromUnsignedLong(weft_dtype_bytes(((py_storage *)o)->dtype));
}

static PyObject *array_dtype(PyObject *o, void *closure) {
  (void)closure;
  return py_dtype_get(py_state_of(o), ((py_storage *)o)->dtype);
}

static PyObject *array_repr(PyObject *o) {
  return PyUnicode_FromFormat("<weft.Array %R %s>", ((py_array *)o)->shape, weft_dtype_name(((py_storage *)o)->dtype));
}

static PyGetSetDef array_getset[] = {
    {"shape", array_shape, NULL, "Length of each axis (tuple of int).", NULL},
    {"ndim", array_ndim, NULL, "Number of axes.", NULL},
    {"size", array_size, NULL, "Number of elements.", NULL},
    {"itemsize", array_itemsize, NULL, "Bytes per element.", NULL},
    {"nbytes", py_storage_nbytes, NULL, "Size of the elements in bytes.", NULL},
    {"dtype", array_dtype, NULL, "The DType of the elements.", NULL},
    {"device", py_storage_device, NULL, "The Device it lives on.", NULL},
    {0},
};

static PyMethodDef array_methods[] = {
    PY_KEYWORDS("to_numpy", array_to_numpy, PY_DOC_ARRAY_TO_NUMPY),
    PY_KEYWORDS("to_numpy_async", array_to_numpy_async, PY_DOC_ARRAY_TO_NUMPY_ASYNC),
    {"to_memoryview", array_to_memoryview, METH_NOARGS, PY_DOC_ARRAY_TO_MEMORYVIEW},
    {"to_memoryview_async", array_to_memoryview_async, METH_NOARGS, PY_DOC_ARRAY_TO_MEMORYVIEW_ASYNC},
    {"write", array_write, METH_O, PY_DOC_ARRAY_WRITE},
    {"fill", array_fill, METH_O, PY_DOC_ARRAY_FILL},
    {"copy", array_copy, METH_NOARGS, PY_DOC_ARRAY_COPY},
    {"copy_from", array_copy_from, METH_O, PY_DOC_ARRAY_COPY_FROM},
    PY_KEYWORDS("show", py_show_method, PY_DOC_ARRAY_SHOW),
    PY_KEYWORDS("__array__", array_array, NULL),
    {0},
};

static PyType_Slot array_slots[] = {
    {Py_tp_doc, PY_DOC_ARRAY},
    {Py_tp_dealloc, (void *)array_dealloc},
    {Py_tp_repr, (void *)array_repr},
    {Py_tp_iter, (void *)array_iter},
    {Py_tp_getset, array_getset},
    {Py_tp_methods, array_methods},
    {Py_nb_bool, (void *)array_bool},
    {Py_mp_length, (void *)array_length},
    {Py_mp_subscript, (void *)array_subscript},
    {Py_mp_ass_subscript, (void *)array_assign},
    {0},
};

static PyType_Spec array_spec = {
    .name = "weft.Array",
    .basicsize = sizeof(py_array),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = array_slots,
};

/* ---- functions of the module ------------------------------------------------------------------------------------- */

/* An optional dtype argument. */
static int read_dtype(py_state *state, PyObject *argument, weft_dtype otherwise, weft_dtype *out) {
  *out = otherwise;
  return !argument || argument == Py_None ? 0 : py_dtype_read(state, argument, out);
}

/* asarray of what is an array already: itself. */
static PyObject *as_same(PyObject *value, weft_dtype dtype, PyObject *device) {
  py_storage *s = (py_storage *)value;
  if (dtype != PY_DTYPE_ANY && dtype != s->dtype)
    return PyErr_Format(PyExc_TypeError,
                        "the array is %s; convert on the host: weft.asarray(x.to_numpy(), dtype=\"%s\")",
                        weft_dtype_name(s->dtype), weft_dtype_name(dtype));
  if (device && device != Py_None && device != (PyObject *)s->device)
    return PyErr_Format(PyExc_ValueError,
                        "the array is on %R; by way of the host: weft.asarray(x.to_numpy(), device=...)", s->device);
  Py_INCREF(value);
  return value;
}

static PyObject *module_asarray(PyObject *module, PyObject *args, PyObject *keywords) {
  static char *names[] = {"obj", "dtype", "device", NULL};
  py_state *state = PyModule_GetState(module);
  PyObject *value, *dtype_argument = NULL, *device_argument = NULL;
  weft_dtype dtype;
  if (!PyArg_ParseTupleAndKeywords(args, keywords, "O|O$O:asarray", names, &value, &dtype_argument, &device_argument))
    return NULL;
  if (read_dtype(state, dtype_argument, PY_DTYPE_ANY, &dtype) < 0) return NULL;
  if (is_array(state, value)) return as_same(value, dtype, device_argument);
  py_device *device = py_device_get(state, device_argument); /* may wait: before anything of `value` is held */
  py_host_data data;
  if (!device) return NULL;
  if (py_convert_host(value, dtype, PY_CASTING_ANY, &data) < 0) {
    Py_DECREF((PyObject *)device);
    return NULL;
  }
  weft_error err;
  PyObject *array = py_array_create(state, device, data.dtype, data.shape, data.n_bytes / weft_dtype_bytes(data.dtype));
  if (array && py_host_write(((py_storage *)array)->buffer, 0, data.bytes, data.n_bytes, &err) != WEFT_OK) {
    Py_CLEAR(array);
    py_error_raise(state, &err);
  }
  py_host_data_free(&data);
  Py_DECREF((PyObject *)device);
  return array;
}

/* A new array; `zero`: filled. `shape` is borrowed. */
static PyObject *make_array(py_state *state, PyObject *device_argument, weft_dtype dtype, PyObject *shape,
                            uint64_t size, bool zero) {
  py_device *device = py_device_get(state, device_argument);
  PyObject *array = device ? py_array_create(state, device, dtype, shape, size) : NULL;
  py_storage *s = (py_storage *)array;
  weft_error err;
  if (array && zero && weft_buffer_fill(s->buffer, 0, s->n_bytes, "", 1, &err) != WEFT_OK) {
    Py_CLEAR(array);
    py_error_raise(state, &err);
  }
  if (array && zero && py_batch_pace(device) < 0) Py_CLEAR(array);
  Py_XDECREF((PyObject *)device);
  return array;
}

static PyObject *new_array(PyObject *module, PyObject *args, PyObject *keywords, bool zero) {
  static char *names[] = {"shape", "dtype", "device", NULL};
  py_state *state = PyModule_GetState(module);
  PyObject *shape_argument, *dtype_argument = NULL, *device = NULL, *shape;
  weft_dtype dtype;
  uint64_t size;
  const char *format = zero ? "O|O$O:zeros" : "O|O$O:empty";
  if (!PyArg_ParseTupleAndKeywords(args, keywords, format, names, &shape_argument, &dtype_argument, &device)) return NULL;
  if (read_dtype(state, dtype_argument, WEFT_DTYPE_FLOAT32, &dtype) < 0) return NULL;
  if (py_convert_shape(shape_argument, &shape, &size) < 0) return NULL;
  PyObject *array = make_array(state, device, dtype, shape, size, zero);
  Py_DECREF(shape);
  return array;
}

static PyObject *new_like(PyObject *module, PyObject *args, PyObject *keywords, bool zero) {
  static char *names[] = {"x", "dtype", "device", NULL};
  py_state *state = PyModule_GetState(module);
  PyObject *model, *dtype_argument = NULL, *device = NULL, *shape = NULL, *array = NULL;
  weft_dtype dtype;
  uint64_t size;
  const char *format = zero ? "O|O$O:zeros_like" : "O|O$O:empty_like";
  if (!PyArg_ParseTupleAndKeywords(args, keywords, format, names, &model, &dtype_argument, &device)) return NULL;
  bool own = !dtype_argument || dtype_argument == Py_None;
  PyObject *dtype_object = own ? PyObject_GetAttrString(model, "dtype") : dtype_argument;
  PyObject *shape_object = dtype_object ? PyObject_GetAttrString(model, "shape") : NULL;
  if (!device && is_array(state, model)) device = (PyObject *)((py_storage *)model)->device;
  if (!shape_object)
    py_error_type(model, "wants something with a shape and a dtype");
  else if (py_dtype_read(state, dtype_object, &dtype) == 0 && py_convert_shape(shape_object, &shape, &size) == 0)
    array = make_array(state, device, dtype, shape, size, zero);
  if (own) Py_XDECREF(dtype_object);
  Py_XDECREF(shape_object);
  Py_XDECREF(shape);
  return array;
}

static PyObject *module_empty(PyObject *module, PyObject *args, PyObject *keywords) {
  return new_array(module, args, keywords, false);
}
static PyObject *module_zeros(PyObject *module, PyObject *args, PyObject *keywords) {
  return new_array(module, args, keywords, true);
}
static PyObject *module_empty_like(PyObject *module, PyObject *args, PyObject *keywords) {
  return new_like(module, args, keywords, false);
}
static PyObject *module_zeros_like(PyObject *module, PyObject *args, PyObject *keywords) {
  return new_like(module, args, keywords, true);
}

static PyMethodDef functions[] = {
    PY_KEYWORDS("asarray", module_asarray, PY_DOC_ASARRAY),
    PY_KEYWORDS("empty", module_empty, PY_DOC_EMPTY),
    PY_KEYWORDS("zeros", module_zeros, PY_DOC_ZEROS),
    PY_KEYWORDS("empty_like", module_empty_like, PY_DOC_EMPTY_LIKE),
    PY_KEYWORDS("zeros_like", module_zeros_like, PY_DOC_ZEROS_LIKE),
    {0},
};

int py_array_init(PyObject *module) {
  py_state *state = PyModule_GetState(module);
  if (py_type_add(module, &array_spec, &state->array_type) < 0) return -1;
  return PyModule_AddFunctions(module, functions);
}
