// What runs wrote of the tomogram that is shown: the last section of the right column, with an eye each.

import { html, useEffect, useTopics } from "./ui.js";
import { Icon } from "./icons.js";
import { FoldTitle, isFolded } from "./fold.js";
import { openSheet } from "../app/commands.js";
import { lookForResults, toggleWritten, written } from "../app/run-results.js";
import { state } from "../app/state.js";
import { hex } from "../model/palette.js";

export function ResultList() {
  useTopics("runs", "datasets", "slice", "ui");
  useEffect(lookForResults, [state.runs.length]);
  const list = written();
  if (list.length === 0) return null;
  return html`<div class="sec line"><${FoldTitle} name="results">Results <span>${list.length}</span><//></div>
    ${isFolded("results") ? null : html`<ul class="scroll layerlist resultlist" aria-label="Results of runs">${list.map(({ key, run, row, model }) => {
      const isOn = state.resultEyes.has(key);
      return html`<li class=${`lay ${isOn ? "" : "hid"}`} key=${key} style=${`--c:${hex(model.colour)}`} onDblClick=${() => openSheet("result", { run: run.id, row })}><span class="sw vol"></span><span class="nm g el">${model.title}</span><span class="v">run ${run.id}</span>
        <button class=${`ib sm ${isOn ? "" : "off"}`} title=${`${isOn ? "Hide" : "Show"} ${model.title} of run ${run.id}`} aria-label=${`${isOn ? "Hide" : "Show"} ${model.title} of run ${run.id}`} onClick=${() => toggleWritten(key)}><${Icon} name=${isOn ? "eye" : "eyeOff"} /></button></li>`;
    })}</ul>`}`;
}
