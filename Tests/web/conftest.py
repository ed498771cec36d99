"""Fixtures for tests of the page in a real browser, against the program itself.

The page draws what was done with its next frame, and the server answers later still: what is asserted after an action is
waited for, with `becomes`, `until`, `eventually` or playwright's `expect`. What must stay as it is, is looked at after `rest`."""

import errno
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
import urllib.parse
import urllib.request

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import program  # noqa: E402
from masks import decode_mask  # noqa: E402

CHROMIUM = os.environ.get("AIS_CHROMIUM") or next(filter(os.path.exists, ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium")), "/usr/bin/chromium")
# Software rendering, the same everywhere. Text and buttons are rasterised without it: through it a frame takes ten times as long.
FLAGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-gpu-rasterization"]


@pytest.fixture(scope="session")
def browser():
    if not os.path.exists(CHROMIUM):
        pytest.skip(f"'{CHROMIUM}' is not there: apt-get install --no-install-recommends chromium-headless-shell, or name one in AIS_CHROMIUM")
    from playwright.sync_api import expect, sync_playwright

    # A machine that builds something else meanwhile is slow, not wrong.
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def tomograms(tmp_path_factory):
    """A folder with a project and its tomograms, made once: each test has a copy of the project."""
    program.require()
    folder = tmp_path_factory.mktemp("page")
    program.make_tomograms(folder / "rec")
    program.make_project(folder)
    return folder


@pytest.fixture
def server(tomograms, tmp_path):
    """The program with a project of twelve tomograms."""
    shutil.copytree(tomograms / "Test.ais", tmp_path / "Test.ais")
    running = program.Program(tmp_path / "Test.ais", [tomograms / "rec", tmp_path])
    yield running.start()
    running.stop()


@pytest.fixture
def full_disk(tomograms, tmp_path):
    """The program, whose disk is full as long as a file is there; and that file."""
    library, switch = tmp_path / "failing_calls.so", tmp_path / "full"
    compiler = shutil.which("clang") or shutil.which("cc")
    assert compiler, "neither 'clang' nor 'cc' was found; Swift's toolchain holds a 'clang': put its folder into PATH"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, program.ROOT / "Tests" / "python" / "failing_calls.c", "-ldl"], check=True)
    shutil.copytree(tomograms / "Test.ais", tmp_path / "Full.ais")
    running = program.Program(tmp_path / "Full.ais", [tomograms / "rec", tmp_path])
    running.environment = {"LD_PRELOAD": str(library), "FAIL_CALL": "pwrite", "FAIL_PATH": "/project.sqlite-wal", "FAIL_ERRNO": str(errno.ENOSPC), "FAIL_SWITCH": str(switch)}
    yield running.start(), switch
    running.stop()


@pytest.fixture
def thousand(tmp_path):
    """The program with a project of a thousand tomograms."""
    program.require()
    folder = tmp_path / "thousand"
    (folder / "rec").mkdir(parents=True)
    for number in range(1, 1001):
        program.write_mrc(folder / "rec" / f"lam_{number:04}.mrc", bytes(2 * 32 * 32 * 4), 4, 32, 32, 10)
    running = program.Program(program.make_project(folder), [folder])
    yield running.start()
    running.stop()


class App:
    """The page of one person, and what the server says of the project."""

    def __init__(self, browser, server, author="Jo Visser", size=(1440, 900), theme="dark", **context):
        self.server, self.address, self.project, self.author = server, server.address, server.key, author
        self.context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=theme, **context)
        self.context.add_cookies([{"name": server.cookie, "value": server.token, "url": server.address}])
        self.context.add_init_script(f"if (location.protocol.startsWith('http')) localStorage.getItem('ais.author') ?? localStorage.setItem('ais.author', {json.dumps(json.dumps(author))})")
        # A machine that builds something else meanwhile is slow, not wrong.
        self.context.set_default_timeout(40_000)
        self.page = self.context.new_page()
        self.problems = []
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))

    def open(self, query=""):
        self.page.goto(f"{self.address}/p/{self.project}/annotate{query}")
        self.page.wait_for_selector(".pic canvas")
        self.wait_shown()
        return self

    def wait_shown(self):
        """The slice is on the screen, and its contrast found."""
        late = self.page.evaluate("""async () => {
          const { state } = await import('/app/state.js');
          const { isMeasured } = await import('/app/picture.js');
          const { isPrepared } = await import('/app/datasets.js');
          // Without a graphics card a picture that moves has fewer pixels.
          const isWhole = () => document.querySelector('.pic .slice').width === document.querySelector('.pic .over').width;
          const isShown = () => isPrepared() && !state.shown.isLate && state.shown.slice === state.slice && Number(state.shown.key.split(' ')[1]) === state.version && isMeasured() && document.querySelectorAll('.hist rect').length > 0 && isWhole();
          for (const end = performance.now() + 60000; !isShown() && performance.now() < end;) await new Promise((go) => requestAnimationFrame(go));
          return isShown() ? '' : JSON.stringify([state.shown, state.slice, state.version, state.problem, state.statistics === null, isMeasured(), document.querySelectorAll('.hist rect').length]);
        }""")
        assert not late, f"the slice did not come: {late}"

    # --- where things are

    def at(self, y, x):
        """The place on the screen of a point of the frame, from the address of the page."""
        return self.page.evaluate(
            """async ([y, x]) => {
              const { state } = await import('/app/state.js');
              const box = document.querySelector('.pic').getBoundingClientRect();
              return [box.left + box.width / 2 + (x - state.view.centre.x) * state.view.zoom, box.top + box.height / 2 + (y - state.view.centre.y) * state.view.zoom];
            }""", [y, x])

    def state(self, expression):
        return self.page.evaluate(f"async () => {{ const {{ state }} = await import('/app/state.js'); return {expression}; }}")

    def move(self, y, x, **options):
        self.page.mouse.move(*self.at(y, x), **options)

    def drag(self, path, button="left", steps=4):
        self.move(*path[0])
        self.page.mouse.down(button=button)
        for point in path[1:]:
            self.move(*point, steps=steps)
        self.page.mouse.up(button=button)

    def click(self, y, x, button="left"):
        self.page.mouse.click(*self.at(y, x), button=button)

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
            if key == "n":
                self.keep_name()
        self.frames()

    def keep_name(self):
        """A new feature's name can be typed at once: here it stays what it is."""
        self.until("state.naming === null")
        # The field takes the keys with the frame after the one that it comes with.
        self.frames()
        if self.page.evaluate("() => document.activeElement?.closest('.namefield') !== null"):
            self.page.keyboard.press("Enter")

    def frames(self):
        """What was asked for is on the screen after two frames."""
        self.page.evaluate("async () => { for (let frame = 0; frame < 2; frame += 1) await new Promise((go) => requestAnimationFrame(go)); }")

    # --- what is on the screen

    def pixel(self, y, x):
        """Red, green, blue of the drawn picture at a point of the frame."""
        px, py = self.at(y, x)
        return self.page.evaluate(
            """async ([px, py]) => {
              // What was asked for is drawn within the next two frames.
              for (let frame = 0; frame < 2; frame += 1) await new Promise((go) => requestAnimationFrame(go));
              const canvas = document.querySelector('.pic .slice');
              const box = canvas.getBoundingClientRect();
              const gl = canvas.getContext('webgl2');
              const out = new Uint8Array(4);
              gl.readPixels(Math.floor((px - box.left) * canvas.width / box.width), canvas.height - 1 - Math.floor((py - box.top) * canvas.height / box.height), 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, out);
              return [...out].slice(0, 3);
            }""", [px, py])

    def is_coloured(self, y, x):
        red, green, blue = self.pixel(y, x)
        return max(red, green, blue) - min(red, green, blue) > 25

    def line_colour(self, y, x):
        """Whether what is drawn over the picture has a colour at a point of the frame."""
        px, py = self.at(y, x)
        return self.page.evaluate("""([px, py]) => {
          const canvas = document.querySelector('.pic .over'), box = canvas.getBoundingClientRect();
          const [r, g, b, a] = canvas.getContext('2d').getImageData(Math.round((px - box.left) * canvas.width / box.width), Math.round((py - box.top) * canvas.height / box.height), 1, 1).data;
          return a > 50 && Math.max(r, g, b) - Math.min(r, g, b) > 25;
        }""", [px, py])

    def painted(self, *points):
        """Waits until these points of the frame are in a colour on the screen."""
        self.eventually(lambda: all(self.is_coloured(*point) for point in points), f"colour at {points}")

    def bare(self, *points):
        """Waits until these points of the frame are grey on the screen."""
        self.eventually(lambda: not any(self.is_coloured(*point) for point in points), f"no colour at {points}")

    # --- waiting

    def until(self, condition, seconds=30):
        """Waits until an expression of the page holds; `state` is the page's."""
        late = self.page.evaluate(f"""async (milliseconds) => {{
          const {{ state }} = await import('/app/state.js');
          for (const end = performance.now() + milliseconds; performance.now() < end;) {{
            if ({condition}) return false;
            await new Promise((go) => requestAnimationFrame(go));
          }}
          return true;
        }}""", seconds * 1000)
        assert not late, f"'{condition}' did not come to hold"

    def becomes(self, read, wanted, what="it"):
        """Waits until what is read is what is wanted."""
        found = []

        def test():
            found[:] = [read()]
            return found[0] == wanted

        try:
            self.eventually(test, what)
        except AssertionError:
            raise AssertionError(f"{what} is {found}, not {wanted!r}") from None

    def eventually(self, test, what="it", seconds=30):
        """Waits until the page or the server says so."""
        end = time.monotonic() + seconds
        while True:
            try:
                found = test()
            except (IndexError, KeyError):
                found = None
            if found:
                return found
            assert time.monotonic() < end, f"{what} did not come to pass"
            self.page.wait_for_timeout(50)

    def rest(self):
        """Long enough for what must not happen: all edits are with the server, and frames have passed."""
        self.until("state.connection.waiting === 0")
        self.frames()
        self.page.wait_for_timeout(200)

    # --- what the server has

    def ask(self, path, body=None):
        author = urllib.parse.quote(self.author)
        data = None if body is None else json.dumps(body).encode()
        return urllib.request.urlopen(urllib.request.Request(f"{self.address}{path}", data=data, headers={"Authorization": f"Bearer {self.server.token}", "X-Ais-Author": author}), timeout=120)

    def get(self, path):
        with self.ask(f"/api/projects/{self.project}{path}") as answer:
            return json.load(answer)

    def snapshot(self):
        """The project; colours of features and cards as red, green, blue of their own."""
        found = self.get("")
        for record in [*found["features"], *(card for library in found["libraries"] for card in library["features"])]:
            record.update(record.pop("colour", None) or {})
        return found

    def files(self, path=None):
        """What lies in a folder on the server's side; the first that it gives out when none is named."""
        with self.ask("/api/files" + (f"?path={path}" if path else "")) as answer:
            return json.load(answer)["entries"]

    def features(self):
        return self.snapshot()["features"]

    def annotations(self, dataset=1):
        return self.get(f"/datasets/{dataset}/annotations")

    def mask(self, slice_, feature=None, dataset=1):
        """Rows of booleans."""
        feature = feature if feature is not None else self.features()[0]["id"]
        with self.ask(f"/api/projects/{self.project}/datasets/{dataset}/masks/{feature}/{slice_}") as answer:
            height, width = int(answer.headers["X-Ais-Height"]), int(answer.headers["X-Ais-Width"])
            pixels = decode_mask(answer.read(), height, width)
        return [[bool(pixels[y * width + x]) for x in range(width)] for y in range(height)]

    def history(self):
        """What this person did."""
        return self.get(f"/history?limit=200&author={urllib.parse.quote(self.author)}")["entries"]


@pytest.fixture
def people(browser, server):
    """Makes pages of people; the first is `app`."""
    made = []

    def make(**options):
        app = App(browser, options.pop("server", server), **options)
        made.append(app)
        return app

    yield make
    for app in made:
        app.context.close()
    for app in made:
        assert app.problems == []


@pytest.fixture
def app(people):
    return people().open()
