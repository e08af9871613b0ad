"""Counts over time, from the start of a run to its end."""

from __future__ import annotations


class History:
    """How every count grew since the start."""
