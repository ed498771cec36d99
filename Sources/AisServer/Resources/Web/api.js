// The only place that talks to the server. What fails comes out as `Unreachable`, when nobody answered, as `Hindered`, when
// the server cannot do it just now, or as `Refusal`, with the server's sentence and what can be done.

import { Hindered, Unreachable } from "./model/outbox.js";

/** @import { Run, RunForecast } from "./model/runs.js" */
/** @import { Analysis, Found, Segmentation } from "./model/picks.js" */
/** @import { Architectures, Counts, Edit, Entry, Forecasts, Job, ModelNews, Person, Rectangle, Samples, SetForecast, Training, TrainingHistory, Wish } from "./model/types.js" */

/** @typedef {{ kind: string, title?: string, [field: string]: unknown }} Remedy */

export class Refusal extends Error {
  /** @param {number} status @param {string} code @param {string} message @param {Remedy | null} remedy */
  constructor(status, code, message, remedy) {
    super(message);
    this.status = status;
    this.code = code;
    this.remedy = remedy;
  }
}

/** @typedef {{ name: string, path: string, isFolder: boolean, byteCount: number | null, modified: number | null, kind: string }} FileEntry */
/** @typedef {{ version: string, roots: { path: string, name: string }[], recent: { path: string, name: string, opened: number, isThere?: boolean, datasets?: number }[], log?: string, open: { key: string, name: string, path: string }[], machine: { threads: number, memoryBytes: number, name?: string }, author: string }} Session */

/** One per tab: the server tells it from the others of the same person. */
export const client = crypto.randomUUID();

let author = "";
/** @param {string} name */
export const setAuthor = (name) => {
  author = name;
};

/** @param {string} path @param {{ method?: string, body?: unknown, signal?: AbortSignal, priority?: RequestPriority, keepalive?: boolean }} [options] */
async function request(path, { method = "GET", body, signal, priority, keepalive } = {}) {
  /** @type {Record<string, string>} */
  const headers = { "X-Ais-Author": encodeURIComponent(author), "X-Ais-Client": client };
  const isFile = body instanceof Blob;
  if (body !== undefined) headers["Content-Type"] = isFile ? "application/octet-stream" : "application/json";
  /** @type {Response} */
  let response;
  try {
    response = await fetch(path, {
      method, headers, signal, priority, keepalive, credentials: "same-origin", body: body === undefined ? undefined : isFile ? body : JSON.stringify(body),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Unreachable("the server does not answer");
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  if ([502, 503, 504].includes(response.status)) {
    // A proxy on the way says these when the server behind it is gone; with a sentence they are the server's own.
    throw problem.message ? new Hindered(problem.message) : new Unreachable("the server does not answer");
  }
  throw new Refusal(
    response.status, problem.code ?? "unknown", problem.message ?? `The server answered ${response.status}.`, problem.remedy ?? null);
}

/** @param {string} path @param {Parameters<typeof request>[1]} [options] */
const json = async (path, options) => (await request(path, options)).json();

/** @param {string} path @param {unknown} body */
const post = (path, body = {}) => json(path, { method: "POST", body });

/** @param {string} project */
const at = (project) => `/api/projects/${encodeURIComponent(project)}`;

/** @returns {Promise<Session>} */
export const session = () => json("/api/session");

/** Opens tomograms, folders, annotations of the earlier program, or a project. @param {string[]} paths @param {boolean} [create] @returns {Promise<{ project: string }>} */
export const open = (paths, create) => post("/api/open", { paths, create });

/** @param {string} [path] @returns {Promise<{ path: string, parent: string | null, entries: FileEntry[] }>} */
export const files = (path) => json(`/api/files${path ? `?path=${encodeURIComponent(path)}` : ""}`);

/** @param {string} path */
export const addRoot = (path) => post("/api/roots", { path });

/** @param {string} path */
export const downloadAddress = (path) => `/api/download?path=${encodeURIComponent(path)}`;

/** @param {string} project @returns {Promise<any>} */
export const project = (project) => json(at(project));

/** @param {string} project @param {number} dataset @returns {Promise<{ sequence: number, slices: { feature: number, slice: number, pixels: number, boxes: number }[], boxes: { id: number, feature: number, slice: number, y: number, x: number }[], view: any }>} */
export const annotations = (project, dataset) => json(`${at(project)}/datasets/${dataset}/annotations`);

/** @param {string} project @param {{ dataset: number, feature: number, slice: number }} plane */
export async function mask(project, { dataset, feature, slice }) {
  const response = await request(`${at(project)}/datasets/${dataset}/masks/${feature}/${slice}`);
  const number = (/** @type {string} */ name) => Number(response.headers.get(name));
  return {
    bytes: new Uint8Array(await response.arrayBuffer()), height: number("X-Ais-Height"), width: number("X-Ais-Width"), sequence: number("X-Ais-Sequence"),
  };
}

/** @typedef {{ dataset: number, version: number, key: string, axis: "xy" | "xz" | "yz", index: number, level: number, slab: number, format: "u8" | "f16", mayBeSketch?: boolean }} SliceAddress */

/** @param {string} project @param {SliceAddress} slice @param {number} row @param {number} column @param {AbortSignal} signal @param {boolean} isUrgent */
export async function tile(project, slice, row, column, signal, isUrgent) {
  const place = `${slice.axis}/${slice.index}/${slice.level}/${row}/${column}`;
  const slab = slice.slab > 1 ? `&slab=${slice.slab}` : "";
  const sketch = slice.mayBeSketch ? "&sketch=1" : "";
  const response = await request(
    `${at(project)}/datasets/${slice.dataset}/versions/${slice.version}/slices/${place}?key=${encodeURIComponent(slice.key)}&format=${slice.format}${slab}${sketch}`,
    { signal, priority: isUrgent ? "high" : "low" });
  const number = (/** @type {string} */ name, /** @type {number} */ other) => Number(response.headers.get(name) ?? other);
  return {
    buffer: await response.arrayBuffer(), height: number("X-Ais-Height", 0), width: number("X-Ais-Width", 0),
    offset: number("X-Ais-Offset", 0), step: number("X-Ais-Step", 1),
  };
}

/** @param {string} project @param {number} dataset @param {string} key  so that another file has another picture @param {72 | 144} [size] */
export const thumbnailAddress = (project, dataset, key, size = 72) => `${at(project)}/datasets/${dataset}/thumbnail?size=${size}&key=${encodeURIComponent(key)}`;

/** @param {string} project @param {number} dataset @returns {Promise<{ findings: { code: string, severity: string, message: string, remedy: Remedy | null }[] }>} */
export const checkup = (project, dataset) => json(`${at(project)}/datasets/${dataset}/checkup`);

/** @param {string} project @param {string} id @param {string | undefined} label @param {Edit[]} edits @returns {Promise<{ entry: Entry }>} */
export const edits = (project, id, label, edits) => post(`${at(project)}/edits`, { id, label, edits });

/** @param {string} project @param {"undo" | "redo"} action @param {string} id @param {number} [sequence] @returns {Promise<{ entry: Entry | null }>} */
export const undoOrRedo = (project, action, id, sequence) => post(`${at(project)}/${action}`, { id, sequence });

/** @param {string} project @param {{ before?: number, limit?: number, author?: string, dataset?: number }} [query] @returns {Promise<{ entries: Entry[] }>} */
export function history(project, query = {}) {
  const words = Object.entries(query).filter(([, value]) => value !== undefined).map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return json(`${at(project)}/history?${words.join("&")}`);
}

/** @param {string} project @param {object} where */
export const presence = (project, where) => request(`${at(project)}/presence`, { method: "POST", body: where });

/** Saves the project with its history in another folder; tomograms stay where they are. @param {string} project @param {string} path @returns {Promise<{ path: string }>} */
export const copyProject = (project, path) => post(`${at(project)}/copy`, { path });

/** @param {string} project @returns {Promise<{ jobs: Job[] }>} */
export const jobs = (project) => json(`${at(project)}/jobs`);

/** @param {string} project @param {{ kind: string, [field: string]: unknown }} job @returns {Promise<Job>} */
export const startJob = (project, job) => post(`${at(project)}/jobs`, job);

/** @param {string} project @param {string} id */
export const cancelJob = (project, id) => request(`${at(project)}/jobs/${encodeURIComponent(id)}`, { method: "DELETE" });

/** @param {string} project @param {{ kind: string, [field: string]: unknown }} what @returns {Promise<Job>} */
export const importFiles = (project, what) => post(`${at(project)}/imports`, what);

/** @param {string} project @param {{ kind: string, [field: string]: unknown }} what @returns {Promise<Job>} */
export const exportFiles = (project, what) => post(`${at(project)}/exports`, what);

/** Adds tomograms; those that are there already are passed over. @param {string} project @param {string[]} paths @returns {Promise<{ added: number[] }>} */
export const addTomograms = (project, paths) => post(`${at(project)}/datasets`, { paths });

/** Replaces a part of all paths, or says what would be replaced. @param {string} project @param {{ find: string, replace: string, apply: boolean }} what @returns {Promise<{ matches: { version: number, from: string, to: string, exists: boolean }[] }>} */
export const replacePaths = (project, what) => post(`${at(project)}/paths`, what);

/** A finding of the check-up mended, as an edit that can be undone. @param {string} project @param {number} dataset @param {Remedy} remedy */
export const mend = (project, dataset, remedy) => post(`${at(project)}/datasets/${dataset}/mend`, { remedy });

/** @param {string} project @returns {Promise<ModelNews>} */
export const models = (project) => json(`${at(project)}/models`);

/** Adds the networks of a file on the server's side. @param {string} project @param {string} path @returns {Promise<{ entry: Entry, models: number[], rules: number[], warnings: string[] }>} */
export const addModels = (project, path) => post(`${at(project)}/models`, { path });

/** Adds the networks of a file that this browser has. @param {string} project @param {string} name @param {Blob} file @returns {ReturnType<typeof addModels>} */
export const uploadModels = (project, name, file) => json(`${at(project)}/models/upload?name=${encodeURIComponent(name)}`, { method: "POST", body: file });

/** A network as a file, with a picture of what it finds in a slice. @param {string} project @param {number} model @param {{ dataset: number, version: number, slice: number } | null} place */
export const modelAddress = (project, model, place) => `${at(project)}/models/${model}/file${place ? `?dataset=${place.dataset}&version=${place.version}&slice=${place.slice}` : ""}`;

/** @param {string} project @param {string} title @param {number[]} models */
export const groupAddress = (project, title, models) => `${at(project)}/models/group?title=${encodeURIComponent(title)}&models=${models.join(",")}`;

/** @typedef {"raw" | "competed" | "final"} ResultLayer */
/** @typedef {{ dataset: number, version: number, key: string, layer: ResultLayer, model: number, slice: number, modelVersion: string, region?: Rectangle | null }} PredictionAddress */

/** What a network says of a slice, or of a part of it: bytes, 255 for certain. @param {string} project @param {PredictionAddress} wanted @param {AbortSignal} signal */
export async function prediction(project, { dataset, version, key, layer, model, slice, modelVersion, region }, signal) {
  const part = region ? `&region=${region.y},${region.x},${region.height},${region.width}` : "";
  const response = await request(
    `${at(project)}/datasets/${dataset}/versions/${version}/predictions/${layer}/${model}/${slice}?key=${encodeURIComponent(key)}&version=${encodeURIComponent(modelVersion)}${part}`,
    { signal, priority: "low" });
  const number = (/** @type {string} */ name) => Number(response.headers.get(name) ?? 0);
  return {
    bytes: new Uint8Array(await response.arrayBuffer()), height: number("X-Ais-Height"), width: number("X-Ais-Width"), y: number("X-Ais-Y"), x: number("X-Ais-X"),
    seconds: number("X-Ais-Seconds"),
  };
}

/** @typedef {{ segmentations: Segmentation[], folders: string[] }} SegmentationListing */

/** The segmentations of a folder, or those that lie where one would look. @param {string} project @param {string} [folder] @returns {Promise<SegmentationListing>} */
export const segmentations = (project, folder) => json(`${at(project)}/segmentations${folder ? `?folder=${encodeURIComponent(folder)}` : ""}`);

/** @typedef {{ path: string, [rule: string]: unknown }} PickQuestion */

/** @param {string} project @param {PickQuestion} question @param {AbortSignal} signal @returns {Promise<Analysis>} */
export const pickAnalysis = (project, question, signal) => json(`${at(project)}/picks/analysis`, { method: "POST", body: question, signal });

/** What would be picked. @param {string} project @param {PickQuestion} question @param {AbortSignal} signal @returns {Promise<Found>} */
export const pickPreview = (project, question, signal) => json(`${at(project)}/picks/preview`, { method: "POST", body: question, signal });

/** A plane of a segmentation, or without an index the greatest values across it. @param {string} project @param {PickQuestion} question @param {AbortSignal} signal */
export async function pickPlane(project, question, signal) {
  const response = await request(`${at(project)}/picks/planes`, { method: "POST", body: question, signal });
  return { bytes: new Uint8Array(await response.arrayBuffer()), height: Number(response.headers.get("X-Ais-Height")), width: Number(response.headers.get("X-Ais-Width")) };
}

/** Pictures around points: for each grey values and then certainty. @param {string} project @param {PickQuestion} question @param {AbortSignal} signal */
export const pickCrops = async (project, question, signal) => new Uint8Array(await (await request(`${at(project)}/picks/crops`, { method: "POST", body: question, signal })).arrayBuffer());

/** @param {string} project @param {{ paths: string[], format: string, [rule: string]: unknown }} what @returns {Promise<Job>} */
export const startPicking = (project, what) => post(`${at(project)}/picks`, what);

/** How long a slice takes each active model, and which slices are known already. @param {string} project @param {number} dataset @param {number} version @returns {Promise<Forecasts>} */
export const forecast = (project, dataset, version) => json(`${at(project)}/datasets/${dataset}/versions/${version}/predictions`);

/** @param {string} project @returns {Promise<{ runs: Run[] }>} */
export const runs = (project) => json(`${at(project)}/runs`);

/** With every tomogram. @param {string} project @param {number} run @returns {Promise<Run>} */
export const run = (project, run) => json(`${at(project)}/runs/${run}`);

/** What there is to compute on. @param {string} project @returns {Promise<any>} */
export const runPlaces = (project) => json(`${at(project)}/runs/places`);

/** @param {string} project @param {object} wanted @returns {Promise<RunForecast>} */
export const forecastRun = (project, wanted) => post(`${at(project)}/runs/forecast`, wanted);

/** @param {string} project @param {object} wanted @returns {Promise<Run>} */
export const startRun = (project, wanted) => post(`${at(project)}/runs`, wanted);

/** Segments three slices of every tomogram. @param {string} project @param {object} wanted @returns {Promise<Job>} */
export const previewRun = (project, wanted) => post(`${at(project)}/runs/preview`, wanted);

/** @param {string} project @param {object} wanted @returns {Promise<{ script: string }>} */
export const scriptOfRun = (project, wanted) => post(`${at(project)}/runs/script`, wanted);

/** @param {string} project @param {number} run @param {"pause" | "cancel" | "resume" | "retry" | "again"} action @returns {Promise<Run>} */
export const actOnRun = (project, run, action) => post(`${at(project)}/runs/${run}/${action}`);

/** Takes a run out of the list; its files stay. @param {string} project @param {number} run */
export const removeRun = (project, run) => json(`${at(project)}/runs/${run}`, { method: "DELETE" });

/** Puts it back. @param {string} project @param {number} run @returns {Promise<Run>} */
export const restoreRun = (project, run) => post(`${at(project)}/runs/${run}/restore`);

/** What a run, or one of its tomograms, had to say. @param {string} project @param {number} run @param {string | null} task */
export const runLog = async (project, run, task) => (await request(`${at(project)}/runs/${run}${task ? `/tasks/${encodeURIComponent(task)}` : ""}/log`)).text();

/** @param {string} project @param {number} run @param {"recipe" | "script"} what */
export const runFileAddress = (project, run, what) => `${at(project)}/runs/${run}/${what}`;

/** The middle of a result, with what was found over it. @param {string} project @param {number} run @param {string} task @param {number} size */
export const resultAddress = (project, run, task, size) => `${at(project)}/runs/${run}/tasks/${encodeURIComponent(task)}/picture?size=${size}`;

/** A slice of what a run wrote: bytes, 255 for certain. @param {string} project @param {number} run @param {string} task @param {number} model @param {number} slice @param {AbortSignal} signal */
export async function resultSlice(project, run, task, model, slice, signal) {
  const response = await request(`${at(project)}/runs/${run}/tasks/${encodeURIComponent(task)}/results/${model}/${slice}`, { signal, priority: "low" });
  const number = (/** @type {string} */ name) => Number(response.headers.get(name) ?? 0);
  return { bytes: new Uint8Array(await response.arrayBuffer()), height: number("X-Ais-Height"), width: number("X-Ais-Width"), y: 0, x: 0, seconds: 0 };
}

/** What is in a file of JSON that the server wrote. @param {string} path @returns {Promise<any>} */
export const documentAt = (path) => json(downloadAddress(path));

/** @param {string} project @param {number} set @returns {Promise<Counts>} */
export const setCounts = (project, set) => json(`${at(project)}/training-sets/${set}/counts`);

/** @param {string} project @param {number} set @param {number} count @param {number} seed @returns {Promise<Samples>} */
export const setSamples = (project, set, count, seed) => json(`${at(project)}/training-sets/${set}/samples?count=${count}&seed=${seed}`);

/** @param {string} project @param {number} set @param {string} [name] @returns {Promise<Job>} */
export const exportSet = (project, set, name) => post(`${at(project)}/training-sets/${set}/export`, { name });

/** @param {string} project @param {number} set @param {string} architecture @param {number | null} dataset @returns {Promise<SetForecast>} */
export const setForecast = (project, set, architecture, dataset) => json(`${at(project)}/training-sets/${set}/forecast?architecture=${encodeURIComponent(architecture)}${dataset === null ? "" : `&dataset=${dataset}`}`);

/** @returns {Promise<Architectures>} */
export const architectures = () => json("/api/architectures");

/** Takes an architecture in; a program is run for that. @param {string} path @param {boolean} replaces @returns {Promise<{ name: string }>} */
export const addArchitecture = (path, replaces) => post("/api/architectures", { path, replaces });

/** Takes one of the user's own out. @param {string} name @returns {Promise<{ name: string, restore: string }>} */
export const removeArchitecture = (name) => post("/api/architectures/remove", { name });

/** Brings back what was taken out. @param {string} restore */
export const restoreArchitecture = (restore) => post("/api/architectures/restore", { restore });

/** @param {string} project @returns {Promise<{ trainings: Training[] }>} */
export const trainings = (project) => json(`${at(project)}/trainings`);

/** @param {string} project @param {string} training @returns {Promise<TrainingHistory>} */
export const training = (project, training) => json(`${at(project)}/trainings/${encodeURIComponent(training)}`);

/** @param {string} project @param {object} settings @returns {Promise<Training>} */
export const startTraining = (project, settings) => post(`${at(project)}/trainings`, settings);

/** @param {string} project @param {string} training @param {boolean} keep  the best network so far becomes the model @returns {Promise<Training>} */
export const stopTraining = (project, training, keep) => post(`${at(project)}/trainings/${encodeURIComponent(training)}/stop`, { keep });

/** @param {string} project @param {string} training @param {number} [epochs]  altogether @returns {Promise<Training>} */
export const resumeTraining = (project, training, epochs) => post(`${at(project)}/trainings/${encodeURIComponent(training)}/resume`, { epochs });

/** @param {string} project @param {string} training */
export const deleteTraining = (project, training) => request(`${at(project)}/trainings/${encodeURIComponent(training)}`, { method: "DELETE" });

/**
 * What happens in the project from a line of the journal on. Returns how to stop.
 * @param {string} project @param {number} after
 * @param {{ opened(): void, lost(): void, entry(entry: Entry): void, presence(people: Person[]): void, job(job: Job): void, versions(news: unknown): void, models(): void, run(run: Run): void, training(training: Training): void, show(wish: Wish): void, pick(news: { path: string, fraction: number | null }): void }} listener
 */
export function events(project, after, listener) {
  const source = new EventSource(`${at(project)}/events?after=${after}&client=${client}`);
  const data = (/** @type {Event} */ event) => JSON.parse(/** @type {MessageEvent} */ (event).data);
  source.addEventListener("open", () => listener.opened());
  // The page reconnects by itself, from the line that it really has.
  source.addEventListener("error", () => {
    source.close();
    listener.lost();
  });
  source.addEventListener("entry", (event) => listener.entry(data(event)));
  source.addEventListener("presence", (event) => listener.presence(data(event).people));
  source.addEventListener("job", (event) => listener.job(data(event)));
  source.addEventListener("versions", (event) => listener.versions(data(event)));
  source.addEventListener("models", () => listener.models());
  source.addEventListener("show", (event) => listener.show(data(event)));
  source.addEventListener("run", (event) => listener.run(data(event)));
  source.addEventListener("pick", (event) => listener.pick(data(event)));
  source.addEventListener("training", (event) => listener.training(data(event)));
  return () => source.close();
}

export { Unreachable };
