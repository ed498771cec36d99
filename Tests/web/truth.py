"""What is in the synthetic tomograms, and how far from it something that was found is."""

import mrcfile
import numpy
import program
import starfile

SHARED = program.ROOT.parent / "shared" / "data"
MEMBRANE, COMPLEX = 1, 3
"""Labels."""


def labels(name):
    """Labels of a tomogram."""
    return mrcfile.read(SHARED / "synthetic" / f"{name}_labels.mrc.gz")


def coordinates(path):
    """z, y, x of a list's rows, in voxels."""
    return starfile.read(path)[["rlnCoordinateZ", "rlnCoordinateY", "rlnCoordinateX"]].to_numpy()


def particles(name, folder=SHARED / "synthetic"):
    """The middles of the complexes that are looked for."""
    path = folder / f"{name}_particles.star"
    return coordinates(path)[(starfile.read(path)["rlnClassNumber"] == COMPLEX).to_numpy()]


def near(mask, reach):
    """Pixels at most so far from one of the mask, in its slice."""
    rim = int(reach)
    wide, found = numpy.pad(mask, rim), numpy.zeros_like(mask)
    height, width = mask.shape
    for dy in range(-rim, rim + 1):
        for dx in range(-rim, rim + 1):
            if dy * dy + dx * dx <= reach * reach:
                found |= wide[rim + dy : rim + dy + height, rim + dx : rim + dx + width]
    return found


def errors(found, right, tolerance=2):
    """Of slices: pixels found farther from the truth than this, and the share of the truth with something found so near, and Dice. Where exactly a border runs is a matter of taste."""
    false = sum(int((one & ~near(other, tolerance)).sum()) for one, other in zip(found, right))
    met = sum(int((other & near(one, tolerance)).sum()) for one, other in zip(found, right))
    both, all_ = (sum(int(part.sum()) for part in parts) for parts in ([one & other for one, other in zip(found, right)], [*found, *right]))
    return {"false": false, "recall": met / sum(int(other.sum()) for other in right), "dice": 2 * both / all_}


def f1(found, right, reach=8):
    """Of a list of points: each may be taken for one of the truth at most so many voxels away, the nearest first."""
    far = numpy.linalg.norm(found[:, None] - right[None], axis=2) if len(found) else numpy.zeros((0, len(right)))
    taken, met = set(), set()
    for one, other in sorted(numpy.argwhere(far <= reach).tolist(), key=lambda pair: far[pair[0], pair[1]]):
        if one not in taken and other not in met:
            taken.add(one)
            met.add(other)
    return 2 * len(met) / (len(found) + len(right))
