"""Runs on the page: set up, forecast, started, watched, paused, found again, made again."""

import json
import pathlib
import re
import struct
import subprocess

import pytest
from playwright.sync_api import expect

import program

EXAMPLES = program.ROOT / "Examples"
SIDE, DEPTH = 64, 16
# What of a tomogram is run.
GREEN = "rgb(123, 212, 143)"


@pytest.fixture
def rooms(tmp_path):
    """The program with a project of four tomograms, one of them of unknown voxel size, and two models with a rule."""
    program.require()
    folder = tmp_path / "cells"
    folder.mkdir()
    (folder / "MembraneC.scnm").symlink_to(EXAMPLES / "MembraneC.scnm")
    data = program.voxels(DEPTH, SIDE, SIDE, 1)
    for number in range(1, 5):
        program.write_mrc(folder / f"lam_{number}.mrc", data, DEPTH, SIDE, SIDE, 0 if number == 3 else 10)
    subprocess.run([program.BINARY, "project", "new", folder / "Cells.ais", *sorted(folder.glob("*.mrc")), "-q"], check=True)
    running = program.Program(folder / "Cells.ais", [folder, EXAMPLES])
    running.folder = folder
    yield running.start()
    running.stop()


@pytest.fixture
def app(people, rooms):
    app = people(server=rooms).open()
    for _ in range(2):
        with app.ask(f"/api/projects/{app.project}/models", {"path": str(EXAMPLES / "MembraneC.scnm")}) as answer:
            model = json.load(answer)["models"][0]
    edits = [{"kind": "change-model", "model": model, "title": "Film"}, {"kind": "create-rule", "manner": "avoid", "child": model, "parent": model - 1, "radiusNanometer": 3}]
    with app.ask(f"/api/projects/{app.project}/edits", {"id": "rules", "edits": edits}):
        pass
    app.until("state.registers.list('rule').length === 1 && state.registers.list('model').length === 2")
    yield app
    for run in app.get("/runs")["runs"]:
        if run["state"] in ("waiting", "planning", "running", "stopping"):
            with app.ask(f"/api/projects/{app.project}/runs/{run['id']}/cancel", {}):
                pass
            app.eventually(lambda: app.get(f"/runs/{run['id']}")["state"] not in ("waiting", "planning", "running", "stopping"), seconds=60)


def show(app):
    app.press("3")
    expect(app.page.get_by_role("link", name="Run")).to_have_attribute("aria-current", "page")


def forecast(app):
    """The forecast of what is set up now is there."""
    app.until("state.connection.waiting === 0 && state.runForecast?.found && !state.runForecast.error")


def row(app, name):
    return app.page.locator("table.runs tbody tr", has_text=name)


def start(app, count):
    app.page.get_by_role("button", name=f"Run on {count} tomogram").click()
    app.until("state.run !== null && !state.runIsBusy")


def slowed(app, rooms, seconds):
    """Every tomogram takes so many seconds for each model from now on, so that a run is met in the middle."""
    rooms.cut()
    rooms.environment = {"AIS_PAUSE_POINT": f"mid-slab {seconds}"}
    rooms.mend()
    app.page.reload()
    app.until("state.connection.isUp && state.registers.list('dataset').length === 4")
    app.wait_shown()


def segmented(path):
    """The values of a segmentation of a whole tomogram, by slices and rows."""
    data = path.read_bytes()
    assert struct.unpack_from("<4i", data) == (SIDE, SIDE, DEPTH, 6) and struct.unpack_from("<3f", data, 40) == (SIDE * 10, SIDE * 10, DEPTH * 10)
    return struct.unpack_from(f"<{SIDE * SIDE * DEPTH}H", data, 1024 + struct.unpack_from("<i", data, 92)[0])


def over(app, number, wanted="done", seconds=120):
    app.eventually(lambda: app.get(f"/runs/{number}")["state"] == wanted, f"run {number} {wanted}", seconds=seconds)
    return app.get(f"/runs/{number}")


def test_a_run_is_two_actions_and_says_what_it_needs_before_it_starts(app, rooms):
    show(app)
    forecast(app)
    panel = app.page.get_by_role("complementary", name="Run")
    expect(panel.get_by_role("checkbox", name="Run MembraneC")).to_have_attribute("aria-checked", "true")
    expect(panel).to_contain_text("With 1 rule")
    expect(panel).to_contain_text(re.compile(r"Time.*\d (ms|s|min)"))
    expect(panel).to_contain_text(re.compile(r"Disk.*iB.*free"))
    # What is missing is said in its row, and answered there.
    expect(row(app, "lam_3")).to_contain_text("no voxel size")
    expect(panel).to_contain_text("1 needs you")
    expect(app.page.get_by_role("button", name="Run on 3 tomograms")).to_be_visible()
    field = row(app, "lam_3").get_by_label("Voxel size")
    field.fill("10")
    field.press("Enter")
    expect(row(app, "lam_3")).not_to_contain_text("no voxel size")
    start(app, 4)
    expect(app.page.locator(".qrow.on")).to_contain_text("Segment: 2 models, 1 rule, 4 tomograms")
    run = over(app, 1)
    expect(app.page.locator(".qrow.on")).to_contain_text("4 tomograms")
    expect(app.page.get_by_role("radio", name="Done 4")).to_be_visible()
    files = sorted(path.name for path in pathlib.Path(run["output"]).glob("*.mrc"))
    assert files == sorted(f"lam_{number}__{title}.mrc" for number in range(1, 5) for title in ("Film", "MembraneC"))
    # Results are seen.
    expect(row(app, "lam_1").locator("img").first).to_be_visible()
    app.page.get_by_role("button", name="Results").click()
    expect(app.page.locator(".resultgrid img")).to_have_count(4)
    app.eventually(lambda: app.page.evaluate("() => [...document.querySelectorAll('.resultgrid img')].every((image) => image.complete && image.naturalWidth > 0)"), "pictures of results")
    app.page.locator(".resultgrid button").first.click()
    expect(app.page.locator(".sheet")).to_contain_text("lam_1__Film.mrc")
    # And on the slices, as edges; the models themselves are hidden.
    app.page.get_by_role("button", name="Show on the slices").click()
    expect(app.page.get_by_role("link", name="Models")).to_have_attribute("aria-current", "page")
    expect(app.page.get_by_role("list", name="Results of runs").locator(".lay")).to_have_count(2)
    app.wait_shown()
    edits = [{"kind": "change-model", "model": model["id"], "isVisible": False} for model in app.get("/models")["models"]]
    with app.ask(f"/api/projects/{app.project}/edits", {"id": "hidden", "edits": edits}):
        pass
    app.until("state.registers.list('model').every(({ isVisible }) => isVisible === false)")
    task = app.get("/runs/1")["tomograms"][0]["task"]
    with app.ask(f"/api/projects/{app.project}/runs/1/tasks/{task}/results/{run['models'][0]['id']}/{app.state('state.slice')}") as answer:
        values = answer.read()
    limit = int(255 * run["models"][0]["threshold"])
    edge = next(((y, x) for y in range(8, SIDE - 8) for x in range(8, SIDE - 8) if values[y * SIDE + x] > limit >= values[y * SIDE + x + 1]), None)
    assert edge, "nothing was found in this slice"
    app.eventually(lambda: any(app.is_coloured(edge[0], edge[1] + step / 10) for step in range(-2, 13, 2)), "an edge of the result")
    app.page.get_by_role("button", name="Hide MembraneC of run 1").click()
    app.page.get_by_role("button", name="Hide Film of run 1").click()
    app.eventually(lambda: not any(app.is_coloured(edge[0], edge[1] + step / 10) for step in range(-2, 13, 2)), "no edge")


def test_models_tomograms_slices_and_area_are_chosen(app):
    app.press("c")
    app.until("state.crop !== null")
    app.page.evaluate("async () => { const { state, changed } = await import('/app/state.js'); state.crop = { y: 8, x: 16, height: 40, width: 32 }; changed('view'); }")
    show(app)
    app.page.get_by_role("checkbox", name="Run Film").click()
    every, each = app.page.get_by_role("checkbox", name="All tomograms"), app.page.get_by_role("checkbox", name=re.compile("^Run lam_"))
    for ticked in ("false", "true"):
        every.click()
        for box in (every, *each.all()):
            expect(box).to_have_attribute("aria-checked", ticked)
        # With the forecast comes that one of them has no voxel size.
        expect(app.page.get_by_label("Runs", exact=True)).to_contain_text("3 of 4 tomograms in the next run; 1 needs you" if ticked == "true" else "0 of 4 tomograms in the next run")
    for name in ("lam_2", "lam_3"):
        app.page.get_by_role("checkbox", name=f"Run {name}").click()
    expect(every).to_have_attribute("aria-checked", "mixed")
    app.page.get_by_label("Slices of lam_4").fill("3–9")
    app.page.get_by_label("Slices of lam_4").press("Enter")
    app.page.get_by_role("button", name="Take the crop").click()
    expect(row(app, "lam_1").locator(".chip")).to_have_text("crop")
    # The ends of the bar move by keys and by drag.
    app.page.get_by_role("slider", name="First slice of lam_4").press("ArrowRight")
    expect(app.page.get_by_label("Slices of lam_4")).to_have_value("4–9")
    handle = app.page.get_by_role("slider", name="Last slice of lam_4").bounding_box()
    app.page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
    app.page.mouse.down()
    app.page.mouse.move(handle["x"] + handle["width"] / 2 + 300, handle["y"] + 4, steps=3)
    app.page.mouse.up()
    expect(app.page.get_by_label("Slices of lam_4")).to_have_value("4–15")
    app.page.get_by_label("Slices of lam_4").fill("nothing")
    app.page.get_by_label("Slices of lam_4").press("Enter")
    expect(app.page.get_by_role("alert")).to_contain_text("no slices of lam_4")
    app.page.get_by_label("Output folder").fill("mine")
    app.page.get_by_label("Output folder").press("Enter")
    app.until("state.runSetup.output === 'mine'")
    forecast(app)
    start(app, 2)
    run = over(app, 1)
    assert run["output"] == str(pathlib.Path(app.snapshot()["path"]).parent / "mine")
    assert [one["title"] for one in run["models"]] == ["MembraneC"]
    parts = {one["name"]: (one["slices"], one["rows"], one["columns"]) for one in run["tomograms"]}
    assert parts == {"lam_1": (None, {"first": 8, "end": 48}, {"first": 16, "end": 48}), "lam_4": ({"first": 4, "end": 16}, None, None)}
    # As large as their tomograms, with nothing outside of what was run.
    for name, rows, columns, first in (("lam_1", range(8, 48), range(16, 48), 0), ("lam_4", range(SIDE), range(SIDE), 4)):
        found = segmented(pathlib.Path(run["output"]) / f"{name}__MembraneC.mrc")
        inside = {(z * SIDE + y) * SIDE + x for z in range(first, DEPTH) for y in rows for x in columns}
        assert any(found[index] for index in inside) and not any(value for index, value in enumerate(found) if index not in inside), name
    # What was set is there for everybody, also after a reload.
    app.page.reload()
    app.until("state.runLimits.size === 2")
    expect(app.page.get_by_role("link", name="Run")).to_have_attribute("aria-current", "page")
    expect(app.page.get_by_label("Slices of lam_4")).to_have_value("4–15")


def test_a_range_of_slices_and_a_crop_are_seen_in_the_table_and_under_the_picture(app):
    app.press("c")
    app.until("state.crop !== null")
    app.page.evaluate("async () => { const { state, changed } = await import('/app/state.js'); state.crop = { y: 8, x: 16, height: 40, width: 32 }; changed('view'); }")
    show(app)
    bar = row(app, "lam_1").locator(".rng i")
    expect(bar).not_to_have_css("background-color", GREEN)
    app.page.get_by_label("Slices of lam_1").fill("4–11")
    app.page.get_by_label("Slices of lam_1").press("Enter")
    expect(bar).to_have_css("background-color", GREEN)
    expect(row(app, "lam_2").locator(".rng i")).not_to_have_css("background-color", GREEN)
    app.page.get_by_role("button", name="Take the crop").click()
    expect(row(app, "lam_1").locator(".chip")).to_have_attribute("title", "32 × 40 pixels from x 16, y 8")
    expect(app.page.get_by_role("complementary", name="Run")).to_contain_text("32 × 40 px at 16, 8")
    app.press("1")
    app.wait_shown()
    part = app.page.locator(".runlimit")
    expect(part).to_have_css("fill", GREEN)
    lies, ruler = part.bounding_box(), app.page.get_by_role("slider", name="Slice", exact=True).bounding_box()
    ends = [(lies["x"] + more - ruler["x"]) / ruler["width"] * DEPTH for more in (0, lies["width"])]
    assert [round(end, 1) for end in ends] == [4, 12], "the slices 4 to 11 of the ruler"
    app.press("ArrowDown")
    expect(part).to_have_count(0)


def test_a_run_leads_to_picking(app):
    show(app)
    app.page.get_by_role("checkbox", name="Run Film").click()
    for name in ("lam_2", "lam_3", "lam_4"):
        app.page.get_by_role("checkbox", name=f"Run {name}").click()
    forecast(app)
    start(app, 1)
    over(app, 1)
    # From here to coordinates.
    app.page.get_by_role("complementary", name="Run").get_by_role("button", name="Pick particles…").click()
    expect(app.page.get_by_role("dialog", name="Pick particles")).to_contain_text("lam_1")


def test_a_run_that_goes_on_is_picked_from(app, rooms):
    slowed(app, rooms, 5)
    show(app)
    app.page.get_by_role("checkbox", name="Run Film").click()
    for name in ("lam_3", "lam_4"):
        app.page.get_by_role("checkbox", name=f"Run {name}").click()
    forecast(app)
    start(app, 2)
    app.eventually(lambda: app.get("/runs/1")["counts"]["done"] == 1, "one of two tomograms", seconds=60)
    app.page.get_by_role("button", name="Results").click()
    sheet = app.page.get_by_role("dialog")
    expect(sheet.locator(".resultgrid img")).to_have_count(1)
    sheet.get_by_role("button", name="Pick particles…").click()
    told = app.page.get_by_role("dialog", name="Pick particles").get_by_text("Run 1 has finished 1 of its 2 tomograms. The others can be picked from when they are done.")
    expect(told).to_be_visible()
    assert app.get("/runs/1")["state"] == "running"
    over(app, 1)
    expect(told).to_have_count(0)


def test_a_run_is_paused_goes_on_survives_the_server_and_the_page_finds_it(app, rooms):
    slowed(app, rooms, 8)
    show(app)
    app.page.get_by_role("checkbox", name="Run lam_3", exact=True).click()
    forecast(app)
    start(app, 3)
    app.eventually(lambda: app.get("/runs/1")["counts"]["running"] == 1, "a tomogram in work", seconds=60)
    expect(row(app, "lam_").locator(".prog").first).to_be_visible()
    app.page.get_by_role("button", name="Pause run 1").click()
    over(app, 1, "paused")
    expect(app.page.locator(".qrow")).to_contain_text("paused at")
    app.page.get_by_role("button", name="Go on with run 1").click()
    app.eventually(lambda: app.get("/runs/1")["counts"]["running"] == 1, "a tomogram in work again", seconds=60)
    rooms.cut()
    app.until("!state.connection.isUp")
    rooms.mend()
    app.page.reload()
    expect(app.page.locator(".qrow")).to_contain_text("Segment: 2 models, 1 rule, 3 tomograms")
    assert app.get("/runs/1")["state"] in ("running", "done")
    app.page.get_by_role("button", name="Cancel run 1").click()
    over(app, 1, "cancelled")
    expect(app.page.locator(".qrow")).to_contain_text("cancelled at")


def test_a_second_run_waits_for_the_first_and_is_cancelled(app, rooms):
    slowed(app, rooms, 20)
    show(app)
    app.page.get_by_role("checkbox", name="Run Film").click()
    app.page.get_by_role("checkbox", name="Run lam_3").click()
    forecast(app)
    start(app, 3)
    queue = app.page.get_by_role("region", name="Queue")
    # How far a tomogram is, and all of them, in the colour of the model; and how long it takes yet.
    colour = app.get("/models")["models"][0]["colour"]
    wanted = "rgb({red}, {green}, {blue})".format(**{name: round(255 * share) for name, share in colour.items()})
    for bar in (row(app, "lam_1").locator(".prog i"), queue.locator(".prog i")):
        expect(bar).to_have_css("background-color", wanted, timeout=60_000)
    expect(queue.locator(".qrow .what")).to_have_text(re.compile(r"^\d+ % · [\d.]+ (ms|s|min.*) left$"))
    app.page.get_by_role("button", name="New run").click()
    forecast(app)
    start(app, 3)
    expect(queue.get_by_role("heading")).to_have_text("Queue 1 running, 1 waiting")
    expect(queue.get_by_role("listitem").first).to_contain_text("waits for other runs")
    app.page.get_by_role("button", name="Cancel run 2").click()
    over(app, 2, "cancelled")
    expect(queue.get_by_role("heading")).to_have_text("Queue 1 running")
    expect(queue.get_by_role("listitem").first).to_contain_text("cancelled at 0 %")
    assert app.get("/runs/1")["state"] == "running"


def test_a_run_leaves_the_list_and_comes_back(app, people, rooms):
    show(app)
    for name in ("lam_2", "lam_3", "lam_4"):
        app.page.get_by_role("checkbox", name=f"Run {name}").click()
    forecast(app)
    # Both models go through a tomogram together: one time for both.
    expect(row(app, "lam_1").locator("td.st")).to_have_text(re.compile(r"^about [\d.]+ m?s, both together$"))
    start(app, 1)
    expect(app.page.get_by_label("Take run 1 out of the list; its files stay")).to_have_count(0)
    output = pathlib.Path(over(app, 1)["output"])
    files = sorted(output.rglob("*.mrc"))
    assert files
    other = people(server=rooms, author="Sam Okafor").open()
    show(other)
    queue = other.page.get_by_role("region", name="Queue").get_by_role("listitem")
    expect(queue).to_have_count(1)
    app.page.get_by_label("Take run 1 out of the list; its files stay").click()
    told = app.page.get_by_role("status").filter(has_text="Run 1 is out of the list; its files stay in")
    expect(told).to_be_visible()
    for page in (app, other):
        expect(page.page.get_by_role("region", name="Queue").get_by_role("listitem")).to_have_count(0)
    assert sorted(output.rglob("*.mrc")) == files
    expect(app.page.get_by_role("heading", name="Next run")).to_be_visible()
    told.get_by_role("button", name="Undo").click()
    expect(app.page.get_by_role("region", name="Queue").get_by_role("listitem")).to_have_count(1)
    expect(queue).to_have_count(1)


def test_what_failed_is_mended_in_its_row_and_tried_again(app, rooms):
    show(app)
    forecast(app)
    start(app, 3)
    run = over(app, 1, "failed")
    assert run["counts"]["failed"] == 1
    expect(row(app, "lam_3")).to_contain_text("no voxel size")
    app.page.get_by_role("radio", name="Needs you 1").click()
    expect(app.page.locator("table.runs tbody tr:not(.gap)")).to_have_count(1)
    row(app, "lam_3").get_by_label("Voxel size").fill("10")
    row(app, "lam_3").get_by_label("Voxel size").press("Enter")
    app.until("state.registers.list('dataset').find(({ name }) => name === 'lam_3').voxelSizeXAngstrom === 10 && state.connection.waiting === 0")
    row(app, "lam_3").get_by_role("button", name="Try again").click()
    over(app, 1)
    app.page.get_by_role("button", name="Log of run 1").click()
    expect(app.page.locator(".logtext")).to_contain_text("lam_3")


def test_a_run_is_made_again_from_its_recipe_and_as_a_script(app, tmp_path):
    show(app)
    app.page.get_by_role("checkbox", name="Run lam_3").click()
    forecast(app)
    start(app, 3)
    first = over(app, 1)
    with app.page.expect_download() as download:
        app.page.get_by_role("link", name="Recipe").click()
    recipe = tmp_path / "run.json"
    download.value.save_as(recipe)
    assert json.loads(recipe.read_text())["schema"] == "ais.run/1"
    app.page.get_by_role("button", name="Run again", exact=True).click()
    app.until("state.run === 2")
    second = over(app, 2)
    app.page.get_by_label("Recipe of a run").set_input_files(recipe)
    app.until("state.run === 3")
    third = over(app, 3)
    digests = [[output["sha256"] for one in run["tomograms"] for output in one["outputs"]] for run in (first, second, third)]
    names = [[pathlib.Path(output["path"]).name for one in run["tomograms"] for output in one["outputs"]] for run in (first, second, third)]
    assert len(digests[0]) == 6 and names[0] == names[1] == names[2]
    assert len({run["output"] for run in (first, second, third)}) == 3
    app.page.get_by_role("button", name="New run").click()
    app.page.get_by_role("radio", name="Make a script").click()
    app.page.get_by_role("button", name="Make the script").click()
    expect(app.page.locator(".logtext")).to_contain_text("ais batch run --workers 1 segment --group")


def test_three_slices_of_every_tomogram_are_looked_at_first(app):
    show(app)
    app.page.get_by_role("checkbox", name="Run lam_3").click()
    app.page.get_by_role("button", name="Look first").click()
    picture = app.page.locator(".sheet .resultpicture")
    expect(picture).to_be_visible(timeout=90_000)
    app.eventually(lambda: picture.evaluate("(image) => image.complete && image.naturalWidth > 0"), "the sheet of slices")


def test_slurm_is_offered_with_what_it_needs(app):
    show(app)
    app.page.get_by_role("radio", name="Slurm").click()
    app.page.get_by_label("Partition").fill("gpu")
    app.page.get_by_label("Partition").press("Enter")
    app.until("state.runSetup.slurm.partition === 'gpu'")
    forecast(app)
    expect(app.page.get_by_role("complementary", name="Run")).to_contain_text(re.compile("Time"))
