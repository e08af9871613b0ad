"""Programs for the benchmarks, each in a process of its own: ``python -m tests.bench.apps NAME [ARGUMENT…]``."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static


class Bare(App[None]):
    """The least a Textual app can do: a line that changes at the press of a key."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "change", "Change"),
        Binding("ctrl+q", "quit", "Quit", priority=True),
    ]
    count = 0

    def compose(self) -> ComposeResult:
        """Lay out the line."""
        yield Static("Ready", markup=False)

    def action_change(self) -> None:
        """Change the line."""
        self.count += 1
        self.query_one(Static).update(f"pressed {self.count} times")


def bare() -> None:
    """Open the bare app."""
    Bare().run()


def loop(name: str, transport: str, total: str, out: str) -> None:
    """Open the playground on a loop's tab, run it and write to the file `out`.

    Written are the seconds that it measured, the messages in the books, and the bytes of memory that this process had
    in use each time it looked after the first tenth.
    """
    from tests.bench import loops
    from tests.bench.scale import memory
    from zmqtui.core.stage import Stage
    from zmqtui.ui.app import Playground

    loops.TOTAL[name] = int(total)
    loops.NUMBERS[:] = range(loops.SUBSCRIBERS)
    at = {"line": loops.address(transport)} if transport == "tcp" else None
    stage = Stage(loops.pattern(name), transport=transport, at=at)
    marks: list[int] = []

    def received() -> int:
        return sum(each.received.messages for each in stage.view().of("peer"))

    class Watched(Playground):
        """Leaves when the loop is done."""

        def on_mount(self) -> None:
            # Textual calls the playground's own of that name too. The loop begins when all is drawn.
            self.set_timer(2, self.start)
            self.set_interval(0.1, self.look)

        def start(self) -> None:
            stage.start()

        def look(self) -> None:
            if received() > int(total) / 10:
                marks.append(memory())
            if stage.done:
                stage.stop()
                stage.settle()
                Path(out).write_text(json.dumps([loops.TIMES[name], received(), marks]), encoding="utf-8")
                self.exit()

    Watched([stage]).run()


if __name__ == "__main__":
    programs: dict[str, Callable[..., None]] = {"bare": bare, "loop": loop}
    programs[sys.argv[1]](*sys.argv[2:])
