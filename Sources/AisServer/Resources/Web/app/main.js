// Where the page begins.

import * as api from "../api.js";
import { html, render } from "../views/ui.js";
import { Shell } from "../views/shell.js";
import "./dropped.js";
import "./show.js";
import { applyScale, showAddress } from "./navigation.js";
import { setIsMe, setMaskSource } from "./picture.js";
import { loadMask } from "./project.js";
import { changed, complain, listen, state } from "./state.js";

document.documentElement.dataset.theme = state.theme;
applyScale();
setMaskSource((plane) => void loadMask(plane));
setIsMe(({ client }) => client === api.client);
render(html`<${Shell} />`, /** @type {HTMLElement} */ (document.querySelector("#page")));

try {
  state.session = await api.session();
  state.author ||= state.session.author;
  api.setAuthor(state.author);
  const { open } = state.session;
  // The program was started with something to open: no need to ask.
  if (location.pathname === "/" && open.length === 1) history.replaceState(null, "", `/p/${encodeURIComponent(open[0].key)}/annotate`);
  await showAddress();
} catch (error) {
  state.screen = "start";
  changed("session", "ui");
  complain(error instanceof api.Unreachable ? "No answer from the server. Start Ais again, and open the address that it prints." : error);
}

// Where this person is and what stroke goes on, for the others: at most ten times a second, and only when it changed. That the page is used
// at all is said once a second: of several pages the one that was used last shows what is asked for from outside.
let lastPlace = "";
/** One at a time, so that none overtakes another: a stroke that ended must not come back. */
let isTelling = false;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let isUsed = false;
let toldUse = -Infinity;
const USE_INTERVAL = 1000;
for (const name of ["pointerdown", "keydown", "wheel", "focus"]) {
  addEventListener(name, () => {
    isUsed = true;
    tellPlace();
  }, { capture: true, passive: true });
}
listen(["cursor", "slice", "features", "datasets", "annotations", "people"], tellPlace);

/** @type {ReturnType<typeof setTimeout> | undefined} */
let useTimer;

function tellPlace() {
  timer ??= setTimeout(() => {
    timer = undefined;
    if (!state.project || !state.connection.isUp || isTelling) return;
    const point = state.cursor?.point;
    const place = { dataset: state.dataset, slice: state.slice, feature: state.feature, y: point ? Math.round(point.y) : null, x: point ? Math.round(point.x) : null, stroke: shortened() };
    const text = JSON.stringify(place);
    const now = performance.now();
    const isUseDue = isUsed && now - toldUse >= USE_INTERVAL;
    const isNews = text !== lastPlace && (state.people.length > 1 || lastPlace === "");
    if (!isNews && !isUseDue) {
      if (isUsed) {
        useTimer ??= setTimeout(() => {
          useTimer = undefined;
          tellPlace();
        }, toldUse + USE_INTERVAL - now);
      }
      return;
    }
    lastPlace = text;
    if (isUsed) toldUse = now;
    // Nothing depends on it; the connection's state is known from elsewhere.
    isTelling = true;
    const told = isUsed;
    isUsed = false;
    void api.presence(state.project.key, { ...place, isUsed: told }).catch(() => {}).finally(() => {
      isTelling = false;
      tellPlace();
    });
  }, 100);
}

/** The stroke that goes on, its newest places, as whole voxels. */
function shortened() {
  const { stroke } = state;
  return stroke ? { radius: stroke.radius, erases: stroke.erases, points: stroke.points.slice(-400).map(Math.round) } : null;
}
