#!/usr/bin/env python3
"""check_results.py accepts one good file and refuses it broken in every way it promises to see.

python3 test_check_results.py
"""

import hashlib
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import h5py
import numpy
import xarray

SPEC = "name: sample\ntitle: Größe\nseed: 7\n"


def described(dims, values, units, determinism="exact"):
    return (dims, values, {"units": units, "long_name": f"a {units}", "determinism": determinism})


def write_good_file(path):
    root = xarray.Dataset(
        {
            "loss": described(("point", "block"), numpy.arange(6, dtype="f4").reshape(2, 3), "nat"),
            "wall_clock": described(("point",), numpy.array([1.5, 2.5]), "s", "measured"),
            "mining_time": described(("point",), numpy.array([3.0, 4.0]), "seconds"),
            "name": (("point",), numpy.array(["one", "two"], dtype=object)),
        },
        coords={"block": described(("block",), numpy.arange(3), "1")},
        attrs={
            "Conventions": "CF-1.10",
            "title": "A sample",
            "spec_text": SPEC,
            "spec_sha256": hashlib.sha256(SPEC.encode()).hexdigest(),
            "exact_digest": "0f" * 32,
            "program_version": "1.0.0",
            "pogo_schema_version": 1,
        },
    )
    chain = xarray.Dataset({"stake": described(("verifier",), numpy.arange(4), "coin")})
    root.to_netcdf(path, engine="h5netcdf")
    chain.to_netcdf(path, engine="h5netcdf", group="chain/ledger", mode="a")


def run(path, *options):
    script = Path(__file__).with_name("check_results.py")
    return subprocess.run(
        [sys.executable, script, path, *options], capture_output=True, text=True, check=False
    )


def set_attribute(where, name, value):
    def change(file):
        file[where].attrs[name] = value

    return change


def delete_attribute(where, name):
    def change(file):
        del file[where].attrs[name]

    return change


def add_unnamed(where):
    def change(file):
        data = file[where].create_dataset("bare", data=numpy.arange(5.0))
        data.attrs.update({"units": "1", "long_name": "bare", "determinism": "exact"})

    return change


# What is changed in the good file, and what both engines must say about it.
BROKEN = {
    "unnamed dimension": (add_unnamed("/"), "/bare has an unnamed dimension"),
    "unnamed dimension in a group": (add_unnamed("chain"), "/chain/bare has an unnamed dimension"),
    "no units": (delete_attribute("loss", "units"), "/loss has no attribute 'units'"),
    "empty units": (set_attribute("loss", "units", ""), "/loss attribute 'units' must be text"),
    "no long_name": (delete_attribute("loss", "long_name"), "/loss has no attribute 'long_name'"),
    "no determinism": (
        delete_attribute("wall_clock", "determinism"),
        "/wall_clock has no attribute 'determinism'",
    ),
    "coordinate without units": (
        delete_attribute("block", "units"),
        "/block has no attribute 'units'",
    ),
    "unknown determinism": (
        set_attribute("loss", "determinism", "maybe"),
        "must be exact or measured",
    ),
    "text of unknown determinism": (
        set_attribute("name", "determinism", "maybe"),
        "/name attribute 'determinism'",
    ),
    "group without units": (
        delete_attribute("chain/ledger/stake", "units"),
        "/chain/ledger/stake has no attribute 'units'",
    ),
    "other spec": (set_attribute("/", "spec_text", SPEC + " "), "but spec_text has"),
    "short digest": (set_attribute("/", "exact_digest", "0f" * 31), "'exact_digest' must be 64"),
    "digest of other letters": (
        set_attribute("/", "exact_digest", "0g" * 32),
        "'exact_digest' must be 64",
    ),
    "empty title": (set_attribute("/", "title", " "), "root attribute 'title' is empty"),
} | {
    f"no {name}": (delete_attribute("/", name), f"root has no attribute '{name}'")
    for name in [
        "Conventions",
        "title",
        "spec_text",
        "spec_sha256",
        "exact_digest",
        "program_version",
        "pogo_schema_version",
    ]
}


class CheckResultsTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "result.h5"
        write_good_file(self.path)

    def test_good_file_passes_with_both_engines(self):
        outcome = run(self.path, "--require-netcdf4")
        self.assertEqual(outcome.returncode, 0, outcome.stderr)
        self.assertIn("good (h5netcdf and netcdf4)", outcome.stderr)
        for engine in ("h5netcdf", "netcdf4"):
            for group in ("/\n", "/chain\n", "/chain/ledger\n"):
                self.assertIn(f"--- {engine} {group}", outcome.stdout)

    def test_every_break_is_seen_by_both_engines(self):
        for name, (change, message) in BROKEN.items():
            with self.subTest(name):
                write_good_file(self.path)
                with h5py.File(self.path, "r+") as file:
                    change(file)
                outcome = run(self.path)
                self.assertEqual(outcome.returncode, 1, outcome.stderr)
                for engine in ("h5netcdf", "netcdf4"):
                    lines = [line for line in outcome.stderr.splitlines() if f"({engine})" in line]
                    self.assertTrue(
                        any(message in line for line in lines), f"{engine}: {outcome.stderr}"
                    )

    def test_file_without_variables_fails(self):
        with h5py.File(self.path, "r+") as file:
            attributes = dict(file.attrs)
        with h5py.File(self.path, "w") as file:
            file.attrs.update(attributes)
        outcome = run(self.path)
        self.assertEqual(outcome.returncode, 1)
        self.assertIn("holds no variable", outcome.stderr)

    def test_file_that_is_not_hdf5_fails_in_one_line(self):
        self.path.write_text("no HDF5")
        outcome = run(self.path)
        self.assertEqual(outcome.returncode, 1)
        self.assertIn("not an HDF5 file", outcome.stderr)
        self.assertNotIn("Traceback", outcome.stderr)

    def test_missing_file_fails_in_one_line(self):
        outcome = run(self.path.with_name("absent.h5"))
        self.assertEqual(outcome.returncode, 1)
        self.assertNotIn("Traceback", outcome.stderr)


if __name__ == "__main__":
    unittest.main()
