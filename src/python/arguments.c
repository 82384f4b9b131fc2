/* Python values -> bytes laid out as a WGSL type: what a uniform, an immediate or a small constant table is given.
 *
 *   scalar            a number
 *   vector            a sequence of its components
 *   matrix            a sequence of its columns, or flat, column after column
 *   array             a sequence of its elements
 *   struct            a dict by member, a sequence in order, a NumPy record with the same offsets; or its one member
 *
 * Recursion follows the WGSL type, whose depth the parser limits. Conversions may run Python code: what is borrowed
 * from a dict or sequence is held while that can happen. */
#include <string.h>

#include "python/extension.h"

static weft_dtype scalar_dtype(wgsl_scalar scalar) {
  static const weft_dtype dtypes[] = {[WGSL_SCALAR_NONE] = WEFT_DTYPE_RAW,    [WGSL_SCALAR_BOOL] = WEFT_DTYPE_BOOL,
                                      [WGSL_SCALAR_I32] = WEFT_DTYPE_INT32,   [WGSL_SCALAR_U32] = WEFT_DTYPE_UINT32,
                                      [WGSL_SCALAR_F32] = WEFT_DTYPE_FLOAT32, [WGSL_SCALAR_F16] = WEFT_DTYPE_FLOAT16};
  return dtypes[scalar];
}

static const char *scalar_name(wgsl_scalar scalar) {
  static const char *const names[] = {[WGSL_SCALAR_NONE] = "?",  [WGSL_SCALAR_BOOL] = "bool",
                                      [WGSL_SCALAR_I32] = "i32", [WGSL_SCALAR_U32] = "u32",
                                      [WGSL_SCALAR_F32] = "f32", [WGSL_SCALAR_F16] = "f16"};
  return names[scalar];
}

static int pack_scalar(wgsl_scalar scalar, PyObject *value, unsigned char *out, const py_where *where) {
  return py_convert_scalar(value, scalar_dtype(scalar), out, scalar_name(scalar), where);
}

/* ---- sequences --------------------------------------------------------------------------------------------------- */

/* A part of a vector, matrix, array or struct by its position. */
typedef struct parts {
  const wgsl_type *type;
  uint32_t count;
  bool flat; /* a matrix given as one run of numbers */
} parts;

static int pack_part(const parts *p, uint32_t i, PyObject *value, unsigned char *out, const py_where *where) {
  const wgsl_type *t = p->type;
  py_where here = {where, NULL, i};
  switch (t->kind) {
    case WGSL_KIND_VECTOR:
      return pack_scalar(t->scalar, value, out + i * weft_dtype_bytes(scalar_dtype(t->scalar)), &here);
    case WGSL_KIND_MATRIX:
      if (p->flat)
        return pack_scalar(t->scalar, value,
                           out + (i / t->rows) * t->stride + (i % t->rows) * weft_dtype_bytes(scalar_dtype(t->scalar)),
                           &here);
      return py_arguments_pack(t->element, NULL, value, out + i * t->stride, &here);
    case WGSL_KIND_STRUCT:
      here.name = t->members[i].name;
      return py_arguments_pack(t->members[i].type, NULL, value, out + t->members[i].offset, &here);
    default:
      return py_arguments_pack(t->element, NULL, value, out + i * t->stride, &here);
  }
}

static int fail_count(const parts *p, Py_ssize_t n, const py_where *where) {
  static const char *const words[] = {[WGSL_KIND_VECTOR] = "components",
                                      [WGSL_KIND_MATRIX] = "columns",
                                      [WGSL_KIND_ARRAY] = "elements",
                                      [WGSL_KIND_STRUCT] = "members"};
  char path[PY_WHERE_CAPACITY];
  PyErr_Format(PyExc_ValueError, "%s%s has %u %s, got %zd", py_where_text(where, path), p->type->name,
               (unsigned)p->count, words[p->type->kind], n);
  return -1;
}

static int pack_sequence(parts p, PyObject *value, unsigned char *out, const py_where *where) {
  char path[PY_WHERE_CAPACITY];
  if (PyUnicode_Check(value) || PyBytes_Check(value) || PyDict_Check(value) || !PySequence_Check(value))
    return py_error_type(
        value, "%s%s wants %s", py_where_text(where, path), p.type->name,
        p.type->kind == WGSL_KIND_STRUCT ? "a dict, a sequence of its members or a NumPy record" : "a sequence");
  Py_ssize_t n = PySequence_Size(value);
  if (n < 0) return -1;
  if (p.type->kind == WGSL_KIND_MATRIX && n == (Py_ssize_t)p.type->columns * (Py_ssize_t)p.type->rows) {
    p.flat = true;
    p.count = p.type->columns * p.type->rows;
  }
  if (n != (Py_ssize_t)p.count) return fail_count(&p, n, where);
  for (uint32_t i = 0; i < p.count; i++) {
    PyObject *item = PySequence_GetItem(value, (Py_ssize_t)i);
    int failed = item ? pack_part(&p, i, item, out, where) : -1;
    Py_XDECREF(item);
    if (failed) return -1;
  }
  return 0;
}

/* ---- structs ----------------------------------------------------------------------------------------------------- */

static const char *member_name(const void *type, uint32_t i) {
  const wgsl_type *t = type;
  return i < t->n_members ? t->members[i].name : NULL;
}

/* The index of the member called `key`, looked for from `guess` on; n_members when there is none. */
static uint32_t find_member(const wgsl_type *type, PyObject *const *names, PyObject *key, uint32_t guess) {
  for (uint32_t i = 0; names && i < type->n_members; i++) {
    uint32_t at = guess + i < type->n_members ? guess + i : guess + i - type->n_members;
    if (names[at] == key) return at;
  }
  Py_ssize_t n;
  const char *text = PyUnicode_Check(key) ? PyUnicode_AsUTF8AndSize(key, &n) : NULL;
  if (!text) {
    PyErr_Clear();
    return type->n_members;
  }
  uint32_t i = 0;
  while (i < type->n_members && strcmp(type->members[i].name, text) != 0) i++;
  return i;
}

static int fail_member(const wgsl_type *type, PyObject *key, const py_where *where) {
  char path[PY_WHERE_CAPACITY], hint[PY_HINT_CAPACITY];
  PyObject *name = py_error_name(key);
  if (name)
    PyErr_Format(PyExc_TypeError, "%s%s has no member %U%s", py_where_text(where, path), type->name, name,
                 py_error_hint(key, member_name, type, hint));
  Py_XDECREF(name);
  return -1;
}

/* Says which members a dict lacks. */
static int fail_missing(const wgsl_type *type, PyObject *dict, const py_where *where) {
  char path[PY_WHERE_CAPACITY];
  for (uint32_t i = 0; i < type->n_members; i++) {
    PyObject *name = PyUnicode_FromString(type->members[i].name);
    int has = name ? PyDict_Contains(dict, name) : -1;
    Py_XDECREF(name);
    if (has < 0) return -1;
    if (has) continue;
    PyErr_Format(PyExc_TypeError, "%smember `%s` (%s) of %s is missing", py_where_text(where, path),
                 type->members[i].name, type->members[i].type->name, type->name);
    return -1;
  }
  PyErr_Format(PyExc_ValueError, "%sthe dict changed while it was read", py_where_text(where, path));
  return -1;
}

static int pack_dict(const wgsl_type *type, PyObject *const *names, PyObject *dict, unsigned char *out,
                     const py_where *where) {
  PyObject *key, *value;
  Py_ssize_t at = 0;
  uint32_t count = 0;
  while (PyDict_Next(dict, &at, &key, &value)) {
    uint32_t i = find_member(type, names, key, count++);
    if (i == type->n_members) return fail_member(type, key, where);
    py_where here = {where, type->members[i].name, 0};
    Py_INCREF(value);
    int failed = py_arguments_pack(type->members[i].type, NULL, value, out + type->members[i].offset, &here);
    Py_DECREF(value);
    if (failed) return -1;
  }
  return count < type->n_members ? fail_missing(type, dict, where) : 0;
}

/* ---- NumPy records ----------------------------------------------------------------------------------------------- */

/* Whether the dtype object is the scalar, or a sub-array of count times the scalar, that WGSL has there. */
static int same_leaf(PyObject *dtype, wgsl_scalar scalar, uint32_t count, const py_where *where,
                     const wgsl_type *type) {
  PyObject *base = PyObject_GetAttrString(dtype, "base");
  PyObject *kind = base ? PyObject_GetAttrString(base, "str") : NULL;
  PyObject *bytes = kind ? PyObject_GetAttrString(dtype, "itemsize") : NULL;
  const char *text = bytes ? PyUnicode_AsUTF8AndSize(kind, NULL) : NULL;
  static const char *const wanted[] = {[WGSL_SCALAR_NONE] = "",   [WGSL_SCALAR_BOOL] = "",   [WGSL_SCALAR_I32] = "<i4",
                                       [WGSL_SCALAR_U32] = "<u4", [WGSL_SCALAR_F32] = "<f4", [WGSL_SCALAR_F16] = "<f2"};
  int same = -1;
  if (text) {
    same = strcmp(text, wanted[scalar]) == 0 &&
           PyLong_AsLong(bytes) == (long)(count * weft_dtype_bytes(scalar_dtype(scalar)));
    if (!same) {
      char path[PY_WHERE_CAPACITY];
      PyErr_Format(PyExc_TypeError, "%swants %s, the record has %S", py_where_text(where, path), type->name, dtype);
      same = -1;
    }
  }
  Py_XDECREF(base);
  Py_XDECREF(kind);
  Py_XDECREF(bytes);
  return same;
}

static int same_record(const wgsl_type *type, PyObject *dtype, const py_where *where);

static int same_field(const wgsl_member *m, PyObject *field, const py_where *where) {
  PyObject *dtype = PyTuple_Check(field) ? PyTuple_GetItem(field, 0) : NULL; /* (dtype, offset[, title]) */
  PyObject *offset = dtype ? PyTuple_GetItem(field, 1) : NULL;
  if (!offset) return -1;
  long at = PyLong_AsLong(offset);
  if (at != (long)m->offset) {
    char path[PY_WHERE_CAPACITY];
    if (!PyErr_Occurred())
      PyErr_Format(PyExc_TypeError, "%sstands at byte %u in WGSL and at byte %ld in the record",
                   py_where_text(where, path), (unsigned)m->offset, at);
    return -1;
  }
  const wgsl_type *t = m->type;
  const wgsl_type *leaf = t->kind == WGSL_KIND_ARRAY && t->element ? t->element : t;
  if (leaf->kind == WGSL_KIND_STRUCT && leaf != t)
    return py_error_type(dtype, "`%s`: arrays of structs inside a record are not supported; pass a dict", m->name);
  if (t->kind == WGSL_KIND_STRUCT) return same_record(t, dtype, where);
  return same_leaf(dtype, leaf->scalar, t->size / weft_dtype_bytes(scalar_dtype(leaf->scalar)), where, t);
}

static int same_record(const wgsl_type *type, PyObject *dtype, const py_where *where) {
  PyObject *fields = PyObject_GetAttrString(dtype, "fields");
  if (!fields) return -1;
  int same = 1;
  char path[PY_WHERE_CAPACITY];
  if (fields == Py_None) {
    PyErr_Format(PyExc_TypeError, "%swants a record with the members of %s, got %S", py_where_text(where, path),
                 type->name, dtype);
    same = -1;
  }
  for (uint32_t i = 0; same == 1 && i < type->n_members; i++) {
    py_where here = {where, type->members[i].name, 0};
    PyObject *field = PyMapping_GetItemString(fields, type->members[i].name);
    if (!field) {
      PyErr_Format(PyExc_TypeError, "%smember `%s` of %s is missing in the record", py_where_text(where, path),
                   type->members[i].name, type->name);
      same = -1;
    } else if (same_field(&type->members[i], field, &here) < 0) {
      same = -1;
    }
    Py_XDECREF(field);
  }
  Py_ssize_t n = same == 1 ? PyObject_Size(fields) : 0;
  if (same == 1 && n != (Py_ssize_t)type->n_members) {
    PyErr_Format(PyExc_TypeError, "%s%s has %u members, the record has %zd fields", py_where_text(where, path),
                 type->name, (unsigned)type->n_members, n);
    same = -1;
  }
  Py_DECREF(fields);
  return same;
}

int py_arguments_record(const wgsl_type *type, PyObject *value, const py_where *where) {
  if (type->kind != WGSL_KIND_STRUCT || !PyObject_CheckBuffer(value)) return 0;
  PyObject *dtype = PyObject_GetAttrString(value, "dtype");
  PyObject *fields = dtype ? PyObject_GetAttrString(dtype, "fields") : NULL;
  int result = 0;
  if (!fields)
    PyErr_Clear();
  else if (fields != Py_None)
    result = same_record(type, dtype, where);
  Py_XDECREF(fields);
  Py_XDECREF(dtype);
  return result;
}

static int pack_record(const wgsl_type *type, PyObject *value, unsigned char *out, const py_where *where) {
  Py_buffer view;
  char path[PY_WHERE_CAPACITY];
  if (PyObject_GetBuffer(value, &view, PyBUF_FULL_RO) < 0) return -1;
  int failed = -1;
  if (view.len != view.itemsize)
    PyErr_Format(PyExc_ValueError, "%s%s wants one record, got %zd", py_where_text(where, path), type->name,
                 view.itemsize ? view.len / view.itemsize : 0);
  else
    failed = 0;
  Py_ssize_t n = view.len < (Py_ssize_t)type->size ? view.len : (Py_ssize_t)type->size;
  if (!failed) memcpy(out, view.buf, (size_t)n);
  PyBuffer_Release(&view);
  return failed;
}

static int pack_struct(const wgsl_type *type, PyObject *const *names, PyObject *value, unsigned char *out,
                       const py_where *where) {
  if (PyDict_Check(value)) return pack_dict(type, names, value, out, where);
  int record = py_arguments_record(type, value, where);
  if (record) return record < 0 ? -1 : pack_record(type, value, out, where);
  if (type->n_members == 1 && (py_convert_is_scalar(value) || type->members[0].type->kind != WGSL_KIND_SCALAR)) {
    /* A sequence of one thing stands for the struct, any other value for its only member. */
    bool list = !py_convert_is_scalar(value) && PySequence_Check(value) && PySequence_Size(value) == 1;
    PyErr_Clear();
    py_where here = {where, type->members[0].name, 0};
    if (!list) return py_arguments_pack(type->members[0].type, NULL, value, out + type->members[0].offset, &here);
  }
  return pack_sequence((parts){type, type->n_members, false}, value, out, where);
}

int py_arguments_pack(const wgsl_type *type, PyObject *const *names, PyObject *value, unsigned char *out,
                      const py_where *where) {
  switch (type->kind) {
    case WGSL_KIND_SCALAR:
    case WGSL_KIND_ATOMIC:
      return pack_scalar(type->scalar, value, out, where);
    case WGSL_KIND_VECTOR:
      return pack_sequence((parts){type, type->rows, false}, value, out, where);
    case WGSL_KIND_MATRIX:
      return pack_sequence((parts){type, type->columns, false}, value, out, where);
    case WGSL_KIND_ARRAY:
      return pack_sequence((parts){type, type->count, false}, value, out, where);
    case WGSL_KIND_STRUCT:
      return pack_struct(type, names, value, out, where);
    default:
      break;
  }
  char path[PY_WHERE_CAPACITY];
  PyErr_Format(PyExc_TypeError, "%sa value of type %s cannot be given from the host", py_where_text(where, path),
               type->name);
  return -1;
}
