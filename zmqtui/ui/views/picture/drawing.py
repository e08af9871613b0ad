"""The picture itself: a layout, filled with how the stage stands and what travels."""

from __future__ import annotations

from zmqtui.ui.views.picture.box_drawing import draw_box
from zmqtui.ui.views.picture.canvas import Canvas
from zmqtui.ui.views.picture.layout import Ask, Layout
from zmqtui.ui.views.picture.moment import Moment
from zmqtui.ui.views.picture.wire_drawing import Line, draw_bus, draw_marks


def draw(layout: Layout, moment: Moment, ask: Ask) -> Canvas:
    """Draw the picture."""
    canvas = Canvas(ask.width, ask.height)
    views = {each.name: each for each in moment.stage.instances}
    for stub in layout.stubs:
        Line(canvas, moment, views, stub).draw()
    for bus in layout.buses:
        draw_bus(canvas, moment, views, bus)
    for stub in layout.stubs:
        Line(canvas, moment, views, stub).label(layout.boxes)
    for box in layout.boxes:
        draw_box(canvas, moment, views, box, layout)
    draw_marks(canvas, moment, layout)
    for row, wire in enumerate(ask.columns.loops):
        text = f"↻ {wire.connector_socket} to {wire.binder_socket} ◉ {ask.where[wire.endpoint]}, {wire.binder} itself"
        canvas.put(1, ask.height - len(ask.columns.loops) + row, text, "socket", ask.width - 2)
    return canvas
