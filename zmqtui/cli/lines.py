"""What happened as lines for a person; in a hurry not every message is shown, and the lines say how many were not."""

from __future__ import annotations

from zmqtui.cli.output import Output
from zmqtui.cli.summary import End
from zmqtui.core.journal import Event, Tally, skipped
from zmqtui.core.stage import Stage
from zmqtui.core.state import State
from zmqtui.core.text import printable

_MARKS = {
    "send": "→",
    "recv": "←",
    "lost": "×",
    "say": " ",
    "state": "·",
    "link": "~",
    "note": "*",
    "error": "!",
    "skipped": "…",
}
_ASCII = {"→": "->", "←": "<-", "×": "x", "·": "-", "…": ".."}
_HOW = {
    "done": "done after",
    "seconds": "ended after",
    "signal": "interrupted after",
    "failed": "failed after",
    "guard": "stopped by its guard after",
    "stdin": "ended after",
    "closed": "ended after",
}


class Lines:
    """Tells what happened in readable lines.

    Args:
        out: Where to.
        waits_for: What a role that asks is waiting for, where nobody will press Enter.
    """

    whole = False

    def __init__(self, out: Output, waits_for: str = "") -> None:
        self._out = out
        self._waits_for = waits_for
        self._origin = 0.0
        self._width = 0
        try:
            "→←·…–×".encode(out.encoding)
            self._marks = _MARKS
        except UnicodeEncodeError:
            self._marks = {kind: _ASCII.get(mark, mark) for kind, mark in _MARKS.items()}

    def begin(self, stage: Stage, names: list[str], origin: float) -> None:
        """Say what is played, and where."""
        self._origin = origin
        self._width = max(map(len, names))
        places = ", ".join(f"{name} at {printable(address)}" for name, address in stage.addresses.items())
        self._out.write(f"{stage.pattern.name} over {stage.transport}: {places}\n")

    def tell(self, events: list[Event]) -> None:
        """Write `events`."""
        # That a role runs shows in what it does, and that it failed in its error.
        dull = (State.RUNNING.value, f"{State.FAILED.value}:")
        kept = (
            event
            for event in events
            if event.kind != "monitor" and (event.kind != "state" or not event.text.startswith(dull))
        )
        self._out.write("".join([self._line(event) for event in kept]))

    def lost(self, count: int, when: float) -> None:
        """Say that `count` events were forgotten before they could be written."""
        self._out.write(f"{when - self._origin:9.3f}  {self._marks['skipped']} {count:,} events are not shown\n")

    def end(self, end: End) -> None:
        """Write who ended how, and the figures."""
        lines = [f"{_HOW[end.how]} {max(0.0, end.view.time - self._origin):.3f} s"]
        for each in end.instances:
            counts = [_count(each.sent, "sent"), _count(each.received, "received")]
            lines.append(f"  {each.name:<{self._width}}  {each.state.value}{''.join(counts)}")
            if text := ", ".join(figure.text for figure in end.figures if figure.instance == each.name and figure.text):
                lines.append(f"  {'':<{self._width}}  {text}")
        if text := ", ".join(figure.text for figure in end.figures if not figure.instance and figure.text):
            lines.append(f"  {text}")
        self._out.write("\n".join(lines) + "\n")

    def _line(self, event: Event) -> str:
        text = printable(event.text)
        if event.kind in ("send", "recv", "lost"):
            said = f": {text}" if text else ""
            text = " | ".join(printable(frame) or "(empty)" for frame in event.frames) + said
        elif event.kind == "skipped":
            text = skipped(event)
        elif event.kind == "state" and self._waits_for and event.text.startswith(State.ASKING.value):
            text = f"waits for {self._waits_for}"
        mark = self._marks[event.kind]
        return f"{event.time - self._origin:9.3f}  {event.instance:<{self._width}}  {mark} {text}".rstrip() + "\n"


def _count(tally: Tally, verb: str) -> str:
    plural = "" if tally.messages == 1 else "s"
    return f", {verb} {tally.messages:,} message{plural} ({tally.bytes:,} bytes)" if tally.messages else ""
