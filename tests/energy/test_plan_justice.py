"""Whom a plan burdens: sums over areas and tenures, rents, incomes where they are known, and what else it brings."""

import numpy as np
import pytest
import shapely

from energy.annuity import annuity
from energy.climate_plans.investment_plan import investment_plan
from energy.climate_plans.justice import distribution, flagged, incomes, near_home_shares
from energy.climate_plans.portfolio import portfolio
from energy.scenario import Scenario
from twin import Factors

FACTORS = Factors.read()
PLAN = """
name = "Plan"
[[step]]
id = "fasad"
measure = "renovate_envelope"
where = { owner = ["Framtiden"] }
params = { u_wall_w_m2k = 0.18, u_window_w_m2k = 1.0 }
start = 2025
payer = "AB Framtiden"
[[step]]
id = "pump"
measure = "install_heat_pump"
where = { use = ["single_family", "school"] }
start = 2026
payer = "Fastighetsägarna"
[[step]]
id = "bilar"
measure = "electrify_vehicles"
params = { ev_share = 0.6 }
start = 2025
payer = "Stadsmiljönämnden"
cost = [{ kind = "capex", sek = 600000, price_year = 2024 }]
[[unquantified]]
id = "råd"
name = "Klimatråd"
payer = "Kommunstyrelsen"
"""


def told(city):
    found = portfolio(city, Scenario.from_text(PLAN), years=(2024, 2030))
    money = investment_plan(found)
    return found, money, distribution(found, money)


@pytest.fixture(scope="module")
def without_incomes(city):
    return told(city)


@pytest.fixture(scope="module")
def with_incomes(city):
    areas = city["areas"].assign(income_sek=[np.nan, 150_000.0, 400_000.0])
    return told(city.with_table("areas", areas))


def test_groups_sum_to_what_is_invested_and_saved(without_incomes):
    _, money, found = without_incomes
    capex = money.rows["capex_sek"].sum()
    assert found.groups["capex_sek"].sum() + found.not_placed_sek == pytest.approx(capex, rel=1e-9)
    assert found.not_placed_sek == pytest.approx(600_000)
    saved = money.savings.entities_sek[:, :6].sum()
    assert found.groups["saving_sek_year"].sum() == pytest.approx(saved, rel=1e-9)
    assert found.groups["buildings"].sum() == 6
    assert found.groups["renovated"].sum() == 4
    net = found.groups["saving_sek_year"] - found.groups["cost_sek_year"]
    assert found.groups["net_sek_year"].tolist() == pytest.approx(net.tolist())


def test_rents_rise_by_the_yearly_cost_less_the_saving(without_incomes):
    _, money, found = without_incomes
    rented = found.groups.query("tenure == 'public_rental'").iloc[0]
    cost = money.costs["fasad"]
    yearly = (cost.spent_sek * annuity(0.035, cost.lifetime_years)).sum()
    saved = money.savings.entities_sek[:, :2].sum()
    rent = 1300 * (810.0 + 2160.0)
    assert rented["rent_rise_share"] == pytest.approx((yearly - saved) / rent, rel=1e-9)
    assert rented["raises_rent"] == (rented["rent_rise_share"] > 0.1)
    others = found.groups.query("tenure != 'public_rental'")
    assert others["rent_rise_share"].isna().all()


def test_without_incomes_it_is_said_and_nothing_is_invented(without_incomes):
    _, _, found = without_incomes
    assert found.areas[["income_sek", "energy_share", "energy_poor", "energy_poor_plan"]].isna().all(axis=None)
    assert np.isnan(found.concentration_index)
    text = "; ".join(map(str, found.unknown))
    assert "income is known of 0 of 2 areas" in text
    assert "råd: not priced" in text


def test_energy_over_income_and_who_gains(with_incomes):
    found, _, told_of = with_incomes
    areas = told_of.areas.set_index("area_id")
    assert areas.loc["a1", "energy_share"] == pytest.approx(areas.loc["a1", "home_energy_sek"] / (70 * 150_000))
    assert (areas["energy_share_plan"] < areas["energy_share"]).any()
    assert areas["energy_poor"].notna().all()
    assert (areas["energy_poor"] == (areas["energy_share"] > 0.1)).all()
    # two areas of 70 and 20 people: ranks 35/90 and 80/90
    gain = ((areas["saving_sek_year"] - areas["cost_sek_year"]) / areas["population"]).loc[["a1", "a2"]].to_numpy()
    p = np.array([70, 20]) / 90
    by_hand = 2 * (p * gain) @ (np.array([35, 80]) / 90) / (p @ gain) - 1
    assert told_of.concentration_index == pytest.approx(by_hand)
    assert told_of.gains == (areas["saving_sek_year"].sum() >= areas["cost_sek_year"].sum())
    assert "income" not in "; ".join(map(str, told_of.unknown))
    assert found.plan.city["areas"]["income_sek"].notna().sum() == 2


def test_incomes_may_stand_in_the_table_of_population(city):
    table = city["areas"][["area_id", "population"]].assign(income_sek=[1.0, 2.0, 3.0])
    assert incomes(city.with_table("population", table)).to_dict() == {"s1": 1.0, "a1": 2.0, "a2": 3.0}
    assert incomes(city).empty


def test_benefits_have_a_range_and_a_source(without_incomes):
    _, money, found = without_incomes
    rows = found.benefits.set_index("benefit")
    spent = money.rows["capex_sek"].sum() / 1e6 * 335.92 / 415
    assert rows.loc["jobs", ["low", "value", "high"]].tolist() == pytest.approx([0.8 * spent, 1.2 * spent, 2.9 * spent])
    for name in ("nox_near_homes", "pm25_near_homes"):
        assert -1 < rows.loc[name, "value"] < 0  # more electric cars
        assert rows.loc[name, "low"] <= rows.loc[name, "value"] <= rows.loc[name, "high"]
    assert rows.loc["pm25_near_homes", "value"] > rows.loc["nox_near_homes", "value"]  # wear stays
    assert set(found.benefits["source"]) <= set(Factors.sources().index)
    assert np.isfinite(rows.loc["overheating", "value"])


def test_what_is_not_known_is_left_out_of_the_benefits(city):
    bare = city.with_table("roads", city["roads"].iloc[:0])
    text = PLAN.split('[[step]]\nid = "bilar"', maxsplit=1)[0]
    found = portfolio(bare, Scenario.from_text(text), years=(2030,))
    benefits = distribution(found, investment_plan(found))
    assert "nox_near_homes" not in set(benefits.benefits["benefit"])
    assert "air pollution near homes is not known" in "; ".join(map(str, benefits.unknown))


def test_near_means_inside_the_disc():
    homes = np.array([shapely.Point(0, 30), shapely.Point(0, 1000)])
    streets = np.array([shapely.LineString([(-500, 0), (500, 0)]), shapely.LineString([(0, 2000), (100, 2000)])])
    share = near_home_shares(homes, np.array([3.0, 1.0]), streets, 50.0)
    assert share[0] == pytest.approx(0.75 * 80 / 1000, rel=0.01)  # a chord of 80 m
    assert share[1] == 0


def test_a_measure_alone_is_flagged_where_it_raises_rents(city):
    fasad, _, bilar = Scenario.from_text(PLAN).step
    for sek, expected in ((100_000_000, True), (1, False)):
        cost = (bilar.cost[0].model_copy(update={"sek": sek}),)
        assert flagged(city, fasad.model_copy(update={"cost": cost}), 2030) is expected
    assert flagged(city, bilar, 2030) is None, "streets have no tenants"
    assert flagged(city, bilar.model_copy(update={"cost": ()}), 2030) is None
