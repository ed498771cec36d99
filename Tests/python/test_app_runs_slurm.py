"""Runs of the app on a real Slurm: submitted, watched, found again, and cancelled."""

import pathlib

import mrcfile
import numpy
import pytest
from app_server import App
from slurm_cluster import Cluster, NoCluster, until

HERE = pathlib.Path(__file__).resolve().parent
SEGMENT = HERE.parent / "Fixtures" / "segment"
COUNT = 3


@pytest.fixture(scope="module")
def cluster():
    try:
        with Cluster(nodes=1, cards=1) as cluster:
            yield cluster
    except NoCluster as reason:
        pytest.skip(f"no Slurm can be started here: {reason}")


@pytest.fixture
def app(ais, cluster, tmp_path):
    folder = tmp_path / "rec"
    folder.mkdir()
    for number in range(COUNT):
        with mrcfile.new(folder / f"TS_{number + 1:02}.mrc") as file:
            file.set_data(numpy.random.default_rng(number).normal(size=(12, 48, 56)).astype(numpy.float32))
            file.voxel_size = 10
    home = tmp_path / "home"
    home.mkdir()
    # Every tomogram takes six seconds at least.
    app = App(ais.path, home, "--root", SEGMENT.parent, paths=[folder], environment={
        "SLURM_CONF": cluster.environment["SLURM_CONF"], "AIS_PAUSE_POINT": "mid-slab 6", "SWIFT_BACKTRACE": "enable=no"})
    until(lambda: len(app.snapshot()["datasets"]) == COUNT, 60, "the tomograms")
    (app.model,) = app.post(f"{app.at}/models", {"path": str(SEGMENT / "flat-global.scnm")})["models"]
    yield app
    if app.process.poll() is None:
        app.kill()


def begin(app):
    slurm = {"time": "10min"}
    place = {"kind": "slurm", "workers": 2, "threads": 1, "memoryBytes": 512 << 20, "slurm": slurm}
    return app.post(f"{app.at}/runs", {"tomograms": [{"dataset": number + 1} for number in range(COUNT)], "place": place})["id"]


def look(app, run):
    return app.get(f"{app.at}/runs/{run}")


def test_a_run_goes_to_slurm_and_is_found_again(app, cluster):
    assert app.get(f"{app.at}/runs/places")["slurm"]["version"].startswith("slurm")
    run = begin(app)
    # The process that submits ends; its workers begin.
    found = until(lambda: (lambda now: now if now["counts"]["running"] else None)(look(app, run)), 60, lambda: look(app, run))
    assert found["state"] == "running"
    app.kill()
    app.start()
    until(lambda: look(app, run)["state"] in ("running", "done"), 60, lambda: look(app, run))
    found = until(lambda: (lambda now: now if now["state"] == "done" else None)(look(app, run)), 120, lambda: look(app, run))
    assert found["counts"]["done"] == COUNT and [row["attempts"] for row in found["tomograms"]] == [1] * COUNT
    for row in found["tomograms"]:
        with mrcfile.open(row["outputs"][0]["path"]) as file:
            values = numpy.array(file.data)
        path = f"{app.at}/datasets/{row['dataset']}/versions/{row['version']}/predictions/raw/{app.model}/6"
        numpy.testing.assert_array_equal(values[6].astype("u1").tobytes(), numpy.frombuffer(app.request("GET", path)[2], "u1").tobytes())
    _, _, log = app.request("GET", f"{app.at}/runs/{run}/log")
    assert b"submitted" in log.lower()


def test_a_run_is_taken_out_of_slurm_and_goes_on(app, cluster):
    run = begin(app)
    until(lambda: look(app, run)["counts"]["running"], 60, lambda: look(app, run))
    app.post(f"{app.at}/runs/{run}/pause")
    until(lambda: look(app, run)["state"] == "paused", 60, lambda: look(app, run))
    until(lambda: not any(state in ("RUNNING", "PENDING", "COMPLETING") for state in cluster.states().values()), 60, cluster.states)
    assert look(app, run)["counts"]["done"] < COUNT
    app.post(f"{app.at}/runs/{run}/resume")
    found = until(lambda: (lambda now: now if now["state"] == "done" else None)(look(app, run)), 120, lambda: look(app, run))
    assert found["counts"]["done"] == COUNT
