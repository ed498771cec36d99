// What can be done with tomograms: show one, its versions, its place in the list.

import * as api from "../api.js";
import { loadAnnotations, outbox } from "./project.js";
import { fit, showSlice } from "./picture.js";
import { filter, sorted } from "../model/search.js";
import { preference, setPreference } from "./storage.js";
import { wraps, wrapped } from "../model/slices.js";
import { activeDataset, changed, complain, datasets, features, listen, state, tell, versions } from "./state.js";
import { edit, noteJob } from "./project.js";

/** @import { Row } from "../model/search.js" */

/** The rows of the list, found and sorted. @returns {Row[]} */
export function rows() {
  const titles = new Map(features().map((feature) => [feature.id, feature.title]));
  /** @type {Map<number, { title: string, slices: number, boxes: number }[]>} */
  const totals = new Map();
  for (const total of state.totals) {
    const title = titles.get(total.feature);
    if (title === undefined) continue;
    totals.set(total.dataset, [...(totals.get(total.dataset) ?? []), { title, slices: total.slices, boxes: total.boxes }]);
  }
  const test = filter(state.search);
  /** @type {Map<number, ReturnType<typeof versions>>} */
  const all = new Map();
  for (const record of state.registers.list("version")) {
    const id = /** @type {number} */ (record.dataset);
    if (!all.has(id)) all.set(id, []);
    all.get(id)?.push(/** @type {any} */ ({ path: record.path, state: state.versionStates.get(Number(record.id))?.state ?? "ok" }));
  }
  const list = datasets().map((dataset) => {
    const own = all.get(dataset.id) ?? [];
    return {
      id: dataset.id, name: dataset.name, position: dataset.position, voxelAngstrom: dataset.voxelSizeAngstrom?.x ?? null,
      paths: own.map(({ path }) => path), state: own.find((version) => version.state !== "ok")?.state ?? "ok", features: totals.get(dataset.id) ?? [],
    };
  });
  return sorted(list.filter(test), state.order, state.isReversed, state.orderFeature || (features().find(({ id }) => id === state.feature)?.title ?? ""));
}

/** Shows a tomogram where this person left it. @param {number} id @param {{ slice?: number, y?: number, x?: number, zoom?: number }} [place] */
export async function showDataset(id, place = {}) {
  if (state.dataset === id && Object.keys(place).length === 0) return;
  saveView.now();
  state.dataset = id;
  const own = versions(id);
  state.version = own[0]?.id ?? null;
  const dataset = activeDataset();
  if (!dataset) return;
  Object.assign(state, { slice: Math.floor(dataset.shape.z / 2), direction: 1, statistics: null, crop: null, problem: null, annotated: [], hasFitted: false, overlay: { ...state.overlay, version: null }, overlayShown: null, drawer: false });
  Object.assign(state.contrast, { isAuto: true });
  fit();
  if (state.feature === null) state.feature = features()[0]?.id ?? null;
  changed("datasets", "slice", "view", "contrast", "annotations");
  const { slice } = state;
  const { order } = outbox;
  try {
    const view = await loadAnnotations(id);
    if (state.dataset !== id) return;
    // Who went on to another slice or began to paint meanwhile stays there.
    if (state.slice === slice && !state.stroke && outbox.order === order) restoreView(view);
  } catch (error) {
    complain(error);
  }
  if (place.slice !== undefined) state.slice = Math.min(dataset.shape.z - 1, Math.max(0, place.slice));
  if (place.zoom) {
    state.view = { zoom: place.zoom, centre: { y: place.y ?? state.view.centre.y, x: place.x ?? state.view.centre.x } };
    state.hasFitted = true;
  }
  preparedFor = id;
  changed("slice", "view");
}

/** The dataset whose view was restored: only then is it worth keeping. @type {number | null} */
let preparedFor = null;
/** Whether the tomogram that is shown is as this person left it. */
export const isPrepared = () => preparedFor === state.dataset;

/** @param {any} view */
function restoreView(view) {
  if (!view) return;
  const depth = activeDataset()?.shape.z ?? 1;
  if (view.centre) {
    state.slice = Math.min(depth - 1, Math.max(0, Math.round(view.centre.z)));
    if (view.zoom) {
      state.view = { zoom: view.zoom, centre: { y: view.centre.y, x: view.centre.x } };
      state.hasFitted = true;
    }
  }
  if (view.contrast) Object.assign(state.contrast, { black: view.contrast.black, white: view.contrast.white });
  state.contrast.isAuto = view.hasAutoContrast ?? true;
  state.contrast.isInverted = view.isInverted ?? false;
  state.isSmooth = view.interpolates ?? true;
  if (versions(state.dataset).some(({ id }) => id === view.version)) state.version = view.version;
  const extras = asObject(view.extras);
  const filters = asObject(view.filters);
  if (Array.isArray(filters)) state.filters = filters;
  state.filtersAreOn = extras?.filtersAreOn ?? true;
  state.slab = extras?.slab ?? 1;
  state.crop = extras?.crop ?? null;
  state.overlay = { ...state.overlay, ...extras?.overlay };
}

/** @param {unknown} value  JSON, or what it says */
function asObject(value) {
  try {
    return typeof value === "string" ? JSON.parse(value) : value;
  } catch {
    return null;
  }
}

/** Keeps how this person looks at the tomogram, a second after the last change. */
const saveView = {
  timer: /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined),
  last: "",
  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.now(), 1000);
  },
  now() {
    clearTimeout(this.timer);
    if (state.dataset === null || preparedFor !== state.dataset) return;
    const { view, contrast } = state;
    const fields = {
      centre: { z: state.slice, y: view.centre.y, x: view.centre.x }, zoom: view.zoom, contrast: { black: contrast.black, white: contrast.white },
      hasAutoContrast: contrast.isAuto, isInverted: contrast.isInverted, interpolates: state.isSmooth, version: state.version,
      filters: JSON.stringify(state.filters), extras: JSON.stringify({ filtersAreOn: state.filtersAreOn, slab: state.slab, crop: state.crop, overlay: state.overlay }),
    };
    const text = JSON.stringify([state.dataset, fields]);
    if (text === this.last || outbox.count > 20) return;
    this.last = text;
    edit([{ kind: "set-view", dataset: state.dataset, ...fields }]);
  },
};
listen(["view", "slice", "contrast"], () => saveView.later());

// A project may be opened while its tomograms are still being added: the first that comes is shown, and what comes back by undo.
listen(["datasets"], () => {
  const [first] = state.screen === "project" && state.dataset === null ? datasets() : [];
  if (first) void showDataset(first.id);
});

/** @param {number} by  rows of the list as it is shown */
export function stepDataset(by) {
  const list = rows();
  if (list.length === 0) return;
  const at = list.findIndex(({ id }) => id === state.dataset);
  void showDataset(list[wrapped(Math.max(0, at), by, list.length)].id);
}

/** @param {number} by */
export function stepSlice(by) {
  const depth = activeDataset()?.shape.z;
  if (!depth) return;
  if (wraps(state.slice, by, depth)) state.announcement = by > 0 ? "First slice" : "Last slice";
  state.direction = Math.sign(by) || state.direction;
  goToSlice(wrapped(state.slice, by, depth));
}

/** @param {number} slice */
export function goToSlice(slice) {
  const depth = activeDataset()?.shape.z ?? 1;
  const next = Math.min(depth - 1, Math.max(0, slice));
  if (next === state.slice) return;
  state.direction = Math.sign(next - state.slice) || state.direction;
  state.slice = next;
  showSlice();
  changed("slice");
}

/** The next version of the tomogram at the same place. */
export function nextVersion() {
  const own = versions(state.dataset);
  if (own.length < 2) return;
  const at = own.findIndex(({ id }) => id === state.version);
  chooseVersion(own[(at + 1) % own.length].id);
}

/** @param {number} id */
export function chooseVersion(id) {
  state.version = id;
  changed("datasets", "slice");
}

listen(["slice", "view"], () => {
  if (state.dataset !== null) showSlice();
});

/** Folders that were looked into last. @returns {string[]} */
export const recentFolders = () => preference("folders", /** @type {string[]} */ ([]));
/** @param {string} path */
export const rememberFolder = (path) => setPreference("folders", [path, ...recentFolders().filter((other) => other !== path)].slice(0, 8));

/** @param {{ kind: string, [field: string]: unknown }} job */
export const startJob = (job) => begin(() => api.startJob(/** @type {string} */ (state.project?.key), job));

/** @param {{ kind: string, [field: string]: unknown }} what */
export const startExport = (what) => begin(() => api.exportFiles(/** @type {string} */ (state.project?.key), what));

/** Says that it began, unless it is done already, which says so itself. @param {{ kind: string, [field: string]: unknown }} what */
export async function startImport(what) {
  const job = await api.importFiles(/** @type {string} */ (state.project?.key), what);
  noteJob(job);
  const now = state.jobs.find(({ id }) => id === job.id)?.state;
  if (now === "waiting" || now === "running") tell("Import started");
}

/** @param {() => Promise<import("../model/types.js").Job>} start */
export async function begin(start) {
  try {
    noteJob(await start());
    state.sheet = { kind: "jobs" };
    changed("ui");
  } catch (error) {
    complain(error);
  }
}
