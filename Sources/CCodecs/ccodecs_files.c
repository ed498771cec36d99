#define _GNU_SOURCE
#include "ccodecs_files.h"

#include <errno.h>
#include <fcntl.h>

int32_t ccodecs_reserve(int32_t descriptor, int64_t bytes) {
  for (;;) {
    if (fallocate(descriptor, 0, 0, bytes) == 0) return 0;
    if (errno != EINTR) return errno;
  }
}
