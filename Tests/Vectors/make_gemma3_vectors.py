#!/usr/bin/env python3
"""Makes gemma3_a ... gemma3_d (.json and .bin): loss and gradients of tiny Gemma 3 text decoders.

The judge is `transformers.Gemma3ForCausalLM` on PyTorch in float64. Hugging Face computes norms and
angles of positions in float32 whatever the model's type is; this script makes it compute them in
float64, after checking that this moves the loss by less than 1e-6 of itself. A second forward pass,
written from the formulas in complex NumPy and sharing no code with PyTorch, must give the same loss
within 1e-12. Its complex-step derivatives along random directions must give the same gradient of
every tensor within 1e-12.

How to run:

    python3 -m venv venv
    venv/bin/pip install torch==2.15.0 transformers==5.24.0 numpy==2.4.6
    venv/bin/python make_gemma3_vectors.py           # writes the files beside this script
    venv/bin/python make_gemma3_vectors.py --check   # writes nothing, compares with the stored files

`--check` compares parameters and tokens exactly, losses within 1e-12 and gradients within 1e-6 of
the largest in their tensor, or 1e-15, as another processor may sum in another order.

JSON, one object:
  case, architecture      "a"; "gemma3"
  shape                   d_model, n_layers, n_heads, n_kv_heads, head_dim, d_ff, context, vocab_size,
                          window, local (for each layer, whether it is local), query_scale,
                          rope_base_local, rope_scaling_local, rope_base_global, rope_scaling_global,
                          norm_epsilon, padding_token (or null), and of the data: batch, tokens
                          (positions in each sequence, at most `context`)
  tokens, targets         [batch][tokens]; the target of a position is the token that follows it
  loss                    mean over batch * tokens of -log softmax(logits)[target], a float64
  loss_after_step         the same after w -= learning_rate * gradient, all in float64
  learning_rate           0.1
  parameter_count         P
  tensors                 ordered list of {name, shape, offset}; offset counts float32 elements
  bin_sha256              SHA-256 of the .bin file
  versions                python, torch, transformers, numpy

.bin: 2 * P little-endian float32. First all parameters in the order of `tensors`, each row-major,
then the gradients in the same order, rounded from float64. Names are those of Hugging Face without
`model.`, matrices are as it stores them, [out, in]: y = x W^T. The head of the model is
embed_tokens, so its gradient is the sum over both of its uses; as an input, the padding token's row
gets none.

Case a: window shorter than the sequence, last layer global, scaled global positions, two query heads
a key head, heads of 6. Case b: window longer than the sequence, last layer local, one key head for
three query heads, heads of 10, a padding token that occurs. Case c: as many key as query heads, five
local layers to one global and one more, both kinds of positions scaled. Case d: one token a
sequence, all layers global.
"""

import math
import sys
from dataclasses import dataclass

import numpy
import torch
import transformers
from transformers.models.gemma3 import modeling_gemma3

from model_vectors import (
    LEARNING_RATE,
    check_against_formulas,
    gelu,
    layout_and_binary,
    results,
    run,
)


@dataclass(frozen=True)
class Case:
    name: str
    local: tuple
    d_model: int
    heads: int
    kv_heads: int
    head_dim: int
    d_ff: int
    context: int
    vocabulary: int
    window: int
    query_scale: int
    batch: int
    tokens: int
    seed: int
    base_local: float = 10_000.0
    scaling_local: float = 1.0
    base_global: float = 1_000_000.0
    scaling_global: float = 1.0
    epsilon: float = 1e-6
    padding: int | None = None

    @property
    def layers(self):
        return len(self.local)


CASES = [
    Case(
        "a",
        local=(True, True, False),
        d_model=20,
        heads=4,
        kv_heads=2,
        head_dim=6,
        d_ff=28,
        context=16,
        vocabulary=23,
        window=3,
        query_scale=9,
        batch=2,
        tokens=7,
        seed=20250411,
        scaling_global=8.0,
    ),
    Case(
        "b",
        local=(False, True),
        d_model=15,
        heads=3,
        kv_heads=1,
        head_dim=10,
        d_ff=19,
        context=32,
        vocabulary=17,
        window=16,
        query_scale=10,
        batch=3,
        tokens=9,
        seed=20250412,
        epsilon=1e-5,
        padding=0,
    ),
    Case(
        "c",
        local=(True, True, True, True, True, False, True),
        d_model=12,
        heads=2,
        kv_heads=2,
        head_dim=14,
        d_ff=24,
        context=24,
        vocabulary=29,
        window=4,
        query_scale=14,
        batch=2,
        tokens=24,
        seed=20250413,
        base_local=100.0,
        scaling_local=2.0,
        base_global=5000.0,
        scaling_global=4.0,
    ),
    Case(
        "d",
        local=(False, False),
        d_model=16,
        heads=8,
        kv_heads=2,
        head_dim=2,
        d_ff=8,
        context=4,
        vocabulary=11,
        window=4,
        query_scale=2,
        batch=5,
        tokens=1,
        seed=20250414,
    ),
]


def tensor_shapes(case):
    """Name and shape of every parameter, in the order of the flat layout."""
    d, queries, keys = case.d_model, case.heads * case.head_dim, case.kv_heads * case.head_dim
    shapes = [("embed_tokens.weight", (case.vocabulary, d))]
    for i in range(case.layers):
        layer = f"layers.{i}."
        shapes += [
            (layer + "input_layernorm.weight", (d,)),
            (layer + "self_attn.q_proj.weight", (queries, d)),
            (layer + "self_attn.k_proj.weight", (keys, d)),
            (layer + "self_attn.v_proj.weight", (keys, d)),
            (layer + "self_attn.q_norm.weight", (case.head_dim,)),
            (layer + "self_attn.k_norm.weight", (case.head_dim,)),
            (layer + "self_attn.o_proj.weight", (d, queries)),
            (layer + "post_attention_layernorm.weight", (d,)),
            (layer + "pre_feedforward_layernorm.weight", (d,)),
            (layer + "mlp.gate_proj.weight", (case.d_ff, d)),
            (layer + "mlp.up_proj.weight", (case.d_ff, d)),
            (layer + "mlp.down_proj.weight", (d, case.d_ff)),
            (layer + "post_feedforward_layernorm.weight", (d,)),
        ]
    return shapes + [("norm.weight", (d,))]


def draw(case):
    """Float32 parameters by name, tokens and targets. RandomState's streams are frozen by NumPy."""
    random = numpy.random.RandomState(case.seed)
    parameters = {}
    for name, shape in tensor_shapes(case):
        values = random.standard_normal(shape)
        if name == "embed_tokens.weight":
            values *= 0.3
        elif len(shape) == 1:
            values *= 0.25
        else:
            values *= 1.2 / math.sqrt(shape[1])
        parameters[name] = values.astype(numpy.float32)
    sequences = random.randint(0, case.vocabulary, size=(case.batch, case.tokens + 1))
    if case.padding is not None:
        sequences[0, 1] = case.padding
    return parameters, sequences[:, :-1], sequences[:, 1:]


# The first source: Hugging Face on PyTorch.


def rope(base, scaling):
    if scaling == 1.0:
        return {"rope_type": "default", "rope_theta": base}
    return {"rope_type": "linear", "rope_theta": base, "factor": scaling}


def build_model(case, parameters):
    config = transformers.Gemma3TextConfig(
        vocab_size=case.vocabulary,
        hidden_size=case.d_model,
        intermediate_size=case.d_ff,
        num_hidden_layers=case.layers,
        num_attention_heads=case.heads,
        num_key_value_heads=case.kv_heads,
        head_dim=case.head_dim,
        hidden_activation="gelu_pytorch_tanh",
        max_position_embeddings=case.context,
        rms_norm_eps=case.epsilon,
        pad_token_id=case.padding,
        bos_token_id=1,
        eos_token_id=1,
        tie_word_embeddings=True,
        rope_parameters={
            "sliding_attention": rope(case.base_local, case.scaling_local),
            "full_attention": rope(case.base_global, case.scaling_global),
        },
        query_pre_attn_scalar=case.query_scale,
        sliding_window=case.window,
        layer_types=["sliding_attention" if is_local else "full_attention" for is_local in case.local],
        use_cache=False,
        # The eager form computes its softmax in float32.
        attn_implementation="sdpa",
    )
    model = transformers.Gemma3ForCausalLM(config).double().eval()
    named = dict(model.model.named_parameters())
    if model.lm_head.weight is not model.model.embed_tokens.weight:
        sys.exit("the head is not tied to embed_tokens")
    if set(named) != set(parameters) or len(list(model.parameters())) != len(parameters):
        sys.exit(f"the model's parameters are {sorted(named)}")
    with torch.no_grad():
        for name, values in parameters.items():
            if tuple(named[name].shape) != values.shape:
                sys.exit(f"{name} has shape {tuple(named[name].shape)}, expected {values.shape}")
            named[name].copy_(torch.from_numpy(values.astype(numpy.float64)))
    return model, named


def norm_in_float64(self, x):
    return self._norm(x) * (1.0 + self.weight)


def positions_in_float64(case):
    def forward(self, x, position_ids, layer_type):
        is_local = layer_type == "sliding_attention"
        base = case.base_local if is_local else case.base_global
        scaling = case.scaling_local if is_local else case.scaling_global
        exponents = torch.arange(0, case.head_dim, 2, dtype=torch.float64) / case.head_dim
        angles = position_ids[..., None].double() / (scaling * base**exponents)
        both = torch.cat((angles, angles), dim=-1)
        return both.cos(), both.sin()

    return forward


def loss_of_model(case, model, x, y):
    logits = model(input_ids=x).logits
    if logits.dtype != torch.float64:
        sys.exit(f"logits are {logits.dtype}, expected float64")
    return torch.nn.functional.cross_entropy(logits.reshape(-1, case.vocabulary), y.reshape(-1))


def hugging_face(case, parameters, tokens, targets):
    """Loss, gradients by name, and the loss after one step of plain gradient descent."""
    model, named = build_model(case, parameters)
    x, y = torch.from_numpy(tokens.copy()), torch.from_numpy(targets.copy())
    with torch.no_grad():
        as_it_is = loss_of_model(case, model, x, y).item()
    kept = modeling_gemma3.Gemma3RMSNorm.forward, modeling_gemma3.Gemma3RotaryEmbedding.forward
    modeling_gemma3.Gemma3RMSNorm.forward = norm_in_float64
    modeling_gemma3.Gemma3RotaryEmbedding.forward = positions_in_float64(case)
    # A buffer that was made as float32.
    model.model.embed_tokens.embed_scale = torch.tensor(math.sqrt(case.d_model), dtype=torch.float64)
    try:
        loss = loss_of_model(case, model, x, y)
        if not abs(loss.item() - as_it_is) <= 1e-6 * as_it_is:
            sys.exit(f"case {case.name}: {loss.item()} in float64, {as_it_is} as it is")
        loss.backward()
        gradients = {name: parameter.grad.numpy().copy() for name, parameter in named.items()}
        with torch.no_grad():
            for parameter in named.values():
                parameter -= LEARNING_RATE * parameter.grad
            after = loss_of_model(case, model, x, y)
    finally:
        modeling_gemma3.Gemma3RMSNorm.forward, modeling_gemma3.Gemma3RotaryEmbedding.forward = kept
    return loss.item(), gradients, after.item()


# The second source: the formulas in NumPy, for real or complex parameters.


def rms_norm(case, x, gain):
    return x / numpy.sqrt((x * x).mean(axis=-1, keepdims=True) + case.epsilon) * (1 + gain)


def turn(case, x, is_local):
    """x (tokens, head_dim): the halves of a head are real and imaginary parts, turned by position."""
    base = case.base_local if is_local else case.base_global
    scaling = case.scaling_local if is_local else case.scaling_global
    half = case.head_dim // 2
    out = numpy.empty_like(x)
    for t in range(len(x)):
        for i in range(half):
            angle = t / scaling / base ** (2 * i / case.head_dim)
            a, b = x[t, i], x[t, i + half]
            out[t, i] = a * math.cos(angle) - b * math.sin(angle)
            out[t, i + half] = b * math.cos(angle) + a * math.sin(angle)
    return out


def attention(case, x, p, prefix, is_local):
    """x (batch, tokens, d_model)."""
    width, share = case.head_dim, case.heads // case.kv_heads
    out = numpy.zeros((case.batch, case.tokens, case.heads * width), dtype=x.dtype)
    for b in range(case.batch):
        for h in range(case.heads):
            own, shared = slice(h * width, (h + 1) * width), slice(
                h // share * width, (h // share + 1) * width
            )
            q = x[b] @ p[prefix + "q_proj.weight"][own].T
            k = x[b] @ p[prefix + "k_proj.weight"][shared].T
            v = x[b] @ p[prefix + "v_proj.weight"][shared].T
            q = turn(case, rms_norm(case, q, p[prefix + "q_norm.weight"]), is_local)
            k = turn(case, rms_norm(case, k, p[prefix + "k_norm.weight"]), is_local)
            for t in range(case.tokens):
                first = max(0, t - case.window + 1) if is_local else 0
                scores = k[first : t + 1] @ q[t] / math.sqrt(case.query_scale)
                weights = numpy.exp(scores - scores.real.max())
                out[b, t, own] = weights @ v[first : t + 1] / weights.sum()
    return out @ p[prefix + "o_proj.weight"].T


def formula_loss(case, p, tokens, targets, as_input=None):
    """`as_input` is the embedding of inputs where it is another than that of the head."""
    embedding = p["embed_tokens.weight"] if as_input is None else as_input
    x = embedding[tokens] * math.sqrt(case.d_model)
    for i, is_local in enumerate(case.local):
        layer = f"layers.{i}."

        def norm(x, name):
            return rms_norm(case, x, p[layer + name + ".weight"])

        a = attention(case, norm(x, "input_layernorm"), p, layer + "self_attn.", is_local)
        x = x + norm(a, "post_attention_layernorm")
        m = norm(x, "pre_feedforward_layernorm")
        gate = gelu(m @ p[layer + "mlp.gate_proj.weight"].T)
        m = (gate * (m @ p[layer + "mlp.up_proj.weight"].T)) @ p[layer + "mlp.down_proj.weight"].T
        x = x + norm(m, "post_feedforward_layernorm")
    logits = rms_norm(case, x, p["norm.weight"]) @ p["embed_tokens.weight"].T
    top = logits.real.max(axis=-1)
    log_sum = numpy.log(numpy.exp(logits - top[..., None]).sum(axis=-1)) + top
    chosen = numpy.take_along_axis(logits, targets[..., None], axis=-1)[..., 0]
    return (log_sum - chosen).mean()


# The files.


def without_padding(case, moved, exact, name):
    """The embedding as inputs see it: there the padding token stays where it is. None: as it is."""
    if name != "embed_tokens.weight" or case.padding is None:
        return None
    as_input = moved[name].copy()
    as_input[case.padding] = exact[name][case.padding]
    return as_input


def make(case):
    """Fields of the JSON file and bytes of the binary file."""
    parameters, tokens, targets = draw(case)
    loss, gradients, after = hugging_face(case, parameters, tokens, targets)
    check_against_formulas(
        case, parameters, loss, gradients, after,
        lambda moved, exact, name: formula_loss(
            case, moved, tokens, targets, without_padding(case, moved, exact, name)))
    tensors, count, binary = layout_and_binary(
        case, tensor_shapes(case), parameters, gradients)
    fields = {
        "case": case.name,
        "architecture": "gemma3",
        "shape": {
            "d_model": case.d_model,
            "n_layers": case.layers,
            "n_heads": case.heads,
            "n_kv_heads": case.kv_heads,
            "head_dim": case.head_dim,
            "d_ff": case.d_ff,
            "context": case.context,
            "vocab_size": case.vocabulary,
            "window": case.window,
            "local": list(case.local),
            "query_scale": case.query_scale,
            "rope_base_local": case.base_local,
            "rope_scaling_local": case.scaling_local,
            "rope_base_global": case.base_global,
            "rope_scaling_global": case.scaling_global,
            "norm_epsilon": case.epsilon,
            "padding_token": case.padding,
            "batch": case.batch,
            "tokens": case.tokens,
        },
        **results(tokens, targets, loss, after, count, binary, tensors),
    }
    return fields, binary


if __name__ == "__main__":
    run("gemma3", CASES, make)
