"""Files that the app writes: always new ones, in the working directory."""

from __future__ import annotations

from itertools import count
from pathlib import Path


def save(name: str, text: str) -> Path:
    """Write `text` to a new file called `name`, or `name` with a number where there is one already.

    Returns:
        Where it is.

    Raises:
        OSError: If it cannot be written.
    """
    wanted = Path.cwd() / name
    for number in count(2):
        try:
            with wanted.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            wanted = wanted.with_name(f"{Path(name).stem}-{number}{Path(name).suffix}")
        else:
            break
    return wanted
