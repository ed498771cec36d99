"""Looking at slices with wheel, keys and panels."""

import math
import re

from playwright.sync_api import expect


def brightness(app, y, x):
    return sum(app.pixel(y, x)) / 3


def test_wheel_arrows_and_numbers_go_through_slices_around_the_ends(app):
    app.move(100, 100)
    app.page.mouse.wheel(0, 100)
    app.until("state.slice === 21")
    app.page.mouse.wheel(0, -100)
    app.until("state.slice === 20")
    app.press("ArrowLeft", "Shift+ArrowLeft")
    app.until("state.slice === 14")
    app.press("End", "ArrowRight")
    app.until("state.slice === 0")
    app.press("ArrowLeft")
    app.until("state.slice === 39")
    app.page.get_by_label("Slice number").fill("7")
    app.page.keyboard.press("Enter")
    app.until("state.slice === 7")
    app.wait_shown()
    app.eventually(lambda: "z=7" in app.page.url, "the address of the slice")


def test_the_picture_follows_the_slice(app):
    before = brightness(app, 30, 40)
    app.press("PageDown")
    app.wait_shown()
    app.eventually(lambda: abs(brightness(app, 30, 40) - before) > 5)


def test_the_ruler_is_dragged_and_marks_are_annotated_slices(app):
    app.drag([(60, 60), (60, 90)])
    box = app.page.locator(".ruler").bounding_box()
    app.page.mouse.click(box["x"] + box["width"] * (5.5 / 40), box["y"] + 20)
    app.until("state.slice === 5")
    app.press(".")
    app.until("state.slice === 20")
    expect(app.page.locator(".ruler svg rect")).to_have_count(1)


def test_zoom_keeps_the_point_under_the_pointer(app):
    x, y = app.at(60, 80)
    app.page.mouse.move(x, y)
    app.page.keyboard.down("Shift")
    app.page.mouse.wheel(0, -300)
    app.page.keyboard.up("Shift")
    app.until("state.view.zoom > 3.2")
    after = app.at(60, 80)
    assert math.hypot(after[0] - x, after[1] - y) < 0.4, "whole pixels of the mouse"


def test_middle_drag_and_space_drag_pan_and_a_tap_of_space_resets(app):
    fitted = app.state("state.view")
    start = app.at(100, 100)
    app.drag([(100, 100), (120, 130)], button="middle")
    app.eventually(lambda: app.at(100, 100)[0] - start[0] > 50 and app.at(100, 100)[1] - start[1] > 30)
    moved = app.at(100, 100)
    app.page.keyboard.down("Space")
    app.drag([(100, 100), (110, 110)])
    app.page.keyboard.up("Space")
    app.eventually(lambda: app.at(100, 100)[0] > moved[0] + 10)
    app.rest()
    assert app.annotations()["slices"] == [], "nothing was painted"
    app.press("Space")
    app.becomes(lambda: app.state("state.view"), fitted)


def test_contrast_is_found_and_handles_change_it(app):
    assert app.state("state.contrast.isAuto")
    app.eventually(lambda: brightness(app, 128, 128) < brightness(app, 30, 30), "the dark disc")
    app.page.get_by_role("textbox", name="White").fill("-30")
    app.page.keyboard.press("Enter")
    app.until("!state.contrast.isAuto")
    app.becomes(lambda: brightness(app, 30, 30), 255)
    app.page.locator(".pic").focus()
    app.press("a")
    app.eventually(lambda: app.state("state.contrast.white") > 0)


def test_dragging_a_handle_of_the_histogram(app):
    before = app.state("state.contrast.black")
    handle = app.page.locator(".hist .handle").first.bounding_box()
    app.page.mouse.move(handle["x"] + 6, handle["y"] - 20)
    app.page.mouse.down()
    app.page.mouse.move(handle["x"] + 66, handle["y"] - 20, steps=4)
    app.page.mouse.up()
    app.until(f"state.contrast.black > {before + 10}")


def test_invert_smooth_and_overlays(app):
    dark = brightness(app, 128, 128)
    app.press("i")
    app.eventually(lambda: abs(brightness(app, 128, 128) - (255 - dark)) < 6, "black for white")
    app.press("Shift+I")
    app.until("!state.isSmooth")
    app.drag([(60, 60), (60, 120)])
    app.painted((60, 90))
    app.press("o")
    app.bare((60, 90))


def test_smooth_mixes_neighbouring_pixels_and_sharp_does_not(app):
    app.page.evaluate("async () => { const v = await import('/app/view-actions.js'); v.zoomBy(10); }")
    centre = app.state("state.view.centre")
    y, x = round(centre["y"]), round(centre["x"])
    app.press("Shift+I")
    app.eventually(lambda: app.pixel(y + 0.3, x + 0.3) == app.pixel(y - 0.3, x - 0.3), "one square of one grey")
    app.press("Shift+I")
    app.eventually(lambda: len({tuple(app.pixel(y, x + t / 10)) for t in range(10)}) > 2, "a slope of greys")


def test_a_crop_is_shown_dragged_and_reset(app):
    app.press("c")
    app.until("state.crop?.height === 192")
    crop = app.state("state.crop")
    app.drag([(crop["y"] + crop["height"] - 0.5, crop["x"] + crop["width"] - 0.5), (crop["y"] + 30, crop["x"] + 30)])
    app.until("state.crop.height === 128")
    app.press("c")
    app.until("state.crop === null")


def test_filters_blur_and_a_key_switches_them_off(app):
    def contrast():
        values = [brightness(app, 100.0, x) for x in (20, 21, 22, 23, 24, 25)]
        return max(abs(a - b) for a, b in zip(values, values[1:]))

    app.press("a")
    sharp = contrast()
    app.page.get_by_label("Add filter").click()
    app.page.get_by_role("menuitem", name="Gaussian", exact=True).click()
    app.page.get_by_label("σ, value").fill("3")
    app.page.keyboard.press("Enter")
    app.eventually(lambda: contrast() < 0.5 * sharp, "blurred")
    app.page.locator(".pic").focus()
    app.press("z")
    app.eventually(lambda: contrast() > 0.9 * sharp, "sharp again")


def test_the_graphics_card_filters_as_the_definition_says(app):
    difference = app.page.evaluate("""async () => {
      const { state, frame } = await import('/app/state.js');
      const picture = await import('/app/picture.js');
      const { applied } = await import('/model/filters.js');
      const { height, width } = frame();
      const values = new Float32Array(height * width).map((_, i) => picture.valueAt({ y: Math.floor(i / width), x: i % width }));
      let worst = 0;
      for (const kind of ['gaussian', 'offset-gaussian', 'box', 'sobel-vertical', 'sobel-horizontal']) {
        const filters = [{ kind, isOn: true, weight: 0.7, parameter: 1.5 }];
        const expected = applied(values, height, width, filters);
        state.filters = filters;
        const found = picture.theRenderer().filtered(picture.scene(), { y: 0, x: 0, height, width });
        for (let i = 0; i < found.length; i += 1) worst = Math.max(worst, Math.abs(found[i] - expected[i]));
      }
      return worst;
    }""")
    assert difference < 1e-3


def test_the_scale_bar_is_right(app):
    label = app.page.locator(".scalebar").get_attribute("aria-label")
    width = app.page.locator(".scalebar").bounding_box()["width"]
    nm = float(label.split()[2])
    assert abs(width / app.state("state.view.zoom") * 1.0 - nm) < 0.5, "one voxel is one nm"


def test_the_position_and_value_under_the_pointer(app):
    app.move(128, 100)
    app.until("state.cursor.value < -30")
    expect(app.page.locator(".status")).to_contain_text(re.compile(r"(?=.*100)(?=.*128)(?=.*Å)", re.DOTALL))


def test_a_slab_is_asked_for(app, server):
    app.page.get_by_label("Average over slices").click()
    app.page.get_by_role("menuitemradio", name="5 slices", exact=True).click()
    app.until("state.shown.key.split(' ').at(-2) === '5'")


def test_versions_flip_at_the_same_place(app):
    before = app.at(100, 100)
    app.press("r")
    app.until(f"state.version === {app.snapshot()['datasets'][0]['versions'][1]['id']}")
    app.wait_shown()
    assert app.at(100, 100) == before
    around = [brightness(app, y, x) for y, x in ((40, 40), (60, 90), (200, 60), (220, 200))]
    app.eventually(lambda: brightness(app, 128, 128) < min(around), "the disc is where it was")
    app.drag([(60, 60), (60, 120)])
    app.press("r")
    app.wait_shown()
    app.press("o", "o")
    app.painted((60, 90))


def test_views_from_the_side(app):
    app.press("u")
    expect(app.page.locator(".side canvas")).to_have_count(2)
    greys = lambda: app.page.evaluate("""() => [...document.querySelectorAll('.side canvas')].map((canvas) => {
      const gl = canvas.getContext('webgl2'); const out = new Uint8Array(4 * 100);
      gl.readPixels(canvas.width / 2 - 5, canvas.height / 2 - 5, 10, 10, gl.RGBA, gl.UNSIGNED_BYTE, out);
      return new Set(out).size; })""")
    app.eventually(lambda: all(count > 3 for count in greys()), "the slices from the side")
    app.press("u")
    expect(app.page.locator(".side")).to_have_count(0)


def test_scrolling_through_slices_never_blanks(app):
    app.move(100, 100)
    for _ in range(30):
        app.page.mouse.wheel(0, 100)
        assert sum(app.pixel(60, 60)) > 0


def test_a_lost_graphics_context_comes_back(app):
    app.drag([(60, 60), (60, 120)])
    app.page.evaluate("""async () => { const gl = document.querySelector('.pic .slice').getContext('webgl2');
      const lose = gl.getExtension('WEBGL_lose_context'); lose.loseContext(); await new Promise((go) => setTimeout(go, 100)); lose.restoreContext(); }""")
    app.painted((60, 90))
    app.eventually(lambda: brightness(app, 30, 60) > 20)


def test_small_buttons_and_a_field_zoom(app):
    before = app.state("state.view.zoom")
    app.page.get_by_label("Zoom in").click()
    app.until(f"state.view.zoom > {before}")
    app.page.get_by_label("Zoom out").click()
    app.until(f"Math.abs(state.view.zoom - {before}) < 1e-9")
    app.page.get_by_label("Zoom", exact=True).fill("400")
    app.page.keyboard.press("Enter")
    app.until("Math.abs(state.view.zoom - 4) < 1e-6")


def test_a_crop_is_moved_by_its_line(app):
    app.press("c")
    app.until("state.crop !== null")
    crop = app.state("state.crop")
    app.drag([(crop["y"] - 0.5, crop["x"] + 96), (crop["y"] + 19.5, crop["x"] + 96)])
    app.until(f"state.crop.y === {crop['y'] + 20} && state.crop.height === {crop['height']}")
    app.eventually(lambda: brightness(app, 2, 128) < 200, "what is left out is dim")


def test_filters_are_added_changed_switched_and_removed(app):
    for name in ("Gaussian", "Offset Gaussian", "Box", "Sobel, vertical", "Sobel, horizontal"):
        app.page.get_by_label("Add filter").click()
        app.page.get_by_role("menuitem", name=name, exact=True).click()
    app.becomes(lambda: [f["kind"] for f in app.state("state.filters")], ["gaussian", "offset-gaussian", "box", "sobel-vertical", "sobel-horizontal"])
    app.page.get_by_label("Kind of filter").first.click()
    app.page.get_by_role("menuitemradio", name="Box", exact=True).first.click()
    app.page.get_by_label("Weight, value").first.fill("-0.5")
    app.page.keyboard.press("Enter")
    app.page.get_by_label("Gaussian on").first.click()
    app.until("state.filters[0].kind === 'box' && state.filters[0].weight === -0.5 && !state.filters[1].isOn")
    app.page.get_by_label("Remove the filter").first.click()
    app.until("state.filters.length === 4")


def test_the_flood_brush_takes_what_the_filters_show(app):
    app.press("n", "f")
    app.page.evaluate("async () => { const t = await import('/app/tools.js'); t.setRadius(45); }")
    app.click(128, 128)
    app.eventually(lambda: app.annotations()["slices"])
    plain = app.annotations()["slices"][0]["pixels"]
    app.press("Control+z")
    app.eventually(lambda: not app.annotations()["slices"])
    app.page.get_by_label("Add filter").click()
    app.page.get_by_role("menuitem", name="Gaussian", exact=True).click()
    app.page.get_by_label("σ, value").fill("8")
    app.page.keyboard.press("Enter")
    app.until("state.filters[0]?.parameter === 8")
    app.page.locator(".pic").focus()
    app.click(128, 128)
    app.eventually(lambda: app.annotations()["slices"])
    assert app.annotations()["slices"][0]["pixels"] != plain
    value = app.state("state.cursor.value")
    app.press("z")
    app.until("!state.filtersAreOn")
    app.move(128, 128)
    assert app.state("state.cursor.value") == value, "the value under the pointer stays that of the file"


def test_a_picture_that_moves_has_fewer_pixels_where_the_processor_draws_and_its_lines_stay(app):
    """Tests run without a graphics card."""
    app.press("n", "g")
    app.click(100, 100)
    app.move(150, 150)
    app.wait_shown()
    found = app.page.evaluate("""async () => {
      const { state } = await import('/app/state.js');
      const { goToSlice } = await import('/app/datasets.js');
      const canvas = document.querySelector('.pic .slice'), over = document.querySelector('.pic .over').getContext('2d');
      const frame = () => new Promise((go) => requestAnimationFrame(go));
      const whole = canvas.width;
      let cleared = 0;
      const clear = over.clearRect.bind(over);
      over.clearRect = (...part) => { cleared += 1; clear(...part); };
      const until = async (test) => { for (const end = performance.now() + 20000; !test() && performance.now() < end;) await frame(); };
      const shown = (slice) => {
        goToSlice(slice);
        return until(() => state.shown.slice === slice && !state.shown.isLate);
      };
      // Slices without boxes have the same lines: none but the ghost of a box.
      await shown(20);
      await frame();
      await frame();
      cleared = 0;
      const first = canvas.width;
      for (let step = 0; step < 500 && canvas.width === whole; step += 1) {
        goToSlice(21 + step % 9);
        await frame();
      }
      const moving = canvas.width;
      goToSlice(30);
      await until(() => state.shown.slice === 30 && !state.shown.isLate);
      await until(() => canvas.width === whole);
      return { whole, first, moving, last: canvas.width, cleared };
    }""")
    whole = found["whole"]
    assert found["first"] == whole, "one step is drawn whole"
    assert found["moving"] == round(whole / 2), found
    assert found["last"] == whole
    assert found["cleared"] <= 2, "drawn once at most, in two parts"
    # And what is seen then is the slice, in all its pixels.
    assert app.state("[state.shown.slice, state.shown.isLate]") == [30, False]
    values = {app.pixel(y, x)[0] for y in range(60, 90, 3) for x in range(60, 90, 3)}
    assert len(values) > 10
