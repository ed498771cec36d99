// How the picture is looked at: zoom, contrast, filters, crop.

import { zoomedAbout, kept, panned } from "../model/view.js";
import { dragged } from "../model/contrast.js";
import { newFilter } from "../model/filters.js";
import { fit, forgetMeasure, measure, redraw, viewport } from "./picture.js";
import { changed, frame, state } from "./state.js";

/** @import { Filter, FilterKind, Point } from "../model/types.js" */

/** @param {number} factor @param {Point} [place]  in the viewport; the middle when left out */
export function zoomBy(factor, place = { y: viewport.height / 2, x: viewport.width / 2 }) {
  state.view = kept(zoomedAbout(state.view, viewport, place, factor), frame());
  changed("view");
}

/** @param {number} dy @param {number} dx */
export function panBy(dy, dx) {
  state.view = kept(panned(state.view, dy, dx), frame());
  changed("view");
}

export function resetView() {
  fit();
  changed("view");
}

export function toggleAuto() {
  state.contrast.isAuto = !state.contrast.isAuto;
  if (state.contrast.isAuto) forgetMeasure();
  changed("contrast");
}

/** @param {{ black?: number, white?: number }} limits */
export function setContrast(limits) {
  const { contrast } = state;
  const black = limits.black ?? contrast.black;
  const white = limits.white ?? contrast.white;
  if (!(white > black)) return;
  Object.assign(contrast, { black, white, isAuto: false });
  changed("contrast");
}

/** @param {{ black: number, white: number }} start @param {number} across @param {number} along */
export const windowAndLevel = (start, across, along) => setContrast(dragged(start, across, along));

export function toggleInvert() {
  state.contrast.isInverted = !state.contrast.isInverted;
  changed("contrast");
}

export function toggleSmooth() {
  state.isSmooth = !state.isSmooth;
  changed("contrast");
}

export function toggleCrop() {
  const { height, width } = frame();
  state.crop = state.crop ? null : { y: Math.round(height / 8), x: Math.round(width / 8), height: Math.round((height * 3) / 4), width: Math.round((width * 3) / 4) };
  if (state.crop && (state.crop.height < 128 || state.crop.width < 128)) state.crop = { y: 0, x: 0, height, width };
  changed("contrast", "tool");
  redraw("all");
}

export function toggleFilters() {
  state.filtersAreOn = !state.filtersAreOn;
  filtersChanged();
}

/** @param {FilterKind} kind */
export function addFilter(kind) {
  state.filters = [...state.filters, newFilter(kind)];
  state.filtersAreOn = true;
  filtersChanged();
}

/** @param {number} index @param {Partial<Filter>} fields */
export function changeFilter(index, fields) {
  state.filters = state.filters.map((filter, other) => (other === index ? { ...filter, ...fields } : filter));
  filtersChanged();
}

/** @param {number} index */
export function removeFilter(index) {
  state.filters = state.filters.filter((_, other) => other !== index);
  filtersChanged();
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

function filtersChanged() {
  redraw("all");
  changed("contrast");
  clearTimeout(timer);
  timer = setTimeout(measure, 80);
}

/** @param {number} slab */
export function setSlab(slab) {
  state.slab = slab;
  changed("slice", "contrast");
}

export function resetLooks() {
  Object.assign(state, { isSmooth: true, slab: 1, filters: [], filtersAreOn: true, crop: null, overlaysAreHidden: false, overlay: { ...state.overlay, version: null } });
  Object.assign(state.contrast, { isAuto: true, isInverted: false });
  forgetMeasure();
  changed("contrast", "slice", "view");
}

export function toggleOrtho() {
  state.isOrtho = !state.isOrtho;
  if (state.isOrtho) state.ortho = state.cursor ? { y: Math.round(state.cursor.point.y), x: Math.round(state.cursor.point.x) } : { y: Math.floor(frame().height / 2), x: Math.floor(frame().width / 2) };
  changed("tool", "view", "ui");
}
