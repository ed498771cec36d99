// What networks say, over the slice. The bytes go to the card once; colour, opacity, threshold and shading are numbers of the
// shader, so that sliders change them with every frame.

import { setFilter, texture } from "./gl.js";

/** @import { Result } from "../model/predictions.js" */
/** @import { Program } from "./gl.js" */

/**
 * @typedef {object} PredictionLayer
 * @property {string} key
 * @property {Result} result
 * @property {{ height: number, width: number }} size  of the version's whole slice
 * @property {[number, number, number]} colour  shares of 1
 * @property {number} opacity
 * @property {number} limit  bytes above it are found
 * @property {boolean} isShaded  stronger where the network is surer
 * @property {{ key: string, result: Result } | null} removedFrom  what it was before competition and rules, to be outlined where it is gone
 */

/** Textures of so many results at most, and of so many bytes, beside those of the frame that is drawn. */
const MOST = { count: 48, bytes: 64 << 20 };

export class PredictionTextures {
  /** @param {WebGL2RenderingContext} gl */
  constructor(gl) {
    this.gl = gl;
    /** The least recently used first. @type {Map<string, { texture: WebGLTexture, result: Result, frame: number }>} */
    this.held = new Map();
    this.bytes = 0;
    this.frame = 0;
  }

  /** @param {string} key @param {Result} result @returns {WebGLTexture} */
  upload(key, result) {
    const { gl } = this;
    const known = this.held.get(key);
    if (known) {
      this.held.delete(key);
      if (known.result === result) {
        known.frame = this.frame;
        this.held.set(key, known);
        return known.texture;
      }
      gl.deleteTexture(known.texture);
      this.bytes -= known.result.bytes.length;
    }
    const handle = /** @type {WebGLTexture} */ (texture(gl, gl.R8, result.width, result.height, gl.NEAREST));
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, result.width, result.height, gl.RED, gl.UNSIGNED_BYTE, result.bytes);
    this.held.set(key, { texture: handle, result, frame: this.frame });
    this.bytes += result.bytes.length;
    for (const [old, { texture: gone, result: { bytes }, frame }] of this.held) {
      if (frame === this.frame || (this.held.size <= MOST.count && this.bytes <= MOST.bytes)) break;
      gl.deleteTexture(gone);
      this.held.delete(old);
      this.bytes -= bytes.length;
    }
    return handle;
  }

  /**
   * Draws a layer; what was removed from it is outlined with dashes.
   * @param {PredictionLayer} layer @param {Program["uniform"]} uniform  of the program that is in use @param {number} ratio @param {boolean} isSmooth
   */
  prepare({ key, result, size, colour, opacity, limit, isShaded, removedFrom }, uniform, ratio, isSmooth) {
    const { gl } = this;
    const now = this.upload(key, result);
    const before = removedFrom ? this.upload(removedFrom.key, removedFrom.result) : now;
    gl.activeTexture(gl.TEXTURE1);
    setFilter(gl, before, isSmooth ? gl.LINEAR : gl.NEAREST);
    gl.activeTexture(gl.TEXTURE0);
    setFilter(gl, now, isSmooth ? gl.LINEAR : gl.NEAREST);
    gl.uniform1i(uniform("values"), 0);
    gl.uniform1i(uniform("before"), 1);
    gl.uniform4f(uniform("part"), size.width / result.width, size.height / result.height, -result.x / result.width, -result.y / result.height);
    // Halfway to the next byte: smoothing between pixels moves no pixel's own value over it.
    gl.uniform1f(uniform("limit"), (limit + 0.5) / 255);
    gl.uniform3f(uniform("paint"), ...colour);
    gl.uniform1f(uniform("fill"), opacity);
    gl.uniform1f(uniform("dashes"), 4 * ratio);
    gl.uniform1f(uniform("isShaded"), isShaded ? 1 : 0);
    gl.uniform1f(uniform("hasBefore"), removedFrom ? 1 : 0);
  }
}
