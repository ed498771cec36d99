// The processor's own limit: multiply-adds that need no memory.

static double measurePeak() {
  constexpr int chains = KERNEL_REGISTERS >= 32 ? 24 : 12;
  constexpr int64_t rounds = 20000;
  Vector sums[chains];
  for (auto &sum : sums) sum = Vector{};
  Vector a = splat(1.0001f), b = splat(0.9999f);
  double best = 1e30;
  for (int attempt = 0; attempt < 5; attempt++) {
    timespec start, end;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
    for (int64_t round = 0; round < rounds; round++) {
      for (int i = 0; i < chains; i++) sums[i] += a * b;
      // Keeps the compiler from hoisting the product or folding the rounds.
      for (int i = 0; i < chains; i++) asm volatile("" : "+" KERNEL_REGISTER_CLASS(sums[i]));
      asm volatile("" : "+" KERNEL_REGISTER_CLASS(a), "+" KERNEL_REGISTER_CLASS(b));
    }
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    const double seconds = double(end.tv_sec - start.tv_sec) + 1e-9 * double(end.tv_nsec - start.tv_nsec);
    best = std::min(best, seconds);
  }
  return best / (double(rounds) * chains * lanes) * 1e9;
}
