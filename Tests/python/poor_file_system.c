// A file system without locks and shared memory maps, as some network and cluster file systems are: loaded before the C library
// (LD_PRELOAD). Locks of byte ranges and shared maps of files below POOR_FOLDER fail.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int is_poor(int descriptor) {
  const char *folder = getenv("POOR_FOLDER");
  char link[64], path[4096];
  int before = errno;
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  errno = before;
  if (!folder || length <= 0) return 0;
  path[length] = 0;
  return strncmp(path, folder, strlen(folder)) == 0;
}

static int control(int descriptor, int command, void *argument) {
  if ((command == F_SETLK || command == F_SETLKW || command == F_GETLK || command == F_OFD_SETLK ||
       command == F_OFD_SETLKW || command == F_OFD_GETLK) && is_poor(descriptor)) {
    errno = ENOLCK;
    return -1;
  }
  static int (*next)(int, int, ...);
  if (!next) next = dlsym(RTLD_NEXT, "fcntl64");
  return next(descriptor, command, argument);
}

#define CONTROL(name)                               \
  int name(int descriptor, int command, ...) {      \
    va_list arguments;                              \
    va_start(arguments, command);                   \
    void *argument = va_arg(arguments, void *);     \
    va_end(arguments);                              \
    return control(descriptor, command, argument);  \
  }
CONTROL(fcntl)
CONTROL(fcntl64)

#define MAP(name, offset_type)                                                                              \
  void *name(void *address, size_t length, int protection, int flags, int descriptor, offset_type offset) { \
    static void *(*next)(void *, size_t, int, int, int, offset_type);                                       \
    if (!next) next = dlsym(RTLD_NEXT, #name);                                                              \
    if ((flags & MAP_SHARED) && descriptor >= 0 && is_poor(descriptor)) {                                   \
      errno = ENODEV;                                                                                       \
      return MAP_FAILED;                                                                                    \
    }                                                                                                       \
    return next(address, length, protection, flags, descriptor, offset);                                    \
  }
MAP(mmap, off_t)
MAP(mmap64, off64_t)
