#!/usr/bin/env python3
"""Whole training steps of GPT-3-like models, PoGO beside PyTorch and llm.c.

    python3 -m venv .venv
    .venv/bin/pip install torch --index-url https://download.pytorch.org/whl/cpu
    swift build -c release
    .venv/bin/python Benchmarks/steps.py --threads 2 [--llmc DIR] [--json FILE]

A step is forward, backward and AdamW in float32. Each contender measures in a child process of its
own, and the children take turns for some rounds, so that a machine that changes its speed changes it
for all. What counts is the median of all steps of all rounds; the ratio is that of medians.

PyTorch runs eagerly with its fused AdamW, twice: as installed, and with an allocator that keeps its
pages (MALLOC_MMAP_THRESHOLD_, MALLOC_TRIM_THRESHOLD_). llm.c is measured if DIR is a checkout of
github.com/karpathy/llm.c (MIT license): its train_gpt2.c is compiled with gcc -Ofast -fopenmp and
runs from a checkpoint of random weights and a file of random tokens.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

import llmc
import torch_step

ROOT = pathlib.Path(__file__).resolve().parent.parent
TUNED = {"MALLOC_MMAP_THRESHOLD_": "17179869184", "MALLOC_TRIM_THRESHOLD_": "17179869184"}


def pogo(name, threads, steps, program):
    out = subprocess.run(
        [program, "bench", "step", "--only", name, "--threads", str(threads), "--steps", str(steps),
         "--json"], check=True, capture_output=True, text=True).stdout
    return json.loads(out)[0]["steps"]


def pytorch(name, threads, steps, environment):
    out = subprocess.run(
        [sys.executable, torch_step.__file__, name, str(threads), str(steps)], check=True,
        capture_output=True, text=True, env={**os.environ, **environment}).stdout
    return json.loads(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=5, help="steps a child and round")
    parser.add_argument("--only", choices=sorted(torch_step.CASES))
    parser.add_argument("--llmc", type=pathlib.Path, help="a checkout of karpathy/llm.c")
    parser.add_argument("--program", default=ROOT / ".build/release/pogo")
    parser.add_argument("--json", type=pathlib.Path, help="also write all measurements here")
    options = parser.parse_args()

    results = {}
    for name in [options.only] if options.only else sorted(torch_step.CASES, reverse=True):
        contenders = {
            "pogo": lambda: pogo(name, options.threads, options.steps, options.program),
            "pytorch": lambda: pytorch(name, options.threads, options.steps, {}),
            "pytorch, tuned malloc":
                lambda: pytorch(name, options.threads, options.steps, TUNED),
        }
        if options.llmc and name == "124m":
            runner = llmc.Runner(options.llmc, options.threads, torch_step.CASES[name])
            contenders["llm.c"] = lambda: runner.steps(min(options.steps, 2))
        times = {contender: [] for contender in contenders}
        for _ in range(options.rounds):
            for contender, measure in contenders.items():
                times[contender] += measure()
        results[name] = times
        own = statistics.median(times["pogo"])
        for contender, values in times.items():
            median = statistics.median(values)
            print(f"{name:6} {contender:22} {1000 * median:9.1f} ms   {median / own:5.2f}",
                  flush=True)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
