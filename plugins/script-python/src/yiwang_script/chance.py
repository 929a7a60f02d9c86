"""Chance by the host's seed: the same numbers when a call is repeated."""

import random

_seed = random.Random.seed
_stream = random.Random(0)


def begin(seed):
    """All that is random from now on follows from this."""
    _seed(_stream, f"yiwang {seed}")
    random.Random.seed = seeded
    random.seed = random._inst.seed
    random.seed()


def seeded(self, a=None, version=2):
    """`Random.seed`, which asks the system when it is told nothing."""
    _seed(self, _stream.getrandbits(256) if a is None else a, version)


def urandom(size, /):
    if size < 0:
        raise ValueError("negative argument not allowed")
    return _stream.randbytes(size)


def getrandom(size, flags=0):
    return urandom(size)
