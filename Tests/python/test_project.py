"""Projects: what is imported and exported, in the hands of readers we did not write; and projects that are killed."""

import base64
import contextlib
import json
import os
import pathlib
import pickle
import random
import shutil
import signal
import sqlite3
import subprocess

import mrcfile
import numpy
import pytest
import starfile

import scns

HERE = pathlib.Path(__file__).resolve().parent


def decoded(data, height, width):
    """A mask, as docs/reference/project.md says."""
    pixels = bytearray(height * width)
    if data[0] == 0:
        for i in range(height * width):
            pixels[i] = data[1 + i // 8] >> (i % 8) & 1
        return numpy.frombuffer(bytes(pixels), "u1").reshape(height, width)
    place, painted, number, shift = 0, False, 0, 0
    for byte in data[1:]:
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            if painted:
                pixels[place:place + number] = b"\x01" * number
            place, painted, number, shift = place + number, not painted, 0, 0
    return numpy.frombuffer(bytes(pixels), "u1").reshape(height, width)


def encoded(mask):
    """A mask as one bit a pixel, in base64."""
    return base64.b64encode(b"\0" + numpy.packbits(mask.ravel(), bitorder="little").tobytes()).decode()


@contextlib.contextmanager
def opened(project):
    """The database of a closed project."""
    with contextlib.closing(sqlite3.connect(project / "project.sqlite", timeout=0)) as database, database:
        yield database


def in_project(project, feature="Membrane"):
    """Masks and boxes of a feature, straight out of the database."""
    with opened(project) as database:
        (height, width), = database.execute("SELECT size_y, size_x FROM dataset WHERE live = 1")
        (number,), = database.execute("SELECT id FROM feature WHERE title = ? AND live = 1", [feature])
        masks = {
            z: decoded(pixels, height, width)
            for z, pixels in database.execute("SELECT z, pixels FROM mask WHERE feature = ?", [number])
        }
        boxes = {}
        for z, x, y in database.execute("SELECT z, x, y FROM box WHERE feature = ? AND live = 1 ORDER BY id", [number]):
            boxes.setdefault(z, []).append((x, y))
        return masks, boxes


def same_masks(some, others):
    return some.keys() == others.keys() and all(numpy.array_equal(some[z] != 0, others[z] != 0) for z in some)


@pytest.fixture
def cell(tmp_path, shared, ais):
    """A folder with the example's tomogram and annotation, and a project with both."""
    shutil.copy(shared / "synthetic" / "cell_c.mrc", tmp_path)
    shutil.copy(shared / "ais" / "cell_c.scns", tmp_path)
    ais("project", "new", tmp_path / "Cells.ais")
    ais("project", "import", tmp_path / "Cells.ais", tmp_path / "cell_c.scns")
    return tmp_path


@pytest.fixture
def small(tmp_path, ais):
    """A project with one small tomogram and a feature."""
    write(tmp_path / "T.mrc", numpy.zeros((4, 20, 30), "f4"))
    ais("project", "new", tmp_path / "P.ais", tmp_path / "T.mrc")
    run_edits(ais, tmp_path / "P.ais", [{"edits": [{"kind": "create-feature", "title": "Membrane"}]}])
    return tmp_path / "P.ais"


def write(path, values):
    with mrcfile.new(path) as file:
        file.set_data(values)
        file.voxel_size = 10


def run_edits(ais, project, lines):
    done = ais.run("project", "edit", project, input="".join(json.dumps(line) + "\n" for line in lines))
    return [json.loads(line) for line in done.stdout.splitlines()]


def stroke(y, x, height=2, width=2, z=1, **more):
    mask = encoded(numpy.ones((height, width), "u1"))
    place = dict(dataset=1, feature=1, slice=z, rectangle=dict(y=y, x=x, height=height, width=width))
    return {"edits": [{"kind": "paint", **place, "painted": mask}], **more}


def test_imported_annotations_are_those_of_the_file(cell):
    _, ((title, masks, boxes, _),) = scns.read(cell / "cell_c.scns")
    assert title == "Membrane"
    found_masks, found_boxes = in_project(cell / "Cells.ais")
    assert same_masks(found_masks, masks)
    assert found_boxes == boxes
    assert sum(map(len, boxes.values())) == 70


def test_a_second_import_changes_nothing(cell, ais):
    before = in_project(cell / "Cells.ais")
    ais("project", "import", cell / "Cells.ais", cell / "cell_c.scns")
    masks, boxes = in_project(cell / "Cells.ais")
    assert same_masks(masks, before[0]) and boxes == before[1]


def test_an_exported_scns_says_the_same(cell, ais):
    ais("project", "export", cell / "Cells.ais", "--as", "scns", "-o", cell / "out")
    original, ((_, masks, boxes, state),) = scns.read(cell / "cell_c.scns")
    exported, ((title, other_masks, other_boxes, other_state),) = scns.read(cell / "out" / "cell_c.scns")
    assert title == "Membrane" and same_masks(masks, other_masks) and boxes == other_boxes
    for name in ("width", "height", "colour", "alpha", "brush_size", "box_size", "box_size_nm", "n_boxes", "hide"):
        assert state[name] == other_state[name], name
    assert sorted(state["edited_slices"]) == sorted(other_state["edited_slices"])
    assert exported.arguments == (str(cell / "cell_c.mrc"),)
    assert exported.state["active_feature"] is exported.state["features"][0]
    assert other_state["parent"] is exported
    assert all(mask.dtype == "u1" and mask.max() == 1 for mask in other_masks.values())


def test_exported_volumes_slices_and_boxes_are_read_by_others_and_come_back(cell, ais):
    project = cell / "Cells.ais"
    masks, boxes = in_project(project)
    out = cell / "out"
    ais("project", "export", project, "--as", "volumes", "-o", out)
    with mrcfile.open(out / "cell_c__Membrane_manual.mrc") as file, mrcfile.open(cell / "cell_c.mrc") as tomogram:
        assert file.data.dtype == "u2" and set(numpy.unique(file.data)) == {0, 255}
        assert file.data.shape == tomogram.data.shape and file.voxel_size == tomogram.voxel_size
        assert file.header.origin == tomogram.header.origin
        found = {z: file.data[z] for z in range(len(file.data)) if file.data[z].any()}
        assert same_masks(found, masks)
        ais("project", "export", project, "--as", "slices", "--slice", "32", "-o", out)
        with mrcfile.open(out / "cell_c_Membrane_slice_32.mrc") as pair:
            assert numpy.array_equal(pair.data[0], tomogram.data[32])
            assert numpy.array_equal(pair.data[1], masks[32])
    ais("project", "export", project, "--as", "boxes", "-o", out)
    rows = numpy.loadtxt(out / "cell_c_Membrane_particles.txt", dtype=int)
    assert [tuple(row) for row in rows] == [(x, y, z) for z in sorted(boxes) for x, y in boxes[z]]
    ais("project", "export", project, "--as", "boxes", "--to", "ais", "-o", out)
    assert len(starfile.read(out / "cell_c_Membrane_particles.star")) == 70

    # The way back, into a project that knows only the tomogram.
    again = cell / "Again.ais"
    ais("project", "new", again, cell / "cell_c.mrc")
    ais("project", "import", again, out / "cell_c__Membrane_manual.mrc")
    ais("project", "import", again, "--feature", "Membrane", "--dataset", "cell_c", out / "cell_c_Membrane_particles.txt")
    other_masks, other_boxes = in_project(again)
    assert same_masks(other_masks, masks) and other_boxes == boxes


def test_a_threshold_says_which_voxels_are_painted(small, ais):
    values = numpy.zeros((4, 20, 30), "f4")
    values[2] = numpy.arange(600).reshape(20, 30)
    values[2, 0, 0] = numpy.nan
    write(small.parent / "map.mrc", values)
    ais("project", "import", small, "--feature", "Membrane", "--dataset", "T", "--threshold", "99.5", small.parent / "map.mrc")
    masks, _ = in_project(small)
    assert same_masks(masks, {2: values[2] > 99.5})
    write(small.parent / "large.mrc", numpy.zeros((4, 20, 31), "f4"))
    done = ais.run("project", "import", small, "--feature", "Membrane", "--dataset", "T", small.parent / "large.mrc")
    assert done.returncode == 1 and "31 × 20 × 4 voxels, the dataset 'T' has 30 × 20 × 4" in done.stderr


def test_undo_reaches_back_across_processes(small, ais):
    for index in range(6):
        run_edits(ais, small, [stroke(index, index)])
    painted = []
    for _ in range(6):
        masks, _ = in_project(small)
        painted.append(int(masks[1].sum()))
        (entry,) = run_edits(ais, small, [{"action": "undo"}])
        assert entry["action"] == "undo"
    assert painted == [19, 16, 13, 10, 7, 4]
    assert in_project(small)[0] == {}
    for _ in range(6):
        run_edits(ais, small, [{"action": "redo"}])
    assert int(in_project(small)[0][1].sum()) == 19
    assert run_edits(ais, small, [{"action": "redo"}]) == [None]
    assert "sound" in ais("project", "check", small)


def test_undo_leaves_what_another_person_painted(small, ais):
    lines = [stroke(0, 0, 4, 4, author="Anna"), stroke(0, 2, 4, 4, author="Bert"), {"action": "undo", "author": "Anna"}]
    run_edits(ais, small, lines)
    expected = numpy.zeros((20, 30), "u1")
    expected[0:4, 2:6] = 1
    assert same_masks(in_project(small)[0], {1: expected})
    history = ais("project", "history", small)
    assert "undo of line 3" in history and "Bert" in history


def test_lines_that_are_no_edits_are_answered_and_the_others_done(small, ais):
    lines = [{}, stroke(19, 29), {"edits": [{"kind": "paint"}]}, stroke(0, 0), {"action": "explode"}]
    answers = run_edits(ais, small, lines)
    assert [answer.get("error") for answer in answers] == ["usage", "usage", "usage", None, "usage"]
    assert "the slice has 30 × 20 pixels" in answers[1]["message"]
    assert ais.run("project", "edit", small, input="not json\n").returncode == 1


@pytest.mark.parametrize("seed", range(3))
def test_nothing_acknowledged_is_lost_when_the_program_is_killed(small, ais, seed):
    chance = random.Random(seed)
    acknowledged, sent = {}, 0
    environment = {**os.environ, "SWIFT_BACKTRACE": "enable=no"}
    while len(acknowledged) < 60:
        process = subprocess.Popen(
            [ais.path, "project", "edit", small], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        dies_after = chance.randrange(1, 25)
        for count in range(40):
            y, x = chance.randrange(19), chance.randrange(29)
            process.stdin.write(json.dumps(stroke(y, x, token=f"t{sent}")) + "\n")
            process.stdin.flush()
            if count == dies_after:
                # At some moment while the line is read, applied, written or acknowledged.
                try:
                    process.wait(chance.random() * 0.004)
                except subprocess.TimeoutExpired:
                    pass
                process.send_signal(signal.SIGKILL)
                rest = process.stdout.read()
                if rest.endswith("\n"):
                    entry = json.loads(rest)
                    acknowledged[entry["sequence"]] = (y, x)
                sent += 1
                break
            entry = json.loads(process.stdout.readline())
            acknowledged[entry["sequence"]] = (y, x)
            sent += 1
        process.wait()
    # The next opening takes the dead process's lease and reads its log.
    report = json.loads(ais("project", "check", small, "--json"))
    assert report["isSound"], report
    with opened(small) as database:
        rows = {seq: (y, x) for seq, y, x in database.execute("SELECT seq, y, x FROM journal_mask")}
    assert {seq: rows.get(seq) for seq in acknowledged} == acknowledged
    assert len(rows) <= sent
    # Undo walks back through all of them.
    answers = run_edits(ais, small, [{"action": "undo"}] * len(rows))
    assert None not in answers and in_project(small)[0] == {}


def test_an_edit_sent_again_after_a_lost_answer_is_applied_once(small, ais):
    first, second = run_edits(ais, small, [stroke(0, 0, token="a")] * 2)
    assert first == second
    (third,) = run_edits(ais, small, [stroke(0, 0, token="a")])
    assert third["sequence"] == first["sequence"]


def test_a_second_program_is_told_who_has_the_project(small, ais):
    with subprocess.Popen([ais.path, "project", "edit", small], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as owner:
        owner.stdin.write(json.dumps(stroke(0, 0)) + "\n")
        owner.stdin.flush()
        owner.stdout.readline()
        assert sorted(os.listdir(small)) == ["lease.json", "project.sqlite", "project.sqlite-wal"]
        done = ais.run("project", "info", small)
        assert done.returncode == 1
        assert f"is open: by '" in done.stderr and f"(process {owner.pid})" in done.stderr
        with pytest.raises(sqlite3.OperationalError, match="locked"), opened(small) as database:
            database.execute("DELETE FROM box")
        owner.stdin.close()
    assert os.listdir(small) == ["project.sqlite"]
    ais("project", "info", small)


def test_a_project_works_on_a_file_system_without_locks_and_maps(tmp_path, ais):
    compiler = shutil.which("clang") or shutil.which("cc")
    if not compiler:
        pytest.fail("neither 'clang' nor 'cc' was found; Swift's toolchain holds a 'clang': put its folder into PATH.")
    library = tmp_path / "poor_file_system.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, HERE / "poor_file_system.c", "-ldl"], check=True)
    folder = tmp_path / "poor"
    folder.mkdir()
    write(folder / "T.mrc", numpy.zeros((4, 20, 30), "f4"))
    environment = {**os.environ, "LD_PRELOAD": str(library), "POOR_FOLDER": str(folder)}
    # The simulation bites: SQLite by itself can do nothing here.
    trial = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('CREATE TABLE t (x)')"
    python = subprocess.run(
        [shutil.which("python3") or "python3", "-c", trial, folder / "trial.sqlite"], env=environment, capture_output=True)
    assert python.returncode != 0
    project = folder / "P.ais"
    ais("project", "new", project, folder / "T.mrc", env=environment)
    lines = [{"edits": [{"kind": "create-feature", "title": "Membrane"}]}] + [stroke(i, i) for i in range(9)]
    with subprocess.Popen(
            [ais.path, "project", "edit", project], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=environment) as owner:
        for line in lines:
            owner.stdin.write(json.dumps(line) + "\n")
            owner.stdin.flush()
            assert "sequence" in json.loads(owner.stdout.readline())
        assert not any(name.endswith("-shm") for name in os.listdir(project))
        assert "is open" in ais.run("project", "info", project, env=environment).stderr
        owner.send_signal(signal.SIGKILL)
    assert "sound" in ais("project", "check", project, env=environment)
    ais("project", "backup", project, folder / "Copy.ais", env=environment)
    assert int(in_project(folder / "Copy.ais")[0][1].sum()) == 28


def test_a_moved_tomogram_is_found_and_a_changed_one_reported(cell, ais):
    project = cell / "Cells.ais"
    # Project and tomogram move together.
    moved = cell / "elsewhere"
    moved.mkdir()
    shutil.move(project, moved / "Cells.ais")
    shutil.move(cell / "cell_c.mrc", moved / "cell_c.mrc")
    project = moved / "Cells.ais"
    assert "moved to" in ais("project", "check", project)
    ais("project", "check", project, "--relink")
    assert "moved to" not in ais("project", "check", project)
    # The tomogram alone, to a place that has to be named.
    far = cell / "disk2" / "rec"
    far.mkdir(parents=True)
    shutil.move(moved / "cell_c.mrc", far / "cell_c.mrc")
    done = ais.run("project", "check", project)
    assert done.returncode == 1 and "is not there, nor at" in done.stderr
    ais("project", "check", project, "--relink", "-t", far)
    with opened(project) as database:
        assert database.execute("SELECT path FROM version").fetchall() == [(str(far / "cell_c.mrc"),)]
    # One byte of a voxel.
    with open(far / "cell_c.mrc", "r+b") as file:
        file.seek(2000)
        byte = file.read(1)[0]
        file.seek(2000)
        file.write(bytes([byte ^ 1]))
    report = json.loads(ais.run("project", "check", project, "--json").stdout)
    assert [tomogram["state"] for tomogram in report["tomograms"]] == ["changed"] and not report["isSound"]
    done = ais.run("project", "export", project, "--as", "slices", "--slice", "32", "-o", cell / "out")
    assert done.returncode == 1 and "is not where it was, or changed" in done.stderr
    ais("project", "check", project, "--relink", "--accept-changed")
    ais("project", "export", project, "--as", "slices", "--slice", "32", "-o", cell / "out")


def test_an_annotation_without_its_tomogram_is_imported_and_linked_later(cell, ais):
    lonely = cell / "lonely"
    lonely.mkdir()
    shutil.copy(cell / "cell_c.scns", lonely)
    other = cell / "other"
    other.mkdir()
    shutil.move(cell / "cell_c.mrc", other / "cell_c.mrc")
    shutil.rmtree(cell / "Cells.ais")
    project = lonely / "P.ais"
    ais("project", "new", project)
    done = ais.run("project", "import", project, lonely / "cell_c.scns")
    assert done.returncode == 0 and "was not found; the annotation is imported" in done.stderr
    assert sum(map(len, in_project(project)[1].values())) == 70
    ais("project", "check", project, "--relink", "--accept-changed", "-t", other)
    assert "1 of 1 tomogram" in ais("project", "check", project)


@pytest.mark.parametrize("is_there", [True, False], ids=["its file is there", "its file is away"])
def test_an_annotation_from_elsewhere_goes_to_the_tomogram_of_the_project(cell, ais, is_there):
    lonely, other = cell / "lonely", cell / "other"
    lonely.mkdir()
    other.mkdir()
    shutil.move(cell / "cell_c.scns", lonely)
    shutil.move(cell / "cell_c.mrc", other)
    shutil.rmtree(cell / "Cells.ais")
    project = lonely / "P.ais"
    ais("project", "new", project, other / "cell_c.mrc")
    if not is_there:
        (other / "cell_c.mrc").unlink()
    for _ in range(2):
        done = ais.run("project", "import", project, lonely / "cell_c.scns")
        assert done.returncode == 0 and "was not found" not in done.stderr
        # The project has that one tomogram, and each box once.
        assert sum(map(len, in_project(project)[1].values())) == 70


def test_versions_of_one_tomogram_become_one_dataset_when_asked(tmp_path, ais):
    write(tmp_path / "TS_01.mrc", numpy.zeros((8, 20, 28), "f4"))
    write(tmp_path / "TS_01_denoised.mrc", numpy.zeros((8, 20, 28), "f4"))
    with mrcfile.new(tmp_path / "TS_01_bin2_EVN.mrc") as file:
        file.set_data(numpy.zeros((4, 10, 14), "f4"))
        file.voxel_size = 20
    write(tmp_path / "TS_02.mrc", numpy.zeros((8, 20, 28), "f4"))
    done = ais.run("project", "new", tmp_path / "A.ais", tmp_path)
    assert done.returncode == 0 and "look like versions of one tomogram; '--versions'" in done.stderr
    assert len(json.loads(ais("project", "info", tmp_path / "A.ais", "--json"))["datasets"]) == 4
    ais("project", "new", tmp_path / "B.ais", tmp_path, "--versions")
    datasets = json.loads(ais("project", "info", tmp_path / "B.ais", "--json"))["datasets"]
    assert [dataset["name"] for dataset in datasets] == ["TS_01", "TS_02"]
    versions = {version["kind"]: version["scale"] for version in datasets[0]["versions"]}
    assert versions == {"raw": "1", "denoised": "1", "even": "2"}


def test_feature_libraries_of_both_ages_are_read(small, ais):
    card = dict(title="ER", colour=[0, 0.5, 266 / 255], box_size=128, brush_size=12.5, alpha=0.5, use=True, dust=1.0,
                level=128, render_alpha=1.0, hide=False)
    new, old = small.parent / "feature_library.txt", small.parent / "old_library.txt"
    new.write_text(json.dumps({"active": "B", "libraries": {"A": [card], "B": [card, {**card, "title": "MT"}]}}))
    old.write_text(json.dumps([card]))
    ais("project", "import", small, new, old)
    with opened(small) as database:
        rows = database.execute(
            "SELECT l.name, l.is_active, f.title, f.blue, f.brush_nanometer FROM library_feature f"
            " JOIN library l ON l.id = f.library ORDER BY f.id").fetchall()
    assert rows == [("A", 0, "ER", 1, 12.5), ("B", 1, "ER", 1, 12.5), ("B", 1, "MT", 1, 12.5),
                    ("Default library", 1, "ER", 1, 12.5)]


def test_tampering_is_found(small, ais):
    run_edits(ais, small, [stroke(0, 0)])
    with opened(small) as database:
        database.execute("UPDATE feature SET title = 'Other'")
    done = ais.run("project", "check", small)
    assert done.returncode == 1 and "by the journal" in done.stderr
    with opened(small) as database:
        with pytest.raises(sqlite3.IntegrityError, match="the journal only grows"):
            database.execute("DELETE FROM journal")


class Bomb:
    """Runs a command when Python loads it."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def test_hostile_files_are_refused_and_nothing_of_them_is_run(small, ais):
    folder = small.parent
    good = pathlib.Path(folder / "good.scns")
    run_edits(ais, small, [stroke(0, 0)])
    ais("project", "export", small, "--as", "scns", "-o", folder)
    shutil.move(folder / "T.scns", good)
    sound = good.read_bytes()
    itself = []
    itself.append(itself)
    trace = folder / "trace"
    files = {
        "bomb": (pickle.dumps(Bomb(trace)), "asks Python for 'posix.system'"),
        "bomb inside": (pickle.dumps([1, {"features": Bomb(trace)}], 2), "asks Python for 'posix.system'"),
        "cut": (sound[: len(sound) // 2], "is truncated"),
        "deep": (b"\x80\x04" + b"]" * 1_000_000 + b"a" * 999_999 + b".", "not of an annotated dataset"),
        "itself": (pickle.dumps(itself), "not of an annotated dataset"),
        "huge text": (b"\x80\x04X\xff\xff\xff\xff.", "is truncated"),
        "many": (b"\x80\x04" + b"N" * 5_000_000 + b".", "more than 4000000 values"),
        "text": (b"hello", "is not a Python pickle"),
        "empty": (b"", "is not a Python pickle"),
    }
    for name, (content, expected) in files.items():
        path = folder / f"{name}.scns"
        path.write_bytes(content)
        done = ais.run("project", "import", small, path)
        assert done.returncode == 1 and expected in done.stderr, (name, done.stderr)
    assert not trace.exists()
    # One bad file among good ones: the others are done.
    done = ais.run("project", "import", small, folder / "cut.scns", good)
    assert done.returncode == 1 and "1 of 2 files failed" in done.stderr
    assert "sound" in ais("project", "check", small)
