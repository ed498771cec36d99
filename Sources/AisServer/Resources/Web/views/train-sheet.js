// What goes into a training set, and how it is trained: every setting with what it is for.

import { html, useState, useTopics } from "./ui.js";
import { Check, Note, Segments, TextField } from "./controls.js";
import { closeSheet, openSheet } from "../app/commands.js";
import { changeSet, changeSettings, chosenArchitecture, createSet, settings, train } from "../app/training.js";
import { activeSet, complain, datasets, features, models, state } from "../app/state.js";
import { BOX_SIZES, DEPTHS, HELD_OUT, LEARNING_RATES, NEGATIVES, misfit, toggled } from "../model/training.js";
import { counted, number, parseLength, parseNumber, percent } from "../model/units.js";

/** @import { View } from "./preact-htm.d.ts" */

/** @param {string} name @param {string} hint @param {View} control */
const row = (name, hint, control) => html`<div class="settingrow"><span class="col g"><span>${name}</span>${hint ? html`<span class="xs t3">${hint}</span>` : null}</span>${control}</div>`;

/** @param {{ label: string, value: string | number, options: { value: string | number, name: string }[], onChange: (value: string) => void }} p */
const Choice = ({ label, value, options, onChange }) => html`<select class="field" aria-label=${label} onChange=${(/** @type {any} */ event) => onChange(event.target.value)}>${options.map((option) => html`<option value=${option.value} selected=${String(option.value) === String(value)}>${option.name}</option>`)}</select>`;

/** @param {{ sheet: { from?: number } }} p */
export function TrainSheet({ sheet }) {
  useTopics("models", "training", "datasets");
  const set = activeSet();
  const from = models().find(({ id }) => id === sheet.from) ?? null;
  if (!set) return html`<div class="pad col settings"><p class="s t2">There is no training set yet.</p><button class="btn primary big" onClick=${() => createSet()}>New training set</button></div>`;
  return html`<div class="pad col settings"><${SetPart} set=${set} /><${TrainPart} from=${from} />
    <div class="col sheetfoot"><${Misfit} set=${set} from=${from} />${state.architectures && !state.architectures.training.isPossible ? html`<${Note} kind="warn">${state.architectures.training.reason}<//>` : html`<button class="btn primary big" onClick=${() => {
      closeSheet();
      void train(from);
    }}>${from ? `Train ${from.title} further` : "Train"}</button>`}</div></div>`;
}

/** @param {{ set: import("../model/types.js").TrainingSet, from: import("../model/types.js").Model | null }} p */
function Misfit({ set, from }) {
  const kind = from ? null : chosenArchitecture();
  const problem = kind ? misfit(set, kind) : null;
  if (!problem) return null;
  const { depth, boxSize } = problem.remedy;
  return html`<${Note} kind="warn">${problem.text} <button class="btn" onClick=${() => changeSet(set, problem.remedy)}>${depth ? `Use ${depth} slices` : `Use ${boxSize} px`}</button><//>`;
}

/** @param {{ set: import("../model/types.js").TrainingSet }} p */
function SetPart({ set }) {
  const all = datasets();
  const ids = all.map(({ id }) => id);
  const counts = state.counts?.set === set.id ? state.counts.counts : null;
  const known = new Map(counts?.datasets.map((item) => [item.dataset, item]));
  const sizes = [...new Set([...BOX_SIZES, set.boxSize, ...features().filter(({ id }) => set.roles[id]).map(({ boxSize }) => Number(boxSize)).filter((size) => size > 0)])].sort((a, b) => a - b);
  const depths = [...new Set([...DEPTHS, set.depth])].sort((a, b) => a - b);
  return html`<h3 class="s b">Training set</h3>
    ${row("Name", "", html`<${TextField} label="Name of the set" value=${set.title} onCommit=${(/** @type {string} */ title) => title.trim() && changeSet(set, { title: title.trim() })} />`)}
    ${row("Box size", "Pixels along an edge: large enough to recognise what is in it", html`<${Choice} label="Box size" value=${set.boxSize} options=${sizes.map((size) => ({ value: size, name: `${size} px` }))} onChange=${(/** @type {string} */ size) => changeSet(set, { boxSize: Number(size) })} />`)}
    ${row("Depth", "More than one slice for networks that see the slices around (2.5D, 3D)", html`<${Choice} label="Depth" value=${set.depth} options=${depths.map((depth) => ({ value: depth, name: counted(depth, "slice") }))} onChange=${(/** @type {string} */ depth) => changeSet(set, { depth: Number(depth) })} />`)}
    ${row("Pixel size", "Tomograms of other voxel sizes are rescaled to it", html`<${TextField} label="Pixel size" kind="num" value=${number(set.pixelSizeAngstrom, 2)} unit="Å" onCommit=${(/** @type {string} */ text) => {
      const length = parseLength(text, null, "A");
      if (length && length > 0) changeSet(set, { pixelSizeAngstrom: length });
    }} />`)}
    ${row("Other versions too", "Denoised and other versions with the same voxels, labelled alike", html`<${Check} isOn=${set.takesVersions} label="Other versions too" hidesLabel=${true} onClick=${() => changeSet(set, { takesVersions: !set.takesVersions })} />`)}
    <div class="row s" style="margin-top:4px"><span class="g">Tomograms <span class="t3">${set.datasets ? `${set.datasets.length} of ${all.length}` : "all, also those to come"}</span></span><button class="btn quiet" aria-disabled=${set.datasets === null} onClick=${() => changeSet(set, { datasets: null })}>All</button></div>
    <ul class="scroll setdatasets" aria-label="Tomograms of the set">${all.slice(0, 1000).map(({ id, name }) => {
      const item = known.get(id);
      return html`<li class="row s"><${Check} isOn=${set.datasets === null || set.datasets.includes(id)} label=${name} onClick=${() => changeSet(set, { datasets: toggled(set.datasets, id, ids) })} /><span class="g"></span><span class=${`xs ${item?.reason ? "bad" : "t3"} el`} title=${item?.reason ?? ""}>${item?.reason ?? (item ? `${counted(item.positives, "box", "boxes")}${item.negatives > 0 ? `, ${number(item.negatives)} negative` : ""}` : "")}</span></li>`;
    })}</ul>`;
}

/** @param {{ from: import("../model/types.js").Model | null }} p */
function TrainPart({ from }) {
  const { architectures } = state;
  const chosen = settings();
  const whole = (/** @type {string} */ label, /** @type {"epochs" | "batch" | "copies" | "patience"} */ name, /** @type {number} */ most, placeholder = "") => html`<${TextField} label=${label} kind="num" placeholder=${placeholder} value=${chosen[name] === null ? "" : String(chosen[name])} onCommit=${(/** @type {string} */ text) => {
    const value = parseNumber(text);
    if (value !== null && value >= 1) changeSettings({ [name]: Math.min(most, Math.round(value)) });
    else if (name === "patience") changeSettings({ patience: null });
  }} />`;
  const [isTyping, setTyping] = useState(false);
  const rate = chosen.learningRate;
  const isOwnRate = isTyping || (rate !== null && !LEARNING_RATES.includes(rate));
  return html`<h3 class="s b">Training</h3>
    ${from ? row("Network", `Goes on from ${from.title}`, html`<span class="s t2">${from.network?.architecture ?? ""}</span>`) : row("Network", "Small ones learn quickly; larger ones tell more apart", html`<${Choice} label="Network" value=${chosen.architecture ?? architectures?.standard ?? ""} options=${(architectures?.architectures ?? []).map(({ name, parameters, isUsers }) => ({ value: name, name: `${name} · ${parameters >= 1e6 ? `${number(parameters / 1e6, 1)} M` : `${number(parameters / 1e3)} k`} weights${isUsers ? " · yours" : ""}` }))} onChange=${(/** @type {string} */ architecture) => changeSettings({ architecture })} />`)}
    ${from ? null : html`<div class="row"><span class="g"></span><button class="linkish xs" onClick=${() => openSheet("architectures", {})}>All architectures, and your own…</button></div>`}
    ${row("Epochs", "How often it sees every box", whole("Epochs", "epochs", 10000))}
    ${row("Copies", "Each box is also seen turned and mirrored, so many times an epoch", whole("Copies", "copies", 100))}
    ${row("Batch", "Boxes between two steps of learning: fewer need less memory", whole("Batch", "batch", 1024))}
    ${row("Negatives", "Boxes without the feature for each one with it, in an epoch", html`<${Segments} label="Negatives" value=${String(chosen.negatives ?? "all")} options=${[{ value: "all", name: "All", title: "All boxes as they are" }, ...NEGATIVES.map((ratio) => ({ value: String(ratio), name: String(ratio) }))]} onChange=${(/** @type {string} */ value) => changeSettings({ negatives: value === "all" ? null : Number(value) })} />`)}
    ${row("Held out", "Boxes that it is judged by and never learns from", html`<${Segments} label="Held out" value=${String(chosen.validation)} options=${HELD_OUT.map((share) => ({ value: String(share), name: share === 0 ? "None" : percent(share) }))} onChange=${(/** @type {string} */ value) => changeSettings({ validation: Number(value) })} />`)}
    ${row("Learning rate", "Lower when the loss jumps about or is not a number", html`<span class="row" style="gap:6px"><${Choice} label="Learning rate" value=${isOwnRate ? "other" : rate ?? ""} options=${[{ value: "", name: "The network's own" }, ...LEARNING_RATES.map((one) => ({ value: one, name: String(one) })), { value: "other", name: "Another…" }]} onChange=${(/** @type {string} */ value) => {
      setTyping(value === "other");
      if (value !== "other") changeSettings({ learningRate: value ? Number(value) : null });
    }} />${isOwnRate ? html`<${TextField} label="Learning rate, a number" kind="num" placeholder="0.0005" value=${rate === null ? "" : String(rate)} onCommit=${(/** @type {string} */ text) => {
      const value = parseNumber(text);
      if (value === null || value <= 0 || value > 1) complain(`'${text}' is no learning rate: type a number above 0 and up to 1, such as 0.0005.`);
      else changeSettings({ learningRate: value });
    }} />` : null}</span>`)}
    ${row("Patience", "Stops by itself after so many epochs without getting better", whole("Patience", "patience", 1000, "never"))}`;
}
