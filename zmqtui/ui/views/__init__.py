"""The views of a tab, in the order in which they stand side by side."""

from __future__ import annotations

from zmqtui.ui.view import View
from zmqtui.ui.views.charts import Charts
from zmqtui.ui.views.code import Code
from zmqtui.ui.views.connections import Connections
from zmqtui.ui.views.log import Log
from zmqtui.ui.views.messages import Messages
from zmqtui.ui.views.sequence import Sequence
from zmqtui.ui.views.topology import Topology

VIEWS: tuple[type[View], ...] = (Topology, Code, Sequence, Messages, Charts, Connections, Log)
"""Every view there is; a new one needs nothing but its place here."""
FIRST = ("topology", "log")
"""What is on the desk at the beginning; the last one is the current view."""
