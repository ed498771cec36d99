// Wheels and touchpads. A notch of a mouse counts one; a touchpad sends many small steps, which are summed.

/**
 * @typedef {{ deltaX: number, deltaY: number, deltaMode: number, ctrlKey: boolean, timeStamp: number }} WheelLike
 */

/** Counts slices. One for each notch, or for every `distance` pixels of a touchpad, at most 60 a second. */
export class WheelCounter {
  /** @param {number} [distance] */
  constructor(distance = 40) {
    this.distance = distance;
    this.sum = 0;
    this.last = -Infinity;
  }

  /** @param {WheelLike} event @returns {number} slices to move; positive is down */
  take(event) {
    // With Shift some browsers swap the axes.
    const delta = Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : event.deltaY;
    if (delta === 0) return 0;
    if (isNotch(event, delta)) {
      this.sum = 0;
      const notches = event.deltaMode === 0 ? Math.abs(delta) / 100 : Math.abs(delta) / 3;
      return Math.sign(delta) * Math.max(1, Math.round(notches));
    }
    if (Math.sign(delta) !== Math.sign(this.sum)) this.sum = 0;
    this.sum += delta;
    if (Math.abs(this.sum) < this.distance || event.timeStamp - this.last < 1000 / 60) return 0;
    const slices = Math.trunc(this.sum / this.distance);
    this.sum -= slices * this.distance;
    this.last = event.timeStamp;
    return slices;
  }
}

/** @param {WheelLike} event @param {number} delta */
const isNotch = (event, delta) => event.deltaMode !== 0 || Math.abs(delta) >= 100;

/** The factor of a zoom: a tenth for each notch. @param {WheelLike} event */
export function zoomFactor(event) {
  const delta = Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : event.deltaY;
  const notches = event.deltaMode === 0 ? delta / (isNotch(event, delta) ? 100 : 60) : delta / 3;
  return 1.1 ** -Math.max(-8, Math.min(8, notches));
}
