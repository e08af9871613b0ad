"""What is in a frame, and how it is read."""
