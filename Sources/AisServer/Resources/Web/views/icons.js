// Icons: one path each, in a box of 16 × 16, drawn with the colour of the text. A button with an icon has a tooltip and a name.

import { html } from "./ui.js";

const PATHS = {
  undo: "M5.5 3L2.5 6l3 3M2.5 6h6.7a3.8 3.8 0 0 1 0 7.6H6",
  redo: "M10.5 3l3 3-3 3M13.5 6H6.8a3.8 3.8 0 0 0 0 7.6H10",
  history: "M2.6 5.2A6 6 0 1 1 2 8M2.3 2.5v3h3M8 4.8V8l2.3 1.6",
  help: "M6.2 6.2a1.9 1.9 0 1 1 2.7 1.7c-.6.3-.9.7-.9 1.4M8 11.6h.01M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8z",
  theme: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 2v12",
  sort: "M2 3.5h12M4.5 8h7M6.5 12.5h3",
  plus: "M8 3.5v9M3.5 8h9",
  minus: "M3.5 8h9",
  reset: "M13.4 5.2A6 6 0 1 0 14 8M13.7 2.5v3h-3",
  more: "M4 8h.01M8 8h.01M12 8h.01",
  menu: "M2.5 4h11M2.5 8h11M2.5 12h11",
  crop: "M4.5 1.5v10h10M1.5 4.5h10v10",
  fit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  brush: "M10.5 2.5l3 3-6.2 6.2-3-3zM4.3 8.7C2.9 9 2.6 10.6 2.4 13.6c3 -.2 4.6-.5 4.9-1.9",
  flood: "M8 2.2s4.5 4.6 4.5 7.4a4.5 4.5 0 0 1-9 0C3.5 6.8 8 2.2 8 2.2zM8 11.6a2 2 0 0 1-2-2",
  lasso: "M8 2.8c3.2 0 5.8 1.7 5.8 4S11.2 10.8 8 10.8 2.2 9.1 2.2 6.8 4.8 2.8 8 2.8zM4.6 10.2c-1.1.5-1.3 1.9-.2 2.3 1.2.4 1.6 1.2.9 2",
  sphere: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM2.5 8c0 1.4 2.5 2.3 5.5 2.3s5.5-.9 5.5-2.3",
  eraser: "M6 13h7.5M3 9.6l6.3-6.3a1 1 0 0 1 1.4 0l2.5 2.5a1 1 0 0 1 0 1.4L7.4 13H5.6L3 10.9a.9.9 0 0 1 0-1.3zM6.2 6.4l3.9 3.9",
  box: "M3 3h10v10H3zM8 6.5v3M6.5 8h3",
  template: "M2.5 5.5l4-2.5 4 2.5v5l-4 2.5-4-2.5zM6.5 8l4-2.5M6.5 8v5M6.5 8l-4-2.5M13.5 3v10",
  hand: "M5.5 8V4.2a1 1 0 0 1 2 0V7m0-3.8a1 1 0 0 1 2 0V7m0-3a1 1 0 0 1 2 0v5.5c0 2.5-1.6 4-3.8 4-2 0-2.9-.9-3.9-2.7L2.6 8.6c-.4-.9.7-1.6 1.4-.8l1.5 1.7",
  measure: "M2.5 10.5l8-8 3 3-8 8zM5 8l1.2 1.2M7 6l1.2 1.2M9 4l1.2 1.2",
  left: "M9.5 4.5L6 8l3.5 3.5",
  right: "M6.5 4.5L10 8l-3.5 3.5",
  layers: "M8 2.5l6 3-6 3-6-3zM2 8.2l6 3 6-3M2 10.9l6 3 6-3",
  eye: "M1.5 8S4 3.8 8 3.8 14.5 8 14.5 8 12 12.2 8 12.2 1.5 8 1.5 8zM8 6.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6z",
  eyeOff: "M6.3 4a7 7 0 0 1 1.7-.2c4 0 6.5 4.2 6.5 4.2s-.7 1.2-2 2.3M4 5.2C2.4 6.3 1.5 8 1.5 8S4 12.2 8 12.2c1.1 0 2.1-.3 3-.8M2.5 2.5l11 11",
  down: "M4.5 6.5L8 10l3.5-3.5",
  up: "M4.5 9.5L8 6l3.5 3.5",
  check: "M3.5 8.5l3 3 6-7",
  warning: "M8 2.5l6 11H2zM8 6.8v3M8 11.7h.01",
  search: "M7 2.8a4.2 4.2 0 1 0 0 8.4 4.2 4.2 0 0 0 0-8.4zM10.2 10.2l3 3",
  sides: "M2.5 2.5h7v7h-7zM11.5 2.5h2v7h-2zM2.5 11.5h7v2h-7z",
  file: "M4 2h5l3.5 3.5V14H4zM9 2v3.5h3.5",
  folder: "M2 4.2h4l1.4 1.6H14v7H2z",
  import: "M8 2.5v7.5M5 7.2l3 3 3-3M3 13.2h10",
  wand: "M3 13l7-7M8.5 4.5l3 3M11.5 1.8v2.4M10.3 3h2.4M13.4 7.6v1.8M12.5 8.5h1.8M5 2.4v1.8M4.1 3.3h1.8",
  close: "M4 4l8 8M12 4l-8 8",
  gear: "M8 5.6a2.4 2.4 0 1 0 0 4.8 2.4 2.4 0 0 0 0-4.8zM8 1.8v2M8 12.2v2M1.8 8h2M12.2 8h2M3.6 3.6L5 5M11 11l1.4 1.4M12.4 3.6L11 5M5 11l-1.4 1.4",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  play: "M5 3.2l8 4.8-8 4.8z",
  again: "M13.4 5.2A6 6 0 1 0 14 8M13.7 2.5v3h-3",
  log: "M4 2h8v12H4zM6.5 5h3M6.5 8h3M6.5 11h2",
  rows: "M2.5 4h11M2.5 8h11M2.5 12h11",
};
/** @typedef {keyof typeof PATHS} IconName */

/** @param {{ name: IconName, kind?: string }} properties */
export const Icon = ({ name, kind = "" }) => html`<svg class=${`i ${kind}`} viewBox="0 0 16 16" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;

export const Mark = () => html`<svg viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" aria-hidden="true">
  <rect x="1.5" y="1.5" width="17" height="17" rx="4.5" /><path d="M1.5 12.2C7.5 12.2 8.5 5.6 18.5 5.6M1.5 16C9.5 16 10 9.6 18.5 9.6" />
  <circle cx="6.2" cy="6.4" r="1.9" fill="currentColor" stroke="none" /></svg>`;
