// Runs: what is set up for the next one, those that there are, and what can be done with them.

import * as api from "../api.js";
import { setRunListener } from "./listeners.js";
import { noteJob, edit } from "./project.js";
import { isLive, parsedLimits, tidied } from "../model/runs.js";
import { Unreachable } from "../model/outbox.js";
import { counted } from "../model/units.js";
import { changed, complain, datasets, listen, models, state, tell, versions } from "./state.js";

/** @import { Limit, Run, RunForecast } from "../model/runs.js" */

/** Takes what is known of runs: all of them, or one. @param {Run[]} runs @param {boolean} [isAll] */
function takeRuns(runs, isAll = false) {
  const before = new Map(state.runs.map((run) => [run.id, run]));
  const fresh = new Map((isAll ? [] : state.runs).map((run) => [run.id, run]));
  for (const run of runs) {
    const known = before.get(run.id);
    fresh.set(run.id, { ...run, tomograms: run.tomograms ?? known?.tomograms });
    if (known && isLive(known) && !isLive(run)) tellOfEnd(run);
  }
  state.runs = [...fresh.values()].sort((a, b) => b.id - a.id);
  changed("runs");
}

/** @param {Run} run */
function tellOfEnd(run) {
  const isInView = state.task === "run" && state.run === run.id;
  if (run.state === "done") tell(`Run ${run.id} is done: ${counted(run.counts.done, "tomogram")}`, isInView ? { title: "Pick particles…", run: () => void pickFrom(run) } : { title: "Show", run: () => showRun(run.id) });
  else if (run.counts.failed > 0 && state.task === "run" && state.run === run.id) tell(`Run ${run.id}: ${run.reason}`);
  else if (run.state === "failed" || run.state === "interrupted") complain(`Run ${run.id}: ${run.reason || run.state}`, { title: "Show", run: () => showRun(run.id) });
}

const project = () => state.project?.key ?? "";

async function refresh() {
  const key = project();
  if (!key) return;
  try {
    const { runs } = await api.runs(key);
    if (key !== project()) return;
    takeRuns(runs, true);
    if (state.run !== null) void loadRun(state.run);
  } catch (error) {
    if (!(error instanceof Unreachable)) complain(error);
  }
}

/** Of the runs whose tomograms are being asked for: asked once more afterwards, when there was news meanwhile. @type {Map<number, boolean>} */
const loading = new Map();

/** Brings the tomograms of a run. @param {number} id */
export async function loadRun(id) {
  if (loading.has(id)) {
    loading.set(id, true);
    return;
  }
  loading.set(id, false);
  const key = project();
  try {
    const run = await api.run(key, id);
    if (key === project()) takeRuns([run]);
  } catch (error) {
    if (!(error instanceof Unreachable)) complain(error);
  } finally {
    const isDueAgain = loading.get(id) === true;
    loading.delete(id);
    if (isDueAgain && key === project()) void loadRun(id);
  }
}

setRunListener({
  opened: (settings) => {
    Object.assign(state, { runs: [], run: null, runForecast: null, resultEyes: new Set(), runLimits: parsedLimits(settings["run.limits"]) });
    void refresh();
  },
  settings: (settings) => {
    state.runLimits = parsedLimits(settings["run.limits"]);
    changed("runs", "slice");
  },
  back: () => void refresh(),
  news: (run) => {
    if ("isAside" in run) {
      forget(run.id);
      return;
    }
    const before = state.runs.find(({ id }) => id === run.id);
    takeRuns([run]);
    // Of a run that is looked at, single tomograms changed too.
    if (state.run === run.id || !before) void loadRun(run.id);
  },
});

// MARK: What is set up

/** The models of the next run: those that were ticked, or else those that take part on the page. */
export function runModels() {
  const usable = models().filter(({ network, state: now }) => network !== null && now === "ready");
  const { models: ticked } = state.runSetup;
  return { usable, ticked: ticked ? usable.filter(({ id }) => ticked.has(id)) : usable.filter(({ isActive }) => isActive) };
}

/** The tomograms of the next run: all but those that were left out. */
export const runDatasets = () => datasets().filter(({ id }) => !state.runSetup.excluded.has(id));

/** Tomograms that the next run goes through, and those that were chosen but want something first. */
export function runCounts() {
  const chosen = runDatasets();
  const forecast = new Map(state.runForecast?.found?.tomograms.map((row) => [row.dataset, row]) ?? []);
  const hindered = chosen.filter(({ id }) => forecast.get(id)?.problem).length;
  return { ready: chosen.length - hindered, hindered };
}

/** @param {number} id */
export function tickModel(id) {
  const { ticked } = runModels();
  const all = new Set(ticked.map((model) => model.id));
  if (!all.delete(id)) all.add(id);
  state.runSetup.models = all;
  setUpChanged();
}

/** @param {number[]} ids @param {boolean} isIncluded */
export function includeDatasets(ids, isIncluded) {
  for (const id of ids) {
    if (isIncluded) state.runSetup.excluded.delete(id);
    else state.runSetup.excluded.add(id);
  }
  setUpChanged();
}

/** @param {Partial<typeof state.runSetup>} fields */
export function setUp(fields) {
  Object.assign(state.runSetup, fields);
  setUpChanged();
}

/** What of a tomogram a run takes; shared by all who are in the project. @param {number} dataset @param {Limit} limit */
export function limitDataset(dataset, limit) {
  const record = datasets().find(({ id }) => id === dataset);
  if (!record) return;
  const all = new Map(state.runLimits);
  const kept = tidied({ ...all.get(dataset), ...limit }, record.shape);
  if (kept) all.set(dataset, kept);
  else all.delete(dataset);
  state.runLimits = all;
  edit([{ kind: "set-setting", name: "run.limits", value: all.size > 0 ? JSON.stringify(Object.fromEntries(all)) : undefined, isPersonal: false }], "the part of a tomogram that is run");
  changed("slice");
  setUpChanged();
}

/** The request of what is set up. */
function request() {
  const { runSetup: setup } = state;
  const { ticked } = runModels();
  const { memory, threads } = setup;
  return {
    models: ticked.map(({ id }) => id), combines: setup.combines, augmentations: setup.augmentations ?? undefined, outputType: setup.outputType, replaces: setup.replaces || undefined,
    output: setup.output || undefined,
    place: {
      kind: setup.place === "slurm" ? "slurm" : "here", device: setup.device === "cpu" ? "cpu" : "gpu", cards: setup.device === "cpu" || setup.place === "slurm" ? [] : setup.cards,
      workers: setup.workers, memoryBytes: memory ? Math.round(memory * 2 ** 30) : undefined, threads: threads ?? undefined, slurm: setup.place === "slurm" ? setup.slurm : undefined,
    },
    tomograms: runDatasets().map(({ id }) => {
      const limit = state.runLimits.get(id);
      const own = versions(id);
      // Of the tomogram that is shown the version that is shown; of others the first that is there.
      const version = id === state.dataset && own.some((one) => one.id === state.version) ? state.version : (own.find((one) => one.state === "ok") ?? own[0])?.id;
      return { dataset: id, version: version ?? undefined, ...(limit?.slices ? { slices: { first: limit.slices[0], last: limit.slices[1] } } : {}), ...(limit?.crop ? { crop: limit.crop } : {}) };
    }),
  };
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let forecastTimer;
let forecastNumber = 0;

/** Asks anew what the run will need, a moment after the last change. */
function setUpChanged() {
  changed("runs");
  clearTimeout(forecastTimer);
  if (state.task !== "run" || !state.project) return;
  forecastTimer = setTimeout(() => void forecastNow(), 150);
}

async function forecastNow() {
  const key = project();
  // What was just edited counts: the server must have it.
  if (state.connection.isUp && state.connection.waiting > 0) {
    forecastTimer = setTimeout(() => void forecastNow(), 100);
    return;
  }
  const wanted = request();
  forecastNumber += 1;
  const own = forecastNumber;
  if (wanted.models.length === 0 || wanted.tomograms.length === 0) {
    state.runForecast = null;
    changed("runs");
    return;
  }
  /** @type {{ found: RunForecast | null, error: string }} */
  const answer = { found: null, error: "" };
  try {
    answer.found = await api.forecastRun(key, wanted);
  } catch (error) {
    if (error instanceof Unreachable) return;
    answer.error = error instanceof Error ? error.message : String(error);
  }
  // Only the latest counts.
  if (own !== forecastNumber || key !== project()) return;
  state.runForecast = { ...answer, key: JSON.stringify(wanted) };
  changed("runs");
}

let lastSetUp = "";
listen(["ui", "models", "datasets", "connection"], () => {
  if (state.task !== "run" || !state.project || !state.connection.isUp) return;
  if (!state.runPlaces) void askPlaces();
  // Also what is not part of the request changes what the run needs.
  const own = datasets().map(({ id, voxelSizeAngstrom: size }) => [id, size?.x, versions(id).map((version) => version.state).join()]);
  const text = JSON.stringify([request(), own, state.combination, models().map(({ version }) => version)]);
  if (text === lastSetUp && state.runForecast) return;
  lastSetUp = text;
  setUpChanged();
});

let isAskingPlaces = false;

/** What there is to compute on. */
async function askPlaces() {
  if (isAskingPlaces) return;
  isAskingPlaces = true;
  try {
    state.runPlaces = await api.runPlaces(project());
    changed("runs");
  } catch (error) {
    if (!(error instanceof Unreachable)) complain(error);
  } finally {
    isAskingPlaces = false;
  }
}

// MARK: What is done

/** @param {number | null} id  null: what is set up */
export function showRun(id) {
  state.run = id;
  state.runFilter = "all";
  if (state.task !== "run") {
    state.task = "run";
    changed("ui", "view");
  }
  if (id !== null) void loadRun(id);
  changed("runs");
}

/** @param {() => Promise<Run>} act @returns {Promise<Run | null>} */
async function doing(act) {
  if (state.runIsBusy) return null;
  state.runIsBusy = true;
  changed("runs");
  try {
    const run = await act();
    takeRuns([run]);
    return run;
  } catch (error) {
    complain(error);
    return null;
  } finally {
    state.runIsBusy = false;
    changed("runs");
  }
}

export async function startRun() {
  const run = await doing(() => api.startRun(project(), request()));
  if (run) showRun(run.id);
}

/** @param {Run} run @param {"pause" | "cancel" | "resume" | "retry" | "again"} action */
export async function actOnRun(run, action) {
  const after = await doing(() => api.actOnRun(project(), run.id, action));
  if (after && action === "again") showRun(after.id);
}

/** Takes a run out of the list. What it wrote stays where it is. @param {Run} run */
export async function leaveRun(run) {
  const key = project();
  try {
    await api.removeRun(key, run.id);
    forget(run.id);
    const bringBack = async () => {
      const back = await api.restoreRun(key, run.id);
      if (key === project()) takeRuns([back]);
    };
    tell(`Run ${run.id} is out of the list; its files stay in ${run.output.split("/").slice(-2).join("/")}`, { title: "Undo", run: () => void bringBack().catch(complain) });
  } catch (error) {
    complain(error);
  }
}

/** @param {number} id  of a run that somebody took out of the list */
function forget(id) {
  state.runs = state.runs.filter((run) => run.id !== id);
  if (state.run === id) state.run = null;
  changed("runs", "slice");
}

/** From what a run wrote to coordinates. @param {Run} run */
export async function pickFrom({ id }) {
  if (!state.runs.find((run) => run.id === id)?.tomograms) await loadRun(id);
  const rows = state.runs.find((run) => run.id === id)?.tomograms ?? [];
  const paths = rows.filter((row) => row.state === "done").flatMap(({ outputs }) => outputs.map(({ path }) => path));
  if (paths.length === 0) return;
  state.sheet = { kind: "picks", paths, run: id };
  changed("ui");
}

/** Starts a run from a recipe that was saved. @param {File} file */
export async function startFromRecipe(file) {
  try {
    const recipe = JSON.parse(await file.text());
    const run = await doing(() => api.startRun(project(), { recipe }));
    if (run) showRun(run.id);
  } catch {
    complain(`'${file.name}' is no recipe of a run: expected the file that "Recipe" saves.`);
  }
}

/** Three slices of every tomogram, as a job. */
export async function previewRun() {
  try {
    noteJob(await api.previewRun(project(), request()));
    state.sheet = { kind: "preview" };
    changed("ui");
  } catch (error) {
    complain(error);
  }
}

/** The line that does the same in a terminal. */
export async function makeScript() {
  try {
    const { script } = await api.scriptOfRun(project(), request());
    state.sheet = { kind: "script", script };
    changed("ui");
  } catch (error) {
    complain(error);
  }
}

/** @param {Run} run @param {string | null} task @param {string} name */
export function showLog(run, task, name) {
  state.sheet = { kind: "log", run: run.id, task, name };
  changed("ui");
}
