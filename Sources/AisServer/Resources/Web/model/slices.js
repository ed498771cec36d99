// Going through slices.

/** Moves around: behind the last slice comes the first. @param {number} slice @param {number} by @param {number} depth */
export const wrapped = (slice, by, depth) => (((slice + by) % depth) + depth) % depth;

/** Whether a move went over the end. @param {number} slice @param {number} by @param {number} depth */
export const wraps = (slice, by, depth) => slice + by < 0 || slice + by >= depth;

/** The next annotated slice in a direction, around the ends; null when there is no other. @param {number[]} annotated @param {number} slice @param {1 | -1} direction */
export function nextAnnotated(annotated, slice, direction) {
  const sorted = [...new Set(annotated)].sort((a, b) => direction * (a - b));
  const next = sorted.find((other) => direction * (other - slice) > 0) ?? sorted[0];
  return next === undefined || next === slice ? null : next;
}

/** The annotated slices around a slice, between which a shape can be made. @param {number[]} annotated @param {number} slice */
export function neighbours(annotated, slice) {
  const below = Math.max(...annotated.filter((other) => other < slice));
  const above = Math.min(...annotated.filter((other) => other > slice));
  return Number.isFinite(below) && Number.isFinite(above) ? { below, above } : null;
}

/** The slices worth reading ahead: in the direction of travel first, nearest first. @param {number} slice @param {number} direction @param {number} depth @param {number} [count] */
export function ahead(slice, direction, depth, count = 8) {
  const forward = direction < 0 ? -1 : 1;
  const wanted = [];
  for (let step = 1; step <= count; step += 1) wanted.push(slice + forward * step);
  wanted.push(slice - forward, slice - 2 * forward);
  return wanted.filter((other) => other >= 0 && other < depth);
}

/** What was typed for a slice: a number counted from `first`, or null. @param {string} text @param {number} depth @param {0 | 1} first */
export function typedSlice(text, depth, first) {
  const value = Number(text.trim());
  if (text.trim() === "" || !Number.isInteger(value)) return null;
  return Math.min(depth - 1, Math.max(0, value - first));
}
