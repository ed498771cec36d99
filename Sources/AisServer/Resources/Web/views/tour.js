// The guided tour: a line under the top bar, which covers nothing, and an outline around what it speaks of.

import { html, useEffect, useTopics } from "./ui.js";
import { Icon } from "./icons.js";
import { IconButton } from "./controls.js";
import { leaveTour, stepTour, tour, tourStep } from "../app/tour.js";
import { state } from "../app/state.js";
import { STEPS } from "../model/tour.js";

const END = "Paint, box and train further wherever a network errs. Every key is listed under ?, and this tour, too. The way with pictures: docs/getting-started/from-slices-to-particles.md.";

export function Tour() {
  useTopics("tour", "session");
  const at = tourStep();
  const step = STEPS[at];
  const selectors = tour.isOpen && step ? step.targets.join("\n") : "";
  useEffect(() => mark(selectors), [selectors]);
  if (!tour.isOpen) return null;
  return html`<section class="tour" role="region" aria-label="Guided tour" data-region><span class="t2 nw tourcount">${step ? `${at + 1} of ${STEPS.length}` : html`<${Icon} name="check" />`}</span>
    <div class="g" role="status"><b class="b">${step ? step.title : "That is the whole way"}</b>${tour.isReview ? html` <span class="t3 xs">done</span>` : null}<p class="s t2">${step ? step.text : END}</p></div>
    ${at > 0 ? html`<button class="btn quiet" onClick=${() => stepTour(-1)}>Back</button>` : null}
    ${!state.project ? null : step ? html`<button class="btn" title="To the next step that is not done yet" onClick=${() => stepTour(1)}>${tour.isReview ? "Next" : "Skip"}</button>` : html`<button class="btn primary" onClick=${leaveTour}>Done</button>`}
    <${IconButton} icon="close" title="Leave the tour (Shift+T)" kind="sm" onClick=${leaveTour} /></section>`;
}

/** Outlines the first of the selectors, one a line, that is on the page, as the page changes. Returns how to stop. @param {string} selectors */
function mark(selectors) {
  if (!selectors) return undefined;
  const list = selectors.split("\n");
  /** @type {Element | null} */
  let marked = null;
  const look = () => {
    let found = null;
    for (const selector of list) found ??= document.querySelector(selector);
    if (found === marked) return;
    marked?.removeAttribute("data-tour");
    found?.setAttribute("data-tour", "");
    marked = found;
  };
  look();
  // What comes and goes, such as a sheet or another task; not what is written anew in its place.
  const observer = new MutationObserver(look);
  observer.observe(document.body, { childList: true, subtree: true });
  return () => {
    observer.disconnect();
    marked?.removeAttribute("data-tour");
  };
}
