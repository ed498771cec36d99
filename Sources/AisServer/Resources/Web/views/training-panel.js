// How a model learns: what it is at, its curves, and the runs before.

import { html, useEffect } from "./ui.js";
import { Chart } from "./chart.js";
import { Note } from "./controls.js";
import { learnHistory, remove, resume, runOf, runsOf, stop, train } from "../app/training.js";
import { state, trainingSets } from "../app/state.js";
import { hex } from "../model/palette.js";
import { canGoOn, findsNothing, isGoing, stage } from "../model/training.js";
import { duration, number, stopwatch } from "../model/units.js";

/** @import { Model, Training } from "../model/types.js" */

/** @param {{ model: Model }} p */
export function Runs({ model }) {
  const runs = runsOf(model);
  const [latest] = runs;
  useEffect(() => runs.slice(0, 6).forEach((run) => void learnHistory(run)), [runs.map(({ id }) => id).join(" "), latest?.state]);
  if (!latest) return null;
  const history = state.histories.get(latest.id) ?? [];
  const others = runs.slice(1, 6).map((run) => ({ title: run.title, history: state.histories.get(run.id) ?? [] }));
  return html`<div class="runs"><${Stage} training=${latest} model=${model} />
    ${history.length > 0 ? html`<${Chart} history=${history} others=${others} epochs=${latest.epochs} colour=${hex(model)} />` : null}
    <table class="tbl runtable"><colgroup><col style="width:30%" /><col style="width:17%" /><col style="width:21%" /><col style="width:14%" /><col style="width:18%" /></colgroup><thead><tr><th>Run</th><th class="r">Loss</th><th class="r">Held-out</th><th class="r">Dice</th><th class="r">Time</th></tr></thead><tbody>
      ${runs.slice(0, 6).map((run) => html`<${Run} key=${run.id} run=${run} isOwn=${run === runOf(model, runs)} />`)}</tbody></table></div>`;
}

/** @param {{ run: Training, isOwn: boolean }} p  whether the model's network is what it learnt */
function Run({ run, isOwn }) {
  const line = run.best ?? run.last;
  const time = ((run.ended ?? Date.now()) - run.started) / 1000;
  return html`<tr class=${isOwn ? "on" : ""} title=${`${run.title}: ${stage(run)}; ${run.architecture}${isOwn && !isGoing(run) ? "; the model has its network" : ""}`}><td class=${`el ${isOwn ? "m" : ""}`}>${isGoing(run) ? "now" : run.title}</td><td class="r">${line ? number(line.loss, 3) : "–"}</td>
    <td class="r">${line?.heldOut ? number(line.heldOut.loss, 3) : "–"}</td><td class=${`r ${isOwn ? "m" : ""}`}>${line ? number(line.heldOut?.dice ?? line.dice, 2) : "–"}</td><td class="r">${stopwatch(time)}</td></tr>`;
}

/** @param {{ training: Training, model: Model }} p */
function Stage({ training, model }) {
  const { fraction, secondsLeft, loss } = training;
  const going = isGoing(training);
  return html`<div class="row" style="align-items:baseline"><span class="m">${stage(training)}</span><span class="g"></span><span class="s t2">${going && secondsLeft ? `${duration(secondsLeft)} left` : going && loss !== null ? `loss ${number(loss, 3)}` : ""}</span></div>
    ${going ? html`<span class="prog" role="progressbar" aria-label=${`Training ${training.title}`} aria-valuenow=${Math.round(fraction * 100)} style=${`--v:${fraction * 100}%;--c:${hex(model)};margin:6px 0 10px`}><i></i></span>` : null}
    ${training.state === "failed" || training.state === "interrupted" ? html`<${Note} kind="warn">${training.reason || "It ended before it was done."}<//>` : null}
    ${findsNothing(training) ? html`<${Note} kind="warn">It finds nearly nothing of the feature yet. ${going ? "That may come in a few epochs; if it does not, stop it" : "Continue it"}, or train another with more boxes that show the feature, more copies, or another network.<//>` : null}
    ${training.setChanged ? html`<${Note} kind="plain">The boxes changed since this run began.${!going && model.network && trainingSets().some(({ id }) => id === training.set) ? html` <button class="btn" onClick=${() => void train(model, training.set)}>Train further with them</button>` : null}<//>` : null}
    ${going && training.host ? html`<${Note} kind="plain">It is trained on ${training.host}, where another Ais began it, and can only be stopped there. Its network comes here when it has ended.<//>` : going ? html`<div class="row trainbuttons"><button class="btn primary g" onClick=${() => void stop(training, true)}>Stop and keep best</button><button class="btn" title="Stop and give this run up" onClick=${() => void stop(training, false)}>Stop</button></div>`
      : canGoOn(training) ? html`<div class="row trainbuttons"><button class="btn g" onClick=${() => void resume(training, training.epoch < training.epochs ? undefined : training.epochs + 50)}>${training.epoch < training.epochs ? "Continue" : "50 epochs more"}</button>
      <button class="btn quiet" title="Remove this run and its curves; the model stays" onClick=${() => void remove(training)}>Remove the run</button></div>` : null}`;
}
