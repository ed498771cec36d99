// What somebody asked to be seen from outside of the page, as `ais open` does: the page that was used last goes there, others say so.

import * as api from "../api.js";
import { goToSlice, showDataset } from "./datasets.js";
import { setShowListener } from "./listeners.js";
import { goTo, showTask } from "./navigation.js";
import { complain, listen, state, tell } from "./state.js";

/** @import { Wish } from "../model/types.js" */

/** Only the last counts. */
let latest = 0;

setShowListener((wish) => {
  latest = wish.number;
  if (wish.client !== api.client) {
    tell(`${words(wish)} was asked for from outside`, { title: "Show here", run: () => void visit(wish).catch(complain) });
    return;
  }
  // A stroke that goes on is not torn off.
  if (!state.stroke) void go(wish);
  else {
    const stop = listen(["annotations"], () => {
      if (state.stroke) return;
      stop();
      if (latest === wish.number) void go(wish);
    });
  }
});

/** @param {Pick<Wish, "name" | "slice">} wish */
const words = ({ name, slice }) => `${name}${slice === null ? "" : `, slice ${slice + state.preferences.firstSlice},`}`;

/** @param {Wish} wish */
async function go(wish) {
  const before = state.project ? { project: state.project.key, dataset: state.dataset, slice: state.slice } : null;
  try {
    await visit(wish);
    if (before) tell(`${words(wish)} was asked for from outside`, { title: "Back", run: () => void visit(before).catch(complain) });
  } catch (error) {
    complain(error);
  }
}

/** @param {Pick<Wish, "project" | "dataset" | "slice">} place */
async function visit({ project, dataset, slice }) {
  if (state.project?.key !== project) {
    await goTo(project, { ...(dataset === null ? {} : { d: String(dataset) }), ...(slice === null ? {} : { z: String(slice) }) });
    return;
  }
  if (dataset === null) return;
  if (state.task === "run") showTask("annotate");
  await isThere(dataset);
  if (state.dataset !== dataset) await showDataset(dataset, slice === null ? {} : { slice });
  else if (slice !== null) goToSlice(slice);
}

/** A tomogram that was just taken in comes by another way than the word to show it. @param {number} dataset */
const isThere = (dataset) => new Promise((/** @type {(value: void) => void} */ resolve, reject) => {
  const isHere = () => state.registers.get("dataset", dataset) !== null;
  if (isHere()) {
    resolve();
    return;
  }
  const end = (/** @type {() => void} */ settle) => {
    clearTimeout(timer);
    stop();
    settle();
  };
  const timer = setTimeout(() => end(() => reject(new Error("The tomogram that was asked for is not in this project any more."))), 20000);
  const stop = listen(["datasets"], () => isHere() && end(resolve));
});
