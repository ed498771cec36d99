// The right column of the task Run: the next run as it is set up, or all of the run that is looked at.

import { html, useTopics } from "./ui.js";
import { Icon } from "./icons.js";
import { Check, Note, Segments, TextField } from "./controls.js";
import { Edge } from "./edge.js";
import { chosenRun } from "./run-page.js";
import * as api from "../api.js";
import { openSheet, run as command } from "../app/commands.js";
import { actOnRun, limitDataset, makeScript, pickFrom, previewRun, runCounts, runModels, setUp, showLog, showRun, startRun, tickModel } from "../app/runs.js";
import { activeDataset, rules, state } from "../app/state.js";
import { hex } from "../model/palette.js";
import { actionsOf, isLive, placeWords } from "../model/runs.js";
import { byteCount, clock, counted, duration, moment, number, parseNumber } from "../model/units.js";

/** @import { Run } from "../model/runs.js" */

export function RunPanel() {
  useTopics("runs", "models", "datasets", "ui", "slice");
  const run = chosenRun();
  return html`<aside class="right runpanel" aria-label="Run" data-region><${Edge} side="right" />${run ? html`<${Chosen} run=${run} />` : html`<${Setup} />`}</aside>`;
}

// MARK: The next run

function Setup() {
  return html`<div class="sec"><h2>Next run</h2></div><div class="scroll g"><${Models} /><${Part} /><${Where} /><${Needs} /></div><${Start} />`;
}

function Models() {
  const { usable, ticked } = runModels();
  const chosen = new Set(ticked.map(({ id }) => id));
  const active = rules().filter(({ child, parent }) => chosen.has(child) && chosen.has(parent)).length;
  const competes = ticked.some(({ emits }) => emits) && ticked.some(({ absorbs }) => absorbs);
  const { runSetup: setup } = state;
  const words = [competes ? "competition" : "", active > 0 ? counted(active, "rule") : ""].filter(Boolean).join(" and ");
  return html`<div class="t2 s" style="padding:0 12px 2px">Models</div>
    ${usable.length === 0 ? html`<p class="pad s t3">No model has a network yet. <button class="linkish" onClick=${() => command("task.models")}>Train or add one</button></p>` : html`<ul class="layerlist scroll" style="max-height:30vh">${usable.map((model) => html`<li class="lay" key=${model.id} style=${`--c:${hex(model)}`} onClick=${() => tickModel(model.id)}>
      <button class="checkrow" role="checkbox" aria-checked=${chosen.has(model.id)} aria-label=${`Run ${model.title}`} onClick=${(/** @type {Event} */ event) => {
        event.stopPropagation();
        tickModel(model.id);
      }}><span class=${`check ${chosen.has(model.id) ? "on" : ""}`}></span></button><span class="sw model"></span><span class="g el nm">${model.title}</span><span class="v">${model.augmentations > 1 ? `${model.augmentations}×` : ""}</span></li>`)}</ul>`}
    <div class="pad" style="padding-bottom:8px"><div class="row s"><${Check} isOn=${setup.combines} label=${words ? `With ${words}` : "Competition and rules: none"} onClick=${() => setUp({ combines: !setup.combines })} /><span class="g"></span><button class="linkish" onClick=${() => command("task.models")}>Look</button></div></div>`;
}

/** What of the tomogram that is chosen in the list is run. */
function Part() {
  const dataset = activeDataset();
  if (!dataset) return null;
  const limit = state.runLimits.get(dataset.id);
  const crop = limit?.crop;
  const { crop: shown } = state;
  return html`<div class="sec line"><h2 class="el">${dataset.name} <span>what of it is run</span></h2></div><div class="pad s col" style="gap:6px">
    <div class="row"><span class="t2 lab76">Slices</span><span class="g el">${limit?.slices ? `${limit.slices[0] + state.preferences.firstSlice}–${limit.slices[1] + state.preferences.firstSlice} of ${number(dataset.shape.z)}` : `all ${number(dataset.shape.z)}`}</span>
      <button class="btn quiet" title=${`From slice ${state.slice + state.preferences.firstSlice}, which is in view, on`} onClick=${() => limitDataset(dataset.id, { slices: [state.slice, Math.max(state.slice, limit?.slices?.[1] ?? dataset.shape.z - 1)] })}>From here</button>
      <button class="btn quiet" title=${`Up to slice ${state.slice + state.preferences.firstSlice}, which is in view`} onClick=${() => limitDataset(dataset.id, { slices: [Math.min(state.slice, limit?.slices?.[0] ?? 0), state.slice] })}>To here</button></div>
    <div class="row"><span class="t2 lab76">Area</span><span class="g el">${crop ? `${number(crop.width)} × ${number(crop.height)} px at ${number(crop.x)}, ${number(crop.y)}` : "whole slices"}</span>
      ${crop ? html`<button class="btn quiet" onClick=${() => limitDataset(dataset.id, { crop: null })}>Whole</button>` : html`<button class="btn quiet" aria-disabled=${!shown} title=${shown ? "The crop that is drawn in this tomogram" : "Draw a crop in Annotate or Models first (C)"} onClick=${() => shown && limitDataset(dataset.id, { crop: shown })}>Take the crop</button>`}</div></div>`;
}

function Where() {
  const { runSetup: setup, runPlaces: places } = state;
  const cards = (places?.devices ?? []).filter(({ device }) => device.startsWith("gpu:"));
  const usable = cards.filter(({ isUsable }) => isUsable);
  const isSlurm = setup.place === "slurm";
  const slurm = (/** @type {string} */ name, /** @type {string} */ label, /** @type {string} */ placeholder) => html`<dt>${label}</dt><dd><${TextField} label=${label} kind="wide" value=${setup.slurm[name] ?? ""} placeholder=${placeholder} onCommit=${(/** @type {string} */ text) => setUp({ slurm: { ...setup.slurm, [name]: text.trim() } })} /></dd>`;
  const typed = (/** @type {string} */ text) => {
    const value = parseNumber(text);
    return value !== null && value > 0 ? value : null;
  };
  return html`<div class="sec line"><h2>Where</h2></div><div class="pad"><div style="margin-bottom:8px"><${Segments} label="Where" full=${true} value=${setup.place} options=${[
      { value: "here", name: "This computer" }, { value: "slurm", name: "Slurm", title: places?.slurm?.version ?? "Jobs of a cluster" }, { value: "script", name: "Make a script" },
    ]} onChange=${(/** @type {any} */ place) => setUp({ place })} /></div>
    ${isSlurm && places && !places.slurm ? html`<div style="margin-bottom:8px"><${Note} kind="warn">Slurm was not found here: 'sbatch' is not in the program's path. Start Ais on a submit host, or make a script and run it there.<//></div>` : null}
    <dl class="kv"><dt>Device</dt><dd>${usable.length === 0 ? html`<span class="t2 el" style="display:block" title=${cards[0]?.remedy ?? cards[0]?.details ?? ""}>${isSlurm ? "the processors of a node" : places?.devices[0]?.details ?? "the processor"}</span>` : html`<span class="col" style="gap:2px">
        <${Check} isOn=${setup.device === "cpu"} label="The processor" onClick=${() => setUp({ device: "cpu", cards: [], workers: 1 })} />
        ${usable.map((card) => {
          const index = Number(card.device.slice(4));
          const isOn = setup.device === "gpu" && setup.cards.includes(index);
          return html`<${Check} isOn=${isOn} label=${card.title} onClick=${() => {
            const chosen = isOn ? setup.cards.filter((other) => other !== index) : [...setup.cards, index].sort((a, b) => a - b);
            setUp(chosen.length === 0 ? { device: "cpu", cards: [], workers: 1 } : { device: "gpu", cards: chosen, workers: chosen.length });
          }} />`;
        })}</span>`}</dd>
      ${isSlurm ? html`${slurm("partition", "Partition", "the usual one")}${slurm("time", "Time", "4h")}${slurm("gpus", "Cards", "none; 1, a100:1")}${slurm("account", "Account", "")}` : null}
      <dt>Memory</dt><dd><${TextField} label="Memory in GiB" kind="num" value=${setup.memory === null ? "" : number(setup.memory, 1)} placeholder=${isSlurm ? "16" : "all"} unit=${isSlurm ? "GiB each" : "GiB at most"} onCommit=${(/** @type {string} */ text) => setUp({ memory: typed(text) })} /></dd>
      <dt>Workers</dt><dd class="row"><${TextField} label="Workers" kind="num small" value=${String(setup.workers)} onCommit=${(/** @type {string} */ text) => setUp({ workers: Math.min(256, Math.max(1, Math.round(typed(text) ?? 1))) })} /><${TextField} label="Threads" kind="num" value=${setup.threads === null ? "" : String(setup.threads)} placeholder=${isSlurm ? "4" : "all"} unit="threads" onCommit=${(/** @type {string} */ text) => {
        const count = typed(text);
        setUp({ threads: count === null ? null : Math.min(1024, Math.max(1, Math.round(count))) });
      }} /></dd>
      <dt>Into</dt><dd><${TextField} label="Output folder" kind="wide" value=${setup.output} placeholder=${state.runForecast?.found?.output.split("/").slice(-2).join("/") ?? "segmentations/run-…"} onCommit=${(/** @type {string} */ text) => setUp({ output: text.trim() })} /></dd>
      <dt>Turned</dt><dd><${Segments} label="Orientations averaged" value=${setup.augmentations === null ? "" : String(setup.augmentations)} options=${[
        { value: "", name: "As set", title: "As each model says" }, { value: "1", name: "1×" }, { value: "2", name: "2×" }, { value: "4", name: "4×", title: "Smoother, four times as long" }, { value: "8", name: "8×", title: "Smoother, eight times as long" },
      ]} onChange=${(/** @type {string} */ value) => setUp({ augmentations: value === "" ? null : Number(value) })} /></dd>
      <dt>Stored as</dt><dd><${Segments} label="Stored as" value=${setup.outputType} options=${[
        { value: "uint16", name: "0–255", title: "16-bit, as the earlier program" }, { value: "int8", name: "0–127", title: "8-bit, half the disk" }, { value: "float32", name: "0–1", title: "32-bit" },
      ]} onChange=${(/** @type {string} */ outputType) => setUp({ outputType })} /></dd></dl></div>`;
}

function Needs() {
  const { runForecast } = state;
  const found = runForecast?.found;
  const line = (/** @type {string} */ name, /** @type {string} */ value, /** @type {string} */ more = "") => html`<dt>${name}</dt><dd><b class="m">${value}</b> <span class="t3">${more}</span></dd>`;
  return html`<div class="sec line"><h2>Needs <span>forecast</span></h2></div><div class="pad">
    ${runForecast?.error ? html`<${Note} kind="danger">${runForecast.error}<//>` : found?.problem ? html`<${Note} kind="danger">${found.problem.message}<//>` : null}
    <dl class="kv fc">${found ? html`${line("Tasks", number(found.tasks), found.finished > 0 ? `${number(found.finished)} are there already` : found.tomograms.length > found.tasks ? `of ${number(found.tomograms.length)}, ${counted(found.tomograms.length - found.tasks, "needs you", "need you")}` : "")}
      ${line("Time", found.seconds === null ? "not known" : duration(found.seconds), found.seconds === null ? "until a card has done one" : "")}
      ${line("Memory", byteCount(found.memoryBytes), state.runSetup.memory ? `limit ${number(state.runSetup.memory, 1)} GiB` : "")}
      ${line("Disk", byteCount(found.diskBytes), found.freeBytes === null ? "" : `${byteCount(found.freeBytes)} free`)}` : html`<dt class="t3" style="grid-column:1/3">${runForecast?.error ? "" : "Choose a model and a tomogram."}</dt>`}</dl></div>`;
}

function Start() {
  const { runSetup: setup, runForecast, runIsBusy } = state;
  const { ready: count, hindered } = runCounts();
  const hasAll = count + hindered > 0 && runModels().ticked.length > 0;
  const isBarred = runIsBusy || !hasAll || Boolean(runForecast?.error || runForecast?.found?.problem) || runForecast?.found?.tasks === 0;
  const isScript = setup.place === "script";
  return html`<div class="runfoot"><div class="row"><button class="btn primary big g" aria-disabled=${isScript ? !hasAll : isBarred} onClick=${() => (isScript ? hasAll && void makeScript() : !isBarred && void startRun())}><${Icon} name=${isScript ? "file" : "play"} />${isScript ? "Make the script" : `Run on ${counted(count, "tomogram")}`}</button>
      <button class="btn big" aria-disabled=${!hasAll} title="Segments three slices of every tomogram and draws them, the most suspicious first" onClick=${() => hasAll && void previewRun()}>Look first</button></div>
    <p class="xs t3" style="margin-top:8px">${hindered > 0 ? `${counted(hindered, "more needs you", "more need you")} first: the run waits for ${hindered === 1 ? "it" : "them"} with the answer in its row. ` : ""}Files appear whole or not at all. Goes on when this page is closed.</p></div>`;
}

// MARK: A run

/** What its tomograms took, without the time that it waited. @param {Run} run */
function timeOf(run) {
  if (isLive(run) && run.seconds === 0) return run.state === "waiting" ? "not begun" : "just begun";
  return run.seconds > 0 ? duration(run.seconds) : run.counts.done > 0 ? "none: all was there" : "none";
}

/** @param {{ run: Run }} p */
function Chosen({ run }) {
  const { counts } = run;
  const line = (/** @type {string} */ name, /** @type {unknown} */ value, /** @type {unknown} */ more = "") => html`<dt>${name}</dt><dd><b class="m">${value}</b> <span class="t3">${more}</span></dd>`;
  const bytes = (run.tomograms ?? []).flatMap(({ outputs }) => outputs).reduce((sum, output) => sum + output.bytes, 0);
  const actions = actionsOf(run);
  const names = { pause: "Pause", cancel: "Cancel", resume: "Go on", retry: "Try again", again: "Run again" };
  return html`<div class="sec"><h2 class="el g">Run ${run.id} <span>${moment(run.started)} by ${run.by}</span></h2><button class="btn" onClick=${() => showRun(null)}><${Icon} name="plus" />New run</button></div>
    <div class="scroll g"><div class="t2 s" style="padding:0 12px 2px">Models</div><ul>${run.models.map((model) => html`<li class="lay" key=${model.id} style=${`--c:${hex(model.colour)}`}><span class="sw model"></span><span class="g el nm">${model.title}</span><span class="v">${model.augmentations > 1 ? `${model.augmentations}×` : ""}</span></li>`)}</ul>
    <div class="pad s t2" style="padding-bottom:8px">${run.rules > 0 || run.competes ? `With ${[run.competes ? "competition" : "", run.rules > 0 ? counted(run.rules, "rule") : ""].filter(Boolean).join(" and ")}` : "Each by itself"}</div>
    <div class="sec line"><h2>Where</h2></div><div class="pad"><dl class="kv fc">${line("Place", placeWords(run.place))}<dt>Into</dt><dd class="path xs" title=${run.output}>${run.output}</dd></dl></div>
    <div class="sec line"><h2>${isLive(run) ? "So far" : "It took"}</h2></div><div class="pad"><dl class="kv fc">${line("Tomograms", `${number(counts.done)} of ${number(counts.all)}`, counts.failed > 0 ? `${number(counts.failed)} failed` : "")}
      ${line("Time", timeOf(run), run.secondsLeft ? `${duration(run.secondsLeft)} left` : run.forecastSeconds > 0 ? `forecast was ${duration(run.forecastSeconds)}` : "")}
      ${line("Disk", byteCount(bytes))}${run.ended ? line("Ended", clock(run.ended)) : null}</dl>
      ${run.reason ? html`<${Note} kind=${run.state === "failed" ? "danger" : "plain"}>${run.reason}<//>` : null}</div>
    <div class="sec line"><h2>Once more</h2></div><div class="pad col s" style="gap:4px"><div class="row" style="flex-wrap:wrap"><a class="btn" href=${api.runFileAddress(state.project?.key ?? "", run.id, "recipe")} download>Recipe</a><a class="btn" href=${api.runFileAddress(state.project?.key ?? "", run.id, "script")} download>Script</a>
      <button class="btn" onClick=${() => showLog(run, null, `run ${run.id}`)}>Log</button><button class="btn" aria-disabled=${counts.done === 0} onClick=${() => counts.done > 0 && openSheet("results", { run: run.id })}>Results</button></div></div></div>
    <div class="runfoot">${!isLive(run) && counts.done > 0 ? html`<div class="row" style="margin-bottom:8px"><button class="btn big g" onClick=${() => void pickFrom(run)}>Pick particles…</button></div>` : null}<div class="row">${actions.length === 0 ? html`<button class="btn big g" aria-disabled="true">Stopping…</button>` : actions.map((action, index) => html`<button class=${`btn big ${index === 0 ? "primary g" : action === "cancel" ? "danger" : ""}`} aria-disabled=${state.runIsBusy} onClick=${() => !state.runIsBusy && void actOnRun(run, action)}>${index === 0 ? html`<${Icon} name=${action === "pause" ? "pause" : action === "resume" ? "play" : action === "again" ? "plus" : "again"} />` : null}${names[action]}</button>`)}</div>
    <p class="xs t3" style="margin-top:8px">${isLive(run) ? "Files appear whole or not at all. What is done is kept." : "Run again: the same models, rules and tomograms, into a new folder."}</p></div>`;
}
