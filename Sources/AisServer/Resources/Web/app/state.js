// What the page knows and shows, and who wants to hear when it changes. One object; changes are announced by topic, and
// those who listen are called once a frame.

import { Registers } from "../model/registers.js";
import { Planes } from "../model/planes.js";
import { UndoState } from "../model/undo.js";
import { preference } from "./storage.js";

/** @import { Architectures, Filter, Job, Person, Point, Rectangle, SliceData, Stroke, Version, Dataset, Feature, Box, Card, Counts, EpochLine, Forecast, Library, Model, ModelState, Rule, Sample, SetForecast, Training, TrainingSet } from "../model/types.js" */
/** @import { Stage } from "../model/predictions.js" */
/** @import { Overrides } from "../model/bindings.js" */
/** @import { Order } from "../model/search.js" */
/** @import { Histogram } from "../model/contrast.js" */
/** @import { Remedy, Session } from "../api.js" */
/** @import { Limit, RowFilter, Run, RunForecast } from "../model/runs.js" */

/** @typedef {"brush" | "lasso" | "sphere" | "eraser" | "box" | "template" | "pan" | "measure" | "wand"} Tool */
/** @typedef {"session" | "datasets" | "slice" | "shown" | "view" | "contrast" | "features" | "annotations" | "tool" | "ui" | "people" | "jobs" | "connection" | "history" | "cursor" | "toast" | "models" | "predictions" | "training" | "runs" | "picks" | "pickNews" | "tour"} Topic */
/** @typedef {"annotate" | "models" | "run"} Task */
/** @typedef {{ kind: string, [field: string]: unknown }} Sheet */
/** @typedef {{ text: string, isError: boolean, action?: { title: string, run(): void } | null, ends: number }} Toast */
/** @typedef {{ feature: number, slice: number, pixels: number, boxes: number }} Annotated */

export const state = {
  screen: /** @type {"start" | "project" | "loading"} */ ("loading"),
  session: /** @type {Session | null} */ (null),
  project: /** @type {{ key: string, name: string, path: string } | null} */ (null),
  author: preference("author", ""),
  sequence: 0,
  registers: new Registers(),
  planes: new Planes(),
  undo: new UndoState(),
  /** State and key of versions, which change without edits. @type {Map<number, { state: string, reason: string, key: string }>} */
  versionStates: new Map(),
  /** Annotated slices of the dataset that is shown. @type {Annotated[]} */
  annotated: [],
  /** Counts by dataset and feature, for the list. @type {{ dataset: number, feature: number, slices: number, boxes: number }[]} */
  totals: [],
  people: /** @type {Person[]} */ ([]),
  jobs: /** @type {Job[]} */ ([]),
  connection: {
    isUp: true, waiting: 0, attempt: 0, saved: 0,
    /** Why the server, though it is there, cannot take edits; empty when it can. */
    hindrance: "",
  },

  task: /** @type {Task} */ ("annotate"),
  /** What of the right column has the inspector. */
  inspected: /** @type {"feature" | "model" | "rule"} */ ("feature"),
  /** Which section of Models is unfolded. A choice of a row does not change it: rows stay where they were pressed. */
  unfolded: /** @type {"training" | "rules"} */ ("training"),
  dataset: /** @type {number | null} */ (null),
  version: /** @type {number | null} */ (null),
  feature: /** @type {number | null} */ (null),
  /** The feature that was just made by a button, whose name is typed first. */
  naming: /** @type {number | null} */ (null),
  slice: 0,
  /** Of the last moves, for reading ahead. */
  direction: 1,
  /** What the picture shows, which is the slice before while the next one is on its way. */
  shown: { slice: -1, key: "", isLate: false },
  view: { centre: /** @type {Point} */ ({ y: 0, x: 0 }), zoom: 1 },
  hasFitted: false,
  contrast: { isAuto: true, black: 0, white: 1, isInverted: false },
  isSmooth: true,
  slab: 1,
  filters: /** @type {Filter[]} */ ([]),
  filtersAreOn: true,
  overlaysAreHidden: false,
  crop: /** @type {Rectangle | null} */ (null),
  /** A second picture over the slice: how it is wanted, and the slice of it that is here. */
  overlay: { version: /** @type {number | null} */ (null), opacity: 0.5, blend: /** @type {"over" | "add" | "multiply"} */ ("add"), colour: "#4ade80", isHidden: false },
  overlayShown: /** @type {{ key: string, data: SliceData, black: number, white: number } | null} */ (null),
  /** Networks: what is known of them beside their cells, and the version of what they give together. */
  model: /** @type {number | null} */ (null),
  /** One that is chosen as soon as its row is here. */
  awaitedModel: /** @type {number | null} */ (null),
  rule: /** @type {number | null} */ (null),
  modelStates: /** @type {Map<number, ModelState>} */ (new Map()),
  combination: "",
  stage: /** @type {Stage} */ ("final"),
  /** Raw as long as a key is held. */
  isRawHeld: false,
  showsRemoved: true,
  predictionsAreHidden: false,
  /** Of the slice in view, by model. @type {Map<number, { seconds: number | null, pixels: number | null, error: { message: string, remedy: Remedy | null } | null, isWaiting: boolean }>} */
  predicted: new Map(),
  /** From the slice's coming into view until all that is wanted was there. @type {{ seconds: number, models: number } | null} */
  overlayTime: null,
  forecast: /** @type {{ models: Forecast[], cached: number[] } | null} */ (null),
  /** Runs, the latest first; of those that were looked at, with their tomograms. */
  runs: /** @type {Run[]} */ ([]),
  /** The run that is looked at; null: the next one, which is being set up. */
  run: /** @type {number | null} */ (null),
  runFilter: /** @type {RowFilter} */ ("all"),
  runSearch: "",
  runIsBusy: false,
  /** What runs wrote and is shown over slices: run and model. */
  resultEyes: /** @type {Set<string>} */ (new Set()),
  /** What of single tomograms is run. */
  runLimits: /** @type {Map<number, Limit>} */ (new Map()),
  runForecast: /** @type {{ found: RunForecast | null, error: string, key: string } | null} */ (null),
  runPlaces: /** @type {{ devices: { device: string, title: string, isUsable: boolean, details: string, remedy: string | null }[], slurm: { version: string } | null } | null} */ (null),
  runSetup: {
    /** Null: those that take part on the page. */
    models: /** @type {Set<number> | null} */ (null),
    excluded: /** @type {Set<number>} */ (new Set()),
    combines: true,
    /** Null: as each model says. */
    augmentations: /** @type {number | null} */ (null),
    output: "",
    outputType: "uint16",
    replaces: false,
    place: /** @type {"here" | "slurm" | "script"} */ ("here"),
    device: /** @type {"cpu" | "gpu"} */ ("cpu"),
    cards: /** @type {number[]} */ ([]),
    workers: 1,
    /** GiB and processors; null: what there is. */
    memory: /** @type {number | null} */ (null),
    threads: /** @type {number | null} */ (null),
    slurm: /** @type {Record<string, string>} */ ({}),
  },
  /** How far the server is with reading a segmentation to be picked from. */
  pickNews: /** @type {{ path: string, fraction: number | null } | null} */ (null),
  set: /** @type {number | null} */ (null),
  counts: /** @type {{ set: number, counts: Counts } | null} */ (null),
  samples: /** @type {Sample[] | null} */ (null),
  /** What learning from the set takes here, before anybody tried. */
  setForecast: /** @type {{ asked: string, times: SetForecast } | null} */ (null),
  showsSetBoxes: true,
  architectures: /** @type {Architectures | null} */ (null),
  trainings: /** @type {Training[]} */ ([]),
  histories: /** @type {Map<string, EpochLine[]>} */ (new Map()),
  isOrtho: false,
  ortho: { y: 0, x: 0 },
  statistics: /** @type {{ histogram: Histogram, sorted: Float32Array, mean: number, deviation: number } | null} */ (null),
  problem: /** @type {{ message: string, remedy: Remedy | null } | null} */ (null),

  tool: /** @type {Tool} */ ("brush"),
  isFlood: false,
  boxGrid: false,
  /** The stroke that goes on here. */
  stroke: /** @type {Stroke | null} */ (null),
  cursor: /** @type {{ point: Point, value: number | null } | null} */ (null),

  sheet: /** @type {Sheet | null} */ (null),
  menu: /** @type {string | null} */ (null),
  drawer: false,
  columnsAreHidden: false,
  /** What was said last in passing, and the error that somebody has not closed yet: neither hides the other. */
  toast: /** @type {Toast | null} */ (null),
  alarm: /** @type {Toast | null} */ (null),
  search: "",
  order: preference("order", /** @type {Order} */ ("position")),
  isReversed: false,
  /** The feature by which the list is ordered; the chosen one when it is empty. */
  orderFeature: "",
  /** Folders of the list that show their name alone. */
  foldedFolders: /** @type {Set<string>} */ (new Set()),
  rowKind: preference("rows", /** @type {"rows" | "compact" | "gallery"} */ ("rows")),
  isGrouped: preference("grouped", false),
  announcement: "",
  theme: preference("theme", matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark"),
  preferences: {
    keys: preference("keys", /** @type {Overrides} */ ({})),
    singleKeys: preference("singleKeys", true),
    firstSlice: preference("firstSlice", /** @type {0 | 1} */ (0)),
    isTint: preference("tint", false),
    format: preference("format", /** @type {"f16" | "u8"} */ ("f16")),
    touchpad: preference("touchpad", 40),
    penPressure: preference("penPressure", false),
    scale: preference("scale", 100),
    left: preference("left", 0),
    right: preference("right", 0),
    folded: preference("folded", /** @type {string[]} */ ([])),
  },
};

/** @type {Map<Topic, Set<() => void>>} */
const listeners = new Map();
/** @type {Set<Topic>} */
const due = new Set();
let isScheduled = false;

/** Says that something changed; listeners are called before the next frame. @param {...Topic} topics */
export function changed(...topics) {
  for (const topic of topics) due.add(topic);
  if (isScheduled) return;
  isScheduled = true;
  // A hidden tab has no frames, and must not pile up what it missed.
  if (document.hidden) setTimeout(flush, 100);
  else requestAnimationFrame(flush);
}

function flush() {
  isScheduled = false;
  const called = new Set();
  for (const topic of due) for (const listener of listeners.get(topic) ?? []) called.add(listener);
  due.clear();
  for (const listener of called) listener();
}

/** @param {Topic[]} topics @param {() => void} listener @returns {() => void} how to stop */
export function listen(topics, listener) {
  for (const topic of topics) {
    const set = listeners.get(topic) ?? new Set();
    listeners.set(topic, set.add(listener));
  }
  return () => topics.forEach((topic) => listeners.get(topic)?.delete(listener));
}

const byPosition = (/** @type {{ position?: any, id: any }} */ a, /** @type {{ position?: any, id: any }} */ b) =>
  (a.position ?? 0) - (b.position ?? 0) || a.id - b.id;

/** @returns {Feature[]} */
export const features = () => /** @type {any[]} */ (state.registers.list("feature")).sort(byPosition);

/** @returns {Feature | null} */
export const activeFeature = () => features().find((feature) => feature.id === state.feature) ?? null;

/** @returns {Dataset[]} */
export const datasets = () => state.registers.list("dataset").map(asDataset).sort(byPosition);

/** @param {Record<string, any>} record @returns {Dataset} */
const asDataset = (record) => ({
  id: record.id, name: record.name, position: record.position ?? 0, shape: { z: record.sizeZ, y: record.sizeY, x: record.sizeX },
  voxelSizeAngstrom: record.voxelSizeXAngstrom
    ? { z: record.voxelSizeZAngstrom, y: record.voxelSizeYAngstrom, x: record.voxelSizeXAngstrom } : null,
});

/** @returns {Dataset | null} */
export function activeDataset() {
  const record = state.registers.get("dataset", state.dataset);
  return record ? asDataset(record) : null;
}

/** @param {number | null} dataset @returns {Version[]} */
export const versions = (dataset) => state.registers.list("version").filter((record) => record.dataset === dataset)
  .map((/** @type {Record<string, any>} */ record) => {
    const now = state.versionStates.get(record.id);
    return /** @type {Version} */ ({
      id: record.id, dataset: record.dataset, kind: record.kind, title: record.title || record.kind, position: record.position ?? 0, path: record.path ?? "",
      scale: { up: record.scaleUp ?? 1, down: record.scaleDown ?? 1 }, shape: { z: record.sizeZ, y: record.sizeY, x: record.sizeX },
      state: now?.state ?? "ok", reason: now?.reason ?? "", key: now?.key ?? "",
    });
  }).sort(byPosition);

/** @returns {Version | null} */
export const activeVersion = () => versions(state.dataset).find((version) => version.id === state.version) ?? null;

/** Boxes of the dataset that is shown. @returns {Box[]} */
export function boxes() {
  const live = new Set(state.registers.list("feature").map((feature) => feature.id));
  return state.registers.list("box").filter((box) => box.dataset === state.dataset && live.has(box.feature))
    .map((/** @type {Record<string, any>} */ box) => ({ id: box.id, dataset: box.dataset, feature: box.feature, slice: box.z, y: box.y, x: box.x }));
}

/** The size that a feature's boxes have only in the dataset that is shown; null when it is the feature's. @param {Feature} feature */
export function ownBoxSize(feature) {
  // The last that was set counts.
  const layer = state.registers.list("layer").findLast((other) => other.dataset === state.dataset && other.feature === feature.id);
  return layer?.boxSize ? Number(layer.boxSize) : null;
}

/** The size of a feature's boxes in the dataset that is shown. @param {Feature} feature */
export const boxSizeOf = (feature) => ownBoxSize(feature) ?? Number(feature.boxSize);

/** @returns {Library[]} */
export const libraries = () => /** @type {any[]} */ (state.registers.list("library")).sort((a, b) => a.id - b.id);

/** @param {number} [library] @returns {Card[]} */
export const cards = (library) => /** @type {any[]} */ (state.registers.list("libraryFeature"))
  .filter((card) => library === undefined || card.library === library).sort(byPosition);

/** @type {ModelState} */
const UNKNOWN = { state: "ready", reason: "", version: "", network: null, training: null, source: null };

/** @returns {Model[]} */
export const models = () => state.registers.list("model")
  .map((record) => /** @type {any} */ ({ ...record, ...(state.modelStates.get(Number(record.id)) ?? UNKNOWN) })).sort(byPosition);

/** @returns {Model | null} */
export const activeModel = () => models().find(({ id }) => id === state.model) ?? null;

/** Rules in the order in which they are carried out; those of models that are gone are none. @returns {Rule[]} */
export function rules() {
  const there = new Set(state.registers.list("model").map(({ id }) => id));
  return /** @type {any[]} */ (state.registers.list("rule")).filter(({ child, parent }) => there.has(child) && there.has(parent)).sort(byPosition);
}

/** @param {unknown} text  JSON @param {any} otherwise */
function asJSON(text, otherwise) {
  try {
    return typeof text === "string" ? JSON.parse(text) : otherwise;
  } catch {
    return otherwise;
  }
}

/** @returns {TrainingSet[]} */
export const trainingSets = () => state.registers.list("trainingSet")
  .map((record) => /** @type {any} */ ({ ...record, roles: asJSON(record.roles, {}), datasets: asJSON(record.datasets, null) })).sort(byPosition);

/** The set in the right column: the one that was chosen, or the first. @returns {TrainingSet | null} */
export const activeSet = () => trainingSets().find(({ id }) => id === state.set) ?? trainingSets()[0] ?? null;

/** The frame's slice: rows and columns. */
export function frame() {
  const dataset = activeDataset();
  return dataset ? { height: dataset.shape.y, width: dataset.shape.x } : { height: 1, width: 1 };
}

/** @param {string} text @param {{ title: string, run(): void } | null} [action] */
export function tell(text, action = null) {
  show({ text, isError: false, action, ends: performance.now() + 8000 });
}

/** Says what went wrong; stays until read. @param {unknown} error @param {{ title: string, run(): void } | null} [action] */
export function complain(error, action = null) {
  show({ text: error instanceof Error ? error.message : String(error), isError: true, action, ends: Infinity });
}

/** @param {Toast} toast */
function show(toast) {
  state[toast.isError ? "alarm" : "toast"] = toast;
  state.announcement = toast.text;
  changed("toast");
  if (toast.ends !== Infinity) {
    setTimeout(() => {
      if (state.toast !== toast) return;
      state.toast = null;
      changed("toast");
    }, 8000);
  }
}
