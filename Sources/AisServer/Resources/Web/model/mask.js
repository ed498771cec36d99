// Painted pixels of a slice, or of a rectangle of one. A byte a pixel, 0 or 255: the bytes go to the graphics card as
// they are.

/** @import { Rectangle } from "./types.js" */

export class Mask {
  /** @param {number} height @param {number} width @param {Uint8Array<ArrayBuffer>} [pixels]  by rows */
  constructor(height, width, pixels = new Uint8Array(height * width)) {
    this.height = height;
    this.width = width;
    this.pixels = pixels;
  }

  /** @returns {number} how many pixels are painted */
  count() {
    let count = 0;
    for (const pixel of this.pixels) count += pixel & 1;
    return count;
  }

  isEmpty() {
    return !this.pixels.includes(255);
  }

  /** @param {number} y @param {number} x */
  at(y, x) {
    return y >= 0 && x >= 0 && y < this.height && x < this.width && this.pixels[y * this.width + x] !== 0;
  }

  clone() {
    return new Mask(this.height, this.width, this.pixels.slice());
  }

  /** The part of the mask in a rectangle that lies inside. @param {Rectangle} part @returns {Mask} */
  cropped(part) {
    const mask = new Mask(part.height, part.width);
    for (let row = 0; row < part.height; row += 1) {
      const start = (part.y + row) * this.width + part.x;
      mask.pixels.set(this.pixels.subarray(start, start + part.width), row * part.width);
    }
    return mask;
  }

  /** Puts another mask's pixels, painted or not, at a place inside. @param {Mask} other @param {Rectangle} place */
  put(other, place) {
    for (let row = 0; row < place.height; row += 1) {
      this.pixels.set(
        other.pixels.subarray(row * other.width, (row + 1) * other.width), (place.y + row) * this.width + place.x);
    }
  }

  /** The smallest rectangle with all painted pixels; null when there is none. @returns {Rectangle | null} */
  bounds() {
    const { width, pixels } = this;
    const first = pixels.indexOf(255);
    if (first < 0) return null;
    const top = Math.floor(first / width);
    const bottom = Math.floor(pixels.lastIndexOf(255) / width);
    let left = width;
    let right = -1;
    for (let y = top; y <= bottom; y += 1) {
      const row = pixels.subarray(y * width, (y + 1) * width);
      const start = row.indexOf(255);
      if (start < 0) continue;
      left = Math.min(left, start);
      right = Math.max(right, row.lastIndexOf(255));
    }
    return { y: top, x: left, height: bottom - top + 1, width: right - left + 1 };
  }

  /** @param {Mask} other */
  equals(other) {
    return this.height === other.height && this.width === other.width &&
      this.pixels.every((pixel, index) => pixel === other.pixels[index]);
  }
}

/** The common part of two rectangles; null when there is none. @param {Rectangle} a @param {Rectangle} b @returns {Rectangle | null} */
export function intersection(a, b) {
  const y = Math.max(a.y, b.y);
  const x = Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - y;
  const width = Math.min(a.x + a.width, b.x + b.width) - x;
  return height > 0 && width > 0 ? { y, x, height, width } : null;
}

/** The smallest rectangle around both. @param {Rectangle | null} a @param {Rectangle} b @returns {Rectangle} */
export function union(a, b) {
  if (!a) return b;
  const y = Math.min(a.y, b.y);
  const x = Math.min(a.x, b.x);
  return {
    y, x, height: Math.max(a.y + a.height, b.y + b.height) - y, width: Math.max(a.x + a.width, b.x + b.width) - x,
  };
}

/** A rectangle grown on all sides, inside a slice. @param {Rectangle} part @param {number} by @param {{ height: number, width: number }} slice */
export function grown(part, by, slice) {
  return intersection(
    { y: part.y - by, x: part.x - by, height: part.height + 2 * by, width: part.width + 2 * by },
    { y: 0, x: 0, height: slice.height, width: slice.width });
}
