// Where the picture lies on the screen. A voxel of the frame is a square from p − ½ to p + ½; `zoom` is screen pixels for a
// voxel; `centre` is the point of the frame in the middle of the viewport.

/** @import { Point, Rectangle } from "./types.js" */
/** @typedef {{ centre: Point, zoom: number }} View */
/** @typedef {{ height: number, width: number }} Size */

export const LEAST_ZOOM = 0.01;
export const MOST_ZOOM = 100;

/** @param {number} zoom */
export const clampedZoom = (zoom) => Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, zoom));

/** The point of the frame under a place of the viewport, from its upper left corner. @param {View} view @param {Size} viewport @param {Point} place @returns {Point} */
export const framePoint = (view, viewport, place) => ({
  y: view.centre.y + (place.y - viewport.height / 2) / view.zoom,
  x: view.centre.x + (place.x - viewport.width / 2) / view.zoom,
});

/** The inverse of `framePoint`. @param {View} view @param {Size} viewport @param {Point} point @returns {Point} */
export const screenPoint = (view, viewport, point) => ({
  y: (point.y - view.centre.y) * view.zoom + viewport.height / 2,
  x: (point.x - view.centre.x) * view.zoom + viewport.width / 2,
});

/** The whole slice in the middle. @param {Size} slice @param {Size} viewport @returns {View} */
export const fitted = (slice, viewport) => ({
  centre: { y: (slice.height - 1) / 2, x: (slice.width - 1) / 2 },
  zoom: clampedZoom(Math.min(viewport.height / slice.height, viewport.width / slice.width)),
});

/** Zooms so that the point under `place` stays there. @param {View} view @param {Size} viewport @param {Point} place @param {number} factor @returns {View} */
export function zoomedAbout(view, viewport, place, factor) {
  const zoom = clampedZoom(view.zoom * factor);
  const fixed = framePoint(view, viewport, place);
  return {
    zoom,
    centre: {
      y: fixed.y - (place.y - viewport.height / 2) / zoom, x: fixed.x - (place.x - viewport.width / 2) / zoom,
    },
  };
}

/** Moves the picture by screen pixels. @param {View} view @param {number} dy @param {number} dx @returns {View} */
export const panned = (view, dy, dx) => ({
  zoom: view.zoom, centre: { y: view.centre.y - dy / view.zoom, x: view.centre.x - dx / view.zoom },
});

/** Brings some of the slice back when all of it was moved out of the viewport. @param {View} view @param {Size} slice @returns {View} */
export const kept = (view, slice) => ({
  zoom: view.zoom,
  centre: {
    y: Math.min(slice.height - 0.5, Math.max(-0.5, view.centre.y)), x: Math.min(slice.width - 0.5, Math.max(-0.5, view.centre.x)),
  },
});

/** How far to bin so that no finer level would show on the screen. @param {number} zoom  device pixels for a voxel of the version @param {number} side  the slice's longer side */
export function levelFor(zoom, side) {
  // Small slices are read whole at once; only large ones are worth a coarser level.
  if (side <= 2048) return 0;
  return Math.max(0, Math.min(Math.floor(Math.log2(1 / zoom)), Math.ceil(Math.log2(side / 1024))));
}

export const LEAST_CROP = 128;

/** A crop rectangle after one corner or all of it was dragged; at least 128 pixels, inside the slice. @param {Rectangle} crop @param {"nw" | "ne" | "sw" | "se" | "move"} handle @param {Point} by @param {Size} slice @returns {Rectangle} */
export function draggedCrop(crop, handle, by, slice) {
  const least = { height: Math.min(LEAST_CROP, slice.height), width: Math.min(LEAST_CROP, slice.width) };
  const clamp = (/** @type {number} */ value, /** @type {number} */ low, /** @type {number} */ high) =>
    Math.min(high, Math.max(low, Math.round(value)));
  if (handle === "move") {
    return { ...crop, y: clamp(crop.y + by.y, 0, slice.height - crop.height), x: clamp(crop.x + by.x, 0, slice.width - crop.width) };
  }
  const bottom = crop.y + crop.height;
  const right = crop.x + crop.width;
  const y = handle[0] === "n" ? clamp(crop.y + by.y, 0, bottom - least.height) : crop.y;
  const x = handle[1] === "w" ? clamp(crop.x + by.x, 0, right - least.width) : crop.x;
  const toBottom = handle[0] === "s" ? clamp(bottom + by.y, y + least.height, slice.height) : bottom;
  const toRight = handle[1] === "e" ? clamp(right + by.x, x + least.width, slice.width) : right;
  return { y, x, height: toBottom - y, width: toRight - x };
}

/** The handle of a crop rectangle at a place of the screen. @param {Rectangle} crop @param {View} view @param {Size} viewport @param {Point} place @returns {"nw" | "ne" | "sw" | "se" | "move" | null} */
export function cropHandle(crop, view, viewport, place) {
  const a = screenPoint(view, viewport, { y: crop.y - 0.5, x: crop.x - 0.5 });
  const b = screenPoint(view, viewport, { y: crop.y + crop.height - 0.5, x: crop.x + crop.width - 0.5 });
  for (const name of /** @type {const} */ (["nw", "ne", "sw", "se"])) {
    const corner = { y: name[0] === "n" ? a.y : b.y, x: name[1] === "w" ? a.x : b.x };
    if (Math.hypot(place.y - corner.y, place.x - corner.x) <= 12) return name;
  }
  // Inside there is something to paint; the line around it is what moves it.
  const isNear = place.y > a.y - 5 && place.y < b.y + 5 && place.x > a.x - 5 && place.x < b.x + 5;
  const isInside = place.y > a.y + 5 && place.y < b.y - 5 && place.x > a.x + 5 && place.x < b.x - 5;
  return isNear && !isInside ? "move" : null;
}
