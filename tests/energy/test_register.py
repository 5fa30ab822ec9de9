"""The register of measures: what it refuses, its order, and its rows, which read back as they were."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.register import Entry, Unquantified, bodies, check, in_order
from energy.register_rows import COLUMNS, from_rows, to_rows
from energy.scenario import Scenario, Step
from layers.register import read_register, write_register
from twin import TwinError

EMPTY = Scenario(name="Register")
FULL = """
name = "Plan"
[[step]]
id = "fasad"
name = "Fasader; i \\"gula\\" hus = fina, ljusa"
measure = "renovate_envelope"
where = { use = ["multi_family"], year_built = { min = 1950, max = 1975 }, owner = ["Bostadsbolaget, Hisingen"] }
within = "POLYGON ((0 0, 100 0, 100 100, 0 0))"
share = 0.35
start = 2026
end = 2031
params = { u_wall_w_m2k = 0.18, u_window_w_m2k = 1.0 }
status = "beslutad"
responsible = "Bostadsbolaget"
control = "direkt"
lifetime_years = 40
payer = { Bostadsbolaget = 0.7, Staten = 0.3 }
cost = [{ kind = "capex", sek = 12000000.5, price_year = 2025 }, { kind = "opex", sek = -40000, price_year = 2025 }]
[[step.funding]]
source = "Klimatklivet 2"
share = 0.25
status = "beviljad"
[[step]]
id = "varme"
measure = "install_heat_pump"
requires = ["fasad"]
payer = "Hushållen"
cost = [{ kind = "capex", sek = 1, price_year = 2025, year = 2027 }, { kind = "capex", sek = 2, price_year = 2024, note = "efter" }]
[[unquantified]]
id = "rad"
name = "Energirådgivning"
responsible = "Miljö- och klimatnämnden"
payer = "Kommunstyrelsen"
"""


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_register_reads_back_as_it_was(tmp_path, ending):
    plan = Scenario.from_text(FULL)
    write_register(to_rows(plan), tmp_path / f"register.{ending}")
    assert from_rows(read_register(tmp_path / f"register.{ending}"), EMPTY.model_copy(update={"name": "Plan"})) == plan


TEXT = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12)


@settings(max_examples=40, deadline=None)
@given(
    name=TEXT,
    note=TEXT,
    share=st.floats(0, 1),
    sek=st.floats(-1e9, 1e9),
    use=st.lists(TEXT, min_size=1, max_size=3),
    low=st.integers(-9, 9),
)
def test_rows_lose_nothing(name, note, share, sek, use, low):
    step = Step(
        measure="install_heat_pump",
        name=name,
        note=note,
        share=share,
        where={"use": use, "year built": {"min": low}},
        cost=({"kind": "capex", "sek": sek, "price_year": 2025},),
        payer={"Staten": share, "Hushållen": 1 - share},
    )
    back = from_rows(to_rows(Scenario(name="x", step=(step,))), EMPTY).step[0]
    assert back == step


def row(**cells):
    return {"row": "7", "id": "a", "measure": "install_heat_pump", **cells}


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"share": "hälften"}, "row 7, column share: 'hälften' is no number"),
        ({"share": "1,2"}, "row 7, column share"),
        ({"capex_sek": "100"}, "row 7, column price_year: capex_sek has no price year"),
        ({"lifetime_years": "-3"}, "row 7, column lifetime_years"),
        ({"where": "use == school"}, "row 7, column where"),
        ({"payer": "Staten; Hushållen"}, "write each one's share"),
        ({"payer": "Staten 0.5; Hushållen 0.6"}, "add up to 1.1"),
        ({"funding": "Klimatklivet"}, "row 7, column funding"),
        ({"measure": "install_heatpump"}, "did you mean 'install_heat_pump'"),
        ({"params": "sourse = 'air'"}, "did you mean 'source'"),
        ({"status": "klar"}, "row 7, column status"),
        ({"within": "POINT (1 2)"}, "must be a POLYGON"),
        ({"within": "POLYGON ((0 0, 1"}, "no WKT polygon"),
        ({"start": "2031", "end": "2030"}, "start 2031 is after end 2030"),
        ({"begins": "2031"}, "unknown column 'begins'"),
    ],
)
def test_a_bad_cell_is_named_by_row_and_column(cells, message):
    with pytest.raises(TwinError) as error:
        from_rows([row(**cells)], EMPTY)
    assert message in str(error.value)


def test_all_rows_are_told_at_once():
    with pytest.raises(TwinError) as error:
        from_rows([row(share="x"), row(row="8", id="b", share="2")], EMPTY)
    assert "row 7, column share" in str(error.value)
    assert "row 8, column share" in str(error.value)


def test_two_of_the_same_id_are_refused():
    with pytest.raises(TwinError, match="two entries have the id a"):
        from_rows([row(), row(row="8")], EMPTY)


def test_a_plan_needs_payers_bodies_and_an_order_without_circles():
    entries = {
        "a": Entry(requires=("c",), responsible="Renova", payer="Staten", start=2026),
        "b": Entry(requires=("a",), responsible="Renova", payer="Statn", start=2025),
        "c": Entry(requires=("a",), responsible="", payer="Staten", start=2026),
        "d": Entry(requires=("e",), responsible="Renova"),
    }
    said = "\n".join(check(entries))
    for expected in (
        "d: nobody pays",
        "c: nobody is responsible",
        "payer 'Statn' is not a known body; did you mean 'Staten'",
        "d: requires 'e', which is not in the register",
        "b begins in 2025 but requires a, which begins in 2026",
        "a, c require each other in a circle",
    ):
        assert expected in said
    assert check({"b": Entry(responsible="Min stiftelse", payer="Staten")}, ["Min stiftelse"]) == []
    with pytest.raises(TwinError, match="circle"):
        in_order(entries)


@given(st.permutations(range(6)))
def test_what_is_required_comes_first(order):
    entries = {f"m{k}": Entry(requires=tuple(f"m{j}" for j in range(k))) for k in order}
    assert in_order(entries) == [f"m{k}" for k in range(6)]


def test_the_contracts_bodies_are_known():
    assert {"AB Framtiden", "Stadsfastighetsnämnden", "Göteborg Energi", "Renova"} <= set(bodies())


def test_what_is_not_quantified_stays_in_the_register_and_out_of_the_steps():
    plan = Scenario.from_text(FULL)
    assert isinstance(plan.register["rad"], Unquantified)
    assert len(plan.step) == 2
    assert list(plan.register) == ["fasad", "varme", "rad"]
    assert to_rows(plan)[-1]["measure"] == ""
    assert tuple(to_rows(plan)[0]) == COLUMNS


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("r.txt", b"x", "neither .csv nor .xlsx"),
        ("r.csv", b"", "is empty"),
        ("r.csv", b"id,id\na,b\n", "two with the title 'id'"),
        ("r.csv", b"id,name\na,b,c\n", "row 2 has more cells"),
        ("r.csv", b"id\n\xff\xfe\n", "not UTF-8"),
        ("r.xlsx", b"no workbook", "no readable XLSX"),
    ],
)
def test_a_damaged_sheet_is_refused(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TwinError, match=message):
        read_register(tmp_path / name)


def test_a_missing_sheet_is_named(tmp_path):
    with pytest.raises(TwinError, match="there is no register"):
        read_register(tmp_path / "no.csv")


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_no_cell_acts_as_a_formula(tmp_path, ending):
    plan = Scenario(name="x", unquantified=(Unquantified(name="=1+1", note="-5 grader"),))
    write_register(to_rows(plan), tmp_path / f"r.{ending}")
    if ending == "csv":
        assert ",=1+1" not in (tmp_path / "r.csv").read_text()
    assert from_rows(read_register(tmp_path / f"r.{ending}"), EMPTY).unquantified[0].name == "=1+1"


def test_spreadsheets_with_semicolons_are_read(tmp_path):
    (tmp_path / "r.csv").write_text("id;name;share;measure\nvp;Pumpar;0,5;install_heat_pump\n", encoding="utf-8-sig")
    assert from_rows(read_register(tmp_path / "r.csv"), EMPTY).step[0].share == 0.5
