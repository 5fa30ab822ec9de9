"""A network along streets: who is joined, with which pipes, at what cost, and every wrong wish told at once."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

import layers
from energy.annuity import annuity
from energy.district_heating.hydraulics.pipes import Catalogue, Water, coincidence
from energy.district_heating.hydraulics.steady import steady
from energy.district_heating.routing.branches import Prices, linear_cost, phases
from energy.district_heating.routing.layout import lay_out
from energy.district_heating.routing.streets import Rules
from energy.district_heating.routing.wishes import Wishes
from energy.tree import Tree
from twin import Factors, SchemaError, TwinError

F = Factors.read().at(2026)
CRS = "EPSG:3007"


def streets(**columns):
    wkt = ["LINESTRING (0 0, 200 0)", "LINESTRING (100 0, 100 150)", "LINESTRING (200 0, 200 900)"]
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries.from_wkt(wkt), crs=CRS)


def houses(heat=(200e3, 150e3, 300e3, 20e3), **columns):
    at = [(50, 20), (110, 60), (90, 140), (210, 890)]
    data = {"building_id": list("abcd"), "heat_kwh": heat, "peak_kw": np.array(heat) / 2200, **columns}
    return gpd.GeoDataFrame(data, geometry=[shapely.box(x, y, x + 8, y + 8) for x, y in at], crs=CRS)


PLANT = gpd.GeoSeries([shapely.Point(0, -30)], crs=CRS)


@pytest.fixture(scope="module")
def small():
    return lay_out(streets(), houses(), PLANT, F, Wishes(setting="suburb", seconds=20))


def test_the_far_house_with_little_heat_is_left_out(small):
    b = small.buildings.set_index("building_id")
    assert b["connected"].tolist() == [True, True, True, False]
    assert "does not pay" in b.loc["d", "why_not"]
    assert b.loc["a", "service_m"] == pytest.approx(20)
    assert small.method == "MILP"
    assert small.choice_sek == pytest.approx(small.bound_sek, rel=1e-3)


def test_every_branch_is_what_hangs_on_it(small):
    pipes = small.pipes.set_index("node")
    children = {n: pipes.index[pipes["parent"] == n].tolist() for n in pipes.index}
    heat = dict(zip("abcd", houses()["heat_kwh"], strict=True))

    def below(n):
        own = pipes.loc[n, "building_id"]
        return [own] * isinstance(own, str) + [x for c in children[n] for x in below(c)]

    for n in pipes.index:
        ids = below(n)
        assert pipes.loc[n, "count"] == len(ids)
        assert pipes.loc[n, "heat_kwh"] == pytest.approx(sum(heat[x] for x in ids))
        peak = sum(heat[x] / 2200 for x in ids) * float(coincidence(len(ids)))
        assert pipes.loc[n, "peak_kw"] == pytest.approx(peak)
        if pipes.loc[n, "parent"] in pipes.index:
            assert pipes.loc[n, "phase"] >= pipes.loc[pipes.loc[n, "parent"], "phase"] >= 1
    np.testing.assert_allclose(pipes.length, pipes["length_m"])


def test_costs_add_up(small):
    share = float(annuity(F["money.real_rate"], F["network.pipe_lifetime_years"])) + F["network.upkeep_share"]
    stations = float(annuity(F["money.real_rate"], F["network.substation_lifetime_years"])) + F["network.upkeep_share"]
    peak = small.demand_kw[small.demand_kw > 0]
    substations = len(peak) * F["network.substation_sek"] + peak.sum() * F["network.substation_sek_kw"]
    yearly = (
        small.pipes["cost_sek"].sum() * share
        + substations * stations
        + small.loss_kwh * F["network.production_sek_kwh"]
    )
    assert small.invest_sek == pytest.approx(small.pipes["cost_sek"].sum() + substations)
    assert small.yearly_sek == pytest.approx(yearly)
    assert small.lcoh_sek_kwh == pytest.approx(yearly / 650e3)
    first = small.pipes[small.pipes["parent"] == 0]
    assert first["lcoh_sek_kwh"].iloc[0] == pytest.approx(small.lcoh_sek_kwh)
    assert first["linear_density_mwh_m"].iloc[0] == pytest.approx(650 / small.pipes["length_m"].sum())
    margin = F["network.heat_price_sek_kwh"] - F["network.production_sek_kwh"]
    assert small.worth_sek == pytest.approx(650e3 * margin - yearly)


def test_lines_lead_from_the_plant_to_the_buildings(small):
    ends = {0: (0.0, -30.0)}
    for _, pipe in small.pipes.iterrows():
        start, end = pipe.geometry.coords[0], pipe.geometry.coords[-1]
        assert np.hypot(*np.subtract(start, ends[pipe["parent"]])) < 1e-2
        ends[pipe["node"]] = end
    assert small.pipes["kind"].value_counts().to_dict() == {"street": 5, "service": 3, "plant": 1}


def test_hydraulics_run_on_the_result(small):
    demand = small.demand_kw * 1000
    state = steady(small.pipe_tree, demand, supply_c=90.0, return_c=50.0, ground_c=8.0, water=Water.of(F))
    assert float(state.heat_in_w) == pytest.approx(demand.sum() + float(state.loss_w), rel=1e-6)
    pipe = small.pipes["node"].to_numpy()
    gradient = state.pressure_drop_pa[pipe] / small.pipes["length_m"]
    assert (gradient < 1.5 * F["network.design_gradient_pa_m"]).all()  # a little more flows than at the design: losses


def test_everyone_within_reach_is_joined_when_wished():
    near = lay_out(streets(), houses(), PLANT, F, Wishes(connect="all"))
    assert near.buildings["connected"].all()
    assert near.pipes["length_m"].sum() == pytest.approx(30 + 200 + 144 + 898 + 20 + 10 + 2 + 10, abs=10)
    far = lay_out(streets(), houses(), PLANT, F, Wishes(connect="all"), rules=Rules(reach_m=15))
    assert far.buildings["connected"].tolist() == [False, True, True, True]
    assert "20 m away" in far.buildings["why_not"][0]
    assert "1 building lies too far from a street" in far.notes


def test_wishes_are_kept():
    forced = lay_out(streets(), houses(), PLANT, F, Wishes(forced=["d"], forbidden=["a"]))
    b = forced.buildings.set_index("building_id")
    assert b["connected"].to_dict() == {"a": False, "b": True, "c": True, "d": True}
    assert b.loc["a", "why_not"] == "it is forbidden"
    closed = lay_out(
        streets(), houses(), PLANT, F, Wishes(connect="all", forbidden_streets=[1]), rules=Rules(reach_m=70)
    )
    assert set(closed.pipes["street"].dropna()) == {0, 2}
    assert closed.buildings["connected"].tolist() == [True, True, False, True]


def test_a_forced_choice_is_proved_too():
    wishes = Wishes(connect="all", setting="suburb", seconds=20)
    network = lay_out(streets(), houses(), PLANT, F, wishes)
    assert network.method == "MILP"
    assert network.bound_sek == pytest.approx(network.choice_sek, abs=2e-4 * abs(network.choice_sek) + 1)


def test_nothing_worth_connecting_is_a_result_with_its_price():
    poor = lay_out(streets(), houses(), PLANT, F, Wishes(heat_price_sek_kwh=0.4))
    assert len(poor.pipes) == 0
    assert poor.pipe_tree is None
    assert (poor.heat_kwh, poor.invest_sek, poor.worth_sek) == (0, 0, 0)
    assert np.isnan(poor.lcoh_sek_kwh)
    assert poor.bound_sek is not None
    assert not poor.buildings["connected"].any()
    price = poor.cheapest_break_even_sek_kwh
    assert f"from {price:.2f} SEK/kWh on" in poor.notes[-1]
    rich = lay_out(streets(), houses(), PLANT, F, Wishes(heat_price_sek_kwh=price * 1.2))
    assert rich.buildings["connected"].any()
    cold = lay_out(streets(), houses(heat=(0.0, 0.0, 0.0, 0.0)), PLANT, F)
    assert "no building is within reach" in cold.notes[-1]
    assert set(cold.buildings["why_not"]) == {"it needs no heat"}


@pytest.mark.parametrize("price", [0.5, 0.7, 0.85, 1.2])
def test_what_is_built_pays(price):
    network = lay_out(streets(), houses(), PLANT, F, Wishes(heat_price_sek_kwh=price, setting="suburb"))
    assert network.worth_sek >= 0
    assert (network.pipes["break_even_sek_kwh"] <= price + 1e-9).all()
    assert (network.cheapest_break_even_sek_kwh <= price) == (len(network.pipes) > 0)


def test_dearer_heat_never_means_a_worse_network():
    worth = [
        lay_out(streets(), houses(), PLANT, F, Wishes(heat_price_sek_kwh=p)).worth_sek for p in (0.5, 0.7, 0.9, 1.3)
    ]
    assert worth == sorted(worth)


def test_the_setting_of_a_street_sets_its_cost():
    cheap = lay_out(streets(setting=["suburb"] * 3), houses(), PLANT, F, Wishes(connect="all"))
    dear = lay_out(streets(setting=["inner_city"] * 3), houses(), PLANT, F, Wishes(connect="all"))
    assert cheap.invest_sek < dear.invest_sek


def test_every_wrong_wish_is_told_at_once():
    wrong = houses(heat=(200e3, -1.0, 300e3, 20e3), building_id=["a", "a", "c", "d"])
    wrong.loc[2, "peak_kw"] = 0.0
    wishes = Wishes(forced=["d", "x"], forbidden=["d"], forbidden_streets=[99], setting="moon")
    with pytest.raises(SchemaError) as told:
        lay_out(streets().iloc[:0], wrong, PLANT.iloc[:0], F, wishes)
    text = str(told.value)
    for part in (
        "no street with a length",
        "no plant",
        "given twice; make it unique (1 row, first: a)",
        "buildings.heat_kwh: must be a number of 0 or more",
        "peak that the pipe is sized on",
        "is forbidden too",
        "is no building_id of the buildings",
        "is no row of the streets",
        "known: inner_city, suburb",
    ):
        assert part in text
    with pytest.raises(SchemaError, match=r"buildings\.peak_kw: is missing"):
        lay_out(streets(), houses().drop(columns="peak_kw"), PLANT, F)
    with pytest.raises(SchemaError, match="needs no heat; give its heat"):
        lay_out(streets(), houses(heat=(0.0, 1e5, 1e5, 1e5)), PLANT, F, Wishes(forced=["a"]))
    with pytest.raises(SchemaError) as told:
        lay_out(streets(), houses().to_crs(3006), gpd.GeoSeries([None, *PLANT], crs=3006), F)
    assert [(p.table, p.rule.split()[0]) for p in told.value.problems] == [
        ("plants", "is"),
        ("buildings", "lies"),
        ("plants", "lies"),
    ]
    with pytest.raises(SchemaError, match="there is no building"):
        lay_out(streets(), houses().iloc[:0], PLANT, F)
    with pytest.raises(SchemaError, match="in degrees"):
        lay_out(streets().to_crs(4326), houses(), PLANT, F)


def test_what_lies_out_of_reach_is_told_at_once():
    plants = gpd.GeoSeries([shapely.Point(0, 0), shapely.Point(0, -900)], crs=CRS)
    with pytest.raises(SchemaError) as told:
        lay_out(streets(), houses(), plants, F, Wishes(forced=["a", "d"]), rules=Rules(reach_m=5))
    assert [str(p.first) for p in told.value.problems] == ["1", "a", "d"]
    assert "900 m from the nearest street" in str(told.value)


def test_several_plants_share_the_network():
    plants = gpd.GeoSeries([shapely.Point(0, -30), shapely.Point(205, 880)], crs=CRS)
    network = lay_out(streets(), houses(), plants, F, Wishes(connect="all"))
    assert (network.pipes["kind"] == "plant").sum() == 2
    assert network.pipes["length_m"].sum() < 600


def test_the_costs_as_lines_are_near_the_catalogue():
    catalogue, water, prices = Catalogue.standard(), Water.of(F), Prices.of(F)
    level, slope = linear_cost(catalogue, water, prices, 5000.0)["inner_city"]
    assert slope > 0
    thin = catalogue.trench_cost_sek_m["inner_city"][0] * prices.pipe_share
    assert 0.8 * thin < level < 1.6 * thin


def test_phases_build_on_what_stands_and_begin_with_what_pays():
    r = np.random.default_rng(1)
    parent = np.concatenate([[-1], [r.integers(0, v) for v in range(1, 60)]])
    tree = Tree.of(parent)
    heat, cost = r.uniform(0, 9, 60), r.uniform(1, 9, 60)
    heat[0] = cost[0] = 0
    phase = phases(tree, heat, cost, cost, 4)
    assert (phase[1:] >= np.maximum(phase[parent[1:]], 1)).all()
    assert set(phase[1:]) == set(range(1, phase.max() + 1))
    ratio = [heat[phase == k].sum() / cost[phase == k].sum() for k in range(1, phase.max() + 1)]
    assert ratio == sorted(ratio, reverse=True)


def test_joining_everyone_is_worth_less(small):
    network = lay_out(streets(), houses(), PLANT, F, Wishes(connect="all", setting="suburb"))
    assert network.worth_sek < small.worth_sek
    whole = network.lcoh_sek_kwh + F["network.production_sek_kwh"]
    assert network.cheapest_break_even_sek_kwh < whole
    assert network.cheapest_break_even_sek_kwh == pytest.approx(small.cheapest_break_even_sek_kwh, rel=1e-3)


def test_more_flow_than_the_widest_pipe_takes_is_told():
    with pytest.raises(TwinError, match="more than the widest"):
        lay_out(streets(), houses(heat=(9e9, 0.0, 0.0, 0.0)), PLANT, F)


def test_a_real_district_is_laid_out(root, shared):
    city = layers.load(root / "tests/cities/johanneberg", shared)
    b = city["buildings"]
    area = b["floor_area_m2"].fillna(0).to_numpy(float)
    table = gpd.GeoDataFrame(
        {"building_id": b["building_id"], "heat_kwh": area * 110, "peak_kw": area * 0.045},
        geometry=b.geometry,
        crs=b.crs,
    )
    plant = gpd.GeoSeries([shapely.get_point(city["roads"].geometry.iloc[600], 0)], crs=b.crs)
    network = lay_out(city["roads"], table, plant, F, Wishes(connect="all"), rules=Rules(snap_m=1.5))
    assert network.buildings["connected"].sum() == (area > 0).sum()
    assert network.bound_sek >= network.choice_sek > 0.9 * network.bound_sek
    assert any("hang together with no plant" in n for n in network.notes)
    assert network.heat_kwh == pytest.approx(area.sum() * 110)
