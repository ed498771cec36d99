"""Groups of networks: `ais group` and `ais segment --group`, against definitions computed with SciPy, and as archives that Python
reads."""

import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import tarfile

import mrcfile
import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

HERE = pathlib.Path(__file__).resolve().parent
FIXTURES = HERE.parent / "Fixtures"
REFERENCE_GROUP = FIXTURES / "interactions" / "reference.scnmgroup"
# A 2D network, one of several slices, and a 3D one.
MODELS = {"A": "flat-global.scnm", "B": "stack-legacy.scnm", "C": "slab-legacy.scnm"}


def titled(source: pathlib.Path, title: str, target: pathlib.Path, **changes) -> pathlib.Path:
    """A copy of a model under another title."""
    with tarfile.open(source) as old, tarfile.open(target, "w") as new:
        for member in old.getmembers():
            data = old.extractfile(member).read()
            if member.name.endswith("_metadata.json"):
                data = json.dumps(json.loads(data) | {"title": title} | changes).encode()
            entry = tarfile.TarInfo(member.name)
            entry.size = len(data)
            new.addfile(entry, io.BytesIO(data))
    return target


@pytest.fixture
def models(tmp_path) -> dict:
    folder = tmp_path / "models"
    folder.mkdir()
    return {t: titled(FIXTURES / "segment" / f, t, folder / f"{t}.scnm") for t, f in MODELS.items()}


def write(path: pathlib.Path, values: np.ndarray, voxel_size=10.0) -> pathlib.Path:
    with mrcfile.new(path, overwrite=True) as file:
        file.set_data(values)
        file.voxel_size = voxel_size
    return path


@pytest.fixture(scope="session")
def voxels(repository) -> np.ndarray:
    with mrcfile.open(repository / "Examples" / "cell_c.mrc") as file:
        return np.array(file.data[20:40, 40:90, 30:90])


@pytest.fixture
def tomogram(tmp_path, voxels) -> pathlib.Path:
    return write(tmp_path / "TS_01.mrc", voxels)


def levels(raw: dict, fraction: float) -> dict:
    """For each model the threshold that a fraction of its voxels lies above: random networks have no natural one."""
    return {title: float(np.quantile(values, 1 - fraction)) for title, values in raw.items()}


def recipe(models: dict, interactions: list, **changes) -> dict:
    document = {
        "schema": "ais.group/1", "title": "cell",
        "models": [{"title": t, "file": str(p)} for t, p in models.items()], "interactions": interactions}
    return document | changes


def combined(raw: dict, document: dict, voxel_size) -> dict:
    """The definition: competition, then the interactions one after another, each seeing what those before it left."""
    values = {t: v.copy() for t, v in raw.items()}
    emitters = [m["title"] for m in document["models"] if m.get("emit")]
    for model in document["models"]:
        if model.get("absorb") and emitters:
            highest = np.max([raw[t] for t in emitters], axis=0)
            values[model["title"]][raw[model["title"]] < highest] = 0
    for step in document["interactions"]:
        found = values[step["parent"]] > np.float32(step["threshold"])
        spacing = np.array(voxel_size, float)
        if document.get("dimension", 2) == 3:
            distance = distance_transform_edt(~found, sampling=spacing) if found.any() else np.full(found.shape, np.inf)
        else:
            distance = np.stack([
                distance_transform_edt(~s, sampling=spacing[1:]) if s.any() else np.full(s.shape, np.inf) for s in found])
        near = distance <= step["radiusNanometer"] * 10 * (1 + 1e-6)
        keep = near if step["type"] == "colocalize" else ~near
        values[step["child"]][~keep] = 0
    return values


def raw_predictions(ais, models, tomogram, folder) -> dict:
    ais("segment", *(a for p in models.values() for a in ("-m", p)), "-o", folder, "--output-type", "float32", tomogram)
    return {t: mrcfile.read(folder / f"TS_01__{t}.mrc") for t in models}


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("voxel_size", [(10, 10, 10), (13.5, 10, 10)])
def test_a_group_gives_what_its_definition_says(ais, tmp_path, models, voxels, dimension, voxel_size):
    tomogram = tmp_path / "TS_01.mrc"
    with mrcfile.new(tomogram) as file:
        file.set_data(voxels)
        file.voxel_size = tuple(reversed(voxel_size))
    raw = raw_predictions(ais, models, tomogram, tmp_path / "raw")
    level = levels(raw, 0.004)
    document = recipe(models, [
        {"type": "avoid", "child": "A", "parent": "C", "radiusNanometer": 2.2, "threshold": level["C"]},
        {"type": "colocalize", "child": "B", "parent": "A", "radiusNanometer": 3, "threshold": level["A"]},
        {"type": "avoid", "child": "C", "parent": "B", "radiusNanometer": 0.4, "threshold": level["B"]},
    ], dimension=dimension)
    document["models"][0] |= {"emit": True}
    document["models"][2] |= {"absorb": True, "emit": True}
    path = tmp_path / "cell.json"
    path.write_text(json.dumps(document))
    out = tmp_path / "out"
    text = ais("segment", "--group", path, "-o", out, "--raw", "--labels", "--output-type", "float32", tomogram)
    assert "stays only" in text
    assert sorted(os.listdir(out)) == sorted(
        [f"TS_01__{t}.{e}" for t in "ABC" for e in ("mrc", "json")] + ["raw", "labels"])
    expected = combined(raw, document, voxel_size)
    changed = 0
    for title in models:
        assert np.array_equal(mrcfile.read(out / "raw" / f"TS_01__{title}.mrc"), raw[title])
        got = mrcfile.read(out / f"TS_01__{title}.mrc")
        assert np.array_equal(got, expected[title]), title
        changed += not np.array_equal(got, raw[title])
    assert changed == 3
    labels = mrcfile.read(out / "labels" / "TS_01__labels.mrc")
    stack = np.stack([np.where(v > 0.5, v, 0) for v in expected.values()])
    assert np.array_equal(labels, np.where(stack.max(0) > 0, stack.argmax(0) + 1, 0))


def test_provenance_names_the_group_and_every_model(ais, tmp_path, models, tomogram):
    path = tmp_path / "cell.json"
    ais("group", "create", "-o", path, *models.values(), "--emit", "A", "--absorb", "B", "-i", "C,avoid,A,30nm,0.7")
    out = tmp_path / "out"
    ais("segment", "--group", path, "-o", out, "--labels", "--raw", tomogram)
    account = json.loads((out / "TS_01__C.json").read_text())
    assert account["schema"] == "ais.segmentation/1" and account["model"]["title"] == "C"
    group = account["group"]
    assert group["title"] == "cell" and group["path"] == str(path) and group["dimension"] == 2
    assert [m["title"] for m in group["models"]] == ["A", "B", "C"]
    assert [(m["emit"], m["absorb"]) for m in group["models"]] == [(True, False), (False, True), (False, False)]
    assert all(len(m["contentHash"]) == 64 for m in group["models"])
    assert group["interactions"] == [
        {"type": "avoid", "child": "C", "parent": "A", "radiusNanometer": 30, "threshold": 0.7}]
    assert "group" not in json.loads((out / "raw" / "TS_01__C.json").read_text())
    labels = json.loads((out / "labels" / "TS_01__labels.json").read_text())
    assert "model" not in labels and labels["output"]["kind"] == "labels"
    assert [m["label"] for m in labels["group"]["models"]] == [1, 2, 3]
    with mrcfile.open(out / "TS_01__C.mrc") as file:
        lines = [bytes(label).decode().rstrip(" \0") for label in file.header.label]
    assert any("group cell" in line for line in lines) and any(account["fingerprint"] in line for line in lines)


def test_what_is_there_is_skipped_and_what_is_missing_is_made(ais, tmp_path, models, tomogram):
    path = tmp_path / "cell.json"
    ais("group", "create", "-o", path, *models.values(), "-i", "C,avoid,A,30nm")
    out = tmp_path / "out"
    ais("segment", "--group", path, "-o", out, tomogram)
    first = {t: (out / f"TS_01__{t}.mrc").read_bytes()[1024:] for t in models}
    times = {t: (out / f"TS_01__{t}.mrc").stat().st_mtime_ns for t in models}
    assert "skipped" in ais("segment", "--group", path, "-o", out, tomogram)
    (out / "TS_01__C.mrc").unlink()
    ais("segment", "--group", path, "-o", out, tomogram)
    assert (out / "TS_01__C.mrc").read_bytes()[1024:] == first["C"]
    assert [(out / f"TS_01__{t}.mrc").stat().st_mtime_ns for t in "AB"] == [times[t] for t in "AB"]
    # Another radius is another group.
    ais("group", "create", "--force", "-o", path, *models.values(), "-i", "C,avoid,A,20nm")
    done = ais.run("segment", "--group", path, "-o", out, tomogram)
    assert done.returncode == 1 and "--force" in done.stderr
    # A single network's output is never taken for the group's.
    done = ais.run("segment", "-m", models["C"], "-o", out, tomogram)
    assert done.returncode == 1 and "--force" in done.stderr


def test_a_plan_says_what_will_be_done_and_does_nothing(ais, tmp_path, models, tomogram):
    path = tmp_path / "cell.json"
    ais("group", "create", "-o", path, *models.values(), "--dimension", "3", "-i", "C,avoid,A,3nm")
    text = ais("segment", "--group", path, "-o", tmp_path / "out", "--dry-run", "-v", tomogram)
    assert "C stays only farther than 3 nm from A" in text and "in 3 dimensions" in text
    assert "slices that wait for other models" in text
    assert not (tmp_path / "out").exists()
    lines = ais("segment", "--group", path, "-o", tmp_path / "out", "--json", tomogram).splitlines()
    events = [json.loads(line) for line in lines]
    assert events[0]["event"] == "plan" and events[0]["outputs"] == 3 and events[0]["memoryBytes"] > 0
    assert len(events[-2]["written"]) == 3
    refused = ais.run("segment", "--group", path, "-o", tmp_path / "o2", "--memory", "33MiB", tomogram)
    assert refused.returncode == 1 and "MiB are allowed" in refused.stderr


def test_groups_and_single_models_do_not_mix(ais, tmp_path, models, tomogram):
    path = tmp_path / "cell.json"
    ais("group", "create", "-o", path, *models.values())
    for options, word in [
            (["--group", path, "-m", models["A"]], "contradict"), (["-m", models["A"], "--labels"], "--group"),
            ([], "--group"), (["-m", models["A"], "--raw"], "--group")]:
        done = ais.run("segment", *options, "-o", tmp_path / "out", tomogram)
        assert done.returncode == 2 and word in done.stderr


def test_an_unknown_voxel_size_stops_a_group_with_radii(ais, tmp_path, models, voxels):
    tomogram = write(tmp_path / "TS_01.mrc", voxels, voxel_size=0)
    path = tmp_path / "cell.json"
    ais("group", "create", "-o", path, *models.values(), "-i", "C,avoid,A,3nm")
    done = ais.run("segment", "--group", path, "-o", tmp_path / "out", "--processing-voxel-size", "native", tomogram)
    assert done.returncode == 1 and "--voxel-size" in done.stderr
    ais("segment", "--group", path, "-o", tmp_path / "out", "--voxel-size", "10A", tomogram)


def test_a_group_of_the_reference_program_is_read(ais, tmp_path, tomogram):
    document = json.loads(ais("group", "show", "--json", REFERENCE_GROUP))
    assert document["schema"] == "ais.group/1"
    assert [(m["title"], m["emit"], m["absorb"], m["threshold"]) for m in document["models"]] == [
        ("Membrane", True, False, 0.5), ("Ribosome", False, True, 0.4)]
    assert document["interactions"] == [
        {"type": "colocalize", "child": "Ribosome", "parent": "Membrane", "radiusNanometer": 30, "threshold": 0.5},
        {"type": "avoid", "child": "Membrane", "parent": "Ribosome", "radiusNanometer": 12.5, "threshold": 0.25}]
    ais("segment", "--group", REFERENCE_GROUP, "-o", tmp_path / "out", tomogram)
    assert (tmp_path / "out" / "TS_01__Ribosome.mrc").exists()
    check = ais.run("group", "check", REFERENCE_GROUP)
    assert check.returncode == 0 and "circle" in check.stdout


def test_a_group_goes_to_an_archive_and_comes_back(ais, tmp_path, models):
    path = tmp_path / "cell.json"
    ais("group", "create", "-o", path, *models.values(), "--emit", "A", "--absorb", "B", "--threshold", "C=0.25",
        "-i", "C,avoid,A,12.5nm,0.7", "-i", "B,colocalise,C,300A")
    archive = tmp_path / "for_ais.scnmgroup"
    ais("group", "create", "-o", archive, path)
    with tarfile.open(archive) as tar:
        assert tar.getnames() == [f"for_ais_model_{i}.scnm" for i in range(3)] + ["for_ais_interactions.json"]
        assert json.load(tar.extractfile("for_ais_interactions.json")) == [
            {"parent_title": "C", "partner_title": "A", "type": 1, "radius": 12.5, "threshold": 0.7},
            {"parent_title": "B", "partner_title": "C", "type": 0, "radius": 30, "threshold": 0.5}]
        for index, (title, model) in enumerate(models.items()):
            with tarfile.open(fileobj=tar.extractfile(f"for_ais_model_{index}.scnm")) as inner, tarfile.open(model) as own:
                names = inner.getnames()
                assert sorted(names) == [f"for_ais_model_{index}_metadata.json", f"for_ais_model_{index}_weights.h5"]
                weights = next(n for n in own.getnames() if n.endswith("_weights.h5"))
                assert inner.extractfile(names[0] if "weights" in names[0] else names[1]).read() == own.extractfile(
                    weights).read()
                metadata = json.load(inner.extractfile(f"for_ais_model_{index}_metadata.json"))
                own_metadata = json.load(own.extractfile(next(n for n in own.getnames() if n.endswith(".json"))))
                assert metadata == own_metadata | {
                    "emit": title == "A", "absorb": title == "B", "threshold": 0.25 if title == "C" else 0.5}
    back = tmp_path / "back"
    back.mkdir()
    ais("group", "create", "-o", back / "cell.json", archive)
    assert sorted(os.listdir(back)) == ["A.scnm", "B.scnm", "C.scnm", "cell.json"]
    one, two = (json.loads(ais("group", "show", "--json", p)) for p in (path, back / "cell.json"))
    for document in (one, two):
        for model in document["models"]:
            del model["file"]
    assert two == one | {"title": "for_ais"}
    assert ais.run("group", "check", back / "cell.json").returncode == 0


def test_what_is_wrong_with_a_group_is_named_with_what_to_do(ais, tmp_path, models):
    def check(document, *words, code=1):
        path = tmp_path / "cell.json"
        path.write_text(json.dumps(document))
        done = ais.run("group", "check", path)
        assert done.returncode == code, done.stdout + done.stderr
        for word in words:
            assert word in done.stdout, done.stdout
        run = ais.run("segment", "--group", path, "-o", tmp_path / "out", tmp_path / "none.mrc")
        assert run.returncode == 1

    def step(child, parent, **changes):
        return {"type": "avoid", "child": child, "parent": parent, "radiusNanometer": 3, "threshold": 0.5} | changes

    check(recipe(models, [step("A", "D")]), "interaction 1 names 'D'", "'A', 'B', 'C'")
    check(recipe(models, [step("A", "A")]), "depend on itself")
    check(recipe(models, [step("A", "B"), step("B", "C"), step("C", "A")]), "'A' ← 'B' ← 'C' ← 'A'", "circle", code=0)
    check(recipe(models | {"C": tmp_path / "gone.scnm"}, []), "is not there", "gone.scnm", "correct 'file'")
    check(recipe(models, [step("A", "B", threshold=1.5)]), "expected 0 to 1")
    check(recipe(models, [step("A", "B")], dimension=3, compatibility="reference"), "slice by slice")
    double = recipe(models, [])
    double["models"][1]["title"] = "A"
    check(double, "two models are called 'A'", "another 'title'")
    lonely = recipe(models, [])
    lonely["models"][1]["emit"] = True
    check(lonely, "no model absorbs", code=0)
    misspelt = recipe(models, [step("A", "B", radius=3)])
    check(misspelt, "'radius'", "radiusNanometer")
    check(recipe(models, [], schema="ais.group/2"), "ais.group/2", "ais.group/1")
    check({"models": []}, "no group")


def test_a_network_that_changed_or_moved_is_noticed(ais, tmp_path, models):
    path = tmp_path / "models" / "cell.json"
    ais("group", "create", "-o", path, *models.values())
    document = json.loads(path.read_text())
    assert [m["file"] for m in document["models"]] == ["A.scnm", "B.scnm", "C.scnm"]
    # Moved: found by its hash, under whatever name.
    models["A"].rename(tmp_path / "models" / "other name.scnm")
    moved = ais.run("group", "check", path)
    assert moved.returncode == 0 and "other name.scnm" in moved.stdout
    # Changed: another network under the old name.
    shutil.copy(models["B"], models["A"])
    (tmp_path / "models" / "other name.scnm").unlink()
    changed = ais.run("group", "check", path)
    assert changed.returncode == 1 and "another network" in changed.stdout and "--update" in changed.stdout
    report = json.loads(ais.run("group", "check", "--json", path).stdout)
    assert report["schema"] == "ais.group-check/1" and report["groups"][0]["findings"][0]["code"] == "changed-model"
    assert ais.run("group", "check", "--update", path).returncode == 0
    assert ais.run("group", "check", path).returncode == 0
    assert "can be used" in ais("group", "check", path)


def archive(path: pathlib.Path, members: list) -> pathlib.Path:
    with tarfile.open(path, "w") as tar:
        for name, data, *rest in members:
            entry = tarfile.TarInfo(name)
            if rest:
                entry.type, entry.linkname = rest
            entry.size = 0 if rest else len(data)
            tar.addfile(entry, None if rest else io.BytesIO(data))
    return path


def test_hostile_and_broken_archives_are_refused(ais, tmp_path, models):
    good = models["A"].read_bytes()
    for name, members, word in [
            ("up", [("../x_model_0.scnm", good), ("x_interactions.json", b"[]")], "leads out"),
            ("root", [("/etc/x_model_0.scnm", good), ("x_interactions.json", b"[]")], "leads out"),
            ("link", [("x_model_0.scnm", b"", tarfile.SYMTYPE, "/etc/passwd"), ("x_interactions.json", b"[]")], "link"),
            ("none", [("x_interactions.json", b"[]")], "_model_0.scnm"),
            ("steps", [("x_model_0.scnm", good)], "_interactions.json"),
            ("list", [("x_model_0.scnm", good), ("x_interactions.json", b"{}")], "no list"),
            ("type", [("x_model_0.scnm", good), ("x_interactions.json", b'[{"parent_title": "A"}]')], "interaction 1"),
            ("json", [("x_model_0.scnm", good), ("x_interactions.json", b"[")], "not JSON"),
            ("model", [("x_model_0.scnm", good[:3000]), ("x_interactions.json", b"[]")], "x_model_0.scnm")]:
        path = archive(tmp_path / f"{name}.scnmgroup", members)
        done = ais.run("group", "check", path)
        assert done.returncode == 1 and word in done.stdout, (name, done.stdout, done.stderr)
    whole = archive(
        tmp_path / "whole.scnmgroup", [("x_model_0.scnm", good), ("x_interactions.json", b"[]")]).read_bytes()
    for end in (0, 1, 511, 512, 513, 4000, len(good) // 2, len(good) + 600):
        (tmp_path / "cut.scnmgroup").write_bytes(whole[:end])
        done = ais.run("group", "check", tmp_path / "cut.scnmgroup")
        assert done.returncode == 1 and "error" in done.stdout


def test_interactions_of_an_archive_go_by_title_as_in_the_reference(ais, tmp_path, models):
    first = titled(models["A"], "M", tmp_path / "1.scnm").read_bytes()
    second = titled(models["B"], "M", tmp_path / "2.scnm").read_bytes()
    third = titled(models["C"], "C", tmp_path / "3.scnm").read_bytes()
    steps = [{"parent_title": "C", "partner_title": "M", "type": 1, "radius": 5.0, "threshold": 0.5},
             {"parent_title": "M", "partner_title": "M", "type": 0, "radius": 5.0, "threshold": 0.5}]
    path = archive(tmp_path / "g.scnmgroup", [
        ("g_model_10.scnm", third), ("g_model_2.scnm", second), ("g_model_1.scnm", first),
        ("g_interactions.json", json.dumps(steps).encode())])
    done = ais.run("group", "show", "--json", path)
    document = json.loads(done.stdout)
    assert [m["title"] for m in document["models"]] == ["M", "M 2", "C"]
    # Of models of one title the last counts; an interaction between two of them is lost.
    assert [(i["child"], i["parent"]) for i in document["interactions"]] == [("C", "M 2")]
    assert "'M 2'" in done.stderr and "loses it" in done.stderr


@pytest.mark.parametrize("network", ["flat-legacy.scnm", "flat-global.scnm"])
def test_the_tomogram_is_read_once_whatever_the_number_of_models(ais, tmp_path, network):
    if not shutil.which("strace"):
        pytest.skip("'strace' is not there to count what is read")
    tomogram = tmp_path / "TS_01.mrc"
    rng = np.random.default_rng(1)
    write(tomogram, rng.integers(-2000, 2000, (24, 512, 512), dtype=np.int16))
    quick = {t: titled(FIXTURES / "segment" / network, t, tmp_path / f"{t}.scnm", apix=-1) for t in "XYZ"}
    path = tmp_path / "quick.json"
    ais("group", "create", "-o", path, *quick.values(), "-i", "X,avoid,Y,3nm", "-i", "Z,colocalize,X,3nm")
    log = tmp_path / "calls"
    done = subprocess.run(
        ["strace", "-f", "-q", "-e", "trace=read,pread64,mmap", "-P", tomogram, "-o", log, ais.path, "segment", "--group",
         path, "-o", tmp_path / "out", tomogram], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    counted = sum(int(n) for n in re.findall(r"(?:read|pread64)\(.*\) = (\d+)", log.read_text()))
    assert "mmap(" not in log.read_text()
    # The header and the samples by which a changed file is noticed are read once, too.
    assert counted == tomogram.stat().st_size
