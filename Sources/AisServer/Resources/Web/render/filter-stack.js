// Filters on the graphics card. The result is kept until the slice or the filters change.

import { kernels } from "../model/filters.js";
import { drawAll, program, texture } from "./gl.js";
import * as shaders from "./shaders.js";

/** @import { Filter } from "../model/types.js" */
/** @import { Uploaded } from "./slice-cache.js" */

export class FilterStack {
  /** @param {WebGL2RenderingContext} gl */
  constructor(gl) {
    this.gl = gl;
    // Rendering into half floats is an extension, though every WebGL2 device has it.
    this.isSupported = gl.getExtension("EXT_color_buffer_float") !== null;
    this.convolve = program(gl, shaders.everything, shaders.convolve);
    this.combine = program(gl, shaders.everything, shaders.combine);
    this.subsample = program(gl, shaders.everything, shaders.subsample);
    this.framebuffer = gl.createFramebuffer();
    this.key = "";
    this.size = "";
    /** @type {WebGLTexture[]} */
    this.textures = [];
    /** @type {WebGLTexture | null} */
    this.result = null;
  }

  /** The filtered slice, or the slice itself when nothing filters. @param {Uploaded} slice @param {Filter[]} filters @returns {WebGLTexture} */
  apply(slice, filters) {
    if (filters.length === 0 || !this.isSupported) return slice.texture;
    const key = slice.key + JSON.stringify(filters);
    if (this.key === key && this.result) return this.result;
    const { gl } = this;
    const { width, height } = slice;
    this.#provide(width, height);
    const [rows, filtered, ...ends] = this.textures;
    gl.viewport(0, 0, width, height);
    gl.disable(gl.BLEND);
    gl.disable(gl.SCISSOR_TEST);
    let current = slice.texture;
    filters.forEach((filter, index) => {
      const { x, y } = kernels(filter);
      this.#pass(current, rows, x, 1, 0);
      this.#pass(rows, filtered, y, 0, 1);
      const end = ends[index % 2];
      gl.useProgram(this.combine.handle);
      this.#into(end);
      gl.activeTexture(gl.TEXTURE1);
      gl.bindTexture(gl.TEXTURE_2D, filtered);
      gl.activeTexture(gl.TEXTURE0);
      gl.bindTexture(gl.TEXTURE_2D, current);
      gl.uniform1i(this.combine.uniform("original"), 0);
      gl.uniform1i(this.combine.uniform("filtered"), 1);
      gl.uniform1f(this.combine.uniform("weight"), filter.weight);
      drawAll(gl);
      current = end;
    });
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    this.key = key;
    this.result = current;
    return current;
  }

  /** Values of a texture every `step` pixels from `first`, in the texture's numbers. @param {WebGLTexture} source @param {number} y @param {number} x @param {number} rows @param {number} columns @param {number} step @returns {Float32Array<ArrayBuffer>} */
  read(source, y, x, rows, columns, step) {
    const { gl } = this;
    const target = texture(gl, gl.R32F, columns, rows, gl.NEAREST);
    gl.viewport(0, 0, columns, rows);
    gl.disable(gl.BLEND);
    gl.disable(gl.SCISSOR_TEST);
    gl.useProgram(this.subsample.handle);
    this.#into(/** @type {WebGLTexture} */ (target));
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, source);
    gl.uniform2i(this.subsample.uniform("first"), x, y);
    gl.uniform1i(this.subsample.uniform("step"), step);
    drawAll(gl);
    const pixels = new Float32Array(rows * columns * 4);
    gl.readPixels(0, 0, columns, rows, gl.RGBA, gl.FLOAT, pixels);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.deleteTexture(target);
    return Float32Array.from({ length: rows * columns }, (_, index) => pixels[4 * index]);
  }

  /** @param {WebGLTexture} target */
  #into(target) {
    const { gl } = this;
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.framebuffer);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, target, 0);
  }

  /** @param {WebGLTexture} from @param {WebGLTexture} to @param {number[]} taps @param {number} dx @param {number} dy */
  #pass(from, to, taps, dx, dy) {
    const { gl } = this;
    gl.useProgram(this.convolve.handle);
    this.#into(to);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, from);
    gl.uniform2i(this.convolve.uniform("direction"), dx, dy);
    gl.uniform1i(this.convolve.uniform("reach"), taps.length >> 1);
    gl.uniform1fv(this.convolve.uniform("taps"), taps);
    drawAll(gl);
  }

  /** @param {number} width @param {number} height */
  #provide(width, height) {
    const size = `${width} ${height}`;
    if (this.size === size) return;
    const { gl } = this;
    for (const old of this.textures) gl.deleteTexture(old);
    this.textures = [0, 1, 2, 3].map(() => /** @type {WebGLTexture} */ (texture(gl, gl.R32F, width, height, gl.NEAREST)));
    this.size = size;
    this.key = "";
  }
}
