"""What a plan costs and its documents, as a user asks for them: numbers that add up across documents, and bad input."""

import json

import pandas as pd
import pytest
from asking import refused, said

PLAN = """
name = "Plan"
[[step]]
id = "tak"
name = "Tak"
measure = "insulate_roof"
status = "beslutad"
responsible = "AB Framtiden"
payer = { "AB Framtiden" = 0.6, Staten = 0.4 }
start = 2025
[[step]]
id = "bilar"
name = "Elbilar"
measure = "electrify_vehicles"
where = { road_class = ["primary", "residential"] }
params = { ev_share = 0.6 }
responsible = "Stadsmiljönämnden"
payer = "Näringslivet"
start = 2025
cost = [{ kind = "capex", sek = 1000000, price_year = 2025 }]
[[unquantified]]
id = "rad"
name = "Klimatråd"
responsible = "Renova"
payer = "Renova"
"""


@pytest.fixture(scope="module")
def plan(kept_folder):
    file = kept_folder / "plan.toml"
    file.write_text(PLAN, encoding="utf-8")
    return file


def test_what_a_plan_costs(twin, kept_folder, plan, tmp_path):
    asked = ("invest", kept_folder, "--scenario", plan, "--years", "2024,2030")
    told = json.loads(said(twin, *asked, "--rate", "society=0.01", "--out", tmp_path, "--json"))
    rows = {r["id"]: r for r in told["measures"]}
    assert rows["tak"]["total_sek"] == pytest.approx(sum(r["sek"] for r in told["payers"] if r["id"] == "tak"))
    assert rows["rad"]["capex_sek"] is None
    assert told["rates"] == {**dict.fromkeys(told["rates"], told["rates"]["city"]), "society": 0.01}
    assert [r["id"] for r in told["not_priced"]] == ["rad"]
    assert "effect is not calculated" in told["not_priced"][0]["why"]
    assert told["concentration_index"] is None
    written = pd.read_csv(tmp_path / "investment_measures.csv").set_index("id")
    assert written.loc["tak", "capex_sek"] == pytest.approx(rows["tak"]["capex_sek"])
    assert (tmp_path / "investment_assumptions.csv").read_text(encoding="utf-8").count("\n") > 9
    table = said(twin, *asked)
    assert "capex_msek" in table
    assert "registe" in table


def test_one_command_writes_documents_whose_numbers_agree(twin, kept_folder, plan, tmp_path):
    out, run = tmp_path / "documents", tmp_path / "run"
    asked = (kept_folder, "--scenario", plan, "--years", "2024:2030")
    said(twin, "plan", *asked, "--out", run)
    told = said(twin, "documents", *asked, "--out", out, "--follow-up", "2027", "--before", run)
    names = ("klimathandlingsplan", "klimatinvesteringsplan", "klimatbudget", "klimatuppfoljning")
    assert all(f"{n}.html" in told for n in names)
    assert all((out / f"{n}.{end}").stat().st_size > 10_000 for n in names for end in ("html", "xlsx"))

    def table(document, name):  # its numbers have ten digits
        return pd.read_csv(out / f"{document}_{name}.csv")

    action, investment, budget, follow_up = names
    shares = table(action, "measures").set_index("id")["share_t"]
    for document in (investment, budget):
        pd.testing.assert_series_equal(table(document, "measures").set_index("id")["share_t"], shares)
    curves = table(action, "curves").set_index("year")
    assert shares.sum() == pytest.approx(curves.loc[2030, "baseline_t"] - curves.loc[2030, "plan_t"], rel=1e-8)
    caps = table(budget, "caps").set_index("year")
    by_year = table(action, "measures_by_year")
    for year in (2027, 2028, 2029, 2030):
        assert by_year[f"y{year}_t"].sum() == pytest.approx(caps.loc[year, "measures_t"], rel=1e-8)
        assert caps.loc[year, "plan_t"] == pytest.approx(curves.loc[year, "plan_t"], rel=1e-8)
    costs = table(investment, "costs").set_index("id")
    assert costs["share_t"].sum() == pytest.approx(shares.sum(), rel=1e-8)
    assert costs["total_msek"].sum() == pytest.approx(table(investment, "payers")["total_msek"].sum(), rel=1e-8)
    funded = table(investment, "funding_by_year")
    assert costs["capex_msek"].sum() == pytest.approx(funded["capex_msek"].sum(), rel=1e-8)
    assert costs.loc["rad", ["capex_msek", "share_t"]].isna().all()
    tonnes = table(investment, "tonnes")["saved_t"].sum()
    over_years = table(action, "measures_by_year")[[f"y{y}_t" for y in range(2024, 2031)]].sum().sum()
    assert tonnes == pytest.approx(over_years, rel=1e-8)
    causes, totals = table(follow_up, "causes"), table(follow_up, "totals")
    assert causes["effect_t"].sum() == pytest.approx(totals["change_t"].sum(), abs=1e-6)
    assert totals["change_t"].sum() == pytest.approx(0, abs=1e-6), "the same plan in the same year"


def test_english_documents_without_a_follow_up(twin, kept_folder, plan, tmp_path):
    told = said(
        twin,
        "documents",
        kept_folder,
        "--scenario",
        plan,
        "--years",
        "2024,2030",
        "--out",
        tmp_path,
        "--language",
        "en",
    )
    assert "Climate investment plan" in told
    assert not (tmp_path / "klimatuppfoljning.html").exists()
    assert len(list(tmp_path.glob("*.html"))) == 3


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--rate", "society"), "write WHO=RATE, e.g. society=0.035"),
        (("--rate", "sociaty=0.03"), "did you mean 'society'"),
        (("--rate", "society=3.5"), "give a share, such as 0.035"),
        (("--horizon", "2029"), "lies before the last simulated year 2030"),
    ],
)
def test_what_can_not_be_asked_of_an_investment_plan(twin, kept_folder, plan, words, told):
    assert told in refused(twin, "invest", kept_folder, "--scenario", plan, "--years", "2024,2030", *words)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--before", "nowhere"), "say its year with --follow-up"),
        (("--follow-up", "2025"), "2025 was not calculated; years: 2024 to 2030"),
        (("--from", "2031"), "can not begin in 2031"),
        (("--follow-up", "2030", "--before", "nowhere"), "holds no run.json"),
    ],
)
def test_what_can_not_be_asked_of_documents(twin, kept_folder, plan, tmp_path, words, told):
    asked = ("documents", kept_folder, "--scenario", plan, "--years", "2024,2030", "--out", tmp_path)
    assert told in refused(twin, *asked, *words)
    assert not list(tmp_path.iterdir()), "nothing is written"


def test_a_measure_that_nobody_pays_is_no_plan(twin, kept_folder, tmp_path):
    file = tmp_path / "plan.toml"
    file.write_text(PLAN.replace('payer = "Näringslivet"\n', ""), encoding="utf-8")
    assert "bilar: nobody pays" in refused(twin, "invest", kept_folder, "--scenario", file)
