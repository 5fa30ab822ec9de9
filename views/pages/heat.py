"""The page of heat networks: draw a new one, the plants, where heat is dense, and what each house should choose."""

from __future__ import annotations

from collections.abc import Callable

from views.language import Language
from views.pages import heat_choice, heat_cooler, heat_density, heat_new, heat_plants, heat_saving, heat_today
from views.pages.common import Asked, views
from views.session import Session

__all__ = ["show"]

_VIEWS: dict[str, Callable[[Asked, Language], None]] = {
    "new": heat_new.show,
    "today": heat_today.show,
    "plants": heat_plants.show,
    "density": heat_density.show,
    "cooler": heat_cooler.show,
    "choice": heat_choice.show,
    "saving": heat_saving.show,
}


def show(opened: Session, text: Language) -> None:
    """Draw the page."""
    views(opened, text, "heat", _VIEWS)
