// Which project and place the address of the page names, and the way from one to another.

import * as api from "../api.js";
import { showDataset } from "./datasets.js";
import { closeProject, openProject } from "./project.js";
import { setPreference } from "./storage.js";
import { chooseModel } from "./models.js";
import { changed, complain, datasets, listen, state, tell, versions } from "./state.js";
import { counted } from "../model/units.js";

/** @import { Task } from "./state.js" */

/** Shows what the address says. */
export async function showAddress() {
  const match = /^\/p\/([^/]+)(?:\/(\w+))?/.exec(location.pathname);
  const query = new URLSearchParams(location.search);
  if (!match) {
    if (state.project) closeProject();
    state.screen = "start";
    changed("session", "ui");
    return;
  }
  const key = decodeURIComponent(match[1]);
  if (state.project?.key !== key) {
    try {
      await openProject(key);
    } catch (error) {
      state.screen = "start";
      changed("session", "ui");
      complain(error);
      return;
    }
  }
  setTask(match[2] === "models" || match[2] === "run" ? match[2] : "annotate");
  const list = datasets();
  const number = (/** @type {string} */ name) => (query.has(name) && Number.isFinite(Number(query.get(name))) ? Number(query.get(name)) : undefined);
  const wanted = list.find(({ id }) => id === number("d")) ?? list.find(({ name }) => name === query.get("t")) ?? list.find(({ id }) => id === state.dataset) ?? list[0];
  if (wanted) await showDataset(wanted.id, query.has("z") ? { slice: number("z"), y: number("y"), x: number("x"), zoom: number("zoom") } : {});
  showVersion(number("v"));
  const model = number("m");
  if (model !== undefined) chooseModel(model);
}

/** @param {number | undefined} version  of the tomogram that is shown */
function showVersion(version) {
  if (version === undefined || version === state.version || !versions(state.dataset).some(({ id }) => id === version)) return;
  Object.assign(state, { version, statistics: null });
  changed("datasets", "slice", "contrast");
}

/** @param {Task} task */
function setTask(task) {
  if (state.task === task) return;
  state.task = task;
  if (task !== "run") state.inspected = task === "annotate" ? "feature" : "model";
  changed("ui", "models", "features");
}

/** Shows another task: other tools and sections, the same tomogram, slice and view. @param {Task} task */
export function showTask(task) {
  setTask(task);
  changed("view");
}

addEventListener("popstate", () => void showAddress());

/** A tomogram is a step of the browser's history; slice and camera are not. */
let writtenFor = /** @type {string} */ ("");
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
listen(["slice", "view", "datasets"], () => {
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (!state.project || state.screen !== "project") return;
    const name = datasets().find(({ id }) => id === state.dataset)?.name;
    const { centre, zoom } = state.view;
    const query = new URLSearchParams(name ? { t: name, z: String(state.slice), y: centre.y.toFixed(1), x: centre.x.toFixed(1), zoom: zoom.toPrecision(4) } : {});
    const address = `/p/${encodeURIComponent(state.project.key)}/${state.task}?${query}`;
    const place = `${state.project.key} ${name} ${state.task}`;
    if (writtenFor && writtenFor !== place) history.pushState(null, "", address);
    else history.replaceState(null, "", address);
    writtenFor = place;
    document.title = name ? `${name} · ${state.project.name} · Ais` : "Ais";
  }, 300);
});

/** @param {string} key @param {Record<string, string>} [place]  as the address has it: d for the tomogram, z for the slice */
export async function goTo(key, place = {}) {
  writtenFor = "";
  const query = new URLSearchParams(place).toString();
  history.pushState(null, "", `/p/${encodeURIComponent(key)}/annotate${query ? `?${query}` : ""}`);
  await showAddress();
}

export async function goHome() {
  writtenFor = "";
  history.pushState(null, "", "/");
  state.session = await api.session().catch(() => state.session);
  await showAddress();
}

/** Opens tomograms, a folder or a project. @param {string[]} paths */
export async function openPaths(paths) {
  try {
    const { project } = await api.open(paths, true);
    await goTo(project);
  } catch (error) {
    complain(error);
  }
}

/** Adds tomograms to the project. @param {string[]} paths */
export async function addPaths(paths) {
  if (!state.project) return openPaths(paths);
  const before = new Map(datasets().map(({ id }) => [id, versions(id).length]));
  await api.addTomograms(state.project.key, paths);
  const { sheet } = state;
  await openProject(state.project.key);
  const changes = datasets().map(({ id }) => id).filter((id) => before.get(id) !== versions(id).length);
  const fresh = changes.filter((id) => !before.has(id));
  tell(fresh.length > 0 ? `Added ${counted(fresh.length, "tomogram")}` : changes.length > 0 ? "Added as a version" : "Already in the project");
  // What belongs together was guessed from names: somebody has the last word.
  const several = changes.filter((id) => versions(id).length > 1);
  if (sheet?.kind === "versions") state.sheet = sheet;
  else if (several.length > 0) state.sheet = { kind: "versions", datasets: several };
  changed("ui");
  const first = changes[0] ?? datasets().find(({ id }) => versions(id).some(({ path }) => paths.includes(path)))?.id;
  if (first !== undefined) await showDataset(first);
  else await showAddress();
}

/** @param {string} name */
export function setName(name) {
  state.author = name.trim() || state.session?.author || "somebody";
  setPreference("author", state.author);
  api.setAuthor(state.author);
  changed("session", "people", "ui");
}

const SCALED = [
  ...[1, 2, 3, 4, 5, 6].flatMap((size) => [`--fs-${size}`, `--lh-${size}`]), "--h-top", "--h-options", "--h-slices", "--h-status", "--h-row", "--h-control", "--w-rail",
];

/** The user's own scale: text and heights of bars and rows. The picture has its own zoom. */
export function applyScale() {
  const { style } = document.documentElement;
  for (const name of SCALED) style.removeProperty(name);
  if (state.preferences.scale === 100) return;
  const usual = getComputedStyle(document.documentElement);
  const sizes = SCALED.map((name) => parseFloat(usual.getPropertyValue(name)));
  SCALED.forEach((name, index) => style.setProperty(name, `${Math.round((sizes[index] * state.preferences.scale) / 10) / 10}px`));
}
