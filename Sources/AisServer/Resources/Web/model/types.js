// The shapes of values that several modules share. Types only; axes are named, slices and voxels count from 0.

/** @import { Colour } from "./palette.js" */

/**
 * A rectangle of pixels of a slice.
 * @typedef {{ y: number, x: number, height: number, width: number }} Rectangle
 *
 * A point of a slice in voxels of the frame; voxel centres lie on whole numbers.
 * @typedef {{ y: number, x: number }} Point
 *
 * @typedef {{ z: number, y: number, x: number }} Triple
 *
 * What a cell of a record holds.
 * @typedef {string | number | boolean | null} CellValue
 *
 * @typedef {{ kind: string, id: number, field: string, value: CellValue }} CellChange
 *
 * A change of painted pixels as it is sent: masks in base64, see `mask-codec.js`.
 * @typedef {{ dataset: number, feature: number, slice: number, rectangle: Rectangle, painted: string, erased: string }} EncodedPatch
 *
 * One line of the journal.
 * @typedef {object} Entry
 * @property {number} sequence
 * @property {number} time  milliseconds since 1970
 * @property {string} author
 * @property {string} client
 * @property {"edit" | "undo" | "redo"} action
 * @property {string} kind
 * @property {string | null} [label]
 * @property {number | null} [target]
 * @property {number | null} [dataset]
 * @property {number | null} [feature]
 * @property {number | null} [slice]
 * @property {boolean} [isUndone]
 * @property {boolean} [isUndoable]
 * @property {{ record: { kind: string, id: number }, field: string, value: CellValue }[]} [values]
 * @property {EncodedPatch[]} [masks]
 *
 * @typedef {{ id: number, title: string, position: number, red: number, green: number, blue: number, opacity: number,
 *   isVisible: boolean, isOutline: boolean, showsBoxes: boolean, isCollapsed: boolean, isFlood: boolean,
 *   floodSensitivity: number, brushRadius: number, boxSize: number }} Feature
 *
 * How many voxels of the frame one voxel of a version is wide: `up / down`.
 * @typedef {{ up: number, down: number }} Scale
 *
 * @typedef {{ id: number, dataset: number, kind: string, title: string, position: number, path: string, scale: Scale,
 *   shape: Triple, state: "ok" | "missing" | "changed" | "unreadable", reason: string, key: string }} Version
 *
 * @typedef {{ id: number, name: string, position: number, shape: Triple, voxelSizeAngstrom: Triple | null }} Dataset
 *
 * @typedef {{ id: number, dataset: number, feature: number, slice: number, y: number, x: number }} Box
 *
 * @typedef {{ id: number, library: number, position: number, title: string, red: number, green: number, blue: number,
 *   opacity: number, brushNanometer: number, boxSize: number, isUsed: boolean, level: number, dustCubicNanometer: number,
 *   surfaceOpacity: number, isSurfaceHidden: boolean }} Card
 *
 * @typedef {{ id: number, name: string, isActive: boolean }} Library
 *
 * @typedef {{ name: string, client: string, dataset?: number | null, slice?: number | null,
 *   feature?: number | null, y?: number | null, x?: number | null, stroke?: Stroke | null }} Person
 *
 * A stroke that goes on, for the others to see: y and x of its places in turn, in voxels of the frame.
 * @typedef {{ radius: number, erases: boolean, points: number[] }} Stroke
 *
 * @typedef {{ id: string, kind: string, title: string, state: string, fraction?: number | null,
 *   secondsLeft?: number | null, message?: string | null, files?: string[], details?: unknown }} Job
 *
 * An edit as the server takes it; `kind` says what the other fields are.
 * @typedef {{ kind: string, [field: string]: unknown }} Edit
 *
 * @typedef {"gaussian" | "offset-gaussian" | "box" | "sobel-vertical" | "sobel-horizontal"} FilterKind
 * @typedef {{ kind: FilterKind, isOn: boolean, weight: number, parameter: number }} Filter
 *
 * The values of a slice: half floats, `value = offset + step · half`.
 * @typedef {{ height: number, width: number, level: number, halves: Uint16Array, offset: number, step: number }} SliceData
 */

/**
 * What a network is, as its file says.
 * @typedef {{ architecture: string | null, kind: "2D" | "2.5D" | "3D", parameters: number, depth: number, boxSize: number | null, voxelSizeAngstrom: number | null,
 *   normalization: string, contentHash: string, epochs: number, loss: number | null, inputMultiple: number }} Network
 *
 * What is known of a model beside its cells: it changes without edits, as while it learns. `version` is "" while there is no network.
 * @typedef {{ state: "ready" | "training" | "missing", reason: string, version: string, network: Network | null, training: string | null,
 *   source: { kind: string, training?: string, name: string, path: string | null, time: number, by: string } | null }} ModelState
 *
 * @typedef {{ id: number, title: string, position: number, opacity: number, threshold: number, isActive: boolean, isVisible: boolean, isBlended: boolean, emits: boolean,
 *   absorbs: boolean, feature: number | null, augmentations: number, tiling: "standard" | "exact", processingVoxelSizeAngstrom: number | null }} ModelCells
 *
 * A model as the server tells it, with its colour in one piece.
 * @typedef {ModelCells & ModelState & { colour: Colour }} ModelRecord
 *
 * A model of the list. @typedef {ModelCells & Colour & ModelState} Model
 *
 * The child is changed where the parent is above the threshold.
 * @typedef {{ id: number, position: number, kind: "avoid" | "colocalize", child: number, parent: number, radiusNanometer: number, threshold: number }} Rule
 *
 * @typedef {{ models: ModelRecord[], rules: Rule[], combination: string }} ModelNews
 *
 * @typedef {"positive" | "negative"} Role
 * What a network learns from; `datasets` null: all.
 * @typedef {{ id: number, title: string, position: number, boxSize: number, depth: number, pixelSizeAngstrom: number, roles: Record<string, Role>, datasets: number[] | null,
 *   takesVersions: boolean }} TrainingSet
 *
 * @typedef {{ positives: number, emptyPositives: number, negatives: number, digest: string, features: { feature: number, role: Role, boxes: number }[],
 *   datasets: { dataset: number, positives: number, negatives: number, reason: string | null }[], problems: string[] }} Counts
 *
 * What somebody asked to be seen from outside; `client` is the page that goes there.
 * @typedef {{ number: number, project: string, name: string, dataset: number | null, slice: number | null, author: string, client: string | null }} Wish
 *
 * A box of a set: bytes in base64, size × size, the label 0 or 255.
 * @typedef {{ isPositive: boolean, size: number, image: string, label: string }} Sample
 * @typedef {{ samples: Sample[] }} Samples
 *
 * Null for users' own programs.
 * @typedef {{ secondsPerBox: number | null, secondsPerSlice: number | null }} SetForecast
 *
 * @typedef {{ model: number, seconds: number | null, measuredSeconds: number | null, memoryBytes: number, error: { code: string, message: string } | null }} Forecast
 * @typedef {{ models: Forecast[], cached: number[] }} Forecasts
 *
 * @typedef {{ architectures: { name: string, form: string, parameters: number, sideMultiple: number, depthMultiple: number, isUsers: boolean, summary?: string, learningRate?: number }[],
 *   standard: string, warnings: string[], training: { isPossible: boolean, reason: string | null }, allowsPrograms?: boolean }} Architectures
 *
 * @typedef {{ epoch: number, learningRate: number, loss: number, dice: number, precision: number, recall: number,
 *   heldOut: { loss: number, dice: number, precision: number, recall: number } | null, seconds: number, isBest: boolean }} EpochLine
 *
 * @typedef {{ id: string, title: string, model: number, set: number | null, file: string | null, from: string | null, architecture: string,
 *   state: "waiting" | "extracting" | "starting" | "running" | "stopping" | "done" | "stopped" | "failed" | "interrupted", reason: string, epochs: number, epoch: number, fraction: number,
 *   secondsLeft: number | null, loss: number | null, last: EpochLine | null, best: EpochLine | null, started: number, ended: number | null, settings: Record<string, any>,
 *   setDigest: string, setChanged: boolean, host: string | null, isGivenUp: boolean }} Training
 * @typedef {Training & { history: EpochLine[] }} TrainingHistory
 */

export {};
