"""A plan's parts add up: to the wedge, on the map, by body, and from baseline over what is decided to the whole plan."""

import numpy as np
import pytest

from energy.climate_plans.portfolio import portfolio
from energy.scenario import Scenario
from twin import TwinError

YEARS = (2024, 2027, 2030)
PLAN = """
name = "Plan"
[[step]]
id = "fasad"
measure = "renovate_envelope"
params = { u_wall_w_m2k = 0.18 }
status = "beslutad"
responsible = "AB Framtiden"
start = 2025
[[step]]
id = "pump"
measure = "install_heat_pump"
where = { heating = ["direct_electric", "district_heating"] }
status = "planerad"
responsible = "Göteborg Energi"
[[step]]
id = "bilar"
measure = "electrify_vehicles"
params = { ev_share = 0.6 }
responsible = "Stadsmiljönämnden"
[[step]]
id = "trafik"
measure = "reduce_car_traffic"
params = { reduction = 0.2 }
status = "idé"
responsible = "Stadsmiljönämnden"
"""


@pytest.fixture(scope="module")
def found(city):
    return portfolio(city, Scenario.from_text(PLAN), years=YEARS)


def reduction_t(found, year):
    row = found.curves.set_index("year").loc[year]
    return row["baseline_t"] - row["plan_t"]


@pytest.mark.parametrize("year", YEARS)
def test_shares_sum_to_what_the_plan_takes_away(found, year):
    of_year = found.wedges[found.wedges["year"] == year]
    assert of_year["share_t"].sum() == pytest.approx(reduction_t(found, year), rel=1e-9, abs=1e-9)
    bodies = found.bodies[found.bodies["year"] == year]
    assert bodies["share_t"].sum() == pytest.approx(reduction_t(found, year), rel=1e-9, abs=1e-9)
    assert bodies["owen_t"].sum() == pytest.approx(reduction_t(found, year), rel=1e-9, abs=1e-9)


def test_the_maps_of_contributions_add_up_in_every_house_and_street(found):
    kg = [
        np.concatenate([r.at(t, 2030)["co2e_territorial_kg"].to_numpy(float) for t in ("buildings", "roads")])
        for r in (found.baseline, found.plan)
    ]
    np.testing.assert_allclose(sum(found.maps.values()), kg[0] - kg[1], atol=1e-9 * kg[0].max())


def test_each_share_lies_between_the_least_and_most_of_all_orders(found):
    w = found.wedges
    assert (w["least_t"] <= w["share_t"] + 1e-9).all()
    assert (w["share_t"] <= w["most_t"] + 1e-9).all()
    assert (w[["alone_t", "last_t"]].min(axis=1) >= w["least_t"] - 1e-9).all()


def test_the_more_is_done_the_less_is_left(found):
    c = found.curves
    assert (c["baseline_t"] >= c["decided_t"] - 1e-9).all()
    assert (c["decided_t"] >= c["planned_t"] - 1e-9).all()
    assert (c["planned_t"] >= c["plan_t"] - 1e-9).all()
    assert c["gap_t"].tolist() == pytest.approx((c["plan_t"] - c["pace_t"]).tolist())


def test_cars_and_kilometres_overlap_and_houses_do_not_meet_them(found):
    pairs = found.interactions
    assert pairs.loc["bilar", "trafik"] < -1
    assert pairs.loc["bilar", "trafik"] == pairs.loc["trafik", "bilar"]
    assert abs(pairs.loc["fasad", "trafik"]) < 1e-9


def test_sectors_outside_the_model_stay_as_they_are(found):
    outside = found.sectors[found.sectors["model"] == "outside"]
    assert len(outside) >= 5
    assert outside["plan_t"].isna().all()
    assert (outside["inventory_after_t"] == outside["inventory_t"]).all()
    assert found.sectors["plan_t"].sum() == pytest.approx(found.curves["plan_t"].iloc[-1], rel=1e-9)


def test_with_many_measures_orders_are_drawn_and_still_add_up(city):
    cars = [
        f'[[step]]\nmeasure = "electrify_vehicles"\nwhere = {{ road_id = ["r{k}"] }}\nparams = {{ ev_share = 0.5 }}\n'
        for k in (1, 2, 3)
    ]
    houses = [
        f'[[step]]\nmeasure = "{m}"\nwhere = {{ building_id = ["b{k}"] }}\n'
        for k in (0, 1, 2)
        for m in ("make_airtight", "install_heat_recovery", "insulate_roof")
    ]
    many = portfolio(city, Scenario.from_text('name = "Många"\n' + "".join(cars + houses)), years=(2030,))
    assert len(many.wedges) == 12
    assert many.wedges["share_t"].sum() == pytest.approx(reduction_t(many, 2030), rel=1e-9)
    assert many.wedges["least_t"].isna().all()
    kg = sum(many.maps.values()).sum() / 1000
    assert kg == pytest.approx(reduction_t(many, 2030), rel=1e-9)


def test_the_target_has_two_readings(city):
    both = [
        portfolio(city, Scenario.from_text(PLAN), years=(2030,), basis=b).curves["city_path_t"].iloc[0] / 1000
        for b in ("per_capita", "absolute")
    ]
    assert both[1] == pytest.approx(667, rel=1e-3)  # the contract's text
    assert both[0] == pytest.approx(1.167 * 641.9, rel=1e-3)  # t per inhabitant, for those who live there then
    assert both[0] > both[1]


def test_what_climate_and_factors_change_is_told_apart(city):
    text = PLAN.replace('name = "Plan"', 'name = "Plan"\nclimate = "rcp85_2050"')
    warm = portfolio(city, Scenario.from_text(text), years=(2030,))
    assert warm.wedges["id"].tolist()[-1] == "other"
    assert warm.wedges["share_t"].sum() == pytest.approx(reduction_t(warm, 2030), rel=1e-9)
    assert warm.wedges["share_t"].iloc[-1] > 0


def test_a_plan_without_effect_is_refused(city):
    with pytest.raises(TwinError, match="has no step"):
        portfolio(city, Scenario.baseline(), years=(2030,))
    nothing = 'name = "x"\n[[step]]\nmeasure = "install_heat_pump"\nwhere = { heating = ["gas"] }'
    with pytest.raises(TwinError, match="none of the buildings matches"):
        portfolio(city, Scenario.from_text(nothing), years=(2030,))


def test_shares_that_take_in_nobody_are_told(city):
    tiny = Scenario.from_text('name = "Plan"\n[[step]]\nmeasure = "insulate_roof"\nshare = 0.01\n')
    with pytest.raises(TwinError, match="their shares of what matches are less than one"):
        portfolio(city, tiny, years=(2024, 2030))
