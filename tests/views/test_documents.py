"""Documents carry one consistent set of numbers, open without a network, and are the same bytes each time."""

import io
import re
import string
from dataclasses import replace

import numpy as np
import openpyxl
import pandas as pd
import pytest
from document_page import Page, contrast, openpyxl_core, sheet
from plans import SCENARIO

import energy
from energy.climate_plans.climate_budget import climate_budget
from energy.climate_plans.follow_up import Snapshot, follow_up
from energy.climate_plans.investment_plan import investment_plan
from energy.climate_plans.justice import distribution
from energy.climate_plans.portfolio import portfolio
from energy.climate_plans.remarks import SENTENCES
from twin import Source, TwinError
from views.documents import (
    action_document,
    budget_document,
    csv_files,
    follow_up_document,
    investment_document,
    parts,
    render,
    workbook,
    write,
)
from views.documents.figures import COLOURS, ink_on
from views.language import Language

YEARS = (2024, 2027, 2028, 2029, 2030)
SV = Language("sv")


@pytest.fixture(scope="module")
def plan(city):
    return portfolio(city, energy.Scenario.from_text(SCENARIO), years=YEARS)


@pytest.fixture(scope="module")
def money(plan):
    return investment_plan(plan)


@pytest.fixture(scope="module")
def burdens(plan, money):
    return distribution(plan, money)


def all_of(plan, money, burdens, text=SV):
    explained = follow_up(Snapshot.of(plan.plan, 2024), Snapshot.of(plan.plan, 2030))
    return {
        "action": action_document(plan, text),
        "investment": investment_document(plan, money, burdens, text),
        "budget": budget_document(plan, text),
        "follow_up": follow_up_document(plan, text, year=2030, explained=explained),
    }


@pytest.fixture(scope="module")
def documents(plan, money, burdens):
    return all_of(plan, money, burdens)


@pytest.fixture(scope="module")
def pages(documents):
    return {k: Page(render(d)) for k, d in documents.items()}


@pytest.mark.parametrize("kind", ["action", "investment", "follow_up", "budget"])
def test_the_measures_add_up_to_the_plan_s_reduction_in_every_document(pages, kind):
    page = pages[kind]
    shares = page.column("measures", "Andel av minskningen")
    head = page.tables["curves"][0]
    last = page.tables["curves"][-1]
    reduction = last[head.index("Utan planen")] - last[head.index("Hela planen")]
    assert len(shares) == 4
    assert reduction > 0
    assert sum(shares) == pytest.approx(reduction, rel=1e-8)
    foot = page.feet["measures"]
    assert foot[page.tables["measures"][0].index("Andel av minskningen")] == pytest.approx(sum(shares), rel=1e-8)


def test_a_measure_has_the_same_share_in_all_documents_and_files(documents, pages):
    told = {k: p.column("measures", "Andel av minskningen") for k, p in pages.items()}
    assert told["action"] == told["investment"] == told["follow_up"] == told["budget"]
    assert pages["action"].column("measures_by_year", "2030") == told["action"]
    assert pages["budget"].column("budget_measures", "2030") == told["action"]
    for document in documents.values():
        frame = pd.read_csv(io.StringIO(csv_files(document)["measures"]))
        assert frame["share_t"].dropna().tolist() == told["action"]
        cells = sheet(document, "Åtgärder 2030")
        at = next(c.column for c in cells[1] if str(c.value).startswith("Andel av minskningen"))
        numbers = [c.value for (c,) in cells.iter_rows(2, min_col=at, max_col=at) if isinstance(c.value, float)]
        assert numbers[:-1] == pytest.approx(told["action"], rel=1e-9)
        assert numbers[-1] == pytest.approx(sum(told["action"]), rel=1e-9)
    assert pages["investment"].column("costs", "Andel av minskningen [ton CO₂e]") == told["action"]


def test_bodies_caps_and_sectors_add_up_across_documents(plan, pages):
    shares = sum(pages["action"].column("measures", "Andel av minskningen"))
    for kind in ("action", "investment", "budget"):
        assert sum(pages[kind].column("bodies", "Andel av minskningen")) == pytest.approx(shares, rel=1e-8)
        assert sum(pages[kind].column("bodies", "Andel som grupp")) == pytest.approx(shares, rel=1e-8)
    caps = pages["budget"]
    columns = (caps.column("caps", t) for t in ("Utan planen", "Åtgärderna", "Hela planen"))
    for without, measures, left in zip(*columns, strict=True):
        assert without - measures == pytest.approx(left, rel=1e-8)
    for k, year in enumerate((2027, 2028, 2029, 2030)):
        by_year = pages["action"].column("measures_by_year", str(year))
        assert sum(by_year) == pytest.approx(caps.column("caps", "Åtgärderna")[k], rel=1e-8)
    after = [p.column("sectors", "Utsläpp efter planen") for p in pages.values()]
    assert all(a == after[0] for a in after)
    assert len(after[0]) == len(plan.sectors), "a sector is missing"
    outside = plan.sectors["model"] == "outside"
    head, *rows = pages["action"].tables["sectors"]
    still = [r for r in rows if r[head.index("I modellen")] == "utanför modellen"]
    assert len(still) == outside.sum() > 0
    assert all(r[head.index("Planens ändring")] == "beräknas inte" for r in still)
    assert all(r[head.index("Utsläpp nu")] == r[head.index("Utsläpp efter planen")] for r in still)


def test_what_is_paid_adds_up(pages, money):
    page = pages["investment"]
    head, *rows = page.tables["costs"]
    whole = sum(page.column("costs", "Sammanlagt [Mkr]"))
    parts_ = ("Investering [Mkr]", "Förnyelse [Mkr]", "Drift [Mkr]")
    assert whole == pytest.approx(sum(sum(page.column("costs", c)) for c in parts_), rel=1e-8)
    assert sum(page.column("payers", "Sammanlagt")) == pytest.approx(whole, rel=1e-8)
    assert whole == pytest.approx(money.measures["total_sek"].sum() / 1e6, rel=1e-8)
    by_year = {
        c: sum(page.column("funding_by_year", c))
        for c in ("Investering", "Beviljat stöd", "Egna medel, beslutat", "Saknar finansiering")
    }
    invested = sum(page.column("costs", "Investering [Mkr]"))
    assert by_year["Investering"] == pytest.approx(invested, rel=1e-8)
    assert invested == pytest.approx(sum(by_year.values()) - by_year["Investering"], rel=1e-8)
    unknown = next(r for r in rows if "Laddplatser" in r)
    assert unknown[head.index("Investering [Mkr]")] == "ej prissatt", "what has no price is no zero"
    assert unknown[head.index("Bygger på")] == "uppgift saknas"
    assert any("Laddplatser" in r for r in page.tables["not_priced"])
    low, middle, high = (
        page.column("costs", c) for c in ("Investering, lågt [Mkr]", "Investering [Mkr]", "Investering, högt [Mkr]")
    )
    assert low[0] < middle[0] < high[0]


def test_values_and_savings_are_those_of_the_calculation(pages, money, plan):
    page = pages["investment"]
    society = money.npv[(money.npv["id"] == "plan") & (money.npv["perspective"] == "society")]["npv_sek"].item()
    assert sum(page.column("worth", "Samhället")) == pytest.approx(society / 1e6, rel=1e-8)
    assert page.feet["worth"][page.tables["worth"][0].index("Samhället")] == pytest.approx(society / 1e6, rel=1e-8)
    saved = sum(money.savings.left_sek[p] for p in ("market", "state", "company"))
    first = list(plan.plan.years)
    whole = np.interp(np.arange(2024, 2031), first, saved).sum()
    assert sum(page.column("costs", "Lägre energikostnad [Mkr]")) == pytest.approx(whole / 1e6, rel=1e-8)
    head, *rows = page.tables["tonnes"]
    verdict, cost = head.index("Bedömning"), head.index("Kostnad per ton [kr/ton]")
    assert {r[verdict] for r in rows} <= {"betalar sig", "kostar", "kostar utan att minska", "ej prissatt"}
    assert all(isinstance(r[cost], float) == (r[verdict] == "kostar") for r in rows)
    assert len(rows) == 5


def test_caps_of_sectors_are_those_of_the_climate_budget(pages, plan):
    page, budget = pages["budget"], climate_budget(plan, 2027)
    for year in budget.years:
        caps = budget.caps[budget.caps["year"] == year]
        assert page.column("sector_caps", str(year)) == pytest.approx(caps["cap_t"].tolist(), rel=1e-8)
        assert page.column("sector_over", str(year)) == pytest.approx(caps["over_t"].tolist(), rel=1e-8, abs=1e-9)
    head, *rows = page.tables["rollout"]
    house = next(r for r in rows if "Renovera <hus>" in r)
    assert house[head.index("2030")] == 1.0
    assert "stadens bana" in {r[2] for r in page.tables["sector_caps"][1:]}


def test_the_causes_of_a_change_leave_no_rest(pages):
    page = pages["follow_up"]
    change = sum(page.column("totals", "Ändring"))
    assert change < 0
    assert sum(page.column("causes", "Ändring av utsläppen")) == pytest.approx(change, rel=1e-8)
    assert {"energi per yta", "drivmedel"} <= {r[1] for r in page.tables["causes"][1:]}
    assert "inputs" not in page.tables, "one run has one set of inputs"


def test_burdens_are_told_and_what_is_unknown_too(documents, pages, burdens):
    page = pages["investment"]
    done = burdens.groups[burdens.groups["renovated"] > 0]
    assert len(page.tables["groups"]) == len(done) + 1
    assert sum(page.column("groups", "Netto per år [Mkr]")) == pytest.approx(done["net_sek_year"].sum() / 1e6, rel=1e-8)
    assert all("inkomst saknas" in r for r in page.tables["areas"][1:])
    assert page.tables["benefits"][1][0] == "Sysselsättning"
    assert "Inkomsten är känd i 0 av 2 områden med invånare" in render(documents["investment"])
    assert "Klimatråd" in str(page.tables["not_priced"])


def test_where_incomes_are_known_it_is_told_who_bears(plan, money, burdens):
    areas = burdens.areas.assign(
        income_sek=[150_000.0, 400_000.0], energy_share=[0.12, 0.03], energy_poor=[True, False]
    )
    areas = areas.assign(energy_share_plan=[0.09, 0.03], energy_poor_plan=[False, False])
    known = replace(burdens, areas=areas, concentration_index=-0.2, unknown=())
    page = Page(text := render(investment_document(plan, money, known, SV)))
    whose = (
        "Vinsten per invånare ligger mer hos"
        if known.gains
        else "Kostnaden per invånare, efter besparingar, ligger mer på"
    )
    assert f"{whose} områden med låg inkomst" in text
    assert [r[-1] for r in page.tables["areas"][1:]] == ["bara utan planen", "nej"]
    assert "Detta går inte att säga" not in text


@pytest.mark.parametrize("code", ["sv", "en"])
def test_every_remark_has_its_words(code):
    text = Language(code)
    for key, sentence in SENTENCES.items():
        fields = [
            {f for _, f, _, _ in string.Formatter().parse(t) if f} for t in (sentence, text(f"documents.remarks.{key}"))
        ]
        assert fields[0] == fields[1], key


def test_what_is_not_quantified_is_never_a_zero(documents, pages):
    for kind, page in pages.items():
        row = next(r for r in page.tables["measures"] if "Klimatråd" in r)
        assert "ej kvantifierad" in row, kind
        frame = pd.read_csv(io.StringIO(csv_files(documents[kind])["measures"])).set_index("id")
        assert np.isnan(frame.loc["rad", "share_t"])
        cells = [[c.value for c in r] for r in sheet(documents[kind], "Åtgärder 2030").iter_rows()]
        assert "ej kvantifierad" in next(r for r in cells if "Klimatråd" in r)


def test_documents_open_without_a_network(documents):
    for document in documents.values():
        text = render(document)
        page = Page(text)
        assert page.links
        assert all(link.startswith("#") for link in page.links)
        assert not re.search(r"url\((?!#)|@import", text)
        assert {"script", "link", "iframe", "object", "img"}.isdisjoint({t for t, _ in page.tags})
        assert "default-src 'none'" in text


def test_every_figure_leads_to_how_it_was_made(documents, pages):
    for kind, page in pages.items():
        assert len(page.ids) == len(set(page.ids))
        assert {link[1:] for link in page.links} <= set(page.ids)
        made = {m.id for m in documents[kind].methods}
        for table in documents[kind].tables:
            for column in table.columns:
                if column.kind in ("number", "share"):
                    assert column.method in made or table.id == "funding", (table.id, column.key)
    factors = pages["action"].tables["factors"]
    at = {t: factors[0].index(t) for t in ("Faktor", "Värde", "Lågt", "Högt", "Status", "Källa")}
    assert {r[at["Status"]] for r in factors[1:]} == {"antagande", "från källa"}
    assert all(r[at["Lågt"]] <= r[at["Värde"]] <= r[at["Högt"]] for r in factors[1:])
    assert all(r[at["Källa"]] for r in factors[1:])
    assert "factor-target.territorial.rate" in pages["action"].ids


def test_layers_are_named_with_their_hashes(plan):
    city = replace(plan.plan.city, sources={"roads": _source()})
    document = action_document(replace(plan, plan=replace(plan.plan, city=city)), SV)
    page = Page(render(document))
    assert "layer-roads" in page.ids
    assert any("ab12" in str(c) for c in page.tables["layers"][1])


def _source():
    return Source(layer="vector", title="Vägar", path="roads.gpkg", sha256="ab12" * 16, licence="CC0")


def test_the_same_plan_gives_the_same_bytes(plan, money, burdens, tmp_path):
    made = [all_of(plan, money, burdens) for _ in range(2)]
    for document in made[0].values():
        first = {p: p.read_bytes() for p in write(document, tmp_path)}
        assert len(first) > 5
    for document in made[1].values():
        before = {p: p.read_bytes() for p in tmp_path.glob(f"{document.name}*")}
        write(document, tmp_path)
        assert {p: p.read_bytes() for p in before} == before
    moments = {document.name: workbook(document) for document in made[1].values()}
    assert all(b"2000-01-01" in openpyxl_core(book) for book in moments.values())


def test_names_carry_no_script_and_no_formula(documents):
    for document in documents.values():
        text = render(document)
        assert "<hus>" not in text
        assert "Renovera &lt;hus&gt;" in text
        book = openpyxl.load_workbook(io.BytesIO(workbook(document)))
        kinds = {c.data_type for s in book for row in s.iter_rows() for c in row}
        assert "f" not in kinds
        assert any(c.value == "=1+1" for s in book for row in s.iter_rows() for c in row)
        assert "'=1+1" in csv_files(document)["measures"]


def test_a_screen_reader_finds_its_way(documents):
    for document in documents.values():
        page = Page(render(document))
        tags = page.tags
        assert dict(tags)["html"]["lang"] == "sv"
        assert page.headings[0] == 1
        assert page.headings.count(1) == 1
        assert all(b - a <= 1 for a, b in zip(page.headings, page.headings[1:], strict=False))
        assert all("scope" in a for t, a in tags if t == "th")
        drawn = [a for t, a in tags if t == "svg"]
        assert drawn
        for svg in drawn:
            assert svg["role"] == "img"
            assert set(svg["aria-labelledby"].split()) <= set(page.ids)
        tables = sum(t == "table" for t, _ in tags)
        assert tables == sum(t == "caption" for t, _ in tags) == len(list(document.tables))


def test_words_stand_out_from_what_they_stand_on(documents, root):
    style = (root / "views/templates/document.html.j2").read_text(encoding="utf-8")
    inks = set(re.findall(r"[{ ;]color: (#[0-9a-f]{6})", style))
    assert len(inks) >= 3
    assert min(contrast(ink, "#ffffff") for ink in inks) >= 4.5
    assert min(contrast(ink_on(c), c) for c in COLOURS) >= 4.5


def test_english_documents_say_the_same(plan, money, burdens, pages):
    for kind, document in all_of(plan, money, burdens, Language("en")).items():
        page = Page(render(document))
        assert dict(page.tags)["html"]["lang"] == "en"
        assert page.column("measures", "Share of the reduction") == pages[kind].column(
            "measures", "Andel av minskningen"
        )
        assert "not quantified" in next(r for r in page.tables["measures"] if "Klimatråd" in r)


def test_a_document_has_no_two_tables_of_one_name(documents):
    document = documents["action"]
    with pytest.raises(TwinError, match="two tables called"):
        replace(document, sections=(*document.sections, *document.sections))


def test_years_that_were_not_calculated_are_refused(plan):
    with pytest.raises(TwinError, match="2025 was not calculated; years: 2024 to 2030"):
        follow_up_document(plan, SV, year=2025)
    with pytest.raises(TwinError, match="can not begin in 2031"):
        budget_document(plan, SV, first=2031)
    other = replace(plan, plan=replace(plan.plan, years=(2024, 2027)))
    with pytest.raises(TwinError, match="does not have the year 2030"):
        follow_up_document(plan, SV, year=2030, before=other)


def test_the_follow_up_tells_what_changed_since_last_time(city, plan):
    fewer = energy.Scenario.from_text(SCENARIO)
    fewer = fewer.model_copy(update={"step": fewer.step[:3]})
    before = portfolio(city, fewer, years=YEARS)
    page = Page(render(follow_up_document(plan, SV, year=2030, before=before)))
    head, *rows = page.tables["changed"]
    new = next(r for r in rows if "Laddplatser" in r)
    assert new[head.index("Förra upplagan")] == "fanns inte"
    assert new[head.index("Skillnad")] == new[head.index("Andel av minskningen")]
    totals = [sum(v for v in (r[k] for r in rows) if isinstance(v, float)) for k in (1, 2, 3)]
    assert totals[1] - totals[0] == pytest.approx(totals[2], rel=1e-8)


def test_many_measures_are_drawn_without_losing_any(plan):
    one = plan.wedges[plan.wedges["id"] == "hus"]
    many = pd.concat([one.assign(id=f"m{k}", share_t=one["share_t"] * (k + 1)) for k in range(14)], ignore_index=True)
    layers = parts.layers_of(replace(plan, wedges=many), SV)
    assert len(layers) == 10
    assert layers[-1].name == "Övriga 5 åtgärder"
    assert sum(layer.tons for layer in layers) == pytest.approx(one["share_t"].to_numpy() * 105)
