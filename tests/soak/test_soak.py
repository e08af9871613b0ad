"""The soak, for half a minute."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_half_a_minute_of_everything() -> None:
    """Protects stages and the app from whatever is done to them; `make soak` does it for ten minutes.

    What failed is printed with the seed, the operations and the command that plays them again.
    """
    seed = os.environ.get("SOAK_SEED", "")
    command = [sys.executable, "-m", "tests.soak", "--seconds", "30", *(("--seed", seed) if seed else ())]
    done = subprocess.run(
        command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
