// What layers of networks do. Activations are (image, channel, [z,] y, x).
#include <ATen/Functions.h>
#include <c10/core/GradMode.h>

#include <vector>

#include "plugin.h"

namespace ais {

namespace {

/// The last `dimensions` of three numbers (z, y, x).
at::IntArrayRef spatial(const int64_t *values, int32_t dimensions) {
  TORCH_CHECK(dimensions == 2 || dimensions == 3, "windows slide over 2 or 3 axes, not ", dimensions);
  return {values + (3 - dimensions), size_t(dimensions)};
}

std::optional<at::Tensor> optional(const ctorch_tensor *tensor) {
  return tensor ? std::optional<at::Tensor>(tensor->value) : std::nullopt;
}

at::Tensor activation(const at::Tensor &input, ctorch_activation kind, double parameter) {
  switch (kind) {
    case CTORCH_RELU: return at::relu(input);
    case CTORCH_SIGMOID: return at::sigmoid(input);
    case CTORCH_TANH: return at::tanh(input);
    case CTORCH_LEAKY_RELU: return at::leaky_relu(input, parameter);
    case CTORCH_ELU: return at::elu(input, parameter);
  }
  TORCH_CHECK(false, "there is no activation ", static_cast<int>(kind));
}

at::Tensor batch_normalization(
    const at::Tensor &input, const at::Tensor &gamma, const at::Tensor &beta, at::Tensor &mean, at::Tensor &variance,
    bool training, double momentum, double epsilon) {
  if (!training) return at::batch_norm(input, gamma, beta, mean, variance, false, 0, epsilon, true);
  // The moving variance takes the biased variance of the batch, as Keras does; libtorch's own would take the unbiased one. What
  // the forward pass found of the batch spares a second look at it.
  auto [output, batch_mean, batch_deviation] = at::native_batch_norm(input, gamma, beta, {}, {}, true, 0, epsilon);
  c10::NoGradGuard off;
  mean.lerp_(batch_mean.to(mean.scalar_type()), momentum);
  variance.lerp_(batch_deviation.to(variance.scalar_type()).pow(-2).sub(epsilon), momentum);
  return output;
}

at::Tensor dropout(const at::Tensor &input, double rate) {
  const auto &generator = processor_generator();
  if (input.is_cuda() || !generator || rate <= 0 || rate >= 1) return at::dropout(input, rate, true);
  // As libtorch's own, which draws from what all threads share: their order would decide.
  at::Tensor kept = at::empty_like(input);
  {
    c10::NoGradGuard off;
    kept.bernoulli_(1 - rate, *generator).div_(1 - rate);
  }
  return at::mul(input, kept);
}

}  // namespace

void add_operations(ctorch_api &api) {
  api.pad = [](const ctorch_tensor *tensor, int32_t dimensions, const int64_t *before, const int64_t *after, double value,
               ctorch_tensor **out) {
    return giving(out, [=] {
      // libtorch names the last axis first.
      std::vector<int64_t> amounts;
      for (int32_t axis = 2; axis >= 3 - dimensions; axis--) amounts.insert(amounts.end(), {before[axis], after[axis]});
      return at::constant_pad_nd(tensor->value, amounts, value);
    });
  };
  api.convolution = [](const ctorch_tensor *tensor, const ctorch_tensor *kernel, const ctorch_tensor *bias,
                       const ctorch_window *window, ctorch_tensor **out) {
    return giving(out, [=] {
      const int32_t n = window->dimensions;
      const auto stride = spatial(window->stride, n), padding = spatial(window->padding, n);
      const auto dilation = spatial(window->dilation, n);
      // By their full names: mixed precision knows only these.
      return n == 2 ? at::conv2d(tensor->value, kernel->value, optional(bias), stride, padding, dilation)
                    : at::conv3d(tensor->value, kernel->value, optional(bias), stride, padding, dilation);
    });
  };
  api.transposed_convolution = [](const ctorch_tensor *tensor, const ctorch_tensor *kernel, const ctorch_tensor *bias,
                                  const ctorch_window *window, ctorch_tensor **out) {
    return giving(out, [=] {
      const int32_t n = window->dimensions;
      const auto stride = spatial(window->stride, n), padding = spatial(window->padding, n);
      const auto more = spatial(window->output_padding, n), dilation = spatial(window->dilation, n);
      return n == 2
                 ? at::conv_transpose2d(tensor->value, kernel->value, optional(bias), stride, padding, more, 1, dilation)
                 : at::conv_transpose3d(tensor->value, kernel->value, optional(bias), stride, padding, more, 1, dilation);
    });
  };
  api.max_pooling = [](const ctorch_tensor *tensor, const ctorch_window *window, ctorch_tensor **out) {
    return giving(out, [=] {
      const int32_t n = window->dimensions;
      const auto kernel = spatial(window->kernel, n), stride = spatial(window->stride, n);
      return n == 2 ? at::max_pool2d(tensor->value, kernel, stride) : at::max_pool3d(tensor->value, kernel, stride);
    });
  };
  api.average_pooling = [](const ctorch_tensor *tensor, const ctorch_window *window, int64_t divisor, ctorch_tensor **out) {
    return giving(out, [=] {
      const int32_t n = window->dimensions;
      const auto kernel = spatial(window->kernel, n), stride = spatial(window->stride, n);
      const auto over = divisor == 0 ? std::nullopt : std::optional<int64_t>(divisor);
      return n == 2 ? at::avg_pool2d(tensor->value, kernel, stride, 0, false, true, over)
                    : at::avg_pool3d(tensor->value, kernel, stride, 0, false, true, over);
    });
  };
  api.upsampling = [](const ctorch_tensor *tensor, int32_t dimensions, const int64_t *factors, ctorch_tensor **out) {
    return giving(out, [=] {
      std::vector<int64_t> size;
      for (int32_t axis = 0; axis < dimensions; axis++)
        size.push_back(tensor->value.size(2 + axis) * spatial(factors, dimensions)[axis]);
      return dimensions == 2 ? at::upsample_nearest2d(tensor->value, size) : at::upsample_nearest3d(tensor->value, size);
    });
  };
  api.concatenation = [](const ctorch_tensor *const *tensors, int32_t count, ctorch_tensor **out) {
    return giving(out, [=] {
      std::vector<at::Tensor> values;
      for (int32_t i = 0; i < count; i++) values.push_back(tensors[i]->value);
      return at::cat(values, 1);
    });
  };
  api.addition = [](const ctorch_tensor *a, const ctorch_tensor *b, ctorch_tensor **out) {
    return giving(out, [=] { return at::add(a->value, b->value); });
  };
  api.multiplication = [](const ctorch_tensor *a, const ctorch_tensor *b, ctorch_tensor **out) {
    return giving(out, [=] { return at::mul(a->value, b->value); });
  };
  api.division = [](const ctorch_tensor *a, const ctorch_tensor *b, ctorch_tensor **out) {
    return giving(out, [=] { return at::div(a->value, b->value); });
  };
  api.scaling = [](const ctorch_tensor *tensor, double factor, double offset, ctorch_tensor **out) {
    return giving(out, [=] { return at::add(at::mul(tensor->value, factor), offset); });
  };
  api.mean = [](const ctorch_tensor *tensor, ctorch_tensor **out) {
    return giving(out, [=] { return tensor->value.mean(); });
  };
  api.activation = [](const ctorch_tensor *tensor, ctorch_activation kind, double parameter, ctorch_tensor **out) {
    return giving(out, [=] { return activation(tensor->value, kind, parameter); });
  };
  api.batch_normalization = [](const ctorch_tensor *tensor, const ctorch_tensor *gamma, const ctorch_tensor *beta,
                               ctorch_tensor *mean, ctorch_tensor *variance, int32_t training, double momentum, double epsilon,
                               ctorch_tensor **out) {
    return giving(out, [=] {
      return batch_normalization(
          tensor->value, gamma ? gamma->value : at::Tensor(), beta ? beta->value : at::Tensor(), mean->value, variance->value,
          training != 0, momentum, epsilon);
    });
  };
  api.dropout = [](const ctorch_tensor *tensor, double rate, ctorch_tensor **out) {
    return giving(out, [=] { return dropout(tensor->value, rate); });
  };
}

}  // namespace ais
