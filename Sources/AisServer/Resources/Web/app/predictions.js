// What networks say of the slice in view: asked for when it comes to rest, called off when it is left, and shown as it comes.

import * as api from "../api.js";
import { countsAbove, found, layerFor, limit, restTime, Results, seen, visiblePart, wanted } from "../model/predictions.js";
import { isGoing } from "../model/training.js";
import { Unreachable } from "../model/outbox.js";
import { versionSlice } from "../model/versions.js";
import { redraw, setPredictionSource, viewport } from "./picture.js";
import { sent } from "./project.js";
import { activeDataset, activeVersion, changed, frame, listen, models, rules, state } from "./state.js";

/** @import { Model, Version } from "../model/types.js" */
/** @import { Wanted } from "../model/predictions.js" */
/** @import { PredictionLayer } from "../render/prediction-layer.js" */

/** Of the six connections that a browser has for a server, slices must find some. */
const MOST_AT_ONCE = 2;
/** A slice that takes longer than this has its visible part computed first. */
const LONG = 0.4;

export const results = new Results();
/** @type {Map<string, { controller: AbortController, place: string }>} */
const onTheWay = new Map();
/** What failed is not asked for again until something changes. @type {Map<string, { message: string, remedy: api.Remedy | null }>} */
const failed = new Map();
/** How long each model took last. @type {Map<number, number>} */
const took = new Map();
/** Parts that came before the whole. @type {Map<string, import("../model/predictions.js").Result>} */
const parts = new Map();
let plan = /** @type {Wanted[]} */ ([]);
let since = 0;
/** How long the slice before this one was in view. */
let stay = Infinity;
let sliceName = "";
let drawnList = "";

/** The version's own slice that is in view, and its name in keys. */
function place() {
  const version = activeVersion();
  if (!version || version.state !== "ok" || !state.project) return null;
  const slice = versionSlice(state.slice, version.scale, version.shape.z);
  // Networks work at a voxel size of their own: another one of the tomogram's is another result.
  const voxel = activeDataset()?.voxelSizeAngstrom;
  return { version, slice, name: `${state.project.key} ${version.id} ${version.key} ${voxel ? `${voxel.z},${voxel.y},${voxel.x}` : "-"} ${slice}` };
}

export const stage = () => (state.isRawHeld ? "raw" : state.stage);

function wantedNow() {
  const at = place();
  if (!at || state.predictionsAreHidden || state.overlaysAreHidden) return { at, list: [] };
  const list = wanted({ models: models(), rules: rules(), stage: stage(), showsRemoved: state.showsRemoved && !state.isRawHeld, chosen: state.model, combination: state.combination, slice: at.name });
  return { at, list };
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let rest;

/** Something changed that results depend on. */
function look() {
  const { at, list } = wantedNow();
  const name = at?.name ?? "";
  if (name !== sliceName) {
    sliceName = name;
    stay = performance.now() - since;
    since = performance.now();
    state.overlayTime = null;
    failed.clear();
    parts.clear();
  }
  const keys = new Set(list.map(({ key }) => key));
  results.needed = keys;
  // A network that learns may be a newer one before its answer is here: that is shown all the same, or none ever would be.
  const places = new Set(state.trainings.some(isGoing) ? list.map(({ place: own }) => own) : []);
  for (const [key, { controller, place: own }] of onTheWay) {
    if (keys.has(key) || places.has(own)) continue;
    onTheWay.delete(key);
    controller.abort();
  }
  for (const key of failed.keys()) if (!keys.has(key)) failed.delete(key);
  plan = list.filter(({ key }) => !results.has(key));
  note();
  clearTimeout(rest);
  const slowest = Math.max(...plan.map(({ model }) => took.get(model) ?? 1));
  if (plan.length > 0) rest = setTimeout(pump, Math.max(0, since + restTime(stay, 1000 * slowest) - performance.now()));
  // Much is announced while somebody paints: only another list of results is another picture.
  const asked = [name, ...keys].join("\n");
  // Whoever waits for a first overlay waits since it was asked for, and not since the slice came.
  if (asked !== drawnList && plan.length > 0 && state.overlayTime === null) since = performance.now();
  if (asked !== drawnList) redraw("all");
  drawnList = asked;
}

function pump() {
  const { at } = wantedNow();
  if (!at || !state.connection.isUp || document.hidden) return;
  for (const one of plan) {
    if (onTheWay.size >= MOST_AT_ONCE) return;
    if (![...onTheWay.values()].some(({ place: own }) => own === one.place) && !failed.has(one.key) && !results.has(one.key)) void ask(one, at.version, at.slice);
  }
}

/** @param {Wanted} one @param {Version} version @param {number} slice */
async function ask(one, version, slice) {
  const controller = new AbortController();
  onTheWay.set(one.key, { controller, place: one.place });
  const { key, layer, model, modelVersion } = one;
  const address = { dataset: version.dataset, version: version.id, key: version.key, layer, model, slice, modelVersion };
  const bring = async (/** @type {import("../model/types.js").Rectangle | null} */ region) => {
    const answer = await api.prediction(state.project?.key ?? "", { ...address, region }, controller.signal);
    return { ...answer, above: countsAbove(answer.bytes) };
  };
  try {
    // What was changed here last, such as a voxel size, must be there first.
    await sent();
    const part = (took.get(model) ?? 1) > LONG && layer === "raw" ? inView(version) : null;
    let first = part && !parts.has(key) ? await bring(part) : null;
    // A network that rescales gives the whole slice, whatever is asked.
    const isWhole = first?.height === version.shape.y && first.width === version.shape.x;
    if (first && !isWhole) {
      parts.set(key, first);
      redraw("all");
      first = null;
    }
    const whole = first ?? (await bring(null));
    results.put(one, whole);
    parts.delete(key);
    if (whole.seconds > 0) took.set(model, whole.seconds);
    else if (!took.has(model)) took.set(model, 0);
  } catch (error) {
    if (controller.signal.aborted) return;
    if (!(error instanceof Unreachable)) failed.set(key, { message: /** @type {Error} */ (error).message, remedy: error instanceof api.Refusal ? error.remedy : null });
  } finally {
    if (onTheWay.get(key)?.controller === controller) onTheWay.delete(key);
  }
  if (controller.signal.aborted) return;
  note();
  redraw("all");
  pump();
}

/** What of the version's slice is on the screen. @param {Version} version */
function inView(version) {
  const { height, width } = frame();
  const { centre, zoom } = state.view;
  const [sy, sx] = [version.shape.y / height, version.shape.x / width];
  const view = {
    y: (centre.y + 0.5 - viewport.height / 2 / zoom) * sy, x: (centre.x + 0.5 - viewport.width / 2 / zoom) * sx, height: (viewport.height / zoom) * sy, width: (viewport.width / zoom) * sx,
  };
  return visiblePart(view, { height: version.shape.y, width: version.shape.x });
}

/** Tells the views what is known of the slice in view. */
function note() {
  const { at, list } = wantedNow();
  const before = JSON.stringify([...state.predicted]);
  state.predicted = new Map();
  const all = models();
  for (const model of seen(all)) {
    const one = list.find((item) => item.model === model.id);
    if (!one || !at) continue;
    const shown = results.shown(one);
    state.predicted.set(model.id, {
      seconds: took.get(model.id) || null, pixels: shown ? found(shown.result, model.threshold) : null, error: failed.get(one.key) ?? null, isWaiting: !results.has(one.key) && !failed.has(one.key),
    });
  }
  const isThere = list.length > 0 && list.every(({ key }) => results.has(key));
  if (isThere && state.overlayTime === null) {
    state.overlayTime = { seconds: (performance.now() - since) / 1000, models: seen(all).length };
    learn();
  }
  if (before !== JSON.stringify([...state.predicted]) || isThere) changed("predictions");
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let learnTimer;

/** Asks, not too often, how long slices take and which are known already. */
function learn() {
  clearTimeout(learnTimer);
  learnTimer = setTimeout(async () => {
    const at = place();
    if (!at || !state.connection.isUp) return;
    const known = await api.forecast(state.project?.key ?? "", at.version.dataset, at.version.id).catch(() => null);
    if (!known || place()?.version.id !== at.version.id) return;
    state.forecast = known;
    changed("predictions");
  }, 500);
}

/** Layers to draw, the chosen model's last. @returns {PredictionLayer[]} */
export function layers() {
  const { at, list } = wantedNow();
  if (!at) return [];
  const all = models();
  const byModel = new Map(seen(all).map((model) => [model.id, model]));
  const size = { height: at.version.shape.y, width: at.version.shape.x };
  const drawn = list.filter((one) => one.layer === layerFor(/** @type {Model} */ (byModel.get(one.model)), stage(), all, rules())).flatMap((one) => {
    const model = /** @type {Model} */ (byModel.get(one.model));
    const whole = results.shown(one);
    const part = results.has(one.key) ? undefined : parts.get(one.key);
    const shown = part ? { key: `${one.key} part`, result: part } : whole;
    if (!shown) return [];
    const before = one.layer === "raw" ? null : results.shown(/** @type {Wanted} */ (list.find((other) => other.model === one.model && other.layer === "raw") ?? one));
    return [{
      key: shown.key, result: shown.result, size, colour: /** @type {[number, number, number]} */ ([model.red, model.green, model.blue]), opacity: model.opacity, limit: limit(model.threshold),
      isShaded: model.isBlended, removedFrom: before && before.key !== shown.key ? before : null,
    }];
  });
  return drawn.reverse();
}
setPredictionSource(layers);

/** What each model has found in the slice in view before and after competition and rules. @returns {{ model: Model, pixels: number, before: number | null }[]} */
export function tally() {
  const { list } = wantedNow();
  const all = models();
  return seen(all).flatMap((model) => {
    const one = list.find((item) => item.model === model.id);
    const now = one && results.shown(one);
    if (!one || !now) return [];
    const raw = one.layer === "raw" ? undefined : list.find((item) => item.model === model.id && item.layer === "raw");
    const before = raw && results.shown(raw);
    return [{ model, pixels: found(now.result, model.threshold), before: before ? found(before.result, model.threshold) : null }];
  });
}

/** Whole results of the slice in view as they are shown, those drawn on top first. @returns {{ model: Model, result: import("../model/predictions.js").Result }[]} */
export function resultsNow() {
  const { list } = wantedNow();
  const all = models();
  return seen(all).flatMap((model) => {
    const one = list.find((item) => item.model === model.id);
    const shown = one && results.shown(one);
    return shown ? [{ model, result: shown.result }] : [];
  });
}

/** Holds the results back to what the networks said, as long as a key is down. @param {boolean} isHeld */
export function holdRaw(isHeld) {
  if (state.isRawHeld === isHeld) return;
  state.isRawHeld = isHeld;
  changed("models");
}

listen(["slice", "shown", "datasets", "models", "features"], look);
listen(["models"], () => redraw("all"));
listen(["connection"], () => {
  if (state.connection.isUp) pump();
});
document.addEventListener("visibilitychange", pump);
listen(["session"], () => {
  if (!state.project) results.clear();
});

/** Whether all that is wanted of the slice in view is here, or failed. */
export const isQuiet = () => activeDataset() !== null && onTheWay.size === 0 && wantedNow().list.every(({ key }) => results.has(key) || failed.has(key));
