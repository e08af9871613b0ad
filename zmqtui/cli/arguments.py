"""What can be written on the command line; every mistake is one line that says what to do."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from zmqtui.cli import COMMANDS
from zmqtui.core.model import TRANSPORTS, BadInput
from zmqtui.core.text import printable

_APP = """\
A terminal playground for ZeroMQ: every pattern runs for real, on real sockets.

commands:
  zmqtui [PATTERN]           open the app, at that pattern's tab
  zmqtui list                show patterns, roles, endpoints and knobs
  zmqtui run PATTERN         run a whole pattern without the app
  zmqtui role PATTERN ROLE   play one role in this terminal
  zmqtui code PATTERN        print its roles as scripts that need pyzmq alone

`zmqtui list` shows the patterns and what --set takes."""

_APP_EXAMPLES = """\
examples:
  zmqtui
  zmqtui pubsub --start --set rate=1000
  zmqtui reqrep --transport inproc --set client=5 --set work=0.2
  zmqtui run --help          what `run` takes; so for `role` and `list`"""

_RUN = """\
Run a whole pattern without the app and print what every role does.
reqrep and pipeline end by themselves; pubsub goes on until --seconds or Ctrl-C."""

_RUN_EXAMPLES = """\
examples:
  zmqtui run reqrep --set client=5 --set work=0.2
  zmqtui run pubsub --seconds 10 --set subscriber-2.filter=9,8
  zmqtui run pipeline --transport ipc --seed 1 --json > events.jsonl"""

_ROLE = """\
Play one role in this terminal: the others can be in other terminals, on other
machines, or programs of your own. It ends when the role does, or with Ctrl-C."""

_ROLE_EXAMPLES = """\
examples:
  zmqtui role reqrep server
  zmqtui role pubsub subscriber --set filter=9 --at weather=tcp://192.0.2.7:5556
  zmqtui role pipeline ventilator --ready 4"""

_CODE = """\
Show a role, or every role of a pattern, as a script that runs with pyzmq alone:
the code that runs here, with the addresses and the values that are asked for."""

_CODE_EXAMPLES = """\
examples:
  zmqtui code reqrep server
  zmqtui code pubsub subscriber --set filter=9,8 > subscriber.py
  zmqtui code pipeline -o scripts --at tasks=tcp://127.0.0.1:6000"""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are `BadInput`, with the nearest option where one was mistyped."""

    def __init__(self, command: str, description: str, examples: str) -> None:
        super().__init__(
            f"zmqtui {command}".strip(),
            description=description,
            epilog=examples,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        """Raise `BadInput`.

        Raises:
            BadInput: Always.
        """
        message = message.replace("the following arguments are required:", "missing")
        raise BadInput(f"{printable(message)}; see {self.prog} --help")

    def print_help(self, file: Any = None) -> None:
        """Write the help; argparse would say nothing of a reader that left."""
        (file or sys.stdout).write(self.format_help())

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """Parse `words`.

        Raises:
            BadInput: If they make no sense.
        """
        # Intermixed: an option may stand between PATTERN and a ROLE that can be left out.
        arguments, extra = self.parse_known_intermixed_args(words)
        if extra:
            option = extra[0].partition("=")[0]
            if option.startswith("-") and option != "--":
                hint = nearest(option, self._option_string_actions)
                raise BadInput(f"unknown option {shown(option)}{hint}; see {self.prog} --help")
            raise BadInput(f"{shown(extra[0])} is one word too many; see {self.prog} --help")
        return arguments


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Read the command line; the first word decides what it is about.

    Returns:
        The arguments as text, with ``command``: ``app``, ``list``, ``run``, ``role``, ``code`` or ``version``.

    Raises:
        BadInput: If it makes no sense.
    """
    command = words[0] if words and words[0] in COMMANDS else "app"
    if command == "app" and len(words) > 1 and not words[1].startswith("-") and (hint := nearest(words[0], COMMANDS)):
        raise BadInput(f"unknown command {shown(words[0])}{hint} see zmqtui --help")
    match command:
        case "list":
            parser = Parser("list", "Show patterns, their roles, endpoints and knobs.", "")
            parser.add_argument("--json", action="store_true", help="as one JSON document")
        case "run":
            parser = Parser("run", _RUN, _RUN_EXAMPLES)
            parser.add_argument("pattern", metavar="PATTERN", help="one of those that `zmqtui list` shows")
            parser.add_argument("--seconds", metavar="S", help="stop after so long")
            _transport(parser)
            _common(parser)
            _json(parser)
        case "role":
            parser = Parser("role", _ROLE, _ROLE_EXAMPLES)
            parser.add_argument("pattern", metavar="PATTERN", help="one of those that `zmqtui list` shows")
            parser.add_argument("role", metavar="ROLE", help="such as server; `zmqtui list` shows all")
            parser.add_argument("--ready", metavar="N", help="start when N workers are connected, not on Enter")
            _common(parser)
            _json(parser)
        case "code":
            parser = Parser("code", _CODE, _CODE_EXAMPLES)
            parser.add_argument("pattern", metavar="PATTERN", help="one of those that `zmqtui list` shows")
            parser.add_argument("role", metavar="ROLE", nargs="?", help="such as server; all of them by default")
            parser.add_argument("-o", metavar="DIR", dest="folder", help="write each to DIR/PATTERN_ROLE.py")
            _values(parser)
        case _:
            parser = Parser("", _APP, _APP_EXAMPLES)
            parser.add_argument("pattern", metavar="PATTERN", nargs="?", help="whose tab to open (reqrep)")
            parser.add_argument("--start", action="store_true", help="start the pattern at once")
            parser.add_argument("--theme", metavar="NAME", help="the colours, such as nord")
            _transport(parser)
            _common(parser)
            parser.add_argument("--version", action="store_true", help="show versions and leave")
    arguments = parser.read(words if command == "app" else words[1:])
    arguments.command = "version" if getattr(arguments, "version", False) else command
    return arguments


def _transport(parser: Parser) -> None:
    names = "|".join(TRANSPORTS)
    parser.add_argument("--transport", metavar=names, default=TRANSPORTS[0], help=f"default {TRANSPORTS[0]}")


def _common(parser: Parser) -> None:
    _values(parser, ", one instance's (worker-1.slowdown=5), or say how many there are (client=5)")
    parser.add_argument("--seed", metavar="N", help="make the roles' random numbers repeatable")
    parser.add_argument(
        "--limit", metavar="NAME=VALUE", action="append", default=[],
        help="change what a peer may cost (memory=1024); `zmqtui list` shows all",
    )  # fmt: skip
    parser.add_argument("--expose", action="store_true", help="let --at bind where others on the network can connect")


def _values(parser: Parser, more: str = "") -> None:
    parser.add_argument(
        "--set", metavar="NAME=VALUE", action="append", default=[], help=f"turn a knob (work=0.2){more}"
    )  # fmt: skip
    parser.add_argument(
        "--at", metavar="ENDPOINT=ADDRESS", action="append", default=[],
        help="where an endpoint is (requests=tcp://127.0.0.1:6000)",
    )  # fmt: skip
    parser.set_defaults(seed=None)


def _json(parser: Parser) -> None:
    parser.add_argument("--json", action="store_true", help="JSON Lines that end with a summary")


def shown(word: str) -> str:
    """Return a foreign word in quotes, safe to print."""
    return f"'{printable(word, 40)}'"


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ``, did you mean …?`` if one of `known` is close to `word`, else nothing."""
    from difflib import get_close_matches

    close = get_close_matches(word[:80], list(known), 1)
    return f", did you mean {close[0]}?" if close else ""


def choose(word: str, among: Sequence[str], noun: str, near: Sequence[str] = ()) -> str:
    """Return `word` if it is one of `among`; `near` is what else could have been meant.

    Raises:
        BadInput: If it is not; the line names all of them.
    """
    if word in among:
        return word
    raise BadInput(
        f"unknown {noun} {shown(word)}{nearest(word, [*among, *near]) or ':'} choose one of {', '.join(among)}"
    )


def number(text: str, name: str, kind: type[int] | type[float], low: float, high: float) -> Any:
    """Read a number.

    Raises:
        BadInput: If it is none, or not from `low` to `high`.
    """
    try:
        value = kind(text)
    except ValueError:
        value = None
    if value is None or not low <= value <= high:
        noun = "a whole number" if kind is int else "a number"
        raise BadInput(f"{name} takes {noun} from {low:,.10g} to {high:,.10g}, not {shown(text)}")
    return value
