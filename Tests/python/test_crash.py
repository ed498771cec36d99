"""`ais segment` killed at the worst moments: what is under a final name is whole, and the next run ends as if nothing had happened."""

import json
import os
import pathlib
import random
import re
import signal
import subprocess
import time

import mrcfile
import numpy
import pytest

POINTS = ["mid-slab", "after-last-byte", "before-fsync", "before-rename", "after-rename", "in-provenance"]
# Date and duration are what may differ between two runs: in the MRC label and in the JSON beside it.
DATE = re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:?\d\d)?")


@pytest.fixture(scope="module")
def tomogram(tmp_path_factory, repository) -> pathlib.Path:
    """A cut-out that takes about a second: long enough to be hit in every phase."""
    path = tmp_path_factory.mktemp("tomogram") / "cut.mrc"
    with mrcfile.open(repository / "Examples/cell_c.mrc") as whole, mrcfile.new(path) as cut:
        cut.set_data(whole.data[16:32])
        cut.voxel_size = 10
    return path


@pytest.fixture(scope="module")
def command(ais, repository, tomogram):
    def build(output):
        return [ais.path, "segment", "-m", repository / "Examples/MembraneC.scnm", "-o", output, "--quiet", tomogram]

    return build


@pytest.fixture(scope="module")
def undisturbed(command, tmp_path_factory):
    """The outputs of a run that nobody killed, and how long it took."""
    output = tmp_path_factory.mktemp("undisturbed")
    started = time.monotonic()
    subprocess.run(command(output), check=True, capture_output=True, env=quiet_environment())
    return contents(output), time.monotonic() - started


def quiet_environment(**more):
    return {**os.environ, "SWIFT_BACKTRACE": "enable=no", **more}


def without_date(path: pathlib.Path) -> bytes:
    data = path.read_bytes()
    if path.suffix == ".json":
        document = json.loads(data)
        strip(document)
        return json.dumps(document, sort_keys=True).encode()
    return DATE.sub(b"DATE", data[:1024]) + data[1024:]


def strip(value):
    """Removes dates and durations at any depth."""
    if isinstance(value, dict):
        for key in [k for k in value if re.search("date|duration|seconds|finished|started", k, re.IGNORECASE)]:
            del value[key]
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        strip(child)


def contents(folder: pathlib.Path) -> dict:
    return {p.name: without_date(p) for p in sorted(folder.iterdir())}


def check_what_is_left(output: pathlib.Path, whole: dict):
    """Everything under a final name is what an undisturbed run writes."""
    for path in output.iterdir():
        if path.name.startswith("."):
            continue
        assert path.name in whole, f"a killed run left '{path.name}', which is not an output"
        assert without_date(path) == whole[path.name], f"a killed run left '{path.name}' in another state than whole"


def check_next_run(command, output, whole):
    done = subprocess.run(command(output), capture_output=True, text=True, env=quiet_environment())
    assert done.returncode == 0, done.stderr
    assert contents(output) == whole, "the next run does not end as an undisturbed one, or leaves something behind"


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_a_named_point(point, command, undisturbed, tmp_path):
    whole, _ = undisturbed
    done = subprocess.run(command(tmp_path), capture_output=True, env=quiet_environment(AIS_CRASH_POINT=point))
    assert done.returncode == -signal.SIGKILL, f"the run never came to '{point}'"
    check_what_is_left(tmp_path, whole)
    check_next_run(command, tmp_path, whole)


@pytest.mark.parametrize("moment", range(10))
def test_killed_at_a_random_moment(moment, command, undisturbed, tmp_path):
    whole, duration = undisturbed
    delay = random.Random(moment).uniform(0, duration)
    process = subprocess.Popen(
        command(tmp_path), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=quiet_environment())
    try:
        process.wait(timeout=delay)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    check_what_is_left(tmp_path, whole)
    check_next_run(command, tmp_path, whole)


def test_the_whole_output_is_what_it_should_be(undisturbed, command, tomogram, tmp_path):
    """The comparison above would be worth nothing if the undisturbed run wrote nothing."""
    whole, _ = undisturbed
    assert any(name.endswith(".mrc") for name in whole) and any(name.endswith(".json") for name in whole)
    subprocess.run(command(tmp_path), check=True, capture_output=True, env=quiet_environment())
    segmentation = next(tmp_path.glob("*.mrc"))
    assert mrcfile.validate(segmentation)
    with mrcfile.open(segmentation) as file, mrcfile.open(tomogram) as source:
        assert file.data.shape == source.data.shape
        assert numpy.any(file.data > 128)
