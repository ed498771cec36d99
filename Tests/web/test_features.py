"""Features and their library: names, colours, boxes, cards."""

import re

from playwright.sync_api import expect


def new_library(app):
    app.page.get_by_label("Feature library").first.click()
    app.page.get_by_role("button", name="New library", exact=True).click()
    app.page.wait_for_selector("text=New card")


def test_a_feature_made_by_a_button_is_named_first(app):
    app.page.get_by_role("button", name="New feature N").click()
    name = app.page.get_by_label("Name of the feature")
    expect(name).to_be_focused()
    app.page.keyboard.type("Ribosome")
    app.page.keyboard.press("Enter")
    app.eventually(lambda: [feature["title"] for feature in app.features()] == ["Ribosome"])
    expect(app.page.locator(".pic"), "painting goes on").to_be_focused()
    app.drag([(60, 60), (60, 120)])
    app.painted((60, 90))


def test_a_feature_made_by_a_key_is_named_first(app):
    app.page.keyboard.press("n")
    name = app.page.get_by_label("Name of the feature")
    expect(name).to_be_focused()
    # Letters that are keys of other commands are letters here.
    app.page.keyboard.type("Ice")
    app.page.keyboard.press("Enter")
    app.eventually(lambda: [feature["title"] for feature in app.features()] == ["Ice"])
    assert app.state("[state.contrast.isInverted, state.crop]") == [False, None]
    app.page.keyboard.press("n")
    expect(name).to_have_value("Feature 2")
    # Whoever paints on keeps the name that it has.
    app.drag([(60, 60), (60, 120)])
    app.painted((60, 90))
    app.eventually(lambda: [feature["title"] for feature in app.features()] == ["Ice", "Feature 2"])


def test_a_feature_made_elsewhere_leads_to_where_it_is_named_and_painted(app):
    app.page.keyboard.press("2")
    expect(app.page.get_by_text("No model yet.")).to_be_visible()
    app.page.locator(".pic").focus()
    app.page.keyboard.press("n")
    expect(app.page.get_by_label("Name of the feature")).to_be_focused()
    app.page.keyboard.type("Ice")
    app.page.keyboard.press("Enter")
    app.eventually(lambda: [feature["title"] for feature in app.features()] == ["Ice"])
    app.drag([(60, 60), (60, 120)])
    app.painted((60, 90))


def test_no_key_marks_all_words_of_the_page(app):
    app.page.locator(".pic").focus()
    app.page.keyboard.press("Control+a")
    app.rest()
    assert app.page.evaluate("() => getSelection().toString()") == ""


def test_box_sizes_of_one_tomogram_alone(app):
    app.press("n")
    app.page.get_by_label("Box size of this tomogram alone").click()
    app.page.get_by_label("Box size, value").fill("96")
    app.page.keyboard.press("Enter")
    app.eventually(lambda: app.state("state.registers.list('layer').some((layer) => layer.boxSize === 96)"))
    assert app.features()[0]["boxSize"] == 64, "the feature's own size stays"
    app.page.locator(".tomo", has_text="lam_003").click()
    app.wait_shown()
    expect(app.page.get_by_label("Box size, value")).to_have_value("64")
    app.page.locator(".tomo", has_text="lam_001").click()
    app.wait_shown()
    app.page.get_by_label("Box size of this tomogram alone").click()
    expect(app.page.get_by_label("Box size, value")).to_have_value("64")


def test_a_colour_is_chosen_by_palette_hue_or_code(app):
    app.press("n")
    app.page.get_by_label("Colour of Feature 1").click()
    app.page.get_by_label("Hue, value").fill("150")
    app.page.keyboard.press("Enter")
    app.eventually(lambda: app.features()[0]["green"] > app.features()[0]["red"] + 0.2)
    app.page.get_by_label("Colour as #rrggbb").fill("#3060ff")
    app.page.keyboard.press("Enter")
    app.eventually(lambda: round(app.features()[0]["blue"], 2) == 1 and round(app.features()[0]["red"] * 255) == 0x30)


def test_names_of_the_library_bring_their_looks_and_can_be_hidden(app):
    app.press("n")
    new_library(app)
    app.page.get_by_role("button", name="New card", exact=True).click()
    card = app.page.locator(".libcard").first
    card.get_by_label("Name").fill("Ribosome")
    app.page.keyboard.press("Enter")
    card.get_by_label("More", exact=True).click()
    card.get_by_label("Brush, value").fill("30")
    app.page.keyboard.press("Enter")
    card.get_by_label("Box size, value").fill("48")
    app.page.keyboard.press("Enter")
    app.eventually(lambda: [c for library in app.snapshot()["libraries"] for c in library["features"] if c["boxSize"] == 48 and c["brushNanometer"] == 30])
    app.press("Escape")
    app.page.get_by_label("Names from the library").click()
    app.page.get_by_role("menuitem", name=re.compile("^Ribosome")).click()
    app.eventually(lambda: [(f["title"], f["boxSize"], f["brushRadius"]) for f in app.features()] == [("Ribosome", 48, 30)], "30 nm are 30 voxels of 10 Å")
    app.press("n")
    app.page.get_by_label("Names from the library").click()
    app.page.get_by_role("menuitemradio", name="Offer the names of libraries").click()
    app.eventually(lambda: not app.snapshot()["libraries"][0]["isActive"])
    app.page.get_by_label("Names from the library").click()
    app.page.get_by_role("menuitem", name="Feature library…").wait_for()
    expect(app.page.get_by_role("menuitem", name=re.compile("^Ribosome"))).to_have_count(0)


def test_cards_keep_how_surfaces_look_are_searched_sorted_and_switched(app):
    new_library(app)
    for count, title in enumerate(("Ribosome", "Actin"), 1):
        app.page.get_by_role("button", name="New card", exact=True).click()
        expect(app.page.locator(".libcard")).to_have_count(count)
        app.page.locator(".libcard").last.get_by_label("Name").fill(title)
        app.page.keyboard.press("Enter")
        app.eventually(lambda: [c for c in app.snapshot()["libraries"][0]["features"] if c["title"] == title])
    card = app.page.locator(".libcard").first
    card.get_by_label("More", exact=True).click()
    card.get_by_label("Level, value").fill("200")
    app.page.keyboard.press("Enter")
    card.get_by_label("Dust below, value").fill("5000")
    app.page.keyboard.press("Enter")
    card.get_by_label("Hide the surface").click()
    app.eventually(lambda: [c for c in app.snapshot()["libraries"][0]["features"] if (c["level"], c["dustCubicNanometer"], bool(c["isSurfaceHidden"])) == (200, 5000, True)])
    app.page.get_by_label("Sort", exact=True).click()
    app.page.get_by_role("menuitemradio", name="Name").click()
    expect(app.page.locator(".libcard").first.get_by_role("textbox", name="Name")).to_have_value("Actin")
    app.page.get_by_label("Search cards").fill("ribo")
    expect(app.page.locator(".libcard")).to_have_count(1)
    app.page.get_by_label("Search cards").fill("")
    app.page.get_by_label("Sort", exact=True).click()
    app.page.get_by_role("menuitem", name="Use none").click()
    app.eventually(lambda: not any(c["isUsed"] for c in app.snapshot()["libraries"][0]["features"]))
    app.page.get_by_label("Sort", exact=True).click()
    app.page.get_by_role("menuitemradio", name="Hide those not used").click()
    expect(app.page.locator(".libcard")).to_have_count(0)


def test_libraries_are_named_chosen_and_deleted_with_undo(app):
    new_library(app)
    app.page.get_by_label("Name of the library").fill("Cilia")
    app.page.keyboard.press("Enter")
    app.eventually(lambda: app.snapshot()["libraries"][0]["name"] == "Cilia")
    app.page.get_by_label("Library", exact=True).click()
    app.page.get_by_role("menuitem", name="New library", exact=True).click()
    app.eventually(lambda: len(app.snapshot()["libraries"]) == 2)
    app.page.get_by_label("Library", exact=True).click()
    app.page.get_by_role("menuitem", name="Delete Cilia").click()
    app.eventually(lambda: len(app.snapshot()["libraries"]) == 1)
    app.page.get_by_role("button", name="Undo", exact=True).click()
    app.eventually(lambda: {library["name"] for library in app.snapshot()["libraries"]} >= {"Cilia"})


def test_a_card_puts_its_feature_first_and_is_applied_to_the_project(app):
    app.press("n", "n")
    app.page.locator(".tomo", has_text="lam_004").click()
    app.wait_shown()
    app.drag([(60, 60), (60, 120)])
    app.eventually(lambda: app.annotations(4)["slices"])
    app.page.get_by_label("Feature library").first.click()
    app.page.get_by_role("button", name="New library", exact=True).click()
    app.page.get_by_role("button", name="Save 2 features of this project").click()
    app.eventually(lambda: len(app.snapshot()["libraries"][0]["features"]) == 2)
    app.page.get_by_label(re.compile("^Feature 2 first")).click()
    expect(app.page.locator(".lay .nm").first).to_have_text("Feature 2")
    expect(app.page.locator(".tomo .n").first).to_have_text("lam_004")
    card = next(card for card in app.snapshot()["libraries"][0]["features"] if card["title"] == "Feature 1")
    app.page.get_by_label("Colour of Feature 1").last.evaluate("(input) => { input.value = '#2f8060'; input.dispatchEvent(new Event('change', { bubbles: true })); }")
    app.eventually(lambda: next(c for c in app.snapshot()["libraries"][0]["features"] if c["id"] == card["id"])["red"] != card["red"])
    app.page.get_by_role("button", name="Apply to this project").click()
    app.eventually(lambda: round(next(f for f in app.features() if f["title"] == "Feature 1")["green"] * 255) == 0x80)


def test_the_library_of_the_earlier_program_is_asked_for(app):
    app.page.get_by_label("Feature library").first.click()
    with app.page.expect_request(re.compile("/imports$")) as request:
        app.page.get_by_role("button", name="Take over that of the earlier program").click()
    assert request.value.post_data_json["kind"] == "feature-library"


def test_features_are_saved_in_the_library_from_their_menu(app):
    app.press("n")
    new_library(app)
    app.press("Escape")
    app.page.get_by_label("More for Feature 1").click()
    app.page.get_by_role("menuitem", name="Save in the library").click()
    app.eventually(lambda: [c["title"] for c in app.snapshot()["libraries"][0]["features"]] == ["Feature 1"])


def test_boxes_are_hidden_and_shown(app):
    app.press("n", "g")
    app.click(100, 100)
    app.eventually(lambda: app.annotations()["boxes"])
    app.move(10, 10)

    def drawn():
        app.frames()
        return app.page.evaluate("""() => { const c = document.querySelector('.pic .over'); const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let n = 0; for (let i = 3; i < d.length; i += 4) if (d[i] > 0) n += 1; return n; }""")

    shown = drawn()
    app.page.get_by_label("More for Feature 1").click()
    app.page.get_by_role("menuitem", name="Hide boxes").click()
    app.eventually(lambda: not app.features()[0]["showsBoxes"])
    app.eventually(lambda: drawn() < shown, "fewer lines over the picture")


def test_the_feature_is_chosen_by_row_by_keys_and_under_the_pointer(app):
    app.press("n", "n")
    expect(app.page.locator(".lay.on .nm")).to_have_text("Feature 2")
    app.drag([(60, 60), (60, 120)])
    app.eventually(lambda: app.annotations()["slices"])
    app.page.locator(".lay", has_text="Feature 1").click()
    expect(app.page.locator(".lay.on .nm")).to_have_text("Feature 1")
    app.page.locator(".pic").focus()
    app.press("s")
    expect(app.page.locator(".lay.on .nm")).to_have_text("Feature 2")
    app.press("w")
    expect(app.page.locator(".lay.on .nm")).to_have_text("Feature 1")
    app.move(60, 90)
    app.press("y")
    expect(app.page.locator(".lay.on .nm")).to_have_text("Feature 2")


def test_sections_fold(app):
    app.press("n")
    app.page.get_by_role("button", name=re.compile("^Features")).click()
    expect(app.page.locator(".layerlist")).to_have_count(0)
    expect(app.page.get_by_label("Opacity, value")).to_have_count(1)
    app.page.get_by_role("button", name="View", exact=True).click()
    expect(app.page.locator(".hist")).to_have_count(0)
    app.page.get_by_role("button", name="View", exact=True).click()
    app.page.get_by_role("button", name=re.compile("^Features")).click()
    expect(app.page.locator(".layerlist")).to_have_count(1)
    expect(app.page.locator(".hist")).to_have_count(1)
