"""The terminal app: built from the patterns' declarations, drawn from what the engine lets it see."""
