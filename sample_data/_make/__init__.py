"""The parts of the recipe for the synthetic Göteborg; see ``sample_data/README.md``."""
