// What can be done with networks: bring them in, change how they are used and shown, copy, delete, give away.

import * as api from "../api.js";
import { setLoop } from "./listeners.js";
import { knownFeatures } from "./features.js";
import { edit, undoOrRedo } from "./project.js";
import { resultsNow } from "./predictions.js";
import { noteTraining, refreshTrainings } from "./training.js";
import { slide } from "./sliding.js";
import { takeModels } from "./snapshot.js";
import { Unreachable } from "../model/outbox.js";
import { sliceFile } from "../model/mrc.js";
import { fromHex } from "../model/palette.js";
import { positionAt } from "../model/rules.js";
import { counted } from "../model/units.js";
import { activeDataset, activeModel, activeVersion, changed, complain, features, listen, models, rules, state, tell, trainingSets } from "./state.js";

/** @import { Model } from "../model/types.js" */

/** @type {ReturnType<typeof setTimeout> | undefined} */
let soon;

/** Asks what the models are now, a moment later: news often come several at once. */
function refresh() {
  clearTimeout(soon);
  soon = setTimeout(() => void refreshNow(), 40);
}

/** How often it was asked, and how many lines of the journal were of models and rules. */
let [asked, lines] = [0, 0];

async function refreshNow() {
  const key = state.project?.key;
  if (!key) return;
  const turn = (asked += 1);
  try {
    for (;;) {
      const before = lines;
      const news = await api.models(key);
      if (state.project?.key !== key || turn !== asked) return;
      // What a line said meanwhile may be newer than the answer, in which deleted models are still there.
      if (lines !== before) continue;
      takeModels(news);
      return;
    }
  } catch (error) {
    // Asked for again when the connection is back.
    if (!(error instanceof Unreachable)) complain(error);
  }
}

setLoop({
  models(isLine) {
    if (isLine) lines += 1;
    refresh();
  },
  training: noteTraining,
  opened() {
    refresh();
    void refreshTrainings();
  },
});

/** @param {number} id */
export function chooseModel(id) {
  // With the boxes that it learnt from, which "Train" and "Train further" would take.
  const set = state.trainings.find((training) => training.model === id)?.set ?? null;
  Object.assign(state, { model: id, inspected: "model", ...(trainingSets().some((one) => one.id === set) ? { set } : {}) });
  changed("models", "features");
}

/** What the lower part of the right column is about. @param {"model" | "rule"} what */
export function inspect(what) {
  Object.assign(state, { inspected: what, unfolded: what === "rule" ? "rules" : "training" });
  if (what === "rule" && state.rule === null) state.rule = rules()[0]?.id ?? null;
  changed("models", "features");
}

/** @type {Record<string, string>} */
const LABELS = {
  title: "rename of a model", colour: "colour of a model", opacity: "opacity of a model", threshold: "threshold of a model", isVisible: "hide or show a model", isActive: "use of a model",
  isBlended: "shading of a model", emits: "competition of a model", absorbs: "competition of a model", position: "order of models", augmentations: "orientations of a model",
};

/** Changes a model; see `slide`. @param {Model} model @param {Record<string, unknown>} fields @param {boolean} [isMoving] */
export function changeModel(model, fields, isMoving = false) {
  slide("model", model.id, fields, isMoving, (all) => edit([{ kind: "change-model", model: model.id, ...all }], LABELS[Object.keys(all)[0]]));
  changed("models");
}

/** @param {Model} model @param {string} code  #rrggbb @param {boolean} [isMoving] */
export function recolourModel(model, code, isMoving = false) {
  const colour = fromHex(code);
  if (colour) changeModel(model, { colour }, isMoving);
}

/** @param {Model} model @param {string} title */
export function renameModel(model, title) {
  const name = title.trim();
  if (name && name !== model.title) changeModel(model, { title: name });
}

/** Names for a model: those of this project's features and of the active libraries that no model has. */
export function knownNames() {
  const taken = new Set(models().map(({ title }) => title.toLowerCase()));
  return [...features(), ...knownFeatures()].map(({ title }) => title).filter((title) => !taken.has(title.toLowerCase()));
}

/** The eye: what is shown must also be computed. @param {Model} model */
export function toggleModel(model) {
  const isShown = model.isVisible && model.isActive;
  changeModel(model, isShown ? { isVisible: false } : { isVisible: true, isActive: true });
}

/** Only this one; again, all. @param {Model} model */
export function showOnly(model) {
  const others = models().filter(({ id }) => id !== model.id);
  const isAlone = others.every(({ isVisible }) => !isVisible);
  edit([
    { kind: "change-model", model: model.id, isVisible: true, isActive: true },
    ...others.filter(({ isVisible }) => isVisible !== isAlone).map(({ id }) => ({ kind: "change-model", model: id, isVisible: isAlone })),
  ], isAlone ? "showing all models" : `showing only ${model.title}`);
}

/** @param {Model} model @param {number} to  its place among all */
export function moveModel(model, to) {
  changeModel(model, { position: positionAt(models().filter(({ id }) => id !== model.id), to) });
}

/** @param {Model} model */
export const duplicateModel = (model) => edit([{ kind: "duplicate-model", model: model.id }], `copy of ${model.title}`);

/** @param {Model} model */
export function deleteModel(model) {
  const own = rules().filter(({ child, parent }) => child === model.id || parent === model.id).length;
  edit([{ kind: "delete-model", model: model.id }], `deleting ${model.title}`);
  if (state.model === model.id) state.model = models()[0]?.id ?? null;
  tell(`Deleted ${model.title}${own > 0 ? `, and with it ${counted(own, "rule")}` : ""}`, { title: "Undo", run: () => undoOrRedo("undo") });
  changed("models");
}

/** @param {() => ReturnType<typeof api.addModels>} add @param {string} name */
async function bring(add, name) {
  try {
    const { models: added, rules: with_, warnings } = await add();
    await refreshNow();
    if (added.length > 0) chooseModel(added[0]);
    tell(added.length === 1 ? `Added ${models().find(({ id }) => id === added[0])?.title ?? name}` : `Added ${counted(added.length, "model")}${with_.length > 0 ? ` and ${counted(with_.length, "rule")}` : ""}`);
    for (const warning of warnings) complain(warning);
  } catch (error) {
    complain(error);
  }
}

const project = () => state.project?.key ?? "";

/** Networks of a file on the server's side. @param {string} path */
export const importModels = (path) => bring(() => api.addModels(project(), path), path.split("/").at(-1) ?? path);

/** Networks of a file that was dropped here. @param {File} file */
export const uploadModels = (file) => bring(() => api.uploadModels(project(), file.name, file), file.name);

/** Whether a file holds networks, by its name. @param {string} name */
export const isModelFile = (name) => /\.(scnm|scnmgroup|h5)$/i.test(name);

/** Lets the browser save a file. @param {string} address @param {string} [name]  the server's when it is left out */
function download(address, name = "") {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}

/** A model as a file, with a picture of what it finds in the slice in view. @param {Model} model */
export function exportModel(model) {
  const { dataset, version, slice } = state;
  const isShown = dataset !== null && version !== null && activeVersion()?.state === "ok";
  if (isShown) tell(`Exporting ${model.title} with a picture of slice ${slice + state.preferences.firstSlice}`);
  download(api.modelAddress(project(), model.id, isShown ? { dataset, version, slice } : null));
}

/** Saves what a model says of the slice in view, as it is shown. @param {Model} model */
export function saveResult(model) {
  const shown = resultsNow().find((one) => one.model.id === model.id);
  const dataset = activeDataset();
  if (!shown || !dataset) {
    tell(`${model.title} shows nothing in this slice: switch it on first`);
    return;
  }
  const { height, width, bytes } = shown.result;
  const voxel = dataset.voxelSizeAngstrom ? (dataset.voxelSizeAngstrom.x * dataset.shape.x) / width : null;
  const address = URL.createObjectURL(new Blob([sliceFile(bytes, { height, width }, voxel, `Ais: ${model.title}, ${dataset.name}, slice ${state.slice} of 0-${dataset.shape.z - 1}`)]));
  download(address, `${dataset.name}__${model.title}_z${state.slice}.mrc`);
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

/** All models that take part, with the rules between them. */
export function exportGroup() {
  const all = models().filter(({ isActive, network }) => isActive && network !== null);
  if (all.length === 0) tell("No model takes part: switch one on first");
  else download(api.groupAddress(project(), state.project?.name ?? "group", all.map(({ id }) => id)));
}

listen(["models"], () => {
  const [first] = models();
  if (models().some(({ id }) => id === state.awaitedModel)) Object.assign(state, { model: state.awaitedModel, inspected: "model", awaitedModel: null });
  // Where there are models, one is chosen.
  if (first && !activeModel()) state.model = first.id;
  if (!first && state.task === "annotate") state.inspected = "feature";
});
