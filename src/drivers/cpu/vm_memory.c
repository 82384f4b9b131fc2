/* Loads, stores and atomics. Compiled once for each instruction set.
 *
 *   element e of lane k: bytes + offset + index[k] * scale + 4 * e        inside when index[k] < limit
 *
 * Nothing outside the bound bytes is touched, whatever the index: loads give 0 there, stores and atomics do nothing.
 * Most accesses go to neighbouring places by neighbouring lanes, or all to one place; both are looked for, first over
 * the whole range, then chunk by chunk, since a gather costs several times as much. */
#include <string.h>

#include "drivers/cpu/vm.h"

/* What an access comes to now: how many index values stay inside, and where index 0 is. */
typedef struct access {
  uint8_t *bytes;
  const uint32_t *index; /* NULL: always 0 */
  uint32_t limit, scale;
  bool one, apart, rises; /* one: all lanes have the same index; rises: by one from lane to lane */
} access;

static access access_of(const cpu_vm *vm, const cpu_insn *i, uint32_t n_bytes) {
  const cpu_memory *memory = &vm->memories[i->target];
  access a = {.scale = i->scale, .apart = memory->apart, .rises = i->bits & CPU_BIT_LANES};
  if (memory->n_bytes >= n_bytes && memory->n_bytes - n_bytes >= i->offset) {
    uint32_t room = memory->n_bytes - n_bytes - i->offset;
    a.limit = (i->scale & (i->scale - 1)) ? room / i->scale : room >> __builtin_ctz(i->scale);
    a.limit += a.limit != UINT32_MAX;
    if (i->count && i->count < a.limit) a.limit = i->count;
    a.bytes = memory->bytes + i->offset;
  }
  if (i->has_index) a.index = vm->file + i->r[i->n_defs + i->n_uses - 1];
  a.one = !i->has_index || i->bits & CPU_BIT_LAST;
  return a;
}

/* Indices that rise from lane to lane, in the spare row. */
static void spread(const cpu_vm *vm, access *a) {
  uint32_t start = *a->index;
  CPU_LANES for (uint32_t k = vm->begin; k < vm->end; k++) vm->spare[k] = start + k;
  a->index = vm->spare;
  a->rises = false;
}

/* Memory of one workgroup each, seen as one: the index becomes the number of the word, in the spare row. */
static void join(const cpu_vm *vm, access *a) {
  if (a->rises) spread(vm, a);
  uint32_t words = a->scale / 4, limit = a->limit;
  const uint32_t *index = a->index;
  if (a->one) {
    uint32_t at = index ? *index : 0;
    for (uint32_t k = vm->begin; k < vm->end; k++)
      vm->spare[k] = at < limit ? at * words + vm->group_bytes[k] / 4 : ~0u;
  } else {
    CPU_LANES for (uint32_t k = vm->begin; k < vm->end; k++)
      vm->spare[k] = index[k] < limit ? index[k] * words + vm->group_bytes[k] / 4 : ~0u;
  }
  *a = (access){.bytes = a->bytes, .index = vm->spare, .limit = a->limit ? ~0u : 0, .scale = 4};
}

/* Where lane k's element is; NULL: outside. */
static inline uint8_t *place(const cpu_vm *vm, const access *a, uint32_t k) {
  uint32_t index = !a->index ? 0 : a->rises ? *a->index + k : a->index[a->one ? 0 : k];
  if (index >= a->limit) return NULL;
  return a->bytes + (size_t)index * a->scale + (a->apart ? vm->group_bytes[k] : 0);
}

/* How the indices of n lanes lie. */
typedef enum pattern { SCATTERED, NEIGHBOURS, SAME } pattern;

/* The first and the last index tell what it can be; then all are looked at. */
static inline pattern pattern_of(const uint32_t *index, uint32_t n, uint32_t limit) {
  uint32_t first = index[0], last = index[n - 1], odd = 0;
  if (first >= limit) return SCATTERED;
  if (last - first == n - 1) {
    CPU_LANES for (uint32_t k = 0; k < n; k++) odd |= index[k] - k - first;
    return !odd && n - 1 < limit - first ? NEIGHBOURS : SCATTERED;
  }
  if (last != first) return SCATTERED;
  CPU_LANES for (uint32_t k = 0; k < n; k++) odd |= index[k] ^ first;
  return odd ? SCATTERED : SAME;
}

/* Whether the n lanes from the begin of the range take neighbouring elements, all inside, the first one `*first`. */
static inline bool in_line(const cpu_vm *vm, const access *a, uint32_t n, uint32_t *first) {
  if (!n || a->apart || a->one) return false;
  *first = a->rises ? *a->index + vm->begin : a->index[vm->begin];
  if (a->rises) return *first < a->limit && n - 1 < a->limit - *first;
  return pattern_of(a->index + vm->begin, n, a->limit) == NEIGHBOURS;
}

/* ---- loads ------------------------------------------------------------------------------------------------------- */

/* n lanes of n_words elements, `words` apart, that lie side by side. */
static inline void load_neighbours(uint32_t *const *d, const uint32_t *p, uint32_t n_words, uint32_t words,
                                   uint32_t n) {
  for (uint32_t e = 0; e < n_words; e++) {
    uint32_t *out = d[e];
    CPU_LANES for (uint32_t k = 0; k < n; k++) out[k] = p[(size_t)k * words + e];
  }
}

static void load_side_by_side(uint32_t *const *d, const uint32_t *p, uint32_t n_words, uint32_t words, uint32_t n) {
  if (words == 1 && n_words == 1)
    memcpy(d[0], p, n * sizeof *p);
  else if (words == 2 && n_words == 2)
    load_neighbours(d, p, 2, 2, n);
  else if (words == 4 && n_words == 4)
    load_neighbours(d, p, 4, 4, n);
  else
    load_neighbours(d, p, n_words, words, n);
}

static inline void gather(const access *a, uint32_t *const *d, const uint32_t *index, uint32_t n_words, uint32_t n) {
  const uint32_t *p = (const uint32_t *)a->bytes;
  uint32_t words = a->scale / 4, limit = a->limit;
  if (!limit) {
    for (uint32_t e = 0; e < n_words; e++) memset(d[e], 0, n * sizeof **d);
    return;
  }
  for (uint32_t e = 0; e < n_words; e++) {
    uint32_t *out = d[e];
    CPU_LANES for (uint32_t k = 0; k < n; k++) {
      uint32_t at = index[k] < limit ? index[k] : 0, x = p[(size_t)at * words + e];
      out[k] = index[k] < limit ? x : 0;
    }
  }
}

static void load_chunk(const access *a, uint32_t *const *d, const uint32_t *index, uint32_t n_words) {
  const uint32_t *p = (const uint32_t *)a->bytes;
  uint32_t words = a->scale / 4;
  switch (pattern_of(index, CPU_CHUNK, a->limit)) {
    case NEIGHBOURS:
      load_side_by_side(d, p + (size_t)index[0] * words, n_words, words, CPU_CHUNK);
      return;
    case SAME:
      for (uint32_t e = 0; e < n_words; e++) {
        uint32_t x = p[(size_t)index[0] * words + e], *out = d[e];
        CPU_LANES for (uint32_t k = 0; k < CPU_CHUNK; k++) out[k] = x;
      }
      return;
    default:
      gather(a, d, index, n_words, CPU_CHUNK);
  }
}

/* A loop over an array goes from row to row in strides, often of many pages, which processors do not foresee as they do
 * the next line. Asks for the row that comes AHEAD turns later; it need not be there, that is a hint only. */
static inline void look_ahead(cpu_vm *vm, const cpu_insn *i, const uint32_t *row, uint32_t n_bytes) {
  enum { AHEAD = 4, LINE = 64, NEAR = 4096, PLACES = sizeof vm->loaded / sizeof *vm->loaded };
  uintptr_t *last = &vm->loaded[(size_t)(i - vm->code) % PLACES], at = (uintptr_t)row, stride = at - *last;
  *last = at;
  if (stride + NEAR <= 2 * NEAR) return;
  for (uint32_t k = 0; k < n_bytes; k += LINE) __builtin_prefetch((const void *)(at + AHEAD * stride + k));
}

const cpu_insn *CPU_RUN(LOAD)(cpu_vm *vm, const cpu_insn *i) {
  uint32_t n_words = i->n_defs, n = cpu_range(vm), *d[4];
  access a = access_of(vm, i, 4 * n_words);
  if (!n) return i + 1;
  for (uint32_t e = 0; e < n_words; e++) d[e] = vm->file + i->r[e] + vm->begin;
  if (a.apart && (!i->has_index || a.scale % 4 == 0)) join(vm, &a);
  if (a.one || a.scale % 4) {
    for (uint32_t k = 0; k < n; k++) {
      const uint8_t *p = place(vm, &a, vm->begin + k);
      for (uint32_t e = 0; e < n_words; e++) {
        d[e][k] = 0;
        if (p) memcpy(&d[e][k], p + 4 * e, 4);
      }
    }
    return i + 1;
  }
  uint32_t there = cpu_end(vm) - vm->begin, first; /* indices of lanes that are not there would spoil the pattern */
  if (in_line(vm, &a, there, &first)) {
    const uint32_t *row = (const uint32_t *)a.bytes + (size_t)first * (a.scale / 4);
    look_ahead(vm, i, row, there * a.scale);
    load_side_by_side(d, row, n_words, a.scale / 4, there);
    return i + 1;
  }
  if (a.rises) spread(vm, &a);
  const uint32_t *index = a.index + vm->begin;
  for (uint32_t c = 0; c < n; c += CPU_CHUNK) {
    load_chunk(&a, d, index + c, n_words);
    for (uint32_t e = 0; e < n_words; e++) d[e] += CPU_CHUNK;
  }
  return i + 1;
}

const cpu_insn *CPU_RUN(LOAD_ONE)(cpu_vm *vm, const cpu_insn *i) {
  access a = access_of(vm, i, 4u * i->n_defs);
  const uint8_t *p = place(vm, &a, 0);
  for (uint32_t e = 0; e < i->n_defs; e++) {
    vm->file[i->r[e]] = 0;
    if (p) memcpy(&vm->file[i->r[e]], p + 4 * e, 4);
  }
  return i + 1;
}

/* f16: its own value as f32 */
static void load_halves(cpu_vm *vm, const cpu_insn *i, const uint8_t *p, uint32_t k) {
  for (uint32_t e = 0; e < i->n_defs; e++) {
    uint16_t half = 0;
    if (p) memcpy(&half, p + 2 * e, 2);
    CPU_MATH(f32FromF16)((float *)(vm->file + i->r[e] + k), &half, 1);
  }
}

const cpu_insn *CPU_RUN(LOAD_HALF)(cpu_vm *vm, const cpu_insn *i) {
  access a = access_of(vm, i, 2u * i->n_defs);
  uint32_t there = vm->begin < cpu_end(vm) ? cpu_end(vm) - vm->begin : 0, first;
  if (i->n_defs == 1 && a.scale == 2 && in_line(vm, &a, there, &first)) {
    const uint16_t *p = (const uint16_t *)a.bytes + first;
    CPU_MATH(f32FromF16)((float *)(vm->file + i->r[0] + vm->begin), p, there);
    return i + 1;
  }
  for (uint32_t k = vm->begin; k < vm->end; k++) load_halves(vm, i, place(vm, &a, k), k);
  return i + 1;
}

const cpu_insn *CPU_RUN(LOAD_HALF_ONE)(cpu_vm *vm, const cpu_insn *i) {
  access a = access_of(vm, i, 2u * i->n_defs);
  load_halves(vm, i, place(vm, &a, 0), 0);
  return i + 1;
}

const cpu_insn *CPU_RUN(MEMORY_BYTES)(cpu_vm *vm, const cpu_insn *i) {
  vm->file[i->r[0]] = vm->memories[i->target].n_bytes;
  return i + 1;
}

/* ---- stores ------------------------------------------------------------------------------------------------------ */

static inline bool value_is_scalar(const cpu_insn *i, uint32_t e) { return i->bits & CPU_BIT_VALUE << e; }

/* n lanes from lane `from` on, side by side at p; `mask` NULL: all of them. */
static void store_neighbours(const cpu_vm *vm, const cpu_insn *i, uint32_t *p, uint32_t words, uint32_t from,
                             uint32_t n, const uint32_t *mask) {
  uint32_t n_words = i->n_uses - i->has_index;
  for (uint32_t e = 0; e < n_words; e++) {
    const uint32_t *v = vm->file + i->r[e];
    uint32_t one = *v;
    if (value_is_scalar(i, e)) {
      for (uint32_t k = 0; k < n; k++)
        if (!mask || mask[k]) p[(size_t)k * words + e] = one;
    } else if (mask) {
      CPU_LANES for (uint32_t k = 0; k < n; k++)
        if (mask[k]) p[(size_t)k * words + e] = v[from + k];
    } else if (words == 1) {
      memcpy(p + e, v + from, n * sizeof *p);
    } else {
      CPU_LANES for (uint32_t k = 0; k < n; k++) p[(size_t)k * words + e] = v[from + k];
    }
  }
}

static void store_lane(const cpu_vm *vm, const cpu_insn *i, uint8_t *p, uint32_t k) {
  uint32_t n_words = i->n_uses - i->has_index;
  for (uint32_t e = 0; p && e < n_words; e++)
    memcpy(p + 4 * e, &vm->file[i->r[e] + (value_is_scalar(i, e) ? 0 : k)], 4);
}

/* n lanes from lane `from` on, each to its own place. */
static void scatter(const cpu_vm *vm, const cpu_insn *i, const access *a, uint32_t from, uint32_t n) {
  const uint32_t *m = cpu_mask(vm) + from, *index = a->index + from;
  uint32_t *p = (uint32_t *)a->bytes, words = a->scale / 4, n_words = i->n_uses - i->has_index;
  for (uint32_t e = 0; e < n_words; e++) {
    uint32_t step = value_is_scalar(i, e) ? 0 : 1;
    const uint32_t *v = vm->file + i->r[e] + step * from;
    for (uint32_t k = 0; k < n; k++)
      if (m[k] && index[k] < a->limit) p[(size_t)index[k] * words + e] = v[step * k];
  }
}

static void store_half_lane(const cpu_vm *vm, const cpu_insn *i, uint8_t *p, uint32_t k) {
  uint32_t n_words = i->n_uses - i->has_index;
  for (uint32_t e = 0; p && e < n_words; e++) {
    uint16_t half;
    CPU_MATH(f16FromF32)(&half, (const float *)&vm->file[i->r[e] + (value_is_scalar(i, e) ? 0 : k)], 1);
    memcpy(p + 2 * e, &half, 2);
  }
}

/* All lanes store to one place: the last active one wins. */
static const cpu_insn *store_one(cpu_vm *vm, const cpu_insn *i, const access *a,
                                 void (*store)(const cpu_vm *, const cpu_insn *, uint8_t *, uint32_t)) {
  const uint32_t *m = cpu_mask(vm);
  uint32_t k = cpu_end(vm);
  while (k > vm->begin && !m[k - 1]) k--;
  if (k > vm->begin) store(vm, i, place(vm, a, k - 1), k - 1);
  return i + 1;
}

const cpu_insn *CPU_RUN(STORE)(cpu_vm *vm, const cpu_insn *i) {
  uint32_t end = cpu_end(vm), words = i->scale / 4;
  access a = access_of(vm, i, 4u * (i->n_uses - i->has_index));
  const uint32_t *m = cpu_mask(vm);
  if (vm->begin >= end || !a.limit) return i + 1;
  if (a.one && !a.apart) return store_one(vm, i, &a, store_lane);
  if (a.apart && (!i->has_index || a.scale % 4 == 0)) {
    join(vm, &a);
    words = 1;
  }
  if (a.apart || a.scale % 4) {
    for (uint32_t k = vm->begin; k < end; k++)
      if (m[k]) store_lane(vm, i, place(vm, &a, k), k);
    return i + 1;
  }
  uint32_t *p = (uint32_t *)a.bytes;
  uint32_t there = end - vm->begin, first;
  if (in_line(vm, &a, there, &first)) {
    store_neighbours(vm, i, p + (size_t)first * words, words, vm->begin, there,
                     vm->state == CPU_ALL ? NULL : m + vm->begin);
    return i + 1;
  }
  if (a.rises) spread(vm, &a);
  for (uint32_t c = vm->begin; c < end; c += CPU_CHUNK) {
    uint32_t n = end - c < CPU_CHUNK ? end - c : CPU_CHUNK;
    if (pattern_of(a.index + c, n, a.limit) == NEIGHBOURS) {
      store_neighbours(vm, i, p + (size_t)a.index[c] * words, words, c, n, vm->state == CPU_ALL ? NULL : m + c);
      continue;
    }
    scatter(vm, i, &a, c, n);
  }
  return i + 1;
}

const cpu_insn *CPU_RUN(STORE_HALF)(cpu_vm *vm, const cpu_insn *i) {
  access a = access_of(vm, i, 2u * (i->n_uses - i->has_index));
  const uint32_t *m = cpu_mask(vm);
  uint32_t there = vm->begin < cpu_end(vm) ? cpu_end(vm) - vm->begin : 0, first;
  bool plain = i->n_uses - i->has_index == 1 && !value_is_scalar(i, 0) && vm->state == CPU_ALL;
  if (plain && a.scale == 2 && in_line(vm, &a, there, &first)) {
    uint16_t *p = (uint16_t *)a.bytes + first;
    CPU_MATH(f16FromF32)(p, (const float *)(vm->file + i->r[0] + vm->begin), there);
    return i + 1;
  }
  for (uint32_t k = vm->begin, end = cpu_end(vm); k < end; k++)
    if (m[k]) store_half_lane(vm, i, place(vm, &a, k), k);
  return i + 1;
}

/* ---- atomics ----------------------------------------------------------------------------------------------------- */

/* For each active lane k whose place is inside: p and v (of r[n_defs], when there is one) are its; `old` is the
 * result. */
#define EACH_ACTIVE(...)                                                                       \
  access a = access_of(vm, i, 4);                                                              \
  const uint32_t *m = cpu_mask(vm), *values = vm->file + i->r[i->n_defs];                       \
  uint32_t *d = vm->file + i->r[0], v_step = i->bits & CPU_BIT_VALUE ? 0 : 1;                   \
  bool shared = i->bits & CPU_BIT_SHARED;                                                       \
  for (uint32_t k = vm->begin, end = cpu_end(vm); k < end; k++) {                               \
    uint32_t *p = m[k] ? (uint32_t *)(void *)place(vm, &a, k) : NULL, v = values[v_step * k], old = 0; \
    (void)v;                                                                                    \
    if (p) {                                                                                    \
      __VA_ARGS__                                                                               \
    }                                                                                           \
    if (i->n_defs) d[k] = old;                                                                  \
  }                                                                                             \
  return i + 1;

#define ATOMIC(name, shared_form, plain_form)                              \
  const cpu_insn *CPU_RUN(name)(cpu_vm * vm, const cpu_insn *i) {          \
    EACH_ACTIVE(if (shared) old = shared_form; else {                      \
      old = *p;                                                            \
      *p = plain_form;                                                     \
    })                                                                     \
  }

ATOMIC(ATOMIC_ADD, __atomic_fetch_add(p, v, __ATOMIC_RELAXED), old + v)
ATOMIC(ATOMIC_SUB, __atomic_fetch_sub(p, v, __ATOMIC_RELAXED), old - v)
ATOMIC(ATOMIC_AND, __atomic_fetch_and(p, v, __ATOMIC_RELAXED), old &v)
ATOMIC(ATOMIC_OR, __atomic_fetch_or(p, v, __ATOMIC_RELAXED), old | v)
ATOMIC(ATOMIC_XOR, __atomic_fetch_xor(p, v, __ATOMIC_RELAXED), old ^ v)
ATOMIC(ATOMIC_EXCHANGE, __atomic_exchange_n(p, v, __ATOMIC_RELAXED), v)

/* Least and greatest: no write when the value stays, as then no other thread can tell. */
#define ATOMIC_BETTER(name, type, better)                                                                    \
  const cpu_insn *CPU_RUN(name)(cpu_vm * vm, const cpu_insn *i) {                                            \
    EACH_ACTIVE(                                                                                             \
        old = shared ? __atomic_load_n(p, __ATOMIC_RELAXED) : *p;                                            \
        while ((type)v better(type) old) {                                                                   \
          if (!shared) {                                                                                     \
            *p = v;                                                                                          \
            break;                                                                                           \
          }                                                                                                  \
          if (__atomic_compare_exchange_n(p, &old, v, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) break;      \
        })                                                                                                   \
  }

ATOMIC_BETTER(ATOMIC_MAX_I, int32_t, >)
ATOMIC_BETTER(ATOMIC_MAX_U, uint32_t, >)
ATOMIC_BETTER(ATOMIC_MIN_I, int32_t, <)
ATOMIC_BETTER(ATOMIC_MIN_U, uint32_t, <)

const cpu_insn *CPU_RUN(ATOMIC_LOAD)(cpu_vm *vm, const cpu_insn *i) {
  EACH_ACTIVE(old = shared ? __atomic_load_n(p, __ATOMIC_RELAXED) : *p;)
}

const cpu_insn *CPU_RUN(ATOMIC_STORE)(cpu_vm *vm, const cpu_insn *i) {
  EACH_ACTIVE(if (shared) __atomic_store_n(p, v, __ATOMIC_RELAXED); else *p = v;)
}

const cpu_insn *CPU_RUN(ATOMIC_COMPARE)(cpu_vm *vm, const cpu_insn *i) {
  const uint32_t *next = vm->file + i->r[i->n_defs + 1];
  uint32_t *exchanged = vm->file + i->r[1], next_step = i->bits & CPU_BIT_VALUE << 1 ? 0 : 1;
  EACH_ACTIVE(uint32_t to = next[next_step * k]; old = v; bool done;
            if (shared) {
              done = __atomic_compare_exchange_n(p, &old, to, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
            } else {
              old = *p;
              done = old == v;
              if (done) *p = to;
            }
            exchanged[k] = done ? ~0u : 0;)
}
