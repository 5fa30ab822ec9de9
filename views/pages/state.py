"""What pages share: the session, loaded once for all visitors, and the map's files."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

import streamlit as st

from views import shapes
from views.language import Language
from views.legend import Legend
from views.session import Session, Settings, open_session

__all__ = ["map_of", "remember", "remembered", "session", "static_folder"]


@st.cache_resource(show_spinner=False)
def _kept() -> tuple[dict[str, Session], threading.Lock]:
    """Return what all visitors share. The work is done outside, since a cached function may not draw progress."""
    return {}, threading.Lock()


def session(text: Language) -> Session:
    """Return the city and its runs; the first visitor waits beside a progress bar, others until that is done."""
    settings = Settings.from_environment()
    token = settings.token
    sessions, lock = _kept()
    place = st.empty()  # always there: an element that comes and goes would move the map, and so draw it from scratch
    if token not in sessions:
        bar = place.progress(0.0, text=text("loading"))
        with lock:
            if token not in sessions:

                def tell(share: float, told: str) -> None:
                    bar.progress(min(share, 1.0), text=told or " ")

                opened = open_session(settings, tell)
                sessions.clear()
                sessions[token] = opened
        place.empty()
    return sessions[token]


def static_folder() -> Path:
    """Return the folder that is served beside the running script."""
    script = next((a for a in sys.argv if a.endswith("app.py")), "app.py")
    return Path(script).resolve().parent / "static"


@st.cache_resource(show_spinner=False, max_entries=4)
def _drawn(
    _opened: Session, token: str, language: str
) -> tuple[dict[tuple[str, str], Legend], shapes.MapData, dict[str, Any]]:
    scales = shapes.legends(_opened.runs)
    folder = static_folder()
    return (
        scales,
        shapes.write_map(_opened.runs, scales, Language(language), folder),
        shapes.background(_opened.city, folder),
    )


def map_of(opened: Session, text: Language) -> tuple[dict[tuple[str, str], Legend], shapes.MapData, dict[str, Any]]:
    """Return legends, shapes with results, and plain shapes of the map, written once."""
    return _drawn(opened, Settings.from_environment().token, text.code)


def remembered(name: str) -> str:
    """Return a choice from the address, or else from the page that was seen before."""
    seen: dict[str, str] = st.session_state.get("seen", {})
    return str(st.query_params.get(name, seen.get(name, "")))


def remember(name: str, value: str) -> None:
    """Keep a choice in the address, so that the view can be shared, and for the other pages."""
    st.query_params[name] = value
    st.session_state.setdefault("seen", {})[name] = value
