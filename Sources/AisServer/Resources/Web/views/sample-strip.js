// Some boxes of the training set with their labels, under the picture: asked for, and closed again.

import { html, useEffect, useRef, useTopics } from "./ui.js";
import { IconButton } from "./controls.js";
import { showSamples } from "../app/training.js";
import { activeSet, features, state } from "../app/state.js";
import { fromHex, hex } from "../model/palette.js";

/** @import { Sample } from "../model/types.js" */

export function SampleStrip() {
  useTopics("training", "features");
  const { samples } = state;
  if (!samples) return null;
  return html`<div class="strip" role="group" aria-label="Samples of the training set"><span class="col xs t2" style="flex:none"><b class="b">Samples</b><button class="linkish xs" onClick=${() => void showSamples(true)}>others</button></span>
    <div class="shots">${samples.map((sample) => html`<${Picture} sample=${sample} />`)}${samples.length === 0 ? html`<span class="s t3">The set has no box yet.</span>` : null}</div><${IconButton} icon="close" title="Close the samples" kind="sm" onClick=${() => void showSamples(false)} /></div>`;
}

const bytes = (/** @type {string} */ text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

/** @param {{ sample: Sample }} p */
function Picture({ sample }) {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const set = activeSet();
  const feature = features().find(({ id }) => set?.roles[id] === "positive");
  const colour = feature ? hex(feature) : "#fd6a4a";
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    const { size } = sample;
    const [image, label, paint] = [bytes(sample.image), bytes(sample.label), fromHex(colour)];
    const pixels = context.createImageData(size, size);
    for (let index = 0; index < size * size; index += 1) {
      const share = label[index] && sample.isPositive ? 0.42 : 0;
      [paint?.red ?? 1, paint?.green ?? 0, paint?.blue ?? 0].forEach((part, at) => (pixels.data[4 * index + at] = image[index] * (1 - share) + 255 * part * share));
      pixels.data[4 * index + 3] = 255;
    }
    context.putImageData(pixels, 0, 0);
  }, [sample, colour]);
  const name = sample.isPositive ? `${feature?.title ?? "Box"}, positive` : "negative";
  return html`<figure title=${name}><canvas ref=${canvas} width=${sample.size} height=${sample.size} role="img" aria-label=${name}></canvas><figcaption>${sample.isPositive ? "+" : "−"}</figcaption></figure>`;
}
