// Colours of features, in the order in which they are given out; told apart also by colour-blind eyes.

/** @typedef {{ red: number, green: number, blue: number }} Colour  shares of 1 */

export const PALETTE = [
  { name: "coral", hex: "#fd6a4a" }, { name: "sky", hex: "#6fd8ff" }, { name: "gold", hex: "#ecc042" },
  { name: "violet", hex: "#a654f4" }, { name: "lime", hex: "#cdff86" }, { name: "blue", hex: "#8a9bff" },
  { name: "rose", hex: "#ec82c0" }, { name: "teal", hex: "#2f8060" },
];

/** @param {Colour} colour */
export const hex = ({ red, green, blue }) =>
  `#${[red, green, blue].map((share) => Math.round(Math.min(1, Math.max(0, share)) * 255).toString(16).padStart(2, "0")).join("")}`;

/** @param {string} text  #rgb or #rrggbb @returns {Colour | null} */
export function fromHex(text) {
  const match = /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(text.trim());
  if (!match) return null;
  const digits = match[1].length === 3 ? [...match[1]].map((digit) => digit + digit).join("") : match[1];
  const [red, green, blue] = [0, 2, 4].map((start) => parseInt(digits.slice(start, start + 2), 16) / 255);
  return { red, green, blue };
}

/** The first colour of the palette that is used least. @param {Colour[]} used */
export function nextColour(used) {
  const counts = PALETTE.map(({ hex: code }) => used.filter((colour) => hex(colour) === code).length);
  return /** @type {Colour} */ (fromHex(PALETTE[counts.indexOf(Math.min(...counts))].hex));
}

/** A person's colour, the same on every screen: light enough to be seen on the picture and on both themes' grounds. @param {string} name */
export function personColour(name) {
  let sum = 7;
  for (const letter of name) sum = (31 * sum + (letter.codePointAt(0) ?? 0)) % 100003;
  return hex(fromHue((sum * 47) % 360, 0.7));
}

/** OKLab (Ottosson 2020). @param {Colour} colour */
export function oklab({ red, green, blue }) {
  const [r, g, b] = [red, green, blue].map((share) => (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4));
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s, 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

/** @param {Colour} a @param {Colour} b */
function distance(a, b) {
  const [p, q] = [oklab(a), oklab(b)];
  return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
}

/** A sentence when a colour is hard to tell from another or from grey; else null. @param {Colour} colour @param {{ title: string, colour: Colour }[]} others */
export function closenessNote(colour, others) {
  const [, a, b] = oklab(colour);
  if (Math.hypot(a, b) < 0.04) return "Close to grey, which is the picture.";
  const near = others.find((other) => distance(colour, other.colour) < 0.06);
  return near ? `Hard to tell from ${near.title}.` : null;
}

/** A colour of a hue and a strength (OKLCh at one lightness), as strong as the screen can show. @param {number} degrees @param {number} strength  0…1 @returns {Colour} */
export function fromHue(degrees, strength) {
  const angle = (degrees * Math.PI) / 180;
  for (let chroma = 0.25 * strength; ; chroma -= 0.005) {
    const [lightness, a, b] = [0.76, Math.max(0, chroma) * Math.cos(angle), Math.max(0, chroma) * Math.sin(angle)];
    const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
    const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
    const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
    const linear = [
      4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s, -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
      -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
    ];
    if (chroma > 0 && linear.some((share) => share < 0 || share > 1)) continue;
    const [red, green, blue] = linear.map((share) => (share <= 0.0031308 ? 12.92 * share : 1.055 * share ** (1 / 2.4) - 0.055));
    return { red, green, blue };
  }
}

/** How strong a colour is, as `fromHue` takes it. @param {Colour} colour */
export function strength(colour) {
  const [, a, b] = oklab(colour);
  return Math.min(1, Math.hypot(a, b) / 0.25);
}

/** The hue in degrees, for sorting. @param {Colour} colour */
export function hue(colour) {
  const [, a, b] = oklab(colour);
  return ((Math.atan2(b, a) * 180) / Math.PI + 360) % 360;
}
