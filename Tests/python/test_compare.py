"""`ais compare` as a process: tables and picture of several architectures, going on after a stop, and what is refused.

What needs libtorch is skipped where 'make torch' has not set it up."""

import csv
import json
import pathlib
import signal
import struct

import mrcfile
import numpy as np
import pytest

from test_train import events, needs_torch, start, training_set, wait_for, weights

NETWORKS = ["-a", "UNet lite", "-a", "Eman2"]
LENGTH = ["--batch", "6", "--copies", "1", "--epochs", "2"]


def options(sets, output, *more):
    return ["compare", *sets, *NETWORKS, "-o", output, *LENGTH, "--threads", "2", "--precision", "float32", "--seed", "3", *more]


@pytest.fixture(scope="module")
def sets(tmp_path_factory) -> list[pathlib.Path]:
    """Rings, and the same under another title."""
    folder = tmp_path_factory.mktemp("sets")

    def rename(members):
        for name in ["metadata.json", "sources.json"]:
            members[name] = members[name].replace(b'"Ring"', b'"Hoop"')

    return [training_set(folder / "rings.scnt"), training_set(folder / "hoops.scnt", damage=rename)]


@pytest.fixture(scope="module")
def tomogram(tmp_path_factory) -> tuple[pathlib.Path, pathlib.Path]:
    """Three slices of noise with a ring in each, and their labels: 4 is the ring."""
    folder = tmp_path_factory.mktemp("tomogram")
    y, x = np.mgrid[:48, :64]
    ring = np.abs(np.hypot(y - 20, x - 30) - 3) < 1.1
    random = np.random.default_rng(5)
    values = random.normal(0, 0.4, (3, 48, 64)) + ring
    for name, content in [("T", values.astype(np.float32)), ("T_labels", np.repeat(4 * ring[None], 3, 0).astype(np.int8))]:
        with mrcfile.new(folder / f"{name}.mrc") as file:
            file.set_data(content)
            file.voxel_size = 10.0
    return folder / "T.mrc", folder / "T_labels.mrc"


def rows(folder: pathlib.Path) -> list[dict]:
    with open(folder / "comparison.csv", newline="") as file:
        return list(csv.DictReader(file))


@needs_torch
def test_two_networks_on_two_features_give_tables_and_a_picture(ais, sets, tomogram, tmp_path):
    out = tmp_path / "out"
    text = ais(*options(sets, out, "--tomogram", tomogram[0], "--labels", tomogram[1], "--label", "Ring=4", "--label", "Hoop=4",
                        "--slice", "1"))
    table = rows(out)
    assert [(row["feature"], row["architecture"]) for row in table] == [
        ("Ring", "UNet lite"), ("Hoop", "UNet lite"), ("Ring", "Eman2"), ("Hoop", "Eman2")]
    for row in table:
        assert row["epochs"] == "2" and row["ending"] == "finished" and float(row["loss"]) > 0
        assert float(row["training_seconds"]) > 0 and float(row["seconds_per_511x720_slice"]) > 0
        assert 0 <= float(row["tomogram_dice"]) <= 1 and row["held_out_dice"] == ""
        assert (out / row["architecture"] / f"{row['feature']}.scnm").exists()
    assert table[0]["parameters"] == "185217"
    # What the table says of the tomogram is what 'ais segment' and 'ais evaluate' give.
    ais("segment", "-q", "-m", out / "UNet lite" / "Ring.scnm", "-o", tmp_path / "seg", tomogram[0])
    judged = json.loads(ais("evaluate", tmp_path / "seg" / "T__Ring.mrc", tomogram[1], "--label", "4", "--json"))
    expected = next(row for row in judged["thresholds"] if row["threshold"] == 128)
    assert float(table[0]["tomogram_dice"]) == pytest.approx(expected["dice"], abs=1e-4)
    account = json.loads((out / "comparison.csv.json").read_text())
    assert account["schema"] == "ais.comparison/1" and len(account["results"]) == 4
    assert account["settings"]["features"] == ["Ring", "Hoop"] and account["settings"]["labels"] == [4, 4]
    assert "Ring: Dice, precision and recall on the tomogram" in text and (out / "comparison.txt").read_text() in text
    picture = (out / "comparison.png").read_bytes()
    width, height = struct.unpack(">2I", picture[16:24])
    # Two rows of three panels: what is there, and the two networks.
    assert picture[:4] == b"\x89PNG" and width == 3 * 246 + 6 and height == 2 * (180 + 24 + 6) + 6
    assert {path.name for path in out.iterdir()} == {
        "UNet lite", "Eman2", "comparison.csv", "comparison.csv.json", "comparison.txt", "comparison.png"}


@needs_torch
def test_the_same_command_trains_nothing_again_and_one_more_network_only_that(ais, sets, tmp_path):
    lines = events(ais(*options(sets[:1], tmp_path, "--json")))
    assert [line["event"] for line in lines if line["event"] in ("plan", "row", "end")] == ["plan", "row", "row", "end"]
    assert len([line for line in lines if line["event"] == "step"]) == 2 * 2 * 2
    before = weights(tmp_path / "Eman2" / "Ring.scnm")
    again = events(ais(*options(sets[:1], tmp_path, "--json")))
    assert not [line for line in again if line["event"] == "step"] and again[0]["predictedSeconds"] == 0
    assert [line["row"]["loss"] for line in again if line["event"] == "row"] == [
        line["row"]["loss"] for line in lines if line["event"] == "row"]
    more = events(ais(*options(sets[:1], tmp_path, "-a", "VGGNet S", "--json")))
    assert {line["architecture"] for line in more if line["event"] == "step"} == {"VGGNet S"}
    assert [row["architecture"] for row in rows(tmp_path)] == ["UNet lite", "Eman2", "VGGNet S"]
    after = weights(tmp_path / "Eman2" / "Ring.scnm")
    assert all(np.array_equal(before[name], after[name]) for name in before)
    other = ais.run(*options(sets[:1], tmp_path, "--epochs", "3"))
    assert other.returncode == 1 and "--force" in other.stderr
    (tmp_path / "comparison.csv").write_text("mine\n")
    other = ais.run(*options(sets[:1], tmp_path))
    assert other.returncode == 1 and "comparison.csv" in other.stderr
    assert (tmp_path / "comparison.csv").read_text() == "mine\n"


@needs_torch
@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_a_comparison_that_was_stopped_goes_on_where_it_was(ais, sets, tmp_path, number, code):
    # The options given last win.
    long = ["--epochs", "4", "--copies", "3", "--json"]
    whole = tmp_path / "whole"
    ais(*options(sets[:1], whole, *long))
    part = tmp_path / "part"
    process = start(ais, options(sets[:1], part, *long), tmp_path)
    wait_for(process, lambda line: line["event"] == "step" and line["index"] == 2 and line["epoch"] == 2)
    process.send_signal(number)
    process.stdout.read()
    assert process.wait() == code, process.stderr.read()
    assert not (part / "comparison.csv").exists() and (part / "Eman2" / "Ring.training").exists()
    rest = events(ais(*options(sets[:1], part, *long)))
    steps = [line for line in rest if line["event"] == "step"]
    assert {line["architecture"] for line in steps} == {"Eman2"} and steps[0]["epoch"] >= 2
    ours, theirs = weights(part / "Eman2" / "Ring.scnm"), weights(whole / "Eman2" / "Ring.scnm")
    assert all(np.array_equal(ours[name], theirs[name]) for name in theirs)
    assert [row["loss"] for row in rows(part)] == [row["loss"] for row in rows(whole)]


@needs_torch
def test_a_dry_run_foretells_and_writes_nothing(ais, sets, tmp_path):
    text = ais(*options(sets, tmp_path / "out", "--dry-run"))
    assert "4 trainings" in text and "about" in text and "Eman2, Hoop: would be trained" in text
    assert not (tmp_path / "out").exists()


@needs_torch
def test_the_protocol_of_the_paper_is_what_was_published(ais, tmp_path):
    small = training_set(tmp_path / "small.scnt")
    refused = ais.run("compare", small, "-o", tmp_path / "out", "--protocol", "paper")
    assert refused.returncode == 1 and "64 × 64" in refused.stderr and "--box 64" in refused.stderr
    large = training_set(tmp_path / "large.scnt", boxes=6, side=64)
    text = ais("compare", large, "-o", tmp_path / "out", "--protocol", "paper", "--dry-run")
    assert "6 trainings, 50 epochs each" in text
    for name in ["Eman2", "InceptionNet", "UNet S", "VGGNet S", "ResNet", "Pix2pix"]:
        assert f"{name}, Ring: would be trained" in text


@needs_torch
def test_held_out_boxes_are_what_networks_are_judged_by_without_labels(ais, sets, tmp_path):
    text = ais(*options(sets[:1], tmp_path, "--validation", "0.25"))
    assert "on boxes held out" in text
    assert all(row["held_out_dice"] != "" and row["tomogram_dice"] == "" for row in rows(tmp_path))


@needs_torch
def test_what_does_not_fit_is_said_before_work_starts(ais, sets, tomogram, tmp_path):
    out = tmp_path / "out"
    for more, word in [
        (["-a", "VGGNet X"], "multiples of 32"), (["-a", "eman 2"], "named twice"), (["-a", "No such"], "VGGNet M"),
        (["--tomogram", tomogram[0], "--slice", "9"], "0 to 2"),
        (["--tomogram", tomogram[0], "--labels", tomogram[1]], "--label Ring=NUMBER"),
        (["--tomogram", tomogram[0], "--labels", tomogram[1], "--label", "Disc=1"], "'Ring'"),
        (["--tomogram", tmp_path / "none.mrc"], "none.mrc"),
    ]:
        done = ais.run(*options(sets[:1], out, *more))
        assert done.returncode in (1, 2) and word in done.stderr, (more, done.stderr)
        assert not out.exists()


def test_senseless_requests_are_refused_as_usage(ais, sets, tmp_path):
    for command, word in [
        (["-a", "UNet S"], "two or more"), ([*NETWORKS, "--slice", "3"], "--tomogram"), ([*NETWORKS, "--epochs", "0"], "--epochs"),
        ([*NETWORKS, "--tomogram", "T.mrc", "--label", "Ring=4"], "--labels"),
        ([*NETWORKS, "--tomogram", "T.mrc", "--labels", "L.mrc", "--label", "Ring"], "Membrane=1"),
        ([*NETWORKS, "--protocol", "other"], "paper"),
    ]:
        done = ais.run("compare", sets[0], "-o", tmp_path / "out", *command)
        assert done.returncode in (2, 64) and word in done.stderr, (command, done.stderr)


@needs_torch
def test_devices_are_those_of_a_training(ais, sets, tmp_path):
    text = ais(*options(sets, tmp_path / "out", "--device", "torch-cpu,torch-cpu", "--dry-run", "--json"))
    assert json.loads(text.splitlines()[0])["device"] == "torch-cpu,torch-cpu"
    done = ais.run(*options(sets, tmp_path / "out", "--device", "gpu:63"))
    assert done.returncode == 1 and "GPU 63 cannot be used" in done.stderr and not (tmp_path / "out").exists()
