// Rules between models: their order, what they say in words, and a small picture of them.

import { number } from "./units.js";

/** @import { Rule } from "./types.js" */

/** The position that puts a rule at a place among the others, which are in order. @param {{ position: number }[]} others @param {number} to */
export function positionAt(others, to) {
  const [before, after] = [others[to - 1], others[to]];
  if (before && after) return (before.position + after.position) / 2;
  return before ? before.position + 1 : after ? after.position - 1 : 0;
}

/** What a rule does, in a sentence. @param {Rule} rule @param {string} child @param {string} parent @param {number | null} voxelNanometer  of the slice in view */
export function sentence({ kind, radiusNanometer, threshold }, child, parent, voxelNanometer) {
  const reach = `${number(radiusNanometer, 1)} nm${voxelNanometer ? ` (${number(radiusNanometer / voxelNanometer)} px here)` : ""}`;
  return kind === "avoid"
    ? `${child} is removed wherever ${parent} is above ${number(threshold, 2)} within ${reach}.`
    : `${child} is kept only where ${parent} is above ${number(threshold, 2)} within ${reach}.`;
}

/** @typedef {{ id: number, x: number, y: number }} Node */
/** @typedef {{ rule: number, path: string, label: string, at: { x: number, y: number }, isOn: boolean }} Arrow */

/**
 * A picture of rules: models on a ring, an arrow from each that is changed to the one that changes it; two of one pair bend away from each other.
 * @param {Rule[]} rules @param {number} width @param {(rule: Rule) => boolean} isOn @returns {{ nodes: Node[], arrows: Arrow[], height: number }}
 */
export function graph(rules, width, isOn) {
  const ids = [...new Set(rules.flatMap(({ child, parent }) => [child, parent]))];
  const inRow = ids.length <= 3;
  if (ids.length === 3) {
    // The one with most rules in the middle: the fewest arrows pass another by.
    const count = (/** @type {number} */ id) => rules.filter(({ child, parent }) => child === id || parent === id).length;
    const [most] = [...ids].sort((a, b) => count(b) - count(a));
    const [first, last] = ids.filter((id) => id !== most);
    ids.splice(0, 3, first, most, last);
  }
  const height = inRow ? 104 : 176;
  const nodes = ids.map((id, index) => {
    if (inRow) return { id, x: width * (ids.length === 3 ? [0.16, 0.5, 0.84][index] : (index + 1) / (ids.length + 1)), y: 68 };
    const angle = (2 * Math.PI * index) / ids.length - Math.PI / 2;
    return { id, x: width / 2 + (width / 2 - 54) * Math.cos(angle), y: 76 + 54 * Math.sin(angle) };
  });
  const place = new Map(nodes.map((node) => [node.id, node]));
  /** @type {Map<string, number>} */
  const between = new Map();
  const arrows = rules.map((rule) => {
    const [from, to] = [/** @type {Node} */ (place.get(rule.child)), /** @type {Node} */ (place.get(rule.parent))];
    const pair = [rule.child, rule.parent].sort((a, b) => a - b).join(" ");
    const turn = between.get(pair) ?? 0;
    between.set(pair, turn + 1);
    const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
    const [ux, uy] = [(to.x - from.x) / length, (to.y - from.y) / length];
    // On a ring every arrow bends to its own left, so that there and back are two curves; in a row all bend upwards, away from the names, one above the other.
    const isFar = inRow && Math.abs(ids.indexOf(rule.child) - ids.indexOf(rule.parent)) > 1;
    const bend = inRow ? (18 + 34 * turn + (isFar ? 50 : 0)) * Math.sign(ux || 1) : 16 + 14 * Math.floor(turn / 2);
    const middle = { x: (from.x + to.x) / 2 + uy * bend, y: (from.y + to.y) / 2 - ux * bend };
    const end = (/** @type {Node} */ node, /** @type {number} */ gap) => {
      const reach = Math.hypot(middle.x - node.x, middle.y - node.y) || 1;
      return `${round(node.x + ((middle.x - node.x) / reach) * gap)} ${round(node.y + ((middle.y - node.y) / reach) * gap)}`;
    };
    return {
      rule: rule.id, isOn: isOn(rule), label: `${rule.kind === "avoid" ? "avoids" : "only near"} ${number(rule.radiusNanometer)} nm`,
      path: `M${end(from, 11)}Q${round(middle.x)} ${round(middle.y)} ${end(to, 13)}`,
      at: { x: (from.x + middle.x * 2 + to.x) / 4, y: (from.y + middle.y * 2 + to.y) / 4 - 4 },
    };
  });
  return { nodes, arrows, height };
}

const round = (/** @type {number} */ value) => Math.round(value * 10) / 10;
