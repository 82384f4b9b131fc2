/* weft.float32 and the other dtypes: small immutable objects, one per weft_dtype, compared and hashed like their names,
 * known to NumPy through __numpy_dtype__. Reading dtype arguments: names, type strings, NumPy dtypes and scalar types,
 * Python's number types. NumPy is not imported for any of it but __numpy_dtype__. */
#include <string.h>

#include "python/docs.h"
#include "python/extension.h"

/* weft_dtype, format of struct and memoryview, what NumPy calls the kind */
static const struct {
  const char *format;
  const char *kind;
} facts[WEFT_DTYPE_COUNT] = {
    [WEFT_DTYPE_RAW] = {NULL, "V"},    [WEFT_DTYPE_BOOL] = {"?", "b"},       [WEFT_DTYPE_INT8] = {"b", "i"},
    [WEFT_DTYPE_INT16] = {"h", "i"},   [WEFT_DTYPE_INT32] = {"i", "i"},      [WEFT_DTYPE_UINT8] = {"B", "u"},
    [WEFT_DTYPE_UINT16] = {"H", "u"},  [WEFT_DTYPE_UINT32] = {"I", "u"},     [WEFT_DTYPE_FLOAT16] = {"e", "f"},
    [WEFT_DTYPE_FLOAT32] = {"f", "f"}, [WEFT_DTYPE_COMPLEX64] = {NULL, "c"},
};

const char *py_dtype_format(weft_dtype dtype) { return facts[dtype].format; }

/* What people write, beside the names. `instead`: a dtype that no device has, and what to write. */
static const struct {
  const char *spelling;
  weft_dtype dtype;
  const char *instead;
} spellings[] = {
    {"f4", WEFT_DTYPE_FLOAT32, NULL},
    {"i4", WEFT_DTYPE_INT32, NULL},
    {"u4", WEFT_DTYPE_UINT32, NULL},
    {"f2", WEFT_DTYPE_FLOAT16, NULL},
    {"i2", WEFT_DTYPE_INT16, NULL},
    {"u2", WEFT_DTYPE_UINT16, NULL},
    {"i1", WEFT_DTYPE_INT8, NULL},
    {"u1", WEFT_DTYPE_UINT8, NULL},
    {"b1", WEFT_DTYPE_BOOL, NULL},
    {"?", WEFT_DTYPE_BOOL, NULL},
    {"bool_", WEFT_DTYPE_BOOL, NULL},
    {"c8", WEFT_DTYPE_COMPLEX64, NULL},
    {"f", WEFT_DTYPE_FLOAT32, NULL},
    {"e", WEFT_DTYPE_FLOAT16, NULL},
    {"i", WEFT_DTYPE_INT32, NULL},
    {"I", WEFT_DTYPE_UINT32, NULL},
    {"h", WEFT_DTYPE_INT16, NULL},
    {"H", WEFT_DTYPE_UINT16, NULL},
    {"b", WEFT_DTYPE_INT8, NULL},
    {"B", WEFT_DTYPE_UINT8, NULL},
    {"F", WEFT_DTYPE_COMPLEX64, NULL},
    {"float64", 0, "float32"},
    {"f8", 0, "float32"},
    {"d", 0, "float32"},
    {"int64", 0, "int32"},
    {"i8", 0, "int32"},
    {"q", 0, "int32"},
    {"uint64", 0, "uint32"},
    {"u8", 0, "uint32"},
    {"Q", 0, "uint32"},
    {"complex128", 0, "complex64"},
    {"c16", 0, "complex64"},
    {"D", 0, "complex64"},
};

/* 1: found; 0: not a spelling; -1: known, but no device has it (*instead). */
static int find_spelling(const char *text, weft_dtype *out, const char **instead) {
  if (*text == '<' || *text == '=' || *text == '|') text++;
  for (int i = WEFT_DTYPE_RAW + 1; i < WEFT_DTYPE_COUNT; i++) {
    if (strcmp(text, weft_dtype_name((weft_dtype)i)) == 0) {
      *out = (weft_dtype)i;
      return 1;
    }
  }
  for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
    if (strcmp(text, spellings[i].spelling) != 0) continue;
    *out = spellings[i].dtype;
    *instead = spellings[i].instead;
    return *instead ? -1 : 1;
  }
  return 0;
}

/* The text that names the dtype: a string itself, the `str` of a NumPy dtype, the name of a NumPy scalar type. NULL
 * without an exception when there is none. */
static PyObject *spelling_of(PyObject *argument) {
  if (PyUnicode_Check(argument)) {
    Py_INCREF(argument);
    return argument;
  }
  PyObject *text = PyObject_GetAttrString(argument, PyType_Check(argument) ? "__name__" : "str");
  if (text && !PyUnicode_Check(text)) {
    Py_DECREF(text);
    text = NULL;
  }
  PyErr_Clear();
  return text;
}

static bool python_type(PyObject *argument, weft_dtype *out) {
  const struct {
    PyTypeObject *type;
    weft_dtype dtype;
  } types[] = {{&PyFloat_Type, WEFT_DTYPE_FLOAT32},
               {&PyLong_Type, WEFT_DTYPE_INT32},
               {&PyBool_Type, WEFT_DTYPE_BOOL},
               {&PyComplex_Type, WEFT_DTYPE_COMPLEX64}};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    if (argument != (PyObject *)types[i].type) continue;
    *out = types[i].dtype;
    return true;
  }
  return false;
}

/* 1: found; 0: no dtype at all; -1: none that devices have (*instead). */
static int find_dtype(py_state *state, PyObject *argument, weft_dtype *out, const char **instead) {
  if (Py_TYPE(argument) == (PyTypeObject *)state->dtype_type) {
    *out = ((py_dtype *)argument)->value;
    return 1;
  }
  if (python_type(argument, out)) return 1;
  PyObject *text = spelling_of(argument);
  const char *utf8 = text ? PyUnicode_AsUTF8AndSize(text, NULL) : NULL;
  int found = utf8 ? find_spelling(utf8, out, instead) : 0;
  PyErr_Clear();
  Py_XDECREF(text);
  return found;
}

int py_dtype_read(py_state *state, PyObject *argument, weft_dtype *out) {
  const char *instead = NULL;
  int found = find_dtype(state, argument, out, &instead);
  if (found > 0) return 0;
  if (found < 0)
    PyErr_Format(PyExc_TypeError, "%S is not a dtype of devices: use \"%s\"", argument, instead);
  else
    PyErr_Format(PyExc_TypeError,
                 "%R is not a dtype of devices; these are: bool, int8, int16, int32, uint8, uint16, uint32, float16, "
                 "float32, complex64",
                 argument);
  return -1;
}

bool py_dtype_match(py_state *state, PyObject *argument, weft_dtype *out) {
  const char *instead = NULL;
  return find_dtype(state, argument, out, &instead) > 0;
}

PyObject *py_dtype_get(py_state *state, weft_dtype dtype) {
  PyObject *o = state->dtypes[dtype];
  Py_INCREF(o);
  return o;
}

static weft_dtype value_of(PyObject *self) { return ((py_dtype *)self)->value; }

static PyObject *dtype_repr(PyObject *self) { return PyUnicode_FromFormat("weft.%s", weft_dtype_name(value_of(self))); }
static PyObject *dtype_str(PyObject *self) { return PyUnicode_FromString(weft_dtype_name(value_of(self))); }

static Py_hash_t dtype_hash(PyObject *self) {
  PyObject *name = dtype_str(self);
  Py_hash_t hash = name ? PyObject_Hash(name) : -1;
  Py_XDECREF(name);
  return hash;
}

static PyObject *dtype_compare(PyObject *self, PyObject *other, int op) {
  if (op != Py_EQ && op != Py_NE) Py_RETURN_NOTIMPLEMENTED;
  weft_dtype value = WEFT_DTYPE_RAW;
  bool same = py_dtype_match(py_state_of(self), other, &value) && value == value_of(self);
  return PyBool_FromLong(same == (op == Py_EQ));
}

static PyObject *dtype_name(PyObject *self, void *closure) {
  (void)closure;
  return dtype_str(self);
}

static PyObject *dtype_kind(PyObject *self, void *closure) {
  (void)closure;
  return PyUnicode_FromString(facts[value_of(self)].kind);
}

static PyObject *dtype_itemsize(PyObject *self, void *closure) {
  (void)closure;
  return PyLong_FromUnsignedLong(weft_dtype_bytes(value_of(self)));
}

static PyObject *dtype_numpy(PyObject *self, void *closure) {
  (void)closure;
  PyObject *numpy = PyImport_ImportModule("numpy");
  if (!numpy) return NULL;
  PyObject *dtype = PyObject_CallMethod(numpy, "dtype", "s", weft_dtype_name(value_of(self)));
  Py_DECREF(numpy);
  return dtype;
}

static PyObject *dtype_reduce(PyObject *self, PyObject *nothing) {
  (void)nothing;
  return dtype_str(self);
}

static PyGetSetDef dtype_getset[] = {
    {"name", dtype_name, NULL, "Name as in NumPy, such as ``\"float32\"``.", NULL},
    {"kind", dtype_kind, NULL, "Kind as in NumPy: one of ``b i u f c``.", NULL},
    {"itemsize", dtype_itemsize, NULL, "Bytes per element.", NULL},
    {"dtype", dtype_numpy, NULL, "The NumPy dtype.", NULL},
    {"__numpy_dtype__", dtype_numpy, NULL, "The NumPy dtype.", NULL},
    {0},
};

/* A pickle names the dtype in the module it says it is from. */
static PyMethodDef dtype_methods[] = {{"__reduce__", dtype_reduce, METH_NOARGS, NULL}, {0}};

static PyType_Slot dtype_slots[] = {
    {Py_tp_doc, PY_DOC_DTYPE},      {Py_tp_dealloc, (void *)py_object_free}, {Py_tp_repr, (void *)dtype_repr},
    {Py_tp_str, (void *)dtype_str}, {Py_tp_hash, (void *)dtype_hash},        {Py_tp_richcompare, (void *)dtype_compare},
    {Py_tp_getset, dtype_getset},   {Py_tp_methods, dtype_methods},          {0},
};

static PyType_Spec dtype_spec = {
    .name = "weft.DType",
    .basicsize = sizeof(py_dtype),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = dtype_slots,
};

int py_dtype_init(PyObject *module) {
  py_state *state = PyModule_GetState(module);
  if (py_type_add(module, &dtype_spec, &state->dtype_type) < 0) return -1;
  for (int i = 0; i < WEFT_DTYPE_COUNT; i++) {
    PyObject *dtype = py_object_create(state->dtype_type);
    if (!dtype) return -1;
    ((py_dtype *)dtype)->value = (weft_dtype)i;
    state->dtypes[i] = dtype;
    if (i != WEFT_DTYPE_RAW && PyModule_AddObjectRef(module, weft_dtype_name((weft_dtype)i), dtype) < 0) return -1;
  }
  return 0;
}
