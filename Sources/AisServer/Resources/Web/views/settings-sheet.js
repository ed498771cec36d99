// Settings of this person in this browser.

import { html, useTopics } from "./ui.js";
import { Segments, Slider, TextField } from "./controls.js";
import { setPreference } from "../app/storage.js";
import { changed, state } from "../app/state.js";
import { applyScale, setName } from "../app/navigation.js";
import { run } from "../app/commands.js";
import { redraw } from "../app/picture.js";
import { byteCount, number } from "../model/units.js";

/** @typedef {typeof state.preferences} Preferences */

export function SettingsSheet() {
  useTopics("ui", "session");
  const { preferences } = state;
  return html`<div class="pad col settings">
    <${Row} name="Your name" hint="In the history, and for those who work with you"><${TextField} label="Your name" value=${state.author} onCommit=${setName} /><//>
    <${Row} name="Theme"><${Segments} label="Theme" value=${state.theme} options=${[{ value: "dark", name: "Dark" }, { value: "light", name: "Light" }]} onChange=${(/** @type {string} */ value) => value !== state.theme && run("theme")} /><//>
    <${Row} name="Count slices and voxels from" hint="Files count from 0, IMOD from 1"><${Segments} label="Count from" value=${String(preferences.firstSlice)} options=${[{ value: "0", name: "0" }, { value: "1", name: "1" }]} onChange=${(/** @type {string} */ value) => set("firstSlice", value === "1" ? 1 : 0)} /><//>
    <${Row} name="Painted layers" hint="Over: colour over the grey. Tint: multiplied, as in the earlier program"><${Segments} label="Painted layers" value=${preferences.isTint ? "tint" : "over"} options=${[{ value: "over", name: "Over" }, { value: "tint", name: "Tint" }]} onChange=${(/** @type {string} */ value) => set("tint", value === "tint", "isTint")} /><//>
    <${Row} name="Slices over the network" hint="8 bit needs half as much"><${Segments} label="Slices over the network" value=${preferences.format} options=${[{ value: "f16", name: "Full" }, { value: "u8", name: "8 bit" }]} onChange=${(/** @type {string} */ value) => set("format", value)} /><//>
    <${Slider} label="Size of text" value=${preferences.scale} min=${90} max=${150} step=${5} otherwise=${100} text=${number(preferences.scale)} unit="%" onChange=${(/** @type {number} */ value) => {
      set("scale", value);
      applyScale();
    }} />
    <${Slider} label="Touchpad" value=${preferences.touchpad} min=${10} max=${120} step=${5} otherwise=${40} text=${number(preferences.touchpad)} unit="px" onChange=${(/** @type {number} */ value) => set("touchpad", value)} />
    <p class="xs t3">Touchpad: how far two fingers move for one slice.</p>
    <label class="row s"><input type="checkbox" checked=${preferences.penPressure} onChange=${(/** @type {any} */ event) => set("penPressure", event.target.checked)} />A pen's pressure sizes the brush</label>
    <hr />
    <dl class="about s"><dt>Ais</dt><dd>${state.session?.version ?? ""}</dd><dt>Machine</dt><dd>${state.session?.machine.threads ?? "?"} threads, ${byteCount(state.session?.machine.memoryBytes ?? 0)}</dd><dt>Log</dt><dd class="el" title=${state.session?.log}>${state.session?.log ?? "none"}</dd><dt>Project</dt><dd class="el" title=${state.project?.path}>${state.project?.path ?? "none"}</dd></dl></div>`;
}

/** @param {{ name: string, hint?: string, children?: any }} p */
const Row = ({ name, hint, children }) => html`<div class="settingrow"><span class="col g"><span>${name}</span>${hint ? html`<span class="xs t3">${hint}</span>` : null}</span>${children}</div>`;

/** @param {string} name @param {any} value @param {keyof Preferences} [field] */
function set(name, value, field = /** @type {keyof Preferences} */ (name)) {
  /** @type {any} */ (state.preferences)[field] = value;
  setPreference(name, value);
  changed("ui", "slice", "cursor", "features");
  redraw("all");
}
