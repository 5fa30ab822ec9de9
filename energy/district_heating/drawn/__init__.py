"""Networks that are given as lines on a map: what hangs together, loops, several plants."""
