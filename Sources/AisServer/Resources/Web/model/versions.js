// Versions of one tomogram in one frame. Volumes are binned by blocks, so their edges agree: point p of a version lies at
// (p + ½)·s − ½ of the frame.

/** @import { Scale } from "./types.js" */

/** @param {number} p @param {Scale} scale */
export const frameCoordinate = (p, scale) => (((2 * p + 1) * scale.up) / scale.down - 1) / 2;

/** @param {number} p @param {Scale} scale */
export const versionCoordinate = (p, scale) => frameCoordinate(p, { up: scale.down, down: scale.up });

/** The version's slice in which the middle of a slice of the frame lies. @param {number} slice @param {Scale} scale @param {number} depth  slices of the version */
export const versionSlice = (slice, scale, depth) =>
  Math.min(depth - 1, Math.floor(((2 * slice + 1) * scale.down) / (2 * scale.up)));

/** @param {{ scale: Scale }} version */
export const factor = ({ scale }) => scale.up / scale.down;
