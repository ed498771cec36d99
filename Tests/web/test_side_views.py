"""Views from the side, and a second picture over the slice."""


def side_pixels(app, axis, count=10):
    """How many grey values a view from the side has, how many coloured pixels, and a sum that tells pictures apart."""
    return app.page.evaluate("""async ([axis, count]) => {
      for (let frame = 0; frame < 2; frame += 1) await new Promise((go) => requestAnimationFrame(go));
      const canvas = document.querySelector(`.side.${axis} canvas`), gl = canvas.getContext('webgl2');
      const out = new Uint8Array(4 * canvas.width * canvas.height);
      gl.readPixels(0, 0, canvas.width, canvas.height, gl.RGBA, gl.UNSIGNED_BYTE, out);
      let coloured = 0, sum = 0; const greys = new Set();
      for (let i = 0; i < out.length; i += 4) {
        sum = (31 * sum + out[i]) % 1000003;
        if (Math.max(out[i], out[i + 1], out[i + 2]) - Math.min(out[i], out[i + 1], out[i + 2]) > 25) coloured += 1;
        greys.add(out[i]);
      }
      return [greys.size, coloured, sum];
    }""", [axis, count])


def side_place(app, axis, z, along):
    """Where slice `z` and the point `along` the row or column lie on the screen."""
    box = app.page.locator(f".side.{axis}").bounding_box()
    view = app.state("({ slice: state.slice, zoom: state.view.zoom, y: state.view.centre.y, x: state.view.centre.x })")
    depth, other = (z - view["slice"]) * view["zoom"], (along - view["x" if axis == "xz" else "y"]) * view["zoom"]
    right, down = (other, depth) if axis == "xz" else (depth, other)
    return box["x"] + box["width"] / 2 + right, box["y"] + box["height"] / 2 + down


def open_sides(app):
    app.press("u")
    app.page.wait_for_selector(".side.xz canvas")
    app.eventually(lambda: app.page.evaluate("document.querySelectorAll('.side canvas').length === 2"))
    app.eventually(lambda: side_pixels(app, "xz")[0] > 3 and side_pixels(app, "yz")[0] > 3, "the views from the side")


def test_what_is_painted_shows_in_the_views_from_the_side(app):
    app.drag([(128, 60), (128, 200)])
    app.eventually(lambda: app.annotations()["slices"])
    app.move(128, 128)
    open_sides(app)
    app.eventually(lambda: side_pixels(app, "xz")[1] > 20, "the stroke in XZ")
    app.eventually(lambda: side_pixels(app, "yz")[1] > 0, "the stroke in YZ")


def test_painting_in_a_view_from_the_side_paints_the_slices_that_it_crosses(app):
    app.press("n")
    app.move(128, 128)
    open_sides(app)
    x, y = side_place(app, "xz", 20, 100)
    x1, y1 = side_place(app, "xz", 24, 100)
    app.page.mouse.move(x, y)
    app.page.mouse.down()
    app.page.mouse.move(x1, y1, steps=4)
    app.page.mouse.up()
    app.eventually(lambda: {20, 21, 22, 23, 24} <= {item["slice"] for item in app.annotations()["slices"]}, "all slices")
    row = app.state("state.ortho.y")
    for slice_ in (20, 22, 24):
        mask = app.mask(slice_)
        assert mask[row][100] and not any(mask[row - 1]) and not any(mask[row + 1]), "one voxel thick"
    app.eventually(lambda: side_pixels(app, "xz")[1] > 20, "the stroke in XZ")
    app.press("Control+z")
    app.eventually(lambda: app.annotations()["slices"] == [], "one step of undo")
    x, y = side_place(app, "yz", 20, 90)
    app.page.mouse.move(x, y)
    app.page.mouse.down()
    app.page.mouse.up()
    column = app.state("state.ortho.x")
    app.eventually(lambda: app.mask(20)[90][column], "the view along X")


def test_the_cross_moves_all_three_views(app):
    app.move(128, 128)
    open_sides(app)
    x, y = side_place(app, "xz", 10, 50)
    app.page.keyboard.down("Alt")
    app.page.mouse.click(x, y)
    app.page.keyboard.up("Alt")
    app.until("state.slice === 10 && state.ortho.x === 50")
    app.page.mouse.wheel(0, 100)
    app.until("state.ortho.y === 129")
    app.page.keyboard.down("Alt")
    app.click(60, 70)
    app.page.keyboard.up("Alt")
    app.until("state.ortho.y === 60 && state.ortho.x === 70")


def test_a_second_picture_lies_over_the_slice_with_opacity_colour_and_blend(app):
    before = app.pixel(30, 30)
    app.page.get_by_label("Overlay", exact=True).first.click()
    app.page.get_by_role("menuitemradio", name="lam_003").first.click()
    app.eventually(lambda: app.state("state.overlayShown !== null"), "the overlay's slice")

    def most():
        return max(pixel[1] - pixel[0] for pixel in (app.pixel(y, x) for y in (30, 50, 70, 200) for x in (30, 45, 60, 210)))

    app.eventually(lambda: most() > 40, "green where it is bright")
    app.press("Shift+O")
    app.becomes(lambda: app.pixel(30, 30), before)
    app.press("Shift+O")
    app.page.get_by_role("radio", name="Multiply").click()
    app.eventually(lambda: all(now <= then for now, then in zip(app.pixel(30, 30), before)) and app.pixel(30, 30) != before, "darker, never brighter")
    app.page.get_by_label("Overlay, value").fill("0")
    app.page.keyboard.press("Enter")
    app.becomes(lambda: app.pixel(30, 30), before)


def hold_sharp_views(app):
    """Requests for views along X that may not be sketches wait in the list."""
    held = []
    app.page.route("**/slices/yz/**", lambda route: route.continue_() if "sketch=1" in route.request.url else held.append(route))
    return held


def test_a_view_along_x_is_coarse_at_once_and_sharp_when_it_is_ready(app):
    app.move(128, 128)
    held = hold_sharp_views(app)
    app.press("u")
    app.eventually(lambda: held, "the sharp view is asked for")
    app.eventually(lambda: side_pixels(app, "yz")[0] > 3, "the coarse view")
    coarse = side_pixels(app, "yz")[2]
    app.eventually(lambda: side_pixels(app, "xz")[0] > 3, "the other view waits for nobody")
    for route in held:
        route.continue_()
    app.eventually(lambda: side_pixels(app, "yz")[2] != coarse, "the sharp view")


def test_views_along_x_that_are_passed_by_are_called_off(app):
    app.move(128, 128)
    open_sides(app)
    held, failed = hold_sharp_views(app), []
    app.page.on("requestfailed", lambda request: failed.append(request.url))
    box = app.page.locator(".side.yz").bounding_box()
    app.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for number in range(1, 4):
        app.page.mouse.wheel(0, 100)
        app.eventually(lambda: len(held) == number, "a view is asked for")
    app.eventually(lambda: sum("/slices/yz/" in url for url in failed) >= 2, "two of three are called off")
    column = app.state("state.ortho.x")
    assert f"/yz/{column}/" in held[-1].request.url and held[-1].request.url not in failed
    held[-1].continue_()
    app.page.unroute_all(behavior="ignoreErrors")
