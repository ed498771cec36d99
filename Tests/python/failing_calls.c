// A disk that fails on demand: loaded before the C library (LD_PRELOAD), lets calls on chosen files fail from the N-th on.
//
//   FAIL_CALL   pread, read, pwrite, fsync, fallocate or rename
//   FAIL_PATH   calls count whose file's path ends so; a hidden file `.NAME.HOST.PID.N.part` counts as NAME
//   FAIL_ERRNO  the error number; 0 only counts
//   FAIL_AFTER  so many calls succeed first
//   FAIL_SWITCH a file: calls fail only while it is there; none, always
//   FAIL_REPORT a file that gets the number of calls when the process ends
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long calls;

static int ends_with(const char *path, const char *end) {
  size_t length = strlen(path), wanted = strlen(end);
  return length >= wanted && strcmp(path + length - wanted, end) == 0;
}

// Whether `path` is the chosen file, under its own name or while it is written.
static int is_chosen(const char *path) {
  const char *end = getenv("FAIL_PATH");
  if (!end) return 0;
  const char *name = strrchr(path, '/');
  name = name ? name + 1 : path;
  if (name[0] != '.' || !ends_with(name, ".part")) return ends_with(path, end);
  char own[4096];
  snprintf(own, sizeof own, "/%s", name + 1);
  // .part, the serial number, the process and the host.
  for (int i = 0; i < 4; i++) {
    char *dot = strrchr(own, '.');
    if (dot) *dot = 0;
  }
  return ends_with(own, end);
}

static int fails_now(const char *call, const char *path) {
  const char *wanted = getenv("FAIL_CALL"), *number = getenv("FAIL_ERRNO"), *after = getenv("FAIL_AFTER");
  if (!wanted || !number || strcmp(wanted, call) != 0 || !is_chosen(path)) return 0;
  const char *when = getenv("FAIL_SWITCH");
  if (when && access(when, F_OK) != 0) return 0;
  long before = atomic_fetch_add(&calls, 1);
  if (atoi(number) == 0 || before < (after ? atol(after) : 0)) return 0;
  errno = atoi(number);
  return 1;
}

static int fails_on(const char *call, int descriptor) {
  int before = errno;
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  errno = before;
  if (length <= 0) return 0;
  path[length] = 0;
  return fails_now(call, path);
}

__attribute__((destructor)) static void report(void) {
  const char *path = getenv("FAIL_REPORT");
  FILE *file = path ? fopen(path, "w") : NULL;
  if (!file) return;
  fprintf(file, "%ld\n", atomic_load(&calls));
  fclose(file);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t pread(int descriptor, void *bytes, size_t count, off_t offset) {
  return fails_on("pread", descriptor) ? -1 : REAL(pread)(descriptor, bytes, count, offset);
}

ssize_t pread64(int descriptor, void *bytes, size_t count, off64_t offset) {
  return fails_on("pread", descriptor) ? -1 : REAL(pread64)(descriptor, bytes, count, offset);
}

ssize_t read(int descriptor, void *bytes, size_t count) {
  return fails_on("read", descriptor) ? -1 : REAL(read)(descriptor, bytes, count);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
  return fails_on("pwrite", descriptor) ? -1 : REAL(pwrite)(descriptor, bytes, count, offset);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) {
  return fails_on("pwrite", descriptor) ? -1 : REAL(pwrite64)(descriptor, bytes, count, offset);
}

int fsync(int descriptor) { return fails_on("fsync", descriptor) ? -1 : REAL(fsync)(descriptor); }

int fallocate(int descriptor, int mode, off_t offset, off_t count) {
  return fails_on("fallocate", descriptor) ? -1 : REAL(fallocate)(descriptor, mode, offset, count);
}

int rename(const char *from, const char *to) { return fails_now("rename", to) ? -1 : REAL(rename)(from, to); }
