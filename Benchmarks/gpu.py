#!/usr/bin/env python3
"""What a GPU computes otherwise than fixed arithmetic, and how much of its peak whole steps reach.

    pogo run Experiments/quickstart.yaml --out quickstart.h5
    pogo export quickstart.h5 model
    pogo eval --checkpoint model --tokens TOKENS --batch B --context T --gradient gradient.safetensors
    python3 Benchmarks/gpu.py --model model --tokens TOKENS --gradient gradient.safetensors -B B -T T
    python3 Benchmarks/gpu.py --steps [--peak 989.4]

The first form computes the same gradient with Hugging Face's classes on the GPU, in float32, TF32 and
bfloat16 autocast, and prints its distance |p - h| / |h| from PoGO's, before and after int4 in groups of 64:
what a tolerant verification would have to accept (docs/protocol.md, section 6.4). The second times training
steps of GPT-3's shapes at 2048 tokens, bfloat16 autocast, torch.compile, fused AdamW, and counts operations
as `pogo model` does. Needs PyTorch with CUDA, transformers and safetensors.
"""

import argparse
import time

import numpy as np
import torch
import torch.nn.functional as F

# name: layers, width, heads, sequences
SHAPES = {"gpt3-125m": (12, 768, 12, 16), "gpt3-1.3b": (24, 2048, 16, 8)}
CONTEXT, VOCABULARY = 2048, 50257


def gradients(folder, inputs, targets, *, dtype=torch.float32, tf32=False, autocast=False, parts=1):
    """Gradient of the mean cross-entropy, by tensor name, float64 on the CPU."""
    from transformers import AutoModelForCausalLM

    torch.backends.cuda.matmul.allow_tf32 = tf32
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, attn_implementation="eager")
    model = model.cuda().train()
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    for x, y in zip(inputs.chunk(parts), targets.chunk(parts)):
        with torch.autocast("cuda", dtype=torch.bfloat16, enabled=autocast):
            logits = model(x).logits
        logits = logits.reshape(-1, logits.shape[-1])
        (F.cross_entropy(logits if dtype == torch.float64 else logits.float(), y.reshape(-1)) / parts).backward()
    return {name: p.grad.double().cpu().numpy() for name, p in model.named_parameters()}


def int4(values):
    """int4:g64: the scale is the largest magnitude of 64 values over 7."""
    groups = np.pad(values.astype(np.float32), (0, -len(values) % 64)).reshape(-1, 64)
    scales = np.abs(groups).max(1, keepdims=True) / np.float32(7)
    codes = np.clip(np.rint(groups / np.where(scales == 0, 1, scales)), -7, 7)
    return (codes * scales).astype(np.float64).ravel()[:len(values)]


def compare(arguments):
    from safetensors.numpy import load_file

    ours = load_file(arguments.gradient)
    flat = lambda tensors: np.concatenate([np.float64(tensors[name]).ravel() for name in ours])
    count = arguments.B * arguments.T
    tokens = np.fromfile(arguments.tokens, dtype=np.uint16, offset=1024)[:count + 1].astype(np.int64)
    inputs, targets = (
        torch.from_numpy(part.reshape(arguments.B, arguments.T)).cuda() for part in (tokens[:-1], tokens[1:]))
    results = {"PoGO": flat(ours)}
    for name, options in {
            "float64": dict(dtype=torch.float64), "float32": {}, "float32 again": {},
            "float32 in parts": dict(parts=arguments.B // 4 or 1), "TF32": dict(tf32=True),
            "bfloat16 autocast": dict(autocast=True)}.items():
        results[name] = flat(gradients(arguments.model, inputs, targets, **options))
    pairs = [("PoGO", "float64")] + [
        (name, "PoGO") for name in results if name not in ("PoGO", "float64")]
    for name, base in pairs + [("float32 again", "float32")]:
        a, b = results[name], results[base]
        distance = lambda a, b: np.linalg.norm(a - b) / np.linalg.norm(b)
        print(f"{name + ' from ' + base:32} {distance(a, b):.2e}   int4:g64 {distance(int4(a), int4(b)):.2e}")


class Layer(torch.nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = torch.nn.LayerNorm(width), torch.nn.LayerNorm(width)
        self.qkv, self.out = torch.nn.Linear(width, 3 * width), torch.nn.Linear(width, width)
        self.up, self.down = torch.nn.Linear(width, 4 * width), torch.nn.Linear(4 * width, width)

    def forward(self, x):
        shape = (*x.shape[:2], 3, self.heads, x.shape[2] // self.heads)
        q, k, v = self.qkv(self.norm1(x)).view(shape).permute(2, 0, 3, 1, 4)
        attention = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(attention.transpose(1, 2).reshape(x.shape))
        return x + self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh"))


class GPT3(torch.nn.Module):
    def __init__(self, layers, width, heads):
        super().__init__()
        self.tokens = torch.nn.Embedding(VOCABULARY, width)
        self.positions = torch.nn.Embedding(CONTEXT, width)
        self.layers = torch.nn.ModuleList(Layer(width, heads) for _ in range(layers))
        self.norm = torch.nn.LayerNorm(width)

    def forward(self, tokens):
        x = self.tokens(tokens) + self.positions.weight
        for layer in self.layers:
            x = layer(x)
        return F.cross_entropy((self.norm(x) @ self.tokens.weight.T).view(-1, VOCABULARY), tokens.view(-1))


def steps(peak):
    for name, (layers, width, heads, batch) in SHAPES.items():
        model = GPT3(layers, width, heads).cuda()
        optimizer = torch.optim.AdamW(model.parameters(), fused=True)
        compiled = torch.compile(model)
        tokens = torch.randint(0, VOCABULARY, (batch, CONTEXT), device="cuda")
        seconds = []
        for _ in range(13):
            torch.cuda.synchronize()
            start = time.perf_counter()
            with torch.autocast("cuda", dtype=torch.bfloat16):
                loss = compiled(tokens)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            torch.cuda.synchronize()
            seconds.append(time.perf_counter() - start)
        median = sorted(seconds[4:])[4]
        scores = 2 * 2 * layers * width * (CONTEXT + 1) / 2
        flops = 3 * batch * CONTEXT * (2 * layers * 12 * width**2 + 2 * VOCABULARY * width + scores)
        rate = flops / median / 1e12
        print(f"{name}, {batch} x {CONTEXT} tokens: {1e3 * median:.1f} ms, {batch * CONTEXT / median:.0f} tokens/s, "
              f"{rate:.0f} TFLOP/s, {rate / peak:.2f} of {peak}")
        del model, compiled, optimizer
        torch.cuda.empty_cache()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model")
    parser.add_argument("--tokens")
    parser.add_argument("--gradient")
    parser.add_argument("-B", type=int, default=16)
    parser.add_argument("-T", type=int, default=64)
    parser.add_argument("--steps", action="store_true")
    parser.add_argument("--peak", type=float, default=989.4, help="TFLOP/s, dense bfloat16")
    options = parser.parse_args()
    print(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}")
    if options.model:
        compare(options)
    if options.steps:
        steps(options.peak)
