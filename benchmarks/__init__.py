"""How fast the work is, side by side with a peer or a yardstick: ``python -m benchmarks.NAME``."""
