// Settings of the C library's heap.
#ifndef CCODECS_MEMORY_H
#define CCODECS_MEMORY_H

// From now on buffers of 512 KiB and more go back to the system when they are freed. Returns 1, or 0 where the library
// has no such setting. Exists because glibc's <malloc.h> is not visible from Swift.
int ccodecs_return_freed_memory(void);

#endif
