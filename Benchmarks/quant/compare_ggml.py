#!/usr/bin/env python3
"""Compares `pogo bench quant` with ggml's Q4_0 and Q8_0 row quantizers on this machine, in turns, two threads each.

Takes ggml's sources from the sdist of the package `ggml-py` (by pip, unless --ggml names a folder that has
include/ggml.h and src/ggml-quants.c) and builds ggml_rows.c with them for this processor, which must be x86.

Usage: python3 compare_ggml.py [--pogo .build/release/pogo] [--ggml FOLDER] [--rounds 5]
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tarfile
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
KINDS = ("Q4_0 quantize", "Q4_0 dequantize", "Q8_0 quantize", "Q8_0 dequantize")


def ggml_sources(folder):
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "ggml-py", "ggml-py==0.10.1"]
    subprocess.run([*command, "--dest", folder], check=True)
    archive = next(pathlib.Path(folder).glob("*.tar.gz"))
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return next(pathlib.Path(folder).glob("*/vendor/ggml"))


def build(ggml, program):
    subprocess.run(
        ["cc", "-O3", "-march=native", "-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections"]
        + [f"-I{ggml / path}" for path in ("include", "src", "src/ggml-cpu")]
        + [HERE / "ggml_rows.c", ggml / "src/ggml-quants.c", ggml / "src/ggml-cpu/arch/x86/quants.c"]
        + ["-lm", "-lpthread", "-o", program],
        check=True,
    )


def main():
    parser = argparse.ArgumentParser(description="pogo's quantizers beside ggml's")
    parser.add_argument("--pogo", default=".build/release/pogo")
    parser.add_argument("--ggml", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "ggml_rows"
        build(options.ggml or ggml_sources(folder), program)
        ours, theirs = [], []
        with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as rows:
            for _ in range(options.rounds):
                rows.stdin.write("\n")
                rows.stdin.flush()
                theirs.append([float(number) for number in rows.stdout.readline().split()])
                output = subprocess.run(
                    [options.pogo, "bench", "quant", "--threads", "2", "--rounds", "3", "--json"],
                    check=True, capture_output=True, text=True,
                ).stdout
                ours.append({row["format"].split(":")[0]: row for row in json.loads(output)["rows"]})
            rows.stdin.close()
    print("GB/s of float32, medians; the ratios are medians of the rounds' own")
    for index, kind in enumerate(KINDS):
        print(f"ggml {kind:16} {statistics.median(row[index] for row in theirs):6.1f}")
    for name in ours[0]:
        rival = 2 if name == "int8" else 0
        for offset, verb in enumerate(("quantize", "dequantize")):
            speed = statistics.median(row[name][verb] for row in ours)
            ratio = statistics.median(a[name][verb] / b[rival + offset] for a, b in zip(ours, theirs))
            share = statistics.median(row[name][verb + "OfCopy"] for row in ours)
            print(f"pogo {name:9} {verb:10} {speed:6.1f}  {ratio:5.2f} x ggml  {100 * share:4.0f} % of copying")


if __name__ == "__main__":
    main()
