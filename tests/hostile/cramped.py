"""A program: zmqtui where few files may be open. ``python -m tests.hostile.cramped FILES ARGUMENTS…``."""

from __future__ import annotations

import resource
import sys

from zmqtui.__main__ import main

if __name__ == "__main__":
    most = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    sys.exit(main(sys.argv[2:]))
