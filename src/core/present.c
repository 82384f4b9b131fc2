/* Showing pixels on a canvas without reading them. Used by src/python/show.c. The driver copies at the end of the submit that
 * makes the pixels: in one of its own, behind it, the same took SwiftShader twice as long. */
#include "core/core.h"

static weft_status present(weft_buffer *b, uint64_t offset, uint32_t canvas, uint32_t width, uint32_t height, weft_error *err) {
  weft_device *d = b->device;
  if (!d->driver->present)
    return weft__fail(err, WEFT_UNSUPPORTED, "the driver \"%s\" has no canvases", d->driver->name);
  if (!width || !height) return weft__fail(err, WEFT_VALUE, "a picture of %u x %u pixels", width, height);
  uint64_t row = weft__round_up((uint64_t)width * 4, WEFT_ROW_BYTES);
  if (row > b->n_bytes || height > b->n_bytes / row || offset > b->n_bytes - row * height || offset % 4)
    return weft__fail(err, WEFT_VALUE, "%u rows of %llu bytes at offset %llu do not lie in a buffer of %llu bytes", height,
                      (unsigned long long)row, (unsigned long long)offset, (unsigned long long)b->n_bytes);
  weft_status status = weft__device_ready(d, err);
  if (status == WEFT_OK && d->target != &d->list)
    status = weft__fail(err, WEFT_STATE, "a recording cannot show pictures: nothing runs while it is made");
  if (status == WEFT_OK) status = weft__buffer_usable(b, err);
  weft__confirm *use = b->store ? &b->store->confirm : NULL;
  if (status == WEFT_OK) status = weft__list_enter(d, &use, 1, err); /* so that there is a submit */
  if (status == WEFT_OK) status = d->driver->present(d->handle, canvas, b->store->id, offset, width, height, err);
  return status == WEFT_OK ? weft__flush(d, err) : weft__driver_failed(d, status, err);
}

weft_status weft_buffer_present(weft_buffer *b, uint64_t offset, uint32_t canvas, uint32_t width, uint32_t height, weft_error *err) {
  weft__lock_enter(&b->device->lock);
  weft_status status = present(b, offset, canvas, width, height, err);
  weft__lock_leave(&b->device->lock);
  return status;
}
