// The shaders. Points of a slice are voxels with their centres on whole numbers, so texture coordinates are (point + ½) / size: the
// slice is from 0 to 1. Where the processor draws, each operation on a pixel counts: what is the same for all is computed before.

export const everything = `#version 300 es
void main() {
  vec2 corner = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
  gl_Position = vec4(corner, 0.0, 1.0);
}`;

const placed = `#version 300 es
precision highp float;
uniform vec4 place;      // from device pixels, from the lower left corner, to the slice: factors, then summands
out vec4 colour;
vec2 point() { return gl_FragCoord.xy * place.xy + place.zw; }
bool isOutside(vec2 at) { return any(notEqual(floor(at), vec2(0.0))); }
`;

export const slice = `${placed}
uniform sampler2D values;
uniform vec2 scale;      // from the texture's numbers to shares of white: factor, summand
uniform vec4 crop;       // of the slice: first x and y, last x and y
uniform vec3 stage;
void main() {
  vec2 at = point();
  if (isOutside(at)) { colour = vec4(stage, 1.0); return; }
  float grey = clamp(texture(values, at).r * scale.x + scale.y, 0.0, 1.0);
  float dim = any(notEqual(clamp(at, crop.xy, crop.zw), at)) ? 0.35 : 1.0;
  colour = vec4(mix(stage, vec3(grey), dim), 1.0);
}`;

export const overlay = `${placed}
uniform sampler2D values;
uniform vec2 scale;      // from the texture's numbers to shares of all: factor, summand
uniform vec3 paint;
uniform float opacity;
uniform float multiplies;
void main() {
  vec2 at = point();
  if (isOutside(at)) discard;
  float share = clamp(texture(values, at).r * scale.x + scale.y, 0.0, 1.0);
  if (multiplies > 0.5) { colour = vec4(mix(vec3(1.0), paint * share, opacity), 1.0); return; }
  float alpha = share * opacity;
  colour = vec4(paint * alpha, alpha);
}`;

export const layer = `${placed}
uniform sampler2D mask;
uniform vec3 paint;
uniform float fill;      // opacity inside
uniform vec2 reach;      // width of the edge, as a share of the slice
uniform float dashes;    // device pixels of a dash; 0: solid
uniform float tint;      // 1: multiply, as the reference program does
float inside(vec2 at) {
  return isOutside(at) ? 0.0 : texture(mask, at).r;
}
void main() {
  vec2 at = point();
  if (inside(at) < 0.5) discard;
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
uniform vec4 part;       // from the slice to the part of it that was computed: factors, then summands
uniform float limit;     // above it is found, 0 to 1
uniform vec3 paint;
uniform float fill;
uniform vec2 reach;      // width of the edge, as a share of the slice
uniform float dashes;
uniform float isShaded;
uniform float hasBefore;
float least(sampler2D of, vec2 at, vec2 by) {
  return min(min(texture(of, at + vec2(by.x, 0.0)).r, texture(of, at - vec2(by.x, 0.0)).r),
    min(texture(of, at + vec2(0.0, by.y)).r, texture(of, at - vec2(0.0, by.y)).r));
}
void main() {
  vec2 at = point() * part.xy + part.zw;
  if (isOutside(at)) discard;
  vec2 by = reach * part.xy;
  float value = texture(values, at).r;
  if (value < limit) {
    if (hasBefore < 0.5 || texture(before, at).r < limit || least(before, at, 1.5 * by) >= limit) discard;
    if (mod(gl_FragCoord.x + gl_FragCoord.y, 2.0 * dashes) >= dashes) discard;
    colour = vec4(paint * 0.95, 0.95);
    return;
  }
  bool onEdge = least(values, at, by) < limit;
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
