// The flood brush: what hangs together with the pixel under the pointer and has about its grey value, within the brush.
//
// The band around the grey value μ of the pixel is μ ± w·s: w goes from 1.5 down to 0.05 as the sensitivity goes from 1 to
// 100 percent, and s is how far values spread in the slice. The reference program takes |μ| for s, so that its band
// collapses where the grey value is near zero; tomograms are often scaled to mean zero.

/** @import { Point } from "./types.js" */

/** @param {number} sensitivity  percent, 1–100 */
export const bandWidth = (sensitivity) => 0.05 + (1.45 * (100 - Math.min(100, Math.max(1, sensitivity)))) / 99;

/**
 * The pixels as offsets of the centre, empty when the centre lies outside.
 * @param {(y: number, x: number) => number} value  grey value of a pixel of the slice
 * @param {{ height: number, width: number }} slice @param {Point} centre
 * @param {{ radius: number, sensitivity: number, spread: number }} brush  `spread`: standard deviation of the slice
 * @returns {Int32Array}  dy, dx in turn
 */
export function flood(value, slice, centre, { radius, sensitivity, spread }) {
  const [cy, cx] = [Math.round(centre.y), Math.round(centre.x)];
  if (cy < 0 || cx < 0 || cy >= slice.height || cx >= slice.width) return new Int32Array(0);
  const mean = value(cy, cx);
  const half = bandWidth(sensitivity) * Math.max(spread, 1e-12);
  const [low, high] = [mean - half, mean + half];
  const reach = Math.ceil(radius);
  const side = 2 * reach + 1;
  const seen = new Uint8Array(side * side);
  const queue = new Int32Array(side * side * 2);
  let count = 1;
  seen[reach * side + reach] = 1;
  for (let next = 0; next < count; next += 1) {
    const [i, j] = [queue[2 * next], queue[2 * next + 1]];
    for (const [ni, nj] of [[i - 1, j], [i + 1, j], [i, j - 1], [i, j + 1]]) {
      if (ni * ni + nj * nj >= radius * radius) continue;
      const [y, x] = [cy + ni, cx + nj];
      if (y < 0 || x < 0 || y >= slice.height || x >= slice.width) continue;
      const index = (ni + reach) * side + nj + reach;
      if (seen[index]) continue;
      seen[index] = 1;
      const grey = value(y, x);
      if (!(grey > low && grey < high)) continue;
      queue[2 * count] = ni;
      queue[2 * count + 1] = nj;
      count += 1;
    }
  }
  return queue.slice(0, 2 * count);
}
