"""Who can reach the addresses that were given: a wildcard lets in whoever is on the network."""

from __future__ import annotations

from collections.abc import Sequence

from zmqtui.cli.output import complain
from zmqtui.cli.settings import Settings
from zmqtui.core.addresses import exposed
from zmqtui.core.stage import Stage


def everywhere_is_here(settings: Settings) -> None:
    """Let a wildcard address, which is for binding only, be one that the same machine can connect to as well."""
    for name, address in settings.at.items():
        settings.at[name] = address.replace("tcp://*:", "tcp://0.0.0.0:")


def warn_of_strangers(stage: Stage, roles: Sequence[str]) -> None:
    """Say so if anybody on the network will be able to connect."""
    if wide := exposed(stage.pattern, stage.addresses, roles):
        places = " and ".join(wide.values())
        complain(f"warning: anybody on the network can connect to {places}, and nothing is encrypted")
