"""Gives an exported .scns to the reference program and compares what it extracts with what it extracts from its own file.

    $python Tools/reference/compare_annotations.py AIS TOMOGRAM.mrc ORIGINAL.scns FEATURE

AIS is this program. The original is imported into a project and exported again; the reference's `extract` makes a training
set and a list of coordinates of both. Training sets must agree in every pixel and name, coordinates in every row.
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile

import mrcfile
import numpy
import starfile

from reference_program import reference_program


def extract(program, folder, feature, box):
    """The images of a training set by member name, and the rows of the list of coordinates."""
    output = folder / "out"
    output.mkdir()
    for options in (["-size", str(box)], ["--coordinates"]):
        subprocess.run(
            [program, "extract", "-d", "annotated.scns", "-f", feature, "-ou", output, *options],
            cwd=folder, check=True, capture_output=True)
    images = {}
    with tarfile.open(next(output.glob("*.scnt"))) as archive:
        for member in archive.getmembers():
            if not member.name.endswith(".mrc"):
                continue
            path = folder / "member.mrc"
            path.write_bytes(archive.extractfile(member).read())
            with mrcfile.open(path) as image:
                images[member.name] = numpy.array(image.data)
    rows = starfile.read(next(output.glob("*.star")))
    return images, sorted(map(tuple, rows.values.tolist()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ais", type=pathlib.Path)
    parser.add_argument("tomogram", type=pathlib.Path)
    parser.add_argument("original", type=pathlib.Path)
    parser.add_argument("feature")
    parser.add_argument("--box", type=int, default=64)
    arguments = parser.parse_args()
    program = reference_program()
    with tempfile.TemporaryDirectory() as name:
        results = []
        for which in ("original", "exported"):
            folder = pathlib.Path(name) / which
            folder.mkdir()
            tomogram = folder / arguments.tomogram.name
            shutil.copy(arguments.tomogram, tomogram)
            annotated = folder / "annotated.scns"
            if which == "original":
                shutil.copy(arguments.original, annotated)
            else:
                ais = arguments.ais.resolve()
                project = folder / "P.ais"
                run = dict(cwd=folder, check=True, capture_output=True)
                subprocess.run([ais, "project", "new", project], **run)
                subprocess.run([ais, "project", "import", project, "-t", folder, arguments.original.resolve()], **run)
                subprocess.run([ais, "project", "export", project, "--as", "scns", "-o", folder / "scns"], **run)
                shutil.copy(next((folder / "scns").glob("*.scns")), annotated)
            results.append(extract(program, folder, arguments.feature, arguments.box))
        (images, rows), (other_images, other_rows) = results
        if images.keys() != other_images.keys():
            sys.exit("the training sets have other members")
        differing = [name for name in images if not numpy.array_equal(images[name], other_images[name])]
        if differing:
            sys.exit(f"{len(differing)} of {len(images)} images differ, the first is '{differing[0]}'")
        if rows != other_rows:
            sys.exit("the coordinates differ")
        print(f"{len(images)} images and {len(rows)} coordinates are the same")


main()
