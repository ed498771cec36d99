// Edits as the server takes them, and what each will make of the project's records until the server has answered.

import { camel } from "./registers.js";

/** @import { Registers } from "./registers.js" */
/** @import { CellChange, CellValue, Edit } from "./types.js" */

/** A number for a new record: between 2⁴⁰ and 2⁵³, so that no two pages choose the same. */
export const newId = () => {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2));
  return 2 ** 40 + (high % 2 ** 20) * 2 ** 32 + low;
};

/** @type {Record<string, string>} */
const KINDS = {
  "dataset": "dataset", "version": "version", "feature": "feature", "box": "box", "library": "library", "library-feature": "libraryFeature",
  "model": "model", "rule": "rule", "training-set": "trainingSet",
};

/** Where the record's number stands in edits that change or remove one. @type {Record<string, string>} */
const SUBJECTS = { dataset: "dataset", version: "version", feature: "feature", box: "box", library: "library", libraryFeature: "card", model: "model", rule: "rule", trainingSet: "set" };

/** @param {Edit[]} edits @param {Registers} registers @returns {CellChange[]} */
export const predicted = (edits, registers) => edits.flatMap((edit) => one(edit, registers));

/** @param {Edit} edit @param {Registers} registers @returns {CellChange[]} */
function one(edit, registers) {
  const field = (/** @type {string} */ name) => /** @type {number} */ (edit[name]);
  switch (edit.kind) {
    case "create-feature":
      return made("feature", field("id"), { ...FEATURE_DEFAULTS, ...cells(edit, ["kind", "id"]) });
    case "create-rule":
      return made("rule", field("id"), { threshold: 0.5, position: 1e6, ...cells(edit, ["kind", "id"]) });
    case "create-training-set":
      return made("trainingSet", field("id"), { boxSize: 64, depth: 1, pixelSizeAngstrom: 10, roles: "{}", datasets: null, takesVersions: false, position: 1e6, title: "Training set", ...cells(edit, ["kind", "id"]) });
    case "place-box":
      return made("box", field("id"), { dataset: field("dataset"), feature: field("feature"), z: field("slice"), y: field("y"), x: field("x") });
    case "move-box":
      return changed("box", field("box"), { z: field("slice"), y: field("y"), x: field("x") });
    case "clear-slice":
      return registers.list("box")
        .filter((box) => box.dataset === edit.dataset && box.feature === edit.feature && box.z === edit.slice)
        .map((box) => ({ kind: "box", id: Number(box.id), field: "live", value: false }));
    case "set-box-size": {
      const layer = registers.list("layer").find((other) => other.dataset === edit.dataset && other.feature === edit.feature);
      return layer ? changed("layer", Number(layer.id), { boxSize: /** @type {CellValue} */ (edit.boxSize ?? null) }) : [];
    }
    case "duplicate-model":
      return [];
    case "separate-version":
      return [{ kind: "version", id: field("version"), field: "live", value: false }];
    case "add-library-feature":
    case "add-library":
    case "add-dataset":
    case "add-version":
    case "relink-version":
    case "paint":
    case "set-view":
    case "set-setting":
      return [];
    default: {
      const match = /^(change|remove|delete)-(.+)$/.exec(edit.kind);
      const kind = match ? KINDS[match[2]] : undefined;
      if (!match || !kind) return [];
      const subject = SUBJECTS[kind];
      if (match[1] !== "change") return [{ kind, id: field(subject), field: "live", value: false }];
      return changed(kind, field(subject), cells(edit, ["kind", subject]));
    }
  }
}

const FEATURE_DEFAULTS = {
  opacity: 0.42, isVisible: true, isOutline: false, showsBoxes: true, isCollapsed: false, isFlood: false, floodSensitivity: 50,
  brushRadius: 10, boxSize: 64, position: 1e6,
};

/** Fields as cells: a colour and a voxel size are three each, roles and datasets of a set JSON, and a rule's manner its kind. @param {Edit} edit @param {string[]} without @returns {Record<string, CellValue>} */
function cells(edit, without) {
  /** @type {Record<string, CellValue>} */
  const result = {};
  for (const [name, value] of Object.entries(edit)) {
    if (without.includes(name)) continue;
    if (name === "colour" && value && typeof value === "object") Object.assign(result, value);
    else if (name === "voxelSizeAngstrom") {
      const size = /** @type {Record<string, number> | null} */ (value);
      for (const axis of ["z", "y", "x"]) result[camel(`voxel_size_${axis}_angstrom`)] = size ? size[axis] : null;
    } else if (name === "manner") result.kind = /** @type {CellValue} */ (value);
    else if (name === "roles" || name === "datasets") result[name] = value === null ? null : JSON.stringify(value);
    else if (value === null || typeof value !== "object") result[name] = /** @type {CellValue} */ (value);
  }
  return result;
}

/** @param {string} kind @param {number} id @param {Record<string, CellValue>} values @returns {CellChange[]} */
const changed = (kind, id, values) => Object.entries(values).map(([field, value]) => ({ kind, id, field, value }));

/** @param {string} kind @param {number} id @param {Record<string, CellValue>} values @returns {CellChange[]} */
const made = (kind, id, values) => changed(kind, id, { ...values, live: true });
