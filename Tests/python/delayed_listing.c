// A folder whose listings lag behind, as those of network file systems do: loaded before the C library (LD_PRELOAD), hides
// names from readdir until they are so old.
//
//   DELAY_SECONDS  how long a new name stays hidden
//   DELAY_PATH     only names in folders whose path holds this
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int is_delayed(DIR *folder, const char *name) {
  const char *seconds = getenv("DELAY_SECONDS"), *part = getenv("DELAY_PATH");
  if (!seconds || !part || name[0] == '.') return 0;
  int before = errno;
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", dirfd(folder));
  ssize_t length = readlink(link, path, sizeof path - 1);
  struct stat status;
  struct timespec now;
  int hidden = 0;
  if (length > 0) {
    path[length] = 0;
    clock_gettime(CLOCK_REALTIME, &now);
    // The change time is when the name was given, by link or rename.
    if (strstr(path, part) && fstatat(dirfd(folder), name, &status, AT_SYMLINK_NOFOLLOW) == 0)
      hidden = (now.tv_sec - status.st_ctim.tv_sec) + (now.tv_nsec - status.st_ctim.tv_nsec) * 1e-9 < atof(seconds);
  }
  errno = before;
  return hidden;
}

struct dirent *readdir(DIR *folder) {
  struct dirent *(*real)(DIR *) = (struct dirent * (*)(DIR *)) dlsym(RTLD_NEXT, "readdir");
  struct dirent *entry;
  do entry = real(folder);
  while (entry && is_delayed(folder, entry->d_name));
  return entry;
}

struct dirent64 *readdir64(DIR *folder) {
  struct dirent64 *(*real)(DIR *) = (struct dirent64 * (*)(DIR *)) dlsym(RTLD_NEXT, "readdir64");
  struct dirent64 *entry;
  do entry = real(folder);
  while (entry && is_delayed(folder, entry->d_name));
  return entry;
}
