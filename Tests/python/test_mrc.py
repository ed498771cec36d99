"""MRC files between `ais` and mrcfile: what we write is valid and holds the same voxels; what others write is read."""

import gzip
import io
import json
import os
import pathlib
import resource
import subprocess

import mrcfile
import numpy as np
import pytest
import tifffile

FLAT = pathlib.Path(__file__).resolve().parents[1] / "Fixtures" / "segment" / "flat-global.scnm"


@pytest.fixture(scope="session")
def voxels(repository) -> np.ndarray:
    with mrcfile.open(repository / "Examples" / "cell_c.mrc") as file:
        return np.array(file.data[20:24, 40:88, 30:94])


def write(path, values, byte_order="<"):
    with mrcfile.new(path, overwrite=True) as file:
        file.set_data(np.ascontiguousarray(values.astype(values.dtype.newbyteorder(byte_order))))
        file.voxel_size = (10.0, 10.0, 10.0)
        file.header.origin = (11.0, -22.0, 33.0)
        file.header.nxstart, file.header.nystart, file.header.nzstart = 1, -2, 3
    return path


def segment(ais, folder, tomogram, *options):
    ais("segment", "-m", FLAT, "-o", folder, "--quiet", *options, tomogram)
    (path,) = pathlib.Path(folder).glob("*.mrc")
    return path


@pytest.mark.parametrize("kind,mode", [("uint16", 6), ("int8", 0), ("float16", 12), ("float32", 2)])
def test_every_output_type_is_valid_and_lies_on_the_input(ais, tmp_path, voxels, kind, mode):
    path = segment(ais, tmp_path / "out", write(tmp_path / "a.mrc", voxels), "--output-type", kind)
    said = io.StringIO()
    is_valid = mrcfile.validate(path, print_file=said)
    # mrcfile adds up float16 in float16, which overflows; that complaint alone is its own.
    complaints = [line for line in said.getvalue().splitlines()[1:] if "RMS deviation is inf" not in line]
    assert is_valid or (kind == "float16" and not complaints), said.getvalue()
    with mrcfile.open(path) as file:
        assert file.header.mode == mode
        assert file.data.shape == voxels.shape
        assert np.allclose([file.voxel_size.x, file.voxel_size.y, file.voxel_size.z], 10)
        assert file.header.origin.item() == (11.0, -22.0, 33.0)
        assert (file.header.nxstart, file.header.nystart, file.header.nzstart) == (1, -2, 3)
        values = file.data.astype(np.float64)
        assert np.isclose(file.header.dmin, values.min()) and np.isclose(file.header.dmax, values.max())
        assert np.isclose(file.header.dmean, values.mean(), rtol=1e-5)
        assert np.isclose(file.header.rms, values.std(), rtol=1e-4)


def test_both_byte_orders_and_compressed_copies_give_the_same_result(ais, tmp_path, voxels):
    little = write(tmp_path / "a.mrc", voxels)
    big = write(tmp_path / "b.mrc", voxels, ">")
    packed = tmp_path / "c.mrc.gz"
    packed.write_bytes(gzip.compress(little.read_bytes()))
    results = []
    for number, path in enumerate([little, big, packed]):
        with mrcfile.open(segment(ais, tmp_path / str(number), path)) as file:
            results.append(np.array(file.data))
    assert np.array_equal(results[0], results[1])
    assert np.array_equal(results[0], results[2])


def test_a_tiff_stack_gives_the_result_of_the_same_volume_as_mrc(ais, tmp_path, voxels):
    mrc = write(tmp_path / "a.mrc", voxels)
    tifffile.imwrite(
        tmp_path / "b.tif", voxels, imagej=True, resolution=(1.0, 1.0), metadata={"unit": "nm", "spacing": 1.0, "axes": "ZYX"}
    )
    with mrcfile.open(segment(ais, tmp_path / "1", mrc)) as file:
        expected = np.array(file.data)
    path = segment(ais, tmp_path / "2", tmp_path / "b.tif")
    assert mrcfile.validate(path)
    with mrcfile.open(path) as file:
        assert np.array_equal(file.data, expected)
        assert np.isclose(file.voxel_size.z, 10)


def test_an_exchanged_copy_with_the_option_gives_the_healthy_result_in_its_own_frame(ais, tmp_path, voxels):
    healthy = write(tmp_path / "a.mrc", voxels)
    exchanged = write(tmp_path / "b.mrc", voxels.transpose(1, 0, 2))
    turned = write(tmp_path / "c.mrc", voxels.transpose(1, 0, 2)[:, ::-1])
    with mrcfile.open(segment(ais, tmp_path / "1", healthy)) as file:
        expected = np.array(file.data)
    path = segment(ais, tmp_path / "2", exchanged, "--axes", "xzy")
    assert mrcfile.validate(path)
    with mrcfile.open(path) as file:
        assert np.array_equal(file.data, expected.transpose(1, 0, 2))
    path = segment(ais, tmp_path / "3", turned, "--rotate-x")
    with mrcfile.open(path) as file:
        assert np.array_equal(file.data, expected.transpose(1, 0, 2)[:, ::-1])


def test_info_reports_how_bytes_are_read(ais, tmp_path, voxels):
    smooth = np.linspace(0, 255, 64 * 48).reshape(1, 48, 64).astype(np.uint8)
    path = write(tmp_path / "a.mrc", smooth.view(np.int8))
    with mrcfile.open(path, "r+") as file:
        file.header.dmin, file.header.dmax, file.header.dmean = 0, 255, 127
    report = json.loads(ais("info", "--json", path))
    assert "unsigned" in json.dumps(report)


def test_no_room_for_the_output_is_an_error_that_leaves_nothing_behind(ais, tmp_path, voxels):
    tomogram = write(tmp_path / "a.mrc", voxels)
    limit = voxels.size  # the uint16 output needs twice as much
    done = ais.run(
        "segment", "-m", FLAT, "-o", tmp_path / "out", "--quiet", tomogram,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert done.returncode == 1
    assert "a file may not grow so large" in done.stderr
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_full_disk_is_an_error_that_leaves_nothing_behind(ais, tmp_path, voxels):
    tomogram = write(tmp_path / "a.mrc", voxels)
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "ais-test", disk], capture_output=True).returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        done = ais.run("segment", "-m", FLAT, "-o", disk, "--quiet", tomogram)
        assert done.returncode == 1
        assert "full" in done.stderr or "disk" in done.stderr
        assert not [path for path in disk.rglob("*") if path.is_file()]
    finally:
        subprocess.run(["umount", disk], check=True)
