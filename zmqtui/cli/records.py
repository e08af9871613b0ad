"""``--json``: what happened as JSON Lines; docs/json-lines.md is the schema's description."""

from __future__ import annotations

from typing import Any

from zmqtui.cli.output import Output
from zmqtui.cli.summary import End
from zmqtui.core.export.records import SCHEMA, encode, header, line, since
from zmqtui.core.journal import Event, Tally
from zmqtui.core.stage import Stage
from zmqtui.core.watch import InstanceView


class Records:
    """Tells what happened as JSON Lines.

    Args:
        out: Where to.
        command: ``run`` or ``role``.
    """

    whole = True

    def __init__(self, out: Output, command: str) -> None:
        self._out = out
        self._command = command
        self._origin = 0.0

    def begin(self, stage: Stage, names: list[str], origin: float) -> None:
        """Write the header."""
        self._origin = origin
        self._write(header(stage.view(), origin, self._command, names) | {"seed": stage.seed})

    def tell(self, events: list[Event]) -> None:
        """Write `events`."""
        self._out.write("".join([line(event, self._origin) for event in events if event.kind != "monitor"]))

    def lost(self, count: int, when: float) -> None:
        """Say that `count` events were forgotten before they could be written."""
        self._write({"t": since(self._origin, when), "role": "", "event": "skipped", "count": count})

    def end(self, end: End) -> None:
        """Write the summary."""
        view = end.view
        self._write(
            {
                "event": "summary",
                "schema": SCHEMA,
                "t": since(self._origin, view.time),
                "role": "",
                "ended": end.how,
                "code": end.code,
                "elapsed": round(view.elapsed, 6),
                "peers": dict(view.peers),
                "instances": {each.name: _instance(each, end) for each in end.instances},
                "figures": {figure.name: figure.value for figure in end.figures if not figure.instance},
            }
        )

    def _write(self, record: dict[str, Any]) -> None:
        self._out.write(encode(record) + "\n")


def _instance(each: InstanceView, end: End) -> dict[str, Any]:
    losses = each.losses
    return {
        "role": each.role,
        "state": each.state.value,
        "detail": each.status.detail,
        "life": each.life,
        "sent": _tally(each.sent),
        "received": _tally(each.received),
        "endpoints": [
            {
                "endpoint": port.endpoint,
                "socket": port.socket,
                "sent": _tally(port.sent),
                "received": _tally(port.received),
            }
            for port in each.ports
        ],
        "work": round(each.work, 6),
        "losses": losses and {"published": losses.published, "missing": losses.missing, **losses._asdict()},
        "figures": {figure.name: figure.value for figure in end.figures if figure.instance == each.name},
    }


def _tally(tally: Tally) -> dict[str, int]:
    return tally._asdict()
