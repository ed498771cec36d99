// Who wants to hear of the server's news: parts that stand on the open project, and that it does not know.

/** @import { Training, Wish } from "../model/types.js" */
/** @import { Run } from "../model/runs.js" */

/** Told when the server has news of models or trainings, or may have; `isLine`: a line of the journal says so. @type {{ models(isLine: boolean): void, training(training: Training): void, opened(): void }} */
export let loop = { models() {}, training() {}, opened() {} };
/** @param {typeof loop} listener */
export const setLoop = (listener) => {
  loop = listener;
};

/** @type {{ opened(settings: Record<string, string>): void, settings(settings: Record<string, string>): void, back(): void, news(run: Run): void }} */
export let runs = { opened() {}, settings() {}, back() {}, news() {} };
/** Told of runs, and of the settings that belong to them. @param {typeof runs} listener */
export const setRunListener = (listener) => {
  runs = listener;
};

/** @type {(wish: Wish) => void} */
export let show = () => {};
/** Told what somebody asked to be seen from outside. @param {typeof show} listener */
export const setShowListener = (listener) => {
  show = listener;
};
