// The right column: features or the training set, models, rules, and below them all of what is chosen.

import { html, useEffect, useState, useTopics } from "./ui.js";
import { Icon } from "./icons.js";
import { Check, IconButton, Menu, Segments, Slider } from "./controls.js";
import { FoldTitle, isFolded } from "./fold.js";
import { ColourField } from "./colour.js";
import { Edge } from "./edge.js";
import { ModelInspector } from "./model-inspector.js";
import { ModelList } from "./models-list.js";
import { NameField } from "./name-field.js";
import { ResultList } from "./result-list.js";
import { RuleInspector, RuleList } from "./rules-list.js";
import { TrainingSection } from "./training-set.js";
import { openSheet, run } from "../app/commands.js";
import { startTour, tour } from "../app/tour.js";
import * as actions from "../app/features.js";
import { goToSlice } from "../app/datasets.js";
import { activeFeature, boxSizeOf, features, libraries, models, ownBoxSize, state } from "../app/state.js";
import { closenessNote, hex } from "../model/palette.js";
import { counted, number } from "../model/units.js";

/** @import { Feature } from "../model/types.js" */

export function Layers() {
  useTopics("ui", "models", "features");
  const { task, inspected } = state;
  return html`<aside class="right" aria-label="Layers and inspector" data-region><${Edge} side="right" />
    ${task === "models" ? html`<${TrainingSection} /><${ModelList} /><${RuleList} />` : html`<${FeatureList} /><${ModelList} />`}<${ResultList} />
    ${inspected === "rule" ? html`<${RuleInspector} />` : inspected === "model" || task === "models" ? html`<${ModelInspector} />` : html`<${Inspector} />`}</aside>`;
}

function FeatureList() {
  useTopics("features", "annotations", "ui");
  const list = features();
  const step = (/** @type {KeyboardEvent} */ event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const at = list.findIndex(({ id }) => id === state.feature);
    const next = list[Math.min(list.length - 1, Math.max(0, at + by))];
    if (!next) return;
    if (event.altKey) actions.moveFeature(list[at], at + by);
    else actions.choose(next.id);
  };
  return html`<div class="sec"><${FoldTitle} name="features">Features <span>${list.length}</span><//><span class="g"></span>
      <${IconButton} icon="layers" title="Feature library" kind="sm" onClick=${() => openSheet("library")} />
      <${IconButton} icon="plus" title="New feature (N)" kind="sm" onClick=${actions.createAndName} /></div>
    ${isFolded("features") ? null : list.length === 0 ? html`<${NoFeature} />` : html`<ul class="scroll layerlist" role="listbox" aria-label="Features" tabindex="0" onKeyDown=${step}>
      ${list.map((feature, index) => html`<${LayerRow} key=${feature.id} feature=${feature} index=${index} />`)}</ul>`}`;
}

function NoFeature() {
  useTopics("tour");
  const known = actions.knownFeatures().slice(0, 8);
  return html`<div class="pad"><p class="s t2" style="margin-bottom:8px">No feature yet. Paint, and one is made; or name it first.</p>
    <div class="row" style="flex-wrap:wrap;gap:6px"><button class="btn" onClick=${actions.createAndName}>New feature <kbd>N</kbd></button>
    ${known.map((card) => html`<button class="btn" onClick=${() => actions.createFeature(undefined, card)}><span class="sw" style=${`--c:${hex(card)}`}></span>${card.title}</button>`)}</div>
    ${tour.isOpen ? null : html`<p class="s t2" style="margin-top:8px">New here? <button class="linkish s" title="Shift+T" onClick=${() => startTour()}>Be shown around</button>, from paint to a list of particles.</p>`}</div>`;
}

let dragged = /** @type {number | null} */ (null);

/** @param {{ feature: Feature, index: number }} p */
function LayerRow({ feature, index }) {
  const [isNaming, setNaming] = useState(state.naming === feature.id);
  useEffect(() => {
    state.naming = null;
  }, []);
  const isOn = feature.id === state.feature;
  const count = state.annotated.filter((item) => item.feature === feature.id).length;
  const toggleEye = (/** @type {MouseEvent} */ event) => {
    event.stopPropagation();
    if (!event.altKey) {
      actions.changeFeature(feature, { isVisible: !feature.isVisible });
      return;
    }
    // Only this one; again, all.
    const isAlone = features().every((other) => other.id === feature.id || !other.isVisible);
    for (const other of features()) actions.changeFeature(other, { isVisible: isAlone || other.id === feature.id });
  };
  return html`<li class=${`lay ${isOn ? "on" : ""} ${feature.isVisible ? "" : "hid"}`} style=${`--c:${hex(feature)}`} role="option" aria-selected=${isOn} aria-label=${`${index + 1}, ${feature.title}, ${counted(count, "slice")}${feature.isVisible ? "" : ", hidden"}`}
      draggable=${!isNaming} onDragStart=${() => (dragged = feature.id)} onDragOver=${(/** @type {Event} */ event) => event.preventDefault()}
      onDrop=${(/** @type {Event} */ event) => {
        event.preventDefault();
        const moved = features().find(({ id }) => id === dragged);
        if (moved && moved.id !== feature.id) actions.moveFeature(moved, index);
      }}
      onClick=${() => actions.choose(feature.id)} onDblClick=${() => setNaming(true)}>
    <span class="no">${index + 1}</span><span class="sw"></span>
    ${isNaming ? naming(feature, () => setNaming(false)) : html`<span class=${`nm g el ${isOn ? "m" : ""}`} title=${`${feature.title}: double-click to rename`}>${feature.title}</span>`}
    <span class="v">${count ? counted(count, "slice") : ""}</span>
    <button class=${`ib sm ${feature.isVisible ? "" : "off"}`} tabindex="-1" title=${`${feature.isVisible ? "Hide" : "Show"} ${feature.title} (Alt: only this)`} aria-label=${`${feature.isVisible ? "Hide" : "Show"} ${feature.title}`} onClick=${toggleEye}><${Icon} name=${feature.isVisible ? "eye" : "eyeOff"} /></button></li>`;
}

/** The name of a feature, typed or taken from a library. @param {Feature} feature @param {() => void} done */
const naming = (feature, done) => html`<${NameField} label="Name of the feature" title=${feature.title} known=${actions.knownFeatures().map(({ title }) => title)} onDone=${(/** @type {string} */ text) => {
  actions.renameFeature(feature, text);
  done();
}} />`;

function Inspector() {
  useTopics("features", "annotations", "slice", "datasets", "models");
  const [isNaming, setNaming] = useState(false);
  const feature = activeFeature();
  if (!feature) return html`<div class="insp g"></div>`;
  const side = boxSizeOf(feature);
  const note = closenessNote(feature, features().filter(({ id }) => id !== feature.id).map((other) => ({ title: other.title, colour: other })));
  return html`<div class="insp col g" style="min-height:0">
    <div class="sec" style="height:40px"><${ColourField} feature=${feature} recolour=${(/** @type {string} */ code, isMoving = false) => actions.recolour(feature, code, isMoving)} />${isNaming ? naming(feature, () => setNaming(false)) : html`<h2 class="el g inspname" onDblClick=${() => setNaming(true)} title="Double-click to rename">${feature.title}</h2>`}
      ${models().length > 0 ? html`<${IconButton} icon="wand" title="From a model (V)" kind="sm" onClick=${() => run("tool.wand")} />` : null}
      <${Menu} label="Names from the library" buttonKind="ib sm" alignRight=${true} button=${html`<${Icon} name="down" />`} items=${[
        ...actions.knownFeatures().map((card) => ({ name: card.title, hint: hex(card), run: () => actions.renameFeature(feature, card.title) })),
        "line",
        { name: "Offer the names of libraries", isOn: libraries().some(({ isActive }) => isActive), run: actions.toggleKnownNames },
        { name: "Feature library…", run: () => openSheet("library") },
      ]} />
      <${Menu} label=${`More for ${feature.title}`} buttonKind="ib sm" alignRight=${true} button=${html`<${Icon} name="more" />`} items=${[
        { name: "Rename", run: () => setNaming(true) },
        { name: "Fill holes", keys: "Shift L", run: () => run("feature.fillHoles") },
        { name: "Copy to the next slice", keys: "K", run: () => run("feature.copyOn") },
        { name: "Shapes between slices", keys: "Shift K", run: () => run("feature.interpolate") },
        "line",
        { name: feature.showsBoxes ? "Hide boxes" : "Show boxes", run: () => actions.changeFeature(feature, { showsBoxes: !feature.showsBoxes }) },
        { name: "To the top", run: () => actions.moveFeature(feature, 0) },
        { name: "To the bottom", run: () => actions.moveFeature(feature, features().length - 1) },
        { name: "Save in the library", run: () => openSheet("library", { save: feature.id }) },
        "line",
        { name: "Export…", run: () => openSheet("export", { feature: feature.id }) },
        { name: "Import into it…", run: () => openSheet("files", { purpose: "import-into", feature: feature.id }) },
        { name: `Clear slice ${state.slice}`, run: () => actions.clearSlice(feature, state.slice) },
        { name: "Delete", kind: "danger", run: () => actions.deleteFeature(feature) },
      ]} /></div>
    <div class="pad" style="padding-bottom:6px">
      <${Slider} label="Opacity" value=${Math.round(feature.opacity * 100)} min=${0} max=${100} otherwise=${42} text=${number(feature.opacity * 100)} unit="%" onChange=${(/** @type {number} */ value, /** @type {boolean} */ isMoving) => actions.changeFeature(feature, { opacity: value / 100 }, isMoving)} />
      <${Slider} label="Box size" value=${side} min=${8} max=${256} step=${2} otherwise=${64} text=${number(side)} unit="px" onChange=${(/** @type {number} */ value, /** @type {boolean} */ isMoving) => {
        if (!isMoving || side !== value) actions.setBoxSize(feature, Math.round(value));
      }} />
      <div class="row s"><${Check} isOn=${ownBoxSize(feature) !== null} label="Box size of this tomogram alone" onClick=${() => actions.setOwnBoxSize(feature, ownBoxSize(feature) === null ? side : null)} /></div>
      <div class="row s" style="min-height:var(--h-row)"><span class="t2" style="width:76px">Draw as</span>
        <${Segments} label="Draw as" value=${feature.isOutline ? "outline" : "fill"} options=${[{ value: "fill", name: "Fill" }, { value: "outline", name: "Outline" }]} onChange=${(/** @type {string} */ value) => actions.changeFeature(feature, { isOutline: value === "outline" })} />
        <span class="g"></span><span class="t3 xs">Shift+F</span></div>
      ${note ? html`<p class="xs t3">${note}</p>` : null}</div>
    <${SliceTable} feature=${feature} /></div>`;
}

/** @param {{ feature: Feature }} p */
function SliceTable({ feature }) {
  const list = state.annotated.filter((item) => item.feature === feature.id);
  const first = state.preferences.firstSlice;
  if (list.length === 0) return html`<div class="pad s t3">Nothing annotated in this tomogram.</div>`;
  return html`<div class="scroll g"><table class="tbl"><thead><tr><th>Slice</th><th class="r">Painted</th><th class="r">Boxes</th><th><span class="vh">Clear</span></th></tr></thead><tbody>
    ${list.map((item) => html`<tr class=${item.slice === state.slice ? "on" : ""} onClick=${() => goToSlice(item.slice)}>
      <td><button class="linkish" onClick=${() => goToSlice(item.slice)}>z ${item.slice + first}</button></td><td class="r">${item.pixels ? `${number(item.pixels)} px` : ""}</td><td class="r">${item.boxes || ""}</td>
      <td class="r"><button class="ib sm" title=${`Clear slice ${item.slice + first}`} aria-label=${`Clear slice ${item.slice + first}`} onClick=${(/** @type {Event} */ event) => {
        event.stopPropagation();
        actions.clearSlice(feature, item.slice);
      }}><${Icon} name="close" /></button></td></tr>`)}</tbody></table></div>`;
}
