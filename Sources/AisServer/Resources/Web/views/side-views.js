// The views from the side, beside and below the slice, at its zoom: coarse at once where there is a pyramid, and never in the
// way of the slice itself. Painting works there too.

import { html, useEffect, useRef } from "./ui.js";
import { PictureRenderer } from "../render/picture-renderer.js";
import { framePoint, levelFor } from "../model/view.js";
import { factor, versionSlice } from "../model/versions.js";
import { active } from "../model/filters.js";
import * as slices from "../app/slices.js";
import { aspect, moveCross, sideFrame, sideIndex, sideLayers, sideStroke } from "../app/side.js";
import { panBy } from "../app/view-actions.js";
import { scene, viewport } from "../app/picture.js";
import { activeDataset, activeVersion, listen, state } from "../app/state.js";

/** @import { SliceData } from "../model/types.js" */
/** @import { SideAxis } from "../model/side.js" */
/** @import { Action } from "../app/tools.js" */

export const SideViews = () => html`<${SideView} axis="yz" /><${SideView} axis="xz" />`;

/** Where a view lies: at the slice's zoom, the slice in view in its middle. @param {SideAxis} axis */
function viewOf(axis) {
  const along = (state.slice + 0.5) * aspect() - 0.5;
  const { zoom, centre } = state.view;
  return { zoom, centre: axis === "xz" ? { y: along, x: centre.x } : { y: centre.y, x: along } };
}

/** Draws a view into its canvas as long as it is there. @param {SideAxis} axis @param {HTMLCanvasElement} canvas @param {HTMLElement} root @returns {() => void} how to stop */
function show(axis, canvas, root) {
  let isDue = false;
  /** @type {{ key: string, data: SliceData } | null} */
  let shown = null;
  /** What was asked for last. @type {Set<string>} */
  let asked = new Set();
  const draw = () => {
    isDue = false;
    if (!activeDataset()) return;
    renderer.draw({
      slice: shown, frame: sideFrame(axis), view: viewOf(axis), contrast: state.contrast, isInverted: state.contrast.isInverted, isSmooth: state.isSmooth,
      filters: active(state.filters, state.filtersAreOn), crop: null, overlay: null, isTint: false, predictions: [], layers: sideLayers(axis), stage: scene().stage,
    });
  };
  const schedule = () => {
    if (!isDue) requestAnimationFrame(draw);
    isDue = true;
  };
  const renderer = new PictureRenderer(canvas, schedule);
  const load = () => {
    const version = activeVersion();
    if (!version || !state.project || version.state !== "ok") return;
    const { z, y, x } = version.shape;
    const index = versionSlice(sideIndex(axis), version.scale, axis === "xz" ? y : x);
    const size = axis === "xz" ? { height: z, width: x } : { height: z, width: y };
    const fine = levelFor(state.view.zoom * viewport.ratio * factor(version), Math.max(size.height, size.width));
    // A coarse picture comes at once, along X as a sketch where the tomogram is large, and the sharp one when it is ready.
    const project = state.project.key;
    const addresses = [{ level: fine + 2, mayBeSketch: axis === "yz" }, { level: fine, mayBeSketch: false }].map((kind) => {
      const address = { dataset: version.dataset, version: version.id, key: version.key, axis, index, slab: 1, format: state.preferences.format, ...kind };
      return { address, key: slices.sliceKey(project, address) };
    });
    const wanted = new Set(addresses.map(({ key }) => key));
    // Whole files may be read for a view along X: those passed by are not waited for.
    slices.callOff([...asked].filter((key) => !wanted.has(key)));
    asked = wanted;
    for (const { address, key } of shown?.key.startsWith(addresses[1].key) ? [] : addresses) {
      const { level } = address;
      slices.load(project, address, size, false).then((data) => {
        if (!asked.has(key)) return;
        if (shown && shown.data.level <= level && shown.key.includes(` ${version.key} ${axis} ${index} `)) return;
        shown = { key: key + (axis === "yz" ? " turned" : ""), data: axis === "yz" ? turned(data) : data };
        schedule();
      }, () => {});
    }
    schedule();
  };
  const observer = new ResizeObserver(([entry]) => {
    renderer.resize(entry.contentRect.width, entry.contentRect.height, devicePixelRatio);
    draw();
  });
  observer.observe(root);
  const deafen = [listen(["tool", "datasets"], load), listen(["view", "contrast", "slice", "annotations", "features"], schedule)];
  load();
  return () => {
    observer.disconnect();
    deafen.forEach((stop) => stop());
    renderer.gl.getExtension("WEBGL_lose_context")?.loseContext();
  };
}

/** @param {{ axis: SideAxis }} p */
function SideView({ axis }) {
  const root = useRef(/** @type {HTMLElement | null} */ (null));
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  useEffect(() => (canvas.current && root.current ? show(axis, canvas.current, root.current) : undefined), []);
  const pointOf = (/** @type {MouseEvent} */ event) => {
    const box = /** @type {HTMLElement} */ (root.current).getBoundingClientRect();
    return framePoint(viewOf(axis), box, { y: event.clientY - box.top, x: event.clientX - box.left });
  };
  const cross = (/** @type {MouseEvent} */ event) => {
    const { y, x } = pointOf(event);
    if (axis === "xz") moveCross({ z: (y + 0.5) / aspect() - 0.5, x });
    else moveCross({ z: (x + 0.5) / aspect() - 0.5, y });
  };
  const press = (/** @type {PointerEvent} */ event) => {
    event.preventDefault();
    const element = /** @type {HTMLElement} */ (root.current);
    const paints = ["brush", "eraser"].includes(state.tool) && !event.altKey && !event.shiftKey && event.button !== 1;
    /** @type {Action | null} */
    const action = paints ? sideStroke(axis, pointOf(event), event.button === 2 || state.tool === "eraser") : null;
    if (!paints && event.button === 0) cross(event);
    let last = { y: event.clientY, x: event.clientX };
    element.setPointerCapture(event.pointerId);
    const follow = (/** @type {PointerEvent} */ moved) => {
      if (action) action.move([pointOf(moved)]);
      else if (event.button === 1) panBy(axis === "xz" ? 0 : moved.clientY - last.y, axis === "xz" ? moved.clientX - last.x : 0);
      else if (event.button === 0) cross(moved);
      last = { y: moved.clientY, x: moved.clientX };
    };
    element.addEventListener("pointermove", follow);
    for (const end of ["pointerup", "pointercancel"]) element.addEventListener(end, () => {
      element.removeEventListener("pointermove", follow);
      action?.up();
    }, { once: true });
  };
  return html`<div class=${`side ${axis}`} ref=${root} role="img" aria-label=${axis === "xz" ? "View along Y" : "View along X"} onPointerDown=${press} onContextMenu=${(/** @type {Event} */ event) => event.preventDefault()}
    onWheel=${(/** @type {WheelEvent} */ event) => moveCross(axis === "xz" ? { y: state.ortho.y + Math.sign(event.deltaY) } : { x: state.ortho.x + Math.sign(event.deltaY) })}><canvas ref=${canvas}></canvas><span class="on-pic" style="left:8px;top:8px">${axis === "xz" ? "XZ" : "YZ"}</span><span class=${`mid ${axis}`}></span></div>`;
}

/** Rows and columns exchanged: the view along X stands beside the slice, with the same rows. @param {SliceData} data @returns {SliceData} */
function turned(data) {
  const halves = new Uint16Array(data.halves.length);
  for (let y = 0; y < data.height; y += 1) for (let x = 0; x < data.width; x += 1) halves[x * data.height + y] = data.halves[y * data.width + x];
  return { ...data, height: data.width, width: data.height, halves };
}
