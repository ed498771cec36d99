// A name in a row, taken with Enter or a press elsewhere, and given back with Esc.

import { html, useLayoutEffect, useRef, useState } from "./ui.js";
import { focusPicture } from "../app/commands.js";

/** @param {{ label: string, title: string, known?: string[], onDone: (text: string) => void }} p */
export function NameField({ label, title, known = [], onDone }) {
  // What is typed stays, also while others change something and the row is drawn again.
  const [draft, setDraft] = useState(title);
  const field = useRef(/** @type {HTMLInputElement | null} */ (null));
  useLayoutEffect(() => {
    field.current?.focus();
    field.current?.select();
  }, []);
  return html`<span class="field g namefield"><input aria-label=${label} value=${draft} onInput=${(/** @type {any} */ event) => setDraft(event.target.value)} list="known-names" ref=${field} onClick=${(/** @type {Event} */ event) => event.stopPropagation()} onBlur=${(/** @type {any} */ event) => onDone(event.target.value)}
      onKeyDown=${(/** @type {any} */ event) => {
        if (event.key === "Enter") {
          event.target.blur();
          focusPicture();
        } else if (event.key === "Escape") {
          event.target.value = title;
          event.target.blur();
        }
      }} /><datalist id="known-names">${known.map((name) => html`<option value=${name} />`)}</datalist></span>`;
}
