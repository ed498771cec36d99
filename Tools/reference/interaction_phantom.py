"""A seeded tomogram of vesicles, platforms planted 22 nm outside their membranes, and a film at one side, with its truth.

Voxels are 1 nm. Dark is dense, as in cryo-EM. Everything that networks could confuse is there, if asked for: blobs like
platforms far from any membrane, close to one, and in the film, and streaks like membranes in the film.
"""

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter

FEATURES = ["Membrane", "Platform", "Film"]
GAP = 22.0  # nm from the middle of the membrane to the middle of a platform
HALF_MEMBRANE, PLATFORM_RADIUS = 3.5, 4.5  # nm


class Phantom:
    """`voxels` (z, y, x) float32 and `truth`: for each feature a mask."""

    def __init__(self, seed: int, shape=(24, 384, 384), contaminated=True, noise=1.0):
        self.rng = np.random.default_rng(seed)
        self.shape = shape
        grid = np.meshgrid(*(np.arange(n, dtype=np.float32) for n in shape), indexing="ij", sparse=True)
        density = np.zeros(shape, np.float32)
        self.truth = {name: np.zeros(shape, bool) for name in FEATURES}

        # The film covers the right side, up to a wavy edge.
        edge = shape[2] * 0.76 + 9 * np.sin(np.arange(shape[1]) / 31 + self.rng.uniform(0, 6))
        film = np.broadcast_to(grid[2] > edge[None, :, None], shape)
        self.truth["Film"] |= film
        texture = gaussian_filter(self.rng.normal(size=shape), (2, 2.5, 2.5))
        density += film * (0.35 + 1.0 * texture / texture.std() * 0.35)

        # Vesicles beside one another, left of the film.
        signed = np.full(shape, np.inf, np.float32)  # distance to the nearest membrane's middle
        self.vesicles = []
        for _ in range(4000):
            if len(self.vesicles) == 5:
                break
            radius = self.rng.uniform(28, 42)
            centre = np.array([shape[0] / 2 + self.rng.uniform(-3, 3), self.rng.uniform(0, shape[1]),
                               self.rng.uniform(radius + 4, shape[2] * 0.72 - radius - 30)])
            if all(np.hypot(*(centre - c)[1:]) > radius + r + 42 for c, r in self.vesicles):
                self.vesicles.append((centre, radius))
        for centre, radius in self.vesicles:
            distance = np.sqrt(sum((g - c) ** 2 for g, c in zip(grid, centre))) - radius
            signed = np.where(np.abs(distance) < np.abs(signed), distance, signed)
        leaflets = np.exp(-((np.abs(signed) - 2) ** 2) / (2 * 1.1**2))
        density += 1.25 * leaflets
        self.truth["Membrane"] |= np.abs(signed) <= HALF_MEMBRANE

        # Platforms on the outside.
        self.platforms = []
        for centre, radius in self.vesicles:
            self.ring(centre, radius + GAP, 7)
        for point in self.platforms:
            self.add_blob(density, grid, point)
            self.truth["Platform"] |= self.distance(grid, point) <= PLATFORM_RADIUS
        # Where the film is, there is nothing else.
        for name in ("Membrane", "Platform"):
            self.truth[name] &= ~film

        self.decoys = []
        if contaminated:
            self.contaminate(density, grid, np.abs(signed), film)
        blurred = gaussian_filter(density, 0.8)
        self.voxels = (-blurred + noise * gaussian_filter(self.rng.normal(size=shape), 0.7) * 1.6).astype(np.float32)

    def ring(self, centre, radius, count):
        """Platforms around a vesicle in about its middle plane, apart from others, inside the picture."""
        for angle in self.rng.uniform(0, 2 * np.pi) + np.arange(count) * 2 * np.pi / count:
            rise = self.rng.uniform(-6, 6)
            flat = np.sqrt(radius**2 - rise**2)
            point = centre + [rise, flat * np.sin(angle), flat * np.cos(angle)]
            inside = all(6 <= p < n - 6 for p, n in zip(point[1:], self.shape[1:])) and point[2] < self.shape[2] * 0.7
            if inside and all(np.linalg.norm(point - p) > 14 for p in self.platforms):
                self.platforms.append(point)

    def contaminate(self, density, grid, distance, film):
        """Blobs where no platform can be, and streaks in the film."""
        places = {"far": (distance > 45) & ~film, "close": (distance > 7) & (distance < 8.5) & ~film, "film": film}
        for kind, count in (("far", 16), ("close", 10), ("film", 14)):
            candidates = np.argwhere(places[kind])
            found = 0
            for index in self.rng.permutation(len(candidates))[:4000]:
                point = candidates[index].astype(float)
                if found < count and all(6 <= p < n - 6 for p, n in zip(point, self.shape)) and all(
                        np.linalg.norm(point - p) > 16 for p in self.platforms + [d for _, d in self.decoys]):
                    self.decoys.append((kind, point))
                    self.add_blob(density, grid, point)
                    found += 1
        for _ in range(5):
            # A streak is a piece of a wide arc with two dark lines, as a membrane.
            radius = self.rng.uniform(60, 120)
            centre = [self.shape[0] / 2, self.rng.uniform(0, self.shape[1]),
                      self.shape[2] * 0.88 + self.rng.choice([-1, 1]) * radius]
            arc = np.sqrt(sum((g - c) ** 2 for g, c in zip(grid, centre))) - radius
            along = np.exp(-((grid[1] - centre[1]) ** 2) / (2 * 22.0**2))
            density += film * along * 1.1 * np.exp(-((np.abs(arc) - 2) ** 2) / (2 * 1.1**2))

    @staticmethod
    def distance(grid, point):
        return np.sqrt(sum((g - p) ** 2 for g, p in zip(grid, point)))

    def add_blob(self, density, grid, point):
        box = tuple(slice(max(0, int(p) - 14), int(p) + 15) for p in point)
        local = [g[tuple(box[i] if i == axis else slice(None) for i in range(3))] for axis, g in enumerate(grid)]
        density[box] += 1.6 / (1 + np.exp((self.distance(local, point) - PLATFORM_RADIUS) / 0.8))


def errors(found: np.ndarray, truth: np.ndarray, tolerance=2.0):
    """Voxels found that lie more than `tolerance` voxels from the truth, and voxels of the truth with nothing found so near.

    Borders of a segmentation are a matter of taste; what is far from the truth is not.
    """
    def away(mask):
        return distance_transform_edt(~mask) > tolerance if mask.any() else np.ones(mask.shape, bool)

    return int((found & away(truth)).sum()), int((truth & away(found)).sum())
