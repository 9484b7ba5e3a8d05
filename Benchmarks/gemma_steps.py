#!/usr/bin/env python3
"""A whole training step of a Gemma-3-like model, PoGO beside Hugging Face transformers.

    swift build -c release
    python3 Benchmarks/gemma_steps.py --threads 2 [--json FILE]

makes a virtual environment in .venv, installs the CPU wheels of PyTorch and transformers there if
they are missing, and runs itself in it; --no-install uses the Python that it is started with.

A step is forward, backward and AdamW in float32. The model has 6 layers (5 local with a window of 64,
1 global), d_model 256, 4 heads of 64 on 1 key-value head, d_ff 1024 and a vocabulary of 256; a batch
has 8 sequences of 128 tokens. transformers computes it eagerly, and once more under torch.compile;
both update with PyTorch's fused AdamW. Each contender measures in a child process of its own, and the
children take turns for some rounds, so that a machine that changes its speed changes it for all. What
counts is the median of all steps of all rounds; the ratio is that of medians.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CHILD = pathlib.Path(__file__).resolve().parent / "gemma_step.py"
PACKAGES = ["torch", "transformers"]


def run_in_environment():
    """Starts this script again in .venv, which it makes complete."""
    python = ROOT / ".venv/bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", ROOT / ".venv"], check=True)
    probe = "import " + ", ".join(PACKAGES)
    if subprocess.run([python, "-c", probe], capture_output=True).returncode != 0:
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run(
            [*pip, "torch", "--index-url", "https://download.pytorch.org/whl/cpu"], check=True)
        subprocess.run([*pip, "transformers"], check=True)
    os.execv(python, [python, __file__, "--no-install", *sys.argv[1:]])


def pogo(threads, steps, program):
    out = subprocess.run(
        [program, "bench", "step", "--only", "gemma3-6x256", "--threads", str(threads), "--steps",
         str(steps), "--json"], check=True, capture_output=True, text=True).stdout
    return json.loads(out)[0]["steps"]


def transformers(mode, threads, steps):
    out = subprocess.run(
        [sys.executable, CHILD, mode, str(threads), str(steps)], check=True, capture_output=True,
        text=True).stdout
    return json.loads(out.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=7, help="steps a child and round")
    parser.add_argument("--program", default=ROOT / ".build/release/pogo")
    parser.add_argument("--json", type=pathlib.Path, help="also write all measurements here")
    parser.add_argument("--no-install", action="store_true")
    options = parser.parse_args()
    if not options.no_install:
        run_in_environment()

    contenders = {
        "pogo": lambda: pogo(options.threads, options.steps, options.program),
        "transformers, eager": lambda: transformers("eager", options.threads, options.steps),
        "transformers, compiled": lambda: transformers("compile", options.threads, options.steps),
    }
    times = {contender: [] for contender in contenders}
    for _ in range(options.rounds):
        for contender, measure in contenders.items():
            times[contender] += measure()
    own = statistics.median(times["pogo"])
    for contender, values in times.items():
        median = statistics.median(values)
        print(f"{contender:24} {1000 * median:9.1f} ms   {median / own:5.2f}")
    if options.json:
        options.json.write_text(json.dumps(times, indent=1))


if __name__ == "__main__":
    main()
