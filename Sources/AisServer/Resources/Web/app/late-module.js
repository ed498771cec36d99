// Modules that come when they are first needed, also when the server is away just then.

import { retryDelay } from "../model/outbox.js";
import { listen, state } from "./state.js";

/**
 * Loads a module, again and again until it is there or nobody wants it any more.
 * @template M
 * @param {() => Promise<M>} load
 * @param {(count: number) => Promise<M>} loadAgain  under another address: browsers remember that a module could not be had
 * @returns {{ loaded: Promise<M>, failed: Promise<void>, stop: () => void }} failed: settled when it could not be had at once
 */
export function loading(load, loadAgain) {
  let isWanted = true;
  let count = 0;
  let stopWaiting = () => {};
  /** @type {() => void} */
  let fail = () => {};
  const failed = new Promise((/** @type {(value: void) => void} */ resolve) => {
    fail = resolve;
  });
  const attempt = async () => {
    for (;;) {
      try {
        return await (count === 0 ? load() : loadAgain(count));
      } catch {
        fail();
        count += 1;
        await pause();
        // Nobody waits for it any more.
        if (!isWanted) return new Promise(() => {});
      }
    }
  };
  const pause = () => new Promise((/** @type {(value: void) => void} */ resolve) => {
    const timer = setTimeout(() => go(), retryDelay(count));
    const wasUp = state.connection.isUp;
    const stop = listen(["connection"], () => !wasUp && state.connection.isUp && go());
    const go = () => {
      clearTimeout(timer);
      stop();
      resolve();
    };
    stopWaiting = go;
  });
  return {
    loaded: attempt(),
    failed,
    stop() {
      isWanted = false;
      stopWaiting();
    },
  };
}
