// Annotating with a model's help: what it found becomes painted, to be corrected by hand. One step of undo.

import { blobAt, foundMask, inside } from "../model/assist.js";
import { onPixel } from "../model/boxes.js";
import { hex } from "../model/palette.js";
import { stroke } from "../model/patch.js";
import { thinned } from "../model/polygon.js";
import { paint } from "./features.js";
import { redraw, tooling } from "./picture.js";
import { resultsNow } from "./predictions.js";
import { paintable } from "./tools.js";
import { activeFeature, frame, state, tell } from "./state.js";

/** @import { Mask } from "../model/mask.js" */
/** @import { Model, Point } from "../model/types.js" */
/** @import { Action } from "./tools.js" */

/** Models with a result of the slice in view, the chosen one first. */
const sources = () => resultsNow().sort((a, b) => Number(b.model.id === state.model) - Number(a.model.id === state.model));

/** The model whose result is taken. @returns {Model | null} */
export const source = () => sources()[0]?.model ?? null;

/** @param {Mask} mask @param {boolean} erases @param {string} what */
function take(mask, erases, what) {
  const feature = paintable();
  const patch = stroke(mask, erases);
  if (!feature) return;
  if (!patch) tell("The model found nothing there");
  else paint([{ slice: state.slice, patch }], what, feature.id);
}

/** Copies all that the model found in this slice. */
export function takeSlice() {
  const [first] = sources();
  if (!first) tell("No model shows anything in this slice: switch one on first");
  else take(foundMask(first.result, first.model.threshold, frame()), false, `from ${first.model.title}`);
}

/** A click takes the blob under it, a drag what lies inside its line. @param {Point} start @param {boolean} erases @returns {Action} */
export function takeDrag(start, erases) {
  const points = [start];
  const show = () => {
    const feature = activeFeature();
    tooling.parts.lasso = { points, colour: feature ? hex(feature) : "#ffffff", isClosed: false };
    redraw("overlay");
  };
  const end = () => {
    delete tooling.parts.lasso;
    redraw("overlay");
  };
  return {
    move(further) {
      points.push(...further);
      show();
    },
    up() {
      end();
      const all = sources();
      if (all.length === 0) {
        tell("No model shows anything in this slice: switch one on first");
        return;
      }
      const isClick = points.every(({ y, x }) => Math.hypot(y - start.y, x - start.x) * state.view.zoom < 4);
      if (!isClick) {
        take(inside(foundMask(all[0].result, all[0].model.threshold, frame()), thinned(points, 0.3)), erases, `inside a lasso, from ${all[0].model.title}`);
        return;
      }
      // The chosen model's blob, or that of another where it has none.
      const at = onPixel(start);
      for (const { model, result } of all) {
        const mask = foundMask(result, model.threshold, frame());
        if (!mask.at(at.y, at.x)) continue;
        take(blobAt(mask, at), erases, `one piece, from ${model.title}`);
        return;
      }
      tell("No model found anything there");
    },
    cancel: end,
  };
}
