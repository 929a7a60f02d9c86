"""Draws a lot again, from the description in docs/guide/people.md and nothing else.

Reads a proof as JSON from standard input; prints "ok", or what is wrong, and ends with 1.
"""

import hashlib
import json
import sys


def words(seed, digest):
    block = 0
    while True:
        text = seed.encode() + b"\0" + digest.encode() + b"\0" + block.to_bytes(8, "big")
        hashed = hashlib.sha256(text).digest()
        for at in range(0, 32, 8):
            yield int.from_bytes(hashed[at:at + 8], "big")
        block += 1


def draw(proof):
    order = sorted(proof["candidates"], key=lambda name: name.encode())
    digest = hashlib.sha256("".join(name + "\n" for name in order).encode()).hexdigest()
    stream = words(proof["seed"], digest)
    for place in range(min(proof["count"] + len(proof["reserves"]), len(order))):
        left = len(order) - place
        word = next(stream)
        while word >= 2**64 // left * left:
            word = next(stream)
        other = place + word % left
        order[place], order[other] = order[other], order[place]
    return digest, order


def main():
    proof = json.load(sys.stdin)
    digest, order = draw(proof)
    claimed = proof["drawn"] + proof["reserves"]
    if digest != proof["digest"]:
        sys.exit("digest " + digest)
    if order[:len(claimed)] != claimed or len(proof["drawn"]) != proof["count"]:
        sys.exit("drawn " + " ".join(order[:len(claimed)]))
    print("ok")


main()
