"""What every thread is doing now, asked of the interpreter so that it can neither hang nor crash."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_one = threading.Lock()


@contextmanager
def running() -> Iterator[dict[int, FrameType]]:
    """Yield the innermost frame of every thread, by its identifier; to be looked at in here and nowhere else.

    The garbage collector must not set in meanwhile. Were it to run a finaliser, another thread could have its turn:

    - While Python lists the frames it holds a lock of its own. A thread that ends then waits for that lock and keeps
      the interpreter's: nothing moves any more.
    - The way from a frame to its caller makes an object for that one. A thread that goes on in the middle of it leaves
      the very frame that is being looked at: the process crashes.
    """
    with _one:
        collects = gc.isenabled()
        gc.disable()
        frames: dict[int, FrameType] = {}
        try:
            frames = sys._current_frames()
            yield frames
        finally:
            # Our own frame is among them: the ring would keep every role's variables until the next collection.
            frames.clear()
            if collects:
                gc.enable()
