// Competition and rules: what is shown of them, their order, and the rule that is chosen.

import { html, useTopics } from "./ui.js";
import { Check, IconButton, Segments, Slider } from "./controls.js";
import { OpenTitle } from "./fold.js";
import { inspect } from "../app/models.js";
import { changeRule, chooseRule, createRule, deleteRule, moveRule } from "../app/rules.js";
import { tally } from "../app/predictions.js";
import { activeDataset, changed, models, rules, state } from "../app/state.js";
import { hex } from "../model/palette.js";
import { layerFor, working } from "../model/predictions.js";
import { graph, sentence } from "../model/rules.js";
import { counted, number } from "../model/units.js";

/** @import { Model, Rule } from "../model/types.js" */

export function RuleList() {
  useTopics("models", "predictions", "ui");
  const [list, all] = [rules(), models()];
  const isOpen = state.unfolded === "rules";
  const on = working(list, all).length;
  const competing = all.filter(({ isActive, emits, absorbs }) => isActive && (emits || absorbs)).length;
  return html`<div class="sec line"><${OpenTitle} isOpen=${isOpen} open=${() => inspect("rule")}>Rules <span>${list.length > 0 ? `${on} of ${list.length} on` : ""}${competing > 1 ? `${list.length > 0 ? " · " : ""}competition on` : ""}</span><//><span class="g"></span>
      <${IconButton} icon="plus" title="New rule" kind="sm" onClick=${createRule} /></div>
    ${!isOpen ? null : html`<div class="pad" style="padding-bottom:6px;padding-top:0"><${Segments} label="What is shown" full=${true} value=${state.stage} options=${[
      { value: "raw", name: "Raw", title: "What the models say (hold R)" }, { value: "competed", name: "Competed", title: "After competition" }, { value: "final", name: "Final", title: "After competition and rules" },
    ]} onChange=${(/** @type {any} */ stage) => {
      state.stage = stage;
      changed("models");
    }} />
      <div class="row s"><${Check} isOn=${state.showsRemoved} label="Outline what was removed" onClick=${() => {
        state.showsRemoved = !state.showsRemoved;
        changed("models");
      }} /></div></div>
    ${list.length === 0 ? html`<p class="pad s t3" style="padding-top:0">No rule yet. A rule keeps a model away from another, or near it.</p>` : html`<ol class="rulelist scroll" aria-label="Rules, in the order in which they are carried out">${list.map((rule, index) => html`<${RuleRow} key=${rule.id} rule=${rule} index=${index} all=${all} isOn=${working([rule], all).length > 0} />`)}</ol>`}`}`;
}

let dragged = /** @type {number | null} */ (null);

/** @param {Model | undefined} model */
const name = (model) => html`<span class="sw model" style=${`--c:${model ? hex(model) : "#808080"}`}></span><b class="m el">${model?.title ?? "gone"}</b>`;

/** @param {{ rule: Rule, index: number, all: Model[], isOn: boolean }} p */
function RuleRow({ rule, index, all, isOn }) {
  const [child, parent] = [rule.child, rule.parent].map((id) => all.find((model) => model.id === id));
  const verb = rule.kind === "avoid" ? "avoids" : "only near";
  return html`<li class=${`ruleitem ${state.rule === rule.id && state.inspected === "rule" ? "on" : ""} ${isOn ? "" : "isoff"}`} draggable="true" tabindex="0" aria-label=${`${index + 1}: ${child?.title} ${verb} ${parent?.title}${isOn ? "" : ", not in effect"}`}
      onDragStart=${() => (dragged = rule.id)} onDragOver=${(/** @type {Event} */ event) => dragged !== null && event.preventDefault()} onDragEnd=${() => (dragged = null)}
      onDrop=${(/** @type {Event} */ event) => {
        const moved = rules().find(({ id }) => id === dragged);
        if (!moved) return;
        event.preventDefault();
        if (moved.id !== rule.id) moveRule(moved, index);
      }}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
        const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (event.key === "Enter") chooseRule(rule.id);
        else if (by && event.altKey) moveRule(rule, index + by);
        else return;
        event.preventDefault();
        event.stopPropagation();
      }} onClick=${() => chooseRule(rule.id)}>
    <span class="grip" title="Drag to reorder (Alt+↑ ↓)" aria-hidden="true">⋮⋮</span><span class="t3">${index + 1}</span><span class="row pr" style="gap:5px;min-width:0">${name(child)}<span class="t2 nw">${verb}</span>${name(parent)}</span>
    <${IconButton} icon="close" title=${`Remove rule ${index + 1}`} kind="sm" onClick=${(/** @type {Event} */ event) => {
      event.stopPropagation();
      deleteRule(rule);
    }} />
    <span class="sub"><span>within ${number(rule.radiusNanometer, 1)} nm</span><span>above ${number(rule.threshold, 2)}</span><span class="g"></span><span>${isOn ? "" : "not in effect"}</span></span></li>`;
}

export function RuleInspector() {
  useTopics("models", "predictions", "ui");
  const [list, all] = [rules(), models()];
  const rule = list.find(({ id }) => id === state.rule);
  if (!rule) return html`<div class="insp col g scroll"><div class="pad">${list.length > 0 ? html`<${Graph} list=${list} all=${all} />` : null}</div></div>`;
  const number_ = list.indexOf(rule) + 1;
  const [child, parent] = [rule.child, rule.parent].map((id) => all.find((model) => model.id === id));
  const voxel = activeDataset()?.voxelSizeAngstrom?.x;
  const counts = tally().find(({ model }) => model.id === rule.child);
  const isOn = working([rule], all).length > 0;
  const other = { child: rule.parent, parent: rule.child };
  // Who is chosen at one end and stands at the other changes places: between two models there is no other way to turn a rule around.
  const choose = (/** @type {"child" | "parent"} */ end, /** @type {number} */ model) => changeRule(rule, model === other[end] ? other : { [end]: model });
  const which = (/** @type {"child" | "parent"} */ end, /** @type {string} */ label) => html`<select class="field" aria-label=${label} onChange=${(/** @type {any} */ event) => choose(end, Number(event.target.value))}>
    ${all.map((model) => html`<option value=${model.id} selected=${model.id === rule[end]}>${model.title}</option>`)}</select>`;
  return html`<div class="insp col g scroll" style="min-height:0"><div class="sec stuck" style="height:40px"><h2 style="font-size:var(--fs-3)">Rule ${number_}</h2><span class="g"></span><button class="btn quiet danger" onClick=${() => deleteRule(rule)}>Remove</button></div><div class="pad">
    <div class="row s rulewords">${which("child", "The model that is changed")}<select class="field" aria-label="What the rule does" onChange=${(/** @type {any} */ event) => changeRule(rule, { kind: event.target.value })}>
      <option value="avoid" selected=${rule.kind === "avoid"}>avoids</option><option value="colocalize" selected=${rule.kind === "colocalize"}>only near</option></select>${which("parent", "The model that it is changed by")}</div>
    <${Slider} label="Radius" value=${rule.radiusNanometer} min=${0} max=${50} step=${0.5} otherwise=${10} text=${number(rule.radiusNanometer, 1)} unit="nm" onChange=${(/** @type {number} */ value, /** @type {boolean} */ isMoving) => changeRule(rule, { radiusNanometer: value }, isMoving)} />
    <${Slider} label="Above" value=${rule.threshold} min=${0} max=${1} step=${0.01} otherwise=${0.5} text=${number(rule.threshold, 2)} onChange=${(/** @type {number} */ value, /** @type {boolean} */ isMoving) => changeRule(rule, { threshold: Math.round(value * 1000) / 1000 }, isMoving)} />
    <p class="xs t3" style="margin:4px 0 8px">${sentence(rule, child?.title ?? "", parent?.title ?? "", voxel ? voxel / 10 : null)} ${isOn ? "" : "Not in effect: both models must be active."}
      ${isOn && counts && counts.before !== null ? `Here ${counts.model.title} has ${number(counts.pixels)} of ${counted(counts.before, "pixel")}.` : ""}</p>
    <${Graph} list=${list} all=${all} /></div></div>`;
}

/** A small picture of all rules. @param {{ list: Rule[], all: Model[] }} p */
function Graph({ list, all }) {
  const of = (/** @type {number} */ id) => all.find((model) => model.id === id);
  const drawn = graph(list, 288, (rule) => working([rule], all).length > 0);
  const told = list.map((rule) => `${of(rule.child)?.title} ${rule.kind === "avoid" ? "avoids" : "only near"} ${of(rule.parent)?.title}`).join("; ");
  const competing = all.filter((model) => layerFor(model, "competed", all, []) === "competed").map(({ title }) => title);
  return html`<svg class="chart rulegraph" viewBox=${`0 0 288 ${drawn.height}`} role="img" aria-label=${told}>
    <defs><marker id="arrowhead" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="var(--text-2)" /></marker></defs>
    ${drawn.arrows.map((arrow) => html`<path d=${arrow.path} fill="none" stroke=${arrow.rule === state.rule ? "var(--text)" : "var(--text-2)"} stroke-width=${arrow.rule === state.rule ? 2 : 1.3} stroke-dasharray=${arrow.isOn ? "none" : "3 3"} marker-end="url(#arrowhead)" />`)}
    ${drawn.nodes.map(({ id, x, y }) => html`<circle cx=${x} cy=${y} r="9" fill=${hex(of(id) ?? { red: 0.5, green: 0.5, blue: 0.5 })} stroke="var(--swatch-edge)" /><text x=${x} y=${y + 24} text-anchor="middle" class="who">${shortened(of(id)?.title ?? "")}</text>`)}
    ${drawn.arrows.map((arrow) => html`<text x=${arrow.at.x} y=${arrow.at.y} text-anchor="middle">${arrow.label}</text>`)}</svg>
    <p class="xs t3">${competing.length > 0 ? `${competing.join(", ")}: the highest value keeps the pixel` : "No competition: no model gives way to another's higher value"}</p>`;
}

/** @param {string} title */
const shortened = (title) => (title.length > 14 ? `${title.slice(0, 13)}…` : title);
