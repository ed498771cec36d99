// What an undo and a redo by this person would do next, from the lines of the journal as they come.

/** @import { Entry } from "./types.js" */

/** @type {Record<string, string>} */
const NAMES = {
  "paint": "brush stroke", "clear-slice": "clearing a slice", "place-box": "box", "move-box": "moving a box", "remove-box": "removing a box",
  "create-feature": "new feature", "change-feature": "change of a feature", "delete-feature": "deleting a feature",
  "set-box-size": "box size", "add-dataset": "adding a tomogram", "change-dataset": "change of a tomogram",
  "remove-dataset": "removing a tomogram", "add-version": "adding a version", "relink-version": "relinking", "remove-version": "removing a version",
  "add-library": "new library", "change-library": "change of a library", "remove-library": "removing a library",
  "add-library-feature": "new card", "change-library-feature": "change of a card", "remove-library-feature": "removing a card",
  "change-model": "change of a model", "duplicate-model": "copy of a model", "delete-model": "deleting a model", "create-model": "new model",
  "create-rule": "new rule", "change-rule": "change of a rule", "delete-rule": "removing a rule",
  "create-training-set": "new training set", "change-training-set": "change of a training set", "delete-training-set": "deleting a training set",
  "set-setting": "setting", "set-view": "view", "several": "several edits",
};

/** What a line did, in words. @param {{ kind: string, label?: string | null }} entry */
export const described = ({ kind, label }) => label || NAMES[kind] || kind.replaceAll("-", " ");

export class UndoState {
  constructor() {
    /** Own edits that count, the oldest first. @type {{ sequence: number, name: string }[]} */
    this.done = [];
    /** Own edits undone since the last edit, the first undone first. @type {{ sequence: number, name: string }[]} */
    this.undone = [];
  }

  /** @param {Entry[]} history  the latest first @param {string} author */
  load(history, author) {
    this.done = [];
    this.undone = [];
    for (const entry of [...history].reverse()) this.take(entry, author);
  }

  /** @param {Entry} entry @param {string} author */
  take(entry, author) {
    const item = { sequence: entry.target ?? entry.sequence, name: described(entry) };
    const without = (/** @type {{ sequence: number, name: string }[]} */ list) => list.filter(({ sequence }) => sequence !== item.sequence);
    if (entry.action === "edit") {
      if (entry.author !== author || entry.isUndoable === false) return;
      this.undone = [];
      if (entry.isUndone !== true) this.done.push(item);
    } else if (entry.action === "undo") {
      const isOwn = this.done.some(({ sequence }) => sequence === item.sequence);
      this.done = without(this.done);
      if (isOwn || entry.author === author) this.undone = [...without(this.undone), item];
    } else {
      const isOwn = this.undone.some(({ sequence }) => sequence === item.sequence);
      this.undone = without(this.undone);
      if (isOwn) this.done = [...without(this.done), item].sort((a, b) => a.sequence - b.sequence);
    }
  }
}
