"""Every set of a plan's measures: each equals the model run with those steps, and the whole adds up."""

from dataclasses import replace

import numpy as np
import pytest

from energy import Scenario, simulate
from energy.climate import attribution
from energy.climate.coalitions import Coalitions, labels, masked
from energy.memory import Memory
from energy.plan import adopted, plan
from energy.scenario import Step
from energy.simulate import Model
from twin import Factors, PluginError, TwinError, measure

FACTORS = Factors.read()
PLAN = Scenario(
    name="Plan",
    step=(
        Step(measure="renovate_envelope", start=2025, end=2028, responsible="Framtiden"),
        Step(measure="connect_district_heating", where={"heating": "oil"}, start=2026, end=2026),
        Step(measure="electrify_vehicles", params={"ev_share": 0.6}, start=2025, end=2030, responsible="Staten"),
        Step(measure="install_heat_pump", share=0.6, start=2026, end=2026, responsible="Framtiden"),
        Step(measure="reduce_car_traffic", params={"reduction": 0.3}, start=2025, end=2030, responsible="Staten"),
    ),
)


def coalitions(city, scenario=PLAN, account="territorial", by="step", year=2030):
    model = Model(city, plan(city, scenario), Memory())
    return Coalitions(model, FACTORS, year, account, tuple(labels(scenario.step, by)))


def of_frames(frames, account):
    return np.concatenate([frames[t][f"co2e_{account}_kg"].to_numpy(float) for t in ("buildings", "roads")])


@pytest.mark.parametrize("account", ["territorial", "lifecycle", "marginal"])
def test_every_coalition_equals_the_model_run_with_its_steps(city, account):
    found = coalitions(city, account=account)
    emissions = found.all()
    assert emissions.shape == (32, 9)
    for mask in range(0, 32, 3 if account == "territorial" else 5):
        some = masked(found.model.adoption, [mask >> k & 1 == 1 for k in range(5)])
        frames = Model(city, some, Memory()).with_hours(2030, FACTORS)
        assert emissions[mask] == pytest.approx(of_frames(frames, account), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("year", [2026, 2030])
def test_nothing_and_everything_equal_simulate(city, year):
    emissions = coalitions(city, year=year).all()
    for scenario, of in ((Scenario.baseline(), 0), (PLAN, -1)):
        frames = simulate(city, scenario, years=[year], ranges=False).frames[year]
        whole = of_frames(frames, "territorial")
        assert np.abs(emissions[of] - whole).max() <= 1e-9 * np.abs(whole).max()


def test_the_parts_of_the_sample_city_add_up_to_baseline_minus_plan(sample, root):
    scenario = Scenario.read(root / "sample_data" / "scenarios" / "plan2030.toml")
    found = coalitions(sample, scenario, by="status")
    emissions = found.all()
    before, after = (
        float(of_frames(simulate(sample, s, years=[2030], ranges=False).frames[2030], "territorial").sum())
        for s in (Scenario.baseline(), scenario)
    )
    share = attribution.shapley(emissions)
    assert found.players == ("beslutad", "planerad", "idé", "pågående")
    assert share.sum() == pytest.approx(before - after, rel=1e-9)
    of_city = attribution.shapley(emissions.sum(axis=1))
    assert share.sum(axis=1) == pytest.approx(of_city, rel=1e-9, abs=1e-9 * (before - after))


def test_the_scenario_s_own_factors_are_one_more_player(city):
    greener = {"electricity.territorial": FACTORS["electricity.territorial"][-1].low}
    changed = PLAN.model_copy(update={"factors": greener})
    found = replace(coalitions(city, changed), factors=FACTORS.override(greener))
    emissions = found.all_with_factors(FACTORS)
    assert len(emissions) == 64
    for scenario, of in ((Scenario.baseline(), 0), (changed, -1)):
        whole = of_frames(simulate(city, scenario, years=[2030], ranges=False).frames[2030], "territorial")
        assert np.abs(emissions[of] - whole).max() <= 1e-9 * np.abs(whole).max()
    assert attribution.shapley(emissions)[-1].sum() != 0


def test_a_group_is_one_player_and_the_blank_one_is_kept(city):
    by_body = coalitions(city, by="responsible")
    one_by_one = coalitions(city)
    assert by_body.players == ("Framtiden", "", "Staten")
    few, many = by_body.all(), one_by_one.all()
    of_group = {1: 0b01001, 2: 0b00010, 4: 0b10100}
    for mask in range(8):
        steps = sum(v for k, v in of_group.items() if mask & k)
        assert few[mask] == pytest.approx(many[steps], rel=1e-12)
    assert attribution.owen(many, by_body.groups).shape == (5, 9)


def test_who_adopts_what_does_not_change_with_the_coalition(city):
    rivals = Scenario(
        name="Två om samma hus",
        step=(
            Step(measure="install_heat_pump", where={"use": "multi_family"}, start=2026, end=2026, share=0.5),
            Step(
                measure="connect_district_heating",
                where={"use": ["multi_family", "office", "school"]},
                start=2026,
                end=2026,
            ),
        ),
    )
    model = coalitions(city, rivals).model
    alone = plan(city, Scenario(name="Bara den andra", step=rivals.step[1:]))
    kept = masked(model.adoption, [False, True])
    assert (kept.years[0] == model.adoption.years[1]).all()
    assert (kept.years[0] != alone.years[0]).any()


def test_district_heating_couples_buildings_that_adopt_nothing(city):
    only = Scenario(
        name="Ett hus",
        step=(Step(measure="renovate_envelope", where={"use": "office"}, start=2026, end=2026),),
    )
    found = coalitions(city, only)
    heating = adopted(found.stock.buildings, "buildings", found.model.adoption, 2030, FACTORS.at(2030))["heating"]
    saved = attribution.shapley(found.all())[0]
    others = np.flatnonzero((heating == "district_heating").to_numpy(bool))
    assert saved[3] > 0  # the office that is renovated
    assert len(others) == 3
    unconnected = [i for i in range(6) if i not in others]
    assert np.abs(saved[unconnected]).max() == 0


def test_a_measure_that_looks_at_its_neighbours_is_refused(city):
    @measure(changes=["set_point_c"], title="Alla får medelvärdet av sina grannar")
    def level_out(chosen, factors):
        return chosen[["set_point_c"]] * 0 + 15 + 0.5 * len(chosen)

    scenario = Scenario(
        name="Grannar",
        step=(
            Step(measure="level_out", start=2026, end=2026),
            Step(measure="install_heat_pump", where={"use": "office"}, start=2026, end=2026),
        ),
    )
    with pytest.raises(PluginError, match="looks at other buildings"):
        coalitions(city, scenario).all()


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda c: coalitions(c, account="territoriell"), "did you mean"),
        (lambda c: coalitions(c, by="responsibel"), "did you mean"),
        (lambda c: coalitions(c, by=["one"]), "one for each"),
        (lambda c: coalitions(c, Scenario(name="Många", step=PLAN.step[:1] * 11)).all(), "more than 10"),
        (lambda c: Coalitions(coalitions(c).model, FACTORS, 2030, "marginal", ("one",)), "5 steps"),
    ],
)
def test_what_can_not_be_run_is_refused(city, call, match):
    with pytest.raises(TwinError, match=match):
        call(city)
