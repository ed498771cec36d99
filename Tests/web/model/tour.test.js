import { deepStrictEqual as equal, ok } from "node:assert/strict";
import { isTaken, nextStep, STEPS } from "../../../Sources/AisServer/Resources/Web/model/tour.js";

const nothing = { tomograms: 0, moves: 0, painted: 0, boxes: 0, task: "annotate", trainings: 0, going: 0, epochs: 0, networks: 0, taken: 0, rules: 0, runs: 0, lists: 0 };
/** @param {object} [facts] */
const now = (facts = {}) => ({ ...nothing, ...facts });
const title = (/** @type {number} */ step) => STEPS[step]?.title ?? "the end";

Deno.test("each step of the tour has words and something to be outlined", () => {
  for (const { title, text, targets } of STEPS) {
    ok(title.length > 3 && title.length < 40, title);
    ok(text.length > 40 && text.length < 230, `${title}: ${text.length} characters do not fit two lines`);
    ok(targets.length > 0 && targets.every((selector) => !selector.includes("\n")), title);
  }
  equal(new Set(STEPS.map(({ title }) => title)).size, STEPS.length);
});

Deno.test("nothing is done at first, and the tour waits", () => {
  for (const [index, { title, isDone }] of STEPS.entries()) {
    ok(!isDone(nothing), title);
    equal(nextStep(index, nothing), index);
  }
});

Deno.test("the work leads from the first step to the end, one step after the other", () => {
  const work = [
    { tomograms: 1 }, { moves: 3 }, { painted: 1 }, { painted: 3 }, { boxes: 30 }, { task: "models" }, { trainings: 1, going: 1 }, { epochs: 1 }, { taken: 1 },
    { going: 1, trainings: 2, networks: 1 }, { networks: 2 }, { rules: 1 }, { runs: 1 }, { lists: 1 },
  ];
  equal(work.length, STEPS.length);
  let facts = now();
  for (const [index, done] of work.entries()) {
    equal(nextStep(0, { ...facts, moves: 3, task: index > 5 ? "models" : facts.task }), index === 1 ? 2 : index, title(index));
    facts = { ...facts, ...done };
    equal(nextStep(index, facts), index + 1, title(index));
  }
});

Deno.test("what was done already is passed over", () => {
  equal(title(nextStep(0, now({ tomograms: 4, moves: 3, painted: 5, boxes: 7 }))), "Set boxes");
  equal(title(nextStep(4, now({ boxes: 12, task: "models", trainings: 2, networks: 2 }))), "Correct it");
  equal(title(nextStep(4, now({ boxes: 12, painted: 3 }))), "Set boxes");
  equal(title(nextStep(9, now({ networks: 1, trainings: 1 }))), "Train it further");
});

Deno.test("what a model found and somebody took is known by the edit's name", () => {
  for (const name of ["from Membrane", "one piece, from Membrane", "inside a lasso, from Membrane"]) ok(isTaken(name), name);
  for (const name of ["brush stroke", "shapes from slices", "new feature"]) ok(!isTaken(name), name);
});
