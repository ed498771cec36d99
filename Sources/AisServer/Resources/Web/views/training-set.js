// What a network learns from: a role for each feature, counts, a look at samples, and the button that trains.

import { html, useTopics } from "./ui.js";
import { Icon } from "./icons.js";
import { IconButton, Menu, Note } from "./controls.js";
import { OpenTitle } from "./fold.js";
import { openSheet } from "../app/commands.js";
import { inspect } from "../app/models.js";
import * as actions from "../app/features.js";
import { changeSet, chooseSet, chosenArchitecture, createSet, deleteSet, exportSet, setRole, settings, showSamples, trainNow } from "../app/training.js";
import { activeSet, changed, complain, features, state, trainingSets } from "../app/state.js";
import { hex } from "../model/palette.js";
import { epochSeconds, isGoing, misfit, shownBoxes, tallied } from "../model/training.js";
import { counted, duration, number, percent } from "../model/units.js";

/** @import { Feature, Role, TrainingSet } from "../model/types.js" */

const EMPTY = "Nothing of the feature is painted in these boxes: a network learns from them that it is not there, which a few are good for. Where it is there, paint it.";

export function TrainingSection() {
  useTopics("models", "features", "annotations", "training", "ui");
  const [set, list, all] = [activeSet(), features(), trainingSets()];
  const isOpen = state.unfolded === "training";
  const counts = set && state.counts?.set === set.id ? state.counts.counts : null;
  const boxes = new Map(counts?.features.map((item) => [item.feature, item.boxes]));
  const totals = new Map();
  for (const { feature, boxes: own } of state.totals) totals.set(feature, (totals.get(feature) ?? 0) + own);
  return html`<div class="sec"><${OpenTitle} isOpen=${isOpen} open=${() => inspect("model")}>Training set <span class="el">${set?.title ?? ""}</span><//><span class="g"></span>
      ${set && isOpen ? html`<${IconButton} icon="box" title="Boxes of the set on the slice" kind="sm" pressed=${state.showsSetBoxes} onClick=${() => {
        state.showsSetBoxes = !state.showsSetBoxes;
        changed("models", "ui");
      }} />` : null}${isOpen ? html`<${IconButton} icon="gear" title="What goes into it, and how it is trained" kind="sm" onClick=${() => {
        if (!set && list.length > 0) createSet();
        openSheet("train", {});
      }} />` : null}
      <${Menu} label="Training sets" buttonKind="ib sm" alignRight=${true} button=${html`<${Icon} name="more" />`} items=${[
        ...all.map(({ id, title }) => ({ name: title, isOn: id === set?.id, run: () => chooseSet(id) })),
        ...(all.length > 0 ? /** @type {"line"[]} */ (["line"]) : []),
        { name: "New training set", run: () => createSet() },
        { name: "Train on a file…", hint: ".scnt, of the earlier program, of ais extract, or exported here", run: () => openSheet("files", { purpose: "boxes" }) },
        ...(set ? [{ name: "Export", hint: ".scnt, as the earlier program and the command line take it", run: () => void exportSet(set) }, { name: `Delete ${set.title}`, kind: "danger", run: () => deleteSet(set) }] : []),
      ]} /></div>
    ${!isOpen ? null : html`${list.length === 0 ? html`<p class="pad s t2" style="padding-top:0">Paint a feature and place boxes on it first: a network learns from them.</p>` : html`<ul class="scroll rolelist" aria-label="Features of the training set">${list.map((feature) => html`<${RoleRow} key=${feature.id} feature=${feature} role=${set?.roles[feature.id]} boxes=${boxes.get(feature.id) ?? totals.get(feature.id) ?? 0} />`)}</ul>`}
      ${set ? html`<div class="row xs t2 setfacts"><span title=${counts?.emptyPositives ? EMPTY : ""}>${counts ? tallied(counts) : "counting…"}</span><span class="g"></span><span class="nw">${number(set.boxSize)} px · ${number(set.pixelSizeAngstrom, 1)} Å${set.depth > 1 ? ` · ${set.depth} slices` : ""}</span></div>
      ${counts?.problems.map((problem) => html`<div class="pad" style="padding-bottom:4px;padding-top:4px"><${Note} kind="warn">${problem}<//></div>`)}` : null}
      <${TrainRow} set=${set} positives=${counts?.positives ?? 0} negatives=${counts?.negatives ?? 0} />`}`;
}

/** @param {{ feature: Feature, role: Role | undefined, boxes: number }} p */
function RoleRow({ feature, role, boxes }) {
  const roles = /** @type {["negative" | "unused" | "positive", string, string][]} */ ([
    ["negative", "−", "Negative: nothing in its boxes counts as the feature, whatever is painted there"], ["unused", "·", "Unused"], ["positive", "+", "Positive: this is to be found"],
  ]);
  const now = role ?? "unused";
  const step = (/** @type {KeyboardEvent} */ event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const next = roles[roles.findIndex(([name]) => name === now) + by];
    if (next) setRole(feature.id, next[0]);
  };
  return html`<li class=${`lay ${feature.id === state.feature ? "on" : ""}`} style=${`--c:${hex(feature)}`} onClick=${() => actions.choose(feature.id)}><span class="sw"></span><span class=${`g el nm ${feature.id === state.feature ? "m" : ""}`} title=${`${feature.title}: press to paint into it`}>${feature.title}</span><span class="v">${boxes > 0 ? number(boxes) : ""}</span>
    <span class="role" role="radiogroup" aria-label=${`${feature.title} in the training set`} onKeyDown=${step}>${roles.map(([name, sign, title]) => html`<button role="radio" aria-checked=${name === now} aria-label=${name} tabindex=${name === now ? 0 : -1} title=${title} onClick=${(/** @type {Event} */ event) => {
      event.stopPropagation();
      setRole(feature.id, name);
    }}>${sign}</button>`)}</span></li>`;
}

/** @param {{ set: TrainingSet | null, positives: number, negatives: number }} p */
function TrainRow({ set, positives, negatives }) {
  const { architectures } = state;
  if (architectures && !architectures.training.isPossible) return html`<div class="pad" style="padding-top:4px"><${Note} kind="warn">${architectures.training.reason}<//></div>`;
  const chosen = settings();
  const kind = chosenArchitecture();
  const misfitting = set && kind ? misfit(set, kind) : null;
  const boxes = positives + negatives;
  const times = state.setForecast?.times;
  const epoch = set && kind && boxes > 0 && !misfitting ? epochSeconds(boxes, chosen, set, state.trainings, kind.name) ?? (times?.secondsPerBox ? times.secondsPerBox * shownBoxes(boxes, chosen) : null) : null;
  const isBusy = state.trainings.some(isGoing);
  const canTrain = state.feature !== null || set !== null;
  return html`<div class="pad row trainrow"><button class="btn primary" aria-disabled=${!canTrain} title="Train with the set as it is (Ctrl+Enter)" onClick=${() => canTrain && void trainNow()}>${isBusy ? "Train another" : "Train"}</button>
    <span class="g"></span>${set ? html`<button class="btn quiet" aria-pressed=${state.samples !== null} title="Some of its boxes with their labels; again: others" onClick=${() => void showSamples(true).catch(complain)}>Samples</button>` : null}</div>
    ${misfitting && set ? html`<div class="pad" style="padding-bottom:4px;padding-top:0"><${Note} kind="warn">${misfitting.text} <button class="btn" onClick=${() => changeSet(set, misfitting.remedy)}>${misfitting.remedy.depth ? `Use ${misfitting.remedy.depth} slices` : `Use ${misfitting.remedy.boxSize} px`}</button><//></div>` : null}
    <p class="xs t3 trainfacts">${kind ? `${kind.name}, ${counted(chosen.epochs, "epoch")}${epoch ? ` of about ${duration(epoch)}: ${duration(epoch * chosen.epochs)} in all` : ""}${chosen.validation ? ` · ${percent(chosen.validation)} held out` : ""}${times?.secondsPerSlice && !misfitting ? ` · a slice takes ${duration(times.secondsPerSlice)}` : ""}` : ""}</p>`;
}
