#include "Team.hpp"

#include <new>
#include <system_error>

#include "ckernels.h"

ckernels_team::ckernels_team(int threads) {
  if (threads > 1) threads_.reserve(size_t(threads - 1));
  for (int worker = 1; worker < threads; worker++) {
    try {
      threads_.emplace_back([this, worker] { work(worker); });
    } catch (const std::system_error &) {
      return;  // The system gives no more threads: a smaller team does the same work.
    }
  }
}

ckernels_team::~ckernels_team() {
  {
    std::lock_guard lock(mutex_);
    isEnding_ = true;
  }
  wake_.notify_all();
  for (auto &thread : threads_) thread.join();
}

void ckernels_team::take(int worker) {
  for (;;) {
    const int64_t index = next_.fetch_add(1, std::memory_order_relaxed);
    if (index >= count_) return;
    body_(context_, index, worker);
  }
}

void ckernels_team::run(int64_t count, Body body, const void *context) {
  std::lock_guard caller(callers_);
  const bool isShared = !threads_.empty() && count > 1;
  {
    std::lock_guard lock(mutex_);
    body_ = body;
    context_ = context;
    count_ = count;
    next_.store(0, std::memory_order_relaxed);
    if (isShared) {
      generation_++;
      busy_ = int(threads_.size());
    }
  }
  if (isShared) wake_.notify_all();
  take(0);
  if (isShared) {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return busy_ == 0; });
  }
}

void ckernels_team::work(int worker) {
  uint64_t seen = 0;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return isEnding_ || generation_ != seen; });
      if (isEnding_) return;
      seen = generation_;
    }
    take(worker);
    std::lock_guard lock(mutex_);
    if (--busy_ == 0) done_.notify_one();
  }
}

extern "C" {

ckernels_team *ckernels_team_create(int32_t threads) noexcept {
  try {
    return new ckernels_team(threads);
  } catch (...) {
    return nullptr;
  }
}

int32_t ckernels_team_size(const ckernels_team *team) noexcept { return team->size(); }

void ckernels_team_destroy(ckernels_team *team) noexcept { delete team; }
}
