// preact with htm, and the hook by which a view hears of changes.

// @ts-types="./preact-htm.d.ts"
import { html, render, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../vendor/preact-htm.js";
import { listen } from "../app/state.js";

/** @import { Topic } from "../app/state.js" */

/** Draws the view again when something of these topics changed. @param {...Topic} topics */
export function useTopics(...topics) {
  const [, again] = useState(0);
  // At once, not after the next frame: what changes in between would never be drawn.
  useLayoutEffect(() => listen(topics, () => again((count) => count + 1)), []);
}

export { html, render, useEffect, useLayoutEffect, useMemo, useRef, useState };
