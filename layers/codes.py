"""Codes of other registers become the city's own categories, by the tables in ``twin/data``."""

from __future__ import annotations

import re

import pandas as pd

from twin import reference

__all__ = ["osm_tag", "road_class_of", "use_of"]


def _lookup(codes: pd.Series, table: str, column: str, scheme: str) -> pd.Series:
    rows = reference.table(table)
    rows = rows[rows["scheme"] == scheme]
    return codes.map(dict(zip(rows["code"].astype(str), rows[column], strict=True)))


def _text(codes: pd.Series) -> pd.Series:
    """Return codes as text: 133.0 becomes "133", a blank stays a blank."""
    if codes.dtype.kind in "iuf":
        codes = codes.astype("Int64").astype("str").where(codes.notna() & (codes != 0), None)
    return codes.astype(object).where(codes.notna(), None)


def osm_tag(table: pd.DataFrame, tag: str) -> pd.Series:
    """Return an OpenStreetMap tag, from its own column or from the text ``other_tags`` that GDAL makes of the rest.

    Parameters
    ----------
    table : DataFrame (n rows)
    tag : str

    Returns
    -------
    Series (n,) of text
        Blank where there is no such tag.

    Examples
    --------
    >>> osm_tag(pd.DataFrame({"other_tags": ['"lanes"=>"2","maxspeed"=>"40"', None]}), "maxspeed").tolist()
    ['40', nan]
    """
    blank = pd.Series(None, index=table.index, dtype="str")
    own = table[tag].astype("str").where(table[tag].notna(), None) if tag in table else blank
    if "other_tags" not in table:
        return own
    other = table["other_tags"].astype("str").str.extract(f'"{re.escape(tag)}"=>"([^"]*)"', expand=False)
    return own.fillna(other)


def use_of(codes: pd.Series, scheme: str = "lantmateriet") -> pd.Series:
    """Return the use of each building from its register code.

    The full code is looked up first, then its class: the word before the semicolon, or the first digit.

    Parameters
    ----------
    codes : Series (n,)
        Lantmäteriet's numbers or texts (``"Bostad;Flerfamiljshus"``), or OpenStreetMap's building tag.
    scheme : str
        ``"lantmateriet"`` or ``"osm"``.

    Returns
    -------
    Series (n,)
        Blank where the code is unknown.

    Examples
    --------
    >>> use_of(pd.Series(["Bostad;Flerfamiljshus", "Komplementbyggnad;", "Hangar"])).tolist()
    ['multi_family', 'ancillary', nan]
    >>> use_of(pd.Series([130, 133, 0])).tolist()
    ['single_family', 'multi_family', nan]
    """
    text = _text(codes)
    found = _lookup(text, "use_codes", "use", scheme)
    if scheme != "lantmateriet":
        return found
    parts = text.map(lambda t: t.split(";")[0].strip() if ";" in t else t[:1] if t.isdigit() else t, na_action="ignore")
    return found.fillna(_lookup(parts, "use_codes", "use", scheme))


def road_class_of(codes: pd.Series, scheme: str) -> pd.Series:
    """Return the class of each road from its register code.

    Parameters
    ----------
    codes : Series (n,)
    scheme : str
        ``"osm"`` (highway), ``"kkod"`` (Lantmäteriet) or ``"funkvagklass"`` (NVDB).

    Returns
    -------
    Series (n,)
        Blank where the code is unknown.

    Examples
    --------
    >>> road_class_of(pd.Series(["footway", "primary"]), "osm").tolist()
    ['pedestrian_cycle', 'primary']
    """
    return _lookup(_text(codes), "road_codes", "road_class", scheme)
