"""Trains the three networks of docs/explanation/interactions.md with Keras, on phantoms of their own.

    python interaction_networks.py

Small U-shaped 2D networks, one for each feature. They are trained on tomograms without contamination, so that they meet the
blobs and streaks of the test tomogram as networks meet the unexpected. Writes Tests/Fixtures/interactions/<Feature>.scnm.
"""

import os
import pathlib
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import numpy as np
import tensorflow as tf

from interaction_phantom import FEATURES, Phantom
from model_files import metadata, write_scnm

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Fixtures" / "interactions"
COLOURS = {"Membrane": [0.26, 0.84, 0.64], "Platform": [1.0, 0.63, 0.35], "Film": [0.53, 0.45, 0.85]}
BOX, STEPS, BATCH = 96, 900, 12


def network():
    """Three levels, skip connections, sigmoid: some 22,000 parameters."""
    layers = tf.keras.layers

    def convolutions(tensor, *filters):
        for count in filters:
            tensor = layers.Conv2D(count, 3, padding="same", activation="relu")(tensor)
        return tensor

    def joined(coarse, fine):
        return layers.Concatenate()([layers.UpSampling2D()(coarse), fine])

    given = layers.Input((None, None, 1))
    one = convolutions(given, 8, 8)
    two = convolutions(layers.MaxPooling2D()(one), 12, 12)
    three = convolutions(layers.MaxPooling2D()(two), 16, 16)
    four = convolutions(layers.MaxPooling2D()(three), 20, 20)
    tensor = convolutions(joined(four, three), 16)
    tensor = convolutions(joined(tensor, two), 12)
    tensor = convolutions(joined(tensor, one), 8)
    return tf.keras.Model(given, layers.Conv2D(1, 3, padding="same", activation="sigmoid")(tensor))


def weighted_loss(weight):
    """Cross-entropy in which voxels of the feature count `weight` times: platforms are rare."""
    def loss(truth, given):
        given = tf.clip_by_value(given, 1e-6, 1 - 1e-6)
        return -tf.reduce_mean(weight * truth * tf.math.log(given) + (1 - truth) * tf.math.log(1 - given))
    return loss


def samples(phantoms, feature, rng):
    """Boxes of standardised slices with their masks; half of them with the feature in the middle."""
    while True:
        images, masks = [], []
        for index in range(BATCH):
            phantom = phantoms[rng.integers(len(phantoms))]
            truth = phantom.truth[feature]
            if index % 2:
                z, y, x = (rng.integers(n) for n in truth.shape)
            else:
                z, y, x = phantom.places[feature][rng.integers(len(phantom.places[feature]))]
            y, x = (int(np.clip(c - BOX // 2, 0, n - BOX)) for c, n in zip((y, x), truth.shape[1:]))
            image = (phantom.voxels[z] - phantom.voxels[z].mean()) / phantom.voxels[z].std()
            image, mask = image[y:y + BOX, x:x + BOX], truth[z, y:y + BOX, x:x + BOX]
            turns, flips = rng.integers(4), rng.integers(2)
            image, mask = (np.rot90(a, turns)[:, ::-1] if flips else np.rot90(a, turns) for a in (image, mask))
            images.append(image)
            masks.append(mask)
        yield np.stack(images)[..., None].astype("f4"), np.stack(masks)[..., None].astype("f4")


def main():
    tf.keras.utils.set_random_seed(7)
    phantoms = [Phantom(seed, contaminated=False) for seed in (101, 102, 103)]
    for phantom in phantoms:
        phantom.places = {name: np.argwhere(mask) for name, mask in phantom.truth.items()}
    for number, feature in enumerate(FEATURES):
        model = network()
        optimizer = tf.keras.optimizers.Adam(3e-3)
        model.compile(optimizer, weighted_loss(4 if feature == "Platform" else 1))
        batches = samples(phantoms, feature, np.random.default_rng(number))
        losses = []
        for step in range(STEPS):
            optimizer.learning_rate = 3e-3 * (1 - step / STEPS) + 1e-4
            losses.append(float(model.train_on_batch(*next(batches))))
        print(f"{feature}: {model.count_params()} parameters, loss {np.mean(losses[-50:]):.4f}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            weights = pathlib.Path(folder) / "weights.h5"
            model.save(weights, include_optimizer=False)
            values = metadata(feature, "small U-Net", model.count_params(), 1, colour=COLOURS[feature],
                              loss=float(np.mean(losses[-50:])), box_size=BOX)
            write_scnm(FOLDER / f"{feature}.scnm", weights, values)


main()
