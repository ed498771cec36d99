// What is said in passing, one thing at a time, and what is said to those who listen instead of look.

import { html, useEffect, useState, useTopics } from "./ui.js";
import { Icon } from "./icons.js";
import { IconButton } from "./controls.js";
import { activeDataset, changed, features, listen, state } from "../app/state.js";
import { number } from "../model/units.js";

/** @import { Toast } from "../app/state.js" */

export function Toasts() {
  useTopics("toast");
  const { alarm, toast } = state;
  return alarm || toast ? html`<div class="toasts">${alarm ? html`<${ToastView} toast=${alarm} />` : null}${toast ? html`<${ToastView} toast=${toast} />` : null}</div>` : null;
}

/** @param {{ toast: Toast }} p */
function ToastView({ toast }) {
  const close = () => {
    if (state.alarm === toast) state.alarm = null;
    if (state.toast === toast) state.toast = null;
    changed("toast");
  };
  return html`<div class="toast" role=${toast.isError ? "alert" : "status"}>
    ${toast.isError ? html`<${Icon} name="warning" kind="warn" />` : null}<span class="words">${toast.text}</span>
    ${toast.action ? html`<button class="btn quiet" onClick=${() => {
      close();
      toast.action?.run();
    }}>${toast.action.title}</button>` : null}
    ${toast.isError ? html`<button class="btn quiet" onClick=${() => void navigator.clipboard?.writeText(toast.text)}>Copy</button>
      ${state.session?.log ? html`<button class="btn quiet" title=${`Copy the path of the log: ${state.session.log}`} onClick=${() => void navigator.clipboard?.writeText(state.session?.log ?? "")}>Log</button>` : null}` : null}
    <${IconButton} icon="close" title="Close" kind="sm" onClick=${close} /></div>`;
}

/** Speaks after the eye would have rested for a moment. */
export function Announcer() {
  const [text, setText] = useState("");
  useEffect(() => {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    let said = "";
    const later = (/** @type {() => string} */ words) => {
      clearTimeout(timer);
      timer = setTimeout(() => setText(words()), 400);
    };
    const stops = [
      listen(["slice"], () => later(() => {
        if (!activeDataset()) return "";
        const painted = state.annotated.filter(({ slice, pixels }) => slice === state.slice && pixels > 0).flatMap(({ feature, pixels }) => {
          // One that was deleted may still be counted.
          const known = features().find(({ id }) => id === feature);
          return known ? [`${known.title} painted, ${number(pixels)} pixels.`] : [];
        });
        return `Slice ${state.slice}. ${painted.join(" ")}`;
      })),
      listen(["toast", "history"], () => {
        // Once each: what was said before must not come between.
        if (state.announcement === said) return;
        said = state.announcement;
        later(() => said);
      }),
    ];
    return () => stops.forEach((stop) => stop());
  }, []);
  return html`<div class="vh" aria-live="polite">${text}</div>`;
}
