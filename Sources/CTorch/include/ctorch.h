// The door to libtorch: a table of C functions that the plugin libAisTorch.so exports, and the loader that opens it.
//
// The program never links libtorch; it opens the plugin by absolute path when an engine process first needs it. Every function
// of the table catches every exception and returns a status; the message is kept for the calling thread. Tensors are handles that
// the caller releases. Several threads may work at the same time on tensors that they do not share; gradients, autocast and seeds of
// the processor are switched for the calling thread alone.
#ifndef AIS_CTORCH_H
#define AIS_CTORCH_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Raised with every change of the table: a plugin of another number is refused.
#define CTORCH_ABI 4

/// What a function came to.
typedef enum ctorch_status : int32_t {
  CTORCH_OK = 0,
  CTORCH_FAILED = 1,
  /// The memory of the device, or the budget of the process, is used up.
  CTORCH_OUT_OF_MEMORY = 2,
} ctorch_status;

typedef enum ctorch_dtype : int32_t {
  CTORCH_FLOAT32 = 0,
  CTORCH_FLOAT64 = 1,
  CTORCH_BFLOAT16 = 2,
  CTORCH_FLOAT16 = 3,
  CTORCH_UINT8 = 4,
} ctorch_dtype;

/// The processor, or the CUDA device of that number.
enum { CTORCH_CPU = -1 };

typedef enum ctorch_activation : int32_t {
  CTORCH_RELU = 0,
  CTORCH_SIGMOID = 1,
  CTORCH_TANH = 2,
  /// Parameter: the slope below zero.
  CTORCH_LEAKY_RELU = 3,
  /// Parameter: α.
  CTORCH_ELU = 4,
} ctorch_activation;

typedef enum ctorch_loss : int32_t {
  CTORCH_MEAN_SQUARED_ERROR = 0,
  CTORCH_MEAN_ABSOLUTE_ERROR = 1,
  /// Of probabilities, held off 0 and 1 by 1e-7.
  CTORCH_BINARY_CROSSENTROPY = 2,
  /// Of values before the sigmoid.
  CTORCH_BINARY_CROSSENTROPY_LOGITS = 3,
} ctorch_loss;

typedef struct ctorch_tensor ctorch_tensor;
typedef struct ctorch_adam ctorch_adam;

/// A window that slides over 2 or 3 spatial axes; the arrays hold (z, y, x), of which 2D uses the last two.
typedef struct {
  int32_t dimensions;
  int64_t kernel[3];
  int64_t stride[3];
  int64_t padding[3];
  int64_t dilation[3];
  /// Of transposed convolutions: rows added behind the last.
  int64_t output_padding[3];
} ctorch_window;

typedef struct {
  /// Held by live tensors, now and at most since the peak was last reset.
  int64_t used_bytes, peak_bytes;
  /// Kept for the next tensors.
  int64_t cached_bytes;
} ctorch_memory;

typedef struct {
  double learning_rate, beta1, beta2, epsilon;
} ctorch_adam_settings;

typedef struct ctorch_api {
  uint32_t abi;
  /// Of libtorch, as in "2.11.0".
  const char *(*version)(void);
  /// What the last failed call of this thread said.
  const char *(*last_message)(void);

  // The process.
  ctorch_status (*set_threads)(int32_t count);
  ctorch_status (*set_seed)(uint64_t seed);
  /// What `dropout` draws from here on, on a CUDA device, or on the processor in this thread alone.
  ctorch_status (*seed_device)(int32_t device, uint64_t seed);
  /// Same results for same input, machine and thread count; slower on a GPU. `strict`: what has no such way is refused; some poolings
  /// have none on a GPU.
  ctorch_status (*set_deterministic)(int32_t on, int32_t strict);
  /// Whether a GPU may round float32 products to 10 bits, and whether it may try algorithms and keep the fastest.
  ctorch_status (*set_gpu_math)(int32_t tf32, int32_t benchmark);
  /// The most bytes that tensors of the processor may hold, blocks kept for the next ones included; 0: no bound.
  ctorch_status (*set_budget)(int64_t bytes);
  ctorch_status (*memory)(int32_t device, ctorch_memory *memory);
  ctorch_status (*reset_peak)(int32_t device);
  ctorch_status (*release_cached)(int32_t device);
  ctorch_status (*synchronize)(int32_t device);
  /// CUDA devices that this libtorch can use: 0 without its CUDA part, without a driver, without a card.
  ctorch_status (*device_count)(int32_t *count);
  ctorch_status (*device_memory)(int32_t device, int64_t *free, int64_t *total);

  // Tensors. Every `out` is a new handle.
  ctorch_status (*empty)(const int64_t *shape, int32_t rank, ctorch_dtype type, int32_t device, ctorch_tensor **out);
  ctorch_status (*full)(
      const int64_t *shape, int32_t rank, double value, ctorch_dtype type, int32_t device, ctorch_tensor **out);
  ctorch_status (*random_normal)(
      const int64_t *shape, int32_t rank, double mean, double deviation, ctorch_dtype type, int32_t device,
      ctorch_tensor **out);
  ctorch_status (*random_uniform)(
      const int64_t *shape, int32_t rank, double low, double high, ctorch_dtype type, int32_t device, ctorch_tensor **out);
  /// Of float32 values in the order of the axes, which lie on the processor, are the caller's, and stay there as long as the tensor.
  ctorch_status (*borrow)(const float *values, const int64_t *shape, int32_t rank, ctorch_tensor **out);
  void (*release)(ctorch_tensor *tensor);
  /// `shape` has room for 8.
  ctorch_status (*describe)(
      const ctorch_tensor *tensor, int64_t *shape, int32_t *rank, ctorch_dtype *type, int32_t *device);
  /// Values in the order of the axes, whatever the layout in memory. `bytes` must be the tensor's. To a CUDA device they go by pinned
  /// memory, where there is some; `values` is free again at once.
  ctorch_status (*write)(ctorch_tensor *tensor, const void *values, int64_t bytes);
  ctorch_status (*read)(const ctorch_tensor *tensor, void *values, int64_t bytes);
  ctorch_status (*convert)(const ctorch_tensor *tensor, ctorch_dtype type, int32_t device, ctorch_tensor **out);
  /// The same values with the channel axis (the second) fastest in memory.
  ctorch_status (*channels_last)(const ctorch_tensor *tensor, ctorch_tensor **out);
  ctorch_status (*permute)(const ctorch_tensor *tensor, const int64_t *axes, int32_t rank, ctorch_tensor **out);
  ctorch_status (*reshape)(const ctorch_tensor *tensor, const int64_t *shape, int32_t rank, ctorch_tensor **out);
  ctorch_status (*narrow)(const ctorch_tensor *tensor, int32_t axis, int64_t start, int64_t count, ctorch_tensor **out);
  ctorch_status (*clone)(const ctorch_tensor *tensor, ctorch_tensor **out);
  ctorch_status (*detach)(const ctorch_tensor *tensor, ctorch_tensor **out);
  /// Overwrites the values with those of a tensor of the same shape, whatever its device. No gradient flows through it.
  ctorch_status (*assign)(ctorch_tensor *tensor, const ctorch_tensor *from);

  // Operations. Activations are (image, channel, [z,] y, x).
  /// `before` and `after` hold (z, y, x).
  ctorch_status (*pad)(
      const ctorch_tensor *tensor, int32_t dimensions, const int64_t *before, const int64_t *after, double value,
      ctorch_tensor **out);
  /// Kernel (out, in, [z,] y, x); bias may be null.
  ctorch_status (*convolution)(
      const ctorch_tensor *tensor, const ctorch_tensor *kernel, const ctorch_tensor *bias, const ctorch_window *window,
      ctorch_tensor **out);
  /// Kernel (in, out, [z,] y, x); bias may be null.
  ctorch_status (*transposed_convolution)(
      const ctorch_tensor *tensor, const ctorch_tensor *kernel, const ctorch_tensor *bias, const ctorch_window *window,
      ctorch_tensor **out);
  ctorch_status (*max_pooling)(const ctorch_tensor *tensor, const ctorch_window *window, ctorch_tensor **out);
  /// The sum under the window over `divisor`; 0: over the number of positions.
  ctorch_status (*average_pooling)(
      const ctorch_tensor *tensor, const ctorch_window *window, int64_t divisor, ctorch_tensor **out);
  /// Nearest neighbour, by the whole factors (z, y, x).
  ctorch_status (*upsampling)(
      const ctorch_tensor *tensor, int32_t dimensions, const int64_t *factors, ctorch_tensor **out);
  /// Along channels.
  ctorch_status (*concatenation)(const ctorch_tensor *const *tensors, int32_t count, ctorch_tensor **out);
  ctorch_status (*addition)(const ctorch_tensor *a, const ctorch_tensor *b, ctorch_tensor **out);
  ctorch_status (*multiplication)(const ctorch_tensor *a, const ctorch_tensor *b, ctorch_tensor **out);
  ctorch_status (*division)(const ctorch_tensor *a, const ctorch_tensor *b, ctorch_tensor **out);
  ctorch_status (*scaling)(const ctorch_tensor *tensor, double factor, double offset, ctorch_tensor **out);
  ctorch_status (*mean)(const ctorch_tensor *tensor, ctorch_tensor **out);
  ctorch_status (*activation)(
      const ctorch_tensor *tensor, ctorch_activation kind, double parameter, ctorch_tensor **out);
  /// Training: by the batch's own mean and variance, and `mean` and `variance` move towards them by `momentum` (the share
  /// of the new; the variance is the biased one). Else: by `mean` and `variance`. `gamma`, `beta` may be null.
  ctorch_status (*batch_normalization)(
      const ctorch_tensor *tensor, const ctorch_tensor *gamma, const ctorch_tensor *beta, ctorch_tensor *mean,
      ctorch_tensor *variance, int32_t training, double momentum, double epsilon, ctorch_tensor **out);
  ctorch_status (*dropout)(const ctorch_tensor *tensor, double rate, ctorch_tensor **out);
  /// The mean over all values. `weights`, of the target's shape, may be null: Σ w·l / count.
  ctorch_status (*loss)(
      const ctorch_tensor *prediction, const ctorch_tensor *target, const ctorch_tensor *weights, ctorch_loss kind,
      ctorch_tensor **out);

  // Gradients. Off at the start.
  ctorch_status (*enable_gradients)(int32_t on);
  /// Lower precision for the operations that stand it, on this device; caches are cleared when it is switched off.
  ctorch_status (*autocast)(int32_t device, int32_t on, ctorch_dtype type);
  ctorch_status (*require_gradient)(ctorch_tensor *tensor, int32_t on);
  ctorch_status (*backward)(const ctorch_tensor *scalar);
  /// The gradient of a leaf; *out is null where there is none yet.
  ctorch_status (*gradient)(const ctorch_tensor *leaf, ctorch_tensor **out);
  /// Adds the gradient of another leaf, whatever its device, to that of this one, and drops it there.
  ctorch_status (*gather_gradient)(ctorch_tensor *leaf, ctorch_tensor *from);

  // Adam as Keras defines it: ε is added outside the bias correction.
  ctorch_status (*adam_create)(
      ctorch_tensor *const *parameters, int32_t count, const ctorch_adam_settings *settings, ctorch_adam **out);
  ctorch_status (*adam_set_learning_rate)(ctorch_adam *adam, double rate);
  /// The Euclidean norm of all gradients together; above `limit` they are scaled down to it. 0: no limit.
  ctorch_status (*adam_clip)(ctorch_adam *adam, double limit, double *norm);
  /// One step with the gradients that `backward` left, which are dropped.
  ctorch_status (*adam_step)(ctorch_adam *adam);
  /// The state, for checkpoints: steps so far, and of parameter `index` both moments as new handles of shared memory.
  ctorch_status (*adam_steps)(const ctorch_adam *adam, int64_t *steps);
  ctorch_status (*adam_set_steps)(ctorch_adam *adam, int64_t steps);
  ctorch_status (*adam_moments)(const ctorch_adam *adam, int32_t index, ctorch_tensor **first, ctorch_tensor **second);
  void (*adam_release)(ctorch_adam *adam);
} ctorch_api;

/// Opens the libraries of libtorch in `libraries` (…/torch/lib), those of CUDA beside it where they are, and the plugin; all by
/// absolute path. Null on failure, with a sentence in `message`. Opening twice gives the same table.
const ctorch_api *ctorch_open(const char *libraries, const char *plugin, char *message, int32_t capacity);

/// What a plugin exports: its table, or null when it has another ABI number.
typedef const ctorch_api *(*ctorch_entry)(uint32_t abi);
#define CTORCH_ENTRY "ais_torch_api"

#ifdef __cplusplus
}
#endif
#endif
