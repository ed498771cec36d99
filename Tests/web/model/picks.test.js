import { deepStrictEqual as equal, ok } from "node:assert/strict";
import * as picks from "../../../Sources/AisServer/Resources/Web/model/picks.js";

const settings = { ...picks.STANDARD, level: 0.4, spacing: 12 };

Deno.test("a question has the options of the command line, in nm or in voxels", () => {
  equal(picks.question("/a.mrc", settings, false), { path: "/a.mrc", method: "particles", threshold: 102, binning: 1, spacingNanometer: 12, marginNanometer: 0 });
  const other = picks.question("/a.mrc", { ...settings, isAutomatic: true, smallest: 300, limit: 9, orientation: "normal" }, true);
  equal(other, { path: "/a.mrc", method: "particles", threshold: "auto", binning: 1, spacingVoxels: 12, marginVoxels: 0, minimumVolumeVoxels: 300, limit: 9, orientation: "normal" });
  // What only one method has is not sent with the others, which would refuse it.
  const filaments = /** @type {any} */ (picks.question("/a.mrc", { ...settings, method: "filaments", orientation: "normal" }, false));
  equal([filaments.minimumLengthNanometer, filaments.orientation, filaments.normals], [50, undefined, undefined]);
  equal(picks.thresholdOf(0.29), 73.95);
});

Deno.test("some of many are chosen by chance, each once, the same again for the same seed", () => {
  const some = picks.sample(1000, 50, 3);
  equal(new Set(some).size, 50);
  ok(some.every((place, index) => place >= 0 && place < 1000 && (index === 0 || place > some[index - 1])));
  equal(picks.sample(1000, 50, 3), some);
  ok(picks.sample(1000, 50, 4).join() !== some.join());
  equal(picks.sample(3, 50, 1), [0, 1, 2]);
  equal(picks.sample(0, 50, 1), []);
});

Deno.test("a plane cuts the picks that are near, taken for balls", () => {
  const points = /** @type {[number, number, number][]} */ ([[10, 20, 30], [14, 50, 60], [40, 20, 30]]);
  equal(picks.cut(points, "xy", 10, 5), [{ place: 0, row: 20, column: 30, radius: 5 }, { place: 1, row: 50, column: 60, radius: 3 }]);
  equal(picks.cut(points, "yz", 30, 5).map(({ row, column }) => [row, column]), [[20, 10], [20, 40]]);
  equal(picks.cut(points, "xz", 50, 1).map(({ row, column }) => [row, column]), [[14, 60]]);
});

Deno.test("a press in a plane moves two coordinates, depth the third", () => {
  const point = { z: 1, y: 2, x: 3 };
  for (const axis of /** @type {const} */ (["xy", "xz", "yz"])) {
    const there = picks.moved(axis, point, 7, 9);
    const { row, column, depth } = picks.onPlane(axis, [there.z, there.y, there.x]);
    equal([row, column, depth], [7, 9, picks.onPlane(axis, [1, 2, 3]).depth]);
    equal(picks.onPlane(axis, [picks.deeper(axis, point, 2).z, picks.deeper(axis, point, 2).y, picks.deeper(axis, point, 2).x]).depth, depth + 2);
  }
  equal(picks.planeSize("yz", { z: 4, y: 5, x: 6 }), { height: 5, width: 4, depth: 6 });
});

Deno.test("what lies above the level is filled, and brighter at its edge", () => {
  const values = new Uint8Array(25).fill(200);
  values[0] = 100;
  const pixels = picks.tinted(values, 5, 5, 100, [1, 2, 3]);
  const alpha = (/** @type {number} */ place) => pixels[4 * place + 3];
  equal([alpha(0), alpha(1), alpha(12), pixels[4 * 12]], [0, 235, 87, 1]);
});

Deno.test("the line for RELION 5 names the lists and nothing beside them", () => {
  const written = { folder: "/a b/it's", lists: [{ path: "/a b/it's/TS_01__FAS_coords.star" }] };
  equal(picks.conversion(written, "/rec"), "ais coordinates convert '/a b/it'\\''s'/*_coords.star -t /rec --tomograms tomograms.star --to relion5 -o particles.star");
  equal(picks.conversion({ folder: "/x", lists: [{ path: "/x/a_coords.tbl" }] }, ""), "ais coordinates convert /x/*_coords.tbl --tomograms tomograms.star --to relion5 -o particles.star");
});

Deno.test("columns become rows", () => {
  equal([...picks.turned(new Uint8Array([1, 2, 3, 4, 5, 6]), 2, 3)], [1, 4, 2, 5, 3, 6]);
});

Deno.test("what is kept and dropped is a sentence", () => {
  const tally = { components: 9, groups: 9, small: 2, crowded: 1, inMargin: 0, outside: 0, beyondLimit: 0 };
  const found = /** @type {picks.Found} */ ({ count: 6, noun: "particle", dust: 1, tally, points: [], sizes: [], sizeUnit: "nm³", level: 100, levelReason: "", lines: [], warnings: [], seconds: 0 });
  equal(picks.sentence(found, settings, false), { kept: "6 kept", rest: " of 9 objects: 2 too small, 1 closer than 12.0 nm. 1 piece of dust is smaller." });
  equal(picks.sentence({ ...found, dust: null, tally: { ...tally, small: 0, crowded: 0 } }, settings, false).rest, " of 9 objects.");
});

Deno.test("segmentations are grouped by what they show and where they lie", () => {
  const one = (/** @type {string} */ path, /** @type {string} */ feature) => /** @type {picks.Segmentation} */ ({ path, feature, name: path, tomogram: "", dataset: null, byteCount: 0, modified: 0 });
  equal([...picks.byFeature([one("/s/a", "X"), one("/s/b", "Y"), one("/s/c", "X"), one("/t/a", "X")])].map(([, list]) => list.map(({ path }) => path)), [["/s/a", "/s/c"], ["/s/b"], ["/t/a"]]);
});

Deno.test("a file without a list is known by its name", () => {
  const named = (/** @type {string} */ path) => {
    const { tomogram, feature, dataset } = picks.byName(path, (name) => (name === "TS_01" ? 7 : null));
    return [tomogram, feature, dataset];
  };
  equal(named("/a/TS_01__Ribosome.mrc.gz"), ["TS_01", "Ribosome", 7]);
  equal(named("/a/TS_01__old__Ribosome.MRC"), ["TS_01__old", "Ribosome", null]);
  equal(named("/a/mask.tif"), ["mask", "mask", null]);
});

Deno.test("a tomogram is known by its own name and by those of its files", () => {
  const datasets = [{ id: 1, name: "TS_014" }, { id: 2, name: "TS_015" }];
  const files = [{ dataset: 1, path: "/data/TS_014_rec.mrc" }, { dataset: 2, path: "/data/TS_015.rec.gz" }, { dataset: 2, path: "/data/TS_015_denoised.mrc" }];
  equal(["TS_014", "TS_014_rec", "TS_015", "TS_015_denoised", "TS_016_rec"].map((name) => picks.datasetNamed(name, datasets, files)), [1, 1, 2, 2, null]);
});
