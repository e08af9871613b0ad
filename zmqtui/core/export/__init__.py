"""What leaves the playground: scripts and JSON Lines."""
