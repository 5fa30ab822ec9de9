"""The commands of climate planning, as a user types them; and what they say to every bad input."""

import json

import pandas as pd
import pytest
from asking import refused, said

PLAN = """
name = "Plan"
[[step]]
id = "tak"
measure = "insulate_roof"
status = "beslutad"
responsible = "AB Framtiden"
payer = "AB Framtiden"
start = 2025
cost = [{ kind = "capex", sek = 1000000, price_year = 2025 }]
[[step]]
id = "bilar"
measure = "electrify_vehicles"
where = { road_class = ["primary", "residential"] }
params = { ev_share = 0.6 }
responsible = "Stadsmiljönämnden"
payer = "Näringslivet"
start = 2025
[[unquantified]]
id = "rad"
name = "Klimatråd"
responsible = "Renova"
payer = "Renova"
"""
MEASURE = """
name = "Investering"
[[step]]
id = "sol"
measure = "install_photovoltaics"
start = 2026
end = 2028
"""


@pytest.fixture
def plan(tmp_path):
    file = tmp_path / "plan.toml"
    file.write_text(PLAN, encoding="utf-8")
    return file


def figures(twin, *words):
    return json.loads(said(twin, "targets", *words, "--json"))["figures"]


def test_published_targets(twin):
    own = figures(twin)
    assert own["territorial_t_inhabitant"] == pytest.approx(1.167, abs=5e-4)
    assert own["consumption_t_inhabitant"] == pytest.approx(3.328, abs=5e-4)
    assert own["rate_needed_published"] == pytest.approx(0.163, abs=5e-4)
    assert own["goal_absolute_t"] == pytest.approx(667e3, rel=1e-3)
    for words, expected in (
        (("--base", 4.3, "--rate", 0.103, "--from", 2018), 1.167),
        (("--base", 9.3, "--rate", 0.076, "--from", 2017), 3.328),
        (("--base", 184, "--rate", 0.09, "--from", 2018, "--to", 2030), 59.335),
    ):
        assert figures(twin, *words)["path_in_goal_year"] == pytest.approx(expected, abs=5e-4)
    for words, expected in (
        (("--actual", 471.1, "--actual-year", 2023, "--goal", 65.3), 0.246),
        (("--actual", 2252.7, "--actual-year", 2024, "--goal", 773), 0.163),
    ):
        assert figures(twin, *words)["rate_needed"] == pytest.approx(expected, abs=5e-4)


def test_a_gap_and_what_is_left_of_the_budget(twin):
    found = json.loads(said(twin, "targets", "--base", 100, "--rate", 0.1, "--from", 2020, "--to", 2024,
                            "--actual", 95, "--actual-year", 2021, "--budget", 150, "--json"))  # fmt: skip
    assert found["figures"]["gap"] == pytest.approx(5)
    assert found["figures"]["budget_exhausted_if_unchanged"] == pytest.approx(2023 + 55 / 95)
    path = pd.DataFrame(found["path"]).set_index("year")
    assert path.loc[2024, "budget_left"] == pytest.approx(150 - 3 * 95)
    assert path.loc[2024, "needed"] == pytest.approx(path.loc[2024, "path"])
    assert "rate_needed" in said(twin, "targets", "--base", 100, "--rate", 0.1, "--actual", 95, "--actual-year", 2021)


def test_impossible_targets_are_told_all_at_once(twin):
    told = refused(twin, "targets", "--base", -1, "--rate", 1.5, "--from", 2030, "--to", 2010)
    assert "does not come after the base year 2030" in told
    assert "is not above 0" in told
    assert "10 % is 0.1" in told
    assert "needs both a base and a rate" in refused(twin, "targets", "--base", 4)
    assert "2018 of the city's target" in refused(twin, "targets", "--to", 2010)


def test_plan_and_what_is_followed_up(twin, folder, plan, tmp_path):
    out = tmp_path / "ut"
    words = ["plan", folder, "--scenario", plan, "--years", "2024,2027,2028,2029,2030"]
    told = json.loads(said(twin, *words, "--out", out, "--json"))
    rows = {r["id"]: r for r in told["rows"]}
    assert rows["rad"]["effect_t"] is None
    assert rows["rad"]["quantified"] == "ej kvantifierad"
    last = told["curves"][-1]
    assert rows["tak"]["effect_t"] + rows["bilar"]["effect_t"] == pytest.approx(last["baseline_t"] - last["plan_t"])
    assert {"action_plan.csv", "curves.csv", "sectors.csv", "budget.csv", "ledger.csv", "run.json"} <= {
        p.name for p in out.iterdir()
    }
    budget = pd.read_csv(out / "budget.csv").set_index("kind")["2030_t"]
    assert budget["baseline"] + budget["measure"].sum() == pytest.approx(budget["projected"], rel=1e-9)
    plan.write_text(PLAN.replace("ev_share = 0.6", "ev_share = 0.8"), encoding="utf-8")
    said(twin, "run", folder, "--scenario", plan, "--years", "2030", "--out", tmp_path / "run")
    found = json.loads(said(twin, "follow-up", out, tmp_path / "run", "--out", tmp_path / "f", "--json"))
    assert all(abs(t["residual_t"]) < 1e-9 for t in found["totals"])
    assert found["totals"][0]["change_t"] == pytest.approx(0, abs=1e-6)  # what cars charge at home is traffic's
    assert found["totals"][1]["change_t"] < -1
    assert "scenarios.Plan" in {c["input"] for c in found["changes"]}
    assert (tmp_path / "f" / "causes.csv").is_file()
    assert "has no year 2031" in refused(twin, "follow-up", out, out, "--after-year", 2031)
    assert "did you mean 'Plan'" in refused(twin, "follow-up", out, out, "--scenario", "Plann")
    assert "holds no run.json" in refused(twin, "follow-up", tmp_path, out)
    (out / "run.json").write_text("{}", encoding="utf-8")
    assert "is no record of a run" in refused(twin, "follow-up", out, out)


def test_attribution_by_step_and_body(twin, folder, plan):
    steps = json.loads(said(twin, "attribute", folder, "--scenario", plan, "--json"))
    bodies = json.loads(said(twin, "attribute", folder, "--scenario", plan, "--by", "responsible", "--json"))
    assert [s["step"] for s in steps] == ["tak", "bilar"]
    assert {b["responsible"] for b in bodies} == {"AB Framtiden", "Stadsmiljönämnden"}
    assert sum(s["share_t"] for s in steps) == pytest.approx(sum(b["share_t"] for b in bodies))
    assert "did you mean 'payer'" in refused(twin, "attribute", folder, "--scenario", plan, "--by", "payr")


def test_a_budget_of_four_years(twin, folder, plan, tmp_path):
    told = json.loads(
        said(twin, "budget", folder, "--scenario", plan, "--from", 2026, "--out", tmp_path / "b", "--json")
    )
    assert {r["year"] for r in told["totals"]} == {2026, 2027, 2028, 2029}
    assert told["unquantified"][0]["id"] == "rad"
    assert (tmp_path / "b" / "budget_caps.csv").is_file()
    assert "before the city's base year" in refused(twin, "budget", folder, "--scenario", plan, "--from", 2020)


def test_an_investment_against_the_years_strategy(twin, folder, plan, tmp_path):
    frozen, measure = tmp_path / "strategi.json", tmp_path / "sol.toml"
    measure.write_text(MEASURE, encoding="utf-8")
    said(twin, "strategy", folder, "--scenario", plan, "--out", frozen)
    first = frozen.read_bytes()
    words = ["test-investment", folder, "--strategy", frozen, "--measure", measure]
    told = [said(twin, *words, "--json"), said(twin, *words, "--json", "--out", tmp_path / "v")]
    assert told[0] == told[1]
    assert json.loads(told[0])["conclusion"] == "bidrar"
    assert json.loads((tmp_path / "v" / "verdict.json").read_text(encoding="utf-8")) == json.loads(told[0])
    assert "bidrar delvis" in said(twin, *words, "--justice", "flagged")
    frozen.write_bytes(first.replace(b"2030", b"2031", 1))
    assert "was changed after it was frozen" in refused(twin, *words)
    measure.write_text(PLAN, encoding="utf-8")
    frozen.write_bytes(first)
    assert "test one at a time" in refused(twin, *words)
    assert "no readable file" in refused(twin, "test-investment", folder, "--strategy", "x", "--measure", measure)


def test_how_sure_a_plan_is(twin, folder, plan, tmp_path):
    words = ["uncertainty", folder, "--scenario", plan, "-n", 4, "--seed", 1, "--sobol", 0, "--factors", 1]
    told = json.loads(said(twin, *words, "--out", tmp_path / "u", "--json"))
    assert [o["option"] for o in told["options"]] == ["baseline", "decided", "planned", "Plan"]
    assert sum(r["choice"] for r in told["regret"]) == 1
    assert len(pd.read_csv(tmp_path / "u" / "draws.csv")) == 4
    assert "write NAME=SEK" in refused(twin, *words, "--yearly-cost", "Plan=mycket")


def test_a_register_goes_out_and_comes_back(twin, plan, tmp_path):
    for ending in ("csv", "xlsx"):
        sheet, back = tmp_path / f"r.{ending}", tmp_path / f"{ending}.toml"
        assert "3 measures" in said(twin, "register", "export", plan, "--out", sheet)
        said(twin, "register", "import", sheet, "--onto", plan, "--out", back)
        assert said(twin, "register", "export", back, "--out", sheet, "--json") == said(
            twin, "register", "export", plan, "--out", sheet, "--json"
        )


def test_bad_rows_of_a_register_are_told_all_at_once(twin, tmp_path):
    sheet, out = tmp_path / "r.csv", tmp_path / "r.toml"
    sheet.write_text(
        "id,measure,responsible,payer,lifetime_years,capex_sek,price_year\n"
        "a,insulate_roof,Renova,Renova,-3,,\n"
        "b,insulate_roof,Renova,Renova,,1000,\n",
        encoding="utf-8",
    )
    told = refused(twin, "register", "import", sheet, "--out", out)
    assert "row 2, column lifetime_years: Input should be greater than 0" in told
    assert "row 3, column price_year: capex_sek has no price year; say of which year's price level it is" in told
    sheet.write_text(
        "id,name,measure,responsible,payer,requires\n"
        "x,Råd,,Renova,Renova,\n"
        "a,,insulate_roof,Renova,,\n"
        "b,,insulate_roof,Renovas,Renova,c\n"
        "c,,insulate_roof,Renova,Renova,b\n",
        encoding="utf-8",
    )
    told = refused(twin, "register", "import", sheet, "--out", out)
    assert "row 3, a: nobody pays; name a `payer`" in told
    assert "row 4, b: responsible 'Renovas' is not a known body; did you mean 'Renova'?" in told
    assert "row 4, 5, b, c require each other in a circle; take one of their `requires` away" in told
    assert not out.exists()


def test_what_keeps_a_scenario_from_being_a_plan_is_told_before_the_long_work(twin, folder, plan):
    plan.write_text(
        PLAN.replace('payer = "Näringslivet"', "").replace('"primary", "residential"', '"tertiary"'), encoding="utf-8"
    )
    told = refused(twin, "plan", folder, "--scenario", plan)
    assert "bilar: nobody pays" in told
    assert "bilar: none of the roads matches its filter; widen `where` or `within`" in told
    again = '[[step]]\nid = "mer"\nmeasure = "electrify_vehicles"\nparams = { ev_share = 0.7 }\nresponsible = "Renova"\npayer = "Renova"\n'
    plan.write_text(PLAN + again, encoding="utf-8")
    code, _, told = twin("plan", folder, "--scenario", plan, "--years", "2030")
    assert code == 0
    assert "mer: step 3 (electrify_vehicles) asks for 3 of 3 roads, but earlier steps leave 1; narrow a filter" in told
    plan.write_text(
        PLAN.replace('"primary", "residential"', '"primary", "residential", "motorway"') + again, encoding="utf-8"
    )
    assert "earlier steps leave 0; take it away" in refused(twin, "plan", folder, "--scenario", plan)
    for years in ("2030:2024", "nu", "1000"):
        assert f"--years {years}" in refused(twin, "plan", folder, "--scenario", plan, "--years", years)


def test_an_inventory_that_does_not_map_is_told_by_sector(twin, folder, plan):
    (folder / "smhi.csv").write_text("sector,2024\nTransporter,100\nIndustri,50\nJordbruk,10\n", encoding="utf-8")
    with (folder / "city.toml").open("a", encoding="utf-8") as file:
        file.write('[layers.inventory]\nuse = "sector_inventory"\npath = "smhi.csv"\n')
        file.write('model = { Transporter = "vägar", Energi = "own_heating", Jordbruk = "outside" }\n')
    told = refused(twin, "plan", folder, "--scenario", plan)
    assert "inventory.model: 'Transporter' is set against 'vägar'" in told
    assert "`model` names 'Energi', which smhi.csv does not have" in told
    assert "no part of the model is named for 'Industri'; name each in `model`" in told
