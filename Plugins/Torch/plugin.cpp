#include "plugin.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <new>
#include <string>

namespace ais {

static thread_local std::string message;

void remember(const char *text) {
  try {
    // Some messages of libtorch go on for pages (traces of its own functions, every backend it has): the start says what is wrong.
    message = text;
    message.resize(std::min(message.find('\n'), message.size()));
    if (message.size() > 300) message.resize(300);
  } catch (...) {
    message.clear();
  }
}

/// Libraries of CUDA have no error of their own for a card whose memory is used up: only the words tell.
static bool is_about_memory() noexcept {
  for (const char *words : {"CUDA error: out of memory", "CUDNN_STATUS_ALLOC_FAILED", "CUBLAS_STATUS_ALLOC_FAILED"}) {
    if (message.find(words) != std::string::npos) return true;
  }
  return false;
}

ctorch_status guarded_call(void (*call)(void *), void *body) noexcept {
  try {
    call(body);
    return CTORCH_OK;
  } catch (const c10::OutOfMemoryError &error) {
    remember(error.what_without_backtrace());
    return CTORCH_OUT_OF_MEMORY;
  } catch (const c10::Error &error) {
    remember(error.what_without_backtrace());
    if (is_about_memory()) return CTORCH_OUT_OF_MEMORY;
  } catch (const std::bad_alloc &) {
    remember("the memory of this machine is used up");
    return CTORCH_OUT_OF_MEMORY;
  } catch (const std::exception &error) {
    remember(error.what());
  } catch (...) {
    remember("an error without a message");
  }
  return CTORCH_FAILED;
}

static const ctorch_api *table() {
  static const ctorch_api api = [] {
    ctorch_api api{};
    api.abi = CTORCH_ABI;
    api.last_message = [] { return message.c_str(); };
    add_process(api);
    add_tensors(api);
    add_operations(api);
    add_training(api);
    return api;
  }();
  return &api;
}

}  // namespace ais

extern "C" __attribute__((visibility("default"))) const ctorch_api *ais_torch_api(uint32_t abi) {
  if (abi != CTORCH_ABI) return nullptr;
  try {
    ais::install_allocator();
    return ais::table();
  } catch (...) {
    return nullptr;
  }
}
