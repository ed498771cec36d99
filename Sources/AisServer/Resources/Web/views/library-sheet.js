// Libraries of features: named collections with colours and settings, to begin new work with.

import { html, useEffect, useState, useTopics } from "./ui.js";
import { Icon } from "./icons.js";
import { Check, IconButton, Menu, Slider, TextField } from "./controls.js";
import * as api from "../api.js";
import { createFeature, looksOf, moveFeature } from "../app/features.js";
import { edit, undoOrRedo } from "../app/project.js";
import { activeDataset, cards, changed, complain, features, libraries, state, tell } from "../app/state.js";
import { fromHex, hex, hue } from "../model/palette.js";
import { counted, number } from "../model/units.js";

/** @import { Card, Feature, Library } from "../model/types.js" */

let lastLibrary = /** @type {number | null} */ (null);
/** @type {"position" | "title" | "hue"} */
let order = "position";

/** @param {{ sheet: { save?: number } }} p */
export function LibrarySheet({ sheet }) {
  useTopics("features", "datasets");
  const [, again] = useState(0);
  const [search, setSearch] = useState("");
  const [hidesUnused, setHidesUnused] = useState(false);
  const all = libraries();
  const library = all.find(({ id }) => id === lastLibrary) ?? all[0];
  useEffect(() => {
    const feature = features().find(({ id }) => id === sheet.save);
    if (!feature) return;
    if (library) saveCard(library, feature);
    else edit([{ kind: "add-library", name: "Library", isActive: true }]);
  }, []);
  const own = library ? cards(library.id) : [];
  const shown = own.filter((card) => card.title.toLowerCase().includes(search.toLowerCase()) && (!hidesUnused || card.isUsed))
    .sort(order === "title" ? (a, b) => a.title.localeCompare(b.title) : order === "hue" ? (a, b) => hue(a) - hue(b) : () => 0);
  const missing = features().filter((feature) => !own.some((card) => card.title === feature.title));
  return html`<div class="pad col librarysheet">
    <div class="row"><${Menu} label="Library" kind="g" buttonKind="field wide" button=${html`<span class="g el">${library?.name ?? "No library yet"}</span><${Icon} name="down" />`} items=${[
      ...all.map((other) => ({ name: other.name, isOn: other.id === library?.id, run: () => {
        lastLibrary = other.id;
        again((count) => count + 1);
      } })),
      ...(all.length > 0 ? [/** @type {const} */ ("line")] : []),
      { name: "New library", run: () => edit([{ kind: "add-library", name: freeName(all), isActive: true }]) },
      ...(library ? [{ name: `Delete ${library.name}`, kind: "danger", run: () => {
        edit([{ kind: "remove-library", library: library.id }], `deleting the library ${library.name}`);
        tell(`Deleted ${library.name}: ${counted(own.length, "card")}`, { title: "Undo", run: () => undoOrRedo("undo") });
      } }] : []),
    ]} /></div>
    ${library ? html`<div class="row"><${TextField} label="Name of the library" kind="g" value=${library.name} onCommit=${(/** @type {string} */ name) => name.trim() && edit([{ kind: "change-library", library: library.id, name: name.trim() }])} />
        <${Check} isOn=${library.isActive} label="Offer its names" onClick=${() => edit([{ kind: "change-library", library: library.id, isActive: !library.isActive }])} /></div>
      <div class="row"><label class="field search g"><${Icon} name="search" /><input aria-label="Search cards" placeholder="Search" value=${search} onInput=${(/** @type {any} */ event) => setSearch(event.target.value)} /></label>
        <${Menu} label="Sort" buttonKind="ib sm" alignRight=${true} button=${html`<${Icon} name="sort" />`} items=${[
          .../** @type {const} */ ([["position", "As added"], ["title", "Name"], ["hue", "Hue"]]).map(([value, name]) => ({ name, isOn: order === value, run: () => {
            order = value;
            again((count) => count + 1);
          } })), "line",
          { name: "Hide those not used", isOn: hidesUnused, run: () => setHidesUnused(!hidesUnused) },
          { name: "Use all", run: () => edit(own.map((card) => ({ kind: "change-library-feature", card: card.id, isUsed: true })), "using all cards") },
          { name: "Use none", run: () => edit(own.map((card) => ({ kind: "change-library-feature", card: card.id, isUsed: false })), "using no cards") },
        ]} /></div>
      <div class="scroll cards">${shown.map((card) => html`<${CardView} key=${card.id} card=${card} />`)}
        ${own.length === 0 ? html`<p class="s t3">No card yet. A card is a feature with its colour, brush and box size.</p>` : null}</div>` : html`<p class="s t2">A library keeps names, colours, brush and box sizes, for this and other tomograms.</p>`}
    <div class="row" style="flex-wrap:wrap;gap:6px;margin-top:8px">
      ${library ? html`<button class="btn" onClick=${() => edit([{ kind: "add-library-feature", library: library.id, title: "New feature", ...brush() }])}>New card</button>
        ${missing.length > 0 ? html`<button class="btn" onClick=${() => missing.forEach((feature) => saveCard(library, feature))}>Save ${counted(missing.length, "feature")} of this project</button>` : null}
        <button class="btn" title="Colours, opacity and box sizes of the cards to the features of the same name" onClick=${() => applyAll(own)}>Apply to this project</button>` : html`<button class="btn primary" onClick=${() => edit([{ kind: "add-library", name: "Library", isActive: true }])}>New library</button>`}
      <button class="btn" onClick=${() => void api.importFiles(state.project?.key ?? "", { kind: "feature-library" }).then(() => tell("The library of the earlier program was read"), complain)}>Take over that of the earlier program</button></div></div>`;
}

/** @param {Library[]} all */
function freeName(all) {
  for (let number = all.length + 1; ; number += 1) if (!all.some(({ name }) => name === `Library ${number}`)) return `Library ${number}`;
}

const brush = () => ({ brushNanometer: 10, boxSize: 64, opacity: 0.42 });

/** @param {Library} library @param {Feature} feature */
function saveCard(library, feature) {
  const voxel = activeDataset()?.voxelSizeAngstrom?.x;
  edit([{
    kind: "add-library-feature", library: library.id, title: feature.title, colour: { red: feature.red, green: feature.green, blue: feature.blue }, opacity: feature.opacity, boxSize: feature.boxSize,
    ...(voxel ? { brushNanometer: (feature.brushRadius * voxel) / 10 } : {}),
  }], `saving ${feature.title} in the library`);
}

/** @param {Card[]} own */
function applyAll(own) {
  const edits = features().flatMap((feature) => {
    const card = own.find(({ title, isUsed }) => isUsed && title.toLowerCase() === feature.title.toLowerCase());
    return card ? [{ kind: "change-feature", feature: feature.id, ...looksOf(card) }] : [];
  });
  if (edits.length === 0) tell("No feature here has the name of a card");
  else edit(edits, "applying the library");
}

/** Puts a feature on top, and the tomograms that have it first. @param {string} title */
function putFirst(title) {
  const feature = features().find((other) => other.title.toLowerCase() === title.toLowerCase());
  if (!feature) {
    tell(`No feature here is called ${title}`);
    return;
  }
  moveFeature(feature, 0);
  Object.assign(state, { order: "feature", orderFeature: feature.title, isReversed: false });
  changed("datasets");
  tell(`${title} is on top, and tomograms with it come first`);
}

/** @param {{ card: Card }} p */
function CardView({ card }) {
  const change = (/** @type {object} */ fields) => edit([{ kind: "change-library-feature", card: card.id, ...fields }]);
  const [isOpen, setOpen] = useState(false);
  return html`<div class=${`libcard ${card.isUsed ? "" : "isoff"}`}><div class="row"><input type="color" aria-label=${`Colour of ${card.title}`} value=${hex(card)} onChange=${(/** @type {any} */ event) => change({ colour: fromHex(event.target.value) })} />
      <${TextField} label="Name" kind="g" value=${card.title} onCommit=${(/** @type {string} */ title) => title.trim() && change({ title: title.trim() })} />
      <button class="btn quiet" title="Make this feature in the project" onClick=${() => createFeature(undefined, card)}>Use</button>
      <${IconButton} icon="sort" title=${`${card.title} first: among the features, and tomograms that have it`} kind="sm" onClick=${() => putFirst(card.title)} />
      <${IconButton} icon=${isOpen ? "up" : "down"} title=${isOpen ? "Less" : "More"} kind="sm" onClick=${() => setOpen(!isOpen)} />
      <${IconButton} icon="close" title=${`Delete ${card.title}`} kind="sm" onClick=${() => {
        edit([{ kind: "remove-library-feature", card: card.id }], `deleting the card ${card.title}`);
        tell(`Deleted the card ${card.title}`, { title: "Undo", run: () => undoOrRedo("undo") });
      }} /></div>
    ${isOpen ? html`<${Slider} label="Brush" value=${card.brushNanometer} min=${0.5} max=${100} step=${0.5} isLog=${true} otherwise=${10} text=${number(card.brushNanometer, 1)} unit="nm" onChange=${late(change, "brushNanometer")} />
      <${Slider} label="Box size" value=${card.boxSize} min=${8} max=${256} step=${2} otherwise=${64} text=${number(card.boxSize)} unit="px" onChange=${late(change, "boxSize")} />
      <${Slider} label="Opacity" value=${Math.round(card.opacity * 100)} min=${0} max=${100} otherwise=${42} text=${number(card.opacity * 100)} unit="%" onChange=${(/** @type {number} */ value, /** @type {boolean} */ isMoving) => !isMoving && change({ opacity: value / 100 })} />
      <p class="xs t3">Surfaces made of segmentations with this name:</p>
      <${Slider} label="Level" value=${card.level} min=${1} max=${256} otherwise=${128} text=${number(card.level)} onChange=${late(change, "level")} />
      <${Slider} label="Dust below" value=${Math.max(1, card.dustCubicNanometer)} min=${1} max=${1e6} isLog=${true} otherwise=${1} text=${number(card.dustCubicNanometer)} unit="nm³" onChange=${late(change, "dustCubicNanometer")} />
      <${Slider} label="Surface" value=${Math.round(card.surfaceOpacity * 100)} min=${0} max=${100} otherwise=${100} text=${number(card.surfaceOpacity * 100)} unit="%" onChange=${(/** @type {number} */ value, /** @type {boolean} */ isMoving) => !isMoving && change({ surfaceOpacity: value / 100 })} />
      <${Check} isOn=${card.isSurfaceHidden} label="Hide the surface" onClick=${() => change({ isSurfaceHidden: !card.isSurfaceHidden })} />
      <${Check} isOn=${card.isUsed} label="Offer this name" onClick=${() => change({ isUsed: !card.isUsed })} />` : null}</div>`;
}

/** @param {(fields: object) => void} change @param {string} field */
const late = (change, field) => (/** @type {number} */ value, /** @type {boolean} */ isMoving) => !isMoving && change({ [field]: value });
