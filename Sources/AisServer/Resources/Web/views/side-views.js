// The views from the side, beside and below the slice, at its zoom: coarse at once where there is a pyramid, and never in the
// way of the slice itself.

import { html, useEffect, useRef } from "./ui.js";
import { PictureRenderer } from "../render/picture-renderer.js";
import { levelFor } from "../model/view.js";
import { factor, versionSlice } from "../model/versions.js";
import { active } from "../model/filters.js";
import * as slices from "../app/slices.js";
import { goToSlice } from "../app/datasets.js";
import { scene, viewport } from "../app/picture.js";
import { activeDataset, activeVersion, listen, state } from "../app/state.js";

/** @import { SliceData } from "../model/types.js" */

export const SideViews = () => html`<${SideView} axis="yz" /><${SideView} axis="xz" />`;

/** @param {{ axis: "xz" | "yz" }} p */
function SideView({ axis }) {
  const root = useRef(/** @type {HTMLElement | null} */ (null));
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  useEffect(() => {
    if (!canvas.current || !root.current) return;
    let isDue = false;
    /** @type {{ key: string, data: SliceData } | null} */
    let shown = null;
    const draw = () => {
      isDue = false;
      const dataset = activeDataset();
      if (!dataset) return;
      renderer.draw({
        slice: shown, frame: frameOf(), view: viewOf(), contrast: state.contrast, isInverted: state.contrast.isInverted, isSmooth: state.isSmooth,
        filters: active(state.filters, state.filtersAreOn), crop: null, isTint: false, layers: [], stage: scene().stage,
      });
    };
    const schedule = () => {
      if (!isDue) requestAnimationFrame(draw);
      isDue = true;
    };
    const aspect = () => {
      const size = activeDataset()?.voxelSizeAngstrom;
      return size ? size.z / size.x : 1;
    };
    // Depth is drawn as long as it is: a voxel deeper than wide makes the frame longer.
    const frameOf = () => {
      const { z, y, x } = /** @type {NonNullable<ReturnType<typeof activeDataset>>} */ (activeDataset()).shape;
      return axis === "xz" ? { height: z * aspect(), width: x } : { height: y, width: z * aspect() };
    };
    const viewOf = () => {
      const along = (state.slice + 0.5) * aspect() - 0.5;
      return { zoom: state.view.zoom, centre: axis === "xz" ? { y: along, x: state.view.centre.x } : { y: state.view.centre.y, x: along } };
    };
    const renderer = new PictureRenderer(canvas.current, schedule);
    const load = () => {
      const version = activeVersion();
      if (!version || !state.project || version.state !== "ok") return;
      const { z, y, x } = version.shape;
      const scale = version.scale;
      const index = axis === "xz" ? versionSlice(state.ortho.y, scale, y) : versionSlice(state.ortho.x, scale, x);
      const size = axis === "xz" ? { height: z, width: x } : { height: z, width: y };
      const fine = levelFor(state.view.zoom * viewport.ratio * factor(version), Math.max(size.height, size.width));
      // The coarse level comes quickly from the pyramid, the sharp one when it is ready.
      for (const level of new Set([fine + 2, fine])) {
        const address = { dataset: version.dataset, version: version.id, key: version.key, axis, index, level, slab: 1, format: state.preferences.format };
        const key = slices.sliceKey(state.project.key, address);
        slices.load(state.project.key, address, size, false).then((data) => {
          if (shown && shown.data.level <= level && shown.key.includes(` ${axis} ${index} `)) return;
          shown = { key: key + (axis === "yz" ? " turned" : ""), data: axis === "yz" ? turned(data) : data };
          schedule();
        }, () => {});
      }
    };
    const observer = new ResizeObserver(([entry]) => {
      renderer.resize(entry.contentRect.width, entry.contentRect.height, devicePixelRatio);
      draw();
    });
    observer.observe(root.current);
    const deafen = [listen(["tool", "datasets"], load), listen(["view", "contrast", "slice"], schedule)];
    load();
    return () => {
      observer.disconnect();
      deafen.forEach((stop) => stop());
      renderer.gl.getExtension("WEBGL_lose_context")?.loseContext();
    };
  }, []);
  const press = (/** @type {PointerEvent} */ event) => {
    const box = root.current?.getBoundingClientRect();
    const size = activeDataset()?.voxelSizeAngstrom;
    if (!box) return;
    const offset = axis === "xz" ? event.clientY - box.top - box.height / 2 : event.clientX - box.left - box.width / 2;
    goToSlice(Math.round(state.slice + offset / state.view.zoom / (size ? size.z / size.x : 1)));
  };
  return html`<div class=${`side ${axis}`} ref=${root} role="img" aria-label=${axis === "xz" ? "View along Y" : "View along X"} onPointerDown=${press}
    onWheel=${(/** @type {WheelEvent} */ event) => goToSlice(state.slice + Math.sign(event.deltaY))}><canvas ref=${canvas}></canvas><span class="on-pic" style="left:8px;top:8px">${axis === "xz" ? "XZ" : "YZ"}</span><span class=${`mid ${axis}`}></span></div>`;
}

/** Rows and columns exchanged: the view along X stands beside the slice, with the same rows. @param {SliceData} data @returns {SliceData} */
function turned(data) {
  const halves = new Uint16Array(data.halves.length);
  for (let y = 0; y < data.height; y += 1) for (let x = 0; x < data.width; x += 1) halves[x * data.height + y] = data.halves[y * data.width + x];
  return { ...data, height: data.width, width: data.height, halves };
}
