// The networks of the project, in every task: what they say can stay in view while painting.

import { html, useState, useTopics } from "./ui.js";
import { Icon } from "./icons.js";
import { IconButton, Menu } from "./controls.js";
import { FoldTitle, isFolded } from "./fold.js";
import { NameField } from "./name-field.js";
import { openSheet, run } from "../app/commands.js";
import { chooseModel, exportGroup, knownNames, moveModel, renameModel, showOnly, toggleModel } from "../app/models.js";
import { models, state } from "../app/state.js";
import { hex } from "../model/palette.js";
import { isGoing } from "../model/training.js";
import { duration, number, percent } from "../model/units.js";

/** @import { Model } from "../model/types.js" */

export function ModelList() {
  useTopics("models", "predictions", "training", "ui");
  const list = models();
  const shown = list.filter(({ isActive, isVisible }) => isActive && isVisible).length;
  const step = (/** @type {KeyboardEvent} */ event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const at = list.findIndex(({ id }) => id === state.model);
    const next = list[Math.min(list.length - 1, Math.max(0, at + by))];
    if (!next) return;
    if (event.altKey) moveModel(list[at], at + by);
    else chooseModel(next.id);
  };
  return html`<div class="sec line"><${FoldTitle} name="models">Models <span>${list.length > 0 ? `${shown} of ${list.length} shown` : ""}</span><//><span class="g"></span>
      ${state.predictionsAreHidden ? html`<button class="chip" title="Show what models say (P)" onClick=${() => run("view.predictions")}>hidden</button>` : null}
      <${IconButton} icon="import" title="Import models from a file" kind="sm" onClick=${() => openSheet("files", { purpose: "model" })} />
      <${Menu} label="New model" buttonKind="ib sm" alignRight=${true} button=${html`<${Icon} name="plus" />`} items=${newItems()} /></div>
    ${isFolded("models") ? null : list.length === 0 ? html`<${NoModel} />` : html`<ul class="scroll modellist" role="listbox" aria-label="Models" tabindex="0" onKeyDown=${step}>
      ${list.map((model, index) => html`<${ModelRow} key=${model.id} model=${model} index=${index} />`)}</ul>`}`;
}

const newItems = () => [
  { name: "From my features", hint: "Train one with what is painted", run: () => run("task.models") },
  { name: "From a file…", hint: ".scnm, .scnmgroup, .h5", run: () => openSheet("files", { purpose: "model" }) },
  "line",
  { name: "Save all that take part as a group", hint: "With the rules between them, .scnmgroup", run: exportGroup },
];

function NoModel() {
  return html`<div class="pad"><p class="s t2" style="margin-bottom:8px">No model yet. Train one with what you painted, or drop a model file here.</p>
    <div class="row" style="flex-wrap:wrap;gap:6px">${state.task === "models" ? null : html`<button class="btn" onClick=${() => run("task.models")}>From my features <kbd>2</kbd></button>`}<button class="btn" onClick=${() => openSheet("files", { purpose: "model" })}>From a file…</button></div></div>`;
}

let dragged = /** @type {number | null} */ (null);

/** @param {{ model: Model, index: number }} p */
function ModelRow({ model, index }) {
  const [isNaming, setNaming] = useState(false);
  const isOn = model.id === state.model && (state.inspected === "model" || (state.task === "models" && state.inspected !== "rule"));
  const isShown = model.isVisible && model.isActive;
  const problem = state.predicted.get(model.id)?.error ?? (model.state === "missing" ? { message: model.reason } : null);
  return html`<li class=${`lay model ${isOn ? "on" : ""} ${isShown ? "" : "hid"}`} style=${`--c:${hex(model)}`} role="option" aria-selected=${isOn} aria-label=${`${model.title}, ${factOf(model)}${isShown ? "" : ", hidden"}`}
      draggable=${!isNaming} onDragStart=${() => (dragged = model.id)} onDragOver=${(/** @type {Event} */ event) => dragged !== null && event.preventDefault()} onDragEnd=${() => (dragged = null)}
      onDrop=${(/** @type {Event} */ event) => {
        const moved = models().find(({ id }) => id === dragged);
        if (!moved) return;
        event.preventDefault();
        if (moved.id !== model.id) moveModel(moved, index);
      }}
      onClick=${() => chooseModel(model.id)} onDblClick=${() => setNaming(true)}>
    <span class="sw model"></span>
    ${isNaming ? html`<${NameField} label="Name of the model" title=${model.title} known=${knownNames()} onDone=${(/** @type {string} */ text) => {
      renameModel(model, text);
      setNaming(false);
    }} />` : html`<span class=${`nm g el ${isOn ? "m" : ""}`} title=${`${model.title}: double-click to rename`}>${model.title}</span>`}
    ${problem ? html`<span title=${problem.message} class="bad" role="img" aria-label=${problem.message}><${Icon} name="warning" /></span>` : null}
    <${Fact} model=${model} />
    <button class=${`ib sm ${isShown ? "" : "off"}`} tabindex="-1" title=${`${isShown ? "Hide" : "Show"} ${model.title} (Alt: only this)`} aria-label=${`${isShown ? "Hide" : "Show"} ${model.title}`} onClick=${(/** @type {MouseEvent} */ event) => {
      event.stopPropagation();
      if (event.altKey) showOnly(model);
      else toggleModel(model);
    }}><${Icon} name=${isShown ? "eye" : "eyeOff"} /></button></li>`;
}

/** @param {{ model: Model }} p */
function Fact({ model }) {
  const training = state.trainings.find((one) => one.model === model.id && isGoing(one));
  if (!training) return html`<span class="v">${factOf(model)}</span>`;
  if (training.state === "waiting") return html`<span class="v">waits</span>`;
  return html`<span class="prog" style=${`width:56px;--v:${training.fraction * 100}%`}><i></i></span><span class="v">${percent(training.fraction)}</span>`;
}

/** One fact: while it is seen, its threshold and the time that a slice takes; else what it is. @param {Model} model */
function factOf(model) {
  const known = state.predicted.get(model.id);
  if (model.state === "training" && !model.network) return "no network yet";
  if (known?.isWaiting && known.pixels === null) return "…";
  if (known?.seconds) return `${number(model.threshold, 2)} · ${duration(known.seconds)}`;
  return model.network?.architecture ?? model.network?.kind ?? "";
}
