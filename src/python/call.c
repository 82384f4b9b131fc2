/* Calling a Kernel.
 *
 *   k(x, y=y, p={…}, threads=n)
 *        │  names -> slots: pointer compare with interned names, once per tuple of keyword names
 *        ▼
 *   weft_arg per slot: arrays and Buffers are their range, values are packed into `scratch`, the rest are buffers
 *        ▼
 *   weft_kernel_call
 *
 * A good call makes no Python object. The caller keeps the values alive; those of a mapping are held here. */
#include <string.h>

#include "python/kernel.h"

/* ---- one call ---------------------------------------------------------------------------------------------------- */

enum { INLINE_ARGS = 16, INLINE_SCRATCH = 512, GRID_THREADS = 1, GRID_GROUPS = 2 };

typedef struct call {
  py_kernel *kernel;
  weft_arg *args;
  unsigned char *scratch;
  py_host_data *hosts; /* buffers that are held for the call, one place per slot; NULL until there is one */
  uint32_t n_hosts;
  int grids; /* which of threads and groups were given */
  weft_grid grid;
  weft_arg inline_args[INLINE_ARGS];
  _Alignas(16) unsigned char inline_scratch[INLINE_SCRATCH];
} call;

static int call_begin(call *c, py_kernel *kernel) {
  c->kernel = kernel;
  c->hosts = NULL;
  c->n_hosts = 0;
  c->grids = 0;
  c->args = kernel->n_slots <= INLINE_ARGS ? c->inline_args : PyMem_Calloc(kernel->n_slots, sizeof *c->args);
  c->scratch = kernel->scratch_bytes <= INLINE_SCRATCH ? c->inline_scratch : PyMem_Calloc(kernel->scratch_bytes, 1);
  if (!c->args || !c->scratch) {
    if (c->args != c->inline_args) PyMem_Free(c->args);
    if (c->scratch != c->inline_scratch) PyMem_Free(c->scratch);
    PyErr_NoMemory();
    return -1;
  }
  if (c->args == c->inline_args) memset(c->args, 0, kernel->n_slots * sizeof *c->args);
  if (c->scratch == c->inline_scratch) memset(c->scratch, 0, kernel->scratch_bytes);
  return 0;
}

static void call_end(call *c) {
  for (uint32_t i = 0; i < c->n_hosts; i++) py_host_data_free(&c->hosts[i]);
  PyMem_Free(c->hosts);
  if (c->args != c->inline_args) PyMem_Free(c->args);
  if (c->scratch != c->inline_scratch) PyMem_Free(c->scratch);
}

static const char *slot_word(const weft_slot *slot) {
  static const char *const words[] = {[WEFT_SLOT_UNIFORM] = "var<uniform>",
                                      [WEFT_SLOT_READ] = "var<storage, read>",
                                      [WEFT_SLOT_READ_WRITE] = "var<storage, read_write>",
                                      [WEFT_SLOT_IMMEDIATE] = "var<immediate>"};
  return words[slot->kind];
}

/* ---- grids ------------------------------------------------------------------------------------------------------- */

static int read_extent(PyObject *value, const char *word, uint64_t *out) {
  PyObject *index = NULL;
  if (!PyLong_Check(value)) {
    if (!PyIndex_Check(value) || !(index = PyNumber_Index(value))) {
      PyErr_Clear();
      return py_error_type(value, "`%s` wants an int or up to three ints", word);
    }
    value = index;
  }
  int overflow;
  long long n = PyLong_AsLongLongAndOverflow(value, &overflow);
  if (overflow || n < 0) {
    PyErr_Format(PyExc_ValueError, "`%s` wants numbers from 0 to 2**63 - 1, got %R", word, value);
    Py_XDECREF(index);
    return -1;
  }
  Py_XDECREF(index);
  *out = (uint64_t)n;
  return 0;
}

static int read_grid(call *c, PyObject *value, int which) {
  const char *word = which == GRID_THREADS ? "threads" : "groups";
  if (value == Py_None) return 0;
  c->grids |= which;
  c->grid = (weft_grid){.threads = which == GRID_THREADS, .n = {1, 1, 1}};
  if (PyLong_Check(value) || !PySequence_Check(value) || PyUnicode_Check(value))
    return read_extent(value, word, &c->grid.n[0]);
  Py_ssize_t n = PySequence_Size(value);
  if (n < 0) { /* a 0-d NumPy array is a sequence without a length */
    PyErr_Clear();
    return read_extent(value, word, &c->grid.n[0]);
  }
  if (n < 1 || n > 3) {
    PyErr_Format(PyExc_ValueError, "`%s` wants one to three numbers, got %zd", word, n);
    return -1;
  }
  for (Py_ssize_t i = 0; i < n; i++) {
    PyObject *item = PySequence_GetItem(value, i);
    int failed = item ? read_extent(item, word, &c->grid.n[i]) : -1;
    Py_XDECREF(item);
    if (failed) return -1;
  }
  return 0;
}

/* ---- values ------------------------------------------------------------------------------------------------------ */

static int give_value(call *c, int slot, PyObject *value) {
  const weft_slot *s = &c->kernel->slots[slot];
  unsigned char *out = c->scratch + c->kernel->slot_facts[slot].scratch_at;
  py_where where = {NULL, s->name, 0};
  if (py_arguments_pack(s->type, c->kernel->slot_facts[slot].members, value, out, &where) < 0) return -1;
  c->args[slot] = (weft_arg){.kind = WEFT_ARG_BYTES, .bytes = out, .n_bytes = s->type->size};
  return 0;
}

/* A struct array: its NumPy dtype must lay it out as WGSL does. 1: it was one and is given, 0: it is none. */
static int give_records(call *c, int slot, PyObject *value, py_host_data *host) {
  const weft_slot *s = &c->kernel->slots[slot];
  const wgsl_type *type = s->type->kind == WGSL_KIND_ARRAY && s->type->element ? s->type->element : s->type;
  py_where where = {NULL, s->name, 0};
  int record = py_arguments_record(type, value, &where);
  if (record <= 0) return record;
  char path[PY_WHERE_CAPACITY];
  *host = (py_host_data){0};
  if (PyObject_GetBuffer(value, &host->view, PyBUF_FULL_RO) < 0) return -1;
  c->n_hosts++;
  uint32_t stride = s->type->kind == WGSL_KIND_ARRAY ? s->type->stride : type->size;
  if (host->view.itemsize != (Py_ssize_t)stride || !PyBuffer_IsContiguous(&host->view, 'C')) {
    PyErr_Format(PyExc_ValueError, "%s%s wants contiguous records of %u bytes, got %zd", py_where_text(&where, path),
                 s->type->name, (unsigned)stride, host->view.itemsize);
    return -1;
  }
  c->args[slot] = (weft_arg){.kind = WEFT_ARG_BYTES, .bytes = host->view.buf, .n_bytes = (uint64_t)host->view.len};
  return 1;
}

static int give_host(call *c, int slot, PyObject *value) {
  const weft_slot *s = &c->kernel->slots[slot];
  if (s->kind == WEFT_SLOT_READ_WRITE)
    return py_error_type(value, "`%s` is %s %s: it wants a weft array or Buffer (weft.asarray(a) makes one)",
                         s->name, slot_word(s), s->type->name);
  if (!PyObject_CheckBuffer(value))
    return py_error_type(value, "`%s` is %s %s: it wants a weft array (weft.asarray(a) makes one), a Buffer or an object with "
                         "the buffer protocol", s->name, slot_word(s), s->type->name);
  if (!c->hosts && !(c->hosts = PyMem_Calloc(c->kernel->n_slots, sizeof *c->hosts))) {
    PyErr_NoMemory();
    return -1;
  }
  py_host_data *host = &c->hosts[c->n_hosts];
  int records = give_records(c, slot, value, host);
  if (records) return records < 0 ? -1 : 0;
  if (py_convert_buffer(value, host) < 0) {
    char prefix[PY_WHERE_CAPACITY];
    py_where where = {NULL, s->name, 0};
    py_error_prefix(py_where_text(&where, prefix));
    return -1;
  }
  c->n_hosts++;
  Py_ssize_t n_axes = PyTuple_Size(host->shape);
  Py_ssize_t inner = n_axes > 1 ? PyLong_AsSsize_t(PyTuple_GetItem(host->shape, n_axes - 1)) : 0;
  c->args[slot] = (weft_arg){.kind = WEFT_ARG_BYTES,
                             .dtype = host->dtype,
                             .bytes = host->bytes,
                             .n_bytes = host->n_bytes,
                             .inner = host->dtype == WEFT_DTYPE_RAW ? 0 : (uint32_t)inner};
  return 0;
}

static int fail_twice(const char *text) {
  PyErr_Format(PyExc_TypeError, "`%s` is given twice", text);
  return -1;
}

/* Gives `value` to a slot, or reads the grid. */
static int give(call *c, int slot, PyObject *value) {
  if (slot == PY_SLOT_THREADS) return read_grid(c, value, GRID_THREADS);
  if (slot == PY_SLOT_GROUPS) return read_grid(c, value, GRID_GROUPS);
  if (slot == PY_SLOT_UNUSED) return 0;
  py_kernel *k = c->kernel;
  py_state *state = py_state_of((PyObject *)k);
  if (c->args[slot].kind != WEFT_ARG_NONE) return fail_twice(k->slots[slot].name);
  PyTypeObject *type = Py_TYPE(value);
  if (type == (PyTypeObject *)state->array_type || type == (PyTypeObject *)state->buffer_type) {
    c->args[slot] = py_storage_argument((const py_storage *)value);
    return 0;
  }
  weft_slot_kind kind = k->slots[slot].kind;
  bool by_value = kind == WEFT_SLOT_UNIFORM || kind == WEFT_SLOT_IMMEDIATE;
  return by_value && k->slots[slot].type->kind != WGSL_KIND_BUFFER ? give_value(c, slot, value)
                                                                   : give_host(c, slot, value);
}

/* ---- names ------------------------------------------------------------------------------------------------------- */

static int find_name(py_kernel *k, PyObject *text) {
  for (uint32_t i = 0; i < k->n_names; i++)
    if (k->names[i].text == text) return k->names[i].slot;
  for (uint32_t i = 0; PyUnicode_Check(text) && i < k->n_names; i++)
    if (PyUnicode_Compare(k->names[i].text, text) == 0) return k->names[i].slot;
  return PY_SLOT_UNKNOWN;
}

static const char *candidate_name(const void *data, uint32_t i) {
  const py_kernel *k = data;
  const char *text = i < k->n_names ? PyUnicode_AsUTF8AndSize(k->names[i].text, NULL) : NULL;
  if (!text) PyErr_Clear();
  return text;
}

static int fail_unknown(py_kernel *k, PyObject *text) {
  char hint[PY_HINT_CAPACITY];
  PyObject *name = py_error_name(text);
  if (name)
    PyErr_Format(PyExc_TypeError, "%s() has no binding %U%s", weft_kernel_entry(k->kernel), name,
                 py_error_hint(text, candidate_name, k, hint));
  Py_XDECREF(name);
  return -1;
}

/* The plan for these keyword names; NULL with an exception when one is unknown. `spare` is used where none is kept. */
static const int16_t *plan_keywords(py_kernel *k, PyObject *kwnames, int16_t *spare) {
  for (int i = 0; i < PY_PLANS; i++)
    if (k->plans[i].kwnames == kwnames) return k->plans[i].slots;
  Py_ssize_t n = PyTuple_Size(kwnames);
  for (Py_ssize_t i = 0; i < n; i++) {
    PyObject *text = PyTuple_GetItem(kwnames, i);
    int slot = find_name(k, text);
    if (slot == PY_SLOT_UNKNOWN) {
      fail_unknown(k, text);
      return NULL;
    }
    spare[i] = (int16_t)slot;
  }
  if (n > PY_PLAN_KEYWORDS) return spare;
  py_plan *p = &k->plans[k->next_plan++ % PY_PLANS];
  Py_XDECREF(p->kwnames);
  Py_INCREF(kwnames);
  p->kwnames = kwnames;
  memcpy(p->slots, spare, (size_t)n * sizeof *spare);
  return p->slots;
}

static int give_keywords(call *c, PyObject *const *values, PyObject *kwnames) {
  int16_t slots[PY_PLAN_KEYWORDS], *spare = slots;
  Py_ssize_t n = PyTuple_Size(kwnames);
  if (n > PY_PLAN_KEYWORDS && !(spare = PyMem_Malloc((size_t)n * sizeof *spare))) {
    PyErr_NoMemory();
    return -1;
  }
  const int16_t *plan = plan_keywords(c->kernel, kwnames, spare);
  int failed = plan ? 0 : -1;
  /* Values run Python code, which may call this kernel and take the plan's place. */
  if (plan && plan != spare) memcpy(spare, plan, (size_t)n * sizeof *spare);
  for (Py_ssize_t i = 0; !failed && i < n; i++) failed = give(c, spare[i], values[i]);
  if (spare != slots) PyMem_Free(spare);
  return failed;
}

/* ---- mappings ---------------------------------------------------------------------------------------------------- */

/* The slot that a key of a mapping means: a name, or (group, binding). Names of the grid do not count here. */
static int find_key(py_kernel *k, PyObject *key) {
  unsigned group, binding;
  bool pair = PyTuple_Check(key) && PyTuple_Size(key) == 2;
  if (pair && !PyArg_ParseTuple(key, "II", &group, &binding)) {
    PyErr_Clear();
    return PY_SLOT_UNKNOWN;
  }
  int found = PY_SLOT_UNKNOWN;
  for (uint32_t i = PY_GRID_NAMES; i < k->n_names; i++) {
    const py_name *n = &k->names[i];
    bool same = pair ? n->group == group && n->binding == binding
                     : PyUnicode_Check(key) && PyUnicode_Compare(n->text, key) == 0;
    if (same && (found == PY_SLOT_UNKNOWN || n->slot >= 0)) found = n->slot; /* two entry points may share a place */
  }
  return found;
}

/* Whether a dict that is the only positional argument stands for all arguments, not for the first one. */
static bool is_mapping(py_kernel *k, PyObject *value) {
  if (!PyDict_Check(value)) return false;
  PyObject *key, *item;
  Py_ssize_t at = 0;
  bool first_takes_dict =
      k->n_slots && (k->slots[0].kind == WEFT_SLOT_UNIFORM || k->slots[0].kind == WEFT_SLOT_IMMEDIATE);
  while (PyDict_Next(value, &at, &key, &item))
    if (!PyTuple_Check(key) && first_takes_dict && find_key(k, key) == PY_SLOT_UNKNOWN) return false;
  return true;
}

static int give_mapping(call *c, PyObject *mapping, PyObject **held) {
  *held = PyDict_Items(mapping);
  if (!*held) return -1;
  Py_ssize_t n = PyList_Size(*held);
  for (Py_ssize_t i = 0; i < n; i++) {
    PyObject *pair = PyList_GetItem(*held, i);
    int slot = find_key(c->kernel, PyTuple_GetItem(pair, 0));
    if (slot == PY_SLOT_UNKNOWN) return fail_unknown(c->kernel, PyTuple_GetItem(pair, 0));
    if (give(c, slot, PyTuple_GetItem(pair, 1)) < 0) return -1;
  }
  return 0;
}

/* ---- the call ---------------------------------------------------------------------------------------------------- */

static int give_positional(call *c, PyObject *const *values, Py_ssize_t n, PyObject **held) {
  py_kernel *k = c->kernel;
  if (n == 1 && is_mapping(k, values[0])) return give_mapping(c, values[0], held);
  if (n > (Py_ssize_t)k->n_slots) {
    PyErr_Format(PyExc_TypeError, "%s() takes %u arguments in order, got %zd", weft_kernel_entry(k->kernel),
                 (unsigned)k->n_slots, n);
    return -1;
  }
  for (Py_ssize_t i = 0; i < n; i++)
    if (give(c, (int)i, values[i]) < 0) return -1;
  return 0;
}

static int check_complete(call *c) {
  py_kernel *k = c->kernel;
  const char *entry = weft_kernel_entry(k->kernel);
  if (c->grids != GRID_THREADS && c->grids != GRID_GROUPS) {
    PyErr_Format(PyExc_TypeError, "%s() wants exactly one of `threads` and `groups`, got %s", entry,
                 c->grids ? "both" : "neither");
    return -1;
  }
  for (uint32_t i = 0; i < k->n_slots; i++) {
    const weft_slot *s = &k->slots[i];
    if (c->args[i].kind != WEFT_ARG_NONE) continue;
    if (s->kind == WEFT_SLOT_IMMEDIATE)
      PyErr_Format(PyExc_TypeError, "%s() misses `%s`: var<immediate> %s", entry, s->name, s->type->name);
    else
      PyErr_Format(PyExc_TypeError, "%s() misses `%s`: @group(%u) @binding(%u) %s %s", entry, s->name,
                   (unsigned)s->group, (unsigned)s->binding, slot_word(s), s->type->name);
    return -1;
  }
  return 0;
}

static int dispatch(call *c) {
  weft_error err;
  py_kernel *k = c->kernel;
  py_state *state = py_state_of((PyObject *)k);
  if (py_host_check(state) < 0) return -1;
  if (weft_kernel_call(k->kernel, c->args, &c->grid, &err) == WEFT_OK) return 0;
  if (err.code == WEFT_SHADER)
    py_error_raise_shader(state, &err, k->source);
  else
    py_error_raise(state, &err);
  return -1;
}

PyObject *py_kernel_vectorcall(PyObject *o, PyObject *const *args, size_t nargsf, PyObject *kwnames) {
  Py_ssize_t n = PY_VECTORCALL_NARGS(nargsf);
  PyObject *held = NULL;
  call c;
  if (call_begin(&c, (py_kernel *)o) < 0) return NULL;
  int failed = n ? give_positional(&c, args, n, &held) : 0;
  if (!failed && kwnames) failed = give_keywords(&c, args + n, kwnames);
  if (!failed) failed = check_complete(&c);
  if (!failed) failed = dispatch(&c);
  call_end(&c);
  Py_XDECREF(held);
  if (failed || py_batch_pace(((py_kernel *)o)->device) < 0) return NULL;
  Py_RETURN_NONE;
}

/* The way in for callers that do not know vectorcall: the same call with the arguments in one row. */
PyObject *py_kernel_call(PyObject *o, PyObject *args, PyObject *keywords) {
  Py_ssize_t n = PyTuple_Size(args), n_keywords = keywords ? PyDict_Size(keywords) : 0, at = 0;
  PyObject **row = PyMem_Malloc((size_t)(n + n_keywords + 1) * sizeof *row), *key, *value, *result = NULL;
  PyObject *kwnames = n_keywords ? PyTuple_New(n_keywords) : NULL;
  if (!row || (n_keywords && !kwnames)) {
    PyMem_Free(row);
    Py_XDECREF(kwnames);
    return row ? NULL : PyErr_NoMemory();
  }
  for (Py_ssize_t i = 0; i < n; i++) row[i] = PyTuple_GetItem(args, i);
  bool failed = false;
  for (Py_ssize_t i = 0; i < n_keywords && PyDict_Next(keywords, &at, &key, &value); i++) {
    row[n + i] = value;
    Py_INCREF(key);
    failed |= PyTuple_SetItem(kwnames, i, key) < 0;
  }
  if (!failed) result = py_kernel_vectorcall(o, row, (size_t)n, kwnames);
  PyMem_Free(row);
  Py_XDECREF(kwnames);
  return result;
}
