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

    One batch is followed through the network, layer by layer. Kernels keep the size of what passes through them; batch
    normalisation takes away a part of each channel's mean and divides by about the root mean square of the whole layer.
    (Statistics of single channels, as measured, would make the network a bad measure: a channel that is nearly always
    zero would be enlarged a hundredfold, and its rounding errors with it, until Keras itself is wrong in the fourth
    digit.) The last convolution is scaled so that what its activation gets has deviation 1.5.
    """
    # Several samples where the network allows it: one alone has no variance where it has shrunk to a single pixel.
    count = 1 if model.input_shape[0] else 8
    sides = [size or 64 for size in model.input_shape[1:]]
    batch = tf.constant(np.stack([picture(rng, *sides) for _ in range(count)]))
    values = {id(model.inputs[0]): batch}
    last = [layer for layer in model.layers if type(layer).__name__.startswith("Conv")][-1]
    for layer in model.layers[1:]:
        node = layer.inbound_nodes[0]
        inputs = [values[id(tensor)] for tensor in node.keras_inputs]
        given = inputs if len(inputs) > 1 else inputs[0]
        kind = type(layer).__name__
        if kind.startswith("Conv"):
            kernel = layer.kernel.shape
            fan_in = kernel[-1] if "Transpose" in kind else int(np.prod(kernel[:-1]))
            gain = 1.0 if layer.activation.__name__ == "linear" else 2.0
            layer.kernel.assign(rng.normal(0, np.sqrt(gain / fan_in), kernel))
            layer.bias.assign(rng.normal(0, 0.1, layer.bias.shape))
            if layer is last:
                centre_logits(tf, layer, given)
        elif kind == "BatchNormalization":
            mean, variance = (part.numpy() for part in tf.nn.moments(given, list(range(len(given.shape) - 1))))
            size = mean.shape
            layer.gamma.assign(rng.uniform(0.5, 1.5, size))
            layer.beta.assign(rng.normal(0, 0.3, size))
            layer.moving_mean.assign(mean * rng.uniform(0.1, 0.6, size))
            layer.moving_variance.assign(np.mean(variance + mean**2) * rng.uniform(0.5, 1.5, size))
        values[id(node.outputs)] = layer(given) if kind != "Dropout" else given


def centre_logits(tf, layer, given):
    """Scales and shifts a convolution so that its output, before the activation, has mean 0 and deviation 1.5."""
    activation, layer.activation = layer.activation, tf.keras.activations.linear
    before = layer(given).numpy()
    layer.activation = activation
    scale = 1.5 / max(float(before.std()), 1e-6)
    layer.kernel.assign(layer.kernel * scale)
    layer.bias.assign((layer.bias - float(before.mean())) * scale)


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
