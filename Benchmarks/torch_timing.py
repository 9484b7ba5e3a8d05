"""The step that PyTorch's children time: forward, backward and fused AdamW in float32."""

import time


def timed_steps(parameters, loss, steps, warmups):
    """Seconds of each of `steps` steps on the loss that `loss()` gives, after some that do not count."""
    import torch

    optimizer = torch.optim.AdamW(
        parameters, lr=3e-4, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.1, fused=True)
    seconds = []
    for step in range(warmups + steps):
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        value = loss()
        value.backward()
        optimizer.step()
        value.item()
        if step >= warmups:
            seconds.append(time.perf_counter() - start)
    return seconds
