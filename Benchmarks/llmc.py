"""llm.c's CPU program as a contender of steps.py; its source is not part of this repository."""

import os
import pathlib
import random
import re
import struct
import subprocess
import tempfile

from array import array


class Runner:
    """Compiles train_gpt2.c of a checkout and runs it on random weights and random tokens."""

    def __init__(self, checkout, threads, case):
        self.threads = threads
        self.folder = tempfile.TemporaryDirectory()
        root = pathlib.Path(self.folder.name)
        layers, d, heads, positions, vocabulary, sequences, length = case
        source = (checkout / "train_gpt2.c").read_text()
        # The batch is written into the program.
        for variable, value in (("B", sequences), ("T", length)):
            source, count = re.subn(rf"\bint {variable} = \d+;", f"int {variable} = {value};", source)
            assert count == 1, f"train_gpt2.c has no place to set {variable}"
        (root / "train_gpt2.c").write_text(source)
        subprocess.run(
            ["gcc", "-Ofast", "-fno-finite-math-only", "-march=native", "-fopenmp", "-DOMP",
             f"-I{checkout.resolve()}", root / "train_gpt2.c", "-o", root / "train_gpt2", "-lm"],
            check=True)
        self._checkpoint(root / "gpt2_124M.bin", layers, d, heads, positions, vocabulary)
        self._tokens(root / "dev/data/tinyshakespeare", vocabulary)

    def _checkpoint(self, path, layers, d, heads, positions, vocabulary):
        padded = (vocabulary + 127) // 128 * 128
        per_layer = 2 * d + 3 * d * d + 3 * d + d * d + d + 2 * d + 8 * d * d + 5 * d
        count = padded * d + positions * d + layers * per_layer + 2 * d
        header = [20240326, 3, positions, vocabulary, layers, heads, d, padded]
        block = array("f", (random.gauss(0, 0.02) for _ in range(1 << 16)))
        with open(path, "wb") as file:
            file.write(struct.pack("<256i", *header, *[0] * (256 - len(header))))
            for start in range(0, count, len(block)):
                block[: min(len(block), count - start)].tofile(file)

    def _tokens(self, folder, vocabulary, count=40_000):
        folder.mkdir(parents=True)
        tokens = array("H", (random.randrange(vocabulary) for _ in range(count)))
        for name in ("tiny_shakespeare_train.bin", "tiny_shakespeare_val.bin"):
            with open(folder / name, "wb") as file:
                file.write(struct.pack("<256i", 20240520, 1, count, *[0] * 253))
                tokens.tofile(file)

    def steps(self, count):
        """Seconds of the first `count` steps after the first one."""
        process = subprocess.Popen(
            ["stdbuf", "-oL", f"{self.folder.name}/train_gpt2"], cwd=self.folder.name, stdout=subprocess.PIPE,
            text=True, env={**os.environ, "OMP_NUM_THREADS": str(self.threads)})
        seconds = []
        for line in process.stdout:
            found = re.match(r"step \d+: train loss .*took ([0-9.]+) ms", line)
            if found:
                seconds.append(float(found[1]) / 1000)
            if len(seconds) > count:
                break
        process.kill()
        process.wait()
        return seconds[1:]
