// All of the model that is chosen: how it learns, how it is shown, what it does.

import { html, useState, useTopics } from "./ui.js";
import { Icon } from "./icons.js";
import { Check, Menu, Note, Segments, Slider, TextField } from "./controls.js";
import { ColourField } from "./colour.js";
import { NameField } from "./name-field.js";
import { Runs } from "./training-panel.js";
import { openSheet } from "../app/commands.js";
import { changeModel, deleteModel, duplicateModel, exportModel, knownNames, moveModel, recolourModel, renameModel, saveResult } from "../app/models.js";
import { train } from "../app/training.js";
import { activeModel, models, state } from "../app/state.js";
import { closenessNote } from "../model/palette.js";
import { duration, moment, number, parseLength } from "../model/units.js";

/** @import { Model } from "../model/types.js" */

export function ModelInspector() {
  useTopics("models", "predictions", "training", "ui");
  const [isNaming, setNaming] = useState(false);
  const model = activeModel();
  if (!model) return html`<div class="insp g"></div>`;
  const { network } = model;
  const change = (/** @type {Record<string, unknown>} */ fields, isMoving = false) => changeModel(model, fields, isMoving);
  const others = models().filter(({ id }) => id !== model.id);
  const note = closenessNote(model, others.filter(({ isVisible }) => isVisible).map((other) => ({ title: other.title, colour: other })));
  const error = state.predicted.get(model.id)?.error;
  return html`<div class="insp col g scroll" style="min-height:0" aria-label=${`Model ${model.title}`} role="group">
    <div class="sec stuck" style="height:40px"><${ColourField} feature=${model} isRing=${true} recolour=${(/** @type {string} */ code, isMoving = false) => recolourModel(model, code, isMoving)} />
      ${isNaming ? html`<${NameField} label="Name of the model" title=${model.title} known=${knownNames()} onDone=${(/** @type {string} */ text) => {
        renameModel(model, text);
        setNaming(false);
      }} />` : html`<h2 class="el g inspname" onDblClick=${() => setNaming(true)} title="Double-click to rename">${model.title} <span>${network ? `${network.architecture ?? network.kind}${network.parameters ? ` · ${weights(network.parameters)} weights` : ""}` : ""}</span></h2>`}
      <${Menu} label=${`More for ${model.title}`} buttonKind="ib sm" alignRight=${true} button=${html`<${Icon} name="more" />`} items=${[
        { name: "Rename", run: () => setNaming(true) },
        { name: "Duplicate", run: () => duplicateModel(model) },
        ...(network ? [{ name: "Train it further…", hint: "With the training set above", run: () => openSheet("train", { from: model.id }) }, { name: "Export", hint: ".scnm with its colour and threshold, and a picture of this slice", run: () => exportModel(model) },
          { name: "Save this slice's result", hint: "As an image, MRC", run: () => saveResult(model) }] : []),
        "line",
        { name: "To the top", run: () => moveModel(model, 0) },
        { name: "To the bottom", run: () => moveModel(model, others.length) },
        "line",
        { name: "Delete", kind: "danger", run: () => deleteModel(model) },
      ]} /></div>
    <div class="pad">
      ${model.state === "missing" ? html`<${Note} kind="danger">${model.reason}<//>` : null}
      ${error ? html`<${Note} kind="warn">${error.message} ${error.remedy?.kind === "voxel-size" ? html`<button class="btn" onClick=${() => openSheet("tomogram", {})}>Set the voxel size…</button>` : null}<//>` : null}
      <${Runs} model=${model} />
      <${Slider} label="Threshold" value=${model.threshold} min=${0} max=${1} step=${0.01} otherwise=${0.5} text=${number(model.threshold, 2)} onChange=${(/** @type {number} */ value, /** @type {boolean} */ isMoving) => change({ threshold: Math.round(value * 1000) / 1000 }, isMoving)} />
      <${Slider} label="Opacity" value=${Math.round(model.opacity * 100)} min=${0} max=${100} otherwise=${34} text=${number(model.opacity * 100)} unit="%" onChange=${(/** @type {number} */ value, /** @type {boolean} */ isMoving) => change({ opacity: value / 100 }, isMoving)} />
      <div class="row s tall"><span class="t2 lab76">Turned</span><${Segments} label="Orientations averaged" value=${String(model.augmentations)} options=${[1, 2, 4, 8].map((count) => ({ value: String(count), name: `${count}×`, title: count === 1 ? "As it is" : `The mean of ${count} orientations: ${count} times as long` }))} onChange=${(/** @type {string} */ value) => change({ augmentations: Number(value) })} />
        <span class="g"></span><${Check} isOn=${model.isBlended} label="Blend" onClick=${() => change({ isBlended: !model.isBlended })} /></div>
      <div class="row s tall" style="flex-wrap:wrap"><${Check} isOn=${model.isActive} label="Active" onClick=${() => change({ isActive: !model.isActive })} /><span class="g"></span>
        <${Check} isOn=${model.emits} label="Emits" onClick=${() => change({ emits: !model.emits })} /><${Check} isOn=${model.absorbs} label="Absorbs" onClick=${() => change({ absorbs: !model.absorbs })} /></div>
      <p class="xs t3">${useOf(model)}</p>
      ${network ? html`<${Working} model=${model} change=${change} /><${Facts} model=${model} />` : null}
      ${note ? html`<p class="xs t3">${note}</p>` : null}
      ${network && state.task === "models" && !state.trainings.some((one) => one.model === model.id) ? html`<div class="row" style="margin-top:8px"><button class="btn" onClick=${() => void train(model)}>Train it further</button></div>` : null}</div></div>`;
}

/** @param {Model} model */
function useOf({ isActive, emits, absorbs }) {
  if (!isActive) return "Not active: it is not computed, and takes part in nothing.";
  if (emits && absorbs) return "Competes: the highest value keeps the pixel.";
  return emits ? "Emits: those that absorb give way where it is higher." : absorbs ? "Absorbs: it gives way where one that emits is higher." : "Does not compete.";
}

/** @param {number} count */
const weights = (count) => (count >= 1e6 ? `${number(count / 1e6, 1)} M` : count >= 1e4 ? `${number(count / 1e3)} k` : number(count));

/** @param {{ model: Model, change: (fields: Record<string, unknown>) => void }} p */
function Working({ model, change }) {
  const size = model.processingVoxelSizeAngstrom;
  const value = size === null ? "trained" : size === 0 ? "own" : "other";
  const trained = model.network?.voxelSizeAngstrom;
  return html`<div class="row s tall"><span class="t2 lab76">Voxel size</span><${Segments} label="Voxel size it works at" value=${value} options=${[
      { value: "trained", name: "Trained", title: `As it was trained${trained ? `: ${number(trained, 2)} Å` : ""}; slices are rescaled` }, { value: "own", name: "Own", title: "The tomogram's own: nothing is rescaled" },
      { value: "other", name: "Other", title: "Another one" },
    ]} onChange=${(/** @type {string} */ choice) => change({ processingVoxelSizeAngstrom: choice === "trained" ? null : choice === "own" ? 0 : (trained ?? 10) })} /><span class="g"></span>
      ${value === "other" ? html`<${TextField} label="Voxel size in Å" kind="num" value=${number(size ?? 0, 2)} unit="Å" onCommit=${(/** @type {string} */ text) => {
        const length = parseLength(text, null, "A");
        if (length && length > 0) change({ processingVoxelSizeAngstrom: length });
      }} />` : null}</div>
    ${model.network?.kind !== "3D" ? null : html`<div class="row s tall"><span class="t2 lab76">Tiles</span><${Segments} label="Tiles" value=${model.tiling} options=${[
      { value: "standard", name: "Standard", title: "Tiles that overlap, as it was trained" }, { value: "exact", name: "Exact", title: "As if the slice were computed in one piece" },
    ]} onChange=${(/** @type {string} */ tiling) => change({ tiling })} /></div>`}`;
}

/** @param {{ model: Model }} p */
function Facts({ model }) {
  const { network, source } = model;
  if (!network) return null;
  const forecast = state.forecast?.models.find((one) => one.model === model.id);
  const known = state.predicted.get(model.id);
  const rows = /** @type {[string, string][]} */ ([
    ["Kind", `${network.kind}${network.depth > 1 ? `, ${network.depth} slices` : ""}${network.boxSize ? `, boxes of ${network.boxSize} px` : ""}`],
    ["Trained at", network.voxelSizeAngstrom ? `${number(network.voxelSizeAngstrom, 2)} Å${network.epochs ? `, ${network.epochs} epochs` : ""}${network.loss === null ? "" : `, loss ${number(network.loss, 3)}`}` : "unknown"],
    ["Grey values", network.normalization === "global_mad" ? "by the whole tomogram, as it was trained" : "slice by slice, as it was trained"],
    ["A slice", known?.seconds ? `${duration(known.seconds)}${known.pixels === null ? "" : `, ${number(known.pixels)} px here`}` : forecast?.seconds || forecast?.measuredSeconds ? `about ${duration(forecast.measuredSeconds ?? forecast.seconds ?? 0)}` : "–"],
    ...(source ? /** @type {[string, string][]} */ ([["From", `${source.name || source.kind}${source.by ? `, ${source.by}` : ""}, ${moment(source.time)}`]]) : []),
  ]);
  return html`<dl class="about xs" style="margin-top:6px">${rows.map(([name, value]) => html`<dt>${name}</dt><dd class="el" title=${value}>${value}</dd>`)}</dl>`;
}
