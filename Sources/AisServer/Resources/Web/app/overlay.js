// A second picture over the slice, such as fluorescence: another version of the tomogram, or another tomogram of its size.

import * as slices from "./slices.js";
import { compute } from "./compute.js";
import { address, redraw } from "./picture.js";
import { sampled } from "../model/contrast.js";
import { activeDataset, changed, datasets, listen, state, versions } from "./state.js";

/** @import { Version } from "../model/types.js" */

/** What can lie over the slice: it fills the same frame. @returns {{ version: Version, name: string }[]} */
export function candidates() {
  const dataset = activeDataset();
  if (!dataset) return [];
  const { z, y, x } = dataset.shape;
  const fits = datasets().filter(({ shape }) => shape.z === z && shape.y === y && shape.x === x);
  return fits.flatMap((other) => versions(other.id).map((version) => ({ version, name: other.id === dataset.id ? version.title : `${other.name}, ${version.title}` })));
}

/** @param {number | null} version */
export function chooseOverlay(version) {
  state.overlay = { ...state.overlay, version, isHidden: false };
  changed("contrast", "slice");
}

/** @param {Partial<typeof state.overlay>} fields */
export function changeOverlay(fields) {
  state.overlay = { ...state.overlay, ...fields };
  changed("contrast");
}

export const toggleOverlay = () => changeOverlay({ isHidden: !state.overlay.isHidden });

/** Brings the overlay's slice; until it is here, none is shown rather than that of another slice. */
export function showOverlay() {
  const wanted = candidates().find(({ version }) => version.id === state.overlay.version);
  const place = wanted && wanted.version.state === "ok" ? address(state.slice, "xy", wanted.version) : null;
  const project = state.project?.key ?? "";
  const key = place ? slices.sliceKey(project, place.slice) : "";
  if (state.overlayShown?.key === key) return;
  state.overlayShown = null;
  wantedKey = key;
  if (!place) return;
  slices.load(project, place.slice, place.size, false).then(async (data) => {
    const values = sampled(data);
    const { contrast } = await compute("statistics", values, [values.buffer]);
    if (wantedKey !== key) return;
    state.overlayShown = { key, data, ...contrast };
    redraw("all");
    changed("shown");
  }, () => {
    // What does not come is not shown; the version's own state says why.
    if (wantedKey === key) wantedKey = "";
  });
}
let wantedKey = "";

listen(["slice", "datasets", "contrast"], () => {
  if (state.dataset !== null) showOverlay();
});
