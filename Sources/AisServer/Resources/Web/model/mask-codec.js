// Masks as bytes, as the project keeps them and the server sends them.
//
// The first byte says how the pixels follow, in the order of rows: 1, lengths of runs, unpainted and painted in turn, the
// first unpainted (it may be 0), the last painted; each length 7 bits a byte, lowest first, all but the last byte with the
// highest bit set. 0, one bit a pixel, lowest bit first. The shorter of both is written; an empty mask is the single
// byte 1. Height and width stand beside the bytes.

import { Mask } from "./mask.js";

/** @param {Mask} mask @returns {Uint8Array<ArrayBuffer>} */
export function encode(mask) {
  const { pixels } = mask;
  const bitByteCount = 1 + ((pixels.length + 7) >> 3);
  /** @type {number[]} */
  const bytes = [1];
  let end = 0;
  let start = pixels.indexOf(255);
  while (start >= 0) {
    let stop = pixels.indexOf(0, start);
    if (stop < 0) stop = pixels.length;
    append(start - end, bytes);
    append(stop - start, bytes);
    if (bytes.length > bitByteCount) return bits(mask, bitByteCount);
    end = stop;
    start = pixels.indexOf(255, stop);
  }
  return new Uint8Array(bytes);
}

/** Throws a RangeError for bytes that are no mask of this size. @param {Uint8Array} bytes @param {number} height @param {number} width */
export function decode(bytes, height, width) {
  const mask = new Mask(height, width);
  const count = height * width;
  if (bytes[0] === 1) {
    const reader = { position: 1 };
    let index = 0;
    while (reader.position < bytes.length) {
      const gap = length(bytes, reader);
      const run = length(bytes, reader);
      if (gap + run > count - index) throw damaged(height, width);
      mask.pixels.fill(255, index + gap, index + gap + run);
      index += gap + run;
    }
  } else if (bytes[0] === 0 && bytes.length === 1 + ((count + 7) >> 3)) {
    for (let index = 0; index < count; index += 1) {
      if ((bytes[1 + (index >> 3)] >> (index & 7)) & 1) mask.pixels[index] = 255;
    }
  } else {
    throw damaged(height, width);
  }
  return mask;
}

/** @param {number} value @param {number[]} bytes */
function append(value, bytes) {
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
}

/** @param {Uint8Array} bytes @param {{ position: number }} reader */
function length(bytes, reader) {
  let value = 0;
  // Five bytes hold more than any slice has pixels.
  for (let factor = 1; factor <= 2 ** 28 && reader.position < bytes.length; factor *= 128) {
    const byte = bytes[reader.position];
    reader.position += 1;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value;
  }
  throw new RangeError("a mask is damaged: one of its lengths has no end");
}

/** @param {Mask} mask @param {number} byteCount */
function bits(mask, byteCount) {
  const bytes = new Uint8Array(byteCount);
  mask.pixels.forEach((pixel, index) => {
    if (pixel) bytes[1 + (index >> 3)] |= 1 << (index & 7);
  });
  return bytes;
}

/** @param {number} height @param {number} width */
const damaged = (height, width) =>
  new RangeError(`a mask is damaged: its bytes are not those of ${width} × ${height} pixels`);

/** @param {Uint8Array} bytes */
export function toBase64(bytes) {
  let text = "";
  // Arguments of one call are limited, so long masks go in pieces.
  for (let start = 0; start < bytes.length; start += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(start, start + 0x8000));
  }
  return btoa(text);
}

/** @param {string} text */
export const fromBase64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
