// What runs wrote, over the slice in view: edges only, each model in its colour, where somebody switched it on.

import * as api from "../api.js";
import { countsAbove, limit } from "../model/predictions.js";
import { Unreachable } from "../model/outbox.js";
import { versionSlice } from "../model/versions.js";
import { layers as predicted } from "./predictions.js";
import { redraw, setPredictionSource } from "./picture.js";
import { showTask } from "./navigation.js";
import { loadRun } from "./runs.js";
import { showDataset } from "./datasets.js";
import { activeVersion, changed, complain, listen, state } from "./state.js";

/** @import { Result } from "../model/predictions.js" */
/** @import { PredictionLayer } from "../render/prediction-layer.js" */
/** @import { Run, RunRow } from "../model/runs.js" */

/** @typedef {{ key: string, run: Run, row: RunRow, model: Run["models"][number] }} Written */

/** Slices that are kept, those used last. @type {Map<string, Result>} */
const kept = new Map();
const MOST = 32;
/** @type {Map<string, AbortController>} */
const onTheWay = new Map();

/** What runs wrote of the tomogram that is shown, the latest first. @returns {Written[]} */
export function written() {
  return state.runs.flatMap((run) => (run.tomograms ?? []).filter((row) => row.version === state.version && row.state === "done" && row.task).flatMap((row) =>
    run.models.filter(({ id }) => row.outputs.some(({ model }) => model === id)).map((model) => ({ key: `${run.id}/${model.id}`, run, row, model }))));
}

/** @param {string} key  run and model @param {boolean} [isOn] */
export function toggleWritten(key, isOn = !state.resultEyes.has(key)) {
  if (isOn) state.resultEyes.add(key);
  else state.resultEyes.delete(key);
  changed("runs");
}

/** Goes to a tomogram and shows what a run wrote of it. @param {Run} run @param {RunRow} row */
export async function showOnSlices(run, row) {
  for (const { id } of run.models) state.resultEyes.add(`${run.id}/${id}`);
  state.sheet = null;
  await showDataset(row.dataset);
  state.version = row.version;
  if (row.slices) state.slice = Math.floor((row.slices.first + row.slices.end - 1) / 2);
  showTask("models");
  changed("ui", "slice", "datasets", "runs");
}

/** The slices that are wanted now. */
function wanted() {
  const version = activeVersion();
  if (!version || !state.project || state.task === "run" || state.predictionsAreHidden || state.overlaysAreHidden) return [];
  const slice = versionSlice(state.slice, version.scale, version.shape.z);
  return written().filter(({ key }) => state.resultEyes.has(key)).map((one) => ({
    ...one, slice, size: { height: version.shape.y, width: version.shape.x }, name: `result ${state.project?.key} ${one.key} ${one.row.task} ${one.row.attempts} ${slice}`,
  }));
}

function look() {
  const list = wanted();
  const names = new Set(list.map(({ name }) => name));
  for (const [name, controller] of onTheWay) {
    if (names.has(name)) continue;
    onTheWay.delete(name);
    controller.abort();
  }
  for (const one of list) if (!kept.has(one.name) && !onTheWay.has(one.name)) void ask(one);
}

/** @param {ReturnType<typeof wanted>[number]} one */
async function ask({ name, run, row, model, slice }) {
  const controller = new AbortController();
  onTheWay.set(name, controller);
  try {
    const found = await api.resultSlice(state.project?.key ?? "", run.id, row.task ?? "", model.id, slice, controller.signal);
    kept.set(name, { ...found, above: countsAbove(found.bytes) });
    for (const old of kept.keys()) {
      if (kept.size <= MOST) break;
      kept.delete(old);
    }
    redraw("all");
  } catch (error) {
    if (controller.signal.aborted || error instanceof Unreachable) return;
    // A file that somebody moved away is not asked for with every slice.
    toggleWritten(`${run.id}/${model.id}`, false);
    complain(error);
  } finally {
    if (onTheWay.get(name) === controller) onTheWay.delete(name);
  }
}

/** @returns {PredictionLayer[]} */
function layers() {
  return wanted().flatMap(({ name, model, size }) => {
    const result = kept.get(name);
    const { red, green, blue } = model.colour;
    return result ? [{ key: name, result, size, colour: [red, green, blue], opacity: 0, limit: limit(model.threshold), isShaded: false, removedFrom: null }] : [];
  });
}

setPredictionSource(() => [...predicted(), ...layers()]);
listen(["slice", "shown", "datasets", "models", "features", "runs"], look);
let drawn = "";
listen(["runs", "models"], () => {
  const now = wanted().map(({ name }) => name).join("\n");
  if (now !== drawn) redraw("all");
  drawn = now;
});

/** Of the latest runs the tomograms are asked for once, so that their results can be offered. */
export function lookForResults() {
  for (const run of state.runs.slice(0, 8)) if (!run.tomograms && run.counts.done > 0) void loadRun(run.id);
}
