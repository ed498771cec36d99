"""Compares `ais pick --method reference-…` with the reference program's `ais pick`, row by row.

    python compare_pick.py [--program .build/release/ais]

On the example's segmentation in several types, binned and not, peaks and centroids, with and without orientations. Rows must
have the same ids, sizes and micrographs, coordinates and angles to 1e-4, in an order that differs at most among equal sizes.
Angles of 180° and −180° are the same turn; which of them is written hangs on the sign of a zero, and the id with it.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import mrcfile
import numpy as np

from bench import environment_of
from reference_program import reference_program

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SOURCE = REPOSITORY / "Examples" / "cell_c__MembraneC.mrc.gz"
COMMON = ["-threshold", "100"], ["--threshold", "100"]
# Name: type, options of the reference, options of ours.
CASES = {
    "peaks": (np.uint16, ["-spacing", "100", "-size", "100000", "-m", "4"],
              ["--spacing", "100A", "--min-volume", "100000A3", "--margin", "4px"]),
    "defaults": (np.uint16, [], ["--spacing", "10A", "--min-volume", "1A3", "--margin", "16px"]),
    "binned": (np.uint16, ["-b", "2", "-spacing", "120", "-size", "20000", "-m", "5"],
               ["--binning", "2", "--spacing", "120A", "--min-volume", "20000A3", "--margin", "5px"]),
    "signed bytes": (np.int8, ["-spacing", "60", "-size", "5000", "-m", "0"],
                     ["--spacing", "60A", "--min-volume", "5000A3", "--margin", "0px"]),
    "floats": (np.float32, ["-spacing", "60", "-size", "5000", "-m", "0"],
               ["--spacing", "60A", "--min-volume", "5000A3", "--margin", "0px"]),
    "centroids": (np.uint16, ["-centroid", "-size", "5000", "-m", "2"], ["--min-volume", "5000A3", "--margin", "2px"]),
    "centroids, binned": (np.uint16, ["-centroid", "-b", "2", "-size", "20000", "-m", "4"],
                          ["--binning", "2", "--min-volume", "20000A3", "--margin", "4px"]),
    "normals": (np.uint16, ["-centroid", "-orient", "normal", "-size", "5000", "-m", "2"],
                ["--orient", "normal", "--min-volume", "5000A3", "--margin", "2px"]),
    "long axes, outward": (np.uint16, ["-centroid", "-orient", "long-axis", "-orient-sign", "out", "-size", "5000", "-m", "2"],
                           ["--orient", "long-axis", "--orient-sign", "out", "--min-volume", "5000A3", "--margin", "2px"]),
}
NUMBERS = ["rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ", "rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi", "aisParticleSize"]


def rows(path):
    columns, found = [], []
    for line in path.read_text().splitlines():
        if line.startswith("_"):
            columns.append(line.split()[0][1:])
        elif line.strip() and not line.startswith(("#", "data_", "loop_")):
            found.append(dict(zip(columns, line.split())))
    return columns, found


def place(row):
    return tuple(row[f"rlnCoordinate{axis}"] for axis in "XYZ")


def direction(row):
    """The particle's z axis in x, y, z."""
    tilt, psi = (np.radians(float(row[f"rlnAngle{name}"])) for name in ("Tilt", "Psi"))
    return np.array([-np.sin(tilt) * np.cos(psi), np.sin(tilt) * np.sin(psi), np.cos(tilt)])


def compare(name, theirs, ours):
    (their_columns, theirs), (our_columns, ours) = rows(theirs), rows(ours)
    if their_columns != our_columns:
        return f"columns {their_columns} against {our_columns}"
    if len(theirs) != len(ours):
        return f"{len(theirs)} rows against {len(ours)}"
    order = sum(a["aisParticleID"] != b["aisParticleID"] for a, b in zip(theirs, ours))
    if any(a["aisParticleSize"] != b["aisParticleSize"] for a, b in zip(theirs, ours)):
        return "the order by size differs"
    by_id = {row["aisParticleID"]: row for row in ours}
    by_place = {place(row): row for row in ours}
    turned = 0
    for row in theirs:
        other = by_id.get(row["aisParticleID"]) or by_place.get(place(row))
        if other is None or row["rlnMicrographName"] != other["rlnMicrographName"]:
            return f"no row of ours is like {row}"
        if any(abs(float(row[n]) - float(other[n])) > 1e-4 for n in NUMBERS if n in row):
            # The same turn written otherwise, or an axis in the plane, whose sign nothing decides.
            axes = direction(row), direction(other)
            if not (np.allclose(*axes, atol=1e-4) or (abs(axes[0][2]) < 1e-4 and np.allclose(axes[0], -axes[1], atol=1e-4))):
                return f"{row} against {other}"
            turned += 1
        elif row["aisParticleID"] != other["aisParticleID"]:
            return f"another id for {row}"
    if turned:
        print(f"{name}: {turned} axes in the plane, or of 180° for −180°")
    print(f"{name}: {len(ours)} rows equal" + (f", {order} of equal size in another order" if order else ""))
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, default=REPOSITORY / ".build" / "release" / "ais")
    parser.add_argument("--case", nargs="*", choices=list(CASES), default=list(CASES), metavar="NAME")
    arguments = parser.parse_args()
    program = arguments.program.resolve()
    theirs = reference_program()
    failures = 0
    with mrcfile.open(SOURCE) as file:
        values = np.array(file.data)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for case in arguments.case:
            kind, their_options, our_options = CASES[case]
            volume = folder / case / "cell_c__MembraneC.mrc"
            volume.parent.mkdir()
            with mrcfile.new(volume) as file:
                scale = {np.uint16: 1, np.int8: 127 / 255, np.float32: 1 / 255}[kind]
                file.set_data((values * scale).astype(kind))
                file.voxel_size = 10.0
            for out in ("theirs", "ours"):
                (volume.parent / out).mkdir()
            subprocess.run(
                [theirs, "pick", "-d", volume.parent, "-t", "MembraneC", "-ou", volume.parent / "theirs", *COMMON[0], *their_options],
                env=environment_of("", name), check=True, capture_output=True)
            method = "reference-centroids" if "-centroid" in their_options else "reference-peaks"
            subprocess.run(
                [program, "pick", "-q", "-o", volume.parent / "ours", "--no-contact-sheet", "--method", method, *COMMON[1],
                 *our_options, volume], check=True)
            problem = compare(case, *(volume.parent / out / "cell_c__MembraneC_coords.star" for out in ("theirs", "ours")))
            if problem:
                failures += 1
                print(f"{case}: DIFFERENT: {problem}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
