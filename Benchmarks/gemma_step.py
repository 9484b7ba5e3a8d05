"""One child of gemma_steps.py: `gemma_step.py eager|compile THREADS STEPS` prints seconds a step."""

import json
import sys

from torch_timing import timed_steps

# The shape of the case gemma3-6x256 of `pogo bench step`.
SHAPE = {
    "num_hidden_layers": 6,
    "hidden_size": 256,
    "num_attention_heads": 4,
    "num_key_value_heads": 1,
    "head_dim": 64,
    "intermediate_size": 1024,
    "sliding_window": 64,
    "vocab_size": 256,
    "max_position_embeddings": 128,
    "query_pre_attn_scalar": 64,
}
SEQUENCES, LENGTH = 8, 128


def main(mode, threads, steps, warmups=3):
    import torch
    import transformers

    torch.set_num_threads(threads)
    torch.manual_seed(1)
    config = transformers.Gemma3TextConfig(
        **SHAPE, use_cache=False, pad_token_id=None, bos_token_id=1, eos_token_id=1,
        attn_implementation="eager" if mode == "eager" else "sdpa")
    model = transformers.Gemma3ForCausalLM(config).train()
    tokens, targets = torch.randint(SHAPE["vocab_size"], (2, SEQUENCES, LENGTH))

    def loss_of(tokens, targets):
        logits = model(input_ids=tokens).logits
        return torch.nn.functional.cross_entropy(
            logits.view(-1, SHAPE["vocab_size"]), targets.view(-1))

    if mode == "compile":
        loss_of = torch.compile(loss_of)
    print(json.dumps(
        timed_steps(model.parameters(), lambda: loss_of(tokens, targets), steps, warmups)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
