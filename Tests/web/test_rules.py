"""Competition and rules between models on the page: what they leave, turned around, ordered, chosen in place, and the keys afterwards."""

import re

from playwright.sync_api import expect

from test_models import FIXTURES, app, bring, cells, model, models, said, seen  # noqa: F401


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


def test_competition_and_rules_change_what_is_shown_and_a_key_shows_the_raw_result(app):
    first = bring(app)
    second = bring(app)
    app.press("2")
    app.eventually(lambda: len(models(app)) == 2)
    names = [m["title"] for m in models(app)]
    seen(app)
    raw = app.state(f"state.predicted.get({first}).pixels")
    assert raw > 500
    app.page.get_by_role("button", name=re.compile("^Rules")).click()
    app.page.get_by_label("New rule").click()
    expect(app.page.locator(".ruleitem")).to_have_count(1)
    app.eventually(lambda: app.get("/models")["rules"])
    rule = app.get("/models")["rules"][0]
    child, parent = rule["child"], rule["parent"]
    assert {child, parent} == {first, second} and rule["kind"] == "avoid"
    # A network avoids what it finds itself under another name: nothing is left.
    app.becomes(lambda: app.state(f"state.predicted.get({child}).pixels"), 0, "pixels after the rule")
    expect(app.page.locator(".plates")).to_contain_text("100 % less")
    app.page.locator(".pic").focus()
    app.page.keyboard.down("r")
    app.becomes(lambda: app.state(f"state.predicted.get({child}).pixels"), raw, "pixels as long as the key is held")
    app.page.keyboard.up("r")
    app.becomes(lambda: app.state(f"state.predicted.get({child}).pixels"), 0, "pixels when it is let go")
    app.page.get_by_role("radio", name="Raw").click()
    app.becomes(lambda: app.state(f"state.predicted.get({child}).pixels"), raw, "raw")
    app.page.get_by_role("radio", name="Final").click()
    # Only near: everything is kept.
    app.page.get_by_label("What the rule does").select_option("colocalize")
    app.becomes(lambda: app.state(f"state.predicted.get({child}).pixels"), raw, "pixels near themselves")
    app.page.get_by_label("Above, value").fill("1")
    app.page.keyboard.press("Enter")
    app.eventually(lambda: app.state(f"state.predicted.get({child}).pixels") == 0, "nothing is above 1")
    expect(app.page.locator(".rulegraph")).to_have_attribute("aria-label", re.compile(" only near "))
    app.page.locator(".lay.model").nth(names.index(next(m["title"] for m in models(app) if m["id"] == parent))).click()
    app.page.get_by_label("Active", exact=True).click()
    # A partner that takes no part never erases.
    app.becomes(lambda: app.state(f"state.predicted.get({child}).pixels"), raw, "pixels while the partner is not active")


def test_competition_gives_the_pixel_to_the_highest_value(app):
    first = bring(app)
    second = bring(app, FIXTURES / "interactions" / "Film.scnm")
    app.press("2")
    app.eventually(lambda: len(models(app)) == 2)
    seen(app)
    for title in [m["title"] for m in models(app)]:
        app.page.locator(".lay.model", has_text=title).click()
        for name in ("Emits", "Absorbs"):
            app.page.get_by_label(name, exact=True).click()
        app.eventually(lambda: model(app, title)["emits"] and model(app, title)["absorbs"])
    app.rest()
    seen(app)
    own, other = said(app, first), said(app, second)
    left = said(app, first, layer="competed")
    assert all(mine == theirs or now == (mine if mine > theirs else 0) for now, mine, theirs in zip(left, own, other)), "the highest keeps the pixel"
    least = int(255 * model(app, "MembraneC")["threshold"])
    app.becomes(lambda: app.state(f"state.predicted.get({first}).pixels"), sum(v > least for v in left), "what competition left")


def test_rules_are_ordered_by_drag_and_keys_and_removed_with_undo(app):
    bring(app)
    bring(app)
    bring(app)
    app.press("2")
    app.eventually(lambda: len(models(app)) == 3)
    app.page.get_by_role("button", name=re.compile("^Rules")).click()
    for count in (1, 2, 3):
        app.page.get_by_label("New rule").click()
        expect(app.page.locator(".ruleitem")).to_have_count(count)
    app.rest()

    def order():
        return [rule["id"] for rule in sorted(app.get("/models")["rules"], key=lambda rule: rule["position"])]

    before = order()
    app.page.locator(".ruleitem").nth(2).drag_to(app.page.locator(".ruleitem").nth(0))
    app.becomes(order, [before[2], before[0], before[1]], "the order after dragging")
    app.page.locator(".ruleitem").nth(0).focus()
    app.page.keyboard.press("Alt+ArrowDown")
    app.becomes(order, [before[0], before[2], before[1]], "the order after Alt and arrow")
    # The counts of the new order change the height of rows: a button must not move under the pointer.
    seen(app)
    app.rest()
    app.page.get_by_label("Remove rule 1").click()
    expect(app.page.locator(".ruleitem")).to_have_count(2)
    app.page.get_by_role("button", name="Undo", exact=True).click()
    expect(app.page.locator(".ruleitem")).to_have_count(3)
    app.page.get_by_label("Radius, value").fill("5")
    app.page.keyboard.press("Enter")
    app.eventually(lambda: any(rule["radiusNanometer"] == 5 for rule in app.get("/models")["rules"]))
