// What the commands of `model/bindings.js` do.

import { activeDataset, activeFeature, changed, complain, features, state, tell } from "./state.js";
import { goToSlice, nextVersion, stepDataset, stepSlice } from "./datasets.js";
import * as feature from "./features.js";
import { edit, undoOrRedo } from "./project.js";
import { showTask } from "./navigation.js";
import { takeSlice } from "./from-model.js";
import { toggleOverlay } from "./overlay.js";
import { redraw } from "./picture.js";
import { setPreference } from "./storage.js";
import * as tools from "./tools.js";
import { toggleTour } from "./tour.js";
import { trainNow } from "./training.js";
import * as view from "./view-actions.js";
import { nextAnnotated } from "../model/slices.js";

/** @import { Sheet, Tool } from "./state.js" */

/** @param {Sheet["kind"]} kind @param {object} [fields] */
export function openSheet(kind, fields = {}) {
  state.sheet = state.sheet?.kind === kind && Object.keys(fields).length === 0 ? null : { kind, ...fields };
  changed("ui");
}

export function closeSheet() {
  state.sheet = null;
  changed("ui");
  focusPicture();
}

export const focusPicture = () => /** @type {HTMLElement | null} */ (document.querySelector(".pic"))?.focus({ preventScroll: true });

/** @param {Tool} tool */
export function chooseTool(tool) {
  tools.dropLasso();
  if (tool !== "measure") tools.dropMeasure();
  state.tool = tool;
  tools.refreshCursor();
  changed("tool");
}

/** @param {1 | -1} direction */
function annotatedSlice(direction) {
  const own = state.annotated.filter((item) => state.feature === null || item.feature === state.feature);
  const next = nextAnnotated((own.length > 1 ? own : state.annotated).map(({ slice }) => slice), state.slice, direction);
  if (next === null) tell("No other annotated slice");
  else goToSlice(next);
}

/** @param {number} by */
function stepFeature(by) {
  const all = features();
  const at = all.findIndex(({ id }) => id === state.feature);
  const next = all[Math.min(all.length - 1, Math.max(0, at + by))];
  if (next) feature.choose(next.id);
}

/** @param {number} by  percent */
function sensitivity(by) {
  const active = activeFeature();
  if (!active) return;
  const value = Math.min(100, Math.max(5, active.floodSensitivity + by));
  feature.changeFeature(active, { floodSensitivity: value }, true);
  tools.refreshCursor();
}

export function toggleFlood() {
  state.isFlood = !(state.tool === "brush" && state.isFlood);
  chooseTool("brush");
}

function toggleTheme() {
  state.theme = state.theme === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = state.theme;
  setPreference("theme", state.theme);
  changed("ui");
  redraw("all");
}

/** Esc: the innermost thing goes first. */
function cancel() {
  if (state.menu) state.menu = null;
  else if (tools.lassoIsOpen()) tools.dropLasso();
  else if (state.sheet) state.sheet = null;
  else if (state.drawer) state.drawer = false;
  else if (state.alarm) state.alarm = null;
  else if (tools.measureIsThere()) tools.dropMeasure();
  changed("ui", "toast");
  focusPicture();
}

function nextRegion() {
  const regions = [...document.querySelectorAll("[data-region]")].filter((region) => /** @type {HTMLElement} */ (region).offsetParent !== null);
  const at = regions.findIndex((region) => region.contains(document.activeElement));
  const next = regions[(at + 1) % regions.length];
  const inside = /** @type {HTMLElement[]} */ ([...(next?.querySelectorAll("button, input, [tabindex='0'], a") ?? [])]);
  const target = next?.matches("[tabindex]") ? next : inside.find(({ offsetParent }) => offsetParent !== null);
  /** @type {HTMLElement | undefined} */ (target)?.focus();
}

/** Names this moment in the history. */
function bookmark() {
  const name = `Bookmark ${new Date().toLocaleTimeString("en-GB")}`;
  edit([{ kind: "set-setting", name: "bookmark", value: JSON.stringify({ name, at: Date.now(), sequence: state.sequence }), isPersonal: false }], name);
  tell("Everything is saved already. This moment has a mark in the history.", { title: "History", run: () => openSheet("history") });
}

/** @type {Record<string, () => unknown>} */
const commands = {
  "slice.previous": () => stepSlice(-1),
  "slice.next": () => stepSlice(1),
  "slice.back5": () => stepSlice(-5),
  "slice.forward5": () => stepSlice(5),
  "slice.back10": () => goToSlice(state.slice - 10),
  "slice.forward10": () => goToSlice(state.slice + 10),
  "slice.first": () => goToSlice(0),
  "slice.last": () => goToSlice((activeDataset()?.shape.z ?? 1) - 1),
  "slice.previousAnnotated": () => annotatedSlice(-1),
  "slice.nextAnnotated": () => annotatedSlice(1),
  "tomogram.previous": () => stepDataset(-1),
  "tomogram.next": () => stepDataset(1),
  "tomogram.list": () => {
    if (matchMedia("(max-width: 1199px)").matches) state.drawer = !state.drawer;
    else state.columnsAreHidden = false;
    changed("ui");
    setTimeout(() => /** @type {HTMLElement | null} */ (document.querySelector(".tomograms"))?.focus(), 0);
  },
  "tomogram.search": () => {
    if (matchMedia("(max-width: 1199px)").matches) state.drawer = true;
    state.columnsAreHidden = false;
    changed("ui");
    setTimeout(() => /** @type {HTMLElement | null} */ (document.querySelector("#search-tomograms"))?.focus(), 50);
  },
  "version.next": nextVersion,
  "view.reset": view.resetView,
  "view.auto": view.toggleAuto,
  "view.invert": view.toggleInvert,
  "view.smooth": view.toggleSmooth,
  "view.crop": view.toggleCrop,
  "view.filters": view.toggleFilters,
  "view.overlays": () => {
    state.overlaysAreHidden = !state.overlaysAreHidden;
    changed("features");
  },
  "view.predictions": () => {
    state.predictionsAreHidden = !state.predictionsAreHidden;
    changed("models");
  },
  "view.overlay": toggleOverlay,
  "model.train": () => (state.task === "models" ? trainNow() : undefined),
  "view.ortho": view.toggleOrtho,
  "view.zoomIn": () => view.zoomBy(1.1),
  "view.zoomOut": () => view.zoomBy(1 / 1.1),
  "view.columns": () => {
    state.columnsAreHidden = !state.columnsAreHidden;
    changed("ui");
  },
  "tool.brush": () => {
    state.isFlood = false;
    chooseTool("brush");
  },
  "tool.flood": toggleFlood,
  "tool.lasso": () => chooseTool("lasso"),
  "tool.sphere": () => chooseTool("sphere"),
  "tool.eraser": () => chooseTool(state.tool === "eraser" ? "brush" : "eraser"),
  "tool.box": () => chooseTool("box"),
  "tool.measure": () => chooseTool("measure"),
  "tool.template": () => chooseTool("template"),
  "tool.wand": () => (state.tool === "wand" ? takeSlice() : chooseTool("wand")),
  "tool.pan": () => chooseTool("pan"),
  "brush.smaller": () => tools.setRadius(tools.radius() - 0.5),
  "brush.larger": () => tools.setRadius(tools.radius() + 0.5),
  "flood.less": () => sensitivity(-5),
  "flood.more": () => sensitivity(5),
  "feature.new": () => {
    // Where its row is seen, named and painted.
    if (state.task !== "annotate") showTask("annotate");
    feature.createAndName();
  },
  "feature.previous": () => stepFeature(-1),
  "feature.next": () => stepFeature(1),
  "feature.underPointer": () => {
    const found = tools.featureUnderPointer();
    if (found !== null) feature.choose(found);
  },
  "feature.hide": () => {
    const active = activeFeature();
    if (active) feature.changeFeature(active, { isVisible: !active.isVisible });
  },
  "feature.outline": () => {
    const active = activeFeature();
    if (active) feature.changeFeature(active, { isOutline: !active.isOutline });
  },
  "feature.fillHoles": feature.fillHoles,
  "feature.copyOn": feature.copyOn,
  "feature.interpolate": feature.interpolate,
  "box.remove": () => {
    const under = state.cursor ? tools.boxUnder(state.cursor.point) : null;
    if (under) feature.removeBox(under.id);
  },
  "edit.undo": () => undoOrRedo("undo"),
  "edit.redo": () => undoOrRedo("redo"),
  "edit.bookmark": bookmark,
  "sheet.history": () => openSheet("history"),
  "sheet.jobs": () => openSheet("jobs"),
  "sheet.keys": () => openSheet("keys"),
  "sheet.open": () => openSheet("files", { purpose: "open" }),
  "sheet.library": () => openSheet("library"),
  "sheet.settings": () => openSheet("settings"),
  "task.annotate": () => {
    showTask("annotate");
    focusPicture();
  },
  "task.models": () => {
    showTask("models");
    focusPicture();
  },
  "task.run": () => showTask("run"),
  "region.next": nextRegion,
  "theme": toggleTheme,
  "tour": toggleTour,
  "cancel": cancel,
};
for (let number = 1; number <= 9; number += 1) {
  commands[`feature.${number}`] = () => {
    const wanted = features()[number - 1];
    if (wanted) feature.choose(wanted.id);
  };
}

/** Does what a command says. @param {string} id */
export function run(id) {
  if (!state.project && !["sheet.keys", "sheet.open", "cancel", "theme", "tour"].includes(id)) return;
  try {
    const result = commands[id]?.();
    if (result instanceof Promise) result.catch(complain);
  } catch (error) {
    complain(error);
  }
}

addEventListener("keydown", (event) => {
  if (event.key === "Enter" && tools.lassoIsOpen()) {
    event.preventDefault();
    tools.closeLasso();
  }
}, { capture: true });
