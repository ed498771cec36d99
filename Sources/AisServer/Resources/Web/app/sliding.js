// Changes that come many a second while a slider moves: they show at once, and are one edit when it rests.

import { state } from "./state.js";

/** @type {Map<string, ReturnType<typeof setTimeout>>} */
const timers = new Map();
/** @type {Map<string, Record<string, unknown>>} */
const later = new Map();

/**
 * Changes cells of a record, for the eye alone as long as something moves.
 * @param {string} kind @param {number} id @param {Record<string, unknown>} fields @param {boolean} isMoving @param {(fields: Record<string, unknown>) => void} make  makes the edit of all that changed
 */
export function slide(kind, id, fields, isMoving, make) {
  const key = `${kind}/${id}`;
  const all = { ...later.get(key), ...fields };
  later.set(key, all);
  clearTimeout(timers.get(key));
  const preview = `preview ${key}`;
  state.registers.settle(preview);
  if (isMoving) {
    const { colour, ...others } = all;
    state.registers.expect(preview, Object.entries({ ...others, .../** @type {object} */ (colour) }).map(([field, value]) => ({ kind, id, field, value: /** @type {any} */ (value) })));
    timers.set(key, setTimeout(() => slide(kind, id, {}, false, make), 400));
  } else {
    later.delete(key);
    // A slider that rested for a moment before it was let go has made its edit already.
    const record = state.registers.get(kind, id);
    const isNew = (/** @type {[string, unknown]} */ [field, value]) => (value && typeof value === "object" ? Object.entries(value).some(isNew) : record?.[field] !== value);
    if (Object.entries(all).some(isNew)) make(all);
  }
}
