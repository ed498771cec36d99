// The convolution kernels of the CPU engine, behind one C header. Everything here is arithmetic; decisions are the caller's.
#ifndef CKERNELS_H
#define CKERNELS_H
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

// Version of this header; the tests compare it.
int32_t ckernels_version(void);

#ifdef __cplusplus
}
#endif
#endif
