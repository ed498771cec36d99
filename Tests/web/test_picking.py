"""From segmentations to coordinates: rules with a live count, pictures to judge them by, picking in all tomograms."""

import json
import pathlib
import re
import subprocess

import program
import pytest
from playwright.sync_api import expect

# Centre z, y, x, radius and certainty of what is in the first tomogram's segmentation. One is too uncertain for the rules that the sheet
# begins with, and one too small for any.
BALLS = [(12, 60, 60, 9, 127), (20, 150, 70, 8, 127), (26, 90, 190, 8, 120), (9, 200, 200, 7, 100), (30, 40, 150, 7, 60), (18, 100, 110, 2.2, 127)]


def segmentation(path, balls, width, turned=False):
    """Bytes with a sign, as the program writes segmentations: balls that fade towards their rims."""
    depth, height = program.DEPTH, program.SIDE
    values = bytearray(depth * height * width)
    for z0, y0, x0, radius, certainty in balls:
        x0 = width - 1 - x0 if turned else x0
        reach = int(radius) + 1
        for z in range(max(0, z0 - reach), min(depth, z0 + reach + 1)):
            for y in range(y0 - reach, y0 + reach + 1):
                for x in range(x0 - reach, x0 + reach + 1):
                    far = ((z - z0) ** 2 + (y - y0) ** 2 + (x - x0) ** 2) ** 0.5
                    if far <= radius:
                        values[(z * height + y) * width + x] = round(certainty * (1 - 0.3 * far / radius))
    path.parent.mkdir(exist_ok=True)
    program.write_mrc(path, bytes(values), depth, height, width, 10, mode=0)
    return path


@pytest.fixture
def folder(tmp_path):
    """Segmentations of two features in two tomograms."""
    folder = tmp_path / "seg"
    for number, width in ((1, program.SIDE), (3, program.SIDE)):
        segmentation(folder / f"lam_{number:03}__Ribosome.mrc", BALLS, width, turned=number == 3)
        segmentation(folder / f"lam_{number:03}__Vesicle.mrc", BALLS[:2], width, turned=number == 3)
    return folder


@pytest.fixture
def sheet(app, folder):
    """The sheet with the segmentations of that folder."""
    open_at(app, folder)
    return app.page.locator(".sheet.wide")


def open_at(app, folder):
    app.page.evaluate("async (folder) => (await import('/app/commands.js')).openSheet('picks', { folder })", str(folder))
    app.page.wait_for_selector(".picksheet")
    counted(app, 4)


def picks(app, expression):
    return app.page.evaluate(f"async () => {{ const {{ picks }} = await import('/app/picks.js'); return {expression}; }}")


def counted(app, count):
    """Waits until the sheet says so many."""
    expect(app.page.locator(".pickcount")).to_contain_text(f"{count} kept")
    app.eventually(lambda: not picks(app, "picks.isStale"), "an answer for the rules as they are")


def slide(app, label, value):
    field = app.page.get_by_label(f"{label}, value")
    field.fill(str(value))
    field.press("Enter")


def preview(app, path, **rules):
    with app.ask(f"/api/projects/{app.project}/picks/preview", {"path": str(path), **rules}) as answer:
        return json.load(answer)


def tomograms_star(folder):
    """RELION's table of the two tomograms, whose tilt series have pixels of a quarter of their voxels."""
    rows = "\n".join(f"lam_{number:03} 2.5 1024 1024 160" for number in (1, 3))
    (folder / "tomograms.star").write_text(f"data_global\n\nloop_\n_rlnTomoName\n_rlnTomoTiltSeriesPixelSize\n_rlnTomoSizeX\n_rlnTomoSizeY\n_rlnTomoSizeZ\n{rows}\n")
    return folder / "tomograms.star"


def test_from_the_menu_to_a_list(app, folder):
    """As somebody who never did it: the menu says where, an empty sheet what to do."""
    app.page.get_by_label(re.compile("^Project ")).click()
    app.page.get_by_role("menuitem", name=re.compile("^Pick particles")).click()
    expect(app.page.get_by_text("No segmentation beside the tomograms")).to_be_visible()
    app.page.get_by_role("button", name="Choose a folder or file…").click()
    app.page.get_by_label("Folder", exact=True).fill(str(folder))
    app.page.get_by_label("Folder", exact=True).press("Enter")
    expect(app.page.get_by_role("option", name=re.compile("lam_001__Ribosome"))).to_be_visible()
    app.page.get_by_role("button", name="Look here this folder").click()
    counted(app, 4)
    features = app.page.get_by_role("listbox", name="Features of the segmentations").get_by_role("option")
    assert [words.split()[0] for words in features.all_inner_texts()] == ["Ribosome", "Vesicle"]
    features.nth(1).click()
    counted(app, 2)
    app.page.get_by_role("button", name="Pick in all 2").click()
    expect(app.page.locator(".pickdone")).to_contain_text("4 particles in 2 segmentations, read back")
    expect(app.page.locator(".pickdone")).to_be_in_viewport()
    # Which tomogram a list is of is read in full, and so are the largest numbers that a field takes.
    cut = "field => field.scrollWidth > field.clientWidth"
    assert not any(name.evaluate(cut) for name in app.page.locator(".picklists .el").all())
    slide(app, "Smallest", "1000000")
    assert not app.page.get_by_label("Smallest, value").evaluate(cut)


def test_level_spacing_and_smallest_count_at_once(app, sheet, folder):
    path = folder / "lam_001__Ribosome.mrc"
    slide(app, "Level", "0.6")
    counted(app, preview(app, path, threshold=153, spacingNanometer=10)["count"])
    slide(app, "Smallest", "800")
    wanted = preview(app, path, threshold=153, spacingNanometer=10, minimumVolumeNanometer3=800)
    assert 0 < wanted["count"] < 4 and wanted["dust"] > 0
    counted(app, wanted["count"])
    expect(app.page.locator(".pickcount")).to_contain_text("of dust")
    slide(app, "Spacing", "100")
    counted(app, preview(app, path, threshold=153, spacingNanometer=100, minimumVolumeNanometer3=800)["count"])
    # The slider itself, with a hand that moves it: the count follows before it is let go.
    bar = app.page.get_by_role("slider", name="Level", exact=True).bounding_box()
    app.page.mouse.move(bar["x"] + bar["width"] * 0.6, bar["y"] + bar["height"] / 2)
    app.page.mouse.down()
    app.page.mouse.move(bar["x"] + bar["width"], bar["y"] + bar["height"] / 2, steps=6)
    counted(app, 0)
    app.page.mouse.up()
    expect(app.page.locator(".pickcount")).to_contain_text("no particle was found")
    assert picks(app, "picks.settings.level") == pytest.approx(0.99)


def test_margin_limit_binning_and_method(app, sheet, folder):
    path = folder / "lam_001__Ribosome.mrc"
    app.page.get_by_text("Margin, limit, binning, orientation").click()
    slide(app, "Margin", "12")
    margin = preview(app, path, threshold=127.5, spacingNanometer=10, marginNanometer=12)
    assert margin["tally"]["inMargin"] > 0
    counted(app, margin["count"])
    slide(app, "Margin", "0")
    app.page.get_by_label("At most").fill("2")
    app.page.get_by_label("At most").press("Enter")
    counted(app, 2)
    app.page.get_by_label("At most").fill("")
    app.page.get_by_label("At most").press("Enter")
    app.page.get_by_role("radiogroup", name="Binning").get_by_role("radio", name="2").click()
    counted(app, preview(app, path, threshold=127.5, spacingNanometer=10, binning=2)["count"])
    app.page.get_by_role("radiogroup", name="Binning").get_by_role("radio", name="1").click()
    counted(app, 4)
    app.page.get_by_role("radiogroup", name="Method").get_by_role("radio", name="Surface").click()
    expect(app.page.locator(".pickcount")).to_contain_text("point")
    counted(app, preview(app, path, threshold=127.5, spacingNanometer=10, method="surface")["count"])


def colours(app, selector, y, x):
    """Red, green and blue of a canvas at a share of its height and width."""
    return app.page.evaluate("""([selector, y, x]) => {
      const canvas = document.querySelector(selector);
      return [...canvas.getContext('2d').getImageData(Math.round(x * canvas.width), Math.round(y * canvas.height), 1, 1).data].slice(0, 3);
    }""", [selector, y, x])


def share(app, selector, axis, point):
    """Where a point of the tomogram lies in a plane's canvas, as shares."""
    return app.page.evaluate("""async ([selector, axis, point]) => {
      const { onPlane, planeSize } = await import('/model/picks.js');
      const { picks } = await import('/app/picks.js');
      const box = document.querySelector(selector).getBoundingClientRect(), size = planeSize(axis, picks.analysis.shape), place = onPlane(axis, point);
      const scale = Math.min(box.width / size.width, box.height / size.height);
      return [((box.height - size.height * scale) / 2 + (place.row + 0.5) * scale) / box.height, ((box.width - size.width * scale) / 2 + (place.column + 0.5) * scale) / box.width];
    }""", [selector, axis, list(point)])


def is_tinted(colour):
    return colour[2] - colour[0] > 15


@pytest.mark.parametrize("axis", ["xy", "xz", "yz"])
def test_three_planes_meet_where_one_presses(app, sheet, axis):
    """The segmentation lies where it is, the picks near the plane are marked, and pressing moves the point."""
    z, y, x = BALLS[1][:3]
    app.page.evaluate("async (point) => (await import('/app/picks.js')).moveTo(point)", {"z": z, "y": y, "x": x})
    canvas = f".pickplane.{axis} canvas"
    app.eventually(lambda: picks(app, f"picks.planes.get('{axis}') !== undefined && picks.greys.get('{axis}') !== undefined"))
    # Between the cross over the middle and the ring.
    inside, outside = share(app, canvas, axis, (z + 1.6, y + 1.6, x + 1.6)), share(app, canvas, axis, (z + 12, y + 12, x + 12))
    app.eventually(lambda: is_tinted(colours(app, canvas, *inside)), f"the segmentation in the {axis} plane")
    assert not is_tinted(colours(app, canvas, *outside))
    expect(app.page.locator(canvas)).to_have_attribute("aria-label", re.compile("1 picks near it"))
    box = app.page.locator(canvas).bounding_box()
    down, across = share(app, canvas, axis, (30, 100, 101))
    app.page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])
    wanted = {"xy": [z, 100, 101], "xz": [30, y, 101], "yz": [30, 100, x]}[axis]
    app.becomes(lambda: picks(app, "[picks.point.z, picks.point.y, picks.point.x]"), wanted, "the point")
    app.page.mouse.wheel(0, -120)
    depth = {"xy": 0, "xz": 1, "yz": 2}[axis]
    app.becomes(lambda: picks(app, f"[picks.point.z, picks.point.y, picks.point.x][{depth}]"), wanted[depth] + 1, "the plane")
    app.press("ArrowRight")
    column = {"xy": 2, "xz": 2, "yz": 0}[axis]
    app.becomes(lambda: picks(app, f"[picks.point.z, picks.point.y, picks.point.x][{column}]"), wanted[column] + 1, "the column")
    # Rows go down, as on the slice.
    app.press("ArrowDown")
    row = {"xy": 1, "xz": 0, "yz": 1}[axis]
    app.becomes(lambda: picks(app, f"[picks.point.z, picks.point.y, picks.point.x][{row}]"), wanted[row] + 1, "the row")


def test_the_projection_has_all_picks_and_a_press_shows_one(app, sheet, folder):
    app.page.get_by_role("radio", name="Projection").click()
    app.eventually(lambda: picks(app, "picks.projection !== null"))
    found = preview(app, folder / "lam_001__Ribosome.mrc", threshold=127.5, spacingNanometer=10)["points"]
    for point in found:
        y, x = share(app, ".pickone canvas", "xy", point)
        # Each is as bright as its certainty, under a ring.
        app.eventually(lambda y=y, x=x: min(colours(app, ".pickone canvas", y, x)) > 90, f"the pick at {point}")
    y, x = share(app, ".pickone canvas", "xy", found[1])
    box = app.page.locator(".pickone canvas").bounding_box()
    app.page.mouse.click(box["x"] + x * box["width"] + 2, box["y"] + y * box["height"])
    app.becomes(lambda: picks(app, "[picks.view, picks.point.z, picks.point.y, picks.point.x]"), ["planes", *(round(value) for value in found[1])], "the pick that is shown")


def test_picks_by_chance_on_a_sheet(app, sheet, folder):
    app.page.get_by_role("radio", name="50 picks").click()
    expect(app.page.locator(".crop")).to_have_count(4)
    expect(app.page.locator(".pickcrops")).to_contain_text("4 of 4 picks")
    middle = ".cropgrid li:nth-child(1) canvas"
    # A white dot in the middle of each, what was found around it.
    app.eventually(lambda: is_tinted(colours(app, middle, 0.58, 0.58)), "what was found")
    app.page.locator(".crop").nth(2).click()
    found = preview(app, folder / "lam_001__Ribosome.mrc", threshold=127.5, spacingNanometer=10)["points"][2]
    app.becomes(lambda: picks(app, "[picks.view, picks.point.z, picks.point.y, picks.point.x]"), ["planes", *(round(value) for value in found)], "the pick that is shown")


def test_picking_in_all_writes_lists_that_are_found_and_taken_on(app, sheet, folder):
    slide(app, "Level", "0.4")
    app.eventually(lambda: not picks(app, "picks.isStale"), "an answer")
    app.page.get_by_role("button", name="Pick in all 2").click()
    done = app.page.locator(".pickdone")
    expect(done).to_contain_text("10 particles in 2 segmentations, read back and the same.")
    # What the numbers mean, where the lists are, and the lines for the next programs.
    expect(done).to_contain_text("voxels")
    job = next(job for job in app.get("/jobs")["jobs"] if job["kind"] == "pick")
    expect(done).to_contain_text(job["details"]["folder"])
    expect(done).to_contain_text("--to relion5")
    expect(done).to_contain_text(f'open "{job["details"]["lists"][0]["script"]}"')
    # The line for RELION 5 does what it says.
    table = tomograms_star(folder.parent)
    line = done.locator("code", has_text="--to relion5").inner_text().replace("ais ", f"{program.BINARY} ", 1)
    ran = subprocess.run(line, shell=True, cwd=table.parent, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert (table.parent / "particles.star").read_text().count("lam_00") >= 10
    rows = done.get_by_role("list", name="Lists").locator("li")
    expect(rows).to_have_count(2)
    for one in job["details"]["lists"]:
        assert pathlib.Path(one["path"]).exists() and one["particles"] == 5
        # The same as the program writes, every octet of the rows.
        out = folder.parent / "program"
        subprocess.run([program.BINARY, "pick", "-t", "0.4", "--spacing", "10nm", "-o", out, one["segmentation"], "-q"], check=True)
        lines = [[line for line in path.read_text().splitlines() if not line.startswith("#")] for path in (pathlib.Path(one["path"]), out / pathlib.Path(one["path"]).name)]
        assert lines[0] == lines[1]
    with app.page.expect_download() as download:
        rows.nth(0).get_by_role("link", name="List").click()
    assert pathlib.Path(download.value.path()).read_bytes() == pathlib.Path(job["details"]["lists"][0]["path"]).read_bytes()


def test_relion_5_asks_for_its_table_and_gets_its_line(app, sheet, folder):
    app.page.get_by_label("Format").select_option("relion5")
    button = app.page.get_by_role("button", name="Pick in all 2")
    expect(button).to_have_attribute("aria-disabled", "true")
    table = tomograms_star(folder.parent)
    app.page.get_by_label("tomograms.star", exact=True).fill(str(table))
    app.page.get_by_label("tomograms.star", exact=True).press("Enter")
    button.click()
    done = app.page.locator(".pickdone")
    expect(done).to_contain_text("ångström from the middle of the unbinned volume")
    expect(done).to_contain_text("relion_tomo_import_coordinates --i ")


def test_a_segmentation_of_unknown_voxel_size_is_counted_in_voxels(app, folder):
    bare = folder.parent / "bare"
    bare.mkdir()
    whole = (folder / "lam_001__Ribosome.mrc").read_bytes()
    (bare / "lam_001__Ribosome.mrc").write_bytes(whole[:40] + bytes(12) + whole[52:])
    open_at(app, bare)
    expect(app.page.locator(".pickrules")).to_contain_text("px")
    assert picks(app, "picks.analysis.voxelSizeAngstrom") is None
    slide(app, "Smallest", "3000")
    counted(app, preview(app, bare / "lam_001__Ribosome.mrc", threshold=127.5, spacingVoxels=10, minimumVolumeVoxels=3000)["count"])


def test_the_results_of_a_run_lead_to_picking(app, folder):
    """With the run as the server tells it; the segmentations lie where they lie."""
    paths = [str(folder / f"lam_{number:03}__Ribosome.mrc") for number in (1, 3)]
    app.page.evaluate("""async (paths) => {
      const { state } = await import('/app/state.js');
      const rows = paths.map((path, index) => ({ dataset: index + 1, name: `lam_00${1 + 2 * index}`, path, task: `${index}`, state: 'done', outputs: [{ model: 1, title: 'Ribosome', path }] }));
      state.runs = [{ id: 1, title: 'Run 1', state: 'done', output: '/seg', tomograms: rows, models: [], counts: { all: 2, done: 2, failed: 0, running: 0, waiting: 0 } }];
      (await import('/app/commands.js')).openSheet('results', { run: 1 });
    }""", paths)
    app.page.get_by_role("button", name="Pick particles…").click()
    counted(app, 4)
    # Only what the run wrote, and not what lies beside it.
    expect(app.page.get_by_role("listbox", name="Features of the segmentations").get_by_role("option")).to_have_count(1)
    expect(app.page.get_by_role("button", name="Pick in all 2")).to_be_visible()


def test_what_goes_wrong_is_said_and_the_sheet_stays_usable(app, sheet, folder):
    (folder / "lam_001__Vesicle.mrc").write_bytes((folder / "lam_001__Vesicle.mrc").read_bytes()[:2000])
    app.page.get_by_role("option", name=re.compile("Vesicle")).click()
    expect(app.page.locator(".pickrules .note.danger")).to_contain_text("lam_001__Vesicle.mrc")
    app.page.get_by_role("option", name=re.compile("Ribosome")).click()
    counted(app, 4)
    app.press("Escape")
    expect(app.page.locator(".picksheet")).to_have_count(0)
