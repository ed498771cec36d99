import { deepStrictEqual as equal, ok } from "node:assert/strict";
import * as runs from "../../../Sources/AisServer/Resources/Web/model/runs.js";

const shape = { z: 64, y: 200, x: 240 };
/** @param {object} [fields] @returns {any} */
const run = (fields = {}) => ({ id: 1, state: "running", fraction: 0.24, secondsLeft: 2280, seconds: 100, counts: { all: 4, done: 1, failed: 0, running: 1, waiting: 2 }, ...fields });

Deno.test("slices are typed as first and last, in the counting that is shown", () => {
  equal(runs.typedRange("35–60", 64), [35, 60]);
  equal(runs.typedRange(" 35 - 60 ", 64), [35, 60]);
  equal(runs.typedRange("36 to 61", 64, 1), [35, 60]);
  equal(runs.typedRange("10:99", 64), [10, 63]);
  for (const whole of ["", "all", "0-63", "0–999"]) equal(runs.typedRange(whole, 64), null);
  for (const wrong of ["x", "9", "60-35", "64-70", "-1-5", "0-5-9"]) equal(runs.typedRange(wrong, 64), undefined, wrong);
});

Deno.test("what limits nothing is no limit, and a crop is cut to the slice", () => {
  equal(runs.tidied({ slices: [0, 63], crop: { y: 0, x: 0, height: 200, width: 240 } }, shape), null);
  equal(runs.tidied({ slices: [0, 62] }, shape), { slices: [0, 62] });
  equal(runs.tidied({ crop: { y: -10, x: 20.4, height: 60, width: 1000 } }, shape), { crop: { y: 0, x: 20, height: 50, width: 220 } });
  equal(runs.tidied({ crop: { y: 300, x: 0, height: 5, width: 5 } }, shape), null);
  equal(runs.tidied({ slices: [3, 9], crop: null }, shape), { slices: [3, 9] });
});

Deno.test("limits come from the project's setting, and senseless ones are passed over", () => {
  const found = runs.parsedLimits(JSON.stringify({ 1: { slices: [3, 9] }, 2: { crop: { y: 1, x: 2, height: 3, width: 4 } }, 3: { slices: [1] }, x: { slices: [1, 2] }, 4: null }));
  equal([...found], [[1, { slices: [3, 9] }], [2, { crop: { y: 1, x: 2, height: 3, width: 4 } }]]);
  for (const text of [undefined, null, "", "no JSON", "[]"]) equal(runs.parsedLimits(text).size, 0);
});

Deno.test("rows that somebody has to look at come first, and a filter shows one state", () => {
  const rows = ["waiting", "done", "failed", "running", "waiting"].map((state, index) => ({ state, name: `lam_${index}`, path: `/rec/${index}.mrc` }));
  equal(runs.arranged(rows, "all", "").map(({ name }) => name), ["lam_2", "lam_3", "lam_1", "lam_0", "lam_4"]);
  equal(runs.arranged(rows, "waiting", "").map(({ name }) => name), ["lam_0", "lam_4"]);
  equal(runs.arranged(rows, "all", "4.mrc").map(({ name }) => name), ["lam_4"]);
  equal(runs.arranged(rows, "all", "run").map(({ name }) => name), ["lam_3"]);
});

Deno.test("what can be done with a run follows from its state", () => {
  equal(runs.actionsOf(run()), ["pause", "cancel"]);
  equal(runs.actionsOf(run({ state: "stopping" })), []);
  equal(runs.actionsOf(run({ state: "interrupted" })), ["resume", "cancel"]);
  equal(runs.actionsOf(run({ state: "failed", counts: { failed: 1 } })), ["retry", "again"]);
  equal(runs.actionsOf(run({ state: "failed" })), ["resume", "again"]);
  equal(runs.actionsOf(run({ state: "done" })), ["again"]);
  ok(runs.isLive(run()) && !runs.isLive(run({ state: "paused" })));
  equal(runs.progressWords(run()), "24 % · 38 min left");
  equal(runs.progressWords(run({ state: "paused" })), "paused at 24 %");
  equal(runs.placeWords({ kind: "slurm", device: "cpu", cards: [], workers: 4, threads: null, memoryBytes: null, partition: "gpu" }), "Slurm, partition gpu");
  equal(runs.placeWords({ kind: "here", device: "gpu", cards: [0, 1], workers: 2, threads: null, memoryBytes: null }), "This computer, card 0, 1, 2 workers");
});
