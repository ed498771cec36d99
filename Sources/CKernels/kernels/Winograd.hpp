// Winograd's F(4×4, 3×3) (Lavin & Gray 2016, arXiv:1509.09308): Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A for every 4 × 4 tile of the
// result. Summed over channels, the element-wise product is 36 matrix products. See docs/explanation/kernels-winograd.md.

// Bᵀ·d for six rows of a tile.
KERNEL_INLINE void transformInput(const Vector *d, Vector *out) {
  const Vector a = d[4] - 4.0f * d[2], b = d[3] - 4.0f * d[1], c = d[4] - d[2], e = 2.0f * (d[3] - d[1]);
  out[0] = 4.0f * d[0] - 5.0f * d[2] + d[4];
  out[1] = a + b;
  out[2] = a - b;
  out[3] = c + e;
  out[4] = c - e;
  out[5] = 4.0f * d[1] - 5.0f * d[3] + d[5];
}

// Aᵀ·m for six rows of products.
KERNEL_INLINE void transformProduct(const Vector *m, Vector *out) {
  const Vector a = m[1] + m[2], b = m[1] - m[2], c = m[3] + m[4], d = m[3] - m[4];
  out[0] = m[0] + a + c;
  out[1] = b + 2.0f * d;
  out[2] = a + 4.0f * c;
  out[3] = b + 8.0f * d + m[5];
}

struct WinogradJob {
  const ckernels_winograd &call;
  WinogradGeometry geometry;
  float *workspace;
  bool isStreaming;

  // One vector of channels of a tile of the result.
  typedef Vector Pixels[4][4];
  // Vectors that fill a cache line.
  static constexpr int parts = channelMultiple / lanes;

  // The parts of one thread's workspace.
  struct Workspace {
    float *inputs;       // [point][plane][tile][channel]
    float *products;     // [point][row][filter of the group]
    float *projections;  // [row][pixel of the tile][filter][lane]
    float *zeros;
    const float **pointers;  // [point][plane][tile]: the rows of the matrix products
  };

  // One block: tiles of a plane, planes of the result.
  struct Block {
    int64_t firstTile, tileCount;
    int64_t firstDepth, depthCount;
  };

  Workspace workspaceOf(int worker) const {
    Workspace own;
    own.inputs = workspace + worker * geometry.workspace();
    own.products = own.inputs + geometry.inputCount;
    own.projections = own.products + geometry.productCount;
    own.zeros = own.projections + geometry.projectionCount;
    own.pointers = reinterpret_cast<const float **>(own.zeros + geometry.zeroCount);
    return own;
  }

  void prepare(int worker) const {
    const Workspace own = workspaceOf(worker);
    __builtin_memset(own.zeros, 0, size_t(geometry.zeroCount) * sizeof(float));
    const int64_t rows = geometry.planes * geometry.tileBlock;
    for (int64_t point = 0; point < points; point++)
      for (int64_t row = 0; row < rows; row++)
        own.pointers[point * rows + row] = own.inputs + point * geometry.inputPoint + row * geometry.channels;
  }

  void block(int64_t index, int worker) const {
    const Workspace own = workspaceOf(worker);
    Block block;
    block.firstTile = index % geometry.tileBlocks * geometry.tileBlock;
    block.tileCount = std::min(geometry.tileBlock, geometry.tiles - block.firstTile);
    block.firstDepth = index / geometry.tileBlocks * geometry.depthBlock;
    block.depthCount = std::min(geometry.depthBlock, call.z - block.firstDepth);

    for (int64_t plane = 0; plane < block.depthCount + call.depth_taps - 1; plane++)
      if (isInside(block.firstDepth + plane - call.pad_z)) transformPlane(own, block, plane);
    for (int64_t group = 0; group < geometry.filters; group += filtersPerGroup) {
      multiplyGroup(own, block, group);
      for (int64_t depth = 0; depth < block.depthCount; depth++)
        for (int64_t tile = 0; tile < block.tileCount; tile++) finishTile(own, block, group, depth, tile);
    }
    if (call.projected.data)
      for (int64_t depth = 0; depth < block.depthCount; depth++)
        for (int64_t tile = 0; tile < block.tileCount; tile++) projectTile(own, block, depth, tile);
    finishStreaming(isStreaming);
  }

  bool isInside(int64_t z) const {
    const ckernels_source &source = call.sources[0];
    return z >= 0 && (z >> source.shift_z) < source.z;
  }

  // --- Sources → transformed inputs

  void transformPlane(const Workspace &own, const Block &block, int64_t plane) const {
    const int64_t z = block.firstDepth + plane - call.pad_z;
    float *inputs = own.inputs + plane * geometry.tileBlock * geometry.channels;
    for (int64_t tile = 0; tile < block.tileCount; tile++) {
      const int64_t number = block.firstTile + tile;
      const int64_t y = call.first_row + number / geometry.tilesX * tileEdge - call.pad_y;
      const int64_t x = number % geometry.tilesX * tileEdge - call.pad_x;
      float *to = inputs + tile * geometry.channels;
      for (int32_t s = 0; s < call.source_count; s++) {
        const ckernels_source &source = call.sources[s];
        const int64_t channels = roundUp(source.channels, channelMultiple);
        const float *pixels[points];
        locate(source, z, y, x, own.zeros, pixels);
        prefetchTile(source, z, y, x + 2 * tileEdge);
        transformTile(pixels, channels, to);
        to += channels;
      }
    }
    // The last block of a plane has fewer tiles: the micro-kernels may still read the others.
    const int64_t missing = (geometry.tileBlock - block.tileCount) * geometry.channels;
    if (missing > 0)
      for (int64_t point = 0; point < points; point++)
        __builtin_memset(
            inputs + point * geometry.inputPoint + block.tileCount * geometry.channels, 0,
            size_t(missing) * sizeof(float));
  }

  // The 6 × 6 pixels that a tile reads, zeros where they lie outside.
  KERNEL_INLINE void locate(
      const ckernels_source &source, int64_t z, int64_t y, int64_t x, const float *zeros, const float **pixels) {
    const float *plane = source.data + (z >> source.shift_z) * source.y * source.x * source.stride;
    int64_t columns[6];
    for (int i = 0; i < 6; i++) {
      const int64_t column = (x + i) >> source.shift_x;
      columns[i] = x + i >= 0 && column < source.x ? column * source.stride : -1;
    }
    for (int j = 0; j < 6; j++) {
      const int64_t row = (y + j) >> source.shift_y;
      const bool isInside = y + j >= 0 && row < source.y;
      const float *line = plane + row * source.x * source.stride;
      for (int i = 0; i < 6; i++) pixels[j * 6 + i] = isInside && columns[i] >= 0 ? line + columns[i] : zeros;
    }
  }

  // Asks for the pixels that the tile at `x` will be the first to read: short pieces of several rows are more than the
  // processor foresees on its own.
  KERNEL_INLINE void prefetchTile(const ckernels_source &source, int64_t z, int64_t y, int64_t x) {
    const int64_t from = (x + 2) >> source.shift_x, to = std::min((x + 6 + source.shift_x) >> source.shift_x, source.x);
    const int64_t lastRow = std::min((y + 5) >> source.shift_y, source.y - 1);
    for (int64_t row = std::max<int64_t>(y, 0) >> source.shift_y; row <= lastRow; row++) {
      const float *line = source.data + ((z >> source.shift_z) * source.y + row) * source.x * source.stride;
      for (const float *at = line + from * source.stride; at < line + to * source.stride; at += 16) __builtin_prefetch(at);
    }
  }

  void transformTile(const float *const *pixels, int64_t channels, float *to) const {
    for (int64_t channel = 0; channel < channels; channel += lanes) {
      Vector half[6][6];
      for (int i = 0; i < 6; i++) {
        Vector column[6], result[6];
        for (int j = 0; j < 6; j++) column[j] = load(pixels[j * 6 + i] + channel);
        transformInput(column, result);
        for (int j = 0; j < 6; j++) half[j][i] = result[j];
      }
      for (int j = 0; j < 6; j++) {
        Vector result[6];
        transformInput(half[j], result);
        for (int i = 0; i < 6; i++) store(to + (j * 6 + i) * geometry.inputPoint + channel, result[i]);
      }
    }
  }

  // --- Transformed inputs · weights → products

  void multiplyGroup(const Workspace &own, const Block &block, int64_t group) const {
    const int64_t groupWidth = std::min(filtersPerGroup, geometry.filters);
    const int64_t groupEnd = std::min(group + filtersPerGroup, geometry.filters);
    const int64_t depthK = call.depth_taps * geometry.channels;  // rows of weights of one point
    const int32_t length = int32_t(geometry.channels);
    int32_t lengths[16];
    for (auto &each : lengths) each = length;
    for (int64_t point = 0; point < points; point++) {
      const float *const *pointers = own.pointers + point * geometry.planes * geometry.tileBlock;
      float *products = own.products + point * geometry.productPoint;
      for (int64_t first = group; first < groupEnd;) {
        const Panel panel = panelAt(first, geometry.filters, panelWidth);
        const float *weights = call.weights + first * points * depthK + point * depthK * panel.width;
        for (int64_t depth = 0; depth < block.depthCount; depth++) {
          // Planes outside the sources are zeros: leaving them out changes no sum.
          int64_t from = 0, to = call.depth_taps;
          while (from < to && !isInside(block.firstDepth + depth + from - call.pad_z)) from++;
          while (to > from && !isInside(block.firstDepth + depth + to - 1 - call.pad_z)) to--;
          multiplyPanel(
              panel.width, pointers + (depth + from) * geometry.tileBlock, geometry.tileBlock, lengths, to - from,
              weights + from * geometry.channels * panel.width,
              products + depth * geometry.tileBlock * groupWidth + (first - group), groupWidth, block.tileCount, false);
        }
        first += panel.width;
      }
    }
  }

  // --- Products → result

  void finishTile(const Workspace &own, const Block &block, int64_t group, int64_t depth, int64_t tile) const {
    const int64_t number = block.firstTile + tile;
    const int64_t z = block.firstDepth + depth;
    const int64_t y = call.first_row + number / geometry.tilesX * tileEdge;
    const int64_t x = number % geometry.tilesX * tileEdge;
    const int64_t height = std::min(tileEdge, call.y - y), width = std::min(tileEdge, call.x - x);
    const int64_t groupWidth = std::min(filtersPerGroup, geometry.filters);
    const int64_t groupEnd = std::min(group + filtersPerGroup, geometry.filters);
    const float *products = own.products + (depth * geometry.tileBlock + tile) * groupWidth;
    const int64_t place = (z * call.y + y) * call.x + x;
    const int64_t stored = storable(call.output, geometry.filters);
    float *projections =
        own.projections + (depth * geometry.tileBlock + tile) * 16 * call.projected.channels * channelMultiple;

    // A whole cache line of channels at a time.
    for (int64_t channel = group; channel < groupEnd; channel += channelMultiple) {
      Pixels pixels[parts];
      for (int part = 0; part < parts; part++) {
        const int64_t own = channel + part * lanes;
        transformBack(products + own - group, pixels[part]);
        finishPixels(pixels[part], own, place, height, width);
        if (call.pooled.data) pool(pixels[part], z, y, x, height, width, own);
        if (call.projected.data) project(pixels[part], projections, own);
      }
      if (!call.output.data) continue;
      float *output = call.output.data + place * call.output.stride;
      for (int64_t j = 0; j < height; j++)
        for (int64_t i = 0; i < width; i++)
          for (int part = 0; part < parts; part++) {
            const int64_t own = channel + part * lanes;
            if (own < stored)
              storeChannels(
                  output + (j * call.x + i) * call.output.stride + own, pixels[part][j][i], stored - own, isStreaming);
          }
    }
  }

  // Aᵀ m A.
  void transformBack(const float *products, Pixels &pixels) const {
    Vector half[4][6];
    for (int i = 0; i < 6; i++) {
      Vector column[6], result[4];
      for (int j = 0; j < 6; j++) column[j] = load(products + (j * 6 + i) * geometry.productPoint);
      transformProduct(column, result);
      for (int j = 0; j < 4; j++) half[j][i] = result[j];
    }
    for (int j = 0; j < 4; j++) transformProduct(half[j], pixels[j]);
  }

  void finishPixels(Pixels &pixels, int64_t channel, int64_t place, int64_t height, int64_t width) const {
    for (int j = 0; j < 4; j++)
      for (int i = 0; i < 4; i++) {
        const float *residual = call.epilogue.residual;
        if (residual) {
          // Pixels outside the result take any residual inside.
          const int64_t inside = place + std::min<int64_t>(j, height - 1) * call.x + std::min<int64_t>(i, width - 1);
          residual += inside * call.epilogue.residual_stride;
        }
        pixels[j][i] = finish(call.epilogue, pixels[j][i], channel, residual);
      }
  }

  KERNEL_INLINE void poolPixel(
      const ckernels_target &pooled, Vector value, int64_t z, int64_t y, int64_t x, int64_t channel, int64_t filters) {
    const int64_t stored = storable(pooled, filters);
    if (channel < stored)
      storeSome(
          pooled.data + ((z * pooled.y + y) * pooled.x + x) * pooled.stride + channel, value, stored - channel);
  }

  void pool(
      const Pixels &pixels, int64_t z, int64_t y, int64_t x, int64_t height, int64_t width, int64_t channel) const {
    for (int64_t j = 0; j + 1 < height; j += 2)
      for (int64_t i = 0; i + 1 < width; i += 2) {
        const Vector value = maximum(
            maximum(pixels[j][i], pixels[j][i + 1]), maximum(pixels[j + 1][i], pixels[j + 1][i + 1]));
        poolPixel(call.pooled, value, z, (y + j) / 2, (x + i) / 2, channel, geometry.filters);
      }
  }

  // Adds this vector of channels to the sums of the 1 × 1 convolution, lane by lane.
  void project(const Pixels &pixels, float *projections, int64_t channel) const {
    for (int32_t filter = 0; filter < call.projected.channels; filter++) {
      const Vector weight = load(call.projection_weights + filter * geometry.filters + channel);
      for (int pixel = 0; pixel < 16; pixel++) {
        float *sums = projections + (pixel * call.projected.channels + filter) * channelMultiple;
        const Vector product = pixels[pixel / 4][pixel % 4] * weight;
        store(sums, channel == 0 ? product : load(sums) + product);
      }
    }
  }

  void projectTile(const Workspace &own, const Block &block, int64_t depth, int64_t tile) const {
    const ckernels_target &projected = call.projected;
    const int64_t number = block.firstTile + tile;
    const int64_t z = block.firstDepth + depth;
    const int64_t y = call.first_row + number / geometry.tilesX * tileEdge;
    const int64_t x = number % geometry.tilesX * tileEdge;
    const float *projections =
        own.projections + (depth * geometry.tileBlock + tile) * 16 * projected.channels * channelMultiple;
    for (int32_t filter = 0; filter < projected.channels; filter++) {
      float values[16];
      for (int pixel = 0; pixel < 16; pixel++)
        values[pixel] = sum(load(projections + (pixel * projected.channels + filter) * channelMultiple)) +
                        call.projection_bias[filter];
      for (int pixel = 0; pixel < 16; pixel += lanes)
        store(values + pixel, activate(load(values + pixel), call.projection_activation));
      for (int64_t j = 0; j < std::min(tileEdge, call.y - y); j++)
        for (int64_t i = 0; i < std::min(tileEdge, call.x - x); i++)
          projected.data[((z * call.y + y + j) * call.x + x + i) * projected.stride + filter] = values[j * 4 + i];
    }
  }
};

static void runWinograd(const ckernels_winograd &call, float *workspace, ckernels_team &team) {
  const WinogradJob job{call, WinogradGeometry(call, team.size()), workspace, isStreamed(call.output)};
  for (int worker = 0; worker < team.size(); worker++) job.prepare(worker);
  team.run(
      job.geometry.depthBlocks * job.geometry.tileBlocks,
      [](const void *context, int64_t index, int worker) {
        static_cast<const WinogradJob *>(context)->block(index, worker);
      },
      &job);
}
