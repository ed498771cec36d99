// The slices under the picture: a ruler with a mark for every annotated slice, a lane a feature.

import { html, useEffect, useRef, useState, useTopics } from "./ui.js";
import { IconButton, TextField } from "./controls.js";
import { goToSlice, stepSlice } from "../app/datasets.js";
import { activeDataset, features, state } from "../app/state.js";
import { hex } from "../model/palette.js";
import { typedSlice } from "../model/slices.js";

export function SliceBar() {
  useTopics("slice", "shown", "annotations", "features", "datasets", "predictions", "runs");
  const depth = activeDataset()?.shape.z ?? 1;
  const first = state.preferences.firstSlice;
  return html`<div class="slices" data-region>
    <${IconButton} icon="left" title="Previous slice (←)" kind="sm" onClick=${() => stepSlice(-1)} />
    <${TextField} label="Slice number" kind=${`num slice ${state.shown.isLate ? "late" : ""}`} prefix="z" value=${String(state.slice + first)} onCommit=${(/** @type {string} */ text) => {
      const slice = typedSlice(text, depth, first);
      if (slice !== null) goToSlice(slice);
    }} />
    <span class="xs t3 nw">of ${first}–${depth - 1 + first}</span>
    <${IconButton} icon="right" title="Next slice (→)" kind="sm" onClick=${() => stepSlice(1)} />
    <span style="width:8px"></span><${Ruler} depth=${depth} /></div>`;
}

/** First and last of slices that lie side by side. @param {number[]} slices @returns {[number, number][]} */
function runs(slices) {
  /** @type {[number, number][]} */
  const found = [];
  for (const slice of [...slices].sort((a, b) => a - b)) {
    const last = found.at(-1);
    if (last && last[1] >= slice - 1) last[1] = slice;
    else found.push([slice, slice]);
  }
  return found;
}

/** @param {{ depth: number }} p */
function Ruler({ depth }) {
  const root = useRef(/** @type {HTMLElement | null} */ (null));
  const [width, setWidth] = useState(600);
  useEffect(() => {
    if (!root.current) return;
    const observer = new ResizeObserver(([entry]) => setWidth(entry.contentRect.width));
    observer.observe(root.current);
    return () => observer.disconnect();
  }, []);
  const first = state.preferences.firstSlice;
  const x = (/** @type {number} */ slice) => ((slice + 0.5) / depth) * 100;
  const limit = state.runLimits.get(state.dataset ?? -1)?.slices;
  const list = features();
  const lanes = new Map(list.slice(0, 5).map((feature, index) => [feature.id, { colour: hex(feature), top: 1 + index * (list.length > 4 ? 3.2 : 4.2) }]));
  const annotated = state.annotated.filter(({ feature }) => lanes.has(feature));
  // Labels at least 44 pixels apart, at round numbers.
  const gap = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].find((step) => (step / depth) * width >= 44) ?? depth;
  const minor = Math.max(1, Math.ceil((depth * 5) / width));
  const ticks = [];
  for (let slice = 0; slice < depth; slice += minor) ticks.push(slice);
  const labels = [];
  for (let slice = 0; slice < depth; slice += gap) labels.push(slice);
  const down = (/** @type {PointerEvent} */ event) => {
    if (!root.current) return;
    const { left, width: room } = root.current.getBoundingClientRect();
    const follow = (/** @type {PointerEvent} */ moved) => {
      const slice = Math.floor(((moved.clientX - left) / room) * depth);
      // A mark within four pixels is what was meant.
      const near = state.annotated.find((item) => Math.abs(((item.slice + 0.5) / depth) * room - (moved.clientX - left)) <= 4);
      goToSlice(near && moved.type === "pointerdown" ? near.slice : slice);
    };
    follow(event);
    addEventListener("pointermove", follow);
    addEventListener("pointerup", () => removeEventListener("pointermove", follow), { once: true });
  };
  const here = state.annotated.filter(({ slice, pixels }) => slice === state.slice && pixels > 0).map(({ feature }) => list.find(({ id }) => id === feature)?.title).filter(Boolean);
  return html`<div class="ruler" ref=${root} role="slider" tabindex="0" aria-label="Slice" aria-valuemin=${first} aria-valuemax=${depth - 1 + first} aria-valuenow=${state.slice + first}
      aria-valuetext=${`slice ${state.slice + first} of ${first} to ${depth - 1 + first}${here.length ? `, annotated: ${here.join(", ")}` : ""}`}
      onPointerDown=${down} onWheel=${(/** @type {WheelEvent} */ event) => stepSlice(Math.sign(event.deltaY))} onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
        const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageUp: -10, PageDown: 10 }[event.key];
        if (by === undefined) return;
        event.preventDefault();
        event.stopPropagation();
        if (Math.abs(by) === 1) stepSlice(by * (event.shiftKey ? 5 : 1));
        else goToSlice(state.slice + by);
      }}>
    <svg viewBox=${`0 0 ${depth} 36`} preserveAspectRatio="none" aria-hidden="true">
      <path d=${`M0 18.5H${depth}`} stroke="var(--track)" vector-effect="non-scaling-stroke" />
      <path d=${ticks.map((slice) => `M${slice + 0.5} 18.5V21.5`).join("")} stroke="var(--line-strong)" vector-effect="non-scaling-stroke" />
      <path d=${labels.map((slice) => `M${slice + 0.5} 18.5V24`).join("")} stroke="var(--text-3)" vector-effect="non-scaling-stroke" />
      ${limit ? html`<rect class="runlimit" x=${limit[0]} y="16.5" width=${limit[1] - limit[0] + 1} height="3" />` : null}
      ${runs(state.forecast?.cached ?? []).map(([from, to]) => html`<rect class="cached" x=${from} y="33" width=${to - from + 1} height="2" fill="var(--text-3)" />`)}
      ${annotated.map((item) => {
        const lane = lanes.get(item.feature);
        const wide = Math.max(1, (4 / width) * depth);
        return html`<rect x=${item.slice + 0.5 - wide / 2} y=${lane?.top} width=${wide} height="3" fill=${lane?.colour} opacity=${item.pixels > 0 ? 1 : 0.55} />`;
      })}
    </svg>
    ${labels.map((slice) => html`<span class="t3 label" style=${`left:${x(slice)}%`}>${slice + first}</span>`)}
    <span class="needle" style=${`left:${x(state.slice)}%`}></span><span class="grab" style=${`left:${x(state.slice)}%`}></span></div>`;
}
