// Every edit, with who and when. Each can be undone by itself, and looked at where it was made.

import { html, useEffect, useState, useTopics } from "./ui.js";
import { Segments } from "./controls.js";
import * as api from "../api.js";
import { goToSlice, showDataset } from "../app/datasets.js";
import { undoOrRedo } from "../app/project.js";
import { complain, datasets, features, state } from "../app/state.js";
import { described } from "../model/undo.js";
import { hex } from "../model/palette.js";
import { moment } from "../model/units.js";

/** @import { Entry } from "../model/types.js" */

export function HistorySheet() {
  useTopics("history");
  const [entries, setEntries] = useState(/** @type {Entry[]} */ ([]));
  const [whose, setWhose] = useState("all");
  const [isAll, setAll] = useState(false);
  const query = () => ({ limit: 100, author: whose === "mine" ? state.author : undefined, dataset: whose === "here" && state.dataset !== null ? state.dataset : undefined });
  useEffect(() => {
    let isWanted = true;
    const timer = setTimeout(() => {
      if (state.project) {
        api.history(state.project.key, query()).then(({ entries: found }) => {
          if (!isWanted) return;
          setEntries(found);
          setAll(found.length < 100);
        }, complain);
      }
    }, 120);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [state.sequence, whose]);
  const more = async () => {
    if (!state.project) return;
    const { entries: found } = await api.history(state.project.key, { ...query(), before: entries.at(-1)?.sequence });
    setEntries([...entries, ...found]);
    setAll(found.length < 100);
  };
  const shown = entries.filter(({ action, isUndoable, label }) => action !== "edit" || isUndoable !== false || label);
  return html`<div class="pad col historysheet"><${Segments} label="Whose edits" full=${true} value=${whose} onChange=${setWhose} options=${[{ value: "all", name: "All" }, { value: "mine", name: "Mine" }, { value: "here", name: "This tomogram" }]} />
    <ol class="scroll entries">${shown.map((entry) => html`<${Line} key=${entry.sequence} entry=${entry} />`)}
      ${shown.length === 0 ? html`<li class="t3 s" style="padding:8px 0">No edits yet. Everything that is painted, placed or changed will be listed here.</li>` : null}
      ${isAll || shown.length === 0 ? null : html`<li><button class="btn wide" onClick=${() => void more().catch(complain)}>Earlier edits</button></li>`}</ol></div>`;
}

/** @param {{ entry: Entry }} p */
function Line({ entry }) {
  const feature = features().find(({ id }) => id === entry.feature);
  const dataset = datasets().find(({ id }) => id === entry.dataset);
  const place = [dataset?.name, typeof entry.slice === "number" ? `slice ${entry.slice + state.preferences.firstSlice}` : null].filter(Boolean).join(", ");
  const look = () => {
    if (entry.dataset === null || entry.dataset === undefined) return;
    const slice = entry.slice ?? undefined;
    if (entry.dataset !== state.dataset) void showDataset(entry.dataset, { slice });
    else if (slice !== undefined) goToSlice(slice);
  };
  const canUndo = entry.action === "edit" && entry.isUndoable !== false;
  return html`<li class=${`entry ${entry.isUndone ? "undone" : ""}`}><span class="sw" style=${feature ? `--c:${hex(feature)}` : "visibility:hidden"}></span>
    <span class="col g" style="min-width:0"><span class="el">${entry.action === "undo" ? "Undone: " : entry.action === "redo" ? "Done again: " : ""}${described(entry)}${feature ? html` <span class="t3">${feature.title}</span>` : null}</span>
      <span class="xs t3 el">${entry.author || "somebody"} · ${moment(entry.time)}${place ? html` · <button class="linkish" onClick=${look}>${place}</button>` : null}</span></span>
    ${canUndo ? html`<button class="btn quiet" onClick=${() => undoOrRedo(entry.isUndone ? "redo" : "undo", entry.sequence)}>${entry.isUndone ? "Redo" : "Undo"}</button>` : null}</li>`;
}
