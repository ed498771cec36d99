// The painted pixels of slices that are near: what the server's journal says, and over it the strokes of this page that
// are still on their way. What is seen is always all of them in order.

import { intersection } from "./mask.js";
import { apply } from "./patch.js";

/** @import { Mask } from "./mask.js" */
/** @import { Patch } from "./patch.js" */
/** @import { Rectangle } from "./types.js" */
/** @typedef {{ dataset: number, feature: number, slice: number }} Plane */

/** @param {Plane} plane */
export const planeKey = ({ dataset, feature, slice }) => `${dataset}/${feature}/${slice}`;

/**
 * @typedef {object} Held
 * @property {Plane} plane
 * @property {Mask} confirmed  the same object as `visible` until something was painted here
 * @property {Mask} visible  stays the same object, so that only what changes goes to the graphics card
 * @property {number} sequence  the line of the journal that `confirmed` includes
 * @property {number} count
 */

export class Planes {
  /** @param {number} [capacity]  bytes of masks kept */
  constructor(capacity = 64 << 20) {
    this.capacity = capacity;
    /** The least recently used first. @type {Map<string, Held>} */
    this.held = new Map();
    /** @type {{ key: string, plane: Plane, patch: Patch }[]} */
    this.pending = [];
  }

  /** @param {Plane} plane @returns {Held | null} */
  get(plane) {
    const key = planeKey(plane);
    const held = this.held.get(key);
    if (!held) return null;
    this.held.delete(key);
    this.held.set(key, held);
    return held;
  }

  /** Takes a mask that the server sent. @param {Plane} plane @param {Mask} mask @param {number} sequence @returns {Held} */
  load(plane, mask, sequence) {
    /** @type {Held} */
    const held = { plane, confirmed: mask, visible: mask, sequence, count: 0 };
    this.held.set(planeKey(plane), held);
    this.#compose(held, { y: 0, x: 0, height: mask.height, width: mask.width });
    held.count = held.visible.count();
    this.#trim();
    return held;
  }

  /** Shows a stroke at once. Returns where it changed the picture; null when the plane is not held. @param {string} key @param {Plane} plane @param {Patch} patch */
  expect(key, plane, patch) {
    this.pending.push({ key, plane, patch });
    const held = this.held.get(planeKey(plane));
    if (!held) return null;
    separate(held);
    const before = held.visible.cropped(patch.rectangle).count();
    apply(patch, held.visible);
    held.count += held.visible.cropped(patch.rectangle).count() - before;
    return { held, rectangle: patch.rectangle };
  }

  /** Takes a change of the journal. Returns the plane and where it changed, when it is held and did not have it already. @param {Plane} plane @param {Patch} patch @param {number} sequence */
  confirm(plane, patch, sequence) {
    const held = this.held.get(planeKey(plane));
    if (!held || sequence <= held.sequence) return null;
    if (held.visible === held.confirmed) {
      const before = held.confirmed.cropped(patch.rectangle).count();
      apply(patch, held.confirmed);
      held.count += held.confirmed.cropped(patch.rectangle).count() - before;
    } else {
      apply(patch, held.confirmed);
      this.#recompose(held, patch.rectangle);
    }
    return { held, rectangle: patch.rectangle };
  }

  /** The journal is known up to here: later news are later. @param {number} sequence */
  advance(sequence) {
    for (const held of this.held.values()) held.sequence = Math.max(held.sequence, sequence);
  }

  /** The server answered, or refused. Returns the planes that may look different now, with where. @param {string} key */
  settle(key) {
    const settled = this.pending.filter((item) => item.key === key);
    this.pending = this.pending.filter((item) => item.key !== key);
    /** @type {{ held: Held, rectangle: Rectangle }[]} */
    const changed = [];
    for (const { plane, patch } of settled) {
      const held = this.held.get(planeKey(plane));
      if (!held) continue;
      this.#recompose(held, patch.rectangle);
      changed.push({ held, rectangle: patch.rectangle });
    }
    return changed;
  }

  /** Forgets what is kept, as after a long absence. */
  clear() {
    this.held.clear();
  }

  /** @param {Held} held */
  #isWaiting(held) {
    const key = planeKey(held.plane);
    return this.pending.some((item) => planeKey(item.plane) === key);
  }

  /** @param {Held} held @param {Rectangle} rectangle */
  #recompose(held, rectangle) {
    const before = held.visible.cropped(rectangle).count();
    this.#compose(held, rectangle);
    held.count += held.visible.cropped(rectangle).count() - before;
  }

  /** @param {Held} held @param {Rectangle} rectangle */
  #compose(held, rectangle) {
    const key = planeKey(held.plane);
    const over = this.pending.filter((item) => planeKey(item.plane) === key);
    if (over.length > 0) separate(held);
    if (held.visible === held.confirmed) return;
    held.visible.put(held.confirmed.cropped(rectangle), rectangle);
    for (const { patch } of over) if (intersection(patch.rectangle, rectangle)) apply(patch, held.visible, rectangle);
  }

  #trim() {
    let bytes = 0;
    for (const held of this.held.values()) bytes += held.confirmed.pixels.length * (held.visible === held.confirmed ? 1 : 2);
    for (const [key, held] of this.held) {
      if (bytes <= this.capacity || this.held.size <= 8) break;
      if (this.#isWaiting(held)) continue;
      bytes -= held.confirmed.pixels.length;
      this.held.delete(key);
    }
  }
}

/** From here what is seen may differ from what the journal says. @param {Held} held */
export function separate(held) {
  if (held.visible === held.confirmed) held.confirmed = held.visible.clone();
}
