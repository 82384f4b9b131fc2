/* Python values -> bytes of one dtype: numbers, nested sequences, anything with the buffer protocol.
 *
 *   buffer  --same dtype, contiguous--> used where it is
 *           --same dtype, strided-----> packed once
 *           --other dtype-------------> load 128 elements -> chunk (int64 | uint64 | double | complex) -> store
 *   numbers, sequences --measure (shape, kind)--> store one by one
 *
 * Nothing wraps or saturates: a value that the dtype cannot hold is an OverflowError. NumPy is not needed. */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "python/extension.h"

/* ---- where ------------------------------------------------------------------------------------------------------- */

static size_t where_write(const py_where *w, char *out, size_t capacity) {
  size_t n = w->parent ? where_write(w->parent, out, capacity) : 0;
  if (n >= capacity) return capacity;
  int more = w->name ? PyOS_snprintf(out + n, capacity - n, w->parent ? ".%s" : "%s", w->name)
                     : PyOS_snprintf(out + n, capacity - n, "[%lld]", (long long)w->index);
  return more < 0 || n + (size_t)more >= capacity ? capacity : n + (size_t)more;
}

const char *py_where_text(const py_where *where, char out[PY_WHERE_CAPACITY]) {
  out[0] = 0;
  if (!where) return out;
  size_t n = where_write(where, out + 1, PY_WHERE_CAPACITY - 4);
  if (n > PY_WHERE_CAPACITY - 5) n = PY_WHERE_CAPACITY - 5;
  out[0] = '`';
  memcpy(out + 1 + n, "`: ", 4);
  return out;
}

/* ---- half floats ------------------------------------------------------------------------------------------------- */

/* Rounds to nearest, ties to even. False: too large. */
static bool half_from_double(double v, uint16_t *out) {
  uint16_t sign = signbit(v) ? 0x8000 : 0;
  double a = fabs(v);
  if (isnan(v) || isinf(v)) {
    *out = (uint16_t)(sign | (isnan(v) ? 0x7E00 : 0x7C00));
    return true;
  }
  if (a >= 65520.0) return false;
  if (a < 0x1p-14) { /* subnormal, or what rounds up to the smallest normal number */
    *out = (uint16_t)(sign | (uint16_t)nearbyint(a * 0x1p24));
    return true;
  }
  int exponent;
  double mantissa = nearbyint(frexp(a, &exponent) * 2048.0); /* 1024 … 2048: 2048 carries into the exponent */
  *out = (uint16_t)(sign | (uint16_t)(((exponent + 14) << 10) + ((int)mantissa - 1024)));
  return true;
}

static double half_to_double(uint16_t h) {
  int exponent = h >> 10 & 31, mantissa = h & 1023;
  double a = exponent == 31 ? (mantissa ? NAN : INFINITY)
             : exponent     ? ldexp(1024 + mantissa, exponent - 25)
                            : ldexp(mantissa, -24);
  return h & 0x8000 ? -a : a;
}

/* ---- elements of buffers ----------------------------------------------------------------------------------------- */

typedef enum kind { KIND_BOOL, KIND_INT, KIND_UINT, KIND_FLOAT, KIND_COMPLEX, KIND_OTHER } kind;

typedef struct element {
  kind kind;
  Py_ssize_t bytes;
  bool swapped;
} element;

/* The element a struct-module format (PEP 3118) describes. */
static element element_parse(const char *format, Py_ssize_t bytes) {
  element e = {KIND_OTHER, bytes, false};
  if (!format) format = "B";
  while (*format && strchr("@=<>!^", *format)) {
    if (*format == '>' || *format == '!') e.swapped = bytes > 1;
    format++;
  }
  bool complex = *format == 'Z';
  if (complex) format++;
  if (!*format || format[1]) return e;
  if (complex)
    e.kind = strchr("fdg", *format) ? KIND_COMPLEX : KIND_OTHER;
  else if (*format == '?')
    e.kind = KIND_BOOL;
  else if (strchr("bhilqn", *format))
    e.kind = KIND_INT;
  else if (strchr("cBHILQN", *format))
    e.kind = KIND_UINT;
  else if (strchr("efdg", *format))
    e.kind = KIND_FLOAT;
  return e;
}

/* What NumPy calls the element; for messages, and the way to the dtype. */
static const char *element_name(element e) {
  static const struct {
    kind kind;
    Py_ssize_t bytes;
    const char *name;
  } names[] = {
      {KIND_BOOL, 1, "bool"},         {KIND_INT, 1, "int8"},          {KIND_INT, 2, "int16"},
      {KIND_INT, 4, "int32"},         {KIND_INT, 8, "int64"},         {KIND_UINT, 1, "uint8"},
      {KIND_UINT, 2, "uint16"},       {KIND_UINT, 4, "uint32"},       {KIND_UINT, 8, "uint64"},
      {KIND_FLOAT, 2, "float16"},     {KIND_FLOAT, 4, "float32"},     {KIND_FLOAT, 8, "float64"},
      {KIND_FLOAT, 16, "longdouble"}, {KIND_COMPLEX, 8, "complex64"}, {KIND_COMPLEX, 16, "complex128"},
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (names[i].kind == e.kind && names[i].bytes == e.bytes) return names[i].name;
  return NULL;
}

static weft_dtype element_dtype(element e) {
  const char *name = element_name(e);
  for (int i = WEFT_DTYPE_RAW + 1; name && i < WEFT_DTYPE_COUNT; i++)
    if (strcmp(weft_dtype_name((weft_dtype)i), name) == 0) return (weft_dtype)i;
  return WEFT_DTYPE_COUNT;
}

/* ---- chunks ------------------------------------------------------------------------------------------------------ */

enum { CHUNK = 128 };

typedef struct chunk {
  kind kind; /* INT: i, UINT: u, FLOAT: f, COMPLEX: f in pairs */
  union {
    int64_t i[CHUNK];
    uint64_t u[CHUNK];
    double f[2 * CHUNK];
  } v;
} chunk;

#define LOAD(type, member, count)                                    \
  do {                                                               \
    for (size_t k = 0; k < (count); k++) {                           \
      type one;                                                      \
      memcpy(&one, (const char *)from + k * sizeof one, sizeof one); \
      c->v.member[k] = one;                                          \
    }                                                                \
  } while (0)

/* False: not an element that can be converted. */
static bool chunk_load(chunk *c, element e, const void *from, size_t n) {
  c->kind = e.kind == KIND_UINT && e.bytes < 8 ? KIND_INT : e.kind == KIND_BOOL ? KIND_INT : e.kind;
  switch ((int)e.kind << 8 | (int)e.bytes) {
    case KIND_BOOL << 8 | 1:
      LOAD(uint8_t, i, n);
      return true;
    case KIND_INT << 8 | 1:
      LOAD(int8_t, i, n);
      return true;
    case KIND_INT << 8 | 2:
      LOAD(int16_t, i, n);
      return true;
    case KIND_INT << 8 | 4:
      LOAD(int32_t, i, n);
      return true;
    case KIND_INT << 8 | 8:
      LOAD(int64_t, i, n);
      return true;
    case KIND_UINT << 8 | 1:
      LOAD(uint8_t, i, n);
      return true;
    case KIND_UINT << 8 | 2:
      LOAD(uint16_t, i, n);
      return true;
    case KIND_UINT << 8 | 4:
      LOAD(uint32_t, i, n);
      return true;
    case KIND_UINT << 8 | 8:
      LOAD(uint64_t, u, n);
      return true;
    case KIND_FLOAT << 8 | 2:
      LOAD(uint16_t, f, n);
      for (size_t k = 0; k < n; k++) c->v.f[k] = half_to_double((uint16_t)c->v.f[k]);
      return true;
    case KIND_FLOAT << 8 | 4:
      LOAD(float, f, n);
      return true;
    case KIND_FLOAT << 8 | 8:
      LOAD(double, f, n);
      return true;
    case KIND_COMPLEX << 8 | 8:
      LOAD(float, f, 2 * n);
      return true;
    case KIND_COMPLEX << 8 | 16:
      LOAD(double, f, 2 * n);
      return true;
    default:
      return false;
  }
}

static double chunk_real(const chunk *c, size_t k) {
  return c->kind == KIND_INT    ? (double)c->v.i[k]
         : c->kind == KIND_UINT ? (double)c->v.u[k]
                                : c->v.f[c->kind == KIND_COMPLEX ? 2 * k : k];
}

static bool float_fits(double v) { return !(fabs(v) >= 0x1.ffffffp127) || isinf(v); }

static bool chunk_to_int(const chunk *c, size_t k, int64_t least, int64_t most, int64_t *out) {
  if (c->kind == KIND_INT) {
    *out = c->v.i[k];
    return *out >= least && *out <= most;
  }
  if (c->kind == KIND_UINT) {
    *out = (int64_t)c->v.u[k];
    return c->v.u[k] <= (uint64_t)most;
  }
  double v = trunc(c->v.f[k]);
  if (!(v >= (double)least && v <= (double)most)) return false; /* also NaN */
  *out = (int64_t)v;
  return true;
}

#define STORE_INT(type, least, most)                       \
  for (; k < n; k++) {                                     \
    int64_t v;                                             \
    if (!chunk_to_int(c, k, least, most, &v)) break;       \
    type one = (type)v;                                    \
    memcpy((char *)to + k * sizeof one, &one, sizeof one); \
  }                                                        \
  return k

/* Returns how many were stored: fewer than n when the next one does not fit. */
static size_t chunk_store(const chunk *c, weft_dtype dtype, void *to, size_t n) {
  size_t k = 0;
  switch (dtype) {
    case WEFT_DTYPE_INT8:
      STORE_INT(int8_t, INT8_MIN, INT8_MAX);
    case WEFT_DTYPE_INT16:
      STORE_INT(int16_t, INT16_MIN, INT16_MAX);
    case WEFT_DTYPE_INT32:
      STORE_INT(int32_t, INT32_MIN, INT32_MAX);
    case WEFT_DTYPE_UINT8:
      STORE_INT(uint8_t, 0, UINT8_MAX);
    case WEFT_DTYPE_UINT16:
      STORE_INT(uint16_t, 0, UINT16_MAX);
    case WEFT_DTYPE_UINT32:
      STORE_INT(uint32_t, 0, UINT32_MAX);
    case WEFT_DTYPE_BOOL:
      for (; k < n; k++)
        ((unsigned char *)to)[k] = chunk_real(c, k) != 0 || (c->kind == KIND_COMPLEX && c->v.f[2 * k + 1] != 0);
      return k;
    case WEFT_DTYPE_FLOAT16:
      for (; k < n; k++) {
        uint16_t one;
        if (!half_from_double(chunk_real(c, k), &one)) break;
        memcpy((char *)to + 2 * k, &one, 2);
      }
      return k;
    case WEFT_DTYPE_FLOAT32:
      for (; k < n; k++) {
        double v = chunk_real(c, k);
        if (!float_fits(v)) break;
        float one = (float)v;
        memcpy((char *)to + 4 * k, &one, 4);
      }
      return k;
    case WEFT_DTYPE_COMPLEX64:
      for (; k < n; k++) {
        double imaginary = c->kind == KIND_COMPLEX ? c->v.f[2 * k + 1] : 0;
        if (!float_fits(chunk_real(c, k)) || !float_fits(imaginary)) break;
        float one[2] = {(float)chunk_real(c, k), (float)imaginary};
        memcpy((char *)to + 8 * k, one, 8);
      }
      return k;
    default:
      return 0;
  }
}

/* Converts n elements; both sides contiguous. */
static int convert_elements(element from, const void *source, weft_dtype dtype, void *target, size_t n) {
  chunk c;
  for (size_t at = 0; at < n; at += CHUNK) {
    size_t part = n - at < CHUNK ? n - at : CHUNK;
    const char *here = (const char *)source + at * (size_t)from.bytes;
    if (!chunk_load(&c, from, here, part) ||
        (c.kind == KIND_COMPLEX && dtype != WEFT_DTYPE_COMPLEX64 && dtype != WEFT_DTYPE_BOOL)) {
      const char *name = element_name(from);
      PyErr_Format(PyExc_TypeError, "cannot convert %s to %s", name ? name : "these elements", weft_dtype_name(dtype));
      return -1;
    }
    size_t done = chunk_store(&c, dtype, (char *)target + at * weft_dtype_bytes(dtype), part);
    if (done < part) {
      char number[40] = "";
      if (c.kind == KIND_UINT)
        PyOS_snprintf(number, sizeof number, "%llu", (unsigned long long)c.v.u[done]);
      else if (c.kind == KIND_INT)
        PyOS_snprintf(number, sizeof number, "%lld", (long long)c.v.i[done]);
      else
        PyOS_snprintf(number, sizeof number, "%g", chunk_real(&c, done));
      PyErr_Format(PyExc_OverflowError, "element %zu is %s, which %s cannot hold", at + done, number,
                   weft_dtype_name(dtype));
      return -1;
    }
  }
  return 0;
}

/* ---- one number -------------------------------------------------------------------------------------------------- */

static const struct {
  int64_t least, most;
} int_ranges[WEFT_DTYPE_COUNT] = {
    [WEFT_DTYPE_INT8] = {INT8_MIN, INT8_MAX},    [WEFT_DTYPE_INT16] = {INT16_MIN, INT16_MAX},
    [WEFT_DTYPE_INT32] = {INT32_MIN, INT32_MAX}, [WEFT_DTYPE_UINT8] = {0, UINT8_MAX},
    [WEFT_DTYPE_UINT16] = {0, UINT16_MAX},       [WEFT_DTYPE_UINT32] = {0, UINT32_MAX},
};

static int fail_range(PyObject *value, const char *type_name, const py_where *where) {
  char path[PY_WHERE_CAPACITY];
  PyErr_Clear();
  PyErr_Format(PyExc_OverflowError, "%s%R is out of the range of %s", py_where_text(where, path), value, type_name);
  return -1;
}

static int fail_type(PyObject *value, const char *wanted, const char *type_name, const py_where *where) {
  char path[PY_WHERE_CAPACITY];
  if (PyErr_Occurred() && !PyErr_ExceptionMatches(PyExc_TypeError)) return -1;
  PyErr_Clear();
  PyErr_Format(PyExc_TypeError, "%swants %s of type %s, got %R", py_where_text(where, path), wanted, type_name, value);
  return -1;
}

/* An int, or what says of itself that it is one. */
static int read_int(PyObject *value, weft_dtype dtype, int64_t *out, const char *type_name, const py_where *where) {
  int overflow = 0;
  long long v;
  if (PyLong_Check(value)) {
    v = PyLong_AsLongLongAndOverflow(value, &overflow);
  } else {
    PyObject *index = PyIndex_Check(value) ? PyNumber_Index(value) : NULL;
    if (!index) return fail_type(value, "an integer", type_name, where);
    v = PyLong_AsLongLongAndOverflow(index, &overflow);
    Py_DECREF(index);
  }
  if (v == -1 && PyErr_Occurred()) return -1;
  if (overflow || v < int_ranges[dtype].least || v > int_ranges[dtype].most) return fail_range(value, type_name, where);
  *out = v;
  return 0;
}

static int read_double(PyObject *value, double *out, const char *type_name, const py_where *where) {
  *out = PyComplex_Check(value) ? -1.0 : PyFloat_AsDouble(value);
  if (PyComplex_Check(value)) return fail_type(value, "a number", type_name, where);
  if (*out == -1.0 && PyErr_Occurred())
    return PyErr_ExceptionMatches(PyExc_OverflowError) ? fail_range(value, type_name, where)
                                                       : fail_type(value, "a number", type_name, where);
  return 0;
}

static int read_complex(PyObject *value, double out[2], const char *type_name, const py_where *where) {
  PyObject *c = NULL;
  if (PyUnicode_Check(value) || !(c = PyObject_CallFunctionObjArgs((PyObject *)&PyComplex_Type, value, NULL)))
    return fail_type(value, "a number", type_name, where);
  out[0] = PyComplex_RealAsDouble(c);
  out[1] = PyComplex_ImagAsDouble(c);
  Py_DECREF(c);
  return 0;
}

static int scalar_float(PyObject *value, weft_dtype dtype, void *out, const char *type_name, const py_where *where) {
  double v;
  if (PyFloat_CheckExact(value))
    v = PyFloat_AsDouble(value);
  else if (read_double(value, &v, type_name, where) < 0)
    return -1;
  if (dtype == WEFT_DTYPE_FLOAT16) {
    uint16_t half;
    if (!half_from_double(v, &half)) return fail_range(value, type_name, where);
    memcpy(out, &half, 2);
    return 0;
  }
  if (!float_fits(v)) return fail_range(value, type_name, where);
  float single = (float)v;
  memcpy(out, &single, 4);
  return 0;
}

int py_convert_scalar(PyObject *value, weft_dtype dtype, void *out, const char *type_name, const py_where *where) {
  switch (dtype) {
    case WEFT_DTYPE_FLOAT32:
    case WEFT_DTYPE_FLOAT16:
      return scalar_float(value, dtype, out, type_name, where);
    case WEFT_DTYPE_COMPLEX64: {
      double v[2] = {0, 0};
      if (read_complex(value, v, type_name, where) < 0) return -1;
      if (!float_fits(v[0]) || !float_fits(v[1])) return fail_range(value, type_name, where);
      float pair[2] = {(float)v[0], (float)v[1]};
      memcpy(out, pair, 8);
      return 0;
    }
    case WEFT_DTYPE_BOOL: {
      int truth = PyUnicode_Check(value) || !py_convert_is_scalar(value) ? -1 : PyObject_IsTrue(value);
      if (truth < 0) return fail_type(value, "a number", type_name, where);
      *(unsigned char *)out = (unsigned char)truth;
      return 0;
    }
    case WEFT_DTYPE_RAW:
      dtype = WEFT_DTYPE_UINT8;
      break;
    default:
      break;
  }
  int64_t v = 0;
  if (read_int(value, dtype, &v, type_name, where) < 0) return -1;
  uint32_t word = (uint32_t)v; /* two's complement: the low bytes are the value's */
  memcpy(out, &word, weft_dtype_bytes(dtype));
  return 0;
}

/* ---- numbers and nested sequences -------------------------------------------------------------------------------- */

enum { MAX_AXES = 32 };

static bool is_number(PyObject *value) { return PyFloat_Check(value) || PyLong_Check(value) || PyComplex_Check(value); }

/* A NumPy scalar or 0-d array: its element. */
static bool buffer_scalar(PyObject *value, element *out) {
  Py_buffer view;
  if (!PyObject_CheckBuffer(value)) return false;
  if (PyObject_GetBuffer(value, &view, PyBUF_FULL_RO) < 0) {
    PyErr_Clear();
    return false;
  }
  bool scalar = view.ndim == 0;
  *out = element_parse(view.format, view.itemsize);
  PyBuffer_Release(&view);
  return scalar;
}

bool py_convert_is_scalar(PyObject *value) {
  element e;
  return is_number(value) || buffer_scalar(value, &e);
}

typedef struct measure {
  Py_ssize_t lengths[MAX_AXES];
  int n_axes; /* -1 until the first number was met */
  kind kind;
} measure;

static int measure_number(PyObject *value, int depth, measure *m) {
  element e = {KIND_OTHER, 0, false};
  kind k;
  if (PyBool_Check(value))
    k = KIND_BOOL;
  else if (PyLong_Check(value))
    k = KIND_INT;
  else if (PyFloat_Check(value))
    k = KIND_FLOAT;
  else if (PyComplex_Check(value))
    k = KIND_COMPLEX;
  else
    k = buffer_scalar(value, &e) ? (e.kind == KIND_UINT ? KIND_INT : e.kind) : KIND_OTHER;
  if (k == KIND_OTHER) {
    return py_error_type(value, "wants numbers, nested sequences of numbers or an object with the buffer protocol");
  }
  if (m->n_axes < 0) m->n_axes = depth;
  if (m->n_axes != depth) {
    PyErr_SetString(PyExc_ValueError, "the nested sequences are ragged: numbers stand at different depths");
    return -1;
  }
  if (k > m->kind) m->kind = k;
  return 0;
}

static bool is_sequence(PyObject *value) {
  if (is_number(value) || PyUnicode_Check(value) || PyDict_Check(value) || !PySequence_Check(value)) return false;
  element e;
  return PyList_Check(value) || PyTuple_Check(value) || !buffer_scalar(value, &e);
}

static int measure_value(PyObject *value, int depth, measure *m) {
  if (!is_sequence(value)) return measure_number(value, depth, m);
  Py_ssize_t n = PySequence_Size(value);
  if (n < 0) return -1;
  if (depth == MAX_AXES) {
    PyErr_Format(PyExc_ValueError, "the sequences are nested more than %d deep", MAX_AXES);
    return -1;
  }
  if (m->lengths[depth] < 0) m->lengths[depth] = n;
  if (m->lengths[depth] != n) {
    PyErr_Format(PyExc_ValueError,
                 "the nested sequences are ragged: axis %d has %zd elements in one place and %zd in another", depth,
                 m->lengths[depth], n);
    return -1;
  }
  for (Py_ssize_t i = 0; i < n; i++) {
    PyObject *item = PySequence_GetItem(value, i);
    int failed = item ? measure_value(item, depth + 1, m) : -1;
    Py_XDECREF(item);
    if (failed) return -1;
  }
  return 0;
}

typedef struct fill {
  const measure *measure;
  weft_dtype dtype;
  uint32_t bytes;
  char *next;
} fill;

static int fill_value(PyObject *value, int depth, fill *f, const py_where *where) {
  if (depth == f->measure->n_axes) {
    if (py_convert_scalar(value, f->dtype, f->next, weft_dtype_name(f->dtype), where) < 0) return -1;
    f->next += f->bytes;
    return 0;
  }
  /* Conversions run Python code, which may change a list that was measured. */
  Py_ssize_t n = is_sequence(value) ? PySequence_Size(value) : -1;
  if (n != f->measure->lengths[depth]) {
    if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "a sequence changed while it was read");
    return -1;
  }
  for (Py_ssize_t i = 0; i < n; i++) {
    PyObject *item = PySequence_GetItem(value, i);
    py_where here = {where, NULL, i};
    int failed = item ? fill_value(item, depth + 1, f, &here) : -1;
    Py_XDECREF(item);
    if (failed) return -1;
  }
  return 0;
}

static PyObject *tuple_of(const Py_ssize_t *numbers, int n) {
  PyObject *tuple = PyTuple_New(n);
  for (int i = 0; tuple && i < n; i++) {
    PyObject *number = PyLong_FromSsize_t(numbers[i]);
    if (!number || PyTuple_SetItem(tuple, i, number) < 0) Py_CLEAR(tuple);
  }
  return tuple;
}

static int host_from_numbers(PyObject *value, weft_dtype dtype, py_host_data *out) {
  measure m = {.n_axes = -1, .kind = KIND_BOOL};
  for (int i = 0; i < MAX_AXES; i++) m.lengths[i] = -1;
  if (measure_value(value, 0, &m) < 0) return -1;
  if (m.n_axes < 0) { /* no number anywhere: [] or [[], []] */
    m.kind = KIND_FLOAT;
    for (m.n_axes = 0; m.n_axes < MAX_AXES && m.lengths[m.n_axes] >= 0;) m.n_axes++;
  }
  static const weft_dtype defaults[] = {[KIND_BOOL] = WEFT_DTYPE_BOOL,
                                        [KIND_INT] = WEFT_DTYPE_INT32,
                                        [KIND_FLOAT] = WEFT_DTYPE_FLOAT32,
                                        [KIND_COMPLEX] = WEFT_DTYPE_COMPLEX64};
  out->dtype = dtype == PY_DTYPE_ANY ? defaults[m.kind] : dtype;
  uint64_t n = 1;
  for (int i = 0; i < m.n_axes; i++) n *= (uint64_t)m.lengths[i]; /* every element was visited: no overflow */
  out->n_bytes = n * weft_dtype_bytes(out->dtype);
  if (!(out->owned = weft__alloc_zero((size_t)n, weft_dtype_bytes(out->dtype)))) {
    PyErr_NoMemory();
    return -1;
  }
  out->bytes = out->owned;
  fill f = {&m, out->dtype, weft_dtype_bytes(out->dtype), out->owned};
  if (fill_value(value, 0, &f, NULL) < 0) return -1;
  out->shape = tuple_of(m.lengths, m.n_axes);
  return out->shape ? 0 : -1;
}

/* ---- buffers ----------------------------------------------------------------------------------------------------- */

static int fail_element(const char *format, element e) {
  static const char *const instead[] = {
      [KIND_INT] = "int32", [KIND_UINT] = "uint32", [KIND_FLOAT] = "float32", [KIND_COMPLEX] = "complex64"};
  const char *name = element_name(e);
  if (e.kind == KIND_OTHER || !name)
    PyErr_Format(PyExc_TypeError, "elements of the buffer format '%s' are no dtype of devices", format ? format : "B");
  else
    PyErr_Format(PyExc_TypeError, "%s is not a dtype of devices; convert on the host: weft.asarray(a, dtype=\"%s\")",
                 name, instead[e.kind]);
  return -1;
}

static int pack_view(py_host_data *out) {
  if (!(out->owned = weft__alloc((size_t)out->view.len))) {
    PyErr_NoMemory();
    return -1;
  }
  if (PyBuffer_ToContiguous(out->owned, &out->view, out->view.len, 'C') < 0) return -1;
  out->bytes = out->owned;
  return 0;
}

static int convert_view(element e, weft_dtype dtype, py_host_data *out) {
  size_t n = (size_t)(out->view.len / (e.bytes ? e.bytes : 1));
  void *converted = weft__alloc_zero(n, weft_dtype_bytes(dtype));
  if (!converted) {
    PyErr_NoMemory();
    return -1;
  }
  int failed = convert_elements(e, out->bytes, dtype, converted, n);
  weft__free(out->owned);
  out->owned = converted;
  out->bytes = converted;
  out->n_bytes = (uint64_t)n * weft_dtype_bytes(dtype);
  return failed;
}

static int host_from_buffer(PyObject *value, weft_dtype dtype, py_casting casting, py_host_data *out) {
  if (PyObject_GetBuffer(value, &out->view, PyBUF_FULL_RO) < 0) {
    out->view.obj = NULL;
    py_error_prefix("the object does not give its memory: ");
    return -1;
  }
  element e = element_parse(out->view.format, out->view.itemsize);
  weft_dtype own = element_dtype(e);
  if (e.swapped) {
    PyErr_SetString(PyExc_TypeError,
                    "the elements are byte-swapped; convert on the host: a.astype(a.dtype.newbyteorder(\"=\"))");
    return -1;
  }
  bool convert = casting == PY_CASTING_ANY && dtype != PY_DTYPE_ANY && dtype != own;
  bool wanted = dtype == PY_DTYPE_ANY || dtype == own || convert;
  if (own == WEFT_DTYPE_COUNT && !convert && (wanted || !element_name(e))) return fail_element(out->view.format, e);
  if (!wanted) {
    PyErr_Format(PyExc_TypeError, "wants %s, got %s; convert on the host: weft.asarray(a, dtype=\"%s\")",
                 weft_dtype_name(dtype), element_name(e), weft_dtype_name(dtype));
    return -1;
  }
  out->dtype = convert ? dtype : own;
  out->n_bytes = (uint64_t)out->view.len;
  out->bytes = out->view.buf;
  if (!PyBuffer_IsContiguous(&out->view, 'C') && pack_view(out) < 0) return -1;
  if (convert && convert_view(e, dtype, out) < 0) return -1;
  out->shape = tuple_of(out->view.shape, out->view.ndim);
  return out->shape ? 0 : -1;
}

int py_convert_host(PyObject *value, weft_dtype dtype, py_casting casting, py_host_data *out) {
  *out = (py_host_data){0};
  bool buffer = PyObject_CheckBuffer(value);
  int failed = buffer ? host_from_buffer(value, dtype, casting, out) : host_from_numbers(value, dtype, out);
  if (failed) py_host_data_free(out);
  return failed;
}

int py_convert_buffer(PyObject *value, py_host_data *out) {
  if (py_convert_host(value, PY_DTYPE_ANY, PY_CASTING_SAME, out) < 0) return -1;
  if (PyBytes_Check(value) || PyByteArray_Check(value)) out->dtype = WEFT_DTYPE_RAW;
  return 0;
}

void py_host_data_free(py_host_data *data) {
  if (data->view.obj) PyBuffer_Release(&data->view);
  weft__free(data->owned);
  Py_CLEAR(data->shape);
  *data = (py_host_data){0};
}

/* Arrays of NumPy have __index__ whatever they hold: only calling it tells. */
bool py_convert_is_index(PyObject *value) {
  if (PyLong_Check(value) || !PyIndex_Check(value)) return PyLong_Check(value);
  PyObject *index = PyNumber_Index(value);
  PyErr_Clear();
  Py_XDECREF(index);
  return index != NULL;
}

/* ---- shapes ------------------------------------------------------------------------------------------------------ */

static int fail_shape(PyObject *argument) {
  PyErr_Clear();
  PyErr_Format(PyExc_TypeError, "a shape is an int or a sequence of ints, got %R", argument);
  return -1;
}

int py_convert_shape(PyObject *argument, PyObject **shape, uint64_t *size) {
  Py_ssize_t lengths[MAX_AXES];
  Py_ssize_t n = 1;
  bool one = py_convert_is_index(argument);
  if (!one && (PyUnicode_Check(argument) || !PySequence_Check(argument) || (n = PySequence_Size(argument)) < 0))
    return fail_shape(argument);
  if (n > MAX_AXES) {
    PyErr_Format(PyExc_ValueError, "a shape has at most %d axes, got %zd", MAX_AXES, n);
    return -1;
  }
  uint64_t product = 1;
  bool too_large = false, empty = false;
  for (Py_ssize_t i = 0; i < n; i++) {
    PyObject *item = one ? argument : PySequence_GetItem(argument, i);
    if (!item) return -1;
    lengths[i] = PyNumber_AsSsize_t(item, NULL); /* clipped: too large below */
    if (!one) Py_DECREF(item);
    if (lengths[i] == -1 && PyErr_Occurred()) return PyErr_ExceptionMatches(PyExc_TypeError) ? fail_shape(argument) : -1;
    if (lengths[i] < 0) {
      PyErr_Format(PyExc_ValueError, "axis %zd of the shape is negative: %zd", i, lengths[i]);
      return -1;
    }
    empty |= lengths[i] == 0;
    too_large |= lengths[i] && product > (uint64_t)(SIZE_MAX / 16) / (uint64_t)lengths[i];
    product *= (uint64_t)lengths[i];
  }
  if (too_large && !empty) {
    PyErr_Format(PyExc_ValueError, "the shape %R has more elements than can be addressed", argument);
    return -1;
  }
  *size = empty ? 0 : product;
  *shape = tuple_of(lengths, (int)n);
  return *shape ? 0 : -1;
}
