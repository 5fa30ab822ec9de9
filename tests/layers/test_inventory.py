"""An inventory by sector is read whole, every sector set against a part of the model or shown as outside."""

import numpy as np
import pandas as pd
import pytest

import energy
import layers
from energy.climate import inventory
from twin import TwinError

MODEL = """model = { "Egen uppvärmning av bostäder och lokaler" = "own_heating", "El och fjärrvärme" = "power_and_heat", \
Transporter = "roads", "Arbetsmaskiner" = "outside", "Avfall (inkl.avlopp)" = "outside", \
"Industri (energi + processer)" = "outside", Jordbruk = "outside", "Produktanvändning (inkl. lösningsmedel)" = "outside", \
"Utrikes transporter" = "outside" }
"""


def with_inventory(folder, path, model):
    with (folder / "city.toml").open("a", encoding="utf-8") as file:
        file.write(f'[layers.inventory]\nuse = "sector_inventory"\npath = "{path}"\n{model}')
    return folder


def test_smhis_table_is_read_and_set_beside_the_model(folder, shared):
    file = "smhi_goteborg_sector_emissions_t.csv"
    (folder / file).write_bytes((shared / "emissions_vehicles" / file).read_bytes())
    city = layers.load(with_inventory(folder, file, MODEL))
    results = energy.simulate(city, energy.Scenario.baseline(), years=[2024], ranges=False)
    table = inventory.ratios(results, 2024)
    assert table["inventory_t"].sum() == pytest.approx(2_252_700, abs=50)
    assert set(table.loc[table["modelled_t"].isna(), "model"]) == {"outside"}
    assert table["modelled_t"].sum() == pytest.approx(sum(inventory.modelled_t(results, 2024).values()), rel=1e-12)
    assert inventory.outside_share(2024, inventory.inventory(results)) == pytest.approx(inventory.outside_share(2024))


def test_one_row_a_sector_and_year_is_read_too(folder):
    pd.DataFrame({"sector": ["Väg", "Väg", "Hav"], "year": [2020, 2024, 2024], "emissions_t": [5.0, 4.0, 1.0]}).to_csv(
        folder / "i.csv", index=False
    )
    city = layers.load(with_inventory(folder, "i.csv", 'model = { "Väg" = "roads", Hav = "outside" }\n'))
    assert inventory.outside_share(2024, city["inventory"]) == pytest.approx(0.2)
    assert inventory.sectors(2022, city["inventory"])["emissions_t"].tolist() == [5.0]


@pytest.mark.parametrize(
    ("rows", "model", "message"),
    [
        ("sector,2024\nVäg,1\nHav,2\n", 'model = { "Väg" = "roads" }', "no part of the model is named for 'Hav'"),
        ("sector,2024\nVäg,1\n", 'model = { "Väg" = "road" }', "no part of the model; did you mean 'roads'"),
        ("sector,2024\nVäg,1\n", 'model = { "Väg" = "roads", "Vag" = "roads" }', "'Vag', which i.csv does not have"),
        ("sector,value\nVäg,1\n", 'model = { "Väg" = "roads" }', "a column for each year"),
        ("sector,2024\nVäg,mycket\n", 'model = { "Väg" = "roads" }', "emissions_t"),
    ],
)
def test_a_sector_that_does_not_map_is_named(folder, rows, model, message):
    (folder / "i.csv").write_text(rows, encoding="utf-8")
    with pytest.raises(TwinError, match="inventory") as error:
        layers.load(with_inventory(folder, "i.csv", model + "\n"))
    assert message in str(error.value)


def test_a_cold_year_is_corrected_and_an_unknown_one_stays_unknown():
    found = inventory.normal_year(np.array([876.0, 351.0]), np.array([0.8, 0.8]), np.array([3700.0, np.nan]), 3115.0)
    assert found[0] == pytest.approx(876 * (0.2 + 0.8 * 3115 / 3700))
    assert np.isnan(found[1])
