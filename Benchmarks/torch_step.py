"""One PyTorch child of steps.py: `torch_step.py CASE THREADS STEPS` prints seconds of each step."""

import json
import sys

from torch_timing import timed_steps

# layers, d_model, heads, learned positions, vocabulary, sequences, tokens
CASES = {
    "4x256": (4, 256, 4, 128, 256, 8, 128),
    "6x384": (6, 384, 6, 256, 256, 16, 256),
    "124m": (12, 768, 12, 1024, 50257, 4, 64),
}


def model(layers, d, heads, positions, vocabulary):
    import torch
    from torch import nn
    from torch.nn import functional as F

    class Layer(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)
            self.attention, self.projection = nn.Linear(d, 3 * d), nn.Linear(d, d)
            self.expand, self.contract = nn.Linear(d, 4 * d), nn.Linear(4 * d, d)

        def forward(self, x):
            b, t, _ = x.shape
            q, k, v = (
                part.view(b, t, heads, d // heads).transpose(1, 2)
                for part in self.attention(self.norm1(x)).split(d, dim=2))
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.projection(y.transpose(1, 2).reshape(b, t, d))
            return x + self.contract(F.gelu(self.expand(self.norm2(x)), approximate="tanh"))

    class GPT(nn.Module):
        def __init__(self):
            super().__init__()
            self.tokens, self.positions = nn.Embedding(vocabulary, d), nn.Embedding(positions, d)
            self.layers = nn.ModuleList(Layer() for _ in range(layers))
            self.norm = nn.LayerNorm(d)
            for table in (self.tokens, self.positions):
                nn.init.normal_(table.weight, std=0.02)

        def forward(self, tokens, targets):
            x = self.tokens(tokens) + self.positions(torch.arange(tokens.shape[1]))
            for layer in self.layers:
                x = layer(x)
            logits = F.linear(self.norm(x), self.tokens.weight)
            return F.cross_entropy(logits.view(-1, vocabulary), targets.view(-1))

    return GPT()


def main(name, threads, steps, warmups=2):
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(1)
    layers, d, heads, positions, vocabulary, sequences, length = CASES[name]
    gpt = model(layers, d, heads, positions, vocabulary)
    tokens, targets = torch.randint(vocabulary, (2, sequences, length))
    print(json.dumps(timed_steps(gpt.parameters(), lambda: gpt(tokens, targets), steps, warmups)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
