// Work that would hold up the picture: histograms, large masks, shapes between slices.

import { automatic, histogram, moments } from "../model/contrast.js";
import { Mask } from "../model/mask.js";
import { decode } from "../model/mask-codec.js";
import { holesFilled, shapeBetween } from "../model/shapes.js";

/** @typedef {{ height: number, width: number, pixels: Uint8Array<ArrayBuffer> }} PlainMask */

const tasks = {
  /** Sorted values, limits, histogram. @param {Float32Array<ArrayBuffer>} values */
  statistics(values) {
    const found = moments(values);
    const sorted = values.sort();
    return { sorted, contrast: automatic(sorted), histogram: histogram(sorted), ...found };
  },
  /** @param {{ bytes: Uint8Array<ArrayBuffer>, height: number, width: number }} mask @returns {PlainMask} */
  decode: ({ bytes, height, width }) => decode(bytes, height, width),
  /** @param {PlainMask} mask @returns {PlainMask} */
  fillHoles: ({ height, width, pixels }) => holesFilled(new Mask(height, width, pixels)),
  /** @param {{ first: PlainMask, second: PlainMask, fractions: number[] }} shapes @returns {PlainMask[]} */
  between: ({ first, second, fractions }) => fractions.map((fraction) =>
    shapeBetween(new Mask(first.height, first.width, first.pixels), new Mask(second.height, second.width, second.pixels), fraction)),
};
/** @typedef {typeof tasks} Tasks */

self.addEventListener("message", ({ data }) => {
  try {
    const result = tasks[/** @type {keyof Tasks} */ (data.task)](data.argument);
    const transfer = result instanceof Object && "sorted" in result ? [result.sorted.buffer] : [];
    /** @type {any} */ (self).postMessage({ id: data.id, result: plain(result) }, transfer);
  } catch (error) {
    self.postMessage({ id: data.id, error: error instanceof Error ? error.message : String(error) });
  }
});

/** Objects of classes lose their class on the way; masks go as what they hold. @param {unknown} value @returns {unknown} */
function plain(value) {
  if (value instanceof Mask) return { height: value.height, width: value.width, pixels: value.pixels };
  return Array.isArray(value) ? value.map(plain) : value;
}
