// Copies with upsampling, shifting and concatenation.

struct GatherJob {
  const ckernels_gather &call;

  // One row of the result.
  void row(int64_t index) const {
    const ckernels_target &output = call.output;
    const int64_t padded = roundUp(output.channels, channelMultiple);
    const int64_t oz = index / output.y - call.offset.z, oy = index % output.y - call.offset.y;
    for (int64_t x = 0; x < output.x; x++) {
      const int64_t ox = x - call.offset.x;
      float *to = output.data + (index * output.x + x) * output.stride;
      int64_t channel = 0;
      for (int32_t s = 0; s < call.source_count; s++) {
        const ckernels_source &source = call.sources[s];
        const int64_t sz = (oz / call.factor.z) >> source.shift_z, sy = (oy / call.factor.y) >> source.shift_y;
        const int64_t sx = (ox / call.factor.x) >> source.shift_x;
        const bool isInside =
            oz >= 0 && oy >= 0 && ox >= 0 && sz < source.z && sy < source.y && sx < source.x;
        if (isInside)
          __builtin_memcpy(
              to + channel, source.data + ((sz * source.y + sy) * source.x + sx) * source.stride,
              size_t(source.channels) * sizeof(float));
        else
          __builtin_memset(to + channel, 0, size_t(source.channels) * sizeof(float));
        channel += source.channels;
      }
      if (output.stride >= padded)
        for (; channel < padded; channel++) to[channel] = 0;
    }
  }
};

static void runGather(const ckernels_gather &call, ckernels_team &team) {
  const GatherJob job{call};
  team.run(
      call.output.z * call.output.y,
      [](const void *context, int64_t index, int) { static_cast<const GatherJob *>(context)->row(index); }, &job);
}
