// Memory of the processor for tensors: kept for the next tensor of its size, and never more than a budget.
//
// The system's allocator gives large blocks back to the kernel when a tensor dies and takes them again for the next one: over a
// million page faults for a megapixel of a network, a third of the time. A network asks for the same few sizes again and again,
// so blocks are kept by size. The budget makes the bound that the user set with --memory hold: what would go beyond it first
// takes kept blocks, and fails as "out of memory" when that is not enough, which the caller can answer with smaller tiles.
#pragma once

#include <c10/core/Allocator.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "ctorch.h"

namespace ais {

class CachingAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override;
  c10::DeleterFnPtr raw_deleter() const override;
  void copy_data(void *target, const void *source, size_t bytes) const override;

  void set_budget(int64_t bytes);
  ctorch_memory facts();
  void reset_peak();
  /// Gives kept blocks back to the system.
  void trim();

  static CachingAllocator &shared();

 private:
  static void deallocate(void *block);
  void put_back(void *block);
  /// Frees kept blocks, the largest first, until `bytes` are free under the budget or none is left.
  void make_room(int64_t bytes);

  std::mutex lock_;
  std::map<size_t, std::vector<void *>> kept_;
  std::unordered_map<void *, size_t> sizes_;
  int64_t used_ = 0, peak_ = 0, cached_ = 0, budget_ = 0;
};

}  // namespace ais
