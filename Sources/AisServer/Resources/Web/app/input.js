// Pointer, wheel and keys on the picture, turned into what tools and commands do.

import { WheelCounter, zoomFactor } from "../model/wheel.js";
import { framePoint } from "../model/view.js";
import { chord, effective, index } from "../model/bindings.js";
import { focusPicture, run } from "./commands.js";
import { stepSlice } from "./datasets.js";
import { redraw, tooling, valueAt, viewport } from "./picture.js";
import { takeDrag } from "./from-model.js";
import { holdRaw } from "./predictions.js";
import { moveCross } from "./side.js";
import { panBy, zoomBy } from "./view-actions.js";
import { changed, frame, listen, state } from "./state.js";
import * as tools from "./tools.js";

/** @import { Command } from "../model/bindings.js" */
/** @import { Point } from "../model/types.js" */
/** @import { Action } from "./tools.js" */

const held = { space: 0, isMoved: false, control: false, version: 0, versionKey: "", timer: /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined) };
/** Milliseconds after which a key is held and not tapped. */
const HOLD = 250;
const counter = new WheelCounter();

/** @type {Map<string, Command>} */
let keys = new Map();
const learnKeys = () => {
  keys = index(effective(state.preferences.keys), state.preferences.singleKeys);
  counter.distance = state.preferences.touchpad;
};
learnKeys();
listen(["ui"], learnKeys);

/** @param {HTMLElement} element  the picture @returns {() => void} */
export function listenOn(element) {
  const stop = new AbortController();
  const { signal } = stop;
  /** @type {Action | null} */
  let action = null;
  let pointerId = -1;
  let place = { y: 0, x: 0 };

  // The element's place is known without asking for it in a handler, which would make the browser lay out the page.
  let corner = element.getBoundingClientRect();
  const observer = new ResizeObserver(() => {
    corner = element.getBoundingClientRect();
  });
  observer.observe(element);
  observer.observe(document.body);
  const placeOf = (/** @type {MouseEvent} */ event) => ({ y: event.clientY - corner.top, x: event.clientX - corner.left });
  const pointOf = (/** @type {MouseEvent} */ event) => framePoint(state.view, viewport, placeOf(event));

  element.addEventListener("pointerdown", (event) => {
    corner = element.getBoundingClientRect();
    // Neither autoscroll nor pasting with the middle button.
    event.preventDefault();
    element.focus({ preventScroll: true });
    if (action || state.dataset === null) return;
    held.isMoved = true;
    place = placeOf(event);
    const started = begin(event, place, pointOf(event));
    if (!started) return;
    action = started;
    pointerId = event.pointerId;
    tools.setBusy(true);
    element.setPointerCapture(event.pointerId);
  }, { signal });

  element.addEventListener("pointermove", (event) => {
    if (action && event.pointerId === pointerId) {
      const events = event.getCoalescedEvents?.() ?? [];
      action.move((events.length > 0 ? events : [event]).map(pointOf));
    }
    place = placeOf(event);
    setCursor(pointOf(event));
  }, { signal });

  const end = (/** @type {PointerEvent} */ event) => {
    if (!action || event.pointerId !== pointerId) return;
    const finished = action;
    action = null;
    tools.setBusy(false);
    if (event.type === "pointercancel") (finished.cancel ?? finished.up)();
    else finished.up();
    tools.refreshCursor();
  };
  element.addEventListener("pointerup", end, { signal });
  element.addEventListener("pointercancel", end, { signal });
  element.addEventListener("pointerleave", () => {
    if (action) return;
    state.cursor = null;
    tools.refreshCursor();
    changed("cursor");
  }, { signal });
  for (const name of ["contextmenu", "auxclick"]) element.addEventListener(name, (event) => event.preventDefault(), { signal });

  element.addEventListener("wheel", (event) => {
    event.preventDefault();
    if (state.dataset === null) return;
    // A pinch comes as a wheel with Ctrl that nobody holds.
    if (event.shiftKey || (event.ctrlKey && !held.control)) zoomBy(zoomFactor(event), placeOf(event));
    else if (event.ctrlKey || event.metaKey) tools.setRadius(tools.radius() - Math.sign(event.deltaY) * 0.5);
    else {
      const slices = counter.take(event);
      if (slices !== 0) stepSlice(slices);
    }
    setCursor(pointOf(event));
  }, { signal, passive: false });

  return () => {
    stop.abort();
    observer.disconnect();
  };
}

/** What a press begins. @param {PointerEvent} event @param {Point} place @param {Point} point @returns {Action | null} */
function begin(event, place, point) {
  const { button, shiftKey } = event;
  const control = event.ctrlKey || event.metaKey;
  if (button === 1 && control) return sizeDrag();
  if (button === 1 || (button === 0 && (held.space > 0 || state.tool === "pan"))) return panDrag(event);
  if (button === 0 && control && shiftKey) {
    tools.cutTemplate(point);
    return null;
  }
  if (button > 2 && button !== 5) return null;
  if (state.isOrtho && button === 0 && event.altKey) {
    moveCross(point);
    return { move: (points) => moveCross(/** @type {Point} */ (points.at(-1))), up() {} };
  }
  if (shiftKey) return tools.boxDrag(point, button === 2);
  const crop = button === 0 ? tools.cropDrag(place) : null;
  if (crop) return crop;
  // The eraser's end of a pen is button 5; on a Mac a click with Ctrl is one with the right button.
  const erases = button === 2 || button === 5 || (button === 0 && event.ctrlKey) || state.tool === "eraser";
  const pressure = () => (state.preferences.penPressure && event.pointerType === "pen" ? Math.max(0.2, 2 * event.pressure) : 1);
  switch (state.tool) {
    case "brush":
    case "eraser": return tools.brushStroke(point, erases, pressure);
    case "sphere": return tools.sphereStroke(point, erases);
    case "wand": return takeDrag(point, erases);
    case "lasso": return tools.lassoDrag(point, erases);
    case "box": return tools.boxDrag(point, button === 2);
    case "measure": return button === 0 ? tools.measureDrag(point) : null;
    case "template":
      tools.cutTemplate(point);
      return null;
    case "pan": return null;
  }
}

/** @param {PointerEvent} event @returns {Action} */
function panDrag(event) {
  let last = { y: event.clientY, x: event.clientX };
  const follow = (/** @type {PointerEvent} */ moved) => {
    panBy(moved.clientY - last.y, moved.clientX - last.x);
    last = { y: moved.clientY, x: moved.clientX };
  };
  addEventListener("pointermove", follow);
  const stop = () => removeEventListener("pointermove", follow);
  return { move() {}, up: stop, cancel: stop };
}

/** @returns {Action} */
function sizeDrag() {
  const before = tools.radius();
  const follow = (/** @type {PointerEvent} */ moved) => tools.setRadius(before + 0.1 * (moved.clientX - origin));
  let origin = NaN;
  const first = (/** @type {PointerEvent} */ moved) => {
    if (Number.isNaN(origin)) origin = moved.clientX;
    follow(moved);
  };
  addEventListener("pointermove", first);
  const stop = () => removeEventListener("pointermove", first);
  return { move() {}, up: stop, cancel: stop };
}

/** @param {Point} point */
function setCursor(point) {
  const { height, width } = frame();
  const isInside = point.y >= -0.5 && point.x >= -0.5 && point.y < height - 0.5 && point.x < width - 0.5;
  state.cursor = { point, value: isInside ? valueAt(point) : null };
  tools.refreshCursor();
  changed("cursor");
}

// The cursor of the keyboard: Enter begins, arrows move, Enter paints, Backspace erases, Escape ends.
/** @param {KeyboardEvent} event @returns {boolean} whether it was for the cursor */
function keyCursor(event) {
  const { keyCursor: at } = tooling.parts;
  if (!at) {
    if (event.key !== "Enter" || state.dataset === null) return false;
    tooling.parts.keyCursor = { y: Math.round(state.view.centre.y), x: Math.round(state.view.centre.x) };
    setCursor(tooling.parts.keyCursor);
    return true;
  }
  const step = event.shiftKey ? 10 : 1;
  const moves = /** @type {Record<string, [number, number]>} */ ({ ArrowUp: [-step, 0], ArrowDown: [step, 0], ArrowLeft: [0, -step], ArrowRight: [0, step] });
  const move = moves[event.key];
  if (move) {
    tooling.parts.keyCursor = { y: Math.min(frame().height - 1, Math.max(0, at.y + move[0])), x: Math.min(frame().width - 1, Math.max(0, at.x + move[1])) };
    setCursor(tooling.parts.keyCursor);
  } else if (event.key === "Enter" && event.shiftKey) tools.boxDrag(at, false)?.up();
  else if (event.key === "Enter") tools.brushStroke(at, false, () => 1)?.up();
  else if (event.key === "Backspace") tools.brushStroke(at, true, () => 1)?.up();
  else if (event.key === "Escape") delete tooling.parts.keyCursor;
  else return false;
  redraw("overlay");
  return true;
}

/** Whether what has the focus wants the keys for itself. @param {EventTarget | null} target @param {KeyboardEvent} event */
function isTyping(target, event) {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement && !["checkbox", "radio", "button", "range"].includes(target.type)) return true;
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable) return true;
  const role = target.getAttribute("role") ?? "";
  const isPicture = role === "application";
  if (isPicture || target === document.body) return false;
  if (["Enter", "Tab"].includes(event.key)) return true;
  // Space presses what has the focus by keyboard; after a click it is the picture's again, and a list has no use for it.
  if (event.key === " ") return role !== "listbox" && target.matches(":focus-visible");
  if (!/^(Arrow|Home|End|Page)/.test(event.key)) return false;
  if (role === "slider" || target.closest("[role=menu],[role=radiogroup]")) return true;
  // Lists and toolbars go up and down; left and right stay those of the slices.
  return /^(ArrowUp|ArrowDown|Page)/.test(event.key) && target.closest("[role=listbox],[role=toolbar]") !== null;
}

// A list from which something was chosen with the pointer gives the keys back at once; who chooses by keys goes on doing so.
/** @type {EventTarget | null} */
let pointedList = null;
addEventListener("pointerdown", (event) => {
  pointedList = event.target instanceof HTMLSelectElement ? event.target : null;
}, { capture: true });
addEventListener("change", (event) => {
  if (!(event.target instanceof HTMLSelectElement) || event.target !== pointedList) return;
  pointedList = null;
  event.target.blur();
  if (!event.target.closest(".sheet")) focusPicture();
});

addEventListener("keydown", (event) => {
  if (event.key === "Control" || event.key === "Meta") held.control = true;
  if (event.target === pointedList) pointedList = null;
  if (event.key === "Escape" && (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement)) {
    // Out of the field and back to the picture; out of a sheet's field, out of the sheet.
    event.target.blur();
    if (event.target.closest(".sheet")) run("cancel");
    else focusPicture();
    return;
  }
  if (event.defaultPrevented || isTyping(event.target, event)) return;
  if (event.target instanceof Element && event.target.matches(".pic") && keyCursor(event)) {
    event.preventDefault();
    return;
  }
  const pressed = chord(event);
  // The browser's own would mark every word of the page, which looks as if all had been chosen.
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "a" && !(event.target instanceof Element && event.target.closest("pre"))) event.preventDefault();
  if (pressed === null) return;
  if (pressed === "Space" && keys.get("Space")?.id === "view.reset") {
    // Space held and dragged moves the picture; tapped it resets the view when it is let go.
    event.preventDefault();
    if (held.space === 0) Object.assign(held, { space: event.timeStamp, isMoved: false });
    return;
  }
  const command = keys.get(pressed);
  if (!command) return;
  event.preventDefault();
  if (command.id === "version.next") {
    // Tapped it flips versions; held it shows what models say before competition and rules.
    if (held.version === 0) Object.assign(held, { version: event.timeStamp, versionKey: event.code, timer: setTimeout(() => holdRaw(true), HOLD) });
    return;
  }
  if (event.repeat && !command.repeats) return;
  run(command.id);
});

addEventListener("keyup", (event) => {
  if (event.code === held.versionKey) release(event.timeStamp);
  if (event.key === "Control" || event.key === "Meta") held.control = false;
  if (event.key === " " && held.space > 0) {
    const isTap = event.timeStamp - held.space < 250 && !held.isMoved;
    held.space = 0;
    if (isTap) run("view.reset");
  }
});
addEventListener("blur", () => {
  Object.assign(held, { space: 0, control: false });
  release(Infinity);
});

/** The key that was tapped or held is up again. @param {number} time */
function release(time) {
  if (held.version === 0) return;
  clearTimeout(held.timer);
  holdRaw(false);
  if (time - held.version < HOLD) run("version.next");
  held.version = 0;
}
