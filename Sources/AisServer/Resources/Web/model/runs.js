// Runs: what is asked of one, what of it is typed, and what its states are called. Without a browser.

import { counted, duration, percent } from "./units.js";

/** @import { Rectangle } from "./types.js" */

/** @typedef {"waiting" | "planning" | "running" | "stopping" | "paused" | "cancelled" | "interrupted" | "done" | "failed"} RunState */
/** @typedef {{ all: number, done: number, failed: number, running: number, waiting: number }} Counts */
/** @typedef {{ kind: "here" | "slurm", device: "cpu" | "gpu", cards: number[], workers: number, threads: number | null, memoryBytes: number | null, partition?: string | null }} Place */

/**
 * @typedef {object} Run
 * @property {number} id
 * @property {string} title
 * @property {RunState} state
 * @property {string} reason
 * @property {string} by
 * @property {number} started
 * @property {number | null} ended
 * @property {string} output
 * @property {Place} place
 * @property {string | null} slurm
 * @property {number} fraction
 * @property {number | null} secondsLeft
 * @property {number} seconds
 * @property {number} forecastSeconds
 * @property {Counts} counts
 * @property {number} rules
 * @property {boolean} competes
 * @property {{ id: number, title: string, threshold: number, augmentations: number, colour: { red: number, green: number, blue: number } }[]} models
 * @property {{ dataset: number, name: string, fraction: number | null, host: string | null }[]} running
 * @property {RunRow[]} [tomograms]
 */

/**
 * One tomogram of a run.
 * @typedef {object} RunRow
 * @property {number} dataset
 * @property {number} version
 * @property {string} name
 * @property {string} path
 * @property {{ first: number, end: number } | null} slices
 * @property {{ first: number, end: number } | null} rows
 * @property {{ first: number, end: number } | null} columns
 * @property {string | null} task
 * @property {"waiting" | "running" | "done" | "failed"} state
 * @property {number | null} fraction
 * @property {number | null} seconds
 * @property {string | null} code
 * @property {string | null} reason
 * @property {boolean} wasThere
 * @property {number} attempts
 * @property {string[]} warnings
 * @property {{ model: number, title: string, path: string, bytes: number }[]} outputs
 */

/** @typedef {{ code: string, message: string, remedy: { kind: string, dataset?: number } | null }} Problem */
/** @typedef {{ output: string, tasks: number, finished: number, seconds: number | null, memoryBytes: number, diskBytes: number, freeBytes: number | null, problem: Problem | null,
 *   tomograms: { dataset: number, path: string, seconds: number | null, isFinished: boolean, problem: Problem | null }[] }} RunForecast */

/** What of a tomogram a run takes: first and last slice, and a part of each. @typedef {{ slices?: [number, number] | null, crop?: Rectangle | null }} Limit */

/** Whether something happens without a person. @param {{ state: RunState }} run */
export const isLive = ({ state }) => ["waiting", "planning", "running", "stopping"].includes(state);

/** What can be done with a run. @param {Run} run @returns {("pause" | "cancel" | "resume" | "retry" | "again")[]} */
export function actionsOf(run) {
  switch (run.state) {
    case "waiting": case "planning": case "running": return ["pause", "cancel"];
    case "stopping": return [];
    case "paused": case "interrupted": return ["resume", "cancel"];
    case "cancelled": return ["resume", "again"];
    case "failed": return run.counts.failed > 0 ? ["retry", "again"] : ["resume", "again"];
    case "done": return ["again"];
  }
}

const WORDS = /** @type {Record<RunState, string>} */ ({
  waiting: "waits for other runs", planning: "looking at the tomograms", running: "", stopping: "stopping", paused: "paused", cancelled: "cancelled", interrupted: "interrupted", done: "done", failed: "failed",
});

/** The end of a run's line: how far, or what became of it. @param {Run} run */
export function progressWords(run) {
  if (run.state === "running") return `${percent(run.fraction)}${run.secondsLeft ? ` · ${duration(run.secondsLeft)} left` : ""}`;
  if (run.state === "done") return `${counted(run.counts.done, "tomogram")}${run.seconds > 0 ? ` · ${duration(run.seconds)}` : ""}`;
  if (["paused", "interrupted", "cancelled"].includes(run.state)) return `${WORDS[run.state]} at ${percent(run.fraction)}`;
  return WORDS[run.state];
}

/** Where it runs, as people say it. @param {Place} place */
export function placeWords(place) {
  if (place.kind === "slurm") return `Slurm${place.partition ? `, partition ${place.partition}` : ""}`;
  const device = place.device === "gpu" ? (place.cards.length > 0 ? `card ${place.cards.join(", ")}` : "graphics card") : "processor";
  return `This computer, ${device}${place.workers > 1 ? `, ${place.workers} workers` : ""}`;
}

/**
 * Slices as they are typed: "35–260", "35-260", "35 260"; the whole is null. Undefined for what is no range.
 * @param {string} text @param {number} depth @param {number} [from]  the number of the first slice as it is shown
 * @returns {[number, number] | null | undefined}
 */
export function typedRange(text, depth, from = 0) {
  const clean = text.trim();
  if (clean === "" || /^all$/i.test(clean)) return null;
  const match = /^(\d+)\s*(?:[-\u2013:\s]|to)\s*(\d+)$/i.exec(clean);
  if (!match) return undefined;
  const [first, last] = [Number(match[1]) - from, Number(match[2]) - from];
  if (first < 0 || last < first || first >= depth) return undefined;
  return first === 0 && last >= depth - 1 ? null : [first, Math.min(last, depth - 1)];
}

/** A limit without what limits nothing; null when nothing is left. @param {Limit} limit @param {{ z: number, y: number, x: number }} shape @returns {Limit | null} */
export function tidied(limit, shape) {
  const { slices, crop } = limit;
  /** @type {Limit} */
  const kept = {};
  if (slices && (slices[0] > 0 || slices[1] < shape.z - 1)) kept.slices = slices;
  if (crop) {
    const [y, x] = [Math.max(0, Math.floor(crop.y)), Math.max(0, Math.floor(crop.x))];
    const [bottom, right] = [Math.min(shape.y, Math.ceil(crop.y + crop.height)), Math.min(shape.x, Math.ceil(crop.x + crop.width))];
    if (bottom > y && right > x && (y > 0 || x > 0 || bottom < shape.y || right < shape.x)) kept.crop = { y, x, height: bottom - y, width: right - x };
  }
  return kept.slices || kept.crop ? kept : null;
}

/** The limits that a project keeps, by dataset. @param {unknown} text  JSON @returns {Map<number, Limit>} */
export function parsedLimits(text) {
  /** @type {Map<number, Limit>} */
  const limits = new Map();
  let found;
  try {
    found = typeof text === "string" ? JSON.parse(text) : null;
  } catch {
    return limits;
  }
  for (const [id, limit] of Object.entries(found ?? {})) {
    const { slices, crop } = /** @type {Limit} */ (limit ?? {});
    const isRange = Array.isArray(slices) && slices.length === 2 && slices.every(Number.isInteger);
    const isBox = crop && [crop.y, crop.x, crop.height, crop.width].every(Number.isFinite);
    if (Number.isInteger(Number(id)) && (isRange || isBox)) limits.set(Number(id), { ...(isRange ? { slices } : {}), ...(isBox ? { crop } : {}) });
  }
  return limits;
}

/** @typedef {"all" | "done" | "running" | "waiting" | "failed"} RowFilter */

/** Rows as the filter wants them; those that somebody has to look at first, then what runs, then the rest in order. @template {{ state: string, name: string, path: string }} R @param {R[]} rows @param {RowFilter} filter @param {string} search @returns {R[]} */
export function arranged(rows, filter, search) {
  const wanted = search.trim().toLowerCase();
  const rank = /** @type {Record<string, number>} */ ({ failed: 0, running: 1, done: 2, waiting: 3 });
  return rows.map((row, index) => ({ row, index }))
    .filter(({ row }) => (filter === "all" || row.state === filter) && (!wanted || row.name.toLowerCase().includes(wanted) || row.path.toLowerCase().includes(wanted) || row.state.startsWith(wanted)))
    .sort((a, b) => (rank[a.row.state] ?? 9) - (rank[b.row.state] ?? 9) || a.index - b.index).map(({ row }) => row);
}
