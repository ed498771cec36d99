// The tomograms of the project: a list that stays quick with a thousand rows, because only those that show are there.

import { html, useEffect, useRef, useState, useTopics } from "./ui.js";
import { Icon } from "./icons.js";
import { IconButton, Menu } from "./controls.js";
import { openSheet } from "../app/commands.js";
import { rows, showDataset, startJob } from "../app/datasets.js";
import { choose } from "../app/features.js";
import { edit, undoOrRedo } from "../app/project.js";
import { setPreference } from "../app/storage.js";
import { activeDataset, changed, datasets, features, state, tell, versions } from "../app/state.js";
import { grouped, ORDERS, visibleRange } from "../model/search.js";
import { hex } from "../model/palette.js";
import { counted, shape, voxelSize } from "../model/units.js";
import * as api from "../api.js";

/** @import { Row } from "../model/search.js" */

export function TomogramList() {
  useTopics("datasets", "features", "ui");
  const list = rows();
  const all = state.registers.list("dataset").length;
  return html`<div class="sec"><h2>Tomograms <span>${state.search ? `${list.length} of ${all}` : all}</span></h2><span class="g"></span>
      <${Menu} label="Sort the list" buttonKind="ib sm" alignRight=${true} button=${html`<${Icon} name="sort" />`} items=${[
        ...ORDERS.map(({ order, name }) => ({ name, isOn: state.order === order, run: () => {
          state.isReversed = state.order === order ? !state.isReversed : false;
          state.order = order;
          setPreference("order", order);
          changed("datasets");
        } })),
        "line",
        .../** @type {const} */ ([["rows", "Rows with pictures"], ["compact", "Compact rows"], ["gallery", "Gallery"]]).map(([kind, name]) => ({ name, isOn: state.rowKind === kind, run: () => {
          state.rowKind = kind;
          setPreference("rows", kind);
          changed("datasets");
        } })),
        "line",
        { name: "Group by folder", isOn: state.isGrouped, run: () => {
          state.isGrouped = !state.isGrouped;
          setPreference("grouped", state.isGrouped);
          changed("datasets");
        } },
      ]} />
      <${IconButton} icon="plus" title="Add tomograms" kind="sm" onClick=${() => openSheet("files", { purpose: "add" })} /></div>
    <div class="searchrow"><label class="field search"><${Icon} name="search" /><input id="search-tomograms" aria-label="Search tomograms" placeholder="Name, path, feature…" value=${state.search} spellcheck="false"
      title="Words of the name or path; feature:FAS, voxel:>12, state:missing, slices:>3, boxes:0"
      onInput=${(/** @type {any} */ event) => {
        state.search = event.target.value;
        changed("datasets");
      }} /></label></div>
    ${all === 0 ? html`<div class="pad"><p class="t2 s">No tomogram yet. Add some with + or drop files here.</p></div>` : html`<${Rows} list=${list} />`}
    <${VersionBar} />`;
}

const HEIGHTS = { rows: 48, compact: 28, gallery: 132 };

/** @param {{ list: Row[] }} p */
function Rows({ list }) {
  const root = useRef(/** @type {HTMLElement | null} */ (null));
  const [scroll, setScroll] = useState({ top: 0, room: 480, width: 248 });
  const height = HEIGHTS[state.rowKind];
  const columns = state.rowKind === "gallery" ? Math.max(1, Math.floor(scroll.width / 116)) : 1;
  const items = state.isGrouped ? grouped(list, state.foldedFolders) : list;
  const lines = linesOf(items, columns);
  const place = (/** @type {number | null} */ id) => lines.findIndex((line) => line.some((item) => "id" in item && item.id === id));
  useEffect(() => {
    const element = root.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setScroll({ top: element.scrollTop, room: element.clientHeight, width: element.clientWidth }));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const at = place(state.dataset);
    const element = root.current;
    if (!element || at < 0) return;
    if (at * height < element.scrollTop) element.scrollTop = at * height;
    else if ((at + 1) * height > element.scrollTop + element.clientHeight) element.scrollTop = (at + 1) * height - element.clientHeight;
  }, [state.dataset, height, columns]);
  const { first, last } = visibleRange(lines.length, height, scroll.top, scroll.room);
  const byId = new Map(datasets().map((dataset) => [dataset.id, dataset]));
  const known = features();
  const step = (/** @type {KeyboardEvent} */ event) => {
    const by = { ArrowDown: columns, ArrowUp: -columns, PageDown: 10 * columns, PageUp: -10 * columns }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const at = list.findIndex(({ id }) => id === state.dataset);
    const next = list[Math.min(list.length - 1, Math.max(0, at + by))];
    if (next) void showDataset(next.id);
  };
  return html`<div class="scroll g tomograms" ref=${root} role="listbox" aria-label="Tomograms" tabindex="0" onKeyDown=${step}
    onScroll=${(/** @type {any} */ event) => setScroll({ top: event.target.scrollTop, room: event.target.clientHeight, width: event.target.clientWidth })}>
    <div style=${`height:${lines.length * height}px;position:relative`}>
      ${lines.slice(first, last).flatMap((line, index) => line.map((item, column) => {
        const where = `position:absolute;top:${(first + index) * height}px;height:${height}px;left:${(100 * column) / columns}%;width:${100 / columns}%`;
        return "folder" in item ? html`<${Folder} key=${item.folder} item=${item} where=${where} />`
          : html`<${Tomogram} key=${item.id} row=${item} dataset=${byId.get(item.id)} where=${where} known=${known} place=${list.indexOf(item) + 1} count=${list.length} />`;
      }))}
    </div></div>`;
}

/** @typedef {ReturnType<typeof grouped>[number]} Item */

/** What stands side by side: one tomogram, or several in the gallery; a folder's name stands alone. @param {Item[]} items @param {number} columns @returns {Item[][]} */
function linesOf(items, columns) {
  /** @type {Item[][]} */
  const lines = [];
  for (const item of items) {
    const last = lines.at(-1);
    if (last && last.length < columns && "id" in item && "id" in last[0]) last.push(item);
    else lines.push([item]);
  }
  return lines;
}

/** @param {{ item: { folder: string, count: number, isFolded: boolean }, where: string }} p */
const Folder = ({ item, where }) => html`<button class="foldername" style=${where} aria-expanded=${!item.isFolded} title=${item.folder} onClick=${() => {
  const { foldedFolders: folded } = state;
  if (!folded.delete(item.folder)) folded.add(item.folder);
  changed("datasets");
}}><${Icon} name=${item.isFolded ? "right" : "down"} /><span class="el g">${item.folder.split("/").at(-1) || "/"}</span><span class="t3 xs">${item.count}</span></button>`;

/** @param {{ row: Row, dataset: any, where: string, known: any[], place: number, count: number }} p */
function Tomogram({ row, dataset, where, known, place, count }) {
  const isOn = row.id === state.dataset;
  const own = versions(row.id);
  const bad = own.find((version) => version.state !== "ok");
  const boxCount = row.features.reduce((sum, feature) => sum + feature.boxes, 0);
  const totals = state.totals.filter((total) => total.dataset === row.id && (total.slices > 0 || total.boxes > 0));
  const details = `${row.name}\n${voxelSize(dataset.voxelSizeAngstrom, 4)} · ${shape(dataset.shape)}\n${row.paths.join("\n")}${bad ? `\n${bad.reason}` : ""}`;
  const dots = totals.map((total) => ({ feature: known.find(({ id }) => id === total.feature), total })).filter(({ feature }) => feature);
  return html`<div class=${`tomo ${isOn ? "on" : ""} ${state.rowKind}`} role="option" aria-selected=${isOn} aria-posinset=${place} aria-setsize=${count} style=${where} title=${details}
      onClick=${() => void showDataset(row.id)}>
    ${state.rowKind === "compact" ? null : html`<img src=${own[0] && own[0].state === "ok" ? api.thumbnailAddress(state.project?.key ?? "", row.id, own[0].key, state.rowKind === "gallery" ? 144 : 72) : undefined} alt="" loading="lazy" decoding="async" class="thumb" onError=${(/** @type {any} */ event) => event.target.removeAttribute("src")} />`}
    <span class="col g" style="min-width:0"><span class="row" style="gap:6px">
        ${bad ? html`<${Icon} name="warning" kind="bad" />` : null}<span class=${`n el g ${bad ? "bad" : ""}`}>${row.name}</span>
        <span class="dots">${dots.slice(0, 6).map(({ feature, total }) => html`<button key=${feature.id} class="dot" style=${`--c:${hex(feature)}`} title=${`${feature.title}: ${counted(total.slices, "slice")}, ${counted(total.boxes, "box", "boxes")}`} aria-label=${`${feature.title} in ${row.name}`} tabindex="-1"
          onClick=${(/** @type {Event} */ event) => {
            event.stopPropagation();
            void showDataset(row.id).then(() => choose(feature.id));
          }}></button>`)}</span></span>
      ${state.rowKind !== "rows" ? null : html`<span class=${`row xs ${isOn ? "t2" : "t3"}`} style="gap:6px"><span class="el g">${voxelSize(dataset.voxelSizeAngstrom)} · ${shape(dataset.shape)}</span>${boxCount ? html`<span title="Boxes">${boxCount}</span>` : null}</span>`}
    </span></div>`;
}

/** The versions of the tomogram that is shown, and what can be done with it. */
function VersionBar() {
  useTopics("datasets");
  const dataset = activeDataset();
  if (!dataset) return null;
  const own = versions(dataset.id);
  return html`<div class="versions row s"><span class="g row" style="gap:6px;min-width:0">
      ${own.length > 1 ? html`<${Menu} label="Version (R)" kind="up" button=${html`<span class="el">${own.find(({ id }) => id === state.version)?.title}</span><${Icon} name="down" />`}
        items=${own.map((version) => ({ name: version.title, hint: version.reason || version.path, isOn: version.id === state.version, run: () => {
          state.version = version.id;
          changed("datasets", "slice");
        } }))} />` : html`<span class="t3 xs el" style="padding-left:10px">${own[0]?.title ?? ""}</span>`}</span>
    <button class="btn quiet" onClick=${() => openSheet("checkup", {})} title="Look for what may be wrong with this file">Check</button>
    <${DatasetMenu} /></div>`;
}

function DatasetMenu() {
  const dataset = activeDataset();
  if (!dataset) return null;
  const own = versions(dataset.id);
  const version = own.find(({ id }) => id === state.version) ?? own[0];
  return html`<${Menu} label=${`More for ${dataset.name}`} buttonKind="ib sm" kind="up" alignRight=${true} button=${html`<${Icon} name="more" />`} items=${[
    { name: "Name, voxel size, path…", run: () => openSheet("tomogram", {}) },
    { name: "Find the file…", run: () => openSheet("files", { purpose: "relink", version: version?.id }) },
    { name: "Add a version…", hint: "denoised, binned, even or odd half", run: () => openSheet("files", { purpose: "version" }) },
    { name: "Copy the path", run: () => void navigator.clipboard?.writeText(version?.path ?? "").then(() => tell("Path copied")) },
    "line",
    ...[2, 3, 4, 8].map((factor) => ({ name: `Copy binned by ${factor}`, run: () => void startJob({ kind: "binned-copy", dataset: dataset.id, version: version?.id, factor }) })),
    { name: "Copy with Z and Y exchanged", run: () => void startJob({ kind: "flip", dataset: dataset.id, version: version?.id }) },
    "line",
    { name: "Remove from the project", kind: "danger", hint: "The file stays where it is", run: () => {
      edit([{ kind: "remove-dataset", dataset: dataset.id }], `removing ${dataset.name}`);
      tell(`Removed ${dataset.name} from the project`, { title: "Undo", run: () => undoOrRedo("undo") });
      const next = rows().find(({ id }) => id !== dataset.id);
      state.dataset = null;
      changed("datasets", "slice");
      if (next) void showDataset(next.id);
    } },
  ]} />`;
}
