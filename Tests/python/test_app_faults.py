"""The server of the page on disks that fail, fill up or cannot be written, and after a death in the middle of its work."""

import errno
import os
import pathlib
import shutil
import struct
import subprocess
import threading
import time

import mrcfile
import numpy
import pytest
from app_server import App, Refused, stroke
from test_app_work import SHAPE, masks, start, tomogram  # noqa: F401
from test_batch_limits import SmallDisk
from test_failing_disk import library  # noqa: F401


@pytest.fixture
def failing(library, tmp_path):  # noqa: F811
    """The environment of a server whose calls fail while a file is there, and that file."""
    switch = tmp_path / "fails-now"

    def make(call, path, number):
        return {"LD_PRELOAD": str(library), "FAIL_CALL": call, "FAIL_PATH": path, "FAIL_ERRNO": str(number), "FAIL_SWITCH": str(switch)}

    return make, switch


@pytest.mark.parametrize(
    "number, code, words",
    [
        (errno.ENOSPC, "disk-full", ("the disk is full", "Free some space", "nothing acknowledged is lost")),
        (errno.EDQUOT, "file-system", ("your quota is used up", "nothing acknowledged is lost", "try again")),
        (errno.EIO, "file-system", ("cannot be read or written", "nothing acknowledged is lost", "try again")),
    ])
def test_an_edit_that_the_disk_does_not_take_says_what_to_do_and_is_taken_later(start, tmp_path, failing, number, code, words):  # noqa: F811
    make, switch = failing
    app = start(tomogram(tmp_path / "T.mrc"), environment=make("pwrite", "/project.sqlite-wal", number))
    feature = app.feature()
    app.edit(stroke(feature, 0, 1, 1), id="before")
    sequence = app.snapshot()["sequence"]
    switch.touch()
    for _ in range(2):
        with pytest.raises(Refused) as error:
            app.edit(stroke(feature, 1, 1, 1), id="within")
        assert error.value.status == 503 and error.value.code == code
        assert all(word in error.value.message for word in words), error.value.message
    # What is there is shown meanwhile.
    assert app.snapshot()["sequence"] == sequence and sum(app.mask(feature, 0)[0]) == 12
    switch.unlink()
    assert app.edit(stroke(feature, 1, 1, 1), id="within")["sequence"] == sequence + 1
    app.kill()
    app.start()
    found = masks(app, feature)
    assert found[0].sum() == 12 and found[1].sum() == 12


@pytest.mark.parametrize("number, words", [(errno.EIO, "Input/output error"), (errno.ESTALE, "Stale file handle")])
def test_a_slice_that_cannot_be_read_is_a_sentence_and_comes_back(start, tmp_path, failing, number, words):  # noqa: F811
    make, switch = failing
    path = tomogram(tmp_path / "T.mrc")
    app = start(path, environment=make("pread", "/T.mrc", number))
    key = app.snapshot()["datasets"][0]["versions"][0]["key"]
    at = f"{app.at}/datasets/1"
    addresses = [f"{at}/versions/1/slices/{place}/0/0/0?key={key}" for place in ("xy/3", "xz/5", "yz/7")]
    addresses += [f"{at}/versions/1/statistics?key={key}", f"{at}/thumbnail?key={key}"]
    switch.touch()
    for address in addresses:
        with pytest.raises(Refused) as error:
            app.get(address)
        assert error.value.status == 500 and error.value.code == "file-system", address
        assert f"cannot read '{path}': {words}" in error.value.message and "try again" in error.value.message
    # Work on what is painted goes on.
    feature = app.feature()
    app.edit(stroke(feature, 0, 1, 1))
    switch.unlink()
    with mrcfile.open(path) as file:
        data = file.data
        status, _, content = app.request("GET", addresses[0])
        assert status == 200 and numpy.allclose(numpy.frombuffer(content, "<f2").reshape(SHAPE[1:]), data[3], atol=0.02)
    for address in addresses[1:]:
        assert app.request("GET", address)[0] == 200, address


def test_a_death_while_bricks_are_built_leaves_nothing_half(start, tmp_path):  # noqa: F811
    path, shape = tmp_path / "T.mrc", (96, 1024, 1024)
    values = numpy.random.default_rng(1).integers(-100, 100, shape, "i1")
    with mrcfile.new(path) as file:
        file.set_data(values)
    app = start(path)
    bricks = next(tmp_path.glob("*.ais")) / "cache" / "bricks"

    def slice_(x):
        key = app.snapshot()["datasets"][0]["versions"][0]["key"]
        status, _, content = app.request("GET", f"{app.at}/datasets/1/versions/1/slices/yz/{x}/0/0/0?key={key}")
        assert status == 200
        return numpy.frombuffer(content, "<f2").reshape(shape[0], shape[1])

    def wait(test):
        end = time.monotonic() + 120
        while not test():
            assert time.monotonic() < end, list(bricks.iterdir())
            threading.Event().wait(0.002)

    deaths = 0
    for part in (1, 20, 60):
        assert (slice_(17) == values[:, :, 17]).all()
        # Dies when so many MB of it are written, if it is not whole by then.
        wait(lambda: list(bricks.glob("*.bricks")) or any(file.stat().st_size > part << 20 for file in bricks.glob("*.building")))
        app.kill()
        deaths += bool(list(bricks.glob("*.building")))
        app.start()
        # The slice is right whatever was left behind.
        assert (slice_(900) == values[:, :, 900]).all()
        if list(bricks.glob("*.bricks")):
            break
    assert deaths, "it was never within its work"
    wait(lambda: list(bricks.glob("*.bricks")))
    wait(lambda: not list(bricks.glob("*.building")))
    app.stop()
    app.start()
    for x in (0, 511, 1023):
        assert (slice_(x) == values[:, :, x]).all()


def header(mode, shape, order="<"):
    z, y, x = shape
    data = bytearray(1024)
    struct.pack_into(f"{order}10i", data, 0, x, y, z, mode, 0, 0, 0, x, y, z)
    struct.pack_into(f"{order}6f", data, 40, 10 * x, 10 * y, 10 * z, 90, 90, 90)
    struct.pack_into(f"{order}3i", data, 64, 1, 2, 3)
    struct.pack_into(f"{order}i", data, 108, 20140)
    data[208:212], data[212:216] = b"MAP ", b"\x44\x44\0\0" if order == "<" else b"\x11\x11\0\0"
    return bytes(data)


def packed(values):
    """Two voxels a byte, the first in the lower half; each row begins with a byte of its own."""
    even = numpy.pad(values, ((0, 0), (0, 0), (0, values.shape[2] % 2)))
    return (even[:, :, 0::2] | even[:, :, 1::2] << 4).astype("u1").tobytes()


@pytest.mark.parametrize(
    "mode, kind, order",
    [(0, "i1", "<"), (1, "i2", "<"), (2, "f4", "<"), (6, "u2", "<"), (12, "f2", "<"), (101, "u4", "<"), (1, "i2", ">"), (2, "f4", ">"), (6, "u2", ">"), (12, "f2", ">")])
def test_voxels_of_every_type_come_as_they_are(start, tmp_path, mode, kind, order):  # noqa: F811
    # 61: rows of an odd number of voxels end in half a byte.
    shape = (7, 50, 61)
    low, high = {"i1": (-40, 40), "i2": (-2000, 2000), "u2": (0, 2000), "u4": (0, 16)}.get(kind, (-2000, 2000))
    values = numpy.random.default_rng(mode).integers(low, high, shape)
    body = packed(values) if kind == "u4" else values.astype(order + kind).tobytes()
    (tmp_path / "T.mrc").write_bytes(header(mode, shape, order) + body)
    app = start(tmp_path / "T.mrc")
    version = app.snapshot()["datasets"][0]["versions"][0]
    assert version["shape"] == {"z": 7, "y": 50, "x": 61}
    for plane, index, expected in (("xy", 3, values[3]), ("xz", 20, values[:, 20]), ("yz", 60, values[:, :, 60])):
        for encoding in ("f16", "u8"):
            status, headers, content = app.request(
                "GET", f"{app.at}/datasets/1/versions/1/slices/{plane}/{index}/0/0/0?key={version['key']}&format={encoding}")
            assert status == 200
            step, offset = float(headers.get("x-ais-step", 1)), float(headers.get("x-ais-offset", 0))
            stored = numpy.frombuffer(content, "<f2" if encoding == "f16" else "u1").reshape(expected.shape)
            found = offset + step * stored.astype("f8")
            # Half floats have 11 bits; bytes are cut at robust limits, unless the voxels are bytes.
            exact = kind in ("i1", "u4") or encoding == "f16"
            inside = numpy.ones(expected.shape, bool) if exact else (expected >= offset) & (expected <= offset + 255 * step)
            bound = 0 if kind in ("i1", "u4") else 1 if encoding == "f16" else step / 2 + 1e-3
            assert numpy.abs(found - expected)[inside].max() <= bound, (plane, encoding)
            assert inside.mean() > 0.9


@pytest.fixture
def small(tmp_path):
    disk = SmallDisk(tmp_path / "small", "3m")
    yield disk
    disk.close()


def within(disk, program, tmp_path):
    """A program that runs the real one within a disk that only its processes see."""
    script = tmp_path / "within"
    script.write_text(f'#!/bin/sh\nexec nsenter --user --mount --preserve-credentials --target {disk.keeper.pid} "{program}" "$@"\n')
    script.chmod(0o755)
    return script


def run(program, *arguments, **options):
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=120, **options)


def test_a_disk_that_others_fill_up_stops_edits_with_a_sentence_until_there_is_room(ais, small, tmp_path):
    tomogram(tmp_path / "T.mrc")
    program = within(small, ais.path, tmp_path)
    assert run(program, "project", "new", small.inside / "P.ais", tmp_path / "T.mrc").returncode == 0
    (tmp_path / "home").mkdir()
    app = App(program, tmp_path / "home", paths=[small.inside / "P.ais"])
    try:
        feature = app.feature()
        small.fill(0)
        done, refusal = 0, None
        for number in range(2000):
            try:
                app.edit(stroke(feature, number % 12, number % 50, number % 70))
                done += 1
            except Refused as error:
                refusal = error
                break
        assert refusal.status == 503 and refusal.code == "disk-full" and "Free some space" in refusal.message
        lines = app.snapshot()["sequence"]
        (small.folder / "others").unlink()
        app.edit(stroke(feature, 0, 0, 0))
        assert app.snapshot()["sequence"] == lines + 1
        # A disk that is full is no place for a new start either; nothing is lost by trying.
        assert app.stop() == 0
        small.fill(0)
        refused = run(program, "app", "--no-open", "--port", "0", small.inside / "P.ais", env=app.environment)
        assert refused.returncode == 1
        assert "cannot be opened: the disk that it lies on is full. Free some space there" in refused.stderr, refused.stderr
        assert not (small.folder / "P.ais" / "lease.json").exists()
        refused = run(program, "project", "new", small.inside / "Q.ais")
        assert refused.returncode == 1 and "full" in refused.stderr, refused.stderr
        (small.folder / "others").unlink()
        app.start()
        assert app.snapshot()["sequence"] == lines + 1
    finally:
        if app.process.poll() is None:
            app.kill()


def test_a_project_that_cannot_be_written_says_so_and_a_copy_opens(ais, small, tmp_path):
    tomogram(tmp_path / "T.mrc")
    program = within(small, ais.path, tmp_path)
    assert run(program, "project", "new", small.inside / "P.ais", tmp_path / "T.mrc").returncode == 0
    (tmp_path / "home").mkdir()
    enter = ["nsenter", "--user", "--mount", "--preserve-credentials", "--target", str(small.keeper.pid)]
    assert subprocess.run([*enter, "mount", "-o", "remount,ro", small.inside]).returncode == 0
    environment = {**os.environ, "HOME": str(tmp_path / "home"), "XDG_STATE_HOME": str(tmp_path / "home")}
    for command in (("app", "--no-open", "--port", "0"), ("project", "info")):
        refused = run(program, *command, small.inside / "P.ais", env=environment)
        assert refused.returncode == 1
        assert f"the project '{small.inside}/P.ais' cannot be opened: its folder cannot be written (Read-only file system)" in refused.stderr, refused.stderr
        assert "copy the folder" in refused.stderr
    shutil.copytree(small.folder / "P.ais", tmp_path / "P.ais")
    app = App(ais.path, tmp_path / "home", paths=[tmp_path / "P.ais"])
    try:
        assert all(version["state"] == "ok" for dataset in app.snapshot()["datasets"] for version in dataset["versions"])
    finally:
        app.kill()
    # Tomograms there get a project among the user's own data.
    subprocess.run([*enter, "mount", "-o", "remount,rw", small.inside])
    (small.folder / "rec").mkdir()
    tomogram(small.folder / "rec" / "S.mrc", 4)
    subprocess.run([*enter, "mount", "-o", "remount,ro", small.inside])
    app = App(program, tmp_path / "home", paths=[small.inside / "rec"])
    try:
        assert app.snapshot()["path"].startswith(str(tmp_path / "home"))
        app.feature()
    finally:
        app.kill()


@pytest.fixture(scope="module")
def far(tmp_path_factory):
    """The environment of a server whose files lie far away."""
    path = tmp_path_factory.mktemp("far") / "far_storage.so"
    source = pathlib.Path(__file__).resolve().parent / "far_storage.c"
    subprocess.run([shutil.which("clang") or "cc", "-shared", "-fPIC", "-O1", "-o", path, source, "-ldl"], check=True)

    def make(folder, open_ms=30, mb_s=50):
        return {"LD_PRELOAD": str(path), "FAR_FOLDER": str(folder), "FAR_OPEN_MS": str(open_ms), "FAR_MB_S": str(mb_s)}

    return make


def test_tomograms_far_away_are_not_opened_to_show_their_project(start, tmp_path, far):  # noqa: F811
    folder = tmp_path / "far"
    folder.mkdir()
    for number in range(60):
        tomogram(folder / f"TS_{number:03}.mrc", number, (2, 8, 8))
    app = start(folder)
    app.stop()
    # Half a second to open each: were they all opened, it would take half a minute.
    app.environment.update(far(folder, open_ms=500))
    begin = time.monotonic()
    app.start()
    state = app.snapshot()
    assert time.monotonic() - begin < 20
    assert all(version["state"] == "ok" for dataset in state["datasets"] for version in dataset["versions"])


def test_thumbnails_far_away_keep_nobody_waiting_and_are_kept(start, tmp_path, far):  # noqa: F811
    folder = tmp_path / "far"
    folder.mkdir()
    for number in range(40):
        tomogram(folder / f"TS_{number:03}.mrc", number, (3, 200, 200))
    app = start(folder)
    app.stop()
    app.environment.update(far(folder, open_ms=400))
    app.start()
    datasets = app.snapshot()["datasets"]
    thumbnails = [f"{app.at}/datasets/{d['id']}/thumbnail?key={d['versions'][0]['key']}" for d in datasets]
    came = []
    threads = [threading.Thread(target=lambda address=address: came.append(app.request("GET", address)[0])) for address in thumbnails]
    for thread in threads:
        thread.start()
    last = datasets[-1]
    slice_ = f"{app.at}/datasets/{last['id']}/versions/{last['versions'][0]['id']}/slices/xy/1/0/0/0?key={last['versions'][0]['key']}"
    assert app.request("GET", slice_)[0] == 200
    feature = app.feature()
    app.edit(stroke(feature, 0, 1, 1, dataset=last["id"]))
    # What somebody waits for came while pictures were still being made.
    assert len(came) < len(thumbnails)
    for thread in threads:
        thread.join()
    assert came == [200] * 40
    cache = next(folder.glob("*.ais")) / "cache" / "thumbnails"
    assert len(list(cache.iterdir())) == 40
    made = {file: file.stat().st_mtime_ns for file in cache.iterdir()}
    app.stop()
    app.start()
    assert all(app.request("GET", address)[0] == 200 for address in thumbnails[:5])
    assert {file: file.stat().st_mtime_ns for file in cache.iterdir()} == made
