"""What a role function needs beside itself to run alone: imports, and what its module defines."""

from __future__ import annotations

import ast
import builtins
import symtable
import textwrap
from collections.abc import Iterator
from typing import Any, NamedTuple

from zmqtui.core.export.source import Source, code_of, source_of
from zmqtui.core.model import BadInput

_HERE = "zmqtui"
_WORDS = "zmqtui.core.role"
_PLAIN = {"sleep": ("time", "sleep"), "randint": ("random", "randint")}
ASK = "ask = input"
"""What stands for `zmqtui.core.role.ask`."""
_DEFINED = {"say": 'def say(text, end="\\n"):\n    print(text, end=end, flush=True)', "ask": ASK}


class Import(NamedTuple):
    """``import module``, or ``from module import name as alias`` where there is a name."""

    module: str
    name: str = ""
    alias: str = ""


class Definitions(NamedTuple):
    """All that a function needs to run alone.

    Attributes:
        imports: What to import.
        words: What stands for the words of a role, in plain Python.
        texts: The function and the definitions it uses, in the order in which they are written.
    """

    imports: frozenset[Import]
    words: tuple[str, ...]
    texts: tuple[str, ...]


def definitions(function: Any) -> Definitions:
    """Return all that `function` needs to run alone, without the annotations of signatures.

    Raises:
        BadInput: If the source cannot be read, or uses what cannot be had outside of the playground.
    """
    source = source_of(function)
    if code := code_of(function):
        _refuse(code.co_freevars, function)
    package = getattr(function, "__module__", "").rpartition(".")[0]
    known = _bindings(source.tree, package)
    imports: set[Import] = set()
    words: dict[str, str] = {}
    chosen: dict[int, ast.stmt] = {source.node.lineno: source.node}
    looked: set[str] = {source.node.name}
    waiting: list[ast.stmt] = [source.node]
    while waiting:
        for name in sorted(_globals(_text(source, waiting.pop()))):
            if name in looked:
                continue
            looked.add(name)
            for found in known.get(name, ()):
                if isinstance(found, ast.stmt):
                    chosen[found.lineno] = found
                    waiting.append(found)
                elif found.module == _WORDS and name in _DEFINED:
                    words[name] = _DEFINED[name]
                elif found.module == _WORDS and found.name in _PLAIN:
                    module, plain = _PLAIN[found.name]
                    imports.add(Import(module, plain, found.alias))
                elif found.module.partition(".")[0] == _HERE:
                    _refuse([name], function)
                else:
                    imports.add(found)
            if name not in known and name not in _BUILT_IN:
                _refuse([name], function)
    texts = tuple(_text(source, chosen[line]) for line in sorted(chosen))
    return Definitions(frozenset(imports), tuple(words[name] for name in sorted(words, reverse=True)), texts)


_BUILT_IN = {*dir(builtins), "__name__"}


def _refuse(names: Any, function: Any) -> None:
    for name in names:
        raise BadInput(f"no script can be made of {function.__name__}: {name} is known only inside the playground")


def _bindings(tree: ast.Module, package: str) -> dict[str, list[ast.stmt | Import]]:
    """Return what a module's names are bound to at its top level."""
    found: dict[str, list[ast.stmt | Import]] = {}
    for node in _top_level(tree):
        match node:
            case ast.Import():
                for each in node.names:
                    name = each.asname or each.name.partition(".")[0]
                    found.setdefault(name, []).append(Import(each.name, "", each.asname or ""))
            case ast.ImportFrom():
                module = node.module or ""
                if node.level:
                    module = ".".join(filter(None, [*package.split(".")[: 1 - node.level or None], module]))
                for each in node.names:
                    found.setdefault(each.asname or each.name, []).append(Import(module, each.name, each.asname or ""))
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                found.setdefault(node.name, []).append(node)
            case ast.Assign() | ast.AugAssign() | ast.AnnAssign():
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for name in {each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)}:
                    found.setdefault(name, []).append(node)
            case _:
                pass
    return found


def _top_level(tree: ast.Module) -> Iterator[ast.stmt]:
    """Walk what is run when a module is imported; what only a type checker imports is there as well."""
    waiting: list[ast.stmt] = list(reversed(tree.body))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If | ast.Try):
            waiting += [*node.orelse, *node.body]
        else:
            yield node


def _globals(text: str) -> set[str]:
    """Return the names that a definition takes from its module."""
    found: set[str] = set()
    waiting = [symtable.symtable(text, "role", "exec")]
    while waiting:
        table = waiting.pop()
        top = table.get_type() == "module"
        waiting += table.get_children()
        found |= {
            symbol.get_name()
            for symbol in table.get_symbols()
            if (symbol.is_global() or top) and (symbol.is_referenced() or symbol.is_assigned())
        }
    return found


def _text(source: Source, node: ast.stmt) -> str:
    """Return a definition as it is written, but signatures without annotations."""
    lines = source.module.encode().splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    data = b"".join(lines)

    def at(line: int | None, column: int | None) -> int:
        return starts[(line or 1) - 1] + (column or 0)

    cuts: list[tuple[int, int, bytes]] = []
    for each in ast.walk(node):
        if not isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for argument, default in _arguments(each.args):
            if note := argument.annotation:
                begin = at(argument.lineno, argument.col_offset) + len(argument.arg.encode())
                if default:
                    cuts.append((begin, at(default.lineno, default.col_offset), b"="))
                else:
                    cuts.append((begin, at(note.end_lineno, note.end_col_offset), b""))
        if each.returns:
            arrow = data.rindex(b"->", 0, at(each.returns.lineno, each.returns.col_offset))
            begin = len(data[:arrow].rstrip())
            cuts.append((begin, at(each.returns.end_lineno, each.returns.end_col_offset), b""))
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(each.lineno for each in decorators)])
    place, end = starts[first - 1], starts[node.end_lineno or first]
    kept = bytearray()
    for begin, stop, instead in sorted(cuts):
        kept += data[place:begin] + instead
        place = stop
    return textwrap.dedent((kept + data[place:end]).decode()).rstrip()


def _arguments(arguments: ast.arguments) -> Iterator[tuple[ast.arg, ast.expr | None]]:
    """Return each argument with its default."""
    plain = [*arguments.posonlyargs, *arguments.args]
    yield from zip(plain, [*[None] * (len(plain) - len(arguments.defaults)), *arguments.defaults], strict=True)
    yield from zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    for argument in (arguments.vararg, arguments.kwarg):
        if argument:
            yield argument, None
