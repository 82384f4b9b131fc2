/* Places in a `buffer` (lower.h; WGSL 17.14): bytes that bufferView and bufferArrayView look at as another type.
 *
 *   buffer   |offset ............................................. length|      bytes that are bound, or those of the
 *   view            |o ...... array ... length elements|                        smallest buffer<N> on the way here
 *                   └ `inside`: the view is in the buffer, and every index so far in its array
 *
 * A view that does not fit is an invalid pointer, and so is what is reached through it: loads give 0, stores do nothing.
 * That is asked at the access, once for all that lead to it, so that no sum of indices can lead back inside. */
#include "drivers/cpu/lower.h"

static cpu_reg both(cpu_lower *L, cpu_reg a, cpu_reg b) { return cpu_op2(L, CPU_AND, a, b); }
static cpu_reg number(cpu_lower *L, uint32_t n) { return cpu_constant(L, n); }

cpu_reg cpu_memory_bytes(cpu_lower *L, uint32_t memory) {
  cpu_reg bytes = 0;
  cpu_insn insn = {.op = CPU_MEMORY_BYTES, .n_defs = 1, .target = memory, .bits = CPU_BIT_SCALAR};
  cpu_emit_known(L, insn, &bytes);
  return bytes;
}

cpu_reg cpu_buffer_length(cpu_lower *L, const cpu_place *buffer) {
  return buffer->limit ? number(L, buffer->limit) : cpu_memory_bytes(L, buffer->memory);
}

void cpu_buffer_narrow(cpu_lower *L, cpu_place *buffer, const wgsl__type *t) {
  uint32_t n = t->flags & WGSL__TYPE_OVERRIDE_SIZED ? cpu_array_count(L, t) : t->host.size;
  if (t->base == WGSL__BASE_BUFFER && n && (!buffer->limit || n < buffer->limit)) buffer->limit = n;
  buffer->type = t;
}

static void guard(cpu_lower *L, cpu_place *p, cpu_reg inside) {
  p->inside = p->guarded ? both(L, p->inside, inside) : inside;
  p->guarded = true;
}

void cpu_view_index(cpu_lower *L, cpu_place *p, cpu_reg index) {
  guard(L, p, cpu_op2(L, CPU_LT_U, index, p->length));
}

/* (bytes - first) / stride elements, which is at least one where the view is inside. */
static cpu_reg elements(cpu_lower *L, cpu_reg bytes, uint32_t first, uint32_t stride) {
  return cpu_op2(L, CPU_DIV_U, cpu_op2(L, CPU_SUB, bytes, number(L, first)), number(L, stride));
}

cpu_place cpu_view(cpu_lower *L, const wgsl__expr *call) {
  const wgsl__type *t = call->type->inner, *last = t;
  const wgsl__expr *offset = call->list->next, *size = offset->next;
  cpu_place p = cpu_place_of(L, call->list);
  cpu_reg at = cpu_expr_scalar(L, offset, NULL), wanted = size ? cpu_expr_scalar(L, size, NULL) : 0;
  if (!p.type || L->status != WEFT_OK) return (cpu_place){0};
  uint32_t first = 0, least = t->host.size, align = t->host.align ? t->host.align : 1, unit = align < 4 ? align : 4;
  if (t->flags & WGSL__TYPE_RUNTIME_SIZED) {
    if (t->base == WGSL__BASE_STRUCT) {
      first = t->host.members[t->host.n_members - 1].offset;
      last = wgsl__type_part(t, t->host.n_members - 1);
    }
    least = first + last->host.stride;
  }
  cpu_reg bytes = cpu_buffer_length(L, &p), room, fits;
  at = cpu_op2(L, CPU_AND, at, number(L, ~(align - 1)));
  room = cpu_op2(L, CPU_SUB, bytes, at);
  fits = both(L, cpu_op2(L, CPU_LE_U, at, bytes), cpu_op2(L, CPU_LE_U, number(L, least), size ? wanted : room));
  if (size) fits = both(L, fits, cpu_op2(L, CPU_LE_U, wanted, room));
  p.limit = 0;
  p.type = t;
  p.is_view = true;
  if (t->flags & WGSL__TYPE_RUNTIME_SIZED) {
    cpu_reg n = elements(L, size ? wanted : room, first, last->host.stride);
    p.length = cpu_op3(L, CPU_SELECT, fits, n, 0);
  }
  guard(L, &p, fits);
  p.index = cpu_op2(L, CPU_DIV_U, at, number(L, unit));
  p.scale = unit;
  p.has_index = true;
  if (!cpu_is_constant(L, at)) return p;
  p.offset += L->regs[at].value;
  p.has_index = false;
  return p;
}
