// Filling what a lasso or polygon encloses.

/** @import { Mask } from "./mask.js" */
/** @import { Point, Rectangle } from "./types.js" */

/**
 * Paints the pixels whose centres lie inside a closed polygon, by the even–odd rule. Returns the rectangle touched.
 * @param {Mask} mask @param {Point[]} corners @param {number} [value] @returns {Rectangle | null}
 */
export function fillPolygon(mask, corners, value = 255) {
  if (corners.length < 3) return null;
  const ys = corners.map((corner) => corner.y);
  const xs = corners.map((corner) => corner.x);
  const top = Math.max(0, Math.ceil(Math.min(...ys)));
  const bottom = Math.min(mask.height - 1, Math.floor(Math.max(...ys)));
  const left = Math.max(0, Math.ceil(Math.min(...xs)));
  const right = Math.min(mask.width - 1, Math.floor(Math.max(...xs)));
  if (bottom < top || right < left) return null;
  for (let y = top; y <= bottom; y += 1) {
    const crossings = [];
    for (let index = 0; index < corners.length; index += 1) {
      const [a, b] = [corners[index], corners[(index + 1) % corners.length]];
      // Half-open in y, so that a corner on a row counts once.
      if (a.y <= y === b.y <= y) continue;
      crossings.push(a.x + ((y - a.y) * (b.x - a.x)) / (b.y - a.y));
    }
    crossings.sort((a, b) => a - b);
    for (let pair = 0; pair + 1 < crossings.length; pair += 2) {
      const start = Math.max(left, Math.ceil(crossings[pair]));
      const stop = Math.min(right, Math.ceil(crossings[pair + 1]) - 1);
      if (stop >= start) mask.pixels.fill(value, y * mask.width + start, y * mask.width + stop + 1);
    }
  }
  return { y: top, x: left, height: bottom - top + 1, width: right - left + 1 };
}

/** Leaves out points of a lasso closer than `distance` to the one before. @param {Point[]} points @param {number} distance */
export function thinned(points, distance) {
  /** @type {Point[]} */
  const kept = [];
  for (const point of points) {
    const last = kept.at(-1);
    if (!last || Math.hypot(point.y - last.y, point.x - last.x) >= distance) kept.push(point);
  }
  return kept;
}
