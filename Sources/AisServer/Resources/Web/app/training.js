// Training sets and trainings: what goes into a set, starting, watching, stopping and going on.

import * as api from "../api.js";
import { edit, sent, undoOrRedo } from "./project.js";
import { begin } from "./datasets.js";
import { preference, setPreference } from "./storage.js";
import { redraw } from "./picture.js";
import { newId } from "../model/edits.js";
import { Unreachable } from "../model/outbox.js";
import { DEFAULTS, isGoing, misfit, nearest, versioned, withLine, withRole } from "../model/training.js";
import { activeDataset, activeFeature, activeModel, activeSet, changed, complain, features, listen, models, state, tell, trainingSets } from "./state.js";

/** @import { Model, Role, Training, TrainingSet } from "../model/types.js" */

const project = () => state.project?.key ?? "";

/** A new set: what is to be found is the feature with that role, or the chosen one; boxes as large as its own, at the tomogram's voxel size. @param {Record<string, Role>} [roles] */
export function createSet(roles) {
  const positive = Object.entries(roles ?? {}).find(([, role]) => role === "positive")?.[0];
  const feature = features().find(({ id }) => String(id) === positive) ?? activeFeature();
  const voxel = activeDataset()?.voxelSizeAngstrom?.x;
  const id = newId();
  edit([{
    kind: "create-training-set", id, title: feature?.title ?? "Training set", boxSize: nearest(Number(feature?.boxSize ?? 64)), depth: 1, pixelSizeAngstrom: voxel ? Math.round(voxel * 100) / 100 : 10,
    roles: roles ?? (feature ? { [feature.id]: "positive" } : {}),
  }], "new training set");
  chooseSet(id);
  return id;
}

/** Shows a set, in its section of Models. @param {number} id */
export function chooseSet(id) {
  Object.assign(state, { set: id, unfolded: "training" });
  changed("models");
}

/** @param {TrainingSet} set @param {Record<string, unknown>} fields */
export function changeSet(set, fields) {
  edit([{ kind: "change-training-set", set: set.id, ...fields }], "change of a training set");
  changed("models");
}

/** @param {TrainingSet} set */
export function deleteSet(set) {
  edit([{ kind: "delete-training-set", set: set.id }], `deleting the training set ${set.title}`);
  tell(`Deleted the training set ${set.title}`, { title: "Undo", run: () => undoOrRedo("undo") });
  state.set = null;
  changed("models");
}

/** Gives a feature a role; the first role makes the set. @param {number} feature @param {Role | "unused"} role */
export function setRole(feature, role) {
  const set = activeSet();
  if (set) edit([{ kind: "change-training-set", set: set.id, roles: withRole(set.roles, feature, role) }], `${features().find(({ id }) => id === feature)?.title} in the training set`);
  else if (role !== "unused") createSet({ [feature]: role });
  changed("models");
}

/** @param {TrainingSet} set */
export const exportSet = (set) => begin(() => api.exportSet(project(), set.id, set.title));

// Counts of the set in the right column: asked for again when it, or what is annotated, changed.
/** @type {ReturnType<typeof setTimeout> | undefined} */
let countTimer;
let countedAt = "";

function countSoon() {
  const set = state.task === "models" ? activeSet() : null;
  const at = set ? JSON.stringify([set, state.sequence]) : "";
  if (at === countedAt) return;
  countedAt = at;
  clearTimeout(countTimer);
  if (set) countTimer = setTimeout(() => void count(set), 150);
}

/** @param {TrainingSet} set */
async function count({ id }) {
  try {
    const counts = await api.setCounts(project(), id);
    if (activeSet()?.id !== id) return;
    state.counts = { set: id, counts };
    changed("training");
  } catch (error) {
    countedAt = "";
    // A set that was just made is not with the server yet; the next line of the journal asks again.
    if (!(error instanceof Unreachable) && !(error instanceof api.Refusal && error.status === 404)) complain(error);
  }
}
listen(["models", "annotations", "history", "ui"], countSoon);
listen(["models", "ui"], () => redraw("overlay"));

/** The architecture that the next training is of; null until the list is here. */
export function chosenArchitecture() {
  const { architectures } = state;
  const name = settings().architecture;
  return architectures?.architectures.find((one) => one.name === name) ?? architectures?.architectures.find((one) => one.name === architectures.standard) ?? null;
}

let forecastAt = "";

/** Asks what learning from the set takes, once for all that it depends on. */
async function forecastNow() {
  const [set, kind, dataset] = [state.task === "models" ? activeSet() : null, chosenArchitecture(), activeDataset()];
  if (!set || !kind || misfit(set, kind)) return;
  const asked = JSON.stringify([project(), set.id, set.boxSize, set.depth, set.pixelSizeAngstrom, kind.name, dataset?.id, dataset?.voxelSizeAngstrom]);
  if (asked === forecastAt) return;
  forecastAt = asked;
  try {
    await sent();
    const times = await api.setForecast(project(), set.id, kind.name, dataset?.id ?? null);
    if (forecastAt !== asked) return;
    state.setForecast = { asked, times };
    changed("training");
  } catch {
    // Without a forecast there is no time beside the button; what is wrong with the set is said by its counts.
    if (forecastAt === asked) forecastAt = "";
  }
}
listen(["training"], () => void forecastNow());

let seed = 0;

/** Shows the strip of samples, or others, or none. @param {boolean} isWanted */
export async function showSamples(isWanted) {
  const set = activeSet();
  state.samples = null;
  if (isWanted && set) {
    seed += 1;
    const { samples } = await api.setSamples(project(), set.id, 12, seed);
    if (activeSet()?.id === set.id) state.samples = samples;
  }
  changed("training");
}

/** What was chosen last for a training; `copies` and the like are for every next one. */
export const settings = () => ({ ...DEFAULTS, ...preference("training", /** @type {Partial<typeof DEFAULTS> & { architecture?: string }} */ ({})) });
/** @param {object} fields */
export function changeSettings(fields) {
  setPreference("training", { ...settings(), ...fields });
  changed("training");
}

/** Reads the list of architectures again, as after a file was copied into its folder. */
export async function reloadArchitectures() {
  state.architectures = await api.architectures();
  changed("training");
}

/** Takes an architecture of the user's in and chooses it. @param {string} path @param {boolean} replaces */
export async function addArchitecture(path, replaces) {
  const { name } = await api.addArchitecture(path, replaces);
  await reloadArchitectures();
  changeSettings({ architecture: name });
  tell(`Added ${name}`, replaces ? null : { title: "Undo", run: () => void removeArchitecture(name) });
}

/** Takes one of the user's architectures out; networks made of it stay as they are. @param {string} wanted */
export async function removeArchitecture(wanted) {
  const wasChosen = settings().architecture === wanted;
  try {
    const { name, restore } = await api.removeArchitecture(wanted);
    await reloadArchitectures();
    const bringBack = async () => {
      await api.restoreArchitecture(restore);
      await reloadArchitectures();
      if (wasChosen) changeSettings({ architecture: name });
    };
    tell(`Removed ${name}`, { title: "Undo", run: () => void bringBack().catch(complain) });
  } catch (error) {
    complain(error);
  }
}

/** Brings the list of architectures and whether this machine can train, once. */
export async function learnArchitectures() {
  if (state.architectures || !state.project) return;
  try {
    state.architectures = await api.architectures();
    changed("training");
  } catch (error) {
    if (!(error instanceof Unreachable)) complain(error);
  }
}
listen(["ui", "session"], () => {
  if (state.task === "models") void learnArchitectures();
});

/** How often somebody began a training here: answers may come in another order. */
let begun = 0;

/** Begins a training and shows its model: it is chosen by who asked for it, while others in the project keep what they look at. @param {object} order */
async function learn(order) {
  begun += 1;
  const turn = begun;
  const { epochs, batch, copies, validation, learningRate, patience, negatives } = settings();
  const training = await api.startTraining(project(), { epochs, batch, copies, validation, ...(learningRate ? { learningRate } : {}), ...(negatives ? { negativesPerPositive: negatives } : {}), ...(patience ? { patience } : {}), ...order });
  // Its row may come after this answer.
  if (turn === begun) state.awaitedModel = training.model;
  noteTraining(training);
  changed("models");
}

/** The architecture that is chosen, as its name. */
const architecture = () => settings().architecture ?? state.architectures?.standard;

/** Trains a new network with the boxes of a file that somebody made: the earlier program, `ais extract`, another project. @param {string} path */
export async function trainOnFile(path) {
  try {
    await learn({ file: path, architecture: architecture() });
  } catch (error) {
    complain(error);
  }
}

/** Trains a new network, or one further, with the boxes that are named or else with the set in the right column. @param {Model | null} [from] @param {number | null} [boxes]  a training set */
export async function train(from = null, boxes = null) {
  /** @type {Pick<TrainingSet, "id" | "title" | "roles">} */
  const set = trainingSets().find(({ id }) => id === boxes) ?? activeSet() ?? { id: createSet(), title: activeFeature()?.title ?? "Training set", roles: state.feature === null ? {} : { [state.feature]: "positive" } };
  const positive = features().find(({ id }) => set.roles[id] === "positive");
  const fields = from
    ? { from: from.id, model: from.id, title: from.title }
    : { title: versioned(positive?.title ?? set.title, models().map(({ title }) => title)), architecture: architecture(), colour: positive ? { red: positive.red, green: positive.green, blue: positive.blue } : undefined, feature: positive?.id };
  try {
    // The set, and what was painted last, must be there first.
    await sent();
    await learn({ set: set.id, ...fields });
  } catch (error) {
    complain(error);
  }
}

/** Trains with everything as it is set. */
export const trainNow = () => train(null);

/** @param {Training} training @param {boolean} keep */
export const stop = (training, keep) => act(() => api.stopTraining(project(), training.id, keep));

/** @param {Training} training @param {number} [epochs]  altogether */
export const resume = (training, epochs) => act(() => api.resumeTraining(project(), training.id, epochs));

/** @param {Training} training */
export async function remove(training) {
  try {
    await api.deleteTraining(project(), training.id);
    state.trainings = state.trainings.filter(({ id }) => id !== training.id);
    changed("training");
  } catch (error) {
    complain(error);
  }
}

/** @param {() => Promise<Training>} ask */
async function act(ask) {
  try {
    noteTraining(await ask());
  } catch (error) {
    complain(error);
  }
}

/** @param {Training} now @param {Training} [before] */
const hasEnded = (now, before) => before !== undefined && isGoing(before) && !isGoing(now);

/** Takes what is known of a training now. @param {Training} training */
export function noteTraining(training) {
  const before = state.trainings.find(({ id }) => id === training.id);
  state.trainings = [training, ...state.trainings.filter(({ id }) => id !== training.id)].sort((a, b) => b.started - a.started);
  const known = state.histories.get(training.id);
  if (known) state.histories.set(training.id, withLine(known, training.last));
  if (hasEnded(training, before)) ended(training);
  changed("training", "jobs");
  // The picture depends on whether there is a training, not on how far it is: news comes four times a second.
  if (!before || isGoing(before) !== isGoing(training)) changed("models");
}

/** @param {Training} training */
function ended({ id, title, state: now, reason, best, epoch, from, isGivenUp }) {
  if (now === "failed") complain(reason || `The training of ${title} failed.`);
  else if (now === "interrupted") complain(`The training of ${title} was interrupted after epoch ${epoch}. What it learnt is kept: it can go on.`);
  else if (isGivenUp) tell(`${title}: ${reason}`);
  else tell(`${title}: ${now === "done" ? "trained" : "stopped"}${best ? `, the best is epoch ${best.epoch}` : ""}${from ? ". Undo brings the network of before back" : ""}`);
  state.histories.delete(id);
}

export async function refreshTrainings() {
  const key = project();
  if (!key) return;
  try {
    const { trainings } = await api.trainings(key);
    if (project() !== key) return;
    const before = state.trainings;
    state.trainings = trainings;
    for (const training of trainings) if (hasEnded(training, before.find(({ id }) => id === training.id))) ended(training);
    changed("training", "models", "jobs");
  } catch (error) {
    if (!(error instanceof Unreachable)) complain(error);
  }
}

/** The training that a model's network comes from, which an undo may have changed: while one goes on, that one. @param {Model} model @param {Training[]} runs  its own, the latest first */
export const runOf = (model, runs) => (runs[0] && isGoing(runs[0]) ? runs[0] : runs.find(({ id }) => id === model.source?.training) ?? runs[0]);

/** The trainings whose curves are compared with that of a model, the latest first: its own, and others of the same set. @param {Model | null} [model] */
export function runsOf(model = activeModel()) {
  if (!model) return [];
  const own = state.trainings.filter((training) => training.model === model.id || training.id === model.training);
  const sets = new Set(own.map(({ set }) => set));
  // What was given up left nothing that could be compared.
  return [...own, ...state.trainings.filter((training) => !own.includes(training) && training.set !== null && sets.has(training.set) && !training.isGivenUp)];
}

/** @type {Set<string>} */
const asked = new Set();

/** Brings the curves of a training that are not here. @param {Training} training */
export async function learnHistory({ id }) {
  if (state.histories.has(id) || asked.has(id)) return;
  asked.add(id);
  try {
    const { history } = await api.training(project(), id);
    state.histories.set(id, history);
    changed("training");
  } catch (error) {
    if (!(error instanceof Unreachable)) complain(error);
  } finally {
    asked.delete(id);
  }
}
