import { deepStrictEqual as equal, ok } from "node:assert/strict";
import { Registers, camel } from "../../../Sources/AisServer/Resources/Web/model/registers.js";
import { newId, predicted } from "../../../Sources/AisServer/Resources/Web/model/edits.js";
import { Outbox, Unreachable, retryDelay } from "../../../Sources/AisServer/Resources/Web/model/outbox.js";
import { UndoState } from "../../../Sources/AisServer/Resources/Web/model/undo.js";
import * as bindings from "../../../Sources/AisServer/Resources/Web/model/bindings.js";
import * as search from "../../../Sources/AisServer/Resources/Web/model/search.js";
import * as palette from "../../../Sources/AisServer/Resources/Web/model/palette.js";
import * as boxes from "../../../Sources/AisServer/Resources/Web/model/boxes.js";

Deno.test("lines of the journal set cells, whatever the case of their names", () => {
  const registers = new Registers();
  registers.load("feature", { id: 1, title: "Membrane", isVisible: true });
  registers.apply({ values: [{ record: { kind: "feature", id: 1 }, field: "is_visible", value: 0 }] });
  equal(registers.get("feature", 1), { id: 1, title: "Membrane", isVisible: false, live: true });
  registers.apply({ values: [{ record: { kind: "feature", id: 1 }, field: "live", value: 0 }] });
  equal(registers.list("feature"), []);
  equal([camel("voxel_size_z_angstrom"), camel("library_feature"), camel("library-feature")], ["voxelSizeZAngstrom", "libraryFeature", "libraryFeature"]);
});

Deno.test("an edit on its way shows until the server has answered", () => {
  const registers = new Registers();
  registers.load("box", { id: 7, z: 3, y: 1, x: 2 });
  registers.expect("a", predicted([{ kind: "move-box", box: 7, slice: 3, y: 9, x: 9 }], registers));
  equal(registers.get("box", 7)?.y, 9);
  registers.apply({ values: [{ record: { kind: "box", id: 7 }, field: "y", value: 5 }] });
  equal(registers.get("box", 7)?.y, 9);
  registers.settle("a");
  equal(registers.get("box", 7)?.y, 5);
});

Deno.test("removing, clearing and making are foreseen", () => {
  const registers = new Registers();
  registers.load("box", { id: 7, dataset: 1, feature: 2, z: 3, y: 1, x: 2 });
  registers.load("box", { id: 8, dataset: 1, feature: 2, z: 4, y: 1, x: 2 });
  registers.expect("a", predicted([{ kind: "clear-slice", dataset: 1, feature: 2, slice: 3 }], registers));
  equal(registers.list("box").map(({ id }) => id), [8]);
  const id = newId();
  ok(id >= 2 ** 40 && id < 2 ** 53);
  registers.expect("b", predicted([{ kind: "create-feature", id, title: "FAS", colour: { red: 1, green: 0, blue: 0 } }], registers));
  equal(registers.get("feature", id)?.red, 1);
  registers.expect("c", predicted([{ kind: "delete-feature", feature: id }], registers));
  equal(registers.get("feature", id), null);
});

class Memory {
  /** @type {Map<string, import("../../../Sources/AisServer/Resources/Web/model/outbox.js").Item>} */
  items = new Map();
  /** @param {string} project */
  all(project) { return Promise.resolve([...this.items.values()].filter((item) => item.project === project)); }
  /** @param {import("../../../Sources/AisServer/Resources/Web/model/outbox.js").Item} item */
  put(item) { this.items.set(item.id, item); return Promise.resolve(); }
  /** @param {string} id */
  remove(id) { this.items.delete(id); return Promise.resolve(); }
}

Deno.test("edits wait for the server, in order, and outlive the page", async () => {
  const memory = new Memory();
  /** @type {string[]} */
  const sent = [];
  let isThere = false;
  const send = (/** @type {{ id: string }} */ item) => {
    if (!isThere) return Promise.reject(new Unreachable("gone"));
    sent.push(item.id);
    return Promise.resolve();
  };
  const quiet = { settled() {}, refused() {}, changed() {} };
  const first = new Outbox(memory, send, quiet);
  for (const id of ["a", "b", "c"]) first.add({ id, project: "p", action: "edits", edits: [] });
  await first.pump();
  equal([first.count, first.isReachable, sent], [3, false, []]);
  const second = new Outbox(memory, send, quiet);
  equal((await second.restore("p")).map((item) => item.id), ["a", "b", "c"]);
  second.add({ id: "d", project: "p", action: "edits", edits: [] });
  await Promise.resolve();
  isThere = true;
  while (second.count > 0) await second.pump();
  equal([sent, memory.items.size], [["a", "b", "c", "d"], 0]);
});

Deno.test("an edit that the server refuses is told of and does not hold up the others", async () => {
  /** @type {string[]} */
  const told = [];
  const outbox = new Outbox(new Memory(), (item) => (item.id === "bad" ? Promise.reject(new Error("no")) : Promise.resolve()), {
    settled: (item) => told.push(`settled ${item.id}`), refused: (item, error) => told.push(`refused ${item.id}: ${error.message}`), changed() {},
  });
  outbox.add({ id: "bad", project: "p", action: "edits" });
  outbox.add({ id: "good", project: "p", action: "edits" });
  while (outbox.count > 0) await new Promise((resolve) => setTimeout(resolve, 0));
  equal(told, ["refused bad: no", "settled good"]);
  equal([0, 1, 2, 3, 9].map(retryDelay), [500, 1000, 2000, 5000, 5000]);
});

Deno.test("undo and redo know what they would do", () => {
  const undo = new UndoState();
  const entry = (/** @type {number} */ sequence, /** @type {object} */ fields) =>
    /** @type {import("../../../Sources/AisServer/Resources/Web/model/types.js").Entry} */ ({ sequence, time: 0, author: "JV", client: "", action: "edit", kind: "paint", ...fields });
  undo.take(entry(1, {}), "JV");
  undo.take(entry(2, { author: "MK" }), "JV");
  undo.take(entry(3, { kind: "place-box" }), "JV");
  undo.take(entry(4, { kind: "set-view", isUndoable: false }), "JV");
  equal(undo.done.map(({ sequence }) => sequence), [1, 3]);
  undo.take(entry(5, { action: "undo", target: 3, kind: "place-box" }), "JV");
  equal([undo.done.at(-1)?.name, undo.undone.at(-1)?.name], ["brush stroke", "box"]);
  undo.take(entry(6, { action: "redo", target: 3, kind: "place-box" }), "JV");
  equal([undo.done.length, undo.undone.length], [2, 0]);
  undo.take(entry(7, { action: "undo", target: 3 }), "JV");
  undo.take(entry(8, { label: "fill holes" }), "JV");
  equal([undo.done.at(-1)?.name, undo.undone.length], ["fill holes", 0]);
});

Deno.test("no two commands have one key, and none has a browser's", () => {
  const seen = new Map();
  for (const command of bindings.COMMANDS) {
    for (const key of command.keys) {
      equal(seen.get(key), undefined, `${key}: ${seen.get(key)} and ${command.id}`);
      seen.set(key, command.id);
      equal(bindings.refusal(key), null);
    }
  }
  equal(new Set(bindings.COMMANDS.map(({ id }) => id)).size, bindings.COMMANDS.length);
});

Deno.test("key presses are chords, on other keyboards too", () => {
  const press = (/** @type {object} */ fields) => bindings.chord({ key: "", code: "", ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...fields });
  equal(press({ key: "a", code: "KeyQ" }), "A");
  equal(press({ key: "I", code: "KeyI", shiftKey: true }), "Shift+I");
  equal(press({ key: "z", code: "KeyZ", metaKey: true }), "Ctrl+Z");
  equal(press({ key: "&", code: "Digit1" }), "1");
  equal(press({ key: "!", code: "Digit1", shiftKey: true }), "Shift+1");
  equal(press({ key: "ü", code: "BracketLeft" }), "[");
  equal(press({ key: "?", code: "Minus", shiftKey: true }), "?");
  equal(press({ key: " ", code: "Space" }), "Space");
  equal(press({ key: "Shift", code: "ShiftLeft", shiftKey: true }), null);
  equal(press({ key: "@", code: "KeyQ", altKey: true }), null);
});

Deno.test("a key given to a command is taken from the other", () => {
  const overrides = bindings.rebound({}, "tool.brush", "A");
  const commands = bindings.effective(overrides);
  equal(bindings.index(commands).get("A")?.id, "tool.brush");
  equal(commands.find(({ id }) => id === "view.auto")?.keys, []);
  equal(bindings.conflicts(bindings.COMMANDS, "tool.brush", "A").map(({ id }) => id), ["view.auto"]);
  ok(bindings.refusal("Ctrl+W"));
  equal(bindings.index(bindings.COMMANDS, false).get("A"), undefined);
  equal(bindings.index(bindings.COMMANDS, false).get("ArrowLeft")?.id, "slice.previous");
});

const rows = /** @type {search.Row[]} */ ([
  { id: 1, name: "lam2_ts_10", paths: ["/d/rec/a.mrc"], position: 0, voxelAngstrom: 13.92, state: "ok", features: [{ title: "FAS", slices: 2, boxes: 9 }] },
  { id: 2, name: "lam2_ts_9", paths: [], position: 1, voxelAngstrom: 10, state: "missing", features: [] },
  { id: 3, name: "cell_c", paths: [], position: 2, voxelAngstrom: null, state: "ok", features: [{ title: "Membrane", slices: 5, boxes: 0 }, { title: "FAS", slices: 1, boxes: 1 }] },
]);

Deno.test("tomograms are found by words and by conditions", () => {
  const found = (/** @type {string} */ text) => rows.filter(search.filter(text)).map(({ id }) => id);
  equal(found(""), [1, 2, 3]);
  equal(found("lam2"), [1, 2]);
  equal(found("rec/"), [1]);
  equal(found("feature:fas"), [1, 3]);
  equal(found("feature:fas lam2"), [1]);
  equal(found("voxel:>12"), [1]);
  equal(found("state:miss"), [2]);
  equal(found("slices:0"), [2]);
  equal(found("boxes:>=1 -lam2"), [3]);
  equal(found("voxel:"), [1, 2, 3]);
});

Deno.test("lists are sorted as people count", () => {
  equal(search.sorted(rows, "name").map(({ id }) => id), [3, 2, 1]);
  equal(search.sorted(rows, "annotated").map(({ id }) => id), [3, 1, 2]);
  equal(search.sorted(rows, "voxel").map(({ id }) => id), [2, 1, 3]);
  equal(search.sorted(rows, "position", true).map(({ id }) => id), [3, 2, 1]);
  equal(search.visibleRange(1000, 48, 4800, 480), { first: 92, last: 118 });
});

Deno.test("colours are given out in order and near ones are told of", () => {
  const first = palette.nextColour([]);
  equal(palette.hex(first), "#fd6a4a");
  equal(palette.hex(palette.nextColour([first])), "#6fd8ff");
  equal(palette.fromHex("#fff"), { red: 1, green: 1, blue: 1 });
  equal(palette.fromHex("#ggg"), null);
  equal(palette.closenessNote({ red: 0.5, green: 0.5, blue: 0.5 }, []), "Close to grey, which is the picture.");
  equal(palette.closenessNote(first, [{ title: "FAS", colour: first }]), "Hard to tell from FAS.");
  equal(palette.closenessNote(first, []), null);
});

Deno.test("the box under the pointer is found, never a far one", () => {
  const list = [{ id: 1, dataset: 1, feature: 1, slice: 0, y: 10, x: 10 }, { id: 2, dataset: 1, feature: 1, slice: 0, y: 14, x: 10 }];
  equal(boxes.boxAt(list, { y: 13, x: 11 }, () => 32)?.id, 2);
  equal(boxes.boxAt(list, { y: 60, x: 60 }, () => 32), null);
  equal(boxes.onGrid({ y: 40, x: 3 }, 32), { y: 48, x: 16 });
  equal([boxes.boxSize(0), boxes.boxSize(33), boxes.boxSize(900)], [8, 34, 256]);
});
