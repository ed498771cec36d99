#include "ckernels.h"

int32_t ckernels_version(void) { return 1; }
