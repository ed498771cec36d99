// Where the page begins.

import * as api from "../api.js";
import { html, render } from "../views/ui.js";
import { Shell } from "../views/shell.js";
import { applyScale, openPaths, showAddress } from "./navigation.js";
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

// Where this person is, for the others: at most five times a second, and only when it changed.
let lastPlace = "";
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
listen(["cursor", "slice", "features", "datasets"], () => {
  timer ??= setTimeout(() => {
    timer = undefined;
    if (!state.project || !state.connection.isUp) return;
    const point = state.cursor?.point;
    const place = { dataset: state.dataset, slice: state.slice, feature: state.feature, y: point ? Math.round(point.y) : null, x: point ? Math.round(point.x) : null };
    const text = JSON.stringify(place);
    if (text === lastPlace || (state.people.length < 2 && lastPlace !== "")) return;
    lastPlace = text;
    // Nothing depends on it; the connection's state is known from elsewhere.
    void api.presence(state.project.key, place).catch(() => {});
  }, 200);
});

// Files cannot be dropped from another machine; a path that is dropped as text can.
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  const text = event.dataTransfer?.getData("text/uri-list") || event.dataTransfer?.getData("text/plain") || "";
  const paths = text.split(/\r?\n/).filter((line) => /^(file:\/\/)?\//.test(line)).map((line) => decodeURIComponent(line.replace(/^file:\/\//, "")));
  if (paths.length > 0) void openPaths(paths);
  else if (event.dataTransfer?.files.length) complain("A browser does not tell where dropped files are. Choose them with Open tomograms, or drop them from a file manager that gives their paths.");
});
