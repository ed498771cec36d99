#!/usr/bin/env python3
"""What the app's server costs: tiles, memory, storage far away, and how soon others see what one does. Whole processes.

    "$(Scripts/python-env Tests/web/requirements.txt | tail -1)" Benchmarks/app.py [--program FILE] [slices memory far people overlays hands ten ten-bounded]

slices  tiles of 512², 1024² and 4096 × 5760, in the three planes, in the system's cache of files and not
memory  of the process after 50 tomograms were looked at
far     a folder with 300 and 1000 tomograms where opening a file takes 30 ms and all reads together get 50 MB/s; with Playwright and
        chromium also the page
people  from one person's request until the streams of events of five others have it
overlays  from asking for a slice until UNet S's result is drawn over it, beside `ais models run`; with AVX2 only, too
hands   scrolling and painting by themselves, with predictions, with a training too, and with another person's predictions
ten     memory of server and page with ten networks and 200 tomograms
ten-bounded  the same with `--memory 1GiB`, until it grows no more

The last four need Playwright and chromium, and `hands` libtorch.

Nothing else should run meanwhile. Tomograms are noise, made in a temporary folder.
"""

import argparse
import http.client
import os
import pathlib
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "Tests" / "python"))
import live  # noqa: E402
from app_server import App, Events, stroke  # noqa: E402


def write_mrc(path, z, y, x, mode=1, seed=0):
    """Noise: one block of it, beginning elsewhere in every slice."""
    size = {0: 1, 1: 2, 2: 4}[mode]
    header = bytearray(1024)
    struct.pack_into("<10i", header, 0, x, y, z, mode, 0, 0, 0, x, y, z)
    struct.pack_into("<6f", header, 40, x * 10, y * 10, z * 10, 90, 90, 90)
    struct.pack_into("<3i", header, 64, 1, 2, 3)
    struct.pack_into("<i", header, 108, 20140)
    header[208:212], header[212:216] = b"MAP ", b"\x44\x44\0\0"
    header[224:304] = f"noise {seed}".encode().ljust(80)
    noise = random.Random(seed)
    count = min(y * x, 1 << 18)
    if mode == 2:
        block = struct.pack(f"<{count}f", *(noise.gauss(0, 1) for _ in range(count)))
    elif mode == 1:
        block = struct.pack(f"<{count}h", *(int(noise.gauss(0, 300)) for _ in range(count)))
    else:
        block = bytes((int(noise.gauss(0, 30)) & 0xFF for _ in range(count)))
    repeated = block * (y * x // count + 2)
    with open(path, "wb") as file:
        file.write(header)
        for slice_ in range(z):
            start = (4099 * slice_ % count) * size
            file.write(repeated[start : start + y * x * size])
    return path


def drop(path):
    """Takes a file out of the system's cache."""
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)


def show(name, seconds):
    times = sorted(1000 * value for value in seconds)
    print(f"{name}: {len(times)} times, median {times[len(times) // 2]:.1f}, p95 {times[min(len(times) - 1, len(times) * 95 // 100)]:.1f}, most {times[-1]:.1f} ms", flush=True)


def timed(call):
    begin = time.perf_counter()
    result = call()
    return time.perf_counter() - begin, result


class Client:
    """One connection that is kept."""

    def __init__(self, app):
        self.app, self.connection = app, http.client.HTTPConnection("127.0.0.1", app.port)
        self.versions = {d["name"]: (d["id"], d["versions"][0]) for d in app.snapshot()["datasets"]}

    def get(self, path):
        self.connection.request("GET", path, headers={"Authorization": f"Bearer {self.app.token}"})
        answer = self.connection.getresponse()
        body = answer.read()
        assert answer.status == 200, (answer.status, path, body[:300])
        return body

    def tile(self, name, plane, index, level=0, row=0, column=0, more=""):
        dataset, version = self.versions[name]
        return self.get(f"{self.app.at}/datasets/{dataset}/versions/{version['id']}/slices/{plane}/{index}/{level}/{row}/{column}?key={version['key']}{more}")

    def thumbnail(self, name):
        dataset, version = self.versions[name]
        return self.get(f"{self.app.at}/datasets/{dataset}/thumbnail?key={version['key']}")


def memory(app):
    text = pathlib.Path(f"/proc/{app.process.pid}/status").read_text()
    return {name: int(re.search(rf"{name}:\s+(\d+)", text)[1]) >> 10 for name in ("VmRSS", "VmHWM")}


def slices(program, folder):
    data = folder / "data"
    data.mkdir()
    shapes = {"c512": (200, 512, 512, 1), "a1024": (200, 1024, 1024, 2), "big": (16, 4096, 5760, 2)}
    for seed, (name, (z, y, x, mode)) in enumerate(shapes.items()):
        write_mrc(data / f"{name}.mrc", z, y, x, mode, seed)
    app = App(program, folder, paths=[data])
    try:
        client = Client(app)
        for name, (z, y, x, _) in shapes.items():
            path = data / f"{name}.mrc"
            with open(path, "rb") as file:
                while file.read(64 << 20):
                    pass
            # Far apart, so that nothing was read ahead.
            order = [index * 7 % z for index in range(min(z, 60))]
            first = []
            for index in order:
                first.append(timed(lambda index=index: client.tile(name, "xy", index))[0])
                time.sleep(0.06)
            show(f"{name}: tile for the first time, file in the system's cache", first)
            show(f"{name}: tile again", [timed(lambda index=index: client.tile(name, "xy", index))[0] for index in order])
            cold = []
            for index in order[:20]:
                time.sleep(0.1)
                drop(path)
                cold.append(timed(lambda index=index: client.tile(name, "xy", (index + 3) % z, more="&format=u8"))[0])
            show(f"{name}: tile of bytes, file not in the system's cache", cold)
            show(f"{name}: xz", [timed(lambda row=row: client.tile(name, "xz", row))[0] for row in range(5, y, max(1, y // 15))])
            took, _ = timed(lambda: client.tile(name, "yz", x // 3, 2, more="&sketch=1"))
            show(f"{name}: yz, sketched", [took])
            show(f"{name}: yz, without bricks", [timed(lambda: client.tile(name, "yz", x // 3))[0]])
            begin = time.perf_counter()
            key = client.versions[name][1]["key"].split(".")[0]
            while z * y * x * (4 if name != "c512" else 2) >= 64 << 20 and not list(data.glob(f"*.ais/cache/bricks/{key}.bricks")):
                time.sleep(0.05)
            print(f"{name}: bricks {time.perf_counter() - begin:.1f} s later", flush=True)
            show(f"{name}: yz, with bricks", [timed(lambda column=column: client.tile(name, "yz", column))[0] for column in range(7, x - 1, max(1, x // 15))])
            show(f"{name}: thumbnail", [timed(lambda: client.thumbnail(name))[0]])
            show(f"{name}: thumbnail again", [timed(lambda: client.thumbnail(name))[0]])
            print(f"{name}: memory in MiB {memory(app)}", flush=True)
    finally:
        app.stop()


def memory_after_fifty(program, folder):
    data = folder / "data"
    data.mkdir()
    for number in range(50):
        write_mrc(data / f"m{number:02}.mrc", 12, 1024, 1024, 1, number)
    for limit in ("1GiB", "8GiB"):
        app = App(program, folder, "--memory", limit, paths=[data])
        try:
            client = Client(app)
            print(f"--memory {limit}: in MiB {memory(app)} at the start", flush=True)
            for number in range(50):
                for index in range(12):
                    client.tile(f"m{number:02}", "xy", index)
                client.tile(f"m{number:02}", "yz", 300)
                client.thumbnail(f"m{number:02}")
                if number in (9, 49):
                    print(f"--memory {limit}: in MiB {memory(app)} after {number + 1} tomograms, 12 slices each and one along x", flush=True)
        finally:
            app.stop()


def far(program, folder):
    library = folder / "far_storage.so"
    subprocess.run([shutil.which("clang") or "cc", "-shared", "-fPIC", "-O1", "-o", library, ROOT / "Tests/python/far_storage.c", "-ldl"], check=True)
    for count in (300, 1000):
        data = folder / f"far{count}"
        data.mkdir()
        for number in range(count):
            write_mrc(data / f"TS_{number:04}.mrc", 16, 256, 256, 1, number)
        environment = {"LD_PRELOAD": str(library), "FAR_FOLDER": str(data), "FAR_OPEN_MS": "30", "FAR_MB_S": "50"}
        home = folder / f"home{count}"
        home.mkdir()
        began = time.perf_counter()
        app = App(program, home, paths=[data], environment=environment)
        print(f"{count} tomograms for the first time: address after {time.perf_counter() - began:.2f} s", flush=True)
        while not app.snapshot()["datasets"]:
            time.sleep(0.01)
        print(f"  the first of them listed after {time.perf_counter() - began:.2f} s", flush=True)
        while any(job["state"] in ("waiting", "running") for job in app.get(f"{app.at}/jobs")["jobs"]):
            time.sleep(0.05)
        assert len(app.snapshot()["datasets"]) == count
        print(f"  all of them listed after {time.perf_counter() - began:.2f} s", flush=True)
        app.stop()
        began = time.perf_counter()
        app.start()
        address = time.perf_counter() - began
        took, state = timed(app.snapshot)
        print(f"  opened again: address after {address:.2f} s, the project's state in {1000 * took:.0f} ms", flush=True)
        page(app, folder / f"page{count}-first.png", "  page, no thumbnail made yet")
        client = Client(app)
        names = list(client.versions)
        # All thumbnails at once, over six connections as a browser does, and slices meanwhile.
        waiting, lock = names[:], threading.Lock()

        def fetch(client):
            while True:
                with lock:
                    if not waiting:
                        return
                    name = waiting.pop()
                client.thumbnail(name)

        began = time.perf_counter()
        threads = [threading.Thread(target=fetch, args=[Client(app)]) for _ in range(6)]
        for thread in threads:
            thread.start()
        meanwhile, edits = [], []
        feature = app.feature()
        while threads[0].is_alive() and len(meanwhile) < 40:
            name = names[random.Random(len(meanwhile)).randrange(count)]
            meanwhile.append(timed(lambda name=name: client.tile(name, "xy", 7))[0])
            edits.append(timed(lambda: app.edit(stroke(feature, len(meanwhile) % 16, 5, 5)))[0])
        show("  a slice of another tomogram while thumbnails are made", meanwhile)
        show("  an edit meanwhile", edits)
        for thread in threads:
            thread.join()
        print(f"  all {count} thumbnails after {time.perf_counter() - began:.1f} s", flush=True)
        app.stop()
        app.start()
        client = Client(app)
        show("  a thumbnail again, after a restart", [timed(lambda name=name: client.thumbnail(name))[0] for name in names[:60]])
        page(app, folder / f"page{count}-again.png", "  page, thumbnails made before")
        app.stop()


def page(app, picture, what):
    """From the address until the first slice and the list are on the screen, in a browser without graphics card."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        print(f"{what}: no Playwright here", flush=True)
        return
    chromium = next(filter(os.path.exists, (os.environ.get("AIS_CHROMIUM", ""), "/usr/bin/chromium-headless-shell", "/usr/bin/chromium")))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-gpu-rasterization"])
        for visit in ("first", "second"):
            tab = browser.new_page(viewport={"width": 1440, "height": 900})
            began = time.perf_counter()
            tab.goto(app.about["url"])
            tab.wait_for_selector(".tomo")
            listed = time.perf_counter() - began
            tab.wait_for_function("async () => { const { state } = await import('/app/state.js'); return !state.shown.isLate && state.shown.slice === state.slice; }")
            print(f"{what}, {visit} visit: list after {listed:.2f} s, slice after {time.perf_counter() - began:.2f} s", flush=True)
            if visit == "second":
                tab.screenshot(path=str(picture))
            tab.close()
        browser.close()


def people(program, folder):
    (folder / "data").mkdir()
    write_mrc(folder / "data" / "T.mrc", 60, 1024, 1024, 1)
    app = App(program, folder, paths=[folder / "data"])
    try:
        feature = app.feature()
        drawing = Events(app, client="anna")
        watching = [Events(app, after=app.snapshot()["sequence"], client=f"person-{number}") for number in range(5)]
        edits, answers, going = [], [], []
        for number in range(200):
            begin = time.perf_counter()
            app.edit(stroke(feature, number % 60, 7 * number % 1000, 3 * number % 1000, 20, 20), author="Anna", client="anna")
            answers.append(time.perf_counter() - begin)
            for stream in watching:
                stream.next("entry")
            edits.append(time.perf_counter() - begin)
        for number in range(200):
            points = [float(number + place) for place in range(400)]
            begin = time.perf_counter()
            app.post(f"{app.at}/presence", {"dataset": 1, "slice": 0, "feature": feature, "stroke": {"radius": 9, "erases": False, "points": points}}, author="Anna", client="anna")
            for stream in watching:
                while not any(person["stroke"] and person["stroke"]["points"] == points for person in stream.next("presence")[2]["people"]):
                    pass
            going.append(time.perf_counter() - begin)
        show("an edit is answered, on the disk", answers)
        show("an edit is with all of five others", edits)
        show("a stroke that goes on is with all of five others", going)
        drawing.close()
        for stream in watching:
            stream.close()
    finally:
        app.stop()


PARTS = {"slices": slices, "memory": memory_after_fifty, "far": far, "people": people, "overlays": live.overlays, "hands": live.hands, "ten": live.ten, "ten-bounded": live.ten_bounded}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / ".build/release/ais")
    options = parser.parse_args()
    if unknown := set(options.parts) - PARTS.keys():
        parser.error(f"unknown: {', '.join(sorted(unknown))}. Expected {', '.join(PARTS)}")
    for name in options.parts or PARTS:
        print(f"== {name}", flush=True)
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            PARTS[name](options.program.resolve(), pathlib.Path(folder))


if __name__ == "__main__":
    main()
