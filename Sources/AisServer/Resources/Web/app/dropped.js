// Files dropped on the page. A browser tells their names and sizes, never where they are: they are looked for in the folders
// that are known on the server's side.

import * as api from "../api.js";
import { recentFolders, startImport } from "./datasets.js";
import { importModels, isModelFile, uploadModels } from "./models.js";
import { addPaths, showTask } from "./navigation.js";
import { changed, complain, state } from "./state.js";
import { counted } from "../model/units.js";

const MOST_FOLDERS = 40;

/** Paths in what was dropped as text, as from a terminal or some file managers. @param {string} text */
export const pathsIn = (text) => text.split(/\r?\n/).filter((line) => /^(file:\/\/)?\//.test(line)).map((line) => decodeURIComponent(line.trim().replace(/^file:\/\//, "")));

/** Opens, adds or imports what is at these paths. @param {string[]} paths */
export async function takePaths(paths) {
  const annotations = state.project ? paths.filter((path) => path.endsWith(".scns")) : [];
  const networks = state.project ? paths.filter(isModelFile) : [];
  const others = paths.filter((path) => !annotations.includes(path) && !networks.includes(path));
  for (const path of networks) await importModels(path);
  if (networks.length > 0) showTask("models");
  if (annotations.length > 0) await startImport({ kind: "scns", paths: annotations });
  if (others.length > 0) await addPaths(others);
}

/** @param {{ name: string, size: number }[]} files */
export async function takeFiles(files) {
  const folders = new Set([...recentFolders(), ...(state.session?.roots ?? []).map(({ path }) => path),
    ...state.registers.list("version").map(({ path }) => String(path).replace(/\/[^/]*$/, ""))]);
  /** @type {Map<string, string>} */
  const found = new Map();
  for (const folder of [...folders].slice(0, MOST_FOLDERS)) {
    const { entries } = await api.files(folder).catch(() => ({ entries: [] }));
    for (const { name, size } of files) {
      const entry = entries.find((other) => other.name === name && other.byteCount === size);
      if (entry && !found.has(name)) found.set(name, entry.path);
    }
    if (found.size === files.length) break;
  }
  const missing = files.filter(({ name }) => !found.has(name));
  if (found.size > 0) await takePaths([...found.values()]);
  if (missing.length === 0) return;
  complain(`A browser does not tell where a dropped file is, and '${missing[0].name}'${missing.length > 1 ? ` and ${counted(missing.length - 1, "other")}` : ""} was in none of the folders known here. Choose it in its folder.`, {
    title: "Choose…", run: () => {
      state.sheet = { kind: "files", purpose: state.project ? "add" : "open" };
      changed("ui");
    },
  });
}

/** Networks dropped on the window: shown where models are. @param {File[]} files */
async function takeModels(files) {
  for (const file of files) await uploadModels(file);
  showTask("models");
}

addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  if (event.defaultPrevented) return;
  event.preventDefault();
  const data = event.dataTransfer;
  const paths = pathsIn(data?.getData("text/uri-list") || data?.getData("text/plain") || "");
  const dropped = [...(data?.files ?? [])];
  // A network is small enough to be sent as it is; a tomogram stays where it lies.
  const networks = state.project ? dropped.filter(({ name }) => isModelFile(name)) : [];
  const files = dropped.filter((file) => !networks.includes(file)).map(({ name, size }) => ({ name, size }));
  if (networks.length > 0) void takeModels(networks);
  if (paths.length > 0) void takePaths(paths).catch(complain);
  else if (files.length > 0) void takeFiles(files).catch(complain);
});
