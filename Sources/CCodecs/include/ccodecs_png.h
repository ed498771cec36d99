#ifndef CCODECS_PNG_H
#define CCODECS_PNG_H
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// One keyword and its value, stored in the picture as text. UTF-8; the keyword has 1 to 79 bytes.
typedef struct {
  const char *keyword;
  const char *text;
} ccodecs_png_text;

/// Encodes 8-bit RGB pixels, rows from the top, as a PNG file in memory.
///
/// Exists because libpng reports errors by longjmp, which must not cross Swift frames.
/// On success returns 0 and stores in `*bytes` a buffer of `*count` bytes that the caller frees with `free`.
/// On failure returns -1, leaves `*bytes` null and writes a sentence into `message`.
int32_t ccodecs_png_encode_rgb(const uint8_t *pixels, int32_t width, int32_t height, const ccodecs_png_text *texts,
                               int32_t text_count, uint8_t **bytes, size_t *count, char *message,
                               size_t message_capacity);

#ifdef __cplusplus
}
#endif
#endif
