// The part of uPlot that the page uses; it comes without types.
// deno-lint-ignore-file no-explicit-any
export default class uPlot {
  constructor(options: any, data: (number | null)[][], into: HTMLElement);
  setData(data: (number | null)[][]): void;
  setSize(size: { width: number; height: number }): void;
  destroy(): void;
  ctx: CanvasRenderingContext2D;
  over: HTMLElement;
  cursor: { idx: number | null };
  valToPos(value: number, scale: string, canvasPixels?: boolean): number;
  bbox: { left: number; top: number; width: number; height: number };
}
