// Draws a slice and the painted layers over it. What changed is drawn again, and nothing else: while a stroke goes on, only
// the rectangle around its newest piece.

import { drawAll, program, setFilter, texture } from "./gl.js";
import { FilterStack } from "./filter-stack.js";
import { PredictionTextures } from "./prediction-layer.js";
import * as shaders from "./shaders.js";
import { SliceCache } from "./slice-cache.js";
import { grown, union } from "../model/mask.js";

/** @import { Mask } from "../model/mask.js" */
/** @import { Filter, Rectangle, SliceData } from "../model/types.js" */
/** @import { View } from "../model/view.js" */
/** @import { PredictionLayer } from "./prediction-layer.js" */

/**
 * @typedef {object} Layer
 * @property {string} id
 * @property {Mask} mask
 * @property {[number, number, number]} colour  shares of 1
 * @property {number} opacity
 * @property {boolean} isOutline
 * @property {boolean} isDashed
 *
 * A second slice over the first, in one colour.
 * @typedef {{ key: string, data: SliceData, black: number, white: number, colour: [number, number, number], opacity: number, blend: "over" | "add" | "multiply" }} Overlay
 *
 * @typedef {object} Scene
 * @property {{ key: string, data: SliceData } | null} slice
 * @property {{ height: number, width: number }} frame
 * @property {View} view  zoom in CSS pixels
 * @property {{ black: number, white: number }} contrast
 * @property {boolean} isInverted
 * @property {boolean} isSmooth
 * @property {Filter[]} filters  those in effect
 * @property {Rectangle | null} crop
 * @property {Overlay | null} overlay
 * @property {boolean} isTint
 * @property {PredictionLayer[]} predictions  under the painted layers, the last drawn on top
 * @property {Layer[]} layers  the last drawn on top
 * @property {[number, number, number]} stage  colour around the picture
 */

export class PictureRenderer {
  /** @param {HTMLCanvasElement} canvas @param {() => void} onRestored  after the graphics card forgot everything */
  constructor(canvas, onRestored) {
    this.canvas = canvas;
    const gl = canvas.getContext("webgl2", { alpha: false, antialias: false, depth: false, preserveDrawingBuffer: true, desynchronized: false });
    if (!gl) throw new Error("This browser has no WebGL2, which the picture needs. Switch hardware acceleration on, or use another browser.");
    this.gl = gl;
    const about = gl.getExtension("WEBGL_debug_renderer_info");
    /** Whether the processor draws. */
    this.isSoftware = /swiftshader|llvmpipe|softpipe|software|basic render/i.test(String(gl.getParameter(about ? about.UNMASKED_RENDERER_WEBGL : gl.RENDERER)));
    this.ratio = 1;
    this.isLost = false;
    /** @type {boolean | undefined} */
    this.smoothFloats = undefined;
    /** @type {Map<string, { texture: WebGLTexture, mask: Mask, size: string, isSmooth: boolean, bounds: Rectangle | null }>} */
    this.masks = new Map();
    this.#prepare();
    canvas.addEventListener("webglcontextlost", (event) => {
      event.preventDefault();
      this.isLost = true;
    });
    canvas.addEventListener("webglcontextrestored", () => {
      this.isLost = false;
      this.#prepare();
      onRestored();
    });
  }

  #prepare() {
    const { gl } = this;
    gl.bindVertexArray(gl.createVertexArray());
    this.sliceProgram = program(gl, shaders.everything, shaders.slice);
    this.overlayProgram = program(gl, shaders.everything, shaders.overlay);
    this.layerProgram = program(gl, shaders.everything, shaders.layer);
    this.predictionProgram = program(gl, shaders.everything, shaders.prediction);
    this.predictions = new PredictionTextures(gl);
    this.filters = new FilterStack(gl);
    this.slices = new SliceCache(gl);
    this.masks.clear();
  }

  /** Takes the size of the element. Returns whether it changed. @param {number} width  CSS pixels @param {number} height @param {number} ratio  device pixels for one of CSS */
  resize(width, height, ratio) {
    const [columns, rows] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
    this.ratio = ratio;
    if (this.canvas.width === columns && this.canvas.height === rows) return false;
    this.canvas.width = columns;
    this.canvas.height = rows;
    return true;
  }

  /** The slice goes to the card before it is shown, so that showing it takes no time. @param {string} key @param {SliceData} data */
  prepare(key, data) {
    if (!this.isLost) this.slices?.upload(key, data);
  }

  /** A rectangle of a layer's mask changed. @param {string} id @param {Mask} mask @param {Rectangle} rectangle */
  updateMask(id, mask, rectangle) {
    const held = this.masks.get(id);
    if (this.isLost || !held || held.mask !== mask) return;
    this.#upload(held.texture, mask, rectangle);
    const { bounds } = held;
    held.bounds = bounds ? union(bounds, rectangle) : rectangle;
  }

  /** Draws all, or a rectangle of the frame. @param {Scene} scene @param {Rectangle} [only] */
  draw(scene, only) {
    if (this.isLost) return;
    const { gl, canvas, ratio } = this;
    const zoom = scene.view.zoom * ratio;
    const uploaded = scene.slice ? this.slices?.upload(scene.slice.key, scene.slice.data) : undefined;
    const values = uploaded ? /** @type {FilterStack} */ (this.filters).apply(uploaded, scene.filters) : null;
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.activeTexture(gl.TEXTURE0);
    gl.enable(gl.SCISSOR_TEST);
    const clip = only ? this.#onScreen(grown(only, 1, scene.frame) ?? only, scene.view, zoom) : [0, 0, canvas.width, canvas.height];
    if (clip[2] <= 0 || clip[3] <= 0) return;
    gl.scissor(clip[0], clip[1], clip[2], clip[3]);
    gl.disable(gl.BLEND);
    if (values && uploaded) {
      setFilter(gl, values, scene.isSmooth && values === uploaded.texture ? gl.LINEAR : scene.isSmooth && this.#floatsAreSmooth() ? gl.LINEAR : gl.NEAREST);
      const [black, white] = scene.isInverted ? [scene.contrast.white, scene.contrast.black] : [scene.contrast.black, scene.contrast.white];
      const uniform = this.#begin(this.sliceProgram, scene, zoom);
      // A slab or a filter may have moved the values, never the scale between texture and grey value.
      gl.uniform2f(uniform("scale"), ...shares(uploaded, black, white));
      const { height, width } = scene.frame;
      const crop = scene.crop ?? { x: 0, y: 0, width, height };
      gl.uniform4f(uniform("crop"), crop.x / width, crop.y / height, (crop.x + crop.width) / width, (crop.y + crop.height) / height);
      gl.uniform3f(uniform("stage"), ...scene.stage);
      drawAll(gl);
    } else {
      gl.clearColor(...scene.stage, 1);
      gl.clear(gl.COLOR_BUFFER_BIT);
    }
    gl.enable(gl.BLEND);
    if (scene.overlay) this.#drawOverlay(scene.overlay, scene, zoom);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    if (this.predictions) this.predictions.frame += 1;
    for (const layer of scene.predictions) {
      const uniform = this.#begin(this.predictionProgram, scene, zoom);
      gl.uniform2f(uniform("reach"), ratio / zoom / scene.frame.width, ratio / zoom / scene.frame.height);
      this.predictions?.prepare(layer, uniform, ratio, scene.isSmooth);
      drawAll(gl);
    }
    for (const layer of scene.layers) this.#drawLayer(layer, scene, zoom, clip);
    gl.disable(gl.SCISSOR_TEST);
  }

  /** Filtered values in a rectangle, for the flood brush. @param {Scene} scene @param {Rectangle} part @returns {Float32Array | null} */
  filtered(scene, part) {
    const uploaded = scene.slice && !this.isLost ? this.slices?.upload(scene.slice.key, scene.slice.data) : undefined;
    if (!uploaded || !this.filters) return null;
    const source = this.filters.apply(uploaded, scene.filters);
    const { offset, step } = uploaded;
    return this.filters.read(source, part.y, part.x, part.height, part.width, 1).map((value) => offset + step * value);
  }

  /** Every fourth value of the filtered slice, as `contrast.sampled` takes them. @param {Scene} scene @returns {Float32Array<ArrayBuffer> | null} */
  sampled(scene) {
    const uploaded = scene.slice && !this.isLost ? this.slices?.upload(scene.slice.key, scene.slice.data) : undefined;
    if (!uploaded || !this.filters) return null;
    const source = this.filters.apply(uploaded, scene.filters);
    const { height, width, offset, step } = uploaded;
    const border = Math.min(height, width) > 64 ? 16 : 0;
    const rows = Math.max(1, Math.ceil((height - 2 * border) / 4));
    const columns = Math.max(1, Math.ceil((width - 2 * border) / 4));
    return this.filters.read(source, border, border, rows, columns, 4).map((value) => offset + step * value);
  }

  /** @param {Overlay} overlay @param {Scene} scene @param {number} zoom */
  #drawOverlay({ key, data, black, white, colour, opacity, blend }, scene, zoom) {
    const { gl } = this;
    const { texture: values } = /** @type {SliceCache} */ (this.slices).upload(key, data);
    setFilter(gl, values, scene.isSmooth ? gl.LINEAR : gl.NEAREST);
    const uniform = this.#begin(this.overlayProgram, scene, zoom);
    gl.uniform2f(uniform("scale"), ...shares(data, black, white));
    gl.uniform3f(uniform("paint"), ...colour);
    gl.uniform1f(uniform("opacity"), opacity);
    gl.uniform1f(uniform("multiplies"), blend === "multiply" ? 1 : 0);
    if (blend === "multiply") gl.blendFunc(gl.DST_COLOR, gl.ZERO);
    else gl.blendFunc(gl.ONE, blend === "add" ? gl.ONE : gl.ONE_MINUS_SRC_ALPHA);
    drawAll(gl);
  }

  /** @param {Layer} layer @param {Scene} scene @param {number} zoom @param {number[]} clip */
  #drawLayer(layer, scene, zoom, clip) {
    const { gl } = this;
    const held = this.#provide(layer, scene.isSmooth);
    if (!held.bounds) return;
    // Only where something is painted: an empty part of the screen costs nothing.
    const [x, y, width, height] = this.#onScreen(held.bounds, scene.view, zoom);
    const left = Math.max(x, clip[0]);
    const top = Math.max(y, clip[1]);
    const columns = Math.min(x + width, clip[0] + clip[2]) - left;
    const rows = Math.min(y + height, clip[1] + clip[3]) - top;
    if (columns <= 0 || rows <= 0) return;
    gl.scissor(left, top, columns, rows);
    gl.bindTexture(gl.TEXTURE_2D, held.texture);
    const uniform = this.#begin(this.layerProgram, scene, zoom);
    gl.uniform3f(uniform("paint"), ...layer.colour);
    gl.uniform1f(uniform("fill"), layer.isOutline ? 0 : layer.opacity);
    const reach = (1.5 * this.ratio) / zoom;
    gl.uniform2f(uniform("reach"), reach / scene.frame.width, reach / scene.frame.height);
    gl.uniform1f(uniform("dashes"), layer.isDashed ? 4 * this.ratio : 0);
    gl.uniform1f(uniform("tint"), scene.isTint ? 1 : 0);
    if (scene.isTint && !layer.isOutline) gl.blendFunc(gl.DST_COLOR, gl.ONE);
    drawAll(gl);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  /** @param {import("./gl.js").Program | undefined} chosen @param {Scene} scene @param {number} zoom */
  #begin(chosen, scene, zoom) {
    const { gl, canvas } = this;
    const { handle, uniform } = /** @type {import("./gl.js").Program} */ (chosen);
    gl.useProgram(handle);
    const { frame: { height, width }, view: { centre } } = scene;
    gl.uniform4f(uniform("place"), 1 / zoom / width, -1 / zoom / height, (centre.x + 0.5 - canvas.width / 2 / zoom) / width, (centre.y + 0.5 + canvas.height / 2 / zoom) / height);
    return uniform;
  }

  /** @param {Layer} layer @param {boolean} isSmooth */
  #provide(layer, isSmooth) {
    const { gl } = this;
    const { mask } = layer;
    const size = `${mask.width} ${mask.height}`;
    let held = this.masks.get(layer.id);
    if (!held || held.size !== size) {
      if (held) gl.deleteTexture(held.texture);
      const handle = /** @type {WebGLTexture} */ (texture(gl, gl.R8, mask.width, mask.height, gl.NEAREST));
      held = { texture: handle, mask, size, isSmooth: false, bounds: null };
      this.masks.set(layer.id, held);
      held.bounds = mask.bounds();
      if (held.bounds) this.#upload(handle, mask, { y: 0, x: 0, height: mask.height, width: mask.width });
    } else if (held.mask !== mask) {
      const before = held.bounds;
      held.mask = mask;
      held.bounds = mask.bounds();
      const changed = before && held.bounds ? union(before, held.bounds) : (before ?? held.bounds);
      if (changed) this.#upload(held.texture, mask, changed);
    }
    if (held.isSmooth !== isSmooth) {
      setFilter(gl, held.texture, isSmooth ? gl.LINEAR : gl.NEAREST);
      held.isSmooth = isSmooth;
    }
    return held;
  }

  /** Forgets the textures of layers that are gone. @param {Set<string>} ids */
  keepMasks(ids) {
    for (const [id, held] of this.masks) {
      if (ids.has(id)) continue;
      this.gl.deleteTexture(held.texture);
      this.masks.delete(id);
    }
  }

  /** @param {WebGLTexture} handle @param {Mask} mask @param {Rectangle} rectangle */
  #upload(handle, mask, rectangle) {
    const { gl } = this;
    gl.bindTexture(gl.TEXTURE_2D, handle);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.pixelStorei(gl.UNPACK_ROW_LENGTH, mask.width);
    gl.pixelStorei(gl.UNPACK_SKIP_ROWS, rectangle.y);
    gl.pixelStorei(gl.UNPACK_SKIP_PIXELS, rectangle.x);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, rectangle.x, rectangle.y, rectangle.width, rectangle.height, gl.RED, gl.UNSIGNED_BYTE, mask.pixels);
    for (const name of [gl.UNPACK_ROW_LENGTH, gl.UNPACK_SKIP_ROWS, gl.UNPACK_SKIP_PIXELS]) gl.pixelStorei(name, 0);
  }

  /** A rectangle of the frame in device pixels from the lower left corner, with room for an edge. @param {Rectangle} part @param {View} view @param {number} zoom @returns {[number, number, number, number]} */
  #onScreen(part, view, zoom) {
    const { width, height } = this.canvas;
    const left = Math.floor((part.x - 1 - view.centre.x) * zoom + width / 2) - 3;
    const right = Math.ceil((part.x + part.width - view.centre.x) * zoom + width / 2) + 3;
    const top = Math.floor((part.y - 1 - view.centre.y) * zoom + height / 2) - 3;
    const bottom = Math.ceil((part.y + part.height - view.centre.y) * zoom + height / 2) + 3;
    const clamp = (/** @type {number} */ value, /** @type {number} */ most) => Math.min(most, Math.max(0, value));
    const [x0, x1, y0, y1] = [clamp(left, width), clamp(right, width), clamp(top, height), clamp(bottom, height)];
    return [x0, height - y1, x1 - x0, y1 - y0];
  }

  #floatsAreSmooth() {
    this.smoothFloats ??= this.gl.getExtension("OES_texture_float_linear") !== null;
    return this.smoothFloats;
  }
}

/** Factor and summand that make of a texture's numbers shares of the way from black to white, which may be the same. @param {{ offset: number, step: number }} of @param {number} black @param {number} white @returns {[number, number]} */
function shares({ offset, step }, black, white) {
  const way = white - black || 1e-3 * step;
  return [step / way, (offset - black) / way];
}
