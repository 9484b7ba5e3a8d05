#!/usr/bin/env python3
"""Makes the files under safetensors/ with Hugging Face's own safetensors library.

  floats.safetensors    F32, F16 and BF16 tensors of several shapes, a single number and an empty
                        tensor among them, with metadata; names with non-ASCII letters and quotes
  others.safetensors    types that are no numbers of a model (I64, U8, BOOL) and F64
  rounding.safetensors  "input": float32 at and around every rounding border of the short types;
                        "float16", "bfloat16": what PyTorch rounds them to
  sharded/              three tensors in two files with the index of `save_pretrained`

How to run (`--check` writes nothing and compares with the stored files):

    pip install torch safetensors huggingface_hub
    python make_safetensors_vectors.py [--check]
"""

import filecmp
import pathlib
import sys
import tempfile

import torch
from huggingface_hub import save_torch_state_dict
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent / "safetensors"


def numbers(*shape, seed):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def rounding_inputs():
    """Values whose short forms are easy to get wrong: ties, neighbours of ties, limits."""
    edges = [0.0, 1.0, 65504.0, 65519.996, 65520.0, 65536.0, 6.1035156e-05, 5.9604645e-08,
             2.9802322e-08, 2.9802326e-08, 3.3895314e38, 3.3961775e38, 3.4028235e38, 1e-45, 1.1754944e-38]
    bits = torch.tensor(edges).view(torch.int32)
    random = torch.randint(0, 0x7F800000, (400,), generator=torch.Generator().manual_seed(3)).int()
    # Ties of bfloat16 (bit 15 alone) and of float16 (bit 12 alone), and their neighbours.
    ties = torch.cat([(random & ~0xFFFF) | 0x8000, (random & ~0x1FFF) | 0x1000])
    small = torch.randint(0x32800000, 0x39000000, (300,), generator=torch.Generator().manual_seed(4)).int()
    every = torch.cat([bits + step for step in (-1, 0, 1)] + [ties - 1, ties, ties + 1, random, small])
    values = every.clamp(0, 0x7F800000).int().view(torch.float32)
    return torch.cat([values, -values])


def make(folder):
    folder.mkdir(exist_ok=True)
    save_file(
        {
            "wide": numbers(3, 5, 7, seed=1),
            "half": numbers(4, 6, seed=2).half(),
            "brain": numbers(9, seed=5).bfloat16(),
            "single": torch.tensor(2.5),
            "none": torch.zeros(0, 4),
            'käse "Ω"\\\n': torch.tensor([1.0, -0.0, float("inf"), float("-inf")]),
        },
        folder / "floats.safetensors",
        metadata={"note": "a \"quoted\" word\tand a tab"},
    )
    save_file(
        {
            "long": torch.arange(-3, 4),
            "byte": torch.arange(5, dtype=torch.uint8),
            "truth": torch.tensor([True, False, True]),
            "double": torch.tensor([0.1, 1 + 2.0**-24, 1 + 3 * 2.0**-24, -1e-50], dtype=torch.float64),
        },
        folder / "others.safetensors",
    )
    source = rounding_inputs()
    save_file(
        {"input": source, "float16": source.half(), "bfloat16": source.bfloat16()},
        folder / "rounding.safetensors",
    )
    (folder / "sharded").mkdir(exist_ok=True)
    save_torch_state_dict(
        {"a": numbers(10, 10, seed=6), "b": numbers(10, 10, seed=7), "c": numbers(8, seed=8)},
        folder / "sharded", max_shard_size=500,
    )


if __name__ == "__main__":
    if "--check" in sys.argv:
        with tempfile.TemporaryDirectory() as made:
            make(pathlib.Path(made))
            names = sorted(str(p.relative_to(HERE)) for p in HERE.rglob("*") if p.is_file())
            _, different, missing = filecmp.cmpfiles(HERE, made, names, shallow=False)
            if different or missing:
                sys.exit(f"differ: {different}, missing: {missing}")
            print(f"{len(names)} files are as the library writes them")
    else:
        make(HERE)
