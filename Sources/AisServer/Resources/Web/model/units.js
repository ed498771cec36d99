// Numbers as people read them, and quantities with a unit as people type them. The only place that converts lengths.

const NARROW = "\u202f";
const MINUS = "\u2212";

/** A number with true minus and a narrow space every three digits: 1 675, −6 210.5. @param {number} value @param {number} [decimals] */
export function number(value, decimals = 0) {
  if (!Number.isFinite(value)) return "–";
  const text = Math.abs(value).toFixed(decimals);
  const [whole, fraction] = text.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, NARROW);
  const isNegative = value < 0 && Number(text) !== 0;
  return (isNegative ? MINUS : "") + grouped + (fraction ? `.${fraction}` : "");
}

/** A grey value with as many decimals as its size deserves. @param {number} value */
export function greyValue(value) {
  const size = Math.abs(value);
  return number(value, size >= 100 || size === 0 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : size >= 0.01 ? 4 : 6);
}

/** A length in nm with one decimal: 18.0 nm. @param {number} angstrom */
export const nanometres = (angstrom) => `${number(angstrom / 10, 1)} nm`;

/** A voxel size: 10.00 Å, four decimals for tooltips; "unknown" when nobody said it. @param {{ x: number } | null} size @param {number} [decimals] */
export const voxelSize = (size, decimals = 2) => (size ? `${number(size.x, decimals)} Å` : "voxel size unknown");

/** Columns × rows × slices. @param {{ z: number, y: number, x: number }} shape */
export const shape = (shape) => [shape.x, shape.y, shape.z].map((side) => number(side)).join(" × ");

/** A share as 42 %. @param {number} fraction @param {number} [decimals] */
export const percent = (fraction, decimals = 0) => `${number(fraction * 100, decimals)} %`;

/** Memory and disk: 512 B, 5.2 GiB. @param {number} bytes */
export function byteCount(bytes) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let power = 0;
  let rest = bytes;
  while (rest >= 1024 && power < units.length - 1) {
    rest /= 1024;
    power += 1;
  }
  return `${number(rest, power === 0 || rest >= 100 ? 0 : 1)} ${units[power]}`;
}

/** A span of time: under 1 ms, 38 ms, 6.4 s, 1 min 50 s, 2 h 10 min. @param {number} seconds */
export function duration(seconds) {
  if (seconds <= 0) return "0 s";
  if (seconds < 0.001) return "under 1 ms";
  if (seconds < 0.9995) return `${number(seconds * 1000)} ms`;
  if (seconds < 60) return `${number(seconds, seconds < 10 ? 1 : 0)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min${whole % 60 ? ` ${whole % 60} s` : ""}`;
  return `${Math.floor(whole / 3600)} h${Math.floor((whole % 3600) / 60) ? ` ${Math.floor((whole % 3600) / 60)} min` : ""}`;
}

/** A span of time in a table: 1:34, 2:10:05. @param {number} seconds */
export function stopwatch(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
  const rest = `${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`;
  return whole >= 3600 ? `${Math.floor(whole / 3600)}:${rest}` : rest.replace(/^0/, "");
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** The time of day: 10:42:18. @param {number} milliseconds @param {boolean} [withSeconds] */
export function clock(milliseconds, withSeconds = true) {
  const date = new Date(milliseconds);
  const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
  const minutes = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return withSeconds ? `${minutes}:${two(date.getSeconds())}` : minutes;
}

/** The time of day when it is today, else the day: 10:42, 9 Nov, 9 Nov 2025. @param {number} milliseconds @param {number} [now] */
export function moment(milliseconds, now = Date.now()) {
  const [date, today] = [new Date(milliseconds), new Date(now)];
  if (date.toDateString() === today.toDateString()) return clock(milliseconds, false);
  const day = `${date.getDate()} ${MONTHS[date.getMonth()]}`;
  return date.getFullYear() === today.getFullYear() ? day : `${day} ${date.getFullYear()}`;
}

/** "1 slice", "5 slices". @param {number} count @param {string} one @param {string} [many] */
export const counted = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

/**
 * A typed number, or null for what is none. Takes spaces between digits, decimal commas and both minus signs.
 * @param {string} text
 */
export function parseNumber(text) {
  const clean = text.trim().replace(/[\s\u00a0\u202f]/g, "").replace(/[\u2212\u2013]/g, "-").replace(",", ".");
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(clean)) return null;
  const value = Number(clean);
  return Number.isFinite(value) ? value : null;
}

const LENGTHS = /** @type {Record<string, number>} */ ({ "å": 1, a: 1, ang: 1, angstrom: 1, nm: 10, um: 1e4, "µm": 1e4, "μm": 1e4 });

/**
 * A typed length in ångström: "12 nm", "120 Å", "12 px"; a bare number is in `unit`. Null for what is no length, and for
 * pixels of an unknown size.
 * @param {string} text @param {number | null} voxelAngstrom @param {"nm" | "A" | "px"} [unit]
 */
export function parseLength(text, voxelAngstrom, unit = "nm") {
  const match = /^(.*?)\s*([a-zåμµ]+)?$/i.exec(text.trim());
  if (!match) return null;
  const value = parseNumber(match[1]);
  if (value === null) return null;
  const name = (match[2] ?? unit).toLowerCase();
  if (["px", "pixel", "pixels", "voxel", "voxels", "vx"].includes(name)) return voxelAngstrom === null ? null : value * voxelAngstrom;
  return name in LENGTHS ? value * LENGTHS[name] : null;
}

/**
 * A scale bar of a round length, at most `room` screen pixels long. Without a voxel size it measures voxels.
 * @param {number} zoom  screen pixels for a voxel
 * @param {number | null} voxelAngstrom @param {number} room
 * @returns {{ pixels: number, label: string }}
 */
export function scaleBar(zoom, voxelAngstrom, room) {
  const perPixel = (voxelAngstrom ?? 1) / zoom;
  const most = perPixel * room;
  let length = 10 ** Math.floor(Math.log10(most));
  for (const factor of [5, 2]) {
    if (length * factor <= most) {
      length *= factor;
      break;
    }
  }
  const pixels = length / perPixel;
  if (voxelAngstrom === null) return { pixels, label: `${number(length, length < 1 ? 1 : 0)} px` };
  if (length >= 10000) return { pixels, label: `${number(length / 10000, length % 10000 ? 1 : 0)} µm` };
  if (length >= 10) return { pixels, label: `${number(length / 10)} nm` };
  return { pixels, label: `${number(length, length < 1 ? 1 : 0)} Å` };
}

/** The middle of a name that is too long left out: "lam2_…_004". @param {string} name @param {number} room  characters */
export function middleElided(name, room) {
  if (name.length <= room) return name;
  const tail = Math.floor((room - 1) / 2);
  return `${name.slice(0, room - 1 - tail)}…${name.slice(name.length - tail)}`;
}
