// Sheets of one task each: jobs, a tomogram's particulars, paths, export, check-up.

import { html, useEffect, useState, useTopics } from "./ui.js";
import { Icon } from "./icons.js";
import { Note, TextField } from "./controls.js";
import * as api from "../api.js";
import { closeSheet, openSheet } from "../app/commands.js";
import { chooseVersion, showDataset, startExport } from "../app/datasets.js";
import { openPaths } from "../app/navigation.js";
import { edit, undoOrRedo } from "../app/project.js";
import { activeDataset, complain, datasets, features, state, tell, versions } from "../app/state.js";
import { stop } from "../app/training.js";
import { isGoing, stage } from "../model/training.js";
import { counted, duration, number, parseLength, percent, shape } from "../model/units.js";

export function JobsSheet() {
  useTopics("jobs", "training");
  const { jobs } = state;
  const trainings = state.trainings.filter(isGoing);
  return html`<div class="pad col"><ul class="scroll col" style="gap:8px">${trainings.map((training) => html`<li class="job"><div class="row"><span class="g el">Training ${training.title}</span><span class="xs t3">${percent(training.fraction)}</span>
      <button class="btn quiet" onClick=${() => void stop(training, true)}>Stop and keep best</button></div>
    <span class="prog" role="progressbar" aria-label=${`Training ${training.title}`} aria-valuenow=${Math.round(training.fraction * 100)} style=${`--v:${training.fraction * 100}%`}><i></i></span>
    <span class="xs t3">${stage(training)}${training.secondsLeft ? `, ${duration(training.secondsLeft)} left` : ""}</span></li>`)}${jobs.map((job) => html`<li class="job"><div class="row"><span class="g el">${job.title}</span>
      <span class=${`xs ${job.state === "failed" ? "bad" : job.state === "done" ? "ok" : "t3"}`}>${job.state === "running" ? percent(job.fraction ?? 0) : job.state}</span>
      ${["running", "waiting"].includes(job.state) ? html`<button class="btn quiet" onClick=${() => void api.cancelJob(state.project?.key ?? "", job.id).catch(complain)}>Cancel</button>` : null}</div>
    ${job.state === "running" ? html`<span class="prog" role="progressbar" aria-label=${job.title} aria-valuenow=${Math.round((job.fraction ?? 0) * 100)} style=${`--v:${(job.fraction ?? 0) * 100}%`}><i></i></span>` : null}
    <span class="xs t3">${job.message ?? ""}${job.secondsLeft ? ` ${duration(job.secondsLeft)} left` : ""}</span>
    ${(job.files ?? []).map((path) => html`<a class="s el" href=${api.downloadAddress(path)} download title=${path}>${path.split("/").at(-1)}</a>`)}</li>`)}
    ${jobs.length === 0 && trainings.length === 0 ? html`<li class="t3 s">Nothing is running. Trainings, imports, exports and copies are listed here.</li>` : null}</ul></div>`;
}

export function TomogramSheet() {
  useTopics("datasets");
  const dataset = activeDataset();
  if (!dataset) return null;
  const size = dataset.voxelSizeAngstrom;
  const set = (/** @type {string} */ text) => {
    const length = parseLength(text, null, "A");
    if (length === null || length <= 0) complain(`'${text}' is no voxel size. Type a length such as 13.48 Å or 1.348 nm.`);
    else edit([{ kind: "change-dataset", dataset: dataset.id, voxelSizeAngstrom: size ? { z: (size.z / size.x) * length, y: (size.y / size.x) * length, x: length } : { z: length, y: length, x: length } }], "voxel size");
  };
  return html`<div class="pad col settings">
    <div class="settingrow"><span class="g">Name</span><${TextField} label="Name" value=${dataset.name} onCommit=${(/** @type {string} */ name) => name.trim() && edit([{ kind: "change-dataset", dataset: dataset.id, name: name.trim() }], "rename of a tomogram")} /></div>
    <div class="settingrow"><span class="col g"><span>Voxel size</span><span class="xs t3">Å, or with another unit: 1.348 nm</span></span><${TextField} label="Voxel size" kind="num" value=${size ? number(size.x, 4) : ""} placeholder="unknown" unit="Å" onCommit=${set} /></div>
    ${size && (Math.abs(size.z - size.x) > 1e-4 || Math.abs(size.y - size.x) > 1e-4) ? html`<p class="s t3">x ${number(size.x, 4)}, y ${number(size.y, 4)}, z ${number(size.z, 4)} Å</p>` : null}
    <div class="settingrow"><span class="g">Size</span><span>${shape(dataset.shape)}</span></div>
    <h3 class="s b">Versions</h3>
    ${versions(dataset.id).map((version) => html`<div class="job"><div class="row"><b class="m g el">${version.title}</b><span class=${`xs ${version.state === "ok" ? "t3" : "bad"}`}>${version.state === "ok" ? shape(version.shape) : version.state}</span></div>
      <span class="xs t3 path" title=${version.path}>${version.path}</span>${version.reason ? html`<span class="xs bad">${version.reason}</span>` : null}
      <div class="row"><button class="btn" onClick=${() => openSheet("files", { purpose: "relink", version: version.id })}>Find the file…</button>
        <button class="btn quiet danger" onClick=${() => edit([{ kind: "remove-version", version: version.id }], "removing a version")}>Remove</button></div></div>`)}
    <button class="btn" onClick=${() => openSheet("files", { purpose: "version" })}>Add a version…</button></div>`;
}

/** Files that were taken for versions of one tomogram by their names: somebody says whether they are. @param {{ sheet: { datasets?: number[] } }} p */
export function VersionsSheet({ sheet }) {
  useTopics("datasets");
  const list = datasets().filter(({ id }) => sheet.datasets?.includes(id) && versions(id).length > 1);
  const separate = (/** @type {import("../model/types.js").Version} */ version, /** @type {string} */ name) => {
    edit([{ kind: "separate-version", version: version.id }], `${version.title} is no version of ${name}`);
    tell(`${version.title} is a tomogram of its own now`, { title: "Undo", run: () => undoOrRedo("undo") });
  };
  return html`<div class="pad col settings"><p class="s t2">By their names these files show the same tomogram. One key (R) flips between them at the same place, and they share all annotations.</p>
    ${list.map((dataset) => html`<div class="job"><b class="m el">${dataset.name}</b>${versions(dataset.id).map((version) => html`<div class="row s"><span class="col g" style="min-width:0"><span>${version.title}</span><span class="xs t3 path">${version.path}</span></span>
      <button class="btn quiet" onClick=${() => void showDataset(dataset.id).then(() => chooseVersion(version.id))}>Look</button>
      ${versions(dataset.id)[0].id === version.id ? null : html`<button class="btn" onClick=${() => separate(version, dataset.name)}>Not the same</button>`}</div>`)}</div>`)}
    ${list.length === 0 ? html`<p class="s t3">Every tomogram has one version now.</p>` : null}
    <button class="btn primary big" onClick=${closeSheet}>${list.length === 0 ? "Close" : "They are the same"}</button></div>`;
}

/** What the program is and where more is told. */
export const AboutSheet = () => html`<div class="pad col settings"><p>Ais ${state.session?.version ?? ""}: segmentation of cryo-electron tomograms.</p>
  <p class="s">The manual is in the folder <code>docs</code> beside the program's source; <code>ais help</code> in a terminal tells the rest.</p>
  <p class="s t2">Licence: Apache-2.0. The files of others on this page: <a href="/vendor/LICENCES.txt" target="_blank">licences</a>.</p>
  <button class="btn" onClick=${() => openSheet("keys")}>Keys and help</button></div>`;

/** The project under another name: as a copy to try something in, or to give away. */
export function CopySheet() {
  const path = state.project?.path ?? "";
  const [name, setName] = useState(`${path.replace(/\.ais$/, "")} copy.ais`);
  const [isBusy, setBusy] = useState(false);
  const save = () => {
    if (isBusy) return;
    setBusy(true);
    api.copyProject(state.project?.key ?? "", name.trim()).then(({ path: written }) => {
      closeSheet();
      tell(`Saved as ${written}. You go on in ${state.project?.name}.`, { title: "Open the copy", run: () => void openPaths([written]) });
    }, complain).finally(() => setBusy(false));
  };
  return html`<div class="pad col settings"><p class="s t2">Everything that was annotated, with its history, goes into the new folder. Tomograms stay where they are.</p>
    <label class="col s"><span>New folder</span><textarea class="field area" rows="3" aria-label="New folder" spellcheck="false" value=${name} onInput=${(/** @type {any} */ event) => setName(event.target.value)}></textarea></label>
    <button class="btn primary big" aria-disabled=${isBusy} onClick=${save}>${isBusy ? "Saving…" : "Save the copy"}</button></div>`;
}

export function PathsSheet() {
  useTopics("datasets");
  const [find, setFind] = useState("");
  const [replace, setReplace] = useState("");
  const [matches, setMatches] = useState(/** @type {{ from: string, to: string, exists: boolean }[]} */ ([]));
  const project = state.project?.key ?? "";
  useEffect(() => {
    if (!find) {
      setMatches([]);
      return;
    }
    let isWanted = true;
    const timer = setTimeout(() => api.replacePaths(project, { find, replace, apply: false }).then(({ matches: found }) => isWanted && setMatches(found), complain), 200);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [find, replace]);
  const found = matches.filter(({ exists }) => exists).length;
  const field = (/** @type {string} */ label, /** @type {string} */ value, /** @type {(text: string) => void} */ set) => html`<div class="settingrow"><span style="width:72px">${label}</span><label class="field g"><input aria-label=${label} value=${value} spellcheck="false" onInput=${(/** @type {any} */ event) => set(event.target.value)} /></label></div>`;
  return html`<div class="pad col settings">${field("Find", find, setFind)}${field("Replace by", replace, setReplace)}
    ${find ? null : html`<table class="tbl paths"><thead><tr><th>Tomogram</th><th>File</th></tr></thead><tbody>${datasets().flatMap((dataset) => versions(dataset.id).map((version) => html`<tr class=${dataset.id === state.dataset ? "on" : ""} onClick=${() => void showDataset(dataset.id)}>
      <td><button class="linkish">${dataset.name}</button></td><td class=${`xs path ${version.state === "missing" ? "bad" : "t3"}`}>${version.state === "missing" ? html`<${Icon} name="warning" />` : null}${version.path}</td></tr>`)).slice(0, 1000)}</tbody></table>`}
    <p class="s t2">${find ? `${counted(matches.length, "path")} would change; ${number(found)} of the new ones are there.` : "The part to find is shown in all paths that have it."}</p>
    <ul class="scroll files">${matches.slice(0, 300).map(({ from, to, exists }) => html`<li class="col pathrow"><span class="xs t3 path">${from}</span><span class=${`xs path ${exists ? "ok" : "bad"}`}><${Icon} name=${exists ? "check" : "warning"} />${to}</span></li>`)}</ul>
    <button class="btn primary big" aria-disabled=${matches.length === 0} onClick=${() => matches.length > 0 && void api.replacePaths(project, { find, replace, apply: true }).then(() => {
      closeSheet();
      tell(`Replaced in ${counted(matches.length, "path")}`);
    }, complain)}>Replace in ${counted(matches.length, "path")}</button></div>`;
}

/** @param {{ sheet: { feature?: number } }} p */
export function ExportSheet({ sheet }) {
  useTopics("features");
  const [feature, setFeature] = useState(sheet.feature ?? state.feature);
  const own = features();
  const title = own.find(({ id }) => id === feature)?.title ?? "";
  const start = (/** @type {string} */ kind, /** @type {object} */ fields = {}) => void startExport({ kind, dataset: state.dataset, feature, ...fields });
  const row = (/** @type {string} */ name, /** @type {string} */ hint, /** @type {() => void} */ run) => html`<button class="choice" onClick=${run}><${Icon} name="import" /><span class="col g"><b class="m">${name}</b><span class="xs t3">${hint}</span></span></button>`;
  return html`<div class="pad col settings"><div class="settingrow"><span class="g">Feature</span><select class="field" aria-label="Feature" value=${feature} onChange=${(/** @type {any} */ event) => setFeature(Number(event.target.value))}>${own.map(({ id, title: name }) => html`<option value=${id} selected=${id === feature}>${name}</option>`)}</select></div>
    ${own.length === 0 ? html`<p class="s t3">There is no feature yet.</p>` : html`
    ${row("Boxes of this tomogram", `Coordinates of ${title}: text, x y z in voxels`, () => start("boxes"))}
    ${row("This slice", "Picture and mask, MRC", () => start("slice", { slice: state.slice }))}
    ${row("Annotation volume", `Masks of ${title} in all slices, MRC of the tomogram's size`, () => start("volume"))}
    ${row("Annotations for the earlier program", "All features and boxes of this tomogram, .scns", () => start("scns"))}
    ${row("Annotations and tomogram in one file", "The same with all voxels inside, as large as the tomogram", () => start("scns", { includesTomogram: true }))}`}
    <p class="xs t3">Files are written beside the project; the list of jobs has links to download them.</p></div>`;
}

export function CheckupSheet() {
  const [findings, setFindings] = useState(/** @type {{ code: string, severity: string, message: string, remedy: any }[] | null} */ (null));
  const dataset = activeDataset();
  const look = () => {
    if (dataset) api.checkup(state.project?.key ?? "", dataset.id).then(({ findings: found }) => state.dataset === dataset.id && setFindings(found), complain);
  };
  useEffect(() => {
    setFindings(null);
    look();
  }, [dataset?.id]);
  return html`<div class="pad col settings"><p class="s t2">${dataset?.name ?? ""}</p>
    ${findings === null ? html`<p class="s t3">Reading the file…</p>` : findings.length === 0 ? html`<p class="row s ok"><${Icon} name="check" />Nothing to mend.</p>` : findings.map((finding) => html`<${Note} kind=${finding.severity === "error" ? "danger" : finding.severity === "warning" ? "warn" : "plain"}>${finding.message}
      ${finding.remedy ? html`<div style="margin-top:6px"><button class="btn" onClick=${() => void api.mend(state.project?.key ?? "", dataset?.id ?? 0, finding.remedy).then(() => {
        tell("Mended", null);
        look();
      }, complain)}>${finding.remedy.title ?? "Mend"}</button></div>` : null}<//>`)}</div>`;
}
