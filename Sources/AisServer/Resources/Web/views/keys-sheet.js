// All keys and mouse actions, to be searched, and the keys to be given to other commands.

import { html, useEffect, useState, useTopics } from "./ui.js";
import { Icon } from "./icons.js";
import { chord, COMMANDS, effective, MOUSE, rebound, refusal, written } from "../model/bindings.js";
import { setPreference } from "../app/storage.js";
import { changed, state, tell } from "../app/state.js";
import { closeSheet } from "../app/commands.js";
import { canGoOn, restartTour, startTour, tour } from "../app/tour.js";

/** @import { Command } from "../model/bindings.js" */

export function KeysSheet() {
  useTopics("ui");
  const [search, setSearch] = useState("");
  const [learning, setLearning] = useState(/** @type {string | null} */ (null));
  useEffect(() => {
    if (!learning) return;
    const take = (/** @type {KeyboardEvent} */ event) => {
      event.preventDefault();
      event.stopImmediatePropagation();
      if (event.key === "Escape") {
        setLearning(null);
        return;
      }
      const pressed = chord(event);
      if (pressed === null) return;
      const no = refusal(pressed);
      if (no) {
        tell(no);
        return;
      }
      const other = effective(state.preferences.keys).find((command) => command.id !== learning && command.keys.includes(pressed));
      save(rebound(state.preferences.keys, learning, pressed));
      if (other) tell(`${written(pressed)} was “${other.name}”, which has no key now`);
      setLearning(null);
    };
    addEventListener("keydown", take, true);
    return () => removeEventListener("keydown", take, true);
  }, [learning]);
  const wanted = search.toLowerCase();
  const fits = (/** @type {string[]} */ ...words) => words.some((word) => word.toLowerCase().includes(wanted));
  const commands = effective(state.preferences.keys).filter((command) => fits(command.name, command.group, ...command.keys.map(written)));
  const groups = [...new Set(COMMANDS.map(({ group }) => group))];
  const mouse = MOUSE.filter(({ input, action }) => fits(input, action));
  return html`<div class="pad col keyssheet"><label class="field search"><${Icon} name="search" /><input aria-label="Search keys" placeholder="Search: undo, brush, Ctrl…" value=${search} onInput=${(/** @type {any} */ event) => setSearch(event.target.value)} /></label><${TourButtons} />
    <div class="scroll">${mouse.length > 0 ? html`<h3 class="s b">Mouse on the picture</h3>${mouse.map(({ input, action }) => html`<div class="keyrow"><span class="g">${action}</span><span class="t2 r">${input}</span></div>`)}` : null}
      ${groups.map((group) => {
        const own = commands.filter((command) => command.group === group);
        return own.length === 0 ? null : html`<h3 class="s b">${group}</h3>${own.map((command) => html`<${KeyRow} key=${command.id} command=${command} isLearning=${learning === command.id} learn=${() => setLearning(command.id)} />`)}`;
      })}
      ${commands.length + mouse.length === 0 ? html`<p class="t3 s">Nothing with “${search}”.</p>` : null}</div>
    <div class="row" style="margin-top:8px"><label class="row s g"><input type="checkbox" checked=${state.preferences.singleKeys} onChange=${(/** @type {any} */ event) => {
      state.preferences.singleKeys = event.target.checked;
      setPreference("singleKeys", event.target.checked);
      changed("ui");
    }} />Keys of a single letter</label>
      <button class="btn" disabled=${Object.keys(state.preferences.keys).length === 0} onClick=${() => save({})}>All keys as they were</button></div></div>`;
}

function TourButtons() {
  const begin = (/** @type {() => void} */ how) => {
    closeSheet();
    how();
  };
  const goesOn = canGoOn();
  return html`<div class="row" style="gap:8px"><span class="g s t2">${goesOn ? `The guided tour waits at step ${tour.step + 1}.` : tour.isOpen ? "The guided tour is under the top bar." : "From a tomogram to a list of particles, step by step:"}</span>
    ${goesOn || tour.isOpen ? html`<button class="btn quiet" onClick=${() => begin(restartTour)}>From the beginning</button>` : null}${tour.isOpen ? null : html`<button class="btn" onClick=${() => begin(() => startTour())}>${goesOn ? "Go on with it" : "Guided tour"}</button>`}</div>`;
}

/** @param {{ command: Command, isLearning: boolean, learn: () => void }} p */
const KeyRow = ({ command, isLearning, learn }) => html`<div class="keyrow"><span class="g">${command.name}</span>
  <button class="keys" title="Press to choose another key" aria-label=${`Key of ${command.name}: ${command.keys.map(written).join(" or ") || "none"}`} onClick=${learn}>
    ${isLearning ? html`<span class="t2">Press a key, Esc keeps</span>` : command.keys.length === 0 ? html`<span class="t3">none</span>` : command.keys.map((key) => html`<kbd>${written(key)}</kbd>`)}</button></div>`;

/** @param {import("../model/bindings.js").Overrides} keys */
function save(keys) {
  state.preferences.keys = keys;
  setPreference("keys", keys);
  changed("ui");
}
