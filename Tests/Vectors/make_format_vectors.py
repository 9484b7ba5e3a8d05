#!/usr/bin/env python3
"""Writes quant_formats.json: what others make of the formats of docs/quantization.md.

- codes of NF4 and FP4 by bitsandbytes (`quantize_4bit` on the processor), with its absmax;
- codes of FP8 by PyTorch's casts and by ml_dtypes, of FP6 and FP4 E2M1 by ml_dtypes;
- the value of every code of every format of at most 8 bits, by ml_dtypes or by the tables of the standards;
- MX groups: the E8M0 scale by math.frexp (OCP Microscaling 1.0, section 6.3), elements by ml_dtypes.

Shares nothing with the Swift code. Where bitsandbytes is inexact the places are listed under "inexact": it
multiplies by a rounded reciprocal of absmax, and its FP4 table for the processor has four decimals, so numbers
within rounding of the middle between two values can go to the other one.

Usage: python3 make_format_vectors.py [OUTPUT]      (numpy, torch, bitsandbytes, ml_dtypes)
"""

import json
import math
import pathlib
import sys

import bitsandbytes
import ml_dtypes
import numpy as np
import torch

f32 = np.float32


def hexa(values, kind="<f4"):
    return np.asarray(values).astype(kind).tobytes().hex()


def bitsandbytes_cases():
    random = np.random.default_rng(5)
    for kind in ("nf4", "fp4"):
        table = bitsandbytes.functional.get_4bit_type(kind, device="cpu").numpy().astype(np.float64)
        order = np.argsort(table, kind="stable")
        middles = np.unique((table[order][1:] + table[order][:-1]) / 2)
        inputs = {
            "normal": random.standard_normal(640),
            "heavy tails": random.standard_t(2, 640),
            "tiny": random.standard_normal(128) * 1e-30,
            "short last group": random.standard_normal(150),
        }
        # Around every middle, with the absmax 1 and with another.
        steps = np.array([-3, -2, -1, 0, 1, 2, 3])
        for absmax in (f32(1), f32(0.7853)):
            near = [m * float(absmax) * (1 + s * 2.0**-23) for m in middles for s in steps]
            values = []
            for start in range(0, len(near), 63):
                values += [float(absmax)] + near[start : start + 63]
            inputs[f"around middles, absmax {absmax}"] = np.array(values)
        for name, values in inputs.items():
            values = values.astype(f32)
            packed, state = bitsandbytes.functional.quantize_4bit(
                torch.from_numpy(values), blocksize=64, quant_type=kind
            )
            packed = packed.numpy().ravel()
            # The first of two codes is in the high half.
            codes = np.stack([packed >> 4, packed & 15], axis=1).ravel()[: len(values)]
            if kind == "fp4":
                # bitsandbytes writes the negative zero for small positive numbers; we write none.
                codes = without_negative_zero(codes, 4)
            absmax = state.absmax.numpy()
            scaled = values.astype(np.float64) / np.repeat(absmax, 64)[: len(values)]
            # Reciprocal and product: two roundings of up to 2^-24 each. FP4: four decimals in its table.
            width = 2.0**-22 if kind == "nf4" else 6e-5
            distance = np.abs(scaled[:, None] - middles[None, :]).min(axis=1)
            yield {
                "format": f"{kind}:g64:float32",
                "name": name,
                "oracle": f"bitsandbytes {bitsandbytes.__version__}",
                "values": hexa(values),
                "codes": hexa(codes, "u1"),
                "scales": hexa(absmax),
                "inexact": np.flatnonzero(distance <= width).tolist(),
            }


MINIFLOATS = {
    "fp4-e2m1": (ml_dtypes.float4_e2m1fn, 4, None),
    "fp6-e2m3": (ml_dtypes.float6_e2m3fn, 6, None),
    "fp6-e3m2": (ml_dtypes.float6_e3m2fn, 6, None),
    "fp8-e4m3": (ml_dtypes.float8_e4m3fn, 8, torch.float8_e4m3fn),
    "fp8-e5m2": (ml_dtypes.float8_e5m2, 8, torch.float8_e5m2),
}


def largest(kind):
    return float(ml_dtypes.finfo(kind).max)


def code_values(kind, bits):
    return np.arange(2**bits, dtype=np.uint8).view(kind).astype(f32)


def without_negative_zero(codes, bits):
    return np.where(codes == 2 ** (bits - 1), 0, codes)


def cast_cases():
    random = np.random.default_rng(6)
    for name, (kind, bits, torch_kind) in MINIFLOATS.items():
        top = largest(kind)
        numbers = code_values(kind, bits)
        numbers = np.unique(numbers[np.isfinite(numbers)]).astype(np.float64)
        middles = (numbers[1:] + numbers[:-1]) / 2
        near = np.concatenate([numbers, middles, middles * (1 + 2.0**-23), middles * (1 - 2.0**-23)])
        for label, values in {
            "every number and the middles": near,
            "normal": random.standard_normal(400) * top / 4,
            "small": random.standard_normal(400) * float(ml_dtypes.finfo(kind).smallest_normal),
        }.items():
            # The largest number first: then the scale of the whole is 1.
            values = np.concatenate([[top], np.clip(values, -top, top)]).astype(f32)
            codes = values.astype(kind).view(np.uint8)
            if torch_kind is not None:
                other = torch.from_numpy(values).to(torch_kind).view(torch.uint8).numpy()
                assert np.array_equal(codes, other), (name, label)
            yield {
                "format": f"{name}:tensor:float32",
                "name": label,
                "oracle": "ml_dtypes and torch" if torch_kind is not None else "ml_dtypes",
                "values": hexa(values),
                "codes": hexa(without_negative_zero(codes, bits), "u1"),
                "scales": hexa([1.0]),
                "inexact": [],
            }


def microscaling_cases():
    random = np.random.default_rng(7)
    inputs = {
        "normal": random.standard_normal(320),
        "wide range": random.standard_normal(320) * np.exp(12 * random.standard_normal(320)),
        "just below powers of two": np.concatenate(
            [np.r_[np.nextafter(f32(2.0**e), f32(0)), random.uniform(-1, 1, 31) * 2.0**e] for e in range(-4, 5)]
        ),
        "short last group": random.standard_normal(45),
        "largest": np.array([np.finfo(f32).max, -np.finfo(f32).max, 1e38, 1.0, 0.0]),
        "subnormal": random.integers(-1000, 1000, 64) * 2.0**-149,
        "zeros": np.array([0.0, -0.0] * 20),
    }
    kinds = {f"mx{name.replace('-e2m1', '')}": v for name, v in MINIFLOATS.items()}
    for name, (kind, bits, _) in kinds.items():
        emax = math.floor(math.log2(largest(kind)))
        for label, values in inputs.items():
            values = values.astype(f32)
            codes, scales = [], []
            for start in range(0, len(values), 32):
                group = values[start : start + 32].astype(np.float64)
                absmax = np.abs(group).max()
                exponent = -127 if absmax == 0 else math.frexp(absmax)[1] - 1 - emax
                exponent = min(max(exponent, -127), 127)
                scaled = np.clip(group / 2.0**exponent, -largest(kind), largest(kind))
                codes.append(scaled.astype(kind).view(np.uint8))
                scales.append(2.0**exponent)
            yield {
                "format": name,
                "name": label,
                "oracle": "ml_dtypes",
                "values": hexa(values),
                "codes": hexa(without_negative_zero(np.concatenate(codes), bits), "u1"),
                "scales": hexa(scales),
                "inexact": [],
            }
    for label, values in inputs.items():
        values = values.astype(f32)
        codes, scales = [], []
        for start in range(0, len(values), 32):
            group = values[start : start + 32].astype(np.float64)
            absmax = np.abs(group).max()
            exponent = -127 if absmax == 0 else max(math.frexp(absmax)[1] - 1, -127)
            codes.append(np.clip(np.rint(group / 2.0**exponent * 64), -127, 127).astype(np.int8).view(np.uint8))
            scales.append(2.0**exponent)
        yield {
            "format": "mxint8",
            "name": label,
            "oracle": "numpy, OCP Microscaling 1.0 section 5.3.4",
            "values": hexa(values),
            "codes": hexa(np.concatenate(codes), "u1"),
            "scales": hexa(scales),
            "inexact": [],
        }


def decoding_tables():
    """The value of every code; NaN where it has none or no encoder writes it (negative zeros too)."""
    tables = {}
    for name, (kind, bits, _) in MINIFLOATS.items():
        values = code_values(kind, bits)
        values[~np.isfinite(values)] = np.nan
        values[2 ** (bits - 1)] = np.nan
        tables[name] = values
    for kind in ("nf4", "fp4"):
        table = bitsandbytes.functional.get_4bit_type(kind, device="cpu").numpy().copy()
        if kind == "fp4":
            table[8] = np.nan
        tables[kind] = table
    for bits in range(2, 9):
        codes = np.arange(2**bits)
        signed = np.where(codes >= 2 ** (bits - 1), codes - 2**bits, codes).astype(f32)
        signed[2 ** (bits - 1)] = np.nan
        tables[f"int{bits}"] = signed
    tables["int8-mx"] = tables["int8"] / 64
    tables["sign"] = np.array([1, -1], f32)
    return {name: hexa(values) for name, values in tables.items()}


def main():
    here = pathlib.Path(__file__).resolve().parent
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here / "quant_formats.json"
    cases = [*bitsandbytes_cases(), *cast_cases(), *microscaling_cases()]
    lines = ",\n".join("  " + json.dumps(case) for case in cases)
    path.write_text(
        '{"tables": ' + json.dumps(decoding_tables()) + ',\n"cases": [\n' + lines + "\n]}\n"
    )
    print(f"{len(cases)} cases, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
