// Sections that fold to their title.

import { html } from "./ui.js";
import { Icon } from "./icons.js";
import { setPreference } from "../app/storage.js";
import { changed, state } from "../app/state.js";

/** @import { View } from "./preact-htm.d.ts" */

/** @param {string} name */
export const isFolded = (name) => state.preferences.folded.includes(name);

/** The title of a section that is open as long as it is what one works with. @param {{ isOpen: boolean, open: () => void, children?: View }} p */
export const OpenTitle = ({ isOpen, open, children }) => html`<h2><button class="foldtitle" aria-expanded=${isOpen} title=${isOpen ? "" : "Unfold"} onClick=${open}><${Icon} name=${isOpen ? "down" : "right"} />${children}</button></h2>`;

/** A section's title, which folds and unfolds it. @param {{ name: string, children?: View }} p */
export const FoldTitle = ({ name, children }) => html`<h2><button class="foldtitle" aria-expanded=${!isFolded(name)} title=${isFolded(name) ? "Unfold" : "Fold"} onClick=${() => {
  const { folded } = state.preferences;
  state.preferences.folded = isFolded(name) ? folded.filter((other) => other !== name) : [...folded, name];
  setPreference("folded", state.preferences.folded);
  changed("ui", "contrast");
}}><${Icon} name=${isFolded(name) ? "right" : "down"} />${children}</button></h2>`;
