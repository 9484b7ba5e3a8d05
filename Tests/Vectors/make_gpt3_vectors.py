#!/usr/bin/env python3
"""Makes gpt3_a, gpt3_b, gpt3_c (.json and .bin): loss and gradients of tiny GPT-3 style decoders.

The judge is `transformers.GPT2LMHeadModel` on PyTorch in float64 (GELU in its tanh form, tied
embeddings, eager attention, no dropout). A second forward pass, written from the formulas in
complex NumPy and sharing no code with PyTorch, must give the same loss within 1e-12. Its
complex-step derivatives along random directions must give the same gradient of every tensor within
1e-12.

How to run:

    python3 -m venv venv
    venv/bin/pip install torch==2.15.0 transformers==5.23.0 numpy==2.4.6
    venv/bin/python make_gpt3_vectors.py           # writes the files beside this script
    venv/bin/python make_gpt3_vectors.py --check   # writes nothing, compares with the stored files

The stored files were made with the versions that `versions` in each JSON names. On one machine two
runs give identical files. Another processor may sum in another order inside PyTorch, so there the
last digits of the losses and the last bit of a few gradients can differ: `--check` compares
parameters and tokens exactly, losses within 1e-12 and gradients within 1e-6 of the largest in their
tensor, or 1e-15.

JSON, one object:
  case, architecture      "a"; "gpt3"
  shape                   d_model, n_layers, n_heads, context, vocab_size, and of the data: batch,
                          tokens (positions in each sequence, at most `context`)
  layer_norm_epsilon      1e-5; the variance is the biased one (divided by d_model)
  tokens, targets         [batch][tokens]; the target of a position is the token that follows it
  loss                    mean over batch * tokens of -log softmax(logits)[target], a float64
  loss_after_step         the same after w -= learning_rate * gradient, all in float64
  learning_rate           0.1
  parameter_count         P
  tensors                 ordered list of {name, shape, offset}; offset counts float32 elements
  bin_sha256              SHA-256 of the .bin file
  versions                python, torch, transformers, numpy

.bin: 2 * P little-endian float32. First all parameters in the order of `tensors`, each row-major,
then the gradients in the same order, rounded from float64. Names are those of Hugging Face, and
weights of the layers are as it stores them, [in, out]: y = x W + b. The columns of c_attn are all
queries, then all keys, then all values; head h owns columns h * width ..< (h + 1) * width of each,
where width = d_model / n_heads. The head of the model is wte, so the gradient of wte is the sum
over both of its uses.

Two things to know when comparing. A constant added to every score of a row changes no softmax, so
the gradient of the key bias (the middle third of c_attn.bias) is zero in exact arithmetic, and
rounding noise below 1e-15 in these files. Rows of wpe from `tokens` on have a gradient of exactly
zero, as have queries and keys where `tokens` is 1. So compare with the largest gradient of the
tensor, not element by element.
"""

import math
import sys
from dataclasses import dataclass

import numpy
import torch
import transformers

from model_vectors import (
    LEARNING_RATE,
    check_against_formulas,
    gelu,
    layout_and_binary,
    results,
    run,
)

EPSILON = 1e-5


@dataclass(frozen=True)
class Case:
    name: str
    layers: int
    d_model: int
    heads: int
    context: int
    vocabulary: int
    batch: int
    tokens: int
    seed: int


CASES = [
    Case(
        "a",
        layers=2,
        d_model=24,
        heads=3,
        context=8,
        vocabulary=31,
        batch=2,
        tokens=7,
        seed=20250401,
    ),
    Case(
        "b",
        layers=1,
        d_model=20,
        heads=4,
        context=12,
        vocabulary=17,
        batch=3,
        tokens=9,
        seed=20250402,
    ),
    Case(
        "c",
        layers=3,
        d_model=16,
        heads=1,
        context=4,
        vocabulary=11,
        batch=1,
        tokens=1,
        seed=20250403,
    ),
]


def tensor_shapes(case):
    """Name and shape of every parameter, in the order of the flat layout."""
    d = case.d_model
    shapes = [("wte.weight", (case.vocabulary, d)), ("wpe.weight", (case.context, d))]
    for i in range(case.layers):
        shapes += [
            (f"h.{i}.ln_1.weight", (d,)),
            (f"h.{i}.ln_1.bias", (d,)),
            (f"h.{i}.attn.c_attn.weight", (d, 3 * d)),
            (f"h.{i}.attn.c_attn.bias", (3 * d,)),
            (f"h.{i}.attn.c_proj.weight", (d, d)),
            (f"h.{i}.attn.c_proj.bias", (d,)),
            (f"h.{i}.ln_2.weight", (d,)),
            (f"h.{i}.ln_2.bias", (d,)),
            (f"h.{i}.mlp.c_fc.weight", (d, 4 * d)),
            (f"h.{i}.mlp.c_fc.bias", (4 * d,)),
            (f"h.{i}.mlp.c_proj.weight", (4 * d, d)),
            (f"h.{i}.mlp.c_proj.bias", (d,)),
        ]
    return shapes + [("ln_f.weight", (d,)), ("ln_f.bias", (d,))]


def draw(case):
    """Float32 parameters by name, tokens and targets. RandomState's streams are frozen by NumPy."""
    random = numpy.random.RandomState(case.seed)
    parameters = {}
    for name, shape in tensor_shapes(case):
        values = random.standard_normal(shape)
        if name == "wte.weight":
            values *= 0.5
        elif name == "wpe.weight":
            values *= 0.3
        elif ".ln_" in "." + name:
            values = 0.25 * values + (1.0 if name.endswith("weight") else 0.0)
        elif name.endswith("bias"):
            values *= 0.2
        else:
            values *= 1.2 / math.sqrt(shape[0])
        parameters[name] = values.astype(numpy.float32)
    sequences = random.randint(0, case.vocabulary, size=(case.batch, case.tokens + 1))
    return parameters, sequences[:, :-1], sequences[:, 1:]


# The first source: Hugging Face on PyTorch.


def build_model(case, parameters):
    config = transformers.GPT2Config(
        vocab_size=case.vocabulary,
        n_positions=case.context,
        n_embd=case.d_model,
        n_layer=case.layers,
        n_head=case.heads,
        n_inner=None,
        activation_function="gelu_new",
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        layer_norm_epsilon=EPSILON,
        tie_word_embeddings=True,
        use_cache=False,
        bos_token_id=0,
        eos_token_id=0,
        attn_implementation="eager",
    )
    model = transformers.GPT2LMHeadModel(config).double().eval()
    named = dict(model.transformer.named_parameters())
    if model.lm_head.weight is not model.transformer.wte.weight:
        sys.exit("the head is not tied to wte")
    if set(named) != set(parameters) or len(list(model.parameters())) != len(parameters):
        sys.exit(f"the model's parameters are {sorted(named)}")
    with torch.no_grad():
        for name, values in parameters.items():
            if tuple(named[name].shape) != values.shape:
                sys.exit(f"{name} has shape {tuple(named[name].shape)}, expected {values.shape}")
            named[name].copy_(torch.from_numpy(values.astype(numpy.float64)))
    return model, named


def hugging_face(case, parameters, tokens, targets):
    """Loss, gradients by name, and the loss after one step of plain gradient descent."""
    model, named = build_model(case, parameters)
    x, y = torch.from_numpy(tokens.copy()), torch.from_numpy(targets.copy())

    def loss_of_model():
        logits = model(input_ids=x).logits
        if logits.dtype != torch.float64:
            sys.exit(f"logits are {logits.dtype}, expected float64")
        return torch.nn.functional.cross_entropy(logits.reshape(-1, case.vocabulary), y.reshape(-1))

    loss = loss_of_model()
    loss.backward()
    gradients = {name: parameter.grad.numpy().copy() for name, parameter in named.items()}
    with torch.no_grad():
        for parameter in named.values():
            parameter -= LEARNING_RATE * parameter.grad
        after = loss_of_model()
    return loss.item(), gradients, after.item()


# The second source: the formulas in NumPy, for real or complex parameters.


def layer_norm(x, weight, bias):
    centered = x - x.mean(axis=-1, keepdims=True)
    variance = (centered * centered).mean(axis=-1, keepdims=True)
    return centered / numpy.sqrt(variance + EPSILON) * weight + bias


def attention(case, x, p, prefix):
    """x (batch, tokens, d_model); every position attends to itself and to those before it."""
    d, width = case.d_model, case.d_model // case.heads
    qkv = x @ p[prefix + "c_attn.weight"] + p[prefix + "c_attn.bias"]
    out = numpy.zeros_like(x)
    for b in range(case.batch):
        for h in range(case.heads):
            q, k, v = (qkv[b, :, s * d + h * width : s * d + (h + 1) * width] for s in range(3))
            for t in range(case.tokens):
                scores = k[: t + 1] @ q[t] / math.sqrt(width)
                weights = numpy.exp(scores - scores.real.max())
                out[b, t, h * width : (h + 1) * width] = weights @ v[: t + 1] / weights.sum()
    return out @ p[prefix + "c_proj.weight"] + p[prefix + "c_proj.bias"]


def formula_loss(case, p, tokens, targets):
    x = p["wte.weight"][tokens] + p["wpe.weight"][: case.tokens]
    for i in range(case.layers):
        h = f"h.{i}."
        x = x + attention(
            case, layer_norm(x, p[h + "ln_1.weight"], p[h + "ln_1.bias"]), p, h + "attn."
        )
        m = layer_norm(x, p[h + "ln_2.weight"], p[h + "ln_2.bias"])
        m = gelu(m @ p[h + "mlp.c_fc.weight"] + p[h + "mlp.c_fc.bias"])
        x = x + m @ p[h + "mlp.c_proj.weight"] + p[h + "mlp.c_proj.bias"]
    logits = layer_norm(x, p["ln_f.weight"], p["ln_f.bias"]) @ p["wte.weight"].T
    top = logits.real.max(axis=-1)
    log_sum = numpy.log(numpy.exp(logits - top[..., None]).sum(axis=-1)) + top
    chosen = numpy.take_along_axis(logits, targets[..., None], axis=-1)[..., 0]
    return (log_sum - chosen).mean()


# The files.


def make(case):
    """Fields of the JSON file and bytes of the binary file."""
    parameters, tokens, targets = draw(case)
    loss, gradients, after = hugging_face(case, parameters, tokens, targets)
    check_against_formulas(
        case, parameters, loss, gradients, after,
        lambda moved, exact, name: formula_loss(case, moved, tokens, targets))
    tensors, count, binary = layout_and_binary(
        case, tensor_shapes(case), parameters, gradients)
    fields = {
        "case": case.name,
        "architecture": "gpt3",
        "shape": {
            "d_model": case.d_model,
            "n_layers": case.layers,
            "n_heads": case.heads,
            "context": case.context,
            "vocab_size": case.vocabulary,
            "batch": case.batch,
            "tokens": case.tokens,
        },
        "layer_norm_epsilon": EPSILON,
        **results(tokens, targets, loss, after, count, binary, tensors),
    }
    return fields, binary


if __name__ == "__main__":
    run("gpt3", CASES, make)
