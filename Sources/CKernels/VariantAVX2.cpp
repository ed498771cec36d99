// The kernels compiled for AVX2 and FMA.
#if defined(__x86_64__)
#include <time.h>

#include <algorithm>
#include <cstdint>

#include "Geometry.hpp"
#include "Variant.hpp"

#define KERNEL_LANES 8
#define KERNEL_REGISTERS 16
#define KERNEL_REGISTER_CLASS "x"
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
namespace ckernels::avx2 {
constexpr int64_t panelWidth = 16;
#include "kernels/All.hpp"
}  // namespace ckernels::avx2
#pragma clang attribute pop

const ckernels::Variant ckernels::avx2Variant = ckernels::avx2::variant;
#endif
