"""Models on the page: brought in, shown on the slice in view, combined, and used to annotate."""

import base64
import io
import json
import pathlib
import re
import struct
import tarfile

import pytest
from playwright.sync_api import expect

import program

EXAMPLES = program.ROOT / "Examples"
FIXTURES = program.ROOT / "Tests" / "Fixtures"


@pytest.fixture
def cells(tmp_path):
    """The program with a project of one tomogram of membranes, and a network that finds them beside it."""
    program.require()
    folder = tmp_path / "cells"
    folder.mkdir()
    for name in ("cell_c.mrc", "MembraneC.scnm"):
        (folder / name).symlink_to(EXAMPLES / name)
    running = program.Program(program.make_cells(folder), [folder, EXAMPLES, FIXTURES])
    yield running.start()
    running.stop()


@pytest.fixture
def app(people, cells):
    return people(server=cells).open("?z=32")


def models(app):
    return app.get("/models")["models"]


def model(app, title):
    return next(one for one in models(app) if one["title"] == title)


def bring(app, path=EXAMPLES / "MembraneC.scnm"):
    """Brings in a network as a script does. Returns the first model."""
    with app.ask(f"/api/projects/{app.project}/models", {"path": str(path)}) as answer:
        ids = json.load(answer)["models"]
    app.until(f"state.registers.get('model', {ids[0]}) !== null")
    return ids[0]


def seen(app):
    """Waits until everything wanted of the slice in view is there."""
    late = app.page.evaluate("""async () => {
      const { state, models } = await import('/app/state.js');
      const { isQuiet } = await import('/app/predictions.js');
      const isThere = () => models().some(({ version }) => version !== '') && isQuiet();
      for (const end = performance.now() + 60000; !isThere() && performance.now() < end;) await new Promise((go) => setTimeout(go, 20));
      return isThere() ? '' : JSON.stringify([...state.predicted]);
    }""")
    assert not late, f"results did not come: {late}"
    app.frames()


def said(app, id_, slice_=32, layer="raw", dataset=1, version=1):
    """The bytes that the server gives out for a slice."""
    with app.ask(f"/api/projects/{app.project}/datasets/{dataset}/versions/{version}/predictions/{layer}/{id_}/{slice_}") as answer:
        assert (answer.headers["X-Ais-Height"], answer.headers["X-Ais-Width"]) == ("200", "200")
        return answer.read()


def places(values, test, count=6):
    """Some points, well inside, that fulfil a test with their neighbours."""
    found = [(y, x) for y in range(10, 190) for x in range(10, 190) if all(test(values[(y + i) * 200 + x + j]) for i in (-1, 0, 1) for j in (-1, 0, 1))]
    assert found, "no such place in this slice"
    return found[:: max(1, len(found) // count)][:count]


def is_found(value):
    return value > 136


def is_empty(value):
    return value < 30


def asked(app):
    """Counts what is asked of predictions from now on."""
    requests = []
    app.page.on("request", lambda request: requests.append(request.url) if "/predictions/" in request.url else None)
    return requests


def test_a_network_is_imported_by_the_file_browser_and_seen_on_the_slice(app):
    app.press("2")
    expect(app.page.get_by_role("link", name="Models")).to_have_attribute("aria-current", "page")
    app.page.get_by_role("button", name="From a file…").click()
    app.page.locator(".file", has_text="MembraneC.scnm").first.click()
    app.page.get_by_role("button", name="Import", exact=True).click()
    expect(app.page.locator(".lay.model .nm")).to_have_text("MembraneC")
    seen(app)
    # What it is, as its file says.
    expect(app.page.locator(".inspname")).to_have_text("MembraneC UNet S · 923 k weights")
    facts = app.page.locator(".insp dl")
    for fact in ("2D, boxes of 64 px", "10.00 Å, 3 epochs, loss 0.114", "by the whole tomogram, as it was trained", "MembraneC.scnm, Jo Visser"):
        expect(facts).to_contain_text(fact)
    one = models(app)[0]
    values = said(app, one["id"])
    app.painted(*places(values, is_found))
    app.bare(*places(values, is_empty))
    count = sum(v > int(255 * one["threshold"]) for v in values)
    assert count > 500
    app.becomes(lambda: app.state(f"state.predicted.get({one['id']}).pixels"), count)
    expect(app.page.locator(".lay.model .v")).to_contain_text(re.compile(r"\d (ms|s)"))
    expect(app.page.locator(".overlaytime")).to_contain_text(re.compile(r"overlay.*\d (ms|s)"))
    app.press("ArrowRight")
    app.wait_shown()
    seen(app)
    values = said(app, one["id"], 33)
    app.becomes(lambda: app.state(f"state.predicted.get({one['id']}).pixels"), sum(v > int(255 * one["threshold"]) for v in values), "pixels of the next slice")
    app.painted(*places(values, is_found))
    app.page.locator(".pic").focus()
    app.press("p")
    app.bare(*places(values, is_found))


def test_a_dropped_network_is_uploaded(app):
    data = base64.b64encode((FIXTURES / "interactions" / "Film.scnm").read_bytes()).decode()
    app.page.evaluate("""(data) => {
      const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
      const transfer = new DataTransfer();
      transfer.items.add(new File([bytes], 'Film.scnm'));
      dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }));
    }""", data)
    expect(app.page.locator(".lay.model")).to_have_count(1)
    app.eventually(lambda: models(app)[0]["source"]["name"] == "Film.scnm")
    app.until("state.task === 'models'")
    app.page.evaluate("""() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File(['no network'], 'broken.scnm'));
      dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }));
    }""")
    expect(app.page.get_by_role("alert")).to_contain_text("broken.scnm")
    assert len(models(app)) == 1


def test_colour_opacity_threshold_and_shading_change_on_the_graphics_card(app):
    id_ = bring(app)
    app.press("2")
    seen(app)
    values = said(app, id_)
    y, x = places(values, is_found)[0]
    app.painted((y, x))
    requests = asked(app)
    before = app.pixel(y, x)
    app.page.get_by_label("Opacity, value").fill("90")
    app.page.keyboard.press("Enter")
    app.eventually(lambda: app.pixel(y, x) != before, "more of the colour")
    before = app.pixel(y, x)
    app.page.get_by_label("Blend", exact=True).click()
    app.eventually(lambda: app.pixel(y, x) != before, "weaker where the network is less sure")
    app.eventually(lambda: models(app)[0]["isBlended"])
    app.page.get_by_label("Blend", exact=True).click()
    app.becomes(lambda: app.pixel(y, x), before, "even again")
    app.page.get_by_label("Colour of MembraneC").click()
    app.page.get_by_label("teal").click()
    app.eventually(lambda: app.pixel(y, x)[1] > app.pixel(y, x)[0], "teal")
    bar = app.page.get_by_role("slider", name="Threshold").bounding_box()
    app.page.mouse.move(bar["x"] + bar["width"] * 0.5, bar["y"] + 8)
    app.page.mouse.down()
    app.page.mouse.move(bar["x"] + bar["width"] * 0.96, bar["y"] + 8, steps=6)
    app.bare((y, x))
    app.page.mouse.up()
    app.eventually(lambda: models(app)[0]["threshold"] > 0.9)
    app.eventually(lambda: not models(app)[0]["isBlended"] and round(models(app)[0]["opacity"], 2) == 0.9)
    app.rest()
    assert requests == [], "nothing of it was asked of the server"
    # The slider's way is one step of undo.
    app.page.locator(".pic").focus()
    app.press("Control+z")
    app.painted((y, x))


def test_the_chosen_model_is_drawn_on_top(app):
    ids = [bring(app), bring(app)]
    colours = ({"red": 1, "green": 0, "blue": 0}, {"red": 0, "green": 0, "blue": 1})
    with app.ask(f"/api/projects/{app.project}/edits", {"id": "colours", "edits": [{"kind": "change-model", "model": id_, "colour": colour, "opacity": 0.9} for id_, colour in zip(ids, colours)]}):
        pass
    app.press("2")
    seen(app)
    y, x = places(said(app, ids[0]), is_found)[0]
    for row, (most, least) in ((0, (0, 2)), (1, (2, 0)), (0, (0, 2))):
        app.page.locator(".lay.model").nth(row).click()
        app.eventually(lambda: app.pixel(y, x)[most] > app.pixel(y, x)[least] + 100, "the colour of the row that was pressed")


def test_models_are_named_ordered_copied_hidden_and_deleted_with_undo(app):
    bring(app)
    for name, edits in (("features", [{"kind": "create-feature", "title": title} for title in ("Bilayer", "membranec")]), ("library", [{"kind": "add-library", "name": "Ours", "isActive": True}]), ("card", [{"kind": "add-library-feature", "library": 1, "title": "Ribosome"}])):
        with app.ask(f"/api/projects/{app.project}/edits", {"id": name, "edits": edits}):
            pass
    app.press("2")
    name = app.page.get_by_label("Name of the model")

    def offered():
        return name.evaluate("(field) => [...field.list.options].map(({ value }) => value)")

    # Names of the project's features and of libraries are offered, but for those that a model has, wherever it is named.
    app.page.locator(".insp .inspname").dblclick()
    app.becomes(offered, ["Bilayer", "Ribosome"], "names in the inspector")
    name.press("Escape")
    app.page.locator(".lay.model").dblclick()
    app.becomes(offered, ["Bilayer", "Ribosome"], "names in the list")
    name.fill("Bilayer")
    app.page.keyboard.press("Enter")
    app.eventually(lambda: [m["title"] for m in models(app)] == ["Bilayer"])
    app.page.get_by_label("More for Bilayer").click()
    app.page.get_by_role("menuitem", name="Duplicate").click()
    expect(app.page.locator(".lay.model .nm")).to_have_text(["Bilayer", "Bilayer 2"])
    app.page.locator(".lay.model").nth(1).drag_to(app.page.locator(".lay.model").nth(0))
    expect(app.page.locator(".lay.model .nm")).to_have_text(["Bilayer 2", "Bilayer"])
    app.page.get_by_label("Hide Bilayer", exact=True).click()
    app.eventually(lambda: not model(app, "Bilayer")["isVisible"])
    app.page.get_by_label("Show Bilayer", exact=True).click(modifiers=["Alt"])
    app.eventually(lambda: {m["title"]: m["isVisible"] for m in models(app)} == {"Bilayer": True, "Bilayer 2": False})
    app.page.locator(".lay.model", has_text="Bilayer 2").click()
    app.page.get_by_label("More for Bilayer 2").click()
    app.page.get_by_role("menuitem", name="Delete").click()
    expect(app.page.locator(".lay.model")).to_have_count(1)
    app.page.get_by_role("button", name="Undo", exact=True).click()
    expect(app.page.locator(".lay.model")).to_have_count(2)
    app.eventually(lambda: len(models(app)) == 2)


def between(app):
    """The rules: which model, what, and which other one."""
    found = app.get("/models")
    titles = {one["id"]: one["title"] for one in found["models"]}
    return [(titles[rule["child"]], rule["kind"], titles[rule["parent"]]) for rule in found["rules"]]


def test_models_leave_as_a_file_and_as_a_group_and_come_back(app, tmp_path):
    bring(app)
    app.press("2")
    app.page.get_by_label("More for MembraneC").click()
    with app.page.expect_download() as one:
        app.page.get_by_role("menuitem", name="Export").click()
    assert one.value.suggested_filename == "MembraneC.scnm"
    with tarfile.open(fileobj=io.BytesIO(pathlib.Path(one.value.path()).read_bytes())) as archive:
        names = archive.getnames()
        picture, slice_ = (archive.extractfile(next(name for name in names if name.endswith(suffix))).read() for suffix in ("_preview.png", "_slice.tiff"))
    assert any(name.endswith("_metadata.json") for name in names)
    assert picture.startswith(b"\x89PNG") and slice_[:4] in (b"II*\0", b"MM\0*")
    # Of the slice in view: another one gives another picture.
    app.press("ArrowRight")
    app.page.get_by_label("More for MembraneC").click()
    with app.page.expect_download() as two:
        app.page.get_by_role("menuitem", name="Export").click()
    with tarfile.open(fileobj=io.BytesIO(pathlib.Path(two.value.path()).read_bytes())) as archive:
        assert archive.extractfile("MembraneC_preview.png").read() != picture
    app.page.get_by_label("More for MembraneC").click()
    app.page.get_by_role("menuitem", name="Duplicate").click()
    expect(app.page.locator(".lay.model")).to_have_count(2)
    app.eventually(lambda: len(models(app)) == 2)
    app.page.locator(".lay.model").nth(1).dblclick()
    app.page.get_by_label("Name of the model").fill("Film")
    app.page.keyboard.press("Enter")
    app.page.get_by_role("button", name=re.compile("^Rules")).click()
    app.page.get_by_label("New rule").click()
    app.eventually(lambda: between(app) == [("Film", "avoid", "MembraneC")])
    app.page.get_by_label("New model").click()
    with app.page.expect_download() as group:
        app.page.get_by_role("menuitem", name="Save all that take part").click()
    folder = app.server.project.parent
    (folder / "pair.scnmgroup").write_bytes(pathlib.Path(group.value.path()).read_bytes())
    app.page.get_by_label("Import models from a file").click()
    app.page.locator(".file", has_text="pair.scnmgroup").first.dblclick()
    expect(app.page.locator(".lay.model")).to_have_count(4)
    expect(app.page.locator(".ruleitem")).to_have_count(2)
    # Between those that came with it.
    assert between(app) == [("Film", "avoid", "MembraneC"), ("Film 2", "avoid", "MembraneC 2")]


def test_the_result_of_a_slice_is_saved_as_an_image(app):
    id_ = bring(app)
    app.press("2")
    seen(app)
    app.page.get_by_label("More for MembraneC").click()
    with app.page.expect_download() as download:
        app.page.get_by_role("menuitem", name="Save this slice's result").click()
    assert download.value.suggested_filename == "cell_c__MembraneC_z32.mrc"
    data = pathlib.Path(download.value.path()).read_bytes()
    assert struct.unpack_from("<4i", data) == (200, 200, 1, 2) and struct.unpack_from("<3f", data, 40) == (2000, 2000, 10)
    assert [round(255 * value) for value in struct.unpack_from("<40000f", data, 1024)] == list(said(app, id_))


def test_results_of_slices_that_were_left_are_called_off(app):
    id_ = bring(app)
    app.press("2")
    seen(app)
    for _ in range(14):
        app.page.keyboard.press("ArrowLeft")
    app.until("state.slice === 18")
    app.wait_shown()
    # Never the result of another slice: at once what is there is of slice 18 or nothing.
    seen(app)
    values = said(app, id_, 18)
    threshold = int(255 * models(app)[0]["threshold"])
    app.becomes(lambda: app.state(f"state.predicted.get({id_}).pixels"), sum(v > threshold for v in values))
    app.painted(*places(values, is_found))
    app.bare(*places(values, is_empty))


def test_painting_and_scrolling_go_on_while_models_are_computed(app):
    bring(app)
    app.press("2", "n")
    app.page.locator(".pic").focus()
    app.press("ArrowRight")
    app.drag([(60, 60), (60, 120)])
    app.painted((60, 90))
    app.eventually(lambda: app.annotations()["slices"])


def test_how_a_network_works_is_set_and_its_result_follows(app):
    id_ = bring(app)
    app.press("2")
    seen(app)
    before = said(app, id_)
    app.page.get_by_label("Orientations averaged").get_by_role("radio", name="2×").click()
    app.eventually(lambda: models(app)[0]["augmentations"] == 2)
    app.rest()
    seen(app)
    after = said(app, id_)
    assert before != after
    least = int(255 * models(app)[0]["threshold"])
    app.becomes(lambda: app.state(f"state.predicted.get({id_}).pixels"), sum(v > least for v in after), "the mean of two")
    app.page.get_by_label("Voxel size it works at").get_by_role("radio", name="Other").click()
    app.page.get_by_label("Voxel size in Å").fill("2 nm")
    app.page.keyboard.press("Enter")
    app.eventually(lambda: models(app)[0]["processingVoxelSizeAngstrom"] == 20)
    app.rest()
    seen(app)
    assert said(app, id_) != after
    app.page.get_by_label("Voxel size it works at").get_by_role("radio", name="Trained").click()
    app.eventually(lambda: models(app)[0]["processingVoxelSizeAngstrom"] is None)


def test_what_a_model_found_is_painted_in_pieces_in_a_line_or_all_of_it(app):
    id_ = bring(app)
    app.press("n")
    seen(app)
    values = said(app, id_)
    least = int(255 * models(app)[0]["threshold"])
    y, x = places(values, is_found)[0]
    feature = app.eventually(app.features)[0]["id"]
    app.press("v")
    app.click(y, x)
    app.eventually(lambda: app.mask(32, feature)[y][x], "the piece under the pointer")
    piece = sum(map(sum, app.mask(32, feature)))
    assert 20 < piece < sum(v > least for v in values) + 1
    app.page.get_by_role("button", name="Whole slice").click()
    app.eventually(lambda: sum(map(sum, app.mask(32, feature))) == sum(v > least for v in values), "all that it found")
    mask = app.mask(32, feature)
    assert all(mask[i][j] == (values[i * 200 + j] > least) for i in range(200) for j in range(200))
    # Inside a line, with the right button: taken away.
    app.drag([(5, 5), (5, 195), (100, 195), (100, 5), (6, 5)], button="right", steps=8)
    app.eventually(lambda: not any(map(any, app.mask(32, feature)[8:97])), "nothing above")
    app.press("Control+z", "Control+z", "Control+z")
    app.eventually(lambda: not app.annotations()["slices"], "three steps of undo")


def test_results_are_asked_for_when_the_server_has_what_was_changed(app):
    bring(app)
    app.press("2")
    seen(app)
    held, asked = [], []
    app.page.route("**/edits", lambda route: route.continue_() if held else held.append(route))
    app.page.on("request", lambda request: "/predictions/" in request.url and asked.append(request.url))
    app.page.evaluate("async () => { const { edit } = await import('/app/project.js'); edit([{ kind: 'change-dataset', dataset: 1, voxelSizeAngstrom: null }], 'voxel size'); }")
    app.eventually(lambda: held, "the edit is on its way")
    app.page.wait_for_timeout(300)
    assert not asked, "with the voxel size of before it would be another result"
    held[0].continue_()
    expect(app.page.get_by_role("button", name="Set the voxel size…")).to_be_visible()
    assert asked


def test_a_model_that_cannot_be_used_says_why(app):
    bring(app)
    app.press("2")
    seen(app)
    app.page.evaluate("async () => { const { edit } = await import('/app/project.js'); edit([{ kind: 'change-dataset', dataset: 1, voxelSizeAngstrom: null }], 'voxel size'); }")
    expect(app.page.get_by_role("button", name="Set the voxel size…")).to_be_visible()
    app.page.get_by_role("button", name="Set the voxel size…").click()
    app.page.get_by_label("Voxel size", exact=True).fill("10")
    app.page.keyboard.press("Enter")
    app.press("Escape")
    seen(app)
    app.eventually(lambda: app.state(f"state.predicted.get({models(app)[0]['id']}).pixels > 0"))


def test_a_network_of_slabs_is_laid_in_tiles_as_trained_or_as_one_piece(app):
    id_ = bring(app, FIXTURES / "segment" / "slab-global.scnm")
    app.press("2")
    seen(app)
    # What it is; grey values are made as they were when it learnt, whatever was before.
    for fact in ("3D, 16 slices, boxes of 64 px", "10.00 Å, 50 epochs, loss 0.100", "by the whole tomogram, as it was trained"):
        expect(app.page.locator(".insp dl")).to_contain_text(fact)
    before = said(app, id_)
    app.page.get_by_label("Tiles").get_by_role("radio", name="Exact").click()
    app.eventually(lambda: models(app)[0]["tiling"] == "exact")
    app.rest()
    seen(app)
    assert said(app, id_) != before
    threshold = int(255 * models(app)[0]["threshold"])
    app.becomes(lambda: app.state(f"state.predicted.get({id_}).pixels"), sum(v > threshold for v in said(app, id_)), "the result in one piece")
    # A network of single slices goes over each in one piece: there is nothing to choose.
    bring(app, FIXTURES / "segment" / "flat-legacy.scnm")
    app.eventually(lambda: len(models(app)) == 2)
    app.page.locator(".lay.model").nth(1).click()
    expect(app.page.locator(".insp dl")).to_contain_text("slice by slice, as it was trained")
    expect(app.page.get_by_label("Tiles")).to_have_count(0)
