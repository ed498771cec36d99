// The middle: options of the tool, the rail of tools, the picture and the slices under it.

import { html, useEffect, useRef, useTopics } from "./ui.js";
import { Icon } from "./icons.js";
import { IconButton, Segments, Slider, TextField } from "./controls.js";
import { SliceBar } from "./slice-bar.js";
import { SampleStrip } from "./sample-strip.js";
import { SideViews } from "./side-views.js";
import { Toasts } from "./toast.js";
import { chooseTool, openSheet, run } from "../app/commands.js";
import { source, takeSlice } from "../app/from-model.js";
import { attach } from "../app/picture.js";
import { listenOn } from "../app/input.js";
import { tally } from "../app/predictions.js";
import { radius, setRadius } from "../app/tools.js";
import { changeFeature } from "../app/features.js";
import { zoomBy } from "../app/view-actions.js";
import { activeDataset, activeFeature, boxSizeOf, changed, features, state } from "../app/state.js";
import { hex } from "../model/palette.js";
import { isGoing } from "../model/training.js";
import { counted, number, parseLength, parseNumber, percent, scaleBar } from "../model/units.js";

/** @import { IconName } from "./icons.js" */
/** @import { Tool } from "../app/state.js" */

export const Stage = () => html`<main class="stage">
  <${OptionsBar} /><${Rail} /><${Picture} /><${SliceBar} /></main>`;

function OptionsBar() {
  useTopics("tool", "features", "view", "datasets");
  const feature = activeFeature();
  const dataset = activeDataset();
  return html`<div class="opt" data-region>
    <button class="btn quiet narrow-only" title="Tomograms and view (T)" onClick=${() => run("tomogram.list")}><${Icon} name="menu" /><span class="el" style="max-width:120px">${dataset?.name ?? "Tomograms"}</span></button>
    <b class="b">${NAMES[state.tool]}${state.tool === "brush" && state.isFlood ? ", flood" : ""}</b>
    ${["brush", "eraser", "sphere"].includes(state.tool) ? html`<${BrushSize} />` : null}
    ${state.tool === "brush" && state.isFlood && feature ? html`<span class="row" style="gap:6px"><span class="t2 wide-only">Sensitivity</span><${Slider} label="Sensitivity" hidesLabel=${true} value=${feature.floodSensitivity} min=${1} max=${100} text=${number(feature.floodSensitivity)} unit="%" otherwise=${50}
      onChange=${(/** @type {number} */ value, /** @type {boolean} */ isMoving) => changeFeature(feature, { floodSensitivity: value }, isMoving)} /></span>` : null}
    ${state.tool === "wand" ? html`<${FromModel} />` : null}
    ${state.tool === "box" && feature ? html`<span class="t2">${number(boxSizeOf(feature))} px</span><button class="tog" aria-pressed=${state.boxGrid} title="Boxes side by side" onClick=${() => {
      state.boxGrid = !state.boxGrid;
      changed("tool");
    }}>Grid</button>` : null}
    <span class="sep wide-only"></span>
    ${feature ? html`<span class="row m" style="gap:6px;min-width:0"><span class="sw" style=${`--c:${hex(feature)}`}></span><span class="el" style="max-width:140px">${feature.title}</span></span>` : html`<span class="t3">into a new feature</span>`}
    <span class="sep wide-only"></span><span class="t3 xs wide-only el g hintline">${HINTS[state.tool]}</span><span class="g narrow-only"></span>
    <span class="wide-only"><${Segments} label="Views" value=${state.isOrtho ? "ortho" : "xy"} options=${[{ value: "xy", name: "XY" }, { value: "ortho", name: "Ortho", title: "Views from the side (U)" }]}
      onChange=${(/** @type {string} */ value) => (value === "ortho") !== state.isOrtho && run("view.ortho")} /></span>
    <span class="narrow-only"><${IconButton} icon="sides" title="Views from the side (U)" pressed=${state.isOrtho} onClick=${() => run("view.ortho")} /></span>
    <${IconButton} icon="crop" title="Crop (C)" pressed=${state.crop !== null} onClick=${() => run("view.crop")} />
    <${IconButton} icon="fit" title="Fit: reset the view (Space)" onClick=${() => run("view.reset")} />
    <span class="wide-only"><${IconButton} icon="minus" title="Zoom out (Shift+-)" kind="sm" onClick=${() => run("view.zoomOut")} /></span>
    <${TextField} label="Zoom" kind="num zoom" value=${number(state.view.zoom * 100)} unit="%" onCommit=${(/** @type {string} */ text) => {
      const value = parseNumber(text.replace("%", ""));
      if (value && value > 0) zoomBy(value / 100 / state.view.zoom);
    }} /><span class="wide-only"><${IconButton} icon="plus" title="Zoom in (Shift+=)" kind="sm" onClick=${() => run("view.zoomIn")} /></span></div>`;
}

/** Whose result is taken, and a button for all of it. */
function FromModel() {
  useTopics("predictions", "models");
  const model = source();
  return html`${model ? html`<span class="row" style="gap:6px;min-width:0"><span class="sw model" style=${`--c:${hex(model)}`}></span><span class="el" style="max-width:110px">${model.title}</span></span>` : html`<span class="t3 wide-only">no model is shown</span>`}
    <button class="btn" aria-disabled=${model === null} title="All that it found in this slice (V)" onClick=${takeSlice}>Whole slice</button><span class="t2 wide-only">into</span>`;
}

/** @type {Record<Tool, string>} */
const NAMES = { brush: "Brush", eraser: "Eraser", lasso: "Lasso", sphere: "Sphere", wand: "From model", box: "Box", template: "Template", pan: "Pan", measure: "Measure" };
/** @type {Record<Tool, string>} */
const HINTS = {
  brush: "Left paints, right erases", eraser: "Erases with every button", lasso: "Drag, or click corners; Enter closes, right takes away", sphere: "Paints the slices around too",
  wand: "Click takes a piece, drag what lies inside; right takes away",
  box: "Click places, drag moves, right removes", template: "Click cuts a cube of the box size", pan: "Drag moves the picture", measure: "Drag from here to there",
};

function BrushSize() {
  const voxel = activeDataset()?.voxelSizeAngstrom?.x ?? null;
  const diameter = 2 * radius();
  const inNm = voxel !== null;
  const shown = inNm ? (diameter * voxel) / 10 : diameter;
  const most = inNm ? Math.max(50, (200 * voxel) / 10) : 400;
  const toRadius = (/** @type {number} */ value) => (inNm ? (value * 10) / voxel : value) / 2;
  return html`<${Slider} label="Brush size" hidesLabel=${true} isLog=${true} value=${Math.max(inNm ? voxel / 5 : 2, shown)} min=${inNm ? voxel / 5 : 2} max=${most} step=${0.1} text=${number(shown, 1)} unit=${inNm ? "nm" : "px"}
      parse=${(/** @type {string} */ text) => {
        if (!inNm) return parseNumber(text.replace(/px/i, ""));
        const length = parseLength(text, voxel);
        return length === null ? null : length / 10;
      }}
      onChange=${(/** @type {number} */ value) => setRadius(toRadius(value))} />
    ${inNm ? html`<span class="t3 wide-only only-said">${number(diameter, diameter < 10 ? 1 : 0)} px</span>` : null}`;
}

/** @type {({ tool: Tool, icon: IconName, title: string } | null)[]} */
const TOOLS = [
  { tool: "brush", icon: "brush", title: "Brush (B)" }, { tool: "lasso", icon: "lasso", title: "Lasso and polygon (L)" },
  { tool: "wand", icon: "wand", title: "From a model (V)" },
  { tool: "sphere", icon: "sphere", title: "Sphere brush over slices (D)" }, { tool: "eraser", icon: "eraser", title: "Eraser (E)" }, null,
  { tool: "box", icon: "box", title: "Box (Shift+click, or G)" }, { tool: "template", icon: "template", title: "Cut a template (Ctrl+Shift+click)" }, null,
  { tool: "pan", icon: "hand", title: "Pan (hold Space)" }, { tool: "measure", icon: "measure", title: "Measure (M)" },
];

function Rail() {
  useTopics("tool");
  const step = (/** @type {KeyboardEvent} */ event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const buttons = /** @type {HTMLElement[]} */ ([.../** @type {HTMLElement} */ (event.currentTarget).querySelectorAll("button")]);
    buttons[(buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement)) + by + buttons.length) % buttons.length].focus();
  };
  const flood = html`<${IconButton} icon="flood" title="Flood brush (F)" pressed=${state.tool === "brush" && state.isFlood} onClick=${() => run("tool.flood")} />`;
  return html`<div class="rail" role="toolbar" aria-orientation="vertical" aria-label="Tools" data-region onKeyDown=${step}>
    ${TOOLS.map((item) => (item === null ? html`<hr />` : html`<${IconButton} icon=${item.icon} title=${item.title} pressed=${state.tool === item.tool && !(item.tool === "brush" && state.isFlood)}
      onClick=${() => (item.tool === "brush" ? run("tool.brush") : chooseTool(item.tool))} />${item.tool === "brush" ? flood : null}`))}</div>`;
}

function Picture() {
  useTopics("ui", "tool", "slice", "annotations", "datasets", "features");
  const root = useRef(/** @type {HTMLElement | null} */ (null));
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const over = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const ring = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    if (!canvas.current || !over.current || !ring.current || !root.current) return;
    try {
      const detach = attach(canvas.current, over.current, ring.current);
      const deafen = listenOn(root.current);
      root.current.focus({ preventScroll: true });
      return () => {
        deafen();
        detach();
      };
    } catch (error) {
      state.problem = { message: /** @type {Error} */ (error).message, remedy: null };
      changed("slice");
      return undefined;
    }
  }, []);
  return html`<div class=${`picarea ${state.isOrtho ? "ortho" : ""}`}>
    <div class="pic" ref=${root} role="application" tabindex="0" data-region data-tool=${state.tool} aria-label=${pictureLabel()}>
      <canvas ref=${canvas} class="slice"></canvas><canvas ref=${over} class="over"></canvas><span ref=${ring} class="ring" hidden></span><${Plates} /><${Tally} /></div>
    ${state.isOrtho ? html`<${SideViews} />` : null}<${SampleStrip} /><${Problem} /><${Toasts} /></div>`;
}

function pictureLabel() {
  const dataset = activeDataset();
  if (!dataset) return "No tomogram";
  const painted = state.annotated.filter(({ slice, pixels }) => slice === state.slice && pixels > 0)
    .map(({ feature }) => features().find(({ id }) => id === feature)?.title).filter(Boolean);
  return `Slice ${state.slice} of ${dataset.name}, ${dataset.shape.x} by ${dataset.shape.y} pixels${painted.length ? `, ${painted.join(" and ")} painted` : ""}. Press question mark for keys.`;
}

function Plates() {
  useTopics("slice", "shown", "view", "annotations", "features", "datasets");
  const dataset = activeDataset();
  if (!dataset) return null;
  const bar = scaleBar(state.view.zoom, dataset.voxelSizeAngstrom?.x ?? null, 200);
  const feature = activeFeature();
  const here = state.annotated.find((item) => item.feature === feature?.id && item.slice === state.slice);
  const first = state.preferences.firstSlice;
  return html`<span class="on-pic" style="left:12px;top:10px"><b class="b">${dataset.name}</b> · <span class=${state.shown.isLate ? "late" : ""}>z ${state.slice + first}</span>${state.slab > 1 ? ` · ${state.slab} slices` : ""}</span>
    <span class="on-pic bare scalebar" style=${`left:12px;bottom:10px;width:${bar.pixels}px`} role="img" aria-label=${`Scale bar ${bar.label}`}><span class="line"></span><span class="pl">${bar.label}</span></span>
    ${feature ? html`<span class="on-pic r" style="right:12px;bottom:12px">${feature.title} · ${whatIsHere(here)}</span>` : null}`;
}

/** What the models found in this slice, and how much competition and rules left of it. */
function Tally() {
  useTopics("predictions", "models", "training", "slice", "ui");
  const list = state.task === "models" ? tally() : [];
  const learning = state.trainings.find((training) => isGoing(training) && list.some(({ model }) => model.id === training.model));
  if (list.length === 0) return null;
  return html`<div class="on-pic plates" role="status" aria-live="off">${state.isRawHeld ? html`<span class="t">Raw</span>` : null}${list.slice(0, 8).map(({ model, pixels, before }) => html`<span class="row"><span class="dot" style=${`--c:${hex(model)}`}></span><span class="g el">${model.title}</span><span>${number(pixels)} px${before && before > pixels ? `, ${percent((before - pixels) / before)} less` : ""}</span></span>`)}
    ${learning ? html`<span class="row"><span class="g">epoch ${learning.epoch} of ${learning.epochs}</span></span>` : null}</div>`;
}

/** @param {{ pixels: number, boxes: number } | undefined} item */
function whatIsHere(item) {
  const parts = [item?.pixels ? `${number(item.pixels)} px` : "", item?.boxes ? counted(item.boxes, "box", "boxes") : ""].filter(Boolean);
  return parts.length > 0 ? `${parts.join(", ")} here` : "nothing here yet";
}

/** What is in the way of showing the picture, in its place; the annotations stay visible. */
function Problem() {
  useTopics("slice", "shown", "datasets");
  if (state.dataset === null) {
    const isEmpty = state.registers.list("dataset").length === 0;
    return html`<div class="center"><div class="card"><p class="t2">${isEmpty ? "This project has no tomogram yet." : "Choose a tomogram at the left."}</p>
      ${isEmpty ? html`<button class="btn primary" onClick=${() => openSheet("files", { purpose: "add" })}>Add tomograms…</button>` : null}</div></div>`;
  }
  if (!state.problem) return null;
  const name = activeDataset()?.name ?? "";
  const kind = state.problem.remedy?.kind;
  return html`<div class="center"><div class="card" role="alert"><div class="row"><${Icon} name="warning" kind="warn" /><b class="b title">${kind === "missing" ? `The tomogram ${name} is not where it was` : `The tomogram ${name} cannot be shown`}</b></div>
    <p class="t2">${state.problem.message} Your annotations are safe in the project; only the picture is missing.</p>
    <div class="row"><button class="btn primary" onClick=${() => openSheet("files", { purpose: "relink", version: state.version })}>Find the file…</button>
      <button class="btn" onClick=${() => openSheet("paths", {})}>Replace a part of all paths…</button></div></div></div>`;
}
