#!/usr/bin/env python3
"""Prints the values that SignedRankTests and IntervalTests compare with (SciPy 1.17)."""

import random

from scipy import stats

random.seed(7)


def numbers(values):
    return "[" + ", ".join(repr(float(value)) for value in values) + "]"


def wilcoxon(first, second, method):
    return stats.wilcoxon(
        second, first, alternative="greater", method=method, correction=True, zero_method="wilcox"
    ).pvalue


print("wilcoxon")
for count, shift in [(1, 1), (3, 1), (6, 0.5), (7, 2), (10, 0), (20, 0.3), (50, 0.2)]:
    first = [round(random.gauss(10, 1), 6) for _ in range(count)]
    second = [round(value + random.gauss(shift, 1), 6) for value in first]
    print(f"    ({numbers(first)}, {numbers(second)}, {float(wilcoxon(first, second, 'exact'))!r}),")
first = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
second = [2, 3, 4, 3, 6, 8, 9, 9, 9, 12, 13, 11]
print(f"    ({numbers(first)}, {numbers(second)}, {float(wilcoxon(first, second, 'asymptotic'))!r}),")

print("interval")
for count in [2, 3, 5, 10, 11, 15, 40]:
    values = [round(random.gauss(3, 1), 6) for _ in range(count)]
    mean = sum(values) / count
    half = stats.t.interval(0.95, count - 1, mean, stats.sem(values))[1] - mean
    print(f"    ({numbers(values)}, {mean!r}, {float(half)!r}),")
