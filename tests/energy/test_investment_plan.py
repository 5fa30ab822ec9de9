"""Money of a plan: savings add up to the bill, payers to the cost, values to their closed forms, and no blank becomes zero."""

import numpy as np
import pytest

from energy.annuity import annuity
from energy.climate import attribution
from energy.climate_plans.investment_plan import investment_plan
from energy.climate_plans.investment_savings import savings
from energy.climate_plans.money import KINDS, PARTS, bill, owners, payer_shares, price_level, worth_of_heat
from energy.climate_plans.portfolio import portfolio
from energy.district_heating.supply.tariff import Tariff, bill_of_days
from energy.memory import Memory
from energy.scenario import Scenario
from energy.simulate import Model
from twin import Factors, TwinError

FACTORS = Factors.read()
YEARS = (2024, 2027, 2030)
PLAN = """
name = "Plan"
[[step]]
id = "fasad"
name = "Fasader"
measure = "renovate_envelope"
where = { owner = ["Framtiden"] }
params = { u_wall_w_m2k = 0.18 }
status = "beslutad"
start = 2025
payer = { "AB Framtiden" = 0.333333, Staten = 0.333333, "Hushållen" = 0.333334 }
funding = [{ source = "Stöd", share = 0.15 }]
[[step]]
id = "pump"
measure = "install_heat_pump"
where = { heating = ["direct_electric", "oil"] }
start = 2026
payer = "Småhusägarna"
[[step]]
id = "bilar"
measure = "electrify_vehicles"
params = { ev_share = 0.6 }
status = "pågående"
start = 2025
payer = { "Stadsmiljönämnden" = 0.4, "Näringslivet" = 0.6 }
funding = [{ source = "Klimatklivet", share = 0.3, status = "beviljad" }, { source = "Fond", share = 0.1 }]
cost = [{ kind = "capex", sek = 600000, price_year = 2024 }]
lifetime_years = 15
[[step]]
id = "trafik"
measure = "reduce_car_traffic"
params = { reduction = 0.2 }
status = "idé"
start = 2026
payer = "Stadsmiljönämnden"
[[unquantified]]
id = "råd"
name = "Klimatråd"
status = "beslutad"
payer = "Kommunstyrelsen"
"""
ALL_PRICED = PLAN.replace('status = "idé"', 'status = "idé"\ncost = [{ kind = "opex", sek = 1000, price_year = 2024 }]')


def made(city, text=PLAN, years=YEARS):
    return portfolio(city, Scenario.from_text(text), years=years)


@pytest.fixture(scope="module")
def found(city):
    return made(city)


@pytest.fixture(scope="module")
def money(found):
    return investment_plan(found)


@pytest.fixture(scope="module")
def priced(city):
    found = made(city, ALL_PRICED)
    return found, investment_plan(found)


def value(plan, key, who):
    table = plan.npv.set_index(["id", "perspective"])["npv_sek"]
    return table[key, who]


def test_a_saved_kwh_of_heat_is_worth_what_the_bill_falls_by():
    r = np.random.default_rng(1)
    space = np.sort(r.uniform(0, 1, 365))[::-1]
    space, water = space / space.sum(), np.full(365, 1 / 365)
    tariff = Tariff.standard()
    before = bill_of_days(60_000 * space + 20_000 * water, tariff)
    of = worth_of_heat(space, water, tariff.energy_sek_mwh, tariff.power_sek_kw[0])
    assert before.billed_kw < 100
    for kwh, price in zip([(59_000, 20_000), (60_000, 19_000)], of, strict=True):
        after = bill_of_days(kwh[0] * space + kwh[1] * water, tariff)
        assert before.total_sek - after.total_sek == pytest.approx(1000 * float(price), rel=1e-9)
    assert of[0] > of[1]  # cold days are dear


def test_prices_of_index_are_those_published():
    # Statistics Sweden, consumer price index 1980=100: 303.46 in 2010, 335.92 in 2020, 403.70 in 2023
    assert price_level(2010, 2023, FACTORS) == pytest.approx(403.70 / 303.46)
    assert price_level(2020, 2023, FACTORS) * price_level(2023, 2020, FACTORS) == pytest.approx(1)


@pytest.mark.parametrize("part", ["", *PARTS, "production"])
def test_every_combination_s_bill_is_that_of_the_model_with_its_steps(city, found, part):
    plan, year = found.plan, 2030
    own = bill(plan.stock, found.baseline.at("buildings", year), plan.factors, year, 1.0, part)
    run = found.runs[year].valued(own)
    every = run.all()
    f = plan.factors.at(year)
    for mask in (0, 5, 10, 15):
        frames = run._run(mask)
        assert every[mask] == pytest.approx(own.whole(frames, f), rel=1e-9, abs=1e-6)
    whole = Model(city, plan.adoption, Memory()).with_hours(year, plan.factors)
    assert every[-1] == pytest.approx(own.whole(whole, f), rel=1e-9, abs=1e-6)


def test_parts_of_the_bill_are_the_bill(found):
    year, plan = 2030, found.plan
    base, f = found.baseline.at("buildings", year), plan.factors.at(year)
    whole, *parts = (
        bill(plan.stock, base, plan.factors, year, 1.2, p).whole(plan.frames[year], f) for p in ("", *PARTS)
    )
    assert sum(parts) == pytest.approx(whole, rel=1e-12)


def test_savings_of_measures_sum_to_the_bill_without_less_the_bill_with_the_plan(found, money):
    saved = money.savings
    for part in (*PARTS, "production"):
        for k, year in enumerate(YEARS):
            bills = [
                bill(found.plan.stock, found.baseline.at("buildings", year), found.plan.factors, year, 1.0, part).whole(
                    r.frames[year], r.factors.at(year)
                )
                for r in (found.baseline, found.plan)
            ]
            assert saved.share_sek[part][k].sum() == pytest.approx(
                bills[0].sum() - bills[1].sum(), rel=1e-9, abs=1e-9 * bills[0].sum() + 1e-9
            )
    assert saved.entities_sek.sum() == pytest.approx(saved.table.query("year == 2030")["saving_sek"].sum(), rel=1e-9)


def test_orders_that_are_drawn_add_up_too(found, money, monkeypatch):
    monkeypatch.setattr(attribution, "MOST", 2)
    drawn = savings(found, 2024)
    assert not drawn.of_sets_t.size
    for part in PARTS:
        assert drawn.share_sek[part].sum() == pytest.approx(money.savings.share_sek[part].sum(), rel=1e-9)


def test_what_factors_change_is_told_apart(city):
    text = PLAN.replace('name = "Plan"\n', 'name = "Plan"\nfactors = { "price.oil_sek_kwh" = 1.6 }\n', 1)
    plan = investment_plan(made(city, text, (2030,)))
    dearer = plan.savings
    assert dearer.share_sek["market"][0, -1].sum() == pytest.approx(-(1.6 - 1.35) * 0.7 * _oil_kwh(city), rel=1e-6)
    left = sum(dearer.left_sek[p][0] for p in PARTS)
    assert sum(dearer.share_sek[p].sum() for p in PARTS) == pytest.approx(left, rel=1e-9)
    assert plan.measures["id"].tolist()[-1] == "other"
    assert plan.measures["saving_sek"].sum() == pytest.approx(left, rel=1e-9)


def _oil_kwh(city):
    baseline = made(city, PLAN, (2030,)).baseline
    return baseline.at("buildings", 2030)["oil_kwh"].sum()


def test_payers_sum_to_the_total_to_the_ore(money):
    columns = [f"{k}_sek" for k in (*KINDS, "unknown")]
    rows = money.rows.dropna(subset="total_sek")
    assert (rows[columns].sum(axis=1) - rows["total_sek"]).abs().max() < 0.005
    of_bodies = money.payers.groupby(["id", "year"])["sek"].sum()
    total = rows.set_index(["id", "year"])["total_sek"]
    assert (of_bodies - total.reindex(of_bodies.index)).abs().max() < 0.005
    assert rows["total_sek"].sum() > 1e5


def test_a_measure_s_sums_are_those_of_its_years(money):
    table = money.measures.set_index("id")
    for key, row in table.iterrows():
        years = money.rows[money.rows["id"] == key]
        if row["basis"]:
            assert row["total_sek"] == pytest.approx(years["total_sek"].sum())
            assert row["total_sek"] == pytest.approx(row["capex_sek"] + row["renewal_sek"] + row["opex_sek"])
            covered = row[["granted_sek", "own_sek", "gap_sek"]].sum()
            assert covered == pytest.approx(row["capex_sek"])
    assert table.loc["fasad", "basis"] == table.loc["pump", "basis"] == "prices"
    assert table.loc["bilar", "basis"] == "register"
    of_prices = table[table["basis"] == "prices"]
    assert (of_prices["capex_low_sek"] < of_prices["capex_sek"]).all()
    assert (of_prices["capex_sek"] < of_prices["capex_high_sek"]).all()
    assert np.isnan(table.loc["bilar", "capex_low_sek"])
    assert table.loc[["trafik", "råd"], "basis"].tolist() == ["", ""]
    assert table.loc[["trafik", "råd"], ["capex_sek", "total_sek", "gap_sek"]].isna().all(axis=None)
    assert table["saving_sek"].sum() == pytest.approx(money.rows["saving_sek"].sum())
    assert {"money.lifetime_years", "money.real_rate", "money.price_index"} - set(money.factors_used) == {
        "money.lifetime_years"
    }, "every lifetime is stated here"


def test_what_has_no_price_is_listed_and_blank(money):
    assert set(money.not_priced["id"]) == {"trafik", "råd"}
    blank = money.rows[money.rows["id"].isin(["trafik", "råd"])]
    assert blank[["capex_sek", "opex_sek", "total_sek", "gap_sek", "city_sek"]].isna().all(axis=None)
    assert np.isnan(value(money, "trafik", "society"))
    assert "trafik" not in set(money.curve["id"])
    assert (money.rows.query("id == 'trafik' and year == 2030")["saving_sek"] > 0).all()  # known all the same


def test_the_gap_by_hand(money):
    # bilar: 600 000 over six years, 30 % granted, 10 % asked for, 60 % own since it is under way
    cars = money.rows.query("id == 'bilar' and year >= 2025")
    assert cars["capex_sek"].tolist() == pytest.approx([100_000.0] * 6)
    assert cars["granted_sek"].tolist() == pytest.approx([30_000.0] * 6)
    assert cars["own_sek"].tolist() == pytest.approx([60_000.0] * 6)
    assert cars["gap_sek"].tolist() == pytest.approx([10_000.0] * 6)
    walls, pumps = (money.rows.query(f"id == '{k}'") for k in ("fasad", "pump"))
    assert walls["gap_sek"].to_numpy() == pytest.approx(0.15 * walls["capex_sek"].to_numpy())
    assert (pumps["gap_sek"] == pumps["capex_sek"]).all()  # only planned: nothing is secured
    whole = money.rows.groupby("year")["gap_sek"].sum()
    assert money.funding.set_index("year")["gap_sek"].tolist() == pytest.approx(whole.tolist())


BUS = """
name = "Buss"
[[step]]
id = "buss"
measure = "reduce_car_traffic"
params = {{ reduction = 0.2 }}
start = 2026
payer = "Västra Götalandsregionen"
lifetime_years = {life}
cost = [{{ kind = "capex", sek = 1000000, price_year = {of}, year = 2026 }}, {{ kind = "opex", sek = 50000, price_year = {of} }}]
"""


@pytest.mark.parametrize(
    ("life", "horizon", "of"), [(10, 2030, 2024), (3, 2030, 2020), (2, 2030, 2024), (7, 2045, 2024)]
)
def test_the_value_is_its_closed_form(city, life, horizon, of):
    rate = 0.04
    found = investment_plan(
        made(city, BUS.format(life=life, of=of), (2024, 2030)), horizon=horizon, rate_by_perspective={"region": rate}
    )
    level = price_level(of, 2024, FACTORS)
    n = horizon - 2026
    even = (1 - (1 + rate) ** -n) / rate * (1 + rate) ** -2  # of the years after the purchase, in 2024
    capital = 1e6 * float(annuity(rate, float(life))) * even
    upkeep = 5e4 * (even + (1 + rate) ** -2)
    assert value(found, "buss", "region") == pytest.approx(-level * (capital + upkeep), rel=1e-9)


def test_what_one_pays_another_cancels_for_society(priced):
    _, plan = priced
    for key in ("fasad", "pump", "bilar", "trafik", "plan"):
        own = sum(value(plan, key, who) for who in KINDS)
        assert value(plan, key, "society_without_carbon") == pytest.approx(own, rel=1e-9)
    grants = plan.flows[plan.flows["what"] == "grant"]
    assert set(grants["payer"]) == {"state"}
    assert grants["amount_sek"].sum() == pytest.approx(180_000)


def test_a_measure_that_nobody_pays_still_costs_society(city):
    nobody = investment_plan(made(city, BUS.format(life=10, of=2024).replace('payer = "Västra Götalandsregionen"', "")))
    somebody = investment_plan(made(city, BUS.format(life=10, of=2024)))
    assert value(nobody, "buss", "society") == pytest.approx(value(somebody, "buss", "society"))
    assert value(nobody, "buss", "region") == 0
    assert "nobody pays" in " ".join(map(str, nobody.assumptions["remark"]))


def test_the_curve_sums_to_the_whole_plan(priced):
    found, plan = priced
    curves = found.curves.set_index("year")
    saved = np.interp(plan.years, YEARS, (curves["baseline_t"] - curves["plan_t"]).to_numpy()).sum()
    assert plan.curve["saved_t"].sum() == pytest.approx(saved, rel=1e-9)
    assert plan.curve["npv_sek"].sum() == pytest.approx(value(plan, "plan", "society_without_carbon"), rel=1e-9)
    assert sorted(plan.curve["id"]) == ["bilar", "fasad", "pump", "trafik"]


def test_tonnes_and_their_cost(priced):
    found, plan = priced
    table = plan.cost_per_tonne.set_index("id")
    wedges = found.wedges.pivot_table(index="year", columns="id", values="share_t")
    for key in ("fasad", "bilar"):
        tonnes = np.interp(plan.years, YEARS, wedges[key])
        assert table.loc[key, "saved_t"] == pytest.approx(tonnes.sum())
        discount = 1.035 ** -np.arange(len(plan.years))
        assert table.loc[key, "saved_discounted_t"] == pytest.approx((tonnes * discount).sum())
    pays = table[(table["npv_sek"] >= 0) & (table["saved_t"] > 0)]
    assert pays["cost_sek_per_t"].isna().all()
    assert pays.index.tolist() == table.index[: len(pays)].tolist()
    assert pays["npv_sek"].is_monotonic_decreasing
    costs = table["cost_sek_per_t"].dropna()
    assert costs.is_monotonic_increasing
    assert table.loc["fasad", "cost_sek_per_t"] == pytest.approx(
        -table.loc["fasad", "npv_sek"] / table.loc["fasad", "saved_t"]
    )


def test_carbon_is_the_difference_between_society_with_and_without(priced):
    found, plan = priced
    reduction = np.interp(plan.years, YEARS, found.wedges.query("id == 'bilar'")["share_t"])
    worth = (reduction * 7000 * 1.035 ** -np.arange(len(plan.years))).sum()
    assert value(plan, "bilar", "society") - value(plan, "bilar", "society_without_carbon") == pytest.approx(worth)


def test_bills_are_paid_by_owners(city):
    table = owners(city["buildings"])
    assert table["kind"].tolist() == ["company", "company", "household", "business", "city", "business"]
    shares = payer_shares(city["buildings"], 3, FACTORS.at(2024))
    assert shares.shape == (9, 6)
    assert shares.sum(axis=1) == pytest.approx(1)


def test_money_of_another_year_scales_everything(found, money):
    later = investment_plan(found, price_year=2023)
    scale = price_level(2024, 2023, FACTORS)
    cars = [p.rows.query("id == 'bilar'") for p in (money, later)]
    for column in ("capex_sek", "saving_sek"):
        assert cars[1][column].to_numpy() == pytest.approx(scale * cars[0][column].to_numpy(), abs=0.005)


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"horizon": 2027}, "lies before the last simulated year 2030"),
        ({"rate_by_perspective": {"companie": 0.05}}, "did you mean 'company'"),
        ({"rate_by_perspective": {"city": 3.5}}, "give a share"),
    ],
)
def test_what_can_not_be_told_is_refused(found, changed, match):
    with pytest.raises(TwinError, match=match):
        investment_plan(found, **changed)


def test_unknown_payers_are_told_at_once(city):
    text = PLAN.replace('payer = "Småhusägarna"', 'payer = "Småhusägare"').replace("Kommunstyrelsen", "Kommunstyrelse")
    with pytest.raises(TwinError, match=r"pump: payer 'Småhusägare'.*råd: payer 'Kommunstyrelse'.*\[\[body\]\]"):
        investment_plan(made(city, text, (2024, 2030)))
