"""Takes pictures of the page's main states, for the documents and to be looked at.

    "$(Scripts/python-env Tests/web/requirements.txt | tail -1)" Tests/web/screenshots.py TOMOGRAM.mrc ANNOTATIONS.scns NETWORK.scnm FOLDER

The tomogram and its annotations are opened as they are; a second tomogram beside them is not needed. The network is added twice, the second copy with
a rule. Pictures go to FOLDER: STATE-WIDTHxHEIGHT-THEME.png.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import program
from conftest import App, CHROMIUM, FLAGS
from playwright.sync_api import sync_playwright

SIZES = [(1440, 900), (1024, 768)]


def annotate(app):
    """A microtubule, drawn with the brush, beside what was imported."""
    app.press("n")
    app.page.locator(".lay").last.dblclick()
    app.page.get_by_label("Name of the feature").fill("Microtubule")
    app.page.keyboard.press("Enter")
    app.page.locator(".pic").focus()
    app.page.wait_for_timeout(300)
    app.drag([(8, 82), (30, 83), (56, 86), (80, 89)], steps=8)
    app.page.wait_for_timeout(600)


def combine(app, network):
    """The network, and a copy of it that stays away from the painted membrane's network, shown by its rule."""
    for _ in range(2):
        with app.ask(f"/api/projects/{app.project}/models", {"path": str(network)}):
            pass
    app.until("state.registers.list('model').length === 2")
    first, second = (one["id"] for one in app.get("/models")["models"])
    app.page.evaluate("""async ([first, second]) => {
      const { edit } = await import('/app/project.js');
      edit([{ kind: 'change-model', model: first, title: 'Membrane', threshold: 0.5, opacity: 0.34 }, { kind: 'change-model', model: second, title: 'Bilayer', threshold: 0.9, opacity: 0.34 }], 'names');
      edit([{ kind: 'create-rule', manner: 'avoid', child: first, parent: second, radiusNanometer: 4, threshold: 0.9 }], 'rule');
    }""", [first, second])
    app.eventually(lambda: app.get("/models")["rules"])


def models(app, network):
    app.page.locator(".pic").focus()
    app.press("2")
    app.page.wait_for_timeout(300)
    yield "training-set"
    combine(app, network)
    app.page.wait_for_timeout(2500)
    yield "models"
    app.page.get_by_role("button", name=re.compile("^Rules")).click()
    app.page.locator(".ruleitem").click()
    app.page.wait_for_timeout(2500)
    yield "rules"
    app.page.get_by_role("button", name=re.compile("^Training set")).first.click()
    app.page.get_by_label("Membrane in the training set").get_by_role("radio", name="positive").click()
    app.page.wait_for_timeout(1500)
    app.page.get_by_label("What goes into it, and how it is trained").click()
    app.page.wait_for_timeout(500)
    yield "training"
    app.press("Escape")
    app.page.get_by_role("button", name="Samples").click()
    app.page.wait_for_timeout(1500)
    yield "samples"
    app.page.get_by_label("Close the samples").click()
    app.page.locator(".pic").focus()
    app.press("p", "1")


def run(app):
    """The next run as it is set up, and one that is done."""
    app.press("3")
    app.until("state.runForecast?.found")
    app.page.wait_for_timeout(500)
    yield "run-setup"
    app.page.get_by_role("button", name=re.compile("^Run on")).click()
    app.until("state.run !== null && state.runs[0].state === 'done'", seconds=300)
    app.page.wait_for_timeout(1500)
    yield "run"
    app.press("1")


def states(app, network):
    yield "annotate"
    yield from models(app, network)
    yield from run(app)
    app.press("u")
    app.page.wait_for_timeout(1200)
    yield "side-views"
    app.press("u")
    app.page.wait_for_timeout(300)
    app.press("h")
    app.page.wait_for_timeout(500)
    yield "history"
    app.press("Escape", "?")
    app.page.wait_for_timeout(400)
    yield "keys"
    app.press("Escape")
    app.page.get_by_label("Feature library").first.click()
    app.page.wait_for_timeout(400)
    yield "library"
    app.press("Escape")
    app.page.get_by_label("Settings", exact=True).click()
    app.page.wait_for_timeout(400)
    yield "settings"
    app.press("Escape", "Control+o")
    app.page.wait_for_timeout(500)
    yield "files"
    app.press("Escape")
    if app.page.viewport_size["width"] < 1200:
        app.press("t")
        app.page.wait_for_timeout(400)
        yield "drawer"
        app.press("Escape")
    app.server.cut()
    app.page.wait_for_timeout(2600)
    yield "offline"
    app.server.mend()
    app.page.wait_for_timeout(1500)
    app.page.goto(app.address + "/")
    app.page.wait_for_timeout(800)
    if "/p/" in app.page.url:
        app.page.get_by_label("Ais: projects").click()
        app.page.wait_for_timeout(800)
    yield "start"


def main():
    tomogram, annotations, network, out = map(pathlib.Path, sys.argv[1:])
    out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as name:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for size in SIZES:
            for theme in ("dark", "light"):
                folder = pathlib.Path(name) / f"{size[0]}-{theme}"
                folder.mkdir()
                for file in (tomogram, annotations, network):
                    shutil.copy(file, folder / file.name)
                project = folder / "Cells.ais"
                subprocess.run([program.BINARY, "project", "new", project, folder / tomogram.name, "-q"], check=True)
                subprocess.run([program.BINARY, "project", "import", project, folder / annotations.name, "-q"], check=True)
                server = program.Program(project, [folder]).start()
                app = App(browser, server, author="Mira Kowalski", size=size, theme=theme).open("?z=32")
                app.wait_shown()
                annotate(app)
                for state in states(app, folder / network.name):
                    app.page.screenshot(path=out / f"{state}-{size[0]}x{size[1]}-{theme}.png")
                app.context.close()
                server.stop()
        browser.close()


if __name__ == "__main__":
    main()
