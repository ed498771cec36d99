import { deepStrictEqual as equal, ok } from "node:assert/strict";
import { Registers } from "../../../Sources/AisServer/Resources/Web/model/registers.js";
import { predicted } from "../../../Sources/AisServer/Resources/Web/model/edits.js";
import * as assist from "../../../Sources/AisServer/Resources/Web/model/assist.js";
import * as predictions from "../../../Sources/AisServer/Resources/Web/model/predictions.js";
import * as rules from "../../../Sources/AisServer/Resources/Web/model/rules.js";
import * as training from "../../../Sources/AisServer/Resources/Web/model/training.js";

/** @param {number} id @param {object} [fields] @returns {any} */
const model = (id, fields = {}) => ({ id, title: `M${id}`, isActive: true, isVisible: true, emits: false, absorbs: false, version: `v${id}`, threshold: 0.5, ...fields });
/** @param {number} id @param {number} child @param {number} parent @param {object} [fields] @returns {any} */
const rule = (id, child, parent, fields = {}) => ({ id, position: id, kind: "avoid", child, parent, radiusNanometer: 8, threshold: 0.42, ...fields });
const view = (/** @type {object} */ fields) => ({ models: [model(1), model(2)], rules: [], stage: /** @type {const} */ ("final"), showsRemoved: true, chosen: null, combination: "c", slice: "s", ...fields });

Deno.test("only models that compete or are changed by a rule are asked for other than raw", () => {
  const models = [model(1, { absorbs: true }), model(2, { emits: true }), model(3)];
  const layers = (/** @type {predictions.Stage} */ stage) => models.map((one) => predictions.layerFor(one, stage, models, [rule(7, 3, 2)]));
  equal(layers("raw"), ["raw", "raw", "raw"]);
  equal(layers("competed"), ["competed", "raw", "raw"]);
  equal(layers("final"), ["competed", "raw", "final"]);
});

Deno.test("a rule does nothing while one of its models takes no part", () => {
  const list = [rule(7, 1, 2)];
  equal(predictions.working(list, [model(1), model(2)]).length, 1);
  equal(predictions.working(list, [model(1), model(2, { isActive: false })]), []);
  equal(predictions.working(list, [model(1), model(2, { version: "" })]), []);
  equal(predictions.layerFor(model(1), "final", [model(1), model(2, { isActive: false })], list), "raw");
});

Deno.test("what is seen is asked for, the chosen model first, what was removed last", () => {
  const wanted = predictions.wanted(view({ models: [model(1), model(2), model(3, { isVisible: false }), model(4, { version: "" })], rules: [rule(7, 1, 3)], chosen: 2 }));
  equal(wanted.map(({ model: id, layer }) => `${id} ${layer}`), ["2 raw", "1 final", "1 raw"]);
  equal(wanted.map(({ modelVersion }) => modelVersion), ["v2", "c", "v1"]);
  equal(predictions.wanted(view({ rules: [rule(7, 1, 2)], showsRemoved: false })).length, 2);
});

Deno.test("a model's older result of the same slice is shown until the newer is there", () => {
  const results = new predictions.Results();
  const bytes = new Uint8Array([0, 200, 90, 255]);
  const result = { bytes, height: 2, width: 2, y: 0, x: 0, seconds: 0.1, above: predictions.countsAbove(bytes) };
  const [before] = predictions.wanted(view({}));
  const [after] = predictions.wanted(view({ models: [model(1, { version: "v9" })] }));
  const [elsewhere] = predictions.wanted(view({ slice: "other" }));
  results.put(before, result);
  equal(results.shown(after)?.result, result);
  ok(!results.has(after.key));
  equal(results.shown(elsewhere), null);
  results.put(after, result);
  ok(!results.has(before.key) && results.has(after.key));
  equal(results.bytes, 4);
});

Deno.test("results are dropped when they are too many, what is wanted never", () => {
  const results = new predictions.Results(10);
  const put = (/** @type {string} */ slice) => {
    const [wanted] = predictions.wanted(view({ slice }));
    results.put(wanted, { bytes: new Uint8Array(4), height: 2, width: 2, y: 0, x: 0, seconds: 0, above: new Uint32Array(256) });
    return wanted.key;
  };
  const [a, b, c] = ["a", "b", "c"].map(put);
  equal([a, b, c].map((key) => results.has(key)), [false, true, true]);
  results.needed = new Set([b, c]);
  put("d");
  ok(results.has(b) && results.has(c));
});

Deno.test("pixels above a threshold are counted as the program counts them", () => {
  const above = predictions.countsAbove(new Uint8Array([0, 127, 128, 128, 255]));
  equal([0, 0.5, 0.502, 1].map((threshold) => predictions.found({ above }, threshold)), [4, 3, 1, 0]);
});

Deno.test("the part in view is asked for first only when it is worth it", () => {
  const slice = { height: 1000, width: 1000 };
  equal(predictions.visiblePart({ y: -20, x: 100.5, height: 300, width: 300 }, slice), { y: 0, x: 100, height: 280, width: 301 });
  equal(predictions.visiblePart({ y: 0, x: 0, height: 900, width: 900 }, slice), null);
  equal(predictions.visiblePart({ y: 2000, x: 0, height: 100, width: 100 }, slice), null);
});

Deno.test("rules say what they do, move between others, and are drawn as arrows", () => {
  const sentence = rules.sentence(rule(1, 1, 2), "Membrane", "FAS", 1);
  equal(sentence, "Membrane is removed wherever FAS is above 0.42 within 8.0 nm (8 px here).");
  ok(rules.sentence(rule(1, 1, 2, { kind: "colocalize" }), "FAS", "Membrane", null).startsWith("FAS is kept only where Membrane"));
  const others = [{ position: 1 }, { position: 2 }];
  equal([0, 1, 2].map((to) => rules.positionAt(others, to)), [0, 1.5, 3]);
  equal(rules.positionAt([], 0), 0);
  const drawn = rules.graph([rule(1, 1, 2), rule(2, 2, 1), rule(3, 1, 3)], 288, ({ id }) => id !== 3);
  equal(drawn.nodes.length, 3);
  equal(new Set(drawn.arrows.map(({ path }) => path)).size, 3);
  equal(drawn.arrows.map(({ isOn }) => isOn), [true, true, false]);
  const many = rules.graph([1, 2, 3, 4].map((id) => rule(id, id, id + 1)), 288, () => true);
  ok(many.nodes.every(({ x, y }) => x > 0 && x < 288 && y > 0 && y < many.height));
});

Deno.test("training sets take sensible sizes, roles and tomograms", () => {
  equal([0, 50, 70, 9000].map((wish) => training.nearest(wish)), [32, 64, 64, 256]);
  equal([training.versioned("FAS", []), training.versioned("FAS", ["FAS", "FAS v2"])], ["FAS", "FAS v3"]);
  const slabs = /** @type {any} */ ({ name: "Slabs", form: "slabs", sideMultiple: 16, depthMultiple: 4 });
  equal([1, 6, 8].map((depth) => training.misfit({ boxSize: 64, depth }, slabs)?.remedy.depth), [8, 8, undefined]);
  equal([40, 64].map((boxSize) => training.misfit({ boxSize, depth: 1 }, { ...slabs, form: "slices" })?.remedy.boxSize), [48, undefined]);
  equal(training.withRole({ 1: "positive" }, 2, "negative"), { 1: "positive", 2: "negative" });
  equal(training.withRole({ 1: "positive" }, 1, "unused"), {});
  equal(training.toggled(null, 2, [1, 2, 3]), [1, 3]);
  equal(training.toggled([1, 3], 2, [1, 2, 3]), null);
  equal(training.sideIn(/** @type {any} */ ({ boxSize: 64, pixelSizeAngstrom: 10 }), 20), 32);
  equal(training.sideIn(/** @type {any} */ ({ boxSize: 64, pixelSizeAngstrom: 10 }), null), 64);
  const before = /** @type {any} */ ({ architecture: "UNet S", last: { seconds: 4 }, settings: { boxSize: 64, depth: 1, positives: 30, negatives: 20, copies: 5, validation: 0 } });
  const set = /** @type {any} */ ({ boxSize: 64, depth: 1 });
  equal(training.epochSeconds(100, { copies: 10, validation: 0 }, set, [before], "UNet S"), 16);
  equal(training.epochSeconds(100, { copies: 10, validation: 0 }, set, [before], "VGGNet"), null);
});

Deno.test("a network that finds nothing is told of, when it should find something", () => {
  const line = (/** @type {number} */ epoch, /** @type {number} */ recall, /** @type {number | null} */ heldOut = null) => /** @type {any} */ ({ epoch, recall, heldOut: heldOut === null ? null : { recall: heldOut } });
  const finds = (/** @type {any} */ best, /** @type {any} */ last, /** @type {any} */ state = "running") => !training.findsNothing({ best, last, state });
  equal(finds(null, null), true);
  equal(finds(null, null, "failed"), true);
  equal(finds(line(1, 0), line(9, 0)), true);
  equal(finds(line(1, 0), line(10, 0)), false);
  equal(finds(line(1, 0), line(9, 0), "done"), false);
  equal(finds(line(10, 0.5), line(10, 0.5)), true);
  equal(finds(line(6, 0.01, 0), line(19, 0.01, 0)), false);
  // A few held-out boxes may hold nothing by chance.
  equal(finds(line(6, 0.6, 0), line(19, 0.7, 0)), true);
});

Deno.test("a training's curves, its words, and epochs that come twice", () => {
  const line = (/** @type {number} */ epoch, isBest = false) => ({ epoch, learningRate: 1e-3, loss: 1 / epoch, dice: 0.5, precision: 1, recall: 1, heldOut: { loss: 0.3, dice: 0.1 * epoch, precision: 1, recall: 1 }, seconds: 1, isBest });
  const history = [line(1), line(2, true), line(3)];
  equal(training.curves(history).best, 1);
  equal(training.withLine(history, line(3)).map(({ epoch }) => epoch), [1, 2, 3]);
  equal(training.withLine(history, line(4)).length, 4);
  equal(training.told(history), "Loss went from 1.000 to 0.333 over 3 epochs; held-out Dice is 0.30");
  equal(training.stage(/** @type {any} */ ({ state: "running", epoch: 3, epochs: 50 })), "Epoch 4 of 50");
});

Deno.test("edits of models, rules and sets are foreseen", () => {
  const registers = new Registers();
  registers.load("model", { id: 1, title: "A", red: 1, isActive: true });
  registers.apply({ values: [{ record: { kind: "model", id: 1 }, field: "emits", value: 1 }] });
  equal(registers.get("model", 1)?.emits, true);
  registers.expect("a", predicted([{ kind: "change-model", model: 1, colour: { red: 0.5, green: 0, blue: 0 }, isActive: false }], registers));
  equal([registers.get("model", 1)?.red, registers.get("model", 1)?.isActive], [0.5, false]);
  registers.expect("b", predicted([{ kind: "create-rule", id: 9, manner: "avoid", child: 1, parent: 2, radiusNanometer: 10 }], registers));
  equal([registers.get("rule", 9)?.kind, registers.get("rule", 9)?.threshold], ["avoid", 0.5]);
  registers.expect("c", predicted([{ kind: "create-training-set", id: 5, roles: { 3: "positive" } }, { kind: "change-training-set", set: 5, datasets: [1], boxSize: 32 }], registers));
  equal([registers.get("trainingSet", 5)?.roles, registers.get("trainingSet", 5)?.datasets, registers.get("trainingSet", 5)?.boxSize], ['{"3":"positive"}', "[1]", 32]);
  registers.expect("d", predicted([{ kind: "delete-rule", rule: 9 }, { kind: "delete-model", model: 1 }], registers));
  equal([registers.list("rule"), registers.list("model")], [[], []]);
});

Deno.test("what a network found becomes painted: all, inside a line, or one connected piece", () => {
  const bytes = Uint8Array.from([
    200, 0, 0, 0,
    0, 200, 0, 0,
    0, 0, 0, 255,
    0, 0, 0, 255,
  ]);
  const mask = assist.foundMask({ bytes, height: 4, width: 4 }, 0.5, { height: 4, width: 4 });
  equal(mask.count(), 4);
  equal(assist.blobAt(mask, { y: 0, x: 0 }).count(), 2);
  equal(assist.blobAt(mask, { y: 3, x: 3 }).count(), 2);
  equal(assist.blobAt(mask, { y: 0, x: 3 }).count(), 0);
  equal(assist.inside(mask, [{ y: -0.5, x: -0.5 }, { y: -0.5, x: 3.5 }, { y: 2.5, x: 3.5 }, { y: 2.5, x: -0.5 }]).count(), 3);
  // A version binned by two has one value for four pixels of the frame.
  equal(assist.foundMask({ bytes: Uint8Array.from([255, 0, 0, 0]), height: 2, width: 2 }, 0.5, { height: 4, width: 4 }).count(), 4);
});

Deno.test("Slices that are scrolled past are not asked for, unless their results would be seen", () => {
  // Milliseconds: who stayed long gets the next one at once.
  equal(predictions.restTime(Infinity, 2000), 30);
  equal(predictions.restTime(500, 2000), 30);
  // Wheel notches every 40 ms: the wait is longer than the stay.
  equal(predictions.restTime(40, 240), 120);
  equal(predictions.restTime(40, 30), 120);
  // But never so long that a person who rests would notice.
  equal(predictions.restTime(150, 240), 200);
  equal(predictions.restTime(150, 40), 30);
  // Never sooner than for anybody else.
  equal(predictions.restTime(5, 240), 30);
});
