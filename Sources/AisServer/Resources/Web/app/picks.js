// Picking: which segmentation is looked at, what would be picked with the rules as they are, and picking in all of them.

import * as api from "../api.js";
import { STANDARD, byFeature, byName, datasetNamed, folderOf, groupOf, moved, onPlane, planeSize, question, sample, thresholdOf, turned } from "../model/picks.js";
import { noteJob } from "./project.js";
import { changed, complain, datasets, listen, state, versions } from "./state.js";

/** @import { Analysis, Axis, Found, Segmentation, Settings, Size } from "../model/picks.js" */

/** @typedef {"planes" | "projection" | "crops"} Pictures */
/** @typedef {{ key: string, bytes: Uint8Array, height: number, width: number }} Plane */

export const AXES = /** @type {Axis[]} */ (["xy", "yz", "xz"]);
/** Picks on the sheet that are chosen by chance. */
export const SHOWN = 50;

export const picks = {
  list: /** @type {Segmentation[]} */ ([]),
  /** Where the list comes from; null: where segmentations of this project lie. */
  folder: /** @type {string | null} */ (null),
  isListed: false,
  /** Feature and folder. */
  group: "",
  segmentation: /** @type {Segmentation | null} */ (null),
  settings: { ...STANDARD },
  analysis: /** @type {Analysis | null} */ (null),
  /** How far reading is; null when nothing is read. */
  reading: /** @type {number | null} */ (null),
  found: /** @type {Found | null} */ (null),
  /** Whether `found` is of settings that were changed since. */
  isStale: false,
  problem: /** @type {Error | null} */ (null),
  /** Time from the question to the answer. */
  seconds: 0,
  point: /** @type {Size} */ ({ z: 0, y: 0, x: 0 }),
  view: /** @type {Pictures} */ ("planes"),
  /** Of the segmentation, and of the tomogram. */
  planes: /** @type {Map<Axis, Plane>} */ (new Map()),
  greys: /** @type {Map<Axis, Plane>} */ (new Map()),
  projection: /** @type {Plane | null} */ (null),
  crops: /** @type {{ places: number[], side: number, bytes: Uint8Array } | null} */ (null),
  seed: 1,
  format: "ais",
  tomogramsStar: "",
  output: "",
  job: /** @type {string | null} */ (null),
};

const project = () => state.project?.key ?? "";
/** Lengths are counted in voxels where nobody said how large these are. */
export const isInVoxels = () => picks.analysis !== null && picks.analysis.voxelSizeAngstrom === null;
/** A length of the rules in voxels. @param {number} length */
export const inVoxels = (length) => (isInVoxels() ? length : (length * 10) / (picks.analysis?.voxelSizeAngstrom?.x ?? 10));
/** The question with the rules as they are. */
const asked = () => question(picks.segmentation?.path ?? "", picks.settings, isInVoxels());
/** The threshold that the answer was made with, of 255. */
export const level = () => (picks.settings.isAutomatic ? (picks.found?.level ?? 128) : thresholdOf(picks.settings.level));
export const ofGroup = () => picks.list.filter((one) => groupOf(one) === picks.group);

/** Looks which segmentations there are: of a folder, of files by name, or where one would look. @param {{ folder?: string, paths?: string[] }} [where] */
export async function lookFor({ folder, paths } = {}) {
  picks.folder = folder ?? null;
  try {
    const folders = paths && !folder ? [...new Set(paths.map(folderOf))] : [folder];
    const lists = await Promise.all(folders.map((one) => api.segmentations(project(), one)));
    const all = lists.flatMap(({ segmentations }) => segmentations);
    const files = datasets().flatMap(({ id }) => versions(id).map(({ path }) => ({ dataset: id, path })));
    const datasetOf = (/** @type {string} */ tomogram) => datasetNamed(tomogram, datasets(), files);
    const found = paths ? paths.map((path) => all.find((one) => one.path === path) ?? byName(path, datasetOf)) : all;
    picks.list = found.map((one) => ({ ...one, dataset: one.dataset ?? datasetOf(one.tomogram) }));
    picks.isListed = true;
    picks.problem = null;
    if (!byFeature(picks.list).has(picks.group)) picks.group = picks.list[0] ? groupOf(picks.list[0]) : "";
    const here = ofGroup();
    const before = here.find(({ path }) => path === picks.segmentation?.path);
    choose(before ?? here.find(({ dataset }) => dataset === state.dataset) ?? here[0] ?? null);
  } catch (error) {
    picks.problem = /** @type {Error} */ (error);
  }
  changed("picks");
}

/** @param {string} group */
export function chooseGroup(group) {
  picks.group = group;
  const here = ofGroup();
  choose(here.find(({ tomogram }) => tomogram === picks.segmentation?.tomogram) ?? here[0] ?? null);
}

/** @param {Segmentation | null} segmentation */
export function choose(segmentation) {
  const isAnother = segmentation?.path !== picks.segmentation?.path;
  picks.segmentation = segmentation;
  changed("picks");
  if (segmentation && (isAnother || !picks.analysis)) void analyse(true);
}

/** Reads the segmentation once; then pictures and counts come from memory. @param {boolean} isNew  another one than before */
async function analyse(isNew) {
  stopAll();
  const wanted = picks.segmentation;
  if (!wanted) return;
  Object.assign(picks, { found: null, problem: null, projection: null, crops: null, reading: 0 });
  picks.planes.clear();
  if (isNew) picks.greys.clear();
  changed("picks");
  const controller = begin("analysis");
  try {
    picks.analysis = await api.pickAnalysis(project(), asked(), controller.signal);
    if (picks.segmentation !== wanted) return;
    const { shape } = picks.analysis;
    if (isNew) picks.point = { z: Math.floor(shape.z / 2), y: Math.floor(shape.y / 2), x: Math.floor(shape.x / 2) };
    picks.reading = null;
    changed("picks");
    void find();
    void bringPictures();
  } catch (error) {
    note(error, controller);
  }
}

/** @type {Map<string, AbortController>} */
const going = new Map();

/** Calls off what was asked before under a name. @param {string} name */
function begin(name) {
  going.get(name)?.abort();
  const controller = new AbortController();
  going.set(name, controller);
  return controller;
}

/** Calls off everything, as when the sheet is closed. */
export function stopAll() {
  for (const controller of going.values()) controller.abort();
  going.clear();
}

/** Goes on where the sheet was left. */
export function resume() {
  if (picks.segmentation && (picks.reading !== null || !picks.found)) void analyse(true);
  else if (picks.analysis) void bringPictures();
}

/** @param {unknown} error @param {AbortController} controller */
function note(error, controller) {
  if (controller.signal.aborted) return;
  picks.problem = /** @type {Error} */ (error);
  picks.reading = null;
  changed("picks");
}

/** Other rules: the count follows, also while a slider moves. @param {Partial<Settings>} settings */
export function change(settings) {
  const isReadAnew = settings.binning !== undefined && settings.binning !== picks.settings.binning;
  Object.assign(picks.settings, settings);
  picks.isStale = true;
  changed("picks");
  if (isReadAnew) void analyse(false);
  else void find();
}

/** What would be picked. */
async function find() {
  if (!picks.segmentation || !picks.analysis) return;
  const controller = begin("find");
  const start = performance.now();
  try {
    const found = await api.pickPreview(project(), asked(), controller.signal);
    if (controller.signal.aborted) return;
    Object.assign(picks, { found, isStale: false, problem: null, reading: null, seconds: (performance.now() - start) / 1000, crops: null });
    changed("picks");
    if (picks.view === "crops") void bringCrops();
  } catch (error) {
    note(error, controller);
  }
}

/** @param {Pictures} view */
export function show(view) {
  picks.view = view;
  changed("picks");
  void bringPictures();
}

/** Moves the point where the planes meet. @param {Size} point */
export function moveTo(point) {
  const { shape } = picks.analysis ?? { shape: { z: 1, y: 1, x: 1 } };
  const within = (/** @type {number} */ value, /** @type {number} */ size) => Math.min(size - 1, Math.max(0, Math.round(value)));
  picks.point = { z: within(point.z, shape.z), y: within(point.y, shape.y), x: within(point.x, shape.x) };
  changed("picks");
  void bringPictures();
}

/** Shows a pick: the planes through it. @param {number} place */
export function showPick(place) {
  const point = picks.found?.points[place];
  if (!point) return;
  picks.view = "planes";
  moveTo({ z: point[0], y: point[1], x: point[2] });
}

/** The pictures of what is looked at. */
async function bringPictures() {
  if (!picks.analysis) return;
  if (picks.view === "projection") return bringProjection();
  if (picks.view === "crops") return bringCrops();
  await Promise.all(AXES.flatMap((axis) => [bringPlane(axis), bringGrey(axis)]));
}

/** @param {Axis} axis */
async function bringPlane(axis) {
  const index = onPlane(axis, [picks.point.z, picks.point.y, picks.point.x]).depth;
  const searched = Math.min(planeSize(axis, /** @type {Analysis} */ (picks.analysis).searched).depth - 1, Math.floor(index / picks.settings.binning));
  const key = `${picks.segmentation?.path} ${picks.settings.binning} ${searched}`;
  if (picks.planes.get(axis)?.key === key) return;
  const controller = begin(`plane ${axis}`);
  try {
    const plane = await api.pickPlane(project(), { ...asked(), plane: axis, index: searched }, controller.signal);
    if (controller.signal.aborted) return;
    picks.planes.set(axis, axis === "yz" ? { key, bytes: turned(plane.bytes, plane.height, plane.width), height: plane.width, width: plane.height } : { key, ...plane });
    changed("picks");
  } catch (error) {
    note(error, controller);
  }
}

/** The tomogram's version that a segmentation lies on. */
export function ground() {
  const shape = picks.analysis?.shape;
  const dataset = datasets().find(({ id }) => id === picks.segmentation?.dataset);
  return versions(dataset?.id ?? null).find((version) => version.state === "ok" && shape && version.shape.z === shape.z && version.shape.y === shape.y && version.shape.x === shape.x) ?? null;
}

/** @param {Axis} axis */
async function bringGrey(axis) {
  const version = ground();
  if (!version) return;
  const index = onPlane(axis, [picks.point.z, picks.point.y, picks.point.x]).depth;
  const key = `${version.key} ${index}`;
  if (picks.greys.get(axis)?.key === key) return;
  const { height, width } = planeSize(axis, version.shape);
  // One tile is enough to look at picks; larger planes come binned.
  const binned = Math.max(0, Math.ceil(Math.log2(Math.max(height, width) / 1024)));
  const controller = begin(`grey ${axis}`);
  try {
    const tile = await api.tile(project(), { dataset: version.dataset, version: version.id, key: version.key, axis, index, level: binned, slab: 1, format: "u8" }, 0, 0, controller.signal, true);
    if (controller.signal.aborted) return;
    const bytes = new Uint8Array(tile.buffer);
    picks.greys.set(axis, axis === "yz" ? { key, bytes: turned(bytes, tile.height, tile.width), height: tile.width, width: tile.height } : { key, bytes, height: tile.height, width: tile.width });
    changed("picks");
  } catch (error) {
    note(error, controller);
  }
}

async function bringProjection() {
  const key = `${picks.segmentation?.path} ${picks.settings.binning}`;
  if (picks.projection?.key === key) return;
  const controller = begin("projection");
  try {
    const plane = await api.pickPlane(project(), { ...asked(), plane: "xy" }, controller.signal);
    if (controller.signal.aborted) return;
    picks.projection = { key, ...plane };
    changed("picks");
  } catch (error) {
    note(error, controller);
  }
}

async function bringCrops() {
  const { found, crops } = picks;
  if (!found || crops || found.count === 0) return;
  const places = sample(found.count, SHOWN, picks.seed);
  const side = Math.min(256, Math.max(16, 2 * Math.round(inVoxels(picks.settings.spacing) * 1.2)));
  const controller = begin("crops");
  try {
    const bytes = await api.pickCrops(project(), { ...asked(), points: places.map((place) => found.points[place]), side }, controller.signal);
    if (controller.signal.aborted || picks.found !== found) return;
    picks.crops = { places, side, bytes };
    changed("picks");
  } catch (error) {
    note(error, controller);
  }
}

/** Other picks by chance. */
export function otherCrops() {
  picks.seed += 1;
  picks.crops = null;
  void bringCrops();
}

/** Picks in all segmentations of the feature, or only in this one. @param {boolean} isAll */
export async function pickIn(isAll) {
  const list = isAll ? ofGroup() : picks.segmentation ? [picks.segmentation] : [];
  const { path: _, ...rules } = asked();
  try {
    const job = await api.startPicking(project(), { ...rules, paths: list.map(({ path }) => path), format: picks.format, ...(picks.tomogramsStar ? { tomogramsStar: picks.tomogramsStar } : {}), ...(picks.output ? { folder: picks.output } : {}) });
    picks.job = job.id;
    noteJob(job);
    changed("picks");
  } catch (error) {
    complain(error);
  }
}

listen(["pickNews"], () => {
  if (!state.pickNews || picks.reading === null || state.pickNews.path !== picks.segmentation?.path) return;
  picks.reading = state.pickNews.fraction ?? picks.reading;
  changed("picks");
});

/** The point of a press in a plane. @param {Axis} axis @param {number} row @param {number} column */
export const pressed = (axis, row, column) => moveTo(moved(axis, picks.point, row, column));

// Another project has other segmentations.
let known = "";
listen(["session"], () => {
  if (known === project()) return;
  known = project();
  stopAll();
  Object.assign(picks, { list: [], isListed: false, folder: null, group: "", segmentation: null, analysis: null, found: null, reading: null, problem: null, projection: null, crops: null, job: null });
  picks.planes.clear();
  picks.greys.clear();
});
