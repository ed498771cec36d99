"""Makes Tests/Fixtures/networks/gradients.json: losses of small networks and their gradients as TensorFlow computes them.

    python gradient_goldens.py

The networks are those of the folder, and two made here: `every_layer.h5` has the layers that they lack, `every_slab_layer.h5` those
of slabs without ReLU, for where several voxels are greatest (all of them 0) either may get the gradient. All is computed with 64
bits. TensorFlow's own maximum over slabs knows only 32, and its gradient is not that of finite differences where two voxels are
nearly equal, so that it is taken otherwise here. Inputs and labels follow from formulas (`wave`, `labels`), so that only sizes
are noted. Of the gradient of each weight its norm is noted and up to eight values, evenly spread, in libtorch's order of axes:
kernels (out, in, [z,] y, x).
"""

import functools
import itertools
import json
import os
import pathlib
import tarfile
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import numpy as np
import tensorflow as tf
from tensorflow import keras

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Fixtures" / "networks"
# Name, loss, whether statistics are the batch's own, and the input: image, channel, [z,] y, x.
CASES = [
    ("vgg_like_25d.scnm", "crossentropy", True, (2, 5, 16, 24)),
    ("unet_batchnorm.scnm", "crossentropy", True, (3, 1, 16, 24)),
    ("unet_batchnorm.scnm", "dice", True, (3, 1, 16, 24)),
    ("unet_batchnorm.scnm", "mixture", True, (3, 1, 16, 24)),
    ("unet_batchnorm.scnm", "mixture", False, (3, 1, 16, 24)),
    ("resnet_like_add.scnm", "dice", True, (2, 1, 16, 24)),
    ("inception_like.scnm", "mixture", True, (2, 1, 16, 24)),
    ("pix2pix_like_tanh.scnm", "distance", True, (2, 1, 32, 48)),
    ("every_layer.h5", "crossentropy", True, (2, 2, 16, 24)),
    ("every_slab_layer.h5", "crossentropy", True, (2, 1, 8, 16, 24)),
]


def wave(shape):
    return np.sin(0.7 * np.arange(np.prod(shape)) + 0.3).reshape(shape)


def labels(shape):
    place = np.arange(np.prod(shape))
    return np.array([0, 1, 0, 2, 0.25])[(7 * place + place // 11) % 5].reshape(shape)


def every_layer():
    """The layers that the other networks lack, with weights of a fixed seed."""
    layers = keras.layers
    keras.utils.set_random_seed(3)
    entry = keras.Input((None, None, 2))
    x = layers.Conv2D(4, 3, padding="same", activation="elu", name="elu")(entry)
    x = layers.ZeroPadding2D(((1, 0), (0, 2)), name="padding")(x)
    x = layers.Conv2D(6, 3, dilation_rate=2, padding="same", activation="relu", name="dilated")(x)
    x = layers.Cropping2D(((0, 1), (2, 0)), name="cropping")(x)
    x = layers.AveragePooling2D(3, strides=2, padding="same", name="average")(x)
    x = layers.Conv2D(6, 3, padding="same", name="plain")(x)
    x = layers.LeakyReLU(0.2, name="leaky")(x)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.UpSampling2D(2, name="upsampling")(x)
    x = layers.Conv2D(4, 3, strides=2, padding="same", activation="tanh", name="strided")(x)
    x = layers.Conv2DTranspose(4, 3, strides=2, padding="same", activation="relu", name="transposed")(x)
    x = layers.Concatenate(name="join")([x, entry])
    x = layers.Conv2D(1, 1, activation="sigmoid", name="answer")(x)
    return keras.Model(entry, x, name="every_layer")


def every_slab_layer():
    layers = keras.layers
    keras.utils.set_random_seed(4)
    entry = keras.Input((None, None, None, 1))
    first = layers.Conv3D(4, 3, padding="same", activation="elu", name="first")(entry)
    x = layers.BatchNormalization(name="norm")(first)
    x = layers.MaxPooling3D(2, name="halved")(x)
    x = layers.Conv3D(6, (3, 3, 1), padding="same", activation="tanh", name="flat")(x)
    x = layers.MaxPooling3D((2, 2, 1), name="flattened")(x)
    x = layers.Conv3D(6, 3, padding="same", activation="elu", name="deep")(x)
    x = layers.UpSampling3D((2, 2, 1), name="upsampling")(x)
    x = layers.Conv3DTranspose(4, 3, strides=2, padding="same", activation="elu", name="transposed")(x)
    x = layers.Concatenate(name="join")([x, first])
    x = layers.Conv3D(1, 1, activation="sigmoid", name="answer")(x)
    return keras.Model(entry, x, name="every_slab_layer")


def greatest(layer, x):
    """Over windows side by side, which divide the slab."""
    steps = layer.pool_size
    places = itertools.product(*(range(step) for step in steps))
    return functools.reduce(tf.maximum, (x[:, a :: steps[0], b :: steps[1], c :: steps[2]] for a, b, c in places))


def load(name):
    with tempfile.TemporaryDirectory() as folder:
        path = FOLDER / name
        if path.suffix == ".scnm":
            with tarfile.open(path) as archive:
                member = next(member for member in archive.getnames() if member.endswith(".h5"))
                archive.extract(member, folder)
                path = pathlib.Path(folder) / member
        model = keras.models.load_model(path, compile=False)
    # The same with 64 bits, and without chance.
    config = json.loads(json.dumps(model.get_config()).replace('"float32"', '"float64"'))
    for layer in config["layers"]:
        if layer["class_name"] == "Dropout":
            layer["config"]["rate"] = 0.0
    exact = keras.Model.from_config(config)
    exact.set_weights([weight.astype(np.float64) for weight in model.get_weights()])
    return exact


def loss_of(kind, truth, answer):
    """Over the pixels that are labelled: 2 says that one is not."""
    mask = tf.cast(tf.not_equal(truth, 2), truth.dtype)
    truth = truth * mask
    crossentropy = tf.reduce_sum(mask * keras.backend.binary_crossentropy(truth, answer)) / (tf.reduce_sum(mask) + 1e-6)
    dice = 1 - (2 * tf.reduce_sum(truth * answer * mask) + 1e-6) / (tf.reduce_sum((truth + answer) * mask) + 1e-6)
    if kind == "crossentropy":
        return crossentropy
    if kind == "dice":
        return dice
    if kind == "mixture":
        return 0.3 * crossentropy + 0.7 * dice
    return tf.reduce_sum(mask * tf.abs(truth - answer)) / (tf.reduce_sum(mask) + 1e-6)


def to_keras(values):
    return np.moveaxis(np.moveaxis(values, 2, 4), 1, -1) if values.ndim == 5 else np.moveaxis(values, 1, -1)


def from_keras(kernel):
    """(y, x, [z,] a, b) as (b, a, [z,] y, x): so do both kinds of convolution become libtorch's."""
    return kernel.transpose(4, 3, 2, 0, 1) if kernel.ndim == 5 else kernel.transpose(3, 2, 0, 1)


def case(name, kind, is_training, shape):
    model = load(name)
    truth = tf.constant(to_keras(labels((shape[0], 1, *shape[2:]))))
    with tf.GradientTape() as tape:
        loss = loss_of(kind, truth, model(tf.constant(to_keras(wave(shape))), training=is_training))
    found = []
    for weight, gradient in zip(model.trainable_weights, tape.gradient(loss, model.trainable_weights)):
        layer, role = weight.name.split("/")[-2:]
        values = gradient.numpy()
        values = (from_keras(values) if values.ndim > 1 else values).ravel()
        spread = values[:: -(-values.size // 8)]
        found.append({"layer": layer, "role": role.split(":")[0], "norm": float(np.linalg.norm(values)), "spread": [float(f"{value:.10g}") for value in spread]})
    return {"network": name, "loss": kind, "isTraining": is_training, "shape": shape, "value": float(loss), "gradients": found}


def main():
    for make in (every_layer, every_slab_layer):
        make().save(FOLDER / f"{make.__name__}.h5", include_optimizer=False)
    keras.backend.set_floatx("float64")
    keras.layers.MaxPooling3D.call = greatest
    goldens = [case(*arguments) for arguments in CASES]
    text = "[\n" + ",\n".join(json.dumps(golden) for golden in goldens) + "\n]\n"
    (FOLDER / "gradients.json").write_text(text)
    for golden in goldens:
        print(golden["network"], golden["loss"], golden["value"], len(golden["gradients"]))


if __name__ == "__main__":
    main()
