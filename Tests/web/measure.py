"""Measures the page in the browser: from a pointer event to the stroke's colour read back, and from a key to the next slice.

    "$(Scripts/python-env Tests/web/requirements.txt)" Tests/web/measure.py [HEIGHTxWIDTH …]

With software rendering unless AIS_CHROMIUM_FLAGS says otherwise; on a machine that does nothing else.
"""

import array
import json
import os
import sys

from conftest import App, CHROMIUM, FLAGS as SOFTWARE
from playwright.sync_api import sync_playwright
from server_double import Server, Slices

FLAGS = os.environ["AIS_CHROMIUM_FLAGS"].split() if "AIS_CHROMIUM_FLAGS" in os.environ else SOFTWARE

STROKE = """async () => {
  const { state, features } = await import('/app/state.js');
  const canvas = document.querySelector('.pic .slice'), gl = canvas.getContext('webgl2'), box = canvas.getBoundingClientRect(), out = new Uint8Array(4);
  window.times = []; window.seen = 0;
  // Bubbles to the window after the picture has handled it.
  addEventListener('pointermove', (event) => {
    gl.readPixels(Math.floor((event.clientX - box.left) * canvas.width / box.width), canvas.height - 1 - Math.floor((event.clientY - box.top) * canvas.height / box.height), 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, out);
    if (Math.max(out[0], out[1], out[2]) - Math.min(out[0], out[1], out[2]) > 20) window.seen += 1;
    window.times.push(performance.now() - event.timeStamp);
  });
}"""


def quick_tile(self, version, axis, index, level, row, column):
    """A pattern that costs nothing to make."""
    shape, step = version["shape"], 2**level
    height, width = {"xy": (shape["y"], shape["x"]), "xz": (shape["z"], shape["x"]), "yz": (shape["z"], shape["y"])}[axis]
    rows, columns = min(1024, -(-height // step) - 1024 * row), min(1024, -(-width // step) - 1024 * column)
    line = array.array("f", [((x * (7 + index)) % 97) / 97 - 0.5 for x in range(columns)])
    return line * rows, rows, columns


def quantile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def measure(browser, height, width):
    server = Server(count=1, side=height).start()
    for dataset in server.project.datasets.values():
        for shape in (dataset["shape"], *(version["shape"] for version in dataset["versions"])):
            shape["x"] = width
        dataset["versions"] = dataset["versions"][:1]
    for field, value in (("size_y", height), ("size_x", width)):
        server.project.cells["dataset", 1, field] = value
    app = App(browser, server).open()
    for row in range(3):
        app.press("n")
        app.drag([(height * (0.2 + 0.1 * row), width * 0.2), (height * (0.2 + 0.1 * row), width * 0.8)])
    app.page.wait_for_timeout(1500)
    app.move(height * 0.6, width * 0.2)
    app.page.mouse.down()
    app.page.evaluate(STROKE)
    x0, y0 = app.at(height * 0.6, width * 0.2)
    for step in range(120):
        app.page.mouse.move(x0 + 3 * step, y0 + (step % 20))
        app.page.wait_for_timeout(8)
    app.page.mouse.up()
    stroke, seen = app.page.evaluate("[window.times, window.seen]")
    slices = app.page.evaluate("""async () => {
      const { state } = await import('/app/state.js');
      const { goToSlice } = await import('/app/datasets.js');
      const times = { warm: [], cold: [] };
      const go = async (slice, kind) => {
        const start = performance.now();
        goToSlice(slice);
        while (state.shown.slice !== slice || state.shown.isLate) await new Promise((next) => setTimeout(next, 1));
        await new Promise((next) => requestAnimationFrame(() => setTimeout(next)));
        times[kind].push(performance.now() - start);
        await new Promise((next) => setTimeout(next, 250));
      };
      for (let slice = 21; slice < 27; slice += 1) await go(slice, 'warm');
      for (const slice of [2, 36, 10]) await go(slice, 'cold');
      return times;
    }""")
    print(json.dumps({
        "slice": f"{height} × {width}", "strokeEvents": len(stroke), "coloured": seen, "strokeMedianMs": round(quantile(stroke, 0.5), 1),
        "strokeP95Ms": round(quantile(stroke, 0.95), 1), "warmSliceMs": [round(t) for t in slices["warm"]], "coldSliceMs": [round(t) for t in slices["cold"]],
    }, ensure_ascii=False), flush=True)
    assert app.problems == []
    app.context.close()
    server.cut()


def main():
    Slices.tile = quick_tile
    sizes = [tuple(map(int, size.split("x"))) for size in sys.argv[1:]] or [(512, 512), (1024, 1024), (4096, 5760)]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for height, width in sizes:
            measure(browser, height, width)
        browser.close()


if __name__ == "__main__":
    main()
