// Sheets of runs: a result, all results, logs, the look before a run, the script.

import { html, useEffect, useState, useTopics } from "./ui.js";
import { Icon } from "./icons.js";
import { Note } from "./controls.js";
import { outputLines } from "./run-page.js";
import * as api from "../api.js";
import { openSheet } from "../app/commands.js";
import { showDataset } from "../app/datasets.js";
import { showOnSlices } from "../app/run-results.js";
import { includeDatasets } from "../app/runs.js";
import { complain, state, tell } from "../app/state.js";
import { counted, percent } from "../model/units.js";

/** @import { RunRow } from "../model/runs.js" */

const project = () => state.project?.key ?? "";

/** @param {{ sheet: { run: number, row: RunRow } }} p */
export const ResultSheet = ({ sheet: { run, row } }) => html`<div class="pad col settings"><b class="m el">${row.name}</b>
  <img class="resultpicture" alt=${`Middle slice of ${row.name} with what was found`} src=${api.resultAddress(project(), run, row.task ?? "", 880)} />
  <button class="btn" onClick=${() => {
    const found = state.runs.find(({ id }) => id === run);
    if (found) void showOnSlices(found, row);
  }}>Show on the slices</button>
  ${row.warnings.map((warning) => html`<${Note} kind="warn">${warning}<//>`)}
  ${outputLines(row).map(({ title, path, size }) => html`<div class="job"><div class="row"><b class="m g el">${title}</b><span class="xs t3">${size}</span></div><a class="xs path" href=${api.downloadAddress(path)} download title="Download">${path}</a></div>`)}</div>`;

/** @param {{ sheet: { run: number } }} p */
export function ResultsSheet({ sheet }) {
  useTopics("runs");
  const run = state.runs.find(({ id }) => id === sheet.run);
  const done = (run?.tomograms ?? []).filter(({ state: now, task }) => now === "done" && task);
  const outputs = done.flatMap((row) => row.outputs.map(({ path }) => path));
  return html`<div class="pad col"><div class="row"><p class="s t2 g path">${counted(done.length, "tomogram")} in ${run?.output ?? ""}</p>
    ${outputs.length > 0 ? html`<button class="btn" title="From these segmentations to coordinates" onClick=${() => openSheet("picks", { paths: outputs, run: sheet.run })}>Pick particles…</button>` : null}</div><ul class="resultgrid scroll">${done.map((row) => html`<li key=${row.dataset}><button title=${row.path} onClick=${() => openSheet("result", { run: sheet.run, row })}>
    <img alt=${`Result in ${row.name}`} loading="lazy" decoding="async" src=${api.resultAddress(project(), sheet.run, row.task ?? "", 256)} /><span class="xs el">${row.name}</span></button></li>`)}</ul></div>`;
}

/** @param {{ sheet: { run: number, task: string | null, name: string } }} p */
export function LogSheet({ sheet: { run, task, name } }) {
  const [text, setText] = useState(/** @type {string | null} */ (null));
  useTopics("runs");
  const state_ = state.runs.find(({ id }) => id === run)?.fraction;
  useEffect(() => {
    let isWanted = true;
    api.runLog(project(), run, task).then((found) => isWanted && setText(found), complain);
    return () => {
      isWanted = false;
    };
  }, [run, task, state_]);
  return html`<div class="pad col"><p class="s t2">${name}</p><pre class="logtext scroll g" tabindex="0" aria-label=${`Log of ${name}`}>${text === null ? "Reading…" : text || "Nothing was said."}</pre></div>`;
}

/** @param {{ sheet: { script: string } }} p */
export const ScriptSheet = ({ sheet: { script } }) => html`<div class="pad col"><p class="s t2">Does the same in a terminal, on this machine or another that sees the files. Started again, it goes on where it stopped.</p><pre class="logtext scroll g" tabindex="0" aria-label="Script">${script}</pre>
  <div class="row"><button class="btn primary" onClick=${() => void navigator.clipboard?.writeText(script).then(() => tell("Copied"))}>Copy</button></div></div>`;

/** What a look at three slices of every tomogram showed. */
export function PreviewSheet() {
  useTopics("jobs");
  const job = state.jobs.find(({ kind }) => kind === "preview");
  const [found, setFound] = useState(/** @type {{ tomograms: { dataset: number | null, name: string, score: number, reasons: string[] }[] } | null} */ (null));
  const [picture, document] = job?.files ?? [];
  useEffect(() => {
    setFound(null);
    if (document) api.documentAt(document).then(setFound, complain);
  }, [document]);
  if (!job) return html`<div class="pad"><p class="s t3">Nothing was looked at yet.</p></div>`;
  if (job.state === "running" || job.state === "waiting") {
    return html`<div class="pad col settings"><p class="s t2">${job.title}</p><span class="prog" role="progressbar" aria-label=${job.title} aria-valuenow=${Math.round((job.fraction ?? 0) * 100)} style=${`--v:${(job.fraction ?? 0) * 100}%`}><i></i></span><span class="xs t3">${percent(job.fraction ?? 0)}</span>
      <button class="btn" onClick=${() => void api.cancelJob(project(), job.id).catch(complain)}>Cancel</button></div>`;
  }
  const strange = found?.tomograms.filter(({ score }) => score >= 20) ?? [];
  return html`<div class="pad col settings"><p class="s">${job.message ?? ""}</p>
    ${strange.map(({ dataset, name, reasons }) => html`<${Note} kind="warn"><b class="m">${name}</b> ${reasons[0] ?? ""}<div class="row" style="margin-top:6px">${dataset === null ? null : html`<button class="btn" onClick=${() => void showDataset(dataset)}>Look</button><button class="btn quiet" onClick=${() => includeDatasets([dataset], false)}>Leave out</button>`}</div><//>`)}
    ${picture ? html`<a href=${api.downloadAddress(picture)} download title="Download the sheet"><img class="resultpicture" alt="Three slices of every tomogram, the most suspicious first" src=${api.downloadAddress(picture)} /></a>` : null}
    ${found && strange.length === 0 ? html`<p class="row s ok"><${Icon} name="check" />Nothing strange in ${counted(found.tomograms.length, "tomogram")}.</p>` : null}</div>`;
}
