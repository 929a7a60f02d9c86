"""`compile`, `exec` and `eval` for texts with mistakes: where CPython tells of one, it opens the file for its line.

There is no file, and asking for it would end the script. A name that no system takes is refused before it is
asked; the real one is put in its place afterwards.
"""

import builtins
import sys
import types
import warnings

_compile, _exec, _eval = builtins.compile, builtins.exec, builtins.eval
# Half a character cannot be encoded, so it cannot be a file's name.
_NOT_A_FILE = "\ud800"
# The flags of `from __future__`, which code hands on to what it compiles.
_INHERITED = 0
for _name in __import__("__future__").all_feature_names:
    _INHERITED |= getattr(__import__("__future__"), _name).compiler_flag


def _renamed(code, filename):
    parts = tuple(_renamed(it, filename) if isinstance(it, types.CodeType) else it for it in code.co_consts)
    return code.replace(co_filename=filename, co_consts=parts)


def _told(error, source, filename):
    """The exception as it would be with the file's name, and with the line that it is about."""
    error.filename = filename
    if error.text is None and isinstance(source, str) and error.lineno:
        error.text = "".join(source.splitlines(True)[error.lineno - 1 : error.lineno]) or None
    if len(error.args) == 2 and isinstance(error.args[1], tuple):
        message, place = error.args
        error.args = (message, (filename, *place[1:3], error.text, *place[4:]))
    return error


def compile_as(flags, source, filename, mode, **more):
    """Compiles with these flags of whoever asks."""
    name = filename if isinstance(filename, str) else str(filename)
    with warnings.catch_warnings(record=True) as said:
        try:
            made = _compile(source, name + _NOT_A_FILE, mode, flags, True, **more)
        except SyntaxError as error:
            raise _told(error, source, name).with_traceback(None) from None
    for one in said:
        warnings.warn_explicit(one.message, one.category, name, one.lineno)
    return _renamed(made, name) if isinstance(made, types.CodeType) else made


def _caller():
    frame = sys._getframe(2)
    return frame, frame.f_code.co_flags & _INHERITED


def compile(source, filename, mode, flags=0, dont_inherit=False, optimize=-1, *, _feature_version=-1):
    inherited = 0 if dont_inherit else _caller()[1]
    more = {"optimize": optimize, "_feature_version": _feature_version}
    return compile_as(flags | inherited, source, filename, mode, **more)


def _evaluated(evaluate, mode, source, globals, locals, more):
    frame = sys._getframe(2)
    if globals is None:
        globals = frame.f_globals
        # In a function it is a copy: what is bound there does not come back.
        here = frame.f_locals
        locals = (here if isinstance(here, dict) else dict(here)) if locals is None else locals
    if not isinstance(source, types.CodeType):
        if mode == "eval" and isinstance(source, str):
            source = source.lstrip(" \t")
        source = compile_as(frame.f_code.co_flags & _INHERITED, source, "<string>", mode)
    return evaluate(source, globals, locals, **more)


def exec(source, /, globals=None, locals=None, *, closure=None):
    return _evaluated(_exec, "exec", source, globals, locals, {} if closure is None else {"closure": closure})


def eval(source, /, globals=None, locals=None):
    return _evaluated(_eval, "eval", source, globals, locals, {})
