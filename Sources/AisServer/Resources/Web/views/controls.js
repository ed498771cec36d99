// Controls that several views share. All work by pointer and by keyboard, and have a name.

import { parseNumber } from "../model/units.js";
import { html, useLayoutEffect, useRef, useState } from "./ui.js";
import { Icon } from "./icons.js";

/** @import { IconName } from "./icons.js" */
/** @import { View } from "./preact-htm.d.ts" */

/** @param {{ icon: IconName, title: string, onClick: (event: MouseEvent) => void, kind?: string, pressed?: boolean, disabled?: boolean, id?: string, haspopup?: string }} p */
export const IconButton = ({ icon, title, onClick, kind = "", pressed, disabled = false, id, haspopup }) => html`
  <button class=${`ib ${kind}`} id=${id} title=${title} aria-label=${title} aria-pressed=${pressed} aria-disabled=${disabled || undefined} aria-haspopup=${haspopup}
    onClick=${disabled ? undefined : onClick}><${Icon} name=${icon} /></button>`;

/** @param {{ isOn: boolean, title: string, onClick: () => void, children?: View }} p */
export const Toggle = ({ isOn, title, onClick, children }) => html`
  <button class="tog" aria-pressed=${isOn} title=${title} onClick=${onClick}>${children}</button>`;

/** @param {{ isOn: boolean, label: string, onClick: () => void, hidesLabel?: boolean }} p */
export const Check = ({ isOn, label, onClick, hidesLabel = false }) => html`
  <button class="checkrow" role="checkbox" aria-checked=${isOn} aria-label=${label} onClick=${onClick}>
    <span class=${`check ${isOn ? "on" : ""}`}></span>${hidesLabel ? null : html`<span>${label}</span>`}</button>`;

/** One of a few; arrow keys choose. @param {{ label: string, value: string, options: { value: string, name: string, title?: string }[], onChange: (value: string) => void, full?: boolean }} p */
export function Segments({ label, value, options, onChange, full = false }) {
  const step = (/** @type {KeyboardEvent} */ event) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const at = options.findIndex((option) => option.value === value);
    onChange(options[(at + by + options.length) % options.length].value);
    const group = /** @type {HTMLElement} */ (event.currentTarget);
    setTimeout(() => /** @type {HTMLElement | null} */ (group.querySelector("[aria-checked=true]"))?.focus(), 0);
  };
  return html`<div class=${`seg ${full ? "full" : ""}`} role="radiogroup" aria-label=${label} onKeyDown=${step}>
    ${options.map((option) => html`<button role="radio" aria-checked=${option.value === value} tabindex=${option.value === value ? 0 : -1} title=${option.title}
      onClick=${() => onChange(option.value)}>${option.name}</button>`)}</div>`;
}

/** A field that takes effect with Enter or when it is left, and gives back what was there with Esc. @param {{ label: string, value: string, onCommit: (text: string) => void, unit?: string, kind?: string, prefix?: string, id?: string, list?: string, placeholder?: string }} p */
export function TextField({ label, value, onCommit, unit, kind = "", prefix, id, list, placeholder }) {
  const [draft, setDraft] = useState(/** @type {string | null} */ (null));
  const commit = () => {
    if (draft !== null && draft !== value) onCommit(draft);
    setDraft(null);
  };
  return html`<label class=${`field ${kind}`}>${prefix ? html`<span class="u">${prefix}</span>` : null}<input aria-label=${label} id=${id} list=${list} placeholder=${placeholder}
      value=${draft ?? value} spellcheck="false" autocomplete="off" size="1"
      onInput=${(/** @type {any} */ event) => setDraft(event.target.value)} onFocus=${(/** @type {any} */ event) => event.target.select()} onBlur=${commit}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
        // Leaving it commits: not twice, which would be two edits.
        if (event.key === "Enter") /** @type {HTMLElement} */ (event.currentTarget).blur();
        else if (event.key === "Escape") {
          setDraft(null);
          setTimeout(() => /** @type {HTMLElement} */ (event.target).blur(), 0);
        }
      }} />${unit ? html`<span class="u">${unit}</span>` : null}</label>`;
}

/**
 * A slider with its value as a field. `isMoving` is true until the button is let go.
 * @param {{ label: string, value: number, min: number, max: number, step?: number, otherwise?: number, text: string, unit?: string, isLog?: boolean, hidesLabel?: boolean,
 *   parse?: (text: string) => number | null, onChange: (value: number, isMoving: boolean) => void }} p
 */
export function Slider({ label, value, min, max, step = 1, otherwise, text, unit, isLog = false, hidesLabel = false, parse = parseNumber, onChange }) {
  const bar = useRef(/** @type {HTMLElement | null} */ (null));
  const share = isLog ? Math.log(value / min) / Math.log(max / min) : (value - min) / (max - min);
  const at = (/** @type {number} */ part) => {
    const raw = isLog ? min * (max / min) ** part : min + (max - min) * part;
    return clamp(Math.round(raw / step) * step);
  };
  const clamp = (/** @type {number} */ number) => Math.min(max, Math.max(min, number));
  const down = (/** @type {PointerEvent} */ event) => {
    if (event.button !== 0 || !bar.current) return;
    event.preventDefault();
    bar.current.focus();
    const { left, width } = bar.current.getBoundingClientRect();
    let last = value;
    const follow = (/** @type {PointerEvent} */ moved) => {
      last = at(Math.min(1, Math.max(0, (moved.clientX - left) / width)));
      onChange(last, true);
    };
    follow(event);
    addEventListener("pointermove", follow);
    addEventListener("pointerup", () => {
      removeEventListener("pointermove", follow);
      onChange(last, false);
    }, { once: true });
  };
  const key = (/** @type {KeyboardEvent} */ event) => {
    const direction = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (event.key === "Home" || event.key === "End") onChange(event.key === "Home" ? min : max, false);
    else if (direction) onChange(clamp(value + direction * step * (event.shiftKey ? 10 : event.ctrlKey ? 0.1 : 1)), false);
    else return;
    event.preventDefault();
  };
  return html`<div class=${`slider ${hidesLabel ? "nolab" : ""}`}>
    <span class=${hidesLabel ? "vh" : "lab"}>${label}</span>
    <span class="bar" ref=${bar} role="slider" tabindex="0" aria-label=${label} aria-valuemin=${min} aria-valuemax=${max} aria-valuenow=${value}
      aria-valuetext=${unit ? `${text} ${unit}` : text} style=${`--v:${Math.min(100, Math.max(0, share * 100))}%`}
      onPointerDown=${down} onKeyDown=${key} onDblClick=${() => otherwise !== undefined && onChange(otherwise, false)}
      onWheel=${(/** @type {WheelEvent} */ event) => {
        if (document.activeElement !== bar.current) return;
        event.preventDefault();
        onChange(clamp(value - Math.sign(event.deltaY) * step), false);
      }}><i></i><b></b></span>
    <${TextField} label=${`${label}, value`} value=${text} unit=${unit} onCommit=${(/** @type {string} */ typed) => {
      const number = parse(typed);
      if (number !== null) onChange(clamp(number), false);
    }} /></div>`;
}

/** Puts a list under what opened it, or above where there is more room; no scrolling panel cuts it off. @param {HTMLElement} list @param {HTMLElement} anchor @param {boolean} alignRight */
function placeList(list, anchor, alignRight) {
  const box = anchor.getBoundingClientRect();
  const [above, below] = [box.top - 8, innerHeight - box.bottom - 8];
  const isAbove = list.scrollHeight > below && above > below;
  const left = alignRight ? box.right - list.offsetWidth : box.left;
  Object.assign(list.style, {
    top: isAbove ? "auto" : `${box.bottom + 4}px`, bottom: isAbove ? `${innerHeight - box.top + 4}px` : "auto", maxHeight: `${isAbove ? above : below}px`,
    left: `${Math.max(4, Math.min(left, innerWidth - list.offsetWidth - 4))}px`, visibility: "visible",
  });
}

/**
 * What opens under a button: placed before it is seen, and closed by a press elsewhere. Returns whether it is open, how to open or close it, and what
 * its element is to be known by.
 * @param {{ alignRight?: boolean, opened?: (list: HTMLElement) => void }} [options]
 */
export function usePopup({ alignRight = false, opened } = {}) {
  const [isOpen, setOpen] = useState(false);
  const root = useRef(/** @type {HTMLElement | null} */ (null));
  useLayoutEffect(() => {
    if (!isOpen) return;
    const outside = (/** @type {Event} */ event) => {
      if (!root.current?.contains(/** @type {Node} */ (event.target))) setOpen(false);
    };
    addEventListener("pointerdown", outside, true);
    const list = /** @type {HTMLElement | null | undefined} */ (root.current?.querySelector(".menulist"));
    if (list && root.current) {
      placeList(list, root.current, alignRight);
      opened?.(list);
    }
    return () => removeEventListener("pointerdown", outside, true);
  }, [isOpen]);
  return { isOpen, setOpen, root };
}

/**
 * A menu under a button. Opens on press, follows letters, closes with Esc or a press elsewhere.
 * @param {{ button: View, label: string, items: ({ name: string, run: () => void, keys?: string, isOn?: boolean, kind?: string, hint?: string } | "line")[], alignRight?: boolean, kind?: string, buttonKind?: string }} p
 */
export function Menu({ button, label, items, alignRight = false, kind = "", buttonKind = "btn quiet" }) {
  const { isOpen, setOpen, root } = usePopup({ alignRight, opened: (list) => /** @type {HTMLElement | null} */ (list.querySelector("[role^=menuitem]"))?.focus({ preventScroll: true }) });
  const close = () => {
    setOpen(false);
    /** @type {HTMLElement | null | undefined} */ (root.current?.querySelector("button"))?.focus();
  };
  const key = (/** @type {KeyboardEvent} */ event) => {
    if (!isOpen) return;
    const entries = /** @type {HTMLElement[]} */ ([...(root.current?.querySelectorAll("[role^=menuitem]") ?? [])]);
    const at = entries.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) entries[(at + by + entries.length) % entries.length]?.focus();
    else if (event.key === "Escape") close();
    else if (event.key.length === 1 && /\S/.test(event.key)) {
      const letter = event.key.toLowerCase();
      [...entries.slice(at + 1), ...entries].find((entry) => entry.textContent?.trim().toLowerCase().startsWith(letter))?.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return html`<span class=${`menu ${kind}`} ref=${root} onKeyDown=${key}>
    <button class=${buttonKind} aria-haspopup="menu" aria-expanded=${isOpen} aria-label=${label} title=${label} onClick=${() => setOpen(!isOpen)}>${button}</button>
    ${isOpen ? html`<div class="menulist" role="menu" aria-label=${label}>
      ${items.map((item) => (item === "line" ? html`<hr />` : html`<button role=${item.isOn === undefined ? "menuitem" : "menuitemradio"} aria-checked=${item.isOn} class=${item.kind ?? ""} tabindex="-1"
        onClick=${() => {
          close();
          item.run();
        }}><span class="tick">${item.isOn ? html`<${Icon} name="check" />` : null}</span><span class="g">${item.name}${item.hint ? html`<span class="xs t3 hint">${item.hint}</span>` : null}</span>${item.keys ? html`<kbd>${item.keys}</kbd>` : null}</button>`))}
    </div>` : null}</span>`;
}

/** @param {{ kind: "warn" | "danger" | "plain", children?: View }} p */
export const Note = ({ kind, children }) => html`<div class=${`note ${kind}`}>${kind === "plain" ? null : html`<${Icon} name="warning" />`}<span class="g">${children}</span></div>`;
