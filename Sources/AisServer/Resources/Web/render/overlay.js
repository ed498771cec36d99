// What is drawn over the picture with lines: boxes, a lasso, the crop rectangle, a measure, other people. It lies
// on a canvas of its own, so that moving the pointer never draws the slice again.

import { screenPoint } from "../model/view.js";

/** @import { Point, Rectangle } from "../model/types.js" */
/** @import { Size, View } from "../model/view.js" */

/**
 * @typedef {object} Drawing
 * @property {View} view
 * @property {{ y: number, x: number, side: number, colour: string, isUnderPointer: boolean, isWhole: boolean }[]} boxes
 * @property {{ outline: Point[][], colour: string } | null} flood
 * @property {{ points: Point[], colour: string, isClosed: boolean } | null} lasso
 * @property {Rectangle | null} crop
 * @property {{ from: Point, to: Point, label: string } | null} measure
 * @property {{ at: Point, side: number, colour: string } | null} ghost  the box that a click would place
 * @property {Point | null} crosshair
 * @property {Point | null} keyCursor
 * @property {{ at: Point, colour: string, label: string, stroke: { radius: number, erases: boolean, points: number[], colour: string } | null }[]} people  points: y and x in turn
 */

const HALO = "rgba(0, 0, 0, .62)";

/** Whether there are no lines to be drawn. @param {Drawing} drawing */
export const isEmpty = ({ boxes, flood, lasso, crop, measure, ghost, crosshair, keyCursor, people }) =>
  boxes.length + people.length === 0 && !flood && !lasso && !crop && !measure && !ghost && !crosshair && !keyCursor;

/** @param {CanvasRenderingContext2D} context @param {Size} viewport  CSS pixels @param {number} ratio @param {Drawing} drawing */
export function drawOverlay(context, viewport, ratio, drawing) {
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  // Where the whole is cleared at once and nothing is drawn after it, Chromium may show the lines of some frames ago again: it takes
  // a picture that is all new for one that needs no old one, and then has none. Cleared in two parts it keeps the old one.
  const upper = Math.floor(viewport.height / 2);
  context.clearRect(0, 0, viewport.width, upper);
  context.clearRect(0, upper, viewport.width, viewport.height - upper);
  const { view } = drawing;
  const place = (/** @type {Point} */ point) => screenPoint(view, viewport, point);
  const stroke = (/** @type {string} */ colour, /** @type {number} */ width, /** @type {() => void} */ path) => {
    context.beginPath();
    path();
    context.strokeStyle = HALO;
    context.lineWidth = 2 * width;
    context.stroke();
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
  };
  const square = (/** @type {Point} */ at, /** @type {number} */ side) => {
    const { y, x } = place(at);
    const size = side * view.zoom;
    return [Math.round(x - size / 2) + 0.5, Math.round(y - size / 2) + 0.5, Math.round(size), Math.round(size)];
  };
  for (const box of drawing.boxes) {
    context.setLineDash(box.isUnderPointer || box.isWhole ? [] : [4, 3]);
    context.lineWidth = box.isUnderPointer ? 2 : box.isWhole ? 1.5 : 1;
    context.strokeStyle = box.colour;
    const [x, y, width, height] = square(box, box.side);
    if (x < viewport.width && y < viewport.height && x + width > 0 && y + height > 0) context.strokeRect(x, y, width, height);
  }
  context.setLineDash([]);
  if (drawing.ghost) {
    const [x, y, width, height] = square(drawing.ghost.at, drawing.ghost.side);
    stroke(drawing.ghost.colour, 1.5, () => context.rect(x, y, width, height));
  }
  if (drawing.crop) {
    const { crop } = drawing;
    const a = place({ y: crop.y - 0.5, x: crop.x - 0.5 });
    const b = place({ y: crop.y + crop.height - 0.5, x: crop.x + crop.width - 0.5 });
    stroke("#ffffff", 1, () => context.rect(a.x, a.y, b.x - a.x, b.y - a.y));
    context.fillStyle = "#ffffff";
    for (const [x, y] of [[a.x, a.y], [b.x, a.y], [a.x, b.y], [b.x, b.y]]) {
      context.fillStyle = HALO;
      context.fillRect(x - 6, y - 6, 12, 12);
      context.fillStyle = "#ffffff";
      context.fillRect(x - 4, y - 4, 8, 8);
    }
  }
  if (drawing.lasso && drawing.lasso.points.length > 0) {
    const { points, isClosed } = drawing.lasso;
    stroke(drawing.lasso.colour, 1.5, () => {
      points.map(place).forEach(({ y, x }, index) => (index ? context.lineTo(x, y) : context.moveTo(x, y)));
      if (isClosed) context.closePath();
    });
    const first = place(points[0]);
    stroke("#ffffff", 1, () => context.arc(first.x, first.y, 4, 0, 7));
  }
  if (drawing.flood) {
    const { outline } = drawing.flood;
    stroke(drawing.flood.colour, 1.5, () => {
      for (const [from, to] of outline) {
        const [a, b] = [place(from), place(to)];
        context.moveTo(a.x, a.y);
        context.lineTo(b.x, b.y);
      }
    });
  }
  if (drawing.measure) {
    const [a, b] = [place(drawing.measure.from), place(drawing.measure.to)];
    stroke("#ffffff", 1.5, () => {
      context.moveTo(a.x, a.y);
      context.lineTo(b.x, b.y);
    });
    plate(context, drawing.measure.label, (a.x + b.x) / 2 + 8, (a.y + b.y) / 2 - 8);
  }
  if (drawing.crosshair) {
    const { y, x } = place(drawing.crosshair);
    context.strokeStyle = "rgba(255, 255, 255, .55)";
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(0, Math.round(y) + 0.5);
    context.lineTo(viewport.width, Math.round(y) + 0.5);
    context.moveTo(Math.round(x) + 0.5, 0);
    context.lineTo(Math.round(x) + 0.5, viewport.height);
    context.stroke();
  }
  if (drawing.keyCursor) {
    const { y, x } = place(drawing.keyCursor);
    stroke("#ffffff", 1.5, () => {
      for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
        context.moveTo(x + 3 * dx, y + 3 * dy);
        context.lineTo(x + 10 * dx, y + 10 * dy);
      }
    });
  }
  for (const person of drawing.people) {
    const { y, x } = place(person.at);
    if (person.stroke) strokeOf(context, view, place, person.stroke);
    context.fillStyle = person.colour;
    stroke("#ffffff", 1, () => {
      for (const [dx, dy] of [[0, 0], [0, 16], [4.5, 12], [11, 11.5], [0, 0]]) context.lineTo(x + dx, y + dy);
    });
    context.fill();
    plate(context, person.label, x + 14, y + 24);
  }
}

/** What somebody else is painting just now. @param {CanvasRenderingContext2D} context @param {View} view @param {(point: Point) => Point} place @param {{ radius: number, erases: boolean, points: number[], colour: string }} stroke */
function strokeOf(context, view, place, { radius, erases, points, colour }) {
  context.beginPath();
  for (let index = 0; index + 1 < points.length; index += 2) {
    const { y, x } = place({ y: points[index], x: points[index + 1] });
    // A path of one place is a dot, which needs a length to be drawn.
    if (index === 0) context.moveTo(x, y);
    context.lineTo(x + 0.01, y);
  }
  context.save();
  Object.assign(context, { strokeStyle: erases ? "#9a9a9a" : colour, lineWidth: Math.max(1, 2 * radius * view.zoom), lineCap: "round", lineJoin: "round", globalAlpha: 0.45 });
  context.stroke();
  context.restore();
}

/** @param {CanvasRenderingContext2D} context @param {string} text @param {number} x @param {number} y */
function plate(context, text, x, y) {
  context.font = "11px 'IBM Plex Sans', system-ui, sans-serif";
  const { width } = context.measureText(text);
  context.fillStyle = "rgba(18, 18, 18, .84)";
  context.beginPath();
  context.roundRect(x - 6, y - 12, width + 12, 18, 3);
  context.fill();
  context.fillStyle = "#f0f0f0";
  context.fillText(text, x, y + 1);
}

/** The edges of pixels given as offsets, as lines to draw. @param {Point} centre @param {Int32Array} offsets  dy, dx in turn @returns {Point[][]} */
export function outlineOf(centre, offsets) {
  const cells = new Set();
  for (let index = 0; index < offsets.length; index += 2) cells.add(`${offsets[index]},${offsets[index + 1]}`);
  const lines = [];
  for (let index = 0; index < offsets.length; index += 2) {
    const [i, j] = [offsets[index], offsets[index + 1]];
    const [y, x] = [centre.y + i, centre.x + j];
    if (!cells.has(`${i - 1},${j}`)) lines.push([{ y: y - 0.5, x: x - 0.5 }, { y: y - 0.5, x: x + 0.5 }]);
    if (!cells.has(`${i + 1},${j}`)) lines.push([{ y: y + 0.5, x: x - 0.5 }, { y: y + 0.5, x: x + 0.5 }]);
    if (!cells.has(`${i},${j - 1}`)) lines.push([{ y: y - 0.5, x: x - 0.5 }, { y: y + 0.5, x: x - 0.5 }]);
    if (!cells.has(`${i},${j + 1}`)) lines.push([{ y: y - 0.5, x: x + 0.5 }, { y: y + 0.5, x: x + 0.5 }]);
  }
  return lines;
}
