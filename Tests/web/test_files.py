"""Opening, adding, dropping, listing: files on the server's side."""

import pathlib
import re

from playwright.sync_api import expect


def choose(app, *names):
    for index, name in enumerate(names):
        app.page.locator(".file", has_text=name).first.click(modifiers=["Control"] if index else [])


def drop(app, files):
    """Files of these names and sizes, let go over the page as from a file manager."""
    app.page.evaluate("""(files) => {
      const data = new DataTransfer();
      for (const [name, size] of files) data.items.add(Object.defineProperty(new File(['x'], name), 'size', { value: size }));
      dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
    }""", files)


def test_several_tomograms_are_chosen_and_opened(app):
    app.press("Control+o")
    app.page.wait_for_selector(".file")
    choose(app, "lam_001.mrc", "lam_002.mrc")
    app.page.wait_for_selector("text=2 chosen")
    app.page.get_by_role("button", name="Open", exact=True).click()
    app.page.wait_for_selector(".pic canvas")
    app.wait_shown()


def test_a_tomogram_that_is_there_already_is_shown(app):
    app.page.get_by_label("Add tomograms").first.click()
    app.page.locator(".file", has_text="lam_003.mrc").first.dblclick()
    app.page.wait_for_selector("text=Already in the project")
    app.eventually(lambda: app.state("state.dataset") == 3)


def test_a_dropped_file_is_found_in_the_folders_that_are_known(app):
    entry = next(entry for entry in app.files() if entry["name"] == "lam_003.mrc")
    with app.page.expect_request(re.compile("/datasets$")) as request:
        drop(app, [["lam_003.mrc", entry["byteCount"]]])
    assert request.value.post_data_json["paths"] == [entry["path"]]
    app.eventually(lambda: app.state("state.dataset") == 3)
    drop(app, [["nowhere.mrc", 5]])
    app.page.wait_for_selector("text='nowhere.mrc' was in none of the folders known here")


def test_versions_that_were_guessed_are_confirmed_or_separated(app):
    app.page.evaluate("async () => { const { state, changed } = await import('/app/state.js'); state.sheet = { kind: 'versions', datasets: [1] }; changed('ui'); }")
    app.page.get_by_role("button", name="Look").nth(1).click()
    app.eventually(lambda: app.state("state.version") == app.state("state.registers.list('version').filter((v) => v.dataset === 1)[1].id"))
    app.page.get_by_role("button", name="Not the same").click()
    app.page.wait_for_selector("text=Every tomogram has one version now.")
    app.eventually(lambda: len(app.snapshot()["datasets"][0]["versions"]) == 1 and len(app.snapshot()["datasets"]) == 13, "a tomogram of its own")
    app.page.get_by_role("button", name="Undo", exact=True).click()
    app.eventually(lambda: len(app.snapshot()["datasets"][0]["versions"]) == 2 and len(app.snapshot()["datasets"]) == 12, "both changes undone in one step")


def test_the_list_is_a_gallery_compact_or_grouped_by_folder(app):
    def sort(name):
        app.page.get_by_label("Sort the list").first.click()
        app.page.get_by_role("menuitemradio", name=name).click()

    rows = app.page.locator(".tomo")
    sort("Gallery")
    app.eventually(lambda: rows.nth(0).bounding_box()["y"] == rows.nth(1).bounding_box()["y"], "side by side")
    assert rows.nth(1).bounding_box()["x"] > rows.nth(0).bounding_box()["x"]
    sort("Compact rows")
    app.becomes(lambda: rows.first.bounding_box()["height"], 28)
    sort("Rows with pictures")
    sort("Group by folder")
    folder = app.page.locator(".foldername").first
    expect(folder, "how many are in it").to_contain_text(re.compile(r"1[0-9]$"))
    folder.click()
    expect(rows).to_have_count(0)
    folder.click()
    app.eventually(lambda: rows.count() > 5)


def test_the_list_is_sorted(app):
    app.page.locator(".tomo", has_text="lam_005").click()
    app.wait_shown()
    app.drag([(60, 60), (60, 90)])
    app.eventually(lambda: app.annotations(5)["slices"])
    app.page.get_by_label("Sort the list").first.click()
    app.page.get_by_role("menuitemradio", name="Annotated slices").click()
    expect(app.page.locator(".tomo .n").first).to_have_text("lam_005")


def test_a_row_tells_title_size_and_path_and_its_chips_choose_features(app):
    app.drag([(60, 60), (60, 120)])
    app.press("n")
    app.eventually(lambda: len(app.features()) == 2 and app.snapshot()["annotated"])
    row = app.page.locator(".tomo", has_text="lam_001")
    expect(row).to_have_attribute("title", re.compile(r"10\.0000 Å[^$]*lam_001\.mrc"))
    expect(row).to_contain_text("10.00 Å")
    expect(app.page.locator(".lay.on .nm")).to_have_text("Feature 2")
    row.get_by_label("Feature 1 in lam_001").click()
    expect(app.page.locator(".lay.on .nm")).to_have_text("Feature 1")


def test_all_files_are_listed_missing_ones_marked(app):
    app.page.get_by_label(re.compile("^Project")).click()
    app.page.get_by_role("menuitem", name="All files and paths").click()
    expect(app.page.locator(".paths .bad")).to_have_count(1)
    app.page.locator(".paths tr", has_text="lam_004").click()
    app.eventually(lambda: app.state("state.dataset") == 4)


def test_tomograms_are_removed_one_or_all_and_come_back(app):
    app.page.get_by_label("More for lam_001").click()
    app.page.get_by_role("menuitem", name=re.compile("Remove from the project")).click()
    app.eventually(lambda: len(app.snapshot()["datasets"]) == 11)
    app.page.get_by_role("button", name="Undo", exact=True).click()
    app.eventually(lambda: len(app.snapshot()["datasets"]) == 12)
    app.page.get_by_label(re.compile("^Project")).click()
    app.page.get_by_role("menuitem", name=re.compile("Remove all tomograms")).click()
    app.eventually(lambda: app.snapshot()["datasets"] == [])
    app.page.get_by_role("button", name="Undo", exact=True).click()
    app.eventually(lambda: len(app.snapshot()["datasets"]) == 12)
    app.eventually(lambda: app.page.evaluate("document.querySelectorAll('.tomo').length > 5"))


def test_annotations_leave_for_the_earlier_program(app):
    app.drag([(60, 60), (60, 120)])
    app.eventually(lambda: app.annotations()["slices"])
    app.page.get_by_label("More for Feature 1").click()
    app.page.get_by_role("menuitem", name="Export…").click()
    with app.page.expect_request(re.compile("/exports$")) as request:
        app.page.get_by_text("Annotations for the earlier program").click()
    assert (request.value.post_data_json["kind"], request.value.post_data_json["dataset"]) == ("scns", 1)
    app.page.wait_for_selector(".job a[download]")


def test_annotations_leave_with_their_tomogram(app):
    app.drag([(60, 60), (60, 120)])
    app.eventually(lambda: app.annotations()["slices"])
    app.page.get_by_label("More for Feature 1").click()
    app.page.get_by_role("menuitem", name="Export…").click()
    app.page.get_by_text("Annotations and tomogram in one file").click()
    app.page.wait_for_selector(".job a[download]")
    [path] = app.get("/jobs")["jobs"][0]["files"]
    tomogram = pathlib.Path(app.snapshot()["datasets"][0]["versions"][0]["path"]).read_bytes()
    assert path.endswith(".scns") and tomogram in pathlib.Path(path).read_bytes(), "every byte of it"


def test_volumes_and_lists_of_boxes_are_imported_into_a_feature(app):
    app.press("n")
    app.page.get_by_label("More for Feature 1").click()
    app.page.get_by_role("menuitem", name="Import into it…").click()
    app.page.get_by_label("Threshold, value").fill("100")
    app.page.keyboard.press("Enter")
    app.page.locator(".file", has_text="lam_003.mrc").click()
    with app.page.expect_request(re.compile("/imports$")) as request:
        app.page.get_by_role("button", name="Import", exact=True).click()
    body = request.value.post_data_json
    assert (body["kind"], body["threshold"], body["slice"]) == ("annotation-volume", 100, None)


def test_what_the_program_is_and_its_version(app):
    app.page.get_by_label("Ais: projects").click(button="right")
    app.page.wait_for_selector(f".sheet >> text=Ais {app.state('state.session.version')}")
    app.press("Escape")
    app.page.get_by_label(re.compile("^Project")).click()
    app.page.get_by_role("menuitem", name=re.compile("^About Ais")).wait_for()
