// Round brushes. A pixel at offset (i, j) of the centre belongs to a brush of radius r when i² + j² < r². Between two
// places of the pointer all pixels closer than r to the line are painted, so strokes have no gaps at any speed.

/** @import { Mask } from "./mask.js" */
/** @import { Point, Rectangle } from "./types.js" */

/**
 * Paints, or clears, all pixels closer than `radius` to the line between two points. Returns the rectangle that was
 * looked at, null when it lies outside.
 * @param {Mask} mask @param {Point} from @param {Point} to @param {number} radius @param {number} [value]
 * @returns {Rectangle | null}
 */
export function line(mask, from, to, radius, value = 255) {
  const reach = Math.ceil(radius);
  const top = Math.max(0, Math.floor(Math.min(from.y, to.y)) - reach);
  const bottom = Math.min(mask.height - 1, Math.ceil(Math.max(from.y, to.y)) + reach);
  const left = Math.max(0, Math.floor(Math.min(from.x, to.x)) - reach);
  const right = Math.min(mask.width - 1, Math.ceil(Math.max(from.x, to.x)) + reach);
  if (bottom < top || right < left) return null;
  const [dy, dx] = [to.y - from.y, to.x - from.x];
  const squaredLength = dy * dy + dx * dx;
  const squaredRadius = radius * radius;
  for (let y = top; y <= bottom; y += 1) {
    for (let x = left; x <= right; x += 1) {
      const along = squaredLength === 0 ? 0 : ((y - from.y) * dy + (x - from.x) * dx) / squaredLength;
      const t = along < 0 ? 0 : along > 1 ? 1 : along;
      const [i, j] = [y - from.y - t * dy, x - from.x - t * dx];
      if (i * i + j * j < squaredRadius) mask.pixels[y * mask.width + x] = value;
    }
  }
  return { y: top, x: left, height: bottom - top + 1, width: right - left + 1 };
}

/** Paints one disc. @param {Mask} mask @param {Point} centre @param {number} radius @param {number} [value] */
export const disc = (mask, centre, radius, value = 255) => line(mask, centre, centre, radius, value);

/**
 * The discs of a sphere in the slices around it. Voxels may be deeper than wide.
 * @param {number} slice @param {number} radius  voxels in the plane
 * @param {number} depth  how many slices there are
 * @param {number} [aspect]  depth of a voxel by its width
 * @returns {{ slice: number, radius: number }[]}
 */
export function sphereDiscs(slice, radius, depth, aspect = 1) {
  const discs = [];
  for (let z = 0; z < depth; z += 1) {
    const rest = radius * radius - ((z - slice) * aspect) ** 2;
    if (rest > 0) discs.push({ slice: z, radius: Math.sqrt(rest) });
  }
  return discs;
}
