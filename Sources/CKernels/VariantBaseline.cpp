// The kernels compiled for whatever the compiler may use everywhere: SSE2 on x86-64, NEON on ARM.
#include <time.h>

#include <algorithm>
#include <cstdint>

#include "Geometry.hpp"
#include "Variant.hpp"

#define KERNEL_LANES 4
#if defined(__x86_64__)
#define KERNEL_REGISTERS 16
#define KERNEL_REGISTER_CLASS "x"
#else
#define KERNEL_REGISTERS 32
#define KERNEL_REGISTER_CLASS "w"
#endif
namespace ckernels::baseline {
constexpr int64_t panelWidth = 16;
#include "kernels/All.hpp"
}  // namespace ckernels::baseline

const ckernels::Variant ckernels::baselineVariant = ckernels::baseline::variant;
