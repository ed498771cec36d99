// The process as a whole: threads, seeds, memory, devices.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/headeronly/version.h>

#include "allocator.h"
#include "plugin.h"

namespace ais {

namespace {

c10::DeviceIndex index_of(int32_t device) { return device_of(device).index(); }

/// The allocator of CUDA devices, which is there only when the CUDA part of libtorch was loaded.
c10::DeviceAllocator *device_allocator() { return at::getDeviceAllocator(at::kCUDA); }

}  // namespace

std::optional<at::Generator> &processor_generator() {
  static thread_local std::optional<at::Generator> generator;
  return generator;
}

void add_process(ctorch_api &api) {
  api.version = [] { return TORCH_VERSION; };
  api.set_threads = [](int32_t count) { return guarded([=] { at::set_num_threads(count); }); };
  api.set_seed = [](uint64_t seed) { return guarded([=] { at::manual_seed(seed); }); };
  api.seed_device = [](int32_t device, uint64_t seed) {
    return guarded([=] {
      if (device == CTORCH_CPU) {
        processor_generator() = at::detail::createCPUGenerator(seed);
      } else {
        at::Generator generator = at::globalContext().defaultGenerator(device_of(device));
        std::lock_guard<std::mutex> guard(generator.mutex());
        generator.set_current_seed(seed);
      }
    });
  };
  api.set_deterministic = [](int32_t on, int32_t strict) {
    return guarded([=] {
      at::globalContext().setDeterministicAlgorithms(on != 0 && strict != 0, false);
      // Every new tensor would be filled, for the sake of operations that read what nobody wrote; ours do not.
      at::globalContext().setDeterministicFillUninitializedMemory(false);
      at::globalContext().setDeterministicCuDNN(on != 0);
    });
  };
  api.set_gpu_math = [](int32_t tf32, int32_t benchmark) {
    return guarded([=] {
      at::globalContext().setAllowTF32CuBLAS(tf32 != 0);
      at::globalContext().setAllowTF32CuDNN(tf32 != 0);
      at::globalContext().setBenchmarkCuDNN(benchmark != 0);
    });
  };
  api.set_budget = [](int64_t bytes) {
    return guarded([=] {
      TORCH_CHECK(bytes >= 0, "a budget of ", bytes, " bytes");
      CachingAllocator::shared().set_budget(bytes);
    });
  };
  api.memory = [](int32_t device, ctorch_memory *memory) {
    return guarded([=] {
      if (device == CTORCH_CPU) {
        *memory = CachingAllocator::shared().facts();
        return;
      }
      const auto facts = device_allocator()->getDeviceStats(index_of(device));
      const auto &used = facts.allocated_bytes[0], &reserved = facts.reserved_bytes[0];
      *memory = {used.current, used.peak, reserved.current - used.current};
    });
  };
  api.reset_peak = [](int32_t device) {
    return guarded([=] {
      if (device == CTORCH_CPU) {
        CachingAllocator::shared().reset_peak();
      } else {
        device_allocator()->resetPeakStats(index_of(device));
      }
    });
  };
  api.release_cached = [](int32_t device) {
    return guarded([=] {
      if (device == CTORCH_CPU) {
        CachingAllocator::shared().trim();
      } else {
        device_allocator()->emptyCache();
      }
    });
  };
  api.synchronize = [](int32_t device) {
    return guarded([=] {
      if (device != CTORCH_CPU) c10::impl::VirtualGuardImpl(at::kCUDA).synchronizeDevice(index_of(device));
    });
  };
  api.device_count = [](int32_t *count) {
    return guarded([=] {
      *count = 0;
      if (at::hasCUDA()) *count = static_cast<int32_t>(at::detail::getCUDAHooks().deviceCount());
    });
  };
  api.device_memory = [](int32_t device, int64_t *free, int64_t *total) {
    return guarded([=] {
      const auto [unused, all] = device_allocator()->getMemoryInfo(index_of(device));
      *free = static_cast<int64_t>(unused);
      *total = static_cast<int64_t>(all);
    });
  };
}

}  // namespace ais
