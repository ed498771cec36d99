"""`ais models run` on networks that Keras wrote and evaluated, and on Keras files stored in other ways."""

import io
import pathlib
import tarfile

import h5py
import mrcfile
import numpy as np
import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SHARED = REPOSITORY.parent / "shared" / "data"
NETWORKS = sorted(path.name.removesuffix("_input.mrc") for path in (SHARED / "networks").glob("*_input.mrc"))
# The files that other projects trained: channels or axes of the recorded arrays, and their tolerance.
TRAINED = [
    ("MiSiCv2.h5", "misic_input_256x256x3.npy", "misic_output_256x256.npy", 2),
    ("cryovesnet_weights.h5", "cryovesnet_input_32x32x32.npy", "cryovesnet_output_32x32x32.npy", 3),
]
SEGMENT = REPOSITORY / "Tests" / "Fixtures" / "segment"


def run(ais, model, values, folder: pathlib.Path) -> np.ndarray:
    source, output = folder / "input.mrc", folder / "output.mrc"
    with mrcfile.new(source, overwrite=True) as file:
        file.set_data(np.ascontiguousarray(values, np.float32))
        file.voxel_size = 10.0
    ais("models", "run", model, source, "-o", output)
    return mrcfile.read(output)


@pytest.mark.parametrize("name", NETWORKS or [pytest.param("", marks=pytest.mark.skip("no shared data"))])
def test_a_network_gives_what_keras_gave(ais, tmp_path, name):
    folder = SHARED / "networks"
    output = tmp_path / "output.mrc"
    ais("models", "run", folder / f"{name}.scnm", folder / f"{name}_input.mrc", "-o", output)
    assert mrcfile.validate(output)
    theirs = mrcfile.read(folder / f"{name}_output.mrc")
    ours = mrcfile.read(output)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= 1e-4


@pytest.mark.parametrize("model,source,result,rank", TRAINED)
def test_a_network_that_others_trained_gives_what_keras_gave(ais, tmp_path, shared, model, source, result, rank):
    values, theirs = np.load(shared / "models" / source), np.load(shared / "models" / result)
    # The recorded arrays are in Keras' order y, x, channel or y, x, z; a volume is z, y, x.
    ours = run(ais, shared / "models" / model, values.transpose(2, 0, 1), tmp_path)
    ours = ours[0] if rank == 2 else ours.transpose(1, 2, 0)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= 1e-4


def keras_file(name: str, folder: pathlib.Path) -> pathlib.Path:
    """The HDF5 file inside a model file of ours."""
    with tarfile.open(SEGMENT / f"{name}.scnm") as tar:
        member = next(member for member in tar.getmembers() if member.name.endswith(".h5"))
        path = folder / f"{name}.h5"
        path.write_bytes(tar.extractfile(member).read())
    return path


def rewritten(source: pathlib.Path, path: pathlib.Path, attribute=None, dataset=None, **options) -> pathlib.Path:
    """The same groups, attributes and weights in a new file: `attribute` and `dataset` say how each is stored."""
    with h5py.File(source) as old, h5py.File(path, "w", **options) as new:
        def copy(name, item):
            if isinstance(item, h5py.Dataset):
                made = new.create_dataset(name, data=item[()], **(dataset or {}))
            else:
                made = new.require_group(name)
            for key, value in item.attrs.items():
                made.attrs.create(key, attribute(value) if attribute else value)

        for key, value in old.attrs.items():
            new.attrs.create(key, attribute(value) if attribute else value)
        old.visititems(copy)
    return path


def fixed_strings(value):
    """Strings as older versions of h5py wrote them: of fixed length, padded with zeros."""
    if isinstance(value, np.ndarray) and value.dtype == object:
        return np.array([part.encode() if isinstance(part, str) else part for part in value], dtype="S")
    if isinstance(value, (str, bytes)):
        return np.bytes_(value)
    return value


@pytest.fixture
def volume():
    return np.random.default_rng(3).normal(size=(1, 32, 48)).astype(np.float32)


STORED = {
    "fixed-length strings": {"attribute": fixed_strings},
    "in chunks": {"dataset": {"chunks": True}},
    "in compressed chunks": {"dataset": {"chunks": True, "compression": "gzip", "shuffle": True}},
    "the newest file format": {"libver": "latest"},
}


@pytest.mark.parametrize("manner", STORED)
def test_a_keras_file_stored_in_another_way_is_read_alike_or_refused_with_a_sentence(ais, tmp_path, volume, manner):
    plain = keras_file("flat-global", tmp_path)
    expected = run(ais, plain, volume, tmp_path)
    options = STORED[manner]
    other = tmp_path / "other.h5"
    if "dataset" in options:
        # Empty arrays cannot be chunked; a plain copy of the file with only its weights rewritten.
        other.write_bytes(plain.read_bytes())
        with h5py.File(other, "r+") as file:
            names = []
            file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
            for name in names:
                values = file[name][()]
                del file[name]
                file.create_dataset(name, data=values, **options["dataset"])
    else:
        rewritten(plain, other, **options)
    source, output = tmp_path / "input.mrc", tmp_path / "other.mrc"
    done = ais.run("models", "run", other, source, "-o", output)
    if manner == "fixed-length strings" or done.returncode == 0:
        assert done.returncode == 0, done.stderr
        assert np.array_equal(mrcfile.read(output), expected)
    else:
        assert done.returncode == 1
        assert "other.h5" in done.stderr
        assert not output.exists()


def test_every_prefix_of_a_model_file_is_refused_and_leaves_nothing(ais, tmp_path, volume):
    data = (SEGMENT / "flat-global.scnm").read_bytes()
    run(ais, SEGMENT / "flat-global.scnm", volume, tmp_path)
    output = tmp_path / "cut.mrc"
    # Up to the end of the metadata; what follows is padding of the archive.
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        end = max(member.offset_data + member.size for member in tar.getmembers())
    for length in [0, 1, 511, 512, 513, 1024, end // 3, end // 2, end - 1]:
        cut = tmp_path / "cut.scnm"
        cut.write_bytes(data[:length])
        done = ais.run("models", "run", cut, tmp_path / "input.mrc", "-o", output)
        assert done.returncode == 1, f"{length} bytes: {done.stdout}{done.stderr}"
        assert "cut.scnm" in done.stderr
        assert not output.exists()


def test_a_whole_tomogram_is_too_much_for_a_bare_2d_network(ais, repository, tmp_path):
    examples = repository / "Examples"
    done = ais.run("models", "run", examples / "MembraneC.scnm", examples / "cell_c.mrc", "-o", tmp_path / "x.mrc")
    assert done.returncode == 1 and done.stderr.startswith("ais: ")
    assert "one slice" in done.stderr and "64" in done.stderr and "ais segment" in done.stderr
