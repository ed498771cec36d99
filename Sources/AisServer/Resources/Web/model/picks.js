// From a segmentation to particles: what is asked of the server, and what is said of its answer.

import { counted, number } from "./units.js";

/** @typedef {{ path: string, name: string, tomogram: string, feature: string, dataset: number | null, byteCount: number, modified: number }} Segmentation */
/** @typedef {{ path: string, floor: number, reason: string, histogram: number[], shape: Size, searched: Size, voxelSizeAngstrom: Size | null }} Analysis */
/** @typedef {{ z: number, y: number, x: number }} Size */
/** @typedef {{ components: number, groups: number, small: number, crowded: number, inMargin: number, outside: number, beyondLimit: number }} Tally */
/** @typedef {{ count: number, noun: string, dust: number | null, points: [number, number, number][], sizes: number[], sizeUnit: string, level: number, levelReason: string, tally: Tally, lines: string[], warnings: string[], seconds: number }} Found */
/** @typedef {"particles" | "filaments" | "surface"} Method */
/** @typedef {"xy" | "xz" | "yz"} Axis */

/**
 * Lengths are nm where the voxel size is known and voxels elsewhere; volumes likewise.
 * @typedef {{ method: Method, level: number, isAutomatic: boolean, spacing: number, smallest: number | null, margin: number, limit: number | null, binning: number, orientation: "" | "normal" | "long-axis", minimumLength: number, normals: "outward" | "inward" | "z" }} Settings
 */

/** As the program has them without options; distances in nm. @type {Settings} */
export const STANDARD = { method: "particles", level: 0.5, isAutomatic: false, spacing: 10, smallest: null, margin: 0, limit: null, binning: 1, orientation: "", minimumLength: 50, normals: "outward" };

/** What the server is asked: the options of `ais pick` by name. @param {string} path @param {Settings} settings @param {boolean} isInVoxels */
export function question(path, settings, isInVoxels) {
  const { method } = settings;
  const length = (/** @type {string} */ name, /** @type {number} */ value) => ({ [name + (isInVoxels ? "Voxels" : "Nanometer")]: value });
  return {
    path, method, threshold: settings.isAutomatic ? "auto" : thresholdOf(settings.level), binning: settings.binning, ...length("spacing", settings.spacing), ...length("margin", settings.margin),
    ...(settings.smallest === null ? {} : { [isInVoxels ? "minimumVolumeVoxels" : "minimumVolumeNanometer3"]: settings.smallest }),
    ...(settings.limit === null ? {} : { limit: settings.limit }),
    ...(method === "particles" && settings.orientation ? { orientation: settings.orientation } : {}),
    ...(method === "filaments" ? length("minimumLength", settings.minimumLength) : {}),
    ...(method === "surface" ? { normals: settings.normals } : {}),
  };
}

/** On the scale on which 255 is certain, without the noise of the last digits. @param {number} level */
export const thresholdOf = (level) => Math.round(level * 25500) / 100;


/** A ball of half the spacing across: the least volume where none is chosen. @param {number} spacing */
export const standardSmallest = (spacing) => (Math.PI / 6) * (spacing / 2) ** 3;

/** "6 kept of 9 objects: 2 too small, 1 closer than 12 nm." @param {Found} found @param {Settings} settings @param {boolean} isInVoxels */
export function sentence(found, settings, isInVoxels) {
  const { tally } = found;
  const words = [
    [tally.small, "too small"], [tally.crowded, `closer than ${number(settings.spacing, isInVoxels ? 0 : 1)} ${isInVoxels ? "voxels" : "nm"}`], [tally.inMargin, "in the margin"],
    [tally.outside, "outside"], [tally.beyondLimit, "beyond the limit"],
  ].filter(([count]) => Number(count) > 0).map(([count, what]) => `${number(Number(count))} ${what}`);
  const of = found.noun === "particle" ? counted(tally.groups, "object") : counted(Math.max(found.count, tally.groups), found.noun);
  const dust = found.dust ? ` ${counted(found.dust, "piece")} of dust ${found.dust === 1 ? "is" : "are"} smaller.` : "";
  return { kept: `${number(found.count)} kept`, rest: ` of ${of}${words.length > 0 ? `: ${words.join(", ")}` : ""}.${dust}` };
}

/** Places of some of many, chosen by chance, the same for the same seed, in order. @param {number} count @param {number} wanted @param {number} seed @returns {number[]} */
export function sample(count, wanted, seed) {
  const places = Array.from({ length: count }, (_, index) => index);
  let word = (seed * 2654435761) >>> 0;
  for (let index = 0; index < Math.min(wanted, count); index += 1) {
    // xorshift: good enough to look at some of many.
    word ^= word << 13;
    word ^= word >>> 17;
    word = (word ^ (word << 5)) >>> 0;
    const other = index + (word % (count - index));
    [places[index], places[other]] = [places[other], places[index]];
  }
  return places.slice(0, wanted).sort((a, b) => a - b);
}

/** Rows, columns and depth of a plane. @param {Axis} axis @param {Size} shape */
export const planeSize = (axis, { z, y, x }) => ({ xy: { height: y, width: x, depth: z }, xz: { height: z, width: x, depth: y }, yz: { height: y, width: z, depth: x } })[axis];

/** A point's row, column and distance in front of a plane. @param {Axis} axis @param {readonly [number, number, number]} point */
export const onPlane = (axis, [z, y, x]) => ({ xy: { row: y, column: x, depth: z }, xz: { row: z, column: x, depth: y }, yz: { row: y, column: z, depth: x } })[axis];

/** The point of a place in a plane. @param {Axis} axis @param {Size} point @param {number} row @param {number} column @returns {Size} */
export const moved = (axis, point, row, column) => ({ xy: { ...point, y: row, x: column }, xz: { ...point, z: row, x: column }, yz: { ...point, y: row, z: column } })[axis];

/** The point so many slices further. @param {Axis} axis @param {Size} point @param {number} by @returns {Size} */
export const deeper = (axis, point, by) => ({ xy: { ...point, z: point.z + by }, xz: { ...point, y: point.y + by }, yz: { ...point, x: point.x + by } })[axis];

/** The picks that a plane cuts, taken for balls; `radius` is that of the cut. @param {[number, number, number][]} points @param {Axis} axis @param {number} index @param {number} radius */
export function cut(points, axis, index, radius) {
  const marks = [];
  for (const [place, point] of points.entries()) {
    const { row, column, depth } = onPlane(axis, point);
    const far = Math.abs(depth - index);
    if (far <= radius) marks.push({ place, row, column, radius: Math.sqrt(radius ** 2 - far ** 2) });
  }
  return marks;
}

/** What lies above the threshold, as pixels of a picture: filled, its edge brighter. @param {Uint8Array} values  255 for certain @param {number} height @param {number} width @param {number} level  of 255 @param {[number, number, number]} colour  0…255 */
export function tinted(values, height, width, level, [red, green, blue]) {
  const pixels = new Uint8ClampedArray(4 * height * width);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const place = y * width + x;
      if (!(values[place] > level)) continue;
      const isEdge = x === 0 || y === 0 || x === width - 1 || y === height - 1 || !(values[place - 1] > level) || !(values[place + 1] > level) || !(values[place - width] > level) || !(values[place + width] > level);
      pixels.set([red, green, blue, isEdge ? 235 : 87], 4 * place);
    }
  }
  return pixels;
}

/** Bytes by rows as columns: a plane along x comes with rows of z, and is shown with columns of z. @param {Uint8Array} values @param {number} height @param {number} width */
export function turned(values, height, width) {
  const result = new Uint8Array(values.length);
  for (let row = 0; row < height; row += 1) for (let column = 0; column < width; column += 1) result[column * height + row] = values[row * width + column];
  return result;
}

/** The name of a file without its folder and ending. @param {string} path */
const stemOf = (path) => (path.split("/").at(-1) ?? path).replace(/\.(gz|bz2)$/i, "").replace(/\.(mrc|rec|map|ccp4|tiff?)$/i, "");

/** The dataset of a tomogram's name: its own, or that of one of its files, as where `TS_014_rec.mrc` is listed as TS_014. @param {string} tomogram @param {{ id: number, name: string }[]} datasets @param {{ dataset: number, path: string }[]} files */
export const datasetNamed = (tomogram, datasets, files) => datasets.find(({ name }) => name === tomogram)?.id ?? files.find(({ path }) => stemOf(path) === tomogram)?.dataset ?? null;

/** A file that lies in no list, by its name: TOMOGRAM__Feature.mrc, or anything. @param {string} path @param {(tomogram: string) => number | null} datasetOf @returns {Segmentation} */
export function byName(path, datasetOf) {
  const name = path.split("/").at(-1) ?? path;
  const stem = stemOf(path);
  const at = stem.lastIndexOf("__");
  const tomogram = at > 0 ? stem.slice(0, at) : stem;
  return { path, name, tomogram, feature: at > 0 ? stem.slice(at + 2) : stem, dataset: datasetOf(tomogram), byteCount: 0, modified: 0 };
}

/** The folder of a file. @param {string} path */
export const folderOf = (path) => path.replace(/\/[^/]*$/, "");

/** A path as a word of a shell. @param {string} path */
const quoted = (path) => (/^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);

/** The line that makes one table for RELION 5 of lists in another format. @param {{ folder: string, lists: { path: string }[] }} written @param {string} tomograms  the folder of the tomograms; empty where it is not known */
export function conversion({ folder, lists }, tomograms) {
  // Beside each list lie pictures and accounts whose names begin like its own.
  const ending = lists[0]?.path.split(".").at(-1) ?? "star";
  return `ais coordinates convert ${quoted(folder)}/*_coords.${ending}${tomograms ? ` -t ${quoted(tomograms)}` : ""} --tomograms tomograms.star --to relion5 -o particles.star`;
}

/** What belongs together: one feature, in one folder. @param {Segmentation} one */
export const groupOf = ({ feature, path }) => `${feature} ${folderOf(path)}`;

/** Segmentations of one feature in one folder, by group. @param {Segmentation[]} list @returns {Map<string, Segmentation[]>} */
export function byFeature(list) {
  /** @type {Map<string, Segmentation[]>} */
  const groups = new Map();
  for (const one of list) groups.set(groupOf(one), [...(groups.get(groupOf(one)) ?? []), one]);
  return groups;
}
