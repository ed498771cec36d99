// The window: which of the pages, and the columns of the workbench with their widths.

import { html, useTopics } from "./ui.js";
import { TopBar } from "./top-bar.js";
import { TomogramList } from "./tomogram-list.js";
import { ViewPanel } from "./view-panel.js";
import { Stage } from "./stage.js";
import { Layers } from "./layers.js";
import { StatusBar } from "./status-bar.js";
import { Sheets } from "./sheets.js";
import { RunPage } from "./run-page.js";
import { RunPanel } from "./run-panel.js";
import { Start } from "./start.js";
import { Announcer } from "./toast.js";
import { Tour } from "./tour.js";
import { Edge } from "./edge.js";
import { state } from "../app/state.js";

export function Shell() {
  useTopics("session", "ui");
  if (state.screen === "loading") return html`<div class="loading" role="status">Opening…</div>`;
  if (state.screen === "start") return html`<${Start} /><${Sheets} /><${Announcer} />`;
  const { left, right } = state.preferences;
  const widths = `${left ? `--w-left:${left}px;` : ""}${right ? `--w-right:${right}px;` : ""}`;
  return html`<div class=${`app ${state.columnsAreHidden ? "bare" : ""}`} style=${matchMedia("(min-width: 1200px)").matches ? widths : ""}>
    <${TopBar} /><${Tour} />${state.task === "run" ? html`<${RunPage} /><${RunPanel} />` : html`<${Workbench} />`}<${StatusBar} /></div><${Sheets} /><${Announcer} />`;
}

/** Tomograms, picture, layers. */
const Workbench = () => html`<aside class=${`left ${state.drawer ? "open" : ""}`} aria-label="Tomograms and view" data-region><${TomogramList} /><${ViewPanel} /><${Edge} side="left" /></aside><${Stage} /><${Layers} />`;
