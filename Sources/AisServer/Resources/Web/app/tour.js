// The guided tour: where it stands, kept by this browser, and what it sees of the page.

import { isTaken, nextStep, STEPS } from "../model/tour.js";
import { isGoing } from "../model/training.js";
import { changed, listen, models, rules, state, tell } from "./state.js";
import { preference, setPreference } from "./storage.js";

const kept = preference("tour", { step: 0, isOpen: false, project: "" });

export const tour = {
  ...kept,
  /** The step that is shown had been done before it was shown: it stays until somebody goes on. */
  isReview: false,
  moves: 0,
  slice: -1,
};

/** @returns {import("../model/tour.js").Facts} */
function facts() {
  const elsewhere = state.totals.filter(({ dataset }) => dataset !== state.dataset).reduce((sum, { slices }) => sum + slices, 0);
  const here = new Set(state.annotated.filter(({ pixels }) => pixels > 0).map(({ slice }) => slice)).size;
  return {
    tomograms: state.registers.list("dataset").length, moves: tour.moves, painted: here + elsewhere, boxes: state.totals.reduce((sum, { boxes }) => sum + boxes, 0), task: state.task,
    trainings: state.trainings.length, going: state.trainings.filter(isGoing).length, epochs: Math.max(0, ...state.trainings.filter(isGoing).map(({ epoch }) => epoch)), networks: models().filter(({ network }) => network !== null).length,
    taken: state.undo.done.filter(({ name }) => isTaken(name)).length, rules: rules().length, runs: state.runs.filter((run) => run.state === "done").length,
    lists: state.jobs.filter((job) => job.kind === "pick" && job.state === "done").length,
  };
}

/** @param {number} step @param {boolean} [isOpen] */
function show(step, isOpen = true) {
  Object.assign(tour, { step, isOpen, moves: 0, slice: state.slice, isReview: isOpen && step < STEPS.length && STEPS[step].isDone(facts()) });
  setPreference("tour", { step, isOpen, project: tour.project });
  changed("tour");
}

/** What is shown: before a project is open, how to open one. */
export const tourStep = () => (state.project ? tour.step : 0);

/** The step at which it would go on: another project begins at what was not done there yet. */
const waiting = () => (!state.project || tour.project === state.project.path) && tour.step < STEPS.length ? tour.step : 0;

/** Whether it was left in the middle. */
export const canGoOn = () => !tour.isOpen && waiting() > 0;

/** Takes the tour up where it was left, or begins it with what was not done yet. @param {number} [from] */
export function startTour(from = waiting()) {
  tour.project = state.project?.path ?? tour.project;
  if (state.toast === farewell) state.toast = null;
  changed("toast");
  show(state.project ? nextStep(from, facts()) : from);
}

/** From its first step, whatever was done already. */
export function restartTour() {
  tour.project = state.project?.path ?? "";
  show(0);
}

/** What was said when it was left. @type {import("./state.js").Toast | null} */
let farewell = null;

export function leaveTour() {
  const { step } = tour;
  show(step < STEPS.length ? step : 0, false);
  if (step >= STEPS.length) return;
  tell(`The tour waits at step ${step + 1}. Shift+T takes it up again.`, { title: "Go on", run: () => startTour() });
  farewell = state.toast;
}

export const toggleTour = () => (tour.isOpen ? leaveTour() : startTour());

/** To the next step that is not done, or back by one. @param {1 | -1} by */
export const stepTour = (by) => show(by > 0 ? nextStep(Math.min(STEPS.length, tour.step + 1), facts()) : Math.max(0, tour.step - 1));

function look() {
  if (!tour.isOpen || !state.project || state.screen !== "project") return;
  // Another project is at another place.
  if (tour.project !== state.project.path) startTour(0);
  if (tour.slice !== state.slice) Object.assign(tour, { moves: tour.moves + (tour.slice < 0 ? 0 : Math.abs(state.slice - tour.slice)), slice: state.slice });
  if (tour.step >= STEPS.length) return;
  const isDone = STEPS[tour.step].isDone(facts());
  if (isDone && !tour.isReview) show(nextStep(tour.step, facts()));
  else if (!isDone && tour.isReview) {
    tour.isReview = false;
    changed("tour");
  }
}
listen(["session", "datasets", "ui", "slice", "annotations", "models", "training", "runs", "jobs", "history"], look);
