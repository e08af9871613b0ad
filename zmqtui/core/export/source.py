"""The source of a role function, as it was when it was first asked for: it is the code that runs."""

from __future__ import annotations

import ast
import inspect
import linecache
import sys
from functools import lru_cache
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, NamedTuple

from zmqtui.core.model import BadInput


class Source(NamedTuple):
    """Where a function is written.

    Attributes:
        path: Its file, from the package on, such as ``zmqtui/patterns/request_reply.py``.
        first: The first of its lines in the file, from 1.
        lines: Its lines, without ends.
        module: The whole file.
        tree: The whole file, parsed.
        node: The function in it.
    """

    path: str
    first: int
    lines: tuple[str, ...]
    module: str
    tree: ast.Module
    node: ast.FunctionDef


def code_of(function: Any) -> CodeType | None:
    """Return the code that runs when `function` is called, if that is written in Python."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return code if isinstance(code, CodeType) else None


@lru_cache(maxsize=256)
def source_of(function: Any) -> Source:
    """Return the source of `function`.

    Raises:
        BadInput: If it cannot be read.
    """
    plain = inspect.unwrap(function)
    name = getattr(plain, "__name__", type(plain).__name__)
    code = code_of(plain)
    if code is None or not isinstance(plain, FunctionType):
        raise BadInput(f"{name} has no source to show: it is no function written in Python")
    lines = linecache.getlines(code.co_filename, plain.__globals__)
    # From 3.13 on, Python takes the text of `python -c` for the source of whatever was made by `exec`.
    if not lines or code.co_filename == "<string>":
        raise BadInput(f"the source of {name} cannot be read: it was not made in a file")
    module = "".join(lines)
    try:
        tree = ast.parse(module)
    except (SyntaxError, ValueError):
        tree = ast.Module([], [])
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == code.co_name:
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            if first == code.co_firstlineno:
                own = tuple(line.rstrip("\n") for line in lines[first - 1 : node.end_lineno])
                return Source(_path(plain, code), first, own, module, tree, node)
    raise BadInput(f"the source of {name} cannot be read: its file changed since it was loaded")


def _path(function: FunctionType, code: CodeType) -> str:
    parts = function.__module__.split(".")
    if getattr(sys.modules.get(function.__module__), "__file__", None) == code.co_filename:
        file = Path(code.co_filename)
        return "/".join(file.parts[-len(parts) :])
    return Path(code.co_filename).name
