"""`ais coordinates check` and `ais extract-particles`, as whole processes."""

import json

import mrcfile
import numpy as np
import pytest


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """Balls in a tomogram, its segmentation, and the list of their centres."""
    folder = tmp_path_factory.mktemp("doctor")
    rng = np.random.default_rng(3)
    size = np.array([150, 130, 80])
    centres = []
    while len(centres) < 120:
        p = rng.uniform(8, size - 9)
        if all(np.linalg.norm(p - q) > 12 for q in centres):
            centres.append(p)
    centres = np.array(centres)
    z, y, x = np.mgrid[: size[2], : size[1], : size[0]]
    volume = np.zeros(tuple(size[::-1]), np.float32)
    for c in centres:
        near = tuple(slice(int(v) - 6, int(v) + 8) for v in c[::-1])
        r = np.sqrt((z[near] - c[2]) ** 2 + (y[near] - c[1]) ** 2 + (x[near] - c[0]) ** 2)
        volume[near] += np.clip(4.5 - r, 0, 1)
    with mrcfile.new(folder / "T.mrc") as file:
        file.set_data((rng.normal(0, 1, volume.shape) - volume).astype(np.float32))
        file.voxel_size = 10
    with mrcfile.new(folder / "T__Ball.mrc") as file:
        file.set_data((255 * np.clip(volume, 0, 1)).astype(np.uint16))
        file.voxel_size = 10
    return folder, centres, size


def write(path, points):
    path.write_text("".join("\t".join(f"{v:.4f}" for v in p) + "\n" for p in points))
    return path


FAULTS = {
    "clean": (lambda p, n: p, None),
    "columns z, y, x": (lambda p, n: p[:, ::-1], "swapped-axes"),
    "y from the other side": (lambda p, n: np.column_stack([p[:, 0], n[1] - 1 - p[:, 1], p[:, 2]]), "mirrored"),
    "counted from 1": (lambda p, n: p + 1, "counted-from-one"),
    "another binning": (lambda p, n: (p + 0.5) * 4 - 0.5, "scaled"),
    "from the middle": (lambda p, n: p - n / 2, "centred"),
}


@pytest.mark.parametrize("witness", ["tomogram", "segmentation"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_and_mended_by_the_options_printed(ais, tmp_path, example, fault, witness):
    folder, centres, size = example
    spoil, code = FAULTS[fault]
    path = write(tmp_path / "list.txt", spoil(centres, size))
    options = ["-t", folder / "T.mrc"] if witness == "tomogram" else ["-s", folder / "T__Ball.mrc"]
    done = ais.run("coordinates", "check", path, *options, "--json")
    answer = json.loads(done.stdout)
    assert answer["schema"] == "ais.coordinates.check/1"
    diagnosis = answer["lists"][0]["tomograms"][0]
    faults = [f["code"] for f in diagnosis["findings"] if f.get("severity") in ("warning", "error")]
    if code is None:
        assert done.returncode == 0 and faults == [], done.stdout
        return
    assert done.returncode == 1 and code in faults, done.stdout
    words = " ".join(diagnosis["repairOptions"]).split()
    mended = tmp_path / "mended.txt"
    ais("coordinates", "convert", path, "-o", mended, "--decimals", "3", "--size", "150,130,80", *words)
    assert np.abs(np.loadtxt(mended)[:, :3] - centres).max() < 1


def test_boxes_are_cut_and_proved(ais, tmp_path, example):
    folder, centres, _ = example
    path = write(tmp_path / "list.txt", centres)
    text = ais("extract-particles", path, "-t", folder / "T.mrc", "-o", tmp_path / "out", "--box", "24", "--invert", "--proof")
    assert "the list was read again and 50 boxes were cut by it" in text
    boxes = sorted((tmp_path / "out").rglob("*.mrc"))
    assert boxes
    rows = [line for line in (tmp_path / "out/particles.star").read_text().splitlines() if ".mrc" in line and "\t" in line]
    assert len(rows) == len(boxes)
    data = [mrcfile.read(box) for box in boxes]
    mean = np.mean(data, axis=0)
    assert mean.shape == (24, 24, 24)
    assert np.unravel_index(mean.argmax(), mean.shape) in [(z, y, x) for z in range(9, 15) for y in range(9, 15) for x in range(9, 15)]
    assert mean[12, 12, 12] > 0.3 and abs(data[0][0].mean()) < 1
    assert "were there already" not in text
    again = ais("extract-particles", path, "-t", folder / "T.mrc", "-o", tmp_path / "out", "--box", "24", "--invert", "--proof")
    assert "there already" in again and "50 boxes were cut" in again


def test_an_extraction_is_foretold_resumed_and_the_same_on_any_number_of_threads(ais, tmp_path, example):
    folder, centres, _ = example
    path = write(tmp_path / "list.txt", centres)
    words = ["extract-particles", path, "-t", folder / "T.mrc", "--box", "16"]
    text = ais(*words, "-o", tmp_path / "one", "--dry-run")
    assert "would give" in text and "120 particles" in text and not (tmp_path / "one").exists()
    ais(*words, "-o", tmp_path / "one", "--threads", "1")
    events = [json.loads(line) for line in ais(*words, "-o", tmp_path / "four", "--threads", "4", "--json").splitlines()]
    assert [event["event"] for event in events if event["event"] != "progress"] == ["plan", "start", "done", "list", "end"]
    boxes = sorted((tmp_path / "one").rglob("*.mrc"))
    assert len(boxes) == events[-2]["results"]["particles"] > 50
    for box in boxes:
        other = mrcfile.read(tmp_path / "four" / box.relative_to(tmp_path / "one"))
        assert (mrcfile.read(box) == other).all()
    # A box that is gone is cut again, and nothing else is taken for it.
    boxes[7].unlink()
    ais(*words, "-o", tmp_path / "one")
    assert boxes[7].exists()
    other = ais.run(*words[:-1], "20", "-o", tmp_path / "one")
    assert other.returncode == 1 and "--force" in other.stderr


def test_lists_are_merged_filtered_and_measured(ais, tmp_path, example):
    folder, centres, _ = example
    a, b = write(tmp_path / "a.txt", centres[:80]), write(tmp_path / "b.txt", centres[60:] + 0.3)
    common = ["--tomogram-name", "T", "-t", folder / "T.mrc"]
    ais("coordinates", "merge", a, b, "--spacing", "3px", "-o", tmp_path / "all.star", *common)
    info = json.loads(ais("coordinates", "info", "--json", tmp_path / "all.star"))["lists"][0]
    assert info["particles"] == 120
    ais("coordinates", "filter", tmp_path / "all.star", "--inside", folder / "T__Ball.mrc", "--border", "15px", "-o",
        tmp_path / "some.star", "-t", folder / "T.mrc")
    kept = json.loads(ais("coordinates", "info", "--json", tmp_path / "some.star"))["lists"][0]
    assert 0 < kept["particles"] < 120
    distance = json.loads(ais("coordinates", "distance", tmp_path / "all.star", "--json", "-t", folder / "T.mrc",
                              "-o", tmp_path / "d.csv"))
    assert distance["unit"] == "angstrom" and distance["smallest"] > 100
    assert len((tmp_path / "d.csv").read_text().splitlines()) == 121


def test_a_list_out_of_the_volume_is_warned_about_when_it_is_converted(ais, tmp_path, example):
    folder, centres, _ = example
    path = write(tmp_path / "list.txt", centres * 10)
    done = ais.run("coordinates", "convert", path, "-t", folder / "T.mrc", "-o", tmp_path / "x.star")
    assert done.returncode == 0
    assert "lie outside the volume" in done.stderr and "--scale 0.1" in done.stderr


def test_a_damaged_list_stops_with_its_name(ais, tmp_path):
    (tmp_path / "a.mod").write_bytes(b"IMODV1.2" + b"\0" * 40)
    done = ais.run("coordinates", "info", tmp_path / "a.mod")
    assert done.returncode == 1 and "a.mod" in done.stderr and "truncated" in done.stderr
