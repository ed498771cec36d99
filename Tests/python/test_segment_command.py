"""`ais segment` as people and programs use it: inputs, names, what exists already, failures, Ctrl-C, views, memory."""

import json
import os
import pathlib
import signal
import subprocess
import tarfile
import time

import mrcfile
import numpy as np
import pytest

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "Fixtures" / "segment"
FLAT = FIXTURES / "flat-global.scnm"
OTHER = FIXTURES / "stack-legacy.scnm"


def title(model: pathlib.Path) -> str:
    with tarfile.open(model) as tar:
        name = next(n for n in tar.getnames() if n.endswith("_metadata.json"))
        return json.load(tar.extractfile(name))["title"]


FLAT_TITLE = title(FLAT)
OTHER_TITLE = title(OTHER)


def write(path: pathlib.Path, values: np.ndarray, voxel_size: float = 10.0) -> pathlib.Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with mrcfile.new(path, overwrite=True) as file:
        file.set_data(values)
        file.voxel_size = voxel_size
    return path


@pytest.fixture(scope="session")
def voxels(repository) -> np.ndarray:
    with mrcfile.open(repository / "Examples" / "cell_c.mrc") as file:
        return np.array(file.data[20:26, 40:100, 30:110])


@pytest.fixture
def tomogram(tmp_path, voxels) -> pathlib.Path:
    return write(tmp_path / "TS_01.mrc", voxels)


def output(folder: pathlib.Path, stem: str = "TS_01", feature: str = FLAT_TITLE) -> pathlib.Path:
    return folder / f"{stem}__{feature}.mrc"


def names(folder: pathlib.Path) -> list:
    """Everything in the folder, hidden files too."""
    return sorted(os.listdir(folder)) if folder.is_dir() else []


def test_a_segmentation_has_the_inputs_frame_and_says_how_it_was_made(ais, tmp_path, tomogram):
    with mrcfile.open(tomogram, "r+") as file:
        file.header.origin.x, file.header.origin.y, file.header.origin.z = 12, 34, 56
        file.header.nxstart, file.header.nystart, file.header.nzstart = 3, -4, 5
    text = ais("segment", "-m", FLAT, "-o", tmp_path / "out", tomogram)
    assert names(tmp_path / "out") == [f"TS_01__{FLAT_TITLE}.json", f"TS_01__{FLAT_TITLE}.mrc"]
    assert "of memory" in text and "of disk" in text
    path = output(tmp_path / "out")
    assert mrcfile.validate(path)
    with mrcfile.open(path) as file, mrcfile.open(tomogram) as source:
        assert file.data.shape == source.data.shape and file.data.dtype == np.uint16
        assert file.voxel_size.tolist() == source.voxel_size.tolist()
        assert file.header.origin.tolist() == source.header.origin.tolist()
        assert [int(file.header[n]) for n in ("nxstart", "nystart", "nzstart")] == [3, -4, 5]
        labels = [bytes(label).decode().rstrip(" \0") for label in file.header.label]
    provenance = json.loads(path.with_suffix(".json").read_text())
    assert provenance["schema"] == "ais.segmentation/1"
    assert provenance["model"]["title"] == FLAT_TITLE and len(provenance["model"]["contentHash"]) == 64
    assert provenance["engine"]["precision"] == "float32" and provenance["engine"]["instructionSet"]
    assert provenance["input"]["fingerprint"]["bytes"] == tomogram.stat().st_size
    assert provenance["program"]["version"] and provenance["host"] and provenance["durationSeconds"] >= 0
    assert any(provenance["fingerprint"] in label for label in labels)
    assert labels[0].startswith("Ais ")


def test_an_unknown_option_is_wrong_usage(ais, tmp_path, tomogram):
    done = ais.run("segment", "-m", FLAT, "-o", tmp_path / "out", "--overlay", "3", tomogram)
    assert done.returncode == 2 and "--overlay" in done.stderr
    assert names(tmp_path / "out") == []


@pytest.mark.parametrize("options,word", [
    (["--tta", "9"], "8"), (["--center", "0"], "percent"), (["--blur", "20"], "unit"), (["--z-range", "9:3"], "9:3"),
    (["--memory", "4"], "unit"), (["--name", "{stam}"], "{stam}"), (["--z-range", "0:3", "--center", "50"], "contradict"),
    (["-q", "-v"], "contradict"), (["--tile", "0"], "tile"), (["--output-type", "uint8"], "output-type"),
])
def test_values_that_make_no_sense_are_wrong_usage(ais, tmp_path, tomogram, options, word):
    done = ais.run("segment", "-m", FLAT, "-o", tmp_path / "out", *options, tomogram)
    assert done.returncode == 2 and word in done.stderr
    assert names(tmp_path / "out") == []


def test_inputs_that_would_share_a_name_are_refused_with_both_paths_before_work(ais, tmp_path, voxels):
    one = write(tmp_path / "a" / "TS_01.mrc", voxels)
    two = write(tmp_path / "b" / "TS_01.mrc", voxels)
    done = ais.run("segment", "-m", FLAT, "-o", tmp_path / "out", one, two)
    assert done.returncode == 1
    assert str(one) in done.stderr and str(two) in done.stderr and "--name" in done.stderr
    assert names(tmp_path / "out") == []
    ais("segment", "-m", FLAT, "-o", tmp_path / "out", "--name", "{parent}_{stem}", one, two)
    assert [n for n in names(tmp_path / "out") if n.endswith(".mrc")] == [
        f"a_TS_01__{FLAT_TITLE}.mrc", f"b_TS_01__{FLAT_TITLE}.mrc"]


def test_models_of_one_title_are_refused_with_both_paths(ais, tmp_path, tomogram):
    copy = tmp_path / "copy.scnm"
    copy.write_bytes(FLAT.read_bytes())
    done = ais.run("segment", "-m", FLAT, "-m", copy, "-o", tmp_path / "out", tomogram)
    assert done.returncode == 1 and str(FLAT) in done.stderr and str(copy) in done.stderr and "{model}" in done.stderr


def test_an_output_that_is_an_input_is_refused(ais, tmp_path, voxels):
    folder = tmp_path / "in"
    one = write(folder / "TS.mrc", voxels)
    two = write(folder / f"TS__{FLAT_TITLE}.mrc", voxels)
    done = ais.run("segment", "-m", FLAT, "-o", folder, "--force", one, two)
    assert done.returncode == 1 and "one of the inputs" in done.stderr
    assert np.array_equal(mrcfile.read(two), voxels)


def test_what_was_made_the_same_way_is_skipped_and_nothing_else(ais, tmp_path, tomogram):
    out = tmp_path / "out"
    ais("segment", "-m", FLAT, "-o", out, tomogram)
    path = output(out)
    first = path.stat().st_mtime_ns
    assert "skipped" in ais("segment", "-m", FLAT, "-o", out, tomogram)
    assert path.stat().st_mtime_ns == first

    other = ais.run("segment", "-m", FLAT, "-o", out, "--tta", "2", tomogram)
    assert other.returncode == 1 and "--force" in other.stderr and str(path) in other.stderr
    assert path.stat().st_mtime_ns == first

    ais("segment", "-m", FLAT, "-o", out, "--tta", "2", "--force", tomogram)
    assert path.stat().st_mtime_ns != first
    assert json.loads(path.with_suffix(".json").read_text())["settings"]["augmentations"] == 2
    assert "skipped" in ais("segment", "-m", FLAT, "-o", out, "--tta", "2", tomogram)


def test_threads_and_memory_do_not_make_another_result(ais, tmp_path, tomogram):
    ais("segment", "-m", FLAT, "-o", tmp_path / "out", tomogram, "--threads", "1")
    assert "skipped" in ais("segment", "-m", FLAT, "-o", tmp_path / "out", tomogram, "--memory", "1GiB")


def test_another_tomogram_under_the_same_name_is_noticed(ais, tmp_path, tomogram, voxels):
    ais("segment", "-m", FLAT, "-o", tmp_path / "out", tomogram)
    write(tomogram, voxels[::-1].copy())
    done = ais.run("segment", "-m", FLAT, "-o", tmp_path / "out", tomogram)
    assert done.returncode == 1 and "another model, input" in done.stderr


def test_a_file_that_somebody_else_made_is_not_replaced_unasked(ais, tmp_path, tomogram, voxels):
    path = write(output(tmp_path / "out"), voxels)
    done = ais.run("segment", "-m", FLAT, "-o", tmp_path / "out", tomogram)
    assert done.returncode == 1 and "--force" in done.stderr
    assert np.array_equal(mrcfile.read(path), voxels)
    ais("segment", "-m", FLAT, "-o", tmp_path / "out", "--force", tomogram)
    assert mrcfile.read(path).dtype == np.uint16


def test_a_volume_without_its_provenance_is_made_again(ais, tmp_path, tomogram):
    ais("segment", "-m", FLAT, "-o", tmp_path / "out", tomogram)
    path = output(tmp_path / "out")
    path.with_suffix(".json").unlink()
    ais("segment", "-m", FLAT, "-o", tmp_path / "out", tomogram)
    assert path.with_suffix(".json").exists()


def test_one_bad_tomogram_does_not_stop_the_others(ais, tmp_path, voxels):
    folder = tmp_path / "in"
    for stem in ("TS_01", "TS_02", "TS_03"):
        write(folder / f"{stem}.mrc", voxels)
    whole = (folder / "TS_02.mrc").read_bytes()
    (folder / "TS_02.mrc").write_bytes(whole[: len(whole) * 7 // 10])
    done = ais.run("segment", "-m", FLAT, "-o", tmp_path / "out", folder)
    assert done.returncode == 1
    assert "TS_02.mrc" in done.stderr and "truncated" in done.stderr
    assert [n for n in names(tmp_path / "out") if n.endswith(".mrc")] == [
        f"TS_01__{FLAT_TITLE}.mrc", f"TS_03__{FLAT_TITLE}.mrc"]


def test_two_models_in_one_pass_give_what_each_gives_alone(ais, tmp_path, tomogram):
    ais("segment", "-m", FLAT, "-m", OTHER, "-o", tmp_path / "both", tomogram)
    ais("segment", "-m", FLAT, "-o", tmp_path / "alone", tomogram)
    ais("segment", "-m", OTHER, "-o", tmp_path / "alone", tomogram)
    assert names(tmp_path / "both") == names(tmp_path / "alone") and len(names(tmp_path / "both")) == 4
    for feature in (FLAT_TITLE, OTHER_TITLE):
        both, alone = (mrcfile.read(output(tmp_path / where, feature=feature)) for where in ("both", "alone"))
        assert np.array_equal(both, alone) and both.any()


def test_a_dry_run_says_what_is_needed_and_does_nothing(ais, tmp_path, tomogram):
    text = ais("segment", "-m", FLAT, "-o", tmp_path / "out", "--dry-run", tomogram)
    assert "of memory" in text and "of disk" in text
    assert not (tmp_path / "out").exists()


def test_json_lines_tell_programs_everything(ais, tmp_path, tomogram, voxels):
    broken = tmp_path / "broken.mrc"
    broken.write_bytes(b"no tomogram")
    done = ais.run("segment", "-m", FLAT, "-o", tmp_path / "out", "--json", tomogram, broken)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert all(line["schema"] == "ais.progress/1" for line in lines)
    events = [line["event"] for line in lines]
    assert events[0] == "plan" and events[-1] == "end" and events.count("start") == events.count("done") == 2
    assert lines[0]["diskBytes"] == voxels.size * 2 + 1024 and lines[0]["memoryBytes"] > 0
    good, bad = (line for line in lines if line["event"] == "done")
    assert good["written"] == [str(output(tmp_path / "out"))] and good["errors"] == []
    assert bad["written"] == [] and bad["errors"][0]["message"]
    assert (lines[-1]["outputs"], lines[-1]["tomogramsFailed"]) == (1, 1)


def test_quiet_prints_nothing_when_all_is_well(ais, tmp_path, tomogram):
    done = ais.run("segment", "-m", FLAT, "-o", tmp_path / "out", "-q", tomogram)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("header", [0.0, 1.0, 0.05, 400.0])
def test_a_voxel_size_that_cannot_be_trusted_stops_a_run_that_would_rescale(ais, tmp_path, voxels, header):
    tomogram = write(tmp_path / "TS_01.mrc", voxels, header)
    done = ais.run("segment", "-m", FLAT, "-o", tmp_path / "out", tomogram)
    assert done.returncode == 1 and "--voxel-size" in done.stderr and "native" in done.stderr
    assert not output(tmp_path / "out").exists()
    ais("segment", "-m", FLAT, "-o", tmp_path / "out", "--voxel-size", "10A", tomogram)
    with mrcfile.open(output(tmp_path / "out")) as file:
        assert file.voxel_size.x == 10
    ais("segment", "-m", FLAT, "-o", tmp_path / "native", "--processing-voxel-size", "native", tomogram)
    assert np.array_equal(mrcfile.read(output(tmp_path / "native")), mrcfile.read(output(tmp_path / "out")))


def test_a_name_that_contradicts_the_header_stops_too(ais, tmp_path, voxels):
    tomogram = write(tmp_path / "TS_01_20.00Apx.mrc", voxels, 10.0)
    done = ais.run("segment", "-m", FLAT, "-o", tmp_path / "out", tomogram)
    assert done.returncode == 1 and "20 Å" in done.stderr and "--voxel-size" in done.stderr


def test_folders_patterns_and_lists_give_each_tomogram_once(ais, tmp_path, voxels):
    folder = tmp_path / "in"
    for stem in ("TS_01", "TS_02", "other"):
        write(folder / f"{stem}.mrc", voxels)
    write(folder / f"TS_01__{FLAT_TITLE}.mrc", voxels)
    (folder / "notes.md").write_text("not a tomogram")
    (tmp_path / "list.txt").write_text(f"# two of them\n{folder}/TS_02.mrc\n\nin/other.mrc\n")

    def planned(*inputs):
        lines = ais("segment", "-m", FLAT, "-o", tmp_path / "out", "--dry-run", "--json", *inputs).splitlines()
        return json.loads(lines[0])["tomograms"]

    assert planned(folder) == 3
    assert planned(folder / "TS_0?.mrc") == 2
    assert planned(tmp_path / "list.txt") == 2
    assert planned(folder, folder / "TS_*[12].mrc", tmp_path / "list.txt", folder / ".." / "in" / "other.mrc") == 3
    for missing in (folder / "none.mrc", folder / "none_*.mrc", tmp_path / "list2.txt"):
        done = ais.run("segment", "-m", FLAT, "-o", tmp_path / "out", missing)
        assert done.returncode == 1 and str(missing) in done.stderr


def test_an_xz_stack_seen_with_its_axes_exchanged_gives_the_same_voxels_in_its_own_frame(ais, tmp_path, tomogram, voxels):
    ais("segment", "-m", FLAT, "-o", tmp_path / "plain", tomogram)
    expected = mrcfile.read(output(tmp_path / "plain"))
    assert expected.any()
    exchanged = write(tmp_path / "xz" / "TS_01.mrc", np.ascontiguousarray(voxels.swapaxes(0, 1)))
    ais("segment", "-m", FLAT, "-o", tmp_path / "out", "--axes", "xzy", exchanged)
    assert np.array_equal(mrcfile.read(output(tmp_path / "out")).swapaxes(0, 1), expected)


def test_a_turned_tomogram_seen_turned_back_gives_the_same_voxels_in_its_own_frame(ais, tmp_path, tomogram, voxels):
    ais("segment", "-m", FLAT, "-o", tmp_path / "plain", tomogram)
    expected = mrcfile.read(output(tmp_path / "plain"))
    # --rotate-x: new z runs against the file's y, new y along its z. So the file's [z][y] is the view's [-y][z].
    turned = write(tmp_path / "turned" / "TS_01.mrc", np.ascontiguousarray(voxels[::-1].swapaxes(0, 1)))
    ais("segment", "-m", FLAT, "-o", tmp_path / "out", "--rotate-x", turned)
    assert np.array_equal(mrcfile.read(output(tmp_path / "out")), expected[::-1].swapaxes(0, 1))


def test_an_inverted_tomogram_seen_inverted_gives_the_same_voxels(ais, tmp_path, tomogram, voxels):
    ais("segment", "-m", FLAT, "-o", tmp_path / "plain", tomogram)
    inverted = write(tmp_path / "inverted" / "TS_01.mrc", -voxels)
    ais("segment", "-m", FLAT, "-o", tmp_path / "out", "--invert", inverted)
    assert np.array_equal(mrcfile.read(output(tmp_path / "out")), mrcfile.read(output(tmp_path / "plain")))


def test_tiles_that_memory_forces_change_no_byte(ais, tmp_path, repository):
    with mrcfile.open(repository / "Examples" / "cell_c.mrc") as file:
        large = write(tmp_path / "TS_01.mrc", np.tile(np.array(file.data[30:32]), (1, 3, 3)))
    model = repository / "Examples" / "MembraneC.scnm"

    def run(folder, *options):
        lines = ais("segment", "-m", model, "-o", folder, "--json", "--tta", "2", *options, large).splitlines()
        return json.loads(lines[0]), mrcfile.read(next(folder.glob("*.mrc")))

    plan, whole = run(tmp_path / "whole")
    limit = plan["memoryBytes"] // 2
    less, tiled = run(tmp_path / "tiled", "--memory", f"{limit}B")
    assert less["memoryBytes"] <= limit < plan["memoryBytes"]
    assert np.array_equal(tiled, whole)


def test_too_little_memory_is_refused_with_what_would_do(ais, tmp_path, tomogram):
    done = ais.run("segment", "-m", FLAT, "-o", tmp_path / "out", "--memory", "8MiB", tomogram)
    assert done.returncode == 1 and "at least" in done.stderr and "--memory" in done.stderr


def test_a_disk_that_is_too_small_is_found_before_work(ais, tmp_path):
    """A tomogram of 1.6 TB that takes no room itself."""
    huge = write(tmp_path / "huge.mrc", np.zeros((1, 4, 4), np.int8))
    with open(huge, "r+b") as file:
        sides = np.array([4000, 4000, 100000], "<i4").tobytes()
        file.write(sides)
        file.seek(28)
        file.write(sides)
        file.seek(40)
        file.write(np.array([40000, 40000, 1000000], "<f4").tobytes())
        file.truncate(1024 + 4000 * 4000 * 100000)
    done = ais.run("segment", "-m", FLAT, "-o", tmp_path / "out", huge)
    assert done.returncode == 1 and "free" in done.stderr and "int8" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_signal_ends_within_a_second_and_leaves_nothing(ais, tmp_path, repository, number):
    out = tmp_path / "out"
    process = subprocess.Popen(
        [ais.path, "segment", "-m", repository / "Examples" / "MembraneC.scnm", "-o", out, "--tta", "8",
         repository / "Examples" / "cell_c.mrc"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    limit = time.monotonic() + 60
    while not names(out) and process.poll() is None and time.monotonic() < limit:
        time.sleep(0.01)
    assert any(name.endswith(".part") for name in names(out))
    asked = time.monotonic()
    process.send_signal(number)
    _, errors = process.communicate(timeout=10)
    # A loaded machine may take a little longer to get to it.
    assert time.monotonic() - asked < 1.5
    assert process.returncode == 130 and "stopped" in errors
    assert names(out) == []


def test_a_model_that_is_none_is_refused_before_anything_else(ais, tmp_path, tomogram):
    bad = tmp_path / "bad.scnm"
    bad.write_bytes(b"x" * 2000)
    done = ais.run("segment", "-m", bad, "-o", tmp_path / "out", tomogram)
    assert done.returncode == 1 and str(bad.name) in done.stderr
    assert names(tmp_path / "out") == []


def test_the_last_line_can_be_typed_to_look_at_the_result(ais, tmp_path, voxels):
    tomogram = write(tmp_path / "my tomograms" / "TS 01 (bin4).mrc", voxels)
    last = ais("segment", "-m", FLAT, "-o", tmp_path / "out", "--invert", "--voxel-size", "10A", tomogram).splitlines()[-1]
    start, line = last.split("ais preview ")
    assert start.startswith("look at it") and "--voxel-size 10A --invert" in line
    subprocess.run(["sh", "-c", f"{ais.path} preview {line}"], cwd=tmp_path, check=True, capture_output=True, timeout=60)
    assert (tmp_path / "TS 01 (bin4).png").exists()
    assert ais("segment", "-m", FLAT, "-o", tmp_path / "out", "-q", "--force", tomogram) == ""


def test_segmentations_in_a_folder_of_their_own_are_not_segmented(ais, tmp_path, tomogram):
    ais("segment", "-m", FLAT, "-o", tmp_path / "out", tomogram)
    done = ais.run("segment", "-m", FLAT, "-o", tmp_path / "again", tmp_path / "out")
    assert done.returncode == 1 and "only segmentations" in done.stderr


def test_a_volume_on_its_side_is_named_unless_it_is_turned(ais, tmp_path):
    side = write(tmp_path / "side.rec", np.random.default_rng(3).normal(size=(24, 8, 24)).astype(np.float32))
    done = ais.run("segment", "-m", FLAT, "-o", tmp_path / "a", side)
    assert done.returncode == 0 and "thinnest along y" in done.stderr and "--rotate-x" in done.stderr
    done = ais.run("segment", "-m", FLAT, "-o", tmp_path / "b", "--rotate-x", side)
    assert done.returncode == 0 and done.stderr == ""


def test_a_single_failure_is_named_once(ais, tmp_path):
    (tmp_path / "empty.mrc").touch()
    done = ais.run("segment", "-m", FLAT, "-o", tmp_path / "out", tmp_path / "empty.mrc")
    assert done.returncode == 1 and done.stderr.count("empty.mrc") == 1
