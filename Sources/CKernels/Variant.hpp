// One set of kernels per instruction set.
#pragma once
#include "Team.hpp"
#include "ckernels.h"

namespace ckernels {

struct Variant {
  int panelWidth;
  void (*winograd)(const ckernels_winograd &, float *workspace, ckernels_team &);
  void (*indirect)(const ckernels_indirect &, float *workspace, ckernels_team &);
  void (*pooling)(const ckernels_pooling &, ckernels_team &);
  void (*pointwise)(const ckernels_pointwise &, ckernels_team &);
  void (*gather)(const ckernels_gather &, ckernels_team &);
  double (*measurePeak)();
};

extern const Variant baselineVariant;
#if defined(__x86_64__)
extern const Variant avx2Variant;
extern const Variant avx512Variant;
#endif

}  // namespace ckernels
