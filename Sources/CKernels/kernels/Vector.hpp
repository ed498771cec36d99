// Vectors of the instruction set that is being compiled; KERNEL_LANES is set by the file that includes this one.

constexpr int lanes = KERNEL_LANES;
typedef float Vector __attribute__((vector_size(KERNEL_LANES * 4)));
typedef int32_t Bits __attribute__((vector_size(KERNEL_LANES * 4)));
typedef float Unaligned __attribute__((vector_size(KERNEL_LANES * 4), aligned(4), may_alias));

typedef float Splat __attribute__((ext_vector_type(KERNEL_LANES)));

#define KERNEL_INLINE static inline __attribute__((always_inline))

KERNEL_INLINE Vector load(const float *from) { return *reinterpret_cast<const Unaligned *>(from); }
KERNEL_INLINE void store(float *to, Vector value) { *reinterpret_cast<Unaligned *>(to) = value; }
KERNEL_INLINE Vector splat(float value) { return (Vector)(Splat)(value); }

// The first `count` lanes, zeros behind.
KERNEL_INLINE Vector loadSome(const float *from, int64_t count) {
  if (count >= lanes) return load(from);
  Vector value{};
  __builtin_memcpy(&value, from, size_t(count) * sizeof(float));
  return value;
}

// Stores the first `count` lanes.
KERNEL_INLINE void storeSome(float *to, Vector value, int64_t count) {
  if (count >= lanes) return store(to, value);
  __builtin_memcpy(to, &value, size_t(count) * sizeof(float));
}

// A NaN in `b` comes through, one in `a` does not: what the processor's instruction does.
KERNEL_INLINE Vector maximum(Vector a, Vector b) { return a > b ? a : b; }
KERNEL_INLINE Vector minimum(Vector a, Vector b) { return a < b ? a : b; }

// The lanes added up, always in the same order.
KERNEL_INLINE float sum(Vector value) {
  float part[lanes];
  __builtin_memcpy(part, &value, sizeof part);
  for (int width = lanes / 2; width > 0; width /= 2)
    for (int i = 0; i < width; i++) part[i] += part[i + width];
  return part[0];
}
