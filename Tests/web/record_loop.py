"""Records a video of the whole way on the page (`loop.py`), at the pace of a person, with captions.

    "$(Scripts/python-env Tests/web/requirements.txt | tail -1)" Tests/web/record_loop.py docs/images/loop.webm

It needs ffmpeg (Debian's) and what training needs. Playwright records; where it waits for a network that learns, or does the same again and again, the
video goes faster, and says so. The video is about three minutes long whatever the machine's speed.
"""

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import loop
import program
from conftest import App, CHROMIUM, FLAGS
from playwright.sync_api import sync_playwright

SIZE = {"width": 1440, "height": 900}
SECONDS = 180
"""How long the video is at most."""

# The pointer, which a browser without a window does not draw, and the words that say what is done.
STAGE = """() => {
  const put = (id, rules) => {
    const element = document.body.appendChild(document.createElement('div'));
    element.id = id;
    Object.assign(element.style, { position: 'fixed', zIndex: 9999, pointerEvents: 'none', ...rules });
    return element;
  };
  put('caption', { left: '50%', bottom: '84px', transform: 'translateX(-50%)', maxWidth: '760px', padding: '10px 18px', borderRadius: '8px', background: 'rgb(0 0 0 / 85%)', color: '#fff', font: '600 17px/24px "IBM Plex Sans", sans-serif', textAlign: 'center', marginLeft: '-32px' });
  const pointer = put('pointer', { left: '0', top: '0', width: '18px', height: '18px', margin: '-9px 0 0 -9px', borderRadius: '50%', border: '2px solid #fff', boxShadow: '0 0 0 2px #000', background: 'rgb(255 255 255 / 25%)' });
  addEventListener('pointermove', (event) => { pointer.style.transform = `translate(${event.clientX}px, ${event.clientY}px)`; }, true);
  addEventListener('pointerdown', () => { pointer.style.background = '#fff'; }, true);
  addEventListener('pointerup', () => { pointer.style.background = 'rgb(255 255 255 / 25%)'; }, true);
}"""


class SlowHand(loop.Hand):
    """A person who shows it to somebody."""

    def __init__(self, app, start):
        super().__init__(app)
        self.start, self.quick, self.isQuick = start, [], False
        self.page.evaluate(STAGE)
        self.place = (720, 450)

    def now(self):
        return time.monotonic() - self.start

    def say(self, words):
        self.page.evaluate("(words) => { document.querySelector('#caption').textContent = words; }", words)
        self.look(2)

    def look(self, seconds=2):
        self.page.wait_for_timeout(1000 * seconds)

    @contextlib.contextmanager
    def passing(self):
        begin, self.isQuick = self.now(), True
        yield
        self.isQuick = False
        self.quick.append((begin, self.now()))

    def move(self, x, y):
        """The pointer goes there, and is seen to go."""
        steps = 4 if self.isQuick else 16
        for step in range(1, steps + 1):
            share = step / steps
            share = share * share * (3 - 2 * share)
            self.page.mouse.move(self.place[0] + (x - self.place[0]) * share, self.place[1] + (y - self.place[1]) * share)
        self.place = (x, y)
        if not self.isQuick:
            self.look(0.2)

    def press(self, target, **options):
        target.scroll_into_view_if_needed()
        box = target.bounding_box()
        if box:
            self.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        target.click(**options)
        if not self.isQuick:
            self.look(0.4)

    def click(self, y, x):
        self.move(*self.app.at(y, x))
        self.page.mouse.down()
        self.page.mouse.up()

    def drag(self, path, button="left"):
        self.move(*self.app.at(*path[0]))
        self.page.mouse.down(button=button)
        for point in path[1:]:
            self.move(*self.app.at(*point))
        self.page.mouse.up(button=button)

    def write(self, field, text):
        box = field.bounding_box()
        self.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        super().write(field, text)


def record(folder):
    """Goes all the way. Returns the recorded file, how long it is, and from when to when it goes quicker."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        server = loop.start(folder / "cells")
        try:
            start = time.monotonic()
            app = App(browser, server, record_video_dir=folder / "video", record_video_size=SIZE)
            app.open()
            hand = SlowHand(app, start)
            go(loop.Loop(app, hand))
            hand.say("From slices to coordinates, in one page. Nothing left this computer.")
            hand.look(3)
            length = hand.now()
            app.context.close()
            return pathlib.Path(app.page.video.path()), length, hand.quick
        finally:
            server.stop()


def go(steps):
    """The steps of the video."""
    steps.import_annotations()
    steps.paint_complexes()
    steps.make_set()
    steps.train()
    steps.watch()
    steps.stop()
    steps.hand.say("What it learnt, in the other tomogram")
    steps.go_to(30, "cell_d")
    steps.shown()
    steps.hand.look(3)
    steps.train_second()
    steps.bring_another()
    steps.add_rule()
    steps.take_from_model("cell_d", 32)
    steps.correct("cell_d", 32)
    steps.box_membranes("cell_d", 32)
    steps.train_further()
    steps.run()
    steps.pick()


def write(source, out, length, quick):
    """The recorded file with its long parts quicker, small enough to be kept with the documents."""
    slow = length - sum(end - begin for begin, end in quick)
    factor = max(4, (length - slow) / max(10, SECONDS - slow))
    parts, last = [], 0
    for begin, end in [*quick, (length, length)]:
        parts += [(last, begin, 1), (begin, end, factor)]
        last = end
    parts = [part for part in parts if part[1] - part[0] > 0.2]
    font = next(program.WEB.joinpath("vendor").glob("*.ttf"))
    lines = []
    for index, (begin, end, speed) in enumerate(parts):
        words = f",drawtext=fontfile={font}:text='{factor:.0f} times as fast':x=268:y=h-62:fontsize=15:fontcolor=white:box=1:boxcolor=black@0.7:boxborderw=6" if speed > 1 else ""
        lines.append(f"[0:v]trim={begin:.2f}:{end:.2f},setpts=(PTS-STARTPTS)/{speed:.3f}{words}[p{index}]")
    joined = "".join(f"[p{index}]" for index in range(len(parts)))
    lines.append(f"{joined}concat=n={len(parts)}:v=1,fps=12[v]")
    subprocess.run(["ffmpeg", "-y", "-loglevel", "error", "-i", source, "-filter_complex", ";".join(lines), "-map", "[v]", "-c:v", "libvpx-vp9", "-crf", "40", "-b:v", "0", "-row-mt", "1", "-cpu-used", "4", "-g", "240", out], check=True)
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB, {slow + (length - slow) / factor:.0f} s; parts {factor:.1f} times as fast")


def main():
    out = pathlib.Path(sys.argv[1])
    tool = shutil.which("ffmpeg")
    if not tool:
        sys.exit("'ffmpeg' is missing. On Debian: sudo apt-get install ffmpeg")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        # Playwright looks for an ffmpeg of its own; Debian's does.
        os.environ["PLAYWRIGHT_BROWSERS_PATH"] = str(folder / "browsers")
        for revision in range(1009, 1030):
            place = folder / "browsers" / f"ffmpeg-{revision}"
            place.mkdir(parents=True)
            (place / "ffmpeg-linux").symlink_to(tool)
        source, length, quick = record(folder)
        write(source, out, length, quick)


if __name__ == "__main__":
    main()
