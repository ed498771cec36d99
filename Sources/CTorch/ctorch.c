#define _POSIX_C_SOURCE 200809L
#include "ctorch.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static int is_file(const char *path) {
  struct stat facts;
  return stat(path, &facts) == 0 && S_ISREG(facts.st_mode);
}

const ctorch_api *ctorch_open(const char *libraries, const char *plugin, char *message, int32_t capacity) {
  static const ctorch_api *opened;
  if (opened) return opened;

  // Threads that have done their part sleep instead of asking again and again whether the others have: where other programs want
  // the processors, those would wait for them while both burn. It is read once, when OpenMP's library is loaded.
  setenv("OMP_WAIT_POLICY", "passive", 0);
  // Products of matrices on a card come out the same each time only with work space of a fixed size. Read when a card is first used.
  setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", 0);

  // Each by absolute path, so that the plugin, which names them only, gets these and no others. They find the libraries of CUDA
  // by their own paths, ../../nvidia. A machine without a driver has no use for the CUDA part, so that may fail.
  static const struct {
    const char *name;
    int is_needed;
  } parts[] = {{"libc10.so", 1}, {"libtorch_cpu.so", 1}, {"libc10_cuda.so", 0}, {"libtorch_cuda.so", 0}};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", libraries, parts[i].name);
    if (!parts[i].is_needed && !is_file(path)) continue;
    if (!dlopen(path, RTLD_LAZY | RTLD_LOCAL) && parts[i].is_needed) {
      snprintf(message, (size_t)capacity, "%s", dlerror());
      return NULL;
    }
  }
  void *handle = dlopen(plugin, RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    snprintf(message, (size_t)capacity, "%s", dlerror());
    return NULL;
  }
  ctorch_entry entry = (ctorch_entry)dlsym(handle, CTORCH_ENTRY);
  if (!entry) {
    snprintf(message, (size_t)capacity, "'%s' is no plugin of Ais: it has no function '%s'", plugin, CTORCH_ENTRY);
    return NULL;
  }
  opened = entry(CTORCH_ABI);
  if (!opened)
    snprintf(message, (size_t)capacity, "'%s' was built for another version of Ais: its interface is not number %d", plugin,
             CTORCH_ABI);
  return opened;
}
