// Asks the worker.

import { Mask } from "../model/mask.js";

/** @import { Tasks } from "../workers/compute.js" */

/** @type {Worker | null} */
let worker = null;
let next = 0;
/** @type {Map<number, { resolve(value: any): void, reject(error: Error): void }>} */
const waiting = new Map();

/** @template {keyof Tasks} Name @param {Name} task @param {Parameters<Tasks[Name]>[0]} argument @param {Transferable[]} [transfer] @returns {Promise<ReturnType<Tasks[Name]>>} */
export function compute(task, argument, transfer = []) {
  if (!worker) {
    worker = new Worker(new URL("../workers/compute.js", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }) => {
      const { resolve, reject } = /** @type {{ resolve(value: any): void, reject(error: Error): void }} */ (waiting.get(data.id));
      waiting.delete(data.id);
      if (data.error === undefined) resolve(data.result);
      else reject(new Error(data.error));
    });
  }
  next += 1;
  const id = next;
  worker.postMessage({ id, task, argument }, transfer);
  return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
}

/** @param {import("../workers/compute.js").PlainMask} mask */
export const asMask = ({ height, width, pixels }) => new Mask(height, width, pixels);
