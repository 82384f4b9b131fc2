/* Instances: the drivers a host has and how it waits (see weft.h). */
#include "core/core.h"

weft_status weft_instance_create(const weft_host *host, weft_instance **out, weft_error *err) {
  weft_instance *instance = weft__alloc_zero(1, sizeof *instance);
  if (!instance) return weft__fail_memory(err);
  atomic_init(&instance->refs, 1);
  if (host) instance->host = *host;
  *out = instance;
  return WEFT_OK;
}

weft_instance *weft_instance_retain(weft_instance *instance) {
  atomic_fetch_add_explicit(&instance->refs, 1, memory_order_relaxed);
  return instance;
}

void weft_instance_release(weft_instance *instance) {
  if (!instance || atomic_fetch_sub_explicit(&instance->refs, 1, memory_order_acq_rel) != 1) return;
  weft__free(instance->drivers);
  weft__free(instance);
}

weft_status weft_instance_add_driver(weft_instance *instance, const weft_driver *driver, weft_error *err) {
  if (driver->abi != WEFT_DRIVER_ABI)
    return weft__fail(err, WEFT_UNSUPPORTED, "the %s driver was built for version %u of the driver table; this is version %d", driver->name,
                      driver->abi, WEFT_DRIVER_ABI);
  if (!weft__grow(&instance->drivers, &instance->drivers_capacity, instance->n_drivers + 1, sizeof *instance->drivers))
    return weft__fail_memory(err);
  instance->drivers[instance->n_drivers++] = driver;
  return WEFT_OK;
}
