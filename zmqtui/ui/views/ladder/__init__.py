"""A sequence diagram, time downwards: its lanes, the part of the journal it is of, its rows and how they are drawn."""
