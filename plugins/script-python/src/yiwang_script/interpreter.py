"""The contract of `sdk/wit/script`, kept: from an invocation to an outcome."""

import atexit
import gc
import sys

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.interpreter import Outcome, Stopped

from . import chance, clock, loop, sandbox, script
from .output import Room, Sink, TooMuch, source, stream


class Interpreter(exports.Interpreter):
    def run(self, invocation):
        room = Room(invocation.output_bytes_max)
        out, err = Sink(room, "<stdout>"), Sink(room, "<stderr>")
        clock.begin(invocation.now_ms)
        chance.begin(invocation.seed)
        sandbox.begin(invocation.environment)
        loop.begin()
        sys.argv = [script.FILE, *invocation.arguments]
        sys.stdin = sys.__stdin__ = source(invocation.stdin)
        sys.stdout = sys.__stdout__ = stream(out)
        sys.stderr = sys.__stderr__ = stderr = stream(err)
        code, returned = 1, None
        try:
            atexit._clear()
            code, returned = _guarded(lambda: script.run(invocation.code, invocation.variables, stderr), stderr)
            # What the script wants done at its end, with what it has printed before.
            ended, _ = _guarded(lambda: (atexit._run_exitfuncs(), (code, returned))[1], stderr)
            code = code or ended
            room.take(len(returned.encode()) if returned is not None else 0)
        except TooMuch:
            pass
        if room.overflown:
            raise Err(Stopped.TOO_MUCH_OUTPUT)
        return Outcome(code, out.text(), err.text(), returned)


def _guarded(work, stderr):
    """Does it; an exception is told and is the exit code 1."""
    try:
        return work()
    except TooMuch:
        raise
    except sandbox.Ended as error:
        return error.args[0] & 0xFF, None
    except BaseException as error:  # noqa: BLE001
        told = script.told(error)
        del error
        print(told, end="", file=stderr)
        return 1, None


# What is there when a script begins is not looked at by the collector, so that its pages stay shared.
gc.collect()
gc.freeze()
