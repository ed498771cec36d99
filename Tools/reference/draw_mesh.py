"""Draws a mesh that `ais mesh` wrote, so that a person can look at it without a 3D program.

    python draw_mesh.py MESH.stl PICTURE.png [--azimuth 30] [--elevation 40] [--size 1000] [--zoom 1]

Binary STL only (it has no shared vertices, so that what is drawn is what the triangles are). Parallel projection,
painter's order, one light. Triangles that face away are drawn red: on a closed surface that faces outwards they are hidden but
for a few at silhouettes, where the painter's order is only nearly right.
"""

import argparse
import pathlib

import numpy as np
from PIL import Image, ImageDraw


def read_stl(path: pathlib.Path) -> np.ndarray:
    """Corners of all triangles: (triangles, corners, xyz)."""
    data = path.read_bytes()
    count = int.from_bytes(data[80:84], "little")
    record = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("extra", "<u2")])
    return np.frombuffer(data, record, count, 84)["corners"].astype(float)


def rotation(azimuth: float, elevation: float) -> np.ndarray:
    """Rows: right, up, and towards the viewer."""
    a, e = np.radians([azimuth, elevation])
    right = [np.cos(a), np.sin(a), 0]
    towards = [np.sin(a) * np.cos(e), -np.cos(a) * np.cos(e), np.sin(e)]
    return np.array([right, np.cross(towards, right), towards])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mesh", type=pathlib.Path)
    parser.add_argument("picture", type=pathlib.Path)
    parser.add_argument("--azimuth", type=float, default=30)
    parser.add_argument("--elevation", type=float, default=40)
    parser.add_argument("--size", type=int, default=1000)
    parser.add_argument("--zoom", type=float, default=1)
    options = parser.parse_args()

    corners = read_stl(options.mesh)
    low, high = corners.min((0, 1)), corners.max((0, 1))
    seen = (corners - (low + high) / 2) @ rotation(options.azimuth, options.elevation).T
    scale = options.zoom * options.size / np.linalg.norm(high - low)
    normals = np.cross(seen[:, 1] - seen[:, 0], seen[:, 2] - seen[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30)
    light = np.array([0.4, 0.5, 0.77])
    brightness = 0.25 + 0.75 * np.clip(normals @ light, 0, 1)
    points = options.size / 2 + seen[..., :2] * [scale, -scale]
    picture = Image.new("RGB", (options.size, options.size), "white")
    draw = ImageDraw.Draw(picture)
    for index in np.argsort(seen[..., 2].mean(1)):
        b = brightness[index]
        faces_away = normals[index, 2] < 0
        colour = (200, 0, 0) if faces_away else (int(120 * b), int(190 * b), int(220 * b))
        draw.polygon([tuple(point) for point in points[index]], fill=colour)
    picture.save(options.picture)
    print(f"{len(corners)} triangles, {low} to {high}")


main()
