"""``--json``: what happened as JSON Lines; docs/json-lines.md is the schema's description."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from zmqtui import __version__
from zmqtui.cli.output import Output
from zmqtui.cli.summary import End
from zmqtui.core.journal import WALL, Event, Tally
from zmqtui.core.stage import Stage
from zmqtui.core.watch import InstanceView

SCHEMA = 1
"""Raised when a field changes its meaning or goes away; new fields may come without."""

_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
_quote = json.encoder.encode_basestring_ascii
"""Pure ASCII, so that no payload can do anything to a terminal."""


def plain(value: Any) -> Any:
    """Return a knob's value, or a frame, as JSON has it: bytes are text where they are UTF-8, else base64."""
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            from base64 import b64encode

            return {"base64": b64encode(value).decode()}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value


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
        import platform

        import zmq

        self._origin = origin
        view = stage.view()
        self._write(
            {
                "event": "start",
                "schema": SCHEMA,
                "t": 0.0,
                "role": "",
                "time": datetime.fromtimestamp(WALL + origin, UTC).isoformat(timespec="microseconds"),
                "command": self._command,
                "pattern": stage.pattern.name,
                "transport": stage.transport,
                "addresses": stage.addresses,
                "seed": stage.seed,
                "knobs": {name: plain(value) for name, value in view.knobs.items()},
                "instances": {
                    each.name: {"role": each.role, "knobs": {name: plain(value) for name, value in each.knobs.items()}}
                    for each in view.instances
                    if each.name in names
                },
                "versions": {
                    "zmqtui": __version__,
                    "pyzmq": zmq.__version__,
                    "libzmq": zmq.zmq_version(),
                    "python": platform.python_version(),
                },
            }
        )

    def tell(self, events: list[Event]) -> None:
        """Write `events`."""
        self._out.write("".join([self._message(event) or _encode(self._record(event)) + "\n" for event in events]))

    def lost(self, count: int, when: float) -> None:
        """Say that `count` events were forgotten before they could be written."""
        self._write({"t": self._t(when), "role": "", "event": "skipped", "count": count})

    def end(self, end: End) -> None:
        """Write the summary."""
        view = end.view
        self._write(
            {
                "event": "summary",
                "schema": SCHEMA,
                "t": self._t(view.time),
                "role": "",
                "ended": end.how,
                "code": end.code,
                "elapsed": round(view.elapsed, 6),
                "peers": dict(view.peers),
                "instances": {each.name: _instance(each, end) for each in end.instances},
                "figures": {figure.name: figure.value for figure in end.figures if not figure.instance},
            }
        )

    def _t(self, when: float) -> float:
        return round(max(0.0, when - self._origin), 6)

    def _message(self, event: Event) -> str:
        """Return the line of a plain message, of which there may be very many a second; else nothing."""
        if event.kind not in ("send", "recv") or event.peer or len(event.frames) != 1:
            return ""
        try:
            frame = _quote(event.frames[0].decode())
        except UnicodeDecodeError:
            return ""
        head = f'{{"t":{self._t(event.time)},"role":{_quote(event.instance)},"event":"{event.kind}"'
        return f'{head},"endpoint":{_quote(event.endpoint)},"frames":[{frame}]}}\n'

    def _record(self, event: Event) -> dict[str, Any]:
        record: dict[str, Any] = {"t": self._t(event.time), "role": event.instance, "event": event.kind}
        match event.kind:
            case "send" | "recv":
                record["endpoint"] = event.endpoint
                record["frames"] = [plain(frame) for frame in event.frames]
                if event.peer:
                    record["peer"] = event.peer
            case "state":
                record["state"], _, record["detail"] = event.text.partition(": ")
            case "skipped":
                record |= {"endpoint": event.endpoint, "direction": event.text, "count": event.messages}
            case "link":
                record |= {"endpoint": event.endpoint, "text": event.text}
            case _:
                record["text"] = event.text
        return record

    def _write(self, record: dict[str, Any]) -> None:
        self._out.write(_encode(record) + "\n")


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
        "losses": losses and {"published": losses.published, "missing": losses.missing, **vars(losses)},
        "figures": {figure.name: figure.value for figure in end.figures if figure.instance == each.name},
    }


def _tally(tally: Tally) -> dict[str, int]:
    return tally._asdict()
