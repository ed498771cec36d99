// How the picture is looked at: histogram, contrast, slab, filters.

import { html, useRef, useTopics } from "./ui.js";
import { FoldTitle, isFolded } from "./fold.js";
import { Icon } from "./icons.js";
import { Check, IconButton, Menu, Segments, Slider, TextField, Toggle } from "./controls.js";
import * as actions from "../app/view-actions.js";
import { openSheet } from "../app/commands.js";
import { candidates, changeOverlay, chooseOverlay, toggleOverlay } from "../app/overlay.js";
import { FILTERS } from "../model/filters.js";
import { clippedShare } from "../model/contrast.js";
import { greyValue, number, parseNumber } from "../model/units.js";
import { changed, state } from "../app/state.js";

export function ViewPanel() {
  useTopics("contrast", "slice", "datasets");
  return html`<div class="sec line"><${FoldTitle} name="view">View<//><span class="g"></span><${IconButton} icon="reset" title="Reset the view settings" kind="sm" onClick=${actions.resetLooks} /></div>
    ${isFolded("view") ? null : html`<${ViewRows} />`}`;
}

function ViewRows() {
  const { contrast } = state;
  return html`<div class="pad viewpanel"><${HistogramView} />
      <div class="row s limits"><${TextField} label="Black" kind="num" value=${greyValue(contrast.black)} onCommit=${(/** @type {string} */ text) => typed("black", text)} />
        <span class="t3 xs g" style="text-align:center">${clipped()}</span>
        <${TextField} label="White" kind="num" value=${greyValue(contrast.white)} onCommit=${(/** @type {string} */ text) => typed("white", text)} /></div>
      <div class="row" style="gap:6px;margin-top:8px">
        <${Toggle} isOn=${contrast.isAuto} title="Contrast by itself (A)" onClick=${actions.toggleAuto}>Auto<//>
        <${Toggle} isOn=${contrast.isInverted} title="Invert (I)" onClick=${actions.toggleInvert}>Invert<//>
        <${Toggle} isOn=${state.isSmooth} title="Smooth between pixels (Shift+I)" onClick=${actions.toggleSmooth}>Smooth<//></div>
      <div class="row s" style="margin-top:6px;height:28px"><span class="t2 g">Slab</span>
        <${Menu} label="Average over slices" alignRight=${true} kind="up" buttonKind="field" button=${html`${state.slab === 1 ? "1 slice" : `${state.slab} slices`}<${Icon} name="down" />`}
          items=${[1, 3, 5, 9, 15].map((slab) => ({ name: slab === 1 ? "1 slice" : `${slab} slices`, isOn: slab === state.slab, run: () => actions.setSlab(slab) }))} /></div>
      ${state.filters.map((filter, index) => html`<${FilterRow} key=${index} index=${index} filter=${filter} />`)}
      <div class="row s t2"><${Menu} label="Add filter" kind="up g" buttonKind="addfilter" button=${html`<${Icon} name="plus" /><span class="g">Add filter</span>`}
          items=${FILTERS.map(({ kind, name }) => ({ name, run: () => actions.addFilter(kind) }))} />
        <button class="keybutton" title="All filters on or off (Z)" aria-label="All filters on or off" aria-pressed=${state.filtersAreOn} onClick=${actions.toggleFilters}><kbd>Z</kbd></button></div>
      <${OverlayRows} />
    </div>`;
}

/** A second picture over the slice. */
function OverlayRows() {
  const { overlay } = state;
  const list = candidates().filter(({ version }) => version.id !== state.version);
  const chosen = list.find(({ version }) => version.id === overlay.version);
  return html`<div class="row s" style="height:28px"><span class="t2 g">Overlay</span>
      <${Menu} label="Overlay" alignRight=${true} kind="up" buttonKind="field" button=${html`<span class="el" style="max-width:130px">${chosen?.name ?? "none"}</span><${Icon} name="down" />`} items=${[
        { name: "None", isOn: !chosen, run: () => chooseOverlay(null) },
        ...list.map(({ version, name }) => ({ name, isOn: version === chosen?.version, hint: version.path, run: () => chooseOverlay(version.id) })),
        "line", { name: "Another file…", hint: "fluorescence, or any volume of this size, as a version", run: () => openSheet("files", { purpose: "version" }) },
      ]} /></div>
    ${chosen ? html`<${Slider} label="Overlay" value=${Math.round(overlay.opacity * 100)} min=${0} max=${100} otherwise=${50} text=${number(overlay.opacity * 100)} unit="%" onChange=${(/** @type {number} */ value) => changeOverlay({ opacity: value / 100 })} />
      <div class="row s" style="height:28px;gap:6px"><input type="color" aria-label="Colour of the overlay" value=${overlay.colour} onInput=${(/** @type {any} */ event) => changeOverlay({ colour: event.target.value })} />
        <${Segments} label="Blend" value=${overlay.blend} options=${[{ value: "add", name: "Add" }, { value: "over", name: "Over" }, { value: "multiply", name: "Multiply" }]} onChange=${(/** @type {"add" | "over" | "multiply"} */ blend) => changeOverlay({ blend })} />
        <span class="g"></span><${IconButton} icon=${overlay.isHidden ? "eyeOff" : "eye"} title="Hide or show the overlay (Shift+O)" kind="sm" onClick=${toggleOverlay} /></div>` : null}`;
}

/** @param {"black" | "white"} which @param {string} text */
function typed(which, text) {
  const value = parseNumber(text);
  if (value !== null) actions.setContrast({ [which]: value });
}

function clipped() {
  if (!state.statistics) return "";
  const share = clippedShare(state.statistics.sorted, state.contrast);
  return share >= 0.01 ? `${number(share * 100)} % clipped` : `${number(share * 1000, 1)} ‰ clipped`;
}

/** @param {{ filter: import("../model/types.js").Filter, index: number }} p */
function FilterRow({ filter, index }) {
  const known = FILTERS.find(({ kind }) => kind === filter.kind);
  const isActive = filter.isOn && state.filtersAreOn;
  return html`<div class=${`filter ${isActive ? "" : "isoff"}`}><div class="row s" style="height:28px">
      <${Check} isOn=${isActive} label=${`${known?.name} on`} hidesLabel=${true} onClick=${() => {
        if (!state.filtersAreOn) actions.toggleFilters();
        actions.changeFilter(index, { isOn: !isActive });
      }} />
      <${Menu} label="Kind of filter" kind="up g" buttonKind="btn quiet flat" button=${html`<span class="el">${known?.name}</span>`} items=${FILTERS.map(({ kind, name }) => ({ name, isOn: kind === filter.kind, run: () => actions.changeFilter(index, { kind }) }))} />
      <${IconButton} icon="close" title="Remove the filter" kind="sm" onClick=${() => actions.removeFilter(index)} /></div>
    ${known?.parameter ? html`<${Slider} label=${known.parameter} value=${filter.parameter} min=${0.1} max=${10} step=${0.1} otherwise=${1} text=${number(filter.parameter, 1)} unit="px" onChange=${(/** @type {number} */ value) => actions.changeFilter(index, { parameter: value })} />` : null}
    <${Slider} label="Weight" value=${filter.weight} min=${-1} max=${1} step=${0.05} otherwise=${1} text=${number(filter.weight, 2)} onChange=${(/** @type {number} */ value) => actions.changeFilter(index, { weight: value })} /></div>`;
}

const HEIGHT = 64;
const WIDTH = 224;

function HistogramView() {
  const root = useRef(/** @type {HTMLElement | null} */ (null));
  const { statistics, contrast } = state;
  const histogram = statistics?.histogram;
  // The axis reaches over both handles, wherever they were put.
  const margin = histogram ? 0.06 * (histogram.to - histogram.from) : 0;
  const from = Math.min((histogram?.from ?? 0) - margin, contrast.black);
  const to = Math.max((histogram?.to ?? 1) + margin, contrast.white);
  const x = (/** @type {number} */ value) => ((value - from) / (to - from || 1)) * WIDTH;
  const most = Math.log(1 + Math.max(1, ...(histogram?.counts ?? [1])));
  const step = histogram ? (histogram.to - histogram.from) / histogram.counts.length : 0;
  const down = (/** @type {PointerEvent} */ event) => {
    if (!root.current) return;
    event.preventDefault();
    const { left, width } = root.current.getBoundingClientRect();
    const start = { ...contrast };
    const [startX, startY] = [event.clientX, event.clientY];
    const valueAt = (/** @type {number} */ clientX) => from + ((clientX - left) / width) * (to - from);
    const isRight = event.button === 2;
    const which = Math.abs(valueAt(startX) - contrast.black) < Math.abs(valueAt(startX) - contrast.white) ? "black" : "white";
    const follow = (/** @type {PointerEvent} */ moved) => {
      if (isRight) actions.windowAndLevel(start, (moved.clientX - startX) / 100, (startY - moved.clientY) / 200);
      else actions.setContrast({ [which]: Math.min(to + (to - from), Math.max(from - (to - from), valueAt(moved.clientX))) });
    };
    if (!isRight) follow(event);
    addEventListener("pointermove", follow);
    addEventListener("pointerup", () => removeEventListener("pointermove", follow), { once: true });
  };
  const nudge = (/** @type {"black" | "white"} */ which) => (/** @type {KeyboardEvent} */ event) => {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    actions.setContrast({ [which]: contrast[which] + (by * (to - from)) / (event.shiftKey ? 20 : 200) });
  };
  return html`<div class="hist" ref=${root} role="group" aria-label=${`Contrast: black ${greyValue(contrast.black)}, white ${greyValue(contrast.white)}`} title="Drag the handles; right drag: window and level; double-click: auto"
      onPointerDown=${down} onContextMenu=${(/** @type {Event} */ event) => event.preventDefault()} onDblClick=${() => {
        state.contrast.isAuto = false;
        actions.toggleAuto();
        changed("contrast");
      }}>
    <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      ${histogram?.counts.map((count, bin) => {
        const middle = histogram.from + (bin + 0.5) * step;
        const height = (Math.log(1 + count) / most) * 52;
        const isInside = middle >= contrast.black && middle <= contrast.white;
        return html`<rect x=${x(histogram.from + bin * step) + 0.4} y=${56 - height} width=${Math.max(0.6, x(histogram.from + step) - x(histogram.from) - 0.8)} height=${height} fill="var(--text-3)" opacity=${isInside ? 0.95 : 0.35} />`;
      })}
      <path d=${`M${x(contrast.black)} 2V56M${x(contrast.white)} 2V56`} stroke="var(--text)" stroke-width="1.5" vector-effect="non-scaling-stroke" />
      <path d=${`M${x(contrast.black)} ${contrast.isInverted ? 2 : 56}L${x(contrast.white)} ${contrast.isInverted ? 56 : 2}`} stroke="var(--text-2)" stroke-dasharray="2 3" vector-effect="non-scaling-stroke" />
    </svg>
    ${/** @type {const} */ (["black", "white"]).map((which) => html`<span class="handle" role="slider" tabindex="0" aria-label=${which === "black" ? "Black" : "White"} aria-valuenow=${contrast[which]} aria-valuetext=${greyValue(contrast[which])} aria-valuemin=${from} aria-valuemax=${to}
      style=${`left:${(x(contrast[which]) / WIDTH) * 100}%`} onKeyDown=${nudge(which)}></span>`)}</div>`;
}
