"""What is used is the same whether buildings, grid areas or the city are added up, in every hour."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.buildings.demand import demand
from energy.electrification import hourly_electricity, profiles
from energy.electrification.end_use import EndUse, charging_use, normalised
from energy.electrification.hourly_electricity import aggregate, building_balance, self_consumption
from twin import Factors
from twin.errors import TwinError

F = Factors.read().at(2024)
HOURS = 48


def random_uses(r, n, hours=HOURS):
    found = []
    for k, name in enumerate(("household", "heat_pumps", "charging")):
        shapes = normalised(r.random((k + 2, hours)) ** 3)
        found.append(EndUse.of(name, r.integers(0, k + 2, n), r.uniform(0, 1e4, n) * (r.random(n) < 0.8), shapes))
    sun = normalised(np.maximum(0, np.sin(np.arange(hours) / 24 * 2 * np.pi)) * r.random((2, hours)))
    return found, [EndUse.of("pv", r.integers(0, 2, n), r.uniform(0, 3e4, n), sun)]


@pytest.fixture(scope="module")
def small(stock, drivers):
    """The first 150 heated buildings of the sample city, five of them outside all areas."""
    heated = np.flatnonzero(stock.buildings["floor_area_m2"].to_numpy(float) > 0)
    b = stock.buildings.iloc[heated[:: len(heated) // 150][:150]]
    needs = demand(b, stock.season, F)
    needs["cooling_electricity_kwh"] = 0.7 * b["floor_area_m2"].to_numpy(float)
    space = profiles.heat_shapes(b, drivers, stock.season.outdoor_c, stock.season.temp_air_c, F)
    uses = profiles.end_uses(needs, b, space, stock.season.temp_air_c, F)
    r = np.random.default_rng(6)
    charging = charging_use(r.uniform(0, 3000, (150, 2)), normalised(r.random((2, 8760))))
    sun = normalised(np.tile(np.maximum(0, np.sin((np.arange(24) - 6) / 12 * np.pi)), 365)[None])
    pv = EndUse.of("pv", np.zeros(150, np.int64), r.uniform(0, 4e5, 150), sun)
    area = r.integers(0, 7, 150)
    area[:5] = -1
    return (*uses, charging), pv, area


def test_the_sum_over_buildings_is_that_of_areas_and_of_the_city_in_every_hour(small):
    uses, pv, area = small
    load = aggregate(uses, area, 7, [pv])
    direct = np.array([sum(u.building_kw(i) for u in uses) for i in range(150)])
    assert direct.shape == (150, 8760)
    found = load.hours(slice(None)).load_kw
    for a in range(7):
        np.testing.assert_allclose(found[a], direct[area == a].sum(axis=0), rtol=1e-9)
    np.testing.assert_allclose(found[7], direct[area < 0].sum(axis=0), rtol=1e-9)
    np.testing.assert_allclose(found.sum(axis=0), load.city.load_kw, rtol=1e-9)
    np.testing.assert_allclose(load.city.load_kw, direct.sum(axis=0), rtol=1e-9)
    made = np.array([pv.building_kw(i) for i in range(150)])
    np.testing.assert_allclose(load.city.pv_kw, made.sum(axis=0), rtol=1e-9, atol=1e-9)
    assert load.yearly_kwh.sum() == pytest.approx(sum(u.energy_kwh.sum() for u in uses), rel=1e-12)


def test_what_is_made_and_imported_is_what_is_used_and_exported(small):
    uses, pv, area = small
    for _, b in aggregate(uses, area, 7, [pv]).blocks():
        np.testing.assert_allclose(b.pv_kw + b.import_kw, b.load_kw + b.export_kw, rtol=1e-12)
        np.testing.assert_allclose(b.self_consumed_kw + b.export_kw, b.pv_kw, rtol=1e-12, atol=1e-12)
        assert (np.minimum(b.import_kw, b.export_kw) == 0).all()
        assert b.export_kw.any()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 40), st.integers(1, 300))
def test_reductions_agree_with_the_whole_series(seed, n, areas):
    r = np.random.default_rng(seed)
    uses, pv = random_uses(r, n)
    area = r.integers(-1, areas, n)
    load = aggregate(uses, area, areas, pv)
    whole = load.hours(slice(None))
    power, hour = load.peaks()
    np.testing.assert_allclose(power, whole.load_kw.max(axis=1), rtol=1e-12)
    np.testing.assert_allclose(whole.load_kw[np.arange(areas + 1), hour], power, rtol=1e-12)
    by_use, made = load.at(hour)
    np.testing.assert_allclose(by_use.sum(axis=1), power, rtol=1e-9)
    np.testing.assert_allclose(made, whole.pv_kw[np.arange(areas + 1), hour], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(load.yearly_kwh.sum(axis=1), whole.load_kw.sum(axis=1), rtol=1e-9, atol=1e-9)
    of = load.by_end_use(int(area[0]))
    np.testing.assert_allclose(sum(of.values()), whole.load_kw[area[0]], rtol=1e-9, atol=1e-9)
    table = self_consumption(load)
    np.testing.assert_allclose(
        table["pv_kwh"] + table["import_kwh"], table["load_kwh"] + table["export_kwh"], rtol=1e-9, atol=1e-6
    )
    assert (table["self_consumed_kwh"] <= np.minimum(table["pv_kwh"], table["load_kwh"]) * (1 + 1e-12)).all()


def test_more_areas_than_a_block_holds():
    r = np.random.default_rng(3)
    uses, pv = random_uses(r, 900)
    areas = 2 * hourly_electricity._BLOCK + 7
    area = r.integers(0, areas, 900)
    load = aggregate(uses, area, areas, pv)
    assert [s.stop for s, _ in load.blocks()][-1] == areas + 1
    assert sum(b.load_kw.sum() for _, b in load.blocks()) == pytest.approx(sum(u.energy_kwh.sum() for u in uses))


def test_the_order_of_buildings_does_not_matter():
    r = np.random.default_rng(4)
    uses, _ = random_uses(r, 60)
    area = r.integers(0, 5, 60)
    order = r.permutation(60)
    place = np.argsort(order)
    mixed = [EndUse(u.name, place[u.building], u.shape, u.energy_kwh, u.shapes) for u in uses]
    first, second = aggregate(uses, area, 5), aggregate(mixed, area[order], 5)
    np.testing.assert_allclose(first.hours(slice(None)).load_kw, second.hours(slice(None)).load_kw, rtol=1e-12)


def test_new_buildings_are_told_apart_without_changing_the_sum(small):
    uses, pv, area = small
    new = np.random.default_rng(8).random(150) < 0.2
    whole, parted = aggregate(uses, area, 7, [pv]), aggregate(uses, area, 7, [pv], new)
    assert parted.end_uses == (*whole.end_uses, "new_build")
    np.testing.assert_allclose(parted.city.load_kw, whole.city.load_kw, rtol=1e-9)
    of_new = sum(u.energy_kwh[new[u.building]].sum() for u in uses)
    assert parted.yearly_kwh[:, -1].sum() == pytest.approx(of_new, rel=1e-12)


def test_a_building_alone_uses_less_of_its_sun_than_its_neighbourhood(small):
    uses, pv, area = small
    alone = [building_balance(uses, i, [pv]) for i in np.flatnonzero(area == 2)]
    together = aggregate(uses, area, 7, [pv]).hours([2])
    np.testing.assert_allclose(sum(b.load_kw for b in alone), together.load_kw[0], rtol=1e-9)
    own = sum(b.self_consumed_kw.sum() for b in alone)
    assert 0 < own < together.self_consumed_kw.sum()


def test_a_city_without_cells_exports_nothing():
    uses, _ = random_uses(np.random.default_rng(5), 20)
    load = aggregate(uses, np.zeros(20, np.int64), 1)
    assert load.city.export_kw.sum() == 0
    np.testing.assert_array_equal(load.city.import_kw, load.city.load_kw)


def test_what_can_not_be_added_up_is_refused():
    uses, _ = random_uses(np.random.default_rng(5), 20)
    with pytest.raises(TwinError, match="at least one"):
        aggregate([], np.zeros(20, np.int64), 1)
    for wrong in (-2, 3):
        with pytest.raises(TwinError, match="numbered from 0 to 2"):
            aggregate(uses, np.full(20, wrong), 3)
    other = EndUse.of("x", np.zeros(20, np.int64), np.ones(20), np.full((1, 24), 1 / 24))
    with pytest.raises(TwinError, match="same weather year"):
        aggregate([*uses, other], np.zeros(20, np.int64), 1)
