"""Python for `run: script`: CPython in a component that imports nothing.

    build:  library (all that scripts may import) ─► sandbox (what replaces the system) ─► snapshot of the memory
    a call: clock, chance, sandbox begin ─► the script: a module, or the body of a function ─► outcome

There are no files, sockets and processes behind CPython here: what would ask the system for something traps.
So the modules that ask are given functions that answer, or that refuse as Python does, by an exception.
Time begins where the host says and moves only by sleeping, and all chance is the host's: the same invocation
has the same outcome.
"""

# The library comes first: it decides how `datetime` is made.
from . import library  # noqa: F401
from .interpreter import Interpreter

__all__ = ["Interpreter"]
