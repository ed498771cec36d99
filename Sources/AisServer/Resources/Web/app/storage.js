// What this browser keeps: edits that the server does not have yet, and small preferences.

/** @import { Item, Storage } from "../model/outbox.js" */

/** @returns {Promise<IDBDatabase>} */
function database() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("ais", 1);
    opening.addEventListener("upgradeneeded", () => opening.result.createObjectStore("outbox", { keyPath: "id" }));
    opening.addEventListener("success", () => resolve(opening.result));
    opening.addEventListener("error", () => reject(opening.error));
  });
}

/** @template T @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest<T>} ask @returns {Promise<T>} */
async function inStore(mode, ask) {
  opened ??= database();
  const db = await opened;
  return new Promise((resolve, reject) => {
    const request = ask(db.transaction("outbox", mode).objectStore("outbox"));
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });
}
/** @type {Promise<IDBDatabase> | null} */
let opened = null;

/** @type {Storage} */
export const outboxStorage = {
  all: async (project) => (await inStore("readonly", (store) => store.getAll())).filter((/** @type {Item} */ item) => item.project === project),
  put: async (item) => void (await inStore("readwrite", (store) => store.put(item))),
  remove: async (id) => void (await inStore("readwrite", (store) => store.delete(id))),
};

/** A preference of this browser. @template T @param {string} name @param {T} otherwise @returns {T} */
export function preference(name, otherwise) {
  try {
    const text = localStorage.getItem(`ais.${name}`);
    return text === null ? otherwise : JSON.parse(text);
  } catch {
    return otherwise;
  }
}

/** @param {string} name @param {unknown} value */
export function setPreference(name, value) {
  try {
    localStorage.setItem(`ais.${name}`, JSON.stringify(value));
  } catch {
    // A private window keeps nothing, which is what it is for.
  }
}
