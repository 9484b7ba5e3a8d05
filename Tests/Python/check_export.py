#!/usr/bin/env python3
"""Tests `start` and `pogo export` against Hugging Face, in both directions.

A random GPT-2 and a random Gemma 3 are written by `save_pretrained`. A chain fine-tunes each by every
variant, starting from that folder; `pogo export` writes the final model, and `from_pretrained` loads it.
Then, with nothing but `transformers` and numpy:
- the loss of the exported model in float64 is what `pogo eval` says, within 1e-5 relative;
- tensors that the variant does not train are those of the start, bit for bit, and the others are not;
- what LoRA added to a matrix has the rank of its adapters, and what low-rank updates of two blocks added at
  most twice theirs;
- a checkpoint folder that `pogo export` writes again gives the same logits, bit for bit.

    pip install -r Tests/Python/requirements-checkpoints.txt
    swift build -c release --product pogo
    python Tests/Python/check_export.py .build/release/pogo
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
from transformers import AutoModelForCausalLM

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "Vectors"))
from make_checkpoint_vectors import gemma3, gpt2, reference, write_tokens  # noqa: E402

RANK = 3
MODELS = {
    "gpt2": (
        gpt2(5, n_layer=2, n_head=2, n_embd=16, n_positions=24, vocab_size=256, n_inner=40),
        "{n_layers: 2, d_model: 16, n_heads: 2, context: 24, vocab_size: 256, d_ff: 40}",
        ["c_attn", "mlp"]),
    "gemma3": (
        gemma3(
            6, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2, head_dim=6,
            hidden_size=20, intermediate_size=28, vocab_size=256, max_position_embeddings=24,
            sliding_window=5, query_pre_attn_scalar=6, rms_norm_eps=1e-6, pad_token_id=None,
            layer_types=["sliding_attention", "sliding_attention", "full_attention"],
            rope_parameters=dict(
                full_attention=dict(rope_type="linear", factor=8.0, rope_theta=1_000_000.0),
                sliding_attention=dict(rope_type="default", rope_theta=10_000.0))),
        "{family: gemma3, n_layers: 3, d_model: 20, n_heads: 4, n_kv_heads: 2, head_dim: 6, d_ff: 28, "
        "context: 24, vocab_size: 256, window: 5, local_per_global: 2, query_scale: 6, "
        "rope_scaling_global: 8}",
        ["q_proj", "mlp"]),
}
VARIANTS = ["full", "lora", "layers", "low-rank"]
BLOCKS = 2
SPEC = """
name: export
kind: chain
model: {model}
data: {{corpus: text.txt, context: 24}}
training: {{learning_rate: 0.3, batch: 2, steps_per_block: 3{training}}}
quantization: {{gradient: {{group: 16}}, model: {{group: 16}}}}
commitment: {{leaf_size: 256B}}
chain: {{blocks: {blocks}, verifiers: 2}}
verification: {{progress_margin: 9}}
start: {{checkpoint: start}}
fine_tuning: {tuning}
"""


def pogo(program, *arguments):
    run = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"pogo {arguments[0]}: {run.stderr.strip()}")
    return run.stdout


def tuning(variant, modules):
    if variant == "full":
        return "{variant: full}"
    if variant == "low-rank":
        return f"{{variant: low-rank, rank: {RANK}}}"
    rank = f"rank: {RANK}, alpha: 6, " if variant == "lora" else ""
    return f"{{variant: {variant}, {rank}target_modules: [{', '.join(modules)}]}}"


def is_trained(name, tensor, variant, modules):
    if variant in ("full", "low-rank"):
        return True
    chosen = any(module in name.split(".") for module in modules)
    return chosen and (variant == "layers" or tensor.ndim == 2)


def check(program, root, family, variant):
    """Returns a line, and whether everything is as it must be."""
    model, shape, modules = MODELS[family]
    folder = root / f"{family}-{variant}"
    folder.mkdir()
    model.to(torch.float32).save_pretrained(folder / "start")
    (folder / "text.txt").write_text("We hold these truths to be self-evident. " * 40)
    (folder / "spec.yaml").write_text(SPEC.format(
        model=shape, tuning=tuning(variant, modules), blocks=BLOCKS,
        training=", quantize: block" if variant == "low-rank" else ""))
    pogo(program, "run", folder / "spec.yaml", "--out", folder / "result.h5", "--quiet")
    pogo(program, "audit", folder / "result.h5")
    pogo(program, "export", folder / "result.h5", folder / "end")
    tokens = np.random.default_rng(1).integers(0, 256, 2 * 24 + 1)
    write_tokens(folder / "tokens.bin", tokens)
    loss, _ = reference(folder / "end", tokens, 2, 24)
    ours = json.loads(pogo(
        program, "eval", "--checkpoint", folder / "end", "--tokens", folder / "tokens.bin", "--batch",
        2, "--context", 24, "--json"))["loss"]
    faults = [] if abs(ours - loss) <= 1e-5 * loss else [f"loss {ours} instead of {loss}"]
    before = AutoModelForCausalLM.from_pretrained(folder / "start").state_dict()
    after = AutoModelForCausalLM.from_pretrained(folder / "end").state_dict()
    for name, start in before.items():
        change = (after[name] - start).double().numpy()
        trained = is_trained(name, start, variant, modules)
        # Small values that share a scale with large ones may be rounded to no update at all.
        may_stay = variant == "low-rank" and start.ndim == 1
        if trained != bool(change.any()) and not may_stay:
            faults.append(f"{name} {'stays' if trained else 'changes'}")
        if variant in ("lora", "low-rank") and trained and start.ndim == 2:
            rank = RANK if variant == "lora" else RANK * BLOCKS
            # A smaller update is as small as it is: there is nothing to cut.
            if variant == "low-rank" and RANK * sum(start.shape) >= start.numel() or rank >= min(
                    start.shape):
                continue
            values = np.linalg.svd(change, compute_uv=False)
            if values[rank] > 1e-5 * values[0] or values[RANK - 1] < 1e-4 * values[0]:
                faults.append(f"{name} changes by another rank: {values[:RANK + 2]}")
    pogo(program, "export", folder / "start", folder / "copy")
    ids = torch.from_numpy(tokens[:48].reshape(2, 24).astype(np.int64))
    with torch.no_grad():
        logits = [
            AutoModelForCausalLM.from_pretrained(folder / name).eval()(ids).logits
            for name in ("start", "copy")]
    if not torch.equal(*logits):
        faults.append("a checkpoint that was exported has other logits")
    text = "; ".join(faults) or f"loss {loss:.9f}, off by {abs(ours - loss) / loss:.1e}"
    return f"{family}, {variant}: {text}", not faults


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("pogo")
    arguments = parser.parse_args()
    failures = 0
    with tempfile.TemporaryDirectory() as root:
        for family in MODELS:
            for variant in VARIANTS:
                line, good = check(arguments.pogo, pathlib.Path(root), family, variant)
                print(line if good else f"FAILED {line}")
                failures += not good
    sys.exit(f"{failures} exports disagree" if failures else 0)
