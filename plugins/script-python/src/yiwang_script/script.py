"""One script: its text, how it is run, and what it gives."""

import ast
import json
import linecache
import sys
import traceback
import types

from .compiling import compile_as

_exec = exec

FILE = "script.py"
_FUNCTION = "__script__"
_OURS = __name__.partition(".")[0]


class _Returns(ast.NodeTransformer):
    """Looks for `return` at the top. One without a value gives `...`, to tell it from `return None`."""

    found = False

    def visit_Return(self, node):
        self.found = True
        if node.value is None:
            node.value = ast.Constant(...)
        return node

    def _leave(self, node):
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = visit_Lambda = _leave


class _Movable(ast.NodeTransformer):
    """Rewrites what may stand in a module and not in a function with global names."""

    def visit_AnnAssign(self, node):
        if not isinstance(node.target, ast.Name):
            return node
        if node.value is None:
            return ast.copy_location(ast.Pass(), node)
        return ast.copy_location(ast.Assign([node.target], node.value), node)

    def visit_ImportFrom(self, node):
        if not any(alias.name == "*" for alias in node.names):
            return node
        call = ast.parse(f"exec({ast.unparse(node)!r}, globals())").body[0]
        return ast.copy_location(call, node)

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _Returns._leave


def _head(body):
    """How many statements must stay at the beginning of the file: its text about itself, `__future__`."""
    for at, node in enumerate(body):
        about = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not about and not (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
            return at
    return len(body)


def _function(tree):
    """The module as one function, so that `return` may stand in it. Its names stay global."""
    tree = _Movable().visit(tree)
    head = _head(tree.body)
    body = [*tree.body[head:], ast.Return(ast.Constant(...))]
    function = ast.parse(f"def {_FUNCTION}(): pass").body[0]
    function.body = body
    tree.body[head:] = [function]
    ast.fix_missing_locations(tree)

    def inner(code):
        return next(part for part in code.co_consts if isinstance(part, types.CodeType) and part.co_name == _FUNCTION)

    # What the compiler takes for local is what the text binds.
    code = inner(compile_as(0, tree, FILE, "exec"))
    names = dict.fromkeys([*code.co_varnames, *code.co_cellvars])
    names = [name for name in names if not name.startswith(".")]
    if names:
        body.insert(0, ast.Global(names))
        ast.fix_missing_locations(tree)
    return compile_as(0, tree, FILE, "exec")


def _execute(text, variables):
    """Runs it, and gives its value; `...` is none."""
    main = types.ModuleType("__main__")
    main.__file__ = FILE
    main.__builtins__ = __builtins__
    for name, value in variables:
        main.__dict__[name] = json.loads(value)
    sys.modules["__main__"] = main
    # Tracebacks show the lines of the script.
    linecache.cache[FILE] = (len(text), None, text.splitlines(True), FILE)
    tree = compile_as(ast.PyCF_ONLY_AST, text, FILE, "exec")
    returns = _Returns()
    returned = returns.visit(tree)
    if not returns.found:
        _exec(compile_as(0, text, FILE, "exec"), main.__dict__)
        return ...
    _exec(_function(returned), main.__dict__)
    function = main.__dict__.pop(_FUNCTION)
    function.__code__ = function.__code__.replace(co_name="<module>", co_qualname="<module>")
    return function()


def told(error):
    """An exception as Python prints it, without the places that are not the script's or the library's."""
    whole = traceback.TracebackException.from_exception(error)
    parts = [whole]
    while parts:
        part = parts.pop()
        part.stack[:] = [place for place in part.stack if f"/{_OURS}/" not in place.filename]
        parts += [more for more in (part.__cause__, part.__context__, *(part.exceptions or ())) if more]
    return "".join(whole.format())


def exit_code(error, stderr):
    """What `sys.exit` was told: nothing, a number, or a text to say."""
    if error.code is None:
        return 0
    if isinstance(error.code, int):
        return error.code & 0xFF
    print(error.code, file=stderr)
    return 1


def run(text, variables, stderr):
    """Gives the exit code and the value as JSON, or none."""
    try:
        value = _execute(text, variables)
    except SystemExit as error:
        return exit_code(error, stderr), None
    if value is ...:
        return 0, None
    try:
        value = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        print("the value of the script:", "".join(traceback.format_exception_only(error)), end="", file=stderr)
        return 1, None
    # Half a character is none in JSON.
    return 0, value.encode("utf-8", "replace").decode()
