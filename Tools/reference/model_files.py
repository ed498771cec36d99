"""Random but well-behaved weights for Keras networks, and the `.scnm` files that hold them."""

import io
import json
import os
import pathlib
import tarfile

import numpy as np


def picture(rng, *shape):
    """Noise over a smooth pattern, float32, mean about 0 and deviation about 1: all frequencies are present."""
    values = rng.normal(0, 0.7, shape)
    for _ in range(4):
        phase = rng.uniform(0, 6.28)
        for axis, size in enumerate(shape):
            along = np.arange(size) * rng.uniform(0.02, 0.3)
            phase = phase + along.reshape([-1 if i == axis else 1 for i in range(len(shape))])
        values = values + 0.5 * np.sin(phase)
    return values.astype(np.float32)


def randomise(model, rng, tf):
    """Gives every layer random weights and every batch normalisation random statistics, without saturating anything.

    Kernels keep the variance of what passes through them. The statistics of batch normalisation are those of one random
    batch, disturbed; the last convolution is then scaled so that what its activation gets has deviation 1.5.
    """
    for layer in model.layers:
        kind = type(layer).__name__
        if kind.startswith("Conv"):
            kernel = layer.kernel.shape
            transposed = "Transpose" in kind
            fan_in = kernel[-1] if transposed else int(np.prod(kernel[:-1]))
            gain = 1.0 if transposed or layer.activation.__name__ == "linear" else 2.0
            layer.kernel.assign(rng.normal(0, np.sqrt(gain / fan_in), kernel))
            layer.bias.assign(rng.normal(0, 0.1, layer.bias.shape))
        elif kind == "BatchNormalization":
            layer.gamma.assign(rng.uniform(0.5, 1.5, layer.gamma.shape))
            layer.beta.assign(rng.normal(0, 0.3, layer.beta.shape))

    # Several samples where the network allows it: one alone has no variance where it has shrunk to a single pixel.
    count = 1 if model.input_shape[0] else 8
    sides = [size or 64 for size in model.input_shape[1:]]
    batch = tf.constant(np.stack([picture(rng, *sides) for _ in range(count)]))
    norms = [layer for layer in model.layers if type(layer).__name__ == "BatchNormalization"]
    momenta = [layer.momentum for layer in norms]
    for layer in norms:
        layer.momentum = 0.0
    if norms:
        model(batch, training=True)
    for layer, momentum in zip(norms, momenta):
        layer.momentum = momentum
        deviation = np.sqrt(layer.moving_variance.numpy())
        layer.moving_mean.assign_add(0.2 * deviation * rng.normal(size=deviation.shape))
        layer.moving_variance.assign(deviation**2 * rng.uniform(0.6, 1.6, deviation.shape) + 1e-3)

    last = [layer for layer in model.layers if type(layer).__name__.startswith("Conv")][-1]
    activation, last.activation = last.activation, tf.keras.activations.linear
    before = tf.keras.Model(model.inputs, last.output)(batch, training=False).numpy()
    last.activation = activation
    scale = 1.5 / max(float(before.std()), 1e-6)
    last.kernel.assign(last.kernel * scale)
    last.bias.assign((last.bias - float(before.mean())) * scale)


def metadata(title, arch, parameters, depth, **changes):
    """The JSON of a model file: every key, with the values of a newly trained model."""
    values = {
        "title": title, "colour": [0.26, 0.84, 0.97], "apix": 10.0, "compiled": True, "box_size": 64,
        "model_depth": depth, "filament_diameter": None, "model_enum": 0, "arch": arch, "epochs": 50,
        "batch_size": 32, "active": True, "blend": False, "show": True, "alpha": 0.75, "threshold": 0.5,
        "overlap": 0.2, "active_tab": 0, "n_parameters": parameters, "n_copies": 10, "info": "", "info_short": "",
        "excess_negative": -100, "emit": False, "absorb": False, "loss": 0.1, "normalization": None, "z_jitter": 0,
        "tta": 1,
    }
    return values | changes


def write_scnm(path, weights: pathlib.Path, values: dict):
    """Packs a Keras HDF5 file and its metadata into an uncompressed tar, whole or not at all."""
    path = pathlib.Path(path)
    unfinished = path.with_suffix(".part")
    with tarfile.open(unfinished, "w") as tar:
        tar.add(weights, arcname=f"{path.stem}_weights.h5")
        text = json.dumps(values).encode()
        entry = tarfile.TarInfo(f"{path.stem}_metadata.json")
        entry.size = len(text)
        tar.addfile(entry, io.BytesIO(text))
    os.replace(unfinished, path)
