"""What tests do to the small city's files: read and replace a table, add to or change city.toml."""

import geopandas as gpd
import rasterio
from rasterio.transform import from_origin


def buildings(folder):
    return gpd.read_file(folder / "buildings.gpkg")


def save(table, folder, name="buildings"):
    (folder / f"{name}.gpkg").unlink()
    table.to_file(folder / f"{name}.gpkg", layer=name)


def entry(folder, text):
    with (folder / "city.toml").open("a", encoding="utf-8") as file:
        file.write(text)


def replace(folder, old, new):
    file = folder / "city.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def missing_file(folder):
    (folder / "buildings.gpkg").rename(folder / "bulidings.gpkg")


def population(folder, text, encoding="utf-8"):
    (folder / "population.csv").write_bytes(text.encode(encoding))
    entry(folder, '[layers.population]\nuse = "csv"\npath = "population.csv"\n')


def raster(folder, z, **where):
    place = {"crs": "EPSG:3007", "transform": from_origin(146_900, 6_399_400, 12, 12)} | where
    with rasterio.open(
        folder / "dem.tif", "w", driver="GTiff", width=60, height=60, count=1, dtype=z.dtype, **place
    ) as file:
        file.write(z, 1)


def terrain(folder, z, **where):
    raster(folder, z, **where)
    entry(folder, '[layers.terrain]\nuse = "geotiff"\npath = "dem.tif"\n')
