// Boxes: squares of the same side around a pixel.

/** @import { Box, Point } from "./types.js" */

/** The box under a point, of those whose square holds it the one with the nearest centre; never a far one. @param {Box[]} boxes @param {Point} point @param {(box: Box) => number} side @returns {Box | null} */
export function boxAt(boxes, point, side) {
  let found = null;
  let least = Infinity;
  for (const box of boxes) {
    const half = side(box) / 2;
    if (Math.abs(point.y - box.y) > half || Math.abs(point.x - box.x) > half) continue;
    const distance = (point.y - box.y) ** 2 + (point.x - box.x) ** 2;
    if (distance < least) [found, least] = [box, distance];
  }
  return found;
}

/** A centre moved onto a grid of boxes side by side, the first in the slice's corner. @param {Point} point @param {number} side @returns {Point} */
export const onGrid = (point, side) => ({
  y: Math.floor((point.y + 0.5) / side) * side + Math.floor(side / 2), x: Math.floor((point.x + 0.5) / side) * side + Math.floor(side / 2),
});

/** The centre as it is stored: the pixel under the pointer. @param {Point} point @returns {Point} */
export const onPixel = (point) => ({ y: Math.round(point.y), x: Math.round(point.x) });

export const BOX_SIZES = [8, 256];

/** A box size that can be used: whole and even, never 0. @param {number} value */
export const boxSize = (value) => Math.min(256, Math.max(8, 2 * Math.round(value / 2)));
