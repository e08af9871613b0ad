"""What happened as JSON Lines, one line an event; docs/json-lines.md is the schema's description."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Any

from zmqtui import __version__
from zmqtui.core.journal import WALL, Event
from zmqtui.core.watch import StageView

SCHEMA = 1
"""Raised when a field changes its meaning or goes away; new fields may come without."""

encode: Callable[[Any], str] = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
"""Writes a record on one line, in pure ASCII, so that no payload can do anything to a terminal."""
_quote = json.encoder.encode_basestring_ascii


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


def since(origin: float, when: float) -> float:
    """Return the ``t`` of a moment: seconds since the start."""
    return round(max(0.0, when - origin), 6)


def header(view: StageView, origin: float, command: str, names: Collection[str]) -> dict[str, Any]:
    """Return the record that comes first.

    Args:
        view: The stage.
        origin: The moment that is `t` = 0, on the engine's clock.
        command: What the lines come from.
        names: The instances they are about.
    """
    import platform

    import zmq

    return {
        "event": "start",
        "schema": SCHEMA,
        "t": 0.0,
        "role": "",
        "time": datetime.fromtimestamp(WALL + origin, UTC).isoformat(timespec="microseconds"),
        "command": command,
        "pattern": view.pattern.name,
        "transport": view.transport,
        "addresses": dict(view.addresses),
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


def line(event: Event, origin: float) -> str:
    """Return the line of `event`, its end included, with `origin` as `t` = 0."""
    return _message(event, origin) or encode(_record(event, origin)) + "\n"


def _message(event: Event, origin: float) -> str:
    """Return the line of a plain message, of which there may be very many a second; else nothing."""
    if event.kind not in ("send", "recv") or len(event.frames) != 1:
        return ""
    try:
        frame = _quote(event.frames[0].decode())
    except UnicodeDecodeError:
        return ""
    head = f'{{"t":{since(origin, event.time)},"role":{_quote(event.instance)},"event":"{event.kind}"'
    peer = f',"peer":{_quote(event.peer)}' if event.peer else ""
    return f'{head},"endpoint":{_quote(event.endpoint)},"frames":[{frame}]{peer}}}\n'


def _record(event: Event, origin: float) -> dict[str, Any]:
    record: dict[str, Any] = {"t": since(origin, event.time), "role": event.instance, "event": event.kind}
    match event.kind:
        case "send" | "recv" | "lost":
            record["endpoint"] = event.endpoint
            record["frames"] = [plain(frame) for frame in event.frames]
            if event.text:
                record["text"] = event.text
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
