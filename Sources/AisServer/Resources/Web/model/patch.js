// A change of a slice's painted pixels: which become painted and which unpainted, within a rectangle.

import { Mask, intersection } from "./mask.js";
import { decode, encode, fromBase64, toBase64 } from "./mask-codec.js";

/** @import { EncodedPatch, Rectangle } from "./types.js" */

/**
 * Both masks have the rectangle's size; no pixel is in both.
 * @typedef {{ rectangle: Rectangle, painted: Mask, erased: Mask }} Patch
 */

/** Applies a patch to the mask of the whole slice. @param {Patch} patch @param {Mask} mask @param {Rectangle} [within] */
export function apply(patch, mask, within = patch.rectangle) {
  const { rectangle, painted, erased } = patch;
  const part = intersection(rectangle, within);
  if (!part) return;
  for (let y = part.y; y < part.y + part.height; y += 1) {
    let from = (y - rectangle.y) * rectangle.width + part.x - rectangle.x;
    let to = y * mask.width + part.x;
    for (let column = 0; column < part.width; column += 1, from += 1, to += 1) {
      if (painted.pixels[from]) mask.pixels[to] = 255;
      else if (erased.pixels[from]) mask.pixels[to] = 0;
    }
  }
}

/** What makes `after` of `before`, two masks of a slice, looking only within a rectangle; null when nothing. @param {Mask} before @param {Mask} after @param {Rectangle} [within] @returns {Patch | null} */
export function between(before, after, within = { y: 0, x: 0, height: before.height, width: before.width }) {
  const changed = { top: Infinity, left: Infinity, bottom: -1, right: -1 };
  for (let y = within.y; y < within.y + within.height; y += 1) {
    for (let x = within.x; x < within.x + within.width; x += 1) {
      const index = y * before.width + x;
      if (before.pixels[index] === after.pixels[index]) continue;
      changed.top = Math.min(changed.top, y);
      changed.bottom = y;
      changed.left = Math.min(changed.left, x);
      changed.right = Math.max(changed.right, x);
    }
  }
  if (changed.bottom < 0) return null;
  const rectangle = {
    y: changed.top, x: changed.left, height: changed.bottom - changed.top + 1, width: changed.right - changed.left + 1,
  };
  const [was, is] = [before.cropped(rectangle), after.cropped(rectangle)];
  return { rectangle, painted: minus(is, was), erased: minus(was, is) };
}

/** A stroke: all pixels of a mask painted or all erased, whatever was there. @param {Mask} mask  of the slice @param {boolean} erases @returns {Patch | null} */
export function stroke(mask, erases) {
  const rectangle = mask.bounds();
  if (!rectangle) return null;
  const pixels = mask.cropped(rectangle);
  const none = new Mask(rectangle.height, rectangle.width);
  return { rectangle, painted: erases ? none : pixels, erased: erases ? pixels : none };
}

/** @param {Mask} a @param {Mask} b */
function minus(a, b) {
  const mask = new Mask(a.height, a.width);
  for (let index = 0; index < mask.pixels.length; index += 1) {
    if (a.pixels[index] && !b.pixels[index]) mask.pixels[index] = 255;
  }
  return mask;
}

/** @param {Patch} patch @param {{ dataset: number, feature: number, slice: number }} plane @returns {EncodedPatch} */
export const encoded = (patch, plane) => ({
  dataset: plane.dataset, feature: plane.feature, slice: plane.slice, rectangle: patch.rectangle,
  painted: toBase64(encode(patch.painted)), erased: toBase64(encode(patch.erased)),
});

/** @param {EncodedPatch} patch @returns {Patch} */
export function decoded({ rectangle, painted, erased }) {
  const { height, width } = rectangle;
  return { rectangle, painted: decode(fromBase64(painted), height, width), erased: decode(fromBase64(erased), height, width) };
}
