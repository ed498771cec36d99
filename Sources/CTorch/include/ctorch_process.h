// What the supervision of engine processes needs from Linux and Swift does not see.
#ifndef AIS_CTORCH_PROCESS_H
#define AIS_CTORCH_PROCESS_H

#include <spawn.h>
#include <stdint.h>

/// A file in memory without a name, closed on exec; -1 with errno on failure.
int32_t ctorch_memory_file(const char *name);

/// The child of a spawn closes every descriptor from `first` on.
int32_t ctorch_spawn_close_from(posix_spawn_file_actions_t *actions, int32_t first);

#endif
