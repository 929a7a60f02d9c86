"""What scripts may import. It is loaded while the component is built: later there are no files to load it from.

All of the standard library is, with the parts that its modules import only when they are used; left out is what
needs a screen, a terminal, other processes or files of its own.
"""

import importlib
import pkgutil
import sys

# In C they read the system's clock, where no function of ours can stand. Without these parts the library takes
# its own of Python.
for name in ("_datetime", "_zoneinfo"):
    sys.modules[name] = None

LEFT_OUT = set(
    """
    __main__ _android_support _aix_support _apple_support _ios_support _osx_support _pyrepl antigravity cProfile
    ctypes curses dbm ensurepip idlelib multiprocessing pdb profile pstats pty pydoc pydoc_data readline rlcompleter
    sqlite3 test tests this tkinter tty turtle turtledemo venv webbrowser wsgiref xmlrpc
    """.split()
)


def _load(name):
    """A module, and all below it."""
    if LEFT_OUT.intersection(name.split(".")) or name.endswith("_test"):
        return
    try:
        module = importlib.import_module(name)
    except Exception:  # noqa: BLE001
        # This build of CPython lacks a part of it, or it is for another system: scripts get an exception, too.
        return
    for below in pkgutil.iter_modules(getattr(module, "__path__", ())):
        _load(f"{name}.{below.name}")


for name in sorted(sys.stdlib_module_names):
    _load(name)
