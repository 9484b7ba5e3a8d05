"""What the benchmarks of training steps share: environment, children, and how they take turns."""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TORCH_INDEX = "https://download.pytorch.org/whl/cpu"


def run_in_environment(packages):
    """Starts this script again in .venv, which it makes complete; `torch` comes as its CPU wheel."""
    python = ROOT / ".venv/bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", ROOT / ".venv"], check=True)
    probe = "import " + ", ".join(packages)
    if subprocess.run([python, "-c", probe], capture_output=True).returncode != 0:
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        for package in packages:
            index = ["--index-url", TORCH_INDEX] if package == "torch" else []
            subprocess.run([*pip, package, *index], check=True)
    os.execv(python, [python, sys.argv[0], "--no-install", *sys.argv[1:]])


def parser(doc, rounds=3, steps=7):
    """The options that all of them have."""
    arguments = argparse.ArgumentParser(description=doc.split("\n")[0])
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--rounds", type=int, default=rounds)
    arguments.add_argument("--steps", type=int, default=steps, help="steps a child and round")
    arguments.add_argument("--program", default=ROOT / ".build/release/pogo")
    arguments.add_argument("--json", type=pathlib.Path, help="also write all measurements here")
    arguments.add_argument("--no-install", action="store_true")
    return arguments


def options(arguments, packages):
    """What was chosen, in an environment with these packages."""
    chosen = arguments.parse_args()
    if not chosen.no_install:
        run_in_environment(packages)
    return chosen


def pogo(name, chosen):
    """Seconds of each step of a case of `pogo bench step`."""
    out = subprocess.run(
        [chosen.program, "bench", "step", "--only", name, "--threads", str(chosen.threads),
         "--steps", str(chosen.steps), "--json"], check=True, capture_output=True, text=True).stdout
    return json.loads(out)[0]["steps"]


def child(script, name, chosen, environment=None):
    """Seconds of each step of another script, in a process of its own."""
    out = subprocess.run(
        [sys.executable, ROOT / "Benchmarks" / script, name, str(chosen.threads),
         str(chosen.steps)], check=True, capture_output=True, text=True,
        env={**os.environ, **(environment or {})}).stdout
    return json.loads(out.splitlines()[-1])


def take_turns(contenders, rounds):
    """Seconds of each contender's steps; they take turns, so that all see the same machine."""
    times = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, measure in contenders.items():
            times[name] += measure()
    return times


def print_ratios(times, own="pogo"):
    """The median of each contender, and its ratio to ours."""
    ours = statistics.median(times[own])
    for name, values in times.items():
        median = statistics.median(values)
        print(f"{name:24} {1000 * median:9.1f} ms   {median / ours:5.2f}", flush=True)
