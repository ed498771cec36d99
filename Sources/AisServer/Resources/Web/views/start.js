// The page without a project: open one, or something to make one of.

import { html, useState, useTopics } from "./ui.js";
import { Icon, Mark } from "./icons.js";
import { IconButton } from "./controls.js";
import { Toasts } from "./toast.js";
import { Tour } from "./tour.js";
import { openSheet, run } from "../app/commands.js";
import { openPaths } from "../app/navigation.js";
import { startTour } from "../app/tour.js";
import { state } from "../app/state.js";
import { byteCount, counted, moment } from "../model/units.js";

export function Start() {
  useTopics("session");
  const [search, setSearch] = useState("");
  const recent = state.session?.recent.filter(({ name, path }) => `${name} ${path}`.toLowerCase().includes(search.toLowerCase())) ?? [];
  const act = (/** @type {import("./icons.js").IconName} */ icon, /** @type {string} */ name, /** @type {string} */ hint, /** @type {() => void} */ go, keys = "") => html`<button onClick=${go}><${Icon} name=${icon} /><span class="col g"><b class="m">${name}</b><span class="xs t3">${hint}</span></span>${keys ? html`<kbd>${keys}</kbd>` : null}</button>`;
  return html`<div class="start"><header class="top"><span class="g"></span><${IconButton} icon="help" title="Keys and help (?)" onClick=${() => openSheet("keys")} /><${IconButton} icon="theme" title="Dark or light" onClick=${() => run("theme")} /></header><${Tour} />
    <main class="body"><div class="two"><section><div class="mark"><${Mark} /></div><h1>Ais</h1><p class="t2 lead">Look through tomograms and annotate them.</p>
      <div class="acts">${act("file", "Open tomograms…", "MRC, REC, TIFF; makes a project", () => openSheet("files", { purpose: "open" }), "Ctrl O")}
        ${act("folder", "Open a project…", "a folder that ends in .ais", () => openSheet("files", { purpose: "project" }))}
        ${act("import", "Import from the earlier Ais…", ".scns annotations, whole folders", () => openSheet("files", { purpose: "open" }))}
        ${act("help", "Guided tour", "from a tomogram to particles", () => startTour(), "Shift T")}</div></section>
      <section><div class="row" style="margin:0 10px 8px"><h2 class="g">Projects</h2>${(state.session?.recent.length ?? 0) > 6 ? html`<label class="field search" style="width:180px"><${Icon} name="search" /><input aria-label="Search projects" placeholder="Search" value=${search} onInput=${(/** @type {any} */ event) => setSearch(event.target.value)} /></label>` : null}</div>
        ${recent.length === 0 ? html`<p class="note plain t2" style="padding:14px 16px">${search ? "No project with that name." : "No project on this computer yet. Open a tomogram and one is made beside it."}</p>` : html`<ul class="col projects">${recent.map((project) => html`<li><button class=${`proj ${project.isThere === false ? "gone" : ""}`} onClick=${() => (project.isThere === false ? openSheet("files", { purpose: "project" }) : void openPaths([project.path]))}>
          ${project.isThere === false ? html`<${Icon} name="warning" />` : html`<${Icon} name="folder" />`}<span class="col g" style="min-width:0"><span class="m el name">${project.name}</span><span class="xs t3 el">${project.isThere === false ? `The folder ${project.path} is not here. Connect the disk, or find it.` : project.path}</span></span>
          <span class="col r wide-only" style="align-items:flex-end"><span class="s t2">${project.datasets === undefined ? "" : counted(project.datasets, "tomogram")}</span><span class="xs t3">${project.opened ? moment(project.opened) : ""}</span></span>${project.isThere === false ? html`<span class="btn">Find…</span>` : null}</button></li>`)}</ul>`}
        <p class="drop row s t2"><${Icon} name="import" />Drop tomograms or annotations anywhere in this window. Files stay where they are.</p>
      </section></div><${Toasts} /></main>
    <footer class="status"><span>Ais ${state.session?.version ?? ""}</span><span class="wide-only"><span class="k">memory</span>${byteCount(state.session?.machine.memoryBytes ?? 0)}</span><span class="g"></span><span><span class="k">folders</span>${state.session?.roots.map(({ name }) => name).join(", ")}</span></footer></div>`;
}
