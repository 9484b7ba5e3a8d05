#!/usr/bin/env python3
"""Tests `pogo eval` against Hugging Face on random checkpoints, in float64.

Each round makes a checkpoint that nobody has seen before: its family, sizes, numbers and form of
storage are drawn from the seed. `save_pretrained` writes it, and `transformers` computes loss and
gradients from the stored values in float64. `pogo eval` must give the loss within 1e-5 relative and
every parameter's gradient within 1e-4 (norm of the difference over norm), under the same names.

    pip install -r Tests/Python/requirements-checkpoints.txt
    swift build -c release --product pogo
    python Tests/Python/check_checkpoints.py .build/release/pogo [--rounds 20] [--seed 1]
"""

import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import numpy as np
import torch
from safetensors.torch import load_file

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "Vectors"))
from make_checkpoint_vectors import gemma3, gpt2, reference, write_tokens  # noqa: E402

LOSS_LIMIT = 1e-5
GRADIENT_LIMIT = 1e-4


def random_gpt2(draw, seed):
    heads = draw.choice([1, 2, 3, 5])
    return gpt2(
        seed, n_layer=draw.randint(1, 4), n_head=heads, n_embd=heads * draw.choice([7, 8, 13]),
        n_positions=draw.randint(2, 70), vocab_size=draw.choice([17, 256, 1003]),
        n_inner=draw.choice([None, 19, 64]))


def random_gemma3(draw, seed):
    groups, kv_heads = draw.choice([1, 2, 4]), draw.choice([1, 2])
    head = draw.choice([4, 6, 10, 16])  # 2: see docs/models.md
    theta = lambda: draw.choice([5_000.0, 10_000.0, 1_000_000.0])
    full = dict(rope_type="default", rope_theta=theta())
    if draw.random() < 0.5:
        full = dict(rope_type="linear", factor=draw.choice([2.0, 8.0]), rope_theta=theta())
    heads = groups * kv_heads
    return gemma3(
        seed, num_hidden_layers=draw.randint(1, 8), num_attention_heads=heads,
        num_key_value_heads=kv_heads, head_dim=head, hidden_size=heads * draw.choice([3, 8, 11]),
        intermediate_size=draw.choice([9, 32]), vocab_size=draw.choice([17, 256, 1003]),
        max_position_embeddings=draw.choice([40, 70]), sliding_window=draw.choice([1, 3, 16, 100]),
        query_pre_attn_scalar=draw.choice([head, 5]), rms_norm_eps=draw.choice([1e-6, 1e-5]),
        pad_token_id=draw.choice([0, None]),
        rope_parameters=dict(
            full_attention=full, sliding_attention=dict(rope_type="default", rope_theta=theta())))


def store(model, draw, folder):
    """One file or several, in one of the three types."""
    model = model.to(draw.choice([torch.float32, torch.float32, torch.float16, torch.bfloat16]))
    model.save_pretrained(folder, max_shard_size=draw.choice(["5GB", "20KB"]))
    if model.config.model_type == "gemma3_text" and draw.random() < 0.5:
        older_form(folder / "config.json")


def older_form(path):
    """The configuration as versions of `transformers` before 5 wrote it."""
    config = json.loads(path.read_text())
    full = config["rope_parameters"]["full_attention"]
    config["rope_local_base_freq"] = config.pop("rope_parameters")["sliding_attention"]["rope_theta"]
    config["rope_theta"] = full.pop("rope_theta")
    config["rope_scaling"] = None if full["rope_type"] == "default" else full
    config["sliding_window_pattern"] = config.pop("_sliding_window_pattern")
    config["torch_dtype"] = config.pop("dtype")
    del config["layer_types"]
    path.write_text(json.dumps(config, indent=2))


def distance(ours, theirs):
    norm = theirs.norm().item()
    return (ours.double() - theirs).norm().item() / norm if norm else ours.norm().item()


def check(pogo, seed, root):
    """Returns a line about one random checkpoint, and whether it is as it must be."""
    draw = random.Random(seed)
    family, make = draw.choice([("gpt2", random_gpt2), ("gemma3", random_gemma3)])
    folder = root / f"{seed}"
    model = make(draw, seed)
    store(model, draw, folder)
    config = model.config
    longest = config.n_positions if family == "gpt2" else config.max_position_embeddings
    batch, context = draw.randint(1, 4), draw.randint(1, longest)
    tokens = np.random.default_rng(seed).integers(0, config.vocab_size, batch * context + draw.randint(1, 9))
    write_tokens(folder / "tokens.bin", tokens)
    loss, gradients = reference(folder, tokens, batch, context)
    run = subprocess.run(
        [pogo, "eval", "--checkpoint", folder, "--tokens", folder / "tokens.bin", "--batch",
         str(batch), "--context", str(context), "--gradient", folder / "gradient.safetensors", "--json"],
        capture_output=True, text=True)
    if run.returncode != 0:
        return f"seed {seed}: {family}: {run.stderr.strip()}", False
    ours = load_file(folder / "gradient.safetensors")
    if set(ours) != set(gradients):
        return f"seed {seed}: {family}: other names: {set(ours) ^ set(gradients)}", False
    loss_error = abs(json.loads(run.stdout)["loss"] - loss) / loss
    # Gradients that are zero in exact arithmetic have no relative distance.
    largest = max(g.norm().item() for g in gradients.values())
    worst = max((distance(ours[n], g), n) for n, g in gradients.items() if g.norm() > 1e-9 * largest)
    good = loss_error <= LOSS_LIMIT and worst[0] <= GRADIENT_LIMIT
    return (f"seed {seed}: {family}: loss {loss:.9f}, off by {loss_error:.1e}; gradients off by at "
            f"most {worst[0]:.1e} ({worst[1]})"), good


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("pogo")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    failures = 0
    with tempfile.TemporaryDirectory() as root:
        for seed in range(arguments.seed, arguments.seed + arguments.rounds):
            line, good = check(arguments.pogo, seed, pathlib.Path(root))
            print(line if good else f"FAILED {line}")
            failures += not good
    sys.exit(f"{failures} of {arguments.rounds} checkpoints disagree" if failures else 0)
