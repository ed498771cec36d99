import { deepStrictEqual as equal, ok, throws } from "node:assert/strict";
import { Mask } from "../../../Sources/AisServer/Resources/Web/model/mask.js";
import { decode, encode, fromBase64, toBase64 } from "../../../Sources/AisServer/Resources/Web/model/mask-codec.js";
import { apply, between, decoded, encoded, stroke } from "../../../Sources/AisServer/Resources/Web/model/patch.js";
import { disc, line, sphereDiscs } from "../../../Sources/AisServer/Resources/Web/model/brush.js";
import { bandWidth, flood } from "../../../Sources/AisServer/Resources/Web/model/flood.js";
import { fillPolygon, thinned } from "../../../Sources/AisServer/Resources/Web/model/polygon.js";
import { holesFilled, shapeBetween, signedDistances } from "../../../Sources/AisServer/Resources/Web/model/shapes.js";
import { Planes } from "../../../Sources/AisServer/Resources/Web/model/planes.js";

/** @param {string[]} rows */
const drawn = (...rows) => new Mask(rows.length, rows[0].length, Uint8Array.from(rows.join(""), (c) => (c === "#" ? 255 : 0)));
/** @param {Mask} mask */
const text = (mask) => Array.from({ length: mask.height }, (_, y) =>
  Array.from({ length: mask.width }, (_, x) => (mask.at(y, x) ? "#" : ".")).join(""));
/** @param {number} seed */
function random(seed) {
  let state = seed;
  return () => (state = (state * 1664525 + 1013904223) % 2 ** 32) / 2 ** 32;
}

Deno.test("an empty mask is the single byte 1", () => equal([...encode(new Mask(5, 7))], [1]));

Deno.test("runs are gaps and lengths, lowest seven bits first", () => {
  equal([...encode(drawn("..##....", "........"))], [1, 2, 2]);
  equal([...encode(drawn("##......", "........"))], [1, 0, 2]);
  const long = new Mask(20, 20);
  long.pixels.fill(255, 300, 330);
  equal([...encode(long)], [1, 300 & 127 | 128, 300 >> 7, 30]);
});

Deno.test("a mask of many runs is a bit a pixel, lowest bit first", () => {
  equal([...encode(drawn("#.#.#.#.", "#.#.#.#."))], [0, 0b01010101, 0b01010101]);
});

Deno.test("masks come back as they went", () => {
  const next = random(4);
  for (const density of [0, 0.02, 0.5, 0.98, 1]) {
    const mask = new Mask(37, 53, Uint8Array.from({ length: 37 * 53 }, () => (next() < density ? 255 : 0)));
    ok(decode(fromBase64(toBase64(encode(mask))), 37, 53).equals(mask));
  }
});

Deno.test("bytes that are no mask of the size are refused", () => {
  for (const bytes of [[], [2], [1, 128], [1, 5], [1, 60, 10], [0, 1], [1, 255, 255, 255, 255, 255, 255, 1]]) {
    throws(() => decode(new Uint8Array(bytes), 8, 8), RangeError, String(bytes));
  }
});

Deno.test("a patch holds what became painted and what became unpainted", () => {
  const [before, after] = [drawn("#..", "##.", "..."), drawn(".#.", "##.", "...")];
  const patch = between(before, after);
  equal(patch?.rectangle, { y: 0, x: 0, height: 1, width: 2 });
  const mask = before.clone();
  const back = decoded(encoded(/** @type {import("../../../Sources/AisServer/Resources/Web/model/patch.js").Patch} */ (patch), { dataset: 1, feature: 2, slice: 3 }));
  apply(back, mask);
  ok(mask.equals(after));
  equal(between(after, after), null);
  equal(stroke(new Mask(3, 3), false), null);
});

Deno.test("a brush of radius r has the pixels closer than r", () => {
  const mask = new Mask(7, 7);
  disc(mask, { y: 3, x: 3 }, 2);
  equal(text(mask), [".......", ".......", "..###..", "..###..", "..###..", ".......", "......."]);
});

Deno.test("a stroke has no gaps, however fast", () => {
  const mask = new Mask(100, 100);
  line(mask, { y: 10, x: 5 }, { y: 90, x: 95 }, 3);
  for (let t = 0; t <= 1; t += 0.01) ok(mask.at(Math.round(10 + 80 * t), Math.round(5 + 90 * t)));
  equal(line(mask, { y: -50, x: -50 }, { y: -40, x: -50 }, 3), null);
});

Deno.test("a stroke over the edge stays inside", () => {
  const mask = new Mask(10, 10);
  line(mask, { y: -3, x: 5 }, { y: 12, x: 5 }, 2);
  equal(mask.count(), 30);
});

Deno.test("a sphere's discs follow the depth of voxels", () => {
  equal(sphereDiscs(5, 2, 10).map(({ slice }) => slice), [4, 5, 6]);
  equal(sphereDiscs(5, 4, 10, 2).map(({ slice }) => slice), [4, 5, 6]);
  equal(sphereDiscs(0, 3, 10).map(({ radius }) => Math.round(radius * 100) / 100), [3, 2.83, 2.24]);
});

Deno.test("the flood brush works where the grey value is zero", () => {
  const grey = (/** @type {number} */ _y, /** @type {number} */ x) => (x < 10 ? 0 : 5);
  const found = flood(grey, { height: 20, width: 20 }, { y: 10, x: 7 }, { radius: 5, sensitivity: 90, spread: 2 });
  const columns = Array.from({ length: found.length / 2 }, (_, index) => found[2 * index + 1]);
  equal([Math.min(...columns), Math.max(...columns)], [-4, 2]);
  equal(flood(grey, { height: 20, width: 20 }, { y: 30, x: 7 }, { radius: 5, sensitivity: 90, spread: 2 }).length, 0);
});

Deno.test("the flood brush paints only what hangs together with its centre", () => {
  const grey = (/** @type {number} */ _y, /** @type {number} */ x) => (x === 5 ? 9 : 1);
  const found = flood(grey, { height: 11, width: 11 }, { y: 5, x: 3 }, { radius: 8, sensitivity: 50, spread: 1 });
  for (let index = 1; index < found.length; index += 2) ok(found[index] + 3 < 5);
});

Deno.test("a more sensitive flood has a narrower band", () => {
  equal(Math.round(bandWidth(100) * 1000), 50);
  equal(Math.round(bandWidth(1) * 1000), 1500);
});

Deno.test("a polygon paints the pixels inside", () => {
  const mask = new Mask(6, 6);
  fillPolygon(mask, [{ y: 0.5, x: 0.5 }, { y: 0.5, x: 4.5 }, { y: 4.5, x: 4.5 }, { y: 4.5, x: 0.5 }]);
  equal(mask.count(), 16);
  equal(fillPolygon(mask, [{ y: 0, x: 0 }, { y: 1, x: 1 }]), null);
});

Deno.test("lasso points close together are left out", () => {
  equal(thinned([{ y: 0, x: 0 }, { y: 0, x: 0.3 }, { y: 0, x: 1 }], 0.5).length, 2);
});

Deno.test("holes are filled, bays are not", () => {
  equal(text(holesFilled(drawn("####.", "#..#.", "####.", "#..#."))), ["####.", "####.", "####.", "#..#."]);
  equal(text(holesFilled(drawn("###", "#.#", "#.#"))), ["###", "#.#", "#.#"]);
});

Deno.test("distances are exact", () => {
  const mask = new Mask(9, 9);
  mask.pixels[4 * 9 + 4] = 255;
  const distances = signedDistances(mask);
  for (let y = 0; y < 9; y += 1) {
    for (let x = 0; x < 9; x += 1) {
      const expected = y === 4 && x === 4 ? -0.5 : Math.hypot(y - 4, x - 4) - 0.5;
      ok(Math.abs(distances[y * 9 + x] - expected) < 1e-9);
    }
  }
});

Deno.test("half-way between two discs lies the disc of the mean radius, half-way moved when they are apart", () => {
  const [small, large] = [new Mask(60, 60), new Mask(60, 60)];
  disc(small, { y: 30, x: 30 }, 6);
  disc(large, { y: 30, x: 30 }, 12);
  const middle = shapeBetween(small, large, 0.5);
  const mean = new Mask(60, 60);
  disc(mean, { y: 30, x: 30 }, 9);
  ok(Math.abs(middle.count() - mean.count()) < 0.1 * mean.count());
  const [left, right] = [new Mask(60, 60), new Mask(60, 60)];
  disc(left, { y: 20, x: 10 }, 5);
  disc(right, { y: 40, x: 50 }, 5);
  const between = shapeBetween(left, right, 0.5);
  ok(between.at(30, 30));
  ok(Math.abs(between.count() - left.count()) <= 4);
  equal(shapeBetween(left, new Mask(60, 60), 0.5).count(), 0);
});

Deno.test("a stroke on its way lies over what others paint, and is the journal's once it is settled", () => {
  const planes = new Planes();
  const plane = { dataset: 1, feature: 2, slice: 3 };
  planes.load(plane, drawn("....", "....", "...."), 10);
  const erase = /** @type {import("../../../Sources/AisServer/Resources/Web/model/patch.js").Patch} */ (stroke(drawn("##..", "....", "...."), true));
  const paint = /** @type {import("../../../Sources/AisServer/Resources/Web/model/patch.js").Patch} */ (stroke(drawn(".##.", "....", "...."), false));
  planes.expect("a", plane, erase);
  planes.confirm(plane, paint, 11);
  equal(text(/** @type {import("../../../Sources/AisServer/Resources/Web/model/planes.js").Held} */ (planes.get(plane)).visible), ["..#.", "....", "...."]);
  equal(planes.get(plane)?.count, 1);
  planes.confirm(plane, erase, 12);
  planes.settle("a");
  equal(text(/** @type {import("../../../Sources/AisServer/Resources/Web/model/planes.js").Held} */ (planes.get(plane)).visible), ["..#.", "....", "...."]);
  equal(planes.confirm(plane, paint, 9), null);
});

Deno.test("a stroke that the server refuses disappears", () => {
  const planes = new Planes();
  const plane = { dataset: 1, feature: 2, slice: 3 };
  planes.load(plane, drawn("#..."), 1);
  planes.expect("a", plane, /** @type {import("../../../Sources/AisServer/Resources/Web/model/patch.js").Patch} */ (stroke(drawn("..##"), false)));
  equal(planes.get(plane)?.count, 3);
  planes.settle("a");
  equal(text(/** @type {import("../../../Sources/AisServer/Resources/Web/model/planes.js").Held} */ (planes.get(plane)).visible), ["#..."]);
  equal(planes.get(plane)?.count, 1);
});
