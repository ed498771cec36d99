"""A program in the manner of the paper's appendix, a Keras model in a function `create`: added, trained natively, and used."""

import json
import os

import mrcfile
import numpy as np
import pytest

from test_train import events, needs_torch, training_set

# The paper's VGGNet: three halvings with two convolutions each, and back up by transposed convolutions without shortcuts.
PROGRAM = """
from tensorflow.keras import layers, models, optimizers

title = "Appendix VGGNet"
include = True


def create(input_shape):
    images = layers.Input(input_shape)
    x = images
    for filters in (64, 128, 256):
        for _ in range(2):
            x = layers.Conv2D(filters, (3, 3), padding="same", activation="relu")(x)
        x = layers.MaxPooling2D((2, 2))(x)
    for filters in (128, 64):
        x = layers.Conv2DTranspose(filters, (2, 2), strides=(2, 2), padding="same")(x)
        x = layers.Conv2D(filters, (3, 3), padding="same", activation="relu")(x)
    x = layers.Conv2DTranspose(1, (2, 2), strides=(2, 2), padding="same")(x)
    model = models.Model(images, layers.Conv2D(1, (1, 1), activation="sigmoid")(x))
    model.compile(optimizer=optimizers.Adam(learning_rate=0.0005), loss="binary_crossentropy")
    return model
"""


@needs_torch
def test_a_keras_program_is_added_trained_and_segments(ais, keras_python, tmp_path):
    home = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path / "config")}
    (tmp_path / "vggnet.py").write_text(PROGRAM)
    added = json.loads(ais("architectures", "add", tmp_path / "vggnet.py", "--python", keras_python, "--json", env=home))
    # The count that the paper's table gives for it.
    assert added["title"] == "Appendix VGGNet" and added["parameters"] == 1_493_059 and added["sideMultiple"] == 8
    (tmp_path / "vggnet.py").unlink()

    rings = training_set(tmp_path / "rings.scnt")
    told = events(ais(
        "train", rings, "-a", "appendix vggnet", "-o", tmp_path, "--epochs", "2", "--batch", "6", "--copies", "2", "--threads", "2",
        "--json", env=home))
    epochs = [event for event in told if event["event"] == "epoch"]
    assert epochs[0]["learningRate"] == pytest.approx(0.0005)
    assert epochs[1]["training"]["loss"] < epochs[0]["training"]["loss"]

    with mrcfile.new(tmp_path / "tomo.mrc") as file:
        file.set_data(np.random.default_rng(1).normal(0, 1, (2, 40, 48)).astype(np.float32))
        file.voxel_size = 10.0
    ais("segment", "-m", tmp_path / "Ring.scnm", "-o", tmp_path / "out", tmp_path / "tomo.mrc", env=home)
    (found,) = (tmp_path / "out").glob("*.mrc")
    assert mrcfile.read(found).shape == (2, 40, 48)
    (described,) = json.loads(ais("models", "info", tmp_path / "Ring.scnm", "--json"))["models"]
    assert described["architecture"] == "Appendix VGGNet" and described["parameters"] == 1_493_059
