/* Gives each virtual register its place in the file and each label its instruction. */
#include <string.h>

#include "base/alloc.h"
#include "base/checked.h"
#include "base/error.h"
#include "drivers/cpu/lower.h"

weft_status cpu_allocate(cpu_lower *L, cpu_program *p, weft_error *err) {
  uint32_t *place = weft__alloc((L->n_regs + 1) * sizeof *place);
  uint32_t *labels = weft__alloc_zero(L->n_labels + 1, sizeof *labels);
  p->code = weft__alloc((L->n_code + 1) * sizeof *p->code);
  p->constants = weft__alloc((L->n_regs + 1) * sizeof *p->constants);
  weft_status status = place && labels && p->code && p->constants ? WEFT_OK : weft__fail_memory(err);
  uint32_t scalars = 0, rows = 0;
  for (uint32_t r = 0; r < L->n_regs && status == WEFT_OK; r++)
    if (L->regs[r].kind == CPU_REG_CONST) {
      p->constants[scalars] = L->regs[r].value;
      place[r] = scalars++;
    }
  p->n_constants = scalars;
  for (uint32_t r = 0; r < L->n_regs && status == WEFT_OK; r++)
    if (L->regs[r].kind != CPU_REG_CONST && !L->regs[r].row) place[r] = scalars++;
  p->n_scalars = (uint32_t)weft__round_up(scalars, CPU_CHUNK);
  for (uint32_t r = 0; r < L->n_regs && status == WEFT_OK; r++)
    if (L->regs[r].row) place[r] = p->n_scalars + rows++ * p->stride;
  p->n_rows = rows;
  for (uint32_t i = 0; i < L->n_code && status == WEFT_OK; i++) {
    if (L->code[i].op == CPU_LABEL)
      labels[L->code[i].target] = p->n_code;
    else
      p->code[p->n_code++] = L->code[i];
  }
  for (uint32_t i = 0; i < p->n_code && status == WEFT_OK; i++) {
    cpu_insn *insn = &p->code[i];
    for (uint32_t k = 0; k < (uint32_t)insn->n_defs + insn->n_uses; k++) insn->r[k] = place[insn->r[k]];
    if (insn->op >= CPU_JUMP && insn->op <= CPU_MASK_JOIN) insn->target = labels[insn->target];
  }
  for (int which = 0; which < CPU_PRESET_COUNT; which++) {
    cpu_reg r = L->presets[which];
    p->presets[which] = (cpu_preset_place){.r = CPU_NO_REGISTER};
    if (r && status == WEFT_OK) p->presets[which] = (cpu_preset_place){.r = place[r], .scalar = !L->regs[r].row};
  }
  weft__free(place);
  weft__free(labels);
  return status;
}
