"""What make_gpt3_vectors.py and make_gemma3_vectors.py share: their files and how results agree.

A script calls `run(family, cases, make)`, where `make(case)` gives the fields of the JSON file and the
bytes of the binary file; each script's docstring says what they hold.
"""

import argparse
import hashlib
import json
import math
import platform
import sys
from pathlib import Path

import numpy
import torch
import transformers

LEARNING_RATE = 0.1
AGREEMENT = 1e-12
SIZE_LIMIT = 150_000


def gelu(x):
    return 0.5 * x * (1 + numpy.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def agree(what, one, other):
    if not abs(one - other) <= AGREEMENT * max(1.0, abs(other)):
        sys.exit(f"{what}: Hugging Face gives {one!r}, the formulas give {other!r}")


def check_against_formulas(case, parameters, loss, gradients, after, formula_loss):
    """Exits unless losses and gradients agree with `formula_loss(parameters, moved name or None)`."""
    exact = {name: values.astype(numpy.complex128) for name, values in parameters.items()}
    agree(f"case {case.name}, loss", loss, float(formula_loss(exact, exact, None).real))
    stepped = {name: exact[name] - LEARNING_RATE * gradients[name] for name in exact}
    agree(
        f"case {case.name}, loss after a step",
        after,
        float(formula_loss(stepped, stepped, None).real),
    )
    # loss(w + i h v) = loss(w) + i h (gradient . v) + O(h^2). Nothing is subtracted: h may be tiny.
    random, h = numpy.random.RandomState(case.seed + 1), 1e-40
    for name in exact:
        for _ in range(3):
            direction = random.standard_normal(exact[name].shape)
            moved = dict(exact)
            moved[name] = exact[name] + 1j * h * direction
            slope = float(formula_loss(moved, exact, name).imag / h)
            agree(
                f"case {case.name}, gradient of {name}",
                float((gradients[name] * direction).sum()),
                slope,
            )


def layout_and_binary(case, shapes, parameters, gradients):
    """The list of tensors, the number of parameters, and the bytes of the binary file."""
    def flat(by_name):
        return numpy.concatenate([by_name[name].ravel() for name, _ in shapes])

    binary = numpy.concatenate([flat(parameters), flat(gradients)]).astype("<f4").tobytes()
    tensors, offset = [], 0
    for name, shape in shapes:
        tensors.append({"name": name, "shape": list(shape), "offset": offset})
        offset += math.prod(shape)
    if len(binary) != 2 * 4 * offset or len(binary) >= SIZE_LIMIT:
        sys.exit(f"case {case.name} has {len(binary)} bytes for {offset} parameters")
    return tensors, offset, binary


def results(tokens, targets, loss, after, count, binary, tensors):
    """The fields that end a JSON file."""
    return {
        "tokens": tokens.tolist(),
        "targets": targets.tolist(),
        "loss": loss,
        "loss_after_step": after,
        "learning_rate": LEARNING_RATE,
        "parameter_count": count,
        "bin_sha256": hashlib.sha256(binary).hexdigest(),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "numpy": numpy.__version__,
        },
        "tensors": tensors,
    }


def in_lines(fields):
    """JSON with one line for each field and each tensor."""
    lines = [
        f"  {json.dumps(key)}: {json.dumps(value)}"
        for key, value in fields.items()
        if key != "tensors"
    ]
    tensors = ",\n".join("    " + json.dumps(tensor) for tensor in fields["tensors"])
    return "{\n" + ",\n".join(lines) + ',\n  "tensors": [\n' + tensors + "\n  ]\n}\n"


def check_stored(name, folder, text, binary):
    """Exits unless the files in `folder` agree with what this machine computes."""
    stored_text = (folder / f"{name}.json").read_text()
    stored_binary = (folder / f"{name}.bin").read_bytes()
    stored, fresh = json.loads(stored_text), json.loads(text)
    if stored["bin_sha256"] != hashlib.sha256(stored_binary).hexdigest():
        sys.exit(f"{name}.bin is not the file that {name}.json names")
    for key in sorted(set(stored) | set(fresh)):
        if key in ("versions", "bin_sha256"):
            continue
        if key in ("loss", "loss_after_step"):
            same = abs(stored[key] - fresh[key]) <= AGREEMENT
        else:
            same = stored.get(key) == fresh.get(key)
        if not same:
            sys.exit(f"{name}.json, {key}: stored {stored.get(key)}, computed {fresh.get(key)}")
    count = fresh["parameter_count"]
    if len(stored_binary) != len(binary) or stored_binary[: 4 * count] != binary[: 4 * count]:
        sys.exit(f"{name}.bin: the parameters differ")
    for tensor in fresh["tensors"]:
        start, size = count + tensor["offset"], math.prod(tensor["shape"])
        one, other = (
            numpy.frombuffer(data, "<f4", size, 4 * start) for data in (stored_binary, binary)
        )
        if not abs(one - other).max() <= max(1e-15, 1e-6 * abs(other).max()):
            sys.exit(f"{name}.bin: the gradient of {tensor['name']} differs")


def run(family, cases, make):
    """The command line of a script: writes or checks the files of all cases."""
    parser = argparse.ArgumentParser(description=f"Makes the {family}_* vectors.")
    parser.add_argument(
        "--check", action="store_true", help="compare with the stored files, write nothing"
    )
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).resolve().parent, help="folder of the files"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # more threads may sum in another order
    torch.use_deterministic_algorithms(True)
    for case in cases:
        fields, binary = make(case)
        text, name = in_lines(fields), f"{family}_{case.name}"
        if arguments.check:
            check_stored(name, arguments.out, text, binary)
        else:
            (arguments.out / f"{name}.json").write_text(text)
            (arguments.out / f"{name}.bin").write_bytes(binary)
        print(
            f"{name}: {fields['parameter_count']} parameters, {len(binary)} bytes, "
            f"loss {fields['loss']!r}, after a step {fields['loss_after_step']!r}"
        )
