"""`ais extract`: training sets from annotations, read with Python's tar and MRC readers."""

import json
import tarfile

import mrcfile
import numpy as np
import pytest
import starfile


def members(path, folder):
    """The images of a training set by member name, and its two descriptions."""
    images, texts = {}, {}
    with tarfile.open(path) as archive:
        for member in archive.getmembers():
            content = archive.extractfile(member).read()
            if member.name.endswith(".json"):
                texts[member.name] = json.loads(content)
                continue
            file = folder / "member.mrc"
            file.write_bytes(content)
            with mrcfile.open(file) as image:
                images[member.name] = (np.array(image.data), float(image.voxel_size.x))
    return images, texts["metadata.json"], texts["sources.json"]


@pytest.fixture
def annotated(shared, tmp_path):
    """The folder of an annotated tomogram."""
    (tmp_path / "cell_c.mrc").symlink_to(shared / "synthetic" / "cell_c.mrc")
    (tmp_path / "cell_c.scns").symlink_to(shared / "ais" / "cell_c.scns")
    return tmp_path


def test_the_set_is_that_of_the_reference_program_box_by_box(ais, annotated, shared):
    out = annotated / "sets"
    ais("extract", annotated / "cell_c.scns", "-f", "Membrane", "-o", out, "--box", "64")
    name = "64x64x1_10.00Apx_Membrane.scnt"
    ours, metadata, sources = members(out / name, annotated)
    theirs, their_metadata, their_sources = members(shared / "ais" / name, annotated)
    assert set(ours) == set(theirs)
    for member, (image, size) in theirs.items():
        assert ours[member][0].shape == image.shape and ours[member][1] == size
        assert np.abs(ours[member][0] - image).max() < (1e-4 if member.startswith("x_") else 1e-9)
    assert {key: metadata[key] for key in their_metadata} == their_metadata
    for box, source in their_sources.items():
        same = [key for key in source if key != "aisTomogramPath"]
        assert {key: sources[box][key] for key in same} == {key: source[key] for key in same}
    account = json.loads((out / f"{name}.json").read_text())
    assert account["schema"] == "ais.training-set/1" and account["results"]["boxes"] == 70


def test_a_set_that_is_there_is_not_made_again(ais, annotated):
    arguments = ("extract", annotated / "cell_c.scns", "-f", "Membrane", "-o", annotated / "sets", "--box", "64")
    ais(*arguments)
    (path,) = (annotated / "sets").glob("*.scnt")
    first = path.stat().st_mtime_ns
    assert "there already" in ais(*arguments)
    assert path.stat().st_mtime_ns == first
    path.write_bytes(b"changed")
    done = ais.run(*arguments)
    assert done.returncode == 1 and "changed" in done.stderr
    ais(*arguments, "--force")
    assert path.stat().st_size > 1000


def test_a_projects_boxes_are_those_of_the_annotation_it_was_imported_from(ais, annotated):
    project = annotated / "Cells.ais"
    ais("project", "new", project)
    ais("project", "import", project, annotated / "cell_c.scns")
    for source, out in ((project, "a"), (annotated / "cell_c.scns", "b")):
        ais("extract", source, "-f", "Membrane", "-o", annotated / out, "--box", "48", "--pixel-size", "13.48A", "-q")
    sets = [members(next((annotated / out).glob("*.scnt")), annotated)[0] for out in "ab"]
    assert set(sets[0]) == set(sets[1])
    assert all(np.array_equal(sets[0][name][0], sets[1][name][0]) for name in sets[0])


def test_slabs_hold_sixteen_slices_more_and_say_so(ais, annotated):
    ais("extract", annotated / "cell_c.scns", "-f", "Membrane", "-o", annotated, "--box", "32", "--depth", "8")
    images, metadata, _ = members(annotated / "32x32x8_10.00Apx_Membrane.scnt", annotated)
    assert metadata["box_depth"] == 8 and metadata["z_jitter"] == 16
    assert all(image.shape == (24, 32, 32) for image, _ in images.values())
    labels = [image for name, (image, _) in images.items() if name.startswith("y/")]
    assert all(set(np.unique(label)) <= {0, 1, 2} for label in labels)
    assert all((label[12] != 2).any() for label in labels)


def test_labels_and_random_places_make_a_set(ais, shared, tmp_path):
    tomogram, labels = shared / "synthetic" / "cell_c.mrc", shared / "synthetic" / "cell_c_labels.mrc.gz"
    arguments = ["extract", tomogram, "--labels", labels, "-f", "Membrane", "--label", "1", "--box", "32"]
    ais(*arguments, "--random", "20", "--random-negatives", "12", "-o", tmp_path / "a")
    ais(*arguments, "--random", "20", "--random-negatives", "12", "-o", tmp_path / "b")
    (first,), (second,) = (tmp_path / "a").glob("*.scnt"), (tmp_path / "b").glob("*.scnt")
    assert first.read_bytes() == second.read_bytes()
    images, _, sources = members(first, tmp_path)
    with mrcfile.open(labels) as file:
        truth = file.data == 1
    positives = 0
    for box, source in sources.items():
        z, y, x = (source[f"aisBoxCoordinate{axis}"] for axis in "ZYX")
        label = images[f"y/{box}.mrc"][0]
        assert np.array_equal(label, truth[z, y - 16 : y + 16, x - 16 : x + 16])
        positives += label.any()
    assert len(sources) == 32 and positives == 20


def test_listed_places_and_several_labels_make_one_set(ais, shared, tmp_path):
    synthetic = shared / "synthetic"
    (tmp_path / "places.txt").write_text("50 60 30\n90 100 31\n900 10 10\n")
    done = ais.run(
        "extract", synthetic / "cell_c.mrc", "--labels", synthetic / "cell_c_labels.mrc.gz", "-f", "Membrane", "-f", "Tube",
        "--label", "1", "--label", "2", "--boxes", tmp_path / "places.txt", "--box", "32", "--merge", "-o", tmp_path / "s")
    assert done.returncode == 0 and "outside of the volume" in done.stderr
    _, metadata, sources = members(tmp_path / "s" / "32x32x1_10.00Apx_Membrane_Tube.scnt", tmp_path)
    assert metadata["features"] == ["Membrane", "Tube"]
    assert sorted((s["aisFeatureName"], s["aisBoxCoordinateX"]) for s in sources.values()) == [
        ("Membrane", 50), ("Membrane", 90), ("Tube", 50), ("Tube", 90)]


def test_the_centres_of_boxes_are_written_as_a_list(ais, annotated):
    ais("extract", annotated / "cell_c.scns", "-f", "Membrane", "-o", annotated, "--coordinates")
    table = starfile.read(annotated / "Membrane_coordinates.star")
    assert list(table.columns) == ["rlnCoordinateZ", "rlnCoordinateY", "rlnCoordinateX", "rlnMicrographName"]
    assert len(table) == 70 and set(table["rlnMicrographName"]) == {"cell_c.mrc"}


def test_other_versions_of_a_tomogram_go_along(ais, annotated):
    (annotated / "denoised").mkdir()
    with mrcfile.open(annotated / "cell_c.mrc") as file:
        values = file.data.astype(np.float32) * 3 + 7
    with mrcfile.new(annotated / "denoised" / "cell_c.mrc") as file:
        file.set_data(values)
        file.voxel_size = 10
    ais(
        "extract", annotated / "cell_c.scns", "-f", "Membrane", "-o", annotated, "--box", "32", "--flavour",
        f"denoised={annotated / 'denoised'}")
    images, metadata, sources = members(annotated / "32x32x1_10.00Apx_Membrane.scnt", annotated)
    assert metadata["input_flavours"] == ["x_denoised", "x_main"] and metadata["annotated_flavour"] == "x_main"
    for box in sources:
        # Each is normalised with its own tomogram, so a change of scale disappears.
        assert np.abs(images[f"x_denoised/{box}.mrc"][0] - images[f"x_main/{box}.mrc"][0]).max() < 1e-4


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["-f", "Ribosome"], ["'Ribosome'", "'Membrane'"]),
        (["-f", "Membrane", "--negative", "Membrane"], ["named twice"]),
        (["-f", "Membrane", "--box", "4"], ["--box 4"]),
        (["-f", "Membrane", "--random", "5"], ["--labels"]),
        (["-f", "Membrane", "--exclude", "cell_*"], ["'Membrane'"]),
        (["-f", "Membrane", "--flavour", "denoised=."], []),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_done(ais, annotated, arguments, words):
    done = ais.run("extract", annotated / "cell_c.scns", "-o", annotated / "out", *arguments, cwd=annotated)
    if not words:
        # The tomogram itself lies in the folder: a version of itself is one.
        assert done.returncode == 0
        return
    assert done.returncode in (1, 2, 64)
    assert all(word in done.stderr for word in words), done.stderr
    assert not (annotated / "out").exists()


def test_a_lost_tomogram_is_named_and_can_be_left_out(ais, shared, tmp_path):
    (tmp_path / "cell_c.scns").write_bytes((shared / "ais" / "cell_c.scns").read_bytes())
    done = ais.run("extract", tmp_path / "cell_c.scns", "-f", "Membrane", "-o", tmp_path / "out", cwd=tmp_path)
    assert done.returncode == 1 and "was not found" in done.stderr and "--exclude cell_c" in done.stderr
    ais("extract", tmp_path / "cell_c.scns", "-f", "Membrane", "-o", tmp_path / "out", "-t", shared / "synthetic", cwd=tmp_path)
