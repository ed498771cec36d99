// Activation functions on vectors.

// eˣ for x in −87 … 88 (clamped), relative error below 2e-7: x = n·ln 2 + r, a polynomial for eʳ, n into the exponent.
KERNEL_INLINE Vector exponential(Vector x) {
  const Vector clamped = minimum(splat(88.0f), maximum(splat(-87.0f), x));
  // Adding 1.5·2²³ rounds to a whole number and leaves it in the low bits.
  const Vector shifted = clamped * 1.44269504f + 12582912.0f;
  const Vector n = shifted - 12582912.0f;
  Vector r = clamped - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  Vector p = splat(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const Vector scaled = (Vector)((Bits)p + ((Bits)shifted << 23));
  return x == x ? scaled : x;
}

KERNEL_INLINE Vector activate(Vector x, ckernels_activation activation) {
  switch (activation.kind) {
    case CKERNELS_LINEAR:
      return x;
    case CKERNELS_RELU:
      return maximum(Vector{}, x);
    case CKERNELS_LEAKY_RELU:
      return x < 0 ? x * activation.parameter : x;
    case CKERNELS_SIGMOID:
      return 1.0f / (1.0f + exponential(-x));
    case CKERNELS_TANH:
      return 1.0f - 2.0f / (1.0f + exponential(x * 2.0f));
    case CKERNELS_ELU:
      return x < 0 ? activation.parameter * (exponential(x) - 1.0f) : x;
  }
  return x;
}
