#!/usr/bin/env python3
"""Derives the 16 values of `lm4` (docs/quantization.md) by Lloyd's algorithm (Lloyd 1982, Max 1960).

For groups of 32 normal numbers it repeats: find for each group the scale (of either sign, in binary16, among k/64
of the largest magnitude, k = 8 ... 80) with the smallest squared error; then move each value to the mean of the
numbers over their scale that went to it, weighted by the squared scale. The value nearest to 0 stays 0; the table
is kept so that its lowest value is -1. Prints the table as hexadecimal float32 and the mean squared error on
other numbers.

Usage: python3 derive_lloyd_max4.py      (numpy is all it needs; about ten minutes on one core)
"""

import numpy as np

GROUP = 32
CANDIDATES = np.arange(8, 81) / 64


def search(x, table):
    """The best scale of each group and its squared error."""
    rows = np.arange(len(x))
    extreme = x[rows, np.abs(x).argmax(axis=1)]
    thresholds = (table[1:] + table[:-1]) / 2
    best = np.full(len(x), np.inf)
    scales = np.zeros(len(x))
    for factor in CANDIDATES[(CANDIDATES > 0.5)]:
        for sign in (1, -1):
            scale = (np.abs(extreme) * factor * sign).astype(np.float16).astype(np.float64)
            error = x - table[np.searchsorted(thresholds, x / scale[:, None])] * scale[:, None]
            error = (error**2).sum(axis=1)
            better = error < best
            best[better], scales[better] = error[better], scale[better]
    return scales, best


def main():
    random = np.random.default_rng(20)
    table = np.arange(-8, 8) / 8
    for iteration in range(40):
        x = random.standard_normal((20000, GROUP))
        scales, error = search(x, table)
        y = x / scales[:, None]
        index = np.searchsorted((table[1:] + table[:-1]) / 2, y)
        weight = np.broadcast_to(scales[:, None] ** 2, y.shape)
        total = np.bincount(index.ravel(), weight.ravel(), 16)
        table = np.bincount(index.ravel(), (weight * y).ravel(), 16) / total
        table[np.abs(table).argmin()] = 0
        table /= -table[0]
        print(f"{iteration}: {error.mean() / GROUP:.6f}", flush=True)
    table = table.astype(np.float32).astype(np.float64)
    x = np.random.default_rng(21).standard_normal((100000, GROUP))
    print("table", [float(value).hex() for value in table])
    print(f"mean squared error on new numbers: {search(x, table)[1].mean() / GROUP:.6f}")


if __name__ == "__main__":
    main()
