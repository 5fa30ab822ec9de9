"""Bills follow the published price list, and savings are the difference of two bills."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from energy.district_heating.supply import tariff
from energy.district_heating.supply.tariff import Tariff, bill, bill_of_days, billed_power_kw, saving_sek
from twin import Factors, TwinError, reference

F = Factors.read().at(2024)
LIST = Tariff.standard()
DAY_OF = np.repeat(np.arange(12), [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


def test_the_price_list_is_that_of_goteborg_energi(shared):
    facts = pd.read_csv(shared / "facts" / "goteborg_facts.csv").set_index("id")["value"]
    assert LIST.energy_sek_mwh.tolist() == [float(p) for p in facts["dh.tariff.2024.energy"].split("|")]
    bands = [b.split(":") for b in facts["dh.tariff.2024.power"].split("|")]
    assert len(bands) == 6
    for k, (span, prices) in enumerate(bands):
        fixed, per_kw = prices.removesuffix("/kW").split("+")
        assert LIST.band_from_kw[k] == float(span.lstrip(">").split("-")[0])
        assert (LIST.fixed_sek[k], LIST.power_sek_kw[k]) == (float(fixed), float(per_kw))
    per_kelvin = float(facts["dh.tariff.2024.return"])
    assert LIST.return_sek_mwh_k.tolist() == [per_kelvin] * 4 + [0.0] * 5 + [per_kelvin] * 3


def test_the_published_example_of_april():
    """goteborgenergi.se: 25 MWh in April at three highest days of 82, 81 and 77 kW: 9,150 kr, and 97,480 kr a year."""
    days = np.zeros(365)
    days[[10, 20, 30]] = np.array([82.0, 81.0, 77.0]) * 24
    april = np.flatnonzero(DAY_OF == 3)
    days[april] = 25_000 / 30
    one = bill_of_days(days, LIST)
    assert float(one.billed_kw) == pytest.approx(80)
    assert float(one.power_sek) == pytest.approx(97_480)
    other = days.copy()
    other[april] = 0
    assert float(one.energy_sek - bill_of_days(other, LIST).energy_sek) == pytest.approx(9_150)


def test_a_little_more_power_never_jumps_the_price():
    """The published bands meet each other exactly."""
    for edge, before, after in zip(LIST.band_from_kw[1:], range(5), range(1, 6), strict=True):
        one = LIST.fixed_sek[before] + LIST.power_sek_kw[before] * edge
        assert one == LIST.fixed_sek[after] + LIST.power_sek_kw[after] * edge


def test_every_band_is_found():
    power = np.array([0.0, 99.0, 180.0, 400.0, 700.0, 2000.0, 9000.0])
    found = bill(np.tile(power[:, None], 8760), LIST)
    expected = [10_360, 118_171, 202_460, 423_460, 709_060, 1_868_260, 7_650_760]
    np.testing.assert_allclose(found.power_sek, expected)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000))
def test_many_buildings_are_each_alone(seed):
    heat = np.random.default_rng(seed).uniform(0, 300, (3, 8760))
    together, alone = (
        bill(heat, LIST, np.array([2.0, 0.0, -3.0])),
        [bill(h, LIST, k) for h, k in zip(heat, (2.0, 0.0, -3.0), strict=True)],
    )
    for name in ("energy_sek", "power_sek", "return_sek", "billed_kw"):
        np.testing.assert_allclose(getattr(together, name), [getattr(a, name) for a in alone], rtol=1e-12)
    months = np.stack([heat[:, np.repeat(DAY_OF, 24) == m].sum(axis=1) for m in range(12)], axis=1)
    np.testing.assert_allclose(together.energy_sek, months / 1000 @ LIST.energy_sek_mwh)
    given_months = bill_of_days(tariff.daily_sums_kwh(heat), LIST, months)
    np.testing.assert_allclose(given_months.energy_sek, together.energy_sek)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 1000), st.floats(0, 1))
def test_less_heat_never_costs_more(seed, share):
    heat = np.random.default_rng(seed).gamma(1.0, 60.0, 8760)
    less = heat * np.random.default_rng(seed + 1).uniform(share, 1, 8760)
    assert float(saving_sek(bill(heat, LIST), bill(less, LIST))) >= -1e-6


def test_where_a_kwh_is_saved_decides_its_worth():
    heat = np.where(np.repeat(np.isin(DAY_OF, [5, 6, 7]), 24), 10.0, 60.0)
    before = bill(heat, LIST)
    cold, warm = heat.copy(), heat.copy()
    cold[: 24 * 31] -= 5
    warm[181 * 24 : 212 * 24] -= 5
    one, other = (float(saving_sek(before, bill(h, LIST))) for h in (cold, warm))
    assert other == pytest.approx(5 * 24 * 31 / 1000 * 102)
    assert one == pytest.approx(5 * 24 * 31 / 1000 * 531)  # the highest days of other months stay as they are
    shaved = heat - 5.0
    assert float(saving_sek(before, bill(shaved, LIST))) == pytest.approx(
        5 * 24 / 1000 * LIST.energy_sek_mwh[DAY_OF].sum() + 5 * 1089
    )


def test_a_warm_return_is_charged_from_october_to_april_only():
    days = np.full(365, 100.0)
    warm, cool = (float(bill_of_days(days, LIST, return_above_mean_k=k).return_sek) for k in (4.0, -4.0))
    assert warm == pytest.approx(7 * 4 * 0.1 * (31 + 28 + 31 + 30 + 31 + 30 + 31))
    assert cool == -warm
    by_month = np.where(np.arange(12) == 6, 9.0, 0.0)
    assert float(bill_of_days(days, LIST, return_above_mean_k=by_month).return_sek) == 0


def test_the_three_highest_days_need_not_be_neighbours():
    days = np.arange(365.0)
    np.random.default_rng(0).shuffle(days)
    assert float(billed_power_kw(days * 24)) == pytest.approx(363)


def test_a_peak_that_is_avoided():
    """Municipal statement: 500 GWh of efficiency are some 100 MW and 600 to 700 MSEK."""
    row = Factors.read()["district_heating.peak_value_sek_mw"][0]
    assert (row.low * 100, row.high * 100) == (600e6, 700e6)
    assert tariff.avoided_peak_sek(100.0, F) == pytest.approx(650e6)


@pytest.mark.parametrize(
    ("days", "months", "said"),
    [
        (np.ones(364), None, "365 days, not 364"),
        (np.r_[np.nan, np.ones(364)], None, "blank or below 0"),
        (np.r_[-1.0, np.ones(364)], None, "blank or below 0"),
        (np.ones(365), np.ones(11), "must be"),
        (np.ones((2, 365)), np.ones(12), "must be"),
        (np.ones(365), np.full(12, 30.0), "of days and of months differ"),
    ],
)
def test_sums_that_make_no_year_are_refused(days, months, said):
    with pytest.raises(TwinError, match=said):
        bill_of_days(days, LIST, months)


def test_hours_that_make_no_year_are_refused():
    with pytest.raises(TwinError, match="8760 hours, not 8784"):
        bill(np.ones(8784), LIST)


def test_a_price_list_with_gaps_is_refused():
    table = reference.table("heat_tariff")
    with pytest.raises(TwinError, match="0 prices of energy for month 4"):
        Tariff.of(table.drop(index=1))
    with pytest.raises(TwinError, match="2 prices of energy for month 4"):
        Tariff.of(pd.concat([table, table.iloc[[1]]]))
    with pytest.raises(TwinError, match="do not follow each other"):
        Tariff.of(table[table["first"] != 250])
