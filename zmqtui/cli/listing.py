"""``zmqtui list``: what there is, and what ``--set`` and ``--at`` take."""

from __future__ import annotations

import argparse
import json
import math
import sys
from typing import Any

from zmqtui.core.addresses import LOOPBACK
from zmqtui.core.export.records import SCHEMA, plain
from zmqtui.core.limits import LIMITS
from zmqtui.core.model import Endpoint, Knob, Pattern, Role
from zmqtui.core.text import printable
from zmqtui.patterns import every


def show_list(arguments: argparse.Namespace) -> int:
    """Print every pattern, readable or as JSON."""
    if arguments.json:
        limits = [_knob(limit) for limit in LIMITS]
        document = {"schema": SCHEMA, "patterns": [_pattern(pattern) for pattern in every()], "limits": limits}
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        sys.stdout.write("\n".join([*map(_text, every()), _limits()]))
    return 0


def _pattern(pattern: Pattern) -> dict[str, Any]:
    return {
        "name": pattern.name,
        "title": pattern.title,
        "about": pattern.about,
        "roles": [_role(role) for role in pattern.roles],
        "endpoints": [
            {
                "name": endpoint.name,
                "address": _address(endpoint),
                "port": endpoint.port,
                "bind": {"role": endpoint.bind.role, "socket": endpoint.bind.socket},
                "connect": [{"role": link.role, "socket": link.socket} for link in endpoint.connect],
            }
            for endpoint in pattern.endpoints
        ],
        "knobs": [_knob(knob) for knob in pattern.knobs],
    }


def _role(role: Role) -> dict[str, Any]:
    return {
        "name": role.name,
        "about": _first_line(role),
        "instances": {"default": role.default, "low": 1, "high": role.most},
    }


def _knob(knob: Knob) -> dict[str, Any]:
    ranged = knob.kind in ("int", "float")
    return {
        "name": knob.name,
        "kind": knob.kind,
        "help": knob.help,
        "role": knob.role,
        "each": knob.each,
        "unit": knob.unit,
        "low": knob.low if ranged else None,
        "high": knob.high if ranged and math.isfinite(knob.high) else None,
        "default": plain(knob.default),
        "default_run": plain(knob.default if knob.run is None else knob.run),
        "default_role": plain(knob.default if knob.alone is None else knob.alone),
    }


def _text(pattern: Pattern) -> str:
    rows: list[tuple[str, str, str]] = []
    for role in pattern.roles:
        count = "1" if role.most == 1 else f"{role.default} (1 to {role.most})"
        rows.append((role.name, count, _first_line(role)))
    lines = [f"{pattern.name}: {pattern.title}", "  roles", *_table(rows), "  endpoints"]
    rows = [(endpoint.name, _address(endpoint), _ends(endpoint)) for endpoint in pattern.endpoints]
    lines += [*_table(rows), "  knobs"]
    rows = [(knob.name, _default(knob), f"{knob.help}; {_range(knob)}") for knob in pattern.knobs]
    return "\n".join([*lines, *_table(rows)]) + "\n"


def _limits() -> str:
    rows = [(limit.name, _default(limit), f"{limit.help}; {limit.range}") for limit in LIMITS]
    return "\n".join(["limits: what a peer may cost, for --limit", *_table(rows)]) + "\n"


def _table(rows: list[tuple[str, str, str]]) -> list[str]:
    first, second = (max(len(row[column]) for row in rows) for column in (0, 1))
    return [f"    {name:<{first}}  {value:<{second}}  {text}" for name, value, text in rows]


def _default(knob: Knob) -> str:
    text = printable(knob.format(knob.default), 40)
    return f"{text} {knob.unit}".rstrip() if knob.kind in ("int", "float") else text


def _range(knob: Knob) -> str:
    others = {"run": knob.run, "role": knob.alone}
    differs = [
        f"{printable(knob.format(value), 40)} for `{name}`" for name, value in others.items() if value is not None
    ]
    whose = f", for each {knob.role}" if knob.each else ""
    return ", ".join([knob.range + whose, *differs])


def _address(endpoint: Endpoint) -> str:
    return f"tcp://{LOOPBACK}:{endpoint.port}"


def _ends(endpoint: Endpoint) -> str:
    ends = [f"{endpoint.bind.role} binds {endpoint.bind.socket}"]
    return ", ".join([*ends, *(f"{link.role} connects {link.socket}" for link in endpoint.connect)])


def _first_line(role: Role) -> str:
    return (role.function.__doc__ or "").strip().partition("\n")[0]
