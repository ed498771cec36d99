// What a network found, as painted pixels: of the whole slice, inside a lasso, or the connected blob at a place.

import { Mask } from "./mask.js";
import { fillPolygon } from "./polygon.js";
import { limit } from "./predictions.js";

/** @import { Result } from "./predictions.js" */
/** @import { Point } from "./types.js" */

/** The pixels of the frame whose middle lies in a pixel that counts as found. @param {Pick<Result, "bytes" | "height" | "width">} result  of the whole slice @param {number} threshold @param {{ height: number, width: number }} frame */
export function foundMask({ bytes, height, width }, threshold, frame) {
  const mask = new Mask(frame.height, frame.width);
  const least = limit(threshold);
  const columns = Int32Array.from({ length: frame.width }, (_, x) => Math.min(width - 1, Math.floor(((x + 0.5) / frame.width) * width)));
  for (let y = 0; y < frame.height; y += 1) {
    const row = Math.min(height - 1, Math.floor(((y + 0.5) / frame.height) * height)) * width;
    for (let x = 0; x < frame.width; x += 1) if (bytes[row + columns[x]] > least) mask.pixels[y * frame.width + x] = 255;
  }
  return mask;
}

/** What of a mask lies inside a closed line. @param {Mask} mask @param {Point[]} corners */
export function inside(mask, corners) {
  const area = new Mask(mask.height, mask.width);
  fillPolygon(area, corners);
  for (let index = 0; index < area.pixels.length; index += 1) area.pixels[index] &= mask.pixels[index];
  return area;
}

/** The pixels connected with one, also over corners; empty when it is not painted itself. @param {Mask} mask @param {Point} at  on whole numbers */
export function blobAt(mask, at) {
  const blob = new Mask(mask.height, mask.width);
  if (!mask.at(at.y, at.x)) return blob;
  const { height, width } = mask;
  const waiting = [at.y * width + at.x];
  blob.pixels[waiting[0]] = 255;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const y = Math.floor(next / width);
    const x = next - y * width;
    for (let i = Math.max(0, y - 1); i <= Math.min(height - 1, y + 1); i += 1) {
      for (let j = Math.max(0, x - 1); j <= Math.min(width - 1, x + 1); j += 1) {
        const index = i * width + j;
        if (!mask.pixels[index] || blob.pixels[index]) continue;
        blob.pixels[index] = 255;
        waiting.push(index);
      }
    }
  }
  return blob;
}
