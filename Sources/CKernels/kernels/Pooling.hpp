// Maximum and mean over windows.

struct PoolingJob {
  const ckernels_pooling &call;

  // One row of the result.
  void row(int64_t index) const {
    const ckernels_source &source = call.source;
    const ckernels_target &output = call.output;
    const int64_t oz = index / output.y, oy = index % output.y;
    const int64_t padded = roundUp(source.channels, channelMultiple);
    // Padding channels are pooled as well, so that they are finite, when both sides have them.
    const int64_t channels = source.stride >= padded && output.stride >= padded ? padded : source.channels;
    const int64_t z0 = oz * call.step.z - call.pad.z, y0 = oy * call.step.y - call.pad.y;
    const int64_t zFrom = std::max<int64_t>(z0, 0), zTo = std::min(z0 + call.window.z, source.z);
    const int64_t yFrom = std::max<int64_t>(y0, 0), yTo = std::min(y0 + call.window.y, source.y);
    for (int64_t ox = 0; ox < output.x; ox++) {
      const int64_t x0 = ox * call.step.x - call.pad.x;
      const int64_t xFrom = std::max<int64_t>(x0, 0), xTo = std::min(x0 + call.window.x, source.x);
      const float share = 1.0f / float((zTo - zFrom) * (yTo - yFrom) * (xTo - xFrom));
      float *to = output.data + ((oz * output.y + oy) * output.x + ox) * output.stride;
      for (int64_t channel = 0; channel < channels; channel += lanes) {
        Vector result = call.average ? Vector{} : splat(-__builtin_inff());
        for (int64_t z = zFrom; z < zTo; z++)
          for (int64_t y = yFrom; y < yTo; y++) {
            const float *from = source.data + ((z * source.y + y) * source.x + xFrom) * source.stride + channel;
            for (int64_t x = xFrom; x < xTo; x++, from += source.stride) {
              const Vector value = loadSome(from, channels - channel);
              result = call.average ? result + value : maximum(result, value);
            }
          }
        storeSome(to + channel, call.average ? result * share : result, channels - channel);
      }
      // Padding channels that the source does not have become zeros.
      if (output.stride >= padded)
        for (int64_t channel = channels; channel < padded; channel++) to[channel] = 0;
    }
  }
};

static void runPooling(const ckernels_pooling &call, ckernels_team &team) {
  const PoolingJob job{call};
  team.run(
      call.output.z * call.output.y,
      [](const void *context, int64_t index, int) { static_cast<const PoolingJob *>(context)->row(index); }, &job);
}
