// What the pointer does in the picture, tool by tool. A tool's `down` returns what follows until the button is let go.

import { Mask, union } from "../model/mask.js";
import { line, sphereDiscs } from "../model/brush.js";
import { flood } from "../model/flood.js";
import { fillPolygon, thinned } from "../model/polygon.js";
import { boxAt, onGrid, onPixel } from "../model/boxes.js";
import { cropHandle, draggedCrop, framePoint } from "../model/view.js";
import { stroke as strokePatch } from "../model/patch.js";
import { separate } from "../model/planes.js";
import { hex } from "../model/palette.js";
import { nanometres, number } from "../model/units.js";
import { outlineOf } from "../render/overlay.js";
import { changeFeature, createFeature, moveBox, paint, placeBox, removeBox } from "./features.js";
import { displayedValues, draw, maskChanged, redraw, tooling, viewport } from "./picture.js";
import { activeDataset, activeFeature, boxes, boxSizeOf, changed, features, frame, state, tell } from "./state.js";
import { startJob } from "./datasets.js";
import { loadMask } from "./project.js";

/** @import { Feature, Point, Rectangle } from "../model/types.js" */

/** @typedef {{ move(points: Point[]): void, up(): void, cancel?(): void }} Action */

/** The feature that is painted into: made when there is none, shown when it was hidden. @returns {Feature | null} */
export function paintable() {
  let feature = activeFeature();
  if (!feature) {
    createFeature();
    feature = activeFeature();
  }
  if (feature && !feature.isVisible) changeFeature(feature, { isVisible: true });
  if (state.overlaysAreHidden) state.overlaysAreHidden = false;
  return feature;
}

/** The brush's radius in pixels of the frame. */
export const radius = () => activeFeature()?.brushRadius ?? Math.max(2, Math.round(Math.min(frame().height, frame().width) / 60));

/** @param {number} pixels */
export function setRadius(pixels) {
  const feature = activeFeature();
  if (feature) changeFeature(feature, { brushRadius: Math.min(500, Math.max(1, pixels)) }, true);
  changed("tool");
  refreshCursor();
}

/**
 * A stroke of the brush, eraser or flood brush. Its pixels gather in a mask of their own, which becomes one edit.
 * @param {Point} start @param {boolean} erases @param {() => number} pressure @returns {Action | null}
 */
export function brushStroke(start, erases, pressure) {
  const feature = paintable();
  const dataset = state.dataset;
  if (!feature || dataset === null) return null;
  const plane = { dataset, feature: feature.id, slice: state.slice };
  const { height, width } = frame();
  // The feature or its mask may be new: painting begins all the same, on nothing.
  if (!state.planes.get(plane)) {
    if (state.annotated.some((item) => item.feature === feature.id && item.slice === state.slice)) void loadMask(plane);
    else state.planes.load(plane, new Mask(height, width), state.sequence);
  }
  const gathered = new Mask(height, width);
  const size = feature.brushRadius * pressure();
  const floods = state.isFlood && !erases;
  let last = start;
  /** @type {Rectangle | null} */
  let touched = null;
  state.stroke = { radius: size, erases, points: [start.y, start.x] };
  const dab = (/** @type {Point} */ from, /** @type {Point} */ to) => {
    const changedPart = floods ? floodDab(gathered, to, size, feature.floodSensitivity) : line(gathered, from, to, size);
    if (!changedPart) return;
    touched = union(touched, changedPart);
    const held = state.planes.get(plane);
    if (!held) return;
    separate(held);
    let count = 0;
    for (let y = changedPart.y; y < changedPart.y + changedPart.height; y += 1) {
      for (let index = y * width + changedPart.x, end = index + changedPart.width; index < end; index += 1) {
        if (!gathered.pixels[index]) continue;
        const next = erases ? 0 : 255;
        if (held.visible.pixels[index] !== next) count += erases ? -1 : 1;
        held.visible.pixels[index] = next;
      }
    }
    held.count += count;
    maskChanged(held, changedPart);
  };
  dab(start, start);
  draw();
  const finish = () => {
    state.stroke = null;
    const patch = touched ? strokePatch(gathered, erases) : null;
    if (patch) paint([{ slice: plane.slice, patch }], erases ? "erasing" : floods ? "flood brush" : undefined, feature.id);
    changed("annotations");
  };
  return {
    move(points) {
      for (const point of points) {
        dab(last, point);
        last = point;
        state.stroke?.points.push(point.y, point.x);
      }
      // Painted in this very frame: what was drawn here is on the screen with the next refresh.
      draw();
    },
    up: finish,
    cancel: finish,
  };
}

/** @param {Mask} mask @param {Point} centre @param {number} size @param {number} sensitivity @returns {Rectangle | null} */
function floodDab(mask, centre, size, sensitivity) {
  const found = floodOffsets(centre, size, sensitivity);
  const at = onPixel(centre);
  if (!found || found.length === 0) return null;
  for (let index = 0; index < found.length; index += 2) mask.pixels[(at.y + found[index]) * mask.width + at.x + found[index + 1]] = 255;
  const reach = Math.ceil(size);
  const top = Math.max(0, at.y - reach);
  const left = Math.max(0, at.x - reach);
  return { y: top, x: left, height: Math.min(mask.height, at.y + reach + 1) - top, width: Math.min(mask.width, at.x + reach + 1) - left };
}

/** @param {Point} centre @param {number} size @param {number} sensitivity */
function floodOffsets(centre, size, sensitivity) {
  const values = displayedValues(onPixel(centre), size);
  return values ? flood(values, frame(), centre, { radius: size, sensitivity, spread: state.statistics?.deviation ?? 1 }) : null;
}

/** A sphere: discs in the slices around, as one edit when the button is let go. @param {Point} start @param {boolean} erases @returns {Action | null} */
export function sphereStroke(start, erases) {
  const feature = paintable();
  const dataset = activeDataset();
  if (!feature || !dataset) return null;
  const voxel = dataset.voxelSizeAngstrom;
  const discs = sphereDiscs(state.slice, feature.brushRadius, dataset.shape.z, voxel ? voxel.z / voxel.x : 1);
  const path = [start];
  const show = brushPreview(feature, start, erases);
  show([start]);
  return {
    move(points) {
      path.push(...points);
      show(points);
    },
    up() {
      const patches = discs.flatMap(({ slice, radius: size }) => {
        const mask = new Mask(frame().height, frame().width);
        path.forEach((point, index) => line(mask, path[Math.max(0, index - 1)], point, size));
        const patch = strokePatch(mask, erases);
        return patch ? [{ slice, patch }] : [];
      });
      paint(patches, erases ? "sphere erased" : "sphere brush", feature.id);
    },
  };
}

/** Shows a stroke in this slice before it is an edit. @param {Feature} feature @param {Point} start @param {boolean} erases */
function brushPreview(feature, start, erases) {
  const plane = { dataset: /** @type {number} */ (state.dataset), feature: feature.id, slice: state.slice };
  const { height, width } = frame();
  const held = state.planes.get(plane) ?? state.planes.load(plane, new Mask(height, width), state.sequence);
  separate(held);
  let last = start;
  return (/** @type {Point[]} */ points) => {
    for (const point of points) {
      const part = line(held.visible, last, point, feature.brushRadius, erases ? 0 : 255);
      last = point;
      if (part) maskChanged(held, part);
    }
    draw();
  };
}

// The lasso: dragged freely, or clicked corner by corner.
/** @type {{ points: Point[], erases: boolean } | null} */
let polygon = null;

export const lassoIsOpen = () => polygon !== null;

/** @param {Point} start @param {boolean} erases @returns {Action | null} */
export function lassoDrag(start, erases) {
  if (polygon && !erases) {
    const first = polygon.points[0];
    const distance = Math.hypot(first.y - start.y, first.x - start.x) * state.view.zoom;
    if (polygon.points.length > 2 && distance < 10) {
      closeLasso();
      return null;
    }
  }
  if (polygon && erases && !polygon.erases) polygon.erases = true;
  const open = polygon ?? { points: [], erases };
  polygon = open;
  open.points.push(start);
  showLasso(null);
  let isDragged = false;
  return {
    move(points) {
      isDragged = true;
      open.points.push(...points);
      showLasso(null);
    },
    up() {
      // A drag closes by itself; clicks go on until the start is clicked or Enter pressed.
      if (isDragged && open.points.length > 8) closeLasso();
    },
    cancel: dropLasso,
  };
}

/** @param {Point | null} next  where the pointer is */
function showLasso(next) {
  if (!polygon) return;
  const feature = activeFeature();
  tooling.parts.lasso = { points: next ? [...polygon.points, next] : polygon.points, colour: feature ? hex(feature) : "#ffffff", isClosed: false };
  redraw("overlay");
}

export function closeLasso() {
  if (!polygon) return;
  const { points, erases } = polygon;
  dropLasso();
  const feature = paintable();
  if (!feature) return;
  const mask = new Mask(frame().height, frame().width);
  fillPolygon(mask, thinned(points, 0.3));
  const patch = strokePatch(mask, erases);
  if (patch) paint([{ slice: state.slice, patch }], erases ? "lasso taken away" : "lasso", feature.id);
}

export function dropLasso() {
  polygon = null;
  delete tooling.parts.lasso;
  redraw("overlay");
}

/** The box under a point, of the active feature first. @param {Point} point */
export function boxUnder(point) {
  const shown = new Map(features().filter((feature) => feature.isVisible && feature.showsBoxes).map((feature) => [feature.id, feature]));
  const here = boxes().filter((box) => box.slice === state.slice && shown.has(box.feature));
  const side = (/** @type {{ feature: number }} */ box) => boxSizeOf(/** @type {Feature} */ (shown.get(box.feature)));
  return boxAt(here.filter(({ feature }) => feature === state.feature), point, side) ?? boxAt(here, point, side);
}

/** @param {Point} start @param {boolean} removes @returns {Action | null} */
export function boxDrag(start, removes) {
  const under = boxUnder(start);
  if (removes) {
    if (under) removeBox(under.id);
    return null;
  }
  // A press near the middle of a box takes it; elsewhere in a box a new one is placed, so that they may overlap.
  const taken = under && Math.hypot(under.y - start.y, under.x - start.x) * state.view.zoom < 12 ? under : null;
  const owner = taken ? features().find(({ id }) => id === taken.feature) : null;
  // Another feature's box is only moved by a drag: a click upon it places one of the chosen feature.
  const isOthers = taken !== null && taken.feature !== state.feature;
  const feature = owner ?? paintable();
  if (!feature) return null;
  const centred = (/** @type {Point} */ point, /** @type {Feature} */ of = feature) => (state.boxGrid ? onGrid(point, boxSizeOf(of)) : onPixel(point));
  let at = taken ? { y: taken.y, x: taken.x } : centred(start);
  let isDragged = taken === null;
  const show = () => {
    const shown = isDragged || !isOthers ? { at, of: feature } : { at: centred(start, activeFeature() ?? feature), of: activeFeature() ?? feature };
    tooling.parts.ghost = { at: shown.at, side: boxSizeOf(shown.of), colour: hex(shown.of) };
    redraw("overlay");
  };
  show();
  const hide = () => {
    delete tooling.parts.ghost;
    redraw("overlay");
  };
  return {
    move(points) {
      const point = /** @type {Point} */ (points.at(-1));
      // A hand that trembles while it clicks drags nothing.
      isDragged ||= Math.hypot(point.y - start.y, point.x - start.x) * state.view.zoom >= 4;
      if (isDragged) at = centred(point);
      show();
    },
    up() {
      hide();
      if (!taken) placeBox(at);
      else if (isDragged) {
        if (at.y !== taken.y || at.x !== taken.x) moveBox(taken.id, at);
      } else if (isOthers) {
        const chosen = paintable();
        if (chosen) placeBox(centred(start, chosen));
      } else tell(`${feature.title} has this box already: drag it to move it, right-click to remove it`);
    },
    cancel: hide,
  };
}

/** @param {Point} start @returns {Action} */
export function measureDrag(start) {
  const voxel = activeDataset()?.voxelSizeAngstrom;
  const show = (/** @type {Point} */ to) => {
    const length = Math.hypot(to.y - start.y, to.x - start.x);
    tooling.parts.measure = {
      from: start, to, label: voxel ? `${nanometres(Math.hypot((to.y - start.y) * voxel.y, (to.x - start.x) * voxel.x))} · ${number(length, 1)} px` : `${number(length, 1)} px`,
    };
    redraw("overlay");
  };
  show(start);
  return { move: (points) => show(/** @type {Point} */ (points.at(-1))), up() {} };
}

export const measureIsThere = () => tooling.parts.measure !== undefined;

export function dropMeasure() {
  delete tooling.parts.measure;
  redraw("overlay");
}

/** Cuts a cube around a point into a tomogram of its own. @param {Point} point */
export function cutTemplate(point) {
  const feature = activeFeature();
  const { y, x } = onPixel(point);
  void startJob({ kind: "cut-template", dataset: state.dataset, version: state.version, feature: feature?.id ?? null, z: state.slice, y, x, size: feature ? boxSizeOf(feature) : 64 });
}

/** @param {Point} place  of the viewport @returns {Action | null} */
export function cropDrag(place) {
  const { crop } = state;
  const handle = crop ? cropHandle(crop, state.view, viewport, place) : null;
  if (!crop || !handle) return null;
  const start = framePoint(state.view, viewport, place);
  return {
    move(points) {
      const point = /** @type {Point} */ (points.at(-1));
      state.crop = draggedCrop(crop, handle, { y: point.y - start.y, x: point.x - start.x }, frame());
      changed("contrast");
      redraw("all");
    },
    up() {},
  };
}

/** Draws brush, flood outline or ghost where the pointer is. */
export function refreshCursor() {
  const point = state.cursor?.point;
  const { parts } = tooling;
  delete parts.brush;
  delete parts.flood;
  // While a button is down the box follows by itself; otherwise it goes when the pointer leaves the picture.
  if (!isBusy || state.tool !== "box") delete parts.ghost;
  if (point && state.dataset !== null) {
    const feature = activeFeature();
    const colour = feature ? hex(feature) : "#fd6a4a";
    if (["brush", "eraser", "sphere"].includes(state.tool)) parts.brush = { at: point, radius: radius(), colour, isEraser: state.tool === "eraser" };
    if (state.tool === "box" && feature && !isBusy) parts.ghost = { at: state.boxGrid ? onGrid(point, boxSizeOf(feature)) : onPixel(point), side: boxSizeOf(feature), colour };
    if (state.tool === "brush" && state.isFlood && feature) {
      const offsets = floodOffsets(point, feature.brushRadius, feature.floodSensitivity);
      if (offsets) parts.flood = { outline: outlineOf(onPixel(point), offsets), colour };
    }
    if (state.tool === "lasso") showLasso(point);
  }
  redraw("overlay");
}

let isBusy = false;
/** Whether a button is down: then the tool draws for itself. @param {boolean} busy */
export const setBusy = (busy) => {
  isBusy = busy;
};

/** The feature that is painted under the pointer. */
export function featureUnderPointer() {
  const point = state.cursor?.point;
  if (!point || state.dataset === null) return null;
  const { y, x } = onPixel(point);
  const found = features().find(({ id }) => state.planes.get({ dataset: /** @type {number} */ (state.dataset), feature: id, slice: state.slice })?.visible.at(y, x));
  return found?.id ?? boxUnder(point)?.feature ?? null;
}
