// What can be done in the views from the side: painting there, and moving the cross where the three views meet.

import { Mask } from "../model/mask.js";
import { line } from "../model/brush.js";
import { sideMask, sidePatches } from "../model/side.js";
import { paint } from "./features.js";
import { goToSlice } from "./datasets.js";
import { loadMask } from "./project.js";
import { paintable } from "./tools.js";
import { redraw } from "./picture.js";
import { activeDataset, changed, features, state } from "./state.js";

/** @import { SideAxis } from "../model/side.js" */
/** @import { Layer } from "../render/picture-renderer.js" */
/** @import { Point } from "../model/types.js" */
/** @import { Action } from "./tools.js" */

/** Masks of a view are put together from so many slices at most, those nearest to the one in view. */
const MOST_SLICES = 64;

/** How much deeper than wide a voxel is. */
export function aspect() {
  const size = activeDataset()?.voxelSizeAngstrom;
  return size ? size.z / size.x : 1;
}

/** The view's picture in squares as wide as a voxel. @param {SideAxis} axis */
export function sideFrame(axis) {
  const { z, y, x } = activeDataset()?.shape ?? { z: 1, y: 1, x: 1 };
  const depth = Math.max(1, Math.round(z * aspect()));
  return axis === "xz" ? { height: depth, width: x } : { height: y, width: depth };
}

/** The row or column of the slices that a view shows. @param {SideAxis} axis */
export const sideIndex = (axis) => (axis === "xz" ? state.ortho.y : state.ortho.x);

/** The stroke that goes on in a view. @type {{ axis: SideAxis, feature: number, mask: Mask } | null} */
let going = null;

/** The painted layers of a view. @param {SideAxis} axis @returns {Layer[]} */
export function sideLayers(axis) {
  const dataset = activeDataset();
  if (!dataset || state.overlaysAreHidden) return [];
  const { z, y, x } = dataset.shape;
  const length = axis === "xz" ? x : y;
  return features().filter(({ isVisible }) => isVisible).flatMap((feature, position) => {
    const near = state.annotated.filter((item) => item.feature === feature.id && item.pixels > 0)
      .sort((a, b) => Math.abs(a.slice - state.slice) - Math.abs(b.slice - state.slice)).slice(0, MOST_SLICES);
    const planes = near.flatMap(({ slice }) => {
      const plane = { dataset: dataset.id, feature: feature.id, slice };
      const held = state.planes.get(plane);
      if (!held) void loadMask(plane);
      return held ? [{ slice, mask: held.visible }] : [];
    });
    const { red, green, blue, opacity, isOutline } = feature;
    const looks = { colour: /** @type {[number, number, number]} */ ([red, green, blue]), opacity, isOutline, isDashed: position >= 8 };
    const layers = planes.length > 0 ? [{ ...looks, id: String(feature.id), mask: sideMask(axis, planes, z, length, sideIndex(axis)) }] : [];
    return going?.axis === axis && going.feature === feature.id ? [...layers, { ...looks, id: "stroke", mask: going.mask }] : layers;
  });
}

/** A stroke of the round brush in a view: in every slice that it crosses, one edit. @param {SideAxis} axis @param {Point} start @param {boolean} erases @returns {Action | null} */
export function sideStroke(axis, start, erases) {
  const feature = paintable();
  const dataset = activeDataset();
  if (!feature || !dataset) return null;
  const { height, width } = sideFrame(axis);
  const stroke = { axis, feature: feature.id, mask: new Mask(height, width) };
  going = erases ? null : stroke;
  let last = start;
  const dab = (/** @type {Point} */ to) => {
    line(stroke.mask, last, to, feature.brushRadius);
    last = to;
    // Another object, so that its texture is made anew.
    if (going) stroke.mask = going.mask = stroke.mask.clone();
    changed("annotations");
  };
  dab(start);
  const finish = () => {
    going = null;
    const patches = sidePatches(axis, stroke.mask, dataset.shape.z, aspect(), sideIndex(axis), erases);
    const { y, x } = dataset.shape;
    const known = new Set(state.annotated.filter((item) => item.feature === feature.id).map(({ slice }) => slice));
    // Slices with nothing yet are known to be empty; where they are large, the server's word is waited for.
    for (const { slice } of patches) {
      const plane = { dataset: dataset.id, feature: feature.id, slice };
      if (!known.has(slice) && y * x <= 1 << 22 && !state.planes.get(plane)) state.planes.load(plane, new Mask(y, x), state.sequence);
    }
    if (patches.length > 0) paint(patches, erases ? "erasing from the side" : "painting from the side", feature.id);
    changed("annotations");
  };
  return { move: (points) => points.forEach(dab), up: finish, cancel: finish };
}

/** Moves the cross to a point. @param {{ z?: number, y?: number, x?: number }} to */
export function moveCross({ z, y, x }) {
  const { shape } = activeDataset() ?? { shape: { y: 1, x: 1 } };
  const within = (/** @type {number} */ value, /** @type {number} */ size) => Math.min(size - 1, Math.max(0, Math.round(value)));
  if (y !== undefined) state.ortho.y = within(y, shape.y);
  if (x !== undefined) state.ortho.x = within(x, shape.x);
  if (z !== undefined) goToSlice(Math.round(z));
  changed("tool");
  redraw("overlay");
}
