"""I/O: HTTP in front, Redis in the middle, workers behind; the heart (`judge`) has none."""
