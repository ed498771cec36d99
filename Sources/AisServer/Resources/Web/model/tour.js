// The guided tour: what to try, in the order of the work, and how it is noticed that it was done.

/**
 * What the tour goes by.
 * @typedef {object} Facts
 * @property {number} tomograms
 * @property {number} moves  slices gone through while the step was shown
 * @property {number} painted  slices with something painted
 * @property {number} boxes
 * @property {string} task
 * @property {number} trainings
 * @property {number} going  trainings that go on
 * @property {number} networks  models that have one
 * @property {number} epochs  of the trainings that go on, done
 * @property {number} taken  times that something a model found was painted
 * @property {number} rules
 * @property {number} runs  that are done
 * @property {number} lists  of particles, as jobs that are done
 */

/**
 * @typedef {object} Step
 * @property {string} title
 * @property {string} text  what to press
 * @property {string[]} targets  selectors of what it is about, the innermost first: the first that is on the page is outlined
 * @property {(facts: Facts) => boolean} isDone
 */

const MODELS = '.tasks a[href="#models"]';

/** @type {Step[]} */
export const STEPS = [
  { title: "Open a tomogram", text: "Press Open tomograms, choose a file (MRC, REC, TIFF) or a folder, and Open. To try it out, take Examples/cell_c.mrc of the program's source. Files are never changed.",
    targets: [".filesheet .btn.primary", ".start .acts button", ".center .btn.primary"], isDone: ({ tomograms }) => tomograms >= 1 },
  { title: "Go through the slices", text: "Turn the wheel over the picture, or press ← and →. Drag on the ruler below for a larger step. Shift and wheel zooms, a tap on Space shows all of it again.",
    targets: [".slices"], isDone: ({ moves }) => moves >= 3 },
  { title: "Paint what you look for", text: "Press 1, hold the left button over the picture and draw along a membrane; paint what is hollow whole, or its wall, but always alike. The right button erases, [ and ] change the brush. It is saved as you paint.",
    targets: [".pic", '.tasks a[href="#annotate"]'], isDone: ({ painted }) => painted >= 1 },
  { title: "Paint in three slices", text: "Go some ten slices on and paint there too, all that is in the slice: a network learns more from other places than from neighbours. A double-click on the feature's name at the right changes it.",
    targets: [".slices"], isDone: ({ painted }) => painted >= 3 },
  { title: "Set boxes", text: "Press G and click ten places, on each of the slices that you painted: most on what you painted, a few where there is none of it, which are examples of that. Each box is an example to learn from. B is the brush again.",
    targets: ['.rail [aria-label^="Box ("]'], isDone: ({ boxes, painted, task }) => boxes >= 10 * Math.max(1, Math.min(3, painted)) || (boxes > 0 && task === "models") },
  { title: "Open Models", text: "Press 2. Picture, slice and tools stay as they are; the column at the right now has the training set, the models and the rules.",
    targets: [MODELS], isDone: ({ task }) => task === "models" },
  { title: "Train", text: "Press the gear: it has every setting. For a first look UNet S, the quickest network, and 15 epochs will do; how long they take stands under Train. The feature that you painted is what it looks for. Press Train.",
    targets: [".sheet .sheetfoot .btn.primary", ".trainrow .btn.primary", MODELS], isDone: ({ trainings }) => trainings >= 1 },
  { title: "Wait for its first result", text: "After an epoch or two the half-trained network is shown on the slice in view, and again and again as it learns. Scroll and paint meanwhile: nothing waits for it.",
    targets: [".modellist .lay.on", MODELS], isDone: ({ networks, epochs }) => networks >= 1 || epochs >= 1 },
  { title: "Correct it", text: "Go to a slice that you have not painted. Press V and click a piece that is right: it is painted. Mend it with the brush (B), and set boxes on it (G), also where the network is wrong.",
    targets: ['.rail [aria-label^="From a model"]'], isDone: ({ taken }) => taken >= 1 },
  { title: "Train it further", text: "When the curves are flat, press Stop and keep best, or let it end. Then Train further with them takes in the boxes that you added; Ctrl+Z brings the network of before back.",
    targets: [".trainbuttons .btn.primary", ".modellist .lay.on", MODELS], isDone: ({ trainings }) => trainings >= 2 },
  { title: "Add a second network", text: "It is what the first is corrected by. Press 1 and N, paint and box something else, such as dark particles. Then 2, New training set in the menu beside it, + for the new feature, and Train. Or + beside Models takes a file.",
    targets: ['.right [aria-label="New model"]'], isDone: ({ networks }) => networks >= 2 },
  { title: "Set a rule between them", text: "Open Rules, press + there, and say who avoids whom. Radius and level act at once; what was taken away stays outlined with dashes. Hold R to see the slice without rules.",
    targets: ['.right [aria-label="New rule"]', MODELS], isDone: ({ rules }) => rules >= 1 },
  { title: "Run over all tomograms", text: "Press 3. Models and tomograms are ticked already, and what it needs is told beforehand. Press Run. It goes on when this page is closed.",
    targets: [".runfoot .btn.primary", '.tasks a[href="#run"]'], isDone: ({ runs }) => runs >= 1 },
  { title: "Pick particles", text: "In the project's menu at the top, press Pick particles. Move Level, Spacing and Smallest until count and pictures are right, choose the program that it is for, and press Pick.",
    targets: [".picksheet .btn.primary", 'header [aria-label^="Project "]'], isDone: ({ lists }) => lists >= 1 },
];

/** The step to be shown: the given one, or the first after it that is not done yet; their number when none is left. @param {number} from @param {Facts} facts */
export function nextStep(from, facts) {
  let step = from;
  while (step < STEPS.length && STEPS[step].isDone(facts)) step += 1;
  return step;
}

/** Whether an edit of this name painted what a model had found. @param {string} name */
export const isTaken = (name) => /^(from |one piece, from |inside a lasso, from )/.test(name);
