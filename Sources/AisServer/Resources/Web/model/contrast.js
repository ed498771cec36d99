// Grey values to grey: limits, what is found by itself, and the histogram.

import { halfToNumber } from "./half.js";

/** @import { SliceData } from "./types.js" */
/** @typedef {{ black: number, white: number }} Contrast */
/** @typedef {{ from: number, to: number, counts: number[] }} Histogram */

/** Every fourth value in both directions, without a border of 16 pixels where the slice is larger than 64. @param {SliceData} slice @returns {Float32Array<ArrayBuffer>} */
export function sampled({ height, width, halves, offset, step }) {
  const border = Math.min(height, width) > 64 ? 16 : 0;
  const rows = Math.max(1, Math.ceil((height - 2 * border) / 4));
  const columns = Math.max(1, Math.ceil((width - 2 * border) / 4));
  const values = new Float32Array(rows * columns);
  let next = 0;
  for (let y = border; y < height - border; y += 4) {
    for (let x = border; x < width - border; x += 4) {
      const value = offset + step * halfToNumber(halves[y * width + x]);
      if (!Number.isFinite(value)) continue;
      values[next] = value;
      next += 1;
    }
  }
  // A copy of its own, which goes to the worker with its memory.
  return values.slice(0, next);
}

/** The limits that leave 0.06 % of the values on each side out. @param {Float32Array} sorted  ascending @returns {Contrast} */
export function automatic(sorted) {
  if (sorted.length === 0) return { black: 0, white: 1 };
  const black = sorted[Math.floor(0.0006 * sorted.length)];
  const white = sorted[Math.min(sorted.length - 1, Math.floor(0.9994 * sorted.length))];
  return white > black ? { black, white } : { black: black - 0.5, white: black + 0.5 };
}

/** How many values lie in each of the bins between the least and the largest, outliers left out. @param {Float32Array} sorted @param {number} [bins] @returns {Histogram} */
export function histogram(sorted, bins = 64) {
  const counts = new Array(bins).fill(0);
  if (sorted.length === 0) return { from: 0, to: 1, counts };
  // The tails beyond one value in five thousand would squeeze the rest into a few bins.
  const from = sorted[Math.floor(sorted.length / 5000)];
  const to = sorted[Math.ceil(sorted.length - 1 - sorted.length / 5000)];
  if (!(to > from)) return { from: from - 0.5, to: from + 0.5, counts: counts.fill(sorted.length, bins >> 1, (bins >> 1) + 1) };
  for (const value of sorted) {
    const bin = Math.floor(((value - from) / (to - from)) * bins);
    if (bin >= 0 && bin < bins) counts[bin] += 1;
    else if (value === to) counts[bins - 1] += 1;
  }
  return { from, to, counts };
}

/** The share of values that the limits turn black or white. @param {Float32Array} sorted @param {Contrast} contrast */
export function clippedShare(sorted, { black, white }) {
  if (sorted.length === 0) return 0;
  return (lowerBound(sorted, black) + sorted.length - lowerBound(sorted, white)) / sorted.length;
}

/** @param {Float32Array} sorted @param {number} value */
function lowerBound(sorted, value) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Mean and standard deviation. @param {Float32Array} values */
export function moments(values) {
  let sum = 0;
  let squares = 0;
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  const mean = values.length ? sum / values.length : 0;
  return { mean, deviation: values.length ? Math.sqrt(Math.max(0, squares / values.length - mean * mean)) : 0 };
}

/** Window and level moved by a drag: across changes the width, along the middle. @param {Contrast} contrast @param {number} across  shares of the histogram's width @param {number} along @returns {Contrast} */
export function dragged({ black, white }, across, along) {
  const width = (white - black) * 2 ** across;
  const middle = (black + white) / 2 + (white - black) * along;
  return { black: middle - width / 2, white: middle + width / 2 };
}
