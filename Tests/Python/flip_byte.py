#!/usr/bin/env python3
"""Copies a result file and flips one bit of one byte in a dataset of the copy.

    python3 flip_byte.py FILE COPY DATASET [--offset N]

DATASET is a one-dimensional uint8 dataset such as /chain/headers. The byte is written through the
HDF5 library, so filters and checksums of the copy stay right: only the meaning of the bytes tells.
Without --offset it is the middle byte. Prints what it changed.

Exit status: 0 if the byte was changed, 1 if the dataset does not allow it, 2 for bad usage.
"""

import argparse
import shutil
import sys

import h5py
import numpy


def flip(path, name, offset):
    """Flips the lowest bit of byte `offset` (None: the middle) and returns offset, old, new."""
    with h5py.File(path, "r+") as file:
        dataset = file.get(name)
        if not isinstance(dataset, h5py.Dataset):
            raise ValueError(f"there is no dataset {name}")
        if dataset.dtype != numpy.uint8 or dataset.ndim != 1:
            raise ValueError(f"{name} must be bytes in one dimension, but is {dataset}")
        if offset is None:
            offset = dataset.size // 2
        if not 0 <= offset < dataset.size:
            raise ValueError(f"{name} has {dataset.size} bytes and none at {offset}")
        old = int(dataset[offset])
        dataset[offset] = old ^ 1
        return offset, old, old ^ 1


def main():
    parser = argparse.ArgumentParser(description="Flips one bit in a copy of a result file.")
    parser.add_argument("file")
    parser.add_argument("copy")
    parser.add_argument("dataset")
    parser.add_argument("--offset", type=int)
    arguments = parser.parse_args()
    try:
        shutil.copyfile(arguments.file, arguments.copy)
        offset, old, new = flip(arguments.copy, arguments.dataset, arguments.offset)
    except (OSError, ValueError) as error:
        print(f"{arguments.file}: {error}", file=sys.stderr)
        return 1
    print(f"{arguments.dataset}[{offset}]: {old:#04x} -> {new:#04x}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
