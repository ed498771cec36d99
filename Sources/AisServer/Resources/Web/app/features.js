// What can be done with features, what is painted, and boxes.

import { between, encoded, stroke } from "../model/patch.js";
import { newId } from "../model/edits.js";
import { nextColour, fromHex } from "../model/palette.js";
import { neighbours, wrapped } from "../model/slices.js";
import { counted } from "../model/units.js";
import { asMask, compute } from "./compute.js";
import { edit, loadMask, undoOrRedo } from "./project.js";
import { slide } from "./sliding.js";
import { activeDataset, activeFeature, boxes, cards, changed, features, frame, libraries, listen, ownBoxSize, state, tell } from "./state.js";

/** @import { Mask } from "../model/mask.js" */
/** @import { Patch } from "../model/patch.js" */
/** @import { Held } from "../model/planes.js" */
/** @import { Card, Feature, Point } from "../model/types.js" */

/** Makes a feature and chooses it. A card of a library brings its settings. @param {string} [title] @param {Card} [card] */
export function createFeature(title, card) {
  const all = features();
  const id = newId();
  edit([{
    kind: "create-feature", id, title: title || card?.title || freeTitle(all), colour: nextColour(all), opacity: 0.42, boxSize: 64, brushRadius: defaultRadius(),
    ...(card ? looksOf(card) : {}),
  }], "new feature");
  choose(id);
  return id;
}

/** Makes a feature whose name is typed before anything else, where its row is in view. */
export function createAndName() {
  const id = createFeature();
  if (!state.preferences.folded.includes("features")) state.naming = id;
}

/** About a hundredth of the picture. */
const defaultRadius = () => Math.max(2, Math.round(Math.min(frame().height, frame().width) / 60));

/** @param {Feature[]} all */
function freeTitle(all) {
  const taken = new Set(all.map(({ title }) => title));
  for (let number = all.length + 1; ; number += 1) if (!taken.has(`Feature ${number}`)) return `Feature ${number}`;
}

/** @param {number} id */
export function choose(id) {
  state.feature = id;
  if (state.task === "annotate") state.inspected = "feature";
  const feature = activeFeature();
  if (feature) state.isFlood = feature.isFlood;
  changed("features", "tool");
}

/** Names that were used before: those of the active libraries and of this project. */
export function knownFeatures() {
  const active = new Set(libraries().filter(({ isActive }) => isActive).map(({ id }) => id));
  const taken = new Set(features().map(({ title }) => title.toLowerCase()));
  return cards().filter((card) => active.has(card.library) && card.isUsed && !taken.has(card.title.toLowerCase()));
}

/** Changes a feature. While a slider moves, the change shows at once and is one edit when it rests. @param {Feature} feature @param {Record<string, unknown>} fields @param {boolean} [isMoving] */
export function changeFeature(feature, fields, isMoving = false) {
  slide("feature", feature.id, fields, isMoving, (all) => edit([{ kind: "change-feature", feature: feature.id, ...all }], labelFor(all)));
  changed("features");
}

/** @param {Record<string, unknown>} fields */
function labelFor(fields) {
  const names = /** @type {Record<string, string>} */ ({
    title: "rename", colour: "colour", opacity: "opacity", isVisible: "hide or show", isOutline: "fill or outline", boxSize: "box size", brushRadius: "brush size", position: "order",
    showsBoxes: "hide or show boxes", isCollapsed: "fold",
  });
  const [first] = Object.keys(fields);
  return names[first] ? `${names[first]} of a feature` : undefined;
}

/** @param {Feature} feature @param {string} title */
export function renameFeature(feature, title) {
  const name = title.trim();
  if (!name || name === feature.title) return;
  const card = knownFeatures().find((other) => other.title.toLowerCase() === name.toLowerCase());
  changeFeature(feature, { title: name, ...(card ? looksOf(card) : {}) });
}

/** What a card brings to a feature; its brush is in nm, in pixels only where the voxel size is known. @param {Card} card */
export function looksOf(card) {
  const voxel = activeDataset()?.voxelSizeAngstrom?.x;
  return {
    colour: { red: card.red, green: card.green, blue: card.blue }, opacity: card.opacity, boxSize: card.boxSize,
    ...(voxel ? { brushRadius: Math.max(1, (card.brushNanometer * 10) / voxel) } : {}),
  };
}

/** @param {Feature} feature @param {string} code  #rrggbb @param {boolean} [isMoving] */
export function recolour(feature, code, isMoving = false) {
  const colour = fromHex(code);
  if (colour) changeFeature(feature, { colour }, isMoving);
}

/** @param {Feature} feature */
export function deleteFeature(feature) {
  const parts = state.annotated.filter((item) => item.feature === feature.id);
  const count = parts.reduce((sum, item) => sum + item.boxes, 0);
  edit([{ kind: "delete-feature", feature: feature.id }], `deleting ${feature.title}`);
  if (state.feature === feature.id) state.feature = features()[0]?.id ?? null;
  tell(`Deleted ${feature.title}: ${counted(parts.length, "slice")}, ${counted(count, "box", "boxes")} here`, { title: "Undo", run: () => undoOrRedo("undo") });
  changed("features");
}

/** Moves a feature in the list. @param {Feature} feature @param {number} to  its place among all */
export function moveFeature(feature, to) {
  const others = features().filter(({ id }) => id !== feature.id);
  const [before, after] = [others[to - 1], others[to]];
  const position = before && after ? (before.position + after.position) / 2 : before ? before.position + 1 : after ? after.position - 1 : 0;
  changeFeature(feature, { position });
}

/** Makes the edit of patches of one kind of work. @param {{ slice: number, patch: Patch }[]} patches @param {string | undefined} label @param {number} [feature] */
export function paint(patches, label, feature = /** @type {number} */ (state.feature)) {
  const dataset = /** @type {number} */ (state.dataset);
  const whole = patches.map(({ slice, patch }) => ({ plane: { dataset, feature, slice }, patch }));
  edit(whole.map(({ plane, patch }) => ({ kind: "paint", ...encoded(patch, plane) })), label, whole);
}

/** The mask of the active feature, when it is here. @param {number} [slice] @returns {Held | null} */
export const activeMask = (slice = state.slice) =>
  (state.dataset === null || state.feature === null ? null : state.planes.get({ dataset: state.dataset, feature: state.feature, slice }));

/** The mask of the active feature, waiting for it if need be. @param {number} slice */
async function maskOf(slice) {
  if (state.dataset === null || state.feature === null) return null;
  await loadMask({ dataset: state.dataset, feature: state.feature, slice });
  return activeMask(slice)?.visible ?? null;
}

export async function fillHoles() {
  const held = activeMask();
  if (!held) return;
  const { slice } = held.plane;
  const { height, width, pixels } = held.visible;
  const filled = asMask(await compute("fillHoles", { height, width, pixels: pixels.slice() }));
  const patch = between(held.visible, filled);
  if (patch) paint([{ slice, patch }], "fill holes", held.plane.feature);
  else tell("No holes in this slice");
}

/** Copies what is painted to the next slice, and goes there. */
export async function copyOn() {
  const dataset = activeDataset();
  const held = activeMask();
  if (!dataset || !held || held.visible.isEmpty()) {
    tell("Nothing painted in this slice to copy");
    return;
  }
  const next = wrapped(state.slice, state.direction < 0 ? -1 : 1, dataset.shape.z);
  const patch = stroke(held.visible, false);
  const target = await maskOf(next);
  if (!patch || !target) return;
  paint([{ slice: next, patch }], "copy to the next slice", held.plane.feature);
  state.slice = next;
  changed("slice");
}

/** Paints the slices between the two annotated ones around: where the shapes lie between theirs. */
export async function interpolate() {
  const own = state.annotated.filter(({ feature, pixels }) => feature === state.feature && pixels > 0).map(({ slice }) => slice);
  const around = neighbours(own.filter((slice) => slice !== state.slice), state.slice);
  if (!around) {
    tell("Paint a slice before this one and a slice after it first");
    return;
  }
  const [first, second] = [await maskOf(around.below), await maskOf(around.above)];
  if (!first || !second) return;
  const gaps = [];
  for (let slice = around.below + 1; slice < around.above; slice += 1) if (!own.includes(slice)) gaps.push(slice);
  if (own.includes(state.slice) && gaps.length === 0) gaps.push(state.slice);
  if (gaps.length === 0) return;
  const fractions = gaps.map((slice) => (slice - around.below) / (around.above - around.below));
  const copy = (/** @type {Mask} */ { height, width, pixels }) => ({ height, width, pixels: pixels.slice() });
  const shapes = await compute("between", { first: copy(first), second: copy(second), fractions });
  const patches = gaps.flatMap((slice, index) => {
    const patch = stroke(asMask(shapes[index]), false);
    return patch ? [{ slice, patch }] : [];
  });
  paint(patches, `shapes between slices ${around.below} and ${around.above}`);
  tell(`Painted ${counted(patches.length, "slice")} between ${around.below} and ${around.above}`, { title: "Undo", run: () => undoOrRedo("undo") });
}

/** @param {Feature} feature @param {number} slice */
export function clearSlice(feature, slice) {
  const dataset = /** @type {number} */ (state.dataset);
  const held = state.planes.get({ dataset, feature: feature.id, slice });
  const patch = held ? stroke(held.visible, true) : null;
  edit([{ kind: "clear-slice", dataset, feature: feature.id, slice }], `clearing slice ${slice}`, patch ? [{ plane: { dataset, feature: feature.id, slice }, patch }] : []);
  state.annotated = state.annotated.filter((item) => item.feature !== feature.id || item.slice !== slice);
  changed("annotations");
  tell(`Cleared ${feature.title} in slice ${slice}`, { title: "Undo", run: () => undoOrRedo("undo") });
}

/** @param {Point} centre */
export function placeBox(centre) {
  const dataset = /** @type {number} */ (state.dataset);
  const feature = state.feature ?? createFeature();
  const id = newId();
  edit([{ kind: "place-box", id, dataset, feature, slice: state.slice, y: centre.y, x: centre.x }]);
  return id;
}

/** @param {number} id @param {Point} centre */
export const moveBox = (id, centre) => edit([{ kind: "move-box", box: id, slice: state.slice, y: centre.y, x: centre.x }]);

/** @param {number} id */
export function removeBox(id) {
  if (boxes().some((box) => box.id === id)) edit([{ kind: "remove-box", box: id }]);
}

/** A size of boxes for this tomogram alone; null: that of the feature again. @param {Feature} feature @param {number | null} size */
export const setOwnBoxSize = (feature, size) => edit([{ kind: "set-box-size", dataset: state.dataset, feature: feature.id, boxSize: size }], "box size");

/** @param {Feature} feature @param {number} size */
export function setBoxSize(feature, size) {
  if (ownBoxSize(feature) === null) changeFeature(feature, { boxSize: size });
  else setOwnBoxSize(feature, size);
}

/** Names of libraries are offered, or none. */
export function toggleKnownNames() {
  const all = libraries();
  const isOn = all.some(({ isActive }) => isActive);
  edit(all.map(({ id }) => ({ kind: "change-library", library: id, isActive: !isOn })), isOn ? "offering no names" : "offering the names of libraries");
}

// Where there are features, one is chosen: also when another person made the first, or deleted the one that was.
listen(["features"], () => {
  const [first] = features();
  if (first && !activeFeature()) choose(first.id);
});
