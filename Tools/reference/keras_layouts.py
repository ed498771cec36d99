"""Builds every network layout with Keras, saves it as a model file, and records what Keras computes with it.

    python keras_layouts.py --output FOLDER [--only NAME …]

For each layout and number of input slices: `NAME-dD.scnm`, inputs `NAME-dD-YxX_input.mrc` and Keras' results
`…_output.mrc` (float32), and `NAME-dD.json`, which lists them. 2D networks take the slices of the input volume as
channels. What is there already is kept, so an interrupted run goes on where it stopped. About 4 GB in all.
"""

import argparse
import json
import os
import pathlib
import tempfile
import zlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import mrcfile
import numpy as np
import tensorflow as tf
from tensorflow import keras

from model_files import metadata, picture, randomise, write_scnm
from network_layouts import LAYOUTS, Builder, Layout

# Bare Keras files beside the packed ones, where they are small.
LARGEST_BARE_FILE = 2_000_000


def masked_bce(truth, prediction):
    """Binary cross-entropy over the pixels that are labelled; 2 means "not labelled"."""
    known = tf.cast(tf.not_equal(truth, 2), tf.float32)
    p = tf.clip_by_value(prediction, 1e-7, 1 - 1e-7)
    loss = -(truth * tf.math.log(p) + (1 - truth) * tf.math.log(1 - p))
    return tf.reduce_sum(loss * known) / (tf.reduce_sum(known) + 1e-7)


def build(layout: Layout, depth: int, batch=1, sides=(None, None)):
    keras.backend.clear_session()
    shape = (*sides, depth, 1) if layout.slab else (*sides, depth)
    entry = keras.Input(shape, batch_size=batch)
    builder = Builder(keras, 3 if layout.slab else 2, layout.momentum)
    return keras.Model(entry, layout.build(builder, entry))


def sizes(layout: Layout):
    """The sizes (y, x) of the inputs; the second shows that y and x are not exchanged."""
    if layout.fixed_size:
        return [(64, 64)]
    if layout.slab:
        return [(64, 64), (48, 80)]
    return [(64, 64), (65, 70) if layout.any_size else (96, 64)]


def write_volume(path, values):
    with mrcfile.new(path, overwrite=True) as file:
        file.set_data(np.ascontiguousarray(values, dtype=np.float32))
        file.voxel_size = 10.0


def save(layout: Layout, model, depth: int, folder: pathlib.Path, name: str, bare: bool):
    """Saves the Keras file as `ais train` leaves it (without an optimizer) and packs it."""
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        weights = pathlib.Path(temporary) / "weights.h5"
        model.save(weights, save_format="h5")
        jitter = 16 if layout.slab else 0
        values = metadata(name, layout.title, model.count_params(), depth, z_jitter=jitter)
        write_scnm(folder / f"{name}.scnm", weights, values)
        if bare:
            os.replace(weights, folder / f"{name}.h5")


def make(layout: Layout, depth: int, parameters: int, folder: pathlib.Path):
    name = f"{layout.name}-d{depth}"
    record = folder / f"{name}.json"
    if record.exists():
        return
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    batch = None if layout.momentum != 0.99 else 1
    model = build(layout, depth, batch, (64, 64) if layout.fixed_size else (None, None))
    if model.count_params() != parameters:
        raise SystemExit(f"'{name}' has {model.count_params():,} parameters, expected {parameters:,}: mend its layout.")
    cases = []
    if not layout.refused:
        randomise(model, rng, tf)
        for y, x in sizes(layout):
            values = picture(rng, y, x, depth)
            fed = values[None, ..., None] if layout.slab else values[None]
            result = model(tf.constant(fed), training=False).numpy()[0, ..., 0]
            case = f"{name}-{y}x{x}"
            write_volume(folder / f"{case}_input.mrc", values.transpose(2, 0, 1))
            write_volume(folder / f"{case}_output.mrc", result.transpose(2, 0, 1) if layout.slab else result[None])
            cases.append(case)
            lowest = -0.98 if result.min() < 0 else 0.02  # the output of tanh or that of a sigmoid
            middle = float(np.mean((result > lowest) & (result < 0.98)))
            if middle < 0.5:
                raise SystemExit(f"'{case}' is saturated: only {middle:.0%} of the output is away from the limits.")
    save(layout, model, depth, folder, name, bare=parameters <= LARGEST_BARE_FILE)
    record.write_text(json.dumps({
        "model": f"{name}.scnm", "title": layout.title, "parameters": parameters, "cases": cases,
        "refused": layout.refused, "tensorflow": tf.__version__}))
    print(f"{name}: {parameters:,} parameters, {len(cases)} cases", flush=True)


def make_variants(folder: pathlib.Path):
    """One network saved at three moments of its life: new, in the middle of training, and after prediction."""
    record = folder / "variants.json"
    if record.exists():
        return
    layout = next(layout for layout in LAYOUTS if layout.name == "unet_lite")
    rng = np.random.default_rng(7)
    values = picture(rng, 64, 64, 1)
    new = build(layout, 1, batch=None)
    randomise(new, rng, tf)
    training = build(layout, 1, batch=None, sides=(64, 64))
    training.set_weights(new.get_weights())
    training.compile(keras.optimizers.Adam(1e-6), loss=masked_bce, metrics=["accuracy"])
    training.fit(values[None], (values[None] > 0).astype(np.float32), epochs=2, verbose=0)
    after = build(layout, 1, batch=1)
    after.set_weights(new.get_weights())
    after.predict(values[None], verbose=0)
    cases = []
    for moment, model in (("new", new), ("training", training), ("after", after)):
        name = f"variant-{moment}"
        model.save(folder / f"{name}.h5", save_format="h5")
        write_volume(folder / f"{name}_input.mrc", values.transpose(2, 0, 1))
        result = model(tf.constant(values[None]), training=False).numpy()[0, ..., 0]
        write_volume(folder / f"{name}_output.mrc", result[None])
        cases.append(name)
    record.write_text(json.dumps({"cases": cases, "tensorflow": tf.__version__}))
    print("variants: new, in training, after prediction", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--only", nargs="*", metavar="NAME", help="layouts by the name of their function")
    arguments = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(int(os.environ.get("THREADS", "2")))
    arguments.output.mkdir(parents=True, exist_ok=True)
    chosen = [layout for layout in LAYOUTS if not arguments.only or layout.name in arguments.only]
    if arguments.only and len(chosen) != len(set(arguments.only)):
        parser.error(f"unknown name; there are: {', '.join(layout.name for layout in LAYOUTS)}")
    if not arguments.only:
        make_variants(arguments.output)
    for layout in sorted(chosen, key=lambda layout: layout.parameters[0]):
        for depth, parameters in zip(layout.depths, layout.parameters):
            make(layout, depth, parameters, arguments.output)


if __name__ == "__main__":
    main()
