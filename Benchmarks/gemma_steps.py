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

import json

from contenders import child, options, parser, pogo, print_ratios, take_turns


def main():
    chosen = options(parser(__doc__), ["torch", "transformers"])
    times = take_turns(
        {
            "pogo": lambda: pogo("gemma3-6x256", chosen),
            "transformers, eager": lambda: child("gemma_step.py", "eager", chosen),
            "transformers, compiled": lambda: child("gemma_step.py", "compile", chosen),
        }, chosen.rounds)
    print_ratios(times)
    if chosen.json:
        chosen.json.write_text(json.dumps(times, indent=1))


if __name__ == "__main__":
    main()
