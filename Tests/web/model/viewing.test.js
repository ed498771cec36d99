import { deepStrictEqual as equal, ok } from "node:assert/strict";
import * as units from "../../../Sources/AisServer/Resources/Web/model/units.js";
import * as view from "../../../Sources/AisServer/Resources/Web/model/view.js";
import * as contrast from "../../../Sources/AisServer/Resources/Web/model/contrast.js";
import * as slices from "../../../Sources/AisServer/Resources/Web/model/slices.js";
import * as versions from "../../../Sources/AisServer/Resources/Web/model/versions.js";
import { applied, kernels, newFilter } from "../../../Sources/AisServer/Resources/Web/model/filters.js";
import { halfToNumber, numberToHalf } from "../../../Sources/AisServer/Resources/Web/model/half.js";
import { WheelCounter, zoomFactor } from "../../../Sources/AisServer/Resources/Web/model/wheel.js";

Deno.test("numbers have true minus and narrow spaces", () => {
  equal(units.number(1675), "1\u202f675");
  equal(units.number(-6210), "\u22126\u202f210");
  equal(units.number(1234567.891, 2), "1\u202f234\u202f567.89");
  equal(units.number(-0.001, 1), "0.0");
  equal(units.number(NaN), "–");
});

Deno.test("quantities have a unit and its space", () => {
  equal(units.nanometres(180), "18.0 nm");
  equal(units.voxelSize({ x: 10 }), "10.00 Å");
  equal(units.voxelSize({ x: 13.4812 }, 4), "13.4812 Å");
  equal(units.voxelSize(null), "voxel size unknown");
  equal(units.percent(0.42), "42 %");
  equal(units.byteCount(1.5 * 2 ** 30), "1.5 GiB");
  equal(units.shape({ z: 64, y: 200, x: 1200 }), "1\u202f200 × 200 × 64");
  equal([0, 0.0002, 0.038, 0.9997, 6.4, 110, 7800, 3600].map(units.duration), ["0 s", "under 1 ms", "38 ms", "1.0 s", "6.4 s", "1 min 50 s", "2 h 10 min", "1 h"]);
});

Deno.test("typed lengths take nm, Å, px and what is usual", () => {
  equal(units.parseLength("12 nm", 10), 120);
  equal(units.parseLength("120 Å", 10), 120);
  equal(units.parseLength("120A", 10), 120);
  equal(units.parseLength("12 px", 10), 120);
  equal(units.parseLength("12", 10), 120);
  equal(units.parseLength("12,5 nm", 10), 125);
  equal(units.parseLength("12 px", null), null);
  equal(units.parseLength("twelve", 10), null);
  equal(units.parseLength("12 miles", 10), null);
  equal(units.parseNumber("\u22126\u202f210"), -6210);
});

Deno.test("a scale bar is round and fits", () => {
  equal(units.scaleBar(3.78, 10, 200), { pixels: 189, label: "50 nm" });
  equal(units.scaleBar(1, null, 120).label, "100 px");
  ok(units.scaleBar(0.02, 10, 200).label.endsWith("µm"));
});

Deno.test("long names lose their middle", () => equal(units.middleElided("lamella_2_tilt_004", 11), "lamel…t_004"));

const viewport = { height: 600, width: 800 };

Deno.test("zooming keeps the point under the pointer", () => {
  const start = { centre: { y: 50, x: 70 }, zoom: 3 };
  const place = { y: 123, x: 456 };
  const before = view.framePoint(start, viewport, place);
  const after = view.framePoint(view.zoomedAbout(start, viewport, place, 1.7), viewport, place);
  ok(Math.hypot(before.y - after.y, before.x - after.x) < 1e-9);
  equal(view.zoomedAbout(start, viewport, place, 1e9).zoom, view.MOST_ZOOM);
});

Deno.test("points go to the screen and back", () => {
  const state = { centre: { y: 31.5, x: 12 }, zoom: 2.5 };
  const point = { y: 7.25, x: 90 };
  equal(view.framePoint(state, viewport, view.screenPoint(state, viewport, point)), point);
});

Deno.test("the fitted slice has its edges half a voxel outside the first and last centre", () => {
  const fitted = view.fitted({ height: 100, width: 200 }, viewport);
  equal(view.screenPoint(fitted, viewport, { y: 49.5, x: -0.5 }).x, 0);
  equal(view.screenPoint(fitted, viewport, { y: 49.5, x: 199.5 }).x, 800);
});

Deno.test("a crop keeps 128 pixels and stays inside", () => {
  const crop = { y: 0, x: 0, height: 200, width: 200 };
  const slice = { height: 300, width: 300 };
  equal(view.draggedCrop(crop, "se", { y: -190, x: 0 }, slice), { y: 0, x: 0, height: 128, width: 200 });
  equal(view.draggedCrop(crop, "nw", { y: 500, x: 10 }, slice), { y: 72, x: 10, height: 128, width: 190 });
  equal(view.draggedCrop(crop, "move", { y: 500, x: -5 }, slice), { y: 100, x: 0, height: 200, width: 200 });
});

Deno.test("binned versions lie on the frame, exact to half voxels", () => {
  equal(versions.frameCoordinate(0, { up: 2, down: 1 }), 0.5);
  equal(versions.frameCoordinate(0, { up: 4, down: 1 }), 1.5);
  equal(versions.versionCoordinate(0, { up: 1, down: 2 }), 0.5);
  equal(versions.versionCoordinate(versions.frameCoordinate(17, { up: 4, down: 1 }), { up: 4, down: 1 }), 17);
  equal([0, 1, 2, 3].map((z) => versions.versionSlice(z, { up: 2, down: 1 }, 10)), [0, 0, 1, 1]);
  equal(versions.versionSlice(3, { up: 1, down: 2 }, 10), 7);
});

Deno.test("halves hold numbers as the standard says", () => {
  for (const [half, value] of [[0x3c00, 1], [0xc000, -2], [0x7bff, 65504], [0x0001, 2 ** -24], [0, 0], [0x3555, 0.333251953125]]) {
    equal(halfToNumber(half), value);
    equal(numberToHalf(value), half);
  }
  ok(Number.isNaN(halfToNumber(0x7e00)));
  equal(halfToNumber(numberToHalf(1e6)), Infinity);
});

Deno.test("contrast by itself leaves 0.06 percent out on each side", () => {
  const values = Float32Array.from({ length: 10000 }, (_, index) => index);
  equal(contrast.automatic(values), { black: 5, white: 9994 });
  equal(contrast.automatic(new Float32Array(0)), { black: 0, white: 1 });
  const flat = contrast.automatic(new Float32Array(100).fill(7));
  ok(flat.white > flat.black);
  ok(Math.abs(contrast.clippedShare(values, { black: 6, white: 9994 }) - 0.0012) < 1e-9);
});

Deno.test("the histogram counts every value in its range", () => {
  const found = contrast.histogram(Float32Array.from({ length: 640 }, (_, index) => index), 64);
  equal(found.counts.reduce((a, b) => a + b, 0), 640);
  ok(contrast.histogram(new Float32Array(50).fill(3)).counts.includes(50));
});

Deno.test("a slice is sampled every fourth pixel, without its border", () => {
  const halves = new Uint16Array(100 * 100).fill(0x3c00);
  equal(contrast.sampled({ height: 100, width: 100, level: 0, halves, offset: 2, step: 3 }).length, 17 * 17);
  equal(contrast.sampled({ height: 100, width: 100, level: 0, halves, offset: 2, step: 3 })[0], 5);
});

Deno.test("a Gaussian has the standard deviation that it is given", () => {
  for (const sigma of [0.6, 1, 2.5, 8]) {
    const { x } = kernels({ ...newFilter("gaussian"), parameter: sigma });
    const reach = x.length >> 1;
    const variance = x.reduce((sum, tap, index) => sum + tap * (index - reach) ** 2, 0);
    ok(Math.abs(Math.sqrt(variance) - sigma) < 0.03 * sigma, `${sigma}`);
    ok(Math.abs(x.reduce((a, b) => a + b, 0) - 1) < 1e-9);
  }
});

Deno.test("a box lies in the middle, a band-pass sums to zero, weights mix and subtract", () => {
  equal(kernels({ ...newFilter("box"), parameter: 1 }).x, [1 / 3, 1 / 3, 1 / 3]);
  ok(Math.abs(kernels(newFilter("offset-gaussian")).x.reduce((a, b) => a + b, 0)) < 1e-9);
  const flat = new Float32Array(25).fill(2);
  equal([...applied(flat, 5, 5, [newFilter("gaussian")])].map((value) => Math.round(value * 1e5) / 1e5), new Array(25).fill(2));
  equal(applied(flat, 5, 5, [{ ...newFilter("box"), weight: -0.5 }])[12], 1);
  equal(Math.abs(applied(flat, 5, 5, [newFilter("sobel-vertical")])[12]), 0);
});

Deno.test("slices go around, and annotated ones are found", () => {
  equal(slices.wrapped(0, -1, 64), 63);
  equal(slices.wrapped(62, 5, 64), 3);
  ok(slices.wraps(62, 5, 64) && !slices.wraps(5, -5, 64));
  equal(slices.nextAnnotated([12, 32, 22], 22, 1), 32);
  equal(slices.nextAnnotated([12, 32, 22], 32, 1), 12);
  equal(slices.nextAnnotated([12, 32, 22], 12, -1), 32);
  equal(slices.nextAnnotated([5], 5, 1), null);
  equal(slices.neighbours([3, 9, 20], 12), { below: 9, above: 20 });
  equal(slices.neighbours([3], 12), null);
  equal(slices.ahead(1, -1, 64, 3), [0, 2, 3]);
  equal([slices.typedSlice("33", 64, 1), slices.typedSlice("99", 64, 0), slices.typedSlice("x", 64, 0)], [32, 63, null]);
});

Deno.test("a notch is one slice; a touchpad's steps are summed and a turn clears them", () => {
  const wheel = new WheelCounter(40);
  const event = (/** @type {number} */ deltaY, /** @type {number} */ timeStamp, deltaMode = 0) => ({ deltaX: 0, deltaY, deltaMode, ctrlKey: false, timeStamp });
  equal([wheel.take(event(100, 0)), wheel.take(event(-120, 1)), wheel.take(event(3, 2, 1))], [1, -1, 1]);
  equal([10, 20, 9, 2].map((delta, index) => wheel.take(event(delta, 100 + index * 20))), [0, 0, 0, 1]);
  equal([wheel.take(event(30, 300)), wheel.take(event(-30, 320)), wheel.take(event(-15, 340))], [0, 0, -1]);
  equal(wheel.take(event(400, 341.5)), 4);
  equal(wheel.take({ ...event(0, 400), deltaX: 100 }), 1);
});

Deno.test("a notch zooms by a tenth", () => {
  ok(Math.abs(zoomFactor({ deltaX: 0, deltaY: -100, deltaMode: 0, ctrlKey: false, timeStamp: 0 }) - 1.1) < 1e-9);
});
