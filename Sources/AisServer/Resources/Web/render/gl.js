// Small pieces of WebGL2: programs, textures, a quad.

/** @param {WebGL2RenderingContext} gl @param {string} vertex @param {string} fragment */
export function program(gl, vertex, fragment) {
  const handle = gl.createProgram();
  for (const [type, source] of /** @type {const} */ ([[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]])) {
    const shader = /** @type {WebGLShader} */ (gl.createShader(type));
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost()) {
      throw new Error(`a shader does not compile: ${gl.getShaderInfoLog(shader)}`);
    }
    gl.attachShader(handle, shader);
  }
  gl.linkProgram(handle);
  if (!gl.getProgramParameter(handle, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new Error(`a program does not link: ${gl.getProgramInfoLog(handle)}`);
  }
  /** @type {Map<string, WebGLUniformLocation | null>} */
  const locations = new Map();
  const uniform = (/** @type {string} */ name) => {
    if (!locations.has(name)) locations.set(name, gl.getUniformLocation(handle, name));
    return locations.get(name) ?? null;
  };
  return { handle, uniform };
}
/** @typedef {ReturnType<typeof program>} Program */

/** @param {WebGL2RenderingContext} gl @param {number} format  such as gl.R16F @param {number} width @param {number} height @param {number} filter */
export function texture(gl, format, width, height, filter) {
  const handle = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, handle);
  gl.texStorage2D(gl.TEXTURE_2D, 1, format, width, height);
  for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, filter);
  for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE);
  return handle;
}

/** @param {WebGL2RenderingContext} gl @param {WebGLTexture} handle @param {number} filter */
export function setFilter(gl, handle, filter) {
  gl.bindTexture(gl.TEXTURE_2D, handle);
  for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, filter);
}

/** A triangle over everything; the scissor cuts it. @param {WebGL2RenderingContext} gl */
export const drawAll = (gl) => gl.drawArrays(gl.TRIANGLES, 0, 3);
