// What networks can be made of: the program's layouts, and those that the user brought along, which are added and removed here. A file
// that is a program is only run where the server was started to do so, and when somebody says so.

import { html, useEffect, useState, useTopics } from "./ui.js";
import { Icon } from "./icons.js";
import { Check, IconButton, Note } from "./controls.js";
import { openSheet } from "../app/commands.js";
import { addArchitecture, changeSettings, chosenArchitecture, reloadArchitectures, removeArchitecture } from "../app/training.js";
import { complain, state, tell } from "../app/state.js";
import { shellWord } from "../model/shell.js";
import { number } from "../model/units.js";
import { Refusal } from "../api.js";

/** @typedef {import("../model/types.js").Architectures["architectures"][number]} Architecture */

/** @param {{ sheet: { path?: string } }} p  path: a file that was chosen to be taken in */
export function ArchitecturesSheet({ sheet }) {
  useTopics("training");
  const reload = () => reloadArchitectures().then(() => true, complain);
  useEffect(() => void reload(), []);
  const all = state.architectures?.architectures ?? [];
  const own = all.filter(({ isUsers }) => isUsers);
  return html`<div class="pad col settings">${sheet.path && state.architectures ? html`<${Addition} key=${sheet.path} path=${sheet.path} />` : null}
    <div class="row"><h3 class="s b g">Yours</h3><${IconButton} icon="again" title="Read the folder again" kind="sm" onClick=${() => void reload().then((isDone) => isDone && tell("Read again"))} />
      <button class="btn" onClick=${() => openSheet("files", { purpose: "architecture" })}><${Icon} name="plus" />Add…</button></div>
    ${own.length === 0 ? html`<p class="s t2">None yet. A Keras model as <b class="m">.json</b> (what <code>model.to_json()</code> gives), or a program in Python that creates one.</p>` : html`<ul aria-label="Your architectures">${own.map((one) => html`<${Row} key=${one.name} architecture=${one} />`)}</ul>`}
    ${(state.architectures?.warnings ?? []).map((warning) => html`<${Note} kind="warn">${warning}<//>`)}
    <h3 class="s b">The program's</h3><ul aria-label="Architectures of the program">${all.filter(({ isUsers }) => !isUsers).map((one) => html`<${Row} key=${one.name} architecture=${one} />`)}</ul></div>`;
}

/** A file that was chosen: layers are taken in at once, a program after a question, where the server may run it. @param {{ path: string }} p */
function Addition({ path }) {
  const name = path.split("/").at(-1) ?? path;
  const isProgram = /\.py$/i.test(path);
  const [now, setNow] = useState(/** @type {"asks" | "works" | "done"} */ ("asks"));
  const [problem, setProblem] = useState(/** @type {unknown} */ (null));
  const add = async (replaces = false) => {
    setNow("works");
    setProblem(null);
    try {
      await addArchitecture(path, replaces);
      setNow("done");
    } catch (error) {
      setProblem(error);
      setNow("asks");
    }
  };
  useEffect(() => {
    if (!isProgram) void add();
  }, []);
  if (now === "done") return null;
  if (now === "works") return html`<${Note} kind="plain">${isProgram ? `${name} is being run…` : `Reading ${name}…`}<//>`;
  const [code, message] = problem instanceof Refusal ? [problem.code, problem.message] : ["", problem instanceof Error ? problem.message : ""];
  if (code === "not-allowed" || (isProgram && !state.architectures?.allowsPrograms)) {
    return html`<${Command} words=${`ais architectures add ${shellWord(path)}`}><b class="m">${name}</b> is a program, which this server does not run: it was started without <code>--allow-programs</code>. Add what you trust in a terminal, then read again:<//>`;
  }
  if (code === "needs-decision") {
    return html`<${Note} kind="warn">${message} <button class="btn" onClick=${() => void add(true)}>Replace</button><//>`;
  }
  return html`${problem ? html`<${Note} kind="danger">${message}<//>` : null}
    ${isProgram ? html`<${Note} kind="warn">Adding <b class="m">${name}</b> runs it once on the server's machine. It may do whatever the server's user may: add only what you trust.
      <button class="btn" onClick=${() => void add()}>${problem ? "Run it again" : "Run it and add"}</button><//>` : null}`;
}

/** @param {{ architecture: Architecture }} p */
const Row = ({ architecture: { name, parameters, summary, isUsers } }) => html`<li class="col archrow"><div class="row"><${Check} isOn=${chosenArchitecture()?.name === name} label=${name} onClick=${() => changeSettings({ architecture: name })} /><span class="g"></span><span class="xs t3">${parameters >= 1e6 ? `${number(parameters / 1e6, 1)} M` : number(parameters)} weights</span>
      ${isUsers ? html`<button class="btn quiet" aria-label=${`Remove ${name}`} title="Networks made of it stay as they are" onClick=${() => void removeArchitecture(name)}>Remove</button>` : null}</div>
    ${summary ? html`<span class="xs t2">${summary}</span>` : null}</li>`;

/** @param {{ words: string, children?: import("./preact-htm.d.ts").View }} p */
const Command = ({ words, children }) => html`<${Note} kind="plain">${children}<pre class="path" style="margin:6px 0;white-space:pre-wrap" aria-label="Command">${words}</pre>
  <button class="btn" onClick=${() => void navigator.clipboard?.writeText(words).then(() => tell("Copied"), complain)}>Copy</button><//>`;
