// The curves of a training: loss at the left, Dice at the right, the best epoch ringed, earlier runs as thin lines. uPlot is
// loaded when the first chart is shown.

import { html, useEffect, useRef, useState } from "./ui.js";
import { loading } from "../app/late-module.js";
import { state } from "../app/state.js";
import { curves, told } from "../model/training.js";
import { number } from "../model/units.js";

/** @import { EpochLine } from "../model/types.js" */

/** Epochs are counted: no half ones between the marks. */
const EPOCH_STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000];
const HEIGHT = 132;

/** @typedef {{ title: string, history: EpochLine[] }} Run */

/** @param {{ history: EpochLine[], others: Run[], epochs: number, colour: string }} p */
export function Chart({ history, others, epochs, colour }) {
  const root = useRef(/** @type {HTMLElement | null} */ (null));
  const drawn = useRef(/** @type {ReturnType<typeof make> | null} */ (null));
  const latest = useRef(history);
  latest.current = history;
  const [read, setRead] = useState(/** @type {number | null} */ (null));
  const [kept, setKept] = useState(/** @type {number | null} */ (null));
  const [isLate, setLate] = useState(false);
  const shape = `${others.length} ${epochs} ${colour} ${state.theme}`;
  useEffect(() => {
    let isWanted = true;
    const library = loading(() => import("./uplot.js"), (count) => import(`./uplot.js?again=${count}`));
    void library.loaded.then(({ default: uPlot }) => {
      if (!isWanted) return;
      setLate(false);
      drawn.current = make(uPlot, /** @type {HTMLElement} */ (root.current), { others, epochs, colour, history, onRead: setRead });
      drawn.current.show(latest.current);
    });
    void library.failed.then(() => isWanted && setLate(true));
    return () => {
      isWanted = false;
      library.stop();
      drawn.current?.ends();
      drawn.current = null;
    };
  }, [shape]);
  useEffect(() => drawn.current?.show(history), [history]);
  const line = history.find(({ epoch }) => epoch === (read ?? kept));
  return html`<div class="curves"><div class="row xs t2 legend"><span><i style="border-color:var(--text-3)"></i>loss</span><span><i class="dashed" style="border-color:var(--text)"></i>held-out loss</span><span><i style=${`border-color:${colour};border-width:2px`}></i>held-out Dice</span></div>
    <div class="plot" ref=${root} role="img" aria-label=${told(history)} title="Press an epoch to keep its figures in view; again: no longer" onClick=${() => setKept(read === kept ? null : read)}></div>${isLate ? html`<p class="xs t3">The curves are drawn as soon as the server answers.</p>` : null}
    <div class="xs t3 readout">${line ? `Epoch ${line.epoch}${line.isBest && line.epoch === history.findLast(({ isBest }) => isBest)?.epoch ? ", the best" : ""}: loss ${number(line.loss, 3)}${line.heldOut ? `, held-out ${number(line.heldOut.loss, 3)}, Dice ${number(line.heldOut.dice, 2)}, precision ${number(line.heldOut.precision, 2)}, recall ${number(line.heldOut.recall, 2)}` : `, Dice ${number(line.dice, 2)}, precision ${number(line.precision, 2)}, recall ${number(line.recall, 2)}`}` : " "}</div></div>`;
}

/** Values over the epochs: loss, held-out loss, Dice, and Dice of the earlier runs. @param {EpochLine[]} history @param {Run[]} others @param {number} epochs */
function columns(history, others, epochs) {
  const length = Math.max(epochs, ...[history, ...others.map((run) => run.history)].map((lines) => lines.at(-1)?.epoch ?? 0), 1);
  const spread = (/** @type {EpochLine[]} */ lines, /** @type {(number | null)[]} */ values) => {
    const column = /** @type {(number | null)[]} */ (Array(length).fill(null));
    lines.forEach(({ epoch }, index) => (column[epoch - 1] = values[index]));
    return column;
  };
  const own = curves(history);
  return [
    Array.from({ length }, (_, index) => index + 1), spread(history, own.loss), spread(history, own.heldOutLoss), spread(history, own.dice), ...others.map((run) => spread(run.history, curves(run.history).dice)),
  ];
}

/** @param {typeof import("./uplot.d.ts").default} uPlot @param {HTMLElement} into @param {{ others: Run[], epochs: number, colour: string, history: EpochLine[], onRead: (epoch: number | null) => void }} what */
function make(uPlot, into, { others, epochs, colour, history, onRead }) {
  if (!document.querySelector("link[href='/vendor/uplot.css']")) document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: "/vendor/uplot.css" }));
  const token = (/** @type {string} */ name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const font = "10px 'IBM Plex Sans', system-ui, sans-serif";
  const axis = { stroke: token("--text-3"), font, grid: { stroke: token("--line"), width: 1 }, ticks: { show: false } };
  const points = { show: false };
  let lines = history;
  /** @type {import("./uplot.d.ts").default} */
  const plot = new uPlot({
    width: Math.max(120, into.clientWidth), height: HEIGHT, legend: { show: false }, cursor: { y: false, points: { size: 5 }, drag: { x: false, y: false } },
    scales: { x: { time: false }, loss: { range: (/** @type {unknown} */ _, /** @type {number} */ __, /** @type {number} */ most) => [0, most || 1] }, dice: { range: [0, 1] } },
    axes: [
      { ...axis, size: 22, gap: 2, space: 40, incrs: EPOCH_STEPS, grid: { show: false } }, { ...axis, scale: "loss", size: 32, gap: 4, space: 28 },
      { ...axis, scale: "dice", side: 1, size: 28, gap: 4, splits: () => [0.5, 1], grid: { show: false } },
    ],
    series: [
      {}, { scale: "loss", stroke: token("--text-3"), width: 1.5, points }, { scale: "loss", stroke: token("--text"), width: 1.5, dash: [5, 3], points },
      { scale: "dice", stroke: colour, width: 2, points, spanGaps: true }, ...others.map(() => ({ scale: "dice", stroke: token("--line-strong"), width: 1, points, spanGaps: true })),
    ],
    hooks: {
      draw: [(/** @type {import("./uplot.d.ts").default} */ chart) => {
        const { best, dice, epochs: at } = curves(lines);
        if (best < 0) return;
        const { ctx } = chart;
        ctx.save();
        Object.assign(ctx, { fillStyle: token("--surface"), strokeStyle: colour, lineWidth: 2 * devicePixelRatio });
        ctx.beginPath();
        ctx.arc(chart.valToPos(at[best], "x", true), chart.valToPos(dice[best], "dice", true), 3.5 * devicePixelRatio, 0, 7);
        ctx.fill();
        ctx.stroke();
        ctx.restore();
      }],
      setCursor: [(/** @type {import("./uplot.d.ts").default} */ chart) => onRead(chart.cursor.idx === null || chart.cursor.idx === undefined ? null : chart.cursor.idx + 1)],
    },
  }, columns(history, others, epochs), into);
  const observer = new ResizeObserver(() => plot.setSize({ width: Math.max(120, into.clientWidth), height: HEIGHT }));
  observer.observe(into);
  return {
    /** @param {EpochLine[]} newer */
    show(newer) {
      lines = newer;
      plot.setData(columns(newer, others, epochs));
    },
    ends() {
      observer.disconnect();
      plot.destroy();
    },
  };
}
