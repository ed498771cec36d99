// The convolution kernels against plain loops, as a program of its own: it can be compiled for a processor that neither
// Swift nor the rest of Ais is installed for. Prints one line a kernel; the exit code is 1 when a value is too far off.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <vector>

#include "ckernels.h"

namespace {

std::mt19937 generator(7);

int64_t roundUp(int64_t value) {
  return (value + CKERNELS_CHANNEL_MULTIPLE - 1) / CKERNELS_CHANNEL_MULTIPLE * CKERNELS_CHANNEL_MULTIPLE;
}

// Floats on a whole cache line, as the engine gives them to the kernels.
struct Array {
  float *data;
  int64_t count;
  explicit Array(int64_t n, float fill = 0) : data(static_cast<float *>(aligned_alloc(64, roundUp(n + 16) * 4))), count(n) {
    for (int64_t i = 0; i < roundUp(n + 16); i++) data[i] = fill;
  }
  static Array random(int64_t n, float most = 1) {
    Array array(n);
    std::uniform_real_distribution<float> value(-most, most);
    for (int64_t i = 0; i < n; i++) array.data[i] = value(generator);
    return array;
  }
};

// Weights as networks have them: sums of `terms` products stay about as large as what goes in.
Array randomKernel(int64_t terms, int32_t filters) {
  return Array::random(terms * filters, std::sqrt(3 / float(terms)));
}

ckernels_source randomSource(int64_t z, int64_t y, int64_t x, int32_t channels, int32_t shift = 0) {
  const int64_t stride = roundUp(channels);
  const Array array = Array::random(z * y * x * stride);
  return {array.data, z, y, x, stride, channels, 0, shift, shift};
}

ckernels_target target(int64_t z, int64_t y, int64_t x, int32_t channels) {
  const int64_t stride = roundUp(channels);
  return {Array(z * y * x * stride, NAN).data, z, y, x, stride, channels};
}

float at(const ckernels_source &s, int64_t z, int64_t y, int64_t x, int32_t channel) {
  if (z < 0 || y < 0 || x < 0) return 0;
  z >>= s.shift_z, y >>= s.shift_y, x >>= s.shift_x;
  if (z >= s.z || y >= s.y || x >= s.x) return 0;
  return s.data[((z * s.y + y) * s.x + x) * s.stride + channel];
}

double activated(double value, const ckernels_activation &activation) {
  switch (activation.kind) {
    case CKERNELS_LINEAR: return value;
    case CKERNELS_RELU: return value > 0 ? value : 0;
    case CKERNELS_LEAKY_RELU: return value > 0 ? value : value * double(activation.parameter);
    case CKERNELS_SIGMOID: return 1 / (1 + std::exp(-value));
    case CKERNELS_TANH: return std::tanh(value);
    case CKERNELS_ELU: return value > 0 ? value : double(activation.parameter) * std::expm1(value);
  }
  return NAN;
}

double finished(double sum, const ckernels_epilogue &epilogue, int32_t filter) {
  sum = activated(sum + double(epilogue.bias[filter]), epilogue.first);
  if (epilogue.scale) sum = sum * double(epilogue.scale[filter]) + double(epilogue.shift[filter]);
  return activated(sum, epilogue.second);
}

ckernels_epilogue randomEpilogue(int32_t filters, ckernels_activation first) {
  const int64_t n = roundUp(filters);
  return {Array::random(n).data, first, Array::random(n).data, Array::random(n).data, nullptr, 0, {CKERNELS_LINEAR, 0}};
}

bool isAllRight = true;

// Compares every channel that counts with `expected(z, y, x, channel)`.
void compare(
    const char *name, const ckernels_target &found,
    const std::function<double(int64_t, int64_t, int64_t, int32_t)> &expected, double tolerance) {
  double worst = 0;
  for (int64_t z = 0; z < found.z; z++)
    for (int64_t y = 0; y < found.y; y++)
      for (int64_t x = 0; x < found.x; x++)
        for (int32_t c = 0; c < found.channels; c++) {
          const double value = double(found.data[((z * found.y + y) * found.x + x) * found.stride + c]);
          const double error = std::fabs(value - expected(z, y, x, c));
          if (!(error <= worst)) worst = error;  // a NaN stays
        }
  const bool isRight = worst <= tolerance;
  isAllRight = isAllRight && isRight;
  std::printf("%-5s  max |Δ| %.2e  %s\n", isRight ? "fine" : "WRONG", worst, name);
}

// Σ over taps and channels of source(p · step + tap) · kernel(tap, channel, filter).
double convolved(
    const std::vector<ckernels_source> &sources, const std::vector<ckernels_offset> &taps, ckernels_offset step,
    const Array &kernel, int32_t filters, int64_t z, int64_t y, int64_t x, int32_t filter) {
  double sum = 0;
  int64_t k = 0;
  for (const ckernels_offset &tap : taps)
    for (const ckernels_source &source : sources)
      for (int32_t c = 0; c < source.channels; c++, k++)
        sum += double(at(source, z * step.z + tap.z, y * step.y + tap.y, x * step.x + tap.x, c)) *
               double(kernel.data[k * filters + filter]);
  return sum;
}

std::vector<ckernels_offset> window(int32_t z, int32_t y, int32_t x, int32_t padZ, int32_t padY, int32_t padX) {
  std::vector<ckernels_offset> taps;
  for (int32_t dz = 0; dz < z; dz++)
    for (int32_t dy = 0; dy < y; dy++)
      for (int32_t dx = 0; dx < x; dx++) taps.push_back({dz - padZ, dy - padY, dx - padX});
  return taps;
}

void checkWinograd(const char *name, ckernels_instruction_set set, ckernels_team *team, int32_t depth, bool isSkip) {
  const int32_t filters = 37;
  const int64_t z = depth > 1 ? 5 : 1, y = 23, x = 30;
  std::vector<ckernels_source> sources{randomSource(z, y, x, 19)};
  // A skip connection beside an upsampled array, as in a U-Net.
  if (isSkip) sources.push_back(randomSource(z, 12, 15, 33, 1));
  std::vector<int32_t> channels;
  int64_t all = 0;
  for (const auto &source : sources) channels.push_back(source.channels), all += source.channels;
  const Array kernel = randomKernel(depth * 9 * all, filters);
  const int32_t count = int32_t(sources.size());
  Array packed(ckernels_winograd_weight_count(channels.data(), count, depth, filters));
  ckernels_winograd_pack(set, kernel.data, channels.data(), count, depth, filters, packed.data, team);
  ckernels_winograd call{};
  call.sources = sources.data(), call.source_count = count;
  call.depth_taps = depth, call.pad_z = depth / 2, call.pad_y = call.pad_x = 1;
  call.weights = packed.data, call.filters = filters;
  call.z = z, call.y = y, call.x = x, call.first_row = 0, call.end_row = y;
  call.epilogue = randomEpilogue(filters, {CKERNELS_RELU, 0});
  call.output = target(z, y, x, filters);
  call.pooled = target(z, y / 2, x / 2, filters);
  Array workspace(ckernels_winograd_workspace(&call, team) * ckernels_team_size(team));
  ckernels_winograd_run(set, &call, workspace.data, team);
  const auto taps = window(depth, 3, 3, depth / 2, 1, 1);
  compare(name, call.output, [&](int64_t pz, int64_t py, int64_t px, int32_t f) {
    return finished(convolved(sources, taps, {1, 1, 1}, kernel, filters, pz, py, px, f), call.epilogue, f);
  }, 2e-5);
  compare("  and its maxima of 2 × 2", call.pooled, [&](int64_t pz, int64_t py, int64_t px, int32_t f) {
    float most = -INFINITY;
    for (int64_t i = 0; i < 4; i++)
      most = std::fmax(most, call.output.data[((pz * y + 2 * py + i / 2) * x + 2 * px + i % 2) * call.output.stride + f]);
    return double(most);
  }, 0);
}

void checkIndirect(ckernels_instruction_set set, ckernels_team *team, ckernels_activation activation, const char *name) {
  const int32_t filters = 21, channels = 18;
  const std::vector<ckernels_source> sources{randomSource(3, 17, 19, channels)};
  const auto taps = window(3, 5, 5, 1, 2, 2);
  const ckernels_offset step{1, 2, 2};
  const Array kernel = randomKernel(int64_t(taps.size()) * channels, filters);
  std::vector<int32_t> numbers(taps.size());
  for (size_t i = 0; i < taps.size(); i++) numbers[i] = int32_t(i);
  const int32_t count = int32_t(taps.size());
  Array packed(ckernels_indirect_weight_count(count, channels, filters));
  ckernels_indirect_pack(set, kernel.data, numbers.data(), count, channels, filters, packed.data);
  ckernels_indirect call{};
  call.sources = sources.data(), call.source_count = 1;
  call.taps = taps.data(), call.tap_count = count, call.step = step;
  call.weights = packed.data, call.filters = filters;
  call.z = 3, call.y = 9, call.x = 10;
  call.epilogue = randomEpilogue(filters, activation);
  call.output = target(3, 9, 10, filters);
  call.output_step = {1, 1, 1}, call.output_offset = {0, 0, 0};
  Array workspace(ckernels_indirect_workspace(&call) * ckernels_team_size(team));
  ckernels_indirect_run(set, &call, workspace.data, team);
  compare(name, call.output, [&](int64_t z, int64_t y, int64_t x, int32_t f) {
    return finished(convolved(sources, taps, step, kernel, filters, z, y, x, f), call.epilogue, f);
  }, 1e-5);
}

void checkPooling(ckernels_instruction_set set, ckernels_team *team, bool isMean) {
  ckernels_pooling call{};
  call.source = randomSource(2, 11, 13, 20);
  call.output = target(2, 5, 6, 20);
  call.window = {1, 3, 3}, call.step = {1, 2, 2}, call.pad = {0, 1, 1}, call.average = isMean;
  ckernels_pooling_run(set, &call, team);
  compare(isMean ? "mean over 3 × 3" : "maximum over 3 × 3", call.output, [&](int64_t z, int64_t y, int64_t x, int32_t c) {
    double most = -INFINITY, sum = 0;
    int count = 0;
    for (int64_t py = 2 * y - 1; py < 2 * y + 2; py++)
      for (int64_t px = 2 * x - 1; px < 2 * x + 2; px++) {
        if (py < 0 || px < 0 || py >= call.source.y || px >= call.source.x) continue;
        const double value = double(at(call.source, z, py, px, c));
        most = std::fmax(most, value), sum += value, count++;
      }
    return isMean ? sum / count : most;
  }, isMean ? 1e-6 : 0);
}

void checkGather(ckernels_instruction_set set, ckernels_team *team) {
  const std::vector<ckernels_source> sources{randomSource(1, 6, 7, 5), randomSource(1, 6, 7, 18)};
  ckernels_gather call{};
  call.sources = sources.data(), call.source_count = 2;
  call.factor = {1, 2, 2}, call.offset = {0, 1, 1};
  call.output = target(1, 14, 15, 23);
  ckernels_gather_run(set, &call, team);
  compare("upsampling, padding and concatenation", call.output, [&](int64_t z, int64_t y, int64_t x, int32_t c) {
    if (y < 1 || x < 1) return 0.0;
    const bool isSecond = c >= sources[0].channels;
    return double(at(sources[isSecond], z, (y - 1) / 2, (x - 1) / 2, isSecond ? c - sources[0].channels : c));
  }, 0);
}

}  // namespace

int main() {
  ckernels_team *team = ckernels_team_create(3);
  if (!team) return 2;
  const ckernels_instruction_set set = CKERNELS_BASELINE;
  checkWinograd("3 × 3 convolution (Winograd)", set, team, 1, false);
  checkWinograd("3 × 3 convolution of two arrays", set, team, 1, true);
  checkWinograd("3 × 3 × 3 convolution (Winograd)", set, team, 3, false);
  checkIndirect(set, team, {CKERNELS_LEAKY_RELU, 0.2f}, "3 × 5 × 5 convolution, stride 2, leaky ReLU");
  checkIndirect(set, team, {CKERNELS_SIGMOID, 0}, "the same with sigmoid");
  checkIndirect(set, team, {CKERNELS_TANH, 0}, "the same with tanh");
  checkIndirect(set, team, {CKERNELS_ELU, 1}, "the same with ELU");
  checkPooling(set, team, false);
  checkPooling(set, team, true);
  checkGather(set, team);
  ckernels_team_destroy(team);
  return isAllRight ? 0 : 1;
}
