// Weights in the order in which the micro-kernels read them: panel after panel, each [k][filter of the panel], padded with
// zeros.
#include <vector>

#include "Geometry.hpp"
#include "Variant.hpp"
#include "ckernels.h"

namespace {

using namespace ckernels;

// G of Lavin & Gray: the kernel's transformation for F(4×4, 3×3).
constexpr double kernelTransform[6][3] = {{1.0 / 4, 0, 0},
                                          {-1.0 / 6, -1.0 / 6, -1.0 / 6},
                                          {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                                          {1.0 / 24, 1.0 / 12, 1.0 / 6},
                                          {1.0 / 24, -1.0 / 12, 1.0 / 6},
                                          {0, 0, 1}};

struct WinogradPacking {
  const float *kernel;
  const int32_t *sourceChannels;
  int32_t sourceCount;
  int32_t depthTaps, filters;
  int64_t panelWidth;
  int64_t channels;        // as the kernel counts them
  int64_t paddedChannels;  // every source rounded up
  float *packed;

  // One row of weights for all points: plane `tap` of the kernel, packed channel `slot`.
  void row(int64_t index) const {
    const int64_t tap = index / paddedChannels, slot = index % paddedChannels;
    const int64_t channel = channelAt(slot);
    const int64_t depth = depthTaps * paddedChannels, rounded = roundUp(filters, channelMultiple);
    for (int64_t first = 0; first < rounded;) {
      const Panel panel = panelAt(first, filters, panelWidth);
      for (int64_t lane = 0; lane < panel.width; lane++) {
        const int64_t filter = first + lane;
        const bool isReal = channel >= 0 && filter < filters;
        double half[6][3], whole[6][6];
        for (int a = 0; a < 6; a++)
          for (int j = 0; j < 3; j++) {
            half[a][j] = 0;
            for (int i = 0; isReal && i < 3; i++)
              half[a][j] += kernelTransform[a][i] *
                            double(kernel[(((tap * 3 + i) * 3 + j) * channels + channel) * filters + filter]);
          }
        for (int a = 0; a < 6; a++)
          for (int b = 0; b < 6; b++) {
            whole[a][b] = 0;
            for (int j = 0; j < 3; j++) whole[a][b] += half[a][j] * kernelTransform[b][j];
          }
        for (int64_t point = 0; point < points; point++)
          packed[first * points * depth + (point * depth + index) * panel.width + lane] =
              float(whole[point / 6][point % 6]);
      }
      first += panel.width;
    }
  }

  // The kernel's channel behind a packed one, −1 for padding.
  int64_t channelAt(int64_t slot) const {
    int64_t channel = 0;
    for (int32_t s = 0; s < sourceCount; s++) {
      const int64_t own = sourceChannels[s], padded = roundUp(own, channelMultiple);
      if (slot < padded) return slot < own ? channel + slot : -1;
      slot -= padded;
      channel += own;
    }
    return -1;
  }
};

int64_t paddedChannels(const int32_t *channels, int32_t count) {
  int64_t sum = 0;
  for (int32_t s = 0; s < count; s++) sum += roundUp(channels[s], channelMultiple);
  return sum;
}

}  // namespace

extern "C" {

int64_t ckernels_winograd_weight_count(
    const int32_t *source_channels, int32_t source_count, int32_t depth_taps, int32_t filters) noexcept {
  return points * depth_taps * paddedChannels(source_channels, source_count) * roundUp(filters, channelMultiple);
}

void ckernels_winograd_pack(
    ckernels_instruction_set set, const float *kernel, const int32_t *source_channels, int32_t source_count,
    int32_t depth_taps, int32_t filters, float *packed, ckernels_team *team) noexcept {
  int64_t channels = 0;
  for (int32_t s = 0; s < source_count; s++) channels += source_channels[s];
  const WinogradPacking packing{kernel,   source_channels,           source_count,
                                depth_taps, filters,                 ckernels_panel_width(set),
                                channels, paddedChannels(source_channels, source_count), packed};
  team->run(
      depth_taps * packing.paddedChannels,
      [](const void *context, int64_t index, int) { static_cast<const WinogradPacking *>(context)->row(index); },
      &packing);
}

int64_t ckernels_indirect_weight_count(int32_t tap_count, int32_t channels, int32_t filters) noexcept {
  return int64_t(tap_count) * channels * roundUp(filters, channelMultiple);
}

void ckernels_indirect_pack(
    ckernels_instruction_set set, const float *kernel, const int32_t *taps, int32_t tap_count, int32_t channels,
    int32_t filters, float *packed) noexcept {
  const int64_t depth = int64_t(tap_count) * channels;
  for (int64_t first = 0; first < roundUp(filters, channelMultiple);) {
    const Panel panel = panelAt(first, filters, ckernels_panel_width(set));
    float *to = packed + first * depth;
    for (int32_t tap = 0; tap < tap_count; tap++)
      for (int32_t channel = 0; channel < channels; channel++, to += panel.width) {
        const float *from = kernel + (int64_t(taps[tap]) * channels + channel) * filters + first;
        for (int64_t lane = 0; lane < panel.width; lane++) to[lane] = first + lane < filters ? from[lane] : 0;
      }
    first += panel.width;
  }
}
}
