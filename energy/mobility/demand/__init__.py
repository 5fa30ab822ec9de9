"""Travel demand: zones, the street graph, who travels where and how, and the scaling to counted traffic."""
