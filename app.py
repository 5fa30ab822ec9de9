"""The front door: page set-up, language, navigation."""

from __future__ import annotations

import streamlit as st

from twin import TwinError
from views.language import LANGUAGES, Language
from views.pages import district, grid, heat, hours, plan, sources, traffic
from views.pages.state import session

STYLE = """<style>
.block-container {padding: 1rem 1.2rem 2rem 1.2rem; max-width: none}
[data-testid="stHeader"] {height: 0; min-height: 0}
[data-testid="stSidebarHeader"] {height: 1.6rem; min-height: 0; padding-bottom: 0}
[data-testid="stSidebarNav"] ul {padding-top: 0}
[data-testid="stSidebarContent"] {padding: 0 .3rem}
[data-testid="stSidebarUserContent"] {padding: 0 .8rem 1rem .8rem}
[data-testid="stVerticalBlock"] {gap: .6rem}
[data-testid="stSidebar"] [data-testid="stVerticalBlock"] {gap: .35rem}
[data-testid="stSidebar"] [data-testid="stSelectbox"] input {font-size: .82rem; padding-left: .5rem; padding-right: 0}
[data-testid="stSidebar"] [role="radiogroup"] {flex-wrap: nowrap}
[data-testid="stSidebar"] [role="radiogroup"] button {padding: 0 .5rem}
[data-testid="stMetricValue"] {font-size: 1.35rem}
[data-testid="stMetric"] {padding: .6rem .8rem}
.stHeading h2 {font-size: 1.35rem !important; padding: .2rem 0 !important}
.stHeading h3 {font-size: 1.1rem !important; padding: .2rem 0 .5rem 0 !important; line-height: 1.4 !important}
table.figures {border-collapse: collapse; width: 100%; font-size: .8rem; line-height: 1.25}
table.figures th, table.figures td {border-bottom: 1px solid #dde2e6; padding: .25rem 0; text-align: right; vertical-align: top}
table.figures th {font-weight: 400; text-align: left; padding-right: .5rem}
table.figures thead th {color: #5b6670}
table.figures small {color: #5b6670; white-space: nowrap}
</style>"""


def main() -> None:
    """Set the page up, load the city with progress, and show the page asked for."""
    st.set_page_config(page_title="Klimattvilling", page_icon="🌍", layout="wide", initial_sidebar_state=225)
    st.html(STYLE)
    query = st.query_params
    text = Language(query.get("lang", "sv"))
    try:
        opened = session(text)
    except TwinError as error:
        st.error(str(error))
        st.stop()
    pages = {
        "": st.Page(lambda: district.show(opened, text), title=text("page_map"), url_path="karta", default=True),
        "timmar": st.Page(lambda: hours.show(opened, text), title=text("page_hours"), url_path="timmar"),
        "varme": st.Page(lambda: heat.show(opened, text), title=text("page_heat"), url_path="varme"),
        "trafik": st.Page(lambda: traffic.show(opened, text), title=text("page_traffic"), url_path="trafik"),
        "elnat": st.Page(lambda: grid.show(opened, text), title=text("page_grid"), url_path="elnat"),
        "klimatplan": st.Page(lambda: plan.show(opened, text), title=text("page_plan"), url_path="klimatplan"),
        "kallor": st.Page(lambda: sources.show(opened, text), title=text("page_sources"), url_path="kallor"),
    }
    page = st.navigation(list(pages.values()), position="sidebar")
    page.run()
    with st.sidebar:
        chosen = st.segmented_control(
            text("language"),
            list(LANGUAGES),
            default=text.code,
            format_func=LANGUAGES.get,
            key="language",
            width="stretch",
        )
    if chosen and chosen != text.code:
        query["lang"] = chosen
        st.rerun()


main()
