"""The guided tour: begun, noticed to be done step by step, left and taken up again, in nobody's way."""

import shutil

import pytest
from playwright.sync_api import expect

import program
from test_models import bring, seen
from test_window import overflow

EXAMPLES = program.ROOT / "Examples"


@pytest.fixture
def empty(people, tmp_path):
    """The page before any project is open, with one tomogram to be found."""
    program.require()
    folder = tmp_path / "cells"
    folder.mkdir()
    shutil.copy(EXAMPLES / "cell_c.mrc", folder)
    running = program.Program(program.make_cells(folder), [folder, EXAMPLES])
    yield people(server=running.start())
    running.stop()


@pytest.fixture
def app(empty):
    return empty.open("?z=32")


def words(app):
    return app.page.get_by_role("region", name="Guided tour")


def outlined(app, selector):
    """The one thing that is outlined."""
    expect(app.page.locator("[data-tour]")).to_have_count(1)
    app.eventually(lambda: app.page.evaluate("(selector) => document.querySelector('[data-tour]')?.matches(selector)", selector), f"{selector} outlined")


def edit(app, name, *edits):
    with app.ask(f"/api/projects/{app.project}/edits", {"id": name, "edits": list(edits)}):
        pass


def at(app, title):
    expect(words(app).locator("b")).to_have_text(title)


def test_the_tour_leads_from_the_start_page_to_boxes_by_what_is_done(empty):
    app = empty
    app.page.goto(app.address + "/")
    app.page.wait_for_selector(".pic canvas, .start")
    if app.page.locator(".start").count() == 0:
        app.page.get_by_label("Ais: projects").click()
    app.page.get_by_role("button", name="Guided tour").click()
    at(app, "Open a tomogram")
    outlined(app, ".start .acts button")
    app.page.get_by_role("button", name="Open tomograms").click()
    app.page.wait_for_selector(".filesheet .file")
    expect(app.page.locator(".filesheet .btn.primary[data-tour]")).to_be_visible()
    app.page.get_by_role("option", name="cell_c.mrc").dblclick()
    at(app, "Go through the slices")
    outlined(app, ".slices")
    app.wait_shown()
    app.press("ArrowRight", "ArrowRight", "ArrowRight")
    at(app, "Paint what you look for")
    outlined(app, ".pic")
    app.wait_shown()
    app.drag([(60, 60), (60, 120)])
    at(app, "Paint in three slices")
    for _ in range(2):
        app.press("ArrowRight")
        app.wait_shown()
        app.drag([(60, 60), (60, 120)])
    at(app, "Set boxes")
    outlined(app, '.rail [aria-label^="Box"]')
    app.press("g")
    for turn in range(3):
        for n in range(10):
            app.click(60 + 10 * (n % 2), 20 + 16 * n)
        if turn < 2:
            # Ten on each slice that was painted.
            at(app, "Set boxes")
            app.press("ArrowLeft")
            app.wait_shown()
    at(app, "Open Models")
    outlined(app, '.tasks a[href="#models"]')
    app.press("2")
    at(app, "Train")
    outlined(app, ".trainrow .btn.primary")


def test_the_tour_goes_on_from_models_to_rule_and_run(app):
    app.press("2", "Shift+T")
    for _ in range(8):
        if words(app).locator("b").inner_text() == "Wait for its first result":
            break
        words(app).get_by_role("button", name="Skip").click()
        app.frames()
    at(app, "Wait for its first result")
    bring(app)
    at(app, "Correct it")
    outlined(app, '.rail [aria-label^="From a model"]')
    seen(app)
    app.press("n", "v", "v")
    at(app, "Train it further")
    app.press("2")
    words(app).get_by_role("button", name="Skip").click()
    at(app, "Add a second network")
    outlined(app, '[aria-label="New model"]')
    bring(app)
    at(app, "Set a rule between them")
    app.page.get_by_label("New rule").click()
    at(app, "Run over all tomograms")
    outlined(app, '.tasks a[href="#run"]')
    app.press("3")
    expect(app.page.locator(".runfoot .btn.primary[data-tour]")).to_be_visible()
    app.press("1")
    outlined(app, '.tasks a[href="#run"]')


def test_the_tour_is_left_and_taken_up_where_it_was(app):
    # Who has painted nothing yet is told of it.
    app.page.get_by_role("button", name="Be shown around").click()
    at(app, "Go through the slices")
    words(app).get_by_role("button", name="Skip").click()
    at(app, "Paint what you look for")
    words(app).get_by_role("button", name="Leave the tour (Shift+T)").click()
    expect(words(app)).to_have_count(0)
    expect(app.page.locator("[data-tour]")).to_have_count(0)
    # Slices that are gone through meanwhile and a reload change nothing.
    app.press("ArrowRight")
    app.page.reload()
    app.wait_shown()
    expect(words(app)).to_have_count(0)
    app.press("?")
    expect(app.page.get_by_role("dialog")).to_contain_text("The guided tour waits at step 3.")
    app.page.get_by_role("button", name="Go on with it").click()
    at(app, "Paint what you look for")
    # A tour that is open is open again after a reload; the button leaves it, and its words take it up.
    app.page.reload()
    app.wait_shown()
    at(app, "Paint what you look for")
    words(app).get_by_label("Leave the tour (Shift+T)").click()
    expect(words(app)).to_have_count(0)
    app.page.locator(".toast").get_by_role("button", name="Go on").click()
    at(app, "Paint what you look for")
    app.press("?")
    app.page.get_by_role("button", name="From the beginning").click()
    at(app, "Open a tomogram")
    expect(words(app)).to_contain_text("done")


def test_the_tour_goes_back_and_stays_there(app):
    app.press("Shift+T")
    at(app, "Go through the slices")
    app.press("ArrowRight", "ArrowRight", "ArrowRight")
    at(app, "Paint what you look for")
    app.drag([(60, 60), (60, 120)])
    at(app, "Paint in three slices")
    words(app).get_by_role("button", name="Back").click()
    at(app, "Paint what you look for")
    expect(words(app)).to_contain_text("done")
    app.drag([(90, 60), (90, 120)])
    app.rest()
    at(app, "Paint what you look for")
    words(app).get_by_role("button", name="Next").click()
    at(app, "Paint in three slices")
    # Undone is not done any more, and done again leads on.
    words(app).get_by_role("button", name="Back").click()
    app.press("Control+z", "Control+z")
    expect(words(app)).not_to_contain_text("done")
    app.drag([(90, 60), (90, 120)])
    at(app, "Paint in three slices")


def test_the_tour_is_gone_through_by_keys_alone(app):
    app.press("Shift+T")
    app.page.evaluate("document.querySelector('header button').focus()")
    for _ in range(12):
        app.press("F6")
        if app.page.evaluate("document.activeElement.closest('.tour') !== null"):
            break
    expect(words(app).get_by_role("button", name="Back")).to_be_focused()
    app.page.keyboard.press("Tab")
    expect(words(app).get_by_role("button", name="Skip")).to_be_focused()
    app.page.keyboard.press("Enter")
    at(app, "Paint what you look for")
    # Esc closes what is open beside it, never the tour.
    app.press("h")
    expect(app.page.get_by_role("dialog", name="History")).to_be_visible()
    app.page.locator(".pic").focus()
    app.press("Escape")
    expect(app.page.get_by_role("dialog")).to_have_count(0)
    app.press("Escape")
    at(app, "Paint what you look for")
    app.press("Shift+T")
    expect(words(app)).to_have_count(0)
    app.press("Shift+T")
    at(app, "Paint what you look for")


@pytest.mark.parametrize("size", [(1024, 768), (1440, 900)])
def test_the_tour_covers_nothing(people, empty, size):
    app = people(server=empty.server, size=size).open("?z=32")
    app.press("Shift+T")
    for _ in range(14):
        app.becomes(lambda: overflow(app), [])
        parts = [app.page.locator(part).bounding_box() for part in (".top", ".tour", ".stage")]
        assert all(above["y"] + above["height"] <= below["y"] + 0.5 for above, below in zip(parts, parts[1:]))
        cut = app.page.evaluate("() => { const e = document.querySelector('.tour'); return e.scrollHeight > e.clientHeight + 1; }")
        assert not cut, words(app).inner_text()
        next_ = words(app).get_by_role("button", name="Skip")
        if next_.count() == 0:
            break
        next_.click()
        app.frames()
    expect(words(app)).to_contain_text("That is the whole way")
    app.page.get_by_role("button", name="Done").click()
    expect(words(app)).to_have_count(0)
