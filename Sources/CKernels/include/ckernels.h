// The convolution kernels of the CPU engine, behind one C header. Everything here is arithmetic; decisions are the caller's.
//
// Layout. An activation is an array of positions (z, y, x; x fastest); each position holds its channels one after the
// other, and the next position follows `stride` floats later. A stride that is larger than the number of channels leaves
// padding channels behind them: kernels write finite numbers there and multiply them by zero weights when they read.
// Arrays of bias, scale and shift are read up to the next multiple of CKERNELS_CHANNEL_MULTIPLE.
//
// Ownership. Nothing here keeps, allocates or frees memory but the thread team; all buffers belong to the caller and must
// not overlap unless a function says so. Calls are synchronous: when they return, no thread looks at the buffers.
//
// Results do not depend on the number of threads: every output value is summed in one fixed order by one thread.
// NaN is passed on by every operation; max pooling may drop it.
#ifndef CKERNELS_H
#define CKERNELS_H
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#define CKERNELS_NOEXCEPT noexcept
#else
#define CKERNELS_NOEXCEPT
#endif

// Version of this header; the tests compare it.
int32_t ckernels_version(void) CKERNELS_NOEXCEPT;

// Channels are stored and computed in multiples of this many.
#define CKERNELS_CHANNEL_MULTIPLE 16

// --- Instruction sets -------------------------------------------------------------------------------------------------

// Every kernel exists once per instruction set; larger numbers are faster.
typedef enum {
  CKERNELS_BASELINE = 0,  // whatever the compiler may use everywhere: SSE2 on x86-64, NEON on ARM
  CKERNELS_AVX2 = 1,      // AVX2 and FMA
  CKERNELS_AVX512 = 2,    // AVX-512 F, DQ, BW, VL
} ckernels_instruction_set;

// The largest instruction set that this processor and operating system support.
ckernels_instruction_set ckernels_best_instruction_set(void) CKERNELS_NOEXCEPT;

// Filters that one packed panel of weights holds, which is how weights must be packed for an instruction set.
int32_t ckernels_panel_width(ckernels_instruction_set set) CKERNELS_NOEXCEPT;

// --- Threads ----------------------------------------------------------------------------------------------------------

// Threads that sleep between calls. Calls from several threads on one team wait for each other.
typedef struct ckernels_team ckernels_team;

// Starts a team of `threads` (the caller is one of them). Returns NULL when memory is short; when the system refuses
// more threads the team is smaller, which changes no result. The caller owns the team.
ckernels_team *ckernels_team_create(int32_t threads) CKERNELS_NOEXCEPT;

// Threads in the team, the caller included. Workspaces are per thread.
int32_t ckernels_team_size(const ckernels_team *team) CKERNELS_NOEXCEPT;

// Ends the threads. NULL is allowed.
void ckernels_team_destroy(ckernels_team *team) CKERNELS_NOEXCEPT;

// --- Activations in memory --------------------------------------------------------------------------------------------

// One array of activations that is read.
typedef struct {
  const float *data;
  int64_t z, y, x;   // positions stored on each axis
  int64_t stride;    // floats from one position to the next
  int32_t channels;  // channels that count
  // The array is read as if upsampled by 2^shift on each axis (nearest neighbour), without being copied.
  int32_t shift_z, shift_y, shift_x;
} ckernels_source;

// One array of activations that is written.
typedef struct {
  float *data;
  int64_t z, y, x;
  int64_t stride;
  int32_t channels;
} ckernels_target;

typedef enum {
  CKERNELS_LINEAR = 0,
  CKERNELS_RELU = 1,
  CKERNELS_LEAKY_RELU = 2,  // parameter: slope below zero
  CKERNELS_SIGMOID = 3,
  CKERNELS_TANH = 4,
  CKERNELS_ELU = 5,  // parameter: α of α(eˣ − 1)
} ckernels_activation_kind;

typedef struct {
  ckernels_activation_kind kind;
  float parameter;
} ckernels_activation;

// What happens to a sum before it is stored: second(first(sum + bias) · scale + shift + residual).
typedef struct {
  const float *bias;  // never NULL
  ckernels_activation first;
  const float *scale, *shift;  // both or neither NULL
  const float *residual;       // NULL, or an array with the positions of the output
  int64_t residual_stride;     // a whole number of CKERNELS_CHANNEL_MULTIPLE that holds all filters
  ckernels_activation second;
} ckernels_epilogue;

// --- Winograd convolution ---------------------------------------------------------------------------------------------

// A convolution with kernel k × 3 × 3 (k planes along z), stride 1, dilation 1, by Winograd's F(4×4, 3×3).
// See docs/explanation/kernels-winograd.md.
typedef struct {
  // Read side by side as channels. Each stride must hold the channels rounded up to CKERNELS_CHANNEL_MULTIPLE.
  const ckernels_source *sources;
  int32_t source_count;
  int32_t depth_taps;                // k
  int32_t pad_z, pad_y, pad_x;       // zeros before the first position
  const float *weights;              // from ckernels_winograd_pack for the same sources' channels and set
  int32_t filters;
  int64_t z, y, x;                   // positions of the result
  int64_t first_row, end_row;        // rows (y) to compute: a multiple of 4 up to another or to y
  ckernels_epilogue epilogue;
  ckernels_target output;            // data may be NULL when only `pooled` or `projected` is wanted
  ckernels_target pooled;            // data NULL, or the 2 × 2 (y, x) maximum of the result, odd rows and columns left out
  // data NULL, or a 1 × 1 convolution of the result with `projected.channels` (at most 4) filters.
  ckernels_target projected;
  const float *projection_weights;   // [filter][channel], each row rounded up to CKERNELS_CHANNEL_MULTIPLE with zeros
  const float *projection_bias;      // [filter]
  ckernels_activation projection_activation;
} ckernels_winograd;

// Floats of packed weights for sources of these channels.
int64_t ckernels_winograd_weight_count(
    const int32_t *source_channels, int32_t source_count, int32_t depth_taps, int32_t filters) CKERNELS_NOEXCEPT;

// Transforms and packs a kernel of axes (z, y, x, input channel, filter) into `packed`.
void ckernels_winograd_pack(
    ckernels_instruction_set set, const float *kernel, const int32_t *source_channels, int32_t source_count,
    int32_t depth_taps, int32_t filters, float *packed, ckernels_team *team) CKERNELS_NOEXCEPT;

// Floats of workspace for each thread of the team. Pointers to data are not followed, only compared with NULL.
int64_t ckernels_winograd_workspace(const ckernels_winograd *call, const ckernels_team *team) CKERNELS_NOEXCEPT;

// Computes the convolution. `workspace` holds ckernels_winograd_workspace floats for each thread of the team, 64-byte
// aligned.
void ckernels_winograd_run(
    ckernels_instruction_set set, const ckernels_winograd *call, float *workspace, ckernels_team *team)
    CKERNELS_NOEXCEPT;

// --- Indirect convolution ---------------------------------------------------------------------------------------------

// Where one tap of a kernel reads, relative to the position that the window stands on.
typedef struct {
  int32_t z, y, x;
} ckernels_offset;

// Any convolution, as a matrix product whose rows are found through pointers: result position p reads, for each tap, the
// sources at p · step + tap (zeros outside) and is stored at p · output_step + output_offset. One phase of a transposed
// convolution is such a convolution too. See docs/explanation/kernels-indirect.md.
typedef struct {
  const ckernels_source *sources;
  int32_t source_count;
  const ckernels_offset *taps;
  int32_t tap_count;
  ckernels_offset step;
  const float *weights;  // from ckernels_indirect_pack
  int32_t filters;
  int64_t z, y, x;       // positions to compute
  ckernels_epilogue epilogue;
  ckernels_target output;
  ckernels_offset output_step, output_offset;
} ckernels_indirect;

// Floats of packed weights; `channels` are those of all sources together.
int64_t ckernels_indirect_weight_count(int32_t tap_count, int32_t channels, int32_t filters) CKERNELS_NOEXCEPT;

// Packs the taps `taps[0..<tap_count]` (positions in the kernel, z·y·x flattened) of a kernel of axes
// (z, y, x, input channel, filter).
void ckernels_indirect_pack(
    ckernels_instruction_set set, const float *kernel, const int32_t *taps, int32_t tap_count, int32_t channels,
    int32_t filters, float *packed) CKERNELS_NOEXCEPT;

// Floats of workspace for each thread.
int64_t ckernels_indirect_workspace(const ckernels_indirect *call) CKERNELS_NOEXCEPT;

// Computes the convolution; workspace as for Winograd.
void ckernels_indirect_run(
    ckernels_instruction_set set, const ckernels_indirect *call, float *workspace, ckernels_team *team)
    CKERNELS_NOEXCEPT;

// --- The rest ---------------------------------------------------------------------------------------------------------

// Maximum or mean over windows; positions outside the source count for neither.
typedef struct {
  ckernels_source source;  // shifts are ignored
  ckernels_target output;
  ckernels_offset window, step, pad;  // pad: positions before the first
  int32_t average;                    // 0: maximum
} ckernels_pooling;

void ckernels_pooling_run(
    ckernels_instruction_set set, const ckernels_pooling *call, ckernels_team *team) CKERNELS_NOEXCEPT;

// second(first(a + b + … + bias) · scale + shift): sums, activations and batch normalisation on their own. `output` may
// be the same array as a source with the same stride.
typedef struct {
  const ckernels_source *sources;  // same positions and channels as the output; shifts are ignored
  int32_t source_count;
  const float *bias;  // may be NULL here
  ckernels_activation first;
  const float *scale, *shift;  // both or neither NULL
  ckernels_activation second;
  ckernels_target output;
} ckernels_pointwise;

void ckernels_pointwise_run(
    ckernels_instruction_set set, const ckernels_pointwise *call, ckernels_team *team) CKERNELS_NOEXCEPT;

// Copies sources side by side as channels: output position p reads position (p − offset) / factor of each, rounded down,
// and zero outside. Upsampling, zero padding, cropping (negative offsets) and concatenation are such copies.
typedef struct {
  const ckernels_source *sources;  // shifts count, too
  int32_t source_count;
  ckernels_offset factor;
  ckernels_offset offset;
  ckernels_target output;
} ckernels_gather;

void ckernels_gather_run(
    ckernels_instruction_set set, const ckernels_gather *call, ckernels_team *team) CKERNELS_NOEXCEPT;

// Seconds that one thread needs for 10⁹ multiply-add pairs held in registers, measured in a few milliseconds.
double ckernels_measure_peak(ckernels_instruction_set set) CKERNELS_NOEXCEPT;

#ifdef __cplusplus
}
#endif
#endif
