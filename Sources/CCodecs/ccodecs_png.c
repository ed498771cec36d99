#include "ccodecs_png.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What libpng's callbacks need: the growing output, and where to leave an error's words.
typedef struct {
  uint8_t *bytes;
  size_t count, capacity;
  char *message;
  size_t message_capacity;
} encoding;

static void on_error(png_structp png, png_const_charp words) {
  encoding *state = png_get_error_ptr(png);
  snprintf(state->message, state->message_capacity, "%s", words);
  png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp words) {
  (void)png;
  (void)words;
}

static void on_write(png_structp png, png_bytep data, png_size_t length) {
  encoding *state = png_get_io_ptr(png);
  if (length > state->capacity - state->count) {
    size_t capacity = state->capacity * 2 + length + 65536;
    uint8_t *grown = realloc(state->bytes, capacity);
    if (!grown) png_error(png, "out of memory");
    state->bytes = grown;
    state->capacity = capacity;
  }
  memcpy(state->bytes + state->count, data, length);
  state->count += length;
}

static void on_flush(png_structp png) { (void)png; }

// The state belongs to the caller: what changes after setjmp must not be a local of the function that calls it.
static int32_t encode_rgb(encoding *state, const uint8_t *pixels, int32_t width, int32_t height,
                          const ccodecs_png_text *texts, int32_t text_count) {
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, state, on_error, on_warning);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  png_text *entries = calloc(text_count > 0 ? (size_t)text_count : 1, sizeof(png_text));
  if (!png || !info || !entries) {
    snprintf(state->message, state->message_capacity, "out of memory");
    if (png) png_destroy_write_struct(&png, &info);
    free(entries);
    return -1;
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_write_struct(&png, &info);
    free(entries);
    return -1;
  }
  png_set_write_fn(png, state, on_write, on_flush);
  png_set_IHDR(png, info, (png_uint_32)width, (png_uint_32)height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  for (int32_t i = 0; i < text_count; i++) {
    entries[i].compression = PNG_ITXT_COMPRESSION_NONE;  // the one kind of PNG text that is UTF-8
    entries[i].key = (png_charp)texts[i].keyword;
    entries[i].text = (png_charp)texts[i].text;
    entries[i].itxt_length = strlen(texts[i].text);
    entries[i].lang = (png_charp) "";
    entries[i].lang_key = (png_charp) "";
  }
  if (text_count > 0) png_set_text(png, info, entries, text_count);
  png_write_info(png, info);
  for (int32_t row = 0; row < height; row++) {
    png_write_row(png, (png_const_bytep)(pixels + (size_t)row * (size_t)width * 3));
  }
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  free(entries);
  return 0;
}

int32_t ccodecs_png_encode_rgb(const uint8_t *pixels, int32_t width, int32_t height, const ccodecs_png_text *texts,
                               int32_t text_count, uint8_t **bytes, size_t *count, char *message,
                               size_t message_capacity) {
  encoding state = {NULL, 0, 0, message, message_capacity};
  *bytes = NULL;
  *count = 0;
  if (encode_rgb(&state, pixels, width, height, texts, text_count) != 0) {
    free(state.bytes);
    return -1;
  }
  *bytes = state.bytes;
  *count = state.count;
  return 0;
}
