"""The commands ``twin mobility``: what traffic emits, street by street, and what changes it."""

from __future__ import annotations

import typer

from views import mobility_journeys_cli, mobility_streets_cli, mobility_zone_cli

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Traffic: streets, levers, zones, journeys, what is within reach.")


@app.callback()
def _group() -> None:
    """Keep the commands of traffic together."""


for part in (mobility_streets_cli, mobility_zone_cli, mobility_journeys_cli):
    part.add(app)
