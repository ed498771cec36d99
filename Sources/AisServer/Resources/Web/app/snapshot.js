// The registers filled with what the server says of a project.

import { changed, state } from "./state.js";

/** @import { ModelRecord } from "../model/types.js" */

/** @param {any} snapshot */
export function takeSnapshot(snapshot) {
  const { registers } = state;
  for (const kind of ["dataset", "version", "feature", "library", "libraryFeature", "layer", "model", "rule", "trainingSet"]) registers.clear(kind);
  for (const dataset of snapshot.datasets) {
    const { shape, voxelSizeAngstrom: size } = dataset;
    registers.load("dataset", {
      id: dataset.id, name: dataset.name, position: dataset.position, sizeZ: shape.z, sizeY: shape.y, sizeX: shape.x,
      voxelSizeZAngstrom: size?.z ?? null, voxelSizeYAngstrom: size?.y ?? null, voxelSizeXAngstrom: size?.x ?? null,
    });
    for (const version of dataset.versions) takeVersion(dataset, version);
  }
  for (const feature of snapshot.features) registers.load("feature", withColour(feature));
  for (const library of snapshot.libraries ?? []) {
    registers.load("library", library);
    for (const card of library.features ?? []) registers.load("libraryFeature", withColour({ ...card, library: library.id }));
  }
  for (const layer of snapshot.layers ?? []) registers.load("layer", layer);
  takeModels(snapshot);
  for (const { roles, datasets, ...set } of snapshot.trainingSets ?? []) {
    registers.load("trainingSet", { ...set, roles: JSON.stringify(roles), datasets: datasets === null ? null : JSON.stringify(datasets) });
  }
  state.totals = snapshot.annotated ?? [];
  state.people = snapshot.people ?? [];
  state.sequence = snapshot.sequence;
}

/** @param {any} dataset @param {any} version */
export function takeVersion(dataset, version) {
  const shape = version.shape ?? dataset.shape;
  const scale = version.scale ?? {};
  state.registers.load("version", {
    id: version.id, dataset: dataset.id, kind: version.kind, title: version.title, path: version.path ?? "", position: version.position ?? version.id,
    scaleUp: scale.up ?? scale.binning ?? 1, scaleDown: scale.down ?? 1, sizeZ: shape.z, sizeY: shape.y, sizeX: shape.x,
  });
  state.versionStates.set(version.id, { state: version.state ?? "ok", reason: version.reason ?? "", key: version.key });
}

/** Takes models and rules as they are now, with what no edit tells of them. @param {{ models?: ModelRecord[], rules?: any[], combination?: string }} news */
export function takeModels({ models = [], rules = [], combination }) {
  for (const { state: now, reason, version, network, training, source, ...cells } of models) {
    state.registers.load("model", /** @type {any} */ (withColour(cells)));
    state.modelStates.set(cells.id, { state: now, reason, version, network, training, source });
  }
  for (const rule of rules) state.registers.load("rule", rule);
  if (combination !== undefined) state.combination = combination;
  changed("models");
}

/** @param {any} record  with a colour of its own or three shares */
const withColour = ({ colour, ...record }) => (colour && typeof colour === "object" ? { ...record, ...colour } : record);
