"""The whole way of the page in one piece, on tomograms whose truth is known: annotations, training that is watched, correction, a second
network and a rule, a run, picking; and what is in the files that come out of it."""

import pathlib
import time

import mrcfile
import numpy
import program
import pytest
import starfile

import loop
import truth
from conftest import App
from test_models import model, models, said
from test_training import can_train, give_up, trainings


@pytest.fixture
def whole(browser, tmp_path):
    """The steps, on the page of a folder that was never opened before."""
    program.require()
    if not truth.SHARED.is_dir():
        pytest.skip(f"'{truth.SHARED}' is not there")
    running = loop.start(tmp_path / "cells")
    try:
        app = App(browser, running).open()
        can_train(app)
        yield loop.Loop(app)
        give_up(app)
        app.context.close()
        assert app.problems == []
    finally:
        running.stop()


class Clock:
    """Says how long each step took and what came out of it (`pytest -s` shows it)."""

    def __init__(self):
        self.last = time.monotonic()

    def tell(self, step, **figures):
        now = time.monotonic()
        print(f"{step}: {now - self.last:.1f} s" + "".join(f", {name} {value:.3g}" for name, value in figures.items()), flush=True)
        self.last = now


HELD_OUT = range(2, 64, 4)
"""Slices of the second tomogram, of which no network learnt anything but what is taken over in one of the others."""
TAKEN = 32


def membranes(whole, title="Membrane", layer="raw"):
    """Where a network finds something in those slices, and where membranes are."""
    found = [whole.found(title, "cell_d", slice_, layer) for slice_ in HELD_OUT]
    return found, [whole.truth["cell_d"][slice_] == truth.MEMBRANE for slice_ in HELD_OUT]


def test_the_whole_loop_from_annotations_to_coordinates(whole):
    app, clock = whole.app, Clock()
    assert app.features() == []
    whole.import_annotations()
    whole.paint_complexes()
    right = [whole.truth["cell_c"][slice_] == truth.COMPLEX for slice_ in (16, 22, 32)]
    balls = [numpy.array(app.mask(slice_, whole.feature("FAS"), whole.dataset("cell_c")["id"])) for slice_ in (16, 22, 32)]
    assert truth.errors(balls, right)["recall"] > 0.9, "balls lie on the complexes"
    clock.tell("annotations")

    # The first network, watched while it learns.
    whole.make_set()
    whole.train()
    overlays = whole.watch()
    assert len(set(overlays)) >= 2 and all(overlays), "the overlay changed while it learnt"
    whole.stop()
    first = trainings(app)[0]
    assert first["state"] == "stopped" and loop.EPOCHS <= first["epoch"] < first["epochs"]
    assert 1 <= first["best"]["epoch"] <= first["epoch"]
    clock.tell("first training", epochs=first["epoch"])

    # Applied where nobody painted, in another tomogram.
    whole.go_to(30, "cell_d")
    whole.shown()
    least = int(255 * models(app)[0]["threshold"])
    values = said(app, models(app)[0]["id"], 30, "raw", whole.dataset("cell_d")["id"], whole.dataset("cell_d")["versions"][0]["id"])
    app.becomes(lambda: app.state(f"state.predicted.get({models(app)[0]['id']}).pixels"), sum(value > least for value in values), "pixels found")
    raw = truth.errors(*membranes(whole))
    clock.tell("another tomogram", **raw)
    assert raw["recall"] > 0.5 and raw["dice"] > 0.4

    whole.train_second()
    assert trainings(app)[0]["epoch"] == loop.LEARNING["FAS"]["Epochs"]
    clock.tell("second training")

    # A third takes complexes for membranes: the rule takes away at least half of what is none, and next to nothing of what is one.
    whole.bring_another()
    raw = truth.errors(*membranes(whole, "MembraneC"))
    clock.tell("another network", **raw)
    whole.add_rule()
    ruled = truth.errors(*membranes(whole, "MembraneC", "final"))
    clock.tell("rule", **ruled)
    assert ruled["false"] <= 0.5 * raw["false"], "false positives are halved"
    assert ruled["recall"] >= raw["recall"] - 0.08, "and membranes stay"
    assert ruled["dice"] > raw["dice"]

    # What it found is painted in one step, corrected, and learnt from.
    steps = len(app.history())
    whole.take_from_model("cell_d", TAKEN)
    found = whole.found("Membrane", "cell_d", TAKEN)
    app.eventually(lambda: (whole.painted("cell_d", TAKEN) == found).all(), "all that it found, and nothing else")
    assert len(app.history()) == steps + 1
    app.press("Control+z")
    app.eventually(lambda: not whole.painted("cell_d", TAKEN).any(), "one step of undo")
    app.press("Control+Shift+z")
    app.eventually(lambda: (whole.painted("cell_d", TAKEN) == found).all(), "done again")
    y, x = whole.correct("cell_d", TAKEN)
    assert found[y, x] and not whole.painted("cell_d", TAKEN)[y, x]
    whole.box_membranes("cell_d", TAKEN)
    clock.tell("assisted annotation")
    whole.train_further()
    again = trainings(app)[0]
    assert again["settings"]["positives"] + again["settings"]["negatives"] == 76 and again["epoch"] == loop.LEARNING["Membrane again"]["Epochs"]
    better = truth.errors(*membranes(whole))
    clock.tell("trained further", **better)
    assert better["recall"] > 0.45 and better["dice"] > 0.4

    run = whole.run()
    check_segmentations(whole, run)
    clock.tell("run")
    scores = check_coordinates(whole, whole.pick())
    clock.tell("picks", **scores)


def check_segmentations(whole, run):
    """Every file as others read it: as large as its tomogram, with its voxel size, 0 to 255; and what the page shows of a slice."""
    files = sorted(pathlib.Path(run["output"]).glob("*.mrc"))
    assert [file.name for file in files] == [f"{name}__{title}.mrc" for name in ("cell_c", "cell_d") for title in ("FAS", "Membrane", "MembraneC")]
    for file in files:
        name, title = file.stem.split("__")
        assert mrcfile.validate(file)
        with mrcfile.open(file) as segmentation, mrcfile.open(truth.SHARED / "synthetic" / f"{name}.mrc") as tomogram:
            assert segmentation.data.shape == tomogram.data.shape
            assert segmentation.voxel_size == tomogram.voxel_size and segmentation.voxel_size.x == 10
            assert segmentation.data.dtype == numpy.uint16 and segmentation.data.min() == 0 and 128 < segmentation.data.max() <= 255
            dataset = whole.dataset(name)
            for slice_ in (10, 50):
                layer = "final" if title == "MembraneC" else "raw"
                values = said(whole.app, model(whole.app, title)["id"], slice_, layer, dataset["id"], dataset["versions"][0]["id"])
                assert segmentation.data[slice_].astype(numpy.uint8).tobytes() == values, f"slice {slice_} of {file.name} is what the page shows"


def check_coordinates(whole, job):
    """Lists as others read them, against the complexes that are there."""
    scores = {}
    for one in job["details"]["lists"]:
        name = pathlib.Path(one["segmentation"]).name.split("__")[0]
        table = starfile.read(one["path"])
        assert len(table) == one["particles"]
        found = truth.coordinates(one["path"])
        assert (found >= 0).all() and (found < whole.truth[name].shape).all()
        scores[name] = truth.f1(found, whole.complexes[name])
    assert sorted(scores) == ["cell_c", "cell_d"]
    assert min(scores.values()) >= 0.7, f"F1 of the picks: {scores}"
    return {f"F1 in {name}": score for name, score in scores.items()}
