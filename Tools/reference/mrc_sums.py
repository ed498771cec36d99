"""Writes Tests/Fixtures/formats/tomogram-sums.json: what mrcfile, tifffile and NumPy find in the shared test files.

    python="$(Scripts/python-env Tests/python/requirements.txt)"
    "$python" Tools/reference/mrc_sums.py ../shared/data > Tests/Fixtures/formats/tomogram-sums.json

Shapes are x, y, z after the axes are put in order. `sum` adds all voxels, `weighted` adds each voxel times
1 + (its index in z, y, x order mod 251), which notices exchanged axes and shifted slices.
"""

import json
import pathlib
import sys
import warnings

import mrcfile
import numpy
import tifffile

# Bytes that the files' own documentation or statistics call unsigned; mrcfile always reads signed.
UNSIGNED = {"serialem_tomogram_3d.mrc", "serialem_2d_no_map.mrc", "portal_unsigned_ints.mrc"}


def read_mrc(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with mrcfile.open(path, permissive=True) as file:
            if file.data is None:
                return None
            data = numpy.array(file.data)
            axes = [int(file.header[name]) for name in ("mapc", "mapr", "maps")]
    if data.ndim == 2:
        data = data[None]
    if path.name in UNSIGNED:
        data = data.view(numpy.uint8)
    # data is [sections, rows, columns]; put z, y, x first, second, third.
    codes = axes[::-1]
    return data.transpose([codes.index(3), codes.index(2), codes.index(1)])


def describe(path):
    try:
        data = tifffile.imread(path) if path.suffix in (".tif", ".tiff") else read_mrc(path)
    except Exception:
        data = None
    if data is None:
        return {"refused": True}
    values = numpy.ascontiguousarray(data).astype(numpy.float64).ravel()
    weights = 1 + numpy.arange(values.size) % 251
    z, y, x = data.shape
    return {"shape": [x, y, z], "sum": float(values.sum()), "weighted": float((values * weights).sum())}


def main():
    root = pathlib.Path(sys.argv[1])
    folders = ["tomograms", "odd_mrc", "synthetic", "ais", "networks"]
    result = {}
    for folder in folders:
        for path in sorted((root / folder).iterdir()):
            name = path.name.lower()
            if any(part in name for part in (".mrc", ".map", ".rec", ".st", ".ccp4", ".tif", ".png", ".cbox")) and ".star" not in name:
                result[f"{folder}/{path.name}"] = describe(path)
    json.dump(result, sys.stdout, indent=1)
    print()


main()
