// Filters for the eye (and the flood brush): separable kernels, applied along x and then along y, one after the other.
// `out = original · min(1 − w, 1) + filtered · w`. σ is the true standard deviation; rows and columns at the edge repeat.

/** @import { Filter, FilterKind } from "./types.js" */

/** @type {{ kind: FilterKind, name: string, parameter: string | null }[]} */
export const FILTERS = [
  { kind: "gaussian", name: "Gaussian", parameter: "σ" },
  { kind: "offset-gaussian", name: "Offset Gaussian", parameter: "σ" },
  { kind: "box", name: "Box", parameter: "half width" },
  { kind: "sobel-vertical", name: "Sobel, vertical", parameter: null },
  { kind: "sobel-horizontal", name: "Sobel, horizontal", parameter: null },
];

/** Taps on each side of the middle, at most. */
export const REACH = 30;

/** @param {FilterKind} kind @returns {Filter} */
export const newFilter = (kind) => ({ kind, isOn: true, weight: 1, parameter: 1 });

/** @param {Filter} filter @returns {{ x: number[], y: number[] }} taps from the left, of odd number */
export function kernels({ kind, parameter }) {
  const p = Math.min(10, Math.max(0.1, parameter));
  switch (kind) {
    case "gaussian": return both(gaussian(p));
    case "offset-gaussian": {
      const taps = gaussian(p);
      const mean = 1 / taps.length;
      return both(taps.map((tap) => tap - mean));
    }
    case "box": {
      const count = 2 * Math.max(0, Math.round(p)) + 1;
      return both(new Array(count).fill(1 / count));
    }
    case "sobel-vertical": return { x: [1, 2, 1], y: [1, 0, -1] };
    case "sobel-horizontal": return { x: [1, 0, -1], y: [1, 2, 1] };
  }
}

/** @param {number[]} taps */
const both = (taps) => ({ x: taps, y: taps });

/** @param {number} sigma */
function gaussian(sigma) {
  const reach = Math.min(REACH, Math.max(1, Math.ceil(3 * sigma)));
  const taps = Array.from({ length: 2 * reach + 1 }, (_, index) => Math.exp(-((index - reach) ** 2) / (2 * sigma * sigma)));
  const sum = taps.reduce((a, b) => a + b, 0);
  return taps.map((tap) => tap / sum);
}

/** What is applied at all. @param {Filter[]} filters @param {boolean} areOn */
export const active = (filters, areOn) => (areOn ? filters.filter((filter) => filter.isOn && filter.weight !== 0) : []);

/** Applies filters on the processor: the definition that the shaders are tested against. @param {Float32Array} values @param {number} height @param {number} width @param {Filter[]} filters */
export function applied(values, height, width, filters) {
  let current = Float32Array.from(values);
  for (const filter of filters) {
    const { x, y } = kernels(filter);
    const rows = convolved(current, height, width, x, 0, 1);
    const filtered = convolved(rows, height, width, y, 1, 0);
    const keep = Math.min(1 - filter.weight, 1);
    const before = current;
    current = filtered.map((value, index) => before[index] * keep + value * filter.weight);
  }
  return current;
}

/** @param {Float32Array} values @param {number} height @param {number} width @param {number[]} taps @param {number} dy @param {number} dx */
function convolved(values, height, width, taps, dy, dx) {
  const reach = taps.length >> 1;
  const result = new Float32Array(values.length);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      let sum = 0;
      for (let tap = 0; tap < taps.length; tap += 1) {
        const [sy, sx] = [y + (tap - reach) * dy, x + (tap - reach) * dx];
        sum += taps[tap] * values[Math.min(height - 1, Math.max(0, sy)) * width + Math.min(width - 1, Math.max(0, sx))];
      }
      result[y * width + x] = sum;
    }
  }
  return result;
}
