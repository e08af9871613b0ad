"""A pattern's picture: its columns, its layout, what travels along its wires, and how all that is drawn."""
