"""Colours: two themes of our own, and the meanings that every theme must have a colour for."""

from __future__ import annotations

from textual.theme import BUILTIN_THEMES, Theme

_DARK = {
    "tone-sent": "#7aa2f7",
    "tone-received": "#9ece6a",
    "tone-waiting": "#e0af68",
    "tone-working": "#bb9af7",
    "tone-lost": "#ff9e64",
    "tone-failed": "#f7768e",
    "role-0": "#7dcfff",
    "role-1": "#c0caf5",
    "role-2": "#b4f9f8",
}
_LIGHT = {
    "tone-sent": "#1f5fbf",
    "tone-received": "#2f7d1f",
    "tone-waiting": "#8f5e00",
    "tone-working": "#7a3fc0",
    "tone-lost": "#b3470b",
    "tone-failed": "#c4143c",
    "role-0": "#006a83",
    "role-1": "#343b58",
    "role-2": "#0f6b62",
}

DARK = Theme(
    name="zmqtui-dark",
    primary="#7aa2f7",
    secondary="#7dcfff",
    accent="#bb9af7",
    warning="#e0af68",
    error="#f7768e",
    success="#9ece6a",
    foreground="#c8d0f0",
    background="#16161e",
    surface="#1c1d2b",
    panel="#26283a",
    dark=True,
    variables={
        "footer-key-foreground": "#7dcfff",
        "footer-background": "#16161e",
        "block-cursor-background": "#7aa2f7",
    },
)
LIGHT = Theme(
    name="zmqtui-light",
    primary="#1f5fbf",
    secondary="#006a83",
    accent="#7a3fc0",
    warning="#8f5e00",
    error="#c4143c",
    success="#2f7d1f",
    foreground="#23263a",
    background="#f4f5f9",
    surface="#eaecf4",
    panel="#dcdfec",
    dark=False,
    variables={"footer-key-foreground": "#006a83", "footer-background": "#f4f5f9"},
)


def names() -> list[str]:
    """Return the names of all themes, ours first."""
    return [DARK.name, LIGHT.name, *sorted(BUILTIN_THEMES)]


def meanings(*, dark: bool) -> dict[str, str]:
    """Return the colour of each meaning on a dark or a light ground."""
    return _DARK if dark else _LIGHT
