"""A user's own architectures on the page: added, removed, and programs that are only run when somebody says so."""

import json
import re
import sys

import pytest
from playwright.sync_api import expect

from test_models import cells  # noqa: F401

LAYERS = {"class_name": "Functional", "config": {"name": "m", "input_layers": [["input_1", 0, 0]], "output_layers": [["b", 0, 0]], "layers": [
    {"class_name": "InputLayer", "name": "input_1", "config": {"name": "input_1", "batch_input_shape": [None, 64, 64, 1]}, "inbound_nodes": []},
    {"class_name": "Conv2D", "name": "a", "config": {"name": "a", "filters": 6, "kernel_size": [5, 5], "padding": "same", "activation": "relu"}, "inbound_nodes": [[["input_1", 0, 0, {}]]]},
    {"class_name": "Conv2D", "name": "b", "config": {"name": "b", "filters": 1, "kernel_size": [1, 1], "padding": "same", "activation": "sigmoid"}, "inbound_nodes": [[["a", 0, 0, {}]]]}]}}


@pytest.fixture
def layouts(cells, people):
    """The sheet of architectures of a page whose server looks for a user's own in a folder of the test; that folder and the page, by options of the server."""
    folder = cells.project.parent

    def make(*options):
        cells.cut()
        cells.environment, cells.options = {"XDG_CONFIG_HOME": str(folder / "config")}, options
        cells.start()
        app = people(server=cells).open("?z=32")
        app.press("2")
        app.page.get_by_label("What goes into it, and how it is trained").click()
        app.page.get_by_role("button", name="New training set").click()
        app.page.get_by_role("button", name="All architectures, and your own…").click()
        expect(app.page.get_by_text("None yet.")).to_be_visible()
        return app, folder

    return make


def own(app):
    return app.page.get_by_role("list", name="Your architectures").get_by_role("checkbox")


def choose(app, name):
    """A file for the list, in the file browser."""
    app.page.get_by_role("button", name="Add…").click()
    app.page.get_by_role("option", name=re.compile(f"^{name}")).click()
    app.page.get_by_role("dialog").get_by_role("button", name="Add", exact=True).click()


def test_architectures_are_added_and_removed_with_undo(layouts):
    app, folder = layouts()
    (folder / "my layers.json").write_text(json.dumps(LAYERS))
    expect(app.page.get_by_role("list", name="Architectures of the program").get_by_role("checkbox")).not_to_have_count(0)
    choose(app, "my layers.json")
    expect(own(app)).to_have_count(1)
    expect(own(app)).to_have_attribute("aria-checked", "true")
    [kept] = (folder / "config" / "ais" / "architectures").glob("*.json")
    # There is one of that name already.
    choose(app, "my layers.json")
    replace = app.page.get_by_role("button", name="Replace")
    replace.click()
    # The file is taken in, and the offer to take back the first one is gone.
    for what in (replace, app.page.get_by_text("Reading my layers.json…"), app.page.get_by_role("status").get_by_role("button", name="Undo")):
        expect(what).to_have_count(0)
    app.page.get_by_label("Remove my layers").click()
    expect(app.page.get_by_text("None yet.")).to_be_visible()
    assert not kept.exists()
    app.page.get_by_role("status").filter(has_text="Removed my layers").get_by_role("button", name="Undo").click()
    expect(own(app)).to_have_attribute("aria-checked", "true")
    assert kept.exists()
    # What comes into the folder by another way is found when it is read again.
    (kept.parent / "thin.json").write_text(json.dumps(LAYERS))
    app.page.get_by_label("Read the folder again").click()
    expect(own(app)).to_have_count(2)
    (folder / "broken.json").write_text("{}")
    choose(app, "broken.json")
    expect(app.page.get_by_role("dialog").get_by_text(re.compile("broken.json"))).to_be_visible()
    expect(own(app)).to_have_count(2)


PROGRAM = f"""
import pathlib

title = "Run here"


class Model:
    def to_json(self):
        return {json.dumps(json.dumps(LAYERS))}


def create(input_shape):
    with open(pathlib.Path(__file__).parent / "runs", "a") as file:
        file.write("run ")
    return Model()
"""


def test_a_program_is_not_run_where_the_server_was_not_started_for_it(layouts):
    app, folder = layouts()
    (folder / "mine.py").write_text(PROGRAM)
    choose(app, "mine.py")
    expect(app.page.get_by_label("Command")).to_have_text(f"ais architectures add {folder}/mine.py")
    expect(app.page.get_by_role("button", name="Run it and add")).to_have_count(0)
    assert not (folder / "runs").exists()


def test_a_program_is_run_after_a_question_where_that_is_allowed(layouts):
    app, folder = layouts("--allow-programs", "--python", sys.executable)
    (folder / "mine.py").write_text(PROGRAM)
    choose(app, "mine.py")
    question = app.page.get_by_role("button", name="Run it and add")
    expect(question).to_be_visible()
    app.rest()
    assert not (folder / "runs").exists()
    question.click()
    expect(own(app)).to_have_attribute("aria-checked", "true")
    expect(app.page.get_by_label("Remove Run here")).to_be_visible()
    assert (folder / "runs").read_text() == "run "
