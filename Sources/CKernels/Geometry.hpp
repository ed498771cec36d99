// How work and workspaces are cut up: shared by the kernels and by the functions that say how much memory they need.
#pragma once
#include <algorithm>
#include <cstdint>

#include "ckernels.h"

namespace ckernels {

constexpr int64_t channelMultiple = CKERNELS_CHANNEL_MULTIPLE;

constexpr int64_t roundUp(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }
constexpr int64_t divideUp(int64_t value, int64_t divisor) { return (value + divisor - 1) / divisor; }

// Rows that every micro-kernel's height divides (6 and 8).
constexpr int64_t rowMultiple = 24;

// A panel of weights: `width` filters from `first` on; the packed array is one panel after the other.
struct Panel {
  int64_t first, width;
};
constexpr Panel panelAt(int64_t first, int64_t filters, int64_t panelWidth) {
  return {first, std::min(panelWidth, roundUp(filters, channelMultiple) - first)};
}

// --- Winograd

constexpr int64_t points = 36;           // of a transformed 6 × 6 tile
constexpr int64_t tileEdge = 4;          // of an output tile
constexpr int64_t filtersPerGroup = 64;  // transformed back together

struct WinogradGeometry {
  int64_t channels;      // of all sources, each rounded up
  int64_t widestSource;  // rounded up
  int64_t filters;       // rounded up
  int64_t tilesX, tiles;
  int64_t tileBlock;   // tiles of one plane that are worked on together
  int64_t depthBlock;  // planes of the result that are worked on together
  int64_t planes;      // planes of the sources that these need
  int64_t rows;        // tileBlock · depthBlock
  int64_t tileBlocks, depthBlocks;
  // Floats from one point to the next; an odd number of cache lines, so that the 36 do not fall into the same sets.
  int64_t inputPoint, productPoint;
  // Floats of the parts of the workspace: transformed input, products, projections, zeros, pointers.
  int64_t inputCount, productCount, projectionCount, zeroCount, pointerCount;

  int64_t workspace() const { return inputCount + productCount + projectionCount + zeroCount + pointerCount; }

  WinogradGeometry(const ckernels_winograd &call, int64_t threads) {
    channels = widestSource = 0;
    for (int32_t s = 0; s < call.source_count; s++) {
      const int64_t own = roundUp(call.sources[s].channels, channelMultiple);
      channels += own;
      widestSource = std::max(widestSource, own);
    }
    filters = roundUp(call.filters, channelMultiple);
    tilesX = divideUp(call.x, tileEdge);
    tiles = tilesX * divideUp(call.end_row - call.first_row, tileEdge);
    depthBlock = call.depth_taps > 1 ? std::min<int64_t>(4, call.z) : 1;
    planes = depthBlock + call.depth_taps - 1;
    // More rows make a panel of weights' trip from memory worth while; with few channels the transformed input then still
    // stays in the second-level cache.
    const int64_t wantedRows = channels * call.depth_taps <= 128 ? 2 * rowMultiple : 4 * rowMultiple;
    const int64_t wantedTiles = roundUp(divideUp(wantedRows, depthBlock), rowMultiple);
    // As many blocks as threads, or a multiple: no thread should wait for another's last block.
    const int64_t wantedBlocks = divideUp(tiles, wantedTiles) * divideUp(call.z, depthBlock);
    const int64_t blocksPerPlane = divideUp(roundUp(wantedBlocks, threads), divideUp(call.z, depthBlock));
    tileBlock = std::min(wantedTiles, roundUp(divideUp(tiles, blocksPerPlane), rowMultiple));
    rows = tileBlock * depthBlock;
    tileBlocks = divideUp(tiles, tileBlock);
    depthBlocks = divideUp(call.z, depthBlock);
    inputPoint = planes * tileBlock * channels + channelMultiple;
    const int64_t group = std::min(filters, filtersPerGroup);
    productPoint = rows * group + channelMultiple;
    inputCount = points * inputPoint;
    productCount = points * productPoint;
    projectionCount = call.projected.data ? rows * tileEdge * tileEdge * call.projected.channels * channelMultiple : 0;
    zeroCount = widestSource;
    pointerCount = points * planes * tileBlock * int64_t(sizeof(float *) / sizeof(float));
  }
};

// --- Indirect

struct IndirectGeometry {
  int64_t channels;  // of all sources
  int64_t segments;  // runs of channels that lie side by side in memory: tap × source
  int64_t filters;   // rounded up
  int64_t rowBlock;
  int64_t positions, blocks;
  int64_t widestSource;
  int64_t productCount, zeroCount, pointerCount, lengthCount;

  int64_t workspace() const { return productCount + zeroCount + pointerCount + lengthCount; }

  explicit IndirectGeometry(const ckernels_indirect &call) {
    channels = widestSource = 0;
    for (int32_t s = 0; s < call.source_count; s++) {
      channels += call.sources[s].channels;
      widestSource = std::max<int64_t>(widestSource, call.sources[s].channels);
    }
    segments = int64_t(call.tap_count) * call.source_count;
    filters = roundUp(call.filters, channelMultiple);
    positions = call.z * call.y * call.x;
    // Enough rows to make a panel's trip from memory worth while, few enough for the pointers to stay in cache.
    rowBlock = segments > 64 ? rowMultiple : 2 * rowMultiple;
    blocks = divideUp(positions, rowBlock);
    productCount = rowBlock * filters;
    zeroCount = roundUp(widestSource, channelMultiple);
    pointerCount = roundUp(std::max<int64_t>(segments, 1) * rowBlock * 2, channelMultiple);
    lengthCount = roundUp(std::max<int64_t>(segments, 1), channelMultiple);
  }
};

}  // namespace ckernels
