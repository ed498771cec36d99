// The picture: which slice and layers it shows, and when it is drawn. Drawn once a frame, and only when something changed.

import { PictureRenderer } from "../render/picture-renderer.js";
import { drawOverlay, isEmpty } from "../render/overlay.js";
import { active } from "../model/filters.js";
import { fitted, levelFor, screenPoint } from "../model/view.js";
import { factor, versionSlice } from "../model/versions.js";
import { ahead } from "../model/slices.js";
import { sampled } from "../model/contrast.js";
import { halfToNumber } from "../model/half.js";
import { fromHex, hex, personColour } from "../model/palette.js";
import { union } from "../model/mask.js";
import { sideIn } from "../model/training.js";
import { Unreachable } from "../model/outbox.js";
import * as slices from "./slices.js";
import { compute } from "./compute.js";
import { activeDataset, activeSet, activeVersion, boxes, boxSizeOf, changed, features, frame, listen, state } from "./state.js";

/** @import { Held } from "../model/planes.js" */
/** @import { Point, Rectangle, SliceData, TrainingSet, Version } from "../model/types.js" */
/** @import { Drawing } from "../render/overlay.js" */
/** @import { Layer, Scene } from "../render/picture-renderer.js" */
/** @import { PredictionLayer } from "../render/prediction-layer.js" */
/** @import { SliceAddress } from "../api.js" */

/** @type {PictureRenderer | null} */
let renderer = null;
/** @type {CanvasRenderingContext2D | null} */
let overlay = null;
/** The brush's circle, which follows the pointer without anything being drawn again. @type {HTMLElement | null} */
let ring = null;
export const viewport = { height: 1, width: 1, ratio: 1 };
/** @type {{ key: string, data: SliceData } | null} */
let shown = null;
const due = { all: false, overlay: false, flash: false, part: /** @type {Rectangle | null} */ (null) };
let isScheduled = false;
/** Where the picture was at the last change of slice or view, and when. */
const moved = { to: "", at: -Infinity, times: 0, rest: /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined) };
/** Milliseconds: what follows sooner is one movement, and so long after it the picture is whole again. */
const REST = 160;
/** @typedef {{ at: Point, radius: number, colour: string, isEraser: boolean }} Ring  the brush; radius in voxels */
/** What tools draw over the picture. @type {{ parts: Partial<Drawing> & { brush?: Ring } }} */
export const tooling = { parts: {} };
/** Called when a mask is wanted that is not here. @type {(plane: { dataset: number, feature: number, slice: number }) => void} */
let wantMask = () => {};
/** @param {typeof wantMask} ask */
export const setMaskSource = (ask) => {
  wantMask = ask;
};

/** What networks say of the slice in view. @type {() => PredictionLayer[]} */
let predictions = () => [];
/** @param {typeof predictions} source */
export const setPredictionSource = (source) => {
  predictions = source;
};

/** @param {HTMLCanvasElement} canvas @param {HTMLCanvasElement} over  for lines @param {HTMLElement} circle  of the brush */
export function attach(canvas, over, circle) {
  ring = circle;
  renderer = new PictureRenderer(canvas, () => redraw("all"));
  overlay = over.getContext("2d");
  const observer = new ResizeObserver(([entry]) => {
    const { width, height } = entry.contentRect;
    if (width === 0 || height === 0) return;
    Object.assign(viewport, { width, height, ratio: devicePixelRatio });
    renderer?.resize(width, height, devicePixelRatio);
    over.width = Math.round(width * devicePixelRatio);
    over.height = Math.round(height * devicePixelRatio);
    lines = "";
    if (!state.hasFitted) fit();
    // In the same frame, so that the picture never blanks while the window changes its size.
    Object.assign(due, { all: true, overlay: true });
    draw();
  });
  observer.observe(canvas);
  // The slice may have been quicker than the page's layout.
  measure();
  return () => {
    observer.disconnect();
    renderer?.gl.getExtension("WEBGL_lose_context")?.loseContext();
    renderer = null;
    overlay = null;
    ring = null;
    lines = "";
    shown = null;
    // The same slice is measured anew when it is shown again: another tomogram may have been chosen meanwhile.
    measured = "";
  };
}

/** @param {"all" | "overlay" | "flash"} what */
export function redraw(what) {
  due[what] = true;
  schedule();
}

function schedule() {
  if (isScheduled) return;
  isScheduled = true;
  requestAnimationFrame(() => {
    isScheduled = false;
    draw();
  });
}

/** A mask changed within a rectangle. @param {Held} held @param {Rectangle} rectangle */
export function maskChanged(held, rectangle) {
  if (held.plane.dataset !== state.dataset || held.plane.slice !== state.slice) return;
  renderer?.updateMask(String(held.plane.feature), held.visible, rectangle);
  due.part = union(due.part, rectangle);
  due.overlay = true;
  schedule();
}

/** Draws what is due now, in this frame: strokes call it from their own event. */
export function draw() {
  if (!renderer || document.hidden) return;
  if (due.all) {
    keepUp(renderer);
    renderer.draw(scene());
  } else if (due.part) renderer.draw(scene(), due.part);
  if ((due.all || due.overlay) && overlay) drawLines(overlay);
  if ((due.all || due.overlay) && ring) placeRing(ring);
  if (due.flash) renderer.canvas.parentElement?.animate([{ boxShadow: "inset 0 0 0 3px #fff" }, { boxShadow: "inset 0 0 0 3px transparent" }], 400);
  Object.assign(due, { all: false, overlay: false, flash: false, part: null });
}

/** The lines that were drawn last; empty when they must be drawn anew. */
let lines = "";

/** Draws the lines over the picture, unless they are there: most slices have the same, and new ones cost the browser as much as the picture. @param {CanvasRenderingContext2D} context */
function drawLines(context) {
  const what = drawing();
  const before = lines;
  // Long ones change while they are seen, and take longer to compare.
  lines = what.flood || what.lasso ? "" : JSON.stringify(what);
  if (lines && lines === before) return;
  drawOverlay(context, viewport, viewport.ratio, what);
  // A canvas with nothing on it costs the browser as much to lay over the picture as a full one.
  context.canvas.style.visibility = isEmpty(what) ? "hidden" : "visible";
}

/** @param {HTMLElement} element */
function placeRing(element) {
  const { brush } = tooling.parts;
  element.hidden = !brush;
  if (!brush) return;
  const { y, x } = screenPoint(state.view, viewport, brush.at);
  // The line is two pixels wide, half of it outside.
  const radius = Math.max(1, brush.radius * state.view.zoom) + 1;
  Object.assign(element.style, { width: `${2 * radius}px`, height: `${2 * radius}px`, transform: `translate(${x - radius}px, ${y - radius}px)`, borderColor: brush.colour, borderStyle: brush.isEraser ? "dashed" : "solid" });
}

/** Where the processor draws, as on a machine without a graphics card or a distant desktop, a picture that moves has a quarter of its pixels. @param {PictureRenderer} renderer */
function keepUp(renderer) {
  if (!renderer.isSoftware) return;
  const { view } = state;
  const to = `${shown?.key} ${view.zoom} ${view.centre.y} ${view.centre.x}`;
  if (to === moved.to) return;
  const now = performance.now();
  // One step, and the two of a slice that comes with a view of its own, are no movement.
  const times = now - moved.at < REST ? moved.times + 1 : 0;
  Object.assign(moved, { to, times, at: now });
  if (times < 2) return;
  renderer.resize(viewport.width, viewport.height, viewport.ratio / 2);
  clearTimeout(moved.rest);
  moved.rest = setTimeout(() => {
    if (!renderer.resize(viewport.width, viewport.height, viewport.ratio)) return;
    // At once: a canvas of another size is empty.
    due.all = true;
    draw();
  }, REST);
}

/** Shows the whole slice. */
export function fit() {
  const dataset = activeDataset();
  if (!dataset || viewport.width <= 1) return;
  state.view = fitted(frame(), viewport);
  state.hasFitted = true;
  changed("view");
}

/** The grey around the slice, by theme: asked of the style sheet once, which is too slow to ask in every frame. @type {Map<string, number>} */
const stages = new Map();

function stage() {
  let level = stages.get(state.theme);
  if (level === undefined) {
    level = parseInt(getComputedStyle(document.documentElement).getPropertyValue("--stage").trim().slice(1, 3), 16) / 255 || 0;
    // Until the style sheet is there, nothing is known for good.
    if (level > 0) stages.set(state.theme, level);
  }
  return /** @type {[number, number, number]} */ ([level, level, level]);
}

/** @returns {Scene} */
export function scene() {
  return {
    slice: state.problem ? null : shown, frame: frame(), view: state.view, contrast: state.contrast, isInverted: state.contrast.isInverted,
    isSmooth: state.isSmooth, filters: active(state.filters, state.filtersAreOn), crop: state.crop, overlay: overlayOf(), isTint: state.preferences.isTint, predictions: state.problem ? [] : predictions(), layers: layers(),
    stage: stage(),
  };
}

/** @returns {Scene["overlay"]} */
function overlayOf() {
  const { overlay, overlayShown } = state;
  const colour = fromHex(overlay.colour);
  if (!overlayShown || !colour || overlay.isHidden || state.overlaysAreHidden) return null;
  return { ...overlayShown, colour: [colour.red, colour.green, colour.blue], opacity: overlay.opacity, blend: overlay.blend };
}

/** The painted layers of the slice that is shown, the active one on top. @returns {Layer[]} */
function layers() {
  const dataset = state.dataset;
  if (dataset === null || state.overlaysAreHidden) return [];
  const list = [];
  const all = features();
  const annotated = new Set(state.annotated.filter(({ slice, pixels }) => slice === state.slice && pixels > 0).map(({ feature }) => feature));
  for (const [position, feature] of all.entries()) {
    const plane = { dataset, feature: feature.id, slice: state.slice };
    const held = state.planes.get(plane);
    if (!held) {
      if (annotated.has(feature.id)) wantMask(plane);
      continue;
    }
    if (!feature.isVisible) continue;
    const { red, green, blue, opacity, isOutline } = feature;
    list.push({
      id: String(feature.id), mask: held.visible, colour: /** @type {[number, number, number]} */ ([red, green, blue]), opacity, isOutline, isDashed: position >= 8,
      isActive: feature.id === state.feature,
    });
  }
  renderer?.keepMasks(new Set(all.map(({ id }) => String(id))));
  return list.sort((a, b) => Number(a.isActive) - Number(b.isActive));
}

/** @returns {Drawing} */
function drawing() {
  const all = new Map(features().map((feature) => [feature.id, feature]));
  const point = state.cursor?.point;
  const { brush, ...parts } = tooling.parts;
  const under = brush ? null : point;
  const set = state.task === "models" && state.showsSetBoxes ? activeSet() : null;
  const squares = state.overlaysAreHidden ? [] : set ? setBoxes(set) : boxes().filter((box) => box.slice === state.slice).flatMap((box) => {
    const feature = all.get(box.feature);
    if (!feature || !feature.isVisible || !feature.showsBoxes) return [];
    const side = boxSizeOf(feature);
    const isUnder = under && Math.abs(under.y - box.y) <= side / 2 && Math.abs(under.x - box.x) <= side / 2;
    return [{ y: box.y, x: box.x, side, colour: hex(feature), isUnderPointer: Boolean(isUnder), isWhole: false }];
  });
  const others = state.people.filter((person) => person.dataset === state.dataset && person.slice === state.slice && typeof person.y === "number" && typeof person.x === "number" && !isMe(person));
  return {
    view: state.view, boxes: squares, flood: null, lasso: null, crop: state.crop, measure: null, ghost: null,
    crosshair: state.isOrtho ? state.ortho : null, keyCursor: null, ...parts,
    people: others.map((person) => {
      const feature = all.get(person.feature ?? -1);
      const { stroke } = person;
      const path = stroke && feature ? { ...stroke, colour: hex(feature) } : null;
      return { at: { y: Number(person.y), x: Number(person.x) }, colour: personColour(person.name), stroke: path, label: feature ? `${person.name} · ${feature.title}` : person.name };
    }),
  };
}

/** Boxes of a training set in this slice, as large as they are cut out: positive whole, negative dashed. @param {TrainingSet} set */
function setBoxes(set) {
  if (set.datasets && !set.datasets.includes(Number(state.dataset))) return [];
  const side = sideIn(set, activeDataset()?.voxelSizeAngstrom?.x ?? null);
  return boxes().flatMap((box) => {
    const role = box.slice === state.slice ? set.roles[box.feature] : undefined;
    return role ? [{ y: box.y, x: box.x, side, colour: role === "positive" ? "#cdff86" : "#fd6a4a", isUnderPointer: false, isWhole: role === "positive" }] : [];
  });
}

/** @type {(person: { client: string }) => boolean} */
let isMe = () => false;
/** @param {typeof isMe} test */
export const setIsMe = (test) => {
  isMe = test;
};

/** The address of a slice of the version that is shown. @param {number} index  of the frame @param {"xy" | "xz" | "yz"} [axis] @param {Version | null} [version]  another than the one that is shown @returns {{ slice: SliceAddress, size: { height: number, width: number } } | null} */
export function address(index, axis = "xy", version = activeVersion()) {
  if (!version || !state.project) return null;
  const { z, y, x } = version.shape;
  const [depth, height, width] = axis === "xy" ? [z, y, x] : axis === "xz" ? [y, z, x] : [x, z, y];
  const level = levelFor(state.view.zoom * viewport.ratio * factor(version), Math.max(height, width));
  return {
    slice: {
      dataset: version.dataset, version: version.id, key: version.key, axis, index: versionSlice(index, version.scale, depth), level,
      slab: axis === "xy" ? state.slab : 1, format: state.preferences.format,
    }, size: { height, width },
  };
}

/** Shows the slice of the state: at once when it is here, else as soon as it comes; until then the one before stays. */
export function showSlice() {
  const version = activeVersion();
  const dataset = activeDataset();
  if (!dataset || !state.project) return;
  if (!version || version.state === "missing" || version.state === "unreadable") {
    state.problem = { message: version?.reason || `The tomogram ${dataset.name} cannot be shown.`, remedy: { kind: version?.state ?? "missing" } };
    shown = null;
    state.shown = { slice: state.slice, key: "", isLate: false };
    changed("shown");
    redraw("all");
    return;
  }
  const wanted = address(state.slice);
  if (!wanted) return;
  const project = state.project.key;
  const key = slices.sliceKey(project, wanted.slice);
  const near = ahead(state.slice, state.direction, dataset.shape.z).map((index) => address(index)).filter((item) => item !== null);
  if (shown?.key === key && !state.problem) {
    state.shown = { slice: state.slice, key, isLate: false };
    redraw("all");
    return;
  }
  slices.dropOthers(new Set([key, ...near.map(({ slice }) => slices.sliceKey(project, slice))]));
  const take = (/** @type {SliceData} */ data) => {
    if (state.project?.key !== project || wantedKey() !== key) return;
    shown = { key, data };
    state.problem = null;
    state.shown = { slice: state.slice, key, isLate: false };
    redraw("all");
    changed("shown");
    measure();
    slices.prefetch(project, near, (other, ahead) => renderer?.prepare(other, ahead));
  };
  const here = slices.cached(key);
  if (here) {
    take(here);
    return;
  }
  state.shown = { ...state.shown, isLate: true };
  changed("shown");
  slices.load(project, wanted.slice, wanted.size).then(take, (error) => {
    if (error?.name === "AbortError" || wantedKey() !== key) return;
    if (error instanceof Unreachable) {
      lateUntilBack = true;
      return;
    }
    state.problem = { message: error.message, remedy: error.remedy ?? null };
    redraw("all");
    changed("shown");
  });
}

let lateUntilBack = false;
listen(["connection"], () => {
  if (!lateUntilBack || !state.connection.isUp) return;
  lateUntilBack = false;
  showSlice();
});

function wantedKey() {
  const wanted = address(state.slice);
  return wanted && state.project ? slices.sliceKey(state.project.key, wanted.slice) : "";
}

let measured = "";
let measuredShown = "";
let isMeasuring = false;

/** Histogram and, when it is automatic, contrast of what is shown. One at a time: while slices are scrolled past, some of them have those of one before. */
export function measure() {
  if (!shown || !renderer || isMeasuring) return;
  const filters = active(state.filters, state.filtersAreOn);
  const { key } = shown;
  const name = key + JSON.stringify(filters);
  if (name === measured) return;
  measured = name;
  const values = filters.length > 0 ? renderer.sampled(scene()) : sampled(shown.data);
  if (!values) return;
  isMeasuring = true;
  void compute("statistics", values, [values.buffer]).then(({ sorted, contrast, histogram, mean, deviation }) => {
    // Not what was forgotten meanwhile.
    if (measured !== name) return;
    measuredShown = key;
    state.statistics = { histogram, sorted, mean, deviation };
    if (state.contrast.isAuto) {
      Object.assign(state.contrast, contrast);
      redraw("all");
    }
    changed("contrast");
  }).finally(() => {
    isMeasuring = false;
    measure();
  });
}

/** Makes the contrast be found anew. */
export function forgetMeasure() {
  measured = "";
  measure();
}

/** The grey value at a point of the frame, as the file has it. @param {Point} point */
export function valueAt(point) {
  if (!shown) return null;
  const { height, width } = frame();
  const [y, x] = [Math.floor(((point.y + 0.5) / height) * shown.data.height), Math.floor(((point.x + 0.5) / width) * shown.data.width)];
  if (y < 0 || x < 0 || y >= shown.data.height || x >= shown.data.width) return null;
  return shown.data.offset + shown.data.step * halfToNumber(shown.data.halves[y * shown.data.width + x]);
}

/** Reads grey values as they are displayed, around a point: for the flood brush. @param {Point} centre @param {number} radius @returns {((y: number, x: number) => number) | null} */
export function displayedValues(centre, radius) {
  if (!shown || !renderer) return null;
  const { height, width } = frame();
  if (active(state.filters, state.filtersAreOn).length === 0) return (y, x) => valueAt({ y, x }) ?? NaN;
  const [sy, sx] = [shown.data.height / height, shown.data.width / width];
  const reach = Math.ceil(radius) + 1;
  const y0 = Math.max(0, Math.floor((centre.y - reach) * sy));
  const x0 = Math.max(0, Math.floor((centre.x - reach) * sx));
  const rows = Math.min(shown.data.height, Math.ceil((centre.y + reach + 1) * sy)) - y0;
  const columns = Math.min(shown.data.width, Math.ceil((centre.x + reach + 1) * sx)) - x0;
  if (rows <= 0 || columns <= 0) return null;
  const values = renderer.filtered(scene(), { y: y0, x: x0, height: rows, width: columns });
  if (!values) return null;
  return (y, x) => {
    const [i, j] = [Math.floor((y + 0.5) * sy) - y0, Math.floor((x + 0.5) * sx) - x0];
    return i < 0 || j < 0 || i >= rows || j >= columns ? NaN : values[i * columns + j];
  };
}

listen(["view", "contrast", "features"], () => redraw("all"));
listen(["tool", "annotations", "people"], () => redraw("overlay"));
document.addEventListener("visibilitychange", () => redraw("all"));

export const theRenderer = () => renderer;

/** Whether histogram and contrast are those of what is shown. */
export const isMeasured = () => shown !== null && state.statistics !== null && measuredShown === shown.key;
