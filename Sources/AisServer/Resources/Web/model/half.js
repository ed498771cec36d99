// Half floats (IEEE 754 binary16), as tiles bring them and the graphics card takes them.

/** Worked out once, for a picture has a million of them. */
const numbers = new Float32Array(0x10000);
for (let half = 0; half < numbers.length; half += 1) numbers[half] = decoded(half);

/** @param {number} half @returns {number} */
export const halfToNumber = (half) => numbers[half];

/** @param {number} half @returns {number} */
function decoded(half) {
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  const sign = half & 0x8000 ? -1 : 1;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

/** The nearest half. @param {number} value @returns {number} */
export function numberToHalf(value) {
  float[0] = value;
  const bits = word[0];
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude >= 0x7f800000) return sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00);
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) return sign | Math.round(Math.abs(float[0]) * 2 ** 24);
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

/** Bytes 0–255 as halves, which hold them exactly. */
export const byteHalves = Uint16Array.from({ length: 256 }, (_, byte) => numberToHalf(byte));
