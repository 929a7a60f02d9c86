"""The clock of a script: it stands at the time of the call, and only sleeping moves it. All is in UTC."""

import time
import types

_began_ns = 0
_passed_ns = 0

_strftime, _gmtime, _asctime, _struct = time.strftime, time.gmtime, time.asctime, time.struct_time


def begin(now_ms):
    """Puts it at this time, in milliseconds since 1970."""
    global _began_ns, _passed_ns
    _began_ns, _passed_ns = now_ms * 1_000_000, 0


def forward(seconds):
    """Moves it; never back."""
    global _passed_ns
    _passed_ns += max(0, round(seconds * 1_000_000_000))


def time_ns():
    return _began_ns + _passed_ns


def time_():
    return time_ns() / 1_000_000_000


def passed_ns():
    return _passed_ns


def passed():
    return _passed_ns / 1_000_000_000


def sleep(seconds, /):
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    forward(seconds)


def gmtime(seconds=None, /):
    return _gmtime(time_() if seconds is None else seconds)


def asctime(t=None, /):
    return _asctime(gmtime() if t is None else t)


def ctime(seconds=None, /):
    return _asctime(gmtime(seconds))


def strftime(format, t=None, /):
    return _strftime(format, gmtime() if t is None else t)


def clock_gettime_ns(clk_id, /):
    return time_ns() if clk_id == getattr(time, "CLOCK_REALTIME", 0) else _passed_ns


def clock_gettime(clk_id, /):
    return clock_gettime_ns(clk_id) / 1_000_000_000


def clock_getres(clk_id, /):
    return 1e-9


def get_clock_info(name, /):
    moves = name != "time"
    return types.SimpleNamespace(implementation="virtual", monotonic=moves, adjustable=False, resolution=1e-9)


def replacements():
    """Pairs of name and function for the module `time`."""
    ours = {
        "time": time_, "time_ns": time_ns, "sleep": sleep, "gmtime": gmtime, "localtime": gmtime,
        "asctime": asctime, "ctime": ctime, "strftime": strftime, "clock_gettime": clock_gettime,
        "clock_gettime_ns": clock_gettime_ns, "clock_getres": clock_getres, "get_clock_info": get_clock_info,
    }
    for name in ("monotonic", "perf_counter", "process_time", "thread_time"):
        ours[name], ours[f"{name}_ns"] = passed, passed_ns
    return ours
