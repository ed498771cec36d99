#define _GNU_SOURCE
#include "ccodecs_tiff.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tiffio.h>
#include <unistd.h>

struct ccodecs_tiff {
  TIFF *file;
  int descriptor;          // our own
  uint64_t position;       // of libtiff's next read
  int system_error;        // errno of a read that the system refused, since the message was last cleared
  int64_t memory_limit;
  uint64_t current;        // offset of the directory that libtiff holds now
  uint8_t *buffer;         // the strip or tile decoded last
  uint64_t buffer_size;
  uint64_t buffer_page;
  uint32_t buffer_index;
  int buffer_valid;
  char message[512];
};

static int keep_error(TIFF *file, void *user, const char *module, const char *format, va_list arguments) {
  (void)file;
  (void)module;
  ccodecs_tiff *tiff = user;
  vsnprintf(tiff->message, sizeof tiff->message, format, arguments);
  return 1;  // handled: libtiff must not print
}

static int drop_warning(TIFF *file, void *user, const char *module, const char *format, va_list arguments) {
  (void)file, (void)user, (void)module, (void)format, (void)arguments;
  return 1;
}

// libtiff reads through these instead of its own, which keep no errno: a failing disk is not a malformed file. Nothing is
// ever mapped into memory, so that a file that shrinks is an error and not a SIGBUS.
static tmsize_t read_bytes(thandle_t user, void *bytes, tmsize_t count) {
  ccodecs_tiff *tiff = user;
  tmsize_t done = 0;
  while (done < count) {
    ssize_t got = pread(tiff->descriptor, (uint8_t *)bytes + done, (size_t)(count - done), (off_t)tiff->position);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      tiff->system_error = errno;
      return -1;
    }
    if (got == 0) break;
    done += got;
    tiff->position += (uint64_t)got;
  }
  return done;
}

static tmsize_t write_nothing(thandle_t user, void *bytes, tmsize_t count) {
  (void)user, (void)bytes, (void)count;
  return -1;
}

static toff_t file_size(thandle_t user) {
  struct stat status;
  return fstat(((ccodecs_tiff *)user)->descriptor, &status) == 0 ? (toff_t)status.st_size : 0;
}

static toff_t seek_to(thandle_t user, toff_t offset, int whence) {
  ccodecs_tiff *tiff = user;
  uint64_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? tiff->position : file_size(user);
  // Offsets come out of the file: what does not fit an off_t leads nowhere. A step back wraps to the right place.
  uint64_t position = from + offset;
  if (position > INT64_MAX) return (toff_t)-1;
  return tiff->position = position;
}

static int close_nothing(thandle_t user) {
  (void)user;
  return 0;
}

static void clear_message(ccodecs_tiff *tiff) {
  tiff->message[0] = 0;
  tiff->system_error = 0;
}

static int32_t fail(ccodecs_tiff *tiff, const char *fallback) {
  if (tiff->message[0] == 0) snprintf(tiff->message, sizeof tiff->message, "%s", fallback);
  return -1;
}

int32_t ccodecs_tiff_open(int32_t descriptor, int64_t memory_limit, ccodecs_tiff **out) {
  ccodecs_tiff *tiff = calloc(1, sizeof *tiff);
  *out = tiff;
  if (!tiff) return -1;
  tiff->memory_limit = memory_limit;
  tiff->descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (tiff->descriptor < 0) {
    tiff->system_error = errno;
    return fail(tiff, "the file cannot be opened");
  }
  TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
  if (!options) return fail(tiff, "out of memory");
  TIFFOpenOptionsSetErrorHandlerExtR(options, keep_error, tiff);
  TIFFOpenOptionsSetWarningHandlerExtR(options, drop_warning, tiff);
  TIFFOpenOptionsSetMaxSingleMemAlloc(options, memory_limit);
  tiff->file = TIFFClientOpenExt(
      "tiff", "rm", tiff, read_bytes, write_nothing, seek_to, close_nothing, file_size, NULL, NULL, options);
  TIFFOpenOptionsFree(options);
  if (!tiff->file) return fail(tiff, "the file cannot be opened");
  tiff->current = TIFFCurrentDirOffset(tiff->file);
  return 0;
}

void ccodecs_tiff_close(ccodecs_tiff *tiff) {
  if (!tiff) return;
  if (tiff->file) TIFFClose(tiff->file);
  if (tiff->descriptor >= 0) close(tiff->descriptor);
  free(tiff->buffer);
  free(tiff);
}

const char *ccodecs_tiff_message(const ccodecs_tiff *tiff) { return tiff ? tiff->message : "out of memory"; }

int32_t ccodecs_tiff_system_error(const ccodecs_tiff *tiff) { return tiff ? tiff->system_error : 0; }

int32_t ccodecs_tiff_describe(ccodecs_tiff *tiff, ccodecs_tiff_page *page) {
  TIFF *file = tiff->file;
  clear_message(tiff);
  memset(page, 0, sizeof *page);
  page->offset = TIFFCurrentDirOffset(file);
  if (!TIFFGetField(file, TIFFTAG_IMAGEWIDTH, &page->width) || !TIFFGetField(file, TIFFTAG_IMAGELENGTH, &page->height))
    return fail(tiff, "a page does not say its width and height");
  TIFFGetFieldDefaulted(file, TIFFTAG_BITSPERSAMPLE, &page->bits);
  TIFFGetFieldDefaulted(file, TIFFTAG_SAMPLESPERPIXEL, &page->samples);
  TIFFGetFieldDefaulted(file, TIFFTAG_SAMPLEFORMAT, &page->format);
  TIFFGetFieldDefaulted(file, TIFFTAG_COMPRESSION, &page->compression);
  TIFFGetFieldDefaulted(file, TIFFTAG_RESOLUTIONUNIT, &page->resolution_unit);
  TIFFGetField(file, TIFFTAG_PHOTOMETRIC, &page->photometric);
  float resolution = 0;
  if (TIFFGetField(file, TIFFTAG_XRESOLUTION, &resolution)) page->x_resolution = resolution;
  if (TIFFGetField(file, TIFFTAG_YRESOLUTION, &resolution)) page->y_resolution = resolution;
  page->is_tiled = TIFFIsTiled(file) != 0;
  page->is_big_endian = TIFFIsBigEndian(file) != 0;
  page->first_byte = page->is_tiled ? 0 : TIFFGetStrileOffset(file, 0);
  if (!page->is_tiled && page->compression == COMPRESSION_NONE) {
    uint32_t strips = TIFFNumberOfStrips(file);
    uint64_t expected = page->first_byte;
    page->is_contiguous = page->first_byte != 0;
    for (uint32_t i = 0; i < strips && page->is_contiguous; i++) {
      if (TIFFGetStrileOffset(file, i) != expected) page->is_contiguous = 0;
      expected += TIFFGetStrileByteCount(file, i);
    }
  }
  // libtiff reads the places of strips when they are asked for, and calls one that it cannot read 0.
  if (tiff->system_error) return fail(tiff, "a page's strips cannot be found");
  return 0;
}

const char *ccodecs_tiff_description(ccodecs_tiff *tiff) {
  char *text = NULL;
  return TIFFGetField(tiff->file, TIFFTAG_IMAGEDESCRIPTION, &text) ? text : NULL;
}

int32_t ccodecs_tiff_next(ccodecs_tiff *tiff) {
  clear_message(tiff);
  if (TIFFLastDirectory(tiff->file)) return 0;
  if (!TIFFReadDirectory(tiff->file)) return tiff->message[0] || tiff->system_error ? -1 : 0;
  tiff->current = TIFFCurrentDirOffset(tiff->file);
  return 1;
}

// Decodes a strip or tile of the current page into the buffer, unless it is there already.
static int32_t decode(ccodecs_tiff *tiff, uint32_t index, uint64_t size) {
  if (tiff->buffer_valid && tiff->buffer_page == tiff->current && tiff->buffer_index == index) return 0;
  tiff->buffer_valid = 0;
  if (size == 0 || size > (uint64_t)tiff->memory_limit) return fail(tiff, "a strip or tile is too large");
  if (size > tiff->buffer_size) {
    free(tiff->buffer);
    // calloc touches no page before the decoder does: a strip that only claims to be large costs nothing.
    tiff->buffer = calloc(1, size);
    tiff->buffer_size = tiff->buffer ? size : 0;
    if (!tiff->buffer) return fail(tiff, "out of memory");
  } else {
    // What a broken strip leaves out must not show what an earlier one held.
    memset(tiff->buffer, 0, size);
  }
  tmsize_t got = TIFFIsTiled(tiff->file) ? TIFFReadEncodedTile(tiff->file, index, tiff->buffer, (tmsize_t)size)
                                         : TIFFReadEncodedStrip(tiff->file, index, tiff->buffer, (tmsize_t)size);
  if (got < 0) return fail(tiff, "a strip or tile cannot be decoded");
  if ((uint64_t)got < size) return fail(tiff, "a strip or tile is shorter than promised");
  tiff->buffer_valid = 1;
  tiff->buffer_page = tiff->current;
  tiff->buffer_index = index;
  return 0;
}

static int32_t read_strips(
    ccodecs_tiff *tiff, uint32_t first, uint32_t count, uint32_t height, uint64_t row_bytes, uint8_t *destination) {
  uint32_t rows_per_strip = 0;
  TIFFGetFieldDefaulted(tiff->file, TIFFTAG_ROWSPERSTRIP, &rows_per_strip);
  if (rows_per_strip == 0 || rows_per_strip > height) rows_per_strip = height;
  if ((uint64_t)TIFFScanlineSize64(tiff->file) != row_bytes) return fail(tiff, "a row has an unexpected length");
  for (uint32_t row = first; row < first + count;) {
    uint32_t strip = row / rows_per_strip;
    uint32_t top = strip * rows_per_strip;
    uint32_t rows = height - top < rows_per_strip ? height - top : rows_per_strip;
    if (decode(tiff, strip, rows * row_bytes) != 0) return -1;
    uint32_t end = top + rows < first + count ? top + rows : first + count;
    memcpy(destination + (row - first) * row_bytes, tiff->buffer + (row - top) * row_bytes, (end - row) * row_bytes);
    row = end;
  }
  return 0;
}

static int32_t read_tiles(
    ccodecs_tiff *tiff, uint32_t first, uint32_t count, uint32_t width, uint64_t sample_bytes, uint8_t *destination) {
  uint32_t tile_width = 0, tile_height = 0;
  if (!TIFFGetField(tiff->file, TIFFTAG_TILEWIDTH, &tile_width) ||
      !TIFFGetField(tiff->file, TIFFTAG_TILELENGTH, &tile_height) || tile_width == 0 || tile_height == 0)
    return fail(tiff, "the size of the tiles is missing");
  uint64_t tile_bytes = (uint64_t)TIFFTileSize64(tiff->file);
  uint64_t tile_row_bytes = tile_width * sample_bytes;
  if (tile_height > UINT64_MAX / tile_row_bytes || tile_bytes != tile_row_bytes * tile_height)
    return fail(tiff, "a tile has an unexpected size");
  uint64_t row_bytes = width * sample_bytes;
  for (uint32_t y = first / tile_height * tile_height; y < first + count; y += tile_height) {
    for (uint32_t x = 0; x < width; x += tile_width) {
      if (decode(tiff, TIFFComputeTile(tiff->file, x, y, 0, 0), tile_bytes) != 0) return -1;
      uint32_t top = y > first ? y : first;
      uint32_t end = (uint64_t)y + tile_height < first + count ? y + tile_height : first + count;
      uint64_t columns = width - x < tile_width ? width - x : tile_width;
      for (uint32_t row = top; row < end; row++)
        memcpy(destination + (row - first) * row_bytes + x * sample_bytes, tiff->buffer + (row - y) * tile_row_bytes,
               columns * sample_bytes);
      if (width - x <= tile_width) break;
    }
    if (UINT32_MAX - y < tile_height) break;
  }
  return 0;
}

int32_t ccodecs_tiff_read_rows(
    ccodecs_tiff *tiff, uint64_t offset, uint32_t first, uint32_t count, void *destination, uint64_t byte_count) {
  clear_message(tiff);
  if (tiff->current != offset) {
    tiff->current = 0;
    if (!TIFFSetSubDirectory(tiff->file, offset)) return fail(tiff, "a page cannot be found again");
    tiff->current = offset;
  }
  // Everything is asked anew: the file may have changed since the page was described.
  ccodecs_tiff_page page;
  if (ccodecs_tiff_describe(tiff, &page) != 0) return -1;
  uint64_t sample_bytes = page.bits / 8;
  uint64_t row_bytes = page.width * sample_bytes;
  if (page.samples != 1 || row_bytes == 0 || page.height < count || first > page.height - count ||
      byte_count / row_bytes != count || byte_count % row_bytes != 0)
    return fail(tiff, "a page is not what it was when the file was opened");
  if (page.is_tiled) return read_tiles(tiff, first, count, page.width, sample_bytes, destination);
  return read_strips(tiff, first, count, page.height, row_bytes, destination);
}
