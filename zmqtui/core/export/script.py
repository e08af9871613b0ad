"""A role as a script that runs with pyzmq alone: its own source, and plain definitions of the words it uses."""

from __future__ import annotations

import ast
import math
import re
import sys
import textwrap
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from zmqtui.core.addresses import LOOPBACK
from zmqtui.core.export.definitions import ASK, Import, definitions
from zmqtui.core.export.source import source_of
from zmqtui.core.model import Endpoint, Knob, Pattern, Role

_WIDTH = 120
"""Columns of the longest line that is made here."""
_PIECE = 96
"""Columns of a long value in one line."""
_END = """\
if __name__ == "__main__":
    context = zmq.Context()
    try:
        {function}(context, endpoints, knobs)
        context.destroy()  # waits until the last messages have left
    except KeyboardInterrupt:
        context.destroy(linger=0)  # Ctrl-C: what has not left yet is lost"""


def script(pattern: Pattern, role: Role, addresses: Mapping[str, str], knobs: Mapping[str, Any]) -> str:
    """Return `role` as a script that plays it with these values.

    Args:
        pattern: What is played.
        role: One of its roles.
        addresses: By endpoint name. What only the playground can reach becomes the tcp address of the default port.
        knobs: Values by knob name, an instance's own among them.

    Raises:
        BadInput: If the role's source cannot be read, or uses what cannot be had outside of the playground.
    """
    found = definitions(role.function)
    node = source_of(role.function).node
    endpoints = [each for each in pattern.endpoints if _uses(node, 1, each.name)]
    turned = [each for each in pattern.knobs if _uses(node, 2, each.name)]
    places = {each.name: _place(pattern, role, each, addresses[each.name]) for each in endpoints}
    schemes = {addresses[name].partition(":")[0] for name, place in places.items()}
    left = sorted(schemes - {place.partition(":")[0] for place in places.values()})
    end = _END.format(function=node.name)
    if any("[" in place for place in places.values()):
        end = end.replace("    try:", "    context.setsockopt(zmq.IPV6, 1)\n    try:", 1)
    imports = found.imports | {Import("zmq"), Import("types", "SimpleNamespace")}
    if ASK in found.words:
        call = f"        {node.name}(context, endpoints, knobs)\n"
        end = end.replace(call, f"        with suppress(EOFError):  # Ctrl-D is an end, too\n    {call}", 1)
        imports |= {Import("contextlib", "suppress")}
    return _join(
        [
            _header(pattern, role),
            _imports(imports),
            _namespace(
                "endpoints",
                [(each.name, places[each.name], _ends(each)) for each in endpoints],
                [f"The playground's {scheme} ends with it: this is the default on tcp." for scheme in left],
            ),
            _namespace("knobs", [(each.name, knobs[each.name], _meaning(each)) for each in turned]),
            *found.words,
            *found.texts,
            end,
        ]
    )


def _uses(node: ast.FunctionDef, place: int, name: str) -> bool:
    """Tell whether a function uses `name` of its parameter at `place`; who hands that on may use all of it."""
    parameters = [*node.args.posonlyargs, *node.args.args]
    if len(parameters) <= place:
        return True
    parameter = parameters[place].arg
    every = sum(isinstance(each, ast.Name) and each.id == parameter for each in ast.walk(node))
    named = [
        each.attr
        for each in ast.walk(node)
        if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name) and each.value.id == parameter
    ]
    return name in named or every > len(named)


def _place(pattern: Pattern, role: Role, endpoint: Endpoint, address: str) -> str:
    """Return where the script finds an endpoint."""
    private = rf"ipc://.*/zmqtui-[0-9a-f]{{12}}/{re.escape(pattern.name)}-{re.escape(endpoint.name)}"
    if address.startswith("inproc:") or re.fullmatch(private, address):
        return f"tcp://{LOOPBACK}:{endpoint.port}"
    if endpoint.bind.role != role.name:
        # All interfaces can be bound, but not connected to.
        return re.sub(r"^tcp://(\*|0\.0\.0\.0):", f"tcp://{LOOPBACK}:", address)
    return address


def _ends(endpoint: Endpoint) -> str:
    ends = [f"{endpoint.bind.role} binds {endpoint.bind.socket}"]
    return ", ".join([*ends, *(f"{link.role} connects {link.socket}" for link in endpoint.connect)])


def _meaning(knob: Knob) -> str:
    return f"{knob.help} ({knob.unit})" if knob.unit else knob.help


def _header(pattern: Pattern, role: Role) -> str:
    about = (
        "It is the code that runs in zmqtui, with the addresses and the values of that moment."
        " It needs pyzmq alone (pip install pyzmq); Ctrl-C ends it."
    )
    text = f"{pattern.title}: {role.name}.\n\n{textwrap.fill(about, 100)}\n"
    return '"""' + text.replace("\\", "\\\\").replace('"', '\\"') + '"""'


def _imports(imports: Collection[Import]) -> str:
    """Return import statements as ruff sorts them: first what comes with Python."""
    own = {each for each in imports if each.module.partition(".")[0] in sys.stdlib_module_names}
    return "\n\n".join("\n".join(_section(each)) for each in (own, {*imports} - own) if each)


def _section(imports: Iterable[Import]) -> list[str]:
    plain, names = [], dict[str, list[str]]()
    for each in sorted(imports):
        alias = f" as {each.alias}" if each.alias else ""
        if each.name:
            names.setdefault(each.module, []).append(each.name + alias)
        else:
            plain.append(f"import {each.module}{alias}")
    return [*plain, *(f"from {module} import {', '.join(found)}" for module, found in names.items())]


def _namespace(name: str, values: Iterable[tuple[str, Any, str]], notes: Iterable[str] = ()) -> str:
    lines = []
    for key, value, meaning in values:
        line = f"    {key}={_literal(value)},"
        if len(line) + len(meaning) + 4 <= _WIDTH and "\n" not in line:
            lines.append(f"{line}  # {meaning}")
        else:
            lines += [*textwrap.wrap(meaning, _WIDTH, initial_indent="    # ", subsequent_indent="    # "), line]
    body = "\n".join(["", *lines, ""]) if lines else ""
    return "\n".join([*(f"# {note}" for note in notes), f"{name} = SimpleNamespace({body})"])


def _literal(value: Any) -> str:
    """Return Python that makes `value`: in double quotes where that is the same, and long ones in pieces."""
    match value:
        case tuple():
            inner = ", ".join(map(_literal, value))
            return f"({inner},)" if len(value) == 1 else f"({inner})"
        case str() | bytes():
            text = repr(value)
            if len(text) > _PIECE:
                return "\n        ".join(["(", *_pieces(value)]) + "\n    )"
            return text.replace("'", '"') if text.count("'") == 2 and '"' not in text else text
        case float() if not math.isfinite(value):
            return f'float("{value}")'
        case _:
            return repr(value)


def _pieces(value: str | bytes) -> Iterator[str]:
    """Return literals that are `value` one after the other."""
    start = 0
    while start < len(value):
        size = _PIECE - 3
        while len(repr(value[start : start + size])) > _PIECE:
            size = size * 2 // 3
        yield _literal(value[start : start + size])
        start += size


def _join(parts: Iterable[str]) -> str:
    """Put two empty lines around functions and classes, and one between everything else."""
    text = ""
    for before, part in pairwise(["", *parts]):
        around = before.startswith(_BLOCKS) or part.startswith(_BLOCKS)
        text += ("\n\n\n" if around else "\n\n" if before else "") + part
    return text + "\n"


_BLOCKS = ("def ", "async def ", "class ", "@", "if ")
