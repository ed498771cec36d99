// What can be made of painted shapes: holes filled, shapes between two slices.

import { Mask, grown, union } from "./mask.js";

/** The mask with all holes filled: unpainted pixels that no 4-connected way leads out of the picture from. @param {Mask} mask @returns {Mask} */
export function holesFilled(mask) {
  const bounds = mask.bounds();
  if (!bounds) return mask.clone();
  // One pixel around the bounds is unpainted, or outside: from there everything that is no hole is reached.
  const { height, width } = { height: bounds.height + 2, width: bounds.width + 2 };
  const outside = new Uint8Array(height * width);
  const queue = new Int32Array(height * width);
  let count = 1;
  outside[0] = 1;
  for (let next = 0; next < count; next += 1) {
    const index = queue[next];
    const [y, x] = [Math.floor(index / width), index % width];
    for (const [ny, nx] of [[y - 1, x], [y + 1, x], [y, x - 1], [y, x + 1]]) {
      if (ny < 0 || nx < 0 || ny >= height || nx >= width) continue;
      const neighbour = ny * width + nx;
      if (outside[neighbour] || mask.at(ny - 1 + bounds.y, nx - 1 + bounds.x)) continue;
      outside[neighbour] = 1;
      queue[count] = neighbour;
      count += 1;
    }
  }
  const filled = mask.clone();
  for (let y = 0; y < bounds.height; y += 1) {
    for (let x = 0; x < bounds.width; x += 1) {
      if (!outside[(y + 1) * width + x + 1]) filled.pixels[(bounds.y + y) * mask.width + bounds.x + x] = 255;
    }
  }
  return filled;
}

/**
 * The shape between two painted slices, `fraction` of the way from the first to the second: where the signed distances to
 * the edges, weighted, lie inside. Shapes that do not overlap are moved onto each other first, and the result back.
 * @param {Mask} first @param {Mask} second @param {number} fraction  0–1 @returns {Mask}
 */
export function shapeBetween(first, second, fraction) {
  const result = new Mask(first.height, first.width);
  const [a, b] = [first.bounds(), second.bounds()];
  if (!a || !b) return result;
  const moved = overlap(first, second) ? { y: 0, x: 0 } : {
    y: Math.round(b.y + b.height / 2 - a.y - a.height / 2), x: Math.round(b.x + b.width / 2 - a.x - a.width / 2),
  };
  const frame = { height: first.height + Math.abs(moved.y), width: first.width + Math.abs(moved.x) };
  const shifted = { y: b.y - moved.y, x: b.x - moved.x, height: b.height, width: b.width };
  const around = union(a, shifted);
  const part = { y: around.y - 2, x: around.x - 2, height: around.height + 4, width: around.width + 4 };
  const distances = [signedDistances(window(first, part)), signedDistances(window(second, { ...part, y: part.y + moved.y, x: part.x + moved.x }))];
  const offset = { y: Math.round(moved.y * fraction), x: Math.round(moved.x * fraction) };
  if (!grown(part, 0, frame)) return result;
  for (let y = 0; y < part.height; y += 1) {
    for (let x = 0; x < part.width; x += 1) {
      const index = y * part.width + x;
      if ((1 - fraction) * distances[0][index] + fraction * distances[1][index] >= 0) continue;
      const [ty, tx] = [y + part.y + offset.y, x + part.x + offset.x];
      if (ty >= 0 && tx >= 0 && ty < result.height && tx < result.width) result.pixels[ty * result.width + tx] = 255;
    }
  }
  return result;
}

/** @param {Mask} a @param {Mask} b */
const overlap = (a, b) => a.pixels.some((pixel, index) => pixel !== 0 && b.pixels[index] !== 0);

/** The pixels in a rectangle that may reach over the edges. @param {Mask} mask @param {{ y: number, x: number, height: number, width: number }} part */
function window(mask, part) {
  const result = new Mask(part.height, part.width);
  for (let y = 0; y < part.height; y += 1) {
    for (let x = 0; x < part.width; x += 1) {
      if (mask.at(part.y + y, part.x + x)) result.pixels[y * part.width + x] = 255;
    }
  }
  return result;
}

/** Distance of each pixel to the edge of what is painted, negative inside. @param {Mask} mask */
export function signedDistances(mask) {
  const outside = squaredDistances(mask, 255);
  const inside = squaredDistances(mask, 0);
  return outside.map((value, index) => (value > 0 ? Math.sqrt(value) - 0.5 : 0.5 - Math.sqrt(inside[index])));
}

/**
 * Squared distance of each pixel to the nearest pixel of a value, exact: lower envelopes of parabolas, along columns and
 * then rows (Felzenszwalb and Huttenlocher 2012, doi:10.4086/toc.2012.v008a019).
 * @param {Mask} mask @param {number} value
 */
function squaredDistances(mask, value) {
  const { height, width, pixels } = mask;
  const far = (height + width) ** 2;
  const grid = Float64Array.from(pixels, (pixel) => (pixel === value ? 0 : far));
  const longest = Math.max(height, width);
  const [row, result, bases, ends] = [longest, longest, longest, longest + 1].map((count) => new Float64Array(count));
  const envelope = (/** @type {number} */ start, /** @type {number} */ step, /** @type {number} */ count) => {
    for (let q = 0; q < count; q += 1) row[q] = grid[start + q * step];
    let last = 0;
    bases[0] = 0;
    ends[0] = -Infinity;
    ends[1] = Infinity;
    for (let q = 1; q < count; q += 1) {
      let meeting;
      do {
        const p = bases[last];
        meeting = (row[q] + q * q - row[p] - p * p) / (2 * q - 2 * p);
      } while (meeting <= ends[last] && (last -= 1) >= 0);
      last += 1;
      bases[last] = q;
      ends[last] = meeting;
      ends[last + 1] = Infinity;
    }
    for (let q = 0, k = 0; q < count; q += 1) {
      while (ends[k + 1] < q) k += 1;
      result[q] = (q - bases[k]) ** 2 + row[bases[k]];
    }
    for (let q = 0; q < count; q += 1) grid[start + q * step] = result[q];
  };
  for (let x = 0; x < width; x += 1) envelope(x, width, height);
  for (let y = 0; y < height; y += 1) envelope(y * width, 1, width);
  return grid;
}
