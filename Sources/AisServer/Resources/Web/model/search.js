// Finding tomograms: words of the name or path, and `feature:FAS`, `voxel:>12`, `state:missing`, `slices:>3`, `boxes:0`.

/**
 * What a row of the list shows.
 * @typedef {object} Row
 * @property {number} id
 * @property {string} name
 * @property {string[]} paths
 * @property {number} position
 * @property {number | null} voxelAngstrom
 * @property {string} state
 * @property {{ title: string, slices: number, boxes: number }[]} features
 * @property {number} [modified]
 */

/** @typedef {"position" | "name" | "annotated" | "boxes" | "voxel" | "feature"} Order */
export const ORDERS = /** @type {{ order: Order, name: string }[]} */ ([
  { order: "position", name: "As added" }, { order: "name", name: "Name" }, { order: "annotated", name: "Annotated slices" },
  { order: "boxes", name: "Boxes" }, { order: "voxel", name: "Voxel size" }, { order: "feature", name: "With a feature first" },
]);

/** @param {string} text @returns {(row: Row) => boolean} */
export function filter(text) {
  const tests = (text.match(/\w+:"[^"]*"|"[^"]*"|\S+/g) ?? []).map(term);
  return (row) => tests.every((test) => test(row));
}

/** @param {string} word @returns {(row: Row) => boolean} */
function term(word) {
  const isExcluded = word.length > 1 && word.startsWith("-");
  const test = positive(isExcluded ? word.slice(1) : word);
  return isExcluded ? (row) => !test(row) : test;
}

/** @param {string} word @returns {(row: Row) => boolean} */
function positive(word) {
  const match = /^(feature|voxel|state|slices|boxes|path):(.*)$/i.exec(word);
  if (!match) {
    const wanted = unquoted(word).toLowerCase();
    return (row) => row.name.toLowerCase().includes(wanted) || row.paths.some((path) => path.toLowerCase().includes(wanted)) ||
      row.features.some((feature) => feature.title.toLowerCase().includes(wanted));
  }
  const value = unquoted(match[2]).toLowerCase();
  switch (match[1].toLowerCase()) {
    case "feature": return (row) => row.features.some((feature) => feature.title.toLowerCase().includes(value));
    case "path": return (row) => row.paths.some((path) => path.toLowerCase().includes(value));
    case "state": return (row) => row.state.startsWith(value);
    case "voxel": return compared(value, (row) => row.voxelAngstrom);
    case "slices": return compared(value, (row) => row.features.reduce((sum, feature) => sum + feature.slices, 0));
    default: return compared(value, (row) => row.features.reduce((sum, feature) => sum + feature.boxes, 0));
  }
}

/** @param {string} word */
const unquoted = (word) => word.replace(/^"|"$/g, "");

/** @param {string} text  ">12", "<=3", "10" @param {(row: Row) => number | null} value @returns {(row: Row) => boolean} */
function compared(text, value) {
  const match = /^(<=|>=|<|>|=)?(-?[\d.]+)$/.exec(text);
  if (!match) return () => true;
  const limit = Number(match[2]);
  return (row) => {
    const found = value(row);
    if (found === null) return false;
    switch (match[1]) {
      case "<": return found < limit;
      case "<=": return found <= limit;
      case ">": return found > limit;
      case ">=": return found >= limit;
      default: return Math.abs(found - limit) < 0.005;
    }
  };
}

const byName = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** @param {Row[]} rows @param {Order} order @param {boolean} [isReversed] @param {string} [feature]  its title, for the order "feature" */
export function sorted(rows, order, isReversed = false, feature = "") {
  const total = (/** @type {Row} */ row, /** @type {"slices" | "boxes"} */ what) =>
    row.features.reduce((sum, feature) => sum + feature[what], 0);
  const has = (/** @type {Row} */ row) => row.features.some(({ title }) => title === feature);
  /** @type {Record<Order, (a: Row, b: Row) => number>} */
  const comparisons = {
    position: (a, b) => a.position - b.position,
    name: (a, b) => byName.compare(a.name, b.name),
    annotated: (a, b) => total(b, "slices") - total(a, "slices"),
    boxes: (a, b) => total(b, "boxes") - total(a, "boxes"),
    feature: (a, b) => Number(has(b)) - Number(has(a)),
    voxel: (a, b) => (a.voxelAngstrom ?? Infinity) - (b.voxelAngstrom ?? Infinity),
  };
  const compare = comparisons[order];
  const result = [...rows].sort((a, b) => compare(a, b) || a.id - b.id);
  return isReversed ? result.reverse() : result;
}

/** The folder of a tomogram: of its first version. @param {Row} row */
export const folderOf = (row) => row.paths[0]?.replace(/\/[^/]*$/, "") ?? "";

/** Rows under the names of their folders, which stay in the order in which they first come; folded ones show their name alone. @param {Row[]} rows @param {Set<string>} folded @returns {(Row | { folder: string, count: number, isFolded: boolean })[]} */
export function grouped(rows, folded) {
  /** @type {Map<string, Row[]>} */
  const groups = new Map();
  for (const row of rows) groups.set(folderOf(row), [...(groups.get(folderOf(row)) ?? []), row]);
  return [...groups].flatMap(([folder, own]) => [{ folder, count: own.length, isFolded: folded.has(folder) }, ...(folded.has(folder) ? [] : own)]);
}

/** The rows of a long list that show, and a few around. @param {number} count @param {number} height  of one @param {number} scroll @param {number} room @param {number} [margin] */
export function visibleRange(count, height, scroll, room, margin = 8) {
  const first = Math.max(0, Math.floor(scroll / height) - margin);
  return { first, last: Math.min(count, Math.ceil((scroll + room) / height) + margin) };
}
