"""The accounts of a run: counts, losses, histories."""
