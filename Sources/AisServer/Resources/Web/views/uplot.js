// uPlot, which draws the charts.

// @ts-types="./uplot.d.ts"
import uPlot from "../vendor/uplot.js";

export default uPlot;
