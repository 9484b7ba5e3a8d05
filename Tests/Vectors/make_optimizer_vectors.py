#!/usr/bin/env python3
"""Writes optimizers.json: steps of PyTorch's optimizers in float64, its gradient clipping and its
learning-rate schedules.

All inputs and settings are binary32 numbers, so both sides start from the same values.

Usage: python3 make_optimizer_vectors.py [OUTPUT]      (torch and numpy are all it needs)
"""

import json
import pathlib
import sys

import numpy as np
import torch

COUNT, STEPS = 37, 12


def binary32(x):
    return float(np.float32(x))


def numbers(random, count, scale):
    return [binary32(x) for x in random.standard_normal(count) * scale]


def optimizer_case(name, seed, make, settings, state_keys):
    random = np.random.Generator(np.random.PCG64(seed))
    start = numbers(random, COUNT, 0.5)
    # Gradients of very different sizes, some of them zero.
    sizes = 10.0 ** random.uniform(-6, 1, COUNT)
    gradients = [numbers(random, COUNT, sizes) for _ in range(STEPS)]
    for gradient in gradients:
        gradient[5] = 0.0
    rates = [binary32(0.01 * (1 + k % 3)) for k in range(STEPS)]
    settings = {key: binary32(value) if isinstance(value, float) else value for key, value in settings.items()}
    parameter = torch.nn.Parameter(torch.tensor(start, dtype=torch.float64))
    optimizer = make(parameter, settings)
    for rate, gradient in zip(rates, gradients):
        for group in optimizer.param_groups:
            group["lr"] = rate
        parameter.grad = torch.tensor(gradient, dtype=torch.float64)
        optimizer.step()
    state = optimizer.state[parameter]
    return {
        "name": name,
        "settings": settings,
        "rates": rates,
        "start": start,
        "gradients": gradients,
        "parameters": parameter.tolist(),
        "state": [state[key].tolist() for key in state_keys],
    }


def sgd(parameter, s):
    return torch.optim.SGD([parameter], lr=1.0, momentum=s.get("momentum", 0), nesterov=s.get("nesterov", False))


def adamw(parameter, s):
    return torch.optim.AdamW(
        [parameter], lr=1.0, betas=(s["beta1"], s["beta2"]), eps=s["epsilon"], weight_decay=s["weight_decay"]
    )


def clip_cases():
    random = np.random.Generator(np.random.PCG64(40))
    cases = []
    for count, scale, maximum in [(5, 1.0, 1.0), (100, 0.01, 1.0), (9000, 3.0, 0.5), (70001, 1e-3, 0.25)]:
        # Few numbers in the file: values repeat with a period.
        period = numbers(random, min(count, 97), scale)
        parameter = torch.nn.Parameter(torch.zeros(count, dtype=torch.float64))
        parameter.grad = torch.tensor([period[i % len(period)] for i in range(count)], dtype=torch.float64)
        norm = torch.nn.utils.clip_grad_norm_([parameter], maximum).item()
        cases.append({
            "count": count, "period": period, "maximum": maximum, "norm": norm,
            "clipped": parameter.grad[: len(period)].tolist(),
        })
    return cases


def schedule_case(peak, floor, warmup, end, steps):
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=peak)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, end - warmup, eta_min=floor)
    schedule = cosine
    if warmup > 1:
        linear = torch.optim.lr_scheduler.LinearLR(optimizer, 1 / warmup, 1.0, total_iters=warmup - 1)
        schedule = torch.optim.lr_scheduler.SequentialLR(optimizer, [linear, cosine], [warmup])
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return {"peak": peak, "floor": floor, "warmup": warmup, "end": end, "rates": rates}


def main():
    output = sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).with_name("optimizers.json")
    adam = {"beta1": 0.9, "beta2": 0.95, "epsilon": 1e-8, "weight_decay": 0.1}
    document = {
        "torch": torch.__version__,
        "optimizers": [
            optimizer_case("sgd", 1, sgd, {}, []),
            optimizer_case("momentum", 2, sgd, {"momentum": 0.9}, ["momentum_buffer"]),
            optimizer_case("momentum", 3, sgd, {"momentum": 0.75, "nesterov": True}, ["momentum_buffer"]),
            optimizer_case("adamw", 4, adamw, adam, ["exp_avg", "exp_avg_sq"]),
            optimizer_case("adamw", 5, adamw, {**adam, "beta2": 0.999, "epsilon": 1e-3, "weight_decay": 0.0},
                           ["exp_avg", "exp_avg_sq"]),
        ],
        "clipping": clip_cases(),
        "schedules": [
            schedule_case(binary32(3e-4), binary32(3e-5), 5, 40, 41),
            schedule_case(binary32(0.1), 0.0, 0, 17, 18),
        ],
    }
    with open(output, "w") as file:
        json.dump(document, file)
        file.write("\n")


if __name__ == "__main__":
    main()
