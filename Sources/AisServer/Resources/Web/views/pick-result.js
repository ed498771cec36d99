// What picking wrote: where the lists are, what their numbers mean, and how other programs take them.

import { html, useEffect, useRef, useTopics } from "./ui.js";
import { Icon } from "./icons.js";
import { Note } from "./controls.js";
import * as api from "../api.js";
import { ground, picks } from "../app/picks.js";
import { complain, state, tell } from "../app/state.js";
import { conversion, folderOf } from "../model/picks.js";
import { counted, duration, number, percent } from "../model/units.js";

/** @typedef {{ segmentation: string, tomogram: string, path: string, sheet: string | null, script: string | null, particles: number | null, wasThere: boolean, failure: string | null, warnings: string[] }} List */
/** @typedef {{ folder: string, particles: number, noun: string, format: string, frame: string | null, deviationVoxels: number, lists: List[], relion: { path: string, command: string } | null }} Details */

/** The job that this sheet started last, or that was there when it was opened. */
export function PickResult() {
  useTopics("jobs", "picks");
  const job = state.jobs.find(({ id }) => id === picks.job) ?? state.jobs.find(({ kind }) => kind === "pick");
  if (!job) return null;
  if (["running", "waiting"].includes(job.state)) {
    return html`<div class="job" role="status"><div class="row"><span class="g el">${job.title}</span><span class="xs t3">${job.state === "running" ? percent(job.fraction ?? 0) : "waiting"}</span>
        <button class="btn quiet" onClick=${() => void api.cancelJob(state.project?.key ?? "", job.id).catch(complain)}>Cancel</button></div>
      <span class="prog" role="progressbar" aria-label=${job.title} aria-valuenow=${Math.round((job.fraction ?? 0) * 100)} style=${`--v:${(job.fraction ?? 0) * 100}%`}><i></i></span>
      <span class="xs t3">${job.message ?? ""}${job.secondsLeft ? ` · ${duration(job.secondsLeft)} left` : ""}</span></div>`;
  }
  if (job.state === "failed") return html`<${Note} kind="danger">${job.message}<//>`;
  const details = /** @type {Details | null} */ (job.details ?? null);
  return job.state === "done" && details ? html`<${Written} key=${job.id} details=${details} message=${job.message ?? ""} isNew=${job.id === picks.job} />` : html`<p class="s t3">Stopped. Lists that were finished are kept.</p>`;
}

/** @param {{ details: Details, message: string, isNew: boolean }} p  whether it was asked for in this sheet, and is to be seen */
function Written({ details, message, isNew }) {
  const root = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    if (isNew) root.current?.scrollIntoView({ block: "nearest" });
  }, []);
  const scripts = details.lists.filter(({ script, failure }) => script && !failure);
  return html`<div class="job pickdone" ref=${root}><p class="row s ok" style="align-items:flex-start"><${Icon} name="check" /><span style="color:var(--text)">${message}</span></p>
    <div class="xs t3">In <span class="path">${details.folder}</span> <button class="linkish" onClick=${() => copy(details.folder, "The path")}>Copy the path</button></div>
    ${details.relion ? html`<${Line} title="Into RELION 5, in the folder of its project" text=${details.relion.command} />` : details.format === "relion5" ? null : html`<${Line} title="For RELION 5: convert with its tomograms.star, or choose RELION 5 above" text=${conversion(details, folderOf(ground()?.path ?? ""))} />`}
    ${scripts.length > 0 ? html`<${Line} title="In ChimeraX, tomogram, segmentation and picks" text=${`open "${scripts[0].script}"`} />` : null}
    <ul class="picklists scroll" aria-label="Lists">${details.lists.map((list) => html`<${ListRow} key=${list.path} list=${list} noun=${details.noun} />`)}</ul>
    <span class="xs t3">${number(details.lists.length)} ${details.lists.length === 1 ? "list" : "lists"}. Beside each lies how it was made (.json).</span></div>`;
}

/** @param {{ list: List, noun: string }} p */
function ListRow({ list, noun }) {
  const link = (/** @type {string | null} */ path, /** @type {string} */ name) => (path ? html`<a href=${api.downloadAddress(path)} download title=${path}>${name}</a>` : null);
  const name = html`<span class="g el" title=${list.path}>${list.tomogram}</span>`;
  if (list.failure) return html`<li class="col"><div class="row s">${name}<span class="bad xs"><${Icon} name="warning" /></span></div><span class="xs bad path">${list.failure}</span></li>`;
  return html`<li class="col"><div class="row s">${name}<span class="t3 xs">${list.particles === null ? "was there" : counted(list.particles, noun)}</span></div>
    <div class="row">${link(list.path, "List")}${link(list.script, "ChimeraX")}${link(list.sheet, "Sheet")}</div></li>`;
}

/** A line for another program, to be copied. @param {{ title: string, text: string }} p */
const Line = ({ title, text }) => html`<div class="pickline"><span class="xs t3">${title}</span><div class="row" style="align-items:flex-start"><code class="xs g path">${text}</code><button class="btn" onClick=${() => copy(text, "The line")}>Copy</button></div></div>`;

/** @param {string} text @param {string} what */
function copy(text, what) {
  navigator.clipboard.writeText(text).then(() => tell(`${what} is copied`), () => complain(`The browser does not let this page copy. Mark the text and copy it: ${text}`));
}
