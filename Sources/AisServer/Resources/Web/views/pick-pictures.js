// Pictures of picking: three planes through a point, the projection with all picks, and some picks one by one.

import { html, useEffect, useRef, useTopics } from "./ui.js";
import { ground, inVoxels, level, moveTo, otherCrops, picks, pressed, showPick } from "../app/picks.js";
import { datasets } from "../app/state.js";
import { cut, deeper, onPlane, planeSize, tinted } from "../model/picks.js";
import { number } from "../model/units.js";

/** @import { Axis } from "../model/picks.js" */
/** @import { Plane } from "../app/picks.js" */

/** Of the segmentation; results are drawn in the colour of the second feature, as on the program's contact sheets. @type {[number, number, number]} */
const COLOUR = [111, 216, 255];
const NAMES = { xy: "XY", yz: "YZ", xz: "XZ" };

/** Bytes as a picture of their own size. @param {Plane} plane */
function greyPicture({ bytes, height, width }) {
  const pixels = new Uint8ClampedArray(4 * height * width);
  for (let place = 0; place < height * width; place += 1) pixels.set([bytes[place], bytes[place], bytes[place], 255], 4 * place);
  return picture(pixels, height, width);
}

/** @param {Uint8ClampedArray} pixels @param {number} height @param {number} width */
function picture(pixels, height, width) {
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d")?.putImageData(new ImageData(/** @type {Uint8ClampedArray<ArrayBuffer>} */ (pixels), width, height), 0, 0);
  return canvas;
}

/** A canvas as large as its box, ready to be drawn on in units of the screen. @param {HTMLCanvasElement} canvas */
function prepared(canvas) {
  const { width, height } = canvas.getBoundingClientRect();
  const ratio = devicePixelRatio;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

/** Where a picture of so many voxels lies in a box: whole, in the middle. Row 0 is at the top, as on the slice and in the views from the side. @param {{ width: number, height: number }} box @param {{ width: number, height: number }} size @param {number} stretch  how much higher than wide a voxel is drawn */
function placement(box, size, stretch = 1) {
  const scale = Math.min(box.width / size.width, box.height / (size.height * stretch));
  const [width, height] = [size.width * scale, size.height * stretch * scale];
  return { scale, stretch, left: (box.width - width) / 2, top: (box.height - height) / 2, width, height };
}

/** @typedef {ReturnType<typeof placement>} Place */
const across = (/** @type {Place} */ place, /** @type {number} */ column) => place.left + (column + 0.5) * place.scale;
const down = (/** @type {Place} */ place, /** @type {number} */ row) => place.top + (row + 0.5) * place.scale * place.stretch;

/** @param {CanvasRenderingContext2D} context @param {Place} place @param {OffscreenCanvas} image */
function lay(context, place, image) {
  context.imageSmoothingEnabled = place.scale < 1;
  context.drawImage(image, place.left, place.top, place.width, place.height);
}

/** A bright ring on a dark one: seen on any grey, also on white. @param {CanvasRenderingContext2D} context @param {number} x @param {number} y @param {number} radius */
function ring(context, x, y, radius) {
  for (const [colour, line] of /** @type {const} */ ([["rgb(0 0 0 / .9)", 4.5], ["#ffe14d", 1.5]])) {
    context.strokeStyle = colour;
    context.lineWidth = line;
    context.beginPath();
    context.arc(x, y, Math.max(2.5, radius), 0, 2 * Math.PI);
    context.stroke();
  }
}

/** Pictures made of bytes, as long as the bytes are the same. @type {WeakMap<Uint8Array, { key: string, image: OffscreenCanvas }>} */
const made = new WeakMap();

/** @param {Plane} plane @param {string} key @param {() => OffscreenCanvas} make */
function once(plane, key, make) {
  const before = made.get(plane.bytes);
  if (before?.key === key) return before.image;
  const image = make();
  made.set(plane.bytes, { key, image });
  return image;
}

/** @param {Plane} plane */
const tint = (plane) => once(plane, `tint ${level()}`, () => picture(tinted(plane.bytes, plane.height, plane.width, level(), COLOUR), plane.height, plane.width));

/** How much deeper than wide a voxel is. */
const aspect = () => (picks.analysis?.voxelSizeAngstrom ? picks.analysis.voxelSizeAngstrom.z / picks.analysis.voxelSizeAngstrom.x : 1);
/** The radius with which picks are marked, in voxels: half the least distance. */
const markRadius = () => Math.max(1, inVoxels(picks.settings.spacing) / 2);

/** Draws again with every change. @param {(canvas: HTMLCanvasElement) => void} draw */
function useDrawing(draw) {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  useTopics("picks", "ui");
  useEffect(() => {
    if (canvas.current) draw(canvas.current);
  });
  useEffect(() => {
    if (!canvas.current) return;
    const own = canvas.current;
    const observer = new ResizeObserver(() => draw(own));
    observer.observe(own);
    return () => observer.disconnect();
  }, []);
  return canvas;
}

export const Planes = () => html`<div class="pickplanes"><${PlaneView} axis="xy" /><${PlaneView} axis="yz" /><${PlaneView} axis="xz" /><${Corner} /></div>`;

/** Where the planes meet, and on what the picks are shown. */
function Corner() {
  useTopics("picks", "datasets");
  const version = ground();
  const name = datasets().find(({ id }) => id === version?.dataset)?.name;
  const { z, y, x } = picks.point;
  return html`<div class="pickcorner xs t3"><span>z ${number(z)}, y ${number(y)}, x ${number(x)}</span>
    <span>${version ? `on ${name}` : "The tomogram is not in this project: the segmentation alone is shown."}</span><span>Press or drag to move the cross; arrows, and wheel for depth.</span></div>`;
}

/** @param {{ axis: Axis }} p */
function PlaneView({ axis }) {
  const size = () => planeSize(axis, picks.analysis?.shape ?? { z: 1, y: 1, x: 1 });
  /** @param {{ width: number, height: number }} box */
  const placed = (box) => {
    // A plane along x has z across.
    const wide = axis === "yz" ? { ...size(), width: size().width * aspect() } : size();
    return placement(box, wide, axis === "xz" ? aspect() : 1);
  };
  const column = (/** @type {Place} */ place, /** @type {number} */ value) => (axis === "yz" ? place.left + (value + 0.5) * place.scale * aspect() : across(place, value));
  const draw = (/** @type {HTMLCanvasElement} */ canvas) => {
    const { context, ...box } = prepared(canvas);
    if (!picks.analysis) return;
    const place = placed(box);
    context.fillStyle = "#000";
    context.fillRect(place.left, place.top, place.width, place.height);
    const grey = picks.greys.get(axis);
    if (grey) lay(context, place, once(grey, "grey", () => greyPicture(grey)));
    const plane = picks.planes.get(axis);
    if (plane) {
      const { height, width } = size();
      // Blocks that were not whole were left out.
      const part = { ...place, width: (place.width * plane.width * picks.settings.binning) / width, height: (place.height * plane.height * picks.settings.binning) / height };
      lay(context, part, tint(plane));
    }
    const here = onPlane(axis, [picks.point.z, picks.point.y, picks.point.x]);
    for (const mark of cut(picks.found?.points ?? [], axis, here.depth, markRadius())) ring(context, column(place, mark.column), down(place, mark.row), mark.radius * place.scale);
    context.strokeStyle = "rgb(255 255 255 / .45)";
    context.lineWidth = 1;
    context.beginPath();
    const [x, y] = [Math.round(column(place, here.column)) + 0.5, Math.round(down(place, here.row)) + 0.5];
    context.moveTo(place.left, y);
    context.lineTo(place.left + place.width, y);
    context.moveTo(x, place.top);
    context.lineTo(x, place.top + place.height);
    context.stroke();
  };
  const canvas = useDrawing(draw);
  const follow = (/** @type {PointerEvent} */ event) => {
    if (!canvas.current) return;
    const box = canvas.current.getBoundingClientRect();
    const place = placed(box);
    const along = (event.clientX - box.left - place.left) / place.scale / (axis === "yz" ? aspect() : 1) - 0.5;
    pressed(axis, (event.clientY - box.top - place.top) / place.scale / place.stretch - 0.5, along);
  };
  const press = (/** @type {PointerEvent} */ event) => {
    if (event.button !== 0) return;
    canvas.current?.focus();
    canvas.current?.setPointerCapture(event.pointerId);
    follow(event);
  };
  const key = (/** @type {KeyboardEvent} */ event) => {
    const here = onPlane(axis, [picks.point.z, picks.point.y, picks.point.x]);
    const by = event.shiftKey ? 10 : 1;
    const step = { ArrowLeft: [0, -by], ArrowRight: [0, by], ArrowUp: [-by, 0], ArrowDown: [by, 0] }[event.key];
    if (step) pressed(axis, here.row + step[0], here.column + step[1]);
    else if (event.key === "PageUp" || event.key === "PageDown") moveTo(deeper(axis, picks.point, event.key === "PageUp" ? by : -by));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const here = onPlane(axis, [picks.point.z, picks.point.y, picks.point.x]).depth;
  const shown = cut(picks.found?.points ?? [], axis, here, markRadius()).length;
  return html`<div class=${`pickplane ${axis}`}><canvas ref=${canvas} tabindex="0" role="application" aria-label=${`${NAMES[axis]} plane ${here}, ${shown} picks near it`}
      onPointerDown=${press} onPointerMove=${(/** @type {PointerEvent} */ event) => event.buttons === 1 && follow(event)} onKeyDown=${key}
      onWheel=${(/** @type {WheelEvent} */ event) => {
        event.preventDefault();
        moveTo(deeper(axis, picks.point, -Math.sign(event.deltaY)));
      }}></canvas><span class="on-pic">${NAMES[axis]} ${number(here)}</span></div>`;
}

/** The greatest values along z, and all picks. */
export function Projection() {
  const placed = (/** @type {{ width: number, height: number }} */ box) => placement(box, planeSize("xy", picks.analysis?.shape ?? { z: 1, y: 1, x: 1 }));
  const canvas = useDrawing((own) => {
    const { context, ...box } = prepared(own);
    if (!picks.analysis || !picks.projection) return;
    const place = placed(box);
    context.fillStyle = "#000";
    context.fillRect(place.left, place.top, place.width, place.height);
    const { projection } = picks;
    const part = { ...place, width: projection.width * picks.settings.binning * place.scale, height: projection.height * picks.settings.binning * place.scale };
    lay(context, part, once(projection, "grey", () => greyPicture(projection)));
    for (const [, y, x] of picks.found?.points ?? []) ring(context, across(place, x), down(place, y), Math.min(5, markRadius() * place.scale));
  });
  const press = (/** @type {PointerEvent} */ event) => {
    if (!canvas.current || !picks.found) return;
    const box = canvas.current.getBoundingClientRect();
    const place = placed(box);
    const far = picks.found.points.map(([, y, x]) => Math.hypot(across(place, x) - (event.clientX - box.left), down(place, y) - (event.clientY - box.top)));
    const nearest = far.indexOf(Math.min(...far));
    if (far[nearest] <= 12) showPick(nearest);
  };
  return html`<div class="pickone"><canvas ref=${canvas} role="img" aria-label=${`Projection along z with ${picks.found?.count ?? 0} picks`} onPointerDown=${press}></canvas><span class="on-pic">Greatest values along z · press a pick to see it</span></div>`;
}

/** Picks chosen by chance, the slice through each. */
export function Crops() {
  useTopics("picks");
  const { crops, found } = picks;
  if (!found || found.count === 0) return html`<div class="pickempty t3">${found ? "Nothing was picked with these rules." : ""}</div>`;
  return html`<div class="pickcrops"><div class="row s"><span class="t2">${crops ? `${crops.places.length} of ${number(found.count)} picks, by chance` : "Reading…"}</span><span class="g"></span>
      ${found.count > 1 ? html`<button class="btn" onClick=${otherCrops}>Others</button>` : null}</div>
    <ul class="cropgrid" aria-label="Picks">${(crops?.places ?? []).map((place, index) => html`<${Crop} key=${`${picks.seed} ${place}`} place=${place} index=${index} />`)}</ul></div>`;
}

/** @param {{ place: number, index: number }} p */
function Crop({ place, index }) {
  const canvas = useDrawing((own) => {
    const { context, ...box } = prepared(own);
    if (!picks.crops) return;
    const { side, bytes } = picks.crops;
    const start = index * 2 * side * side;
    const whole = placement(box, { width: side, height: side });
    lay(context, whole, greyPicture({ key: "", bytes: bytes.subarray(start, start + side * side), height: side, width: side }));
    lay(context, whole, picture(tinted(bytes.subarray(start + side * side, start + 2 * side * side), side, side, level(), COLOUR), side, side));
    ring(context, across(whole, side / 2), down(whole, side / 2), 2.5);
  });
  return html`<li><button class="crop" title=${`Pick ${place + 1}: show the planes through it`} aria-label=${`Pick ${place + 1}`} onClick=${() => showPick(place)}><canvas ref=${canvas}></canvas><span class="xs">${number(place + 1)}</span></button></li>`;
}

/** What is being read, over the pictures. */
export function Reading() {
  useTopics("picks");
  if (picks.reading === null) return null;
  return html`<div class="pickreading"><span class="prog" role="progressbar" aria-label="Reading the segmentation" aria-valuenow=${Math.round(picks.reading * 100)} style=${`--v:${picks.reading * 100}%`}><i></i></span>
    <span class="s t2">Reading ${picks.segmentation?.name} once; then counts come at once. ${number(picks.reading * 100)} %</span></div>`;
}

