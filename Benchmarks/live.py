"""The live loop measured: how soon networks' results are on the slice, what they and a training cost whoever scrolls and paints, and
memory with ten networks and two hundred tomograms. Parts of app.py."""

import io
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import threading
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
NETWORK = ROOT / "Examples" / "MembraneC.scnm"
SIZES = (512, 1024)

# From asking for a slice until the frame that shows the slice, the first result over it, and the whole one.
OVERLAYS = """async (slices) => {
  const { state } = await import('/app/state.js');
  const { goToSlice } = await import('/app/datasets.js');
  const { isQuiet, layers } = await import('/app/predictions.js');
  const times = [];
  const drawn = () => new Promise((next) => requestAnimationFrame(() => setTimeout(next)));
  for (const slice of slices) {
    const start = performance.now();
    const until = async (test) => {
      while (!test()) await new Promise((next) => setTimeout(next, 1));
      await drawn();
      return performance.now() - start;
    };
    goToSlice(slice);
    const shown = await until(() => state.shown.slice === slice && !state.shown.isLate);
    const first = await until(() => layers().length > 0);
    const whole = await until(isQuiet);
    times.push({ shown, first, whole, computing: 1000 * Math.max(...[...state.predicted.values()].map(({ seconds }) => seconds ?? 0)) });
    await new Promise((next) => setTimeout(next, 300));
  }
  return times;
}"""

# A view in which so many pixels of the slice are on the screen, high and wide, at most.
ZOOM = """async ([centre, pixels]) => {
  const { state, changed } = await import('/app/state.js');
  const { viewport } = await import('/app/picture.js');
  state.view = { centre: { y: centre, x: centre }, zoom: Math.max(viewport.height, viewport.width) / pixels };
  changed('view');
}"""

# Goes to the next tomogram, or slice, and waits for all results there.
WALK = """async ([datasets, slices]) => {
  const { state } = await import('/app/state.js');
  const { goToSlice, showDataset, isPrepared } = await import('/app/datasets.js');
  const { isQuiet } = await import('/app/predictions.js');
  const wait = async (test) => { while (!test()) await new Promise((next) => setTimeout(next, 5)); };
  for (const dataset of datasets) {
    await showDataset(dataset);
    await wait(() => isPrepared() && !state.shown.isLate);
    for (const slice of slices) {
      goToSlice(slice);
      await wait(() => state.shown.slice === slice && !state.shown.isLate && isQuiet());
    }
  }
}"""


def measure():
    """The page's own measures; what tests of the page need is needed."""
    sys.path.insert(0, str(ROOT / "Tests" / "web"))
    import measure

    return measure


def median(values):
    return sorted(values)[len(values) // 2]


def quantile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def another_network(path, number):
    """The network with one weight a little different: another to whoever keeps results."""
    out = io.BytesIO()
    with tarfile.open(NETWORK) as source, tarfile.open(fileobj=out, mode="w") as target:
        for member in source.getmembers():
            content = bytearray(source.extractfile(member).read())
            if member.name.endswith(".h5"):
                # The lowest octet of a number in the middle of the weights, which fill nearly all of the file.
                content[len(content) // 8 * 4] = number
            target.addfile(member, io.BytesIO(content))
    path.write_bytes(out.getvalue())
    return path


def write_slice(path, side):
    """A slice of the tomogram as `ais models run` takes it: numbers of 32 bits."""
    import random
    import struct

    noise = random.Random(1)
    block = struct.pack("<65536f", *(noise.gauss(0, 1) for _ in range(1 << 16)))
    header = bytearray(1024)
    struct.pack_into("<10i", header, 0, side, side, 1, 2, 0, 0, 0, side, side, 1)
    struct.pack_into("<6f", header, 40, side * 10, side * 10, 10, 90, 90, 90)
    struct.pack_into("<3i", header, 64, 1, 2, 3)
    header[208:212], header[212:216] = b"MAP ", b"\x44\x44\0\0"
    path.write_bytes(bytes(header) + block * (side * side >> 16))
    return path


class Looking:
    """Another person whose page asks for results of one slice after the other, all the time."""

    def __init__(self, app, model, slices):
        self.isOver = False
        self.count = 0

        def look():
            while not self.isOver:
                with app.ask(f"/api/projects/{app.project}/datasets/1/versions/1/predictions/raw/{model}/{self.count % slices}") as answer:
                    answer.read()
                self.count += 1

        self.thread = threading.Thread(target=look)
        self.thread.start()

    def stop(self):
        self.isOver = True
        self.thread.join()
        return self.count


class Session:
    """The program with a project of noise, and its page in a browser."""

    def __init__(self, binary, folder, browser, side, depth=200, environment=None):
        page = measure()
        page.program.BINARY = binary
        (folder / "rec").mkdir(parents=True)
        page.make_tomogram(folder / "rec" / "tomogram.mrc", side, side, depth)
        self.side, self.depth, self.folder, self.binary, self.page = side, depth, folder, binary, page
        self.server = page.program.Program(page.program.make_whole_project(folder), [folder, ROOT])
        self.server.environment = environment or {}
        self.server.start()
        self.app = page.App(browser, self.server).open()

    def add(self, network=NETWORK):
        with self.app.ask(f"/api/projects/{self.app.project}/models", {"path": str(network)}) as answer:
            (model,) = json.load(answer)["models"]
        self.app.until(f"state.modelStates.get({model})?.state === 'ready'")
        return model

    def overlays(self, slices):
        return self.app.page.evaluate(OVERLAYS, slices)

    def train(self):
        """Starts a training that lasts longer than any measure, and waits until it learns."""
        from app_server import stroke

        app, step = self.app, 64
        with app.ask(f"/api/projects/{app.project}/edits", {"id": "feature", "edits": [{"kind": "create-feature", "title": "Trained", "boxSize": 64}]}) as answer:
            feature = json.load(answer)["entry"]["values"][0]["record"]["id"]
        # Far from the slices that are looked at.
        edits = [edit for slice_ in (self.depth - 3, self.depth - 2) for place in range(step, self.side - step, step) for edit in (
            stroke(feature, slice_, place, place, 20, 20), {"kind": "place-box", "dataset": 1, "feature": feature, "slice": slice_, "y": place, "x": place})]
        edits.append({"kind": "create-training-set", "title": "Trained", "boxSize": 64, "roles": {str(feature): "positive"}})
        with app.ask(f"/api/projects/{app.project}/edits", {"id": "boxes", "edits": edits}):
            pass
        set_ = app.snapshot()["trainingSets"][0]["id"]
        with app.ask(f"/api/projects/{app.project}/trainings", {"set": set_, "architecture": "UNet S", "epochs": 100_000, "validation": 0}) as answer:
            training = json.load(answer)["id"]
        app.eventually(lambda: app.get(f"/trainings/{training}")["epoch"] >= 1, "an epoch", 240)
        return training

    def close(self):
        for training in self.app.get("/trainings")["trainings"]:
            if training["state"] == "running":
                self.app.ask(f"/api/projects/{self.app.project}/trainings/{training['id']}/stop", {"keep": False}).close()
                self.app.eventually(lambda training=training: self.app.get(f"/trainings/{training['id']}")["state"] == "stopped", "the end", 120)
        assert self.app.problems == []
        self.app.context.close()
        self.server.stop()


def browser():
    from playwright.sync_api import expect, sync_playwright

    page = measure()
    expect.set_options(timeout=60_000)
    playwright = sync_playwright().start()
    return playwright, playwright.chromium.launch(executable_path=page.CHROMIUM, args=page.FLAGS)


def row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def overlays(binary, folder):
    """Slice change to overlay, beside `ais models run` on such a slice."""
    playwright, chromium = browser()
    row("slice", "instructions", "`ais models run`", "computing", "slice drawn", "first result drawn", "whole drawn", "p95", "1.2 × run + 60 ms")
    for side in SIZES:
        for set_ in ("", "avx2"):
            environment = {"AIS_INSTRUCTION_SET": set_} if set_ else {}
            session = Session(binary, folder / f"{side}{set_}", chromium, side, 60, environment)
            session.add()
            slice_ = write_slice(folder / "slice.mrc", side)
            session.overlays([1])
            runs, found = [], []
            for turn in range(5):
                began = time.perf_counter()
                subprocess.run([binary, "models", "run", NETWORK, slice_, "-o", folder / "out.mrc", "--force", "-q"], check=True, env={**os.environ, **environment})
                runs.append(1000 * (time.perf_counter() - began))
                # Far apart, so that nothing was read ahead.
                found += session.overlays([5 + turn * 9 + step * 3 for step in range(3)])
            run = median(runs)
            each = {name: [one[name] for one in found] for name in found[0]}
            row(f"{side} × {side}", set_ or "all", f"{run:.0f} ms", f"{median(each['computing']):.0f} ms", f"{median(each['shown']):.0f} ms", f"{median(each['first']):.0f} ms",
                f"{median(each['whole']):.0f} ms", f"{quantile(each['whole'], 0.95):.0f} ms", f"{1.2 * run + 60:.0f} ms")
            if side > 512:
                session.app.page.evaluate(ZOOM, [side / 2, 512])
                found = session.overlays([54, 3, 56, 2, 58])
                row(f"512 × 512 of {side} × {side}", set_ or "all", "", "", f"{median([one['shown'] for one in found]):.0f} ms", f"{median([one['first'] for one in found]):.0f} ms",
                    f"{median([one['whole'] for one in found]):.0f} ms", "", "")
            session.close()
    chromium.close()
    playwright.stop()


def hands(binary, folder):
    """Scrolling and painting: by themselves, with predictions of what is looked at, with a training too, and with another person who asks
    for results of one slice after the other."""
    playwright, chromium = browser()
    row("slice", "meanwhile", "frames a second of a scroll", "stroke, median", "p95", "predictions of another person")
    for side in SIZES:
        session = Session(binary, folder / str(side), chromium, side)
        app, page = session.app, session.page
        page.paint_layers(app, side, side)
        model = None
        for case in ("nothing", "predictions", "predictions and a training", "those and another person's predictions"):
            if case == "predictions":
                model = session.add()
            if case == "predictions and a training":
                session.train()
            looking = Looking(app, model, session.depth) if "another" in case else None
            app.press("Home")
            app.wait_shown()
            app.page.wait_for_timeout(1500)
            scroll = app.page.evaluate(page.SCROLL, [100, 40, False])
            app.press("Home")
            app.wait_shown()
            app.page.wait_for_timeout(1500)
            times, seen = page.strokes(app, side, side)
            count = looking.stop() if looking else 0
            assert seen > 0.9 * len(times), (seen, len(times))
            row(f"{side} × {side}", case, f"{scroll['perSecond']:.0f}", f"{median(times):.1f} ms", f"{quantile(times, 0.95):.1f} ms", count)
        session.close()
    chromium.close()
    playwright.stop()


def kept(server):
    """MiB of the server: now, and the most that it ever was."""
    text = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    return {name: int(next(line for line in text.splitlines() if line.startswith(name)).split()[1]) >> 10 for name in ("VmRSS", "VmHWM")}


def ten_bounded(binary, folder):
    """The same with little memory to use, until the tables of results are full and it grows no more."""
    ten(binary, folder, ("--memory", "1GiB"), slices=60)


def ten(binary, folder, options=(), slices=40):
    """Memory with ten active networks and 200 tomograms, of which all are looked at, and many slices of one."""
    page = measure()
    page.program.BINARY = binary
    (folder / "rec").mkdir()
    page.make_tomogram(folder / "rec" / "a.mrc", 512, 512, 60)
    for number in range(199):
        page.program.write_mrc(folder / "rec" / f"t{number:03}.mrc", os.urandom(4 * 128 * 128), 4, 128, 128, 10, mode=0)
    server = page.program.Program(page.program.make_whole_project(folder), [folder])
    server.options = [*options]
    server.start()

    def ask(path, body=None):
        request = urllib.request.Request(f"{server.address}/api/projects/{server.key}{path}", headers={"Authorization": f"Bearer {server.token}", "X-Ais-Author": "Jo"}, data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    for number in range(10):
        ask("/models", {"path": str(another_network(folder / f"Network{number}.scnm", number))})
    snapshot = ask("")
    assert len({model["version"] for model in snapshot["models"]}) == 10 and len(snapshot["datasets"]) == 200
    large, *small = [dataset["id"] for dataset in sorted(snapshot["datasets"], key=lambda dataset: dataset["name"])]
    row("looked at so far", "server", "server, most", "page", "graphics process")
    tab = page.Tab([page.CHROMIUM, *page.FLAGS], folder / "profile", server.entry)
    try:
        def walk(what, datasets, slices):
            tab.evaluate(f"({WALK})({json.dumps([datasets, slices])})")
            now = kept(server)
            row(what, f"{now['VmRSS']} MiB", f"{now['VmHWM']} MiB", f"{tab.memory('renderer')} MiB", f"{tab.memory('gpu-process')} MiB")

        time.sleep(5)
        last = 0
        walk("one slice of 128 × 128", small[:1], [1])
        for end in (25, 50, 75, 100, 125, 150, 175, 199):
            walk(f"{end} tomograms, a slice of each", small[last:end], [2])
            last = end
        last = 0
        for end in range(10, slices + 1, 10):
            walk(f"and {end} slices of 512 × 512", [large], list(range(last, end)))
            last = end
        tab.call("HeapProfiler.collectGarbage")
        time.sleep(2)
        print(f"in use of the page: {tab.memory('renderer')} MiB", flush=True)
    finally:
        tab.close()
        server.stop()
