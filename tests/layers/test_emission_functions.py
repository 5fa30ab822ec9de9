"""A user's own emission functions: read, checked, never replaced by an average."""

import numpy as np
import pandas as pd
import pytest

from energy.mobility.tier3 import evaluate
from layers import Context
from layers.emission_functions import emission_functions
from twin import TwinError

ROWS = pd.DataFrame(
    {
        "Category": "Buses", "Fuel": ["D", "D", "CNG", "H2", "D"], "Segment": "Ubus Std 15 - 18 t", "Euro": ["V", "V", "EEV", "VI", "V"],
        "Technology": ["SCR", "SCR", None, "-", "SCR"], "Pol": ["NOx", "FC", "CO2", "NOx", "FC"], "Slope": 0.0, "Load": 0.5,
        "Vmin": 5.0, "Vmax": 85.0, "Alpha": [0.000353348102039702, -0.000234263438032306, 0, 1, 6.99],
        "Beta": [-0.0561829022680765, -0.010102311471057, 0, 0, -0.08], "Gamma": [2.65091227404064, 3.44647787320417, 455, 0, -0.41],
        "Delta": [7.87360468889005, 4.53931683520842, 0, 0, 0], "Epsilon": [-6.23807914060858e-05, -8.27687128466504e-05, 0, 0, 0],
        "Zita": [0.0065929959703913, 0.00655835406931008, 0, 0, 0], "Hta": [0.13094553823857, 0.151315345197098, 20.83, 1, 0],
        "RF": 0.0, "k": [1, 1, 3.17, 1, 1], "Function_ID": ["2019_1", "2019_1", "2019_1", "2019_1", "2013_16"],
    }
)  # fmt: skip


def read(folder, rows):
    rows.to_csv(folder / "ef.csv", index=False)
    context = Context("emission_functions", "EPSG:3007", folder)
    return emission_functions(context, path="ef.csv"), context


def test_functions_are_read(tmp_path):
    table, context = read(tmp_path, ROWS.rename(columns={"Pol": "Pollutant"}))
    assert table["pollutant"].tolist() == ["nox", "energy", "CO2", "nox", "fuel"]
    assert table["unit"].tolist() == ["g/km", "MJ/km", "g/km", "g/km", "g/km"]
    assert table["supported"].tolist() == [True, True, False, True, False]
    assert table["fuel"].tolist() == ["diesel", "diesel", "gas", "", "diesel"]
    assert evaluate(table[:2], np.array([50.0])).round(4).ravel().tolist() == [2.8972, 8.9842]
    notes = " ".join(context.notes)
    assert "1 functions of the form 2013_16 are not supported" in notes
    assert "mixes MJ" in notes
    assert "not known: H2" in notes
    with pytest.raises(TwinError, match="not 2013_16"):
        evaluate(table, np.array([50.0]))


def test_all_that_is_wrong_is_told_at_once(tmp_path):
    wrong = ROWS.astype({"Alpha": object})
    wrong.loc[0, "Alpha"] = "many"
    wrong.loc[1, "Vmin"] = 90.0
    wrong.loc[3, ["RF", "Hta"]] = [30.0, 0.0]
    with pytest.raises(TwinError) as error:
        read(tmp_path, wrong)
    for words in (
        "4 problems",
        "alpha",
        "first: row 2",
        "below v_max_kmh",
        "first: row 3",
        "divide per cent",
        "nought",
        "first: row 5",
    ):
        assert words in str(error.value)
    with pytest.raises(TwinError, match=r"(?s)RF: the column is missing.*k: the column is missing"):
        read(tmp_path, ROWS.drop(columns=["RF", "k"]))


def test_the_table_of_buses(shared, tmp_path):
    table, context = read(tmp_path, pd.read_csv(shared / "mobility" / "emep_bus_hot_ef_slope0_load50.csv"))
    assert (len(table), int(table["supported"].sum())) == (673, 589)  # 80 older forms and four of carbon dioxide
    assert sum(int(n.split()[0]) for n in context.notes if "not supported" in n) == 84
    found = evaluate(table[table["supported"]], np.array([10.0, 50.0, 80.0]))
    assert np.isfinite(found).all()
    bus = table.query("segment == 'Ubus Std 15 - 18 t' and euro == 'VI' and fuel_code == 'D' and supported")
    assert evaluate(bus[bus["pollutant"] == "nox"], np.array([50.0])).item() == pytest.approx(0.20332, abs=5e-6)
