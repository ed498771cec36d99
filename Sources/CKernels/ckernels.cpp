#include "ckernels.h"

#include "Geometry.hpp"
#include "Variant.hpp"

namespace {

const ckernels::Variant &variant(ckernels_instruction_set set) {
#if defined(__x86_64__)
  if (set == CKERNELS_AVX512) return ckernels::avx512Variant;
  if (set == CKERNELS_AVX2) return ckernels::avx2Variant;
#endif
  (void)set;
  return ckernels::baselineVariant;
}

}  // namespace

extern "C" {

int32_t ckernels_version(void) noexcept { return 1; }

ckernels_instruction_set ckernels_best_instruction_set(void) noexcept {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool hasAVX2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool hasAVX512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  if (hasAVX2 && hasAVX512) return CKERNELS_AVX512;
  if (hasAVX2) return CKERNELS_AVX2;
#endif
  return CKERNELS_BASELINE;
}

int32_t ckernels_panel_width(ckernels_instruction_set set) noexcept { return variant(set).panelWidth; }

int64_t ckernels_winograd_workspace(const ckernels_winograd *call, const ckernels_team *team) noexcept {
  return ckernels::WinogradGeometry(*call, team->size()).workspace();
}

void ckernels_winograd_run(
    ckernels_instruction_set set, const ckernels_winograd *call, float *workspace, ckernels_team *team) noexcept {
  variant(set).winograd(*call, workspace, *team);
}

int64_t ckernels_indirect_workspace(const ckernels_indirect *call) noexcept {
  return ckernels::IndirectGeometry(*call).workspace();
}

void ckernels_indirect_run(
    ckernels_instruction_set set, const ckernels_indirect *call, float *workspace, ckernels_team *team) noexcept {
  variant(set).indirect(*call, workspace, *team);
}

void ckernels_pooling_run(
    ckernels_instruction_set set, const ckernels_pooling *call, ckernels_team *team) noexcept {
  variant(set).pooling(*call, *team);
}

void ckernels_pointwise_run(
    ckernels_instruction_set set, const ckernels_pointwise *call, ckernels_team *team) noexcept {
  variant(set).pointwise(*call, *team);
}

void ckernels_gather_run(ckernels_instruction_set set, const ckernels_gather *call, ckernels_team *team) noexcept {
  variant(set).gather(*call, *team);
}

double ckernels_measure_peak(ckernels_instruction_set set) noexcept { return variant(set).measurePeak(); }
}
