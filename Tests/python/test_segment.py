"""`ais segment` against the reference's own segmentations: every voxel within 1 of 255. See Tests/Fixtures/segment."""

import gzip
import hashlib
import json
import pathlib

import mrcfile
import numpy as np
import pytest

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "Fixtures" / "segment"
RECORD = json.loads((FOLDER / "cases.json").read_text())
RUNS = [(case, mode) for case in RECORD["cases"] for mode in case["compatibility"]]


def flags(settings: dict) -> list:
    """Our spelling of the settings of a case."""
    words = []
    for key, value in settings.items():
        match key:
            case "tta": words += ["--tta", value]
            case "center": words += ["--center", f"{value}%"]
            # Ours are for x, y, z; the recorded ones for z, y, x.
            case "blur": words += ["--blur", ",".join(f"{sigma:g}A" for sigma in reversed(value))]
            case "tile" | "overlap" | "stride": words += [f"--{key}", value]
    return words


def unpack(name: str, folder: pathlib.Path, settings: dict) -> pathlib.Path:
    """The tomogram of a case as a plain file in `folder`, cut and with its voxel size set as the case says."""
    path = folder / name.removesuffix(".gz")
    path.write_bytes(gzip.decompress((FOLDER / name).read_bytes()))
    if "planes" in settings:
        values = mrcfile.read(path)[: settings["planes"]]
        with mrcfile.new(path, overwrite=True) as file:
            file.set_data(values)
            file.voxel_size = 10.0
    if "voxel" in settings:
        with mrcfile.open(path, "r+") as file:
            file.voxel_size = settings["voxel"]
    return path


def segment(ais, case: dict, folder: pathlib.Path, *more) -> pathlib.Path:
    model = pathlib.Path(case["model"])
    model = FOLDER.parents[2] / model if model.parts[0] == "Examples" else FOLDER / model
    tomogram = unpack(case["tomogram"], folder, case["settings"])
    output = folder / "out"
    ais("segment", "-m", model, "-o", output, tomogram, *flags(case["settings"]), *more)
    written = list(output.glob("*.mrc"))
    assert [path.name for path in written] == [f"{tomogram.stem}__{model.stem}.mrc"]
    return written[0]


def expected(case: dict) -> np.ndarray:
    return mrcfile.read(FOLDER / f"{case['name']}.expected.mrc.gz").astype(int)


@pytest.mark.parametrize("name", sorted(RECORD["sha256"]))
def test_the_fixtures_are_those_that_were_recorded(name):
    assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == RECORD["sha256"][name]


@pytest.mark.parametrize("case,mode", RUNS, ids=[f"{case['name']}-{mode}" for case, mode in RUNS])
def test_a_segmentation_equals_the_references_within_1_of_255(ais, tmp_path, case, mode):
    ours = mrcfile.read(segment(ais, case, tmp_path, "--compatibility", mode))
    theirs = expected(case)
    assert ours.shape == theirs.shape
    assert ours.dtype == np.uint16
    difference = np.abs(ours.astype(int) - theirs)
    assert difference.max() <= 1, f"{np.count_nonzero(difference > 1)} voxels differ by up to {difference.max()}"


def test_what_segment_writes_is_a_valid_mrc_file_with_the_inputs_voxel_size(ais, tmp_path):
    case = next(case for case in RECORD["cases"] if case["name"] == "voxel-14A-flat")
    path = segment(ais, case, tmp_path)
    assert mrcfile.validate(path)
    with mrcfile.open(path) as file:
        assert file.voxel_size.x == pytest.approx(14.0, abs=1e-4)
        assert file.header.dmin == file.data.min()
        assert file.header.dmax == file.data.max()
        assert file.header.dmean == pytest.approx(file.data.mean(), rel=1e-4)


# What probability 1 is in each type, and how far truncation to the type's steps may move a voxel, in 255ths.
TYPES = [
    ("uint16", np.uint16, 255, 1), ("int8", np.int8, 127, 3.1), ("float16", np.float16, 255, 1.2),
    ("float32", np.float32, 1, 1.01),
]


@pytest.mark.parametrize("kind,dtype,one,tolerance", TYPES)
def test_every_output_type_holds_the_same_probabilities(ais, tmp_path, kind, dtype, one, tolerance):
    case = next(case for case in RECORD["cases"] if case["name"] == "stack-global")
    values = mrcfile.read(segment(ais, case, tmp_path, "--output-type", kind))
    assert values.dtype == dtype
    assert np.abs(values.astype(float) * 255 / one - expected(case)).max() <= tolerance
