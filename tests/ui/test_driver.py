"""The driver's writer, on a terminal of its own."""

from __future__ import annotations

import asyncio
import os
import pty
import select
import threading
import tty

from tests.ui.support import PATIENCE
from zmqtui.ui.direct_driver import Writer

PICTURE = "x" * (1 << 18)
"""More than a terminal takes at once."""


async def test_a_terminal_that_does_not_wait() -> None:
    """Protects the picture where another program left the terminal non-blocking: it comes whole all the same."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    os.set_blocking(theirs, False)
    try:
        with open(theirs, "w", closefd=False) as file:
            writer = Writer(file, asyncio.get_running_loop())
            writer.start()
            writer.write(PICTURE)
            writer.flush()
            ending = threading.Thread(target=writer.stop)
            ending.start()
            taken = 0
            while taken < len(PICTURE) and select.select([ours], [], [], PATIENCE)[0]:
                taken += len(os.read(ours, 65536))
            ending.join()
        assert taken == len(PICTURE)
    finally:
        os.close(ours)
        os.close(theirs)
