// Slices from the server: asked for by tile, put together, kept, and read ahead. What is not wanted any more is not waited
// for.

import * as api from "../api.js";
import { byteHalves } from "../model/half.js";
import { Unreachable } from "../model/outbox.js";

/** @import { SliceAddress } from "../api.js" */
/** @import { SliceData } from "../model/types.js" */

const TILE = 1024;
const MOST_BYTES = 48 << 20;
const MOST_AT_ONCE = 5;

/** @param {string} project @param {SliceAddress} slice */
export const sliceKey = (project, slice) =>
  `${project} ${slice.version} ${slice.key} ${slice.axis} ${slice.index} ${slice.level} ${slice.slab} ${slice.format}${slice.mayBeSketch ? " sketch" : ""}`;

/** The least recently used first. @type {Map<string, SliceData>} */
const kept = new Map();
let keptBytes = 0;
/** @type {Map<string, { promise: Promise<SliceData>, controller: AbortController, isUrgent: boolean }>} */
const onTheWay = new Map();

/** A slice that is here. @param {string} key */
export function cached(key) {
  const data = kept.get(key);
  if (data) {
    kept.delete(key);
    kept.set(key, data);
  }
  return data ?? null;
}

/** Brings a slice. @param {string} project @param {SliceAddress} slice @param {{ height: number, width: number }} size  of the version's slice at level 0 @param {boolean} [isUrgent] @returns {Promise<SliceData>} */
export function load(project, slice, size, isUrgent = true) {
  const key = sliceKey(project, slice);
  const known = cached(key);
  if (known) return Promise.resolve(known);
  const waiting = onTheWay.get(key);
  if (waiting) {
    waiting.isUrgent ||= isUrgent;
    return waiting.promise;
  }
  const controller = new AbortController();
  const promise = assemble(project, slice, size, controller.signal, isUrgent).then((data) => {
    // A sketch is asked for again: it may be the real slice by then.
    if (!slice.mayBeSketch) keep(key, data);
    return data;
  }).finally(() => {
    if (onTheWay.get(key)?.controller === controller) onTheWay.delete(key);
  });
  onTheWay.set(key, { promise, controller, isUrgent });
  return promise;
}

/** @param {string} project @param {SliceAddress} slice @param {{ height: number, width: number }} size @param {AbortSignal} signal @param {boolean} isUrgent @returns {Promise<SliceData>} */
async function assemble(project, slice, size, signal, isUrgent) {
  const factor = 2 ** slice.level;
  const height = Math.ceil(size.height / factor);
  const width = Math.ceil(size.width / factor);
  const places = [];
  for (let row = 0; row * TILE < height; row += 1) for (let column = 0; column * TILE < width; column += 1) places.push({ row, column });
  const tiles = await Promise.all(places.map(async (place) => ({ ...place, ...(await api.tile(project, slice, place.row, place.column, signal, isUrgent)) })));
  const first = tiles[0];
  const scale = { offset: first.offset, step: first.step };
  if (tiles.length === 1) return { height: first.height, width: first.width, level: slice.level, halves: asHalves(first.buffer, slice.format), ...scale };
  const halves = new Uint16Array(height * width);
  for (const tile of tiles) {
    const values = asHalves(tile.buffer, slice.format);
    for (let y = 0; y < tile.height; y += 1) {
      halves.set(values.subarray(y * tile.width, (y + 1) * tile.width), (tile.row * TILE + y) * width + tile.column * TILE);
    }
  }
  return { height, width, level: slice.level, halves, ...scale };
}

/** @param {ArrayBuffer} buffer @param {"u8" | "f16"} format */
function asHalves(buffer, format) {
  if (format === "f16") return new Uint16Array(buffer);
  const bytes = new Uint8Array(buffer);
  const halves = new Uint16Array(bytes.length);
  for (let index = 0; index < bytes.length; index += 1) halves[index] = byteHalves[bytes[index]];
  return halves;
}

/** @param {string} key @param {SliceData} data */
function keep(key, data) {
  kept.set(key, data);
  keptBytes += data.halves.byteLength;
  for (const [old, { halves }] of kept) {
    if (keptBytes <= MOST_BYTES || kept.size <= 2) break;
    kept.delete(old);
    keptBytes -= halves.byteLength;
  }
}

/** Drops what is on the way and not among those wanted. @param {Set<string>} wanted */
export function dropOthers(wanted) {
  for (const [key, { controller }] of onTheWay) {
    if (wanted.has(key)) continue;
    // Forgotten at once: who asks again must not wait for what was called off.
    onTheWay.delete(key);
    controller.abort();
  }
}

/** Calls off what is on the way. @param {Iterable<string>} keys */
export function callOff(keys) {
  for (const key of keys) {
    const found = onTheWay.get(key);
    onTheWay.delete(key);
    found?.controller.abort();
  }
}

/** What was asked for last. @type {object | null} */
let latest = null;

/** Reads ahead, as far as there is room; tells of each that came. @param {string} project @param {{ slice: SliceAddress, size: { height: number, width: number } }[]} list @param {(key: string, data: SliceData) => void} came */
export function prefetch(project, list, came) {
  latest = list;
  for (const { slice, size } of list) {
    if (onTheWay.size >= MOST_AT_ONCE) return;
    const key = sliceKey(project, slice);
    if (kept.has(key) || onTheWay.has(key)) continue;
    load(project, slice, size, false).then((data) => {
      came(key, data);
      // There is room for one more, when this is still what is wanted.
      if (latest === list) prefetch(project, list, came);
    }, (error) => {
      // Not wanted any more, or nobody there: the slice is asked for again when it is looked at.
      if (!(error instanceof Unreachable) && error?.name !== "AbortError" && !(error instanceof api.Refusal)) throw error;
    });
  }
}
