// From segmentations to coordinates: rules with a live count, pictures to judge them by, and picking in all tomograms.

import { html, useEffect, useTopics } from "./ui.js";
import { IconButton, Note, Segments, Slider, TextField } from "./controls.js";
import { Crops, Planes, Projection, Reading } from "./pick-pictures.js";
import { PickResult } from "./pick-result.js";
import { openSheet } from "../app/commands.js";
import { change, choose, chooseGroup, isInVoxels, level, lookFor, ofGroup, pickIn, picks, resume, show, stopAll } from "../app/picks.js";
import { changed, state } from "../app/state.js";
import { byFeature, folderOf, sentence, standardSmallest } from "../model/picks.js";
import { counted, number, parseNumber } from "../model/units.js";

/** @import { Method, Settings } from "../model/picks.js" */

/** @param {{ sheet: { folder?: string, paths?: string[], run?: number, isBack?: boolean } }} p */
export function PickSheet({ sheet }) {
  useTopics("picks", "jobs", "datasets", "runs");
  useEffect(() => {
    if (sheet.folder || sheet.paths || !picks.isListed) void lookFor(sheet);
    else resume();
    return stopAll;
  }, []);
  if (picks.isListed && picks.list.length === 0) return html`<${Nothing} />`;
  return html`<div class="picksheet"><div class="pickstage">
      <div class="opt"><${Segments} label="Pictures" value=${picks.view} options=${VIEWS} onChange=${show} /><span class="g"></span>
        <span class="t2 el">${picks.segmentation?.name ?? ""}</span></div>
      <div class="pickarea">${picks.view === "planes" ? html`<${Planes} />` : picks.view === "projection" ? html`<${Projection} />` : html`<${Crops} />`}<${Reading} /></div></div>
    <div class="pickrules scroll"><${Sources} run=${state.runs.find(({ id }) => id === sheet.run) ?? null} /><${Rules} /><${Picking} /></div></div>`;
}

const VIEWS = [{ value: "planes", name: "Planes" }, { value: "projection", name: "Projection" }, { value: "crops", name: "50 picks" }];

const Nothing = () => html`<div class="pad col settings" style="max-width:520px;gap:8px"><p>${picks.folder ? `No segmentation in ${picks.folder}.` : "No segmentation beside the tomograms of this project."}</p>
  <p class="s t2">Segmentations are named after tomogram and feature: TOMOGRAM__Feature.mrc. Run models over the tomograms, or choose a folder that has them.</p>
  ${picks.problem ? html`<${Note} kind="danger">${picks.problem.message}<//>` : null}
  <button class="btn primary big" style="align-self:flex-start" onClick=${() => openSheet("files", { purpose: "segmentations" })}>Choose a folder or file…</button></div>`;

/** What of a run there is to pick from. @param {import("../model/runs.js").Run} run */
function soFar({ id, counts }) {
  if (counts.done >= counts.all) return "";
  const done = `Run ${id} has finished ${number(counts.done)} of its ${counted(counts.all, "tomogram")}.`;
  return counts.running + counts.waiting > 0 ? `${done} The others can be picked from when they are done.` : done;
}

/** Which feature, and on which tomogram it is looked at. @param {{ run: import("../model/runs.js").Run | null }} p */
function Sources({ run }) {
  const groups = [...byFeature(picks.list)];
  const folders = new Set(picks.list.map(({ path }) => folderOf(path))).size;
  const here = ofGroup();
  const at = here.findIndex(({ path }) => path === picks.segmentation?.path);
  const step = (/** @type {number} */ by) => here.length > 0 && choose(here[(at + by + here.length) % here.length]);
  return html`<div class="sec"><h2>Results <span>${picks.folder?.split("/").at(-1) ?? ""}</span></h2><span class="g"></span>
      <${IconButton} icon="reset" title="Look again which segmentations there are" kind="sm" onClick=${() => void lookFor({ folder: picks.folder ?? undefined })} />
      <${IconButton} icon="folder" title="Other segmentations…" kind="sm" onClick=${() => openSheet("files", { purpose: "segmentations" })} /></div>
    <ul class="layerlist scroll" role="listbox" aria-label="Features of the segmentations">${groups.map(([group, list]) => html`<li class=${`lay ${group === picks.group ? "on" : ""}`} style="--c:var(--f2)" role="option" aria-selected=${group === picks.group} tabindex="0" title=${folderOf(list[0].path)} onClick=${() => chooseGroup(group)}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Enter" && chooseGroup(group)}><span class="sw vol"></span><span class="nm g el">${list[0].feature}${folders > 1 ? html` <span class="t3 xs">${folderOf(list[0].path).split("/").at(-1)}</span>` : null}</span><span class="v">${counted(list.length, "tomogram")}</span></li>`)}</ul>
    <div class="row pad s" style="padding-top:6px"><${IconButton} icon="left" title="Previous tomogram" kind="sm" onClick=${() => step(-1)} />
      <select class="field g" style="max-width:none" aria-label="Tomogram" value=${picks.segmentation?.path} onChange=${(/** @type {any} */ event) => choose(here.find(({ path }) => path === event.target.value) ?? null)}>
        ${here.map(({ path, tomogram }) => html`<option value=${path} selected=${path === picks.segmentation?.path}>${tomogram}</option>`)}</select>
      <${IconButton} icon="right" title="Next tomogram" kind="sm" onClick=${() => step(1)} /></div>
    ${run && soFar(run) ? html`<p class="pad xs t3" style="padding-top:0">${soFar(run)}</p>` : null}`;
}

const METHODS = [{ value: "particles", name: "Particles" }, { value: "filaments", name: "Filaments", title: "Points along filaments" }, { value: "surface", name: "Surface", title: "Points on membranes" }];

/** What counts as a particle. */
function Rules() {
  const { settings } = picks;
  const inPixels = isInVoxels();
  const [unit, volume, digits] = inPixels ? ["px", "px", 0] : ["nm", "nm³", 1];
  const isCurve = settings.method !== "particles";
  const length = (/** @type {"spacing" | "margin" | "minimumLength"} */ name, /** @type {string} */ label, /** @type {number} */ most, /** @type {number} */ least = 0) => html`<${Slider} label=${label} value=${settings[name]} min=${least} max=${most}
    step=${inPixels ? 1 : 0.5} isLog=${least > 0} otherwise=${name === "spacing" ? 10 : name === "margin" ? 0 : 50} text=${number(settings[name], digits)} unit=${unit} onChange=${(/** @type {number} */ value) => change({ [name]: value })} />`;
  const smallest = settings.smallest ?? standardSmallest(settings.spacing);
  return html`<div class="sec line"><h2 class="row" style="gap:8px"><span class="sw vol" style="--c:var(--f2)"></span>${picks.segmentation?.feature ?? "Rules"}</h2></div>
    <${Spread} />
    <div class="pad">
      <${Slider} label="Level" value=${settings.isAutomatic ? level() / 255 : settings.level} min=${0.02} max=${0.99} step=${0.01} otherwise=${0.5} text=${number(settings.isAutomatic ? level() / 255 : settings.level, 2)}
        onChange=${(/** @type {number} */ value) => change({ level: Math.round(value * 100) / 100, isAutomatic: false })} />
      <${Segments} full=${true} label="Method" value=${settings.method} options=${METHODS} onChange=${(/** @type {Method} */ method) => change({ method })} /></div>
    <div class="sec line"><h2>${isCurve ? "Points" : "Particles"} <span>${picks.found && !picks.isStale ? `${number(picks.found.count)} in this tomogram` : ""}</span></h2></div>
    <div class="pad">${length("spacing", isCurve ? "Every" : "Spacing", 100, 1)}
      ${settings.method === "filaments" ? length("minimumLength", "Shortest", 500, 5) : html`<${Slider} label="Smallest" value=${Math.max(1, smallest)} min=${1} max=${1e6} step=${1} isLog=${true} text=${number(smallest, smallest < 10 ? 1 : 0)} unit=${volume}
        onChange=${(/** @type {number} */ value) => change({ smallest: value })} />`}
      ${settings.method === "surface" ? html`<div class="row s pickrow"><span class="t2 lab">Normals</span><${Segments} label="Normals" value=${settings.normals} options=${[{ value: "outward", name: "Out" }, { value: "inward", name: "In" }, { value: "z", name: "Up" }]} onChange=${(/** @type {Settings["normals"]} */ normals) => change({ normals })} /></div>` : null}
      <details class="pickmore"><summary class="s t2">Margin, limit, binning, orientation</summary>
        ${length("margin", "Margin", 50)}
        <div class="row s pickrow"><span class="t2 lab">At most</span><${TextField} label="At most" kind="num" value=${settings.limit === null ? "" : number(settings.limit)} placeholder="all" onCommit=${(/** @type {string} */ text) => {
          const limit = parseNumber(text);
          change({ limit: limit !== null && limit >= 1 ? Math.round(limit) : null });
        }} /><span class="t3">the heaviest of each tomogram</span></div>
        <div class="row s pickrow"><span class="t2 lab">Binning</span><${Segments} label="Binning" value=${String(settings.binning)} options=${["1", "2", "4"].map((value) => ({ value, name: value }))} onChange=${(/** @type {string} */ value) => change({ binning: Number(value) })} /></div>
        ${isCurve ? null : html`<div class="row s pickrow"><span class="t2 lab">Angles</span><${Segments} label="Angles" value=${settings.orientation} options=${[{ value: "", name: "None" }, { value: "long-axis", name: "Rods" }, { value: "normal", name: "Discs" }]} onChange=${(/** @type {Settings["orientation"]} */ orientation) => change({ orientation })} /></div>`}
      </details>
      <${Count} /></div>`;
}

/** How the values of the segmentation are spread, on a logarithmic scale, with the level. */
function Spread() {
  const counts = picks.analysis?.histogram ?? [];
  if (counts.length === 0) return html`<div class="pad"><div class="pickspread"></div></div>`;
  const bars = Array.from({ length: 64 }, (_, bar) => counts.slice(4 * bar, 4 * bar + 4).reduce((sum, count) => sum + count, 0));
  const top = Math.log1p(Math.max(...bars));
  const at = level() / 4;
  return html`<div class="pad"><svg class="pickspread" viewBox="0 0 64 20" preserveAspectRatio="none" role="img" aria-label=${`Values of the segmentation; the level is at ${number(level())} of 255`}>
    ${bars.map((count, bar) => html`<rect x=${bar + 0.1} width="0.8" y=${20 - (20 * Math.log1p(count)) / top} height=${(20 * Math.log1p(count)) / top} fill=${bar >= at ? "var(--f2)" : "var(--text-3)"} opacity=${bar >= at ? 1 : 0.5} />`)}
    <path d=${`M${at} 0V20`} stroke="var(--text)" stroke-width="0.4" vector-effect="non-scaling-stroke" style="stroke-width:1.5px" /></svg></div>`;
}

/** What is kept and what is dropped, and why. */
function Count() {
  const { found, problem } = picks;
  if (problem) return html`<${Note} kind="danger">${problem.message}<//>`;
  if (!found) return html`<div class="note plain"><span class="t3">Reading…</span></div>`;
  const { kept, rest } = sentence(found, picks.settings, isInVoxels());
  return html`<div class=${`note plain pickcount ${picks.isStale ? "late" : ""}`} role="status"><span class="g"><b>${kept}</b>${rest}${found.warnings.map((warning) => html`<br /><span class="warn">${warning}</span>`)}</span></div>`;
}

/** Formats by what they are for. */
const FORMATS = [
  ["ais", "STAR, voxels"], ["relion5", "RELION 5"], ["relion4", "RELION 4"], ["relion3.1", "RELION 3.1"], ["relion3", "RELION 3"], ["warp", "Warp, M"], ["imod", "IMOD, 3dmod"], ["dynamo", "Dynamo"], ["stopgap", "STOPGAP"],
  ["eman2", "EMAN2"], ["copick", "copick"], ["portal", "Data Portal"], ["csv", "CSV"], ["txt", "Text"],
];
const NEEDS_TABLE = ["relion5", "relion4"];

/** Into which files, and go. */
function Picking() {
  const all = ofGroup().length;
  const needsTable = NEEDS_TABLE.includes(picks.format);
  const cannot = !picks.found || (needsTable && !picks.tomogramsStar);
  const set = (/** @type {Partial<typeof picks>} */ fields) => {
    Object.assign(picks, fields);
    changed("picks");
  };
  return html`<div class="pad col" style="gap:8px"><div class="row s pickrow"><span class="t2 lab">For</span><select class="field g" style="max-width:none" aria-label="Format" value=${picks.format} onChange=${(/** @type {any} */ event) => set({ format: event.target.value })}>
      ${FORMATS.map(([value, name]) => html`<option value=${value} selected=${value === picks.format}>${name}</option>`)}</select></div>
    ${needsTable ? html`<div class="row s pickrow"><span class="t2 lab">Table</span><${TextField} label="tomograms.star" kind="g" placeholder="tomograms.star" value=${picks.tomogramsStar} onCommit=${(/** @type {string} */ text) => set({ tomogramsStar: text.trim() })} />
      <${IconButton} icon="folder" title="Choose tomograms.star…" kind="sm" onClick=${() => openSheet("files", { purpose: "tomograms-star" })} /></div>` : null}
    <div class="row s pickrow"><span class="t2 lab">Into</span><${TextField} label="Folder for the lists" kind="g" placeholder="a new folder of the project" value=${picks.output} onCommit=${(/** @type {string} */ text) => set({ output: text.trim() })} /></div>
    <div class="row"><button class="btn primary g" aria-disabled=${cannot} onClick=${() => !cannot && void pickIn(true)}>Pick in ${all === 1 ? "this tomogram" : `all ${number(all)}`}</button>
      ${all > 1 ? html`<button class="btn" aria-disabled=${cannot} onClick=${() => !cannot && void pickIn(false)}>Only here</button>` : null}</div>
    <p class="xs t3">${needsTable && !picks.tomogramsStar ? "This format counts in unbinned pixels: choose the tomograms.star of the RELION project." : "Each list says what its numbers count, and is read again before it is called done."}</p>
    <${PickResult} /></div>`;
}

