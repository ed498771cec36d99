// Edits on their way to the server. They are kept until the server has them, sent in order, one at a time, and sent again
// after a lost connection; each has an id by which the server knows one that it already has.

/** @import { Edit } from "./types.js" */

/**
 * @typedef {object} Item
 * @property {string} id
 * @property {string} project
 * @property {"edits" | "undo" | "redo"} action
 * @property {string} [label]
 * @property {Edit[]} [edits]
 * @property {number} [sequence]  of the line to undo, when it is not the latest
 * @property {number} order
 */

/** @typedef {{ all(project: string): Promise<Item[]>, put(item: Item): Promise<void>, remove(id: string): Promise<void> }} Storage */

/** Why sending failed: the server was not there, or would not have it. */
export class Unreachable extends Error {}
/** The server is there and cannot take it now, such as for a full disk; its message says what to do. */
export class Hindered extends Unreachable {}

export class Outbox {
  /**
   * @param {Storage} storage
   * @param {(item: Item) => Promise<void>} send  throws Unreachable, or another error when the server refuses
   * @param {{ settled(item: Item): void, refused(item: Item, error: Error): void, changed(): void, hindered?(error: Hindered): void }} listener
   */
  constructor(storage, send, listener) {
    this.storage = storage;
    this.send = send;
    this.listener = listener;
    /** @type {Item[]} */
    this.items = [];
    this.isSending = false;
    this.isReachable = true;
    this.order = 0;
  }

  get count() {
    return this.items.length;
  }

  /** How many of them are somebody's work: where one looks is sent as well, but nobody counts it. */
  get work() {
    return this.items.filter(({ action, edits }) => action !== "edits" || edits?.some(({ kind }) => kind !== "set-view")).length;
  }

  /** Takes up what an earlier page of this browser could not send. @param {string} project @returns {Promise<Item[]>} */
  async restore(project) {
    const kept = (await this.storage.all(project)).sort((a, b) => a.order - b.order);
    this.items = [...kept, ...this.items];
    this.order = Math.max(this.order, ...kept.map((item) => item.order + 1));
    return kept;
  }

  /** @param {Omit<Item, "order">} item */
  add(item) {
    const whole = { ...item, order: this.order };
    this.order += 1;
    this.items.push(whole);
    // Kept on this machine as well, but never waited for: the stroke goes out at once.
    void this.storage.put(whole).catch(() => {});
    this.listener.changed();
    void this.pump();
  }

  /** Sends what waits, in order, until all is sent or the server is not there. Returns whether all is sent. */
  async pump() {
    if (this.isSending) return false;
    this.isSending = true;
    try {
      while (this.items.length > 0) {
        const item = this.items[0];
        try {
          await this.send(item);
        } catch (error) {
          if (error instanceof Unreachable) {
            this.isReachable = false;
            if (error instanceof Hindered) this.listener.hindered?.(error);
            return false;
          }
          this.#done(item);
          this.listener.refused(item, /** @type {Error} */ (error));
          continue;
        }
        this.isReachable = true;
        this.#done(item);
        this.listener.settled(item);
      }
      return true;
    } finally {
      this.isSending = false;
      this.listener.changed();
    }
  }

  /** @param {Item} item */
  #done(item) {
    this.items = this.items.filter((other) => other !== item);
    void this.storage.remove(item.id).catch(() => {});
  }
}

/** Waits before the next attempt, in milliseconds. @param {number} attempt  0 is the first */
export const retryDelay = (attempt) => [500, 1000, 2000][attempt] ?? 5000;
