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
