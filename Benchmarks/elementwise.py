#!/usr/bin/env python3
"""PyTorch beside `pogo bench elementwise`: the same operations on the same sizes, in turns.

Usage: python3 Benchmarks/elementwise.py [--pogo PATH] [--threads N] [--rounds N]

Needs torch (the CPU wheel is enough) and a release build of pogo. Prints milliseconds of both sides, the
share of the copy bandwidth that pogo reaches, and how many times as fast as PyTorch it is.
"""

import argparse
import json
import statistics
import subprocess
import time

import torch
import torch.nn.functional as F

ROWS, COLUMNS, PARAMETERS = 2048, 1024, 1 << 24


def operations():
    """name -> (function, repetitions); names and sizes are those of ElementwiseBench."""
    torch.manual_seed(1)
    x, dy, gate = (torch.randn(ROWS, COLUMNS) for _ in range(3))
    gamma, beta = torch.zeros(COLUMNS), torch.zeros(COLUMNS)
    ones = torch.ones(COLUMNS)
    aten = torch.ops.aten

    probabilities = torch.softmax(x, -1)
    _, mean, rstd = torch.native_layer_norm(x, [COLUMNS], gamma, beta, 1e-5)

    def rms_backward():
        leaf, weight = x.detach().requires_grad_(), ones.detach().requires_grad_()
        torch.autograd.grad(F.rms_norm(leaf, [COLUMNS], weight, 1e-6), [leaf, weight], dy)

    def rms_forward_with_graph():
        leaf, weight = x.detach().requires_grad_(), ones.detach().requires_grad_()
        F.rms_norm(leaf, [COLUMNS], weight, 1e-6)

    angle = torch.outer(torch.arange(256.0), 10_000 ** (-torch.arange(0, 64, 2) / 64))
    cosine = torch.cat([angle, angle], -1).cos()[None, :, None, :]
    sine = torch.cat([angle, angle], -1).sin()[None, :, None, :]
    heads = x.view(-1, 256, COLUMNS // 64, 64)

    def rotate():
        first, second = heads.chunk(2, -1)
        return heads * cosine + torch.cat((-second, first), -1) * sine

    def stepper(make):
        parameter = torch.nn.Parameter(torch.zeros(PARAMETERS))
        parameter.grad = torch.randn(PARAMETERS)
        optimizer = make([parameter])
        return optimizer.step

    gradient = torch.nn.Parameter(torch.zeros(PARAMETERS))
    gradient.grad = torch.randn(PARAMETERS)
    return {
        "gelu": (lambda: F.gelu(x, approximate="tanh"), 8),
        "gelu, backward": (lambda: aten.gelu_backward(dy, x, approximate="tanh"), 8),
        "geglu": (lambda: F.gelu(gate, approximate="tanh") * x, 8),
        "silu": (lambda: F.silu(x), 8),
        "softmax": (lambda: torch.softmax(x, -1), 8),
        "softmax, backward": (
            lambda: aten._softmax_backward_data(dy, probabilities, -1, torch.float32), 8),
        "rotary embedding": (rotate, 8),
        "layer norm": (lambda: F.layer_norm(x, [COLUMNS], gamma, beta), 8),
        "layer norm, backward": (
            lambda: aten.native_layer_norm_backward(
                dy, x, [COLUMNS], mean, rstd, gamma, beta, [True, True, True]), 8),
        "rms norm": (lambda: F.rms_norm(x, [COLUMNS], ones, 1e-6), 8),
        "rms norm, backward": ((rms_backward, rms_forward_with_graph), 8),
        "sgd step": (stepper(lambda p: torch.optim.SGD(p, lr=1e-3)), 1),
        "momentum step": (stepper(lambda p: torch.optim.SGD(p, lr=1e-3, momentum=0.9)), 1),
        "adamw step": (stepper(lambda p: torch.optim.AdamW(p, lr=1e-3, fused=True)), 1),
        "global norm": (lambda: torch.nn.utils.get_total_norm([gradient.grad]), 1),
    }


def seconds(function, repetitions):
    start = time.perf_counter()
    for _ in range(repetitions):
        function()
    return (time.perf_counter() - start) / repetitions


def measure(entry):
    function, repetitions = entry
    if isinstance(function, tuple):  # What remains of the first without the second.
        return seconds(function[0], repetitions) - seconds(function[1], repetitions)
    return seconds(function, repetitions)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pogo", default=".build/release/pogo")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    command = [
        arguments.pogo, "bench", "elementwise", "--json", "--rounds", "3", "--threads", str(arguments.threads)
    ]
    theirs, ours, share = {}, {}, {}
    with torch.no_grad():
        torch_operations = operations()
    for round_number in range(arguments.rounds + 1):
        rows = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        for name, entry in torch_operations.items():
            with torch.set_grad_enabled(name == "rms norm, backward"):
                time_taken = measure(entry)
            if round_number > 0:
                theirs.setdefault(name, []).append(1e3 * time_taken)
        if round_number > 0:
            for row in rows:
                ours.setdefault(row["name"], []).append(row["milliseconds"])
                share.setdefault(row["name"], []).append(
                    row["gigabytesPerSecond"] / row["copyGigabytesPerSecond"])
    print(f"torch {torch.__version__}, {arguments.threads} threads, medians of {arguments.rounds} rounds")
    print(f"{'operation':<24}{'pogo ms':>10}{'torch ms':>10}{'times':>8}{'of copy':>9}")
    for name, times in theirs.items():
        own, other = statistics.median(ours[name]), statistics.median(times)
        print(f"{name:<24}{own:>10.3f}{other:>10.3f}{other / own:>8.2f}{statistics.median(share[name]):>9.2f}")


if __name__ == "__main__":
    main()
