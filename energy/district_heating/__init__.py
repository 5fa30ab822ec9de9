"""District heating: what flows in pipes, networks to build and networks there are, plants, and where it pays."""
