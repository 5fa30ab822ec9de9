"""The interface's words and numbers in the reader's language."""

from __future__ import annotations

import math
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from babel.dates import get_month_names
from babel.numbers import format_decimal, format_percent

__all__ = ["LANGUAGES", "Language"]

_TEXTS = Path(__file__).parent / "texts"
LANGUAGES = {"sv": "Svenska", "en": "English"}
_UNITS = {"1": "", "kWh/m2": "kWh/m²", "kg/m2": "kg/m²", "km": "km", "kg/inhabitant": "kg/inv"}


@cache
def _read(code: str) -> dict[str, Any]:
    return tomllib.loads((_TEXTS / f"{code}.toml").read_text(encoding="utf-8"))


class Language:
    """One language.

    Examples
    --------
    >>> Language("sv")("themes.heat"), Language("en").number(1234567.0), Language("sv").number(0.5)
    ('Värme', '1,230,000', '0,5')
    """

    def __init__(self, code: str) -> None:
        self.code = code if code in LANGUAGES else "sv"
        self._locale = "sv_SE" if self.code == "sv" else "en_GB"

    def __call__(self, key: str, **words: object) -> str:
        """Return a text by its dotted key, with words filled in."""
        found: Any = _read(self.code)
        for part in key.split("."):
            found = found[part]
        return str(found).format(**words) if words else str(found)

    def has(self, key: str) -> bool:
        """Return whether there is such a text."""
        found: Any = _read(self.code)
        for part in key.split("."):
            if not isinstance(found, dict) or part not in found:
                return False
            found = found[part]
        return True

    def number(self, value: float, digits: int = 3) -> str:
        """Return a number with that many significant digits; a blank is a dash."""
        if value is None or math.isnan(value):
            return "–"
        if value == 0:
            return "0"
        places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
        rounded = round(value, digits - 1 - math.floor(math.log10(abs(value))))
        return str(format_decimal(rounded, format="#,##0." + "#" * places if places else "#,##0", locale=self._locale))

    def whole(self, value: float) -> str:
        """Return a whole number."""
        return "–" if math.isnan(value) else str(format_decimal(round(value), format="#,##0", locale=self._locale))

    def change(self, share: float) -> str:
        """Return a relative change, signed."""
        if math.isnan(share):
            return "–"
        return str(format_percent(share, format="+#,##0.# %;-#,##0.# %", locale=self._locale))

    def month(self, month: int) -> str:
        """Return the short name of a month; January is 0."""
        return str(get_month_names("abbreviated", locale=self._locale)[month + 1]).rstrip(".")

    def share(self, share: float) -> str:
        """Return a share in whole per cent."""
        return str(format_percent(share, format="#,##0 %", locale=self._locale))

    def unit(self, unit: str) -> str:
        """Return a unit as people write it."""
        return _UNITS.get(unit, unit)

    def scaled(self, value: float, unit: str) -> tuple[float, str]:
        """Return a quantity in a unit that suits its size: 2.1e6 kg becomes 2,100 ton."""
        steps = {
            "kg": [(1e6, "kton", 1e6), (1e4, "ton", 1e3)],
            "kWh": [(1e7, "GWh", 1e6), (1e4, "MWh", 1e3)],
            "kW": [(1e4, "MW", 1e3)],
        }
        if unit == "km" and abs(value) >= 1e7:
            return value / 1e6, "Mkm"
        for limit, name, by in steps.get(unit, []):
            if abs(value) >= (limit if name != "kton" else 1e7):
                return value / by, name
        return value, self.unit(unit)
