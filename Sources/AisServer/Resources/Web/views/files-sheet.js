// The files of the machine that the server runs on, within the folders that it was given.

import { html, useLayoutEffect, useRef, useState } from "./ui.js";
import { Icon } from "./icons.js";
import { Note, Slider, TextField } from "./controls.js";
import * as api from "../api.js";
import { closeSheet, openSheet } from "../app/commands.js";
import { addPaths, openPaths } from "../app/navigation.js";
import { recentFolders, rememberFolder, startImport } from "../app/datasets.js";
import { importModels } from "../app/models.js";
import { picks } from "../app/picks.js";
import { edit } from "../app/project.js";
import { trainOnFile } from "../app/training.js";
import { activeVersion, complain, features, state } from "../app/state.js";
import { byteCount, moment, number } from "../model/units.js";

/** @import { FileEntry } from "../api.js" */

/** @type {Record<string, { button: string, hint: string }>} */
const PURPOSES = {
  open: { button: "Open", hint: "Tomograms (MRC, REC, TIFF) make a project beside them; a folder that ends in .ais is a project." },
  project: { button: "Open", hint: "A project is a folder that ends in .ais." },
  add: { button: "Add", hint: "Tomograms stay where they are. Versions of one tomogram are found by their names." },
  import: { button: "Import", hint: ".scns of the earlier program, also whole folders." },
  relink: { button: "Take this file", hint: "The tomogram itself, wherever it is now." },
  version: { button: "Add as a version", hint: "The same tomogram, denoised, deconvolved or binned." },
  model: { button: "Import", hint: "Networks: .scnm and .scnmgroup, also of the earlier program, groups (.json), and Keras (.h5)." },
  architecture: { button: "Add", hint: "A Keras model as .json, or a program that creates one (.py), which is not run without asking." },
  boxes: { button: "Train", hint: "A training set as one file, .scnt: of the earlier program, ais extract or another project. It is copied; network and settings are those chosen for training." },
  segmentations: { button: "Look here", hint: "A folder with segmentations named TOMOGRAM__Feature.mrc, or one such file." },
  "tomograms-star": { button: "Take this file", hint: "The tomograms.star of your RELION project: it has the unbinned size that RELION counts from." },
  "import-into": { button: "Import", hint: "A volume of masks (MRC) of the tomogram's size, or a list of boxes." },
};

/** Where this page looked last. @type {string | null} */
let lastFolder = null;

/** The folder of the tomogram that is shown: what belongs to it mostly lies beside it. */
function folderInView() {
  const version = activeVersion();
  return version?.state === "ok" ? version.path.replace(/\/[^/]*$/, "") || null : null;
}

/** @param {{ sheet: { purpose: string, version?: number, feature?: number } }} p */
export function FilesSheet({ sheet }) {
  const [folder, setFolder] = useState(/** @type {{ path: string, parent: string | null, entries: FileEntry[] } | null} */ (null));
  const [problem, setProblem] = useState(/** @type {any} */ (null));
  const [chosen, setChosen] = useState(/** @type {string[]} */ ([]));
  const [search, setSearch] = useState("");
  const [threshold, setThreshold] = useState(0);
  const [onlyHere, setOnlyHere] = useState(false);
  const purpose = PURPOSES[sheet.purpose];
  const many = ["open", "add", "import", "segmentations"].includes(sheet.purpose);
  const asked = useRef(0);
  const look = (/** @type {string | undefined} */ path) => {
    // The last that was asked for is shown, whichever answer comes last.
    asked.current += 1;
    const turn = asked.current;
    api.files(path).then((found) => {
      if (turn !== asked.current) return;
      setFolder(found);
      setProblem(null);
      setChosen([]);
      setSearch("");
      if (found.path) {
        lastFolder = found.path;
        rememberFolder(found.path);
      }
    }, (error) => turn === asked.current && setProblem(error));
  };
  // Before anything can be typed: the last that was asked for is shown.
  useLayoutEffect(() => look(lastFolder ?? folderInView() ?? recentFolders()[0] ?? state.session?.roots[0]?.path), []);
  const go = () => {
    const paths = chosen.length > 0 ? chosen : folder ? [folder.path] : [];
    if (paths.length > 0) void take(sheet, paths, { threshold, onlyHere }).catch(complain);
  };
  const shown = folder?.entries.filter(({ name }) => name.toLowerCase().includes(search.toLowerCase())) ?? [];
  const press = (/** @type {FileEntry} */ entry, /** @type {MouseEvent} */ event) => {
    const isContainer = entry.isFolder && entry.kind !== "project";
    if (isContainer && !(event.ctrlKey || event.metaKey)) look(entry.path);
    else if (many && event.shiftKey && chosen.length > 0) {
      const place = (/** @type {string | undefined} */ path) => shown.findIndex((other) => other.path === path);
      const [first, last] = [place(chosen.at(-1)), place(entry.path)].sort((a, b) => a - b);
      setChosen([...new Set([...chosen, ...shown.slice(Math.max(0, first), last + 1).filter(({ isFolder }) => !isFolder).map(({ path }) => path)])]);
    } else if (many && (event.ctrlKey || event.metaKey)) setChosen((before) => (before.includes(entry.path) ? before.filter((path) => path !== entry.path) : [...before, entry.path]));
    else setChosen([entry.path]);
  };
  return html`<div class="pad col filesheet"><p class="s t2">${purpose.hint}</p>
    <div class="row places" role="group" aria-label="Places">${state.session?.roots.map((root) => html`<button class="chip" title=${root.path} onClick=${() => look(root.path)}>${root.name}</button>`)}
      ${recentFolders().filter((path) => !state.session?.roots.some((root) => root.path === path)).slice(0, 4).map((path) => html`<button class="chip" title=${path} onClick=${() => look(path)}>${path.split("/").at(-1)}</button>`)}</div>
    <div class="row"><button class="btn" disabled=${!folder?.parent} onClick=${() => folder?.parent && look(folder.parent)}><${Icon} name="up" />Up</button>
      <${TextField} label="Folder" kind="g" value=${folder?.path ?? ""} onCommit=${look} /></div>
    <label class="field search"><${Icon} name="search" /><input aria-label="Search in this folder" placeholder="Search in this folder" value=${search} onInput=${(/** @type {any} */ event) => setSearch(event.target.value)} /></label>
    ${problem ? html`<${Note} kind="danger">${problem.message} ${problem.remedy?.kind === "add-root" ? html`<button class="btn" onClick=${() => api.addRoot(String(problem.remedy.path)).then(async () => {
      state.session = await api.session();
      look(String(problem.remedy.path));
    }, complain)}>Add this folder</button>` : null}<//>` : null}
    <ul class="scroll files" role="listbox" aria-multiselectable=${many} aria-label="Files">${shown.slice(0, 2000).map((entry) => html`<li key=${entry.path}><button class=${`file ${chosen.includes(entry.path) ? "on" : ""}`} role="option" aria-selected=${chosen.includes(entry.path)}
        onClick=${(/** @type {MouseEvent} */ event) => press(entry, event)} onDblClick=${() => {
          if (entry.isFolder && entry.kind !== "project") return;
          void take(sheet, [entry.path], { threshold, onlyHere }).catch(complain);
        }}><${Icon} name=${entry.isFolder ? "folder" : "file"} /><span class="el g">${entry.name}</span><span class="xs t3">${entry.isFolder ? "" : byteCount(entry.byteCount ?? 0)}</span><span class="xs t3 when">${entry.modified ? moment(entry.modified) : ""}</span></button></li>`)}
      ${folder && shown.length === 0 ? html`<li class="t3 s" style="padding:8px">Nothing here${search ? " with that name" : ""}.</li>` : null}</ul>
    ${sheet.purpose === "import-into" ? html`<${Slider} label="Threshold" value=${threshold} min=${0} max=${255} text=${number(threshold)} onChange=${setThreshold} />
      <label class="row s"><input type="checkbox" checked=${onlyHere} onChange=${(/** @type {any} */ event) => setOnlyHere(event.target.checked)} />Only slice ${state.slice}</label>` : null}
    <div class="row" style="margin-top:8px"><span class="s t3 g">${chosen.length > 1 ? `${chosen.length} chosen` : many ? "Ctrl+click chooses several, Shift+click a row of them" : ""}</span>
      <button class="btn primary big" aria-disabled=${chosen.length === 0 && !(many && folder)} onClick=${go}>${purpose.button}${chosen.length === 0 && many ? " this folder" : ""}</button></div></div>`;
}

/** @param {{ purpose: string, version?: number, feature?: number }} sheet @param {string[]} paths @param {{ threshold: number, onlyHere: boolean }} options */
async function take(sheet, paths, { threshold, onlyHere }) {
  closeSheet();
  switch (sheet.purpose) {
    case "open":
    case "project": return openPaths(paths);
    case "add": return addPaths(paths);
    case "import":
      await startImport({ kind: "scns", paths });
      return;
    case "model": return importModels(paths[0]);
    case "architecture":
      openSheet("architectures", { path: paths[0] });
      return;
    case "boxes": return trainOnFile(paths[0]);
    case "segmentations": {
      const isFile = /\.(mrc|rec|map|ccp4|tiff?)(\.gz|\.bz2)?$/i.test(paths[0]);
      openSheet("picks", isFile ? { paths } : { folder: paths[0] });
      return;
    }
    case "tomograms-star":
      picks.tomogramsStar = paths[0];
      openSheet("picks", { isBack: true });
      return;
    case "relink":
      edit([{ kind: "relink-version", version: sheet.version, path: paths[0] }], "finding the file");
      return;
    case "version":
      edit([{ kind: "add-version", dataset: state.dataset, path: paths[0] }], "adding a version");
      return;
    default: {
      const feature = features().find(({ id }) => id === sheet.feature);
      const kind = /\.(txt|csv|star|tsv|box|cbox)$/i.test(paths[0]) ? "boxes" : "annotation-volume";
      await startImport({ kind, path: paths[0], dataset: state.dataset, feature: feature?.id, threshold, slice: onlyHere ? state.slice : null });
    }
  }
}
