// The kernels compiled for AVX512.
#if defined(__x86_64__)
#include <time.h>

#include <algorithm>
#include <cstdint>

#include "Geometry.hpp"
#include "Variant.hpp"

#define KERNEL_LANES 16
#define KERNEL_REGISTERS 32
#define KERNEL_REGISTER_CLASS "v"
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma"))), apply_to = function)
namespace ckernels::avx512 {
constexpr int64_t panelWidth = 64;
#include "kernels/All.hpp"
}  // namespace ckernels::avx512
#pragma clang attribute pop

const ckernels::Variant ckernels::avx512Variant = ckernels::avx512::variant;
#endif
