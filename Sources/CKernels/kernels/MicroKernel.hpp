// The innermost loop of both convolutions: a few rows times one panel of packed weights, held in registers.
//
// Every product of the result is added in the order of k, whatever the height of the kernel: a value does not depend on
// which rows it was computed with.

// Rows at a time for a panel of so many vectors.
template <int Vectors>
constexpr int rowsAtOnce() {
#if KERNEL_REGISTERS >= 32
  return Vectors >= 4 ? 6 : 8;
#elif KERNEL_LANES >= 8
  return 6;
#else
  return 2;
#endif
}

// products[row][0..<Vectors·lanes] (+)= Σ over segments s and k < lengths[s] of pointers[s][row][k] · weights[k']…,
// where k' counts on over all segments.
template <int Rows, int Vectors>
static __attribute__((noinline)) void multiply(
    const float *const *pointers, int64_t pointerStride, const int32_t *lengths, int64_t segments, const float *weights,
    float *products, int64_t productStride, bool isContinued) {
  Vector sums[Rows][Vectors];
  for (int r = 0; r < Rows; r++)
    for (int v = 0; v < Vectors; v++)
      sums[r][v] = isContinued ? load(products + r * productStride + v * lanes) : Vector{};
  for (int64_t s = 0; s < segments; s++) {
    const float *rows[Rows];
    for (int r = 0; r < Rows; r++) rows[r] = pointers[s * pointerStride + r];
    const int64_t length = lengths[s];
    for (int64_t k = 0; k < length; k++) {
      Vector weight[Vectors];
      for (int v = 0; v < Vectors; v++) weight[v] = load(weights + v * lanes);
      for (int r = 0; r < Rows; r++) {
        const Vector value = splat(rows[r][k]);
        for (int v = 0; v < Vectors; v++) sums[r][v] += value * weight[v];
      }
      weights += Vectors * lanes;
    }
  }
  for (int r = 0; r < Rows; r++)
    for (int v = 0; v < Vectors; v++) store(products + r * productStride + v * lanes, sums[r][v]);
}

// `rowCount` rows (rounded up to the kernel's height: the pointers and products behind must exist) times one panel.
template <int Vectors>
static void multiplyRows(
    const float *const *pointers, int64_t pointerStride, const int32_t *lengths, int64_t segments, const float *weights,
    float *products, int64_t productStride, int64_t rowCount, bool isContinued) {
  constexpr int height = rowsAtOnce<Vectors>();
  for (int64_t row = 0; row < rowCount; row += height)
    multiply<height, Vectors>(
        pointers + row, pointerStride, lengths, segments, weights, products + row * productStride, productStride,
        isContinued);
}

static void multiplyPanel(
    int64_t width, const float *const *pointers, int64_t pointerStride, const int32_t *lengths, int64_t segments,
    const float *weights, float *products, int64_t productStride, int64_t rowCount, bool isContinued) {
#define KERNEL_CASE(vectors)                                                                                        \
  case vectors * lanes:                                                                                             \
    return multiplyRows<vectors>(                                                                                   \
        pointers, pointerStride, lengths, segments, weights, products, productStride, rowCount, isContinued);
  switch (width) {
#if KERNEL_LANES == 16
    KERNEL_CASE(1) KERNEL_CASE(2) KERNEL_CASE(3) KERNEL_CASE(4)
#elif KERNEL_LANES == 8
    KERNEL_CASE(2)
#else
    KERNEL_CASE(4)
#endif
  }
#undef KERNEL_CASE
}
