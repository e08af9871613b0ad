"""``zmqtui [PATTERN]``: opens the app."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, Any

from zmqtui.cli import COMMANDS
from zmqtui.cli.arguments import choose
from zmqtui.cli.output import complain
from zmqtui.cli.reach import everywhere_is_here, warn_of_strangers
from zmqtui.cli.settings import Settings, find_pattern, make_stage, read_settings
from zmqtui.core.model import BadInput
from zmqtui.patterns import every

if TYPE_CHECKING:
    from zmqtui.ui.app import Playground

LEAST = (40, 12)
"""Columns and rows of the smallest terminal that the app fits in."""


def open_app(arguments: argparse.Namespace) -> int:
    """Open the app and return its exit code when it is left.

    Raises:
        BadInput: If the arguments make no sense or there is no terminal to show it in.
    """
    patterns = every()
    first = find_pattern(arguments.pattern or patterns[0].name, COMMANDS)
    settings = read_settings(first, arguments)
    everywhere_is_here(settings)
    others = Settings(seed=settings.seed, transport=settings.transport, limits=settings.limits)
    stages = [make_stage(pattern, settings if pattern is first else others) for pattern in patterns]
    options: dict[str, Any] = {"first": first.name, "start": arguments.start}
    if arguments.theme is not None:
        from zmqtui.ui.themes import names

        options["theme"] = choose(arguments.theme, names(), "theme")
    check_terminal()
    for stage in stages:
        warn_of_strangers(stage, [role.name for role in stage.pattern.roles])
    from zmqtui.ui.app import Playground

    return show(Playground(stages, **options))


def check_terminal() -> None:
    """Check that there is a terminal, and room in it.

    Raises:
        BadInput: If not.
    """
    # The app draws on standard error, as Textual does.
    for name, stream in (("input", sys.stdin), ("output", sys.stdout), ("error", sys.stderr)):
        if stream is None or not stream.isatty():
            raise BadInput(f"standard {name} is not a terminal: the app needs one; `zmqtui run PATTERN` works without")
    columns, rows = os.get_terminal_size(sys.stdout.fileno())
    # Some terminals do not know their size and say 0.
    if 0 < columns < LEAST[0] or 0 < rows < LEAST[1]:
        raise BadInput(f"the terminal has {columns}×{rows} characters: the app needs {LEAST[0]}×{LEAST[1]} at least")


def show(app: Playground) -> int:
    """Run `app` and say what ended it, if that was an error, when the terminal is given back.

    Returns:
        Its exit code.
    """
    from zmqtui.cli.aside import aside

    with aside():
        try:
            app.run()
        finally:
            for stage in app.stages:
                stage.stop()
            for stage in app.stages:
                stage.settle()
    if app.error:
        complain(f"the app ended because of an error, please report it with the lines above: {app.error}")
    return int(app.return_code or 0)
