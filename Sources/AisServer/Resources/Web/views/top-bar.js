// The bar at the top: project, tasks, what is going on, undo, people.

import { html, useTopics } from "./ui.js";
import { Icon, Mark } from "./icons.js";
import { IconButton, Menu } from "./controls.js";
import { openSheet, run } from "../app/commands.js";
import { edit, outbox, undoOrRedo } from "../app/project.js";
import { goHome } from "../app/navigation.js";
import { showRun } from "../app/runs.js";
import { changed, datasets, state, tell } from "../app/state.js";
import { client } from "../api.js";
import { personColour } from "../model/palette.js";
import { isLive } from "../model/runs.js";
import { isGoing, stage } from "../model/training.js";
import { counted, duration, number, percent } from "../model/units.js";

export const TopBar = () => html`<header class="top" data-region>
  <button class="logo" title="Ais: projects; right button: about" aria-label="Ais: projects" onClick=${goHome} onContextMenu=${(/** @type {Event} */ event) => {
    event.preventDefault();
    openSheet("about");
  }}><${Mark} /><span class="wide-only">Ais</span></button><span class="sep"></span>
  <${ProjectMenu} />
  <${Tasks} />
  <span class="g"></span>
  <${Activity} />
  <${UndoButtons} />
  <${IconButton} icon="history" title="History of edits (H)" onClick=${() => openSheet("history")} />
  <span class="sep wide-only"></span>
  <${People} />
  <${IconButton} icon="gear" title="Settings" onClick=${() => openSheet("settings")} />
  <${IconButton} icon="help" title="Keys and help (?)" onClick=${() => openSheet("keys")} />
  <${IconButton} icon="theme" title="Dark or light" onClick=${() => run("theme")} />
</header>`;

const TASKS = /** @type {const} */ ([{ task: "annotate", name: "Annotate", key: "1" }, { task: "models", name: "Models", key: "2" }, { task: "run", name: "Run", key: "3" }]);

function Tasks() {
  useTopics("ui");
  return html`<nav class="tasks" aria-label="Tasks">${TASKS.map(({ task, name, key }) => html`<a href=${`#${task}`} aria-current=${state.task === task ? "page" : undefined} onClick=${(/** @type {Event} */ event) => {
    event.preventDefault();
    run(`task.${task}`);
  }}>${name}<small>${key}</small></a>`)}</nav>`;
}

function ProjectMenu() {
  useTopics("session");
  const recent = state.session?.recent.filter(({ path }) => path !== state.project?.path).slice(0, 6) ?? [];
  return html`<${Menu} label=${`Project ${state.project?.name ?? ""}`} button=${html`<span class="el">${state.project?.name}</span><${Icon} name="down" />`} items=${[
    { name: "Add tomograms…", run: () => openSheet("files", { purpose: "add" }), keys: "Ctrl O" },
    { name: "Import annotations…", run: () => openSheet("files", { purpose: "import" }), hint: ".scns of the earlier program, volumes, boxes" },
    { name: "Export annotations…", run: () => openSheet("export", {}) },
    { name: "Pick particles…", hint: "From segmentations to coordinates", run: () => openSheet("picks") },
    { name: "Save under another name…", run: () => openSheet("copy", {}) },
    { name: "All files and paths", run: () => openSheet("paths", {}) },
    { name: "Remove all tomograms", kind: "danger", hint: "Files and annotations stay; can be undone", run: () => {
      const list = datasets();
      edit(list.map(({ id }) => ({ kind: "remove-dataset", dataset: id })), "removing all tomograms");
      state.dataset = null;
      changed("datasets", "slice");
      tell(`Removed ${counted(list.length, "tomogram")} from the project`, { title: "Undo", run: () => undoOrRedo("undo") });
    } },
    { name: "Feature library", run: () => openSheet("library") },
    { name: "Settings", run: () => openSheet("settings") },
    "line",
    ...recent.map(({ name, path }) => ({ name, hint: path, run: () => import("../app/navigation.js").then(({ openPaths }) => openPaths([path])) })),
    { name: "All projects", run: goHome },
    { name: `About Ais ${state.session?.version ?? ""}`, run: () => openSheet("about") },
  ]} />`;
}

/** The training that goes on, as a job is shown. */
function trainingNow() {
  const training = state.trainings.find((one) => isGoing(one) && one.state !== "waiting") ?? state.trainings.find(isGoing);
  return training ? { title: `Training ${training.title} · ${stage(training).toLowerCase()}`, fraction: training.fraction, secondsLeft: training.secondsLeft } : null;
}

function Activity() {
  useTopics("jobs", "runs", "training");
  const run = state.runs.find(({ state: now }) => now === "running") ?? state.runs.find(isLive);
  if (run && !trainingNow() && !state.jobs.some(({ state: now }) => now === "running")) {
    const { counts, secondsLeft } = run;
    return html`<button class="activity" title="Show the run" onClick=${() => showRun(run.id)}><span class="prog" style=${`--v:${run.fraction * 100}%`}><i></i></span>
      <span class="wide-only el">Run ${run.id} · ${number(counts.done)} of ${number(counts.all)}${secondsLeft ? ` · ${duration(secondsLeft)} left` : ""}</span><span class="narrow-only">${percent(run.fraction)}</span></button><span class="sep wide-only"></span>`;
  }
  const running = state.jobs.filter(({ state: now }) => now === "running" || now === "waiting");
  const training = trainingNow();
  const first = training ?? running[0];
  if (!first) return null;
  const more = running.length + (training ? 0 : -1);
  const share = first.fraction ?? 0;
  const left = first.secondsLeft ? ` · ${duration(first.secondsLeft)} left` : "";
  return html`<button class="activity" title="Open the list of jobs (J)" onClick=${() => openSheet("jobs")}>
    <span class="prog" style=${`--v:${share * 100}%`}><i></i></span><span class="wide-only el">${first.title} · ${percent(share)}${left}${more > 0 ? ` · ${more} more` : ""}</span>
    <span class="narrow-only">${percent(share)}</span></button><span class="sep wide-only"></span>`;
}

function UndoButtons() {
  useTopics("history", "connection");
  const last = state.undo.done.at(-1);
  const next = state.undo.undone.at(-1);
  const isWaiting = outbox.work > 0;
  return html`<${IconButton} icon="undo" title=${last ? `Undo: ${last.name} (Ctrl+Z)` : "Undo (Ctrl+Z)"} kind=${last || isWaiting ? "" : "off"} onClick=${() => undoOrRedo("undo")} />
    <${IconButton} icon="redo" title=${next ? `Redo: ${next.name} (Ctrl+Shift+Z)` : "Redo (Ctrl+Shift+Z)"} kind=${next ? "" : "off"} onClick=${() => undoOrRedo("redo")} />`;
}

/** @param {string} name */
const initials = (name) => name.split(/\s+/).map((word) => word[0] ?? "").join("").slice(0, 2).toUpperCase() || "?";

function People() {
  useTopics("people", "session");
  const others = state.people.filter((person) => person.client !== client);
  const names = ["you", ...others.map(({ name }) => name)].join(", ");
  return html`<span class="people" role="img" title=${`In this project: ${names}`} aria-label=${`In this project: ${names}`}>
    <span>${initials(state.author)}</span>${others.slice(0, 5).map((person) => html`<span title=${person.name} style=${`box-shadow:0 0 0 2px var(--bg),inset 0 0 0 2px ${personColour(person.name)}`}>${initials(person.name)}</span>`)}</span>`;
}
