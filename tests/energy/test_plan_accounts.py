"""A plan in four accounts: each has its own boundary, and those of the model are the model's."""

import pytest

from energy.climate_plans.accounts import NAMES, accounts
from energy.climate_plans.portfolio import portfolio
from energy.scenario import Scenario

PLAN = """
name = "Plan"
[[step]]
id = "pump"
measure = "install_heat_pump"
where = { heating = ["district_heating"] }
"""


@pytest.fixture(scope="module")
def found(city):
    p = portfolio(city, Scenario.from_text(PLAN), years=(2024, 2030))
    return p, accounts(p).set_index(["year", "account"])


def test_every_year_has_every_account_and_changes_are_differences(found):
    p, table = found
    assert table.index.tolist() == [(y, a) for y in p.plan.years for a in NAMES]
    assert (table["plan_t"] - table["baseline_t"]).tolist() == pytest.approx(table["change_t"].tolist())
    curves = p.curves.set_index("year")
    assert table.loc[(2030, "territorial"), "plan_t"] == pytest.approx(curves.loc[2030, "plan_t"])


def test_scopes_1_and_2_count_what_is_bought_once(found):
    p, table = found
    for results, column in ((p.baseline, "baseline_t"), (p.plan, "plan_t")):
        houses, f = results.at("buildings", 2030), results.factors.at(2030)
        bought = (houses["electricity_kwh"] - houses["pv_kwh"]).sum()
        outside = bought * (f["electricity.swedish_mix"] - f["electricity.territorial"]) / 1000
        of = table.loc[2030, column]
        assert of["gpc_basic"] - of["territorial"] == pytest.approx(outside)
        assert outside > 0


def test_a_heat_pump_for_district_heat_looks_better_without_the_electricity_from_outside(found):
    _, table = found
    change = table.loc[2030, "change_t"]
    assert change["territorial"] < change["gpc_basic"] < 0
