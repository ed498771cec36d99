"""The window: names for all that can be pressed, themes, sizes, keys between its parts, messages."""

import re

import pytest
from playwright.sync_api import expect


def overflow(app):
    """Elements that reach over the window, or whose words are cut without an ellipsis."""
    return app.page.evaluate("""() => {
      const found = [];
      for (const element of document.querySelectorAll('.app *')) {
        const box = element.getBoundingClientRect(), style = getComputedStyle(element);
        if (!box.width || !box.height || style.visibility === 'hidden' || element.closest('svg, .vh, .pic, .side, .scroll, .viewpanel')) continue;
        const name = `${element.tagName}.${element.className} ${(element.textContent || '').slice(0, 30)}`;
        if (box.right > innerWidth + 0.5 || box.bottom > innerHeight + 0.5 || box.left < -3.5 || box.top < -0.5) found.push(`outside: ${name}`);
        const cuts = style.overflowX !== 'visible' && style.textOverflow !== 'ellipsis' && !/INPUT|SELECT/.test(element.tagName);
        if (cuts && element.scrollWidth > element.clientWidth + 1 && element.children.length === 0) found.push(`cut: ${name}`);
      }
      return found;
    }""")


def test_everything_that_can_be_pressed_has_a_name(app):
    app.drag([(60, 60), (60, 120)])
    for sheet in (None, "settings", "keys", "history", "library", "jobs", "paths", "tomogram", "export", "checkup", "files"):
        if sheet:
            app.page.evaluate("async (kind) => { const { openSheet } = await import('/app/commands.js'); openSheet(kind, kind === 'files' ? { purpose: 'open' } : {}); }", sheet)
            app.page.wait_for_selector(".sheet")
            app.rest()
        nameless = app.page.evaluate("""() => [...document.querySelectorAll('button, input, select, [role=slider], [role=option], [role=application], [role=dialog], [tabindex="0"]')]
          .filter((e) => !(e.getAttribute('aria-label') || e.textContent.trim() || e.title || e.closest('label')?.textContent.trim())).map((e) => e.outerHTML.slice(0, 120))""")
        assert nameless == [], sheet
    untold = app.page.evaluate("() => [...document.querySelectorAll('.ib')].filter((e) => !e.title).map((e) => e.outerHTML)")
    assert untold == [], "a button with a picture says on hover what it does"


def test_landmarks_and_the_keys_between_them(app):
    for role in ("banner", "navigation", "main", "contentinfo"):
        expect(app.page.get_by_role(role)).to_have_count(1)
    expect(app.page.get_by_role("complementary")).to_have_count(2)
    app.page.locator(".pic").focus()
    seen = set()
    for _ in range(10):
        app.press("F6")
        seen.add(app.page.evaluate("document.activeElement.closest('[data-region]')?.className.split(' ')[0]"))
    assert {"top", "left", "pic", "slices", "right"} <= seen
    app.page.get_by_label("Search tomograms").click()
    app.press("Escape")
    expect(app.page.locator(".pic"), "Esc leads back to the picture").to_be_focused()
    app.press("1")
    expect(app.page.locator(".pic")).to_be_focused()


def test_what_is_shown_is_spoken_after_a_rest(app):
    app.drag([(60, 60), (60, 120)])
    app.press("ArrowRight", "ArrowLeft")
    app.eventually(lambda: app.page.evaluate("document.querySelector('[aria-live=polite]').textContent.includes('Slice 20. Feature 1 painted')"))
    expect(app.page.locator(".pic")).to_have_attribute("aria-label", re.compile("Feature 1 painted"))


@pytest.mark.parametrize("size", [(1024, 768), (1280, 800), (1440, 900), (1920, 1080)])
def test_nothing_is_cut_or_outside_the_window(people, size):
    app = people(size=size).open()
    app.drag([(60, 60), (60, 120)])
    app.becomes(lambda: overflow(app), [])
    box = app.page.locator(".pic").bounding_box()
    least = {1024: (700, 600), 1280: (680, 640), 1440: (830, 740), 1920: (1230, 900)}[size[0]]
    assert box["width"] >= least[0] and box["height"] >= least[1], "the picture has the room"
    if size[0] == 1024:
        app.press("t")
        app.page.wait_for_selector(".left.open .tomo")
        app.press("Escape")
        expect(app.page.locator(".left.open")).to_have_count(0)
        app.page.get_by_label("Views from the side (U)").click()
        expect(app.page.locator(".side.xz canvas")).to_be_visible()


def test_dark_and_light(app):
    def ground():
        return app.page.evaluate("getComputedStyle(document.querySelector('.right')).backgroundColor")

    dark = ground()
    app.page.get_by_label("Dark or light").click()
    app.eventually(lambda: ground() != dark and app.page.evaluate("document.documentElement.dataset.theme") == "light")
    app.eventually(lambda: min(app.pixel(128, -8)) > 180, "the room around the slice too")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_words_stand_out_from_their_ground(people, theme):
    app = people(theme=theme).open()
    app.drag([(60, 60), (60, 120)])
    app.eventually(lambda: app.annotations()["slices"])
    weak = app.page.evaluate("""() => {
      const part = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
      const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
      const numbers = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
      const found = [];
      for (const element of document.querySelectorAll('.app *')) {
        if (![...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || element.closest('.pic, [aria-disabled], .off, .vh')) continue;
        let ground = [0, 0, 0, 0], at = element;
        while (at && !(ground[3] > 0)) { const c = numbers(getComputedStyle(at).backgroundColor); ground = [c[0], c[1], c[2], c[3] ?? 1]; at = at.parentElement; }
        const ink = numbers(getComputedStyle(element).color), a = light(ink), b = light(ground);
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < 4.5) found.push(`${ratio.toFixed(2)} ${element.className} ${element.textContent.slice(0, 20)}`);
      }
      return found;
    }""")
    assert weak == []


def test_columns_are_dragged_hidden_and_put_back(app):
    edge = app.page.locator(".edge-left").bounding_box()
    before = app.page.locator(".left").bounding_box()["width"]
    app.page.mouse.move(edge["x"] + 3, 300)
    app.page.mouse.down()
    app.page.mouse.move(edge["x"] + 103, 300, steps=3)
    app.page.mouse.up()
    app.eventually(lambda: app.page.locator(".left").bounding_box()["width"] > before + 80)
    app.page.locator(".edge-left").dblclick()
    app.becomes(lambda: app.page.locator(".left").bounding_box()["width"], before)
    app.page.locator(".pic").focus()
    app.press("\\")
    expect(app.page.locator(".right")).to_be_hidden()


def test_errors_stay_until_they_are_closed_and_are_copied(app):
    app.context.grant_permissions(["clipboard-read", "clipboard-write"])
    app.page.evaluate("async () => { const { complain, state } = await import('/app/state.js'); state.session.log = '/data/ais.log'; complain('The file is gone.'); }")
    app.page.wait_for_selector("[role=alert] >> text=The file is gone.")
    app.page.evaluate("async () => (await import('/app/state.js')).tell('Something else happened.')")
    expect(app.page.get_by_role("alert"), "what is said in passing does not hide it").to_be_visible()
    app.page.get_by_role("button", name="Copy", exact=True).click()
    app.eventually(lambda: app.page.evaluate("navigator.clipboard.readText()") == "The file is gone.")
    app.page.get_by_role("button", name="Log").click()
    app.eventually(lambda: app.page.evaluate("navigator.clipboard.readText()") == "/data/ais.log")
    app.page.locator("[role=alert]").get_by_label("Close").click()
    expect(app.page.locator("[role=alert]")).to_have_count(0)


def test_the_path_is_copied(app):
    app.context.grant_permissions(["clipboard-read", "clipboard-write"])
    app.page.get_by_label("More for lam_001").click()
    app.page.get_by_role("menuitem", name="Copy the path").click()
    app.eventually(lambda: app.page.evaluate("navigator.clipboard.readText()").endswith("lam_001.mrc"))


def test_a_moment_gets_a_mark_in_the_history(app):
    app.press("Control+s")
    app.page.wait_for_selector("text=Everything is saved already.")
    app.press("h")
    app.page.wait_for_selector(".entry >> text=/^Bookmark/")


def test_text_grows_and_numbers_may_begin_at_one(app):
    app.page.get_by_label("Settings", exact=True).click()
    before = app.page.locator(".status").bounding_box()["height"]
    app.page.get_by_label("Size of text, value").fill("150")
    app.page.keyboard.press("Enter")
    app.page.get_by_label("Count from").get_by_role("radio", name="1").click()
    app.eventually(lambda: app.page.locator(".status").bounding_box()["height"] > before)
    expect(app.page.get_by_label("Slice number")).to_have_value("21")
    app.press("Escape")
    app.eventually(lambda: all("outside" not in item for item in overflow(app)), "nothing outside the window")


def test_single_letters_can_be_switched_off(app):
    app.press("?")
    app.page.get_by_text("Keys of a single letter").click()
    app.press("Escape")
    app.page.locator(".pic").focus()
    app.press("i")
    app.press("ArrowRight")
    app.until("state.slice === 21")
    assert not app.state("state.contrast.isInverted")


def test_the_help_is_searched_for_keys_and_mouse(app):
    app.press("?")
    app.page.get_by_label("Search keys").fill("erase")
    app.eventually(lambda: 2 <= app.page.locator(".keyrow").count() < 20)
    expect(app.page.locator(".keyrow", has_text="Right drag")).to_have_count(1)
    app.page.get_by_label("Search keys").fill("ctrl+shift+z")
    expect(app.page.locator(".keyrow", has_text=re.compile("Redo"))).to_have_count(1)
