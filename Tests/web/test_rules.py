"""Rules between models and their rows on the page: turned around, chosen in place, and the keys afterwards."""

import re

from playwright.sync_api import expect

from test_models import app, bring, cells  # noqa: F401


def test_a_rule_between_two_models_is_turned_around(app):  # noqa: F811
    first, second = bring(app), bring(app)
    with app.ask(f"/api/projects/{app.project}/edits", {"id": "name", "edits": [{"kind": "change-model", "model": second, "title": "Other"}]}):
        pass
    app.press("2")
    app.until("state.registers.list('model').some(({ title }) => title === 'Other')")
    app.page.get_by_role("button", name=re.compile("^Rules")).click()
    app.page.get_by_label("New rule").click()
    app.eventually(lambda: app.get("/models")["rules"])

    def ends():
        rule = app.get("/models")["rules"][0]
        return rule["child"], rule["parent"]

    before = ends()
    assert set(before) == {first, second}
    app.page.get_by_label("The model that is changed").select_option(str(before[1]))
    app.becomes(ends, before[::-1], "the rule turned around")


def test_rows_stay_where_they_are_when_one_is_chosen(app):  # noqa: F811
    annotated = [{"kind": "create-feature", "title": f"F{n}"} for n in range(3)]
    first, second = bring(app), bring(app)
    rules = [{"kind": "create-rule", "manner": "avoid", "child": child, "parent": parent, "radiusNanometer": 3} for child, parent in ((first, second), (second, first))]
    with app.ask(f"/api/projects/{app.project}/edits", {"id": "all", "edits": [*annotated, *rules]}):
        pass
    app.until("state.registers.list('rule').length === 2 && state.registers.list('feature').length === 3")
    app.press("2")
    rows = app.page.locator(".lay.model, .ruleitem")

    def places():
        app.frames()
        return [row.bounding_box()["y"] for row in rows.all()]

    app.page.get_by_role("button", name=re.compile("^Rules")).click()
    expect(rows).to_have_count(4)
    before = places()
    for number in (1, 3, 0, 2):
        rows.nth(number).click()
        expect(rows.nth(number)).to_have_class(re.compile(r"\bon\b"))
        assert places() == before, f"row {number} was chosen"
    # What is chosen is in the inspector, whichever section is unfolded.
    expect(app.page.get_by_label("What the rule does")).to_be_visible()
    rows.nth(0).click()
    expect(app.page.get_by_role("group", name=re.compile("^Model "))).to_be_visible()
    app.page.get_by_role("button", name=re.compile("^Training set(?!s)")).click()
    expect(app.page.get_by_role("list", name="Features of the training set")).to_be_visible()
    expect(rows).to_have_count(2)


def test_letters_work_at_once_after_a_choice_from_a_list(app):  # noqa: F811
    for _ in range(2):
        bring(app)
    app.press("2")
    app.page.get_by_role("button", name=re.compile("^Rules")).click()
    app.page.get_by_label("New rule").click()
    kind = app.page.get_by_label("What the rule does")
    # Chosen with the pointer: the keys are the picture's again.
    kind.dispatch_event("pointerdown")
    kind.focus()
    kind.select_option("colocalize")
    app.press("g")
    assert app.state("state.tool") == "box"
    expect(app.page.locator(".pic")).to_be_focused()
    # By keyboard the list keeps them, and Esc gives them back.
    kind.focus()
    app.page.keyboard.press("ArrowUp")
    app.eventually(lambda: app.get("/models")["rules"][0]["kind"] == "avoid")
    expect(kind).to_be_focused()
    app.press("b")
    assert app.state("state.tool") == "box", "a letter is the list's as long as it has the focus"
    app.press("Escape", "b")
    assert app.state("state.tool") == "brush"
