"""Hostile and odd input on its way to a training: each is a sentence with what to do, or behaves as defined; nothing of it is run."""

import io
import json
import os
import pickle
import tarfile

import mrcfile
import numpy as np
import pytest
import tifffile

from test_train import SIDE, events, mrc_bytes, needs_torch, options, training_set


def archive(path, members):
    """A tar with members under any names."""
    with tarfile.open(path, "w") as tar:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return path


class Command:
    """What a hostile pickle does when Python opens it."""

    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


@pytest.mark.parametrize("command", ["extract", "info"])
def test_a_dataset_with_a_command_in_it_is_refused_and_nothing_is_run(ais, tmp_path, command):
    hostile = tmp_path / "hostile.scns"
    hostile.write_bytes(pickle.dumps(Command(f"touch {tmp_path / 'owned'}"), protocol=4))
    arguments = ["extract", hostile, "-f", "Membrane", "-o", tmp_path / "out"] if command == "extract" else ["info", hostile]
    done = ais.run(*arguments, cwd=tmp_path)
    if command == "extract":
        assert done.returncode == 1 and "'posix system'" in done.stderr.replace(".", " "), done.stderr
    assert not (tmp_path / "owned").exists() and not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "content, words",
    [
        (b"\x80\x04cos\nsystem\n(S'true'\ntR.", "os"),
        (b"\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00\x82\x01.", "instruction 130"),
        (b"\x80\x04Ipersistent\n.", ""),
        (b"\x80\x04]\x94h\x05.", ""),
        (b"", "not a Python pickle"),
        (b"not a pickle", ""),
    ],
)
def test_opcodes_that_no_dataset_has_are_named(ais, tmp_path, content, words):
    hostile = tmp_path / "hostile.scns"
    hostile.write_bytes(content)
    done = ais.run("extract", hostile, "-f", "Membrane", "-o", tmp_path / "out", cwd=tmp_path)
    assert done.returncode == 1 and words in done.stderr and "hostile.scns" in done.stderr, done.stderr
    assert "Fatal error" not in done.stderr and not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["../../escaped.mrc", "/tmp/escaped.mrc", "y/../../escaped.mrc", "x_main/../../../e.mrc"])
def test_members_that_lead_out_of_a_set_are_refused(ais, tmp_path, name):
    rings = training_set(tmp_path / "rings.scnt")
    with tarfile.open(rings, "a") as tar:
        entry = tarfile.TarInfo(name)
        entry.size = 4
        tar.addfile(entry, io.BytesIO(b"boom"))
    for arguments in (options(rings, tmp_path / "out"), ["info", rings]):
        done = ais.run(*arguments, cwd=tmp_path)
        assert done.returncode == 1 and name in done.stderr, done.stderr
    assert not list(tmp_path.parent.rglob("escaped.mrc")) and not (tmp_path / "out").exists()


def test_a_link_in_a_set_is_refused(ais, tmp_path):
    rings = training_set(tmp_path / "rings.scnt")
    with tarfile.open(rings, "a") as tar:
        entry = tarfile.TarInfo("y/link.mrc")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(entry)
    done = ais.run("info", rings)
    assert done.returncode == 1 and "y/link.mrc" in done.stderr


def test_a_set_says_what_is_in_it(ais, tmp_path):
    rings = training_set(tmp_path / "rings.scnt")
    (file,) = json.loads(ais("info", rings, "--json"))["files"]
    assert file["kind"] == "training set"
    found = file["trainingSet"]
    assert found["boxes"] == 12 and found["boxSize"] == SIDE and found["depth"] == 1 and found["features"] == ["Ring"]
    assert found["pixelSizeAngstrom"] == 10 and found["tomograms"] == ["tomo"] and found["normalization"] == "global_mad"
    text = ais("info", rings)
    assert "training set" in text and "Ring" in text and "16 × 16" in text
    assert "12 boxes of 16 pixels" in ais("info", rings, rings)


def test_an_empty_set_is_described_and_not_trained_on(ais, tmp_path):
    empty = archive(tmp_path / "empty.scnt", {"metadata.json": json.dumps({"box_size": 16, "features": ["Ring"]}).encode()})
    assert json.loads(ais("info", empty, "--json"))["files"][0]["trainingSet"]["boxes"] == 0
    done = ais.run(*options(empty, tmp_path / "out"))
    assert done.returncode == 1 and "no boxes" in done.stderr, done.stderr
    done = ais.run("info", archive(tmp_path / "none.scnt", {"hello.txt": b"hello"}))
    assert done.returncode == 1 and "no training set" in done.stderr


@needs_torch
def test_a_set_of_one_box_is_learned(ais, tmp_path):
    one = training_set(tmp_path / "one.scnt", boxes=1)
    told = events(ais(*options(one, tmp_path / "out", "--epochs", "2", "--json")))
    assert [event["epoch"] for event in told if event["event"] == "epoch"] == [1, 2]
    assert (tmp_path / "out" / "Ring.scnm").exists()


@needs_torch
def test_voxels_that_are_no_numbers_do_not_reach_the_network(ais, tmp_path):
    def damage(members):
        for name in [name for name in members if name.startswith("x_main/")][:6]:
            values = np.array(mrcfile.mrcinterpreter.MrcInterpreter(io.BytesIO(members[name])).data)
            values[0, 2:4, 3:9] = np.nan
            values[0, 5, 5] = np.inf
            members[name] = mrc_bytes(values, tmp_path)
    odd = training_set(tmp_path / "odd.scnt", damage=damage)
    told = events(ais(*options(odd, tmp_path / "out", "--epochs", "2", "--json")))
    losses = [event["training"]["loss"] for event in told if event["event"] == "epoch"]
    assert all(np.isfinite(loss) for loss in losses) and losses[1] < 1


def test_a_set_of_nothing_but_nan_is_refused(ais, tmp_path):
    def damage(members):
        for name in [name for name in members if name.startswith("x_main/")]:
            members[name] = mrc_bytes(np.full((1, SIDE, SIDE), np.nan), tmp_path)
    odd = training_set(tmp_path / "odd.scnt", damage=damage)
    done = ais.run(*options(odd, tmp_path / "out", "--epochs", "1"))
    assert done.returncode == 1 and "number" in done.stderr, done.stderr
    assert not list((tmp_path).glob("out/*.scnm"))


def stack(path, count, depth=1, description=None):
    """A training set of before 2026 as the library tifffile writes it: of each box its slices, then the label."""
    random = np.random.default_rng(5)
    pages = random.normal(100, 20, (count, depth + 1, SIDE, SIDE)).astype(np.float32)
    pages[:, depth] = pages[:, depth // 2] > 110
    tifffile.imwrite(path, pages, description=description)
    return pages


@pytest.mark.parametrize("depth", [1, 5])
def test_a_stack_of_a_foreign_writer_is_a_set(ais, tmp_path, depth):
    old = tmp_path / "old.scnt"
    stack(old, 9, depth, description="apix=7.84")
    found = json.loads(ais("info", old, "--json"))["files"][0]["trainingSet"]
    assert (found["boxes"], found["depth"], found["boxSize"], found["normalization"]) == (9, depth, SIDE, "per-box")
    assert found["pixelSizeAngstrom"] == pytest.approx(7.84)


@needs_torch
def test_a_stack_of_a_foreign_writer_is_trained_on(ais, tmp_path):
    old = tmp_path / "old.scnt"
    stack(old, 9, description="apix=10.0")
    told = events(ais(*options(old, tmp_path / "out", "--epochs", "3", "--name", "Bright", "--json")))
    losses = [event["training"]["loss"] for event in told if event["event"] == "epoch"]
    assert losses[-1] < losses[0]
    assert json.loads(ais("models", "info", tmp_path / "out" / "Bright.scnm", "--json"))["models"][0]["normalization"] == "per_slice"


@pytest.mark.parametrize("keep", [0.3, 0.9])
def test_a_stack_that_was_cut_short_is_refused(ais, tmp_path, keep):
    old = tmp_path / "old.scnt"
    stack(old, 9)
    content = old.read_bytes()
    old.write_bytes(content[:int(keep * len(content))])
    done = ais.run("info", old)
    assert done.returncode == 1 and "old.scnt" in done.stderr and "Fatal" not in done.stderr, done.stderr


def labelled(tmp_path):
    """A tomogram and its labels."""
    values = np.random.default_rng(2).normal(0, 1, (4, 40, 40)).astype(np.float32)
    for name, data in (("tomo.mrc", values), ("labels.mrc", (values > 1).astype(np.uint16))):
        with mrcfile.new(tmp_path / name) as file:
            file.set_data(data)
            file.voxel_size = 10.0


def test_places_that_are_all_outside_the_volume_are_refused_and_nothing_is_written(ais, tmp_path):
    labelled(tmp_path)
    (tmp_path / "places.txt").write_text("5000 20 2\n20 -900 2\n20 20 99\n")
    arguments = [
        "extract", tmp_path / "tomo.mrc", "--labels", tmp_path / "labels.mrc", "-f", "Bright", "--label", "1", "--boxes",
        tmp_path / "places.txt", "-o", tmp_path / "out", "--box", "16"]
    for more in ([], ["--dry-run"]):
        done = ais.run(*arguments, *more)
        assert done.returncode == 1, done.stderr
        words = ("no box of 'Bright'", "tomo.mrc", "40 × 40 × 4 voxels", "the first of 3", "x 5000, y 20, z 2", "--exclude tomo")
        assert all(word in done.stderr for word in words), done.stderr
        assert not (tmp_path / "out").exists()


def test_one_tomogram_with_all_its_places_outside_stops_the_set_until_it_is_left_out(ais, tmp_path):
    labelled(tmp_path)
    for name, copy in (("tomo", "larger"), ("labels", "larger_labels")):
        (tmp_path / f"{copy}.mrc").write_bytes((tmp_path / f"{name}.mrc").read_bytes())
    for name, place in (("tomo", "5000 20 2"), ("larger", "20 20 2")):
        (tmp_path / f"{name}.txt").write_text(place + "\n")
    labels = [part for name, of in (("tomo", "labels"), ("larger", "larger_labels"))
              for part in ("--labels", tmp_path / f"{of}.mrc", "--boxes", tmp_path / f"{name}.txt")]
    arguments = ["extract", tmp_path / "tomo.mrc", tmp_path / "larger.mrc", *labels, "-f", "Bright", "--label", "1", "-o",
                 tmp_path / "out", "--box", "16"]
    done = ais.run(*arguments)
    assert done.returncode == 1 and "no box of 'Bright'" in done.stderr and not (tmp_path / "out").exists(), done.stderr
    ais(*arguments, "--exclude", "tomo")
    (made,) = tmp_path.glob("out/*.scnt")
    assert json.loads(ais("info", made, "--json"))["files"][0]["trainingSet"]["boxes"] == 1
