"""The entry point: ``zmqtui`` and ``python -m zmqtui``."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Args:
        argv: The words after the program's name; those of the process by default.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        if argv is None and _opens_app(words):
            # What is made until the first picture stays: no use looking through it. The app switches it on again.
            gc.disable()
            from zmqtui.cli import supervisor

            # As early as can be, while there is little to copy.
            if supervisor.wanted() and (ended := supervisor.supervise()) is not None:
                return ended
        code = _command(words)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:
        # Whoever read us left, as `head` does; what is still buffered has nowhere to go.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE


def _opens_app(words: list[str]) -> bool:
    from zmqtui.cli import COMMANDS

    return not (words and words[0] in COMMANDS) and not {"-h", "--help", "--version"} & set(words)


def _command(words: list[str]) -> int:
    from zmqtui.cli.output import complain, mend_output
    from zmqtui.core.model import BadInput

    mend_output()
    try:
        from zmqtui.cli.arguments import parse

        arguments = parse(words)
        match arguments.command:
            case "list":
                from zmqtui.cli.listing import show_list

                return show_list(arguments)
            case "run":
                from zmqtui.cli.run import run

                return run(arguments)
            case "role":
                from zmqtui.cli.role import role

                return role(arguments)
            case "code":
                from zmqtui.cli.code import code

                return code(arguments)
            case "version":
                from zmqtui.cli.versions import show_versions

                return show_versions()
            case _:
                from zmqtui.cli.app import open_app

                return open_app(arguments)
    except BadInput as error:
        complain(str(error))
        return 2
    except SystemExit as end:
        # argparse leaves this way after --help.
        return int(end.code or 0)


if __name__ == "__main__":
    sys.exit(main())
