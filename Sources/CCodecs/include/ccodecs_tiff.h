// TIFF stacks through libtiff, which is variadic and reports errors through callbacks: both hard to use from Swift.
//
// Rules: every function returns 0 on success and -1 on failure, with a sentence in the handle's message; nothing is
// ever printed; memory is bounded by the limit given when opening; one thread at a time uses a handle.
#ifndef CCODECS_TIFF_H
#define CCODECS_TIFF_H
#include <stdint.h>

typedef struct ccodecs_tiff ccodecs_tiff;

/// What one page says of itself. Missing tags have TIFF's default values; resolutions are 0 when missing.
typedef struct {
  uint64_t offset;             // of the directory in the file: the page's handle
  uint32_t width, height;
  uint16_t bits, samples;      // a sample; a pixel
  uint16_t format;             // 1 unsigned, 2 signed, 3 floating point
  uint16_t compression;        // 1 none, 5 LZW, 8 deflate, …
  uint16_t photometric;
  uint16_t resolution_unit;    // 1 none, 2 inch, 3 centimetre
  double x_resolution, y_resolution;
  int32_t is_tiled;
  int32_t is_big_endian;
  uint64_t first_byte;         // where the first strip or tile starts
  int32_t is_contiguous;       // uncompressed strips that follow each other without gaps
} ccodecs_tiff_page;

/// Opens a duplicate of `descriptor`; the caller's stays open and its own. `memory_limit`: most bytes of one
/// allocation. On failure `*out` still holds a handle with the message; close it in any case.
int32_t ccodecs_tiff_open(int32_t descriptor, int64_t memory_limit, ccodecs_tiff **out);
void ccodecs_tiff_close(ccodecs_tiff *tiff);

/// The last error, a sentence part; owned by the handle.
const char *ccodecs_tiff_message(const ccodecs_tiff *tiff);
/// The errno of the last failure when it was the operating system that refused to read, otherwise 0.
int32_t ccodecs_tiff_system_error(const ccodecs_tiff *tiff);

/// Describes the current page (the first after opening).
int32_t ccodecs_tiff_describe(ccodecs_tiff *tiff, ccodecs_tiff_page *page);
/// The current page's ImageDescription, or NULL; owned by the handle, valid until the next call.
const char *ccodecs_tiff_description(ccodecs_tiff *tiff);
/// Goes to the next page: 1 when there is one, 0 at the end, -1 on failure.
int32_t ccodecs_tiff_next(ccodecs_tiff *tiff);

/// Reads rows [first, first + count) of the page at `offset` in native byte order: count * width * bits / 8 bytes.
int32_t ccodecs_tiff_read_rows(
    ccodecs_tiff *tiff, uint64_t offset, uint32_t first, uint32_t count, void *destination, uint64_t byte_count);
#endif
