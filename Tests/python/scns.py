"""Annotated datasets (`.scns`) through Python's own unpickler, with stand-ins for the classes of the program that wrote them."""

import io
import pickle

import numpy
from mrcfile.mrcinterpreter import MrcInterpreter


class Stub:
    """Any class of the reference program."""

    def __init__(self, *arguments):
        self.arguments = arguments
        self.state = {}

    def __setstate__(self, state):
        self.state = state


def create_array(constructor, arguments, state, attributes=None):
    """What the library dill writes around arrays."""
    array = constructor(numpy.ndarray, *arguments[1:])
    array.__setstate__(state)
    return array


class Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) == ("dill._dill", "_create_array"):
            return create_array
        if module == "mrcfile.mrcinterpreter":
            return MrcInterpreter
        if (module, name) == ("_io", "BytesIO"):
            return io.BytesIO
        if module.startswith("numpy"):
            return numpy.ndarray if name == "memmap" else super().find_class(module, name)
        return type(name, (Stub,), {})


def read(path):
    """The dataset's attributes, and of every feature its title, masks and boxes by slice."""
    with open(path, "rb") as file:
        dataset = Unpickler(file).load()
    features = []
    for feature in dataset.state["features"]:
        state = feature.state
        masks = {z: mask for z, mask in state["slices"].items() if mask is not None}
        boxes = {z: [tuple(box) for box in found] for z, found in state["boxes"].items() if found}
        features.append((state["title"], masks, boxes, state))
    return dataset, features
