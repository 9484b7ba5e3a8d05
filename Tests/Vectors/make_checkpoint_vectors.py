#!/usr/bin/env python3
"""Makes the folders under checkpoints/: random models written by `save_pretrained`, and what
Hugging Face computes from them in float64.

Each folder holds config.json and the tensors as `transformers` writes them, and beside them
  tokens.bin            an llm.c token file with batch * context + 1 tokens or some more
  gradient.safetensors  gradient of the mean cross-entropy under the model's own names, rounded
                        from float64 to float32
  expected.json         batch, context, loss (float64)

gpt2-plain       one file, `transformer.` prefix
gpt2-sharded     several files with an index, n_inner that is not 4 d, short context
gpt2-bare        saved from `GPT2Model`: no prefix
gemma3-new       the `rope_parameters` form, last layer local, window shorter than the context
gemma3-scaled    scaled positions, last layer global, a head dimension that is no power of two
gemma3-old       the same weights under a config.json in the older form (`rope_theta`,
                 `rope_local_base_freq`, `rope_scaling`, `sliding_window_pattern`)
gemma3-bfloat16  stored as bfloat16; computed from those values in float64

How to run:

    pip install torch transformers safetensors
    python make_checkpoint_vectors.py           # writes the folders beside this script
    python make_checkpoint_vectors.py --check   # writes nothing, computes the stored ones again
"""

import json
import pathlib
import shutil
import sys

import numpy as np
import torch
from safetensors.torch import save_file
from transformers import (AutoModelForCausalLM, Gemma3ForCausalLM, Gemma3TextConfig, GPT2Config,
                          GPT2LMHeadModel)
from transformers.utils import logging

logging.set_verbosity_error()
logging.disable_progress_bar()
HERE = pathlib.Path(__file__).parent / "checkpoints"


def randomize(model, seed):
    """Every parameter normal, norms and biases too, so that a mixed-up pair shows."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.ndim >= 2:
                parameter.copy_(noise * 0.25 / parameter.shape[-1] ** 0.25)
            else:
                parameter.add_(noise * 0.2)
    return model


def write_tokens(path, tokens):
    header = np.zeros(256, dtype="<i4")
    header[:3] = 20240520, 1, len(tokens)
    with open(path, "wb") as file:
        file.write(header.tobytes())
        file.write(np.asarray(tokens, dtype="<u2").tobytes())


def read_tokens(path):
    return np.fromfile(path, dtype="<u2", offset=1024).astype(np.int64)


def reference(folder, tokens, batch, context):
    """Loss and gradients of a stored model on the first batch * context tokens, in float64."""
    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float64, attn_implementation="eager").eval()
    tokens = torch.as_tensor(tokens[: batch * context + 1])
    logits = model(tokens[:-1].reshape(batch, context)).logits
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), tokens[1:])
    loss.backward()
    return loss.item(), {name: p.grad for name, p in model.named_parameters()}


def finish(folder, model, seed, batch, context, prefix=""):
    count = batch * context + 1 + seed % 3
    tokens = np.random.default_rng(seed).integers(0, model.config.vocab_size, count)
    tokens[3] = 0  # the padding token of Gemma 3
    write_tokens(folder / "tokens.bin", tokens)
    loss, gradients = reference(folder, tokens, batch, context)
    save_file(
        {name.removeprefix(prefix): g.float().contiguous() for name, g in gradients.items()},
        folder / "gradient.safetensors",
    )
    expected = {"batch": batch, "context": context, "loss": loss}
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


def gpt2(seed, **sizes):
    return randomize(GPT2LMHeadModel(GPT2Config(**sizes, bos_token_id=None, eos_token_id=None)), seed)


def gemma3(seed, **sizes):
    special = dict(bos_token_id=None, eos_token_id=None)
    return randomize(Gemma3ForCausalLM(Gemma3TextConfig(**sizes, **special)), seed)


SCALED = dict(
    vocab_size=61, hidden_size=18, intermediate_size=26, num_hidden_layers=6, num_attention_heads=3,
    num_key_value_heads=1, head_dim=10, max_position_embeddings=24, sliding_window=30,
    query_pre_attn_scalar=7, rms_norm_eps=1e-5,
)


def folders(root):
    """Makes all folders below `root`."""
    def new(name):
        folder = root / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    folder = new("gpt2-plain")
    model = gpt2(1, n_layer=2, n_embd=12, n_head=3, n_positions=16, vocab_size=50)
    model.save_pretrained(folder)
    finish(folder, model, 1, batch=2, context=16)

    folder = new("gpt2-sharded")
    model = gpt2(2, n_layer=3, n_embd=14, n_head=2, n_positions=20, vocab_size=43, n_inner=22)
    model.save_pretrained(folder, max_shard_size="12KB")
    finish(folder, model, 2, batch=3, context=11)

    folder = new("gpt2-bare")
    model = gpt2(3, n_layer=1, n_embd=10, n_head=1, n_positions=9, vocab_size=300)
    model.transformer.save_pretrained(folder)
    finish(folder, model, 3, batch=1, context=9, prefix="transformer.")

    folder = new("gemma3-new")
    model = gemma3(
        4, vocab_size=47, hidden_size=16, intermediate_size=20, num_hidden_layers=7,
        num_attention_heads=4, num_key_value_heads=2, head_dim=6, max_position_embeddings=32,
        sliding_window=5, query_pre_attn_scalar=6, pad_token_id=None)
    model.save_pretrained(folder)
    finish(folder, model, 4, batch=2, context=19)

    folder = new("gemma3-scaled")
    scaled = dict(rope_type="linear", factor=8.0, rope_theta=500_000.0)
    local = dict(rope_type="default", rope_theta=8_000.0)
    model = gemma3(5, **SCALED, rope_parameters=dict(full_attention=scaled, sliding_attention=local))
    model.save_pretrained(folder)
    finish(folder, model, 5, batch=2, context=21)

    folder = new("gemma3-old")
    model.float().save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text())
    for key in ("rope_parameters", "layer_types", "_sliding_window_pattern", "dtype"):
        config.pop(key)
    config.update(
        rope_theta=500_000.0, rope_local_base_freq=8_000.0, sliding_window_pattern=6,
        rope_scaling=dict(rope_type="linear", factor=8.0), torch_dtype="float32")
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    finish(folder, model, 5, batch=2, context=21)

    folder = new("gemma3-bfloat16")
    model = gemma3(
        6, vocab_size=40, hidden_size=8, intermediate_size=12, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=1, head_dim=4, max_position_embeddings=16,
        sliding_window=4, query_pre_attn_scalar=4).bfloat16()
    model.save_pretrained(folder)
    finish(folder, model, 6, batch=2, context=8)
    for path in root.rglob("generation_config.json"):
        path.unlink()
    for path in root.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


def check():
    for folder in sorted(p for p in HERE.iterdir() if p.is_dir()):
        expected = json.loads((folder / "expected.json").read_text())
        tokens = read_tokens(folder / "tokens.bin")
        loss, _ = reference(folder, tokens, expected["batch"], expected["context"])
        if not abs(loss - expected["loss"]) <= 1e-10 * abs(loss):
            sys.exit(f"{folder.name}: the loss is {loss!r}, but {expected['loss']!r} is stored")
        print(f"{folder.name}: {loss:.9f}")


if __name__ == "__main__":
    check() if "--check" in sys.argv else folders(HERE)
