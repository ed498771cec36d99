// Tensors: making them, moving values in and out, looking at them from other sides.
#include <ATen/Functions.h>
#include <c10/core/GradMode.h>

#include <cstring>

#include "plugin.h"

namespace ais {

at::ScalarType scalar_type(ctorch_dtype type) {
  switch (type) {
    case CTORCH_FLOAT32: return at::kFloat;
    case CTORCH_FLOAT64: return at::kDouble;
    case CTORCH_BFLOAT16: return at::kBFloat16;
    case CTORCH_FLOAT16: return at::kHalf;
    case CTORCH_UINT8: return at::kByte;
  }
  TORCH_CHECK(false, "there is no element type ", static_cast<int>(type));
}

ctorch_dtype type_of(at::ScalarType type) {
  switch (type) {
    case at::kFloat: return CTORCH_FLOAT32;
    case at::kDouble: return CTORCH_FLOAT64;
    case at::kBFloat16: return CTORCH_BFLOAT16;
    case at::kHalf: return CTORCH_FLOAT16;
    case at::kByte: return CTORCH_UINT8;
    default: TORCH_CHECK(false, "a tensor of ", type, " has no name outside of libtorch");
  }
}

at::Device device_of(int32_t device) {
  return device == CTORCH_CPU ? at::Device(at::kCPU) : at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(device));
}

namespace {

at::TensorOptions options(ctorch_dtype type, int32_t device) {
  return at::TensorOptions().dtype(scalar_type(type)).device(device_of(device));
}

void check_size(const at::Tensor &tensor, int64_t bytes) {
  TORCH_CHECK(
      static_cast<int64_t>(tensor.nbytes()) == bytes, "a tensor of ", tensor.nbytes(), " bytes and ", bytes, " bytes of values");
}

/// Memory that a card reads by itself, while the processor goes on; undefined where the system gives none.
at::Tensor pinned(at::IntArrayRef shape, const at::TensorOptions &options) {
  try {
    return at::empty(shape, options.memory_format(at::MemoryFormat::Contiguous).pinned_memory(true));
  } catch (const c10::Error &) {
    return {};
  }
}

}  // namespace

void add_tensors(ctorch_api &api) {
  api.empty = [](const int64_t *shape, int32_t rank, ctorch_dtype type, int32_t device, ctorch_tensor **out) {
    return giving(out, [=] { return at::empty({shape, size_t(rank)}, options(type, device)); });
  };
  api.full = [](const int64_t *shape, int32_t rank, double value, ctorch_dtype type, int32_t device, ctorch_tensor **out) {
    return giving(out, [=] { return at::full({shape, size_t(rank)}, value, options(type, device)); });
  };
  api.random_normal = [](const int64_t *shape, int32_t rank, double mean, double deviation, ctorch_dtype type, int32_t device,
                         ctorch_tensor **out) {
    return giving(out, [=] { return at::empty({shape, size_t(rank)}, options(type, device)).normal_(mean, deviation); });
  };
  api.random_uniform = [](const int64_t *shape, int32_t rank, double low, double high, ctorch_dtype type, int32_t device,
                          ctorch_tensor **out) {
    return giving(out, [=] { return at::empty({shape, size_t(rank)}, options(type, device)).uniform_(low, high); });
  };
  api.borrow = [](const float *values, const int64_t *shape, int32_t rank, ctorch_tensor **out) {
    return giving(out, [=] {
      return at::from_blob(const_cast<float *>(values), {shape, size_t(rank)}, options(CTORCH_FLOAT32, CTORCH_CPU));
    });
  };
  api.release = [](ctorch_tensor *tensor) { guarded([=] { delete tensor; }); };
  api.describe = [](const ctorch_tensor *tensor, int64_t *shape, int32_t *rank, ctorch_dtype *type, int32_t *device) {
    return guarded([=] {
      const at::Tensor &value = tensor->value;
      TORCH_CHECK(value.dim() <= 8, "a tensor of ", value.dim(), " axes");
      for (int64_t axis = 0; axis < value.dim(); axis++) shape[axis] = value.size(axis);
      *rank = static_cast<int32_t>(value.dim());
      *type = type_of(value.scalar_type());
      *device = value.is_cuda() ? value.get_device() : CTORCH_CPU;
    });
  };
  api.write = [](ctorch_tensor *tensor, const void *values, int64_t bytes) {
    return guarded([=] {
      at::Tensor &value = tensor->value;
      check_size(value, bytes);
      if (bytes == 0) return;
      c10::NoGradGuard off;
      const auto plain = value.options().device(at::kCPU).requires_grad(false);
      if (value.is_cuda()) {
        const at::Tensor staged = pinned(value.sizes(), plain);
        if (staged.defined()) {
          std::memcpy(staged.data_ptr(), values, static_cast<size_t>(bytes));
          // The block is kept until the card has read it.
          value.copy_(staged, true);
          return;
        }
      }
      value.copy_(at::from_blob(const_cast<void *>(values), value.sizes(), plain));
    });
  };
  api.read = [](const ctorch_tensor *tensor, void *values, int64_t bytes) {
    return guarded([=] {
      const at::Tensor &value = tensor->value;
      check_size(value, bytes);
      if (bytes == 0) return;
      c10::NoGradGuard off;
      at::from_blob(values, value.sizes(), value.options().device(at::kCPU).requires_grad(false)).copy_(value);
    });
  };
  api.convert = [](const ctorch_tensor *tensor, ctorch_dtype type, int32_t device, ctorch_tensor **out) {
    return giving(out, [=] { return tensor->value.to(device_of(device), scalar_type(type)); });
  };
  api.channels_last = [](const ctorch_tensor *tensor, ctorch_tensor **out) {
    return giving(out, [=] {
      const at::Tensor &value = tensor->value;
      TORCH_CHECK(value.dim() == 4 || value.dim() == 5, "channels-last wants 4 or 5 axes, not ", value.dim());
      return value.contiguous(value.dim() == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::ChannelsLast3d);
    });
  };
  api.permute = [](const ctorch_tensor *tensor, const int64_t *axes, int32_t rank, ctorch_tensor **out) {
    return giving(out, [=] { return tensor->value.permute({axes, size_t(rank)}); });
  };
  api.reshape = [](const ctorch_tensor *tensor, const int64_t *shape, int32_t rank, ctorch_tensor **out) {
    return giving(out, [=] { return tensor->value.reshape({shape, size_t(rank)}); });
  };
  api.narrow = [](const ctorch_tensor *tensor, int32_t axis, int64_t start, int64_t count, ctorch_tensor **out) {
    return giving(out, [=] { return tensor->value.narrow(axis, start, count); });
  };
  api.clone = [](const ctorch_tensor *tensor, ctorch_tensor **out) {
    return giving(out, [=] { return tensor->value.clone(); });
  };
  api.detach = [](const ctorch_tensor *tensor, ctorch_tensor **out) {
    return giving(out, [=] { return tensor->value.detach(); });
  };
  api.assign = [](ctorch_tensor *tensor, const ctorch_tensor *from) {
    return guarded([=] {
      TORCH_CHECK(
          tensor->value.sizes() == from->value.sizes(), "a tensor of ", tensor->value.sizes(), " and values of ",
          from->value.sizes());
      c10::NoGradGuard off;
      tensor->value.copy_(from->value, tensor->value.is_cuda() && from->value.is_cuda());
    });
  };
}

}  // namespace ais
