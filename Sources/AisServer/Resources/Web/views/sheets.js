// Sheets slide over the right column; the picture stays live. One at a time, Esc closes.

import { html, useLayoutEffect, useTopics } from "./ui.js";
import { IconButton } from "./controls.js";
import { closeSheet } from "../app/commands.js";
import { state } from "../app/state.js";
import { ArchitecturesSheet } from "./architectures-sheet.js";
import { FilesSheet } from "./files-sheet.js";
import { HistorySheet } from "./history-sheet.js";
import { KeysSheet } from "./keys-sheet.js";
import { LibrarySheet } from "./library-sheet.js";
import { AboutSheet, CheckupSheet, CopySheet, ExportSheet, JobsSheet, PathsSheet, TomogramSheet, VersionsSheet } from "./task-sheets.js";
import { LogSheet, PreviewSheet, ResultSheet, ResultsSheet, ScriptSheet } from "./run-sheets.js";
import { PickSheet } from "./pick-sheet.js";
import { SettingsSheet } from "./settings-sheet.js";
import { TrainSheet } from "./train-sheet.js";

/** @import { View } from "./preact-htm.d.ts" */

/** @type {Record<string, { title: string, body: (p: any) => View }>} */
const SHEETS = {
  files: { title: "Files", body: FilesSheet },
  history: { title: "History", body: HistorySheet },
  keys: { title: "Keys and help", body: KeysSheet },
  library: { title: "Feature library", body: LibrarySheet },
  jobs: { title: "Jobs", body: JobsSheet },
  tomogram: { title: "Tomogram", body: TomogramSheet },
  about: { title: "About Ais", body: AboutSheet },
  copy: { title: "Save under another name", body: CopySheet },
  versions: { title: "Versions of one tomogram", body: VersionsSheet },
  paths: { title: "Files of the project", body: PathsSheet },
  export: { title: "Export annotations", body: ExportSheet },
  checkup: { title: "Check-up", body: CheckupSheet },
  settings: { title: "Settings", body: SettingsSheet },
  result: { title: "Result", body: ResultSheet },
  results: { title: "Results", body: ResultsSheet },
  log: { title: "Log", body: LogSheet },
  preview: { title: "A look before the run", body: PreviewSheet },
  script: { title: "Script", body: ScriptSheet },
  picks: { title: "Pick particles", body: PickSheet },
  train: { title: "Training", body: TrainSheet },
  architectures: { title: "Architectures", body: ArchitecturesSheet },
};

/** @type {Record<string, string>} */
const FILE_TITLES = {
  open: "Open", add: "Add tomograms", import: "Import annotations", relink: "Find the file", version: "Add a version", "import-into": "Import into the feature", project: "Open a project", model: "Import models", architecture: "Add an architecture", boxes: "Train on a file of boxes", segmentations: "Choose segmentations", "tomograms-star": "Choose RELION's tomograms.star",
};

export function Sheets() {
  useTopics("ui");
  const sheet = state.sheet;
  const known = sheet ? SHEETS[sheet.kind] : undefined;
  // At once: a frame later the focus would be taken away from who types already.
  useLayoutEffect(() => {
    if (sheet) /** @type {HTMLElement | null} */ (document.querySelector(".sheet .sheetbody input, .sheet .sheetbody button"))?.focus();
  }, [sheet?.kind]);
  if (!sheet || !known) return null;
  const title = sheet.kind === "files" ? FILE_TITLES[String(sheet.purpose)] : known.title;
  return html`<section class=${`sheet ${sheet.kind === "picks" ? "wide" : ""}`} role="dialog" aria-label=${title}><div class="sec" style="height:44px"><h2 style="font-size:var(--fs-4)">${title}</h2><span class="g"></span><${IconButton} icon="close" title="Close (Esc)" onClick=${closeSheet} /></div>
    <div class="sheetbody"><${known.body} key=${JSON.stringify(sheet)} sheet=${sheet} /></div></section>`;
}
