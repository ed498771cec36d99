"""Painting with real input: what is on the screen, and what the server has."""

from playwright.sync_api import expect


def total(mask):
    return sum(map(sum, mask))


def test_a_stroke_paints_makes_a_feature_and_is_saved(app):
    app.drag([(60, 60), (60, 120)])
    app.painted((60, 90))
    app.eventually(lambda: total(app.mask(20)) > 0)
    mask = app.mask(20)
    assert all(mask[60][60:121]), "no gaps"
    assert not mask[60][150] and not mask[90][90]
    assert app.features()[0]["title"] == "Feature 1"


def test_a_fast_stroke_has_no_gaps(app):
    app.drag([(40, 40), (200, 220)], steps=1)
    app.eventually(lambda: total(app.mask(20)) > 0)
    mask = app.mask(20)
    assert all(mask[round(40 + 160 * t / 100)][round(40 + 180 * t / 100)] for t in range(101))


def test_the_right_button_erases(app):
    app.drag([(60, 60), (60, 120)])
    app.drag([(60, 90), (60, 130)], button="right")
    app.eventually(lambda: app.mask(20)[60][65] and not app.mask(20)[60][110])
    app.painted((60, 65))
    app.bare((60, 110))


def test_the_eraser_erases_with_the_left_button(app):
    app.drag([(60, 60), (60, 120)])
    app.press("e")
    app.drag([(60, 60), (60, 120)])
    app.eventually(lambda: app.features() and total(app.mask(20)) == 0 and len(app.history()) == 3)


def test_undo_and_redo_by_keys(app):
    app.drag([(60, 60), (60, 120)])
    app.drag([(160, 60), (160, 120)])
    app.eventually(lambda: app.mask(20)[160][90])
    app.press("Control+z")
    app.eventually(lambda: not app.mask(20)[160][90])
    assert app.mask(20)[60][90]
    app.bare((160, 90))
    app.painted((60, 90))
    app.press("Control+Shift+z")
    app.eventually(lambda: app.mask(20)[160][90])
    app.painted((160, 90))


def test_wheel_and_keys_size_the_brush(app):
    app.press("n")
    before = app.state("state.registers.list('feature')[0].brushRadius")
    app.move(100, 100)
    app.page.keyboard.down("Control")
    app.page.mouse.wheel(0, -100)
    app.page.keyboard.up("Control")
    app.press("]")
    app.until(f"state.registers.list('feature')[0].brushRadius === {before + 1}")
    app.eventually(lambda: app.features()[0]["brushRadius"] == before + 1)


def test_control_and_middle_drag_size_the_brush(app):
    app.press("n")
    before = app.state("state.registers.list('feature')[0].brushRadius")
    app.move(100, 100)
    app.page.keyboard.down("Control")
    app.page.mouse.down(button="middle")
    x, y = app.at(100, 100)
    app.page.mouse.move(x + 20, y)
    app.page.mouse.move(x + 80, y)
    app.page.mouse.up(button="middle")
    app.page.keyboard.up("Control")
    app.eventually(lambda: app.features()[0]["brushRadius"] > before + 4)


def test_flood_paints_the_disc_and_stops_at_its_edge(app):
    app.press("n", "f")
    app.page.evaluate("async () => { const t = await import('/app/tools.js'); t.setRadius(45); }")
    app.click(128, 128)
    app.eventually(lambda: total(app.mask(20)) > 300)
    mask = app.mask(20)
    assert mask[128][128] and not mask[128][165] and not mask[90][128]


def test_a_polygon_is_closed_with_enter(app):
    app.press("l")
    for point in [(50, 50), (50, 100), (100, 100), (100, 50)]:
        app.click(*point)
    app.press("Enter")
    app.eventually(lambda: total(app.mask(20)) > 0)
    assert app.mask(20)[75][75] and not app.mask(20)[110][75]
    assert 2200 <= total(app.mask(20)) <= 2700


def test_a_lasso_is_dragged_and_escape_drops_one(app):
    app.press("l")
    app.drag([(50, 50), (50, 100), (100, 100), (100, 50), (52, 50)])
    app.eventually(lambda: app.mask(20)[75][75])
    app.click(150, 150)
    app.click(150, 200)
    app.press("Escape")
    app.press("Enter")
    app.rest()
    assert not app.mask(20)[155][160]


def test_holes_are_filled(app):
    app.drag([(60, 60), (60, 100), (100, 100), (100, 60), (60, 60)])
    app.eventually(lambda: total(app.mask(20)) > 0)
    assert not app.mask(20)[80][80]
    app.press("Shift+L")
    app.eventually(lambda: app.mask(20)[80][80])


def test_a_slice_is_copied_on(app):
    app.drag([(60, 60), (60, 120)])
    app.eventually(lambda: total(app.mask(20)) > 0)
    app.press("k")
    app.eventually(lambda: total(app.mask(21)) == total(app.mask(20)) > 0)
    app.until("state.slice === 21")


def test_shapes_between_two_slices(app):
    app.drag([(60, 60), (60, 61)])
    app.eventually(lambda: total(app.mask(20)) > 0)
    for _ in range(4):
        app.press("ArrowRight")
    app.wait_shown()
    app.drag([(60, 100), (60, 101)])
    app.eventually(lambda: total(app.mask(24)) > 0)
    app.press("ArrowLeft", "ArrowLeft", "Shift+K")
    app.eventually(lambda: total(app.mask(22)) > 0 and total(app.mask(23)) > 0)
    assert app.mask(22)[60][80], "half-way between the two"
    app.press("Control+z")
    app.eventually(lambda: total(app.mask(22)) == 0 and total(app.mask(21)) == 0)


def test_the_sphere_brush_paints_the_slices_around(app):
    app.press("n", "d")
    app.click(60, 60)
    app.eventually(lambda: total(app.mask(22)) > 0)
    assert total(app.mask(20)) >= total(app.mask(21)) > total(app.mask(23)) > 0
    assert total(app.mask(18)) == total(app.mask(22)) > 0
    assert total(app.mask(30)) == 0


def test_boxes_are_placed_moved_and_removed(app):
    app.press("n")
    app.page.keyboard.down("Shift")
    app.click(100, 100)
    app.page.keyboard.up("Shift")
    app.eventually(lambda: app.annotations()["boxes"])
    box = app.annotations()["boxes"][0]
    assert (box["slice"], box["y"], box["x"]) == (20, 100, 100)
    app.press("g")
    app.drag([(100, 100), (120, 130)])
    app.eventually(lambda: app.annotations()["boxes"][0]["x"] == 130)
    app.click(220, 220, button="right")
    app.rest()
    assert len(app.annotations()["boxes"]) == 1, "never a far one"
    app.move(121, 131)
    app.press("Delete")
    app.eventually(lambda: app.annotations()["boxes"] == [])


def test_a_click_on_another_feature_s_box_places_one_of_the_chosen_feature(app):
    app.press("n", "g")
    app.click(100, 100)
    app.eventually(lambda: len(app.annotations()["boxes"]) == 1)
    app.press("n")
    first, second = (feature["id"] for feature in app.features())
    app.until(f"state.feature === {second}")
    # With the tool, a little beside its middle, and by a hand that trembles.
    app.drag([(102, 101), (102, 101.5), (102, 101)], steps=1)
    app.becomes(lambda: {(box["feature"], box["y"], box["x"]) for box in app.annotations()["boxes"]}, {(first, 100, 100), (second, 102, 101)})
    # With Shift and another tool.
    app.press("b")
    app.page.keyboard.down("Shift")
    app.click(60, 60)
    app.click(200, 60)
    app.page.keyboard.up("Shift")
    app.eventually(lambda: len(app.annotations()["boxes"]) == 4)
    app.press("w")
    app.until(f"state.feature === {first}")
    app.page.keyboard.down("Shift")
    app.click(60, 61)
    app.page.keyboard.up("Shift")
    app.eventually(lambda: (first, 60, 61) in [(box["feature"], box["y"], box["x"]) for box in app.annotations()["boxes"]])
    # A drag still moves the one that is there, whose ever it is; a click upon one's own says why nothing is placed.
    app.press("g")
    app.drag([(200, 60), (210, 90)])
    app.eventually(lambda: (second, 210, 90) in [(box["feature"], box["y"], box["x"]) for box in app.annotations()["boxes"]])
    count = len(app.annotations()["boxes"])
    app.click(60, 61)
    expect(app.page.get_by_role("status").filter(has_text="has this box already")).to_be_visible()
    app.rest()
    assert len(app.annotations()["boxes"]) == count


def test_the_box_under_the_pointer_is_drawn_whole(app):
    app.press("n", "g")
    app.click(100, 100)
    app.eventually(lambda: app.annotations()["boxes"])
    app.press("b")

    def along():
        """How much of the box's upper edge has a colour."""
        app.frames()
        return sum(app.line_colour(68, 68 + 0.5 * step) for step in range(20, 100))

    app.move(10, 10)
    app.eventually(lambda: 0 < along() < 70, "dashes")
    app.press("m")
    app.move(100, 100)
    app.eventually(lambda: along() > 75, "a whole line")


def test_shift_and_right_click_remove_the_box_under_the_pointer(app):
    app.press("n")
    app.page.keyboard.down("Shift")
    app.click(100, 100)
    app.eventually(lambda: len(app.annotations()["boxes"]) == 1)
    app.click(105, 105, button="right")
    app.page.keyboard.up("Shift")
    app.eventually(lambda: app.annotations()["boxes"] == [])


def test_a_template_is_cut(app):
    app.press("n")
    app.page.keyboard.down("Control")
    app.page.keyboard.down("Shift")
    app.click(100, 110)
    app.page.keyboard.up("Shift")
    app.page.keyboard.up("Control")
    job = app.eventually(lambda: [job for job in app.get("/jobs")["jobs"] if job["kind"] == "cut-template"])
    assert job


def test_painting_by_keyboard_alone(app):
    app.press("n")
    app.page.focus(".pic")
    app.press("Enter", "ArrowRight", "Shift+ArrowDown", "Enter")
    app.eventually(lambda: app.mask(20)[138][129])
    app.press("Backspace")
    app.eventually(lambda: total(app.mask(20)) == 0)


def test_painting_shows_a_hidden_feature(app):
    app.drag([(60, 60), (60, 120)])
    app.press("x")
    app.eventually(lambda: not app.features()[0]["isVisible"])
    app.bare((60, 90))
    app.drag([(160, 60), (160, 120)])
    app.eventually(lambda: app.features()[0]["isVisible"])
    app.painted((60, 90), (160, 90))


def test_a_stroke_redraws_and_uploads_only_its_own_rectangle(app):
    app.press("n")
    app.drag([(60, 60), (60, 70)])
    app.eventually(lambda: total(app.mask(20)) > 0)
    app.move(100, 60)
    app.page.mouse.down()
    app.page.evaluate("""() => {
      const gl = document.querySelector('.pic .slice').getContext('webgl2');
      window.drawn = []; window.uploaded = [];
      const scissor = gl.scissor.bind(gl), upload = gl.texSubImage2D.bind(gl);
      gl.scissor = (x, y, w, h) => { window.drawn.push(w * h); scissor(x, y, w, h); };
      gl.texSubImage2D = (...all) => { window.uploaded.push(all[4] * all[5]); upload(...all); };
    }""")
    app.move(100, 120, steps=30)
    app.until("window.drawn.length > 5 && window.uploaded.length > 5")
    drawn, uploaded, canvas = app.page.evaluate("[window.drawn, window.uploaded, document.querySelector('.pic .slice').width ** 2]")
    app.page.mouse.up()
    assert max(drawn) < 0.1 * canvas
    assert max(uploaded) < 0.1 * 256 * 256
    app.painted((100, 90))


def test_keys_change_the_sensitivity_of_the_flood_brush(app):
    app.press("n", "f")
    before = app.state("state.registers.list('feature')[0].floodSensitivity")
    app.press("=", "=")
    app.eventually(lambda: app.features()[0]["floodSensitivity"] == before + 10)
    app.press("-")
    app.eventually(lambda: app.features()[0]["floodSensitivity"] == before + 5)


def test_a_measure_tells_the_length(app):
    app.press("m")
    app.drag([(60, 60), (60, 160)])
    app.becomes(lambda: app.page.evaluate("async () => { const { tooling } = await import('/app/picture.js'); return tooling.parts.measure?.label; }"), "100.0 nm · 100.0 px")


def test_the_circle_has_the_brush_and_the_feature_s_colour(app):
    app.press("n")
    app.move(100, 100)
    ring = app.page.locator(".pic .ring")
    expect(ring).to_be_visible()
    x, y = app.at(100, 100)
    feature, zoom = app.state("[state.registers.list('feature')[0], state.view.zoom]")
    expect(ring).to_have_css("border-top-color", f"rgb({', '.join(str(round(255 * feature[name])) for name in ('red', 'green', 'blue'))})")
    expect(ring).to_have_css("border-top-style", "solid")

    def is_around(y, x, radius):
        app.frames()
        box = ring.bounding_box()
        found = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, box["width"] / 2, box["height"] / 2]
        return all(abs(one - other) < 1.6 for one, other in zip(found, [x, y, radius * zoom, radius * zoom]))

    app.eventually(lambda: is_around(y, x, feature["brushRadius"]), "about the pointer")
    app.press("]")
    app.eventually(lambda: is_around(y, x, feature["brushRadius"] + 0.5), "larger")
    app.press("e")
    expect(ring).to_have_css("border-top-style", "dashed")
    app.press("g")
    expect(ring).to_be_hidden()


def test_lines_over_the_picture_leave_nothing_behind(app):
    app.press("n")
    lines = """() => { const c = document.querySelector('.pic .over'), d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
      let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n; }"""
    over = app.page.locator(".pic .over")
    for turn in range(8):
        app.press("g")
        app.move(100, 80 + 5 * turn)
        app.eventually(lambda: app.page.evaluate(lines) > 0, "the box to be placed")
        expect(over).to_have_css("visibility", "visible")
        app.press("m")
        app.move(120, 80 + 5 * turn)
        app.frames()
        app.frames()
        assert app.page.evaluate(lines) == 0, "nothing is drawn with the measure before it is dragged"
        # An empty canvas over the picture would be a third of what a frame costs where the processor draws.
        expect(over).to_have_css("visibility", "hidden")


def test_the_box_to_be_placed_goes_with_the_pointer(app):
    drawn = """() => { const c = document.querySelector('.pic .over'), d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
      let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n; }"""
    app.press("n", "g")
    app.move(120, 200)
    app.eventually(lambda: app.page.evaluate(drawn) > 0, "the box under the pointer")
    app.page.mouse.move(1300, 600, steps=12)
    app.becomes(lambda: app.page.evaluate(drawn), 0, "what is drawn while the pointer is elsewhere")
