// A system call on files that Swift's Glibc module does not offer.
#ifndef CCODECS_FILES_H
#define CCODECS_FILES_H
#include <stdint.h>
/// Asks the file system to set aside the first `bytes` bytes of a file without writing them (fallocate(2)).
/// Returns 0 or an errno value; EOPNOTSUPP where the file system cannot do it.
int32_t ccodecs_reserve(int32_t descriptor, int64_t bytes);
#endif
