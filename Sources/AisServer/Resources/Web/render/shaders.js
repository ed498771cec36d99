// The shaders. Places on the screen are device pixels from the upper left corner; points of a slice are voxels with their
// centres on whole numbers, so texture coordinates are (point + ½) / size.

export const everything = `#version 300 es
void main() {
  vec2 corner = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
  gl_Position = vec4(corner, 0.0, 1.0);
}`;

const placed = `#version 300 es
precision highp float;
uniform vec2 viewport;   // device pixels
uniform vec2 centre;     // voxels of the frame, x and y
uniform float zoom;      // device pixels for a voxel of the frame
uniform vec2 frame;      // voxels of the frame's slice
out vec4 colour;
vec2 point() {
  vec2 place = vec2(gl_FragCoord.x, viewport.y - gl_FragCoord.y);
  return centre + (place - 0.5 * viewport) / zoom;
}
`;

export const slice = `${placed}
uniform sampler2D values;
uniform vec2 limits;     // black and white, in the texture's numbers
uniform vec4 crop;       // first and last edge: x, y, x, y
uniform vec3 stage;
void main() {
  vec2 at = (point() + 0.5) / frame;
  if (any(lessThan(at, vec2(0.0))) || any(greaterThanEqual(at, vec2(1.0)))) { colour = vec4(stage, 1.0); return; }
  float grey = clamp((texture(values, at).r - limits.x) / (limits.y - limits.x), 0.0, 1.0);
  vec2 p = at * frame;
  float dim = any(lessThan(p, crop.xy)) || any(greaterThan(p, crop.zw)) ? 0.35 : 1.0;
  colour = vec4(mix(stage, vec3(grey), dim), 1.0);
}`;

export const overlay = `${placed}
uniform sampler2D values;
uniform vec2 limits;     // none and all, in the texture's numbers
uniform vec3 paint;
uniform float opacity;
uniform float multiplies;
void main() {
  vec2 at = (point() + 0.5) / frame;
  if (any(lessThan(at, vec2(0.0))) || any(greaterThanEqual(at, vec2(1.0)))) discard;
  float share = clamp((texture(values, at).r - limits.x) / (limits.y - limits.x), 0.0, 1.0);
  if (multiplies > 0.5) { colour = vec4(mix(vec3(1.0), paint * share, opacity), 1.0); return; }
  float alpha = share * opacity;
  colour = vec4(paint * alpha, alpha);
}`;

export const layer = `${placed}
uniform sampler2D mask;
uniform vec3 paint;
uniform float fill;      // opacity inside
uniform float edge;      // width of the edge in device pixels
uniform float dashes;    // device pixels of a dash; 0: solid
uniform float tint;      // 1: multiply, as the reference program does
float inside(vec2 at) {
  if (any(lessThan(at, vec2(0.0))) || any(greaterThanEqual(at, vec2(1.0)))) return 0.0;
  return texture(mask, at).r;
}
void main() {
  vec2 at = (point() + 0.5) / frame;
  if (inside(at) < 0.5) discard;
  vec2 reach = vec2(edge / zoom) / frame;
  float least = min(min(inside(at + vec2(reach.x, 0.0)), inside(at - vec2(reach.x, 0.0))),
    min(inside(at + vec2(0.0, reach.y)), inside(at - vec2(0.0, reach.y))));
  bool onEdge = least < 0.5;
  if (onEdge && dashes > 0.0) onEdge = mod(gl_FragCoord.x + gl_FragCoord.y, 2.0 * dashes) < dashes;
  float alpha = onEdge ? max(fill, 0.95) : fill;
  if (tint > 0.5 && !onEdge) { colour = vec4(paint * alpha, 0.0); return; }
  colour = vec4(paint * alpha, alpha);
}`;

export const prediction = `${placed}
uniform sampler2D values;
uniform sampler2D before; // the same part, before competition and rules
uniform vec4 part;       // of the slice: first x and y, width, height
uniform vec2 size;       // the whole slice
uniform float limit;     // above it is found, 0 to 1
uniform vec3 paint;
uniform float fill;
uniform float edge;      // width in device pixels
uniform float dashes;
uniform float isShaded;
uniform float hasBefore;
vec2 within(vec2 at) { return (at * size - part.xy) / part.zw; }
float least(sampler2D of, vec2 at, vec2 reach) {
  return min(min(texture(of, within(at + vec2(reach.x, 0.0))).r, texture(of, within(at - vec2(reach.x, 0.0))).r),
    min(texture(of, within(at + vec2(0.0, reach.y))).r, texture(of, within(at - vec2(0.0, reach.y))).r));
}
void main() {
  vec2 at = (point() + 0.5) / frame;
  vec2 place = within(at);
  if (any(lessThan(place, vec2(0.0))) || any(greaterThanEqual(place, vec2(1.0)))) discard;
  vec2 reach = vec2(edge / zoom) / frame;
  float value = texture(values, place).r;
  if (value < limit) {
    if (hasBefore < 0.5 || texture(before, place).r < limit || least(before, at, 1.5 * reach) >= limit) discard;
    if (mod(gl_FragCoord.x + gl_FragCoord.y, 2.0 * dashes) >= dashes) discard;
    colour = vec4(paint * 0.95, 0.95);
    return;
  }
  bool onEdge = least(values, at, reach) < limit;
  float alpha = isShaded > 0.5 ? fill * mix(0.2, 1.0, (value - limit) / max(1.0 - limit, 0.004)) : fill;
  if (onEdge) alpha = max(alpha, 0.9);
  colour = vec4(paint * alpha, alpha);
}`;

export const convolve = `#version 300 es
precision highp float;
uniform sampler2D values;
uniform ivec2 direction;
uniform int reach;
uniform float taps[61];
out vec4 result;
void main() {
  ivec2 size = textureSize(values, 0);
  ivec2 at = ivec2(gl_FragCoord.xy);
  float sum = 0.0;
  for (int i = -reach; i <= reach; i++) {
    sum += taps[i + reach] * texelFetch(values, clamp(at + i * direction, ivec2(0), size - 1), 0).r;
  }
  result = vec4(sum, 0.0, 0.0, 1.0);
}`;

export const combine = `#version 300 es
precision highp float;
uniform sampler2D original;
uniform sampler2D filtered;
uniform float weight;
out vec4 result;
void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  float value = texelFetch(original, at, 0).r * min(1.0 - weight, 1.0) + texelFetch(filtered, at, 0).r * weight;
  result = vec4(value, 0.0, 0.0, 1.0);
}`;

export const subsample = `#version 300 es
precision highp float;
uniform sampler2D values;
uniform ivec2 first;
uniform int step;
out vec4 result;
void main() {
  result = vec4(texelFetch(values, first + ivec2(gl_FragCoord.xy) * step, 0).r, 0.0, 0.0, 1.0);
}`;
