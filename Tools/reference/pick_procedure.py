"""The paper's picking procedure in NumPy, SciPy and scikit-image, and a comparison of `ais pick` with it.

    python pick_procedure.py [--program .build/release/ais]

An independent account of what `ais pick` does by default: threshold, pieces that share faces, distance to the background,
watershed from the maxima of the distance that are at least half the spacing apart, joined across wide necks, minimum volume, weight, spacing by weight,
centroid. Volumes are made from seeds: overlapping balls and ellipsoids of several confidences, noise, specks. Every particle of
one program must be one of the other, at the same place but for the ties of the flood (which voxels of a shared border go to
which side is not defined): the largest and the mean distance are printed. Ends with an error above 0.05 voxel on average.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import mrcfile
import numpy as np
import scipy.ndimage as ndi
from skimage.segmentation import watershed

NECK = 0.6
REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


def plateaus(distance, inside):
    """One voxel for each local maximum (26 neighbours): the one nearest to the plateau's centroid."""
    highest = ndi.maximum_filter(np.where(inside, distance, -1), size=3, mode="constant", cval=-1)
    candidate = inside & (distance >= highest)
    # A plateau is a piece of equal values; it is a maximum if none of its voxels has a higher neighbour.
    found = []
    for value in np.unique(distance[candidate]):
        labels, count = ndi.label(inside & (distance == value), np.ones((3, 3, 3)))
        for index, box in enumerate(ndi.find_objects(labels), 1):
            part = labels[box] == index
            if not candidate[box][part].all():
                continue
            places = np.argwhere(part) + [axis.start for axis in box]
            offsets = ((places - places.mean(0)) ** 2).sum(1)
            found.append((value, tuple(places[int(np.argmin(np.round(offsets, 9)))])))
    return found


def spaced(points, weights, distance):
    """Indices of the points that stay: the heaviest first, none nearer than `distance` to one that stays."""
    kept = []
    for index in sorted(range(len(points)), key=lambda i: (-weights[i], i)):
        if all(np.linalg.norm(np.subtract(points[index], points[other])) >= distance for other in kept):
            kept.append(index)
    return kept


def joined(basins, distance, neck):
    """The basins with those made one that meet, at the deepest place where they do, in a neck nearly as wide as the narrower."""
    depth = np.sqrt(distance)
    width = {number: depth[basins == number].max() for number in np.unique(basins[basins > 0])}
    necks = {}
    for axis in range(3):
        here, there = (np.moveaxis(basins, axis, 0)[part] for part in (slice(1, None), slice(None, -1)))
        least = np.minimum(*(np.moveaxis(depth, axis, 0)[part] for part in (slice(1, None), slice(None, -1))))
        meet = (here != there) & (here > 0) & (there > 0)
        for a, b, value in zip(here[meet], there[meet], least[meet]):
            pair = (min(a, b), max(a, b))
            necks[pair] = max(necks.get(pair, 0), value)
    for (a, b), value in sorted(necks.items(), key=lambda item: (-item[1], item[0])):
        a, b = sorted((owner(width, a), owner(width, b)))
        if a != b and value >= neck * min(width[a], width[b]):
            winner, loser = (a, b) if width[a] >= width[b] else (b, a)
            basins[basins == loser] = winner
            width[loser] = -winner
    return basins


def owner(width, number):
    """The number under which a basin goes on: joined ones hold minus that of the one they went to."""
    while width[number] < 0:
        number = -width[number]
    return number


def procedure(values, threshold, spacing, minimum):
    """Centres (z, y, x) of the particles, the heaviest first, with their weights; lengths in voxels."""
    inside = values > threshold
    pieces, count = ndi.label(inside)
    groups = []
    for piece, box in enumerate(ndi.find_objects(pieces), 1):
        box = tuple(slice(max(0, axis.start - 1), axis.stop + 1) for axis in box)
        part = pieces[box] == piece
        if part.sum() < minimum:
            continue
        distance = ndi.distance_transform_edt(part) ** 2
        distance = np.round(distance)
        maxima = sorted(plateaus(distance, part), key=lambda maximum: maximum[1])
        kept = spaced([place for _, place in maxima], [value for value, _ in maxima], spacing / 2)
        markers = np.zeros(part.shape, np.int32)
        for number, index in enumerate(kept, 1):
            markers[maxima[index][1]] = number
        basins = watershed(-distance, markers, mask=part) if len(kept) > 1 else part.astype(np.int32)
        basins = joined(basins, distance, NECK)
        for number in range(1, basins.max() + 1):
            group = basins == number
            if group.sum() < minimum:
                continue
            centre = np.argwhere(group).mean(0) + [axis.start for axis in box]
            groups.append((values[box][group].sum(dtype=np.float64), tuple(centre)))
    kept = spaced([centre for _, centre in groups], [weight for weight, _ in groups], spacing)
    return [groups[index] for index in kept]


def phantom(seed):
    rng = np.random.default_rng(seed)
    shape = (60, 90, 110)
    z, y, x = np.ogrid[:shape[0], :shape[1], :shape[2]]
    values = np.zeros(shape, np.float32)
    for _ in range(40):
        centre = rng.uniform(0, shape)
        radii = rng.uniform(4, 9) * (np.ones(3) if rng.random() < 0.5 else rng.uniform(0.7, 1.4, 3))
        body = sum(((axis - c) / r) ** 2 for axis, c, r in zip((z, y, x), centre, radii))
        values = np.maximum(values, (body < 1) * rng.uniform(0.55, 1))
    values = ndi.gaussian_filter(values, 0.8) + 0.04 * ndi.gaussian_filter(rng.normal(size=shape), 0.8)
    values[rng.random(shape) < 1e-4] = 0.9
    return np.clip(values * 255, 0, 255).round().astype(np.uint16)


def ours(program, values, folder, threshold, spacing, minimum):
    path = folder / "T__A.mrc"
    with mrcfile.new(path, overwrite=True) as file:
        file.set_data(values)
        file.voxel_size = 10.0
    subprocess.run(
        [program, "pick", "-q", "--force", "--no-contact-sheet", "-o", folder, "--threshold", str(threshold), "--spacing",
         f"{spacing}px", "--min-volume", f"{minimum}px", "--format", "txt", "--decimals", "6", path], check=True)
    text = (folder / "T__A_coords.txt").read_text().split("\n")
    rows = [[float(word) for word in line.split()] for line in text if line.strip() and not line.startswith("#")]
    return np.array([row[2::-1] for row in rows]).reshape(-1, 3)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=pathlib.Path, default=REPOSITORY / ".build" / "release" / "ais")
    parser.add_argument("--volumes", type=int, default=12)
    arguments = parser.parse_args()
    if not arguments.program.exists():
        sys.exit(f"'{arguments.program}' does not exist. Run 'make build' first.")
    distances, missing = [], 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for seed in range(arguments.volumes):
            values = phantom(seed)
            settings = (128, [10, 14, 8.5][seed % 3], 60)
            wanted = np.array([centre for _, centre in procedure(values, *settings)]).reshape(-1, 3)
            found = ours(arguments.program.resolve(), values, folder, *settings)
            nearest = [np.linalg.norm(found - centre, axis=1).min() if len(found) else np.inf for centre in wanted]
            near = [distance for distance in nearest if distance < settings[1] / 4]
            distances += near
            missing += len(wanted) + len(found) - 2 * len(near)
            print(f"volume {seed}: {len(wanted)} particles by SciPy, {len(found)} by ais, "
                  f"{sum(distance < 1e-4 for distance in near)} equal, largest distance {max(near, default=0):.3f} voxels")
    print(f"{len(distances)} pairs: {np.mean(np.array(distances) < 1e-4):.1%} equal, mean {np.mean(distances):.4f}, "
          f"largest {max(distances):.3f} voxels; {missing} without a partner")
    if missing > len(distances) // 50 or np.mean(distances) > 0.05:
        sys.exit("the two accounts of the procedure disagree")


if __name__ == "__main__":
    main()
