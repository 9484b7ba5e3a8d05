#!/usr/bin/env python3
"""Writes quant_int.json, the golden bytes of docs/quantization.md, section "Integers".

Shares nothing with the Swift code: scales and quotients are numpy float32 operations, codes are packed
as digits of one Python integer for each group.

Usage: python3 make_quant_vectors.py [OUTPUT]      (numpy is all it needs)
"""

import json
import pathlib
import sys

import numpy as np

f32 = np.float32
MAX = np.finfo(f32).max
SUBNORMAL = f32(2.0**-149)


def encode(values, bits, group_size):
    largest = 2 ** (bits - 1) - 1
    out = bytearray()
    for start in range(0, len(values), group_size):
        group = values[start : start + group_size]
        absmax = np.max(np.abs(group))
        scale = f32(absmax / f32(largest))
        if np.isinf(f32(scale * f32(largest))):
            scale = np.nextafter(scale, f32(0))
        if scale == 0:
            scale, codes = f32(0), [0] * len(group)
        else:
            # np.rint rounds halves to even.
            quotients = [np.rint(f32(x / scale)) for x in group]
            codes = [max(-largest, min(largest, int(q))) for q in quotients]
        digits = sum((code % 2**bits) << (bits * i) for i, code in enumerate(codes))
        out += np.array([scale], dtype="<f4").tobytes()
        out += digits.to_bytes((len(codes) * bits + 7) // 8, "little")
    return bytes(out)


def decode(data, bits, group_size, count):
    values = []
    while len(values) < count:
        n = min(group_size, count - len(values))
        size = (n * bits + 7) // 8
        scale = np.frombuffer(data[:4], dtype="<f4")[0]
        digits = int.from_bytes(data[4 : 4 + size], "little")
        data = data[4 + size :]
        for i in range(n):
            code = (digits >> (bits * i)) % 2**bits
            if code >= 2 ** (bits - 1):
                code -= 2**bits
            values.append(f32(f32(code) * scale))
    assert not data
    return np.array(values, dtype=f32)


def inputs(bits, group_size):
    random = np.random.Generator(np.random.PCG64([bits, group_size]))
    largest = 2 ** (bits - 1) - 1
    normal = random.standard_normal(group_size + group_size // 2 + 3).astype(f32)
    yield "normal, last group short", normal
    yield "wide range", (normal * np.exp(8 * random.standard_normal(len(normal)))).astype(f32)
    # With the scale 1 every quotient is exact, so halves test the rule for ties.
    ties = np.arange(-2 * largest, 2 * largest + 1).astype(f32) / f32(2)
    yield "ties", np.concatenate([np.resize(ties, group_size - 1), [f32(largest)]]).astype(f32)
    yield "zeros of both signs", np.array([0.0, -0.0, 0.0, -0.0, -0.0], dtype=f32)
    yield "largest finite", np.array([MAX, -MAX, MAX / 3, 1, 0], dtype=f32)
    steps = np.arange(-40, 41).astype(f32) * SUBNORMAL
    yield "subnormal", random.permutation(steps)[: group_size + 2].astype(f32)
    yield "underflow to a zero scale", np.array([1, 0, -1], dtype=f32) * SUBNORMAL
    outlier = normal[:group_size].copy()
    outlier[group_size // 3] = f32(-1e6)
    yield "one outlier", outlier
    yield "one value", np.array([-0.3], dtype=f32)
    yield "no values", np.array([], dtype=f32)


def main():
    here = pathlib.Path(__file__).resolve().parent
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here / "quant_int.json"
    cases = []
    with np.errstate(over="ignore", under="ignore"):
        for bits in range(2, 9):
            for group_size in (16, 64, 7):
                for name, values in inputs(bits, group_size):
                    data = encode(values, bits, group_size)
                    decoded = decode(data, bits, group_size, len(values))
                    cases.append(
                        {
                            "name": name,
                            "bits": bits,
                            "groupSize": group_size,
                            # Little-endian float32.
                            "values": values.astype("<f4").tobytes().hex(),
                            "encoded": data.hex(),
                            "decoded": decoded.astype("<f4").tobytes().hex(),
                        }
                    )
    lines = ",\n".join("  " + json.dumps(case) for case in cases)
    path.write_text("[\n" + lines + "\n]\n")


if __name__ == "__main__":
    main()
