"""``zmqtui code``: a role, or every role of a pattern, as a script that runs with pyzmq alone."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from zmqtui.cli.arguments import choose
from zmqtui.cli.settings import Settings, find_pattern, make_stage, read_settings
from zmqtui.core.export.script import script
from zmqtui.core.model import BadInput, Pattern
from zmqtui.core.text import printable


def code(arguments: argparse.Namespace) -> int:
    """Print scripts, or write them to files, and return the exit code.

    Raises:
        BadInput: If the arguments make no sense, or a file cannot be written.
    """
    pattern = find_pattern(arguments.pattern)
    roles = [role.name for role in pattern.roles]
    if arguments.role is not None:
        roles = [choose(arguments.role, roles, f"{pattern.name} role")]
    settings = read_settings(pattern, arguments, "alone")
    _check(pattern, settings)
    stage = make_stage(pattern, settings)
    scripts = {}
    for role in map(pattern.role, roles):
        own = next(each.knobs for each in stage.view().of(role.name))
        scripts[f"{pattern.name}_{role.name}.py"] = script(pattern, role, stage.addresses, stage.knobs | dict(own))
    if arguments.folder is not None:
        _write(Path(arguments.folder), scripts)
    elif len(scripts) == 1:
        sys.stdout.write(*scripts.values())
    else:
        sys.stdout.write("\n\n".join(f"# {name} {'-' * (77 - len(name))}\n\n{text}" for name, text in scripts.items()))
    return 0


def _check(pattern: Pattern, settings: Settings) -> None:
    """Refuse what a script cannot have."""
    for role, count in settings.counts.items():
        raise BadInput(f"{role}={count} is a number of instances: a script plays one {role}, start it {count} times")
    for name in settings.knobs:
        instance, _, knob = name.rpartition(".")
        if instance:
            whose = pattern.knob(knob).role
            raise BadInput(f"a script plays any {whose}, not {instance}: write --set {knob}=…")
    for name, address in settings.at.items():
        if address.startswith("inproc:"):
            raise BadInput(f"{name}: inproc does not leave a process: use tcp://HOST:PORT or ipc://PATH")


def _write(folder: Path, scripts: Mapping[str, str]) -> None:
    """Write all of them or, where a file has other content already, none."""
    path = folder
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"{printable(str(path))} is no folder: choose another after -o")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        missing = []
        for name, text in scripts.items():
            path = folder / name
            if not path.exists():
                missing.append(name)
            elif path.read_bytes() != text.encode():
                raise BadInput(f"{printable(str(path))} exists and is different: remove it, or choose another folder")
        for name, text in scripts.items():
            path = folder / name
            if name in missing:
                with path.open("x", encoding="utf-8") as file:
                    file.write(text)
            sys.stdout.write(f"{'wrote' if name in missing else 'unchanged'} {printable(str(path), 1000)}\n")
    except OSError as error:
        raise BadInput(f"cannot write {printable(str(path), 1000)}: {error.strerror or error}") from None
