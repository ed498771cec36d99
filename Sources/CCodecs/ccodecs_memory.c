#include "ccodecs_memory.h"

#if defined(__GLIBC__) || defined(__linux__)
#include <malloc.h>
#endif

int ccodecs_return_freed_memory(void) {
#ifdef M_MMAP_THRESHOLD
  return mallopt(M_MMAP_THRESHOLD, 512 << 10);
#else
  return 0;
#endif
}
