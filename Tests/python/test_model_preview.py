"""Models carry a picture of what they find in a slice, and the slice as the network gets it: written by us, read by others."""

import io
import json
import tarfile
import zlib

import mrcfile
import numpy as np
import pytest
import tifffile

from test_train import needs_torch, options, training_set


def member(path, suffix):
    with tarfile.open(path) as archive:
        (name,) = [name for name in archive.getnames() if name.endswith(suffix)]
        return archive.extractfile(name).read()


def pixels(png: bytes) -> np.ndarray:
    """A PNG of 8-bit RGB, unpacked by hand."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    place, data, size = 8, b"", None
    while place < len(png):
        length, kind = int.from_bytes(png[place:place + 4], "big"), png[place + 4:place + 8]
        body = png[place + 8:place + 8 + length]
        if kind == b"IHDR":
            size = int.from_bytes(body[:4], "big"), int.from_bytes(body[4:8], "big")
            assert body[8:10] == b"\x08\x02"
        if kind == b"IDAT":
            data += body
        place += 12 + length
    rows = np.frombuffer(zlib.decompress(data), np.uint8).reshape(size[1], 1 + 3 * size[0])
    return size, rows


@pytest.fixture
def tomogram(tmp_path):
    path = tmp_path / "tomo.mrc"
    with mrcfile.new(path) as file:
        file.set_data(np.random.default_rng(3).normal(5, 2, (9, 64, 96)).astype(np.float32))
        file.voxel_size = 10.0
    return path


def test_a_converted_model_carries_picture_and_slice(ais, repository, tmp_path, tomogram):
    model = next((repository / "Tests" / "Fixtures" / "networks").glob("*.scnm"))
    out = tmp_path / "shown.scnm"
    ais("models", "convert", model, "-o", out, "--preview", f"{tomogram}:2", "--voxel-size", "10A")
    size, _ = pixels(member(out, "_preview.png"))
    assert size == (512, 512)
    with tifffile.TiffFile(io.BytesIO(member(out, "_slice.tiff"))) as file:
        page = file.pages[0]
        assert page.dtype == np.float64 and page.compression == 1
        slices = file.asarray()
        assert json.loads(page.description)["shape"] == [len(file.pages), 64, 96]
    described = json.loads(ais("info", out, "--json"))["files"][0]["network"]
    assert described["preview"] == {"width": 512, "height": 512, "hasSlice": True}
    assert "512 × 512 pixels, with its slice" in ais("info", out)
    centre = slices if slices.ndim == 2 else slices[len(slices) // 2]
    raw = mrcfile.read(tomogram)[2].astype(np.float64)
    if described["normalization"] == "per_slice":
        assert np.abs(centre - (raw - raw.mean()) / raw.std()).max() < 1e-4
    # Converted again they are kept, and the network is the same.
    ais("models", "convert", out, "-o", tmp_path / "again.scnm")
    assert member(tmp_path / "again.scnm", "_preview.png") == member(out, "_preview.png")
    assert member(tmp_path / "again.scnm", "_slice.tiff") == member(out, "_slice.tiff")
    assert json.loads(ais("info", tmp_path / "again.scnm", "--json"))["files"][0]["network"]["contentHash"] == described["contentHash"]


@needs_torch
def test_a_trained_model_carries_them_too(ais, tmp_path, tomogram):
    rings = training_set(tmp_path / "rings.scnt")
    ais(*options(rings, tmp_path, "--epochs", "1", "--preview", tomogram))
    assert pixels(member(tmp_path / "Ring.scnm", "_preview.png"))[0] == (512, 512)
    assert tifffile.imread(io.BytesIO(member(tmp_path / "Ring.scnm", "_slice.tiff"))).shape[-2:] == (64, 96)


@pytest.mark.parametrize("slice, words", [(":9", "slices 0 to 8"), (":-1", "slices 0 to 8"), (":x", "not there")])
def test_a_slice_that_is_not_there_is_refused_before_work(ais, repository, tmp_path, tomogram, slice, words):
    model = next((repository / "Tests" / "Fixtures" / "networks").glob("*.scnm"))
    done = ais.run("models", "convert", model, "-o", tmp_path / "x.scnm", "--preview", f"{tomogram}{slice}")
    assert done.returncode == 1 and words in done.stderr, done.stderr
    assert not (tmp_path / "x.scnm").exists()
