// What is in the project: records whose cells are registers. Each cell holds what the server's journal said last and, over
// it, what edits of this page that the server has not answered yet will make of it.

/** @import { CellChange, CellValue, Entry } from "./types.js" */

/** Names of columns as the page has them: `is_visible` is `isVisible`, `size_z` is `sizeZ`. @param {string} name */
export const camel = (name) => name.replace(/[_-]([a-z0-9])/g, (_, letter) => letter.toUpperCase());

const FLAGS = /^(live|is[A-Z].*|shows[A-Z].*|has[A-Z].*|takes[A-Z].*|interpolates|emits|absorbs)$/;

/** @param {string} field @param {CellValue} value */
const normal = (field, value) => (FLAGS.test(field) && typeof value === "number" ? value !== 0 : value);

export class Registers {
  constructor() {
    /** @type {Map<string, Map<number, Map<string, CellValue>>>} */
    this.confirmed = new Map();
    /** @type {{ key: string, changes: CellChange[] }[]} */
    this.pending = [];
    /** @type {Map<string, Record<string, CellValue>[]>} */
    this.lists = new Map();
  }

  /** Forgets everything of a kind, before a snapshot. @param {string} kind */
  clear(kind) {
    this.confirmed.delete(kind);
    this.lists.delete(kind);
  }

  /** Takes a record of a snapshot. @param {string} kind @param {{ id: number, [field: string]: unknown }} record */
  load(kind, record) {
    for (const [field, value] of Object.entries(record)) {
      if (field !== "id" && (value === null || typeof value !== "object")) {
        this.#set({ kind, id: record.id, field, value: /** @type {CellValue} */ (value) });
      }
    }
    this.#set({ kind, id: record.id, field: "live", value: true });
  }

  /** Takes what a line of the journal says. Returns the kinds of records that changed. @param {Pick<Entry, "values">} entry @returns {Set<string>} */
  apply(entry) {
    const kinds = new Set();
    for (const { record, field, value } of entry.values ?? []) {
      const kind = camel(record.kind);
      this.#set({ kind, id: record.id, field: camel(field), value });
      kinds.add(kind);
    }
    return kinds;
  }

  /** Shows what an edit will make of the cells until it is settled. @param {string} key @param {CellChange[]} changes */
  expect(key, changes) {
    if (changes.length === 0) return;
    this.pending.push({ key, changes });
    for (const { kind } of changes) this.lists.delete(kind);
  }

  /** The server answered, or refused: from here its word counts. Returns the kinds of records concerned. @param {string} key */
  settle(key) {
    const kinds = new Set(this.pending.filter(({ key: other }) => other === key).flatMap(({ changes }) => changes.map(({ kind }) => kind)));
    for (const kind of kinds) this.lists.delete(kind);
    this.pending = this.pending.filter(({ key: other }) => other !== key);
    return kinds;
  }

  /** The records of a kind that are there, as objects. @param {string} kind @returns {Record<string, CellValue>[]} */
  list(kind) {
    const known = this.lists.get(kind);
    if (known) return known;
    /** @type {Map<number, Record<string, CellValue>>} */
    const records = new Map();
    for (const [id, cells] of this.confirmed.get(kind) ?? []) records.set(id, { id, ...Object.fromEntries(cells) });
    for (const { changes } of this.pending) {
      for (const change of changes) {
        if (change.kind !== kind) continue;
        const record = records.get(change.id) ?? { id: change.id };
        record[change.field] = normal(change.field, change.value);
        records.set(change.id, record);
      }
    }
    const list = [...records.values()].filter((record) => record.live === true);
    this.lists.set(kind, list);
    return list;
  }

  /** @param {string} kind @param {number | null} id @returns {Record<string, CellValue> | null} */
  get(kind, id) {
    return this.list(kind).find((record) => record.id === id) ?? null;
  }

  /** @param {CellChange} change */
  #set({ kind, id, field, value }) {
    let records = this.confirmed.get(kind);
    if (!records) this.confirmed.set(kind, (records = new Map()));
    let cells = records.get(id);
    if (!cells) records.set(id, (cells = new Map()));
    cells.set(field, normal(field, value));
    this.lists.delete(kind);
  }
}
