// Training sets and trainings: sensible sizes, what a run costs, and the lines of its curves.

import { number } from "./units.js";

/** @import { Architectures, EpochLine, Role, Training, TrainingSet } from "./types.js" */

/** Sides of boxes that every network of the program takes. */
export const BOX_SIZES = [32, 64, 96, 128, 160, 192, 256];
/** Slices of a box: one for networks of single slices. */
export const DEPTHS = [1, 8, 16, 24, 32];
export const LEARNING_RATES = [1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5];
/** Boxes without the feature for each one with it. */
export const NEGATIVES = [0.5, 1, 2, 3];
/** Shares of the boxes that are held out, to be judged by and not learnt from. */
export const HELD_OUT = [0, 0.1, 0.2, 0.5];

export const DEFAULTS = { epochs: 50, batch: 32, copies: 10, validation: 0.1, learningRate: /** @type {number | null} */ (null), patience: /** @type {number | null} */ (null), negatives: /** @type {number | null} */ (null) };

/** The set's size that is next to a wish; never 0. @param {number} wish @param {number[]} [sizes] */
export const nearest = (wish, sizes = BOX_SIZES) => sizes.reduce((best, size) => (Math.abs(size - wish) < Math.abs(best - wish) ? size : best));

/** The name of the next model of a feature: A, A v2, A v3. @param {string} title @param {string[]} taken */
export function versioned(title, taken) {
  let name = title;
  for (let version = 2; taken.includes(name); version += 1) name = `${title} v${version}`;
  return name;
}

/** Roles after a feature got another one. @param {Record<string, Role>} roles @param {number} feature @param {Role | "unused"} role */
export function withRole(roles, feature, role) {
  const { [feature]: _, ...others } = roles;
  return role === "unused" ? others : { ...others, [feature]: role };
}

/** Datasets of a set after one was ticked or not; null when it is all of them again. @param {number[] | null} datasets @param {number} dataset @param {number[]} all */
export function toggled(datasets, dataset, all) {
  const before = new Set(datasets ?? all);
  if (!before.delete(dataset)) before.add(dataset);
  return all.every((id) => before.has(id)) ? null : all.filter((id) => before.has(id));
}

/** Boxes of a set in words. @param {{ positives: number, emptyPositives: number, negatives: number }} counts */
export const tallied = ({ positives, emptyPositives: empty, negatives }) =>
  [`${number(positives - empty)} with the feature`, ...(empty > 0 ? [`${number(empty)} without`] : []), ...(negatives > 0 ? [`${number(negatives)} negative`] : [])].join(", ");

/** The side of a set's boxes in pixels of a tomogram; as it is where the voxel size is unknown. @param {TrainingSet} set @param {number | null} voxelAngstrom */
export const sideIn = ({ boxSize, pixelSizeAngstrom }, voxelAngstrom) => (voxelAngstrom ? (boxSize * pixelSizeAngstrom) / voxelAngstrom : boxSize);

/** Boxes that an epoch shows a network, copies included. @param {number} boxes @param {{ copies: number, validation: number }} settings */
export const shownBoxes = (boxes, { copies, validation }) => boxes * (1 - validation) * copies;

/** What keeps an architecture from learning from a set's boxes, and a depth or size that would do; null when nothing does. @param {Pick<TrainingSet, "boxSize" | "depth">} set @param {Pick<Architectures["architectures"][number], "name" | "form" | "sideMultiple" | "depthMultiple">} architecture @returns {{ text: string, remedy: { boxSize?: number, depth?: number } } | null} */
export function misfit({ boxSize, depth }, { name, form, sideMultiple, depthMultiple }) {
  if (form === "slabs" && (depth === 1 || depth % depthMultiple !== 0)) {
    const fitting = DEPTHS.filter((size) => size > 1 && size % depthMultiple === 0);
    const better = fitting.length > 0 ? nearest(depth, fitting) : Math.max(2, depthMultiple);
    return { text: `${name} learns from slabs of several slices${depthMultiple > 1 ? `, a multiple of ${depthMultiple}` : ""}, and the boxes have ${depth}.`, remedy: { depth: better } };
  }
  if (boxSize % sideMultiple === 0) return null;
  return { text: `${name} takes boxes whose sides are multiples of ${sideMultiple} px, and these have ${boxSize}.`, remedy: { boxSize: Math.max(1, Math.round(boxSize / sideMultiple)) * sideMultiple } };
}

/** Seconds of one epoch, from how long they took the same kind of network before; null when it is the first. @param {number} boxes @param {{ copies: number, validation: number }} settings @param {TrainingSet} set @param {Training[]} before @param {string} architecture */
export function epochSeconds(boxes, settings, set, before, architecture) {
  const known = before.find((run) => run.architecture === architecture && run.last && run.settings.boxSize === set.boxSize && run.settings.depth === set.depth);
  if (!known?.last) return null;
  const shown = shownBoxes(Number(known.settings.positives) + Number(known.settings.negatives), { copies: Number(known.settings.copies), validation: Number(known.settings.validation) });
  return shown > 0 ? (known.last.seconds * shownBoxes(boxes, settings)) / shown : null;
}

export const isGoing = (/** @type {Pick<Training, "state">} */ { state }) => ["waiting", "extracting", "starting", "running", "stopping"].includes(state);
export const canGoOn = (/** @type {Pick<Training, "state">} */ { state }) => ["stopped", "interrupted", "failed", "done"].includes(state);

/** What a training is at, in words. @param {Training} training */
export function stage({ state, epoch, epochs, reason, host, isGivenUp }) {
  if (isGivenUp && state === "stopped") return epoch > 0 ? `Given up after epoch ${epoch} of ${epochs}` : "Given up";
  const place = host ? ` on ${host}` : "";
  switch (state) {
    case "waiting": return "Waiting for another training";
    case "extracting": return "Cutting out boxes";
    case "starting": return "Starting";
    case "running": return `Epoch ${Math.min(epochs, epoch + 1)} of ${epochs}${place}`;
    case "stopping": return "Stopping";
    case "done": return `Done: ${epoch} of ${epochs} epochs`;
    case "stopped": return `Stopped after epoch ${epoch} of ${epochs}`;
    case "interrupted": return `Interrupted after epoch ${epoch} of ${epochs}`;
    default: return reason || "Failed";
  }
}

/** Whether a network says nearly nothing when its training is over, or after epochs enough for most to say something. @param {Pick<Training, "best" | "last" | "state">} training */
export function findsNothing({ best, last, state }) {
  const line = best ?? last;
  return Boolean(line && last && (last.epoch >= 10 || !isGoing({ state })) && (line.heldOut?.recall ?? line.recall) < 0.05 && line.recall < 0.05);
}

/** The curves over the epochs, null where nothing was held out. @param {EpochLine[]} history */
export const curves = (history) => ({
  epochs: history.map(({ epoch }) => epoch), loss: history.map(({ loss }) => loss),
  heldOutLoss: history.map(({ heldOut }) => heldOut?.loss ?? null), dice: history.map(({ heldOut, dice }) => heldOut?.dice ?? dice),
  best: history.findLastIndex(({ isBest }) => isBest),
});

/** What the curves show, for those who do not see them. @param {EpochLine[]} history */
export function told(history) {
  const [first, last] = [history[0], history.at(-1)];
  if (!first || !last) return "No epoch is finished yet";
  const dice = last.heldOut?.dice ?? last.dice;
  return `Loss went from ${first.loss.toFixed(3)} to ${last.loss.toFixed(3)} over ${history.length} epochs; ${last.heldOut ? "held-out " : ""}Dice is ${dice.toFixed(2)}`;
}

/** Takes a finished epoch into a history, once. @param {EpochLine[]} history @param {EpochLine | null} line */
export function withLine(history, line) {
  if (!line) return history;
  return [...history.filter(({ epoch }) => epoch < line.epoch), line];
}
