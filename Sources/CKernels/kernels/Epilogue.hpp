// What happens to a sum before it is stored.

// `channel` is the first lane's; `residual` points to the position's own channels, or is NULL.
KERNEL_INLINE Vector finish(const ckernels_epilogue &epilogue, Vector value, int64_t channel, const float *residual) {
  value = activate(value + load(epilogue.bias + channel), epilogue.first);
  if (epilogue.scale) value = value * load(epilogue.scale + channel) + load(epilogue.shift + channel);
  if (residual) value += load(residual + channel);
  return activate(value, epilogue.second);
}

// Channels that may be stored at a position of `target` when `filters` (a whole number of multiples) were computed:
// all of them when the padding behind the channels is the target's own.
KERNEL_INLINE int64_t storable(const ckernels_target &target, int64_t filters) {
  return target.stride >= filters ? filters : target.channels;
}

// Whether results of this size should go past the caches: whoever reads them next will find them in memory anyway, and the
// processor need not fetch the lines before they are overwritten. Only whole cache lines may take this way.
KERNEL_INLINE bool isStreamed(const ckernels_target &target) {
  const int64_t floats = target.z * target.y * target.x * target.stride;
  return floats > (4 << 20) && target.stride % channelMultiple == 0 && reinterpret_cast<uintptr_t>(target.data) % 64 == 0;
}

// Stores the first `count` lanes of a position's channels; all of them when streaming.
KERNEL_INLINE void storeChannels(float *to, Vector value, int64_t count, bool isStreaming) {
  if (isStreaming)
    __builtin_nontemporal_store(value, reinterpret_cast<Vector *>(to));
  else
    storeSome(to, value, count);
}

// Makes streamed stores visible to other threads.
KERNEL_INLINE void finishStreaming(bool isStreaming) {
#if defined(__x86_64__)
  if (isStreaming) __builtin_ia32_sfence();
#else
  (void)isStreaming;
#endif
}
