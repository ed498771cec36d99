// The line at the bottom: where the pointer is, and that everything is saved.

import { html, useTopics } from "./ui.js";
import { Icon } from "./icons.js";
import { openSheet } from "../app/commands.js";
import { sendNow, tryNow } from "../app/project.js";
import { activeDataset, state } from "../app/state.js";
import { isLive } from "../model/runs.js";
import { clock, counted, duration, greyValue, number, voxelSize } from "../model/units.js";

export function StatusBar() {
  useTopics("ui");
  const isRun = state.task === "run";
  return html`<footer class="status" data-region>${isRun ? html`<${RunWords} />` : html`<${Position} />`}<span class="g"></span>${isRun ? null : html`<${OverlayTime} />`}<${Connection} /></footer>`;
}

/** How far the run is that is looked at, or the one that is going on. */
function RunWords() {
  useTopics("runs");
  const run = state.runs.find(({ id }) => id === state.run) ?? state.runs.find(isLive);
  if (!run) return null;
  const { done, all } = run.counts;
  // Those that were there already took no time.
  const perMinute = run.state === "running" && run.seconds > 0 ? (done / run.seconds) * 60 * Math.max(1, run.counts.running) : 0;
  return html`<span><span class="k">Run ${run.id}</span>${number(done)} of ${number(all)} done</span>${perMinute > 0 ? html`<span class="wide-only">${perMinute >= 1 ? `${number(perMinute, 1)} tomograms a minute` : `${number(perMinute * 60, 1)} tomograms an hour`}</span>` : null}`;
}

function Position() {
  useTopics("cursor", "slice", "datasets");
  const dataset = activeDataset();
  if (!dataset) return null;
  const first = state.preferences.firstSlice;
  const size = dataset.voxelSizeAngstrom;
  const { cursor } = state;
  const isInside = cursor && cursor.value !== null;
  const x = isInside ? Math.round(cursor.point.x) : null;
  const y = isInside ? Math.round(cursor.point.y) : null;
  // Positions in Å are those of the voxel's centre, from the edge of the first voxel.
  const place = size && x !== null && y !== null ? `${number((x + 0.5) * size.x)}, ${number((y + 0.5) * size.y)}, ${number((state.slice + 0.5) * size.z)} Å` : "";
  return html`<span class="pos"><span class="k">x</span><span class="n5">${x === null ? "–" : number(x + first)}</span><span class="k">y</span><span class="n5">${y === null ? "–" : number(y + first)}</span><span class="k">z</span><span class="n5">${number(state.slice + first)}</span></span>
    <span class="wide-only n16">${place}</span>
    <span><span class="k">value</span><span class="n8">${isInside ? greyValue(/** @type {number} */ (cursor.value)) : "–"}</span></span>
    <button class="wide-only" title=${size ? `${voxelSize(size, 4)}: change it` : "Set the voxel size"} onClick=${() => openSheet("tomogram", {})}><span class="k">voxel</span>${size ? voxelSize(size) : html`<span class="warn">unknown, set it</span>`}</button>`;
}

/** How long the models took for the slice in view, from its coming into view on. */
function OverlayTime() {
  useTopics("predictions", "models", "slice");
  const { overlayTime } = state;
  const isWaiting = [...state.predicted.values()].some((one) => one.isWaiting);
  if (!overlayTime && !isWaiting) return null;
  return html`<span class="wide-only overlaytime"><span class="k">overlay</span>${overlayTime ? `${duration(overlayTime.seconds)}${overlayTime.models > 1 ? `, ${overlayTime.models} models` : ""}` : "…"}</span>`;
}

function Connection() {
  useTopics("connection", "session");
  const { connection } = state;
  if (!connection.isUp) {
    return html`<button class="row bad" onClick=${tryNow} title="Try now"><${Icon} name="warning" />Reconnecting…${connection.waiting > 0 ? ` ${counted(connection.waiting, "edit")} kept here` : ""}</button>`;
  }
  if (connection.hindrance) {
    return html`<button class="row bad" onClick=${sendNow} title=${`${connection.hindrance} Press to try now.`}><${Icon} name="warning" />Not saved: ${counted(connection.waiting, "edit")} kept here</button>`;
  }
  return html`<span class="row ok" role="status" aria-live="off"><${Icon} name="check" />${connection.waiting > 0 ? html`<span class="t2">Saving…</span>` : `Saved ${clock(connection.saved || Date.now())}`}</span>
    <span class="wide-only"><span class="k">Ais</span>${state.session?.version ?? ""}</span>`;
}
