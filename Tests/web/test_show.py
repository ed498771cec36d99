"""Shown from outside: the page that was used last goes to what `ais open` names, the others offer it."""

import os
import subprocess

from playwright.sync_api import expect

import program


def show(server, name, *options):
    """`ais open`, as in a terminal on the same machine."""
    environment = {**os.environ, "XDG_STATE_HOME": str(server.state), "XDG_DATA_HOME": str(server.state)}
    path = next(path for root in server.roots for path in root.glob(name))
    done = subprocess.run([program.BINARY, "open", path, "--no-open", *options], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def place(app):
    return app.state("[state.registers.get('dataset', state.dataset)?.name, state.slice]")


def test_the_page_that_was_used_last_goes_there(people, server):
    one, two = people().open(), people(author="Sam Okafor").open()
    two.page.bring_to_front()
    two.click(200, 200)
    one.click(200, 200)
    # A place that is new is told with the key that led there: seen by the other, it is with the server.
    two.press("ArrowRight")
    one.until("state.people.some((person) => person.slice === 21)")
    one.press("ArrowRight")
    two.until("state.people.filter((person) => person.slice === 21).length === 2")
    assert "'lam_003' is shown" in show(server, "lam_003.mrc", "--slice", "12")
    one.becomes(lambda: place(one), ["lam_003", 12], "the tomogram and slice")
    one.wait_shown()
    expect(one.page.get_by_role("button", name="Back")).to_be_visible()
    # The other stays where it is, and goes there when it is told to.
    notice = two.page.get_by_role("status").filter(has_text="lam_003, slice 12, was asked for from outside")
    expect(notice).to_be_visible()
    assert place(two)[0] == "lam_001"
    notice.get_by_role("button", name="Show here").click()
    two.becomes(lambda: place(two), ["lam_003", 12], "the tomogram and slice")
    one.page.get_by_role("button", name="Back").click()
    one.becomes(lambda: place(one)[0], "lam_001", "the tomogram of before")


def test_what_is_asked_for_waits_for_the_end_of_a_stroke(app, server):
    app.press("n")
    app.move(100, 100)
    app.page.mouse.down()
    app.move(110, 120, steps=4)
    show(server, "lam_003.mrc", "--slice", "12")
    app.page.wait_for_timeout(300)
    assert place(app) == ["lam_001", 20]
    app.move(130, 140, steps=4)
    app.page.mouse.up()
    app.becomes(lambda: place(app), ["lam_003", 12], "the tomogram and slice")
    app.eventually(lambda: app.mask(20)[130][140], "the whole stroke where it was painted")
    # The same tomogram, from the task in which no picture is shown.
    app.press("3")
    show(server, "lam_003.mrc", "--slice", "14")
    app.becomes(lambda: place(app), ["lam_003", 14], "the slice")
    assert app.state("state.task") == "annotate"


def test_another_project_is_opened_in_the_page(app, server):
    folder = server.project.parent / "other"
    folder.mkdir()
    program.write_mrc(folder / "far_01.mrc", bytes(4 * 32 * 32 * 4), 4, 32, 32, 10)
    server.roots = [*server.roots, folder]
    show(server, "far_01.mrc", "--slice", "3")
    app.becomes(lambda: place(app), ["far_01", 3], "the tomogram of another project")
    assert app.state("state.project.name") == "other"
