// What the parts of the plugin share: handles, the guard round every entry, and the tables that the parts fill in.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <optional>
#include <utility>

#include "ctorch.h"

struct ctorch_tensor {
  at::Tensor value;
};

namespace ais {

/// Keeps a message for `last_message`.
void remember(const char *message);

/// Runs `body`; whatever it throws becomes a status and a message.
ctorch_status guarded_call(void (*call)(void *), void *body) noexcept;

template <typename Body>
ctorch_status guarded(Body &&body) noexcept {
  return guarded_call([](void *raw) { (*static_cast<std::remove_reference_t<Body> *>(raw))(); }, &body);
}

/// `body` computes a tensor, which becomes a new handle.
template <typename Body>
ctorch_status giving(ctorch_tensor **out, Body &&body) noexcept {
  return guarded([&] {
    *out = nullptr;
    *out = new ctorch_tensor{body()};
  });
}

at::ScalarType scalar_type(ctorch_dtype type);
ctorch_dtype type_of(at::ScalarType type);
at::Device device_of(int32_t device);

/// What chance on the processor is drawn from in this thread; none: from what all threads draw from.
std::optional<at::Generator> &processor_generator();

void add_process(ctorch_api &api);
void add_tensors(ctorch_api &api);
void add_operations(ctorch_api &api);
void add_training(ctorch_api &api);

/// Puts our allocator in the place of libtorch's for the processor; once, before the first tensor.
void install_allocator();

}  // namespace ais
