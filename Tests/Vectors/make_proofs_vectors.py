"""Second implementation of PoGO's own hashes, in Python. Prints the constants that
Tests/ProofsTests/OwnVectorTests.swift expects. Needs only the standard library."""

import hashlib
import struct


def sha256(data):
    return hashlib.sha256(data).digest()


def u32(value):
    return struct.pack("<I", value)


def u64(value):
    return struct.pack("<Q", value)


def text(value):
    return u32(len(value.encode())) + value.encode()


def tagged(tag, *parts):
    return sha256(text(tag) + b"".join(u32(len(part)) + part for part in parts))


class Sampler:
    def __init__(self, seed, domain):
        self.key = tagged("PoGO/sampler", text(domain), seed)
        self.block = 0
        self.words = []

    def next(self):
        if not self.words:
            self.words = list(struct.unpack("<4Q", sha256(self.key + u64(self.block))))
            self.block += 1
        return self.words.pop(0)

    def uniform(self, bound):
        while True:
            draw = self.next()
            if draw >= 2**64 % bound:
                return draw % bound

    def distinct(self, k, n):
        taken = set()
        for last in range(n - k, n):
            draw = self.uniform(last + 1)
            taken.add(last if draw in taken else draw)
        return sorted(taken)


def root(leaves):
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0])
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\1" + root(leaves[:split]) + root(leaves[split:]))


seed = bytes(range(32))
print("tagged", tagged("tag").hex())
print("tagged 2 parts", tagged("tag", u64(7), text("é")).hex())
sampler = Sampler(seed, "leaves")
print("next", [sampler.next() for _ in range(5)])
print("uniform", [sampler.uniform(1000) for _ in range(8)])
print("big uniform", [sampler.uniform(3 * 2**62) for _ in range(4)])
print("distinct", sampler.distinct(10, 1_000_000))
print("distinct", sampler.distinct(9, 12))
value = tagged("PoGO/beacon secret", seed)
for step in range(5, 0, -1):
    if step == 3:
        print("round 3", value.hex())
    value = tagged("PoGO/beacon", u64(step), value)
print("anchor", value.hex())
data = bytes(i * 7 % 256 for i in range(1000))
leaves = [data[i : i + 64] for i in range(0, 1000, 64)]
encoding = b"\3" + u64(1000) + u32(64) + root(leaves)
print("root", root(leaves).hex())
print("commitment", encoding.hex())
print("commitment digest", tagged("PoGO/commitment", encoding).hex())
print("VRF secret", tagged("PoGO/VRF key", u32(0), seed).hex())
