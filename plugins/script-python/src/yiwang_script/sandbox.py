"""In the place of the system: functions that answer, or refuse as Python does.

What stands in a module is replaced wherever it stands, also where another module has taken it by
`from os import urandom`. The places are looked up once, while the component is built.
"""

import _socket
import _thread
import builtins
import errno
import io
import logging
import os
import posix
import select
import socket
import subprocess
import sys
import time

from . import chance, clock, compiling


class Ended(BaseException):
    """`os._exit`."""


_FILES = "a script has no files but its standard input, output and error"
_NETWORK = "a script has no network"

# They compute, and ask nobody.
_HARMLESS = {
    "fspath", "strerror", "waitstatus_to_exitcode", "register_at_fork", "putenv", "unsetenv", "major", "minor",
    "makedev",
}


def _refuse_path(path=None, *_, **__):
    if isinstance(path, (str, bytes, os.PathLike)):
        raise PermissionError(errno.EPERM, _FILES, os.fspath(path))
    raise PermissionError(errno.EPERM, _FILES)


def _refuse_network(*_, **__):
    raise PermissionError(errno.EPERM, _NETWORK)


def _refuse_process(*_, **__):
    raise PermissionError(errno.EPERM, "a script has no processes")


def _refuse_thread(*_, **__):
    raise RuntimeError("can't start new thread: a script has one only")


def _exit(status):
    raise Ended(status)


def _write(fd, data, /):
    stream = {1: sys.__stdout__, 2: sys.__stderr__}.get(fd)
    return _refuse_path() if stream is None else stream.buffer.write(data)


def _read(fd, length, /):
    return sys.__stdin__.buffer.read(length) if fd == 0 else _refuse_path()


def _open(file, mode="r", buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None):
    if not isinstance(file, int):
        file = os.fspath(file)
        if isinstance(file, bytes):
            file = os.fsdecode(file)
    fd = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}.get(file, file)
    known = {0: sys.__stdin__, 1: sys.__stdout__, 2: sys.__stderr__}
    if type(fd) is not int or fd not in known:
        return _refuse_path(file)
    return known[fd].buffer if "b" in mode else known[fd]


class _NoFile(io.RawIOBase):
    """`io.FileIO`."""

    def __init__(self, file=None, *_, **__):
        _refuse_path(file)


def _posix():
    ours = {
        "getcwd": lambda: "/", "getcwdb": lambda: b"/", "getpid": lambda: 1, "cpu_count": lambda: 1,
        "isatty": lambda fd: False, "urandom": chance.urandom, "getrandom": chance.getrandom, "_exit": _exit,
        "write": _write, "read": _read, "access": lambda *_, **__: False, "umask": lambda mask: 0o022,
        "uname": lambda: posix.uname_result(("wasi", "localhost", "0", "0", "wasm32")),
        "times": lambda: posix.times_result((clock.passed(), 0.0, 0.0, 0.0, clock.passed())),
        "get_terminal_size": _refuse_path,
    }
    for name, value in vars(posix).items():
        known = name in ours or name in _HARMLESS or isinstance(value, type) or name.startswith(("_path_", "W"))
        if callable(value) and not known:
            ours[name] = _refuse_path
    return ours


def _sockets():
    ours = {"gethostname": lambda: "localhost", "getdefaulttimeout": lambda: None}
    pure = ("hton", "ntoh", "inet_", "CMSG", "setdefaulttimeout")
    for name, value in vars(_socket).items():
        error = isinstance(value, type) and issubclass(value, BaseException)
        if callable(value) and not error and name not in ours and not name.startswith(pure):
            ours[name] = _refuse_network
    return ours


def _all():
    """Everything that is replaced: pairs of what stands there now and what comes in its place."""
    import _io

    pairs = []
    for module, ours in [
        (time, clock.replacements()),
        (posix, _posix()),
        (_socket, _sockets()),
        (select, {name: _refuse_network for name in ("select", "poll") if hasattr(select, name)}),
        (_thread, {name: _refuse_thread for name in ("start_new_thread", "start_new", "start_joinable_thread")}),
        (_io, {"open": _open, "open_code": _refuse_path, "FileIO": _NoFile}),
        (builtins, {"open": _open, "compile": compiling.compile, "exec": compiling.exec, "eval": compiling.eval}),
        (subprocess, {"Popen": _refuse_process}),
    ]:
        for name, value in ours.items():
            if hasattr(module, name):
                pairs.append((getattr(module, name), value))
    return pairs


def _places():
    """Where these stand: dictionary, name, value."""
    pairs = _all()
    by_id = {id(old): new for old, new in pairs}
    own = __name__.rpartition(".")[0]
    found = []
    for name, module in list(sys.modules.items()):
        if module is None or name.partition(".")[0] == own:
            continue
        for member, value in list(vars(module).items()):
            # Small numbers and the like have the identity of many: what is replaced is callable.
            if callable(value) and id(value) in by_id:
                found.append((vars(module), member, by_id[id(value)]))
    # The originals live as long as their addresses are compared.
    del pairs
    return found


PLACES = _places()
# What is compiled in may still be imported.
_LOADERS = [
    finder for finder in sys.meta_path if getattr(finder, "__name__", "") in ("BuiltinImporter", "FrozenImporter")
]


def begin(environment):
    """Closes the world around the script that comes."""
    for place, name, value in PLACES:
        place[name] = value
    socket.socket.__init__ = _refuse_network
    environ = os.environ
    environ._data.clear()
    for name, value in environment:
        environ._data[environ.encodekey(name)] = environ.encodevalue(value)
    sys.meta_path[:] = _LOADERS
    sys.path[:] = []
    sys.path_hooks[:] = []
    sys.path_importer_cache.clear()
    builtins.exit = builtins.quit = sys.exit
    logging._startTime = clock.time_ns()
