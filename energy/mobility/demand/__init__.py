"""Travel demand: zones, the street graph, who travels where and how, elasticities, and the scaling to counted traffic."""

from energy.mobility.demand.elasticity import (
    elastic_share_left,
    mean_charge_sek,
    passages_left_in_goteborg,
)

__all__ = ["elastic_share_left", "mean_charge_sek", "passages_left_in_goteborg"]
