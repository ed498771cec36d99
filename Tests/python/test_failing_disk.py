"""Disks that fail, stale network mounts and full disks, injected into the running program call by call: each is one clear
sentence and an exit code, never a crash, and leaves nothing half done."""

import errno
import gzip
import os
import pathlib
import shutil
import subprocess

import mrcfile
import numpy as np
import pytest
import tifffile

HERE = pathlib.Path(__file__).resolve().parent
MODEL = HERE.parent / "Fixtures" / "segment" / "flat-global.scnm"
TITLE = "flat-global"


class FailingDisk:
    """Runs the program with a library in front of the C library that lets chosen calls fail."""

    def __init__(self, ais, library: pathlib.Path, report: pathlib.Path):
        self.ais = ais
        self.library = library
        self.report = report

    def run(self, *arguments, call: str, path: str, number: int, after: int = 0, **options):
        """Every `call` on a file whose path ends in `path` fails with errno `number`, but for the first `after`."""
        environment = {
            **os.environ, "SWIFT_BACKTRACE": "enable=no", "LD_PRELOAD": str(self.library), "FAIL_CALL": call,
            "FAIL_PATH": path, "FAIL_ERRNO": str(number), "FAIL_AFTER": str(after), "FAIL_REPORT": str(self.report)}
        self.report.unlink(missing_ok=True)
        done = self.ais.run(*arguments, env=environment, **options)
        if number:
            assert int(self.report.read_text()) > after, f"the run never came to {call} number {after + 1} on '{path}'"
        return done

    def count(self, *arguments, call: str, path: str, **options) -> int:
        """How many such calls an undisturbed run makes."""
        done = self.run(*arguments, call=call, path=path, number=0, **options)
        assert done.returncode == 0, done.stderr
        return int(self.report.read_text())


@pytest.fixture(scope="session")
def library(tmp_path_factory) -> pathlib.Path:
    compiler = shutil.which("clang") or shutil.which("cc")
    if not compiler:
        pytest.fail("neither 'clang' nor 'cc' was found; Swift's toolchain holds a 'clang': put its folder into PATH.")
    path = tmp_path_factory.mktemp("library") / "failing_calls.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", path, HERE / "failing_calls.c", "-ldl"], check=True)
    return path


@pytest.fixture
def disk(ais, library, tmp_path_factory) -> FailingDisk:
    return FailingDisk(ais, library, tmp_path_factory.mktemp("report") / "calls")


@pytest.fixture(scope="session")
def voxels(repository) -> np.ndarray:
    with mrcfile.open(repository / "Examples" / "cell_c.mrc") as file:
        return np.array(file.data[20:32, 40:100, 30:110])


def write(path: pathlib.Path, values: np.ndarray) -> pathlib.Path:
    with mrcfile.new(path) as file:
        file.set_data(values)
        file.voxel_size = 10
    return path


@pytest.fixture
def batch(tmp_path, voxels) -> list:
    """Three tomograms; the tests spoil the second."""
    return [write(tmp_path / f"TS_0{i}.mrc", voxels) for i in (1, 2, 3)]


def names(folder: pathlib.Path) -> list:
    """Everything in the folder, hidden files too."""
    return sorted(os.listdir(folder)) if folder.is_dir() else []


def outputs(*stems: str) -> list:
    return [f"{stem}__{TITLE}.{extension}" for stem in stems for extension in ("json", "mrc")]


def check_only_the_second_failed(done, folder: pathlib.Path, *words: str):
    assert done.returncode == 1, f"exit code {done.returncode}\n{done.stdout}{done.stderr}"
    sentences = [line for line in done.stderr.splitlines() if "cannot " in line]
    assert len(sentences) == 1 and sentences[0].startswith("ais: "), done.stderr
    for word in words:
        assert word in sentences[0]
    assert names(folder) == outputs("TS_01", "TS_03")
    assert all(mrcfile.validate(folder / name) for name in names(folder) if name.endswith(".mrc"))


READ_ERRORS = {"EIO": (errno.EIO, "Input/output error"), "ESTALE": (errno.ESTALE, "Stale file handle")}
MOMENTS = {"first": 0.0, "middle": 0.5, "last": 1.0}


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("error", READ_ERRORS)
def test_a_tomogram_whose_reads_fail_is_one_sentence_and_the_others_are_done(disk, tmp_path, batch, error, moment):
    number, reason = READ_ERRORS[error]
    folder = tmp_path / "out"
    command = ["segment", "-m", MODEL, "-o", folder, "--force", *batch]
    calls = disk.count(*command, call="pread", path="/TS_02.mrc")
    assert calls > 10, "too few reads to fail in the middle of them"
    shutil.rmtree(folder)
    done = disk.run(
        *command, call="pread", path="/TS_02.mrc", number=number, after=int((calls - 1) * MOMENTS[moment]))
    check_only_the_second_failed(
        done, folder, f"cannot read '{batch[1]}'", reason, "network file system failed", "local disk")


@pytest.mark.parametrize("kind", ["gz", "tif", "deflated tif"])
def test_compressed_and_tiff_tomograms_fail_as_clearly(disk, tmp_path, batch, voxels, kind):
    spoilt = tmp_path / ("TS_02.mrc.gz" if kind == "gz" else "TS_02.tif")
    if kind == "gz":
        spoilt.write_bytes(gzip.compress(batch[1].read_bytes(), 1))
    else:
        tifffile.imwrite(
            spoilt, voxels, photometric="minisblack", resolution=(1e7, 1e7), resolutionunit="CENTIMETER",
            compression="zlib" if "deflated" in kind else None)
    folder = tmp_path / "out"
    command = ["segment", "-m", MODEL, "-o", folder, "--force", "--voxel-size", "10A", batch[0], spoilt, batch[2]]
    calls = disk.count(*command, call="pread", path="/" + spoilt.name)
    shutil.rmtree(folder)
    for after in sorted({0, calls // 2, calls - 1}):
        done = disk.run(*command, call="pread", path="/" + spoilt.name, number=errno.EIO, after=after)
        check_only_the_second_failed(done, folder, f"cannot read '{spoilt}'", "Input/output error")
        shutil.rmtree(folder)


@pytest.mark.parametrize("command", ["info", "info --check", "info --json", "preview", "evaluate", "models run", "header"])
def test_every_command_that_reads_a_tomogram_says_what_failed(disk, tmp_path, batch, command):
    spoilt = batch[1]
    made = tmp_path / "made"
    made.mkdir()
    arguments = {
        "preview": ["preview", spoilt, "--plain", "-o", made / "picture.png"],
        "evaluate": ["evaluate", spoilt, batch[0]],
        "models run": ["models", "run", MODEL, spoilt, "-o", made / "run.mrc", "--force"],
        "header": ["header", spoilt, "--voxel-size", "12A", "--dry-run"],
    }.get(command, [*command.split(), spoilt])
    if command == "models run":
        # A network of one channel takes a volume of one slice.
        with mrcfile.open(spoilt) as file:
            slice_ = file.data[:1, :48, :64].astype(np.float32)
        spoilt.unlink()
        write(spoilt, slice_)
    calls = disk.count(*arguments, call="pread", path="/TS_02.mrc")
    for file in made.iterdir():
        file.unlink()
    for after in sorted({0, calls // 2, calls - 1}):
        done = disk.run(*arguments, call="pread", path="/TS_02.mrc", number=errno.ESTALE, after=after)
        assert done.returncode == 1, f"exit code {done.returncode} after {after} reads\n{done.stdout}{done.stderr}"
        assert f"cannot read '{spoilt}': Stale file handle" in done.stderr
        assert names(made) == []


def test_a_model_that_cannot_be_read_is_named(disk, tmp_path, batch):
    model = tmp_path / "Membrane.scnm"
    shutil.copy(MODEL, model)
    done = disk.run(
        "segment", "-m", model, "-o", tmp_path / "out", batch[0], call="pread", path="/Membrane.scnm",
        number=errno.EIO)
    assert done.returncode == 1
    assert f"cannot read '{model}': Input/output error" in done.stderr
    assert names(tmp_path / "out") == []


@pytest.mark.parametrize(
    "call, number, when, words",
    [
        ("fallocate", errno.ENOSPC, 0, "the disk is full"),
        ("pwrite", errno.ENOSPC, 0, "the disk is full"),
        ("pwrite", errno.ENOSPC, 1, "the disk is full"),
        ("pwrite", errno.EDQUOT, 0.5, "the quota is used up"),
        ("pwrite", errno.EIO, 0.5, "Input/output error"),
        ("fsync", errno.EIO, 0, "Input/output error"),
        ("fsync", errno.ENOSPC, 0, "the disk is full"),
        ("rename", errno.ESTALE, 0, "Stale file handle"),
    ])
def test_an_output_that_cannot_be_written_leaves_nothing_and_the_others_are_done(
        disk, tmp_path, batch, call, number, when, words):
    folder = tmp_path / "out"
    name = f"/TS_02__{TITLE}.mrc"
    command = ["segment", "-m", MODEL, "-o", folder, "--force", *batch]
    calls = disk.count(*command, call=call, path=name)
    shutil.rmtree(folder)
    done = disk.run(*command, call=call, path=name, number=number, after=int((calls - 1) * when))
    check_only_the_second_failed(done, folder, f"cannot write '{folder}{name}'", words)


def test_an_output_that_was_there_stays_when_the_new_one_cannot_be_written(disk, ais, tmp_path, batch):
    folder = tmp_path / "out"
    ais("segment", "-m", MODEL, "-o", folder, batch[1])
    before = {name: (folder / name).read_bytes() for name in names(folder)}
    done = disk.run(
        "segment", "-m", MODEL, "-o", folder, "--force", batch[1], call="pwrite", path=f"__{TITLE}.mrc",
        number=errno.EIO)
    assert done.returncode == 1
    assert {name: (folder / name).read_bytes() for name in names(folder)} == before


def test_a_file_system_that_cannot_reserve_space_is_written_all_the_same(disk, tmp_path, batch):
    folder = tmp_path / "out"
    done = disk.run(
        "segment", "-m", MODEL, "-o", folder, batch[0], call="fallocate", path=f"__{TITLE}.mrc",
        number=errno.EOPNOTSUPP)
    assert done.returncode == 0, done.stderr
    assert names(folder) == outputs("TS_01") and mrcfile.validate(folder / outputs("TS_01")[1])


def test_a_volume_without_provenance_is_reported_and_done_again(disk, ais, tmp_path, batch):
    folder = tmp_path / "out"
    command = ["segment", "-m", MODEL, "-o", folder, batch[1]]
    done = disk.run(*command, call="fsync", path=".json", number=errno.EIO)
    assert done.returncode == 1
    assert f"cannot write '{folder}/TS_02__{TITLE}.json': Input/output error" in done.stderr
    assert names(folder) == outputs("TS_02")[1:]
    assert "skipped" not in ais(*command)
    assert names(folder) == outputs("TS_02")


def test_a_full_folder_for_temporary_files_is_named(disk, tmp_path, batch):
    spoilt = tmp_path / "TS_02.mrc.gz"
    spoilt.write_bytes(gzip.compress(batch[1].read_bytes(), 1))
    folder = tmp_path / "out"
    # The temporary file has no name any more; Linux shows it so.
    done = disk.run(
        "segment", "-m", MODEL, "-o", folder, batch[0], spoilt, batch[2], call="pwrite", path=" (deleted)",
        number=errno.ENOSPC)
    check_only_the_second_failed(
        done, folder, f"'{spoilt}' cannot be decompressed", "No space left on device", "Set TMPDIR")


def test_a_header_that_cannot_be_written_is_reported(disk, tmp_path, batch):
    before = batch[1].read_bytes()
    done = disk.run("header", batch[1], "--voxel-size", "12A", call="pwrite", path="/TS_02.mrc", number=errno.EIO)
    assert done.returncode == 1
    assert f"cannot change '{batch[1]}': Input/output error" in done.stderr
    assert "changed" not in done.stdout
    assert batch[1].read_bytes() == before


@pytest.mark.parametrize("call", ["pwrite", "fsync", "rename"])
def test_a_picture_that_cannot_be_written_leaves_nothing(disk, tmp_path, batch, call):
    picture = tmp_path / "pictures" / "picture.png"
    picture.parent.mkdir()
    done = disk.run(
        "preview", batch[0], "--plain", "-o", picture, call=call, path="/picture.png", number=errno.ENOSPC)
    assert done.returncode == 1
    assert f"cannot write '{picture}': the disk is full" in done.stderr
    assert names(picture.parent) == []
