// Views from the side: XZ shows a row of every slice, YZ a column. Rows of XZ and columns of YZ are slices.

import { Mask } from "./mask.js";
import { stroke } from "./patch.js";

/** @import { Patch } from "./patch.js" */
/** @typedef {"xz" | "yz"} SideAxis */

/**
 * The mask of a view from the side, put together from those of slices.
 * @param {SideAxis} axis @param {{ slice: number, mask: Mask }[]} planes @param {number} depth  slices
 * @param {number} length  of the row or column @param {number} at  which row or column of the slices
 */
export function sideMask(axis, planes, depth, length, at) {
  const isXZ = axis === "xz";
  const side = isXZ ? new Mask(depth, length) : new Mask(length, depth);
  for (const { slice, mask } of planes) {
    for (let index = 0; index < length; index += 1) {
      const pixel = isXZ ? mask.pixels[at * mask.width + index] : mask.pixels[index * mask.width + at];
      if (pixel) side.pixels[isXZ ? slice * length + index : index * depth + slice] = 255;
    }
  }
  return side;
}

/**
 * What a stroke in a view from the side changes in each slice: one voxel thick across the view.
 * @param {SideAxis} axis @param {Mask} gathered  the view's pixels as squares: a slice is `aspect` of them deep
 * @param {number} depth @param {number} aspect @param {number} at @param {boolean} erases @returns {{ slice: number, patch: Patch }[]}
 */
export function sidePatches(axis, gathered, depth, aspect, at, erases) {
  const isXZ = axis === "xz";
  const length = isXZ ? gathered.width : gathered.height;
  const patches = [];
  for (let slice = 0; slice < depth; slice += 1) {
    const along = Math.min((isXZ ? gathered.height : gathered.width) - 1, Math.max(0, Math.round((slice + 0.5) * aspect - 0.5)));
    const line = isXZ ? new Mask(1, length) : new Mask(length, 1);
    for (let index = 0; index < length; index += 1) line.pixels[index] = gathered.pixels[isXZ ? along * length + index : index * gathered.width + along];
    const patch = stroke(line, erases);
    if (!patch) continue;
    const { y, x, height, width } = patch.rectangle;
    patches.push({ slice, patch: { ...patch, rectangle: { y: y + (isXZ ? at : 0), x: x + (isXZ ? 0 : at), height, width } } });
  }
  return patches;
}
