"""Measures the page in the browser, with the program: from a pointer event to the stroke's colour read back, from a key to the
next slice, scrolling, and what the page takes of memory.

    "$(Scripts/python-env Tests/web/requirements.txt | tail -1)" Tests/web/measure.py [HEIGHTxWIDTHxDEPTH …]

With software rendering unless AIS_CHROMIUM_FLAGS says otherwise; on a machine that does nothing else. The slices are noise of
8 bits with a pattern, read from the disk.
"""

import json
import os
import pathlib
import random
import sys
import tempfile
import time

import program
from devtools import Tab
from conftest import App, CHROMIUM, FLAGS as SOFTWARE
from playwright.sync_api import sync_playwright

FLAGS = os.environ["AIS_CHROMIUM_FLAGS"].split() if "AIS_CHROMIUM_FLAGS" in os.environ else SOFTWARE
SIZES = ["512x512x200", "1024x1024x200", "4096x5760x24"]

STROKE = """() => {
  const canvas = document.querySelector('.pic .slice'), gl = canvas.getContext('webgl2'), box = canvas.getBoundingClientRect(), out = new Uint8Array(4);
  removeEventListener('pointermove', window.timing);
  window.times = []; window.seen = 0;
  // Bubbles to the window after the picture has handled it.
  addEventListener('pointermove', window.timing = (event) => {
    gl.readPixels(Math.floor((event.clientX - box.left) * canvas.width / box.width), canvas.height - 1 - Math.floor((event.clientY - box.top) * canvas.height / box.height), 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, out);
    if (Math.max(out[0], out[1], out[2]) - Math.min(out[0], out[1], out[2]) > 20) window.seen += 1;
    window.times.push(performance.now() - event.timeStamp);
  });
}"""

SLICES = """async ([warm, cold]) => {
  const { state } = await import('/app/state.js');
  const { goToSlice } = await import('/app/datasets.js');
  const times = { warm: [], cold: [] };
  const go = async (slice, kind) => {
    const start = performance.now();
    goToSlice(slice);
    while (state.shown.slice !== slice || state.shown.isLate) await new Promise((next) => setTimeout(next, 1));
    // Drawn with the next frame.
    await new Promise((next) => requestAnimationFrame(() => setTimeout(next)));
    times[kind].push(performance.now() - start);
    await new Promise((next) => setTimeout(next, 400));
  };
  for (const slice of warm) await go(slice, 'warm');
  for (const slice of cold) await go(slice, 'cold');
  return times;
}"""

# Wheel notches; where wanted, the middle of the picture is looked at in each frame, which costs time of its own.
SCROLL = """async ([notches, every, looks]) => {
  const { state } = await import('/app/state.js');
  const pic = document.querySelector('.pic'), canvas = document.querySelector('.pic .slice'), gl = canvas.getContext('webgl2');
  const box = pic.getBoundingClientRect(), out = new Uint8Array(4 * 64);
  let blank = 0, frames = 0, isOn = true;
  const stage = [17, 17, 17];
  const look = () => {
    frames += 1;
    if (looks) {
      gl.readPixels(canvas.width / 2 - 32, canvas.height / 2, 64, 1, gl.RGBA, gl.UNSIGNED_BYTE, out);
      if ([...Array(64).keys()].every((i) => stage.every((v, c) => out[4 * i + c] === v))) blank += 1;
    }
    if (isOn) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  const start = performance.now();
  for (let n = 0; n < notches; n += 1) {
    pic.dispatchEvent(new WheelEvent('wheel', { deltaY: 100, clientX: box.left + box.width / 2, clientY: box.top + box.height / 2, bubbles: true, cancelable: true }));
    await new Promise((next) => setTimeout(next, every));
  }
  const seconds = (performance.now() - start) / 1000;
  while (state.shown.slice !== state.slice || state.shown.isLate) await new Promise((next) => setTimeout(next, 1));
  isOn = false;
  return { frames, blank, perSecond: frames / seconds, behindMs: performance.now() - start - 1000 * seconds };
}"""


def make_tomogram(path, height, width, depth):
    noise = random.Random(7).randbytes(1 << 20)
    # Values of a few grey levels about zero: -32 … 31.
    noise = bytes(((byte >> 2) - 32) & 0xFF for byte in noise)
    slice_ = (noise * (height * width // len(noise) + 1))[: height * width]
    program.write_mrc(path, b"", depth, height, width, 10, mode=0)
    with open(path, "ab") as file:
        for z in range(depth):
            shift = 4099 * z % len(slice_)
            file.write(slice_[shift:] + slice_[:shift])


def quantile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def memory(server, folder):
    """MiB of a browser's processes while it goes through 2 000 slices, the most that was seen, and what of it is in use at the end."""
    tab = Tab([CHROMIUM, *FLAGS], folder / "profile", server.entry)
    try:
        time.sleep(5)
        most = {"renderer": 0, "gpu-process": 0}
        for _ in range(20):
            tab.evaluate(f"({SCROLL})([100, 8, false])")
            most = {kind: max(size, tab.memory(kind)) for kind, size in most.items()}
        tab.call("HeapProfiler.collectGarbage")
        time.sleep(2)
        return {"pageMostMiB": most["renderer"], "graphicsMostMiB": most["gpu-process"], "pageInUseMiB": tab.memory("renderer")}
    finally:
        tab.close()


def paint_layers(app, height, width):
    for row in range(3):
        app.press("n")
        app.drag([(height * (0.2 + 0.1 * row), width * 0.2), (height * (0.2 + 0.1 * row), width * 0.8)])
    app.page.wait_for_timeout(1500)


def strokes(app, height, width):
    """From each event of a stroke until its colour is read back, in milliseconds; and how many had it."""
    app.move(height * 0.6, width * 0.2)
    app.page.mouse.down()
    app.page.evaluate(STROKE)
    x0, y0 = app.at(height * 0.6, width * 0.2)
    for step in range(150):
        app.page.mouse.move(x0 + 3 * step, y0 + (step % 20))
        app.page.wait_for_timeout(8)
    app.page.mouse.up()
    return app.page.evaluate("[window.times, window.seen]")


def measure(browser, folder, height, width, depth):
    (folder / "rec").mkdir(parents=True)
    make_tomogram(folder / "rec" / "tomogram.mrc", height, width, depth)
    make_tomogram(folder / "rec" / "zz.mrc", 64, 64, 4)
    server = program.Program(program.make_project(folder), [folder]).start()
    app = App(browser, server).open()
    paint_layers(app, height, width)
    stroke, seen = strokes(app, height, width)
    middle = depth // 2
    warm, cold = [middle + step for step in range(1, 7)], [2, depth - 3, middle // 2]
    app.press("End")
    app.wait_shown()
    app.page.evaluate("async (z) => (await import('/app/datasets.js')).goToSlice(z)", middle)
    app.wait_shown()
    app.page.wait_for_timeout(1500)
    slices = app.page.evaluate(SLICES, [warm, cold])
    app.press("Home")
    app.page.wait_for_timeout(1000)
    scroll = app.page.evaluate(SCROLL, [min(200, depth - 1) if depth < 100 else 200, 40, True])
    result = {
        "slice": f"{height} × {width}", "strokeEvents": len(stroke), "coloured": seen, "strokeMedianMs": round(quantile(stroke, 0.5), 1),
        "strokeP95Ms": round(quantile(stroke, 0.95), 1), "warmSliceMs": [round(t) for t in slices["warm"]], "coldSliceMs": [round(t) for t in slices["cold"]],
        "scroll": {name: round(value, 1) for name, value in scroll.items()},
    }
    assert app.problems == []
    app.context.close()
    if depth >= 100:
        result["memoryOver2000Slices"] = memory(server, folder)
    print(json.dumps(result, ensure_ascii=False), flush=True)
    server.stop()


def main():
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for size in sys.argv[1:] or SIZES:
            measure(browser, pathlib.Path(folder) / size, *map(int, size.split("x")))
        browser.close()


if __name__ == "__main__":
    main()
