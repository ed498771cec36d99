// A team of threads that share the indices of a loop.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

struct ckernels_team {
  // Work on one index, by one worker (0 is the caller).
  using Body = void (*)(const void *context, int64_t index, int worker);

  explicit ckernels_team(int threads);
  ~ckernels_team();
  ckernels_team(const ckernels_team &) = delete;
  ckernels_team &operator=(const ckernels_team &) = delete;

  int size() const { return int(threads_.size()) + 1; }

  // Calls `body` once for every index below `count`, each on whichever thread is free, and returns when all are done.
  void run(int64_t count, Body body, const void *context);

 private:
  void work(int worker);
  void take(int worker);

  std::vector<std::thread> threads_;
  std::mutex callers_;  // held by the one caller that is being served
  std::mutex mutex_;    // guards everything below but `next_`
  std::condition_variable wake_, done_;
  uint64_t generation_ = 0;
  int busy_ = 0;
  bool isEnding_ = false;
  Body body_ = nullptr;
  const void *context_ = nullptr;
  int64_t count_ = 0;
  std::atomic<int64_t> next_{0};
};
