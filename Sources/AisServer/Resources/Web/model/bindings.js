// Every key and mouse action of the program, in one table. Letters match `event.key`, digits and punctuation `event.code`,
// so that other keyboards work. Users may give a command other keys; mouse actions are fixed.

/**
 * @typedef {object} Command
 * @property {string} id
 * @property {string} group
 * @property {string} name
 * @property {string[]} keys  chords such as "Shift+I", "Ctrl+Z", "[", "ArrowLeft"
 * @property {boolean} [repeats]  while the key is held
 */

/** @param {string} group @param {[id: string, name: string, keys: string[], repeats?: boolean][]} rows @returns {Command[]} */
const group = (group, rows) => rows.map(([id, name, keys, repeats = false]) => ({ id, group, name, keys, repeats }));

/** @type {Command[]} */
export const COMMANDS = [
  ...group("Slices and tomograms", [
    ["slice.previous", "Previous slice", ["ArrowLeft"], true],
    ["slice.next", "Next slice", ["ArrowRight"], true],
    ["slice.back5", "Five slices back", ["Shift+ArrowLeft"], true],
    ["slice.forward5", "Five slices on", ["Shift+ArrowRight"], true],
    ["slice.back10", "Ten slices back", ["PageUp"], true],
    ["slice.forward10", "Ten slices on", ["PageDown"], true],
    ["slice.first", "First slice", ["Home"]],
    ["slice.last", "Last slice", ["End"]],
    ["slice.previousAnnotated", "Previous annotated slice", [","], true],
    ["slice.nextAnnotated", "Next annotated slice", ["."], true],
    ["tomogram.previous", "Previous tomogram", ["ArrowUp"], true],
    ["tomogram.next", "Next tomogram", ["ArrowDown"], true],
    ["tomogram.list", "Show the tomograms", ["T"]],
    ["tomogram.search", "Search tomograms", ["/"]],
    ["version.next", "Next version of this tomogram (raw, denoised, …)", ["R"]],
  ]),
  ...group("Looking", [
    ["view.reset", "Reset the view", ["Space"]],
    ["view.auto", "Contrast by itself", ["A"]],
    ["view.invert", "Invert", ["I"]],
    ["view.smooth", "Smooth between pixels", ["Shift+I"]],
    ["view.crop", "Crop", ["C"]],
    ["view.filters", "All filters on or off", ["Z"]],
    ["view.predictions", "Hide or show what models say", ["P"]],
    ["view.overlays", "Hide or show all that lies over the slice", ["O"]],
    ["view.overlay", "Hide or show the overlay picture", ["Shift+O"]],
    ["view.ortho", "Views from the side", ["U"]],
    ["view.zoomIn", "Zoom in", ["Shift+="], true],
    ["view.zoomOut", "Zoom out", ["Shift+-"], true],
    ["view.columns", "Hide or show the columns", ["\\"]],
  ]),
  ...group("Tools", [
    ["tool.brush", "Brush", ["B"]],
    ["tool.flood", "Flood brush on or off", ["F"]],
    ["tool.lasso", "Lasso and polygon", ["L"]],
    ["tool.sphere", "Sphere brush", ["D"]],
    ["tool.eraser", "Eraser on or off", ["E"]],
    ["tool.box", "Boxes", ["G"]],
    ["tool.wand", "From a model: a piece, inside a line; again: all", ["V"]],
    ["tool.measure", "Measure", ["M"]],
    ["tool.template", "Cut a template", ["Shift+G"]],
    ["brush.smaller", "Smaller brush", ["["], true],
    ["brush.larger", "Larger brush", ["]"], true],
    ["flood.less", "Flood: less sensitive", ["-"], true],
    ["flood.more", "Flood: more sensitive", ["="], true],
  ]),
  ...group("Features", [
    ["feature.new", "New feature", ["N"]],
    ["feature.previous", "Previous feature", ["W"]],
    ["feature.next", "Next feature", ["S"]],
    ["feature.underPointer", "Take the feature under the pointer", ["Y"]],
    ["feature.hide", "Hide or show the feature", ["X"]],
    ["feature.outline", "Fill or outline", ["Shift+F"]],
    ["feature.fillHoles", "Fill holes in this slice", ["Shift+L"]],
    ["feature.copyOn", "Copy to the next slice", ["K"]],
    ["feature.interpolate", "Shapes between the annotated slices around", ["Shift+K"]],
    ...Array.from({ length: 9 }, (_, index) => /** @type {[string, string, string[]]} */ (
      [`feature.${index + 1}`, `Feature ${index + 1}`, [`Shift+${index + 1}`]])),
    ["model.train", "Train what is set up", ["Ctrl+Enter"]],
    ["box.remove", "Remove the box under the pointer", ["Delete"]],
  ]),
  ...group("Everything else", [
    ["edit.undo", "Undo", ["Ctrl+Z"], true],
    ["edit.redo", "Redo", ["Ctrl+Shift+Z", "Ctrl+Y"], true],
    ["sheet.history", "History of edits", ["H"]],
    ["edit.bookmark", "Name this moment in the history", ["Ctrl+S"]],
    ["sheet.jobs", "Jobs", ["J"]],
    ["sheet.keys", "Keys and help", ["?"]],
    ["tour", "Guided tour: begin, leave, take it up again", ["Shift+T"]],
    ["sheet.open", "Open tomograms or a project", ["Ctrl+O"]],
    ["task.annotate", "Annotate", ["1"]],
    ["task.models", "Models", ["2"]],
    ["task.run", "Run", ["3"]],
    ["region.next", "Next region of the window", ["F6"]],
    ["cancel", "Cancel, close, back to the picture", ["Escape"]],
  ]),
];

/** Mouse actions on the picture: listed, not rebindable. */
export const MOUSE = [
  { input: "Left drag", action: "Paint, or what the tool does" },
  { input: "Right drag", action: "Erase; with the lasso: take away" },
  { input: "Shift + left click", action: "Place a box; drag to move it" },
  { input: "Shift + right click", action: "Remove the box under the pointer" },
  { input: "Ctrl + Shift + left click", action: "Cut a template" },
  { input: "Wheel", action: "Next or previous slice, around the ends" },
  { input: "Shift + wheel, pinch", action: "Zoom about the pointer" },
  { input: "Ctrl + wheel", action: "Brush size" },
  { input: "Ctrl + middle drag", action: "Brush size" },
  { input: "Alt + drag, with views from the side", action: "Move the cross where they meet" },
  { input: "Wheel on a view from the side", action: "Move that view" },
  { input: "Middle drag, Space + drag", action: "Move the picture" },
  { input: "Right drag on the histogram", action: "Window and level" },
  { input: "Hold the key of the next version (R)", action: "What models say before competition and rules" },
];

/** @typedef {{ key: string, code: string, ctrlKey: boolean, metaKey: boolean, shiftKey: boolean, altKey: boolean }} KeyLike */

const CODES = /** @type {Record<string, string>} */ ({
  BracketLeft: "[", BracketRight: "]", Minus: "-", Equal: "=", Comma: ",", Period: ".", Slash: "/", Backslash: "\\",
});
for (let digit = 0; digit <= 9; digit += 1) CODES[`Digit${digit}`] = String(digit);

/** The chord of a key press; null for a modifier alone and for what belongs to the browser. @param {KeyLike} event @returns {string | null} */
export function chord(event) {
  if (["Control", "Shift", "Alt", "Meta", "AltGraph", "Dead"].includes(event.key)) return null;
  if (event.altKey) return null;
  // A question mark is what the key says, wherever the keyboard has it.
  if (event.key === "?") return "?";
  const key = event.key === " " ? "Space" : /^[a-z]$/i.test(event.key) ? event.key.toUpperCase() : (CODES[event.code] ?? event.key);
  return `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.shiftKey ? "Shift+" : ""}${key}`;
}

/** As people read it: Ctrl+Shift+Z, ←, ⌫. @param {string} chord */
export const written = (chord) => chord
  .replace("ArrowLeft", "←").replace("ArrowRight", "→").replace("ArrowUp", "↑").replace("ArrowDown", "↓")
  .replace("PageUp", "Page ↑").replace("PageDown", "Page ↓").replace("Escape", "Esc");

/** @typedef {Record<string, string[]>} Overrides  keys by command, where they are not the usual ones */

/** The table as it is in effect. @param {Overrides} overrides @returns {Command[]} */
export const effective = (overrides) =>
  COMMANDS.map((command) => (overrides[command.id] ? { ...command, keys: overrides[command.id] } : command));

/** Finds commands by chord. @param {Command[]} commands @param {boolean} [withSingleKeys] letters and punctuation alone @returns {Map<string, Command>} */
export function index(commands, withSingleKeys = true) {
  const found = new Map();
  for (const command of commands) {
    for (const key of command.keys) {
      if (!withSingleKeys && isSingleCharacter(key)) continue;
      if (!found.has(key)) found.set(key, command);
    }
  }
  return found;
}

/** Single characters can be switched off (WCAG 2.1.4). @param {string} key */
export const isSingleCharacter = (key) => key.replace("Shift+", "").length === 1;

/** Other commands that have the key. @param {Command[]} commands @param {string} id @param {string} key */
export const conflicts = (commands, id, key) => commands.filter((command) => command.id !== id && command.keys.includes(key));

/** Chords that a page never gets, or that people need elsewhere. */
const RESERVED = new Set(["Ctrl+W", "Ctrl+T", "Ctrl+N", "Ctrl+Shift+T", "Ctrl+Shift+N", "Ctrl+Q", "Tab", "Shift+Tab", "Enter", "F5", "Ctrl+R", "F11", "F12"]);

/** A sentence when a chord cannot be used; else null. @param {string} key */
export const refusal = (key) =>
  RESERVED.has(key) || /^Ctrl\+\d$/.test(key) ? `${written(key)} belongs to the browser. Choose another key.` : null;

/** Gives a command a key; whoever had it loses it. @param {Overrides} overrides @param {string} id @param {string} key @returns {Overrides} */
export function rebound(overrides, id, key) {
  const result = { ...overrides };
  for (const command of effective(overrides)) {
    if (command.id === id) result[id] = [key];
    else if (command.keys.includes(key)) result[command.id] = command.keys.filter((other) => other !== key);
  }
  return result;
}
