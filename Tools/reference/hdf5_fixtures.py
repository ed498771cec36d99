"""Writes the small HDF5 files of Tests/Fixtures/hdf5 with h5py: one of everything that is read, one of each thing refused.

    python hdf5_fixtures.py --output Tests/Fixtures/hdf5
"""

import argparse
import pathlib

import h5py
import numpy as np


def everything(path):
    """All kinds of attributes and arrays that the program reads."""
    with h5py.File(path, "w") as file:
        file.attrs["text"] = "Zellmembran µm"
        file.attrs["bytes"] = b'{"plain": "ASCII"}'
        file.attrs["empty"] = ""
        file.attrs["names"] = [b"conv2d", b"max_pooling2d", b""]
        file.attrs["fixed"] = np.array([b"conv2d", b"dense_10"], dtype="S8")
        file.attrs["none"] = np.zeros(0)
        file.attrs["whole"] = np.array([-3, 5], dtype=">i2")
        file.attrs["flag"] = True
        lists = np.empty(1, dtype=object)
        lists[0] = np.array([1, 2], np.int32)
        file.attrs.create("list", lists, dtype=h5py.vlen_dtype(np.int32))
        file.attrs["null"] = h5py.Empty("f")
        numbers = file.create_group("numbers")
        for kind in ["<f4", ">f4", "<f8", ">f8", "<i1", "<u1", "<i2", ">u2", "<i4", "<u4", "<i8", ">u8"]:
            values = np.array([[1, 2, 3], [100, 101, 102]], dtype=kind)
            if kind[1] in "fi":
                values[0, 0] = -1
            numbers.create_dataset(kind.replace("<", "little-").replace(">", "big-"), data=values)
        numbers.create_dataset("scalar", data=np.float32(2.5))
        numbers.create_dataset("nothing", data=np.zeros((0, 4), np.float32))
        numbers.create_dataset("half", data=np.zeros(2, np.float16))
        numbers.create_dataset("text", data=np.array([b"ab"]))
        compact = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        compact.set_layout(h5py.h5d.COMPACT)
        values = np.arange(4, dtype=np.float32)
        dataset = h5py.h5d.create(
            numbers.id, b"compact", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((4,)), compact)
        dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, values)
        unwritten = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        unwritten.set_alloc_time(h5py.h5d.ALLOC_TIME_LATE)
        h5py.h5d.create(numbers.id, b"unwritten", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((4,)), unwritten)
        file.create_group("a").create_group("b").create_dataset("c", data=np.float32([7]))


def many(path):
    """More entries than one symbol node or B-tree node holds, and more attributes than one header block."""
    with h5py.File(path, "w") as file:
        compact = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        compact.set_layout(h5py.h5d.COMPACT)
        for index in range(270):
            name = f"value_{index:03}".encode()
            dataset = h5py.h5d.create(file.id, name, h5py.h5t.STD_I8LE, h5py.h5s.create_simple((1,)), compact)
            dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array([index % 100], np.int8))
        group = file.create_group("group")
        for index in range(40):
            group.attrs[f"attribute_{index}"] = f"value {index}"


def refused(folder):
    """One file for each part of HDF5 that is refused."""
    def file(name, **options):
        return h5py.File(folder / f"refused_{name}.h5", "w", **options)

    with file("latest", libver="latest") as latest:
        latest.create_dataset("values", data=np.zeros(4, np.float32))
    with file("chunked") as chunked:
        chunked.create_dataset("values", data=np.zeros(4, np.float32), chunks=(2,))
    with file("compressed") as compressed:
        compressed.create_dataset("values", data=np.zeros(64, np.float32), compression="gzip")
    with file("soft_link") as soft:
        soft.create_dataset("values", data=np.zeros(4, np.float32))
        soft["link"] = h5py.SoftLink("/values")
    with file("hard_link") as hard:
        hard.create_group("a")["self"] = hard["/"]
    with file("committed") as committed:
        committed["type"] = np.dtype("f4")
        committed.create_dataset("values", data=np.zeros(4, np.float32), dtype=committed["type"])
    with file("external") as external:
        external.create_dataset("values", shape=(4,), dtype="f4", external=[("elsewhere.bin", 0, 16)])
    with file("ordered", track_order=True) as ordered:
        ordered.create_group("group", track_order=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    folder = parser.parse_args().output
    folder.mkdir(parents=True, exist_ok=True)
    everything(folder / "everything.h5")
    many(folder / "many.h5")
    refused(folder)


if __name__ == "__main__":
    main()
