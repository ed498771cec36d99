#include "allocator.h"

#include <c10/core/CPUAllocator.h>
#include <c10/util/Exception.h>

#include <cstdlib>
#include <cstring>

#include "plugin.h"

namespace ais {

namespace {

constexpr size_t alignment = 64;

/// Blocks come in sizes that differ by an eighth at most, so that a kept one fits the next tensor of about its size.
size_t rounded(size_t bytes) {
  size_t step = alignment;
  while (step * 8 < bytes) step *= 2;
  return (bytes + step - 1) / step * step;
}

}  // namespace

CachingAllocator &CachingAllocator::shared() {
  // Never destroyed: tensors of static life may outlast everything else.
  static auto *allocator = new CachingAllocator;
  return *allocator;
}

c10::DataPtr CachingAllocator::allocate(size_t bytes) {
  const c10::Device processor(c10::DeviceType::CPU);
  if (bytes == 0) return {nullptr, nullptr, &deallocate, processor};
  size_t size = rounded(bytes);
  void *block = nullptr;
  {
    std::lock_guard<std::mutex> guard(lock_);
    // The smallest that is large enough, if it is not twice what is wanted: training asks for many sizes, each once a step.
    auto kept = kept_.lower_bound(size);
    while (kept != kept_.end() && kept->second.empty()) kept = kept_.erase(kept);
    if (kept != kept_.end() && kept->first <= 2 * size) {
      size = kept->first;
      block = kept->second.back();
      kept->second.pop_back();
      cached_ -= static_cast<int64_t>(size);
    } else {
      make_room(static_cast<int64_t>(size));
      TORCH_CHECK_WITH(
          OutOfMemoryError, budget_ == 0 || used_ + cached_ + static_cast<int64_t>(size) <= budget_,
          "the memory that was allowed is used up: ", used_, " bytes are held, ", size, " more were asked for, ", budget_,
          " are allowed");
    }
    used_ += static_cast<int64_t>(size);
    peak_ = std::max(peak_, used_);
  }
  if (!block) {
    block = std::aligned_alloc(alignment, size);
    std::lock_guard<std::mutex> guard(lock_);
    if (!block) {
      used_ -= static_cast<int64_t>(size);
      TORCH_CHECK_WITH(OutOfMemoryError, false, "this machine gives no ", size, " bytes of memory");
    }
    sizes_[block] = size;
  }
  return {block, block, &deallocate, processor};
}

c10::DeleterFnPtr CachingAllocator::raw_deleter() const { return &deallocate; }

void CachingAllocator::copy_data(void *target, const void *source, size_t bytes) const { std::memcpy(target, source, bytes); }

void CachingAllocator::deallocate(void *block) {
  if (block) shared().put_back(block);
}

void CachingAllocator::put_back(void *block) {
  std::lock_guard<std::mutex> guard(lock_);
  const size_t size = sizes_.at(block);
  used_ -= static_cast<int64_t>(size);
  cached_ += static_cast<int64_t>(size);
  kept_[size].push_back(block);
}

void CachingAllocator::make_room(int64_t bytes) {
  if (budget_ == 0) return;
  for (auto size = kept_.rbegin(); size != kept_.rend() && used_ + cached_ + bytes > budget_; ++size) {
    while (!size->second.empty() && used_ + cached_ + bytes > budget_) {
      void *block = size->second.back();
      size->second.pop_back();
      sizes_.erase(block);
      std::free(block);
      cached_ -= static_cast<int64_t>(size->first);
    }
  }
}

void CachingAllocator::trim() {
  std::lock_guard<std::mutex> guard(lock_);
  for (auto &[size, blocks] : kept_) {
    for (void *block : blocks) {
      sizes_.erase(block);
      std::free(block);
    }
  }
  kept_.clear();
  cached_ = 0;
}

void CachingAllocator::set_budget(int64_t bytes) {
  std::lock_guard<std::mutex> guard(lock_);
  budget_ = bytes;
  make_room(0);
}

ctorch_memory CachingAllocator::facts() {
  std::lock_guard<std::mutex> guard(lock_);
  return {used_, peak_, cached_};
}

void CachingAllocator::reset_peak() {
  std::lock_guard<std::mutex> guard(lock_);
  peak_ = used_;
}

void install_allocator() {
  // The highest priority: nothing that is loaded later takes its place.
  c10::SetCPUAllocator(&CachingAllocator::shared(), 255);
}

}  // namespace ais
