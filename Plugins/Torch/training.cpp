// Losses, gradients and Adam.
#include <ATen/Functions.h>
#include <ATen/autocast_mode.h>
#include <c10/core/GradMode.h>

#include <cmath>
#include <vector>

#include "plugin.h"

struct ctorch_adam {
  std::vector<at::Tensor> parameters, first, second;
  ctorch_adam_settings settings;
  int64_t steps = 0;
};

namespace ais {

namespace {

at::Tensor losses(const at::Tensor &prediction, const at::Tensor &target, ctorch_loss kind) {
  switch (kind) {
    case CTORCH_MEAN_SQUARED_ERROR: return at::square(prediction - target);
    case CTORCH_MEAN_ABSOLUTE_ERROR: return at::abs(prediction - target);
    case CTORCH_BINARY_CROSSENTROPY: {
      const at::Tensor p = at::clamp(prediction, 1e-7, 1 - 1e-7);
      return -(target * at::log(p) + (1 - target) * at::log(1 - p));
    }
    case CTORCH_BINARY_CROSSENTROPY_LOGITS:
      return at::binary_cross_entropy_with_logits(prediction, target, {}, {}, at::Reduction::None);
  }
  TORCH_CHECK(false, "there is no loss ", static_cast<int>(kind));
}

/// θ ← θ − η·√(1 − β₂ᵗ)/(1 − β₁ᵗ) · m/(√v + ε)   (Kingma and Ba, arXiv 1412.6980, the form before their section 2.1).
void step(ctorch_adam &adam) {
  c10::NoGradGuard off;
  const auto &[rate, beta1, beta2, epsilon] = adam.settings;
  std::vector<at::Tensor> parameters, gradients, first, second;
  for (size_t i = 0; i < adam.parameters.size(); i++) {
    if (!adam.parameters[i].grad().defined()) continue;
    parameters.push_back(adam.parameters[i]);
    gradients.push_back(adam.parameters[i].grad());
    first.push_back(adam.first[i]);
    second.push_back(adam.second[i]);
  }
  adam.steps += 1;
  if (parameters.empty()) return;
  const double t = static_cast<double>(adam.steps);
  const double corrected = rate * std::sqrt(1 - std::pow(beta2, t)) / (1 - std::pow(beta1, t));
  at::_foreach_lerp_(first, gradients, 1 - beta1);
  at::_foreach_mul_(second, beta2);
  at::_foreach_addcmul_(second, gradients, gradients, 1 - beta2);
  std::vector<at::Tensor> divisors = at::_foreach_sqrt(second);
  at::_foreach_add_(divisors, epsilon);
  at::_foreach_addcdiv_(parameters, first, divisors, -corrected);
  for (at::Tensor &parameter : adam.parameters) parameter.mutable_grad().reset();
}

double clip(ctorch_adam &adam, double limit) {
  c10::NoGradGuard off;
  std::vector<at::Tensor> gradients;
  for (const at::Tensor &parameter : adam.parameters) {
    if (parameter.grad().defined()) gradients.push_back(parameter.grad());
  }
  if (gradients.empty()) return 0;
  const double norm = at::stack(at::_foreach_norm(gradients)).norm().item<double>();
  if (limit > 0 && norm > limit) at::_foreach_mul_(gradients, limit / norm);
  return norm;
}

ctorch_status adam_create(
    ctorch_tensor *const *parameters, int32_t count, const ctorch_adam_settings *settings, ctorch_adam **out) {
  return guarded([=] {
    *out = nullptr;
    auto adam = std::make_unique<ctorch_adam>();
    adam->settings = *settings;
    for (int32_t i = 0; i < count; i++) {
      const at::Tensor &parameter = parameters[i]->value;
      TORCH_CHECK(parameter.is_leaf() && parameter.requires_grad(), "parameter ", i, " asks for no gradient");
      adam->parameters.push_back(parameter);
      adam->first.push_back(at::zeros_like(parameter).requires_grad_(false));
      adam->second.push_back(at::zeros_like(parameter).requires_grad_(false));
    }
    *out = adam.release();
  });
}

}  // namespace

void add_training(ctorch_api &api) {
  c10::GradMode::set_enabled(false);
  api.loss = [](const ctorch_tensor *prediction, const ctorch_tensor *target, const ctorch_tensor *weights, ctorch_loss kind,
                ctorch_tensor **out) {
    return giving(out, [=] {
      TORCH_CHECK(
          prediction->value.sizes() == target->value.sizes(), "a prediction of ", prediction->value.sizes(), " and a target of ",
          target->value.sizes());
      const at::Tensor each = losses(prediction->value, target->value, kind);
      return weights ? (each * weights->value).mean() : each.mean();
    });
  };
  api.enable_gradients = [](int32_t on) { return guarded([=] { c10::GradMode::set_enabled(on != 0); }); };
  api.autocast = [](int32_t device, int32_t on, ctorch_dtype type) {
    return guarded([=] {
      const auto kind = device_of(device).type();
      if (on) {
        at::autocast::set_autocast_dtype(kind, scalar_type(type));
      } else {
        at::autocast::clear_cache();
      }
      at::autocast::set_autocast_enabled(kind, on != 0);
    });
  };
  api.require_gradient = [](ctorch_tensor *tensor, int32_t on) {
    return guarded([=] { tensor->value.set_requires_grad(on != 0); });
  };
  api.backward = [](const ctorch_tensor *scalar) { return guarded([=] { scalar->value.backward(); }); };
  api.gradient = [](const ctorch_tensor *leaf, ctorch_tensor **out) {
    return guarded([=] {
      const at::Tensor &gradient = leaf->value.grad();
      *out = gradient.defined() ? new ctorch_tensor{gradient} : nullptr;
    });
  };

  api.gather_gradient = [](ctorch_tensor *leaf, ctorch_tensor *from) {
    return guarded([=] {
      c10::NoGradGuard off;
      const at::Tensor other = from->value.grad();
      if (!other.defined()) return;
      at::Tensor &gradient = leaf->value.mutable_grad();
      const at::Tensor here = other.to(leaf->value.device());
      if (gradient.defined()) {
        gradient.add_(here);
      } else {
        gradient = here;
      }
      from->value.mutable_grad().reset();
    });
  };

  api.adam_create = adam_create;
  api.adam_set_learning_rate = [](ctorch_adam *adam, double rate) {
    return guarded([=] { adam->settings.learning_rate = rate; });
  };
  api.adam_clip = [](ctorch_adam *adam, double limit, double *norm) {
    return guarded([=] { *norm = clip(*adam, limit); });
  };
  api.adam_step = [](ctorch_adam *adam) { return guarded([=] { step(*adam); }); };
  api.adam_steps = [](const ctorch_adam *adam, int64_t *steps) { return guarded([=] { *steps = adam->steps; }); };
  api.adam_set_steps = [](ctorch_adam *adam, int64_t steps) { return guarded([=] { adam->steps = steps; }); };
  api.adam_moments = [](const ctorch_adam *adam, int32_t index, ctorch_tensor **first, ctorch_tensor **second) {
    return guarded([=] {
      *first = *second = nullptr;
      auto one = std::make_unique<ctorch_tensor>(ctorch_tensor{adam->first.at(static_cast<size_t>(index))});
      *second = new ctorch_tensor{adam->second.at(static_cast<size_t>(index))};
      *first = one.release();
    });
  };
  api.adam_release = [](ctorch_adam *adam) { guarded([=] { delete adam; }); };
}

}  // namespace ais
