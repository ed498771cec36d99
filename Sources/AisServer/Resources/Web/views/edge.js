// The inner edge of a column, which can be dragged.

import { html } from "./ui.js";
import { changed, state } from "../app/state.js";
import { setPreference } from "../app/storage.js";

/** @param {{ side: "left" | "right" }} p */
export function Edge({ side }) {
  const limits = side === "left" ? [200, 420] : [264, 560];
  const set = (/** @type {number} */ width) => {
    state.preferences[side] = width;
    setPreference(side, width);
    changed("ui");
  };
  const down = (/** @type {PointerEvent} */ event) => {
    event.preventDefault();
    const follow = (/** @type {PointerEvent} */ moved) => set(Math.min(limits[1], Math.max(limits[0], side === "left" ? moved.clientX : innerWidth - moved.clientX)));
    addEventListener("pointermove", follow);
    addEventListener("pointerup", () => removeEventListener("pointermove", follow), { once: true });
  };
  return html`<span class=${`edge edge-${side}`} onPointerDown=${down} onDblClick=${() => set(0)} title="Drag to change the width; double-click: as it was"></span>`;
}
