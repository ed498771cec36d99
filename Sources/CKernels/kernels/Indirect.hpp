// Convolution as a matrix product whose rows are found through pointers (Dukhan 2019, "The Indirect Convolution
// Algorithm", arXiv:1907.02129). See docs/explanation/kernels-indirect.md.

struct IndirectJob {
  const ckernels_indirect &call;
  IndirectGeometry geometry;
  float *workspace;
  bool isStreaming;

  // A position of the result.
  struct Position {
    int64_t z, y, x;
  };

  Position position(int64_t index) const {
    const int64_t x = index % call.x, row = index / call.x;
    return {row / call.y, row % call.y, x};
  }

  // Where source `s` stores the channels that tap `tap` of the window at `at` reads, or the zeros.
  const float *find(const ckernels_source &source, Position at, ckernels_offset tap, const float *zeros) const {
    const int64_t z = at.z * call.step.z + tap.z, y = at.y * call.step.y + tap.y, x = at.x * call.step.x + tap.x;
    const bool isInside = z >= 0 && y >= 0 && x >= 0 && (z >> source.shift_z) < source.z &&
                          (y >> source.shift_y) < source.y && (x >> source.shift_x) < source.x;
    if (!isInside) return zeros;
    return source.data +
           (((z >> source.shift_z) * source.y + (y >> source.shift_y)) * source.x + (x >> source.shift_x)) *
               source.stride;
  }

  void block(int64_t index, int worker) const {
    const int64_t rowBlock = geometry.rowBlock, filters = geometry.filters;
    float *products = workspace + worker * geometry.workspace();
    float *zeros = products + geometry.productCount;
    const float **pointers = reinterpret_cast<const float **>(zeros + geometry.zeroCount);
    int32_t *lengths = reinterpret_cast<int32_t *>(zeros + geometry.zeroCount + geometry.pointerCount);
    __builtin_memset(zeros, 0, size_t(geometry.zeroCount) * sizeof(float));

    const int64_t first = index * rowBlock, count = std::min(rowBlock, geometry.positions - first);
    for (int64_t tap = 0; tap < call.tap_count; tap++)
      for (int64_t s = 0; s < call.source_count; s++) lengths[tap * call.source_count + s] = call.sources[s].channels;
    Position at = position(first);
    for (int64_t row = 0; row < rowBlock; row++) {
      const float **own = pointers + row;
      for (int64_t tap = 0; tap < call.tap_count; tap++)
        for (int64_t s = 0; s < call.source_count; s++, own += rowBlock)
          *own = row < count ? find(call.sources[s], at, call.taps[tap], zeros) : zeros;
      if (++at.x == call.x) {
        at.x = 0;
        if (++at.y == call.y) at.y = 0, at.z++;
      }
    }

    multiplyAll(pointers, lengths, products, count);

    const int64_t stored = storable(call.output, filters);
    at = position(first);
    for (int64_t row = 0; row < count; row++) {
      const int64_t z = at.z * call.output_step.z + call.output_offset.z;
      const int64_t y = at.y * call.output_step.y + call.output_offset.y;
      const int64_t x = at.x * call.output_step.x + call.output_offset.x;
      const int64_t place = (z * call.output.y + y) * call.output.x + x;
      float *output = call.output.data + place * call.output.stride;
      const float *residual = call.epilogue.residual;
      if (residual) residual += place * call.epilogue.residual_stride;
      for (int64_t channel = 0; channel < stored; channel += lanes)
        storeChannels(
            output + channel, finish(call.epilogue, load(products + row * filters + channel), channel, residual),
            stored - channel, isStreaming);
      if (++at.x == call.x) {
        at.x = 0;
        if (++at.y == call.y) at.y = 0, at.z++;
      }
    }
    finishStreaming(isStreaming);
  }

  // Panels in parts of some hundred k, so that a part of a panel stays in cache while all rows meet it.
  void multiplyAll(const float *const *pointers, const int32_t *lengths, float *products, int64_t count) const {
    const int64_t depth = int64_t(call.tap_count) * geometry.channels;
    constexpr int64_t depthPart = 384;
    int64_t segment = 0, before = 0;
    do {
      int64_t end = segment, part = 0;
      while (end < geometry.segments && (part == 0 || part + lengths[end] <= depthPart)) part += lengths[end++];
      for (int64_t first = 0; first < geometry.filters;) {
        const Panel panel = panelAt(first, call.filters, panelWidth);
        multiplyPanel(
            panel.width, pointers + segment * geometry.rowBlock, geometry.rowBlock, lengths + segment, end - segment,
            call.weights + first * depth + before * panel.width, products + first, geometry.filters, count,
            segment > 0);
        first += panel.width;
      }
      segment = end;
      before += part;
    } while (segment < geometry.segments);
  }
};

static void runIndirect(const ckernels_indirect &call, float *workspace, ckernels_team &team) {
  const IndirectJob job{call, IndirectGeometry(call), workspace, isStreamed(call.output)};
  team.run(
      job.geometry.blocks,
      [](const void *context, int64_t index, int worker) {
        static_cast<const IndirectJob *>(context)->block(index, worker);
      },
      &job);
}
