"""`ais info` on files that mrcfile wrote: every mode, both byte orders, plain and packed."""

import bz2
import gzip
import json
import pathlib

import mrcfile
import numpy as np
import pytest

MODES = [("i1", 0, "int8"), ("i2", 1, "int16"), ("f4", 2, "float32"), ("u2", 6, "uint16"), ("f2", 12, "float16")]


def write(path: pathlib.Path, kind: str, order: str = "<", voxel_size=(4.0, 5.0, 6.0)) -> np.ndarray:
    """A volume of 3 × 5 × 7 (z, y, x) whose values need the whole element."""
    values = (np.arange(105) * 1.0 - 40).reshape(3, 5, 7).clip(0 if kind == "u2" else None).astype(order + kind)
    with mrcfile.new(path) as file:
        file.set_data(values)
        file.voxel_size = voxel_size
        file.header.origin = (10, 20, 30)
        file.add_label("made for a test")
    return values


def info(ais, *arguments) -> dict:
    answer = json.loads(ais("info", "--json", *arguments))
    assert answer["schema"] == "ais.info/1"
    return answer["files"][0]["tomogram"]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind,mode,name", MODES)
def test_what_mrcfile_wrote_is_described_as_it_is(ais, tmp_path, kind, mode, name, order):
    path = tmp_path / "volume.mrc"
    values = write(path, kind, order)
    found = info(ais, path)
    assert found["mode"] == mode
    assert found["elementType"] == name
    assert found["byteOrder"] == ("little-endian" if order == "<" or kind == "i1" else "big-endian")
    assert found["shape"] == {"x": 7, "y": 5, "z": 3}
    assert found["voxelSizeAngstrom"] == pytest.approx({"x": 4.0, "y": 5.0, "z": 6.0})
    assert found["originAngstrom"] == pytest.approx({"x": 10, "y": 20, "z": 30})
    assert found["headerStatistics"]["maximum"] == pytest.approx(float(values.max()))
    assert "made for a test" in found["labels"][1]
    assert found["warnings"] == []


@pytest.mark.parametrize("name,pack", [("volume.mrc.gz", gzip.compress), ("volume.mrc.bz2", bz2.compress)])
def test_a_packed_file_is_described_like_a_plain_one(ais, tmp_path, name, pack):
    plain, packed = tmp_path / "volume.mrc", tmp_path / name
    write(plain, "i2")
    packed.write_bytes(pack(plain.read_bytes()))
    expected, found = info(ais, plain), info(ais, packed)
    for key in ["mode", "elementType", "shape", "voxelSizeAngstrom", "originAngstrom", "labels"]:
        assert found[key] == expected[key]
    assert found["container"] != expected["container"]


def test_a_voxel_size_of_zero_is_unknown_and_not_a_number(ais, tmp_path):
    path = tmp_path / "volume.mrc"
    write(path, "f4", voxel_size=0)
    assert info(ais, path).get("voxelSizeAngstrom") is None


def test_a_volume_stack_is_counted(ais, tmp_path):
    path = tmp_path / "stack.mrcs"
    with mrcfile.new(path) as file:
        file.set_data(np.zeros((4, 3, 5, 7), np.int16))
        assert file.is_volume_stack()
    assert info(ais, path)["volumeCount"] == 4


@pytest.mark.parametrize("length", [0, 1, 100, 1023, 1024, 1100])
def test_a_file_cut_short_is_refused_by_name_and_with_exit_code_1(ais, tmp_path, length):
    path = tmp_path / "whole.mrc"
    write(path, "f4")
    cut = tmp_path / "cut.mrc"
    cut.write_bytes(path.read_bytes()[:length])
    done = ais.run("info", cut)
    assert done.returncode == 1
    assert "cut.mrc" in done.stderr
