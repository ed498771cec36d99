// Sums, activations and batch normalisation on their own.

struct PointwiseJob {
  const ckernels_pointwise &call;
  int64_t positions;
  static constexpr int64_t positionsPerBlock = 4096;

  void block(int64_t index) const {
    const ckernels_target &output = call.output;
    const int64_t channels = output.channels, padded = roundUp(channels, channelMultiple);
    const int64_t stored = output.stride >= padded ? padded : channels;
    const int64_t end = std::min(positions, (index + 1) * positionsPerBlock);
    for (int64_t position = index * positionsPerBlock; position < end; position++) {
      float *to = output.data + position * output.stride;
      for (int64_t channel = 0; channel < stored; channel += lanes) {
        Vector value{};
        for (int32_t s = 0; s < call.source_count; s++) {
          const ckernels_source &source = call.sources[s];
          const float *from = source.data + position * source.stride + channel;
          const int64_t readable = source.stride >= padded ? padded : channels;
          const Vector own = loadSome(from, std::max<int64_t>(readable - channel, 0));
          value = s == 0 ? own : value + own;
        }
        if (call.bias) value += load(call.bias + channel);
        value = activate(value, call.first);
        if (call.scale) value = value * load(call.scale + channel) + load(call.shift + channel);
        storeSome(to + channel, activate(value, call.second), stored - channel);
      }
    }
  }
};

static void runPointwise(const ckernels_pointwise &call, ckernels_team &team) {
  const PointwiseJob job{call, call.output.z * call.output.y * call.output.x};
  team.run(
      divideUp(job.positions, PointwiseJob::positionsPerBlock),
      [](const void *context, int64_t index, int) { static_cast<const PointwiseJob *>(context)->block(index); }, &job);
}
