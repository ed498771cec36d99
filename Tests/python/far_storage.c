// Storage that is far away: loaded before the C library (LD_PRELOAD), lets opening a file take its time and bytes come slowly, all
// readers together. Nothing is kept in between, as if the files were never read before.
//
//   FAR_FOLDER  only files below it
//   FAR_OPEN_MS milliseconds that opening takes
//   FAR_MB_S    million bytes a second that all reads together get
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static double number(const char *name) {
  const char *text = getenv(name);
  return text ? atof(text) : 0;
}

static void wait_until(double seconds) {
  struct timespec end = {(time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL) == EINTR) {
  }
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

static int is_far(const char *path) {
  const char *folder = getenv("FAR_FOLDER");
  return folder && strncmp(path, folder, strlen(folder)) == 0;
}

static int opened(int descriptor) {
  if (descriptor < 0) return descriptor;
  int before = errno;
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length > 0) {
    path[length] = 0;
    if (is_far(path)) wait_until(now() + number("FAR_OPEN_MS") / 1e3);
  }
  errno = before;
  return descriptor;
}

// The line serves one after the other: what is read now comes after all that was asked for before.
static ssize_t came(int descriptor, ssize_t count) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  static double free_at;
  double rate = number("FAR_MB_S") * 1e6;
  if (count <= 0 || rate <= 0) return count;
  int before = errno;
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length > 0) {
    path[length] = 0;
    if (is_far(path)) {
      pthread_mutex_lock(&lock);
      double start = now();
      if (free_at < start) free_at = start;
      free_at += count / rate;
      double end = free_at;
      pthread_mutex_unlock(&lock);
      wait_until(end);
    }
  }
  errno = before;
  return count;
}

#define OPEN(name)                                      \
  int name(const char *path, int flags, ...) {          \
    mode_t mode = 0;                                    \
    if (flags & (O_CREAT | __O_TMPFILE)) {              \
      va_list arguments;                                \
      va_start(arguments, flags);                       \
      mode = va_arg(arguments, mode_t);                 \
      va_end(arguments);                                \
    }                                                   \
    return opened(REAL(name)(path, flags, mode));       \
  }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                         \
  int name(int folder, const char *path, int flags, ...) {   \
    mode_t mode = 0;                                         \
    if (flags & (O_CREAT | __O_TMPFILE)) {                   \
      va_list arguments;                                     \
      va_start(arguments, flags);                            \
      mode = va_arg(arguments, mode_t);                      \
      va_end(arguments);                                     \
    }                                                        \
    return opened(REAL(name)(folder, path, flags, mode));    \
  }
OPENAT(openat)
OPENAT(openat64)

ssize_t read(int descriptor, void *bytes, size_t count) { return came(descriptor, REAL(read)(descriptor, bytes, count)); }

ssize_t pread(int descriptor, void *bytes, size_t count, off_t offset) {
  return came(descriptor, REAL(pread)(descriptor, bytes, count, offset));
}

ssize_t pread64(int descriptor, void *bytes, size_t count, off64_t offset) {
  return came(descriptor, REAL(pread64)(descriptor, bytes, count, offset));
}
