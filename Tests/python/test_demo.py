"""`make demo` with the bundled tomogram and with one's own, whatever its name."""

import bz2
import gzip
import os
import shutil
import stat
import subprocess

import mrcfile
import pytest


@pytest.fixture
def checkout(tmp_path, repository):
    """A copy of what the demo needs; its compiler says that everything is built."""
    folder = tmp_path / "checkout"
    shutil.copytree(repository / "Scripts", folder / "Scripts")
    shutil.copytree(repository / "Examples", folder / "Examples")
    for name in ("Makefile", ".swift-version"):
        shutil.copy(repository / name, folder)
    tools = tmp_path / "tools"
    tools.mkdir()
    swift = tools / "swift"
    swift.write_text('#!/bin/sh\ncase "$1" in --version) echo "Swift version 6.3.1 (swift-6.3.1-RELEASE)";; esac\n')
    swift.chmod(swift.stat().st_mode | stat.S_IXUSR)
    return folder


@pytest.fixture
def demo(ais, checkout):
    def run(*arguments):
        environment = {
            **os.environ, "AIS_PROGRAM": str(ais.path), "PATH": f"{checkout.parent / 'tools'}:{os.environ['PATH']}"}
        # Options of a make that runs these tests are not meant for this one.
        for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "TOMOGRAM", "AIS_DEMO_TOMOGRAM"):
            environment.pop(name, None)
        return subprocess.run(
            ["make", "-C", checkout, "demo", *arguments], env=environment, capture_output=True, text=True, timeout=300)

    return run


@pytest.fixture
def tomogram(tmp_path, repository):
    path = tmp_path / "plain.mrc"
    with mrcfile.open(repository / "Examples" / "cell_c.mrc") as source, mrcfile.new(path) as file:
        file.set_data(source.data[28:32, 40:100, 30:110])
        file.voxel_size = 10
    return path


def test_the_bundled_tomogram_is_segmented_measured_and_drawn(demo, checkout):
    done = demo()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "best" in done.stdout and "make demo TOMOGRAM=" in done.stdout
    made = {path.name for path in (checkout / "demo-output").iterdir()}
    assert made == {"cell_c__MembraneC.mrc", "cell_c__MembraneC.json", "cell_c__MembraneC.png"}


@pytest.mark.parametrize("name", ["two words/my tomo.mrc", "it's $HOME \"$(touch x)\" `touch x`;.mrc", "UPPER.MRC", "ä.rec"])
def test_a_tomogram_of_ones_own_is_segmented_whatever_its_name(demo, checkout, tomogram, tmp_path, name):
    own = tmp_path / "own" / name
    own.parent.mkdir(parents=True)
    tomogram.rename(own)
    done = demo(f"TOMOGRAM={own}")
    assert done.returncode == 0, done.stdout + done.stderr
    made = {path.name for path in (checkout / "demo-output").iterdir()}
    assert made == {f"{own.stem}__MembraneC.{ending}" for ending in ("mrc", "json", "png")}
    assert not (checkout / "x").exists()


@pytest.mark.parametrize("ending, pack", [("MRC.GZ", gzip.compress), ("mrc.bz2", bz2.compress)])
def test_a_compressed_tomogram_is_segmented(demo, checkout, tomogram, tmp_path, ending, pack):
    own = tmp_path / f"own.{ending}"
    own.write_bytes(pack(tomogram.read_bytes()))
    done = demo(f"TOMOGRAM={own}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (checkout / "demo-output" / "own__MembraneC.png").is_file()


def test_what_is_no_tomogram_is_refused_before_anything_is_built(demo, checkout, tmp_path):
    missing, hostile = tmp_path / "none.mrc", tmp_path / "\x1b[2J.mrc"
    for path, words in [(missing, "There is no file"), (tmp_path, "is a folder"), (hostile, "\\E[2J.mrc")]:
        done = demo(f"TOMOGRAM={path}")
        assert done.returncode != 0 and words in done.stderr and "make demo TOMOGRAM=" in done.stderr
        assert "[1/4]" not in done.stdout
        assert "\x1b" not in done.stderr
    assert not (checkout / "demo-output").exists()


def test_a_tomogram_that_cannot_be_segmented_says_why_and_what_to_do(demo, tomogram, tmp_path):
    cut = tmp_path / "cut.mrc"
    cut.write_bytes(tomogram.read_bytes()[:5000])
    done = demo(f"TOMOGRAM={cut}")
    assert done.returncode != 0
    assert "is truncated" in done.stderr and "The tomogram was not segmented" in done.stderr and "OPTIONS" in done.stderr
