// What networks say of the slice in view: which results are wanted, in which order, and those that are kept.

/** @import { Model, Rectangle, Rule } from "./types.js" */

/** @typedef {"raw" | "competed" | "final"} Stage */

/**
 * A result as it is drawn: bytes by rows, 255 for certain; a part of the slice or the whole of it.
 * @typedef {{ bytes: Uint8Array, height: number, width: number, y: number, x: number, seconds: number, above: Uint32Array }} Result
 *
 * A result to ask for. `key` names it in the cache, `place` what it is a result of, whichever version of the model.
 * @typedef {{ key: string, place: string, model: number, layer: Stage, modelVersion: string }} Wanted
 */

/** Models that are computed and take part in competition and rules. @param {Model[]} models */
export const taking = (models) => models.filter((model) => model.isActive && model.version !== "");

/** Models whose result is to be seen. @param {Model[]} models */
export const seen = (models) => taking(models).filter(({ isVisible }) => isVisible);

/** Rules that do something: both models take part. @param {Rule[]} rules @param {Model[]} models */
export function working(rules, models) {
  const there = new Set(taking(models).map(({ id }) => id));
  return rules.filter(({ child, parent }) => there.has(child) && there.has(parent));
}

/** What really has to be asked for: a model that neither gives way nor is changed by a rule is the same raw. @param {Model} model @param {Stage} stage @param {Model[]} models @param {Rule[]} rules @returns {Stage} */
export function layerFor(model, stage, models, rules) {
  if (stage === "final" && working(rules, models).some(({ child }) => child === model.id)) return "final";
  const competes = model.absorbs && taking(models).some((other) => other.id !== model.id && other.emits);
  return stage !== "raw" && competes ? "competed" : "raw";
}

/**
 * The results that the picture needs, the most wanted first: what is chosen, what is seen, and then what competition and rules took away.
 * @param {{ models: Model[], rules: Rule[], stage: Stage, showsRemoved: boolean, chosen: number | null, combination: string, slice: string }} view  `slice` names the slice of the version
 * @returns {Wanted[]}
 */
export function wanted({ models, rules, stage, showsRemoved, chosen, combination, slice }) {
  const list = seen(models).sort((a, b) => Number(b.id === chosen) - Number(a.id === chosen));
  const one = (/** @type {Model} */ model, /** @type {Stage} */ layer) => {
    const modelVersion = layer === "raw" ? model.version : combination;
    const place = `${slice} ${layer} ${model.id}`;
    return { key: `${place} ${modelVersion}`, place, model: model.id, layer, modelVersion };
  };
  const first = list.map((model) => one(model, layerFor(model, stage, models, rules)));
  const changed = showsRemoved ? list.filter((model) => layerFor(model, stage, models, rules) !== "raw").map((model) => one(model, "raw")) : [];
  return [...first, ...changed];
}

/** How many pixels lie above each value: `above[v]` are those of more than v. @param {Uint8Array} bytes */
export function countsAbove(bytes) {
  const above = new Uint32Array(256);
  for (let index = 0; index < bytes.length; index += 1) above[bytes[index]] += 1;
  for (let value = 255, sum = 0; value >= 0; value -= 1) {
    const own = above[value];
    above[value] = sum;
    sum += own;
  }
  return above;
}

/** The value above which a pixel counts as found. @param {number} threshold  0…1 */
export const limit = (threshold) => Math.min(255, Math.max(0, Math.floor(255 * threshold + 1e-9)));

/** Pixels that count as found. @param {Pick<Result, "above">} result @param {number} threshold */
export const found = ({ above }, threshold) => above[limit(threshold)];

/** The part of a slice that is in view, when it is worth asking for it first: less than six tenths of the slice. @param {Rectangle} view  in pixels of the slice, may reach beyond it @param {{ height: number, width: number }} slice @returns {Rectangle | null} */
export function visiblePart(view, { height, width }) {
  const y = Math.max(0, Math.floor(view.y));
  const x = Math.max(0, Math.floor(view.x));
  const part = { y, x, height: Math.min(height, Math.ceil(view.y + view.height)) - y, width: Math.min(width, Math.ceil(view.x + view.width)) - x };
  if (part.height <= 0 || part.width <= 0) return null;
  return part.height * part.width < 0.6 * height * width ? part : null;
}

/** Milliseconds: who goes on sooner does not want this slice's. */
const REST = 30;
/** Who left a slice sooner than this is scrolling, and will leave the next one as soon. */
const STAY = 200;

/** How long a slice is in view before it is asked for, in milliseconds: while somebody scrolls, only what would be there in time. @param {number} stay  in view of the slice before @param {number} slowest  what the slowest model takes */
export const restTime = (stay, slowest) => (stay > STAY || slowest < stay / 2 ? REST : Math.max(REST, Math.min(STAY, 3 * stay)));

/** Keeps what was used last, up to so many bytes. */
export class Results {
  /** @param {number} [bytes] */
  constructor(bytes = 96 << 20) {
    this.limit = bytes;
    this.bytes = 0;
    /** The least recently used first. @type {Map<string, Result>} */
    this.kept = new Map();
    /** The last one of a place, shown until that of the model's newer version is here. @type {Map<string, string>} */
    this.last = new Map();
    /** What is wanted now: kept however much it is. @type {Set<string>} */
    this.needed = new Set();
  }

  /** @param {string} key */
  get(key) {
    const result = this.kept.get(key);
    if (!result) return null;
    this.kept.delete(key);
    this.kept.set(key, result);
    return result;
  }

  /** Whether it is here; asking does not make it the one used last. @param {string} key */
  has(key) {
    return this.kept.has(key);
  }

  /** What to show now: the result itself, or that of the model as it was before. @param {Wanted} wanted @returns {{ key: string, result: Result } | null} */
  shown({ key, place }) {
    for (const name of [key, this.last.get(place)]) {
      const result = name === undefined ? null : this.get(name);
      if (name !== undefined && result) return { key: name, result };
    }
    return null;
  }

  /** @param {Wanted} wanted @param {Result} result */
  put({ key, place }, result) {
    this.#drop(key);
    const before = this.last.get(place);
    // What an older version of the model said is of no use once the newer one's answer is here.
    if (before !== undefined && before !== key) this.#drop(before);
    this.kept.set(key, result);
    this.last.set(place, key);
    this.bytes += result.bytes.length;
    for (const old of this.kept.keys()) {
      if (this.bytes <= this.limit) break;
      if (old !== key && !this.needed.has(old)) this.#drop(old);
    }
  }

  clear() {
    this.kept.clear();
    this.last.clear();
    this.bytes = 0;
  }

  /** @param {string} key */
  #drop(key) {
    this.bytes -= this.kept.get(key)?.bytes.length ?? 0;
    this.kept.delete(key);
    for (const [place, name] of this.last) if (name === key) this.last.delete(place);
  }
}
