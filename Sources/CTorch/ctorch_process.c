#define _GNU_SOURCE
#include "ctorch_process.h"

#include <sys/mman.h>

int32_t ctorch_memory_file(const char *name) { return memfd_create(name, MFD_CLOEXEC); }

int32_t ctorch_spawn_close_from(posix_spawn_file_actions_t *actions, int32_t first) {
  return posix_spawn_file_actions_addclosefrom_np(actions, first);
}
