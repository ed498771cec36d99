// The task Run: every tomogram with how far it is, and below them the queue of runs.

import { html, useEffect, useRef, useState, useTopics } from "./ui.js";
import { Icon } from "./icons.js";
import { IconButton, Segments, TextField } from "./controls.js";
import { Toasts } from "./toast.js";
import * as api from "../api.js";
import { openSheet } from "../app/commands.js";
import { showDataset } from "../app/datasets.js";
import { edit } from "../app/project.js";
import { actOnRun, includeDatasets, leaveRun, limitDataset, runCounts, runModels, showLog, showRun, startFromRecipe } from "../app/runs.js";
import { changed, complain, datasets, state, versions } from "../app/state.js";
import { hex } from "../model/palette.js";
import { actionsOf, arranged, isLive, placeWords, progressWords, typedRange } from "../model/runs.js";
import { visibleRange } from "../model/search.js";
import { byteCount, counted, duration, moment, number, parseLength, percent, shape, voxelSize } from "../model/units.js";

/** @import { Dataset } from "../model/types.js" */
/** @import { Problem, Run, RunRow } from "../model/runs.js" */

const ROW = 30;

export const chosenRun = () => state.runs.find(({ id }) => id === state.run) ?? null;

export function RunPage() {
  useTopics("runs", "datasets", "models", "ui");
  const run = chosenRun();
  return html`<main class="runpage" aria-label="Runs" data-region>${run ? html`<${RunBar} run=${run} />` : html`<${SetupBar} />`}
    ${run ? html`<${RunTable} key=${run.id} run=${run} />` : html`<${SetupTable} key="setup" />`}<${Queue} /><${Toasts} /></main>`;
}

const Search = () => html`<label class="field search runsearch"><${Icon} name="search" /><input aria-label="Search the tomograms of the run" placeholder="Name, path, state…" value=${state.runSearch} spellcheck="false" onInput=${(/** @type {any} */ event) => {
  state.runSearch = event.target.value;
  changed("runs");
}} /></label>`;

function SetupBar() {
  const all = datasets().length;
  const { ready, hindered } = runCounts();
  return html`<div class="opt"><${Search} /><span class="g"></span><span class="t2"><b class="m">${number(ready)}</b> of ${counted(all, "tomogram")} in the next run${hindered > 0 ? `; ${counted(hindered, "needs you", "need you")}` : ""}</span></div>`;
}

/** @param {{ run: Run }} p */
function RunBar({ run }) {
  const { counts } = run;
  const options = /** @type {{ value: string, name: string }[]} */ ([
    { value: "all", name: `All ${number(counts.all)}` }, { value: "done", name: `Done ${number(counts.done)}` }, { value: "running", name: `Running ${number(counts.running)}` },
    { value: "waiting", name: `Waiting ${number(counts.waiting)}` }, { value: "failed", name: `Needs you ${number(counts.failed)}` },
  ]);
  return html`<div class="opt"><${Search} /><${Segments} label="Which tomograms" value=${state.runFilter} options=${options} onChange=${(/** @type {any} */ value) => {
      state.runFilter = value;
      changed("runs");
    }} /><span class="g"></span><span class="t2 wide-only"><b class="m">${number(counts.done)}</b> of ${counted(counts.all, "tomogram")} done</span>
    <span class="prog wide-only" role="progressbar" aria-label=${`Run ${run.id}`} aria-valuenow=${Math.round(run.fraction * 100)} style=${`width:140px;--v:${run.fraction * 100}%`}><i></i></span></div>`;
}

/** A table of which only the rows in view are there. @param {{ label: string, head: unknown, rows: unknown[], columns: number, draw: (row: any) => unknown }} p */
function LongTable({ label, head, rows, columns, draw }) {
  const root = useRef(/** @type {HTMLElement | null} */ (null));
  const [scroll, setScroll] = useState({ top: 0, room: 480 });
  useEffect(() => {
    const element = root.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setScroll({ top: element.scrollTop, room: element.clientHeight }));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const { first, last } = visibleRange(rows.length, ROW, scroll.top, scroll.room);
  const gap = (/** @type {number} */ count) => (count > 0 ? html`<tr class="gap" aria-hidden="true"><td colspan=${columns} style=${`height:${count * ROW}px`}></td></tr>` : null);
  return html`<div class="scroll g" ref=${root} onScroll=${(/** @type {any} */ event) => setScroll({ top: event.target.scrollTop, room: event.target.clientHeight })}>
    <table class="tbl runs" aria-label=${label} aria-rowcount=${rows.length}><thead><tr>${head}</tr></thead><tbody>${gap(first)}${rows.slice(first, last).map(draw)}${gap(rows.length - last)}</tbody></table></div>`;
}

/** @param {{ title: string, red: number, green: number, blue: number }} model */
const ModelHead = (model) => html`<th class="st" style=${`--c:${hex(model)}`}><span class="row" style="gap:6px"><span class="sw model"></span><span class="el">${model.title}</span></span></th>`;

/** @param {number} id @param {number} version */
function thumbnail(id, version) {
  const own = versions(id);
  const shown = own.find((one) => one.id === version) ?? own[0];
  return html`<img class="thumb" alt="" width="22" height="22" loading="lazy" decoding="async" src=${shown?.state === "ok" ? api.thumbnailAddress(state.project?.key ?? "", id, shown.key, 72) : undefined} onError=${(/** @type {any} */ event) => event.target.removeAttribute("src")} />`;
}

// MARK: The next run

function SetupTable() {
  const list = datasets();
  const wanted = state.runSearch.trim().toLowerCase();
  const rows = list.filter(({ name }) => !wanted || name.toLowerCase().includes(wanted));
  const { ticked } = runModels();
  const included = rows.filter(({ id }) => !state.runSetup.excluded.has(id)).length;
  const isAll = included === rows.length;
  const forecast = new Map(state.runForecast?.found?.tomograms.map((row) => [row.dataset, row]) ?? []);
  const head = html`<th style="width:34px"><button class="checkrow" role="checkbox" aria-checked=${isAll ? "true" : included === 0 ? "false" : "mixed"} aria-label="All tomograms" onClick=${() => includeDatasets(rows.map(({ id }) => id), !isAll)}><span class=${`check ${isAll ? "on" : included > 0 ? "part" : ""}`}></span></button></th>
    <th>Tomogram</th><th class="r wide-only-cell">Voxel</th><th class="r wide-only-cell">Size</th><th class="slicecell">Slices</th>
    ${ticked.map((model) => html`<${ModelHead} ...${model} />`)}`;
  if (list.length === 0) return html`<div class="g pad"><p class="t2 s" style="padding-top:12px">No tomogram yet. <button class="linkish" onClick=${() => openSheet("files", { purpose: "add" })}>Add tomograms…</button></p></div>`;
  return html`<${LongTable} label="Tomograms of the next run" head=${head} rows=${rows} columns=${5 + ticked.length} draw=${(/** @type {Dataset} */ dataset) => {
    const isIn = !state.runSetup.excluded.has(dataset.id);
    const row = forecast.get(dataset.id);
    return html`<tr key=${dataset.id} class=${dataset.id === state.dataset ? "on" : ""} onClick=${() => void showDataset(dataset.id)}>
      <td><button class="checkrow" role="checkbox" aria-checked=${isIn} aria-label=${`Run ${dataset.name}`} onClick=${(/** @type {Event} */ event) => {
        event.stopPropagation();
        includeDatasets([dataset.id], !isIn);
      }}><span class=${`check ${isIn ? "on" : ""}`}></span></button></td>
      <td class="namecell"><span class="row">${thumbnail(dataset.id, -1)}<span class="m el" title=${dataset.name}>${dataset.name}</span></span></td>
      <td class="r t2 wide-only-cell">${dataset.voxelSizeAngstrom ? voxelSize(dataset.voxelSizeAngstrom) : "–"}</td><td class="r t2 wide-only-cell">${shape(dataset.shape)}</td>
      <td class="slicecell"><${Slices} dataset=${dataset} /></td>
      ${isIn && row?.problem ? html`<td class="st" colspan=${Math.max(1, ticked.length)}><${Trouble} problem=${row.problem} dataset=${dataset.id} /></td>`
        : html`<td class="st t3" colspan=${Math.max(1, ticked.length)}>${!isIn ? "" : row?.isFinished ? html`<span class="row ok" style="gap:6px"><${Icon} name="check" /><span class="t2">${ticked.length > 1 ? "all are there" : "is there"}</span></span>` : row?.seconds ? `about ${duration(row.seconds)}${ticked.length > 1 ? `, ${ticked.length === 2 ? "both" : `all ${ticked.length}`} together` : ""}` : ""}</td>`}</tr>`;
  }} />`;
}

/** Which slices are run: a bar with both ends to be dragged, and the same as text. @param {{ dataset: Dataset }} p */
function Slices({ dataset }) {
  const depth = dataset.shape.z;
  const from = state.preferences.firstSlice;
  const bar = useRef(/** @type {HTMLElement | null} */ (null));
  const [moving, setMoving] = useState(/** @type {[number, number] | null} */ (null));
  const limit = state.runLimits.get(dataset.id) ?? null;
  const [first, last] = moving ?? limit?.slices ?? [0, depth - 1];
  const drag = (/** @type {PointerEvent} */ event, /** @type {0 | 1} */ end) => {
    event.stopPropagation();
    event.preventDefault();
    if (!bar.current) return;
    const { left, width } = bar.current.getBoundingClientRect();
    let now = /** @type {[number, number]} */ ([first, last]);
    const follow = (/** @type {PointerEvent} */ moved) => {
      const slice = Math.min(depth - 1, Math.max(0, Math.round(((moved.clientX - left) / width) * (depth - 1))));
      now = end === 0 ? [Math.min(slice, now[1]), now[1]] : [now[0], Math.max(slice, now[0])];
      setMoving(now);
    };
    addEventListener("pointermove", follow);
    addEventListener("pointerup", () => {
      removeEventListener("pointermove", follow);
      setMoving(null);
      limitDataset(dataset.id, { slices: now });
    }, { once: true });
  };
  const step = (/** @type {KeyboardEvent} */ event, /** @type {0 | 1} */ end) => {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const moved = Math.min(depth - 1, Math.max(0, (end === 0 ? first : last) + by * (event.shiftKey ? 10 : 1)));
    limitDataset(dataset.id, { slices: end === 0 ? [Math.min(moved, last), last] : [first, Math.max(moved, first)] });
  };
  const share = (/** @type {number} */ slice) => (depth > 1 ? (slice / (depth - 1)) * 100 : 0);
  const handle = (/** @type {0 | 1} */ end, /** @type {number} */ slice) => html`<b role="slider" tabindex="0" aria-label=${`${end === 0 ? "First" : "Last"} slice of ${dataset.name}`} aria-valuemin=${from} aria-valuemax=${depth - 1 + from} aria-valuenow=${slice + from}
    style=${`left:${share(slice)}%`} onPointerDown=${(/** @type {PointerEvent} */ event) => drag(event, end)} onKeyDown=${(/** @type {KeyboardEvent} */ event) => step(event, end)}></b>`;
  return html`<span class="row" style="gap:10px" onClick=${(/** @type {Event} */ event) => event.stopPropagation()}><span class=${`rng ${limit?.slices || moving ? "isset" : ""}`} ref=${bar}><i style=${`left:${share(first)}%;right:${100 - share(last)}%`}></i>${handle(0, first)}${handle(1, last)}</span>
    <${TextField} label=${`Slices of ${dataset.name}`} kind="rngtext" value=${`${first + from}–${last + from}`} onCommit=${(/** @type {string} */ text) => {
      const range = typedRange(text, depth, from);
      if (range === undefined) complain(`'${text}' are no slices of ${dataset.name}. Type first and last, such as ${from}–${depth - 1 + from}.`);
      else limitDataset(dataset.id, { slices: range });
    }} />${limit?.crop ? html`<span class="chip" title=${`${limit.crop.width} × ${limit.crop.height} pixels from x ${limit.crop.x}, y ${limit.crop.y}`}>crop</span>` : null}</span>`;
}

/** What stands against a tomogram, with the answer at the place of the question. @param {{ problem: Problem, dataset: number, run?: Run }} p */
function Trouble({ problem, dataset, run }) {
  const { remedy } = problem;
  const setSize = (/** @type {string} */ text) => {
    const length = parseLength(text, null, "A");
    if (length === null || length <= 0) complain(`'${text}' is no voxel size. Type a length such as 13.48 Å or 1.348 nm.`);
    else edit([{ kind: "change-dataset", dataset, voxelSizeAngstrom: length }], "voxel size");
  };
  const isKnown = datasets().find(({ id }) => id === dataset)?.voxelSizeAngstrom;
  return html`<span class="row bad trouble" onClick=${(/** @type {Event} */ event) => event.stopPropagation()}><${Icon} name="warning" /><span class="el g" title=${problem.message}>${remedy?.kind === "voxel-size" ? "The header has no voxel size." : problem.message}</span>
    ${remedy?.kind === "voxel-size" && !isKnown ? html`<${TextField} label="Voxel size" kind="num" value="" placeholder="10" unit="Å" onCommit=${setSize} />` : null}
    ${remedy?.kind === "find" ? html`<button class="btn" onClick=${() => void showDataset(dataset).then(() => openSheet("files", { purpose: "relink", version: versions(dataset)[0]?.id }))}>Find the file…</button>` : null}
    ${run ? html`<button class="btn" onClick=${() => void actOnRun(run, "retry")}>Try again</button>` : html`<button class="btn quiet wide-only" onClick=${() => includeDatasets([dataset], false)}>Leave out</button>`}</span>`;
}

// MARK: A run

/** @param {{ run: Run }} p */
function RunTable({ run }) {
  const rows = arranged(run.tomograms ?? [], state.runFilter, state.runSearch);
  const parts = new Map(run.running.map((one) => [one.dataset, one.fraction]));
  const byId = new Map(datasets().map((dataset) => [dataset.id, dataset]));
  const head = html`<th class="wide-only-cell" style="width:34px"></th><th>Tomogram</th><th class="r wide-only-cell">Voxel</th><th class="r wide-only-cell">Size</th><th class="slicecell">Slices</th>
    ${run.models.map((model) => html`<${ModelHead} title=${model.title} ...${model.colour} />`)}<th style="width:60px"></th>`;
  return html`<${LongTable} label=${`Tomograms of run ${run.id}`} head=${head} rows=${rows} columns=${6 + run.models.length} draw=${(/** @type {RunRow} */ row) => {
    const dataset = byId.get(row.dataset);
    const depth = dataset?.shape.z ?? row.slices?.end ?? 1;
    const [first, end] = row.slices ? [row.slices.first, row.slices.end] : [0, depth];
    const from = state.preferences.firstSlice;
    return html`<tr key=${row.dataset} class=${row.dataset === state.dataset ? "on" : ""} onClick=${() => dataset && void showDataset(row.dataset)}>
      <td class="wide-only-cell">${row.state === "done" && row.task ? html`<img class="thumb" alt=${`Result in ${row.name}`} width="22" height="22" loading="lazy" decoding="async" src=${api.resultAddress(state.project?.key ?? "", run.id, row.task, 128)} />` : null}</td>
      <td class="namecell"><span class="row">${thumbnail(row.dataset, row.version)}<span class="m el" title=${row.path}>${row.name}</span></span></td>
      <td class="r t2 wide-only-cell">${dataset?.voxelSizeAngstrom ? voxelSize(dataset.voxelSizeAngstrom) : "–"}</td><td class="r t2 wide-only-cell">${dataset ? shape(dataset.shape) : ""}</td>
      <td class="slicecell"><span class="row" style="gap:8px"><span class=${`rng ${row.slices ? "isset" : ""}`}><i style=${`left:${(first / depth) * 100}%;right:${100 - (end / depth) * 100}%`}></i></span><span class="xs t2">${first + from}–${end - 1 + from}</span>${row.rows ? html`<span class="chip">crop</span>` : null}</span></td>
      ${row.state === "failed" ? html`<td class="st" colspan=${run.models.length}><${Trouble} problem=${{ code: row.code ?? "", message: row.reason ?? "It failed.", remedy: row.code === "needs-decision" ? { kind: "voxel-size" } : row.code === "not-found" ? { kind: "find" } : null }} dataset=${row.dataset} run=${run} /></td>`
        : run.models.map((model, index) => html`<td class="st" style=${`--c:${hex(model.colour)}`}>${cell(run, row, parts.get(row.dataset) ?? row.fraction, index)}</td>`)}
      <td><span class="row" style="gap:0;justify-content:flex-end">${row.state === "done" ? html`<${IconButton} icon="eye" title=${`Show the result of ${row.name}`} kind="sm" onClick=${(/** @type {Event} */ event) => {
        event.stopPropagation();
        openSheet("result", { run: run.id, row });
      }} />` : null}${row.task ? html`<${IconButton} icon="log" title=${`Log of ${row.name}`} kind="sm" onClick=${(/** @type {Event} */ event) => {
        event.stopPropagation();
        showLog(run, row.task, row.name);
      }} />` : null}</span></td></tr>`;
  }} />`;
}

/** How far one model is with one tomogram; all models of a run go through it together. @param {Run} run @param {RunRow} row @param {number | null} fraction @param {number} index */
function cell(run, row, fraction, index) {
  if (row.state === "running") return html`<span class="row" style="gap:8px"><span class="prog g" style=${`--v:${(fraction ?? 0) * 100}%`}><i></i></span><span>${percent(fraction ?? 0)}</span></span>`;
  if (row.state === "done") return html`<span class="row" style="gap:6px"><span class="ok"><${Icon} name="check" /></span><span class="t2">${row.wasThere ? "was there" : index === 0 && row.seconds !== null ? `${duration(row.seconds)}${run.models.length > 1 ? " together" : ""}` : ""}</span></span>`;
  return html`<span class="t3">${isLive(run) ? "waiting" : "not done"}</span>`;
}

// MARK: The queue

function Queue() {
  const { runs } = state;
  const live = runs.filter(isLive);
  const choose = useRef(/** @type {HTMLInputElement | null} */ (null));
  const waiting = live.filter(({ state: now }) => now === "waiting").length;
  const facts = [live.length - waiting > 0 ? `${live.length - waiting} running` : "", waiting > 0 ? `${waiting} waiting` : ""].filter(Boolean).join(", ");
  return html`<section class="queue" aria-label="Queue"><div class="sec"><h2>Queue <span>${facts || (runs.length > 0 ? "nothing running" : "no run yet")}</span></h2><span class="g"></span><span class="xs t3 wide-only">Goes on when this page is closed</span>
      <button class="btn quiet" title="Start a run from a recipe that was saved" onClick=${() => choose.current?.click()}>From a recipe…</button>
      <input ref=${choose} class="vh" type="file" accept=".json" aria-label="Recipe of a run" tabindex="-1" onChange=${(/** @type {any} */ event) => {
        const [file] = event.target.files;
        if (file) void startFromRecipe(file);
        event.target.value = "";
      }} /></div>
    <ul class="scroll">${runs.map((run) => html`<${QueueRow} key=${run.id} run=${run} />`)}</ul></section>`;
}

const ACTIONS = /** @type {const} */ ({
  pause: { icon: "pause", name: "Pause" }, cancel: { icon: "close", name: "Cancel" }, resume: { icon: "play", name: "Go on with" }, retry: { icon: "again", name: "Try again what failed in" }, again: { icon: "plus", name: "Run again:" },
});

/** @param {{ run: Run }} p */
function QueueRow({ run }) {
  const isOn = run.id === state.run;
  const who = run.models.length === 1 ? run.models[0].title : counted(run.models.length, "model");
  const rules = run.rules > 0 ? `, ${counted(run.rules, "rule")}` : run.competes ? ", competition" : "";
  const needs = run.counts.failed > 0 ? ` · ${counted(run.counts.failed, "needs you", "need you")}` : "";
  return html`<li class=${`qrow ${isOn ? "on" : ""}`} onClick=${() => showRun(run.id)}><span class="t3 no">${run.id}</span>
    <span class="col g" style="min-width:0"><button class="m el flatbutton" aria-current=${isOn} onClick=${(/** @type {Event} */ event) => {
        event.stopPropagation();
        showRun(run.id);
      }}>Segment: ${who}${rules}, ${counted(run.counts.all, "tomogram")}</button>
      <span class="xs t3 el" title=${run.reason}>${placeWords(run.place)} · ${moment(run.started)} by ${run.by}${run.slurm ? ` · ${run.slurm}` : ""}${needs}${run.reason && run.counts.failed === 0 ? ` · ${run.reason}` : ""}</span></span>
    ${isLive(run) ? html`<span class="prog" style=${`--v:${run.fraction * 100}%;--c:${run.models.length === 1 ? hex(run.models[0].colour) : "var(--inverse)"}`}><i></i></span>` : null}
    <span class=${`what ${run.state === "failed" ? "bad" : run.state === "interrupted" ? "warn" : "t2"}`}>${progressWords(run)}</span>
    <span class="row acts2">${actionsOf(run).map((action) => html`<${IconButton} icon=${ACTIONS[action].icon} title=${`${ACTIONS[action].name} run ${run.id}`} kind="sm" disabled=${state.runIsBusy} onClick=${(/** @type {Event} */ event) => {
        event.stopPropagation();
        void actOnRun(run, action);
      }} />`)}<${IconButton} icon="log" title=${`Log of run ${run.id}`} kind="sm" onClick=${(/** @type {Event} */ event) => {
        event.stopPropagation();
        showLog(run, null, `run ${run.id}`);
      }} />${isLive(run) ? null : html`<${IconButton} icon="minus" title=${`Take run ${run.id} out of the list; its files stay`} kind="sm" onClick=${(/** @type {Event} */ event) => {
        event.stopPropagation();
        void leaveRun(run);
      }} />`}</span></li>`;
}

/** What a run wrote, for the sheet of a result. @param {RunRow} row */
export const outputLines = (row) => row.outputs.map(({ title, path, bytes }) => ({ title, path, size: byteCount(bytes) }));
