// What networks can be made of: the program's layouts, and those that the user brought along. Adding and removing are the user's own
// word, given in a terminal: the page says which, and runs nothing.

import { html, useEffect, useState, useTopics } from "./ui.js";
import { Icon } from "./icons.js";
import { Check, IconButton, Note } from "./controls.js";
import { openSheet } from "../app/commands.js";
import { changeSettings, chosenArchitecture, reloadArchitectures } from "../app/training.js";
import { complain, state, tell } from "../app/state.js";
import { shellWord } from "../model/shell.js";
import { number } from "../model/units.js";

/** @typedef {import("../model/types.js").Architectures["architectures"][number]} Architecture */

/** @param {{ sheet: { path?: string } }} p  path: a file that was chosen to be taken in */
export function ArchitecturesSheet({ sheet }) {
  useTopics("training");
  const reload = () => reloadArchitectures().then(() => true, complain);
  useEffect(() => void reload(), []);
  const all = state.architectures?.architectures ?? [];
  const own = all.filter(({ isUsers }) => isUsers);
  return html`<div class="pad col settings">${sheet.path ? html`<${Command} words=${`ais architectures add ${shellWord(sheet.path)}`}>A description (.json) is only read. A program (.py) is run once when you add it, with <code>--python</code>. Add what you trust, in a terminal, then read again:<//>` : null}
    <div class="row"><h3 class="s b g">Yours</h3><${IconButton} icon="again" title="Read the folder again" kind="sm" onClick=${() => void reload().then((isDone) => isDone && tell("Read again"))} />
      <button class="btn" onClick=${() => openSheet("files", { purpose: "architecture" })}><${Icon} name="plus" />Add…</button></div>
    ${own.length === 0 ? html`<p class="s t2">None yet. A Keras model as <b class="m">.json</b> (what <code>model.to_json()</code> gives), or a program in Python that creates one.</p>` : html`<ul aria-label="Your architectures">${own.map((one) => html`<${Row} key=${one.name} architecture=${one} />`)}</ul>`}
    ${(state.architectures?.warnings ?? []).map((warning) => html`<${Note} kind="warn">${warning}<//>`)}
    <h3 class="s b">The program's</h3><ul aria-label="Architectures of the program">${all.filter(({ isUsers }) => !isUsers).map((one) => html`<${Row} key=${one.name} architecture=${one} />`)}</ul></div>`;
}

/** @param {{ architecture: Architecture }} p */
function Row({ architecture: { name, parameters, summary, isUsers } }) {
  const [isAsking, setAsking] = useState(false);
  return html`<li class="col archrow"><div class="row"><${Check} isOn=${chosenArchitecture()?.name === name} label=${name} onClick=${() => changeSettings({ architecture: name })} /><span class="g"></span><span class="xs t3">${parameters >= 1e6 ? `${number(parameters / 1e6, 1)} M` : number(parameters)} weights</span>
      ${isUsers ? html`<button class="btn quiet" aria-label=${`Remove ${name}`} aria-expanded=${isAsking} onClick=${() => setAsking(!isAsking)}>Remove</button>` : null}</div>
    ${summary ? html`<span class="xs t2">${summary}</span>` : null}
    ${isAsking ? html`<${Command} words=${`ais architectures remove ${shellWord(name)}`}>Networks made of it stay as they are. In a terminal, then read again:<//>` : null}</li>`;
}

/** @param {{ words: string, children?: import("./preact-htm.d.ts").View }} p */
const Command = ({ words, children }) => html`<${Note} kind="plain">${children}<pre class="path" style="margin:6px 0;white-space:pre-wrap" aria-label="Command">${words}</pre>
  <button class="btn" onClick=${() => void navigator.clipboard?.writeText(words).then(() => tell("Copied"), complain)}>Copy</button><//>`;
