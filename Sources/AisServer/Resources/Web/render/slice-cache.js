// Slices on the graphics card: the 64 used last, and no more bytes than allowed.

import { texture } from "./gl.js";

/** @import { SliceData } from "../model/types.js" */

/** What is known of a texture; its numbers are not kept here a second time. @typedef {{ key: string, texture: WebGLTexture, bytes: number, height: number, width: number, offset: number, step: number }} Uploaded */

export class SliceCache {
  /** @param {WebGL2RenderingContext} gl @param {number} [count] @param {number} [bytes] */
  constructor(gl, count = 64, bytes = 64 << 20) {
    this.gl = gl;
    this.limits = { count, bytes };
    /** The least recently used first. @type {Map<string, Uploaded>} */
    this.slices = new Map();
    this.bytes = 0;
  }

  /** @param {string} key @param {SliceData} data @returns {Uploaded} */
  upload(key, data) {
    const known = this.slices.get(key);
    if (known) {
      this.slices.delete(key);
      this.slices.set(key, known);
      return known;
    }
    const { gl } = this;
    const handle = texture(gl, gl.R16F, data.width, data.height, gl.NEAREST);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 2);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, data.width, data.height, gl.RED, gl.HALF_FLOAT, data.halves);
    const { height, width, offset, step } = data;
    const slice = { key, texture: /** @type {WebGLTexture} */ (handle), bytes: data.halves.byteLength, height, width, offset, step };
    this.slices.set(key, slice);
    this.bytes += slice.bytes;
    for (const old of this.slices.values()) {
      if (this.slices.size <= 1 || (this.slices.size <= this.limits.count && this.bytes <= this.limits.bytes)) break;
      gl.deleteTexture(old.texture);
      this.slices.delete(old.key);
      this.bytes -= old.bytes;
    }
    return slice;
  }

  /** Forgets all, as after a lost context, when the handles mean nothing any more. */
  forget() {
    this.slices.clear();
    this.bytes = 0;
  }
}
