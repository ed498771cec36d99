// One slice as an MRC file (MRC2014), little-endian, 32-bit floats.

/**
 * @param {Uint8Array} bytes  by rows, the first row is y = 0; 255 for 1 @param {{ height: number, width: number }} size @param {number | null} voxelAngstrom @param {string} label  what it is; ASCII, at most 80 letters
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function sliceFile(bytes, { height, width }, voxelAngstrom, label) {
  const file = new Uint8Array(1024 + 4 * height * width);
  const view = new DataView(file.buffer);
  const values = new Float32Array(file.buffer, 1024);
  let [least, most, sum] = [Infinity, -Infinity, 0];
  for (let index = 0; index < values.length; index += 1) {
    const value = bytes[index] / 255;
    values[index] = value;
    least = Math.min(least, value);
    most = Math.max(most, value);
    sum += value;
  }
  [width, height, 1, 2, 0, 0, 0, width, height, 1].forEach((value, index) => view.setInt32(4 * index, value, true));
  const side = voxelAngstrom ?? 0;
  [width * side, height * side, side, 90, 90, 90].forEach((value, index) => view.setFloat32(40 + 4 * index, value, true));
  [1, 2, 3].forEach((value, index) => view.setInt32(64 + 4 * index, value, true));
  [least, most, sum / values.length].forEach((value, index) => view.setFloat32(76 + 4 * index, value, true));
  view.setInt32(108, 20140, true);
  file.set([77, 65, 80, 32, 0x44, 0x44, 0, 0], 208);
  view.setInt32(220, 1, true);
  file.set([...label.slice(0, 80).padEnd(80)].map((letter) => (letter.charCodeAt(0) < 128 ? letter.charCodeAt(0) : 63)), 224);
  return file;
}
