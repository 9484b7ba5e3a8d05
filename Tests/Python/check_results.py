#!/usr/bin/env python3
"""Checks that other people's software reads a result file: named dimensions, units, origin.

    pip install -r requirements.txt
    python3 check_results.py FILE

FILE is opened with xarray, first by engine h5netcdf, then by engine netcdf4 in a process of its own
(the two may bring different HDF5 libraries). Without netCDF4 the second part is left out, which the
last line says; --require-netcdf4 makes that a failure. For the root and every group below it:

- no dimension is anonymous (`phony_dim_0`), and every value can be read;
- every numeric variable, coordinates included, has the attributes `units` and `long_name` (text,
  not empty) and `determinism`, which is `exact` or `measured`; any other variable that has
  `determinism` has one of these.

The root also has the attributes of `ROOT_ATTRIBUTES`, none empty; `exact_digest` is 64 lower-case
hex digits and `spec_sha256` is the SHA-256 of `spec_text` in UTF-8. A file without any variable
fails.

Exit status: 0 if all holds, 1 if not (one line for each problem on standard error), 2 for bad
usage.
"""

import argparse
import hashlib
import re
import subprocess
import sys

ROOT_ATTRIBUTES = [
    "Conventions",
    "title",
    "spec_text",
    "spec_sha256",
    "exact_digest",
    "program_version",
    "pogo_schema_version",
]
DETERMINISMS = ("exact", "measured")
NUMERIC_KINDS = "biufcmM"  # m and M: numbers that xarray decoded to durations and dates


def groups_of(path):
    """Paths of all groups below the root, sorted."""
    import h5py

    found = []
    with h5py.File(path, "r") as file:
        file.visititems(
            lambda name, item: found.append(name) if isinstance(item, h5py.Group) else None
        )
    return sorted(found)


def text_problem(attributes, name):
    """What is wrong with the text attribute `name`, or None."""
    if name not in attributes:
        return f"has no attribute '{name}'"
    value = attributes[name]
    if not isinstance(value, str) or not value.strip():
        return f"attribute '{name}' must be text and not empty, but is {value!r}"
    return None


def root_problems(attributes):
    for name in ROOT_ATTRIBUTES:
        if name not in attributes:
            yield f"root has no attribute '{name}'"
        elif not str(attributes[name]).strip():
            yield f"root attribute '{name}' is empty"
    for name in ("spec_sha256", "exact_digest"):
        if name in attributes and not re.fullmatch("[0-9a-f]{64}", str(attributes[name])):
            value = attributes[name]
            yield f"root attribute '{name}' must be 64 lower-case hex digits, but is {value!r}"
    if "spec_text" in attributes and "spec_sha256" in attributes:
        if not isinstance(attributes["spec_text"], str):
            yield f"root attribute 'spec_text' must be text, but is {attributes['spec_text']!r}"
        else:
            digest = hashlib.sha256(attributes["spec_text"].encode()).hexdigest()
            if digest != attributes["spec_sha256"]:
                claimed = attributes["spec_sha256"]
                yield f"root attribute 'spec_sha256' is {claimed!r}, but spec_text has {digest}"


def variable_problems(place, variable):
    for dimension in variable.dims:
        if str(dimension).startswith("phony_dim") or not str(dimension):
            yield f"{place} has an unnamed dimension ('{dimension}')"
    # Decoding moves the units of dates and durations from attrs to encoding.
    attributes = {**variable.encoding, **variable.attrs}
    if variable.dtype.kind in NUMERIC_KINDS:
        for name in ("units", "long_name", "determinism"):
            problem = text_problem(attributes, name)
            if problem:
                yield f"{place} {problem}"
    if "determinism" in attributes and attributes["determinism"] not in DETERMINISMS:
        value = attributes["determinism"]
        yield f"{place} attribute 'determinism' must be exact or measured, but is {value!r}"


def problems_of(path, engine, groups):
    """Prints every dataset of the file and returns what is wrong with it."""
    import xarray

    problems, variable_count = [], 0
    for group in [None, *groups]:
        label = "/" if group is None else f"/{group}"
        try:
            with xarray.open_dataset(path, engine=engine, group=group) as dataset:
                print(f"--- {engine} {label}\n{dataset}\n")
                dataset.load()
                if group is None:
                    problems += root_problems(dataset.attrs)
                variable_count += len(dataset.variables)
                for name in sorted(dataset.variables, key=str):
                    place = f"{label.rstrip('/')}/{name}"
                    problems += variable_problems(place, dataset.variables[name])
        except Exception as error:  # whatever a reader throws, the file is not readable by it
            problems.append(f"{label} cannot be read: {type(error).__name__}: {error}")
    if variable_count == 0 and not problems:
        problems.append("the file holds no variable")
    return [f"{path} ({engine}): {problem}" for problem in problems]


def has_netcdf4():
    # In a process of its own, so that its HDF5 library does not enter this one.
    command = [sys.executable, "-c", "import netCDF4"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def main():
    parser = argparse.ArgumentParser(description="Checks a result file with xarray.")
    parser.add_argument("file")
    parser.add_argument(
        "--require-netcdf4", action="store_true", help="fail where netCDF4 is not installed"
    )
    parser.add_argument(
        "--engine", choices=["h5netcdf", "netcdf4"], help="check with this engine only"
    )
    parser.add_argument(
        "--group", action="append", help="with --engine: check these groups, look for no others"
    )
    arguments = parser.parse_args()

    try:
        groups = (
            groups_of(arguments.file)
            if arguments.group is None
            else list(filter(None, arguments.group))
        )
    except OSError as error:
        print(f"{arguments.file}: not an HDF5 file that h5py can open: {error}", file=sys.stderr)
        return 1
    problems = problems_of(arguments.file, arguments.engine or "h5netcdf", groups)
    for problem in problems:
        print(problem, file=sys.stderr)
    failed = bool(problems)

    if arguments.engine is None:
        if has_netcdf4():
            # The empty group stands for "no groups"; it keeps h5py out of the other process.
            others = [f"--group={group}" for group in groups or [""]]
            command = [sys.executable, __file__, arguments.file, "--engine=netcdf4", *others]
            sys.stdout.flush()
            failed = subprocess.run(command, check=False).returncode != 0 or failed
            engines = "h5netcdf and netcdf4"
        else:
            engines = "h5netcdf only; netCDF4 is not installed, so that engine was NOT checked"
            failed = failed or arguments.require_netcdf4
        sys.stdout.flush()
        print(f"{arguments.file}: {'FAILED' if failed else 'good'} ({engines})", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
