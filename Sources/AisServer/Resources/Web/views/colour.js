// Choosing a colour: the palette, and a field for any other.

import { html } from "./ui.js";
import { Slider, TextField, usePopup } from "./controls.js";
import { fromHue, hex, hue, PALETTE, strength } from "../model/palette.js";
import { number } from "../model/units.js";

/** @import { Colour } from "../model/palette.js" */

/** The colour of a feature or model. @param {{ feature: Colour & { title: string }, recolour: (code: string, isMoving?: boolean) => void, isRing?: boolean }} p */
export function ColourField({ feature, recolour, isRing = false }) {
  const { isOpen, setOpen, root } = usePopup();
  const pick = (/** @type {string} */ code) => {
    recolour(code);
    setOpen(false);
  };
  return html`<span class="menu" ref=${root} onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || !isOpen) return;
    event.stopPropagation();
    setOpen(false);
  }}><button class="swatchbutton" title="Colour" aria-label=${`Colour of ${feature.title}`} aria-haspopup="dialog" aria-expanded=${isOpen}  onClick=${() => setOpen(!isOpen)}><span class=${`sw big ${isRing ? "model" : ""}`} style=${`--c:${hex(feature)}`}></span></button>
    ${isOpen ? html`<div class="menulist colours" role="dialog" aria-label="Colour"><div class="palette">${PALETTE.map(({ name, hex: code }) => html`<button class="swatchbutton" title=${name} aria-label=${name} aria-pressed=${hex(feature) === code} onClick=${() => pick(code)}><span class="sw big" style=${`--c:${code}`}></span></button>`)}</div>
      <${Slider} label="Hue" value=${Math.round(hue(feature))} min=${0} max=${359} text=${number(hue(feature))} unit="°" onChange=${(/** @type {number} */ value, /** @type {boolean} */ isMoving) => recolour(hex(fromHue(value, Math.max(0.2, strength(feature)))), isMoving)} />
      <${Slider} label="Strength" value=${Math.round(strength(feature) * 100)} min=${0} max=${100} text=${number(strength(feature) * 100)} unit="%" onChange=${(/** @type {number} */ value, /** @type {boolean} */ isMoving) => recolour(hex(fromHue(hue(feature), value / 100)), isMoving)} />
      <div class="row s" style="margin-top:8px"><input type="color" aria-label="Any colour" value=${hex(feature)} onChange=${(/** @type {any} */ event) => pick(event.target.value)} /><${TextField} label="Colour as #rrggbb" value=${hex(feature)} onCommit=${pick} /></div></div>` : null}</span>`;
}
