"""The page of traffic: what every street emits, and what zones, electric vehicles and fewer kilometres do to it."""

from __future__ import annotations

from collections.abc import Callable

from views.language import Language
from views.pages import (
    traffic_access,
    traffic_journeys,
    traffic_levers,
    traffic_streets,
    traffic_transit,
    traffic_zone,
)
from views.pages.common import Asked, views
from views.session import Session

__all__ = ["show"]

_VIEWS: dict[str, Callable[[Asked, Language], None]] = {
    "streets": traffic_streets.show,
    "levers": traffic_levers.show,
    "zone": traffic_zone.show,
    "access": traffic_access.show,
    "transit": traffic_transit.show,
    "journeys": traffic_journeys.show,
}


def show(opened: Session, text: Language) -> None:
    """Draw the page."""
    views(opened, text, "traffic", _VIEWS)
