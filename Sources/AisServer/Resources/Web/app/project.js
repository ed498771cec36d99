// The open project: its snapshot, the stream of what happens in it, and edits on their way.

import * as api from "../api.js";
import { Outbox, Unreachable, retryDelay } from "../model/outbox.js";
import { decoded } from "../model/patch.js";
import { predicted } from "../model/edits.js";
import { Registers } from "../model/registers.js";
import { Mask } from "../model/mask.js";
import { decode } from "../model/mask-codec.js";
import { counted } from "../model/units.js";
import { asMask, compute } from "./compute.js";
import { outboxStorage } from "./storage.js";
import { changed, complain, frame, state, tell } from "./state.js";
import { maskChanged, redraw } from "./picture.js";
import { described } from "../model/undo.js";
import { loop, runs, show } from "./listeners.js";
import { takeSnapshot, takeVersion } from "./snapshot.js";

/** @import { Item } from "../model/outbox.js" */
/** @import { Patch } from "../model/patch.js" */
/** @import { Plane } from "../model/planes.js" */
/** @import { Edit, Entry, Job } from "../model/types.js" */

/** @type {() => void} */
let stopEvents = () => {};
/** @type {ReturnType<typeof setTimeout> | undefined} */
let retry;
/** Lines that came before those between. @type {Map<number, Entry>} */
const early = new Map();
/** Patches of the last lines, for masks that were asked for before and come after. @type {{ sequence: number, plane: Plane, patch: Patch }[]} */
let recent = [];

export const outbox = new Outbox(outboxStorage, send, {
  settled: (item) => settle(item),
  refused: (item, error) => {
    settle(item);
    complain(error);
  },
  hindered: (error) => hinder(error),
  changed: () => {
    state.connection.waiting = outbox.work;
    changed("connection");
  },
});

/** Opens the project of a key and shows it. @param {string} key */
export async function openProject(key) {
  closeProject();
  const snapshot = await api.project(key);
  state.project = { key, name: snapshot.name, path: snapshot.path };
  takeSnapshot(snapshot);
  const { entries } = await api.history(key, { limit: 200, author: state.author });
  state.undo.load(entries, state.author);
  for (const item of await outbox.restore(key).catch(() => [])) expect(item, []);
  state.jobs = (await api.jobs(key)).jobs;
  state.screen = "project";
  state.connection.saved = Date.now();
  changed("session", "datasets", "features", "history", "jobs", "people", "connection");
  listenFrom(state.sequence);
  loop.opened();
  runs.opened(snapshot.settings ?? {});
  void outbox.pump();
}

export function closeProject() {
  stopEvents();
  clearTimeout(retry);
  state.registers = new Registers();
  state.planes.clear();
  state.planes.pending = [];
  state.project = null;
  state.dataset = null;
  Object.assign(state, { feature: null, model: null, awaitedModel: null, rule: null, set: null, counts: null, samples: null, setForecast: null, forecast: null, overlayTime: null, trainings: [], architectures: null, inspected: "feature" });
  state.modelStates.clear();
  state.histories.clear();
  state.predicted.clear();
  early.clear();
  recent = [];
  clearTimeout(nextTry);
  state.connection.hindrance = "";
}

/** @param {number} after */
function listenFrom(after) {
  const key = /** @type {string} */ (state.project?.key);
  stopEvents = api.events(key, after, {
    opened: () => {
      const wasDown = !state.connection.isUp;
      const waiting = outbox.work;
      Object.assign(state.connection, { isUp: true, attempt: 0 });
      if (state.alarm?.text === AWAY) state.alarm = null;
      changed("connection", "toast");
      void outbox.pump().then((isDone) => {
        if (wasDown && isDone) tell(waiting > 0 ? `Back. ${counted(waiting, "edit")} sent.` : "Back.");
      });
      if (wasDown) {
        void refreshVersions();
        loop.opened();
        runs.back();
        api.jobs(key).then(({ jobs }) => jobs.forEach(noteJob), () => {});
      }
    },
    lost: () => reconnect(),
    entry: (entry) => take(entry),
    presence: (people) => {
      state.people = people;
      changed("people");
      redraw("overlay");
    },
    job: (job) => noteJob(job),
    versions: () => void refreshVersions(),
    models: () => loop.models(false),
    training: (training) => loop.training(training),
    run: (run) => runs.news(run),
    show: (wish) => show(wish),
    pick: (news) => {
      state.pickNews = news;
      changed("pickNews");
    },
  });
}

const STAGES = ["waiting", "running", "done", "failed", "cancelled"];

/** Takes what is known of a job. @param {Job} job */
export function noteJob(job) {
  const before = state.jobs.find(({ id }) => id === job.id);
  // The answer to the request may come after the news that the job is done: a job never goes back.
  if (before && STAGES.indexOf(job.state) < STAGES.indexOf(before.state)) return;
  state.jobs = [job, ...state.jobs.filter(({ id }) => id !== job.id)];
  changed("jobs");
  if (job.state === "failed" && before?.state !== "failed") complain(job.message ?? `${job.title} failed.`);
  if (job.state === "done" && before?.state !== "done") tell(job.message ?? `${job.title}: done`);
}

const AWAY = "No answer from the server. Go on: strokes are kept here and sent when it is back.";

/** The stream broke off: says so after two seconds, and tries again. */
function reconnect() {
  clearTimeout(retry);
  const { connection } = state;
  if (connection.isUp) {
    connection.isUp = false;
    connection.attempt = 0;
    const key = state.project?.key;
    setTimeout(() => {
      if (!state.connection.isUp && state.project?.key === key) {
        complain(AWAY, { title: "Try now", run: tryNow });
      }
    }, 2000);
  }
  changed("connection");
  retry = setTimeout(() => {
    connection.attempt += 1;
    if (state.project) listenFrom(state.sequence);
  }, retryDelay(connection.attempt));
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let nextTry;

/** The server cannot take edits just now: says why once, keeps them, and tries again until it can. @param {Error} error */
function hinder({ message }) {
  const { connection } = state;
  if (connection.hindrance !== message) complain(`${message} Edits are kept here and sent as soon as it works.`, { title: "Try now", run: sendNow });
  if (!connection.hindrance) connection.attempt = 0;
  connection.hindrance = message;
  changed("connection");
  clearTimeout(nextTry);
  nextTry = setTimeout(sendNow, retryDelay(connection.attempt));
  connection.attempt += 1;
}

/** Sends what was kept back. */
export function sendNow() {
  clearTimeout(nextTry);
  void outbox.pump();
}

/** An edit came through again. */
function unhinder() {
  const { connection } = state;
  if (!connection.hindrance) return;
  // What it says is over.
  if (state.alarm?.text.startsWith(connection.hindrance)) state.alarm = null;
  connection.hindrance = "";
  connection.attempt = 0;
  tell(`The server takes edits again. ${counted(outbox.work, "edit")} sent.`);
}

/** Tries at once, as when somebody looks at the window again. */
export function tryNow() {
  if (state.connection.isUp || !state.project) return;
  clearTimeout(retry);
  stopEvents();
  listenFrom(state.sequence);
}
addEventListener("focus", tryNow);

// A browser has six connections for all tabs of a server: those that nobody looks at give theirs back after a while, and
// catch up from the line that they have when they are looked at again.
/** @type {ReturnType<typeof setTimeout> | undefined} */
let sleep;
let isAsleep = false;
document.addEventListener("visibilitychange", () => {
  clearTimeout(sleep);
  if (document.hidden) {
    sleep = setTimeout(() => {
      if (!state.connection.isUp) return;
      stopEvents();
      isAsleep = true;
    }, 60000);
  } else if (isAsleep && state.project) {
    isAsleep = false;
    listenFrom(state.sequence);
  }
});

async function refreshVersions() {
  if (!state.project) return;
  try {
    const snapshot = await api.project(state.project.key);
    for (const dataset of snapshot.datasets) for (const version of dataset.versions) takeVersion(dataset, version);
    state.totals = snapshot.annotated ?? [];
    changed("datasets", "slice");
  } catch (error) {
    if (!(error instanceof Unreachable)) complain(error);
  }
}

async function refreshSettings() {
  const key = state.project?.key;
  if (!key) return;
  try {
    const snapshot = await api.project(key);
    if (state.project?.key === key) runs.settings(snapshot.settings ?? {});
  } catch (error) {
    if (!(error instanceof Unreachable)) complain(error);
  }
}

/** Takes a line of the journal, from whichever way it came, once and in order. @param {Entry} entry */
export function take(entry) {
  if (entry.sequence <= state.sequence) return;
  early.set(entry.sequence, entry);
  for (let next = early.get(state.sequence + 1); next; next = early.get(state.sequence + 1)) {
    early.delete(next.sequence);
    applyEntry(next);
  }
  // A line that is missing for long was cut out of the stream: ask for it again.
  if (early.size > 50) reconnect();
}

/** @param {Entry} entry */
function applyEntry(entry) {
  state.sequence = entry.sequence;
  const kinds = state.registers.apply(entry);
  for (const patch of entry.masks ?? []) {
    const plane = { dataset: patch.dataset, feature: patch.feature, slice: patch.slice };
    const decodedPatch = decoded(patch);
    recent.push({ sequence: entry.sequence, plane, patch: decodedPatch });
    // The first paint in the slice in view: there was nothing before, so nothing has to be asked for.
    const isNew = !state.annotated.some(({ feature, slice, pixels }) => feature === plane.feature && slice === plane.slice && pixels > 0);
    if (isNew && plane.dataset === state.dataset && plane.slice === state.slice && !state.planes.get(plane)) {
      const { height, width } = frame();
      state.planes.load(plane, new Mask(height, width), entry.sequence - 1);
    }
    const change = state.planes.confirm(plane, decodedPatch, entry.sequence);
    if (change) maskChanged(change.held, change.rectangle);
  }
  recent = recent.slice(-300);
  state.planes.advance(entry.sequence);
  state.undo.take(entry, state.author);
  announce(kinds);
  if (entry.client === api.client) state.connection.saved = Date.now();
  else if (kinds.has("version") || kinds.has("dataset")) void refreshVersions();
  if (kinds.has("setting") && entry.client !== api.client) void refreshSettings();
  if (["model", "rule", "setting"].some((kind) => kinds.has(kind))) loop.models(true);
  if ((entry.masks?.length ?? 0) > 0 || kinds.has("box")) summarise(entry);
  if (entry.action !== "edit" && entry.author === state.author) showWhere(entry);
  changed("history", "connection");
}

/** Tells those who show records of these kinds; what nobody touched is not drawn again. @param {Set<string>} kinds */
function announce(kinds) {
  if (["feature", "layer", "library", "libraryFeature"].some((kind) => kinds.has(kind))) changed("features");
  if (["dataset", "version"].some((kind) => kinds.has(kind))) changed("datasets");
  if (["model", "rule", "trainingSet"].some((kind) => kinds.has(kind))) changed("models");
  changed("annotations");
  redraw("overlay");
}

/** An undo is seen: the slice that it concerns comes into view. @param {Entry} entry */
function showWhere(entry) {
  state.announcement = `${entry.action === "undo" ? "Undone" : "Done again"}: ${described(entry)}${entry.slice === null || entry.slice === undefined ? "" : `, slice ${entry.slice}`}.`;
  const place = entry.masks?.[0] ?? entry;
  if (place.dataset === state.dataset && typeof place.slice === "number" && place.slice !== state.slice) {
    state.slice = place.slice;
    changed("slice");
  }
  redraw("flash");
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let summaryTimer;

/** Counts of slices and boxes after a change. Planes at hand are counted here, others by the server. @param {Entry} entry */
function summarise(entry) {
  const away = (entry.masks ?? []).some((patch) => patch.dataset !== state.dataset || !state.planes.get(patch));
  recount();
  if (!away) return;
  clearTimeout(summaryTimer);
  summaryTimer = setTimeout(() => {
    void refreshVersions();
    if (state.dataset !== null) void loadAnnotations(state.dataset, false);
  }, 500);
}

/** Counts what is at hand. */
export function recount() {
  const counts = new Map(state.annotated.map((item) => [`${item.feature}/${item.slice}`, { ...item, boxes: 0 }]));
  const at = (/** @type {number} */ feature, /** @type {number} */ slice) => {
    const key = `${feature}/${slice}`;
    const item = counts.get(key) ?? { feature, slice, pixels: 0, boxes: 0 };
    counts.set(key, item);
    return item;
  };
  for (const held of state.planes.held.values()) {
    if (held.plane.dataset === state.dataset) at(held.plane.feature, held.plane.slice).pixels = held.count;
  }
  for (const box of state.registers.list("box")) {
    if (box.dataset === state.dataset) at(Number(box.feature), Number(box.z)).boxes += 1;
  }
  state.annotated = [...counts.values()].filter((item) => item.pixels > 0 || item.boxes > 0).sort((a, b) => a.slice - b.slice);
  const ours = new Map();
  for (const { feature, boxes } of state.annotated) {
    const total = ours.get(feature) ?? { dataset: state.dataset, feature, slices: 0, boxes: 0 };
    ours.set(feature, { ...total, slices: total.slices + 1, boxes: total.boxes + boxes });
  }
  state.totals = [...state.totals.filter((total) => total.dataset !== state.dataset), ...ours.values()];
  changed("annotations", "datasets");
}

/** Boxes and annotated slices of a dataset. Returns the view that the person left. @param {number} dataset @param {boolean} [withBoxes] */
export async function loadAnnotations(dataset, withBoxes = true) {
  const key = /** @type {string} */ (state.project?.key);
  const found = await api.annotations(key, dataset);
  if (state.dataset !== dataset) return null;
  state.annotated = found.slices;
  if (withBoxes) for (const { slice, ...box } of found.boxes) state.registers.load("box", { ...box, z: slice, dataset });
  recount();
  redraw("all");
  return found.view;
}

/** @type {Set<string>} */
const asked = new Set();

/** Brings a mask that is not at hand. @param {Plane} plane */
export async function loadMask(plane) {
  const name = `${plane.dataset}/${plane.feature}/${plane.slice}`;
  if (asked.has(name) || !state.project || state.planes.get(plane)) return;
  asked.add(name);
  try {
    const { bytes, height, width, sequence } = await api.mask(state.project.key, plane);
    const mask = height * width > 1 << 21 ? asMask(await compute("decode", { bytes, height, width })) : decode(bytes, height, width);
    const held = state.planes.load(plane, mask, sequence);
    for (const line of recent) {
      const { dataset, feature, slice } = line.plane;
      if (dataset === plane.dataset && feature === plane.feature && slice === plane.slice) state.planes.confirm(line.plane, line.patch, line.sequence);
    }
    held.sequence = Math.max(held.sequence, state.sequence);
    maskChanged(held, { y: 0, x: 0, height, width });
    changed("annotations");
  } catch (error) {
    if (!(error instanceof Unreachable)) complain(error);
  } finally {
    asked.delete(name);
  }
}

/** Makes edits: seen at once, sent in order. Patches are edits of kind "paint". @param {Edit[]} edits @param {string} [label] @param {{ plane: Plane, patch: Patch }[]} [patches]  the same as `edits` has, decoded */
export function edit(edits, label, patches = []) {
  if (!state.project || edits.length === 0) return;
  const item = /** @type {const} */ ({ id: crypto.randomUUID(), project: state.project.key, action: "edits", label, edits });
  expect({ ...item, order: 0 }, patches);
  outbox.add(item);
  recount();
}

/** Waits until the server has every edit that was made; false when it has not after some seconds. */
export async function sent() {
  for (let waited = 0; outbox.work > 0 && waited < 10000; waited += 20) await new Promise((resolve) => setTimeout(resolve, 20));
  return outbox.work === 0;
}

/** @param {Item} item @param {{ plane: Plane, patch: Patch }[]} patches */
function expect(item, patches) {
  const edits = item.edits ?? [];
  const changes = predicted(edits, state.registers);
  state.registers.expect(item.id, changes);
  const known = patches.length > 0 ? patches : edits.filter(({ kind }) => kind === "paint").map((/** @type {any} */ paint) => ({ plane: paint, patch: decoded(paint) }));
  for (const { plane, patch } of known) {
    const change = state.planes.expect(item.id, { dataset: plane.dataset, feature: plane.feature, slice: plane.slice }, patch);
    if (change) maskChanged(change.held, change.rectangle);
  }
  changed("history");
  announce(new Set(changes.map(({ kind }) => kind)));
}

/** @param {Item} item */
async function send(item) {
  const { entry } = item.action === "edits"
    ? await api.edits(item.project, item.id, item.label, item.edits ?? []) : await api.undoOrRedo(item.project, item.action, item.id, item.sequence);
  unhinder();
  if (!entry) return;
  state.connection.saved = Date.now();
  if (item.project === state.project?.key) {
    take(entry);
    // Lines of others before it come by the stream; until then the edit goes on being shown as expected.
    for (let waited = 0; entry.sequence > state.sequence && waited < 3000; waited += 20) await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** @param {Item} item */
function settle(item) {
  const kinds = state.registers.settle(item.id);
  for (const { held, rectangle } of state.planes.settle(item.id)) maskChanged(held, rectangle);
  recount();
  announce(kinds);
}

/** @param {"undo" | "redo"} action @param {number} [sequence] */
export function undoOrRedo(action, sequence) {
  if (!state.project) return;
  if (sequence === undefined && outbox.work === 0 && state.undo[action === "undo" ? "done" : "undone"].length === 0) {
    tell(action === "undo" ? "Nothing to undo" : "Nothing to do again");
    return;
  }
  outbox.add({ id: crypto.randomUUID(), project: state.project.key, action, sequence });
}

addEventListener("beforeunload", (event) => {
  if (outbox.work > 0) event.preventDefault();
});
