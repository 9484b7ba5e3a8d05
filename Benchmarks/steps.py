#!/usr/bin/env python3
"""Whole training steps of GPT-3-like models, PoGO beside PyTorch and llm.c.

    swift build -c release
    python3 Benchmarks/steps.py --threads 2 [--only CASE] [--llmc DIR] [--json FILE]

makes a virtual environment in .venv, installs the CPU wheel of PyTorch there if it is missing, and runs
itself in it; --no-install uses the Python that it is started with.

A step is forward, backward and AdamW in float32. Each contender measures in a child process of its
own, and the children take turns for some rounds, so that a machine that changes its speed changes it
for all. What counts is the median of all steps of all rounds; the ratio is that of medians.

PyTorch runs eagerly with its fused AdamW, twice: as installed, and with an allocator that keeps its
pages (MALLOC_MMAP_THRESHOLD_, MALLOC_TRIM_THRESHOLD_). llm.c is measured if DIR is a checkout of
github.com/karpathy/llm.c (MIT license): its train_gpt2.c is compiled with gcc -Ofast -fopenmp and
runs from a checkpoint of random weights and a file of random tokens.
"""

import json
import pathlib

import llmc
import torch_step
from contenders import child, options, parser, pogo, print_ratios, take_turns

TUNED = {"MALLOC_MMAP_THRESHOLD_": "17179869184", "MALLOC_TRIM_THRESHOLD_": "17179869184"}


def main():
    arguments = parser(__doc__, steps=5, rounds=5)
    arguments.add_argument("--only", choices=sorted(torch_step.CASES))
    arguments.add_argument("--llmc", type=pathlib.Path, help="a checkout of karpathy/llm.c")
    chosen = options(arguments, ["torch"])
    results = {}
    for name in [chosen.only] if chosen.only else sorted(torch_step.CASES, reverse=True):
        contenders = {
            "pogo": lambda: pogo(name, chosen),
            "pytorch": lambda: child("torch_step.py", name, chosen),
            "pytorch, tuned malloc": lambda: child("torch_step.py", name, chosen, TUNED),
        }
        if chosen.llmc and name == "124m":
            runner = llmc.Runner(chosen.llmc, chosen.threads, torch_step.CASES[name])
            contenders["llm.c"] = lambda: runner.steps(min(chosen.steps, 2))
        results[name] = take_turns(contenders, chosen.rounds)
        print(name)
        print_ratios(results[name])
    if chosen.json:
        chosen.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
