/* Writing error records (see error.h). */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A cut in the middle of a UTF-8 sequence would make a message that cannot be decoded. */
static void trim_to_character(char *text, size_t capacity) {
  size_t n = strlen(text);
  if (n + 1 < capacity) return;
  size_t i = n;
  while (i > 0 && ((unsigned char)text[i - 1] & 0xC0) == 0x80) i--;
  if (i == 0) return;
  unsigned char lead = (unsigned char)text[i - 1];
  size_t want = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  if (i - 1 + want != n) text[i - 1] = 0;
}

static weft_status write_error(weft_error *err, weft_status code, uint32_t line, uint32_t column, const char *format,
                               va_list args) {
  if (!err) return code;
  err->code = code;
  err->line = line;
  err->column = column;
  vsnprintf(err->message, sizeof err->message, format, args);
  trim_to_character(err->message, sizeof err->message);
  return code;
}

weft_status weft__fail(weft_error *err, weft_status code, const char *format, ...) {
  va_list args;
  va_start(args, format);
  write_error(err, code, 0, 0, format, args);
  va_end(args);
  return code;
}

weft_status weft__fail_at(weft_error *err, weft_status code, uint32_t line, uint32_t column, const char *format, ...) {
  va_list args;
  va_start(args, format);
  write_error(err, code, line, column, format, args);
  va_end(args);
  return code;
}

weft_status weft__fail_memory(weft_error *err) { return weft__fail(err, WEFT_MEMORY, "out of memory on the host"); }

weft_status weft__fail_prefix(weft_error *err, weft_status code, const char *format, ...) {
  if (!err) return code;
  char rest[WEFT_ERROR_CAPACITY];
  memcpy(rest, err->message, sizeof rest);
  va_list args;
  va_start(args, format);
  vsnprintf(err->message, sizeof err->message, format, args);
  va_end(args);
  size_t n = strlen(err->message);
  snprintf(err->message + n, sizeof err->message - n, "%s", rest);
  trim_to_character(err->message, sizeof err->message);
  return code;
}

const char *weft__status_name(weft_status code) {
  static const char *const names[] = {
#define X(name, text) #name,
      WEFT_STATUS_LIST(X)
#undef X
  };
  return (unsigned)code < sizeof names / sizeof *names ? names[code] : "?";
}
